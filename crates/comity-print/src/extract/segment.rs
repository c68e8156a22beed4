//! Which blocks hold a print.

use super::field::Ridge;
use super::plane::Plane;

/// Share of the energy that ridges must explain.
const CLARITY_MIN: f32 = 0.12;
/// Least contrast, as a share of the contrast of the print's best parts.
const CONTRAST_SHARE_MIN: f32 = 0.22;
/// Least contrast of any print, in gray levels.
const CONTRAST_MIN: f32 = 4.0;
/// A patch smaller than this share of the largest is a smudge, not the finger.
const PATCH_SHARE_MIN: f32 = 0.15;

/// The blocks with enough contrast to be looked at.
pub(crate) fn contrasted(contrast: &Plane<f32>) -> Plane<bool> {
    let mut blocks = Plane::new(contrast.width, contrast.height);
    let levels = &contrast.values;
    let mut sorted = levels.clone();
    sorted.sort_by(f32::total_cmp);
    let best = sorted[sorted.len() * 9 / 10];
    let least = (best * CONTRAST_SHARE_MIN).max(CONTRAST_MIN);
    for (wanted, level) in blocks.values.iter_mut().zip(levels) {
        *wanted = *level >= least;
    }
    blocks
}

/// The blocks of the finger: clear ridges with contrast, in large patches without holes.
pub(crate) fn mask(ridges: &Plane<Ridge>, contrasted: &Plane<bool>) -> Plane<bool> {
    let mut mask = contrasted.clone();
    for (at, inside) in mask.values.iter_mut().enumerate() {
        *inside &= ridges.values[at].clarity >= CLARITY_MIN;
    }
    for _ in 0..2 {
        mask = majority(&mask);
    }
    let mut sizes = patches(&mask, true);
    let largest = sizes.values.iter().copied().max().unwrap_or_default() as f32;
    for (inside, size) in mask.values.iter_mut().zip(&sizes.values) {
        *inside &= *size as f32 >= largest * PATCH_SHARE_MIN && *size >= 12;
    }
    sizes = patches(&mask, false);
    for (inside, size) in mask.values.iter_mut().zip(&sizes.values) {
        *inside |= *size > 0 && *size <= 60;
    }
    mask
}

fn majority(mask: &Plane<bool>) -> Plane<bool> {
    let mut out = mask.clone();
    for y in 0..mask.height as isize {
        for x in 0..mask.width as isize {
            let mut count = 0;
            for dy in -1..=1 {
                for dx in -1..=1 {
                    count += u32::from(mask.at(x + dx, y + dy));
                }
            }
            let border =
                x == 0 || y == 0 || x + 1 == mask.width as isize || y + 1 == mask.height as isize;
            let needed = if border { 3 } else { 5 };
            out.values[y as usize * mask.width + x as usize] = count >= needed;
        }
    }
    out
}

/// For each block of this kind, how many blocks hang together with it; 0 for the others.
fn patches(mask: &Plane<bool>, kind: bool) -> Plane<u32> {
    let mut sizes = Plane::new(mask.width, mask.height);
    let mut seen = vec![false; mask.values.len()];
    for start in 0..mask.values.len() {
        if seen[start] || mask.values[start] != kind {
            continue;
        }
        seen[start] = true;
        let mut patch = vec![start];
        let mut next = 0;
        while let Some(&at) = patch.get(next) {
            next += 1;
            let (x, y) = (at % mask.width, at / mask.width);
            for (inside, to) in [
                (x > 0, at.wrapping_sub(1)),
                (x + 1 < mask.width, at + 1),
                (y > 0, at.wrapping_sub(mask.width)),
                (y + 1 < mask.height, at + mask.width),
            ] {
                if inside && !seen[to] && mask.values[to] == kind {
                    seen[to] = true;
                    patch.push(to);
                }
            }
        }
        for &at in &patch {
            sizes.values[at] = patch.len() as u32;
        }
    }
    sizes
}
