//! From the bytes of a file to minutiae, whatever kind of image it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod extract_support;
mod formats_support;

use comity_print::extract::extract;
use comity_print::formats::raster::resample::to_500_ppi;
use comity_print::formats::{raster, read_image};
use comity_print::{FingerPosition, GrayImage, Minutia, Resolution};
use extract_support::{Drawing, FORKS, Fork};
use formats_support::{bmp, png as encode, tiff};
use png::{BitDepth, ColorType};

/// 500 and 200 pixels an inch, as PNG and BMP state them.
const PER_METER_500: u32 = 19_685;
const PER_METER_200: u32 = 7_874;

fn image() -> GrayImage {
    Drawing { noise: 40.0, oval: true, ..Drawing::plain() }.image()
}

/// A PNG of the drawing, each gray level made into the samples of a pixel.
fn png(color: ColorType, depth: BitDepth, samples: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    let image = image();
    let sides = (image.width_px() as u32, image.height_px() as u32);
    let all: Vec<u8> = image.pixels().iter().flat_map(|p| samples(*p)).collect();
    encode(color, depth, &all, sides, Some((PER_METER_500, PER_METER_500)))
}

/// What is read and found, at 500 pixels an inch.
fn found(bytes: &[u8]) -> (Resolution, Vec<Minutia>) {
    let image = read_image(bytes).unwrap();
    let at_500 = to_500_ppi(&image).unwrap();
    (image.resolution, extract(&at_500, FingerPosition::Unknown).found.minutiae)
}

#[test]
fn every_kind_of_file_gives_the_minutiae_of_its_gray_levels() {
    let image = image();
    let expected = extract(&image, FingerPosition::Unknown).found.minutiae;
    assert!(expected.len() >= 8, "{expected:?}");
    let (eight, sixteen) = (BitDepth::Eight, BitDepth::Sixteen);
    for (name, bytes) in [
        ("gray PNG", png(ColorType::Grayscale, eight, |p| vec![p])),
        ("16-bit PNG", png(ColorType::Grayscale, sixteen, |p| vec![p, p])),
        ("gray with alpha", png(ColorType::GrayscaleAlpha, eight, |p| vec![p, 255])),
        ("color PNG", png(ColorType::Rgb, eight, |p| vec![p; 3])),
        ("16-bit color PNG", png(ColorType::Rgb, sixteen, |p| vec![p; 6])),
        ("color with alpha", png(ColorType::Rgba, eight, |p| vec![p, p, p, 255])),
        ("BMP", bmp(&image, PER_METER_500)),
        ("TIFF", tiff(&image, 500)),
        ("PGM", raster::write_pgm(&image)),
    ] {
        let (resolution, minutiae) = found(&bytes);
        assert_eq!(minutiae, expected, "{name}");
        match resolution {
            Resolution::Ppi(ppi) => assert!((ppi - 500.0).abs() < 1.0, "{name}: {ppi}"),
            Resolution::Unstated => assert_eq!(name, "PGM"),
        }
    }
}

#[test]
fn a_print_in_color_is_found_by_its_luma() {
    // Red ink: the red channel shows nothing, the others show the ridges.
    let bytes = png(ColorType::Rgb, BitDepth::Eight, |p| vec![255, p, p]);
    let (_, minutiae) = found(&bytes);
    assert!(seen(&minutiae, 1.0) >= 8, "{minutiae:?}");
}

#[test]
fn a_file_that_states_200_ppi_is_resampled_and_one_that_states_nothing_is_taken_as_500() {
    let small =
        Drawing { width: 160, height: 160, scale: 0.5, period_px: 11.0, ..Drawing::plain() };
    let mut small = small.image();
    small.resolution = Resolution::Ppi(200.0);
    for bytes in [bmp(&small, PER_METER_200), raster::write_png(&small).unwrap(), tiff(&small, 200)]
    {
        let (resolution, minutiae) = found(&bytes);
        let Resolution::Ppi(ppi) = resolution else { panic!("the resolution was stated") };
        assert!((ppi - 200.0).abs() < 0.1, "{ppi}");
        // Half a pixel a unit at 200 an inch are 1.25 at 500.
        assert!(seen(&minutiae, 1.25) >= 9, "{minutiae:?}");
    }
    let mut unstated = image();
    unstated.resolution = Resolution::Unstated;
    let (resolution, minutiae) = found(&raster::write_png(&unstated).unwrap());
    assert_eq!(resolution, Resolution::Unstated);
    assert_eq!(minutiae, found(&raster::write_png(&image()).unwrap()).1);
}

/// How many of the drawn minutiae are there; `scale` pixels a unit.
fn seen(minutiae: &[Minutia], scale: f64) -> usize {
    let near = |m: &Minutia, f: &Fork| {
        (f64::from(m.x_px) / scale - f.0).hypot(f64::from(m.y_px) / scale - f.1) <= 10.0
    };
    FORKS.iter().filter(|f| minutiae.iter().any(|m| near(m, f))).count()
}
