//! From an image to minutiae, in stages that can each be looked at.

pub(crate) mod enhance;
pub(crate) mod even;
pub(crate) mod field;
pub(crate) mod find;
pub(crate) mod frame;
pub(crate) mod math;
mod plane;
pub(crate) mod polarity;
pub(crate) mod segment;
pub(crate) mod skeleton;
pub(crate) mod spectrum;

pub use field::Ridge;
pub(crate) use field::direction_rad;
pub use plane::Plane;
pub use spectrum::BLOCK_PX;

use crate::vectors::with_vectors;
use crate::{FingerMinutiae, FingerPosition, GrayImage, Minutia};
use frame::Frame;

/// Most minutiae that are kept of an image, the best: an ISO/IEC 19794-2 record holds no more.
pub const MINUTIAE_MAX: usize = 255;

/// Everything that was seen on the way from an image to its minutiae.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// The print with its contrast evened out.
    pub even: Plane<f32>,
    /// Direction, period and clarity, one a block of [`BLOCK_PX`].
    pub ridges: Plane<Ridge>,
    /// Which blocks hold the print.
    pub mask: Plane<bool>,
    /// Whether the ridges are light on a dark background; they were taken as dark then, so that
    /// the stages after this one are those of the negative.
    pub inverted: bool,
    /// The print after the filter along its ridges; ridges are negative.
    pub enhanced: Plane<f32>,
    /// The ridges as lines one pixel wide.
    pub skeleton: Plane<bool>,
    /// What was found.
    pub found: FingerMinutiae,
}

/// The minutiae of an image at 500 pixels an inch, with every stage.
///
/// Takes any image: one without a print has no minutiae and quality 1. Time and memory grow with
/// the part of the image that is no even background (about 18 bytes a pixel). The result is the same bit
/// for bit on every machine, with and without vector instructions.
pub fn extract(image: &GrayImage, finger: FingerPosition) -> Extraction {
    extract_on(pulp::Arch::new(), image, finger)
}

fn extract_on(arch: pulp::Arch, image: &GrayImage, finger: FingerPosition) -> Extraction {
    let contrasted = segment::contrasted(&even::contrasts(image));
    let mut extraction = match Frame::around(&contrasted, image) {
        None => empty(image),
        Some(frame) => {
            let part = in_frame(arch, &frame.cut(image), &frame.cut_blocks(&contrasted));
            placed(part, frame, image)
        }
    };
    let found = &mut extraction.found;
    found.finger = finger;
    (found.width_px, found.height_px) = (image.width_px() as u16, image.height_px() as u16);
    extraction
}

/// What is seen in an image without contrast.
pub(crate) fn empty(image: &GrayImage) -> Extraction {
    let (w, h) = (image.width_px(), image.height_px());
    let (columns, rows) = (w.div_ceil(BLOCK_PX), h.div_ceil(BLOCK_PX));
    Extraction {
        even: Plane::new(w, h),
        ridges: Plane::new(columns, rows),
        mask: Plane::new(columns, rows),
        inverted: false,
        enhanced: Plane::new(w, h),
        skeleton: Plane::new(w, h),
        found: found(1, Vec::new()),
    }
}

pub(crate) fn found(quality: u8, minutiae: Vec<Minutia>) -> FingerMinutiae {
    FingerMinutiae { finger: FingerPosition::Unknown, width_px: 0, height_px: 0, quality, minutiae }
}

/// Spectra by block.
pub(crate) type Spectra = Plane<Option<Box<spectrum::Spectrum>>>;

fn in_frame(arch: pulp::Arch, image: &GrayImage, contrasted: &Plane<bool>) -> Extraction {
    let mut even =
        with_vectors!(arch, [image: &GrayImage = image] -> Plane<f32> { even::even_out(image) });
    let mut half =
        with_vectors!(arch, [even: &Plane<f32> = &even] -> Plane<f32> { even::halved(even) });
    let spectra = with_vectors!(
        arch,
        [half: &Plane<f32> = &half, wanted: &Plane<bool> = contrasted] -> Spectra {
            spectrum::spectra(half, wanted)
        }
    );
    let ridges = with_vectors!(
        arch,
        [spectra: &Spectra = &spectra] -> Plane<Ridge> { field::ridges(spectra) }
    );
    drop(spectra);
    let mask = segment::mask(&ridges, contrasted);
    let inverted = polarity::inverted(image, &mask, contrasted);
    if inverted {
        even.values.iter_mut().chain(&mut half.values).for_each(|v| *v = -*v);
    }
    let filtered = with_vectors!(
        arch,
        [half: &Plane<f32> = &half, ridges: &Plane<Ridge> = &ridges, mask: &Plane<bool> = &mask]
            -> Plane<f32> { enhance::filtered(half, ridges, mask) }
    );
    drop(half);
    let enhanced = with_vectors!(
        arch,
        [filtered: &Plane<f32> = &filtered, mask: &Plane<bool> = &mask, even: &Plane<f32> = &even]
            -> Plane<f32> { enhance::enlarged(filtered, mask, even.width, even.height) }
    );
    drop(filtered);
    let mut skeleton =
        skeleton::thinned(skeleton::binarized(&enhanced)).plane(enhanced.width, enhanced.height);
    let mut minutiae = find::minutiae(&mut skeleton, &ridges, &mask);
    minutiae.truncate(MINUTIAE_MAX);
    let found = found(quality(&ridges, &mask), minutiae);
    Extraction { even, ridges, mask, inverted, enhanced, skeleton, found }
}

/// What was seen in a part of the image, at its place.
pub(crate) fn placed(part: Extraction, frame: Frame, image: &GrayImage) -> Extraction {
    let mut found = part.found;
    for minutia in &mut found.minutiae {
        minutia.x_px += frame.left as u16;
        minutia.y_px += frame.top as u16;
    }
    Extraction {
        even: frame.whole(part.even, 1, image),
        ridges: frame.whole(part.ridges, BLOCK_PX, image),
        mask: frame.whole(part.mask, BLOCK_PX, image),
        inverted: part.inverted,
        enhanced: frame.whole(part.enhanced, 1, image),
        skeleton: frame.whole(part.skeleton, 1, image),
        found,
    }
}

/// Blocks of a fingertip laid flat, about 1.65 square centimeters.
const FINGERTIP_BLOCKS: usize = 1_000;

/// The mean clarity of the print's blocks, 1 to 100; what a print lacks of a fingertip is not
/// clear.
fn quality(ridges: &Plane<Ridge>, mask: &Plane<bool>) -> u8 {
    let (mut clarity, mut blocks) = (0.0f32, 0usize);
    for (ridge, inside) in ridges.values.iter().zip(&mask.values) {
        if *inside {
            clarity += ridge.clarity;
            blocks += 1;
        }
    }
    let quality = 100.0 * clarity / blocks.max(FINGERTIP_BLOCKS) as f32;
    quality.clamp(1.0, 100.0) as u8
}

impl Extraction {
    /// The median distance from one ridge to the next, in pixels; `None` without a print.
    ///
    /// An adult's is about 9 at 500 pixels an inch: half or twice of it says that the image's
    /// resolution is not what it was taken for.
    pub fn period_px(&self) -> Option<f32> {
        let blocks = self.ridges.values.iter().zip(&self.mask.values);
        let mut periods: Vec<f32> =
            blocks.filter(|(_, inside)| **inside).map(|(ridge, _)| ridge.period_px).collect();
        periods.sort_by(f32::total_cmp);
        periods.get(periods.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resolution;

    #[test]
    fn vector_instructions_change_no_bit() {
        let (w, h) = (203, 171);
        let mut noise = 1u32;
        let mut level = |x: usize, y: usize| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // More ridges on the left than on the right: some end between.
            let ridges = if x < 100 { 0.8 } else { 0.6 };
            let wave = math::sin_cos(x as f64 * 0.2 + y as f64 * ridges);
            (128.0 + 80.0 * wave.0 + f64::from(noise >> 27)) as u8
        };
        let pixels = (0..w * h).map(|at| level(at % w, at / w)).collect();
        let image = GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap();
        let plain = extract_on(pulp::Arch::Scalar, &image, FingerPosition::Unknown);
        assert!(plain.found.minutiae.len() > 3, "{:?}", plain.found);
        assert_eq!(extract(&image, FingerPosition::Unknown), plain);
    }
}
