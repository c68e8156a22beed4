//! The second pass: minutiae vote for the shift and turn that would lay one print on another.

use crate::Minutia;

/// Turns tried: -40 to 40 degrees in steps of 10.
const TURNS: usize = 9;
/// Cells of shift, 16 pixels each, around none.
const SIDE: usize = 40;
const CELL_PX: i32 = 16;
/// Half a step of turn, and the most that a print is turned, in 256ths.
const STEP: i32 = 7;
const TURN_MAX: i32 = STEP * TURNS as i32 / 2;

/// Votes of one comparison; made once, used for many.
#[derive(Debug)]
pub struct Votes {
    cells: Vec<u16>,
    touched: Vec<u32>,
    sines: [(i32, i32); TURNS],
}

impl Default for Votes {
    fn default() -> Self {
        let sines = std::array::from_fn(|t| {
            let turn = (t as i32 - TURNS as i32 / 2) * STEP;
            let (sin, cos) = (turn as f32 / 256.0 * std::f32::consts::TAU).sin_cos();
            ((sin * 1024.0).round() as i32, (cos * 1024.0).round() as i32)
        });
        Self { cells: vec![0; TURNS * SIDE * SIDE], touched: Vec::new(), sines }
    }
}

impl Votes {
    /// The most weight that one shift and turn, with its neighbors, gets: larger is likelier
    /// one finger. In 4ths of a pair.
    pub fn score(&mut self, probe: &[Minutia], candidate: &[Minutia]) -> i32 {
        for c in candidate {
            for p in probe {
                let turn = i32::from(p.angle.wrapping_sub(c.angle) as i8);
                if turn.abs() <= TURN_MAX {
                    self.vote(p, c, turn);
                }
            }
        }
        let best = self.best();
        for i in self.touched.drain(..) {
            if let Some(cell) = self.cells.get_mut(i as usize) {
                *cell = 0;
            }
        }
        // Both numbers of minutiae make chance votes; their geometric mean is about the root.
        let chance = ((probe.len() * candidate.len()) as f32).sqrt() * 0.12;
        best - (4.0 * chance) as i32
    }

    /// A pair votes for its turn and, by its shift, for the four cells around.
    fn vote(&mut self, p: &Minutia, c: &Minutia, turn: i32) {
        let number = (turn + TURN_MAX) / STEP;
        let number = number.clamp(0, TURNS as i32 - 1) as usize;
        let Some((sin, cos)) = self.sines.get(number).copied() else { return };
        // Around the middle of the print, so that turning moves little. y points down.
        let (x, y) = (i32::from(c.x_px) - 200, i32::from(c.y_px) - 240);
        let dx = i32::from(p.x_px) - 200 - (cos * x + sin * y) / 1024;
        let dy = i32::from(p.y_px) - 240 - (cos * y - sin * x) / 1024;
        let half = (SIDE as i32 / 2) * CELL_PX;
        let (u, v) = (dx + half - CELL_PX / 2, dy + half - CELL_PX / 2);
        if u < 0 || v < 0 || u >= (SIDE as i32 - 1) * CELL_PX || v >= (SIDE as i32 - 1) * CELL_PX {
            return;
        }
        let (column, row) = ((u / CELL_PX) as usize, (v / CELL_PX) as usize);
        let (fx, fy) = (u % CELL_PX, v % CELL_PX);
        let weights = [(16 - fx) * (16 - fy), fx * (16 - fy), (16 - fx) * fy, fx * fy];
        let first = (number * SIDE + row) * SIDE + column;
        for (k, weight) in weights.into_iter().enumerate() {
            let index = first + k / 2 * SIDE + k % 2;
            if let Some(cell) = self.cells.get_mut(index) {
                if *cell == 0 {
                    self.touched.push(index as u32);
                }
                *cell = cell.saturating_add((weight / 8) as u16 + 1);
            }
        }
    }

    /// The best cell with the same shift one turn on.
    fn best(&self) -> i32 {
        let at = |i: usize| i32::from(self.cells.get(i).copied().unwrap_or_default());
        let layer = SIDE * SIDE;
        let sum = |i: &u32| {
            let i = *i as usize;
            let beside = at(i + layer).max(if i >= layer { at(i - layer) } else { 0 });
            at(i) + beside / 2
        };
        self.touched.iter().map(sum).max().unwrap_or(0) / 8
    }
}
