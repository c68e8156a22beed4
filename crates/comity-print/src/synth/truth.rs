//! The minutiae that a master print has: crossing numbers on its thinned ridges.
//!
//! Thinning and counting here are on ridges without noise, so they are the plainest known
//! (Zhang and Suen, CACM 27, 1984; Rutovitz, 1966) and share nothing with the extractor that
//! they judge.

use super::field::{MASTER_HEIGHT_PX, MASTER_WIDTH_PX};
use super::ridges::Master;
use crate::MinutiaKind;
use std::f32::consts::{PI, TAU};

/// Ridges shorter than this, and minutiae nearer than this that face each other, are not kept.
const SHORTEST_PX: usize = 9;
/// How far a ridge is followed to say its direction.
const FOLLOWED_PX: usize = 10;
/// Nearer to the edge of the master than this, ridges end because the image does.
const EDGE_PX: usize = 10;

/// A minutia of a master print.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueMinutia {
    /// Pixels from the left of the master.
    pub x: f32,
    /// Pixels from its top.
    pub y: f32,
    /// Direction in radians, as ISO/IEC 19794-2:2005 has it: from an ending into its ridge,
    /// from a fork into the valley between the branches.
    pub angle_rad: f32,
    /// Ending or fork.
    pub kind: MinutiaKind,
}

/// The minutiae of a master print.
pub fn minutiae(master: &Master) -> Vec<TrueMinutia> {
    let mut skeleton = Skeleton::of(master);
    skeleton.thin();
    let mut found: Vec<TrueMinutia> = Vec::new();
    for y in EDGE_PX..MASTER_HEIGHT_PX - EDGE_PX {
        for x in EDGE_PX..MASTER_WIDTH_PX - EDGE_PX {
            found.extend(skeleton.minutia(x, y));
        }
    }
    without_artifacts(&found)
}

/// Without pairs that break one ridge or bridge two: near and facing each other.
fn without_artifacts(found: &[TrueMinutia]) -> Vec<TrueMinutia> {
    let near = |a: &TrueMinutia, b: &TrueMinutia| (a.x - b.x).hypot(a.y - b.y) < SHORTEST_PX as f32;
    let alone =
        |i: usize, a: &TrueMinutia| !found.iter().enumerate().any(|(j, b)| i != j && near(a, b));
    found.iter().enumerate().filter(|(i, m)| alone(*i, m)).map(|(_, m)| *m).collect()
}

struct Skeleton(Vec<bool>);

/// The eight pixels around one, clockwise from above.
const AROUND: [(i32, i32); 8] =
    [(0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1)];

impl Skeleton {
    fn of(master: &Master) -> Self {
        let mut inked: Vec<bool> = master.ridges.iter().map(|v| *v > 0.0).collect();
        for (i, value) in inked.iter_mut().enumerate() {
            let (x, y) = (i % MASTER_WIDTH_PX, i / MASTER_WIDTH_PX);
            if x == 0 || y == 0 || x == MASTER_WIDTH_PX - 1 || y == MASTER_HEIGHT_PX - 1 {
                *value = false;
            }
        }
        Self(inked)
    }

    fn inked(&self, x: i32, y: i32) -> bool {
        let inside =
            (0..MASTER_WIDTH_PX as i32).contains(&x) && (0..MASTER_HEIGHT_PX as i32).contains(&y);
        inside && self.0.get(y as usize * MASTER_WIDTH_PX + x as usize) == Some(&true)
    }

    fn around(&self, x: usize, y: usize) -> [bool; 8] {
        AROUND.map(|(dx, dy)| self.inked(x as i32 + dx, y as i32 + dy))
    }

    fn thin(&mut self) {
        loop {
            let removed = self.peel(false) + self.peel(true);
            if removed == 0 {
                break;
            }
        }
        self.straighten();
    }

    /// One half round of Zhang and Suen; how many pixels it took.
    fn peel(&mut self, second: bool) -> usize {
        let mut gone = Vec::new();
        for (i, _) in self.0.iter().enumerate().filter(|(_, inked)| **inked) {
            let n = self.around(i % MASTER_WIDTH_PX, i / MASTER_WIDTH_PX);
            let count = n.iter().filter(|b| **b).count();
            let held = if second {
                n[0] && n[6] && (n[2] || n[4])
            } else {
                n[2] && n[4] && (n[0] || n[6])
            };
            if (2..=6).contains(&count) && rises(&n) == 1 && !held {
                gone.push(i);
            }
        }
        for i in &gone {
            if let Some(v) = self.0.get_mut(*i) {
                *v = false;
            }
        }
        gone.len()
    }

    /// Takes the corners of steps, so that every pixel inside a line has two neighbors.
    fn straighten(&mut self) {
        for i in 0..self.0.len() {
            if self.0.get(i) != Some(&true) {
                continue;
            }
            let n = self.around(i % MASTER_WIDTH_PX, i / MASTER_WIDTH_PX);
            let corner = [0, 2, 4, 6].into_iter().any(|k: usize| {
                let other = (k + 2) % 8;
                n[k] && n[other] && !(n[(k + 4) % 8] || n[(other + 4) % 8] || n[(k + 5) % 8])
            });
            if corner && let Some(v) = self.0.get_mut(i) {
                *v = false;
            }
        }
    }

    /// The minutia at a pixel, if there is one that is no spur, island or bridge.
    fn minutia(&self, x: usize, y: usize) -> Option<TrueMinutia> {
        if !self.inked(x as i32, y as i32) {
            return None;
        }
        let n = self.around(x, y);
        let (kind, ways) = match rises(&n) {
            1 => (MinutiaKind::Ending, 1),
            3 => (MinutiaKind::Bifurcation, 3),
            _ => return None,
        };
        let starts = (0..8).filter(|k| n[*k] && !n[(*k + 7) % 8]);
        let ends: Vec<(i32, i32)> =
            starts.filter_map(|k| self.followed((x as i32, y as i32), AROUND[k])).collect();
        if ends.len() != ways {
            return None;
        }
        let angles: Vec<f32> = ends
            .iter()
            .map(|(ex, ey)| ((y as i32 - ey) as f32).atan2((ex - x as i32) as f32))
            .collect();
        let angle_rad = if ways == 1 { *angles.first()? } else { between_branches(&angles)? };
        Some(TrueMinutia { x: x as f32, y: y as f32, angle_rad, kind })
    }

    /// Where a ridge that leaves `from` by `step` is after [`FOLLOWED_PX`]; `None` where it
    /// ends or forks before.
    fn followed(&self, from: (i32, i32), step: (i32, i32)) -> Option<(i32, i32)> {
        let mut before = from;
        let mut at = (from.0 + step.0, from.1 + step.1);
        for _ in 1..FOLLOWED_PX {
            let next = AROUND
                .iter()
                .map(|(dx, dy)| (at.0 + dx, at.1 + dy))
                .filter(|p| *p != before && self.inked(p.0, p.1))
                // Not back beside where it came from.
                .filter(|p| (p.0 - before.0).abs() > 1 || (p.1 - before.1).abs() > 1)
                .min_by_key(|p| (p.0 - at.0).abs() + (p.1 - at.1).abs())?;
            before = at;
            at = next;
        }
        Some(at)
    }
}

/// How often the ring of neighbors goes from blank to ridge: the crossing number.
fn rises(n: &[bool; 8]) -> usize {
    (0..8).filter(|k| !n[*k] && n[(*k + 1) % 8]).count()
}

/// The middle of the two directions that are nearest to each other.
fn between_branches(angles: &[f32]) -> Option<f32> {
    let apart = |a: f32, b: f32| ((b - a + PI).rem_euclid(TAU) - PI).abs();
    let &[a, b, c] = angles else { return None };
    let pairs = [(a, b), (b, c), (a, c)];
    let (a, b) = pairs.into_iter().min_by(|p, q| apart(p.0, p.1).total_cmp(&apart(q.0, q.1)))?;
    Some((a.sin() + b.sin()).atan2(a.cos() + b.cos()))
}
