//! Records of minutiae by ISO/IEC 19794-2:2005, the record format (clause 7). The formats for
//! cards (clause 8) are not read.

use super::bytes::Cursor;
use super::minutiae_record::{
    MAGIC, Record, Standard, check_length, read_body, read_magic, write_body,
};
use super::{Format, FormatError, Read};

/// Reads a record; every byte of it must be accounted for.
pub fn read(bytes: &[u8]) -> Read<Record> {
    let mut cursor = Cursor::new(Format::Iso19794, bytes);
    read_magic(&mut cursor)?;
    let at = cursor.at();
    let length = cursor.u32("length")? as usize;
    check_length(&cursor, at, length, bytes.len())?;
    read_body(&mut cursor, Standard::Iso)
}

/// Writes a record of this standard; [`Record::of_fingers`] makes one.
///
/// # Errors
/// A number that is out of the range of its field, more than 255 views, a record of the other
/// standard.
pub fn write(record: &Record) -> Read<Vec<u8>> {
    if record.standard != Standard::Iso {
        return Err(FormatError::new(Format::Iso19794, 0, "the record is one of ANSI INCITS 378")
            .help("convert its fingers first"));
    }
    let body = write_body(record)?;
    let length = (MAGIC.len() + 4 + body.len()) as u32;
    Ok([MAGIC, &length.to_be_bytes(), &body].concat())
}
