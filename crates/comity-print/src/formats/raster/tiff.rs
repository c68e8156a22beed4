//! TIFF, through the `tiff` crate: uncompressed, LZW, Deflate and PackBits; the first image.

use super::{Samples, Values, check_sides, damaged, density};
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};
use std::io::Cursor;
use tiff::ColorType;
use tiff::decoder::ifd::Value;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

/// Reads the first image of a file.
pub fn read(bytes: &[u8]) -> Read<GrayImage> {
    let mut cursor = Cursor::new(bytes);
    match samples(&mut cursor) {
        Ok(read) => {
            let (samples, resolution) = read?;
            samples.gray(Format::Tiff, resolution)
        }
        Err(e) => Err(damaged(Format::Tiff, &cursor, e)),
    }
}

/// The outer error is the crate's, the inner one of what the file says.
fn samples(cursor: &mut Cursor<&[u8]>) -> Result<Read<(Samples, Resolution)>, tiff::TiffError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = super::SAMPLE_BYTES_MAX;
    limits.intermediate_buffer_size = super::SAMPLE_BYTES_MAX;
    let mut decoder = Decoder::new(cursor)?.with_limits(limits);
    let (width, height) = decoder.dimensions()?;
    let (width, height) = (width as usize, height as usize);
    let color = decoder.colortype()?;
    let channels = match color {
        ColorType::Gray(8 | 16) => 1,
        ColorType::GrayA(8 | 16) => 2,
        ColorType::RGB(8 | 16) => 3,
        ColorType::RGBA(8 | 16) => 4,
        _ => {
            let error = FormatError::new(Format::Tiff, 0, format!("{color:?} is not read"));
            return Ok(Err(error.field("color").help("save it as gray or RGB of 8 or 16 bits")));
        }
    };
    if let Err(e) = check_sides(Format::Tiff, width, height, channels * 2) {
        return Ok(Err(e));
    }
    let resolution = resolution(&mut decoder);
    let values = match decoder.read_image()? {
        DecodingResult::U8(values) => Values::Eight(values),
        DecodingResult::U16(values) => Values::Sixteen(values),
        _ => {
            let error = FormatError::new(Format::Tiff, 0, "samples are no whole numbers");
            return Ok(Err(error.help("save it as gray or RGB of 8 or 16 bits")));
        }
    };
    Ok(resolution.map(|r| (Samples { width, height, channels, values }, r)))
}

fn resolution(decoder: &mut Decoder<&mut Cursor<&[u8]>>) -> Read<Resolution> {
    let an_inch = match decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit) {
        // Inch is what holds where the tag is missing (TIFF 6.0, section 8).
        Ok(None | Some(2)) => 1.0,
        Ok(Some(3)) => 2.54,
        _ => return Ok(Resolution::Unstated),
    };
    // A number that is missing or cannot be read says nothing; the pixels are good.
    let mut number = |tag| match decoder.find_tag(tag) {
        Ok(Some(Value::Rational(n, d))) => f64::from(n) / f64::from(d) * an_inch,
        _ => 0.0,
    };
    let (across, down) = (number(Tag::XResolution), number(Tag::YResolution));
    density(Format::Tiff, across, down)
}
