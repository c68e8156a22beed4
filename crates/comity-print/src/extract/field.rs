//! Ridge direction, ridge period and clarity of every block.
//!
//! The direction is inferred over the whole print: each block's spectrum is evidence, and
//! neighbors agree but for a turn (a Markov random field, beliefs passed along rows and columns).
//! Noise and creases, which no neighbor supports, lose against the ridges around them.

use super::math::{atan2, exp, sin_cos};
use super::plane::Plane;
use super::spectrum::{DIRECTIONS, PERIODS_PX, Spectrum};
use std::sync::LazyLock;

type Belief = [f32; DIRECTIONS];

/// What is known of the ridges in a block.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ridge {
    /// Cosine of twice the ridge direction (x right, y down).
    pub cos2: f32,
    /// Sine of twice the ridge direction.
    pub sin2: f32,
    /// From one ridge to the next, in pixels.
    pub period_px: f32,
    /// Share of the local energy that parallel ridges explain, 0 to 1.
    pub clarity: f32,
}

/// How sharply neighbors agree, and the share of sudden turns (cores, deltas, noise).
const AGREEMENT: f64 = 5.0;
const SUDDEN: f64 = 0.02;

struct Turns {
    /// How likely a neighbor is turned by so many steps.
    likely: Belief,
    /// Cosine and sine of twice each direction.
    doubled: [(f32, f32); DIRECTIONS],
}

static TURNS: LazyLock<Turns> = LazyLock::new(|| {
    let angle = |k: usize| k as f64 * 2.0 * std::f64::consts::PI / DIRECTIONS as f64;
    Turns {
        likely: std::array::from_fn(|k| {
            let (_, cos) = sin_cos(angle(k));
            (exp(AGREEMENT * (cos - 1.0)) + SUDDEN) as f32
        }),
        doubled: std::array::from_fn(|k| {
            let (sin, cos) = sin_cos(angle(k));
            (cos as f32, sin as f32)
        }),
    }
});

/// Directions, periods and clarity from the spectra.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn ridges(spectra: &Plane<Option<Box<Spectrum>>>) -> Plane<Ridge> {
    let turns = &*TURNS;
    let evidence: Vec<Belief> = spectra.values.iter().map(|s| evidence(s.as_deref())).collect();
    let beliefs = beliefs(&turns.likely, &evidence, spectra.width, spectra.height);
    let mut found = Plane::new(spectra.width, spectra.height);
    for row in 0..spectra.height {
        for column in 0..spectra.width {
            let at = row * spectra.width + column;
            found.values[at] = ridge(spectra, turns, &beliefs[at], column, row);
        }
    }
    smooth_periods(&mut found);
    found
}

/// The likelihood of each direction, over all periods, with the noise's strength integrated out:
/// (1 - share) to a power that grows with the independent samples of a window.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn evidence(spectrum: Option<&Spectrum>) -> Belief {
    let Some(spectrum) = spectrum else { return [1.0 / DIRECTIONS as f32; DIRECTIONS] };
    let mut found = [0.0; DIRECTIONS];
    for shares in spectrum.chunks_exact(DIRECTIONS) {
        for (sum, share) in found.iter_mut().zip(shares) {
            let rest = 1.0 / (1.0 - share);
            *sum += rest * rest * rest;
        }
    }
    normalized(found)
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn normalized(mut belief: Belief) -> Belief {
    let eight: [f32; 8] = std::array::from_fn(|k| belief[k] + belief[k + 8]);
    let four: [f32; 4] = std::array::from_fn(|k| eight[k] + eight[k + 4]);
    let scale = 1.0 / ((four[0] + four[2]) + (four[1] + four[3]));
    for b in &mut belief {
        *b *= scale;
    }
    belief
}

#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn product(a: &Belief, b: &Belief) -> Belief {
    std::array::from_fn(|k| a[k] * b[k])
}

/// What a block says to the next one.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn message(likely: &Belief, from: &Belief) -> Belief {
    let mut twice = [0.0; 2 * DIRECTIONS];
    twice[..DIRECTIONS].copy_from_slice(from);
    twice[DIRECTIONS..].copy_from_slice(from);
    let mut to = [0.0; DIRECTIONS];
    for (shift, t) in likely.iter().enumerate() {
        for k in 0..DIRECTIONS {
            to[k] += t * twice[k + shift];
        }
    }
    normalized(to)
}

/// Blocks in lines: how many lines, blocks a line, and the steps from line to line and along.
type Lines = (usize, usize, usize, usize);

/// What each block hears from both ends of its line; `known` is what the blocks say themselves.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn heard(likely: &Belief, known: &[Belief], lines: Lines) -> Vec<Belief> {
    let (count, length, next_line, step) = lines;
    let mut heard = vec![[0.0; DIRECTIONS]; known.len()];
    for line in 0..count {
        let mut carried = [1.0 / DIRECTIONS as f32; DIRECTIONS];
        for k in 0..length {
            let at = line * next_line + k * step;
            heard[at] = carried;
            carried = message(likely, &product(&known[at], &carried));
        }
        carried = [1.0 / DIRECTIONS as f32; DIRECTIONS];
        for k in (0..length).rev() {
            let at = line * next_line + k * step;
            heard[at] = normalized(product(&heard[at], &carried));
            carried = message(likely, &product(&known[at], &carried));
        }
    }
    heard
}

/// Beliefs after passing along rows, along columns and along both again.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn beliefs(likely: &Belief, evidence: &[Belief], width: usize, height: usize) -> Vec<Belief> {
    let (rows, columns) = ((height, width, width, 1), (width, height, 1, width));
    let with = |heard: &[Belief]| -> Vec<Belief> {
        evidence.iter().zip(heard).map(|(e, h)| normalized(product(e, h))).collect()
    };
    let from_rows = heard(likely, evidence, rows);
    let from_columns = heard(likely, &with(&from_rows), columns);
    let from_rows = heard(likely, &with(&from_columns), rows);
    let all = evidence.iter().zip(&from_rows).zip(&from_columns);
    all.map(|((e, r), c)| product(e, &product(r, c))).collect()
}

/// The ridge of a block: the believed direction, refined with the energies around it.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn ridge(
    spectra: &Plane<Option<Box<Spectrum>>>,
    turns: &Turns,
    belief: &Belief,
    column: usize,
    row: usize,
) -> Ridge {
    let mut best = 0;
    for k in 1..DIRECTIONS {
        if belief[k] > belief[best] {
            best = k;
        }
    }
    let mut shares = [0.0f32; DIRECTIONS * PERIODS_PX.len()];
    let mut weights = 0.0;
    for y in row.saturating_sub(1)..(row + 2).min(spectra.height) {
        for x in column.saturating_sub(1)..(column + 2).min(spectra.width) {
            let weight = if x == column && y == row { 2.0 } else { 1.0 };
            weights += weight;
            if let Some(s) = &spectra.values[y * spectra.width + x] {
                for (sum, share) in shares.iter_mut().zip(s.iter()) {
                    *sum += share * weight;
                }
            }
        }
    }
    refined(turns, &shares, weights, best)
}

fn refined(turns: &Turns, shares: &[f32], weights: f32, best: usize) -> Ridge {
    let near = |shift: usize| (best + DIRECTIONS + shift - 2) % DIRECTIONS;
    let mut by_period = [0.0f32; PERIODS_PX.len()];
    for (f, sum) in by_period.iter_mut().enumerate() {
        *sum = (1..4).map(|s| shares[f * DIRECTIONS + near(s)]).fold(0.0, f32::max);
    }
    let mut top = 0;
    for f in 1..by_period.len() {
        if by_period[f] > by_period[top] {
            top = f;
        }
    }
    let (mut weight, mut place) = (1e-9, 0.0);
    for f in top.saturating_sub(1)..(top + 2).min(by_period.len()) {
        weight += by_period[f] * by_period[f];
        place += by_period[f] * by_period[f] * PERIODS_PX[f];
    }
    let (mut cos2, mut sin2) = (0.0, 0.0);
    for shift in 0..5 {
        let k = near(shift);
        let sum = shares[top * DIRECTIONS + k];
        let (c, s) = turns.doubled[k];
        cos2 += sum * sum * c;
        sin2 += sum * sum * s;
    }
    let length = (cos2 * cos2 + sin2 * sin2).sqrt();
    if length <= 0.0 {
        let (cos2, sin2) = turns.doubled[best];
        return Ridge { cos2, sin2, period_px: 0.0, clarity: 0.0 };
    }
    Ridge {
        cos2: cos2 / length,
        sin2: sin2 / length,
        period_px: place / weight,
        clarity: by_period[top] / weights,
    }
}

/// Periods averaged over neighbors by their clarity: they change slowly.
fn smooth_periods(ridges: &mut Plane<Ridge>) {
    const REACH: usize = 3;
    let (width, height) = (ridges.width, ridges.height);
    let weighted: Vec<(f32, f32)> = ridges
        .values
        .iter()
        .map(|ridge| {
            let weight = ridge.clarity * ridge.clarity * ridge.clarity;
            (weight, weight * ridge.period_px)
        })
        .collect();
    let sum = |parts: &mut dyn Iterator<Item = &(f32, f32)>| {
        parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    };
    let mut along = Vec::with_capacity(weighted.len());
    for row in weighted.chunks_exact(width) {
        for x in 0..width {
            let near = x.saturating_sub(REACH)..(x + REACH + 1).min(width);
            along.push(sum(&mut row[near].iter()));
        }
    }
    for y in 0..height {
        let (from, to) = (y.saturating_sub(REACH), (y + REACH + 1).min(height));
        for x in 0..width {
            let column = along[from * width..to * width].iter().skip(x).step_by(width);
            let (weight, period) = sum(&mut { column });
            ridges.values[y * width + x].period_px = (period + 9e-6) / (weight + 1e-6);
        }
    }
}

/// The ridge direction in radians, 0 to pi, x right and y down.
pub(crate) fn direction_rad(cos2: f32, sin2: f32) -> f32 {
    let half = atan2(sin2, cos2) / 2.0;
    if half < 0.0 { half + std::f32::consts::PI } else { half }
}
