//! Images and records of minutiae, on synthetic files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod formats_support;

use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::formats::raster::resample::to_500_ppi;
use comity_print::formats::{self, Format, FormatError, ansi378, iso19794, raster, wsq};
use comity_print::{FingerPosition, GrayImage, Resolution};
use formats_support::*;

const PPI_500: Resolution = Resolution::Ppi(500.0);

/// FNV-1a, enough to see whether bytes are the same.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

/// Mean and largest difference of gray levels.
fn difference(a: &GrayImage, b: &GrayImage) -> (f64, u8) {
    assert_eq!((a.width_px(), a.height_px()), (b.width_px(), b.height_px()));
    let all = a.pixels().iter().zip(b.pixels()).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = all.clone().map(u64::from).sum();
    (sum as f64 / a.pixels().len() as f64, all.max().unwrap_or_default())
}

#[test]
fn wsq_keeps_a_print_within_stated_bounds_at_both_ratios() {
    let image = ridges(500, 550, PPI_500);
    for (rate, bytes_max, mean_max, worst_max) in [(0.75, 30_000, 5.0, 60), (2.25, 80_000, 1.5, 20)]
    {
        let packed = wsq::encode(&image, rate).unwrap();
        let back = wsq::decode(&packed).unwrap();
        let (mean, worst) = difference(&image, &back.image);
        println!("{rate} bits: {} bytes, mean {mean:.2}, worst {worst}", packed.len());
        assert!(packed.len() < bytes_max && mean < mean_max && worst < worst_max);
        assert_eq!(back.resolution, PPI_500);
        assert_eq!(back.bits_per_pixel, Some(rate));
    }
}

#[test]
fn wsq_gives_the_same_bytes_and_levels_in_every_build() {
    let packed = wsq::encode(&ridges(203, 187, PPI_500), 0.75).unwrap();
    let back = wsq::decode(&packed).unwrap().image;
    assert_eq!((hash(&packed), hash(back.pixels())), (WSQ_BYTES, WSQ_LEVELS));
}

/// Taken from a release build; a debug build, and one without SIMD, must agree.
const WSQ_BYTES: u64 = 17_406_340_626_169_007_613;
const WSQ_LEVELS: u64 = 2_725_881_824_529_273_148;

#[test]
fn wsq_takes_blank_uniform_and_tiny_images() {
    for (width, height) in [(1, 1), (10, 10), (2, 300), (300, 1), (64, 64)] {
        for level in [0, 77, 255] {
            let image =
                GrayImage::new(width, height, vec![level; width * height], Resolution::Unstated);
            let image = image.unwrap();
            let back = wsq::decode(&wsq::encode(&image, 0.75).unwrap()).unwrap();
            assert_eq!(difference(&image, &back.image), (0.0, 0), "{width} x {height}, {level}");
            assert_eq!(back.resolution, Resolution::Unstated);
        }
        // Of a line or a point little is left, but its sides and its mean.
        let image = ridges(width, height, PPI_500);
        let back = wsq::decode(&wsq::encode(&image, 2.25).unwrap()).unwrap();
        let bound = if width.min(height) < 10 { 60.0 } else { 12.0 };
        let (mean, _) = difference(&image, &back.image);
        assert!(mean < bound, "{width} x {height}: {mean}");
    }
}

#[test]
fn wsq_refuses_with_the_place_of_what_is_wrong() {
    let good = wsq::encode(&ridges(61, 47, PPI_500), 0.75).unwrap();
    let error = |bytes: &[u8]| wsq::decode(bytes).unwrap_err();
    let cut = error(&good[..good.len() - 40]);
    assert!(cut.record.starts_with("block") && cut.offset > 500, "{cut}");
    let sof = good.windows(2).position(|w| w == [0xff, 0xa2]).unwrap();
    let mut large = good.clone();
    large[sof + 6..sof + 10].copy_from_slice(&[0xff; 4]);
    let large = error(&large);
    assert_eq!((large.offset, large.record.as_str()), (sof + 6, "SOF"), "{large}");
    let mut unknown = good.clone();
    unknown[3] = 0xb7;
    assert_eq!((error(&unknown).offset, error(&unknown).field.as_str()), (2, "marker"));
    assert!(wsq::encode(&ridges(8, 8, PPI_500), 0.01).is_err());
}

fn read(bytes: &[u8]) -> GrayImage {
    formats::read_image(bytes).unwrap()
}

#[test]
fn every_common_format_gives_the_same_levels_and_resolution() {
    let image = ridges(61, 47, PPI_500);
    let png = raster::write_png(&image).unwrap();
    for bytes in [png, raster::write_pgm(&image), bmp(&image, 19_685), tiff(&image, 500)] {
        let back = read(&bytes);
        assert_eq!(back.pixels(), image.pixels());
        assert_eq!(back.resolution, PPI_500);
    }
    let raw = raster::read_raw(image.pixels(), 61, 47, PPI_500).unwrap();
    assert_eq!(raw, image);
    assert!(raster::read_raw(image.pixels(), 61, 48, PPI_500).is_err());
}

#[test]
fn jpeg_gives_luma_and_its_density() {
    let gray = read(JPEG_GRAY);
    assert_eq!((gray.width_px(), gray.height_px(), gray.resolution), (61, 47, PPI_500));
    let color = read(JPEG_COLOR);
    // 197 a centimeter is what 500 an inch is in whole numbers.
    assert!(matches!(color.resolution, Resolution::Ppi(p) if (p - 500.4).abs() < 0.1));
    // Red g, green g / 2 + 60, blue 255 - g: luma 0.4785 g + 64.3.
    let mut worst = 0.0_f64;
    for (g, luma) in gray.pixels().iter().zip(color.pixels()) {
        worst = worst.max((f64::from(*g) * 0.4785 + 64.3 - f64::from(*luma)).abs());
    }
    assert!(worst < 25.0, "{worst}");
    assert!(formats::read_image(&JPEG_GRAY[..JPEG_GRAY.len() / 2]).is_err());
}

#[test]
fn sixteen_bits_color_and_alpha_become_gray_by_the_stated_rules() {
    use png::{BitDepth, ColorType};
    let one =
        |color, depth, samples: &[u8]| read(&png(color, depth, samples, (1, 1), None)).pixels()[0];
    assert_eq!(one(ColorType::Grayscale, BitDepth::Sixteen, &[0x80, 0x7f]), 128);
    assert_eq!(one(ColorType::Grayscale, BitDepth::Sixteen, &[0xff, 0xff]), 255);
    assert_eq!(one(ColorType::Rgb, BitDepth::Eight, &[255, 0, 0]), 76);
    assert_eq!(one(ColorType::Rgb, BitDepth::Eight, &[0, 255, 0]), 150);
    assert_eq!(one(ColorType::Rgb, BitDepth::Eight, &[0, 0, 255]), 29);
    assert_eq!(one(ColorType::Rgb, BitDepth::Eight, &[9, 9, 9]), 9);
    assert_eq!(one(ColorType::Rgba, BitDepth::Eight, &[0, 0, 0, 0]), 255);
    assert_eq!(one(ColorType::GrayscaleAlpha, BitDepth::Eight, &[0, 127]), 128);
    assert_eq!(one(ColorType::Indexed, BitDepth::Eight, &[200]), 125);
}

#[test]
fn a_density_is_stated_unstated_or_refused() {
    use png::{BitDepth, ColorType};
    let made =
        |density| png(ColorType::Grayscale, BitDepth::Eight, &[0; 100 * 100], (100, 100), density);
    let resolution = |density| read(&made(density)).resolution;
    assert_eq!(resolution(None), Resolution::Unstated);
    assert_eq!(resolution(Some((39_370, 39_370))), Resolution::Ppi(1000.0));
    // 96 and 72 an inch: what programs write that do not know.
    assert_eq!(resolution(Some((3780, 3780))), Resolution::Unstated);
    assert_eq!(resolution(Some((2835, 2835))), Resolution::Unstated);
    let error = formats::read_image(&made(Some((19_685, 9_843)))).unwrap_err();
    assert_eq!(error.field, "resolution");
    // 200 an inch grows to 500.
    let grown = read(&made(Some((7874, 7874))));
    assert_eq!(to_500_ppi(&grown).unwrap().width_px(), 250);
}

#[test]
fn a_card_scan_is_taken_and_a_larger_image_is_refused_before_it_is_held() {
    let scan = raster::read_raw(&vec![9; 64_000_000], 8000, 8000, PPI_500).unwrap();
    assert_eq!(scan.pixels().len(), 64_000_000);
    let refused = |bytes: &[u8]| {
        let error = formats::read_image(bytes).unwrap_err();
        assert!(error.problem.contains("larger") || error.problem.contains("imension"), "{error}");
    };
    refused(b"P5 16385 1 255\n0");
    refused(b"P2 16000 16000 255\n0");
    let mut png = png(png::ColorType::Rgb, png::BitDepth::Eight, &[0; 3], (1, 1), None);
    png[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let error = formats::read_image(&png).unwrap_err();
    assert_eq!(error.format, Format::Png);
    assert!(raster::read_raw(&[], 0, 10, PPI_500).is_err());
    assert!(raster::read_raw(&[], usize::MAX, usize::MAX, PPI_500).is_err());
}

#[test]
fn a_record_of_minutiae_goes_there_and_back_in_both_standards() {
    let fingers = [finger(FingerPosition::RightIndex, 31), finger(FingerPosition::LeftThumb, 0)];
    let iso = iso19794::write(&Record::of_fingers(Standard::Iso, &fingers)).unwrap();
    assert_eq!(Format::sniff(&iso), Some(Format::Iso19794));
    assert_eq!(formats::read_minutiae(&iso).unwrap(), fingers);
    let ansi = ansi378::write(&Record::of_fingers(ANSI, &fingers)).unwrap();
    assert_eq!(Format::sniff(&ansi), Some(Format::Ansi378));
    let back = formats::read_minutiae(&ansi).unwrap();
    for (a, b) in fingers[0].minutiae.iter().zip(&back[0].minutiae) {
        // Two degrees are more than a 256th of a turn.
        let turn = a.angle.wrapping_sub(b.angle);
        assert!(turn.min(turn.wrapping_neg()) <= 1);
        assert_eq!((a.x_px, a.y_px, a.kind, a.quality), (b.x_px, b.y_px, b.kind, b.quality));
    }
    for bytes in [record(Standard::Iso), record(ANSI)] {
        let again = match Format::sniff(&bytes) {
            Some(Format::Ansi378) => ansi378::write(&ansi378::read(&bytes).unwrap()),
            _ => iso19794::write(&iso19794::read(&bytes).unwrap()),
        };
        assert_eq!(again.unwrap(), bytes);
    }
}

#[test]
fn a_long_ansi_record_has_its_length_in_six_bytes() {
    let fingers = vec![finger(FingerPosition::RightIndex, 255); 50];
    let bytes = ansi378::write(&Record::of_fingers(ANSI, &fingers)).unwrap();
    assert!(bytes.len() > 65_535 && bytes[8..10] == [0, 0]);
    assert_eq!(Format::sniff(&bytes), Some(Format::Ansi378));
    assert_eq!(ansi378::read(&bytes).unwrap().views.len(), 50);
}

#[test]
fn a_broken_record_is_refused_with_view_field_and_byte() {
    let good = record(Standard::Iso);
    let error = |at: usize, value: u8| -> FormatError {
        let mut bytes = good.clone();
        bytes[at] = value;
        iso19794::read(&bytes).unwrap_err()
    };
    let place = |e: FormatError| (e.offset, e.record, e.field);
    let named = |at: usize, record: &str, field: &str| (at, record.to_owned(), field.to_owned());
    assert_eq!(place(error(11, 9)), named(8, "record header", "length"));
    assert_eq!(place(error(24, 11)), named(24, "view 1", "finger position"));
    assert_eq!(place(error(26, 101)), named(26, "view 1", "finger quality"));
    assert_eq!(place(error(28, 0xc0)), named(28, "view 1", "minutia 1, type"));
    assert_eq!(place(error(36, 0x80)), named(36, "view 1", "minutia 2, reserved bits"));
    assert_eq!(place(error(33, 200)), named(33, "view 1", "minutia 1, quality"));
    assert_eq!(error(22, 3).record, "view 3");
    let mut ansi = record(ANSI);
    ansi[34] = 180;
    assert_eq!(place(ansi378::read(&ansi).unwrap_err()), named(34, "view 1", "minutia 1, angle"));
    let many = Record::of_fingers(Standard::Iso, &[finger(FingerPosition::RightIndex, 300)]);
    assert_eq!(many.views[0].minutiae.len(), 255);
}
