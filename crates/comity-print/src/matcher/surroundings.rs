//! What surrounds a minutia: ridge directions on rings, neighbors in cells.

use super::prepared::{PLANES, Point, SECTIONS, TURNS};
use crate::extract::math::{exp, sin_cos};
use crate::template::{DirectionGrid, whole};
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

/// Places that are looked at around a minutia: the points of the rings, then the middles of the
/// cells; and as many more as fill vectors.
const LOOKED_AT: usize = 2 * CELLS * CELLS;

/// The places across and down.
static OFFSETS: LazyLock<[[f32; LOOKED_AT]; 2]> = LazyLock::new(|| {
    let mut offsets = [[0.0; LOOKED_AT]; 2];
    let rings =
        RINGS.iter().flat_map(|&(radius, points)| (0..points).map(move |k| (radius, k, points)));
    let rings = rings.map(|(radius, k, points)| {
        let (s, c) = sin_cos((k as f64 + 0.5) * std::f64::consts::TAU / points as f64);
        ((radius * c) as f32, (radius * s) as f32)
    });
    let cells = (0..CELLS * CELLS).map(|k| (middle(k % CELLS), middle(k / CELLS)));
    let places = (0..POINTS).zip(rings).chain((CELLS * CELLS..).zip(cells));
    for (at, (across, down)) in places {
        (offsets[0][at], offsets[1][at]) = (across, down);
    }
    offsets
});

/// The cells whose middles are not too far away.
static NEAR: LazyLock<u64> = LazyLock::new(|| {
    let near = |k: &usize| {
        let (dx, dy) = (middle(k % CELLS), middle(k / CELLS));
        dx * dx + dy * dy <= RADIUS_PX * RADIUS_PX
    };
    (0..CELLS * CELLS).filter(near).fold(0, |all, k| all | 1 << k)
});

/// What the cosine is on average, by points.
static USUAL_ALONG: LazyLock<[f32; POINTS]> = LazyLock::new(|| {
    let mut all = RINGS.iter().zip(&ALONG).flat_map(|((_, n), along)| (0..*n).map(|_| *along));
    std::array::from_fn(|_| all.next().unwrap_or_default())
});

/// The two sections that a neighbor's direction may belong to, and how much it does, by 256ths of a
/// turn; it does not to the others.
static SHARES: LazyLock<[[(usize, f32); 2]; 256]> = LazyLock::new(|| {
    std::array::from_fn(|turn| {
        let share = |section: usize| {
            let off = (turn as f64 / 256.0 - section as f64 / SECTIONS as f64).abs();
            let off = off.min(1.0 - off) * std::f64::consts::TAU;
            let share = exp(-off * off / (2.0 * BLUR_RAD * BLUR_RAD)) as f32;
            (section, if share < 0.05 { 0.0 } else { share })
        };
        let before = turn * SECTIONS / 256;
        [share(before), share((before + 1) % SECTIONS)]
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

/// Values that a code is made of: two a direction, one a cell and section; and as many zeros as
/// fill the last sums.
const VALUES: usize = (2 * POINTS + SECTIONS * CELLS * CELLS).next_multiple_of(CODE_BITS);

/// The signs of random sums of how the surroundings differ from the usual: the fewer bits two
/// codes differ in, the smaller the angle between the surroundings (Charikar, STOC 2002). The
/// sums are a Hadamard transform of the values with drawn signs (Ailon and Chazelle, STOC 2006).
pub(super) struct Code([f32; CODE_BITS]);

// The loops here and below are done by vectors: hardly a branch, and no `map` of a long array.
impl Code {
    #[inline(always)]
    pub fn of(sampled: &Sampled, levels: &Levels) -> Self {
        let turns = &*TURNS;
        let mut values = [0.0; VALUES];
        let (directions, cells) = values.split_at_mut(2 * POINTS);
        let points = sampled.directions.iter().zip(&*USUAL_ALONG).enumerate();
        for (both, (bit, (direction, along))) in directions.as_chunks_mut().0.iter_mut().zip(points)
        {
            if sampled.known >> bit & 1 == 1 {
                let (sin, cos) = turns[usize::from(*direction)];
                *both = [cos - along, sin];
            }
        }
        let mut inside = [0.0; CELLS * CELLS];
        for (bit, inside) in inside.iter_mut().enumerate() {
            *inside = f32::from((sampled.valid >> bit & 1) as u8);
        }
        let sections = cells.as_chunks_mut::<{ CELLS * CELLS }>().0.iter_mut();
        for ((values, levels), usual) in sections.zip(&levels.0).zip(&USUAL) {
            for ((value, level), inside) in values.iter_mut().zip(levels).zip(&inside) {
                let level = if *level < 1.0 { *level } else { 1.0 };
                *value = CELL_WEIGHT * (level - usual) * inside;
            }
        }
        Self::summed(&values)
    }

    #[inline(always)]
    fn summed(values: &[f32; VALUES]) -> Self {
        let mut sums = [0.0; CODE_BITS];
        let signs = SIGNS.as_chunks::<CODE_BITS>().0;
        for (values, signs) in values.as_chunks::<CODE_BITS>().0.iter().zip(signs) {
            for ((sum, value), sign) in sums.iter_mut().zip(values).zip(signs) {
                *sum += sign * value;
            }
        }
        // Sums of neighbors to the first half, differences to the second: after as many steps as
        // a number has bits everything is in its place again.
        for _ in 0..CODE_BITS.ilog2() {
            let mut next = [0.0; CODE_BITS];
            let (first, second) = next.split_at_mut(CODE_BITS / 2);
            for (([x, y], sum), off) in sums.as_chunks().0.iter().zip(first).zip(second) {
                (*sum, *off) = (x + y, x - y);
            }
            sums = next;
        }
        Self(sums)
    }

    /// The signs, four bits in each part.
    #[inline(always)]
    pub fn parts(&self) -> [u8; PARTS] {
        let bits = bits(&self.0, |sum| sum > 0.0);
        std::array::from_fn(|k| (bits >> (4 * k) & 15) as u8)
    }

    /// For each part what its 16 values are apart from these sums: the sum of those whose signs
    /// differ, as a share of all, in 128ths.
    #[inline(always)]
    pub fn tables(&self) -> [[u8; 16]; PARTS] {
        let mut all = [0.0_f32; 4];
        for sums in self.0.as_chunks::<4>().0.iter().take(PARTS) {
            all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum.abs());
        }
        let per = APART / ((all[0] + all[1]) + (all[2] + all[3])).max(1e-6);
        let mut tables = [[0; 16]; PARTS];
        for (table, sums) in tables.iter_mut().zip(self.0.as_chunks::<4>().0) {
            // What a bit that is not set is apart, and one that is.
            let [p, q, r, s] = sums.map(|sum| {
                let size = sum.abs() * per;
                if sum > 0.0 { [size, 0.0] } else { [0.0, size] }
            });
            let low = [p[0] + q[0], p[1] + q[0], p[0] + q[1], p[1] + q[1]];
            let high = [r[0] + s[0], r[1] + s[0], r[0] + s[1], r[1] + s[1]];
            for (four, high) in table.as_chunks_mut::<4>().0.iter_mut().zip(high) {
                for (apart, low) in four.iter_mut().zip(low) {
                    *apart = whole((low + (high + 0.5)).floor()) as u8;
                }
            }
        }
        tables
    }
}

/// Ridge directions around a minutia.
pub(super) struct Sampled {
    pub planes: [u64; PLANES],
    pub known: u64,
    /// Directions at the points, relative to the minutia, in 256ths of half a turn; anything
    /// where none is known.
    directions: [u8; CELLS * CELLS],
    /// Cells of the surroundings that lie inside the print.
    pub valid: u64,
}

impl Sampled {
    #[inline(always)]
    pub fn of(own: &Point, grid: &DirectionGrid) -> Self {
        let (sin, cos) = TURNS[usize::from(own.angle)];
        let mut numbers = [0; LOOKED_AT];
        let ([across, down], number_at_px) = (&*OFFSETS, grid.number_at_px());
        for ((number, dx), dy) in numbers.iter_mut().zip(across).zip(down) {
            let (x, y) = (own.x + cos * dx - sin * dy, own.y + sin * dx + cos * dy);
            *number = number_at_px(x, y);
        }
        let mut cells = [0; LOOKED_AT];
        for (cell, number) in cells.iter_mut().zip(numbers) {
            *cell = grid.cells.get(number as usize).copied().unwrap_or(0);
        }
        let (points, middles) = cells.split_at(CELLS * CELLS);
        let known = bits(points, |cell| cell > 0) & ((1 << POINTS) - 1);
        let valid = bits(middles, |cell| cell > 0) & *NEAR;
        // From 255ths to 256ths, less the minutia's own.
        let turn = own.angle.wrapping_mul(2);
        let mut directions = [0_u8; CELLS * CELLS];
        for (relative, cell) in directions.iter_mut().zip(points) {
            let direction = cell.wrapping_sub(1);
            *relative = direction.wrapping_add(u8::from(direction > 127)).wrapping_sub(turn);
        }
        let mut planes = [0; PLANES];
        for (k, plane) in planes.iter_mut().enumerate() {
            let step = (k * 128 / PLANES) as u8;
            *plane = bits(&directions, |relative| relative.wrapping_sub(step) < 128) & known;
        }
        Self { planes, known, directions, valid }
    }
}

/// Of which of the first 64 something is so.
#[inline(always)]
fn bits<T: Copy>(of: &[T], so: impl Fn(T) -> bool) -> u64 {
    // Moves the bits of eight bytes side by side into the highest byte; no two meet elsewhere.
    const TOGETHER: u64 = 0x0102_0408_1020_4080;
    let mut bytes = [0_u8; 64];
    for (byte, one) in bytes.iter_mut().zip(of) {
        *byte = u8::from(so(*one));
    }
    let mut all = 0;
    for (k, word) in bytes.as_chunks().0.iter().enumerate() {
        all |= u64::from_le_bytes(*word).wrapping_mul(TOGETHER) >> 56 << (8 * k);
    }
    all
}

fn middle(k: usize) -> f32 {
    (k as f32 + 0.5) * CELL_PX - RADIUS_PX
}

/// How much of what is at `place` lies in each column of cells, or row.
#[inline(always)]
fn blurred(blurs: &[f32; 1024], place: f32) -> [f32; CELLS] {
    let mut quarters = [0; CELLS];
    for (k, quarters) in quarters.iter_mut().enumerate() {
        *quarters = whole(((middle(k) - place).abs() * 4.0 + 0.5).floor());
    }
    quarters.map(|quarters| blurs[quarters as usize & 1023])
}

/// How much of neighbors lies in each cell, for each section of their direction.
pub(super) struct Levels([[f32; CELLS * CELLS]; SECTIONS]);

impl Levels {
    #[inline(always)]
    pub fn of(points: &[Point], at: usize) -> Self {
        let own = &points[at];
        let (blurs, shares) = (&*BLUR, &*SHARES);
        let (sin, cos) = TURNS[usize::from(own.angle)];
        let mut levels = [[0.0f32; CELLS * CELLS]; SECTIONS];
        for (other, point) in points.iter().enumerate() {
            let (px, py) = (point.x - own.x, point.y - own.y);
            if other == at || px * px + py * py > (RADIUS_PX + 20.0) * (RADIUS_PX + 20.0) {
                continue;
            }
            let (dx, dy) = (cos * px + sin * py, cos * py - sin * px);
            let (across, down) = (blurred(blurs, dx), blurred(blurs, dy));
            for (section, share) in shares[usize::from(point.angle.wrapping_sub(own.angle))] {
                let rows = levels[section].as_chunks_mut::<CELLS>().0.iter_mut();
                for (row, y) in rows.zip(&down) {
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
        let mut words = [0; SECTIONS];
        for (word, level) in words.iter_mut().zip(&self.0) {
            *word = bits(level, |value| value > LEVEL_MIN) & valid;
        }
        words
    }
}
