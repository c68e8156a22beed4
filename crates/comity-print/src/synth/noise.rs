//! Smooth random fields.

use super::dice::Dice;

/// Random numbers on a grid, read between its points; endless, since it repeats.
#[derive(Debug, Clone)]
pub struct SmoothNoise {
    side: usize,
    cell_px: f32,
    values: Vec<f32>,
}

impl SmoothNoise {
    /// A field with values of mean 0 and deviation about 1 that changes over `cell_px` pixels
    /// and repeats after `side` cells.
    pub fn new(dice: &mut Dice, cell_px: f32, side: usize) -> Self {
        let side = side.max(2);
        let values = (0..side * side).map(|_| dice.normal()).collect();
        Self { side, cell_px, values }
    }

    /// The value at a point, in pixels.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (column, fx) = split(x / self.cell_px, self.side);
        let (row, fy) = split(y / self.cell_px, self.side);
        let value = |dx: usize, dy: usize| {
            let index = (row + dy) % self.side * self.side + (column + dx) % self.side;
            self.values.get(index).copied().unwrap_or_default()
        };
        let top = value(0, 0) + (value(1, 0) - value(0, 0)) * fx;
        let bottom = value(0, 1) + (value(1, 1) - value(0, 1)) * fx;
        // Between grid points the mean of neighbors varies less; 1.5 makes up for it.
        1.5 * (top + (bottom - top) * fy)
    }
}

/// The cell of a coordinate and the eased way through it.
fn split(at: f32, side: usize) -> (usize, f32) {
    let floor = at.floor();
    let part = at - floor;
    let cell = (floor as i64).rem_euclid(side as i64) as usize;
    (cell, part * part * (3.0 - 2.0 * part))
}
