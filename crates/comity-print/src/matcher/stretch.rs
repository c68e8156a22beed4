//! How skin is stretched on top of a rigid motion: around each place the turn and shift that bring
//! the near pairs together best, held back by the motion.

use super::motion::Motion;
use super::prepared::Point;
use crate::template::MINUTIAE_MAX;
use pulp::Simd;

/// Points that are moved together.
pub(super) const BLOCK: usize = 16;

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

/// A pair: where the motion brings the second print's minutia, and what is left to the first's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Knot {
    pub x: f32,
    pub y: f32,
    pub dx: f32,
    pub dy: f32,
    pub turn: f32,
}

/// A motion and the pairs that stretch it.
#[derive(Debug)]
pub(super) struct Warp {
    pub motion: Motion,
    knots: [Knot; MINUTIAE_MAX],
    count: usize,
}

impl Default for Warp {
    fn default() -> Self {
        Self { motion: Motion::default(), knots: [Knot::default(); MINUTIAE_MAX], count: 0 }
    }
}

/// A block of places, or of shifts.
pub(super) type Block = [f32; BLOCK];

/// Shifts and turns asked for at a block of places.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shifts {
    pub dx: Block,
    pub dy: Block,
    pub turn: Block,
}

impl Warp {
    pub fn reset(&mut self, motion: Motion) {
        self.motion = motion;
        self.count = 0;
    }

    pub fn knots(&self) -> &[Knot] {
        self.knots.get(..self.count).unwrap_or_default()
    }

    #[inline(always)]
    pub fn push(&mut self, p: &Point, q: &Point) {
        let (x, y) = self.motion.apply(q.x, q.y);
        let turn = wrapped(f32::from(p.angle.wrapping_sub(q.angle)) - self.motion.turn);
        if let Some(knot) = self.knots.get_mut(self.count) {
            *knot = Knot { x, y, dx: p.x - x, dy: p.y - y, turn };
            self.count += 1;
        }
    }

    /// The shift and turn that the knots ask for at a place, and the square of how far the
    /// nearest knot is.
    #[inline(always)]
    pub fn at(&self, x: f32, y: f32) -> (f32, f32, f32, f32) {
        let mut sums = Sums { weight: STIFFNESS, ..Sums::default() };
        let mut nearest = f32::MAX;
        for knot in self.knots() {
            let (rx, ry) = (knot.x - x, knot.y - y);
            let square = rx * rx + ry * ry;
            nearest = if square < nearest { square } else { nearest };
            let near = 1.0 / (1.0 + square * (1.0 / (REACH_PX * REACH_PX)));
            let near = near * near;
            sums.weight += near;
            sums.mx += near * rx;
            sums.my += near * ry;
            sums.dx += near * knot.dx;
            sums.dy += near * knot.dy;
            sums.squares += near * square;
            sums.cross += near * (rx * knot.dy - ry * knot.dx);
            sums.turn += near * knot.turn;
        }
        let (dx, dy, turn) = sums.solved();
        (dx, dy, turn, nearest)
    }

    /// The same at a block of places that the motion has brought to the first print. `out` are
    /// the knots' own residuals where each place is a knot that is to be left out, else nothing.
    #[inline(always)]
    pub fn at_block<S: Simd>(&self, simd: S, x: &Block, y: &Block, out: Option<&[Knot]>) -> Shifts {
        let (xs, _) = S::as_simd_f32s(x);
        let (ys, _) = S::as_simd_f32s(y);
        let mut sums = [Block::default(); 8];
        for (lane, (x, y)) in xs.iter().zip(ys).enumerate() {
            let lanes = self.sums(simd, *x, *y);
            for (sum, lanes) in sums.iter_mut().zip(lanes) {
                let (sum, _) = S::as_mut_simd_f32s(sum);
                if let Some(sum) = sum.get_mut(lane) {
                    *sum = lanes;
                }
            }
        }
        let mut shifts = Shifts::default();
        for k in 0..BLOCK {
            let [mut weight, mx, my, mut dx, mut dy, squares, cross, mut turn] = sums.map(|s| s[k]);
            if let Some(own) = out.and_then(|o| o.get(k)) {
                // A knot at its own place weighs 1 and has no arm.
                weight -= 1.0;
                dx -= own.dx;
                dy -= own.dy;
                turn -= own.turn;
            }
            let sums = Sums { weight, mx, my, dx, dy, squares, cross, turn };
            (shifts.dx[k], shifts.dy[k], shifts.turn[k]) = sums.solved();
        }
        shifts
    }

    /// Sums over the knots, weighed by nearness, at as many places as a vector has lanes.
    #[inline(always)]
    fn sums<S: Simd>(&self, simd: S, x: S::f32s, y: S::f32s) -> [S::f32s; 8] {
        let zero = simd.splat_f32s(0.0);
        let one = simd.splat_f32s(1.0);
        let per = simd.splat_f32s(1.0 / (REACH_PX * REACH_PX));
        let mut sums = [zero; 8];
        sums[0] = simd.splat_f32s(STIFFNESS);
        let add = |sum: &mut S::f32s, a: S::f32s, b: S::f32s| {
            *sum = simd.add_f32s(*sum, simd.mul_f32s(a, b));
        };
        for knot in self.knots() {
            let rx = simd.sub_f32s(simd.splat_f32s(knot.x), x);
            let ry = simd.sub_f32s(simd.splat_f32s(knot.y), y);
            let square = simd.add_f32s(simd.mul_f32s(rx, rx), simd.mul_f32s(ry, ry));
            let near = simd.div_f32s(one, simd.add_f32s(one, simd.mul_f32s(square, per)));
            let near = simd.mul_f32s(near, near);
            let (dx, dy) = (simd.splat_f32s(knot.dx), simd.splat_f32s(knot.dy));
            let cross = simd.sub_f32s(simd.mul_f32s(rx, dy), simd.mul_f32s(ry, dx));
            sums[0] = simd.add_f32s(sums[0], near);
            add(&mut sums[1], near, rx);
            add(&mut sums[2], near, ry);
            add(&mut sums[3], near, dx);
            add(&mut sums[4], near, dy);
            add(&mut sums[5], near, square);
            add(&mut sums[6], near, cross);
            add(&mut sums[7], near, simd.splat_f32s(knot.turn));
        }
        sums
    }
}

/// Sums over knots, weighed by nearness.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    weight: f32,
    mx: f32,
    my: f32,
    dx: f32,
    dy: f32,
    squares: f32,
    cross: f32,
    turn: f32,
}

impl Sums {
    /// Shift and turn here, by weighted least squares for small turns.
    #[inline(always)]
    fn solved(&self) -> (f32, f32, f32) {
        let per = 1.0 / self.weight;
        let spread = self.squares - (self.mx * self.mx + self.my * self.my) * per;
        let moment = self.cross - (self.mx * self.dy - self.my * self.dx) * per;
        let turned = TURN_WEIGHT * ARM_PX * ARM_PX;
        let held = spread + ARM_PX * ARM_PX + turned * (self.weight - STIFFNESS);
        let spin = (moment + turned * self.turn * TURN_RAD) / held;
        // The shift here is the mean's less the turn at the mean's arm.
        let (dx, dy) = ((self.dx + spin * self.my) * per, (self.dy - spin * self.mx) * per);
        (dx, dy, spin * (1.0 / TURN_RAD))
    }
}

/// A difference of angles in 256ths of a turn, from less than two turns to -128 to 128.
#[inline(always)]
pub(super) fn wrapped(turn: f32) -> f32 {
    if turn >= 128.0 {
        turn - 256.0
    } else if turn < -128.0 {
        turn + 256.0
    } else {
        turn
    }
}
