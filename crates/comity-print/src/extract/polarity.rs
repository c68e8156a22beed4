//! Whether the ridges are light on a dark background.
//!
//! Where nothing touches, the image looks as it does in the valleys between ridges: so the
//! background around a print is like its light levels when ridges are dark, and like its dark
//! ones when the image is a negative.

use super::plane::Plane;
use super::spectrum::BLOCK_PX;
use crate::GrayImage;

/// Less than this share of the image as background says nothing.
const BACKGROUND_SHARE_MIN: f32 = 0.04;
/// How near the dark levels the background of a negative lies, from 0 (dark) to 1 (light).
const DARK_MAX: f32 = 0.25;

/// Whether most of the background is as dark as the darkest levels of the print. An image that the print
/// fills, or with a background between, is taken as it is.
pub(crate) fn inverted(image: &GrayImage, mask: &Plane<bool>, contrasted: &Plane<bool>) -> bool {
    let (mut print, mut background) = ([0u32; 256], [0u32; 256]);
    for row in 0..mask.height {
        for column in 0..mask.width {
            let at = row * mask.width + column;
            let levels = match (mask.values[at], contrasted.values[at]) {
                (true, _) => &mut print,
                (false, false) => &mut background,
                (false, true) => continue,
            };
            let end = image.width_px().min((column + 1) * BLOCK_PX);
            for y in row * BLOCK_PX..image.height_px().min((row + 1) * BLOCK_PX) {
                for level in &image.row(y)[column * BLOCK_PX..end] {
                    levels[usize::from(*level)] += 1;
                }
            }
        }
    }
    let pixels = (image.width_px() * image.height_px()) as f32;
    if (background.iter().sum::<u32>() as f32) < pixels * BACKGROUND_SHARE_MIN {
        return false;
    }
    let (dark, light) = (percentile(&print, 10), percentile(&print, 90));
    let between = percentile(&background, 75) - dark;
    light > dark && between < DARK_MAX * (light - dark)
}

/// The level that so many percent of the pixels lie below; 0 without pixels.
fn percentile(levels: &[u32; 256], percent: u64) -> f32 {
    let all: u64 = levels.iter().map(|n| u64::from(*n)).sum();
    let mut below = 0;
    for (level, n) in levels.iter().enumerate() {
        below += u64::from(*n);
        if below * 100 > all * percent {
            return level as f32;
        }
    }
    0.0
}
