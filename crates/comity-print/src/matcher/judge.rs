//! What an alignment tells.

use super::prepared::{Point, Prepared};
use super::screen::Pair;
use super::stretch::{BLOCK, Block, Warp, wrapped};
use pulp::Simd;

/// Two minutiae farther apart than this are not one, in pixels.
pub(super) const APART_PX: f32 = 14.0;
/// Nor turned more than this, in 256ths of a turn.
pub(super) const TURNED_MAX: f32 = 18.0;
/// Of the cells with ridge directions every so manieth is looked at.
const SAMPLED: usize = 4;

/// The evidence of an alignment: that of pairs, against minutiae that should have a partner and
/// have none, and of ridge directions where the prints overlap. The weights are logarithms of odds,
/// rounded; docs/adr/0030 says what they were fitted to.
#[inline(always)]
pub(super) fn judged<S: Simd>(
    simd: S,
    a: &Prepared,
    b: &Prepared,
    warp: &Warp,
    pairs: &[Pair],
) -> f32 {
    let (score, paired) = agreeing(simd, a, b, warp, pairs);
    let [(theirs, ours_seen), (ours, theirs_seen)] = expected(simd, a, b, warp);
    let found = pairs.len() as f32;
    let counts = ours_seen + theirs_seen;
    let whole = (ours_seen * theirs_seen).sqrt().max(found).max(4.0);
    let missing = (theirs + ours - paired).max(0.0) + 0.15 * (counts - 2.0 * found);
    score - missing + 0.3 * found * found / whole + agreement(simd, a, b, warp)
}

/// The evidence of pairs, and what their minutiae would have told if missed.
#[inline(always)]
fn agreeing<S: Simd>(
    simd: S,
    a: &Prepared,
    b: &Prepared,
    warp: &Warp,
    pairs: &[Pair],
) -> (f32, f32) {
    let (mut score, mut paired) = (0.0, 0.0);
    for (pairs, knots) in pairs.chunks(BLOCK).zip(warp.knots().chunks(BLOCK)) {
        let (mut x, mut y): (Block, Block) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (k, knot) in knots.iter().enumerate() {
            (x[k], y[k]) = (knot.x, knot.y);
        }
        // Each where the others say: a warp cannot bend to a single chance pair.
        let shifts = warp.at_block(simd, &x, &y, Some(knots));
        for (k, (pair, knot)) in pairs.iter().zip(knots).enumerate() {
            let (p, q) = (&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
            let (ex, ey) = (knot.dx - shifts.dx[k], knot.dy - shifts.dy[k]);
            let square = ex * ex + ey * ey;
            let off = wrapped(knot.turn - shifts.turn[k]);
            score -= (square * (1.0 / 98.0)).min(3.0) + 0.4 * (off * off * (1.0 / 200.0)).min(3.0);
            score += if p.fork == q.fork { -1.0 } else { -1.4 };
            score += 5.0 * pair.alike + 0.8 * p.sure * q.sure;
            paired += missed(p, b.detection) + missed(q, a.detection);
        }
    }
    (score, paired)
}

/// For either print what its minutiae tell that lie where the other shows ridges, if all are
/// missed, and how many those are.
#[inline(always)]
fn expected<S: Simd>(simd: S, a: &Prepared, b: &Prepared, warp: &Warp) -> [(f32, f32); 2] {
    let mut sums = [(0.0, 0.0); 2];
    for points in a.points.chunks(BLOCK) {
        let (x, y) = places(points);
        let shifts = warp.at_block(simd, &x, &y, None);
        for (k, p) in points.iter().enumerate() {
            let (x, y) = warp.motion.back(x[k] - shifts.dx[k], y[k] - shifts.dy[k]);
            if b.grid.at_px(x, y) > 0 {
                sums[0].0 += missed(p, b.detection);
                sums[0].1 += 1.0;
            }
        }
    }
    for points in b.points.chunks(BLOCK) {
        let (mut x, mut y) = places(points);
        for (x, y) in x.iter_mut().zip(&mut y) {
            (*x, *y) = warp.motion.apply(*x, *y);
        }
        let shifts = warp.at_block(simd, &x, &y, None);
        for (k, q) in points.iter().enumerate() {
            if a.grid.at_px(x[k] + shifts.dx[k], y[k] + shifts.dy[k]) > 0 {
                sums[1].0 += missed(q, a.detection);
                sums[1].1 += 1.0;
            }
        }
    }
    sums
}

#[inline(always)]
fn places(points: &[Point]) -> (Block, Block) {
    let (mut x, mut y): (Block, Block) = ([0.0; BLOCK], [0.0; BLOCK]);
    for (k, point) in points.iter().enumerate() {
        (x[k], y[k]) = (point.x, point.y);
    }
    (x, y)
}

/// What it tells that a minutia is missing in the other print: -ln(1 - u), u the probability that
/// it is one and the other shows it; by its series, the rest in the last term.
#[inline(always)]
fn missed(p: &Point, other: f32) -> f32 {
    let u = p.sure * other;
    u * (1.0 + u * (0.5 + u * (1.0 / 3.0 + u * (0.25 + u * (0.2 + u * 0.5)))))
}

/// Evidence of the ridge directions in the overlap.
#[inline(always)]
fn agreement<S: Simd>(simd: S, a: &Prepared, b: &Prepared, warp: &Warp) -> f32 {
    let (mut sum, mut count) = (0.0f32, 0.0f32);
    for cells in b.inside.chunks(BLOCK * SAMPLED) {
        let (mut x, mut y): (Block, Block) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (k, cell) in cells.iter().step_by(SAMPLED).enumerate() {
            (x[k], y[k]) = warp.motion.apply(cell.0, cell.1);
        }
        let shifts = warp.at_block(simd, &x, &y, None);
        for (k, cell) in cells.iter().step_by(SAMPLED).enumerate() {
            let ours = a.grid.at_px(x[k] + shifts.dx[k], y[k] + shifts.dy[k]);
            if ours == 0 {
                continue;
            }
            let turn = (warp.motion.turn + shifts.turn[k]) * (255.0 / 128.0);
            let off = f32::from(ours) - cell.2 - turn;
            // Half a turn is none.
            let off = (off - 255.0 * (off * (1.0 / 255.0) + 0.5).floor()).abs();
            sum += off;
            count += 1.0;
        }
    }
    let count = count * SAMPLED as f32;
    if count < 6.0 {
        return -8.0;
    }
    // Impostors that align well differ by 14 or so, the same finger by 7.
    (12.0 - sum * SAMPLED as f32 / count) * 0.25 * (count * 0.01).min(1.5)
}
