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

static TURN: LazyLock<Belief> = LazyLock::new(|| {
    let mut turn = [0.0; DIRECTIONS];
    for (k, t) in turn.iter_mut().enumerate() {
        let (_, cos) = sin_cos(k as f64 * 2.0 * std::f64::consts::PI / DIRECTIONS as f64);
        *t = (exp(AGREEMENT * (cos - 1.0)) + SUDDEN) as f32;
    }
    turn
});

/// Directions, periods and clarity from the spectra.
pub(crate) fn ridges(spectra: &Plane<Option<Box<Spectrum>>>) -> Plane<Ridge> {
    let evidence: Vec<Belief> = spectra.values.iter().map(|s| evidence(s.as_deref())).collect();
    let beliefs = beliefs(&evidence, spectra.width, spectra.height);
    let mut found = Plane::new(spectra.width, spectra.height);
    for row in 0..spectra.height {
        for column in 0..spectra.width {
            let at = row * spectra.width + column;
            found.values[at] = ridge(spectra, &beliefs[at], column, row);
        }
    }
    smooth_periods(&found)
}

/// The likelihood of each direction, over all periods, with the noise's strength integrated out:
/// (1 - share) to a power that grows with the independent samples of a window.
fn evidence(spectrum: Option<&Spectrum>) -> Belief {
    let Some(spectrum) = spectrum else { return [1.0; DIRECTIONS] };
    let mut found = [0.0; DIRECTIONS];
    for (wave, share) in spectrum.iter().enumerate() {
        let rest = 1.0 / (1.0 - share);
        let square = rest * rest;
        found[wave % DIRECTIONS] += square * rest;
    }
    normalized(found)
}

fn normalized(mut belief: Belief) -> Belief {
    let sum: f32 = belief.iter().sum();
    for b in &mut belief {
        *b /= sum;
    }
    belief
}

fn product(a: &Belief, b: &Belief) -> Belief {
    let mut c = *a;
    for (c, b) in c.iter_mut().zip(b) {
        *c *= b;
    }
    c
}

/// What a block says to the next one.
fn message(from: &Belief) -> Belief {
    let turn = &*TURN;
    let mut to = [0.0; DIRECTIONS];
    for (shift, t) in turn.iter().enumerate() {
        for k in 0..DIRECTIONS {
            to[k] += t * from[(k + shift) % DIRECTIONS];
        }
    }
    normalized(to)
}

/// Beliefs after passing along rows, along columns and along both again.
fn beliefs(evidence: &[Belief], width: usize, height: usize) -> Vec<Belief> {
    let rows: Vec<Vec<usize>> =
        (0..height).map(|y| (0..width).map(|x| y * width + x).collect()).collect();
    let columns: Vec<Vec<usize>> =
        (0..width).map(|x| (0..height).map(|y| y * width + x).collect()).collect();
    let along = |lines: &[Vec<usize>], input: &[Belief]| {
        let mut heard = vec![[1.0; DIRECTIONS]; input.len()];
        for line in lines {
            for forward in [true, false] {
                let mut carried = [1.0 / DIRECTIONS as f32; DIRECTIONS];
                for step in 0..line.len() {
                    let at = line[if forward { step } else { line.len() - 1 - step }];
                    heard[at] = product(&heard[at], &carried);
                    carried = message(&normalized(product(&input[at], &carried)));
                }
            }
        }
        heard.into_iter().map(normalized).collect::<Vec<_>>()
    };
    let with = |heard: &[Belief]| -> Vec<Belief> {
        evidence.iter().zip(heard).map(|(e, h)| normalized(product(e, h))).collect()
    };
    let from_rows = along(&rows, evidence);
    let from_columns = along(&columns, &with(&from_rows));
    let from_rows = along(&rows, &with(&from_columns));
    let both: Vec<Belief> =
        from_rows.iter().zip(&from_columns).map(|(a, b)| normalized(product(a, b))).collect();
    with(&both)
}

/// The ridge of a block: the believed direction, refined with the energies around it.
fn ridge(
    spectra: &Plane<Option<Box<Spectrum>>>,
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
    for dy in -1isize..=1 {
        for dx in -1isize..=1 {
            let (x, y) = (column as isize + dx, row as isize + dy);
            if x < 0 || y < 0 || x >= spectra.width as isize || y >= spectra.height as isize {
                continue;
            }
            let weight = if dx == 0 && dy == 0 { 2.0 } else { 1.0 };
            weights += weight;
            if let Some(s) = &spectra.values[y as usize * spectra.width + x as usize] {
                for (sum, share) in shares.iter_mut().zip(s.iter()) {
                    *sum += share * weight;
                }
            }
        }
    }
    refined(&shares, weights, best)
}

fn refined(shares: &[f32], weights: f32, best: usize) -> Ridge {
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
        let (s, c) = sin_cos(k as f64 * 2.0 * std::f64::consts::PI / DIRECTIONS as f64);
        cos2 += sum * sum * c as f32;
        sin2 += sum * sum * s as f32;
    }
    let length = (cos2 * cos2 + sin2 * sin2).sqrt();
    if length <= 0.0 {
        let angle = best as f64 * 2.0 * std::f64::consts::PI / DIRECTIONS as f64;
        let (s, c) = sin_cos(angle);
        return Ridge { cos2: c as f32, sin2: s as f32, period_px: 0.0, clarity: 0.0 };
    }
    Ridge {
        cos2: cos2 / length,
        sin2: sin2 / length,
        period_px: place / weight,
        clarity: by_period[top] / weights,
    }
}

/// Periods averaged over neighbors by their clarity: they change slowly.
fn smooth_periods(ridges: &Plane<Ridge>) -> Plane<Ridge> {
    let mut smooth = ridges.clone();
    for row in 0..ridges.height {
        for column in 0..ridges.width {
            let (mut weight, mut sum) = (1e-6f32, 9e-6f32);
            for dy in -3isize..=3 {
                for dx in -3isize..=3 {
                    let near = ridges.at(column as isize + dx, row as isize + dy);
                    let w = near.clarity * near.clarity * near.clarity;
                    weight += w;
                    sum += w * near.period_px;
                }
            }
            smooth.values[row * ridges.width + column].period_px = sum / weight;
        }
    }
    smooth
}

/// The ridge direction in radians, 0 to pi, x right and y down.
pub(crate) fn direction_rad(cos2: f32, sin2: f32) -> f32 {
    let half = atan2(sin2, cos2) / 2.0;
    if half < 0.0 { half + std::f32::consts::PI } else { half }
}
