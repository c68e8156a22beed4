//! Planes of numbers, and the print with its contrast evened out.

use super::spectrum::BLOCK_PX;
use crate::GrayImage;

/// A rectangle of values, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane<T> {
    /// Values across.
    pub width: usize,
    /// Values down.
    pub height: usize,
    /// `width * height` values.
    pub values: Vec<T>,
}

impl<T: Copy + Default> Plane<T> {
    /// All at the default.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![T::default(); width * height] }
    }

    /// The value at a place; the default outside.
    pub fn at(&self, x: isize, y: isize) -> T {
        let inside = x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height;
        if inside { self.values[y as usize * self.width + x as usize] } else { T::default() }
    }
}

/// Half the side of the window that mean and contrast are taken over, in pixels of 500 an inch:
/// the window holds three to four ridges.
const WINDOW_RADIUS_PX: usize = 16;
/// Gray levels added to the contrast, so that an empty background stays quiet.
const CONTRAST_FLOOR: f32 = 6.0;
const CLAMP: f32 = 2.0;

/// The print with local mean 0 and local contrast about 1, and the contrast of each block in gray levels.
pub(crate) fn even_out(image: &GrayImage) -> (Plane<f32>, Plane<f32>) {
    let (w, h) = (image.width_px(), image.height_px());
    let (sums, squares) = integrals(image);
    let stride = w + 1;
    let mut even = Plane::new(w, h);
    for y in 0..h {
        let (top, bottom) = (y.saturating_sub(WINDOW_RADIUS_PX), (y + WINDOW_RADIUS_PX + 1).min(h));
        let (t, b) = (top * stride, bottom * stride);
        for x in 0..w {
            let l = x.saturating_sub(WINDOW_RADIUS_PX);
            let r = (x + WINDOW_RADIUS_PX + 1).min(w);
            let count = ((bottom - top) * (r - l)) as f32;
            let over = |s: &[u64]| (s[b + r] + s[t + l] - s[b + l] - s[t + r]) as f32;
            let mean = over(&sums) / count;
            let variance = (over(&squares) / count - mean * mean).max(0.0);
            let deviation = variance.sqrt();
            let value = f32::from(image.pixels()[y * w + x]) - mean;
            even.values[y * w + x] = (value / (deviation + CONTRAST_FLOOR)).clamp(-CLAMP, CLAMP);
        }
    }
    (even, contrasts(&sums, &squares, w, h))
}

/// Half the side of the window for a block's contrast, in pixels: about two ridges.
const NEAR_PX: usize = 8;

/// The contrast of each block in gray levels.
fn contrasts(sums: &[u64], squares: &[u64], w: usize, h: usize) -> Plane<f32> {
    let mut found = Plane::new(w.div_ceil(BLOCK_PX), h.div_ceil(BLOCK_PX));
    for row in 0..found.height {
        for column in 0..found.width {
            let (x, y) = (column * BLOCK_PX + BLOCK_PX / 2, row * BLOCK_PX + BLOCK_PX / 2);
            let (l, r) = (x.saturating_sub(NEAR_PX), (x + NEAR_PX).min(w));
            let (t, b) = (y.saturating_sub(NEAR_PX), (y + NEAR_PX).min(h));
            let count = ((b - t) * (r - l)) as f32;
            let (t, b) = (t * (w + 1), b * (w + 1));
            let over = |s: &[u64]| (s[b + r] + s[t + l] - s[b + l] - s[t + r]) as f32;
            let mean = over(sums) / count;
            let variance = (over(squares) / count - mean * mean).max(0.0);
            found.values[row * found.width + column] = variance.sqrt();
        }
    }
    found
}

/// Sums of the levels and of their squares above and left of each place.
fn integrals(image: &GrayImage) -> (Vec<u64>, Vec<u64>) {
    let (w, h) = (image.width_px(), image.height_px());
    let stride = w + 1;
    let (mut sums, mut squares) = (vec![0; stride * (h + 1)], vec![0; stride * (h + 1)]);
    for y in 0..h {
        let (mut sum, mut square) = (0u64, 0u64);
        for (x, &p) in image.row(y).iter().enumerate() {
            sum += u64::from(p);
            square += u64::from(p) * u64::from(p);
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + sum;
            squares[(y + 1) * stride + x + 1] = squares[y * stride + x + 1] + square;
        }
    }
    (sums, squares)
}

/// The plane at half the resolution: means of 2 x 2.
pub(crate) fn halved(plane: &Plane<f32>) -> Plane<f32> {
    let mut half = Plane::new(plane.width / 2, plane.height / 2);
    for y in 0..half.height {
        for x in 0..half.width {
            let at = 2 * y * plane.width + 2 * x;
            let v = &plane.values;
            let below = at + plane.width;
            half.values[y * half.width + x] = (v[at] + v[at + 1] + v[below] + v[below + 1]) * 0.25;
        }
    }
    half
}
