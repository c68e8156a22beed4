//! Transactions made here: a ten-print submission, and its answers.

use super::ebts::Tot;
use super::image::Compression;
use super::record::{BinaryRecord, Record, TaggedRecord, Transaction};
use crate::formats::{Format, FormatError, Read, wsq};
use crate::{FingerPosition, GrayImage, Resolution};

/// The version that is written: ANSI/NIST-ITL 1-2011, update 2015.
const VERSION: &str = "0502";

/// Who sends what to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The agency it goes to.
    pub destination: String,
    /// The agency it comes from.
    pub origin: String,
    /// Its control number.
    pub control_number: String,
    /// The control number that it answers; `None` for a submission.
    pub answers: Option<String>,
    /// The day, `20261121`.
    pub date: String,
}

/// One impression of a card.
#[derive(Debug, Clone, PartialEq)]
pub struct Impression<'a> {
    /// Which finger or fingers.
    pub finger: FingerPosition,
    /// Rolled, or plain.
    pub is_rolled: bool,
    /// The print, at 500 pixels an inch.
    pub image: &'a GrayImage,
}

/// A card as Type-4 (gray levels at 500 pixels an inch) or Type-14 records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Records with a fixed header.
    Type4,
    /// Records of fields.
    Type14,
}

fn bad(field: &str, problem: impl Into<String>) -> FormatError {
    FormatError::new(Format::AnsiNist, 0, problem).field(field)
}

/// Type-1 and Type-2 of a transaction.
///
/// `fields` are the Type-2 fields by number; their text may hold the separators RS and US
/// but neither GS nor FS.
///
/// # Errors
/// A separator in a field that would end it, a field that is given twice.
pub fn start(tot: Tot, envelope: &Envelope, fields: &[(u16, &str)]) -> Read<Transaction> {
    let mut head = TaggedRecord::new(1, None);
    let mut put = |number: u16, value: &str| {
        if value.contains(['\u{1c}', '\u{1d}', '\u{1e}']) {
            return Err(bad(&format!("1.{number:03}"), "the text holds a separator"));
        }
        head.set(number, value);
        Ok(())
    };
    put(2, VERSION)?;
    put(3, "")?;
    put(4, tot.code())?;
    put(5, &envelope.date)?;
    put(7, &envelope.destination)?;
    put(8, &envelope.origin)?;
    put(9, &envelope.control_number)?;
    if let Some(reference) = &envelope.answers {
        put(10, reference)?;
    }
    // 500 pixels an inch, in pixels a millimeter.
    put(11, "19.69")?;
    put(12, "19.69")?;
    put(13, "NORAM\u{1f}EBTS")?;

    let mut person = TaggedRecord::new(2, Some(0));
    for (number, value) in fields {
        let field = format!("2.{number:03}");
        if value.contains(['\u{1c}', '\u{1d}']) {
            return Err(bad(&field, "the text holds a separator"));
        }
        if person.field(*number).is_some() {
            return Err(bad(&field, "the field is given twice, or is written by the builder"));
        }
        person.set(*number, *value);
    }
    let mut transaction =
        Transaction { records: vec![Record::Tagged(head), Record::Tagged(person)] };
    transaction.seal();
    Ok(transaction)
}

impl Transaction {
    /// Adds the impressions of a card, compressed with WSQ at the FBI's ratio of 15:1, and
    /// says which fingers are missing (`XX` amputated, `UP` not printable).
    ///
    /// # Errors
    /// More than 255 records, an image whose resolution is not 500 pixels an inch.
    pub fn add_impressions(
        &mut self,
        layout: Layout,
        impressions: &[Impression<'_>],
        missing: &[(FingerPosition, &str)],
    ) -> Read<()> {
        let amputated: Vec<String> =
            missing.iter().map(|(f, code)| format!("{}\u{1f}{code}", f.code())).collect();
        if let Some(Record::Tagged(person)) = self.records.get_mut(1)
            && !missing.is_empty()
        {
            person.set(84, amputated.join("\u{1e}"));
        }
        for impression in impressions {
            // The Type-2 record has the IDC 0, the first impression 1.
            let Ok(idc) = u8::try_from(self.records.len() - 1) else {
                return Err(bad("IDC", "a transaction holds at most 255 records"));
            };
            if !matches!(impression.image.resolution, Resolution::Ppi(p) if (p - 500.0).abs() <= 5.0)
            {
                return Err(bad("HPS", "impressions of a card have 500 pixels an inch")
                    .help("state or resample the resolution first"));
            }
            let data = wsq::encode(impression.image, wsq::BITS_PER_PIXEL_15_TO_1)?;
            self.records.push(match layout {
                Layout::Type4 => Record::Binary(type_4(idc, impression, &data)),
                Layout::Type14 => Record::Tagged(self.type_14(idc, impression, data)),
            });
        }
        self.seal();
        Ok(())
    }

    fn type_14(&self, idc: u8, impression: &Impression<'_>, data: Vec<u8>) -> TaggedRecord {
        let head = self.header();
        let mut record = TaggedRecord::new(14, Some(idc));
        record.set(3, if impression.is_rolled { "1" } else { "0" });
        record.set(4, head.origin);
        record.set(5, head.date);
        record.set(6, impression.image.width_px().to_string());
        record.set(7, impression.image.height_px().to_string());
        record.set(8, "1");
        record.set(9, "500");
        record.set(10, "500");
        record.set(11, Compression::Wsq.name());
        record.set(12, "8");
        record.set(13, impression.finger.code().to_string());
        record.set(999, data);
        record
    }
}

fn type_4(idc: u8, impression: &Impression<'_>, data: &[u8]) -> BinaryRecord {
    let mut body = vec![idc, u8::from(impression.is_rolled), impression.finger.code()];
    body.extend([255; 5]);
    // The resolution of 1.012 NTR.
    body.push(0);
    body.extend((impression.image.width_px() as u16).to_be_bytes());
    body.extend((impression.image.height_px() as u16).to_be_bytes());
    body.push(Compression::Wsq.code());
    body.extend(data);
    BinaryRecord { record_type: 4, body, offset: 0 }
}
