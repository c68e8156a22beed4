//! From alike surroundings to one alignment of both prints, its pairs and its score.

use super::calibrate;
use super::judge::{APART_PX, TURNED_MAX, judged};
use super::motion::{Motion, fitted};
use super::prepared::{Point, Prepared};
use super::screen::{self, KEPT, Pair, SEEDS, Screen, likeness};
use super::sketch::Sketch;
use super::stretch::{BLOCK, Block, Warp, wrapped};
use crate::template::MINUTIAE_MAX;
use pulp::Simd;
use std::cell::RefCell;

/// Support from which prints are aligned; below, no more is known than that they are not one.
const ALIGNED_MIN: f32 = 0.015;
/// What may belong to an alignment lies this far off its seed's motion for each pixel from the
/// seed, and is turned no more than this, in 256ths of a turn.
const CONE: f32 = 0.35;
const CONE_TURNED_MAX: f32 = 26.0;

/// What comparing found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// How rare this much agreement is between two fingers: minus the logarithm to base 10 of the
    /// false-match rate, 4 = one in 10,000 comparisons. From 3.5 or so it is extrapolated.
    pub score: f32,
    /// Minutiae of the first and of the second print that are one.
    pub pairs: Vec<(usize, usize)>,
}

/// Pairs of which each minutia is in one at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pairs {
    list: [Pair; MINUTIAE_MAX],
    count: usize,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { list: [Pair::default(); MINUTIAE_MAX], count: 0 }
    }
}

impl Pairs {
    pub fn as_slice(&self) -> &[Pair] {
        self.list.get(..self.count).unwrap_or_default()
    }

    fn push(&mut self, pair: Pair) {
        if let Some(place) = self.list.get_mut(self.count) {
            *place = pair;
            self.count += 1;
        }
    }
}

/// Which minutiae are taken, of the first and of the second print.
#[derive(Default)]
struct Taken([u128; 2]);

impl Taken {
    /// Takes both, where both are free.
    fn take(&mut self, pair: Pair) -> bool {
        let bits = [1 << (pair.i & 127), 1 << (pair.j & 127)];
        let free = self.0[0] & bits[0] == 0 && self.0[1] & bits[1] == 0;
        if free {
            self.0[0] |= bits[0];
            self.0[1] |= bits[1];
        }
        free
    }
}

/// Room for a comparison, used again and again.
#[derive(Debug, Default)]
struct Room {
    screen: Screen,
    warp: Warp,
    pairs: Pairs,
    /// Pairs that may be taken, and in what order.
    near: Vec<(f32, Pair)>,
}

thread_local! {
    static ROOM: RefCell<Box<Room>> = RefCell::new(Box::default());
}

/// Compares two prints.
pub fn compare(a: &Prepared, b: &Prepared) -> Comparison {
    compare_on(pulp::Arch::new(), a, b)
}

fn compare_on(arch: pulp::Arch, a: &Prepared, b: &Prepared) -> Comparison {
    if a.points.len() < 3 || b.points.len() < 3 {
        return Comparison::default();
    }
    ROOM.with_borrow_mut(|room| {
        let support = arch.dispatch(screen::Look { a, b, screen: &mut room.screen });
        if support < ALIGNED_MIN {
            return Comparison { score: calibrate::supported(support), pairs: Vec::new() };
        }
        let evidence = arch.dispatch(Align { a, b, room });
        let index = |p: &Prepared, k: u8| usize::from(p.points[usize::from(k)].index);
        let pairs = room.pairs.as_slice().iter().map(|p| (index(a, p.i), index(b, p.j))).collect();
        Comparison { score: calibrate::aligned(evidence, support, ALIGNED_MIN), pairs }
    })
}

/// How well a sketch of a print fits: its support by codes alone, more is likelier one finger. As a
/// search asks it of many to find the few that are worth a comparison.
pub fn glance(a: &Prepared, b: &Sketch) -> f32 {
    if a.points.len() < 3 || b.0.points.len() < 3 {
        return 0.0;
    }
    let arch = pulp::Arch::new();
    ROOM.with_borrow_mut(|room| {
        arch.dispatch(screen::Glance { a, b: &b.0, screen: &mut room.screen })
    })
}

/// Grows an alignment, refines and judges it; gives its evidence, whose pairs are in the room.
struct Align<'a> {
    a: &'a Prepared,
    b: &'a Prepared,
    room: &'a mut Room,
}

impl pulp::WithSimd for Align<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let Self { a, b, room } = self;
        let mut seeds = [(0.0, 0); SEEDS];
        let seeded = screen::seeds(simd, a, b, &mut room.screen, &mut seeds);
        let Some((_, seed)) = seeds[..seeded].first() else { return f32::MIN };
        let motion = grow(a, b, room, room.screen.pairs[usize::from(*seed)]);
        room.warp.reset(motion);
        stretch(a, b, room);
        pair_up(simd, a, b, room);
        let motion = fitted(a, b, room.pairs.as_slice()).unwrap_or(room.warp.motion);
        room.warp.reset(motion);
        stretch(a, b, room);
        judged(simd, a, b, &room.warp, room.pairs.as_slice())
    }
}

/// Stretches the warp by the room's pairs.
#[inline(always)]
fn stretch(a: &Prepared, b: &Prepared, room: &mut Room) {
    for pair in room.pairs.as_slice() {
        room.warp.push(&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
    }
}

/// The pairs of the first look that grow from one of them: each must lie where the pairs before it
/// say, the farther from the nearest of them the less exactly, as the skin stretches. Gives the
/// motion that fits them.
#[inline(always)]
fn grow(a: &Prepared, b: &Prepared, room: &mut Room, seed: Pair) -> Motion {
    let Room { screen, warp, pairs, near } = room;
    let (p, q) = (a.points[usize::from(seed.i)], b.points[usize::from(seed.j)]);
    let motion = Motion::of_pair(&p, &q);
    near.clear();
    for pair in screen.found() {
        if let Some(far) = in_cone(a, b, &pair, &motion, &p) {
            near.push((far * (1.5 - pair.alike), pair));
        }
    }
    near.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then((x.1.i, x.1.j).cmp(&(y.1.i, y.1.j))));
    warp.reset(motion);
    warp.push(&p, &q);
    let mut taken = Taken::default();
    taken.take(seed);
    *pairs = Pairs::default();
    pairs.push(seed);
    for &(_, pair) in near.iter() {
        let (p, q) = (&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
        let (x, y) = motion.apply(q.x, q.y);
        let (dx, dy, turn, nearest) = warp.at(x, y);
        let (ex, ey) = (p.x - x - dx, p.y - y - dy);
        let bound = 7.0 + 0.2 * nearest.sqrt();
        let off = wrapped(turned(p, q) - motion.turn - turn).abs();
        if ex * ex + ey * ey <= bound * bound && off <= TURNED_MAX && taken.take(pair) {
            warp.push(p, q);
            pairs.push(pair);
        }
    }
    fitted(a, b, pairs.as_slice()).unwrap_or(motion)
}

/// The difference of two minutiae's angles, -128 to 127.
#[inline(always)]
fn turned(p: &Point, q: &Point) -> f32 {
    f32::from(p.angle.wrapping_sub(q.angle) as i8)
}

/// How far from the seed a pair lies that is in the cone of what a motion through the seed and
/// the skin's stretch allow.
#[inline(always)]
fn in_cone(a: &Prepared, b: &Prepared, pair: &Pair, motion: &Motion, seed: &Point) -> Option<f32> {
    let (p, q) = (&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
    if wrapped(turned(p, q) - motion.turn).abs() > CONE_TURNED_MAX {
        return None;
    }
    let (x, y) = motion.apply(q.x, q.y);
    let (ex, ey) = (p.x - x, p.y - y);
    let far = ((x - seed.x) * (x - seed.x) + (y - seed.y) * (y - seed.y)).sqrt();
    let bound = 10.0 + CONE * far;
    (ex * ex + ey * ey <= bound * bound).then_some(far)
}

/// One-to-one pairs under a warp, the nearest and most alike first.
#[inline(always)]
fn pair_up<S: Simd>(simd: S, a: &Prepared, b: &Prepared, room: &mut Room) {
    let Room { warp, near, pairs, .. } = room;
    near.clear();
    for (from, block) in b.points.chunks(BLOCK).enumerate() {
        let (mut x, mut y): (Block, Block) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (k, q) in block.iter().enumerate() {
            (x[k], y[k]) = warp.motion.apply(q.x, q.y);
        }
        let shifts = warp.at_block(simd, &x, &y, None);
        for (k, q) in block.iter().enumerate() {
            let (x, y) = (x[k] + shifts.dx[k], y[k] + shifts.dy[k]);
            let turn = warp.motion.turn + shifts.turn[k];
            let j = from * BLOCK + k;
            for i in a.turned_to(q.angle, turn) {
                let p = &a.points[i];
                let (dx, dy) = (p.x - x, p.y - y);
                let square = dx * dx + dy * dy;
                if square > APART_PX * APART_PX {
                    continue;
                }
                let off = wrapped(turned(p, q) - turn).abs();
                if off <= TURNED_MAX {
                    let alike = likeness(simd, &a.around[i], &b.around[j]);
                    let cost = square * (1.0 / (APART_PX * APART_PX))
                        + off * off * (1.0 / (TURNED_MAX * TURNED_MAX))
                        - alike;
                    near.push((cost, Pair { i: i as u8, j: j as u8, alike }));
                }
            }
        }
    }
    near.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then((x.1.i, x.1.j).cmp(&(y.1.i, y.1.j))));
    let mut taken = Taken::default();
    *pairs = Pairs::default();
    for &(_, pair) in near.iter() {
        if taken.take(pair) {
            pairs.push(pair);
        }
    }
}

const _: () = assert!(MINUTIAE_MAX <= 128 && KEPT <= 255);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::{Difficulty, DirectFinger};
    use crate::template::{DirectionGrid, Template};
    use crate::{Minutia, MinutiaKind};

    /// CRC-32 of the scores and pairs of 30 prints of ten fingers, each with each.
    const DIGEST: u32 = 0x8f13_93f3;

    /// Whole numbers alone: nothing here that a mathematical library could change.
    fn drawn(finger: u64, impression: u64) -> Template {
        let mut state = finger * 0x9e37_79b9 + 1;
        let mut below = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let minutia = |_| Minutia {
            x_px: (30 + below(260)) as u16,
            y_px: (30 + below(340)) as u16,
            angle: below(256) as u8,
            kind: if below(2) == 0 { MinutiaKind::Ending } else { MinutiaKind::Bifurcation },
            quality: (20 + below(80)) as u8,
        };
        let mut minutiae: Vec<Minutia> = (0..20 + finger * 7).map(minutia).collect();
        let mut other = finger * 31 + impression * 17;
        minutiae.retain(|_| {
            other = other * 29 % 1009 + 1;
            !other.is_multiple_of(5)
        });
        for (k, m) in minutiae.iter_mut().enumerate() {
            other = other * 29 % 1009 + k as u64;
            m.x_px += (other % 7 + 3 * impression) as u16;
            m.y_px += (other % 5 + 2 * impression) as u16;
            m.angle = m.angle.wrapping_add((other % 9) as u8);
        }
        let cells = (0..20 * 26).map(|k| {
            if k % 20 < 2 { 0 } else { (k * 7 + k / 20 * 5 + finger as usize * 40) % 255 + 1 }
        });
        let cells = cells.map(|c| c as u8).collect();
        Template { minutiae, grid: DirectionGrid { columns: 20, rows: 26, cells } }
    }

    fn digest(arch: pulp::Arch) -> u32 {
        let prints: Vec<Prepared> =
            (0..30).map(|k| Prepared::made_on(arch, &drawn(k / 3, k % 3), None)).collect();
        let mut bytes = Vec::new();
        for a in &prints {
            for b in &prints {
                let found = compare_on(arch, a, b);
                bytes.extend(found.score.to_bits().to_le_bytes());
                bytes.extend(found.pairs.iter().flat_map(|p| [p.0 as u8, p.1 as u8]));
            }
        }
        crc32fast::hash(&bytes)
    }

    #[test]
    fn scores_are_the_same_bits_with_and_without_vector_instructions_in_every_build() {
        // Tests run in debug and in release; the constant is one.
        assert_eq!(digest(pulp::Arch::Scalar), DIGEST, "{:#x}", digest(pulp::Arch::Scalar));
        assert_eq!(digest(pulp::Arch::new()), DIGEST);
        #[cfg(target_arch = "x86_64")]
        if let Some(narrower) = pulp::x86::V3::try_new() {
            assert_eq!(digest(pulp::Arch::V3(narrower)), DIGEST);
        }
        // Not all by the first look alone.
        let [a, b] = [1, 2].map(|impression| Prepared::of(&drawn(5, impression)));
        assert!(compare(&a, &b).pairs.len() > 20);
    }

    #[test]
    fn a_print_is_itself_and_order_changes_no_pair() {
        let template = DirectFinger::draw(5, 1).template(1, Difficulty::Medium);
        let print = Prepared::of(&template);
        let found = compare(&print, &print);
        assert!(found.score > 8.0, "{}", found.score);
        assert_eq!(found.pairs.len(), template.minutiae.len());
        assert!(found.pairs.iter().all(|(i, j)| i == j));
        let mut turned_round = template;
        turned_round.minutiae.reverse();
        let other = compare(&print, &Prepared::of(&turned_round));
        let last = turned_round.minutiae.len() - 1;
        assert!(other.pairs.iter().all(|(i, j)| i + j == last));
    }

    #[test]
    fn fingers_are_told_apart_and_found_again() {
        let print = |finger, impression| {
            Prepared::of(&DirectFinger::draw(6, finger).template(impression, Difficulty::Medium))
        };
        let (mut found_again, mut taken) = (0, 0);
        for finger in 0..40 {
            let one = print(finger, 1);
            found_again += usize::from(compare(&one, &print(finger, 2)).score > 3.0);
            taken += usize::from(compare(&one, &print(finger + 1, 2)).score > 3.0);
        }
        assert!(found_again >= 38 && taken <= 1, "{found_again} found, {taken} taken");
    }

    #[test]
    fn prints_of_few_and_of_too_many_minutiae_have_a_score() {
        let template = DirectFinger::draw(5, 2).template(1, Difficulty::Easy);
        let print = Prepared::of(&template);
        for count in [0, 1, 2, 3, 300] {
            let mut other = template.clone();
            other.minutiae = template.minutiae.iter().cycle().take(count).copied().collect();
            let found = compare(&Prepared::of(&other), &print);
            assert!(found.score.is_finite() && found.score >= 0.0, "{count}: {}", found.score);
            assert!(count >= 3 || found == Comparison::default());
        }
        // Everything in one place, all alike: as many pairs as the first look can hold.
        let mut crowd = template.clone();
        crowd.minutiae = vec![template.minutiae[0]; 300];
        let crowd = Prepared::of(&crowd);
        assert!(compare(&crowd, &crowd).score.is_finite());
    }
}
