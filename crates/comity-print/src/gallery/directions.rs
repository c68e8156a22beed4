//! Ridge directions where only minutiae are known: a record of another extractor.

use super::FingerEntry;
use crate::FingerMinutiae;
use crate::template::{CELL_PX, DirectionGrid, MINUTIAE_MAX, Template, best};
use std::f32::consts::TAU;

/// How far a minutia speaks for the directions around it, in pixels: with half the weight at
/// 1.2 times this.
const REACH_PX: f32 = 32.0;
/// A cell farther than this from every minutia is taken as outside of the print.
const OUTSIDE_PX: f32 = 48.0;

impl FingerEntry {
    /// A finger of which only minutiae are known. Ridges run along minutiae; between them their
    /// direction is the mean of those around, nearer ones weighing more.
    pub fn of_minutiae(found: &FingerMinutiae) -> Self {
        let minutiae = best(&found.minutiae, MINUTIAE_MAX);
        let (columns, rows) = (cells(found.width_px), cells(found.height_px));
        let cell = |i: usize| {
            let middle = |at: usize| (at * CELL_PX + CELL_PX / 2) as f32;
            let (x, y) = (middle(i % columns), middle(i / columns));
            let (mut cos2, mut sin2, mut nearest2) = (0.0, 0.0, f32::MAX);
            for m in &minutiae {
                let far2 = (f32::from(m.x_px) - x).powi(2) + (f32::from(m.y_px) - y).powi(2);
                nearest2 = nearest2.min(far2);
                let weight = (-far2 / (2.0 * REACH_PX * REACH_PX)).exp();
                // The grid counts with y down.
                let twice = -2.0 * f32::from(m.angle) / 256.0 * TAU;
                cos2 += weight * twice.cos();
                sin2 += weight * twice.sin();
            }
            if nearest2 > OUTSIDE_PX * OUTSIDE_PX {
                return 0;
            }
            let turn = (sin2.atan2(cos2) / TAU).rem_euclid(1.0);
            1 + ((turn * 255.0).round() as u32 % 255) as u8
        };
        let cells = (0..columns * rows).map(cell).collect();
        let grid = DirectionGrid { columns, rows, cells };
        Self { finger: found.finger, template: Template { minutiae, grid } }
    }
}

/// Cells along a side; at most what a gallery keeps.
fn cells(side_px: u16) -> usize {
    usize::from(side_px).div_ceil(CELL_PX).min(255)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FingerPosition;
    use crate::synth::{Difficulty, DirectFinger};

    #[test]
    fn directions_from_minutiae_are_about_those_of_the_finger() {
        for finger in 0..20 {
            let drawn = DirectFinger::draw(8, finger);
            let real = drawn.template(1, Difficulty::Easy).grid;
            let guessed = FingerEntry::of_minutiae(&drawn.impression(1, Difficulty::Easy));
            let guessed = guessed.template.grid;
            assert_eq!((real.columns, real.rows), (guessed.columns, guessed.rows));
            let both = real.cells.iter().zip(&guessed.cells).filter(|(r, g)| **r > 0 && **g > 0);
            let off = both.map(|(r, g)| {
                let d = r.abs_diff(*g);
                u32::from(d.min(255 - d))
            });
            let (sum, count) = off.fold((0, 0), |(s, n), d| (s + d, n + 1));
            assert!(count > 100, "finger {finger}: {count} cells");
            // By chance 64; 26 is 18 degrees.
            assert!(sum / count < 26, "finger {finger}: {} off", sum / count);
        }
    }

    #[test]
    fn no_minutiae_and_no_sides_give_an_empty_grid() {
        let nothing = FingerMinutiae {
            finger: FingerPosition::Unknown,
            width_px: 0,
            height_px: u16::MAX,
            quality: 0,
            minutiae: Vec::new(),
        };
        let entry = FingerEntry::of_minutiae(&nothing);
        assert!(entry.template.grid.cells.is_empty());
        let wide = FingerMinutiae { width_px: u16::MAX, ..nothing };
        let grid = FingerEntry::of_minutiae(&wide).template.grid;
        assert_eq!((grid.columns, grid.rows), (255, 255));
        assert!(grid.cells.iter().all(|c| *c == 0));
    }
}
