//! Extraction on good, poor and strange images: each has a defined result.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod extract_support;

use comity_print::extract::{Extraction, MINUTIAE_MAX, extract};
use comity_print::formats::raster::resample::to_500_ppi;
use comity_print::{FingerPosition, GrayImage, Minutia, Resolution};
use extract_support::{Drawing, FORKS};

fn of(image: &GrayImage) -> Extraction {
    extract(image, FingerPosition::Unknown)
}

/// How many drawn minutiae are found, and how many that were not drawn.
fn counts(found: &Extraction, scale: f32) -> (usize, usize) {
    let near = |x: f32, y: f32, fx: f64, fy: f64| {
        let (dx, dy) = (x / scale - fx as f32, y / scale - fy as f32);
        dx * dx + dy * dy <= 10.0 * 10.0
    };
    let places: Vec<(f32, f32)> =
        found.found.minutiae.iter().map(|m| (f32::from(m.x_px), f32::from(m.y_px))).collect();
    let seen = FORKS.iter().filter(|f| places.iter().any(|p| near(p.0, p.1, f.0, f.1))).count();
    let wrong = places.iter().filter(|p| !FORKS.iter().any(|f| near(p.0, p.1, f.0, f.1))).count();
    (seen, wrong)
}

fn negative(image: &GrayImage) -> GrayImage {
    let pixels = image.pixels().iter().map(|p| 255 - p).collect();
    GrayImage::new(image.width_px(), image.height_px(), pixels, image.resolution).unwrap()
}

#[test]
fn noise_creases_wet_and_dry_ridges_are_borne() {
    let drawings = [
        ("plain", Drawing::plain(), 10, 0),
        ("faint", Drawing { contrast: 12.0, ..Drawing::plain() }, 10, 0),
        ("noisy", Drawing { noise: 120.0, ..Drawing::plain() }, 10, 1),
        ("creased", Drawing { creases: true, ..Drawing::plain() }, 9, 2),
        ("wet", Drawing { wet: 0.7, ..Drawing::plain() }, 10, 0),
        ("dry", Drawing { wet: -0.7, ..Drawing::plain() }, 10, 0),
        ("dry, noisy", Drawing { wet: -0.7, noise: 60.0, ..Drawing::plain() }, 10, 1),
        ("oval", Drawing { oval: true, ..Drawing::plain() }, 8, 1),
    ];
    for (name, drawing, seen_min, wrong_max) in drawings {
        let (seen, wrong) = counts(&of(&drawing.image()), 1.0);
        assert!(seen >= seen_min && wrong <= wrong_max, "{name}: {seen} seen, {wrong} wrong");
    }
}

#[test]
fn a_childs_and_a_giants_ridges_are_found() {
    for period_px in [5.5, 7.0, 11.0, 14.0] {
        let drawing = Drawing { period_px, ..Drawing::plain() };
        let found = of(&drawing.image());
        let (seen, wrong) = counts(&found, 1.0);
        assert!(seen >= 9 && wrong <= 1, "{period_px}: {seen} seen, {wrong} wrong");
        // The forks bend the ridges and the arch lays them aslant.
        let median = f64::from(found.period_px().unwrap());
        assert!((0.8..1.1).contains(&(median / period_px)), "{period_px}: {median}");
    }
}

#[test]
fn an_image_of_200_ppi_gives_the_minutiae_of_500() {
    let small =
        Drawing { width: 160, height: 160, scale: 0.5, period_px: 11.0, ..Drawing::plain() };
    let mut image = small.image();
    image.resolution = Resolution::Ppi(200.0);
    let resampled = to_500_ppi(&image).unwrap();
    let found = of(&resampled);
    assert_eq!((found.found.width_px, found.found.height_px), (400, 400));
    let (seen, wrong) = counts(&found, 1.25);
    assert!(seen >= 9 && wrong <= 2, "{seen} seen, {wrong} wrong: {:?}", found.found);
}

#[test]
fn a_negative_is_recognized_by_its_background() {
    let image = Drawing { oval: true, ..Drawing::plain() }.image();
    let (plain, inverted) = (of(&image), of(&negative(&image)));
    assert!(!plain.inverted && inverted.inverted);
    assert_eq!(counts(&plain, 1.0), counts(&inverted, 1.0));
    assert_eq!(plain.found.minutiae.len(), inverted.found.minutiae.len());
    for (a, b) in plain.found.minutiae.iter().zip(&inverted.found.minutiae) {
        assert_eq!(a.kind, b.kind);
    }
    // Without a background nothing tells: ridges are taken to be dark.
    let whole = negative(&Drawing::plain().image());
    let found = of(&whole);
    assert!(!found.inverted);
    assert!(counts(&found, 1.0).0 >= 9, "valleys end and fork where ridges fork and end");
}

#[test]
fn an_image_without_ridges_has_no_minutiae() {
    let drawn = |w: usize, h: usize, level: &mut dyn FnMut(usize, usize) -> u8| {
        let pixels = (0..w * h).map(|at| level(at % w, at / w)).collect();
        GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap()
    };
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    for (name, image) in [
        ("white", drawn(300, 300, &mut |_, _| 255)),
        ("black", drawn(300, 300, &mut |_, _| 0)),
        ("gray", drawn(400, 500, &mut |_, _| 77)),
        ("slope", drawn(300, 300, &mut |x, y| ((x + y) / 3) as u8)),
        ("edge", drawn(300, 300, &mut |x, _| if x < 150 { 30 } else { 220 })),
        ("noise", drawn(300, 300, &mut |_, _| random())),
        ("one pixel", drawn(1, 1, &mut |_, _| 3)),
        ("line", drawn(1, 5_000, &mut |_, y| (y * 31) as u8)),
        ("row", drawn(5_000, 3, &mut |x, _| (x * 31) as u8)),
        ("small", drawn(10, 10, &mut |x, y| (x * y * 29) as u8)),
    ] {
        let found = of(&image);
        assert!(found.found.minutiae.is_empty(), "{name}: {:?}", found.found);
        assert!(!found.inverted, "{name}");
        assert!((1..=100).contains(&found.found.quality), "{name}");
    }
}

#[test]
fn quality_falls_with_noise_and_with_what_is_missing_of_the_print() {
    let quality = |drawing: &Drawing| of(&drawing.image()).found.quality;
    let plain = Drawing { noise: 20.0, ..Drawing::plain() };
    let noisier = [60.0, 120.0].map(|noise| quality(&Drawing { noise, ..plain.clone() }));
    let smaller = [200, 100].map(|height| quality(&Drawing { height, ..plain.clone() }));
    for worse in [noisier, smaller] {
        assert!(quality(&plain) > worse[0] && worse[0] > worse[1] && worse[1] > 1, "{worse:?}");
    }
}

#[test]
fn images_of_every_small_size_are_taken() {
    let sides = [1, 2, 5, 7, 8, 9, 16, 17, 31, 33, 64, 67];
    let mut state = 5u64;
    for (w, h) in sides.into_iter().flat_map(|w| sides.map(|h| (w, h))) {
        let mut level = |kind: usize, x: usize, y: usize| match kind {
            0 => ((x + y) % 9 * 28) as u8,
            1 => ((x / 4 + y / 5) % 2 * 255) as u8,
            _ => {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            }
        };
        for kind in 0..3 {
            let pixels = (0..w * h).map(|at| level(kind, at % w, at / w)).collect();
            let image = GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap();
            let found = of(&image).found;
            let inside = |m: &Minutia| usize::from(m.x_px) < w && usize::from(m.y_px) < h;
            assert!(found.minutiae.iter().all(inside), "{w} x {h}, {kind}: {found:?}");
        }
    }
}

#[test]
fn a_card_of_8000_by_8000_gives_the_minutiae_of_the_print_on_it() {
    let print = Drawing { oval: true, ..Drawing::plain() }.image();
    let (side, left, top) = (8_000, 5_000, 4_096);
    let mut pixels = vec![250; side * side];
    for y in 0..print.height_px() {
        let at = (top + y) * side + left;
        pixels[at..at + print.width_px()].copy_from_slice(print.row(y));
    }
    let card = GrayImage::new(side, side, pixels, Resolution::Ppi(500.0)).unwrap();
    let (whole, alone) = (of(&card).found.minutiae, of(&print).found.minutiae);
    let mut moved: Vec<_> =
        whole.iter().map(|m| (m.x_px - left as u16, m.y_px - top as u16, m.angle)).collect();
    let mut alone: Vec<_> = alone.iter().map(|m| (m.x_px, m.y_px, m.angle)).collect();
    moved.sort_unstable();
    alone.sort_unstable();
    assert!(!alone.is_empty());
    assert_eq!(moved, alone);
}

#[test]
fn of_thousands_of_minutiae_the_best_are_kept() {
    let (w, h) = (1_500, 1_500);
    let tile = Drawing { noise: 40.0, ..Drawing::plain() }.image();
    let pixels = (0..w * h).map(|at| tile.row(at / w % 320)[at % w % 288]).collect();
    let image = GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap();
    let found = of(&image).found.minutiae;
    assert_eq!(found.len(), MINUTIAE_MAX);
    assert!(found.is_sorted_by(|a, b| a.quality >= b.quality));
}

/// FNV-1a over the minutiae of prints with all kinds of damage. The same in debug and release,
/// on every machine: a change of it changes stored templates, and is to be meant.
#[test]
fn the_same_image_gives_the_same_minutiae_everywhere() {
    let mut digest = 0xcbf2_9ce4_8422_2325u64;
    for drawing in [
        Drawing { noise: 90.0, ..Drawing::plain() },
        Drawing { creases: true, wet: 0.5, ..Drawing::plain() },
        Drawing { oval: true, period_px: 6.5, noise: 30.0, ..Drawing::plain() },
        Drawing { wet: -0.6, period_px: 12.0, scale: 1.5, ..Drawing::plain() },
    ] {
        let found = of(&drawing.image()).found;
        assert!(found.minutiae.len() >= 5, "{found:?}");
        for m in found.minutiae {
            let [x, xx] = m.x_px.to_le_bytes();
            let [y, yy] = m.y_px.to_le_bytes();
            for byte in [x, xx, y, yy, m.angle, m.kind as u8, m.quality] {
                digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    assert_eq!(format!("{digest:016x}"), "93098aa38d026deb");
}
