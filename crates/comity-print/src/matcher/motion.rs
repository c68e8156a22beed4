//! Rigid motions, and how skin is stretched on top of one.

use super::prepared::{Point, Prepared, TURNS};
use super::screen::Pair;

/// The second print moved onto the first: turned around the origin, then shifted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Motion {
    pub sin: f32,
    pub cos: f32,
    pub dx: f32,
    pub dy: f32,
    /// 256ths of a turn.
    pub turn: f32,
}

impl Motion {
    #[inline(always)]
    pub fn of_pair(a: &Point, b: &Point) -> Self {
        let turn = a.angle.wrapping_sub(b.angle);
        let (sin, cos) = TURNS[usize::from(turn)];
        let (dx, dy) = (a.x - (cos * b.x - sin * b.y), a.y - (sin * b.x + cos * b.y));
        Self { sin, cos, dx, dy, turn: f32::from(turn as i8) }
    }

    #[inline(always)]
    pub fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (self.cos * x - self.sin * y + self.dx, self.sin * x + self.cos * y + self.dy)
    }

    /// Back from the first print to the second.
    #[inline(always)]
    pub fn back(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x - self.dx, y - self.dy);
        (self.cos * x + self.sin * y, self.cos * y - self.sin * x)
    }
}

/// The rigid motion that brings the pairs together best, by least squares.
#[inline(always)]
pub(super) fn fitted(a: &Prepared, b: &Prepared, pairs: &[Pair]) -> Option<Motion> {
    if pairs.len() < 3 {
        return None;
    }
    let of = |pair: &Pair| (&a.points[usize::from(pair.i)], &b.points[usize::from(pair.j)]);
    let per = 1.0 / pairs.len() as f32;
    let (mut ax, mut ay, mut bx, mut by) = (0.0, 0.0, 0.0, 0.0);
    for pair in pairs {
        let (p, q) = of(pair);
        ax += p.x;
        ay += p.y;
        bx += q.x;
        by += q.y;
    }
    let (ax, ay, bx, by) = (ax * per, ay * per, bx * per, by * per);
    let (mut dot, mut cross) = (0.0, 0.0);
    for pair in pairs {
        let (p, q) = of(pair);
        let (px, py, qx, qy) = (p.x - ax, p.y - ay, q.x - bx, q.y - by);
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
