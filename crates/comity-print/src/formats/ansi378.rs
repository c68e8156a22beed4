//! Records of minutiae by ANSI INCITS 378-2004 (clause 6).

use super::bytes::Cursor;
use super::minutiae_record::{
    MAGIC, Record, Standard, check_length, read_body, read_magic, write_body,
};
use super::{Format, FormatError, Read};

/// Reads a record; every byte of it must be accounted for.
pub fn read(bytes: &[u8]) -> Read<Record> {
    let mut cursor = Cursor::new(Format::Ansi378, bytes);
    read_magic(&mut cursor)?;
    let at = cursor.at();
    // Two bytes, or, where they are zero, four more.
    let length = match cursor.u16("length")? {
        0 => cursor.u32("length")? as usize,
        short => usize::from(short),
    };
    check_length(&cursor, at, length, bytes.len())?;
    if u16::try_from(length).is_ok() && cursor.at() == at + 6 {
        let problem = format!("{length} is written in six bytes where two hold it");
        return Err(cursor.error_at(at, "length", problem));
    }
    let product_owner = cursor.u16("product identifier")?;
    let product_type = cursor.u16("product identifier")?;
    read_body(&mut cursor, Standard::Ansi { product_owner, product_type })
}

/// Writes a record of this standard; [`Record::of_fingers`] makes one.
///
/// # Errors
/// A number that is out of the range of its field, more than 255 views, a record of the other
/// standard.
pub fn write(record: &Record) -> Read<Vec<u8>> {
    let Standard::Ansi { product_owner, product_type } = record.standard else {
        return Err(FormatError::new(Format::Ansi378, 0, "the record is one of ISO/IEC 19794-2")
            .help("convert its fingers first"));
    };
    let body = write_body(record)?;
    let mut out = MAGIC.to_vec();
    // The length counts its own two or six bytes, and the four of the product.
    match u16::try_from(MAGIC.len() + 2 + 4 + body.len()) {
        Ok(length) => out.extend(length.to_be_bytes()),
        Err(_) => {
            out.extend([0, 0]);
            out.extend(((MAGIC.len() + 6 + 4 + body.len()) as u32).to_be_bytes());
        }
    }
    out.extend(product_owner.to_be_bytes());
    out.extend(product_type.to_be_bytes());
    out.extend(body);
    Ok(out)
}
