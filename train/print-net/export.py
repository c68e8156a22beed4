"""Writes the weights as comity_print::net::weights reads them.

`python export.py net.pt weights.cpn`. Little-endian: `cpn`, version 1, length of the file (u32),
number of layers (u32); for each layer out, in (u16), side, stride, dilation, whether negatives
are cut (u8), biases (f32), weights (f16) in the order row, column, in, out; CRC-32 of all before.
"""

import struct
import sys
import zlib

import numpy as np
import torch

from model import PrintNet

ORDER = ["stem", "down_q", "q1", "q2", "down_e", "e1", "e2", "down_s", "s1", "s2", "s3", "lift_e", "e3",
         "lift_q", "q3", "q4", "ridges", "down_m", "m1", "m2", "grid"]


def folded(layer):
    """Weights and biases with the normalization in them, as float64 arrays."""
    if isinstance(layer, torch.nn.Conv2d):
        return layer, layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
    conv, norm = layer[0], layer[1]
    scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double()
    weight = conv.weight.detach().double() * scale[:, None, None, None]
    bias = norm.bias.detach().double() - norm.running_mean.double() * scale
    return conv, weight.numpy(), bias.numpy()


def main():
    net = PrintNet()
    net.load_state_dict(torch.load(sys.argv[1]))
    net.eval()
    out = struct.pack("<I", len(ORDER))
    for name in ORDER:
        layer = getattr(net, name)
        conv, weight, bias = folded(layer)
        o, i, side, _ = weight.shape
        relu = int(not isinstance(layer, torch.nn.Conv2d))
        out += struct.pack("<HHBBBB", o, i, side, conv.stride[0], conv.dilation[0], relu)
        out += bias.astype("<f4").tobytes()
        out += weight.transpose(2, 3, 1, 0).astype("<f2").tobytes()
    head = b"cpn\x01" + struct.pack("<I", 8 + len(out) + 4)
    body = head + out
    with open(sys.argv[2], "wb") as f:
        f.write(body + struct.pack("<I", zlib.crc32(body)))
    print(sys.argv[2], len(body) + 4, "bytes")


if __name__ == "__main__":
    main()
