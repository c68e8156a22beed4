//! The template: what is kept of an impression to compare it.
//!
//! Seven bytes a minutia, and one byte for each cell of 16 x 16 pixels with the ridge direction.

use crate::extract::{Extraction, direction_rad};
use crate::minutia::{Minutia, MinutiaKind};
use std::fmt;

/// Side of a cell, in pixels of 500 an inch.
pub const CELL_PX: usize = 16;
/// Most minutiae of an extraction that its template keeps, and that are compared: the best.
pub const MINUTIAE_MAX: usize = 80;
/// Most minutiae that the bytes of a template hold: the best.
pub const STORED_MAX: usize = 255;
/// First bytes of a template; the last is the version of the form.
const MAGIC: [u8; 4] = *b"cft\x01";
/// Bytes before the minutiae: magic, length of all, minutiae, columns and rows of the grid, 0.
const HEADER: usize = 12;
/// Bytes of a minutia: x, y, angle, kind, quality.
const MINUTIA: usize = 7;
/// Bytes of the checksum at the end.
const CHECK: usize = 4;

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
        self.cells.get(self.number_at_px()(x, y) as usize).copied().unwrap_or(0)
    }

    /// Gives the number in `cells` of the cell around a point in pixels; outside, one that no
    /// cell has.
    #[allow(
        clippy::inline_always,
        reason = "vector instructions reach only what is inlined into the dispatch"
    )]
    #[inline(always)]
    pub(crate) fn number_at_px(&self) -> impl Fn(f32, f32) -> u32 + use<> {
        let (columns, rows) = (self.columns as f32, self.rows as f32);
        move |x, y| {
            let [column, row] = [x, y].map(|along| (along / CELL_PX as f32).floor());
            let inside = column >= 0.0 && row >= 0.0 && column < columns && row < rows;
            if inside { whole(row * columns + column) } else { u32::MAX }
        }
    }
}

/// A whole number below 2^23 as an integer, as vectors do it: they have no cast that saturates.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn whole(number: f32) -> u32 {
    (number + 8_388_608.0).to_bits() & 0x7f_ffff
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
        let minutiae = best(&extraction.found.minutiae, MINUTIAE_MAX);
        Self { minutiae, grid: grid(extraction) }
    }

    /// The template as bytes, little-endian (docs/adr/0031): a header, 7 bytes a minutia in
    /// their order, for each row of the grid the first cell inside, how many, and these; CRC-32.
    /// Beyond [`STORED_MAX`] minutiae the best are kept. A grid of more than 255 cells a side,
    /// 8 inches, is of no finger and is left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let minutiae = best(&self.minutiae, STORED_MAX);
        let sides = [self.grid.columns, self.grid.rows].map(|n| u8::try_from(n).unwrap_or(0));
        let known = sides[0] > 0 && self.grid.cells.len() == self.grid.columns * self.grid.rows;
        let [columns, rows] = if known && sides[1] > 0 { sides } else { [0, 0] };
        let mut out = MAGIC.to_vec();
        out.extend([0; 4]);
        out.extend([minutiae.len() as u8, columns, rows, 0]);
        for m in &minutiae {
            out.extend(m.x_px.to_le_bytes());
            out.extend(m.y_px.to_le_bytes());
            out.extend([m.angle, m.kind as u8, m.quality]);
        }
        if columns > 0 {
            for row in self.grid.cells.chunks(self.grid.columns) {
                let first = row.iter().position(|c| *c > 0).unwrap_or(0);
                let end = row.iter().rposition(|c| *c > 0).map_or(first, |last| last + 1);
                out.extend([first as u8, (end - first) as u8]);
                out.extend(&row[first..end]);
            }
        }
        let length = (out.len() + CHECK) as u32;
        out[4..8].copy_from_slice(&length.to_le_bytes());
        out.extend(crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// Reads what [`Template::to_bytes`] writes, and nothing else: one template has one form.
    ///
    /// # Errors
    /// The place and kind of the first fault.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TemplateError> {
        let wrong = |at: usize, problem: &'static str| TemplateError { at, problem };
        let head = bytes.get(..HEADER).ok_or(wrong(bytes.len(), "ends within the header"))?;
        if head[..3] != MAGIC[..3] {
            return Err(wrong(0, "is no template: the first bytes are not `cft`"));
        }
        if head[3] != MAGIC[3] {
            return Err(wrong(3, "has a version that is not read here; this is version 1"));
        }
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if length != bytes.len() || length < HEADER + CHECK {
            return Err(wrong(4, "states another length than it has"));
        }
        let (body, check) = bytes.split_at(length - CHECK);
        if crc32fast::hash(body).to_le_bytes() != check {
            return Err(wrong(length - CHECK, "has another checksum than its bytes"));
        }
        let &[count, columns, rows, spare] = &head[8..] else {
            return Err(wrong(8, "ends within the header"));
        };
        if spare != 0 {
            return Err(wrong(11, "must be 0"));
        }
        let minutiae_end = HEADER + usize::from(count) * MINUTIA;
        let part = body.get(HEADER..minutiae_end).ok_or(wrong(8, "counts too many minutiae"))?;
        let mut minutiae = Vec::with_capacity(usize::from(count));
        for (k, m) in part.chunks_exact(MINUTIA).enumerate() {
            let at = HEADER + k * MINUTIA;
            let kind = kind_of(m[5]).ok_or(wrong(at + 5, "is no kind of minutia"))?;
            if m[6] > 100 {
                return Err(wrong(at + 6, "is a quality above 100"));
            }
            let (x_px, y_px) = (u16::from_le_bytes([m[0], m[1]]), u16::from_le_bytes([m[2], m[3]]));
            minutiae.push(Minutia { x_px, y_px, angle: m[4], kind, quality: m[6] });
        }
        let grid = grid_of(body, minutiae_end, usize::from(columns), usize::from(rows))?;
        Ok(Self { minutiae, grid })
    }
}

/// A minutia of a template's bytes, by its number; the bytes are not checked.
pub(crate) fn minutia_at(bytes: &[u8], number: usize) -> Option<Minutia> {
    let m = bytes.get(HEADER + number * MINUTIA..)?.first_chunk::<MINUTIA>()?;
    Some(Minutia {
        x_px: u16::from_le_bytes([m[0], m[1]]),
        y_px: u16::from_le_bytes([m[2], m[3]]),
        angle: m[4],
        kind: kind_of(m[5]).unwrap_or(MinutiaKind::Other),
        quality: m[6],
    })
}

/// Why bytes are no template: where, and what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateError {
    /// Bytes from the start.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template, byte {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for TemplateError {}

/// The minutiae of best quality, in the order given; of equal ones the first.
pub(crate) fn best(minutiae: &[Minutia], most: usize) -> Vec<Minutia> {
    if minutiae.len() <= most {
        return minutiae.to_vec();
    }
    let mut order: Vec<usize> = (0..minutiae.len()).collect();
    order.sort_by_key(|&k| std::cmp::Reverse(minutiae[k].quality));
    order.truncate(most);
    order.sort_unstable();
    order.into_iter().map(|k| minutiae[k]).collect()
}

fn kind_of(code: u8) -> Option<MinutiaKind> {
    [MinutiaKind::Other, MinutiaKind::Ending, MinutiaKind::Bifurcation]
        .into_iter()
        .find(|k| *k as u8 == code)
}

/// The grid of a template's bytes, from `at` to their end.
fn grid_of(
    body: &[u8],
    mut at: usize,
    columns: usize,
    rows: usize,
) -> Result<DirectionGrid, TemplateError> {
    if (columns == 0) != (rows == 0) {
        return Err(TemplateError { at: 9, problem: "is a grid with one side only" });
    }
    let mut cells = vec![0; columns * rows];
    for row in cells.chunks_mut(columns.max(1)) {
        let wrong = |problem| TemplateError { at, problem };
        let Some(&[first, count]) = body.get(at..at + 2) else {
            return Err(wrong("ends within the grid"));
        };
        let (first, count) = (usize::from(first), usize::from(count));
        let Some(to) = row.get_mut(first..first + count) else {
            return Err(wrong("is a row wider than the grid"));
        };
        let Some(from) = body.get(at + 2..at + 2 + count) else {
            return Err(wrong("ends within the grid"));
        };
        let outside = from.first() == Some(&0) || from.last() == Some(&0);
        if outside || (count == 0 && first > 0) {
            return Err(wrong("is a row that begins or ends outside the print"));
        }
        to.copy_from_slice(from);
        at += 2 + count;
    }
    if at != body.len() {
        return Err(TemplateError { at, problem: "goes on after the grid" });
    }
    Ok(DirectionGrid { columns, rows, cells })
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
