//! JPEG, through the `zune-jpeg` crate in its portable form.

use super::{Samples, Values, check_sides, damaged, density};
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};
use std::io::Cursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Reads an image.
pub fn read(bytes: &[u8]) -> Read<GrayImage> {
    let mut cursor = Cursor::new(bytes);
    // Strict: data that is missing is an error, not a gray area.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(crate::image::SIDE_PX_MAX)
        .set_max_height(crate::image::SIDE_PX_MAX);
    let mut decoder = JpegDecoder::new_with_options(&mut cursor, options);
    if let Err(e) = decoder.decode_headers() {
        return Err(damaged(Format::Jpeg, &cursor, format!("{e:?}")));
    }
    let Some(info) = decoder.info() else {
        return Err(damaged(Format::Jpeg, &cursor, "there is no frame header"));
    };
    let (out, channels) = match decoder.input_colorspace() {
        // The luma of BT.601 is stored as it is.
        Some(ColorSpace::Luma | ColorSpace::YCbCr) => (ColorSpace::Luma, 1),
        Some(ColorSpace::RGB) => (ColorSpace::RGB, 3),
        other => {
            let problem = format!("colors of {other:?} are not read");
            return Err(
                FormatError::new(Format::Jpeg, 0, problem).help("save the image as gray or RGB")
            );
        }
    };
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check_sides(Format::Jpeg, width, height, channels)?;
    let resolution = resolution(bytes)?;
    decoder.set_options(options.jpeg_set_out_colorspace(out));
    let values = match decoder.decode() {
        Ok(values) => Values::Eight(values),
        Err(e) => return Err(damaged(Format::Jpeg, &cursor, format!("{e:?}"))),
    };
    Samples { width, height, channels, values }.gray(Format::Jpeg, resolution)
}

/// The density of the JFIF segment, which the crate does not give.
fn resolution(bytes: &[u8]) -> Read<Resolution> {
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let content = bytes.get(at + 4..at + 2 + length.max(2)).unwrap_or_default();
        if *marker == 0xe0
            && let Some([b'J', b'F', b'I', b'F', 0, _, _, unit, x @ .., _, _]) = content.get(..14)
        {
            // Two bytes across, two down, and the sides of a small picture.
            let number = |i: usize| f64::from(u16::from_be_bytes([x[i], x[i + 1]]));
            let an_inch = match unit {
                1 => 1.0,
                2 => 2.54,
                // A shape only.
                _ => return Ok(Resolution::Unstated),
            };
            return density(Format::Jpeg, number(0) * an_inch, number(2) * an_inch);
        }
        // Entropy-coded data follow the start of scan: no density is behind it.
        if *marker == 0xda || length < 2 {
            break;
        }
        at += 2 + length;
    }
    Ok(Resolution::Unstated)
}
