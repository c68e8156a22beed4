//! The FBI's profile (Electronic Biometric Transmission Specification): what the transactions
//! CAR, SRE and ERRT must hold, and which Type-2 fields say who somebody is.
//!
//! The mandatory fields are recalled from EBTS 10 and were not checked against its text; a
//! field that a receiver asks for in addition is no error here.

use super::image::missing_fingers;
use super::record::{TaggedRecord, Transaction};
use crate::FingerPosition;
use crate::formats::{Format, FormatError, Read};

/// The transactions that are built and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tot {
    /// Criminal ten-print submission, an answer is required.
    Car,
    /// Submission results, electronic: the answer.
    Sre,
    /// Transaction error: the answer where a submission could not be used.
    Errt,
}

/// One Type-2 field of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldName {
    /// Its number.
    pub number: u16,
    /// Its mnemonic.
    pub mnemonic: &'static str,
    /// What it is.
    pub name: &'static str,
    /// It says who somebody is, or what happened to them.
    pub is_personal: bool,
}

const fn field(
    number: u16,
    mnemonic: &'static str,
    name: &'static str,
    is_personal: bool,
) -> FieldName {
    FieldName { number, mnemonic, name, is_personal }
}

/// The Type-2 fields that are known by name.
pub const TYPE_2: &[FieldName] = &[
    field(1, "LEN", "length", false),
    field(2, "IDC", "information designation character", false),
    field(5, "RET", "retention code", false),
    field(6, "ATN", "attention", true),
    field(9, "OCA", "originating agency case number", true),
    field(14, "FBI", "FBI number", true),
    field(15, "SID", "state identification number", true),
    field(16, "SOC", "social security number", true),
    field(17, "MNU", "miscellaneous identification number", true),
    field(18, "NAM", "name", true),
    field(19, "AKA", "aliases", true),
    field(20, "POB", "place of birth", true),
    field(21, "CTZ", "country of citizenship", true),
    field(22, "DOB", "date of birth", true),
    field(24, "SEX", "sex", true),
    field(25, "RAC", "race", true),
    field(26, "SMT", "scars, marks and tattoos", true),
    field(27, "HGT", "height", true),
    field(29, "WGT", "weight", true),
    field(31, "EYE", "color of eyes", true),
    field(32, "HAI", "color of hair", true),
    field(38, "DPR", "date printed", false),
    field(41, "RES", "residence", true),
    field(45, "DOA", "date of arrest", true),
    field(47, "ASL", "arrest segment", true),
    field(59, "SRF", "search results findings", false),
    field(60, "MSG", "status or error message", true),
    field(67, "IMA", "image capture equipment", false),
    field(73, "CRI", "controlling agency", false),
    field(84, "AMP", "amputated or bandaged", true),
];

/// Type-1 fields that all three must hold, and 1.010 TCR for the answers.
const HEADER: [(u16, &str); 9] = [
    (2, "VER"),
    (3, "CNT"),
    (4, "TOT"),
    (5, "DAT"),
    (7, "DAI"),
    (8, "ORI"),
    (9, "TCN"),
    (11, "NSR"),
    (12, "NTR"),
];

/// Type-2 fields of a submission.
const CAR: [u16; 14] = [5, 18, 20, 22, 24, 25, 27, 29, 31, 32, 38, 45, 47, 73];

impl Tot {
    /// Its code, `CAR`.
    pub fn code(self) -> &'static str {
        match self {
            Tot::Car => "CAR",
            Tot::Sre => "SRE",
            Tot::Errt => "ERRT",
        }
    }

    /// The transaction with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        [Tot::Car, Tot::Sre, Tot::Errt].into_iter().find(|t| t.code() == code)
    }

    /// Numbers of the Type-2 fields that it must hold, beside length and IDC.
    pub fn mandatory(self) -> &'static [u16] {
        match self {
            Tot::Car => &CAR,
            Tot::Sre => &[59, 73],
            Tot::Errt => &[60, 73],
        }
    }
}

/// The name of a Type-2 field; `None` for one that the profile's short list does not hold.
pub fn name(number: u16) -> Option<&'static FieldName> {
    TYPE_2.iter().find(|f| f.number == number)
}

/// Whether a Type-2 field is to be hidden: those that are personal, and those that nobody
/// knows.
pub fn is_personal(number: u16) -> bool {
    name(number).is_none_or(|f| f.is_personal)
}

/// What a transaction lacks of the profile; empty where nothing.
///
/// # Errors
/// A type of transaction other than CAR, SRE and ERRT.
pub fn check(transaction: &Transaction) -> Read<Vec<FormatError>> {
    let code = transaction.header().tot;
    let Some(tot) = Tot::of_code(&code) else {
        return Err(FormatError::new(Format::AnsiNist, 0, format!("`{code}` is not checked"))
            .record("record 1 (Type-1)")
            .field("1.004 TOT")
            .help("CAR, SRE and ERRT are"));
    };
    let mut found = Vec::new();
    let lacks = |record: Option<&TaggedRecord>, record_type: u8, number: u16, name: &str| {
        let is_there = record.is_some_and(|r| !r.text(number).is_empty());
        let at = record.map_or(0, |r| r.offset);
        (!is_there).then(|| {
            FormatError::new(Format::AnsiNist, at, format!("{code} must hold it"))
                .record(format!("Type-{record_type} record"))
                .field(format!("{record_type}.{number:03} {name}"))
        })
    };
    let head = transaction.first(1);
    found.extend(HEADER.iter().filter_map(|(number, name)| lacks(head, 1, *number, name)));
    if tot != Tot::Car {
        found.extend(lacks(head, 1, 10, "TCR"));
    }
    let person = transaction.first(2);
    for number in tot.mandatory() {
        let name = name(*number).map_or("", |f| f.mnemonic);
        found.extend(lacks(person, 2, *number, name));
    }
    if tot == Tot::Car {
        found.extend(lacking_fingers(transaction)?);
    }
    Ok(found)
}

/// Fingers that a card neither shows nor says to be missing.
fn lacking_fingers(transaction: &Transaction) -> Read<Option<FormatError>> {
    let images = transaction.images()?;
    let missing = transaction.missing_fingers()?;
    let shown = |finger: FingerPosition| {
        images.iter().any(|i| i.finger() == finger) || missing.iter().any(|m| m.0 == finger)
    };
    let lacking: Vec<String> = FingerPosition::ALL[1..=10]
        .iter()
        .filter(|f| !shown(**f))
        .map(|f| f.code().to_string())
        .collect();
    Ok((!lacking.is_empty()).then(|| {
        let problem = format!("no rolled print of positions {}", lacking.join(", "));
        FormatError::new(Format::AnsiNist, 0, problem)
            .record("Type-4 and Type-14 records")
            .field("FGP")
            .help("send the prints, or say why they are missing in 2.084 AMP or 14.018 AMP")
    }))
}

impl Transaction {
    /// Fingers that the transaction says are missing: 14.018 AMP, and 2.084 AMP of a
    /// transaction of the profile. `XX` = amputated, `UP` = not printable.
    ///
    /// # Errors
    /// A field that does not read.
    pub fn missing_fingers(&self) -> Read<Vec<(FingerPosition, String)>> {
        let mut out: Vec<(FingerPosition, String)> = Vec::new();
        for record in self.records.iter().filter_map(|r| r.tagged()) {
            let number = match record.record_type {
                2 => 84,
                14 => 18,
                _ => continue,
            };
            let Some(field) = record.field(number) else { continue };
            let read = missing_fingers(field).ok_or_else(|| {
                record.error(field.offset, number, "AMP", "finger position and code expected")
            })?;
            for one in read {
                if !out.iter().any(|m| m.0 == one.0) {
                    out.push(one);
                }
            }
        }
        Ok(out)
    }
}
