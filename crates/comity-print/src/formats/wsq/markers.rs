//! The segments of a WSQ file: tables, frame, comments (IAFIS-IC-0110v3, annex B).

use super::huffman::{BITS_MAX, Table};
use super::tree::SUBBANDS;
use super::wavelet::{Filters, HALF_MAX};
use crate::formats::bytes::Cursor;
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, ImageError};

/// Start of image.
pub const SOI: u16 = 0xffa0;
/// End of image.
pub const EOI: u16 = 0xffa1;
/// Start of frame: sides, shift and scale.
pub const SOF: u16 = 0xffa2;
/// Start of a block of Huffman codes.
pub const SOB: u16 = 0xffa3;
/// Transform table: the wavelet filters.
pub const DTT: u16 = 0xffa4;
/// Quantization table: bins of the subbands.
pub const DQT: u16 = 0xffa5;
/// Huffman table.
pub const DHT: u16 = 0xffa6;
/// Restart interval.
pub const DRI: u16 = 0xffa7;
/// Comment.
pub const COM: u16 = 0xffa8;

/// Huffman tables that a file can name, as many as the identifiers of the standard.
pub const TABLES_MAX: usize = 8;

/// The frame header.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Scanner's value for black.
    pub black: u8,
    /// Scanner's value for white.
    pub white: u8,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Subtracted from the pixels before the transform.
    pub shift: f32,
    /// By which they were divided then.
    pub scale: f32,
    /// The encoder's algorithm number; 0 = not said.
    pub encoder: u8,
    /// The certified software's number; 0 = not certified, or not said.
    pub software: u16,
}

/// Bins of the subbands.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantization {
    /// Where in a bin its value lies, 0 to 1, as fraction of the bin's width.
    pub center: f32,
    /// Width of the bins of each subband; 0 = the subband is not coded.
    pub bin: [f32; SUBBANDS],
    /// Width of the bin around zero.
    pub zero_bin: [f32; SUBBANDS],
}

/// What stands before the first block, and between blocks.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The wavelet filters.
    pub filters: Option<Filters>,
    /// The bins.
    pub quantization: Option<Quantization>,
    /// The Huffman tables by identifier.
    pub huffman: [Option<Table>; TABLES_MAX],
    /// Comments, in order.
    pub comments: Vec<Vec<u8>>,
}

/// The name of a marker; `None` where the standard names none.
pub fn name(marker: u16) -> Option<&'static str> {
    Some(match marker {
        SOI => "SOI",
        EOI => "EOI",
        SOF => "SOF",
        SOB => "SOB",
        DTT => "DTT",
        DQT => "DQT",
        DHT => "DHT",
        DRI => "DRI",
        COM => "COM",
        _ => return None,
    })
}

/// Reads the next marker, which must be one of the standard's.
pub fn read_marker(cursor: &mut Cursor<'_>) -> Read<u16> {
    let at = cursor.at();
    let marker = cursor.u16("marker")?;
    match name(marker) {
        Some(name) => {
            cursor.enter(name);
            Ok(marker)
        }
        None => Err(cursor.error_at(at, "marker", format!("{marker:04x} is no marker of WSQ"))),
    }
}

/// The content of a segment, as a cursor of its own, and where it starts in the file.
fn segment<'a>(cursor: &mut Cursor<'a>, what: &str) -> Read<(Cursor<'a>, usize)> {
    let at = cursor.at();
    let length = usize::from(cursor.u16("length")?);
    if length < 2 {
        return Err(cursor.error_at(
            at,
            "length",
            format!("{length} is less than its own 2 bytes"),
        ));
    }
    let start = cursor.at();
    let content = cursor.take(length - 2, "content")?;
    let mut inner = Cursor::new(Format::Wsq, content);
    inner.enter(what);
    Ok((inner, start))
}

impl Tables {
    /// Reads the segment of a table or comment, after its marker.
    pub fn read(&mut self, marker: u16, cursor: &mut Cursor<'_>) -> Read<()> {
        let (mut inner, start) = segment(cursor, name(marker).unwrap_or_default())?;
        let read = match marker {
            DTT => read_filters(&mut inner).map(|f| self.filters = Some(f)),
            DQT => read_quantization(&mut inner).map(|q| self.quantization = Some(q)),
            DHT => self.read_huffman(&mut inner),
            COM => inner.take(inner.left(), "text").map(|t| self.comments.push(t.to_vec())),
            _ => read_restart(&mut inner),
        };
        read.map_err(|e| e.within(start))?;
        if inner.left() > 0 {
            let problem = format!("{} bytes follow the last field", inner.left());
            return Err(inner.error("length", problem).within(start));
        }
        Ok(())
    }

    fn read_huffman(&mut self, cursor: &mut Cursor<'_>) -> Read<()> {
        while cursor.left() > 0 {
            let at = cursor.at();
            let id = usize::from(cursor.u8("table identifier")?);
            let Some(slot) = self.huffman.get_mut(id) else {
                let problem = format!("{id} is not one of the identifiers 0 to 7");
                return Err(cursor.error_at(at, "table identifier", problem));
            };
            let mut table = Table::default();
            table.counts.copy_from_slice(cursor.take(BITS_MAX, "number of codes")?);
            let symbols: usize = table.counts.iter().map(|n| usize::from(*n)).sum();
            table.symbols = cursor.take(symbols, "symbols")?.to_vec();
            if table.codes().is_none() {
                let problem = "there are more codes of a length than fit";
                return Err(cursor.error_at(at, "number of codes", problem));
            }
            *slot = Some(table);
        }
        Ok(())
    }
}

/// A number as the standard writes it: digits and how many of them follow the point.
fn decimal(digits: u32, places: u8) -> f32 {
    // In double precision, so that one rounding leads to the nearest single.
    (f64::from(digits) / 10_f64.powi(i32::from(places))) as f32
}

fn read_filters(cursor: &mut Cursor<'_>) -> Read<Filters> {
    let at = cursor.at();
    let sizes =
        [cursor.u8("size of the low-pass filter")?, cursor.u8("size of the high-pass filter")?];
    let mut filters = [Vec::new(), Vec::new()];
    for (size, filter) in sizes.iter().zip(&mut filters) {
        let half = usize::from(*size / 2);
        if size.is_multiple_of(2) || half > HALF_MAX {
            let problem = format!("{size} taps; filters of an odd number up to 31 are read");
            return Err(cursor.error_at(at, "size of a filter", problem).help(
                "no certified encoder writes filters of an even number: convert it with its maker's software",
            ));
        }
        for _ in 0..=half {
            let is_negative = cursor.u8("sign of a tap")? != 0;
            let places = cursor.u8("places of a tap")?;
            let value = decimal(cursor.u32("tap")?, places);
            filter.push(if is_negative { -value } else { value });
        }
    }
    let [low, high] = filters;
    Ok(Filters { low, high })
}

fn read_quantization(cursor: &mut Cursor<'_>) -> Read<Quantization> {
    let mut number = |field: &str| -> Read<f32> {
        let places = cursor.u8(field)?;
        Ok(decimal(u32::from(cursor.u16(field)?), places))
    };
    let center = number("bin center")?;
    let (mut bin, mut zero_bin) = ([0.0; SUBBANDS], [0.0; SUBBANDS]);
    for band in 0..SUBBANDS {
        bin[band] = number("bin width")?;
        zero_bin[band] = number("zero bin width")?;
    }
    Ok(Quantization { center, bin, zero_bin })
}

fn read_restart(cursor: &mut Cursor<'_>) -> Read<()> {
    match cursor.u16("restart interval")? {
        0 => Ok(()),
        n => Err(cursor
            .error_at(0, "restart interval", format!("{n}: blocks with restarts are not read"))
            .help("no certified encoder writes them: convert it with its maker's software")),
    }
}

/// Reads the frame header, after its marker; the sides are checked before anything is
/// allocated for them.
pub fn read_frame(cursor: &mut Cursor<'_>) -> Read<Frame> {
    let (mut inner, start) = segment(cursor, "SOF")?;
    let mut read = || -> Read<Frame> {
        let black = inner.u8("black")?;
        let white = inner.u8("white")?;
        let at = inner.at();
        let height = usize::from(inner.u16("height")?);
        let width = usize::from(inner.u16("width")?);
        GrayImage::check_sides(width, height)
            .map_err(|e: ImageError| FormatError::image(Format::Wsq, at, &e).record("SOF"))?;
        let mut number = |field: &str| -> Read<f32> {
            let places = inner.u8(field)?;
            Ok(decimal(u32::from(inner.u16(field)?), places))
        };
        let (shift, scale) = (number("shift")?, number("scale")?);
        let (encoder, software) = (inner.u8("encoder")?, inner.u16("software")?);
        Ok(Frame { black, white, width, height, shift, scale, encoder, software })
    };
    read().map_err(|e| e.within(start))
}

/// The value of a name in a comment of NISTCOM, `PPI 500`.
pub fn nistcom<'a>(comments: &'a [Vec<u8>], name: &str) -> Option<&'a str> {
    let comment = comments.iter().find(|c| c.starts_with(b"NIST_COM"))?;
    let text = std::str::from_utf8(comment).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::trim)
}
