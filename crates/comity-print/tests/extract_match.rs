//! Extraction and comparison on drawn ridge patterns, and on images that are no print.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::extract::extract;
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use comity_print::{FingerPosition, GrayImage, Resolution};

/// Places where a ridge begins, and how the wave turns around them.
type Forks = [(f32, f32, f32)];

const ONE: [(f32, f32, f32); 12] = [
    (60.0, 70.0, 1.0),
    (120.0, 64.0, -1.0),
    (182.0, 80.0, 1.0),
    (210.0, 130.0, -1.0),
    (90.0, 120.0, -1.0),
    (150.0, 135.0, 1.0),
    (70.0, 180.0, 1.0),
    (130.0, 190.0, 1.0),
    (190.0, 185.0, -1.0),
    (100.0, 230.0, -1.0),
    (160.0, 235.0, -1.0),
    (215.0, 225.0, 1.0),
];
const OTHER: [(f32, f32, f32); 12] = [
    (80.0, 60.0, -1.0),
    (140.0, 90.0, -1.0),
    (200.0, 60.0, 1.0),
    (55.0, 130.0, 1.0),
    (110.0, 150.0, 1.0),
    (175.0, 120.0, -1.0),
    (225.0, 165.0, 1.0),
    (85.0, 205.0, -1.0),
    (150.0, 215.0, 1.0),
    (200.0, 205.0, -1.0),
    (60.0, 240.0, 1.0),
    (125.0, 245.0, -1.0),
];

/// Arched ridges with a minutia at each fork: the phase of the wave turns once around it
/// (Larkin and Fletcher, 2007).
fn drawn(forks: &Forks, dx: f32, dy: f32) -> GrayImage {
    let (w, h) = (288, 300);
    let mut pixels = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let (px, py) = (x as f32 - dx, y as f32 - dy);
            let arch = py + (px - 140.0) * (px - 140.0) / 400.0;
            let mut phase = arch / 9.0 * std::f32::consts::TAU;
            for (fx, fy, turn) in forks {
                phase += turn * (py - fy).atan2(px - fx);
            }
            pixels.push((128.0 + 90.0 * phase.cos()) as u8);
        }
    }
    GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap()
}

fn of(image: &GrayImage) -> (usize, Prepared) {
    let extraction = extract(image, FingerPosition::Unknown);
    (extraction.found.minutiae.len(), Prepared::of(&Template::of(&extraction)))
}

#[test]
fn drawn_minutiae_are_found_where_they_are() {
    let found = extract(&drawn(&ONE, 0.0, 0.0), FingerPosition::Unknown).found.minutiae;
    for (x, y, _) in ONE {
        let near = found
            .iter()
            .any(|m| (f32::from(m.x_px) - x).abs() <= 8.0 && (f32::from(m.y_px) - y).abs() <= 8.0);
        assert!(near, "none at {x}, {y}: {found:?}");
    }
    assert!(found.len() <= ONE.len() + 2, "{found:?}");
}

#[test]
fn one_finger_scores_above_two() {
    let (_, first) = of(&drawn(&ONE, 0.0, 0.0));
    let (_, moved) = of(&drawn(&ONE, 11.0, -6.0));
    let (_, other) = of(&drawn(&OTHER, 0.0, 0.0));
    let (same, different) = (compare(&first, &moved), compare(&first, &other));
    assert!(same.pairs.len() >= 8, "{same:?}");
    assert!(same.score > 3.0 && different.score < 2.0, "{} {}", same.score, different.score);
    assert_eq!(compare(&first, &moved), same, "the same input gives the same score");
}

#[test]
fn an_image_without_a_print_has_no_minutiae() {
    let flat = |level, w: usize, h: usize| {
        GrayImage::new(w, h, vec![level; w * h], Resolution::Ppi(500.0)).unwrap()
    };
    for image in [flat(255, 300, 300), flat(0, 300, 300), flat(128, 10, 10), flat(9, 1, 1)] {
        let (count, prepared) = of(&image);
        assert_eq!(count, 0, "{image:?}");
        let nothing = compare(&prepared, &prepared);
        assert!(nothing.pairs.is_empty() && nothing.score < 0.01, "{nothing:?}");
    }
}

#[test]
fn small_and_odd_sides_are_taken() {
    let whole = drawn(&ONE, 0.0, 0.0);
    for (w, h) in [(10, 10), (9, 288), (288, 7), (33, 31), (2, 2)] {
        let mut pixels = Vec::new();
        for y in 0..h {
            pixels.extend_from_slice(&whole.row(y)[..w]);
        }
        let image = GrayImage::new(w, h, pixels, Resolution::Ppi(500.0)).unwrap();
        let (count, _) = of(&image);
        assert_eq!(count, 0, "{w} x {h}");
    }
}

#[test]
fn a_template_keeps_the_best_of_too_many_minutiae() {
    let mut extraction = extract(&drawn(&ONE, 0.0, 0.0), FingerPosition::Unknown);
    let one = extraction.found.minutiae[0];
    extraction.found.minutiae = vec![one; 300];
    let template = Template::of(&extraction);
    assert_eq!(template.minutiae.len(), comity_print::template::MINUTIAE_MAX);
    let prepared = Prepared::of(&template);
    assert!(compare(&prepared, &prepared).score.is_finite());
}
