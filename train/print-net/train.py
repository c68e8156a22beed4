"""Trains the network. `python train.py --data 'DIR/*.bin' --steps 12000 --out net.pt`"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

from data import Samples
from model import PrintNet


def losses(ridges, grid, t):
    image, want, mask, cos2, sin2, heat, point, at = t
    inside = F.interpolate(mask[:, None], scale_factor=4, mode="nearest")[:, 0]
    bce = F.binary_cross_entropy_with_logits
    ridge = (bce(ridges[:, 0], want * 0.5 + 0.5, reduction="none") * inside).sum() / inside.sum().clamp(1)
    seg = bce(grid[:, 0], mask)
    field = (((grid[:, 1] - cos2) ** 2 + (grid[:, 2] - sin2) ** 2) * mask).sum() / mask.sum().clamp(1)
    # Cells around a minutia are no mistake (Law, Deng, CornerNet, ECCV 2018).
    p = torch.sigmoid(grid[:, 3]).clamp(1e-5, 1 - 1e-5)
    hit = at * (1 - p) ** 2 * torch.log(p)
    miss = (1 - at) * (1 - heat) ** 4 * p**2 * torch.log(1 - p)
    count = at.sum().clamp(1)
    there = -(hit + miss).sum() / count
    where = ((grid[:, 4:6] - point[:, :2]).abs().sum(1) * at).sum() / count
    way = (((grid[:, 6:8] - point[:, 2:4]) ** 2).sum(1) * at).sum() / count
    fork = (bce(grid[:, 8], point[:, 4], reduction="none") * at).sum() / count
    return ridge, seg, field, there, where, way, fork


WEIGHTS = (2.0, 0.5, 1.0, 0.5, 0.5, 0.5, 0.2)


def batch(samples, rng, n, side):
    return [torch.from_numpy(np.stack(p)) for p in zip(*(samples.draw(rng, side) for _ in range(n)))]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--data", required=True)
    a.add_argument("--test")
    a.add_argument("--steps", type=int, default=10000)
    a.add_argument("--batch", type=int, default=12)
    a.add_argument("--side", type=int, default=128)
    a.add_argument("--rate", type=float, default=1.5e-3)
    a.add_argument("--warm", type=int, default=50, help="steps until the rate is reached")
    a.add_argument("--cool", type=int, default=0, help="last steps, over which the rate falls to 0")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--start")
    a.add_argument("--out", default="net.pt")
    a = a.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(a.seed)
    samples = Samples(a.data)
    net = PrintNet().to(memory_format=torch.channels_last)
    print("weights", sum(p.numel() for p in net.parameters()), "samples", len(samples.index), flush=True)
    if a.start:
        net.load_state_dict(torch.load(a.start))
    opt = torch.optim.AdamW(net.parameters(), lr=a.rate, weight_decay=1e-4)
    part = lambda k: min((k + 1) / a.warm, 1.0, (a.steps - k) / a.cool if a.cool else 1.0)
    plan = torch.optim.lr_scheduler.LambdaLR(opt, part)
    # The running mean of the weights stands for what a falling rate would have reached.
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True)
    began, seen = time.time(), np.zeros(7)
    for step in range(1, a.steps + 1):
        t = batch(samples, rng, a.batch, a.side)
        x = t[0][:, None].contiguous(memory_format=torch.channels_last)
        parts = losses(*net(x), t)
        loss = sum(w * p for w, p in zip(WEIGHTS, parts))
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        plan.step()
        mean.update_parameters(net)
        seen += [p.item() for p in parts]
        if step % 100 == 0:
            text = " ".join(f"{v / 100:.3f}" for v in seen)
            print(f"{step} {time.time() - began:.0f}s {text}", flush=True)
            seen[:] = 0
            samples.look()
        if step % 50 == 0 or step == a.steps:
            torch.save(net.state_dict(), a.out)
            torch.save(mean.module.state_dict(), a.out + ".mean")


if __name__ == "__main__":
    main()
