//! Common image formats, through well-kept crates (docs/adr/0019-image-formats.md), to 8-bit
//! gray levels; and gray levels to PNG, PGM and raw bytes.

mod bmp;
mod jpeg;
mod pgm;
mod png;
pub mod resample;
mod tiff;

pub use pgm::write as write_pgm;
pub use png::write as write_png;

use super::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};
use std::io::Cursor;

/// Most bytes of samples that are held while an image becomes gray: 16-bit color of the
/// largest image that is taken.
const SAMPLE_BYTES_MAX: usize = 6 * crate::image::PIXELS_MAX;

/// Reads an image of a format other than WSQ and raw.
///
/// Samples of 16 bits are brought to 8 by rounding; color becomes luma by the weights of
/// ITU-R BT.601 (0.299 red, 0.587 green, 0.114 blue); what is transparent is seen on white.
pub fn decode(format: Format, bytes: &[u8]) -> Read<GrayImage> {
    match format {
        Format::Png => png::read(bytes),
        Format::Bmp => bmp::read(bytes),
        Format::Tiff => tiff::read(bytes),
        Format::Jpeg => jpeg::read(bytes),
        Format::Pgm => pgm::read(bytes),
        other => Err(FormatError::new(other, 0, "is not read as an image of a common format")),
    }
}

/// Gray levels without a header, row by row from the top.
///
/// # Errors
/// Sides that are empty or too large, or that ask for another number of bytes.
pub fn read_raw(
    bytes: &[u8],
    width_px: usize,
    height_px: usize,
    resolution: Resolution,
) -> Read<GrayImage> {
    // Before the copy: the sides may lie.
    GrayImage::check_sides(width_px, height_px)
        .map_err(|e| FormatError::image(Format::Raw, 0, &e))?;
    if bytes.len() != width_px * height_px {
        let problem = format!(
            "{width_px} x {height_px} asks for {} bytes, there are {}",
            width_px * height_px,
            bytes.len()
        );
        return Err(FormatError::new(Format::Raw, bytes.len(), problem)
            .help("state the sides that the scanner gave; only 8 bits a pixel are read"));
    }
    GrayImage::new(width_px, height_px, bytes.to_vec(), resolution)
        .map_err(|e| FormatError::image(Format::Raw, 0, &e))
}

/// What a crate read: samples, how many of them make a pixel.
struct Samples {
    width: usize,
    height: usize,
    channels: usize,
    values: Values,
}

/// Samples of 8 or 16 bits.
enum Values {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

impl Samples {
    /// Gray levels of samples: gray, gray with alpha, color, color with alpha.
    fn gray(self, format: Format, resolution: Resolution) -> Read<GrayImage> {
        let Samples { width, height, channels, values } = self;
        let pixels = match values {
            Values::Eight(values) if channels == 1 => values,
            Values::Eight(values) => {
                values.chunks_exact(channels).map(|p| level(p, u8::MAX) as u8).collect()
            }
            Values::Sixteen(values) => values
                .chunks_exact(channels)
                .map(|p| ((level(p, u16::MAX) * 255 + 32_767) / 65_535) as u8)
                .collect(),
        };
        GrayImage::new(width, height, pixels, resolution)
            .map_err(|e| FormatError::image(format, 0, &e))
    }
}

/// Luma of one pixel, on white where it is transparent; in the samples' own range.
fn level<T: Copy + Into<u64>>(pixel: &[T], full: T) -> u64 {
    let full: u64 = full.into();
    let sample = |i: usize| pixel.get(i).map_or(full, |v| (*v).into());
    let luma = match pixel.len() {
        1 | 2 => sample(0),
        _ => (299 * sample(0) + 587 * sample(1) + 114 * sample(2) + 500) / 1000,
    };
    match pixel.len() {
        2 => on_white(luma, sample(1), full),
        4 => on_white(luma, sample(3), full),
        _ => luma,
    }
}

fn on_white(luma: u64, alpha: u64, full: u64) -> u64 {
    (luma * alpha + full * (full - alpha) + full / 2) / full
}

/// Sides of an image, before anything is allocated for its pixels.
fn check_sides(format: Format, width: usize, height: usize, bytes_a_pixel: usize) -> Read<()> {
    GrayImage::check_sides(width, height).map_err(|e| FormatError::image(format, 0, &e))?;
    if width * height * bytes_a_pixel > SAMPLE_BYTES_MAX {
        let problem = format!("{width} x {height} pixels of {bytes_a_pixel} bytes are too many");
        return Err(FormatError::new(format, 0, problem).help("convert it to 8-bit gray first"));
    }
    Ok(())
}

/// What a file says of its density, in samples an inch.
///
/// 72 and 96 are what programs write that do not know; no scanner of prints has them, so
/// they say nothing. Densities across and down may differ by one percent.
fn density(format: Format, across: f64, down: f64) -> Read<Resolution> {
    let is_stated = |d: f64| d.is_finite() && d >= 1.0;
    if !is_stated(across) || !is_stated(down) {
        return Ok(Resolution::Unstated);
    }
    if (across - down).abs() > 0.01 * across.max(down) {
        let problem = format!("{across:.1} pixels an inch across, {down:.1} down");
        return Err(FormatError::new(format, 0, problem)
            .field("resolution")
            .help("resample the image to the same resolution across and down"));
    }
    let whole = across.round();
    let ppi = if (across - whole).abs() < 0.05 { whole } else { across };
    let says_nothing = [72.0, 96.0].iter().any(|d| (ppi - d).abs() < 0.5);
    Ok(if says_nothing { Resolution::Unstated } else { Resolution::Ppi(ppi as f32) })
}

/// Samples a meter as samples an inch.
fn of_meter(a_meter: f64) -> f64 {
    a_meter * 0.0254
}

/// An error of a crate, at the byte up to which it had read.
fn damaged(format: Format, cursor: &Cursor<&[u8]>, problem: impl ToString) -> FormatError {
    let problem = problem.to_string();
    // Some seek beyond the end before they look.
    let at = (cursor.position() as usize).min(cursor.get_ref().len());
    FormatError::new(format, at, problem.trim().trim_end_matches('.'))
        .help("the file is damaged or of a kind that is not read: save it again as 8-bit gray PNG")
}
