//! The print with its contrast evened out.

use super::plane::Plane;
use super::spectrum::BLOCK_PX;
use crate::GrayImage;

/// Half the side of the window that mean and contrast are taken over, in pixels of 500 an inch:
/// the window holds three to four ridges.
const WINDOW_RADIUS_PX: usize = 16;
/// Gray levels added to the contrast, so that an empty background stays quiet.
const CONTRAST_FLOOR: f32 = 6.0;
const CLAMP: f32 = 2.0;
/// Side of the cells that a block's contrast is taken from.
const CELL_PX: usize = BLOCK_PX / 2;

/// The print with local mean 0 and local contrast about 1.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn even_out(image: &GrayImage) -> Plane<f32> {
    let (w, h) = (image.width_px(), image.height_px());
    let mut even = Plane::new(w, h);
    let mut window = Window::new(image, WINDOW_RADIUS_PX, WINDOW_RADIUS_PX + 1);
    for y in 0..h {
        window.slide(y);
        let out = &mut even.values[y * w..(y + 1) * w];
        let levels = window.means.iter().zip(&window.variances);
        for ((value, &pixel), (mean, variance)) in out.iter_mut().zip(image.row(y)).zip(levels) {
            let scaled = (f32::from(pixel) - mean) / (variance.sqrt() + CONTRAST_FLOOR);
            *value = scaled.clamp(-CLAMP, CLAMP);
        }
    }
    even
}

/// The contrast of each block in gray levels: the deviation in a window of 16 x 16 pixels.
pub(crate) fn contrasts(image: &GrayImage) -> Plane<f32> {
    let (w, h) = (image.width_px(), image.height_px());
    let mut found = Plane::new(w.div_ceil(BLOCK_PX), h.div_ceil(BLOCK_PX));
    // The window is four cells of a quarter block's pixels across and down.
    let (columns, rows) = (2 * found.width + 2, 2 * found.height + 2);
    let mut cells = vec![(0u32, 0u32, 0u32); columns * rows];
    for y in 0..h {
        let line = &mut cells[(y / CELL_PX + 1) * columns + 1..];
        for (cell, pixels) in line.iter_mut().zip(image.row(y).chunks(CELL_PX)) {
            for &pixel in pixels {
                cell.0 += u32::from(pixel);
                cell.1 += u32::from(pixel) * u32::from(pixel);
            }
            cell.2 += pixels.len() as u32;
        }
    }
    for (at, contrast) in found.values.iter_mut().enumerate() {
        let first = 2 * (at / found.width) * columns + 2 * (at % found.width);
        let (mut sum, mut square, mut count) = (0, 0, 0);
        for row in 0..4 {
            for cell in &cells[first + row * columns..first + row * columns + 4] {
                (sum, square, count) = (sum + cell.0, square + cell.1, count + cell.2);
            }
        }
        let mean = sum as f32 / count as f32;
        *contrast = (square as f32 / count as f32 - mean * mean).max(0.0).sqrt();
    }
    found
}

/// Mean and variance of the gray levels in a window that slides down an image.
struct Window<'a> {
    image: &'a GrayImage,
    /// Pixels of the window before its middle, and from its middle on.
    before: usize,
    after: usize,
    /// The rows that the columns' sums hold: from `top`, to before `bottom`.
    top: usize,
    bottom: usize,
    /// Each column's sum of the levels and of their squares.
    sums: Vec<u32>,
    squares: Vec<u32>,
    /// The same over all columns to the left. They may wrap; a window's difference does not.
    sums_left: Vec<u32>,
    squares_left: Vec<u32>,
    means: Vec<f32>,
    variances: Vec<f32>,
}

impl<'a> Window<'a> {
    fn new(image: &'a GrayImage, before: usize, after: usize) -> Self {
        let w = image.width_px();
        Self {
            image,
            before,
            after,
            top: 0,
            bottom: 0,
            sums: vec![0; w],
            squares: vec![0; w],
            sums_left: vec![0; w + 1],
            squares_left: vec![0; w + 1],
            means: vec![0.0; w],
            variances: vec![0.0; w],
        }
    }

    /// Moves down to a row: its means and variances are known then.
    #[allow(
        clippy::inline_always,
        reason = "vector instructions reach only what is inlined into the dispatch"
    )]
    #[inline(always)]
    fn slide(&mut self, y: usize) {
        let (w, h) = (self.image.width_px(), self.image.height_px());
        while self.bottom < (y + self.after).min(h) {
            let columns = self.sums.iter_mut().zip(&mut self.squares);
            for ((sum, square), &pixel) in columns.zip(self.image.row(self.bottom)) {
                *sum += u32::from(pixel);
                *square += u32::from(pixel) * u32::from(pixel);
            }
            self.bottom += 1;
        }
        while self.top < y.saturating_sub(self.before) {
            let columns = self.sums.iter_mut().zip(&mut self.squares);
            for ((sum, square), &pixel) in columns.zip(self.image.row(self.top)) {
                *sum -= u32::from(pixel);
                *square -= u32::from(pixel) * u32::from(pixel);
            }
            self.top += 1;
        }
        let (mut sum, mut square) = (0u32, 0u32);
        for x in 0..w {
            sum = sum.wrapping_add(self.sums[x]);
            square = square.wrapping_add(self.squares[x]);
            self.sums_left[x + 1] = sum;
            self.squares_left[x + 1] = square;
        }
        let side = self.before + self.after;
        let first = self.before.min(w);
        let last = (w + 1).saturating_sub(self.after).max(first);
        for x in (0..first).chain(last..w) {
            self.one(x);
        }
        // The windows that lie whole between the left and the right edge.
        let scale = 1.0 / ((self.bottom - self.top) * side) as f32;
        let n = last - first;
        let ends = self.sums_left[..n].iter().zip(&self.sums_left[side.min(w)..]);
        let square_ends = self.squares_left[..n].iter().zip(&self.squares_left[side.min(w)..]);
        let out = self.means[first..last].iter_mut().zip(&mut self.variances[first..last]);
        for (((mean, variance), (l, r)), (l2, r2)) in out.zip(ends).zip(square_ends) {
            // As signed numbers they become floats in one instruction.
            let sum = r.wrapping_sub(*l) as i32 as f32;
            let square = r2.wrapping_sub(*l2) as i32 as f32;
            *mean = sum * scale;
            *variance = (square * scale - *mean * *mean).max(0.0);
        }
    }

    fn one(&mut self, x: usize) {
        let (l, r) = (x.saturating_sub(self.before), (x + self.after).min(self.means.len()));
        let count = ((self.bottom - self.top) * (r - l)) as f32;
        let over = |left: &[u32]| left[r].wrapping_sub(left[l]) as f32;
        let mean = over(&self.sums_left) / count;
        self.means[x] = mean;
        self.variances[x] = (over(&self.squares_left) / count - mean * mean).max(0.0);
    }
}

/// The plane at half the resolution: means of 2 x 2.
#[allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]
#[inline(always)]
pub(crate) fn halved(plane: &Plane<f32>) -> Plane<f32> {
    let mut half = Plane::new(plane.width / 2, plane.height / 2);
    if half.width == 0 {
        return half;
    }
    let rows = plane.values.chunks_exact(2 * plane.width);
    for (out, rows) in half.values.chunks_exact_mut(half.width).zip(rows) {
        let (upper, lower) = rows.split_at(plane.width);
        let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        for (value, (u, l)) in out.iter_mut().zip(pairs) {
            *value = (u[0] + u[1] + l[0] + l[1]) * 0.25;
        }
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resolution;

    #[test]
    fn a_sliding_window_sees_what_a_window_sees() {
        let (w, h) = (41, 23);
        let pixels: Vec<u8> = (0..w * h).map(|k| (k * k % 251) as u8).collect();
        let image = GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap();
        for (before, after) in [(8, 8), (16, 17), (30, 31)] {
            let mut window = Window::new(&image, before, after);
            for y in 0..h {
                window.slide(y);
                for x in 0..w {
                    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
                    for j in y.saturating_sub(before)..(y + after).min(h) {
                        for &p in &image.row(j)[x.saturating_sub(before)..(x + after).min(w)] {
                            n += 1.0;
                            sum += f64::from(p);
                            squares += f64::from(p) * f64::from(p);
                        }
                    }
                    let (mean, variance) = (sum / n, squares / n - sum / n * (sum / n));
                    assert!((f64::from(window.means[x]) - mean).abs() < 1e-3, "{x} {y}");
                    assert!((f64::from(window.variances[x]) - variance).abs() < 0.05, "{x} {y}");
                }
            }
        }
    }
}
