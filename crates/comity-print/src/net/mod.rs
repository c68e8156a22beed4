//! The second extractor: a small convolutional network, trained on synthetic prints only.

mod conv;
mod network;
mod weights;

use crate::extract::frame::Frame;
use crate::extract::{
    Extraction, MINUTIAE_MAX, Plane, empty, enhance, even, field, find, found, placed, polarity,
    quality, segment, skeleton, spectrum,
};
use crate::{FingerPosition, GrayImage, Minutia};
use network::{Network, Said};
pub use weights::WeightsError;

/// What the network looks at: the print with its contrast evened out, at half the resolution.
pub fn input(image: &GrayImage) -> Plane<f32> {
    pulp::Arch::new().dispatch(|| even::halved(&even::even_out(image)))
}

pub struct Net(Network);

fn opt(name: &str) -> f32 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(0.0)
}

impl Net {
    pub fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        Network::read(bytes).map(Self)
    }

    pub fn extract(&self, image: &GrayImage, finger: FingerPosition) -> Extraction {
        let contrasted = segment::contrasted(&even::contrasts(image));
        let mut extraction = match Frame::around(&contrasted, image) {
            None => empty(image),
            Some(frame) => {
                let part = self.in_frame(&frame.cut(image), &frame.cut_blocks(&contrasted));
                placed(part, frame, image)
            }
        };
        let found = &mut extraction.found;
        found.finger = finger;
        (found.width_px, found.height_px) = (image.width_px() as u16, image.height_px() as u16);
        extraction
    }

    fn in_frame(&self, image: &GrayImage, contrasted: &Plane<bool>) -> Extraction {
        let arch = pulp::Arch::new();
        let even = arch.dispatch(|| even::even_out(image));
        let half = arch.dispatch(|| even::halved(&even));
        let said = self.0.on(arch, &half);
        let mut seg = contrasted.clone();
        for y in 0..seg.height {
            for x in 0..seg.width {
                let c = cell(&said, x, y);
                seg.values[y * seg.width + x] &= c[0] > opt("SEG");
            }
        }
        let mut clean = said.ridges.clone();
        clean.values.iter_mut().for_each(|v| *v = 1.0 - 2.0 * sigmoid(*v));
        let spectra = arch.dispatch(|| spectrum::spectra(&clean, &seg));
        let mut ridges = arch.dispatch(|| field::ridges(&spectra));
        let mask = segment::mask(&ridges, &seg);
        let _ = polarity::inverted(image, &mask, contrasted);
        let filtered = if opt("GABOR") > 0.0 {
            arch.dispatch(|| enhance::filtered(&clean, &ridges, &mask))
        } else {
            clean
        };
        let enhanced =
            arch.dispatch(|| enhance::enlarged(&filtered, &mask, even.width, even.height));
        let mut skeleton = skeleton::thinned(skeleton::binarized(&enhanced))
            .plane(enhanced.width, enhanced.height);
        if opt("DIR") > 0.0 {
            for y in 0..ridges.height {
                for x in 0..ridges.width {
                    let c = cell(&said, x, y);
                    let l = (c[1] * c[1] + c[2] * c[2]).sqrt().max(1e-6);
                    let r = &mut ridges.values[y * ridges.width + x];
                    r.cos2 = c[1] / l;
                    r.sin2 = c[2] / l;
                }
            }
        }
        let mut minutiae = if opt("HEAD") > 0.0 {
            head(&said, &mask)
        } else {
            find::minutiae(&mut skeleton, &ridges, &mask)
        };
        if opt("QUAL") > 0.0 {
            requalify(&mut minutiae, &said);
            let least = opt("QMIN") as u8;
            minutiae.retain(|m| m.quality >= least);
        }
        minutiae.sort_by_key(|m| (std::cmp::Reverse(m.quality), m.y_px, m.x_px));
        minutiae.truncate(MINUTIAE_MAX);
        let found = found(quality(&ridges, &mask), minutiae);
        Extraction { even, ridges, mask, inverted: false, enhanced, skeleton, found }
    }
}

fn cell(said: &Said, x: usize, y: usize) -> [f32; 9] {
    let (w, h) = (said.cells.width, said.cells.height);
    said.cells.values[y.min(h - 1) * w + x.min(w - 1)]
}

fn sigmoid(x: f32) -> f32 {
    (1.0 / (1.0 + crate::extract::math::exp(f64::from(-x)))) as f32
}

fn requalify(minutiae: &mut [Minutia], said: &Said) {
    for m in minutiae {
        let (x, y) = (f32::from(m.x_px) / 8.0, f32::from(m.y_px) / 8.0);
        let mut best = 0.0f32;
        for j in (y as isize - 1)..=(y as isize + 1) {
            for i in (x as isize - 1)..=(x as isize + 1) {
                let c = said.cells.at(i, j);
                if i < 0 || j < 0 || c == [0.0; 9] {
                    continue;
                }
                let (dx, dy) = (i as f32 + 0.5 + c[4] - x, j as f32 + 0.5 + c[5] - y);
                let near = 1.0 - (dx * dx + dy * dy) / 1.5;
                if near > 0.0 {
                    best = best.max(near.min(0.7) / 0.7 * sigmoid(c[3]));
                }
            }
        }
        m.quality = if opt("QUAL") > 1.0 {
            (best * 100.0).clamp(1.0, 100.0) as u8
        } else {
            (f32::from(m.quality) * best.sqrt()).clamp(1.0, 100.0) as u8
        };
    }
}

/// Minutiae straight from the grid.
fn head(said: &Said, mask: &Plane<bool>) -> Vec<Minutia> {
    let mut all: Vec<(f32, Minutia)> = Vec::new();
    for j in 0..said.cells.height {
        for i in 0..said.cells.width {
            let c = cell(said, i, j);
            let p = sigmoid(c[3]);
            if p < opt("PMIN") || !mask.at(i as isize, j as isize) {
                continue;
            }
            let x = ((i as f32 + 0.5 + c[4]) * 8.0).round().max(0.0);
            let y = ((j as f32 + 0.5 + c[5]) * 8.0).round().max(0.0);
            let a = crate::extract::math::atan2(c[7], c[6]) / std::f32::consts::TAU * 256.0;
            let kind =
                if c[8] > 0.0 { crate::MinutiaKind::Bifurcation } else { crate::MinutiaKind::Ending };
            all.push((p, Minutia {
                x_px: x as u16,
                y_px: y as u16,
                angle: (a.round() as i32).rem_euclid(256) as u8,
                kind,
                quality: (p * 100.0).clamp(1.0, 100.0) as u8,
            }));
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept: Vec<Minutia> = Vec::new();
    for (_, m) in all {
        let near = |k: &Minutia| {
            let (dx, dy) = (f32::from(m.x_px) - f32::from(k.x_px), f32::from(m.y_px) - f32::from(k.y_px));
            dx * dx + dy * dy < 8.0 * 8.0
        };
        if !kept.iter().any(near) {
            kept.push(m);
        }
    }
    kept
}
