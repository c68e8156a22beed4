//! Synthetic files of every format: what the tests read and break, and the first corpus of the
//! fuzz targets.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; no user of this module needs all of it"
)]

use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::formats::nist::build::{Envelope, Impression, Layout, start};
use comity_print::formats::nist::ebts::Tot;
use comity_print::formats::nist::{Record as NistRecord, TaggedRecord, Transaction};
use comity_print::formats::{ansi378, iso19794, raster, wsq};
use comity_print::{FingerMinutiae, FingerPosition, GrayImage, Minutia, MinutiaKind, Resolution};
use std::io::Cursor;

/// A gray JPEG of 61 x 47 pixels, 500 an inch.
pub const JPEG_GRAY: &[u8] = include_bytes!("../data/gray-500ppi.jpg");
/// A color JPEG of 61 x 47 pixels, 197 a centimeter.
pub const JPEG_COLOR: &[u8] = include_bytes!("../data/color-197ppcm.jpg");

/// Arches around a point below the image, nine pixels from ridge to ridge: nobody's finger.
/// Square roots and whole steps only, so that it is the same everywhere.
pub fn ridges(width: usize, height: usize, resolution: Resolution) -> GrayImage {
    let (center_x, center_y) = (width as f64 / 2.0, height as f64 * 1.4);
    let level = |i: usize| {
        let (x, y) = ((i % width) as f64 - center_x, (i / width) as f64 - center_y);
        let phase = ((x * x * 1.3 + y * y).sqrt() / 9.0).fract();
        // Up and down, with flat tops as inked ridges have.
        (40.0 + 180.0 * ((phase - 0.5).abs() * 3.0 - 0.25).clamp(0.0, 1.0)) as u8
    };
    let pixels = (0..width * height).map(level).collect();
    GrayImage::new(width, height, pixels, resolution).unwrap()
}

/// A finger with minutiae of every kind.
pub fn finger(position: FingerPosition, count: u16) -> FingerMinutiae {
    let kinds = [MinutiaKind::Ending, MinutiaKind::Bifurcation, MinutiaKind::Other];
    let minutia = |i: u16| Minutia {
        x_px: 20 + i * 37 % 300,
        y_px: 30 + i * 53 % 350,
        angle: (i * 29 % 256) as u8,
        kind: kinds[usize::from(i % 3)],
        quality: (i % 101) as u8,
    };
    FingerMinutiae {
        finger: position,
        width_px: 340,
        height_px: 400,
        quality: 70,
        minutiae: (0..count).map(minutia).collect(),
    }
}

/// A record of two fingers.
pub fn record(standard: Standard) -> Vec<u8> {
    let fingers = [finger(FingerPosition::RightIndex, 31), finger(FingerPosition::LeftThumb, 12)];
    let mut record = Record::of_fingers(standard, &fingers);
    record.views[1].extended = vec![0x01, 0x01, 0, 7, 1, 2, 3];
    match standard {
        Standard::Iso => iso19794::write(&record).unwrap(),
        Standard::Ansi { .. } => ansi378::write(&record).unwrap(),
    }
}

/// The standard of a record made here.
pub const ANSI: Standard = Standard::Ansi { product_owner: 0x42, product_type: 0x11 };

/// Type-2 fields of a submission about nobody.
pub const PERSON: [(u16, &str); 15] = [
    (5, "Y"),
    (9, "CASE-0001"),
    (18, "SYNTHETIC,PERSON ONE"),
    (20, "XX"),
    (22, "19000101"),
    (24, "X"),
    (25, "U"),
    (27, "508"),
    (29, "160"),
    (31, "BRO"),
    (32, "BLK"),
    (38, "20261121"),
    (45, "20261121"),
    (47, "20261121\u{1f}SYNTHETIC OFFENSE"),
    (73, "XX0000000"),
];

/// Who sends a transaction made here.
pub fn envelope() -> Envelope {
    Envelope {
        destination: "XXFED0000".to_owned(),
        origin: "XXSHERIFF".to_owned(),
        control_number: "SYN-0001".to_owned(),
        answers: None,
        date: "20261121".to_owned(),
    }
}

/// A submission with ten rolled fingers, less those that are missing.
pub fn card(layout: Layout, missing: &[(FingerPosition, &str)], side: usize) -> Transaction {
    let mut card = start(Tot::Car, &envelope(), &PERSON).unwrap();
    let image = ridges(side, side + 8, Resolution::Ppi(500.0));
    let impressions: Vec<Impression<'_>> = FingerPosition::ALL[1..=10]
        .iter()
        .filter(|f| missing.iter().all(|m| m.0 != **f))
        .map(|finger| Impression { finger: *finger, is_rolled: true, image: &image })
        .collect();
    card.add_impressions(layout, &impressions, missing).unwrap();
    card
}

/// A transaction with Type-9 minutiae in the three forms.
pub fn minutiae_transaction() -> Transaction {
    let mut made = start(Tot::Sre, &envelope(), &[(59, "N"), (73, "XX0000000")]).unwrap();
    let mut record = TaggedRecord::new(9, Some(1));
    record.set(3, "4");
    record.set(4, "U");
    record.set(12, "001\u{1f}12700635090\u{1f}02\u{1f}A\u{1e}002\u{1f}06350127000\u{1f}63\u{1f}B");
    record.set(14, "07");
    record.set(23, "001\u{1f}12700635090\u{1f}00\u{1f}C");
    record.set(128, "400");
    record.set(129, "500");
    record.set(134, "3");
    record.set(
        137,
        "1\u{1f}100\u{1f}200\u{1f}45\u{1f}1\u{1f}80\u{1e}2\u{1f}7\u{1f}9\u{1f}179\u{1f}2\u{1f}0",
    );
    made.records.push(NistRecord::Tagged(record));
    made.seal();
    made
}

/// A PNG of samples.
pub fn png(
    color: png::ColorType,
    depth: png::BitDepth,
    samples: &[u8],
    (width, height): (u32, u32),
    per_meter: Option<(u32, u32)>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette((0..=255_u8).flat_map(|g| [g, g / 2, 255 - g]).collect::<Vec<u8>>());
    }
    let unit = png::Unit::Meter;
    encoder.set_pixel_dims(per_meter.map(|(xppu, yppu)| png::PixelDimensions { xppu, yppu, unit }));
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(samples).unwrap();
    writer.finish().unwrap();
    out
}

/// A BMP of 8-bit gray by palette, rows from the bottom.
pub fn bmp(image: &GrayImage, per_meter: u32) -> Vec<u8> {
    let (width, height) = (image.width_px(), image.height_px());
    let stride = width.div_ceil(4) * 4;
    let offset = 14 + 40 + 1024;
    let mut out = b"BM".to_vec();
    let size = (offset + stride * height) as u32;
    for word in [size, 0, offset as u32, 40, width as u32, height as u32] {
        out.extend(word.to_le_bytes());
    }
    out.extend([1, 0, 8, 0]);
    for word in [0, (stride * height) as u32, per_meter, per_meter, 256, 0] {
        out.extend(word.to_le_bytes());
    }
    out.extend((0..=255_u8).flat_map(|g| [g, g, g, 0]));
    for y in (0..height).rev() {
        out.extend(image.row(y));
        out.extend(vec![0; stride - width]);
    }
    out
}

/// A TIFF of 8-bit gray with a resolution.
pub fn tiff(image: &GrayImage, ppi: u32) -> Vec<u8> {
    use tiff::encoder::{Rational, TiffEncoder, colortype::Gray8};
    use tiff::tags::ResolutionUnit;
    let mut out = Cursor::new(Vec::new());
    let (width, height) = (image.width_px() as u32, image.height_px() as u32);
    let mut encoder = TiffEncoder::new(&mut out).unwrap();
    let mut picture = encoder.new_image::<Gray8>(width, height).unwrap();
    picture.resolution(ResolutionUnit::Inch, Rational { n: ppi, d: 1 });
    picture.write_data(image.pixels()).unwrap();
    out.into_inner()
}

/// Good files by fuzz target.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let image = ridges(61, 47, Resolution::Ppi(500.0));
    let blank = GrayImage::new(20, 30, vec![255; 600], Resolution::Unstated).unwrap();
    let mut out = Vec::new();
    let mut add = |target, name: &str, bytes: Vec<u8>| out.push((target, name.to_owned(), bytes));
    for (name, image, rate) in
        [("ridges-15", &image, 0.75), ("ridges-5", &image, 2.25), ("blank", &blank, 0.75)]
    {
        add("wsq", name, wsq::encode(image, rate).unwrap());
    }
    let (width, height) = (image.width_px(), image.height_px());
    let sides = (width as u32, height as u32);
    let wide: Vec<u8> = image.pixels().iter().flat_map(|p| [*p, 255 - *p]).collect();
    let color: Vec<u8> = image.pixels().iter().flat_map(|p| [*p, *p / 2, 255 - *p]).collect();
    let see_through: Vec<u8> = image.pixels().iter().flat_map(|p| [*p, *p, *p, 255 - *p]).collect();
    let meter = Some((19_685, 19_685));
    let (eight, sixteen) = (png::BitDepth::Eight, png::BitDepth::Sixteen);
    add("raster", "gray.png", raster::write_png(&image).unwrap());
    add("raster", "gray16.png", png(png::ColorType::Grayscale, sixteen, &wide, sides, meter));
    add("raster", "color.png", png(png::ColorType::Rgb, eight, &color, sides, meter));
    add("raster", "alpha.png", png(png::ColorType::Rgba, eight, &see_through, sides, None));
    add("raster", "palette.png", png(png::ColorType::Indexed, eight, image.pixels(), sides, None));
    add("raster", "gray.bmp", bmp(&image, 19_685));
    add("raster", "gray.tiff", tiff(&image, 500));
    add("raster", "gray.jpg", JPEG_GRAY.to_vec());
    add("raster", "color.jpg", JPEG_COLOR.to_vec());
    add("raster", "raw.pgm", raster::write_pgm(&image));
    add("raster", "plain.pgm", b"P2 # 500 ppi\n3 2\n15 0 5 10 15 7 1".to_vec());
    add("iso19794", "two-fingers", record(Standard::Iso));
    add("ansi378", "two-fingers", record(ANSI));
    for (name, made) in [
        ("card-4", card(Layout::Type4, &[], 40)),
        ("card-14", card(Layout::Type14, &[(FingerPosition::LeftRing, "XX")], 40)),
        ("minutiae", minutiae_transaction()),
    ] {
        add("nist", name, made.to_bytes().unwrap());
    }
    out
}
