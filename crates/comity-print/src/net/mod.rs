//! The second extractor: a small convolutional network, trained on synthetic prints only.

use crate::GrayImage;
use crate::extract::Plane;
use crate::extract::even;

/// What the network looks at: the print with its contrast evened out, at half the resolution.
pub fn input(image: &GrayImage) -> Plane<f32> {
    pulp::Arch::new().dispatch(|| even::halved(&even::even_out(image)))
}
