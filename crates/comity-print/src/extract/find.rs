//! Minutiae of the skeleton, and what is taken away because it is damage and not a finger.

use super::enhance::ridge_at;
use super::field::{Ridge, direction_rad};
use super::plane::Plane;
use super::skeleton::{AROUND, crossings, neighbors};
use super::spectrum::BLOCK_PX;
use crate::minutia::{Minutia, MinutiaKind};

/// A ridge with two ends this near is dirt.
const ISLAND_PX: usize = 14;
/// A branch shorter than this is a spur of the filter or a pore.
const SPUR_PX: usize = 10;
/// Two forks this near along a ridge are a bridge or an eye.
const BRIDGE_PX: usize = 9;
/// Two ends this near that face each other are a scratch.
const GAP_PX: f32 = 11.0;
/// How far a ridge is followed for its direction.
const TRACE_PX: usize = 12;
/// How far inside the mask a minutia must lie.
const MARGIN_PX: f32 = 12.0;

struct Found {
    at: usize,
    fork: bool,
    /// Unit vector of the minutia's direction: along its ridge, or into its fork.
    dx: f32,
    dy: f32,
    kept: bool,
}

/// The minutiae inside the mask, best first.
pub(crate) fn minutiae(
    skeleton: &mut Plane<bool>,
    ridges: &Plane<Ridge>,
    mask: &Plane<bool>,
) -> Vec<Minutia> {
    for _ in 0..2 {
        trim(skeleton);
    }
    let mut found = nodes(skeleton);
    mark_bridges(skeleton, &mut found);
    for one in &mut found {
        aim(skeleton, ridges, one);
    }
    mark_gaps(skeleton, &mut found);
    let mut minutiae: Vec<Minutia> = found
        .iter()
        .filter(|f| f.kept && inside(mask, f.at % skeleton.width, f.at / skeleton.width))
        .map(|f| minutia(f, skeleton.width, ridges))
        .collect();
    minutiae.sort_by_key(|m| (std::cmp::Reverse(m.quality), m.y_px, m.x_px));
    minutiae
}

/// Follows a ridge from a pixel through a neighbor; gives the pixels up to an end, a fork or
/// `limit`.
fn follow(skeleton: &Plane<bool>, from: usize, through: usize, limit: usize) -> Vec<usize> {
    let mut path = vec![through];
    let (mut before, mut at) = (from, through);
    while path.len() < limit {
        let n = neighbors(skeleton, at);
        if crossings(n) != 2 {
            break;
        }
        let next = (0..8)
            .filter(|k| n >> k & 1 == 1)
            .map(|k| step(skeleton.width, at, k))
            .find(|&to| to != before && !near(skeleton.width, to, before));
        let Some(next) = next else { break };
        before = at;
        at = next;
        path.push(at);
    }
    path
}

fn step(width: usize, at: usize, k: usize) -> usize {
    let (dx, dy) = AROUND[k];
    (at as isize + dy * width as isize + dx) as usize
}

/// Whether two pixels touch.
fn near(width: usize, a: usize, b: usize) -> bool {
    (a % width).abs_diff(b % width) <= 1 && (a / width).abs_diff(b / width) <= 1
}

/// The first pixels of the ridges that leave a pixel.
fn branches(skeleton: &Plane<bool>, at: usize) -> Vec<usize> {
    let n = neighbors(skeleton, at);
    // Where two neighbors touch they are one ridge; the straight one leads on.
    (0..8usize)
        .filter(|&k| n >> k & 1 == 1)
        .filter(|&k| {
            let beside = n >> ((k + 1) % 8) & 1 == 1 || n >> ((k + 7) % 8) & 1 == 1;
            k % 2 == 0 || !beside
        })
        .map(|k| step(skeleton.width, at, k))
        .collect()
}

fn nodes(skeleton: &Plane<bool>) -> Vec<Found> {
    let mut found = Vec::new();
    for at in 0..skeleton.values.len() {
        if skeleton.values[at] {
            let count = crossings(neighbors(skeleton, at));
            if count == 1 || count >= 3 {
                found.push(Found { at, fork: count >= 3, dx: 0.0, dy: 0.0, kept: true });
            }
        }
    }
    found
}

/// Takes away short ridges with two ends, and short branches.
fn trim(skeleton: &mut Plane<bool>) {
    for node in nodes(skeleton).iter().filter(|n| !n.fork) {
        if !skeleton.values[node.at] || crossings(neighbors(skeleton, node.at)) != 1 {
            continue;
        }
        let Some(&first) = branches(skeleton, node.at).first() else { continue };
        let path = follow(skeleton, node.at, first, ISLAND_PX);
        let last = path[path.len() - 1];
        let crossing = crossings(neighbors(skeleton, last));
        let island = crossing == 1 && path.len() < ISLAND_PX;
        let spur = crossing >= 3 && path.len() <= SPUR_PX;
        if island || spur {
            skeleton.values[node.at] = false;
            for &at in &path[..path.len() - usize::from(spur)] {
                skeleton.values[at] = false;
            }
        }
    }
}

fn mark_bridges(skeleton: &Plane<bool>, found: &mut [Found]) {
    let mut bad = Vec::new();
    for (i, node) in found.iter().enumerate().filter(|(_, n)| n.fork) {
        for first in branches(skeleton, node.at) {
            let path = follow(skeleton, node.at, first, BRIDGE_PX);
            let last = path[path.len() - 1];
            if last != node.at && crossings(neighbors(skeleton, last)) >= 3 {
                bad.push(i);
            }
        }
    }
    for i in bad {
        found[i].kept = false;
    }
}

/// The direction of a minutia: the local ridge direction, to the side that its ridges lie.
fn aim(skeleton: &Plane<bool>, ridges: &Plane<Ridge>, node: &mut Found) {
    let w = skeleton.width;
    let (x, y) = ((node.at % w) as f32, (node.at / w) as f32);
    let ends: Vec<(f32, f32)> = branches(skeleton, node.at)
        .iter()
        .map(|&first| {
            let path = follow(skeleton, node.at, first, TRACE_PX);
            let last = path[path.len() - 1];
            let (dx, dy) = ((last % w) as f32 - x, (last / w) as f32 - y);
            let length = (dx * dx + dy * dy).sqrt().max(1e-3);
            (dx / length, dy / length)
        })
        .collect();
    let side = match ends[..] {
        [one] => one,
        [a, b, c] => {
            let dot = |p: (f32, f32), q: (f32, f32)| p.0 * q.0 + p.1 * q.1;
            let (ab, bc, ca) = (dot(a, b), dot(b, c), dot(c, a));
            let (p, q) = if ab >= bc && ab >= ca {
                (a, b)
            } else if bc >= ca {
                (b, c)
            } else {
                (c, a)
            };
            (p.0 + q.0, p.1 + q.1)
        }
        _ => {
            node.kept = false;
            return;
        }
    };
    let ridge = ridge_at(ridges, x, y);
    let angle = direction_rad(ridge.cos2, ridge.sin2);
    let (sin, cos) = super::math::sin_cos(f64::from(angle));
    let (cos, sin) = (cos as f32, sin as f32);
    let sign = if cos * side.0 + sin * side.1 < 0.0 { -1.0 } else { 1.0 };
    (node.dx, node.dy) = (sign * cos, sign * sin);
}

/// Two ends of one ridge across a scratch: near, and each pointing away from the other.
fn mark_gaps(skeleton: &Plane<bool>, found: &mut [Found]) {
    let w = skeleton.width;
    let mut bad = Vec::new();
    for i in 0..found.len() {
        for j in i + 1..found.len() {
            let (a, b) = (&found[i], &found[j]);
            if b.at / w > a.at / w + GAP_PX as usize {
                break;
            }
            if a.fork || b.fork {
                continue;
            }
            let dx = (b.at % w) as f32 - (a.at % w) as f32;
            let dy = (b.at / w) as f32 - (a.at / w) as f32;
            let length = (dx * dx + dy * dy).sqrt();
            let opposed = a.dx * b.dx + a.dy * b.dy < -0.8;
            let away = (a.dx * dx + a.dy * dy) / length < -0.6;
            if length <= GAP_PX && opposed && (away || length < 6.0) {
                bad.extend([i, j]);
            }
        }
    }
    for i in bad {
        found[i].kept = false;
    }
}

fn inside(mask: &Plane<bool>, x: usize, y: usize) -> bool {
    let d = MARGIN_PX;
    let s = d * std::f32::consts::FRAC_1_SQRT_2;
    [(d, 0.0), (-d, 0.0), (0.0, d), (0.0, -d), (s, s), (s, -s), (-s, s), (-s, -s)].into_iter().all(
        |(dx, dy)| {
            let (px, py) = ((x as f32 + dx).floor(), (y as f32 + dy).floor());
            let side = BLOCK_PX as f32;
            mask.at((px / side).floor() as isize, (py / side).floor() as isize)
        },
    )
}

fn minutia(found: &Found, width: usize, ridges: &Plane<Ridge>) -> Minutia {
    let (x, y) = (found.at % width, found.at / width);
    let clarity = ridge_at(ridges, x as f32, y as f32).clarity;
    // The image's y points down, the standard's angle runs counterclockwise.
    let angle = super::math::atan2(-found.dy, found.dx) / std::f32::consts::TAU * 256.0;
    Minutia {
        x_px: x as u16,
        y_px: y as u16,
        angle: (angle.round() as i32).rem_euclid(256) as u8,
        kind: if found.fork { MinutiaKind::Bifurcation } else { MinutiaKind::Ending },
        quality: (clarity * 100.0).round().clamp(1.0, 100.0) as u8,
    }
}
