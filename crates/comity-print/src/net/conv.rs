//! Convolutions, with every sum in a fixed order: the same bits with and without vectors.

use super::weights::Shape;

/// Outputs that are computed side by side; a layer's outputs are filled up to whole blocks.
pub(crate) const LANES: usize = 16;
/// Places that are computed together, so that a weight is fetched once for all.
const PLACES: usize = 6;

/// A convolution and what its outputs are cut at.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub shape: Shape,
    /// For every block of outputs.
    pub biases: Vec<[f32; LANES]>,
    /// For every block of outputs the taps: row by row, column by column, input by input.
    pub weights: Vec<[f32; LANES]>,
}

/// Values by places, row by row, the channels of a place side by side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Map {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    pub values: Vec<f32>,
}

impl Map {
    /// All 0.
    pub(crate) fn new(width: usize, height: usize, channels: usize) -> Self {
        Self { width, height, channels, values: vec![0.0; width * height * channels] }
    }

    /// With a margin of zeros; below and right room for whole groups of places.
    fn padded(&self, margin: usize, right: usize) -> Self {
        let mut out =
            Self::new(self.width + margin + right, self.height + 2 * margin, self.channels);
        let row = self.width * self.channels;
        if row > 0 {
            for (y, from) in self.values.chunks_exact(row).enumerate() {
                let at = ((y + margin) * out.width + margin) * self.channels;
                out.values[at..at + row].copy_from_slice(from);
            }
        }
        out
    }

    /// Every place of a map of half the sides added to the four places that it covers.
    pub(crate) fn add_doubled(&mut self, coarse: &Self) {
        let c = self.channels;
        for (y, row) in self.values.chunks_exact_mut(self.width * c).enumerate() {
            for (x, place) in row.chunks_exact_mut(c).enumerate() {
                let at = (y / 2 * coarse.width + x / 2) * c;
                for (value, more) in place.iter_mut().zip(&coarse.values[at..at + c]) {
                    *value += more;
                }
            }
        }
    }

    /// The sum of two maps of the same sides.
    pub(crate) fn add(&mut self, other: &Self) {
        for (value, more) in self.values.iter_mut().zip(&other.values) {
            *value += more;
        }
    }
}

impl Layer {
    /// The layer's answer to a map; beyond the map's edges everything is 0.
    #[allow(
        clippy::inline_always,
        reason = "vector instructions reach only what is inlined into the dispatch"
    )]
    #[inline(always)]
    pub(crate) fn of(&self, input: &Map) -> Map {
        let Shape { outputs, inputs, side, stride, dilation, cut } = self.shape;
        let (width, height) = (input.width.div_ceil(stride), input.height.div_ceil(stride));
        let margin = side / 2 * dilation;
        // The last group of places may begin at the last place.
        let padded = input.padded(margin, margin + PLACES * stride);
        let mut out = Map::new(width, height, outputs);
        let taps = side * side * inputs;
        for (block, bias) in self.biases.iter().enumerate() {
            let weights = &self.weights[block * taps..(block + 1) * taps];
            let first = block * LANES;
            let wide = LANES.min(outputs - first);
            for y in 0..height {
                for x in (0..width).step_by(PLACES) {
                    let corner = (y * stride * padded.width + x * stride) * inputs;
                    let mut sums = [*bias; PLACES];
                    group(&mut sums, &padded, weights, corner, self.shape);
                    for (k, sum) in sums.iter().enumerate().take(width - x) {
                        let at = (y * width + x + k) * outputs + first;
                        for (value, s) in out.values[at..at + wide].iter_mut().zip(sum) {
                            *value = if cut { s.max(0.0) } else { *s };
                        }
                    }
                }
            }
        }
        out
    }
}

/// Adds the products of all taps at a group of places, in the order of the weights.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
fn group(
    sums: &mut [[f32; LANES]; PLACES],
    padded: &Map,
    weights: &[[f32; LANES]],
    corner: usize,
    shape: Shape,
) {
    let Shape { inputs, side, stride, dilation, .. } = shape;
    let mut local = *sums;
    for (tap, weights) in weights.chunks_exact(inputs).enumerate() {
        let (row, column) = (tap / side * dilation, tap % side * dilation);
        let from = corner + (row * padded.width + column) * inputs;
        let seen = &padded.values[from..from + ((PLACES - 1) * stride + 1) * inputs];
        let places: [&[f32]; PLACES] =
            std::array::from_fn(|k| &seen[k * stride * inputs..][..inputs]);
        for (i, weight) in weights.iter().enumerate() {
            for (sum, place) in local.iter_mut().zip(&places) {
                let value = place[i];
                for (s, w) in sum.iter_mut().zip(weight) {
                    *s += value * w;
                }
            }
        }
    }
    *sums = local;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::with_vectors;

    /// One output, straight from the definition.
    fn plainly(layer: &Layer, input: &Map, x: usize, y: usize, out: usize) -> f32 {
        let Shape { inputs, side, stride, dilation, cut, .. } = layer.shape;
        let mut sum = layer.biases[out / LANES][out % LANES];
        let margin = (side / 2 * dilation) as isize;
        for row in 0..side {
            for column in 0..side {
                let v = (y * stride + row * dilation) as isize - margin;
                let u = (x * stride + column * dilation) as isize - margin;
                if u < 0 || v < 0 || u >= input.width as isize || v >= input.height as isize {
                    continue;
                }
                for i in 0..inputs {
                    let tap = (row * side + column) * inputs + i;
                    let weights = out / LANES * side * side * inputs;
                    sum += input.values[(v as usize * input.width + u as usize) * inputs + i]
                        * layer.weights[weights + tap][out % LANES];
                }
            }
        }
        if cut { sum.max(0.0) } else { sum }
    }

    #[test]
    fn a_layer_is_its_definition_with_and_without_vectors() {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        for (outputs, inputs, side, stride, dilation) in
            [(16, 1, 5, 1, 1), (32, 16, 3, 2, 1), (9, 32, 1, 1, 1), (48, 5, 3, 1, 4)]
        {
            let blocks = usize::div_ceil(outputs, LANES);
            let shape = Shape { outputs, inputs, side, stride, dilation, cut: outputs > 9 };
            let mut many = |n: usize| -> Vec<[f32; LANES]> {
                (0..n).map(|_| std::array::from_fn(|_| next())).collect()
            };
            let layer =
                Layer { shape, biases: many(blocks), weights: many(blocks * side * side * inputs) };
            let mut input = Map::new(13, 8, inputs);
            input.values.iter_mut().for_each(|v| *v = next());
            let out = with_vectors!(
                pulp::Arch::new(),
                [layer: &Layer = &layer, input: &Map = &input] -> Map { layer.of(input) }
            );
            assert_eq!((out.width, out.height), (13usize.div_ceil(stride), 8 / stride));
            for (at, value) in out.values.iter().enumerate() {
                let (place, k) = (at / outputs, at % outputs);
                let (x, y) = (place % out.width, place / out.width);
                assert_eq!(value.to_bits(), plainly(&layer, &input, x, y, k).to_bits());
            }
        }
    }
}
