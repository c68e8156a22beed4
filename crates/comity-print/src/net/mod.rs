//! The second extractor: a small convolutional network, trained on synthetic prints only.
//!
//! The network says where the print is, draws its ridges without noise, creases and gaps, and
//! says how surely a minutia is where. What comes after it is the first extractor's: the ridges
//! are thinned, their ends and forks are the minutiae. How it is trained: `train/print-net`.

mod conv;
mod network;
mod weights;

use crate::extract::frame::Frame;
use crate::extract::math::exp;
use crate::extract::{
    Extraction, MINUTIAE_MAX, Plane, Ridge, Spectra, empty, enhance, even, field, find, found,
    placed, polarity, segment, skeleton, spectrum,
};
use crate::vectors::with_vectors;
use crate::{FingerPosition, GrayImage, Minutia};
use network::{Network, Said, cell};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
pub use weights::WeightsError;

/// Which extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extractor {
    /// Local spectra and filters: [`crate::extract::extract`].
    #[default]
    Classic,
    /// The network: [`Net`].
    Net,
}

/// The minutiae of an image at 500 pixels an inch with every stage, by the extractor wanted.
///
/// Both take any image and give the same bits on every machine.
pub fn extract_with(extractor: Extractor, image: &GrayImage, finger: FingerPosition) -> Extraction {
    match (extractor, &*OWN) {
        (Extractor::Net, Some(net)) => net.extract(image, finger),
        // A test reads the crate's weights: there always is a network.
        _ => crate::extract::extract(image, finger),
    }
}

static OWN: LazyLock<Option<Net>> = LazyLock::new(|| Net::of_crate().ok());

/// The extractor that holds a network.
#[derive(Debug, Clone)]
pub struct Net(Network);

/// What the network looks at: the print with its contrast evened out, at half the resolution.
pub fn input(image: &GrayImage) -> Plane<f32> {
    let even = evened(pulp::Arch::new(), image);
    halved(pulp::Arch::new(), &even)
}

fn evened(arch: pulp::Arch, image: &GrayImage) -> Plane<f32> {
    with_vectors!(arch, [image: &GrayImage = image] -> Plane<f32> { even::even_out(image) })
}

fn halved(arch: pulp::Arch, even: &Plane<f32>) -> Plane<f32> {
    with_vectors!(arch, [even: &Plane<f32> = even] -> Plane<f32> { even::halved(even) })
}

impl Net {
    /// With the weights that come with the crate.
    ///
    /// # Errors
    /// None but by a damaged build; as [`Net::read`].
    pub fn of_crate() -> Result<Self, WeightsError> {
        Self::read(include_bytes!("weights.cpn"))
    }

    /// With the weights of a file that `train/print-net/export.py` wrote.
    ///
    /// # Errors
    /// The place and kind of the first fault.
    pub fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        Network::read(bytes).map(Self)
    }

    /// The minutiae of an image at 500 pixels an inch, with every stage; `enhanced` holds the
    /// ridges that the network draws, from -1 (ridge) to 1 (valley).
    ///
    /// Takes any image: one without a print has no minutiae and quality 1. Memory is about 100
    /// bytes a pixel of a print, and no more for pages of 8,000 x 8,000, which are worked on in
    /// parts. The result is the same bit for bit on every machine.
    pub fn extract(&self, image: &GrayImage, finger: FingerPosition) -> Extraction {
        self.extract_on(pulp::Arch::new(), image, finger)
    }

    fn extract_on(
        &self,
        arch: pulp::Arch,
        image: &GrayImage,
        finger: FingerPosition,
    ) -> Extraction {
        let contrasted = segment::contrasted(&even::contrasts(image));
        let mut extraction = match Frame::around(&contrasted, image) {
            None => empty(image),
            Some(frame) => {
                let part = self.in_frame(arch, &frame.cut(image), &frame.cut_blocks(&contrasted));
                placed(part, frame, image)
            }
        };
        let found = &mut extraction.found;
        found.finger = finger;
        (found.width_px, found.height_px) = (image.width_px() as u16, image.height_px() as u16);
        extraction
    }

    fn in_frame(
        &self,
        arch: pulp::Arch,
        image: &GrayImage,
        contrasted: &Plane<bool>,
    ) -> Extraction {
        let mut even = evened(arch, image);
        let mut half = halved(arch, &even);
        let mut seen = self.look(arch, &half, contrasted);
        let inverted = polarity::inverted(image, &seen.mask, contrasted);
        if inverted {
            even.values.iter_mut().chain(&mut half.values).for_each(|v| *v = -*v);
            seen = self.look(arch, &half, contrasted);
        }
        let Seen { said, drawn, ridges, mask } = seen;
        let enhanced = with_vectors!(
            arch,
            [drawn: &Plane<f32> = &drawn, mask: &Plane<bool> = &mask, even: &Plane<f32> = &even]
                -> Plane<f32> { enhance::enlarged(drawn, mask, even.width, even.height) }
        );
        let mut skeleton = skeleton::thinned(skeleton::binarized(&enhanced))
            .plane(enhanced.width, enhanced.height);
        let mut minutiae = find::minutiae(&mut skeleton, &ridges, &mask);
        for minutia in &mut minutiae {
            minutia.quality = sureness(minutia, &said);
        }
        minutiae.sort_by_key(|m| (std::cmp::Reverse(m.quality), m.y_px, m.x_px));
        minutiae.truncate(MINUTIAE_MAX);
        let found = found(quality(&said, &mask), minutiae);
        Extraction { even, ridges, mask, inverted, enhanced, skeleton, found }
    }

    /// Asks the network, and measures direction and period of the ridges that it draws.
    fn look(&self, arch: pulp::Arch, half: &Plane<f32>, contrasted: &Plane<bool>) -> Seen {
        let said = self.0.on(arch, half);
        let mut print = contrasted.clone();
        for (at, inside) in print.values.iter_mut().enumerate() {
            *inside &= cell(&said, at % contrasted.width, at / contrasted.width)[0] > 0.0;
        }
        let mut drawn = said.ridges.clone();
        drawn.values.iter_mut().for_each(|v| *v = 1.0 - 2.0 * likelihood(*v));
        let spectra = with_vectors!(
            arch,
            [drawn: &Plane<f32> = &drawn, print: &Plane<bool> = &print]
                -> Spectra { spectrum::spectra(drawn, print) }
        );
        let ridges = with_vectors!(
            arch,
            [spectra: &Spectra = &spectra] -> Plane<Ridge> { field::ridges(spectra) }
        );
        let mask = segment::mask(&ridges, &print);
        Seen { said, drawn, ridges, mask }
    }
}

/// What the network sees in a print.
struct Seen {
    said: Said,
    /// The ridges at half the resolution, -1 for a ridge to 1 for a valley.
    drawn: Plane<f32>,
    ridges: Plane<Ridge>,
    mask: Plane<bool>,
}

/// The likelihood that odds, as their logarithm, stand for.
fn likelihood(log_odds: f32) -> f32 {
    (1.0 / (1.0 + exp(f64::from(-log_odds)))) as f32
}

/// How far from a minutia of the skeleton the network's may lie, in cells, squared; nearer than
/// 0.3 of that it is the same.
const FAR: f32 = 1.5;

/// How sure the network is that there is a minutia: its likelihood in the cells around, less
/// where it sees it farther away. 1 to 100: the geometric mean of that and the quality that the
/// ridges around give it.
fn sureness(minutia: &Minutia, said: &Said) -> u8 {
    let (x, y) = (f32::from(minutia.x_px) / 8.0, f32::from(minutia.y_px) / 8.0);
    let mut best = 0.0f32;
    for row in (y as usize).saturating_sub(1)..(y as usize + 2).min(said.cells.height) {
        for column in (x as usize).saturating_sub(1)..(x as usize + 2).min(said.cells.width) {
            let c = cell(said, column, row);
            let (dx, dy) = (column as f32 + 0.5 + c[4] - x, row as f32 + 0.5 + c[5] - y);
            let near = (1.0 - (dx * dx + dy * dy) / FAR).clamp(0.0, 0.7) / 0.7;
            best = best.max(near * likelihood(c[3]));
        }
    }
    (f32::from(minutia.quality) * best.sqrt()).clamp(1.0, 100.0) as u8
}

/// How sure the network is of the ridges' directions, 1 to 100: it draws them shorter where it
/// is in doubt.
fn quality(said: &Said, mask: &Plane<bool>) -> u8 {
    let (mut sum, mut blocks) = (0.0f32, 0usize);
    for (at, _) in mask.values.iter().enumerate().filter(|(_, inside)| **inside) {
        let c = cell(said, at % mask.width, at / mask.width);
        sum += (c[1] * c[1] + c[2] * c[2]).sqrt().min(1.0);
        blocks += 1;
    }
    let quality = if blocks == 0 { 1.0 } else { 100.0 * sum / blocks as f32 };
    quality.clamp(1.0, 100.0) as u8
}

#[cfg(test)]
mod tests;
