//! A template made ready for comparing: what surrounds each minutia, as bits.

use super::judge::TURNED_MAX;
use super::surroundings::{Code, Levels, PARTS, Sampled};
use crate::extract::math::sin_cos;
use crate::template::{CELL_PX, DirectionGrid, MINUTIAE_MAX, Template, best};
use std::sync::LazyLock;

/// Bits planes of the ridge directions: a direction sets a run of half of them (a Johnson code),
/// so that the bits in which two differ grow with the angle between them.
pub(super) const PLANES: usize = 4;
/// Words of the neighbors, one for each section of their direction.
pub(super) const SECTIONS: usize = 5;

/// Minutiae that are looked at together.
pub(super) const LANES: usize = 32;

/// Sines and cosines of the 256 angles.
pub(super) static TURNS: LazyLock<[(f32, f32); 256]> = LazyLock::new(|| {
    std::array::from_fn(|a| {
        let (s, c) = sin_cos(a as f64 * std::f64::consts::TAU / 256.0);
        (s as f32, c as f32)
    })
});

/// What surrounds a minutia, turned with it: words of bits, in the order that `bits` counts them.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Surroundings {
    /// Ridge directions at the points of the rings, relative to the minutia: a bit each in four
    /// planes. In which cells neighbors are, in the first four sections of their direction.
    pub first: [u64; 8],
    /// The same of the fifth section, which cells lie inside the print, at which points there is
    /// a direction, the fifth section again; nothing.
    pub second: [u64; 8],
}

impl Surroundings {
    #[inline(always)]
    fn of(sampled: &Sampled, levels: &Levels) -> Self {
        let Sampled { planes: [p, q, r, s], known, valid, .. } = *sampled;
        let [first, second, third, fourth, fifth] = levels.bits(valid);
        Self {
            first: [p, q, r, s, first, second, third, fourth],
            second: [fifth, valid, known, fifth, 0, 0, 0, 0],
        }
    }
}

/// One minutia.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Point {
    pub x: f32,
    pub y: f32,
    /// 256ths of a turn, x right, y down.
    pub angle: u8,
    pub fork: bool,
    /// The probability that it is a minutia.
    pub sure: f32,
    /// Its place in the template.
    pub index: u8,
}

/// Codes of up to 32 minutiae by parts: the first four bits of all, the next of all, and so on, so
/// that one part of all is looked up in one table at once.
#[derive(Debug, Clone)]
#[repr(align(32))]
pub(super) struct Parts(pub [[u8; LANES]; PARTS]);

/// What each value of each part of another code is apart.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Tables(pub [[u8; 16]; PARTS]);

/// Codes of minutiae.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    /// Of the minutiae of a first print.
    pub tables: Vec<Tables>,
    /// Of those of a second print, 32 together.
    pub parts: Vec<Parts>,
}

impl Codes {
    #[inline(always)]
    fn push(&mut self, at: usize, code: &Code) {
        self.tables.push(Tables(code.tables()));
        self.push_parts(at, &code.parts());
    }

    /// The code of a minutia of a second print.
    pub fn part(&self, at: usize) -> [u8; PARTS] {
        let parts = self.parts.get(at / LANES);
        std::array::from_fn(|k| parts.map_or(0, |parts| parts.0[k][at % LANES]))
    }

    /// Adds a code of a second print alone.
    #[inline(always)]
    pub fn push_parts(&mut self, at: usize, code: &[u8; PARTS]) {
        if at.is_multiple_of(LANES) {
            self.parts.push(Parts([[0; LANES]; PARTS]));
        }
        if let Some(last) = self.parts.last_mut() {
            for (parts, part) in last.0.iter_mut().zip(code) {
                parts[at % LANES] = *part;
            }
        }
    }
}

/// A template ready for comparing. Minutiae stand in the order of their angles.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    pub(super) points: Vec<Point>,
    pub(super) around: Vec<Surroundings>,
    /// What surrounds them, in codes.
    pub(super) codes: Codes,
    /// How many minutiae have a smaller angle.
    pub(super) below: Vec<u8>,
    /// Ridge directions.
    pub(super) grid: DirectionGrid,
    /// Middle of each cell that has a direction, in pixels, and the direction in 255ths of half a
    /// turn.
    pub(super) inside: Vec<(f32, f32, f32)>,
    /// The probability that the print shows a minutia of its finger.
    pub(super) detection: f32,
}

impl Prepared {
    /// Makes a template ready.
    pub fn of(template: &Template) -> Self {
        Self::made_on(pulp::Arch::new(), template, None)
    }

    /// Makes a template ready; the codes, which take longest, are those of `kept` if that is of the
    /// same minutiae.
    pub(super) fn made_on(arch: pulp::Arch, template: &Template, kept: Option<&Self>) -> Self {
        let mut points: Vec<Point> = best(&template.minutiae, MINUTIAE_MAX)
            .iter()
            .zip(0..)
            .map(|(m, index)| Point {
                x: f32::from(m.x_px),
                y: f32::from(m.y_px),
                angle: m.angle.wrapping_neg(),
                sure: if m.quality == 0 { 0.9 } else { (f32::from(m.quality) / 50.0).min(0.9) },
                fork: m.kind == crate::MinutiaKind::Bifurcation,
                index,
            })
            .collect();
        points.sort_by_key(|p| (p.angle, p.index));
        let indices = points.iter().map(|p| p.index);
        let kept = kept.filter(|kept| kept.points.iter().map(|p| p.index).eq(indices));
        let (grid, coded) = (&template.grid, kept.is_none());
        let (around, made) = arch.dispatch(Describe { points: &points, grid, coded });
        let mut below = Vec::new();
        count_below(&points, &mut below);
        let count = points.len().max(1) as f32;
        Self {
            codes: kept.map_or(made, |kept| kept.codes.clone()),
            detection: points.iter().map(|p| p.sure).sum::<f32>() / count,
            points,
            around,
            below,
            inside: inside(&template.grid),
            grid: template.grid.clone(),
        }
    }
}

impl Prepared {
    /// The minutiae whose angle is `angle + turn`, give or take what pairs are turned.
    #[inline(always)]
    pub(super) fn turned_to(&self, angle: u8, turn: f32) -> impl Iterator<Item = usize> {
        let n = self.points.len();
        // One more for the fraction of the turn.
        let middle = angle.wrapping_add(turn as i32 as u8);
        let reach = TURNED_MAX as u8 + 1;
        let (low, high) = (middle.wrapping_sub(reach), middle.wrapping_add(reach));
        let from = usize::from(self.below[usize::from(low)]);
        let end = usize::from(self.below[usize::from(high) + 1]) + if high < low { n } else { 0 };
        (from..end).map(move |k| if k < n { k } else { k - n })
    }
}

/// Counts the minutiae that have a smaller angle.
pub(super) fn count_below(points: &[Point], below: &mut Vec<u8>) {
    below.clear();
    below.resize(257, 0);
    for p in points {
        below[usize::from(p.angle) + 1] += 1;
    }
    let mut sum = 0;
    for count in below {
        sum += *count;
        *count = sum;
    }
}

/// Describes all minutiae under vector instructions.
struct Describe<'a> {
    points: &'a [Point],
    grid: &'a DirectionGrid,
    /// Whether codes are made too.
    coded: bool,
}

impl pulp::WithSimd for Describe<'_> {
    type Output = (Vec<Surroundings>, Codes);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Self::Output {
        let mut around = Vec::with_capacity(self.points.len());
        let mut codes = Codes::default();
        if self.coded {
            codes.tables.reserve_exact(self.points.len());
            codes.parts.reserve_exact(self.points.len().div_ceil(LANES));
        }
        for (at, own) in self.points.iter().enumerate() {
            let sampled = Sampled::of(own, self.grid);
            let levels = Levels::of(self.points, at);
            if self.coded {
                codes.push(at, &Code::of(&sampled, &levels));
            }
            around.push(Surroundings::of(&sampled, &levels));
        }
        (around, codes)
    }
}

fn inside(grid: &DirectionGrid) -> Vec<(f32, f32, f32)> {
    let middle = |k: usize| (k as f32 + 0.5) * CELL_PX as f32;
    let place = |k: usize| (middle(k % grid.columns), middle(k / grid.columns));
    let cells = grid.cells.iter().enumerate().filter(|(_, cell)| **cell > 0);
    cells.map(|(k, cell)| (place(k).0, place(k).1, f32::from(*cell))).collect()
}
