//! Images at 500 pixels an inch, from any other resolution.
//!
//! Cubic convolution (Keys 1981, a = -1/2), as wide as the source's pixels when an image
//! grows and as the target's when it shrinks, so that ridges finer than the target can show
//! do not alias. The kernel is a polynomial: no function of the machine's library is used,
//! and the same image comes out everywhere.

use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};
use std::borrow::Cow;

/// The resolution that everything after the file formats works at.
pub const PPI: f32 = 500.0;

/// How far a scanner may be off, as a fraction: an image within it is taken as it is (the
/// FBI's image quality specification allows one percent).
const TOLERANCE: f32 = 0.01;

/// Resolutions that a fingerprint image can have.
const PPI_TAKEN: std::ops::RangeInclusive<f32> = 100.0..=4000.0;

/// The image at 500 pixels an inch. An unstated resolution is left alone: the image is used
/// as it is, and stays marked as unstated.
///
/// # Errors
/// A resolution below 100 or above 4,000, or sides that become too large or empty.
pub fn to_500_ppi(image: &GrayImage) -> Read<Cow<'_, GrayImage>> {
    match image.resolution {
        Resolution::Ppi(ppi) if (ppi / PPI - 1.0).abs() > TOLERANCE => {
            to_ppi(image, PPI).map(Cow::Owned)
        }
        Resolution::Ppi(_) | Resolution::Unstated => Ok(Cow::Borrowed(image)),
    }
}

/// The image at another resolution; its own must be stated.
///
/// # Errors
/// A resolution that is unstated, below 100 or above 4,000, or sides that become too large
/// or empty.
pub fn to_ppi(image: &GrayImage, ppi: f32) -> Read<GrayImage> {
    let refuse = |problem: String| {
        FormatError::new(Format::Raw, 0, problem)
            .field("resolution")
            .help("state the scanner's resolution with --ppi")
    };
    let Resolution::Ppi(from) = image.resolution else {
        return Err(refuse("the image does not say how many pixels an inch it has".to_owned()));
    };
    for ppi in [from, ppi] {
        if !PPI_TAKEN.contains(&ppi) {
            return Err(refuse(format!("{ppi} pixels an inch; 100 to 4000 are taken")));
        }
    }
    let scale = f64::from(ppi) / f64::from(from);
    let side = |px: usize| (px as f64 * scale).round() as usize;
    let (width, height) = (side(image.width_px()), side(image.height_px()));
    GrayImage::check_sides(width, height).map_err(|e| FormatError::image(Format::Raw, 0, &e))?;
    let across = Weights::new(image.width_px(), width, scale);
    let down = Weights::new(image.height_px(), height, scale);
    let pixels = apply(image, &across, &down, width, height);
    GrayImage::new(width, height, pixels, Resolution::Ppi(ppi))
        .map_err(|e| FormatError::image(Format::Raw, 0, &e))
}

/// For each target sample: the first source sample that counts, and the weights.
struct Weights {
    first: Vec<usize>,
    weights: Vec<Vec<f32>>,
}

impl Weights {
    fn new(from: usize, to: usize, scale: f64) -> Self {
        let reach = (1.0 / scale).max(1.0);
        let (mut first, mut weights) = (Vec::with_capacity(to), Vec::with_capacity(to));
        for i in 0..to {
            // Pixels are squares: their centers lie at a half.
            let center = (i as f64 + 0.5) / scale - 0.5;
            let low = (center - 2.0 * reach).ceil().max(0.0) as usize;
            let high = ((center + 2.0 * reach).floor().max(0.0) as usize).min(from - 1);
            let low = low.min(high);
            let raw: Vec<f64> = (low..=high).map(|j| cubic((j as f64 - center) / reach)).collect();
            let sum: f64 = raw.iter().sum();
            first.push(low);
            weights.push(raw.iter().map(|w| (w / sum) as f32).collect());
        }
        Self { first, weights }
    }
}

fn cubic(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

fn apply(
    image: &GrayImage,
    across: &Weights,
    down: &Weights,
    width: usize,
    height: usize,
) -> Vec<u8> {
    // Rows first; each is kept until no target row needs it any more.
    let narrow = |y: usize| -> Vec<f32> {
        let row = image.row(y);
        let mut out = Vec::with_capacity(width);
        for (first, weights) in across.first.iter().zip(&across.weights) {
            let pairs = row[*first..].iter().zip(weights);
            out.push(pairs.map(|(p, w)| f32::from(*p) * w).sum());
        }
        out
    };
    let mut kept: std::collections::VecDeque<(usize, Vec<f32>)> = [].into();
    let mut pixels = Vec::with_capacity(width * height);
    let mut next = 0;
    for (first, weights) in down.first.iter().zip(&down.weights) {
        kept.retain(|(y, _)| y >= first);
        next = next.max(*first);
        while next < first + weights.len() {
            kept.push_back((next, narrow(next)));
            next += 1;
        }
        let mut sums = vec![0.0_f32; width];
        for ((_, row), weight) in kept.iter().zip(weights) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        pixels.extend(sums.iter().map(|sum| (sum + 0.5) as u8));
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(side: usize, period: f64, ppi: f32) -> GrayImage {
        let level = |i: usize| {
            let x = (i % side) as f64;
            (128.0 + 100.0 * (x * std::f64::consts::TAU / period).sin()) as u8
        };
        let pixels = (0..side * side).map(level).collect();
        GrayImage::new(side, side, pixels, Resolution::Ppi(ppi)).unwrap()
    }

    fn contrast(image: &GrayImage) -> u8 {
        let inner = &image.row(image.height_px() / 2)[20..image.width_px() - 20];
        inner.iter().max().unwrap() - inner.iter().min().unwrap()
    }

    #[test]
    fn ridges_stay_and_finer_waves_vanish() {
        let ridges = to_500_ppi(&waves(400, 18.0, 1000.0)).unwrap().into_owned();
        assert_eq!((ridges.width_px(), ridges.resolution), (200, Resolution::Ppi(500.0)));
        assert!(contrast(&ridges) > 170);
        let too_fine = to_500_ppi(&waves(400, 2.6, 1000.0)).unwrap().into_owned();
        assert!(contrast(&too_fine) < 40, "{}", contrast(&too_fine));
    }

    #[test]
    fn two_hundred_ppi_grows_and_unstated_stays() {
        let grown = to_500_ppi(&waves(100, 8.0, 200.0)).unwrap().into_owned();
        assert_eq!(grown.width_px(), 250);
        let mut unstated = waves(100, 8.0, 500.0);
        unstated.resolution = Resolution::Unstated;
        assert!(matches!(to_500_ppi(&unstated), Ok(Cow::Borrowed(_))));
        assert!(to_ppi(&unstated, 500.0).is_err());
        assert!(matches!(to_500_ppi(&waves(100, 8.0, 503.0)), Ok(Cow::Borrowed(_))));
        assert!(to_500_ppi(&waves(100, 8.0, 20.0)).is_err());
    }

    #[test]
    fn a_uniform_image_stays_uniform() {
        for (ppi, side) in [(1000.0, 64), (200.0, 64), (333.0, 10), (100.0, 1)] {
            let image =
                GrayImage::new(side, side, vec![77; side * side], Resolution::Ppi(ppi)).unwrap();
            assert!(to_500_ppi(&image).unwrap().pixels().iter().all(|p| *p == 77));
        }
    }
}
