//! From alike surroundings to one alignment of both prints, its pairs and its score.

use super::prepared::{Point, Prepared, TURNS, likeness};

/// Prints are captured upright, give or take this, in 256ths of a turn.
const ROTATION_MAX: i32 = 46;
/// Alignments tried.
const SEEDS: usize = 64;
/// Pairs that may support an alignment.
const RANKED: usize = 300;
/// Two minutiae farther apart than this are not one, in pixels.
const APART_PX: f32 = 14.0;
/// Nor turned more than this, in 256ths of a turn.
const TURNED_MAX: i32 = 18;

/// What comparing found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The logarithm of how much likelier one finger is than two.
    pub score: f32,
    /// Minutiae of the first and of the second print that are one.
    pub pairs: Vec<(usize, usize)>,
}

/// An alignment's support, its motion and the pairs that support it.
type Proposal = (f32, Motion, Vec<(usize, usize)>);

/// The second print moved onto the first: turned around the origin, then shifted.
#[derive(Debug, Clone, Copy)]
struct Motion {
    sin: f32,
    cos: f32,
    dx: f32,
    dy: f32,
    turn: f32,
}

impl Motion {
    fn of_pair(a: &Point, b: &Point) -> Self {
        let turn = a.angle.wrapping_sub(b.angle);
        let (sin, cos) = TURNS[usize::from(turn)];
        let (dx, dy) = (a.x - (cos * b.x - sin * b.y), a.y - (sin * b.x + cos * b.y));
        Self { sin, cos, dx, dy, turn: f32::from(turn as i8) }
    }

    fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (self.cos * x - self.sin * y + self.dx, self.sin * x + self.cos * y + self.dy)
    }

    /// Back from the first print to the second.
    fn back(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x - self.dx, y - self.dy);
        (self.cos * x + self.sin * y, self.cos * y - self.sin * x)
    }
}

/// A motion and how the skin was stretched on top of it: the residuals of the pairs, averaged by
/// nearness.
struct Warp {
    motion: Motion,
    knots: Vec<Knot>,
}

/// A pair's residual, at the place that the motion brings the second print's minutia to.
struct Knot {
    x: f32,
    y: f32,
    dx: f32,
    dy: f32,
    turn: f32,
}

/// How far a pair's residual speaks for its neighborhood, in pixels, and how much against it the
/// plain motion weighs.
const REACH_PX: f32 = 50.0;
const STIFFNESS: f32 = 0.6;

impl Warp {
    fn of(a: &Prepared, b: &Prepared, motion: Motion, pairs: &[(usize, usize)]) -> Self {
        let knots = pairs
            .iter()
            .map(|&(i, j)| {
                let (p, q) = (&a.points[i], &b.points[j]);
                let (x, y) = motion.apply(q.x, q.y);
                let turn = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - motion.turn);
                Knot { x, y, dx: p.x - x, dy: p.y - y, turn }
            })
            .collect();
        Self { motion, knots }
    }

    /// The shift and turn that the knots ask for at a place, one of them left out.
    fn residual(&self, x: f32, y: f32, without: usize) -> (f32, f32, f32) {
        let (mut weight, mut dx, mut dy, mut turn) = (STIFFNESS, 0.0, 0.0, 0.0);
        for (k, knot) in self.knots.iter().enumerate() {
            if k == without {
                continue;
            }
            let square = (knot.x - x) * (knot.x - x) + (knot.y - y) * (knot.y - y);
            let near = 1.0 / (1.0 + square / (REACH_PX * REACH_PX));
            let near = near * near;
            weight += near;
            dx += near * knot.dx;
            dy += near * knot.dy;
            turn += near * knot.turn;
        }
        (dx / weight, dy / weight, turn / weight)
    }

    /// Where a point of the second print lies on the first, and the turn there.
    fn apply(&self, x: f32, y: f32, without: usize) -> (f32, f32, f32) {
        let (x, y) = self.motion.apply(x, y);
        let (dx, dy, turn) = self.residual(x, y, without);
        (x + dx, y + dy, self.motion.turn + turn)
    }

    /// Where a point of the first print lies on the second, nearly.
    fn back(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy, _) = self.residual(x, y, usize::MAX);
        self.motion.back(x - dx, y - dy)
    }
}

/// A difference of angles in 256ths of a turn, -128 to 128.
fn wrapped(turn: f32) -> f32 {
    let turn = turn % 256.0;
    if turn >= 128.0 {
        turn - 256.0
    } else if turn < -128.0 {
        turn + 256.0
    } else {
        turn
    }
}

fn turned(a: u8, b: u8) -> i32 {
    i32::from(a.wrapping_sub(b) as i8)
}

/// Compares two prints.
pub fn compare(a: &Prepared, b: &Prepared) -> Comparison {
    let (na, nb) = (a.points.len(), b.points.len());
    if na < 3 || nb < 3 {
        return Comparison { score: -20.0, pairs: Vec::new() };
    }
    let mut alike = vec![0.0f32; na * nb];
    let mut ranked = pulp::Arch::new().dispatch(|| rank(a, b, &mut alike));
    ranked.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let mut best = Comparison { score: -20.0, pairs: Vec::new() };
    let mut supports: Vec<Proposal> = Vec::new();
    for &(_, i, j) in ranked.iter().take(SEEDS) {
        let motion = Motion::of_pair(&a.points[i], &b.points[j]);
        let pairs = supporters(a, b, &motion, &ranked, i);
        let support: f32 = pairs.iter().map(|&(i, j)| alike[i * nb + j]).sum();
        supports.push((support, fitted(a, b, &pairs).unwrap_or(motion), pairs));
    }
    supports.sort_by(|x, y| y.0.total_cmp(&x.0));
    for (_, motion, pairs) in supports.iter().take(5) {
        let mut warp = Warp::of(a, b, *motion, pairs);
        let mut pairs = pairs.clone();
        for _ in 0..3 {
            pairs = pair_up(a, b, &warp, &alike, |_, _| APART_PX);
            let motion = fitted(a, b, &pairs).unwrap_or(warp.motion);
            warp = Warp::of(a, b, motion, &pairs);
        }
        let score = judged(a, b, &warp, &pairs, &alike);
        if score > best.score {
            best = Comparison { score, pairs };
        }
    }
    best
}

/// The pairs of the ranking that an alignment through one of them explains, the most alike first;
/// farther from it they may lie farther off, as the skin stretches.
fn supporters(
    a: &Prepared,
    b: &Prepared,
    motion: &Motion,
    ranked: &[(f32, usize, usize)],
    seed: usize,
) -> Vec<(usize, usize)> {
    let seed = &a.points[seed];
    let (mut ours, mut theirs) = (0u128, 0u128);
    let mut pairs = Vec::with_capacity(32);
    for &(_, i, j) in ranked.iter().take(RANKED) {
        if ours >> i & 1 == 1 || theirs >> j & 1 == 1 {
            continue;
        }
        let (p, q) = (&a.points[i], &b.points[j]);
        let (x, y) = motion.apply(q.x, q.y);
        let square = (p.x - x) * (p.x - x) + (p.y - y) * (p.y - y);
        if square > 24.0 * 24.0 {
            continue;
        }
        let off = turned(p.angle, q.angle.wrapping_add(motion.turn as i32 as u8)).abs();
        let far = (x - seed.x) * (x - seed.x) + (y - seed.y) * (y - seed.y);
        // The bound on the distance is 8 pixels and a tenth of how far the seed is.
        let near = square <= 64.0 + 0.01 * far + 1.6 * far.sqrt();
        if off <= TURNED_MAX && near {
            ours |= 1 << i;
            theirs |= 1 << j;
            pairs.push((i, j));
        }
    }
    pairs
}

/// How alike all minutiae of the two prints are; gives those worth a try.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn rank(a: &Prepared, b: &Prepared, alike: &mut [f32]) -> Vec<(f32, usize, usize)> {
    let nb = b.points.len();
    let mut ranked = Vec::with_capacity(256);
    for (i, p) in a.points.iter().enumerate() {
        for (j, q) in b.points.iter().enumerate() {
            if turned(p.angle, q.angle).abs() <= ROTATION_MAX {
                let s = likeness(p, q);
                alike[i * nb + j] = s;
                if s > 0.3 {
                    ranked.push((s, i, j));
                }
            }
        }
    }
    ranked
}

/// One-to-one pairs under a motion, the nearest and most alike first.
fn pair_up(
    a: &Prepared,
    b: &Prepared,
    warp: &Warp,
    alike: &[f32],
    apart_px: impl Fn(f32, f32) -> f32,
) -> Vec<(usize, usize)> {
    let nb = b.points.len();
    let mut near = Vec::with_capacity(64);
    for (j, q) in b.points.iter().enumerate() {
        let (x, y, turn) = warp.apply(q.x, q.y, usize::MAX);
        let apart_px = apart_px(x, y);
        for (i, p) in a.points.iter().enumerate() {
            let (dx, dy) = (p.x - x, p.y - y);
            let square = dx * dx + dy * dy;
            if square > apart_px * apart_px {
                continue;
            }
            let off = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - turn).abs();
            if off <= TURNED_MAX as f32 {
                let cost = square / (apart_px * apart_px)
                    + off * off / (TURNED_MAX * TURNED_MAX) as f32
                    - alike[i * nb + j];
                near.push((cost, i, j));
            }
        }
    }
    near.sort_by(|x, y| x.0.total_cmp(&y.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let (mut ours, mut theirs) = ([false; 128], [false; 128]);
    let mut pairs = Vec::new();
    for (_, i, j) in near {
        if !ours[i] && !theirs[j] {
            ours[i] = true;
            theirs[j] = true;
            pairs.push((i, j));
        }
    }
    pairs
}

/// The rigid motion that brings the pairs together best, by least squares.
fn fitted(a: &Prepared, b: &Prepared, pairs: &[(usize, usize)]) -> Option<Motion> {
    if pairs.len() < 3 {
        return None;
    }
    let n = pairs.len() as f32;
    let (mut ax, mut ay, mut bx, mut by) = (0.0, 0.0, 0.0, 0.0);
    for &(i, j) in pairs {
        ax += a.points[i].x / n;
        ay += a.points[i].y / n;
        bx += b.points[j].x / n;
        by += b.points[j].y / n;
    }
    let (mut dot, mut cross) = (0.0, 0.0);
    for &(i, j) in pairs {
        let (px, py) = (a.points[i].x - ax, a.points[i].y - ay);
        let (qx, qy) = (b.points[j].x - bx, b.points[j].y - by);
        dot += px * qx + py * qy;
        cross += py * qx - px * qy;
    }
    let length = (dot * dot + cross * cross).sqrt();
    if length < 1.0 {
        return None;
    }
    let (cos, sin) = (dot / length, cross / length);
    let turn = crate::extract::math::atan2(sin, cos) / std::f32::consts::TAU * 256.0;
    Some(Motion { sin, cos, dx: ax - (cos * bx - sin * by), dy: ay - (sin * bx + cos * by), turn })
}

/// The score of an alignment: evidence of pairs, against minutiae that should have a partner and
/// have none, and of ridge directions where the prints overlap.
fn judged(a: &Prepared, b: &Prepared, warp: &Warp, pairs: &[(usize, usize)], alike: &[f32]) -> f32 {
    let nb = b.points.len();
    let mut score = 0.0;
    for (k, &(i, j)) in pairs.iter().enumerate() {
        let (p, q) = (&a.points[i], &b.points[j]);
        let (x, y, turn) = warp.apply(q.x, q.y, k);
        let square = (p.x - x) * (p.x - x) + (p.y - y) * (p.y - y);
        let off = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - turn).abs();
        let kind = if p.fork == q.fork { 0.2 } else { -0.2 };
        score += 1.2 - square / 98.0 - off * off / 200.0 + kind + 5.0 * (alike[i * nb + j] - 0.4);
    }
    let overlapping = |x: f32, y: f32, of: &Prepared| of.grid.at_px(x, y) > 0;
    let in_a = a.points.iter().filter(|p| {
        let (x, y) = warp.back(p.x, p.y);
        overlapping(x, y, b)
    });
    let in_b = b.points.iter().filter(|q| {
        let (x, y, _) = warp.apply(q.x, q.y, usize::MAX);
        overlapping(x, y, a)
    });
    let expected = (in_a.count() + in_b.count()) as f32;
    let paired = 2.0 * pairs.len() as f32;
    score -= 0.45 * (expected - paired).max(0.0);
    score + agreement(a, b, warp)
}

/// Evidence of the ridge directions in the overlap.
fn agreement(a: &Prepared, b: &Prepared, warp: &Warp) -> f32 {
    let side = crate::template::CELL_PX as f32;
    let (mut sum, mut count) = (0.0f32, 0.0f32);
    for row in 0..b.grid.rows {
        for column in 0..b.grid.columns {
            let theirs = b.grid.cells[row * b.grid.columns + column];
            if theirs == 0 {
                continue;
            }
            let (x, y) = ((column as f32 + 0.5) * side, (row as f32 + 0.5) * side);
            let (x, y, turn) = warp.apply(x, y, usize::MAX);
            let ours = a.grid.at_px(x, y);
            if ours == 0 {
                continue;
            }
            let turn = turn * 255.0 / 128.0;
            let off = (f32::from(ours) - f32::from(theirs) - turn + 1020.0) % 255.0;
            sum += off.min(255.0 - off);
            count += 1.0;
        }
    }
    if count < 6.0 {
        return -8.0;
    }
    // Impostors that align well differ by 14 or so, the same finger by 7.
    let mean = sum / count;
    (12.0 - mean) * 0.6 * (count / 100.0).min(1.5)
}
