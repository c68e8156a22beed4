//! The network's extractor from outside: on committed prints, and on what is no print.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::formats::{read_image, read_minutiae};
use comity_print::matcher::{Prepared, compare};
use comity_print::net::{Extractor, extract_with};
use comity_print::template::Template;
use comity_print::{FingerPosition, GrayImage, Minutia, Resolution};
use std::path::PathBuf;

fn read(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../data/prints/synthetic");
    let path = folder.join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn image(name: &str) -> GrayImage {
    read_image(&read(&format!("{name}.wsq"))).unwrap()
}

fn minutiae(image: &GrayImage) -> Vec<Minutia> {
    extract_with(Extractor::Net, image, FingerPosition::Unknown).found.minutiae
}

/// True minutiae that have a found one within 12 pixels and 30 degrees.
fn hits(truth: &[Minutia], found: &[Minutia]) -> usize {
    let near = |t: &Minutia, f: &Minutia| {
        let turn = t.angle.wrapping_sub(f.angle);
        let square = |a: u16, b: u16| u32::from(a.abs_diff(b)).pow(2);
        square(t.x_px, f.x_px) + square(t.y_px, f.y_px) <= 144
            && turn.min(turn.wrapping_neg()) <= 21
    };
    truth.iter().filter(|t| found.iter().any(|f| near(t, f))).count()
}

/// One run of the network in a debug build takes seconds: the tests share their prints.
#[test]
fn finds_true_minutiae_and_the_finger_again_with_the_same_bits_everywhere() {
    let (first, second, other) = (image("3_1"), image("3_2"), image("5_1"));
    let of = |i: &GrayImage| extract_with(Extractor::Net, i, FingerPosition::RightIndex);
    let extractions = [of(&first), of(&second), of(&other)];
    let found = &extractions[0].found;
    assert_eq!(found.finger, FingerPosition::RightIndex);
    assert_eq!(usize::from(found.width_px), first.width_px());
    let truth = read_minutiae(&read("3_1.iso")).unwrap()[0].minutiae.clone();
    let hit = hits(&truth, &found.minutiae);
    assert!(hit * 10 >= truth.len() * 7, "{hit} of {}", truth.len());
    assert!(hit * 10 >= found.minutiae.len() * 6, "{hit} of {} found", found.minutiae.len());
    let [a, b, c] = extractions.each_ref().map(|e| Prepared::of(&Template::of(e)));
    let (same, different) = (compare(&a, &b).score, compare(&a, &c).score);
    assert!(same > different + 1.0, "{same} and {different}");
    // A template ends with its checksum, which would make every digest the same.
    let digest = |bytes: &[u8]| crc32fast::hash(&bytes[..bytes.len() - 4]);
    let digests = extractions.each_ref().map(|e| digest(&Template::of(e).to_bytes()));
    assert_eq!(digests, DIGESTS, "{digests:#x?}");
}

/// CRC-32 of the templates of 3_1, 3_2, 5_1: they change with the weights and with the steps
/// after the network, and with nothing else.
const DIGESTS: [u32; 3] = [0x9e7d_ba4f, 0xe874_f3eb, 0xa296_6c0e];

#[test]
fn what_is_no_print_has_no_minutiae() {
    let made = |w: usize, h: usize, level: fn(usize) -> u8| {
        GrayImage::new(w, h, (0..w * h).map(level).collect(), Resolution::Ppi(500.0)).unwrap()
    };
    assert!(minutiae(&made(300, 300, |_| 255)).is_empty());
    assert!(minutiae(&made(300, 300, |_| 90)).is_empty());
    for side in [1, 2, 10] {
        assert!(minutiae(&made(side, side, |k| (k * 97 % 256) as u8)).is_empty(), "{side}");
    }
    let noise = made(160, 160, |k| ((k as u32).wrapping_mul(2_654_435_761) >> 24) as u8);
    let found = extract_with(Extractor::Net, &noise, FingerPosition::Unknown).found;
    assert!(found.minutiae.len() < 12, "{} minutiae in noise", found.minutiae.len());
}

#[test]
fn a_negative_is_turned_and_has_the_minutiae_of_the_print() {
    let print = image("3_1");
    let turned = print.pixels().iter().map(|p| 255 - p).collect();
    let negative =
        GrayImage::new(print.width_px(), print.height_px(), turned, print.resolution).unwrap();
    let extraction = extract_with(Extractor::Net, &negative, FingerPosition::Unknown);
    assert!(extraction.inverted);
    let straight = minutiae(&print);
    let same = hits(&straight, &extraction.found.minutiae);
    assert!(same * 10 >= straight.len() * 9, "{same} of {}", straight.len());
}
