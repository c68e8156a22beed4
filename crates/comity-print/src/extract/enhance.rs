//! Ridges made clear: a filter along the local ridge direction, tuned to the local period.

use super::field::{Ridge, direction_rad};
use super::math::{exp, sin_cos};
use super::plane::Plane;
use super::spectrum::BLOCK_PX;
use std::sync::LazyLock;

const TILE: usize = 4;
const RADIUS: usize = 9;
const SIDE: usize = 2 * RADIUS + 1;
const TURNS: usize = 48;
const PERIODS: usize = 16;
const PERIOD_MIN_PX: f64 = 4.8;
const PERIOD_STEP: f64 = 1.085;

type Kernel = [[f32; SIDE]; SIDE];

static KERNELS: LazyLock<Vec<Kernel>> = LazyLock::new(|| {
    let mut kernels = Vec::with_capacity(TURNS * PERIODS);
    let mut period = PERIOD_MIN_PX;
    for _ in 0..PERIODS {
        for turn in 0..TURNS {
            kernels.push(kernel(turn as f64 * std::f64::consts::PI / TURNS as f64, period));
        }
        period *= PERIOD_STEP;
    }
    kernels
});

/// An even Gabor filter without response to a constant.
fn kernel(direction_rad: f64, period_px: f64) -> Kernel {
    let (sin, cos) = sin_cos(direction_rad);
    let across = (0.42 * period_px).clamp(2.4, 4.2);
    let along = 4.2;
    let mut values = [[0.0f32; SIDE]; SIDE];
    let (mut sum, mut weights) = (0.0, 0.0);
    for pass in 0..2 {
        let level = if weights > 0.0 { sum / weights } else { 0.0 };
        for (j, row) in values.iter_mut().enumerate() {
            for (i, value) in row.iter_mut().enumerate() {
                let (x, y) = (i as f64 - RADIUS as f64, j as f64 - RADIUS as f64);
                let (u, v) = (x * cos + y * sin, y * cos - x * sin);
                let weight = exp(-u * u / (2.0 * along * along) - v * v / (2.0 * across * across));
                let wave = sin_cos(v * 2.0 * std::f64::consts::PI / period_px).1;
                if pass == 0 {
                    sum += weight * wave;
                    weights += weight;
                } else {
                    *value = (weight * (wave - level)) as f32;
                }
            }
        }
    }
    let length = values.iter().flatten().map(|v| v * v).sum::<f32>().sqrt();
    for value in values.iter_mut().flatten() {
        *value /= length;
    }
    values
}

fn kernel_of(ridge: &Ridge) -> &'static Kernel {
    let kernels: &'static [Kernel] = &KERNELS;
    let turns = direction_rad(ridge.cos2, ridge.sin2) / std::f32::consts::PI * TURNS as f32;
    let turn = (turns + 0.5) as usize % TURNS;
    let (mut period, mut edge) = (0, PERIOD_MIN_PX as f32 * 1.042);
    while period + 1 < PERIODS && ridge.period_px > edge {
        period += 1;
        edge *= PERIOD_STEP as f32;
    }
    &kernels[period * TURNS + turn]
}

/// Direction and period at a pixel, between the middles of the blocks.
pub(crate) fn ridge_at(ridges: &Plane<Ridge>, x_px: f32, y_px: f32) -> Ridge {
    let side = BLOCK_PX as f32;
    let last = |n: usize| (n - 1) as f32;
    let fx = ((x_px + 0.5) / side - 0.5).clamp(0.0, last(ridges.width));
    let fy = ((y_px + 0.5) / side - 0.5).clamp(0.0, last(ridges.height));
    let (column, row) = (fx as usize, fy as usize);
    let (dx, dy) = (fx - column as f32, fy - row as f32);
    let (right, below) = ((column + 1).min(ridges.width - 1), (row + 1).min(ridges.height - 1));
    let mut sum = Ridge::default();
    for (c, r, weight) in [
        (column, row, (1.0 - dx) * (1.0 - dy)),
        (right, row, dx * (1.0 - dy)),
        (column, below, (1.0 - dx) * dy),
        (right, below, dx * dy),
    ] {
        let part = &ridges.values[r * ridges.width + c];
        sum.cos2 += weight * part.cos2;
        sum.sin2 += weight * part.sin2;
        sum.period_px += weight * part.period_px;
        sum.clarity += weight * part.clarity;
    }
    sum
}

/// The filtered print inside the mask; 0 outside. Ridges are negative, as they are dark.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn enhanced(even: &Plane<f32>, ridges: &Plane<Ridge>, mask: &Plane<bool>) -> Plane<f32> {
    let (w, h) = (even.width, even.height);
    let stride = w + 2 * RADIUS + TILE;
    let mut padded = vec![0.0f32; stride * (h + 2 * RADIUS + TILE)];
    for y in 0..h {
        let at = (y + RADIUS) * stride + RADIUS;
        padded[at..at + w].copy_from_slice(&even.values[y * w..(y + 1) * w]);
    }
    let mut out = Plane::new(w, h);
    for top in (0..h).step_by(TILE) {
        for left in (0..w).step_by(TILE) {
            let block = (top / BLOCK_PX) * mask.width + left / BLOCK_PX;
            if !mask.values.get(block).copied().unwrap_or_default() {
                continue;
            }
            let middle = TILE as f32 / 2.0 - 0.5;
            let ridge = ridge_at(ridges, left as f32 + middle, top as f32 + middle);
            let tile = filtered(&padded[top * stride + left..], stride, kernel_of(&ridge));
            for (j, line) in tile.iter().enumerate().take(h - top) {
                let at = (top + j) * w + left;
                let n = TILE.min(w - left);
                out.values[at..at + n].copy_from_slice(&line[..n]);
            }
        }
    }
    out
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn filtered(padded: &[f32], stride: usize, kernel: &Kernel) -> [[f32; TILE]; TILE] {
    let mut sums = [[0.0f32; TILE]; TILE];
    for (j, taps) in kernel.iter().enumerate() {
        let lines: [&[f32]; TILE] =
            std::array::from_fn(|t| &padded[(j + t) * stride..(j + t) * stride + SIDE + TILE]);
        for (i, tap) in taps.iter().enumerate() {
            for (sum, line) in sums.iter_mut().zip(lines) {
                for (s, v) in sum.iter_mut().zip(&line[i..i + TILE]) {
                    *s += tap * v;
                }
            }
        }
    }
    sums
}
