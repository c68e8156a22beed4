//! The images of prints in records of Types 4, 13, 14 and 15.

use super::record::{BinaryRecord, Record, TaggedRecord, Transaction};
use crate::formats::{Format, FormatError, Read, raster, wsq};
use crate::{FingerPosition, GrayImage, Resolution};

/// Bytes of a Type-4 record before its image, after the four of its length.
const TYPE_4_HEADER: usize = 14;

/// How an image is compressed (1-2011, table 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Gray levels as they are.
    None,
    /// WSQ.
    Wsq,
    /// JPEG, baseline.
    Jpeg,
    /// JPEG, lossless.
    JpegLossless,
    /// JPEG 2000.
    Jpeg2000,
    /// JPEG 2000, lossless.
    Jpeg2000Lossless,
    /// PNG.
    Png,
}

impl Compression {
    /// Every algorithm, by the code of Type-4 records, with the name of the others.
    const ALL: [(Self, &'static str); 7] = [
        (Self::None, "NONE"),
        (Self::Wsq, "WSQ20"),
        (Self::Jpeg, "JPEGB"),
        (Self::JpegLossless, "JPEGL"),
        (Self::Jpeg2000, "JP2"),
        (Self::Jpeg2000Lossless, "JP2L"),
        (Self::Png, "PNG"),
    ];

    /// Its name in the standard, `WSQ20`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(c, _)| *c == self).map_or("", |(_, name)| name)
    }

    fn of_name(name: &str) -> Option<Self> {
        // Older files write `WSQ`, and some 0 and 1, the codes of Type-4.
        let code = name.parse().ok().and_then(Self::of_code);
        let named = Self::ALL.iter().find(|(_, n)| *n == name).map(|(c, _)| *c);
        named.or(code).or((name == "WSQ").then_some(Self::Wsq))
    }

    fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).map(|(c, _)| *c)
    }

    /// The code in Type-4 records.
    pub fn code(self) -> u8 {
        Self::ALL.iter().position(|(c, _)| *c == self).unwrap_or_default() as u8
    }
}

/// One image of a transaction, not decoded yet.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintImage<'a> {
    /// Number of its record in the transaction, from 1.
    pub record: usize,
    /// Type of its record: 4, 13, 14 or 15.
    pub record_type: u8,
    /// Its information designation character.
    pub idc: u8,
    /// Impression type: 0 live-scan plain, 1 live-scan rolled, 4 to 7 latent.
    pub impression: u8,
    /// Codes of the positions it may be of, the first the best known; palms have codes from 20.
    pub positions: Vec<u8>,
    /// Pixels across.
    pub width_px: usize,
    /// Pixels down.
    pub height_px: usize,
    /// What the record says, which goes before what the image says of itself.
    pub resolution: Resolution,
    /// How it is compressed.
    pub compression: Compression,
    /// Fingers of it that are missing (14.018 AMP): position, `XX` amputated, `UP` bandaged
    /// or not printable.
    pub missing: Vec<(FingerPosition, String)>,
    data: &'a [u8],
    offset: usize,
}

impl PrintImage<'_> {
    /// The finger or fingers it is of; unknown for palms.
    pub fn finger(&self) -> FingerPosition {
        self.positions
            .first()
            .and_then(|code| FingerPosition::of_code(*code))
            .unwrap_or(FingerPosition::Unknown)
    }

    /// The compressed bytes as they stand in the record.
    pub fn data(&self) -> &[u8] {
        self.data
    }

    /// The gray levels.
    ///
    /// # Errors
    /// An algorithm that is not read (JPEG 2000, lossless JPEG), damaged bytes, sides that
    /// differ from those of the record.
    pub fn decode(&self) -> Read<GrayImage> {
        let place = || format!("record {} (Type-{})", self.record, self.record_type);
        let decoded = match self.compression {
            Compression::None => {
                raster::read_raw(self.data, self.width_px, self.height_px, self.resolution)
            }
            Compression::Wsq => wsq::decode(self.data).map(|w| w.image),
            Compression::Jpeg => raster::decode(Format::Jpeg, self.data),
            Compression::Png => raster::decode(Format::Png, self.data),
            other => Err(FormatError::new(
                Format::AnsiNist,
                0,
                format!("images compressed with {} are not read", other.name()),
            )
            .help("have it sent as WSQ, PNG or uncompressed")),
        };
        let mut image = decoded.map_err(|e| e.within(self.offset).record(place()))?;
        let found = (image.width_px(), image.height_px());
        if found != (self.width_px, self.height_px) {
            let problem = format!(
                "the record says {} x {} pixels, the image has {} x {}",
                self.width_px, self.height_px, found.0, found.1
            );
            return Err(FormatError::new(Format::AnsiNist, self.offset, problem)
                .record(place())
                .field("HLL, VLL"));
        }
        if self.resolution != Resolution::Unstated {
            image.resolution = self.resolution;
        }
        Ok(image)
    }
}

impl Transaction {
    /// Every image of a print, in order.
    ///
    /// # Errors
    /// A record of Type-4, 13, 14 or 15 that lacks what an image needs.
    pub fn images(&self) -> Read<Vec<PrintImage<'_>>> {
        let mut out = Vec::new();
        for (i, record) in self.records.iter().enumerate() {
            let number = i + 1;
            let image = match record {
                Record::Binary(record) if record.record_type == 4 => {
                    self.type_4(record, number).map(Some)
                }
                Record::Tagged(record) if matches!(record.record_type, 13..=15) => {
                    variable(record, number)
                }
                _ => Ok(None),
            };
            let named = format!("record {number} (Type-{})", record.record_type());
            out.extend(image.map_err(|mut e| {
                e.record = named;
                e
            })?);
        }
        Ok(out)
    }

    /// Pixels an inch of 1.011 or 1.012, which are in pixels a millimeter.
    fn header_resolution(&self, field: u16) -> Resolution {
        let text = self.first(1).map(|r| r.text(field)).unwrap_or_default();
        match text.parse::<f32>() {
            // 19.69 is how 500 an inch is written, 39.37 how 1000 is.
            Ok(per_mm) if per_mm > 0.0 && per_mm < 1000.0 => {
                Resolution::Ppi((per_mm * 25.4).round())
            }
            _ => Resolution::Unstated,
        }
    }

    fn type_4<'a>(&self, record: &'a BinaryRecord, number: usize) -> Read<PrintImage<'a>> {
        let refuse = |at: usize, field: &str, problem: String| {
            Err(FormatError::new(Format::AnsiNist, record.offset + 4 + at, problem).field(field))
        };
        let body = &record.body;
        let Some(data) = body.get(TYPE_4_HEADER..) else {
            return refuse(body.len(), "header", "the record ends within its header".to_owned());
        };
        let side = |at: usize| usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
        let Some(compression) = Compression::of_code(body[13]) else {
            return refuse(13, "GCA", format!("{} is no algorithm of the standard", body[13]));
        };
        // 0: the resolution of 1.012 NTR, 1: the native one of 1.011 NSR.
        let resolution = self.header_resolution(if body[8] == 1 { 11 } else { 12 });
        Ok(PrintImage {
            record: number,
            record_type: 4,
            idc: body[0],
            impression: body[1],
            positions: body[2..8].iter().copied().filter(|code| *code != 255).collect(),
            width_px: side(9),
            height_px: side(11),
            resolution,
            compression,
            missing: Vec::new(),
            data,
            offset: record.offset + 4 + TYPE_4_HEADER,
        })
    }
}

/// A record of Type-13, 14 or 15; `None` where its image is left out because the finger is
/// missing.
fn variable(record: &TaggedRecord, number: usize) -> Read<Option<PrintImage<'_>>> {
    let missing = missing(record)?;
    let Some(data) = record.field(999) else {
        if !missing.is_empty() {
            return Ok(None);
        }
        return Err(record.error(record.offset, 999, "DATA", "is missing"));
    };
    let algorithm = record.text(11);
    let Some(compression) = Compression::of_name(&algorithm) else {
        let at = record.field(11).map_or(record.offset, |f| f.offset);
        let problem = format!("`{algorithm}` is no algorithm of the standard");
        return Err(record.error(at, 11, "CGA", problem));
    };
    let positions = record.field(13).map(|f| f.text()).unwrap_or_default();
    let positions = positions.split(['\u{1e}', '\u{1f}']);
    Ok(Some(PrintImage {
        record: number,
        record_type: record.record_type,
        idc: record.number(2, "IDC")?,
        impression: record.number(3, "IMP")?,
        positions: positions.filter_map(|p| p.trim().parse().ok()).collect(),
        width_px: record.number(6, "HLL")?,
        height_px: record.number(7, "VLL")?,
        resolution: resolution(record)?,
        compression,
        missing,
        data: &data.value,
        offset: data.offset,
    }))
}

/// Fields 008 SLC, 009 HPS and 010 VPS.
fn resolution(record: &TaggedRecord) -> Read<Resolution> {
    let an_inch = match record.text(8).as_str() {
        "1" => 1.0,
        "2" => 2.54,
        _ => return Ok(Resolution::Unstated),
    };
    let across: u32 = record.number(9, "HPS")?;
    let down: u32 = record.number(10, "VPS")?;
    if across == 0 || across.abs_diff(down) * 100 > across {
        let at = record.field(9).map_or(record.offset, |f| f.offset);
        let problem = format!("{across} pixels across and {down} down for the same length");
        return Err(record
            .error(at, 9, "HPS", problem)
            .help("resample the image to the same resolution across and down"));
    }
    Ok(Resolution::Ppi((across as f32 * an_inch).round()))
}

/// Field 018 AMP of Type-14.
fn missing(record: &TaggedRecord) -> Read<Vec<(FingerPosition, String)>> {
    let Some(field) = record.field(18).filter(|_| record.record_type == 14) else {
        return Ok(Vec::new());
    };
    missing_fingers(field)
        .ok_or_else(|| record.error(field.offset, 18, "AMP", "finger position and code expected"))
}

/// Pairs of finger position and code (`XX` amputated, `UP` not printable) of a field.
pub(super) fn missing_fingers(
    field: &super::record::Field,
) -> Option<Vec<(FingerPosition, String)>> {
    field
        .items()
        .map(|sub| match sub.as_slice() {
            [position, code] => {
                let position = std::str::from_utf8(position).ok()?.trim().parse().ok()?;
                Some((FingerPosition::of_code(position)?, String::from_utf8_lossy(code).into()))
            }
            _ => None,
        })
        .collect()
}
