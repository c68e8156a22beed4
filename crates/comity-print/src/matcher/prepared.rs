//! A template made ready for comparing: descriptors of each minutia's surroundings.

use crate::extract::math::{exp, sin_cos};
use crate::template::{DirectionGrid, MINUTIAE_MAX, Template, best};
use std::sync::LazyLock;

/// Rings of points around a minutia: radius in pixels, points.
const RINGS: [(f64, usize); 4] = [(18.0, 8), (34.0, 12), (52.0, 16), (70.0, 20)];
/// Points of all rings.
pub(crate) const POINTS: usize = 56;
/// Cells across a minutia's surroundings.
const CELLS: usize = 8;
/// Radius of the surroundings.
const RADIUS_PX: f32 = 72.0;
/// Direction sections.
const SECTIONS: usize = 5;
/// Words of a bit descriptor: one of 64 cells a section.
pub(crate) const WORDS: usize = SECTIONS;

/// Sines and cosines of the 256 angles.
pub(crate) static TURNS: LazyLock<[(f32, f32); 256]> = LazyLock::new(|| {
    std::array::from_fn(|a| {
        let (s, c) = sin_cos(a as f64 * std::f64::consts::TAU / 256.0);
        (s as f32, c as f32)
    })
});

static OFFSETS: LazyLock<Vec<(f32, f32)>> = LazyLock::new(|| {
    let mut offsets = Vec::new();
    for (radius, points) in RINGS {
        for k in 0..points {
            let (s, c) = sin_cos((k as f64 + 0.5) * std::f64::consts::TAU / points as f64);
            offsets.push(((radius * c) as f32, (radius * s) as f32));
        }
    }
    offsets
});

/// One minutia with its surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub x: f32,
    pub y: f32,
    /// 256ths of a turn, x right, y down.
    pub angle: u8,
    pub fork: bool,
    /// How sure the extractor is, 0 to 1.
    pub quality: f32,
    /// Ridge directions at the rings, relative to the minutia: 255ths of half a turn; 255 none.
    pub directions: [u8; POINTS],
    /// Where neighbors are, a word for each section of their direction.
    pub bits: [u64; WORDS],
    /// Which cells lie inside the print.
    pub valid: u64,
}

/// A template ready for comparing.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) points: Vec<Point>,
    pub(crate) grid: DirectionGrid,
}

impl Prepared {
    /// Makes a template ready.
    pub fn of(template: &Template) -> Self {
        let mut points: Vec<Point> = best(&template.minutiae, MINUTIAE_MAX)
            .iter()
            .map(|m| Point {
                x: f32::from(m.x_px),
                y: f32::from(m.y_px),
                angle: m.angle.wrapping_neg(),
                quality: if m.quality == 0 { 0.5 } else { f32::from(m.quality) / 100.0 },
                fork: m.kind == crate::MinutiaKind::Bifurcation,
                directions: [255; POINTS],
                bits: [0; WORDS],
                valid: 0,
            })
            .collect();
        for at in 0..points.len() {
            points[at].directions = directions(&points[at], &template.grid);
            let (bits, valid) = surroundings(&points, at, &template.grid);
            points[at].bits = bits;
            points[at].valid = valid;
        }
        Self { points, grid: template.grid.clone() }
    }
}

fn directions(point: &Point, grid: &DirectionGrid) -> [u8; POINTS] {
    let (sin, cos) = TURNS[usize::from(point.angle)];
    let mut found = [255; POINTS];
    for (value, (dx, dy)) in found.iter_mut().zip(OFFSETS.iter()) {
        let cell = grid.at_px(point.x + cos * dx - sin * dy, point.y + sin * dx + cos * dy);
        if cell > 0 {
            // Half a turn is 255 steps of the cell and 128 of the angle.
            let own = (u32::from(point.angle) * 255 / 128) % 255;
            *value = ((u32::from(cell) - 1 + 255 - own) % 255) as u8;
        }
    }
    found
}

fn surroundings(points: &[Point], at: usize, grid: &DirectionGrid) -> ([u64; WORDS], u64) {
    let own = &points[at];
    let (sin, cos) = TURNS[usize::from(own.angle)];
    let step = 2.0 * RADIUS_PX / CELLS as f32;
    let middle = |k: usize| (k as f32 + 0.5) * step - RADIUS_PX;
    let (mut bits, mut valid) = ([0u64; WORDS], 0u64);
    let mut levels = [[0.0f32; 64]; SECTIONS];
    for cell in 0..CELLS * CELLS {
        let (dx, dy) = (middle(cell % CELLS), middle(cell / CELLS));
        if dx * dx + dy * dy > RADIUS_PX * RADIUS_PX {
            continue;
        }
        if grid.at_px(own.x + cos * dx - sin * dy, own.y + sin * dx + cos * dy) > 0 {
            valid |= 1 << cell;
        }
    }
    for (other, point) in points.iter().enumerate() {
        let (px, py) = (point.x - own.x, point.y - own.y);
        if other == at || px * px + py * py > (RADIUS_PX + 20.0) * (RADIUS_PX + 20.0) {
            continue;
        }
        let (dx, dy) = (cos * px + sin * py, cos * py - sin * px);
        let turn = f32::from(point.angle.wrapping_sub(own.angle)) / 256.0;
        for (section, level) in levels.iter_mut().enumerate() {
            let off = (turn - section as f32 / SECTIONS as f32).abs();
            let off = off.min(1.0 - off) * std::f32::consts::TAU;
            let near = exp(f64::from(-off * off / (2.0 * 0.45 * 0.45))) as f32;
            if near < 0.05 {
                continue;
            }
            for (cell, value) in level.iter_mut().enumerate() {
                let (cx, cy) = (middle(cell % CELLS) - dx, middle(cell / CELLS) - dy);
                let square = cx * cx + cy * cy;
                if square < 900.0 {
                    *value += near * exp(f64::from(-square / (2.0 * 10.0 * 10.0))) as f32;
                }
            }
        }
    }
    for (word, level) in bits.iter_mut().zip(&levels) {
        for (cell, value) in level.iter().enumerate() {
            if *value > 0.35 {
                *word |= 1 << cell;
            }
        }
        *word &= valid;
    }
    (bits, valid)
}

/// How alike the surroundings of two minutiae are, 0 to 1.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn likeness(a: &Point, b: &Point) -> f32 {
    let valid = a.valid & b.valid;
    let (mut ours, mut theirs, mut differ) = (0, 0, 0);
    for (x, y) in a.bits.iter().zip(&b.bits) {
        ours += (x & valid).count_ones();
        theirs += (y & valid).count_ones();
        differ += ((x ^ y) & valid).count_ones();
    }
    let bits = if valid.count_ones() < 16 || ours + theirs < 8 {
        0.3
    } else {
        let norm = (ours as f32).sqrt() + (theirs as f32).sqrt();
        1.0 - (differ as f32).sqrt() / norm
    };
    let (mut sum, mut count) = (0u32, 0u32);
    for (x, y) in a.directions.iter().zip(&b.directions) {
        if *x != 255 && *y != 255 {
            let d = x.abs_diff(*y);
            sum += u32::from(d.min(255 - d));
            count += 1;
        }
    }
    if count < 14 {
        return bits * 0.5;
    }
    // Mean difference in 255ths of half a turn: 64 by chance, about 10 for the same place.
    let mean = sum as f32 / count as f32;
    let directions = (1.0 - mean / 45.0).max(0.0);
    0.5 * bits + 0.5 * directions
}
