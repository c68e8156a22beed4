//! What surrounds a minutia: ridge directions on rings, neighbors in cells.

use super::prepared::{PLANES, Point, SECTIONS, TURNS};
use crate::extract::math::{exp, sin_cos};
use crate::template::DirectionGrid;
use std::sync::LazyLock;

/// Sums of a code, and parts of four that are looked at.
const CODE_BITS: usize = 128;
pub(super) const PARTS: usize = 16;
/// What the farthest codes are apart, about: near ones are then within 63.
const APART: f32 = 160.0;
/// What the cosine of twice a direction, against the minutia's own, is on average on each ring:
/// ridges run along, the less the farther away.
const ALONG: [f32; 4] = [0.9, 0.8, 0.7, 0.5];
/// How much of neighbors is in a cell on average, by section: most point the same way.
const USUAL: [f32; SECTIONS] = [0.15, 0.03, 0.055, 0.055, 0.03];
/// What a cell counts beside a direction.
const CELL_WEIGHT: f32 = 2.0;

/// Rings of points around a minutia: radius in pixels, points.
const RINGS: [(f64, usize); 4] = [(18.0, 8), (34.0, 12), (52.0, 16), (70.0, 20)];
/// Points of all rings.
const POINTS: usize = 56;
/// Cells across a minutia's surroundings.
const CELLS: usize = 8;
/// Radius of the surroundings, and side of a cell, in pixels.
const RADIUS_PX: f32 = 72.0;
const CELL_PX: f32 = 2.0 * RADIUS_PX / CELLS as f32;
/// How far a neighbor is blurred: over places, in pixels, and over directions, in radians.
const BLUR_PX: f64 = 10.0;
const BLUR_RAD: f64 = 0.45;
/// A neighbor is in a cell from this much on.
const LEVEL_MIN: f32 = 0.35;

static OFFSETS: LazyLock<[(f32, f32); POINTS]> = LazyLock::new(|| {
    let mut offsets = [(0.0, 0.0); POINTS];
    let places =
        RINGS.iter().flat_map(|&(radius, points)| (0..points).map(move |k| (radius, k, points)));
    for (offset, (radius, k, points)) in offsets.iter_mut().zip(places) {
        let (s, c) = sin_cos((k as f64 + 0.5) * std::f64::consts::TAU / points as f64);
        *offset = ((radius * c) as f32, (radius * s) as f32);
    }
    offsets
});

/// How much a neighbor's direction belongs to each section, by 256ths of a turn.
static SHARES: LazyLock<[[f32; SECTIONS]; 256]> = LazyLock::new(|| {
    std::array::from_fn(|turn| {
        std::array::from_fn(|section| {
            let off = (turn as f64 / 256.0 - section as f64 / SECTIONS as f64).abs();
            let off = off.min(1.0 - off) * std::f64::consts::TAU;
            let share = exp(-off * off / (2.0 * BLUR_RAD * BLUR_RAD)) as f32;
            if share < 0.05 { 0.0 } else { share }
        })
    })
});

/// The blur by distance in quarters of a pixel; 0 beyond 30 pixels.
static BLUR: LazyLock<[f32; 1024]> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        let off = k as f64 / 4.0;
        if off < 30.0 { exp(-off * off / (2.0 * BLUR_PX * BLUR_PX)) as f32 } else { 0.0 }
    })
});

/// Signs drawn once, one for each value that a code is made of.
static SIGNS: LazyLock<[f32; VALUES]> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        // SplitMix64 (Steele and others, 2014).
        let mut x = (k as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        if (x ^ x >> 31) & 1 == 1 { -1.0 } else { 1.0 }
    })
});

/// Values that a code is made of: two a direction, one a cell and section.
const VALUES: usize = 2 * POINTS + SECTIONS * CELLS * CELLS;

/// The signs of random sums of how the surroundings differ from the usual: the fewer bits two
/// codes differ in, the smaller the angle between the surroundings (Charikar, STOC 2002). The
/// sums are a Hadamard transform of the values with drawn signs (Ailon and Chazelle, STOC 2006).
pub(super) struct Code([f32; CODE_BITS]);

impl Code {
    #[inline(always)]
    pub fn of(sampled: &Sampled, levels: &Levels) -> Self {
        let mut code = Self([0.0; CODE_BITS]);
        let rings = RINGS.iter().zip(&ALONG).flat_map(|((_, n), along)| (0..*n).map(|_| *along));
        for (bit, along) in rings.enumerate() {
            if sampled.known >> bit & 1 == 1 {
                let (sin, cos) = TURNS[usize::from(sampled.directions[bit])];
                code.add(2 * bit, cos - along);
                code.add(2 * bit + 1, sin);
            }
        }
        for (section, (level, usual)) in levels.0.iter().zip(&USUAL).enumerate() {
            for (bit, value) in level.iter().enumerate() {
                let value = if *value < 1.0 { *value } else { 1.0 };
                let known = (sampled.valid >> bit & 1) as u8;
                let off = CELL_WEIGHT * (value - usual) * f32::from(known);
                code.add(2 * POINTS + section * CELLS * CELLS + bit, off);
            }
        }
        code.transform();
        code
    }

    #[inline(always)]
    fn add(&mut self, at: usize, value: f32) {
        self.0[at % CODE_BITS] += SIGNS[at] * value;
    }

    #[inline(always)]
    fn transform(&mut self) {
        let mut half = 1;
        while half < CODE_BITS {
            for both in self.0.chunks_exact_mut(2 * half) {
                let (first, second) = both.split_at_mut(half);
                for (x, y) in first.iter_mut().zip(second) {
                    (*x, *y) = (*x + *y, *x - *y);
                }
            }
            half *= 2;
        }
    }

    /// The signs, four bits in each part.
    #[inline(always)]
    pub fn parts(&self) -> [u8; PARTS] {
        let mut parts = [0; PARTS];
        for (part, sums) in parts.iter_mut().zip(self.0.as_chunks::<4>().0) {
            for (bit, sum) in sums.iter().enumerate() {
                *part |= u8::from(*sum > 0.0) << bit;
            }
        }
        parts
    }

    /// For each part what its 16 values are apart from these sums: the sum of those whose signs
    /// differ, as a share of all, in 128ths.
    #[inline(always)]
    pub fn tables(&self) -> [[u8; 16]; PARTS] {
        let parts = self.parts();
        let sizes = self.0.map(f32::abs);
        let mut all = [0.0_f32; 4];
        for sums in sizes.as_chunks::<4>().0.iter().take(PARTS) {
            all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
        }
        let per = APART / ((all[0] + all[1]) + (all[2] + all[3])).max(1e-6);
        let mut tables = [[0; 16]; PARTS];
        for ((table, sizes), part) in tables.iter_mut().zip(sizes.as_chunks::<4>().0).zip(parts) {
            let [p, q, r, s] = sizes.map(|size| size * per);
            let (low, high) = ([0.0, p, q, p + q], [0.5, r + 0.5, s + 0.5, r + s + 0.5]);
            let apart: [u8; 16] = std::array::from_fn(|k| (low[k % 4] + high[k / 4]) as i32 as u8);
            *table = std::array::from_fn(|value| apart[value ^ usize::from(part % 16)]);
        }
        tables
    }
}

/// Ridge directions around a minutia.
pub(super) struct Sampled {
    pub planes: [u64; PLANES],
    pub known: u64,
    /// Directions at the points, relative to the minutia, in 256ths of half a turn.
    directions: [u8; POINTS],
    /// Cells of the surroundings that lie inside the print.
    pub valid: u64,
}

impl Sampled {
    #[inline(always)]
    pub fn of(own: &Point, grid: &DirectionGrid) -> Self {
        let (sin, cos) = TURNS[usize::from(own.angle)];
        let cell =
            |dx: f32, dy: f32| grid.at_px(own.x + cos * dx - sin * dy, own.y + sin * dx + cos * dy);
        let mut found = Self { planes: [0; PLANES], known: 0, directions: [0; POINTS], valid: 0 };
        for (bit, &(dx, dy)) in OFFSETS.iter().enumerate() {
            let cell = cell(dx, dy);
            if cell > 0 {
                // 256ths of half a turn, less the minutia's own.
                let direction = ((u32::from(cell) - 1) * 256 + 127) / 255;
                let relative = (direction as u8).wrapping_sub(own.angle.wrapping_mul(2));
                found.known |= 1 << bit;
                found.directions[bit] = relative;
                for (k, plane) in found.planes.iter_mut().enumerate() {
                    let step = (k * 128 / PLANES) as u8;
                    *plane |= u64::from(relative.wrapping_sub(step) < 128) << bit;
                }
            }
        }
        for bit in 0..CELLS * CELLS {
            let (dx, dy) = (middle(bit % CELLS), middle(bit / CELLS));
            if dx * dx + dy * dy <= RADIUS_PX * RADIUS_PX && cell(dx, dy) > 0 {
                found.valid |= 1 << bit;
            }
        }
        found
    }
}

fn middle(k: usize) -> f32 {
    (k as f32 + 0.5) * CELL_PX - RADIUS_PX
}

/// How much of neighbors lies in each cell, for each section of their direction.
pub(super) struct Levels([[f32; CELLS * CELLS]; SECTIONS]);

impl Levels {
    #[inline(always)]
    pub fn of(points: &[Point], at: usize) -> Self {
        let own = &points[at];
        let (sin, cos) = TURNS[usize::from(own.angle)];
        let mut levels = [[0.0f32; CELLS * CELLS]; SECTIONS];
        for (other, point) in points.iter().enumerate() {
            let (px, py) = (point.x - own.x, point.y - own.y);
            if other == at || px * px + py * py > (RADIUS_PX + 20.0) * (RADIUS_PX + 20.0) {
                continue;
            }
            let (dx, dy) = (cos * px + sin * py, cos * py - sin * px);
            let blur = |k: usize, d: f32| BLUR[((middle(k) - d).abs() * 4.0 + 0.5) as usize & 1023];
            let across: [f32; CELLS] = std::array::from_fn(|k| blur(k, dx));
            let down: [f32; CELLS] = std::array::from_fn(|k| blur(k, dy));
            let shares = &SHARES[usize::from(point.angle.wrapping_sub(own.angle))];
            for (level, share) in levels.iter_mut().zip(shares).filter(|(_, share)| **share > 0.0) {
                for (row, y) in level.as_chunks_mut::<CELLS>().0.iter_mut().zip(&down) {
                    for (value, x) in row.iter_mut().zip(&across) {
                        *value += share * y * x;
                    }
                }
            }
        }
        Self(levels)
    }

    /// The cells that neighbors are in, of those inside the print.
    #[inline(always)]
    pub fn bits(&self, valid: u64) -> [u64; SECTIONS] {
        self.0.map(|level| {
            let mut word = 0;
            for (bit, value) in level.iter().enumerate() {
                word |= u64::from(*value > LEVEL_MIN) << bit;
            }
            word & valid
        })
    }
}
