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
    // JFIF gives a shape only (0), pixels an inch (1), or pixels a centimeter (2).
    let an_inch = match info.pixel_density {
        1 => 1.0,
        2 => 2.54,
        _ => 0.0,
    };
    let (x, y) = (f64::from(info.x_density) * an_inch, f64::from(info.y_density) * an_inch);
    let resolution: Resolution = density(Format::Jpeg, x, y)?;
    decoder.set_options(options.jpeg_set_out_colorspace(out));
    let values = match decoder.decode() {
        Ok(values) => Values::Eight(values),
        Err(e) => return Err(damaged(Format::Jpeg, &cursor, format!("{e:?}"))),
    };
    Samples { width, height, channels, values }.gray(Format::Jpeg, resolution)
}
