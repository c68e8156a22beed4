//! The symmetric wavelet transform of IAFIS-IC-0110v3, annex A: odd filters, whole-sample
//! symmetric extension at both ends. Every number is an `f32` and every sum goes in one
//! order, so that the coefficients are the same on every machine.

use super::tree::{Band, Tree};
use std::array;

/// Most taps of a filter on one side of its center.
pub const HALF_MAX: usize = 15;

/// A pair of analysis filters, each symmetric, from the center tap outward.
#[derive(Debug, Clone, PartialEq)]
pub struct Filters {
    /// The low-pass filter.
    pub low: Vec<f32>,
    /// The high-pass filter.
    pub high: Vec<f32>,
}

impl Default for Filters {
    /// The 9/7 pair that every encoder uses.
    fn default() -> Self {
        Self {
            low: vec![0.852_698_7, 0.377_402_85, -0.110_624_4, -0.023_849_465, 0.037_828_457],
            high: vec![0.788_485_6, -0.418_092_28, -0.040_689_416, 0.064_538_88],
        }
    }
}

/// A filter by the parity of the sample it is centered on, with every tap written out.
struct Taps {
    /// Distance of the outermost tap from the center.
    half: usize,
    /// Taps for an even and for an odd sample, `2 * half + 1` each.
    taps: [Vec<f32>; 2],
}

impl Taps {
    /// Analysis: even samples become low-pass coefficients, odd ones high-pass.
    fn analysis(filters: &Filters) -> Self {
        let half = filters.low.len().max(filters.high.len()) - 1;
        let full = |filter: &[f32]| -> Vec<f32> {
            (0..=2 * half).map(|i| tap(filter, i.abs_diff(half))).collect()
        };
        Self { half, taps: [full(&filters.low), full(&filters.high)] }
    }

    /// Synthesis: the low-pass filter is the analysis high-pass one with every other sign
    /// turned, and the other way round; a sample sums the coefficients of both around it.
    fn synthesis(filters: &Filters) -> Self {
        let half = filters.low.len().max(filters.high.len()) - 1;
        let signed = |filter: &[f32], distance: usize| {
            let value = tap(filter, distance);
            if distance.is_multiple_of(2) { value } else { -value }
        };
        let taps = array::from_fn(|parity| {
            let one = |i: usize| {
                let distance = i.abs_diff(half);
                let is_low = (parity + distance).is_multiple_of(2);
                signed(if is_low { &filters.high } else { &filters.low }, distance)
            };
            (0..=2 * half).map(one).collect()
        });
        Self { half, taps }
    }

    /// Filters the middle of `padded`, which holds `half` samples more at both ends.
    fn apply(&self, padded: &[f32], out: &mut [f32]) {
        for (i, value) in out.iter_mut().enumerate() {
            let window = &padded[i..=i + 2 * self.half];
            let mut sum = 0.0;
            for (sample, tap) in window.iter().zip(&self.taps[i & 1]) {
                sum += sample * tap;
            }
            *value = sum;
        }
    }
}

fn tap(filter: &[f32], distance: usize) -> f32 {
    filter.get(distance).copied().unwrap_or(0.0)
}

/// Where sample `at` (counted from `half` before the first) lies in `length` samples that
/// are mirrored at both ends, the end samples standing once.
fn mirrored(at: usize, half: usize, length: usize) -> usize {
    let period = (2 * (length - 1)).max(1);
    let folded = (at + period * half.div_ceil(period) - half) % period;
    if folded < length { folded } else { period - folded }
}

/// One line of samples with its mirrored ends.
struct Line {
    half: usize,
    padded: Vec<f32>,
    out: Vec<f32>,
}

impl Line {
    fn new(half: usize, longest: usize) -> Self {
        Self { half, padded: vec![0.0; longest + 2 * half], out: vec![0.0; longest] }
    }

    /// Fills the line with `get(i)` for every sample, and mirrors its ends.
    fn fill(&mut self, length: usize, get: impl Fn(usize) -> f32) {
        for i in 0..length {
            self.padded[self.half + i] = get(i);
        }
        for i in (0..self.half).chain(self.half + length..length + 2 * self.half) {
            let from = mirrored(i, self.half, length);
            // Only in a line of one sample does the mirror lead to the other parity, of which
            // there is no coefficient.
            let same_parity = (i + self.half + from).is_multiple_of(2);
            self.padded[i] =
                if length > 1 || same_parity { self.padded[self.half + from] } else { 0.0 };
        }
    }
}

/// The place of the coefficient of sample `i` in its half line.
fn place(i: usize, length: usize, flip: bool) -> usize {
    match (i.is_multiple_of(2), flip) {
        (true, false) => i / 2,
        (false, false) => length.div_ceil(2) + i / 2,
        (true, true) => length / 2 + i / 2,
        (false, true) => i / 2,
    }
}

/// Image to coefficients, in place, in the order of the tree's splits.
pub fn analyze(plane: &mut [f32], width: usize, tree: &Tree, filters: &Filters) {
    let taps = Taps::analysis(filters);
    let mut line = Line::new(taps.half, width.max(plane.len() / width.max(1)));
    for band in &tree.splits {
        for (start, step, length, flip) in lines(band, width) {
            line.fill(length, |i| plane[start + i * step]);
            // Samples of a line of one: there is no other parity, the mirror is the sample.
            if length == 1 {
                let only = line.padded[line.half];
                line.padded[..=2 * line.half].fill(only);
            }
            taps.apply(&line.padded[..length + 2 * line.half], &mut line.out[..length]);
            for i in 0..length {
                plane[start + place(i, length, flip) * step] = line.out[i];
            }
        }
    }
}

/// Coefficients to image, in place, in the reverse order of the tree's splits.
pub fn synthesize(plane: &mut [f32], width: usize, tree: &Tree, filters: &Filters) {
    let taps = Taps::synthesis(filters);
    let mut line = Line::new(taps.half, width.max(plane.len() / width.max(1)));
    for band in tree.splits.iter().rev() {
        let all: Vec<_> = lines(band, width).collect();
        for (start, step, length, flip) in all.into_iter().rev() {
            line.fill(length, |i| plane[start + place(i, length, flip) * step]);
            taps.apply(&line.padded[..length + 2 * line.half], &mut line.out[..length]);
            for i in 0..length {
                plane[start + i * step] = line.out[i];
            }
        }
    }
}

/// The lines of a rectangle, rows first: start, distance of its samples, length, turned.
fn lines(band: &Band, width: usize) -> impl Iterator<Item = (usize, usize, usize, bool)> {
    let band = *band;
    let corner = band.y * width + band.x;
    let rows = (0..band.height).map(move |y| (corner + y * width, 1, band.width, band.flip_x));
    let columns = (0..band.width).map(move |x| (corner + x, width, band.height, band.flip_y));
    // A rectangle without area has neither rows nor columns that hold samples.
    rows.chain(columns).filter(|(_, _, length, _)| *length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synthesis_undoes_analysis() {
        for (width, height) in [(64, 48), (37, 53), (5, 3), (1, 9), (1, 1), (2, 2), (10, 10)] {
            let image: Vec<f32> = (0..width * height)
                .map(|i: usize| ((i * 7919 + i * i * 31) % 256) as f32 - 128.0)
                .collect();
            let tree = Tree::new(width, height);
            let mut plane = image.clone();
            analyze(&mut plane, width, &tree, &Filters::default());
            assert_ne!(plane, image);
            synthesize(&mut plane, width, &tree, &Filters::default());
            let worst = plane.iter().zip(&image).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 0.01, "{width} x {height}: off by {worst}");
        }
    }

    #[test]
    fn a_line_is_mirrored_at_both_ends() {
        let found: Vec<usize> = (0..11).map(|i| mirrored(i, 4, 3)).collect();
        assert_eq!(found, [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
        assert!((0..9).all(|i| mirrored(i, 4, 1) == 0));
    }
}
