//! From alike surroundings to one alignment of both prints, its pairs and its score.

use super::calibrate;
use super::prepared::{Point, Prepared, TURNS, likeness};

/// Prints are captured upright, give or take this, in 256ths of a turn.
const ROTATION_MAX: i32 = 46;
/// Most alike pairs that may start an alignment, those of them that are grown, and the grown ones
/// that are refined and judged.
const SEEDS: usize = 64;
const GROWN: usize = 12;
const REFINED: usize = 5;
/// Most alike pairs that may belong to an alignment.
const RANKED: usize = 300;
/// What may belong to an alignment lies this far off its seed's motion for each pixel from the
/// seed, and is turned no more than this, in 256ths of a turn.
const CONE: f32 = 0.35;
const CONE_TURNED_MAX: i32 = 26;
/// Two minutiae farther apart than this are not one, in pixels.
const APART_PX: f32 = 14.0;
/// Nor turned more than this, in 256ths of a turn.
const TURNED_MAX: i32 = 18;

/// What comparing found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// How rare this much agreement is between two fingers: minus the logarithm to base 10 of the
    /// false-match rate, 4 = one in 10,000 comparisons. From 3.5 or so it is extrapolated.
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

/// A motion and how the skin was stretched on top of it: around each place the turn and shift that
/// bring the near pairs together best, held back by the motion.
struct Warp {
    motion: Motion,
    knots: Vec<Knot>,
}

/// A pair: where the motion brings the second print's minutia, and what is left to the first's.
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
/// How far out the plain motion holds a neighborhood against turning, in pixels.
const ARM_PX: f32 = 40.0;
/// What the turns of minutiae weigh in the turn of their neighborhood, beside their places.
const TURN_WEIGHT: f32 = 0.3;
/// Radians of a 256th of a turn.
const TURN_RAD: f32 = std::f32::consts::TAU / 256.0;

impl Warp {
    fn of(a: &Prepared, b: &Prepared, motion: Motion, pairs: &[(usize, usize)]) -> Self {
        let mut warp = Self { motion, knots: Vec::with_capacity(pairs.len()) };
        for &(i, j) in pairs {
            warp.push(&a.points[i], &b.points[j]);
        }
        warp
    }

    fn push(&mut self, p: &Point, q: &Point) {
        let (x, y) = self.motion.apply(q.x, q.y);
        let turn = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - self.motion.turn);
        self.knots.push(Knot { x, y, dx: p.x - x, dy: p.y - y, turn });
    }

    /// The shift and turn that the knots ask for at a place, one of them left out, by weighted
    /// least squares for small turns; and the square of how far the nearest knot is.
    fn residual(&self, x: f32, y: f32, without: usize) -> (f32, f32, f32, f32) {
        let (mut weight, mut mx, mut my, mut dx, mut dy) = (STIFFNESS, 0.0, 0.0, 0.0, 0.0);
        let (mut squares, mut cross, mut turn, mut nearest) = (0.0, 0.0, 0.0, f32::MAX);
        for (k, knot) in self.knots.iter().enumerate() {
            if k == without {
                continue;
            }
            let (rx, ry) = (knot.x - x, knot.y - y);
            let square = rx * rx + ry * ry;
            nearest = nearest.min(square);
            let near = 1.0 / (1.0 + square / (REACH_PX * REACH_PX));
            let near = near * near;
            weight += near;
            mx += near * rx;
            my += near * ry;
            dx += near * knot.dx;
            dy += near * knot.dy;
            squares += near * square;
            cross += near * (rx * knot.dy - ry * knot.dx);
            turn += near * knot.turn;
        }
        let spread = squares - (mx * mx + my * my) / weight;
        let moment = cross - (mx * dy - my * dx) / weight;
        let turned = TURN_WEIGHT * ARM_PX * ARM_PX;
        let held = spread + ARM_PX * ARM_PX + turned * (weight - STIFFNESS);
        let spin = (moment + turned * turn * TURN_RAD) / held;
        // The shift here is the mean's less the turn at the mean's arm.
        let (sx, sy) = ((dx + spin * my) / weight, (dy - spin * mx) / weight);
        (sx, sy, spin / TURN_RAD, nearest)
    }

    /// Where a point of the second print lies on the first, and the turn there.
    fn apply(&self, x: f32, y: f32, without: usize) -> (f32, f32, f32) {
        let (x, y) = self.motion.apply(x, y);
        let (dx, dy, turn, _) = self.residual(x, y, without);
        (x + dx, y + dy, self.motion.turn + turn)
    }

    /// Where a point of the first print lies on the second, nearly.
    fn back(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy, ..) = self.residual(x, y, usize::MAX);
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
        return Comparison::default();
    }
    let mut alike = vec![0.0f32; na * nb];
    let mut ranked = pulp::Arch::new().dispatch(|| rank(a, b, &mut alike));
    ranked.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    ranked.truncate(RANKED);
    let mut seeds: Vec<(f32, usize, usize)> = ranked
        .iter()
        .take(SEEDS)
        .map(|&(_, i, j)| (supported(a, b, &ranked, (i, j)), i, j))
        .collect();
    seeds.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let mut proposals: Vec<Proposal> = Vec::with_capacity(GROWN);
    for &(_, i, j) in seeds.iter().take(GROWN) {
        let motion = Motion::of_pair(&a.points[i], &b.points[j]);
        let pairs = grown(a, b, &motion, &ranked, (i, j));
        let support: f32 = pairs.iter().map(|&(i, j)| alike[i * nb + j]).sum();
        proposals.push((support, fitted(a, b, &pairs).unwrap_or(motion), pairs));
    }
    proposals.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (mut best, mut most) = (Comparison::default(), f32::MIN);
    for (_, motion, pairs) in proposals.iter().take(REFINED) {
        let mut warp = Warp::of(a, b, *motion, pairs);
        let mut pairs = pairs.clone();
        for _ in 0..3 {
            pairs = pair_up(a, b, &warp, &alike);
            let motion = fitted(a, b, &pairs).unwrap_or(warp.motion);
            warp = Warp::of(a, b, motion, &pairs);
        }
        let evidence = judged(a, b, &warp, &pairs, &alike);
        if evidence > most {
            most = evidence;
            best = Comparison { score: calibrate::rarity(evidence), pairs };
        }
    }
    best
}

/// Whether a pair lies in the cone of what a motion through a seed and the skin's stretch allow;
/// gives how far from the seed.
fn in_cone(p: &Point, q: &Point, motion: &Motion, seed: &Point) -> Option<f32> {
    let off = turned(p.angle, q.angle.wrapping_add(motion.turn as i32 as u8)).abs();
    if off > CONE_TURNED_MAX {
        return None;
    }
    let (x, y) = motion.apply(q.x, q.y);
    let (ex, ey) = (p.x - x, p.y - y);
    let far = ((x - seed.x) * (x - seed.x) + (y - seed.y) * (y - seed.y)).sqrt();
    let bound = 10.0 + CONE * far;
    (ex * ex + ey * ey <= bound * bound).then_some(far)
}

/// How much likeness of the ranked pairs lies in the cone of a seed: an upper bound of what can
/// grow from it, and cheap.
fn supported(
    a: &Prepared,
    b: &Prepared,
    ranked: &[(f32, usize, usize)],
    seed: (usize, usize),
) -> f32 {
    let point = &a.points[seed.0];
    let motion = Motion::of_pair(point, &b.points[seed.1]);
    let (mut ours, mut theirs, mut sum) = (0u128, 0u128, 0.0);
    for &(s, i, j) in ranked {
        let taken = ours >> i & 1 == 1 || theirs >> j & 1 == 1;
        if !taken && in_cone(&a.points[i], &b.points[j], &motion, point).is_some() {
            ours |= 1 << i;
            theirs |= 1 << j;
            sum += s;
        }
    }
    sum
}

/// The pairs of the ranking that grow from one of them: each must lie where the pairs before it
/// say, the farther from the nearest of them the less exactly, as the skin stretches.
fn grown(
    a: &Prepared,
    b: &Prepared,
    motion: &Motion,
    ranked: &[(f32, usize, usize)],
    seed: (usize, usize),
) -> Vec<(usize, usize)> {
    let (p, q) = (&a.points[seed.0], &b.points[seed.1]);
    let mut near: Vec<(f32, usize, usize)> = Vec::with_capacity(64);
    for &(s, i, j) in ranked {
        if let Some(far) = in_cone(&a.points[i], &b.points[j], motion, p) {
            near.push((far * (1.5 - s), i, j));
        }
    }
    near.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let (mut ours, mut theirs) = (1u128 << seed.0, 1u128 << seed.1);
    let mut warp = Warp { motion: *motion, knots: Vec::with_capacity(32) };
    warp.push(p, q);
    let mut pairs = vec![seed];
    for &(_, i, j) in &near {
        if ours >> i & 1 == 1 || theirs >> j & 1 == 1 {
            continue;
        }
        let (p, q) = (&a.points[i], &b.points[j]);
        let (x, y) = motion.apply(q.x, q.y);
        let (dx, dy, turn, nearest) = warp.residual(x, y, usize::MAX);
        let (ex, ey) = (p.x - x - dx, p.y - y - dy);
        let bound = 7.0 + 0.2 * nearest.sqrt();
        let off = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - motion.turn - turn).abs();
        if ex * ex + ey * ey <= bound * bound && off <= TURNED_MAX as f32 {
            ours |= 1 << i;
            theirs |= 1 << j;
            warp.push(p, q);
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
fn pair_up(a: &Prepared, b: &Prepared, warp: &Warp, alike: &[f32]) -> Vec<(usize, usize)> {
    let nb = b.points.len();
    let mut near = Vec::with_capacity(64);
    for (j, q) in b.points.iter().enumerate() {
        let (x, y, turn) = warp.apply(q.x, q.y, usize::MAX);
        for (i, p) in a.points.iter().enumerate() {
            let (dx, dy) = (p.x - x, p.y - y);
            let square = dx * dx + dy * dy;
            if square > APART_PX * APART_PX {
                continue;
            }
            let off = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - turn).abs();
            if off <= TURNED_MAX as f32 {
                let cost = square / (APART_PX * APART_PX)
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

/// The evidence of an alignment: that of pairs, against minutiae that should have a partner and
/// have none, and of ridge directions where the prints overlap. The weights are logarithms of odds,
/// rounded; docs/adr/0026 says what they were fitted to.
fn judged(a: &Prepared, b: &Prepared, warp: &Warp, pairs: &[(usize, usize)], alike: &[f32]) -> f32 {
    let nb = b.points.len();
    let (ours, theirs) = (detection(a), detection(b));
    let (mut score, mut paired) = (0.0, 0.0);
    for (k, &(i, j)) in pairs.iter().enumerate() {
        let (p, q) = (&a.points[i], &b.points[j]);
        let (x, y, turn) = warp.apply(q.x, q.y, k);
        let square = (p.x - x) * (p.x - x) + (p.y - y) * (p.y - y);
        let off = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - turn).abs();
        score -= (square / 98.0).min(3.0) + 0.4 * (off * off / 200.0).min(3.0);
        score += if p.fork == q.fork { -1.0 } else { -1.4 };
        score += 5.0 * alike[i * nb + j] + 0.8 * sureness(p) * sureness(q);
        paired += missed(p, theirs) + missed(q, ours);
    }
    let (mut expected, mut counts) = (0.0, [0.0f32; 2]);
    for p in &a.points {
        let (x, y) = warp.back(p.x, p.y);
        if b.grid.at_px(x, y) > 0 {
            expected += missed(p, theirs);
            counts[0] += 1.0;
        }
    }
    for q in &b.points {
        let (x, y, _) = warp.apply(q.x, q.y, usize::MAX);
        if a.grid.at_px(x, y) > 0 {
            expected += missed(q, ours);
            counts[1] += 1.0;
        }
    }
    let found = pairs.len() as f32;
    let whole = (counts[0] * counts[1]).sqrt().max(found).max(4.0);
    score -= (expected - paired).max(0.0) + 0.15 * (counts[0] + counts[1] - 2.0 * found);
    score + 0.3 * found * found / whole + agreement(a, b, warp)
}

/// The probability that a minutia is one.
fn sureness(p: &Point) -> f32 {
    (p.quality * 2.0).min(0.9)
}

/// The probability that a print shows a minutia of its finger.
fn detection(of: &Prepared) -> f32 {
    of.points.iter().map(sureness).sum::<f32>() / of.points.len() as f32
}

/// What it tells that a minutia is missing in the other print: -ln(1 - u), u the probability that
/// it is one and the other shows it; by its series, the rest in the last term.
fn missed(p: &Point, other: f32) -> f32 {
    let u = sureness(p) * other;
    u * (1.0 + u * (0.5 + u * (1.0 / 3.0 + u * (0.25 + u * (0.2 + u * 0.5)))))
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
    (12.0 - sum / count) * 0.25 * (count / 100.0).min(1.5)
}
