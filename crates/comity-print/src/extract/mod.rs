//! From an image to minutiae, in stages that can each be looked at.

mod enhance;
mod field;
mod find;
pub(crate) mod math;
mod plane;
mod segment;
mod skeleton;
mod spectrum;

pub use field::Ridge;
pub(crate) use field::direction_rad;
pub use plane::Plane;
pub use spectrum::BLOCK_PX;

use crate::{FingerMinutiae, FingerPosition, GrayImage};

/// Everything that was seen on the way from an image to its minutiae.
#[derive(Debug, Clone)]
pub struct Extraction {
    /// The print with its contrast evened out.
    pub even: Plane<f32>,
    /// Direction, period and clarity, one a block of [`BLOCK_PX`].
    pub ridges: Plane<Ridge>,
    /// Which blocks hold the print.
    pub mask: Plane<bool>,
    /// The print after the filter along its ridges; ridges are negative.
    pub enhanced: Plane<f32>,
    /// The ridges as lines one pixel wide.
    pub skeleton: Plane<bool>,
    /// What was found.
    pub found: FingerMinutiae,
}

/// The minutiae of an image at 500 pixels an inch, with every stage.
pub fn extract(image: &GrayImage, finger: FingerPosition) -> Extraction {
    let (even, contrast) = plane::even_out(image);
    let half = plane::halved(&even);
    let contrasted = segment::contrasted(&contrast);
    let arch = pulp::Arch::new();
    let spectra = arch.dispatch(|| spectrum::spectra(&half, &contrasted));
    let ridges = field::ridges(&spectra);
    let mask = segment::mask(&ridges, &contrasted);
    let enhanced = arch.dispatch(|| enhance::enhanced(&even, &ridges, &mask));
    let mut skeleton = skeleton::thinned(skeleton::binarized(&enhanced));
    let minutiae = find::minutiae(&mut skeleton, &ridges, &mask);
    let (mut clarity, mut blocks) = (0.0f32, 0usize);
    for (ridge, inside) in ridges.values.iter().zip(&mask.values) {
        if *inside {
            clarity += ridge.clarity;
            blocks += 1;
        }
    }
    let quality = if blocks == 0 { 1.0 } else { 100.0 * clarity / blocks as f32 };
    let found = FingerMinutiae {
        finger,
        width_px: image.width_px() as u16,
        height_px: image.height_px() as u16,
        quality: quality.clamp(1.0, 100.0) as u8,
        minutiae,
    };
    Extraction { even, ridges, mask, enhanced, skeleton, found }
}
