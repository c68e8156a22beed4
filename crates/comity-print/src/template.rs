//! The template: what is kept of an impression to compare it.
//!
//! Eight bytes a minutia, and one byte for each cell of 16 x 16 pixels with the ridge direction.

use crate::extract::{Extraction, direction_rad};
use crate::minutia::Minutia;

/// Side of a cell, in pixels of 500 an inch.
pub const CELL_PX: usize = 16;
/// Most minutiae that a template keeps: the best.
pub const MINUTIAE_MAX: usize = 80;

/// Ridge directions by cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectionGrid {
    /// Cells across.
    pub columns: usize,
    /// Cells down.
    pub rows: usize,
    /// 0 outside the print, else 1 + the direction in 255ths of half a turn, x right, y down.
    pub cells: Vec<u8>,
}

impl DirectionGrid {
    /// The cell around a point in pixels; 0 outside.
    pub fn at_px(&self, x: f32, y: f32) -> u8 {
        if x < 0.0 || y < 0.0 {
            return 0;
        }
        let (column, row) = (x as usize / CELL_PX, y as usize / CELL_PX);
        if column >= self.columns || row >= self.rows {
            return 0;
        }
        self.cells[row * self.columns + column]
    }
}

/// What is kept of an impression.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The best minutiae.
    pub minutiae: Vec<Minutia>,
    /// Ridge directions.
    pub grid: DirectionGrid,
}

impl Template {
    /// The template of an extraction.
    pub fn of(extraction: &Extraction) -> Self {
        let mut minutiae = extraction.found.minutiae.clone();
        minutiae.truncate(MINUTIAE_MAX);
        Self { minutiae, grid: grid(extraction) }
    }
}

fn grid(extraction: &Extraction) -> DirectionGrid {
    let (ridges, mask) = (&extraction.ridges, &extraction.mask);
    let (columns, rows) = (ridges.width.div_ceil(2), ridges.height.div_ceil(2));
    let mut cells = vec![0; columns * rows];
    for (at, cell) in cells.iter_mut().enumerate() {
        let (column, row) = (at % columns, at / columns);
        let (mut cos2, mut sin2, mut inside) = (0.0f32, 0.0f32, 0);
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = ((2 * column + dx) as isize, (2 * row + dy) as isize);
            if mask.at(x, y) {
                let ridge = ridges.at(x, y);
                cos2 += ridge.cos2;
                sin2 += ridge.sin2;
                inside += 1;
            }
        }
        if inside >= 2 {
            let turn = direction_rad(cos2, sin2) / std::f32::consts::PI;
            *cell = 1 + ((turn * 255.0).round() as u32 % 255) as u8;
        }
    }
    DirectionGrid { columns, rows, cells }
}
