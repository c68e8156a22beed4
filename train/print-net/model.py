"""The network of comity_print::net: what it computes, layer by layer.

Scales: half = 250 pixels an inch (the input), q = 125, e = 62.5 (cells of 8 pixels of 500 an
inch, the grid of the answers), s = 31.25. Every convolution is 3 x 3 but the first (5 x 5), the
lifts and the heads (1 x 1), zero-padded; normalization is folded into the weights on export.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

GRID = ["mask", "cos2", "sin2", "minutia", "dx", "dy", "cos", "sin", "fork"]


def unit(cin, cout, side=3, stride=1, dilation=1):
    pad = side // 2 * dilation
    return nn.Sequential(
        nn.Conv2d(cin, cout, side, stride, pad, dilation=dilation, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


class PrintNet(nn.Module):
    def __init__(self):
        super().__init__()
        a, b, c = 16, 32, 48
        self.stem = unit(1, a, 5)
        self.down_q = unit(a, b, 3, 2)
        self.q1, self.q2 = unit(b, b), unit(b, b)
        self.down_e = unit(b, c, 3, 2)
        self.e1, self.e2 = unit(c, c), unit(c, c)
        self.down_s = unit(c, c, 3, 2)
        self.s1, self.s2, self.s3 = unit(c, c), unit(c, c, dilation=2), unit(c, c, dilation=4)
        self.lift_e = unit(c, c, 1)
        self.e3 = unit(c, c)
        self.lift_q = unit(c, b, 1)
        self.q3, self.q4 = unit(b, b), unit(b, b)
        self.ridges = nn.Conv2d(b, 4, 1)
        self.down_m = unit(b, c, 3, 2)
        self.m1, self.m2 = unit(c, c), unit(c, c)
        self.grid = nn.Conv2d(c, len(GRID), 1)
        # Minutiae are rare: begin by saying so.
        nn.init.constant_(self.grid.bias, 0.0)
        self.grid.bias.data[GRID.index("minutia")] = -4.0

    def forward(self, x):
        """x: n x 1 x h x w, sides in whole 8ths; gives n x 1 x h x w, n x 9 x h/4 x w/4."""
        q = self.q2(self.q1(self.down_q(self.stem(x))))
        e = self.e2(self.e1(self.down_e(q)))
        s = self.s3(self.s2(self.s1(self.down_s(e))))
        e = self.e3(e + F.interpolate(self.lift_e(s), scale_factor=2, mode="nearest"))
        q = self.q4(self.q3(q + F.interpolate(self.lift_q(e), scale_factor=2, mode="nearest")))
        ridges = F.pixel_shuffle(self.ridges(q), 2)
        m = self.m2(self.m1(e + self.down_m(q)))
        return ridges, self.grid(m)
