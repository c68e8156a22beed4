//! Records of minutiae by ANSI INCITS 378-2004 (clause 6).

use super::bytes::Cursor;
use super::minutiae_record::{MAGIC, Record, Standard, read_views, write_views};
use super::{Format, FormatError, Read};

/// Bytes before the first view, where the length takes two of them.
const HEADER: usize = 26;

/// Reads a record; every byte of it must be accounted for.
pub fn read(bytes: &[u8]) -> Read<Record> {
    let mut cursor = Cursor::new(Format::Ansi378, bytes);
    cursor.enter("record header");
    if cursor.take(MAGIC.len(), "format identifier and version")? != MAGIC {
        return Err(cursor.error_at(0, "format identifier and version", "`FMR`, ` 20` expected"));
    }
    let at = cursor.at();
    // Two bytes, or, where they are zero, four more.
    let length = match cursor.u16("length")? {
        0 => cursor.u32("length")? as usize,
        short => usize::from(short),
    };
    if length != bytes.len() {
        let problem = format!("the record says {length} bytes, there are {}", bytes.len());
        return Err(cursor.error_at(at, "length", problem).help("get the whole record again"));
    }
    if u16::try_from(length).is_ok() && cursor.at() == at + 6 {
        let problem = format!("{length} is written in six bytes where two hold it");
        return Err(cursor.error_at(at, "length", problem));
    }
    let product_owner = cursor.u16("product identifier")?;
    let product_type = cursor.u16("product identifier")?;
    let capture_device = cursor.u16("capture equipment")?;
    let (width_px, height_px) = (cursor.u16("width")?, cursor.u16("height")?);
    let px_per_cm_x = cursor.u16("resolution across")?;
    let px_per_cm_y = cursor.u16("resolution down")?;
    let count = cursor.u8("number of views")?;
    let at = cursor.at();
    if cursor.u8("reserved byte")? != 0 {
        return Err(cursor.error_at(at, "reserved byte", "is not zero"));
    }
    let mut record = Record {
        standard: Standard::Ansi { product_owner, product_type },
        capture_device,
        width_px,
        height_px,
        px_per_cm_x,
        px_per_cm_y,
        views: Vec::new(),
    };
    read_views(&mut cursor, &mut record, count)?;
    Ok(record)
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
    let views = write_views(record)?;
    let Ok(count) = u8::try_from(record.views.len()) else {
        let problem = format!("{}; a record holds at most 255", record.views.len());
        return Err(FormatError::new(Format::Ansi378, 0, problem).field("number of views"));
    };
    let mut out = MAGIC.to_vec();
    match u16::try_from(HEADER + views.len()) {
        Ok(length) => out.extend(length.to_be_bytes()),
        Err(_) => {
            out.extend([0, 0]);
            out.extend(((HEADER + 4 + views.len()) as u32).to_be_bytes());
        }
    }
    for number in [
        product_owner,
        product_type,
        record.capture_device,
        record.width_px,
        record.height_px,
        record.px_per_cm_x,
        record.px_per_cm_y,
    ] {
        out.extend(number.to_be_bytes());
    }
    out.extend([count, 0]);
    out.extend(views);
    Ok(out)
}
