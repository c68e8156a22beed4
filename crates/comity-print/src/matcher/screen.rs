//! The first look at two prints: which minutiae are alike, and how many of those would lie on one
//! another under one motion. Most impostors are told by this alone.

use super::bits::{self, Counts, Row};
use super::motion::Motion;
use super::prepared::{LANES, Prepared, Surroundings};
use crate::template::MINUTIAE_MAX;
use pulp::Simd;

/// Prints are captured upright, give or take this, in 256ths of a turn.
const ROTATION_MAX: u8 = 46;
/// So many pairs, of those whose codes differ in the fewest bits, are looked at closer.
const NEAREST: usize = 24;
/// Codes that are this far apart are of nothing alike: a power of two.
const APART_END: u8 = 64;
/// The most alike pairs that are kept, and those of them that propose a motion.
pub(super) const KEPT: usize = 24;
pub(super) const SEEDS: usize = 6;
/// Pairs that are looked at closer at most, where many codes differ in as many bits.
const FOUND_MAX: usize = 32;
/// Rows of pairs: a minutia of the first print with up to 32 of the second. A power of two, so
/// that a place is cut to it without a division.
const ROWS: usize = (MINUTIAE_MAX * MINUTIAE_MAX.div_ceil(LANES)).next_power_of_two();
/// A pair supports a motion that brings it this near, in pixels; the square is more by this for
/// the square of each pixel from the seed. And turned by this at most, in 256ths of a turn.
const TIGHT: Reach = Reach { near_px: 10.0, cone: 0.0085, turned: 14.0 };
/// The same for the choice of motions that are grown, which follow the stretch of the skin.
const WIDE: Reach = Reach { near_px: 10.0, cone: 0.16, turned: 26.0 };
/// Likeness up to this is chance.
const ALIKE_MIN: f32 = 0.3;

/// Two minutiae, by their places among the prepared, and how alike they are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pair {
    pub i: u8,
    pub j: u8,
    pub alike: f32,
}

/// Room for the first look, used again and again.
#[derive(Debug)]
pub(super) struct Screen {
    nearest: Nearest,
    found: [(u8, u8); FOUND_MAX],
    /// How far the codes of those are apart.
    apart: [u8; FOUND_MAX],
    alike: [f32; FOUND_MAX],
    /// The most alike pairs, best first.
    pub pairs: [Pair; KEPT],
    pub kept: usize,
    /// How many were found.
    count: usize,
    lanes: Lanes,
}

/// The kept pairs by parts, padded with pairs that support nothing.
#[derive(Debug)]
struct Lanes {
    px: [f32; PADDED],
    py: [f32; PADDED],
    qx: [f32; PADDED],
    qy: [f32; PADDED],
    turn: [f32; PADDED],
    weight: [f32; PADDED],
}

const PADDED: usize = KEPT.next_multiple_of(16);

impl Default for Screen {
    fn default() -> Self {
        let zero = [0.0; PADDED];
        Self {
            nearest: Nearest {
                rows: [Row([0; LANES]); ROWS],
                runs: [Run::default(); ROWS],
                count: 0,
                near: [Run::default(); ROWS],
            },
            found: [(0, 0); FOUND_MAX],
            apart: [0; FOUND_MAX],
            alike: [0.0; FOUND_MAX],
            pairs: [Pair::default(); KEPT],
            kept: 0,
            count: 0,
            lanes: Lanes { px: zero, py: zero, qx: zero, qy: zero, turn: zero, weight: zero },
        }
    }
}

impl Screen {
    /// All pairs that the first look found alike, in the order of their minutiae.
    #[inline(always)]
    pub fn found(&self) -> impl Iterator<Item = Pair> {
        let found = self.found.iter().zip(&self.alike).take(self.count);
        found.map(|(&(i, j), &alike)| Pair { i, j, alike })
    }
}

/// The first look under vector instructions. Gives how well the best motion is supported, for
/// prints of so many minutiae.
pub(super) struct Look<'a> {
    pub a: &'a Prepared,
    pub b: &'a Prepared,
    pub screen: &'a mut Screen,
}

impl pulp::WithSimd for Look<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let Self { a, b, screen } = self;
        screen.nearest.measure(simd, a, b);
        let found = screen.nearest.select(simd, &mut screen.found);
        liken(simd, a, b, screen, found);
        rank(screen, found);
        support(simd, a, b, screen)
    }
}

/// The same by codes alone, without what surrounds the second print's minutiae.
pub(super) struct Glance<'a> {
    pub a: &'a Prepared,
    pub b: &'a Prepared,
    pub screen: &'a mut Screen,
}

impl pulp::WithSimd for Glance<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let Self { a, b, screen } = self;
        screen.nearest.measure(simd, a, b);
        let found = screen.nearest.select(simd, &mut screen.found);
        screen.nearest.apart(a, &screen.found[..found], &mut screen.apart);
        for (alike, apart) in screen.alike.iter_mut().zip(&screen.apart) {
            let near = f32::from(APART_END.saturating_sub(*apart)) * (1.0 / APART_END as f32);
            *alike = ALIKE_MIN + (1.0 - ALIKE_MIN) * near;
        }
        rank(screen, found);
        support(simd, a, b, screen)
    }
}

/// Of a row the pairs that count.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// A bit for each of 32 minutiae of the second print.
    bits: u32,
    /// The minutia of the first print, and the first of those of the second.
    i: u8,
    from: u8,
}

/// Pairs whose codes differ in few bits.
#[derive(Debug)]
struct Nearest {
    /// In how many bits the codes of pairs differ.
    rows: [Row; ROWS],
    /// The pairs that are turned by no more than prints are.
    runs: [Run; ROWS],
    count: usize,
    /// The rows that have near pairs, and those.
    near: [Run; ROWS],
}

/// The first so many bits.
#[inline(always)]
fn first_bits(count: usize) -> u32 {
    ((1_u64 << count.min(LANES)) - 1) as u32
}

impl Nearest {
    /// Measures all pairs, those too that are turned too far: a look at 32 costs as much as a look
    /// at a few.
    #[inline(always)]
    fn measure<S: Simd>(&mut self, simd: S, a: &Prepared, b: &Prepared) {
        let mut count = 0;
        for (part, theirs) in b.codes.parts.iter().enumerate() {
            let first = part * LANES;
            let upto = |k: usize| first_bits(k.saturating_sub(first));
            let all = upto(b.points.len());
            for (i, (point, own)) in a.points.iter().zip(&a.codes.tables).enumerate() {
                let (Some(row), Some(run)) = (self.rows.get_mut(count), self.runs.get_mut(count))
                else {
                    break;
                };
                let low = point.angle.wrapping_sub(ROTATION_MAX);
                let high = point.angle.wrapping_add(ROTATION_MAX);
                let from = upto(usize::from(b.below[usize::from(low)]));
                let end = upto(usize::from(b.below[usize::from(high) + 1]));
                // Minutiae stand in the order of their angles, which may go over the end.
                let bits = if high < low { all & !from | end } else { end & !from };
                *row = Row::measured(simd, own, theirs);
                *run = Run { bits, i: i as u8, from: first as u8 };
                count += 1;
            }
        }
        self.count = count;
    }

    /// How far the codes of pairs are apart, that were measured.
    #[inline(always)]
    fn apart(&self, a: &Prepared, found: &[(u8, u8)], out: &mut [u8; FOUND_MAX]) {
        for (&(i, j), out) in found.iter().zip(out) {
            let row = usize::from(j) / LANES * a.points.len() + usize::from(i);
            *out = self.rows[row % ROWS].0[usize::from(j) % LANES];
        }
    }

    /// Of the pairs that were measured so many or a few more whose codes differ least, in the order
    /// of their minutiae; gives how many.
    #[inline(always)]
    fn select<S: Simd>(&mut self, simd: S, out: &mut [(u8, u8); FOUND_MAX]) -> usize {
        let Self { rows, runs, near, count } = self;
        let rows = rows.get(..*count).unwrap_or_default();
        let runs = runs.get(..*count).unwrap_or_default();
        // The least distance within which there are as many, by halves.
        let (mut most, mut half) = (0, APART_END / 2);
        while half > 0 {
            let within = |(row, run): (&Row, &Run)| {
                (row.within(simd, most + half - 1) & run.bits).count_ones()
            };
            let count: u32 = rows.iter().zip(runs).map(within).sum();
            most += if count < NEAREST as u32 { half } else { 0 };
            half /= 2;
        }
        // Rows that have any, then one pair after the other: how many a row has cannot be foreseen.
        let (mut with, mut count) = (0, 0);
        for (row, run) in rows.iter().zip(runs) {
            let bits = row.within(simd, most) & run.bits;
            near[with] = Run { bits, ..*run };
            with += usize::from(bits != 0);
            count += bits.count_ones() as usize;
        }
        let count = count.min(FOUND_MAX);
        let mut at = 0;
        let mut run = near[0];
        for out in &mut out[..count] {
            *out = (run.i, run.from + run.bits.trailing_zeros() as u8);
            run.bits &= run.bits - 1;
            at += usize::from(run.bits == 0);
            run = if run.bits == 0 { near[at % ROWS] } else { run };
        }
        count
    }
}

/// How alike the surroundings of two minutiae are, 0 to 1.
#[inline(always)]
pub(super) fn likeness<S: Simd>(simd: S, a: &Surroundings, b: &Surroundings) -> f32 {
    bits::compared(simd, a, b).likeness()
}

impl Counts {
    /// 0 to 1. Without a branch, so that many are done together.
    #[inline(always)]
    fn likeness(self) -> f32 {
        let [shared, differ, off, valid, known] = self.all();
        // As 1 - |x - y| / (|x| + |y|) for bits that are about as many.
        let whole = 2 * differ + 4 * shared;
        let cells = 1.0 - (differ as i32 as f32 / whole.max(1) as i32 as f32).sqrt();
        let few = valid < 16 || differ + 2 * shared < 8;
        let cells = if few { 0.3 } else { cells };
        // A plane is 32 of 256 parts of half a turn: 64 by chance, about 10 for the same place.
        let off = off as i32 as f32 * (32.0 / 45.0) / known.max(1) as i32 as f32;
        let directions = if off > 1.0 || known < 14 { 0.0 } else { 1.0 - off };
        0.5 * cells + 0.5 * directions
    }
}

/// Steps of likeness from [`ALIKE_MIN`] to 1 by which pairs are ranked.
const STEPS: usize = 64;

/// How alike the pairs are that were found.
#[inline(always)]
fn liken<S: Simd>(simd: S, a: &Prepared, b: &Prepared, screen: &mut Screen, found: usize) {
    let Screen { found: places, alike, .. } = screen;
    for (places, alike) in places[..found].chunks(16).zip(alike.as_chunks_mut::<16>().0) {
        let mut counts = [Counts::default(); 16];
        for (counts, &(i, j)) in counts.iter_mut().zip(places) {
            *counts = bits::compared(simd, &a.around[usize::from(i)], &b.around[usize::from(j)]);
        }
        for (alike, counts) in alike.iter_mut().zip(&counts) {
            *alike = counts.likeness();
        }
    }
}

/// Keeps the most alike of the pairs that were found, best first.
#[inline(always)]
fn rank(screen: &mut Screen, found: usize) {
    let Screen { found: places, alike, pairs, kept, count: counted, .. } = screen;
    // How many are more alike, by steps.
    let mut ends = [0_u16; STEPS];
    let mut count = 0;
    for k in 0..found {
        let how = alike[k];
        (places[count], alike[count]) = (places[k], how);
        let above = how > ALIKE_MIN;
        count += usize::from(above);
        ends[step(how)] += u16::from(above);
    }
    let mut sum = 0;
    for end in &mut ends {
        (*end, sum) = (sum, sum + *end);
    }
    for (&(i, j), &alike) in places[..count].iter().zip(&alike[..count]) {
        let place = &mut ends[step(alike)];
        if let Some(pair) = pairs.get_mut(usize::from(*place)) {
            *pair = Pair { i, j, alike };
        }
        *place += 1;
    }
    *kept = count.min(KEPT);
    *counted = count;
}

#[inline(always)]
fn step(alike: f32) -> usize {
    STEPS - 1 - ((alike - ALIKE_MIN) * (STEPS as f32 / 0.701)) as i32 as usize % STEPS
}

/// How much the kept pairs support the best of the seeds' motions, for prints of so many
/// minutiae.
#[inline(always)]
fn support<S: Simd>(simd: S, a: &Prepared, b: &Prepared, screen: &mut Screen) -> f32 {
    let Screen { pairs, kept, lanes, .. } = screen;
    let pairs = &pairs[..*kept];
    for (k, pair) in pairs.iter().enumerate() {
        let (p, q) = (&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
        (lanes.px[k], lanes.py[k], lanes.qx[k], lanes.qy[k]) = (p.x, p.y, q.x, q.y);
        lanes.turn[k] = f32::from(p.angle.wrapping_sub(q.angle) as i8);
        let above = pair.alike - ALIKE_MIN;
        lanes.weight[k] = above * above.sqrt();
    }
    lanes.weight[pairs.len()..].fill(0.0);
    // What all pairs give together is a bound of what they give each minutia once.
    let mut bounds = [0.0; SEEDS];
    let mut all = [[0.0; PADDED]; SEEDS];
    for (k, pair) in pairs.iter().enumerate().take(SEEDS) {
        let (i, j) = (usize::from(pair.i), usize::from(pair.j));
        let motion = Motion::of_pair(&a.points[i], &b.points[j]);
        let seed = (lanes.px[k], lanes.py[k]);
        bounds[k] = given(simd, lanes, &motion, seed, TIGHT, &mut all[k]);
    }
    let mut most = 0.0;
    loop {
        // The highest bound first: most others are then too low.
        let (mut highest, mut at) = (most, SEEDS);
        for (k, bound) in bounds.iter().enumerate() {
            if *bound > highest {
                (highest, at) = (*bound, k);
            }
        }
        let Some(bound) = bounds.get_mut(at) else { break };
        *bound = 0.0;
        let sum = one_to_one(pairs, &all[at]);
        most = if sum > most { sum } else { most };
    }
    most / size(a, b)
}

/// What support is told against: more minutiae give more.
#[inline(always)]
pub(super) fn size(a: &Prepared, b: &Prepared) -> f32 {
    (a.points.len() as f32 * b.points.len() as f32).sqrt() + 10.0
}

/// The seeds with what supports each, best first; gives how many.
#[inline(always)]
pub(super) fn seeds<S: Simd>(
    simd: S,
    a: &Prepared,
    b: &Prepared,
    screen: &mut Screen,
    seeds: &mut [(f32, u8); SEEDS],
) -> usize {
    let Screen { pairs, kept, lanes, .. } = screen;
    let pairs = &pairs[..*kept];
    for (k, (pair, seed)) in pairs.iter().zip(seeds.iter_mut()).enumerate() {
        let motion =
            Motion::of_pair(&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
        let mut all = [0.0; PADDED];
        given(simd, lanes, &motion, (lanes.px[k], lanes.py[k]), WIDE, &mut all);
        *seed = (one_to_one(pairs, &all), k as u8);
    }
    let count = pairs.len().min(SEEDS);
    seeds[..count].sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
    count
}

/// What pairs give of which each minutia is in one only, the more alike first.
#[inline(always)]
fn one_to_one(pairs: &[Pair], given: &[f32; PADDED]) -> f32 {
    let (mut ours, mut theirs, mut sum) = ([0_u64; 2], [0_u64; 2], 0.0);
    for (pair, given) in pairs.iter().zip(given) {
        if *given > 0.0 {
            let (i, j) = (1 << (pair.i & 63), 1 << (pair.j & 63));
            let (ours, theirs) = (
                &mut ours[usize::from(pair.i >> 6) & 1],
                &mut theirs[usize::from(pair.j >> 6) & 1],
            );
            if *ours & i == 0 && *theirs & j == 0 {
                *ours |= i;
                *theirs |= j;
                sum += given;
            }
        }
    }
    sum
}

/// What is near a motion: how far off in pixels at the seed, what the square of that grows by for
/// the square of each pixel from the seed, and how far turned.
#[derive(Clone, Copy)]
struct Reach {
    near_px: f32,
    cone: f32,
    turned: f32,
}

/// What each pair gives to a motion: its weight, less the farther off it lies; 0 outside. And the
/// sum of it.
#[inline(always)]
fn given<S: Simd>(
    simd: S,
    lanes: &Lanes,
    motion: &Motion,
    seed: (f32, f32),
    reach: Reach,
    out: &mut [f32; PADDED],
) -> f32 {
    let splat = |x: f32| simd.splat_f32s(x);
    let (mul, add, sub) =
        (|x, y| simd.mul_f32s(x, y), |x, y| simd.add_f32s(x, y), |x, y| simd.sub_f32s(x, y));
    let (one, part, zero) = (splat(1.0), splat(0.8), splat(0.0));
    let (sin, cos) = (splat(motion.sin), splat(motion.cos));
    let (dx, dy, turn) = (splat(motion.dx), splat(motion.dy), splat(motion.turn));
    let (seed_x, seed_y) = (splat(seed.0), splat(seed.1));
    let (near, cone) = (splat(reach.near_px * reach.near_px), splat(reach.cone));
    let per_turn = splat(1.0 / reach.turned);
    let (px, py) = (S::as_simd_f32s(&lanes.px).0, S::as_simd_f32s(&lanes.py).0);
    let (qx, qy) = (S::as_simd_f32s(&lanes.qx).0, S::as_simd_f32s(&lanes.qy).0);
    let (turns, weights) = (S::as_simd_f32s(&lanes.turn).0, S::as_simd_f32s(&lanes.weight).0);
    let lanes_out = S::as_mut_simd_f32s(out).0;
    for k in 0..lanes_out.len() {
        let x = add(sub(mul(cos, qx[k]), mul(sin, qy[k])), dx);
        let y = add(add(mul(sin, qx[k]), mul(cos, qy[k])), dy);
        let (ex, ey) = (sub(px[k], x), sub(py[k], y));
        let (sx, sy) = (sub(x, seed_x), sub(y, seed_y));
        let bound = add(near, mul(cone, add(mul(sx, sx), mul(sy, sy))));
        let off = simd.div_f32s(add(mul(ex, ex), mul(ey, ey)), bound);
        // Both turns lie within 46 of 256: their difference needs no wrapping.
        let turned = mul(sub(turns[k], turn), per_turn);
        let turned = mul(turned, turned);
        let fits = mul(sub(one, mul(part, off)), sub(one, mul(part, turned)));
        let most = simd.max_f32s(off, turned);
        let inside = simd.less_than_or_equal_f32s(most, one);
        lanes_out[k] = simd.select_f32s(inside, mul(weights[k], fits), zero);
    }
    // In an order that is the same for all widths of vectors.
    let mut sums = [0.0_f32; 8];
    for given in out.as_chunks::<8>().0 {
        for (sum, given) in sums.iter_mut().zip(given) {
            *sum += given;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}
