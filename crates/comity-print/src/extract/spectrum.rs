//! Local spectra: how much of the print around a block is a wave of each direction and period.

use super::math::{exp, sin_cos};
use super::plane::Plane;
use std::sync::LazyLock;

/// Ridge directions looked at, over half a turn.
pub(crate) const DIRECTIONS: usize = 16;
/// Ridge periods looked at, in pixels of 500 an inch, each a quarter wider than the one before.
pub(crate) const PERIODS_PX: [f32; 6] = [5.0, 6.3, 7.94, 10.0, 12.6, 15.9];
/// Waves looked at.
pub(crate) const WAVES: usize = DIRECTIONS * PERIODS_PX.len();
/// Side of a block, in pixels.
pub const BLOCK_PX: usize = 8;
/// Side of the window around a block's middle, in pixels of the halved plane.
const SIDE: usize = 16;
const HALF: usize = SIDE * SIDE / 2;

/// Waves computed together: their sums stay in registers.
const GROUP: usize = 32;

/// The share of the window's energy that each wave explains, 0 to 1.
pub(crate) type Spectrum = [f32; WAVES];

struct Bank {
    window: Vec<f32>,
    /// By groups of waves, tap by tap: the cosines of all waves, then the sines.
    groups: Vec<[[f32; GROUP]; HALF]>,
    scale: f32,
    window_sum: f32,
}

static BANK: LazyLock<Bank> = LazyLock::new(|| {
    let middle = (SIDE as f64 - 1.0) / 2.0;
    let sigma = SIDE as f64 / 4.8;
    let mut window = Vec::new();
    let mut groups = vec![[[0.0; GROUP]; HALF]; 2 * WAVES / GROUP];
    let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    for (at, (x, y)) in places.enumerate() {
        let (x, y) = (x as f64 - middle, y as f64 - middle);
        let weight = exp(-(x * x + y * y) / (2.0 * sigma * sigma));
        window.push(weight as f32);
        if at >= HALF {
            continue;
        }
        for wave in 0..WAVES {
            let direction = (wave % DIRECTIONS) as f64 * std::f64::consts::PI / DIRECTIONS as f64;
            let period = f64::from(PERIODS_PX[wave / DIRECTIONS]) / 2.0;
            let (sin, cos) = sin_cos(direction);
            let (s, c) = sin_cos((y * cos - x * sin) * 2.0 * std::f64::consts::PI / period);
            groups[wave / GROUP][at][wave % GROUP] = (c * weight) as f32;
            groups[(WAVES + wave) / GROUP][at][wave % GROUP] = (s * weight) as f32;
        }
    }
    let sum: f32 = window.iter().sum();
    let squares: f32 = window.iter().map(|w| w * w).sum();
    Bank { window, groups, scale: 2.0 * squares / (sum * sum), window_sum: sum }
});

/// The spectra of all blocks; `None` where the window is empty of contrast.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn spectra(half: &Plane<f32>, wanted: &Plane<bool>) -> Plane<Option<Box<Spectrum>>> {
    let (columns, rows) = (wanted.width, wanted.height);
    let mut found = Plane { width: columns, height: rows, values: vec![None; columns * rows] };
    for row in 0..rows {
        for column in 0..columns {
            if wanted.values[row * columns + column] {
                found.values[row * columns + column] = spectrum(half, column, row);
            }
        }
    }
    found
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn spectrum(half: &Plane<f32>, column: usize, row: usize) -> Option<Box<Spectrum>> {
    let bank = &*BANK;
    let left = (column * BLOCK_PX / 2 + BLOCK_PX / 4) as isize - SIDE as isize / 2;
    let top = (row * BLOCK_PX / 2 + BLOCK_PX / 4) as isize - SIDE as isize / 2;
    let mut patch = [0.0f32; SIDE * SIDE];
    for (at, value) in patch.iter_mut().enumerate() {
        *value = half.at(left + (at % SIDE) as isize, top + (at / SIDE) as isize);
    }
    let mean = patch.iter().zip(&bank.window).map(|(p, w)| p * w).sum::<f32>() / bank.window_sum;
    let mut energy = 0.0;
    for (value, window) in patch.iter_mut().zip(&bank.window) {
        *value -= mean;
        energy += (*value * window) * (*value * window);
    }
    if energy < 1.0 {
        return None;
    }
    // A cosine sees the even part of the patch, a sine the odd part: half the work.
    let (mut even, mut odd) = ([0.0f32; HALF], [0.0f32; HALF]);
    for at in 0..HALF {
        let (one, other) = (patch[at], patch[SIDE * SIDE - 1 - at]);
        even[at] = one + other;
        odd[at] = one - other;
    }
    let mut sums = [0.0f32; 2 * WAVES];
    for (k, (sum, group)) in sums.chunks_exact_mut(GROUP).zip(&bank.groups).enumerate() {
        let part = if k * GROUP < WAVES { &even } else { &odd };
        let mut total = [0.0f32; GROUP];
        for (value, taps) in part.iter().zip(group) {
            for (t, tap) in total.iter_mut().zip(taps) {
                *t += value * tap;
            }
        }
        sum.copy_from_slice(&total);
    }
    let scale = bank.scale / energy;
    let mut shares = Box::new([0.0; WAVES]);
    for (wave, share) in shares.iter_mut().enumerate() {
        let (c, s) = (sums[wave], sums[WAVES + wave]);
        *share = ((c * c + s * s) * scale).min(0.98);
    }
    Some(shares)
}
