//! PNG, through the `png` crate.

use super::{Samples, Values, check_sides, damaged, density, of_meter};
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};
use png::{BitDepth, ColorType, PixelDimensions, Transformations, Unit};
use std::io::Cursor;

/// Reads an image; of an animation, the first picture.
pub fn read(bytes: &[u8]) -> Read<GrayImage> {
    let mut cursor = Cursor::new(bytes);
    match samples(&mut cursor)? {
        Ok((samples, resolution)) => samples.gray(Format::Png, resolution?),
        Err(e) => Err(damaged(Format::Png, &cursor, e)),
    }
}

type Decoded = Result<(Samples, Read<Resolution>), png::DecodingError>;

/// The outer error is of the sides, the inner one of the crate.
fn samples(cursor: &mut Cursor<&[u8]>) -> Read<Decoded> {
    let limits = png::Limits { bytes: super::SAMPLE_BYTES_MAX };
    let mut decoder = png::Decoder::new_with_limits(cursor, limits);
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = match decoder.read_info() {
        Ok(reader) => reader,
        Err(e) => return Ok(Err(e)),
    };
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    let resolution = match info.pixel_dims {
        Some(PixelDimensions { xppu, yppu, unit: Unit::Meter }) => {
            density(Format::Png, of_meter(f64::from(xppu)), of_meter(f64::from(yppu)))
        }
        _ => Ok(Resolution::Unstated),
    };
    let (color, depth) = reader.output_color_type();
    let channels = match color {
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Grayscale | ColorType::Indexed => 1,
    };
    let sample_bytes = if depth == BitDepth::Sixteen { 2 } else { 1 };
    check_sides(Format::Png, width, height, channels * sample_bytes)?;
    let mut out = vec![0; width * height * channels * sample_bytes];
    if let Err(e) = reader.next_frame(&mut out) {
        return Ok(Err(e));
    }
    let values = if sample_bytes == 2 {
        let wide = out.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
        Values::Sixteen(wide.collect())
    } else {
        Values::Eight(out)
    };
    Ok(Ok((Samples { width, height, channels, values }, resolution)))
}

/// Writes an image as 8-bit gray, with its resolution where there is one.
pub fn write(image: &GrayImage) -> Read<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder =
        png::Encoder::new(&mut out, image.width_px() as u32, image.height_px() as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    if let Resolution::Ppi(ppi) = image.resolution {
        let a_meter = (f64::from(ppi) / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(PixelDimensions {
            xppu: a_meter,
            yppu: a_meter,
            unit: Unit::Meter,
        }));
    }
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(image.pixels())?;
        writer.finish()
    });
    written.map_err(|e| FormatError::new(Format::Png, 0, e.to_string()))?;
    Ok(out)
}
