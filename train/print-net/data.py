"""Samples as `make-net-training` writes them, and what is done to them on the way."""

import glob

import numpy as np

W, H, GW, GH = 192, 240, 48, 60
SAMPLE = np.dtype([
    ("image", "i1", (H, W)), ("ridges", "i1", (H, W)), ("mask", "u1", (GH, GW)),
    ("cos2", "i1", (GH, GW)), ("sin2", "i1", (GH, GW)), ("minutiae", "<f4", (160, 4)),
])
CELL = 8  # pixels of 500 an inch; 4 of the input


class Samples:
    def __init__(self, pattern):
        self.pattern = pattern
        self.parts = {}
        self.look()

    def look(self):
        for path in sorted(glob.glob(self.pattern)):
            if path not in self.parts:
                self.parts[path] = np.memmap(path, SAMPLE, "r")
        self.index = [(p, k) for p in sorted(self.parts) for k in range(len(self.parts[p]))]

    def draw(self, rng, side):
        path, k = self.index[rng.integers(len(self.index))]
        return crop(self.parts[path][k], rng, side)


def targets(minutiae, cells):
    """The grid's answers for minutiae (x, y in pixels, angle, kind) on cells x cells."""
    heat = np.zeros((cells, cells), np.float32)
    point = np.zeros((5, cells, cells), np.float32)
    at = np.zeros((cells, cells), bool)
    yy, xx = np.mgrid[:cells, :cells] + 0.5
    for x, y, angle, kind in minutiae:
        u, v = x / CELL, y / CELL
        i, j = int(u), int(v)
        if not (0 <= u < cells and 0 <= v < cells):
            continue
        near = np.exp(-((xx - u) ** 2 + (yy - v) ** 2) / (2 * 0.7**2))
        heat = np.maximum(heat, near * (near > 0.02))
        at[j, i] = True
        point[:, j, i] = u - i - 0.5, v - j - 0.5, np.cos(angle), np.sin(angle), kind == 2
    heat[at] = 1
    return heat, point, at


def crop(s, rng, side):
    """A part of a sample, mirrored and turned by quarter turns."""
    cells = side // 4
    gx, gy = rng.integers(0, GW - cells + 1), rng.integers(0, GH - cells + 1)
    px = (slice(4 * gy, 4 * gy + side), slice(4 * gx, 4 * gx + side))
    gr = (slice(gy, gy + cells), slice(gx, gx + cells))
    image, ridges = s["image"][px] / np.float32(60), s["ridges"][px] / np.float32(127)
    mask, cos2, sin2 = (s[n][gr].astype(np.float32) for n in ("mask", "cos2", "sin2"))
    cos2, sin2 = cos2 / 127, sin2 / 127
    m = s["minutiae"]
    m = m[m[:, 3] > 0].copy()
    m[:, 0] -= 8 * gx
    m[:, 1] -= 8 * gy
    last = 2 * side - 1
    planes = [image, ridges, mask, cos2, sin2]
    if rng.random() < 0.5:
        planes = [p[:, ::-1] for p in planes]
        planes[4] = -planes[4]
        m[:, 0], m[:, 2] = last - m[:, 0], np.pi - m[:, 2]
    if rng.random() < 0.3:
        planes = [p[::-1] for p in planes]
        planes[4] = -planes[4]
        m[:, 1], m[:, 2] = last - m[:, 1], -m[:, 2]
    if rng.random() < 0.3:
        planes = [p.T for p in planes]
        planes[3] = -planes[3]
        m[:, [0, 1]] = m[:, [1, 0]]
        m[:, 2] = -np.pi / 2 - m[:, 2]
    image = planes[0] * np.float32(rng.uniform(0.7, 1.2))
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0, 0.5), image.shape).astype(np.float32)
    planes[0] = np.clip(image, -2, 2)
    heat, point, at = targets(m, cells)
    f = np.ascontiguousarray
    return [f(p, np.float32) for p in planes] + [heat, point, at.astype(np.float32)]
