//! File formats: images of prints, records of minutiae, transactions. Bytes in, values out.

pub mod ansi378;
mod bytes;
mod error;
pub mod iso19794;
pub mod minutiae_record;
pub mod nist;
pub mod raster;
pub mod wsq;

pub use error::{FormatError, Read};

use crate::{FingerMinutiae, GrayImage};

/// A file format that is known by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Wavelet Scalar Quantization, NIST IAFIS-IC-0110v3.
    Wsq,
    /// Portable Network Graphics.
    Png,
    /// Windows bitmap.
    Bmp,
    /// Tagged Image File Format 6.0.
    Tiff,
    /// JPEG, sequential or progressive DCT.
    Jpeg,
    /// Portable gray map, plain (P2) or raw (P5).
    Pgm,
    /// Gray levels without a header: sides and resolution come from the caller.
    Raw,
    /// An ANSI/NIST-ITL transaction in traditional encoding.
    AnsiNist,
    /// A record of minutiae, ISO/IEC 19794-2:2005.
    Iso19794,
    /// A record of minutiae, ANSI INCITS 378-2004.
    Ansi378,
}

impl Format {
    /// Its name, as shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wsq => "WSQ",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Jpeg => "JPEG",
            Self::Pgm => "PGM",
            Self::Raw => "raw",
            Self::AnsiNist => "ANSI/NIST-ITL",
            Self::Iso19794 => "ISO/IEC 19794-2",
            Self::Ansi378 => "ANSI INCITS 378",
        }
    }

    /// The format that the first bytes name; `None` where they name none of these.
    /// Gray levels without a header are never recognized.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Format); 9] = [
            (&[0xff, 0xa0], Format::Wsq),
            (b"\x89PNG\r\n\x1a\n", Format::Png),
            (b"BM", Format::Bmp),
            (b"II*\0", Format::Tiff),
            (b"MM\0*", Format::Tiff),
            (&[0xff, 0xd8, 0xff], Format::Jpeg),
            (b"P2", Format::Pgm),
            (b"P5", Format::Pgm),
            (b"1.001:", Format::AnsiNist),
        ];
        if bytes.starts_with(b"FMR\0 20\0") {
            return Some(minutiae_record(bytes));
        }
        // The zeros of a field's number are optional in older transactions: `1.01:`.
        if bytes.starts_with(b"1.01:") || bytes.starts_with(b"1.1:") {
            return Some(Self::AnsiNist);
        }
        MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, format)| *format)
    }
}

/// Reads an image of any format that says by its first bytes what it is.
///
/// # Errors
/// Bytes that are no image, or a damaged one.
pub fn read_image(bytes: &[u8]) -> Read<GrayImage> {
    match Format::sniff(bytes) {
        Some(Format::Wsq) => wsq::decode(bytes).map(|w| w.image),
        Some(format @ (Format::AnsiNist | Format::Iso19794 | Format::Ansi378)) => {
            Err(FormatError::new(format, 0, "the file is no image"))
        }
        Some(format) => raster::decode(format, bytes),
        None => Err(unknown()),
    }
}

/// Reads the minutiae of a record or of the Type-9 records of a transaction.
///
/// # Errors
/// Bytes that hold no minutiae, or are damaged.
pub fn read_minutiae(bytes: &[u8]) -> Read<Vec<FingerMinutiae>> {
    match Format::sniff(bytes) {
        Some(Format::Iso19794) => iso19794::read(bytes).map(|r| r.fingers()),
        Some(Format::Ansi378) => ansi378::read(bytes).map(|r| r.fingers()),
        Some(Format::AnsiNist) => nist::read(bytes)?.minutiae(),
        Some(format) => Err(FormatError::new(format, 0, "the file is an image, not minutiae")),
        None => Err(unknown()),
    }
}

/// The error for bytes of which no format is known.
pub fn unknown() -> FormatError {
    FormatError::new(Format::Raw, 0, "the first bytes name no format that is read")
        .help("gray levels without a header are read with --raw WIDTHxHEIGHT")
}

/// ISO/IEC 19794-2:2005 and ANSI INCITS 378-2004 open with the same eight bytes. The first
/// goes on with a length of four bytes; the second with one of two, or, where that is 0, with
/// four more: so a record is the one whose length is that of the file.
fn minutiae_record(bytes: &[u8]) -> Format {
    let word = |at: usize| {
        bytes.get(at..at + 2).map_or(0, |b| usize::from(u16::from_be_bytes([b[0], b[1]])))
    };
    let short = word(8);
    let is_ansi = if short == 0 {
        // Two views of the same bytes: ISO's length, or the zero of ANSI's long one.
        let (iso, ansi) = ((word(8) << 16) | word(10), (word(10) << 16) | word(12));
        iso != bytes.len() && ansi == bytes.len()
    } else {
        short == bytes.len() || (short << 16 | word(10)) > bytes.len()
    };
    if is_ansi { Format::Ansi378 } else { Format::Iso19794 }
}
