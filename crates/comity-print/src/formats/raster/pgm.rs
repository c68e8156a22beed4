//! PGM, the portable gray map of Netpbm: plain (P2) and raw (P5), up to 16 bits. It is three
//! numbers and the pixels, so it is read here.

use super::{Samples, Values, check_sides, density};
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};

/// A place in the text of the header.
struct Header<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Pixels an inch of a comment `# 500 ppi`, which [`write`] leaves.
    ppi: Option<f64>,
}

impl Header<'_> {
    fn error(&self, field: &str, problem: impl Into<String>) -> FormatError {
        FormatError::new(Format::Pgm, self.at, problem).field(field)
    }

    /// Passes over white space and comments.
    fn skip_space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            if *byte == b'#' {
                let rest = &self.bytes[self.at..];
                let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                let text = String::from_utf8_lossy(&rest[1..end]);
                if let Some(number) = text.trim().strip_suffix(" ppi") {
                    self.ppi = number.trim().parse().ok().or(self.ppi);
                }
                self.at += end;
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn number(&mut self, field: &str) -> Read<usize> {
        self.skip_space();
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&rest[..digits]).unwrap_or_default();
        let number = text.parse().map_err(|_| self.error(field, "a number is expected here"))?;
        self.at += digits;
        Ok(number)
    }
}

/// Reads an image.
pub fn read(bytes: &[u8]) -> Read<GrayImage> {
    let mut header = Header { bytes, at: 2, ppi: None };
    let width = header.number("width")?;
    let height = header.number("height")?;
    check_sides(Format::Pgm, width, height, 2)?;
    let max = header.number("maximum")?;
    if !(1..=65_535).contains(&max) {
        return Err(header.error("maximum", format!("{max}; 1 to 65535 are possible")));
    }
    let levels = if bytes.starts_with(b"P5") {
        raw(&mut header, width * height, max)?
    } else {
        plain(&mut header, width * height)?
    };
    if let Some(level) = levels.iter().find(|level| usize::from(**level) > max) {
        return Err(header.error("pixels", format!("a level of {level} is more than {max}")));
    }
    // Brought to 16 bits, so that one rule rounds them.
    let wide = levels.iter().map(|l| ((usize::from(*l) * 65_535 + max / 2) / max) as u16);
    let values = Values::Sixteen(wide.collect());
    let ppi = header.ppi.unwrap_or_default();
    Samples { width, height, channels: 1, values }
        .gray(Format::Pgm, density(Format::Pgm, ppi, ppi)?)
}

fn raw(header: &mut Header<'_>, pixels: usize, max: usize) -> Read<Vec<u16>> {
    // One character of white space ends the header.
    header.at += 1;
    let size = if max < 256 { 1 } else { 2 };
    let rest = header.bytes.get(header.at..).unwrap_or_default();
    let Some(data) = rest.get(..pixels * size) else {
        let problem = format!("{} bytes are needed, {} are left", pixels * size, rest.len());
        return Err(header.error("pixels", problem).help("the file is cut off: get it again"));
    };
    Ok(match size {
        1 => data.iter().map(|b| u16::from(*b)).collect(),
        _ => data.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect(),
    })
}

fn plain(header: &mut Header<'_>, pixels: usize) -> Read<Vec<u16>> {
    // Every level takes a digit and a space, so a file cannot make us hold more than it is.
    let mut levels = Vec::with_capacity(pixels.min(header.bytes.len()));
    for _ in 0..pixels {
        let level = header.number("pixels")?;
        let level = u16::try_from(level).map_err(|_| {
            header.error("pixels", format!("a level of {level} is more than 65535"))
        })?;
        levels.push(level);
    }
    Ok(levels)
}

/// Writes an image as raw PGM; its resolution stands in a comment.
pub fn write(image: &GrayImage) -> Vec<u8> {
    let comment = match image.resolution {
        Resolution::Ppi(ppi) => format!("# {ppi} ppi\n"),
        Resolution::Unstated => String::new(),
    };
    let (width, height) = (image.width_px(), image.height_px());
    let mut out = format!("P5\n{comment}{width} {height}\n255\n").into_bytes();
    out.extend(image.pixels());
    out
}
