//! Local spectra: how much of the print around a block is a wave of each direction and period.
//!
//! Window and waves are products of a part across and a part down. The part across is computed
//! once for each row and column of blocks and serves the four windows that share the row; the
//! part down serves both waves that mirror each other.

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
const HALF: usize = SIDE / 2;
/// From one block to the next, in pixels of the halved plane.
const STEP: usize = BLOCK_PX / 2;
/// How far a window reaches beyond its block.
const REACH: usize = HALF - STEP / 2;

/// Directions of a quarter turn, both ends counted; the others mirror them.
const QUARTER: usize = DIRECTIONS / 2 + 1;
/// Waves of a quarter turn, and a few idle ones that fill the vector registers.
const LANES: usize = (QUARTER * PERIODS_PX.len()).next_multiple_of(8);

type Lanes = [f32; LANES];

/// The share of the window's energy that each wave explains, 0 to 1: by periods, then directions.
pub(crate) type Spectrum = [f32; WAVES];

struct Bank {
    /// Cosines and sines of each wave across, windowed; of half the places, the others mirror.
    across: [[Lanes; 2]; HALF],
    /// The same down.
    down: [[Lanes; 2]; HALF],
    /// What each wave makes of a constant.
    constant: Lanes,
    /// The window along one side.
    window: [f32; HALF],
    window_sum: f32,
    window_squares: f32,
    scale: f32,
}

static BANK: LazyLock<Bank> = LazyLock::new(|| {
    let sigma = SIDE as f64 / 4.8;
    let mut bank = Bank {
        across: [[[0.0; LANES]; 2]; HALF],
        down: [[[0.0; LANES]; 2]; HALF],
        constant: [0.0; LANES],
        window: [0.0; HALF],
        window_sum: 0.0,
        window_squares: 0.0,
        scale: 0.0,
    };
    for place in 0..HALF {
        let at = place as f64 - (SIDE as f64 - 1.0) / 2.0;
        let weight = exp(-at * at / (2.0 * sigma * sigma));
        bank.window[place] = weight as f32;
        for (p, period) in PERIODS_PX.iter().enumerate() {
            let turn = 2.0 * std::f64::consts::PI / (f64::from(*period) / 2.0);
            for direction in 0..QUARTER {
                let (sin, cos) = sin_cos(direction as f64 * std::f64::consts::PI / 16.0);
                let lane = p * QUARTER + direction;
                for (taps, part) in [(&mut bank.across, sin), (&mut bank.down, cos)] {
                    let (s, c) = sin_cos(at * part * turn);
                    taps[place][0][lane] = (c * weight) as f32;
                    taps[place][1][lane] = (s * weight) as f32;
                }
            }
        }
    }
    let mirrored = |of: &dyn Fn(usize) -> f32| 2.0 * (0..HALF).map(of).sum::<f32>();
    let sum = mirrored(&|k| bank.window[k]);
    let squares = mirrored(&|k| bank.window[k] * bank.window[k]);
    bank.window_sum = sum * sum;
    bank.window_squares = squares * squares;
    bank.scale = 2.0 * bank.window_squares / (bank.window_sum * bank.window_sum);
    bank.constant = std::array::from_fn(|lane| {
        mirrored(&|k| bank.across[k][0][lane]) * mirrored(&|k| bank.down[k][0][lane])
    });
    bank
});

/// A row of the window, by waves: cosines, sines.
#[derive(Clone, Copy)]
struct Across {
    cos: Lanes,
    sin: Lanes,
    /// The row's windowed sum, sum with the window's square, and energy.
    sum: f32,
    sum_squared_window: f32,
    energy: f32,
}

/// The spectra of all wanted blocks; `None` where the window is empty of contrast.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn spectra(half: &Plane<f32>, wanted: &Plane<bool>) -> Plane<Option<Box<Spectrum>>> {
    let (columns, rows) = (wanted.width, wanted.height);
    let mut found = Plane { width: columns, height: rows, values: vec![None; columns * rows] };
    let bank = &*BANK;
    let nothing = Across {
        cos: [0.0; LANES],
        sin: [0.0; LANES],
        sum: 0.0,
        sum_squared_window: 0.0,
        energy: 0.0,
    };
    let mut ring = [nothing; SIDE];
    for column in 0..columns {
        // Rows of the halved plane, from `REACH` above it; the ring holds those before `next`.
        let mut next = 0;
        for row in 0..rows {
            if !wanted.values[row * columns + column] {
                continue;
            }
            let top = row * STEP;
            for y in next.max(top)..top + SIDE {
                ring[y % SIDE] = across(bank, &patch_row(half, column, y));
            }
            next = top + SIDE;
            found.values[row * columns + column] = spectrum(bank, &ring, top);
        }
    }
    found
}

/// A row of a window, 0 outside the plane.
fn patch_row(half: &Plane<f32>, column: usize, y: usize) -> [f32; SIDE] {
    let mut values = [0.0; SIDE];
    let left = column * STEP;
    if y < REACH || y - REACH >= half.height {
        return values;
    }
    let row = &half.values[(y - REACH) * half.width..(y - REACH + 1) * half.width];
    if left >= REACH && left - REACH + SIDE <= half.width {
        values.copy_from_slice(&row[left - REACH..left - REACH + SIDE]);
    } else {
        for (k, value) in values.iter_mut().enumerate() {
            if left + k >= REACH && left + k - REACH < half.width {
                *value = row[left + k - REACH];
            }
        }
    }
    values
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn across(bank: &Bank, values: &[f32; SIDE]) -> Across {
    let (mut cos, mut sin) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (mut sum, mut sum_squared_window, mut energy) = (0.0, 0.0, 0.0);
    for (k, [c, s]) in bank.across.iter().enumerate() {
        // A cosine sees the even part of the row, a sine the odd part.
        let (one, other) = (values[k], values[SIDE - 1 - k]);
        let (even, odd) = (one + other, one - other);
        for lane in 0..LANES {
            cos[lane] += even * c[lane];
            sin[lane] += odd * s[lane];
        }
        let window = bank.window[k];
        sum += even * window;
        sum_squared_window += even * window * window;
        energy += (one * one + other * other) * window * window;
    }
    Across { cos, sin, sum, sum_squared_window, energy }
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn spectrum(bank: &Bank, ring: &[Across; SIDE], top: usize) -> Option<Box<Spectrum>> {
    let row = |k: usize| &ring[(top + k) % SIDE];
    let (mut sum, mut with_square, mut energy) = (0.0, 0.0, 0.0);
    for (k, window) in bank.window.iter().enumerate() {
        let (one, other) = (row(k), row(SIDE - 1 - k));
        sum += (one.sum + other.sum) * window;
        with_square += (one.sum_squared_window + other.sum_squared_window) * window * window;
        energy += (one.energy + other.energy) * window * window;
    }
    let mean = sum / bank.window_sum;
    let energy = energy - 2.0 * mean * with_square + mean * mean * bank.window_squares;
    if energy < 1.0 {
        return None;
    }
    let mut parts = [[0.0f32; LANES]; 4];
    let [even_cos, odd_sin, odd_cos, even_sin] = &mut parts;
    for (k, [c, s]) in bank.down.iter().enumerate() {
        let (one, other) = (row(k), row(SIDE - 1 - k));
        for lane in 0..LANES {
            even_cos[lane] += (one.cos[lane] + other.cos[lane]) * c[lane];
            odd_sin[lane] += (one.sin[lane] - other.sin[lane]) * s[lane];
            odd_cos[lane] += (one.cos[lane] - other.cos[lane]) * s[lane];
            even_sin[lane] += (one.sin[lane] + other.sin[lane]) * c[lane];
        }
    }
    let scale = bank.scale / energy;
    let (mut plain, mut mirrored) = ([0.0f32; LANES], [0.0f32; LANES]);
    for lane in 0..LANES {
        let even = even_cos[lane] - mean * bank.constant[lane];
        let (re, im) = (even - odd_sin[lane], even_sin[lane] + odd_cos[lane]);
        plain[lane] = ((re * re + im * im) * scale).min(0.98);
        let (re, im) = (even + odd_sin[lane], even_sin[lane] - odd_cos[lane]);
        mirrored[lane] = ((re * re + im * im) * scale).min(0.98);
    }
    let mut shares = Box::new([0.0; WAVES]);
    for (p, shares) in shares.chunks_exact_mut(DIRECTIONS).enumerate() {
        for (direction, share) in shares.iter_mut().enumerate() {
            // Up to a quarter turn the wave across runs against the ridge's normal.
            *share = if direction < QUARTER {
                mirrored[p * QUARTER + direction]
            } else {
                plain[p * QUARTER + DIRECTIONS - direction]
            };
        }
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_found_at_its_direction_and_period() {
        for direction in 0..DIRECTIONS {
            for (p, period) in PERIODS_PX.iter().enumerate() {
                let (sin, cos) = sin_cos(direction as f64 * std::f64::consts::PI / 16.0);
                let mut half = Plane::new(40, 36);
                for (at, value) in half.values.iter_mut().enumerate() {
                    let (x, y) = ((at % 40) as f64, (at / 40) as f64);
                    let turns = (y * cos - x * sin) * 2.0 / f64::from(*period);
                    *value = 0.3 + sin_cos(turns * std::f64::consts::TAU + 0.4).1 as f32;
                }
                let mut wanted = Plane::new(10, 9);
                wanted.values[4 * 10 + 5] = true;
                let found = spectra(&half, &wanted);
                let shares = found.values[4 * 10 + 5].as_deref().unwrap();
                let wave = p * DIRECTIONS + direction;
                let best = (0..WAVES).fold(0, |b, k| if shares[k] > shares[b] { k } else { b });
                assert!(shares[wave] > 0.9 && best == wave, "{direction} {period} {best}");
                assert!(found.values[4 * 10 + 6].is_none());
            }
        }
    }

    #[test]
    fn a_block_at_the_edge_is_seen_and_an_even_one_is_not() {
        let mut half = Plane::new(9, 7);
        let all = Plane { width: 3, height: 2, values: vec![true; 6] };
        assert!(spectra(&half, &all).values.iter().all(Option::is_none));
        for (at, value) in half.values.iter_mut().enumerate() {
            *value = if at % 9 % 4 < 2 { 1.0 } else { -1.0 };
        }
        assert!(spectra(&half, &all).values.iter().all(Option::is_some));
    }
}
