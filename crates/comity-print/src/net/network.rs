//! The network: what it computes of a print, and in which order.

use super::conv::{Layer, Map};
use super::weights::{self, Shape, WeightsError};
use crate::extract::Plane;
use crate::vectors::with_vectors;

/// What is said of every cell of 8 x 8 pixels, in the order of the last layer.
pub(crate) const ANSWERS: usize = 9;
/// Sides of the input must be whole multiples of this; it is filled up with 0.
const WHOLE: usize = 8;
/// Larger inputs are worked on in parts of this side, so that a page takes no more memory than a
/// print.
const PART: usize = 512;
/// What a part sees beyond what is taken of it: about as far as the network looks.
const MARGIN: usize = 96;

/// What the network says of a print.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    /// At half the resolution: how surely a ridge is there (positive) or a valley.
    pub ridges: Plane<f32>,
    /// By cells of 8 pixels: print or not (positive: print); cosine and sine of twice the ridge
    /// direction; minutia (positive: likely); its place from the middle of the cell, right and
    /// down, in cells; cosine and sine of its direction, counterclockwise; fork (positive) or end.
    pub cells: Plane<[f32; ANSWERS]>,
}

/// The layers.
#[derive(Debug, Clone)]
pub(crate) struct Network(Vec<Layer>);

const fn unit(outputs: usize, inputs: usize) -> Shape {
    Shape { outputs, inputs, side: 3, stride: 1, dilation: 1, cut: true }
}

const SHAPES: [Shape; 21] = {
    let (a, b, c) = (16, 32, 48);
    [
        Shape { side: 5, ..unit(a, 1) },
        Shape { stride: 2, ..unit(b, a) },
        unit(b, b),
        unit(b, b),
        Shape { stride: 2, ..unit(c, b) },
        unit(c, c),
        unit(c, c),
        Shape { stride: 2, ..unit(c, c) },
        unit(c, c),
        Shape { dilation: 2, ..unit(c, c) },
        Shape { dilation: 4, ..unit(c, c) },
        Shape { side: 1, ..unit(c, c) },
        unit(c, c),
        Shape { side: 1, ..unit(b, c) },
        unit(b, b),
        unit(b, b),
        Shape { side: 1, cut: false, ..unit(4, b) },
        Shape { stride: 2, ..unit(c, b) },
        unit(c, c),
        unit(c, c),
        Shape { side: 1, cut: false, ..unit(ANSWERS, c) },
    ]
};

impl Network {
    /// Reads the weights.
    ///
    /// # Errors
    /// The place and kind of the first fault.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        weights::read(bytes, &SHAPES).map(Self)
    }

    /// What it says of a print at half the resolution with its contrast evened out.
    pub(crate) fn on(&self, arch: pulp::Arch, half: &Plane<f32>) -> Said {
        if half.width <= PART && half.height <= PART {
            return self.on_part(arch, half);
        }
        let mut said = Said {
            ridges: Plane::new(half.width, half.height),
            cells: Plane::new(half.width.div_ceil(4), half.height.div_ceil(4)),
        };
        for top in (0..half.height).step_by(PART - 2 * MARGIN) {
            for left in (0..half.width).step_by(PART - 2 * MARGIN) {
                let (x, y) = (left.saturating_sub(MARGIN), top.saturating_sub(MARGIN));
                let part = self.on_part(arch, &cut(half, x, y, PART));
                paste(&mut said.ridges, &part.ridges, (left, top), (left - x, top - y));
                let quarter = |a: usize| a / 4;
                let at = (quarter(left), quarter(top));
                paste(&mut said.cells, &part.cells, at, (quarter(left - x), quarter(top - y)));
            }
        }
        said
    }

    fn on_part(&self, arch: pulp::Arch, half: &Plane<f32>) -> Said {
        let mut input =
            Map::new(half.width.next_multiple_of(WHOLE), half.height.next_multiple_of(WHOLE), 1);
        for y in 0..half.height {
            let at = y * input.width;
            let row = &half.values[y * half.width..(y + 1) * half.width];
            input.values[at..at + half.width].copy_from_slice(row);
        }
        let run = |layer: usize, map: &Map| {
            let layer = &self.0[layer];
            with_vectors!(arch, [layer: &Layer = layer, map: &Map = map] -> Map { layer.of(map) })
        };
        let mut q = run(3, &run(2, &run(1, &run(0, &input))));
        let mut e = run(6, &run(5, &run(4, &q)));
        let s = run(10, &run(9, &run(8, &run(7, &e))));
        e.add_doubled(&run(11, &s));
        e = run(12, &e);
        q.add_doubled(&run(13, &e));
        q = run(15, &run(14, &q));
        let ridges = run(16, &q);
        e.add(&run(17, &q));
        let cells = run(20, &run(19, &run(18, &e)));
        Said { ridges: spread(&ridges, half), cells: told(&cells, half) }
    }
}

/// The part of a plane from a corner on, at most so wide and high.
fn cut(plane: &Plane<f32>, x: usize, y: usize, side: usize) -> Plane<f32> {
    let mut part = Plane::new((plane.width - x).min(side), (plane.height - y).min(side));
    for (k, row) in part.values.chunks_exact_mut(part.width).enumerate() {
        let from = (y + k) * plane.width + x;
        row.copy_from_slice(&plane.values[from..from + row.len()]);
    }
    part
}

/// A part of a plane from its `skip` on, put into another at `at`; what was there is replaced.
fn paste<T: Copy>(into: &mut Plane<T>, part: &Plane<T>, at: (usize, usize), skip: (usize, usize)) {
    let width = (part.width - skip.0).min(into.width - at.0);
    let height = (part.height - skip.1).min(into.height - at.1);
    for k in 0..height {
        let (to, from) = ((at.1 + k) * into.width + at.0, (skip.1 + k) * part.width + skip.0);
        into.values[to..to + width].copy_from_slice(&part.values[from..from + width]);
    }
}

/// What is said of a cell; of the nearest one beyond the last, which half a pixel may be.
pub(crate) fn cell(said: &Said, column: usize, row: usize) -> [f32; ANSWERS] {
    let cells = &said.cells;
    let (x, y) =
        (column.min(cells.width.saturating_sub(1)), row.min(cells.height.saturating_sub(1)));
    cells.at(x as isize, y as isize)
}

/// The four answers of a place as the four pixels that it covers.
fn spread(ridges: &Map, half: &Plane<f32>) -> Plane<f32> {
    let mut out = Plane::new(half.width, half.height);
    for y in 0..half.height {
        for x in 0..half.width {
            let place = (y / 2 * ridges.width + x / 2) * ridges.channels;
            out.values[y * half.width + x] = ridges.values[place + y % 2 * 2 + x % 2];
        }
    }
    out
}

/// The cells that hold pixels of the print.
fn told(cells: &Map, half: &Plane<f32>) -> Plane<[f32; ANSWERS]> {
    let mut out = Plane::<[f32; ANSWERS]>::new(half.width.div_ceil(4), half.height.div_ceil(4));
    for y in 0..out.height {
        for x in 0..out.width {
            let from = (y * cells.width + x) * ANSWERS;
            out.values[y * out.width + x].copy_from_slice(&cells.values[from..from + ANSWERS]);
        }
    }
    out
}
