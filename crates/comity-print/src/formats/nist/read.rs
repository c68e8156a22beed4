//! Bytes to records. Nothing is guessed: a length that does not end at its separator, a list
//! of records that differs from the records, or bytes after the last one are errors.

use super::header::VERSIONS;
use super::record::{BinaryRecord, FS, Field, GS, Record, TaggedRecord, Transaction};
use crate::formats::{Format, FormatError, Read};
use std::collections::BTreeSet;

/// Records whose header has a fixed length.
const BINARY: std::ops::RangeInclusive<u8> = 3..=8;

/// The field of a record of Type-10 to 99 that holds bytes, up to the end of the record.
const DATA: u16 = 999;

/// Most digits of a length.
const DIGITS_MAX: usize = 9;

/// Reads a transaction.
///
/// # Errors
/// The byte, record and field of what does not fit the standard.
pub fn read(bytes: &[u8]) -> Read<Transaction> {
    let head = read_tagged(bytes, 0, 1).map_err(|e| e.record("record 1 (Type-1)"))?;
    check_version(&head)?;
    let mut at = head.len();
    let listed = listed(&head)?;
    let mut records = vec![Record::Tagged(head)];
    for (i, (record_type, idc)) in listed.into_iter().enumerate() {
        let name = format!("record {} (Type-{record_type})", i + 2);
        let record = if BINARY.contains(&record_type) {
            read_binary(bytes, at, record_type).map(Record::Binary)
        } else {
            read_tagged(bytes, at, record_type).map(Record::Tagged)
        };
        let record = record.map_err(|mut e| {
            e.record.clone_from(&name);
            e
        })?;
        if record.idc() != Some(idc) {
            let found = record.idc().map_or("none".to_owned(), |i| i.to_string());
            let problem = format!("the list of records (1.003 CNT) says {idc}, found {found}");
            return Err(FormatError::new(Format::AnsiNist, at, problem).record(name).field("IDC"));
        }
        at += match &record {
            Record::Tagged(tagged) => tagged.len(),
            Record::Binary(binary) => binary.body.len() + 4,
        };
        records.push(record);
    }
    if at < bytes.len() {
        let problem = format!("{} bytes follow the last record", bytes.len() - at);
        return Err(FormatError::new(Format::AnsiNist, at, problem)
            .field("1.003 CNT")
            .help("the list of records may be too short, or two transactions stand in one file"));
    }
    Ok(Transaction { records })
}

fn cut_off(at: usize, needed: usize, there: usize) -> FormatError {
    let problem = format!("{needed} bytes are needed, {there} are left");
    FormatError::new(Format::AnsiNist, at, problem).help("the file is cut off: get it again")
}

fn read_binary(bytes: &[u8], at: usize, record_type: u8) -> Read<BinaryRecord> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(length) = rest.first_chunk::<4>().map(|b| u32::from_be_bytes(*b) as usize) else {
        return Err(cut_off(at, 4, rest.len()).field("LEN"));
    };
    // The length itself and the IDC.
    if length < 5 {
        let problem = format!("a record of {length} bytes is too short");
        return Err(FormatError::new(Format::AnsiNist, at, problem).field("LEN"));
    }
    let Some(body) = rest.get(4..length) else {
        return Err(cut_off(at, length, rest.len()).field("LEN"));
    };
    Ok(BinaryRecord { record_type, body: body.to_vec(), offset: at })
}

/// The record's type and number of a tag, `14.013`.
fn tag(text: &[u8]) -> Option<(u8, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let (record_type, number) = text.split_once('.')?;
    let digits = |t: &str| !t.is_empty() && t.len() <= 9 && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(record_type) || !digits(number) {
        return None;
    }
    Some((record_type.parse().ok()?, number.parse().ok()?))
}

fn read_tagged(bytes: &[u8], at: usize, record_type: u8) -> Read<TaggedRecord> {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = length(rest, at, record_type)?;
    let Some(record) = rest.get(..length) else {
        return Err(cut_off(at, length, rest.len()).field("LEN"));
    };
    if record.last() != Some(&FS) {
        let problem = format!("the record's {length} bytes do not end with the separator FS (1c)");
        return Err(FormatError::new(Format::AnsiNist, at + length, problem).field("LEN"));
    }
    let mut fields: Vec<Field> = Vec::new();
    let mut numbers = BTreeSet::new();
    let mut place = 0;
    while place < length {
        let field = read_field(&record[place..], at + place, record_type)?;
        let size = field.tag.len() + 1 + field.value.len();
        // What ends it: GS, or the record's FS, which may stand at its end only.
        if record[place + size] == FS && place + size + 1 < length {
            let problem = "the record ends before its length says";
            return Err(FormatError::new(Format::AnsiNist, at + place + size, problem)
                .field(field.tag)
                .help("the separator FS (1c) may stand in the last field only"));
        }
        if !numbers.insert(field.number) {
            let problem = "a field stands twice";
            return Err(FormatError::new(Format::AnsiNist, at + place, problem).field(field.tag));
        }
        place += size + 1;
        if place == length && record[place - 1] == GS {
            let problem = "the last field ends with GS (1d), not with FS (1c)";
            return Err(FormatError::new(Format::AnsiNist, at + place, problem).field(field.tag));
        }
        fields.push(field);
    }
    Ok(TaggedRecord { record_type, fields, offset: at })
}

/// The length of a record, from its first field.
fn length(rest: &[u8], at: usize, record_type: u8) -> Read<usize> {
    let refuse = |problem: String| {
        let field = format!("{record_type}.001 LEN");
        Err(FormatError::new(Format::AnsiNist, at, problem).field(field))
    };
    let head = &rest[..rest.len().min(16 + DIGITS_MAX)];
    if head.is_empty() {
        return Err(cut_off(at, 1, 0).field(format!("{record_type}.001 LEN")));
    }
    let Some(colon) = head.iter().position(|b| *b == b':') else {
        return refuse("no field starts here".to_owned());
    };
    if tag(&head[..colon]) != Some((record_type, 1)) {
        let found = String::from_utf8_lossy(&head[..colon]).into_owned();
        return refuse(format!("`{record_type}.001:` is expected, `{found}:` found"));
    }
    let digits: Vec<u8> =
        head[colon + 1..].iter().copied().take_while(u8::is_ascii_digit).collect();
    let length = String::from_utf8_lossy(&digits).parse().unwrap_or(0);
    if length <= colon + 1 + digits.len() {
        return refuse("the length of the record is expected".to_owned());
    }
    Ok(length)
}

/// The field at the start of `rest`, without its separator; `rest` ends with FS.
fn read_field(rest: &[u8], at: usize, record_type: u8) -> Read<Field> {
    let head = &rest[..rest.len().min(24)];
    let Some(colon) = head.iter().position(|b| *b == b':') else {
        return Err(FormatError::new(Format::AnsiNist, at, "no field starts here")
            .field(format!("a field of Type-{record_type}"))
            .help("a field starts with its tag, such as `2.018:`"));
    };
    let text = String::from_utf8_lossy(&head[..colon]).into_owned();
    let Some((found, number)) = tag(&head[..colon]) else {
        return Err(FormatError::new(Format::AnsiNist, at, format!("`{text}` is no tag"))
            .field(format!("a field of Type-{record_type}")));
    };
    if found != record_type {
        let problem = format!("`{text}` is of another type than its record, Type-{record_type}");
        return Err(FormatError::new(Format::AnsiNist, at, problem).field(text));
    }
    let value = &rest[colon + 1..];
    let holds_bytes = number == DATA && record_type >= 10;
    let size = if holds_bytes {
        value.len() - 1
    } else {
        // There is one: the record ends with FS.
        value.iter().position(|b| matches!(*b, GS | FS)).unwrap_or(value.len() - 1)
    };
    Ok(Field { tag: text, number, value: value[..size].to_vec(), offset: at + colon + 1 })
}

fn check_version(head: &TaggedRecord) -> Read<()> {
    let version = head.text(2);
    if VERSIONS.contains(&version.as_str()) {
        return Ok(());
    }
    let at = head.field(2).map_or(0, |f| f.offset);
    let problem = format!("`{version}` is none of the versions {}", VERSIONS.join(", "));
    Err(head.error(at, 2, "VER", problem).record("record 1 (Type-1)"))
}

/// Types and IDCs of the records after the first, of 1.003 CNT.
fn listed(head: &TaggedRecord) -> Read<Vec<(u8, u8)>> {
    let at = head.field(3).map_or(0, |f| f.offset);
    let refuse =
        |problem: String| Err(head.error(at, 3, "CNT", problem).record("record 1 (Type-1)"));
    let Some(field) = head.field(3) else { return refuse("is missing".to_owned()) };
    let number =
        |item: &[u8]| std::str::from_utf8(item).ok().and_then(|t| t.trim().parse::<u16>().ok());
    let mut pairs = Vec::new();
    for sub in field.items() {
        match sub.as_slice() {
            [first, second] => match (number(first), number(second)) {
                (Some(first), Some(second)) => pairs.push((first, second)),
                _ => return refuse("a pair of whole numbers is expected".to_owned()),
            },
            _ => return refuse("pairs of record type and IDC are expected".to_owned()),
        }
    }
    let count = pairs.first().map(|(first, count)| (*first, usize::from(*count)));
    if count != Some((1, pairs.len() - 1)) {
        return refuse(format!("starts with {count:?}; {} records are listed", pairs.len() - 1));
    }
    let mut out = Vec::new();
    for (record_type, idc) in pairs.into_iter().skip(1) {
        match (u8::try_from(record_type), u8::try_from(idc)) {
            (Ok(record_type @ 2..=99), Ok(idc)) => out.push((record_type, idc)),
            _ => return refuse(format!("there is no record of Type-{record_type}, IDC {idc}")),
        }
    }
    Ok(out)
}
