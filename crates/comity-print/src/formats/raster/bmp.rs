//! BMP, through the `zune-bmp` crate; the resolution, which it does not give, from the header.

use super::{Samples, Values, check_sides, damaged, density, of_meter};
use crate::formats::{Format, Read};
use crate::{GrayImage, Resolution};
use std::io::Cursor;
use zune_bmp::BmpDecoder;
use zune_core::options::DecoderOptions;

/// Where the header gives pixels a meter across, and down after it.
const PER_METER_AT: usize = 38;

/// Reads an image.
pub fn read(bytes: &[u8]) -> Read<GrayImage> {
    let mut cursor = Cursor::new(bytes);
    let options = DecoderOptions::default()
        .set_max_width(crate::image::SIDE_PX_MAX)
        .set_max_height(crate::image::SIDE_PX_MAX);
    let mut decoder = BmpDecoder::new_with_options(&mut cursor, options);
    if let Err(e) = decoder.decode_headers() {
        return Err(damaged(Format::Bmp, &cursor, format!("{e:?}")));
    }
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let channels = decoder.colorspace().map_or(0, |c| c.num_components());
    check_sides(Format::Bmp, width, height, channels)?;
    let values = match decoder.decode() {
        Ok(values) => Values::Eight(values),
        Err(e) => return Err(damaged(Format::Bmp, &cursor, format!("{e:?}"))),
    };
    Samples { width, height, channels, values }.gray(Format::Bmp, resolution(bytes)?)
}

fn resolution(bytes: &[u8]) -> Read<Resolution> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok());
        four.map_or(0, i32::from_le_bytes)
    };
    // The header of 12 bytes, the oldest, ends before the resolution.
    if number(14) < 40 {
        return Ok(Resolution::Unstated);
    }
    let an_inch = |at| of_meter(f64::from(number(at)));
    density(Format::Bmp, an_inch(PER_METER_AT), an_inch(PER_METER_AT + 4))
}
