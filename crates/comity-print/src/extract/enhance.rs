//! Ridges made clear: a filter along the local ridge direction, tuned to the local period.
//!
//! The filter runs at half the resolution, where a ridge is still two to eight pixels wide, and
//! only inside the print; its answer is a narrow band, which interpolation brings back whole.

use super::field::{Ridge, direction_rad};
use super::math::{exp, sin_cos};
use super::plane::Plane;
use super::spectrum::BLOCK_PX;
use std::sync::LazyLock;

/// Side of a tile with one kernel, in pixels of the halved plane.
const TILE: usize = 2;
/// Half the side of a kernel, in pixels of the halved plane.
const RADIUS: usize = 6;
const SIDE: usize = 2 * RADIUS + 1;
/// A kernel's row with idle taps that fill the vector registers.
const TAPS: usize = 16;
const TURNS: usize = 48;
const PERIODS: usize = 16;
const PERIOD_MIN_PX: f64 = 4.8;
const PERIOD_STEP: f64 = 1.085;

type Kernel = [[f32; TAPS]; SIDE];

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
    let across = (0.5 * period_px).clamp(2.4, 5.0);
    let along = 4.2;
    let mut values = [[0.0f32; TAPS]; SIDE];
    let (mut sum, mut weights) = (0.0, 0.0);
    for pass in 0..2 {
        let level = if weights > 0.0 { sum / weights } else { 0.0 };
        for (j, row) in values.iter_mut().enumerate() {
            for (i, value) in row.iter_mut().take(SIDE).enumerate() {
                let (x, y) = (i as f64 - RADIUS as f64, j as f64 - RADIUS as f64);
                let (u, v) = (2.0 * (x * cos + y * sin), 2.0 * (y * cos - x * sin));
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
    // A full-resolution kernel has four times the taps: the same noise gives the same answer.
    let length = 0.5 * values.iter().flatten().map(|v| v * v).sum::<f32>().sqrt();
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

/// The filtered print inside the mask, at half the resolution; 0 outside. Ridges are negative,
/// as they are dark.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn filtered(half: &Plane<f32>, ridges: &Plane<Ridge>, mask: &Plane<bool>) -> Plane<f32> {
    let (w, h) = (half.width, half.height);
    let stride = w + TAPS + TILE;
    let mut padded = vec![0.0f32; stride * (h + 2 * RADIUS + TILE)];
    for y in 0..h {
        let at = (y + RADIUS) * stride + RADIUS;
        padded[at..at + w].copy_from_slice(&half.values[y * w..(y + 1) * w]);
    }
    let mut out = Plane::new(w, h);
    let near = grown(mask);
    for top in (0..h).step_by(TILE) {
        for left in (0..w).step_by(TILE) {
            let block = (2 * top / BLOCK_PX) * mask.width + 2 * left / BLOCK_PX;
            if !near.values[block] {
                continue;
            }
            let middle = (2 * TILE - 1) as f32 / 2.0;
            let ridge = ridge_at(ridges, (2 * left) as f32 + middle, (2 * top) as f32 + middle);
            let tile = tile(&padded[top * stride + left..], stride, kernel_of(&ridge));
            for (j, line) in tile.iter().enumerate().take(h - top) {
                let at = (top + j) * w + left;
                let n = TILE.min(w - left);
                out.values[at..at + n].copy_from_slice(&line[..n]);
            }
        }
    }
    out
}

/// The blocks inside, and those beside them: interpolation looks over the border.
fn grown(mask: &Plane<bool>) -> Plane<bool> {
    let mut grown = mask.clone();
    for y in 0..mask.height as isize {
        for x in 0..mask.width as isize {
            let around = (-1..=1).any(|dy| (-1..=1).any(|dx| mask.at(x + dx, y + dy)));
            grown.values[y as usize * mask.width + x as usize] = around;
        }
    }
    grown
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn tile(padded: &[f32], stride: usize, kernel: &Kernel) -> [[f32; TILE]; TILE] {
    let mut sums = [[0.0f32; TAPS]; TILE * TILE];
    for (j, taps) in kernel.iter().enumerate() {
        for (k, sum) in sums.iter_mut().enumerate() {
            let from = (j + k / TILE) * stride + k % TILE;
            for ((s, v), tap) in sum.iter_mut().zip(&padded[from..from + TAPS]).zip(taps) {
                *s += v * tap;
            }
        }
    }
    let total = |lanes: &[f32; TAPS]| {
        let eight: [f32; 8] = std::array::from_fn(|k| lanes[k] + lanes[k + 8]);
        let four: [f32; 4] = std::array::from_fn(|k| eight[k] + eight[k + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    };
    std::array::from_fn(|j| std::array::from_fn(|i| total(&sums[j * TILE + i])))
}

/// Taps of the interpolation a quarter of a pixel before and after a pixel of the halved plane:
/// a sine over its argument under a cosine window, with sum 1.
static BETWEEN: LazyLock<[[f32; 6]; 2]> = LazyLock::new(|| {
    [-0.25, 0.25].map(|shift| {
        let taps: [f64; 6] = std::array::from_fn(|k| {
            // The taps lie at -2..=3 for a shift to the right, at -3..=2 for one to the left.
            let at = k as f64 - if shift > 0.0 { 2.0 } else { 3.0 } - shift;
            let (sin, _) = sin_cos(at * std::f64::consts::PI);
            let (_, window) = sin_cos(at * std::f64::consts::PI / 7.0);
            sin / (at * std::f64::consts::PI) * window
        });
        let sum: f64 = taps.iter().sum();
        taps.map(|t| (t / sum) as f32)
    })
});

/// The filtered print inside the mask at the full resolution of `width` x `height` pixels.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn enlarged(
    filtered: &Plane<f32>,
    mask: &Plane<bool>,
    width: usize,
    height: usize,
) -> Plane<f32> {
    const PAD: usize = 3;
    let mut out = Plane::new(width, height);
    let (w, h) = (filtered.width, filtered.height);
    let between = &*BETWEEN;
    let mut line = vec![0.0f32; w + 2 * PAD + 1];
    if w == 0 || h == 0 {
        return out;
    }
    for y in 0..height {
        let blocks = &mask.values[y / BLOCK_PX * mask.width..][..mask.width];
        if !blocks.contains(&true) {
            continue;
        }
        line.fill(0.0);
        let (middle, side) = (y / 2, y % 2);
        for (k, tap) in between[side].iter().enumerate() {
            let Some(from) = (middle + k + side).checked_sub(PAD).filter(|from| *from < h) else {
                continue;
            };
            let row = &filtered.values[from * w..(from + 1) * w];
            for (sum, value) in line[PAD..].iter_mut().zip(row) {
                *sum += value * tap;
            }
        }
        let row = &mut out.values[y * width..(y + 1) * width];
        for (pair, near) in row.chunks_exact_mut(2).zip(line.windows(2 * PAD + 1)) {
            let (mut before, mut after) = (0.0, 0.0);
            for k in 0..2 * PAD {
                before += near[k] * between[0][k];
                after += near[k + 1] * between[1][k];
            }
            pair[0] = before;
            pair[1] = after;
        }
        for (pixels, inside) in row.chunks_mut(BLOCK_PX).zip(blocks) {
            if !inside {
                pixels.fill(0.0);
            }
        }
    }
    out
}
