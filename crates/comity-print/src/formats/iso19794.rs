//! Records of minutiae by ISO/IEC 19794-2:2005, the record format (clause 7). The formats for
//! cards (clause 8) are not read.

use super::bytes::Cursor;
use super::minutiae_record::{MAGIC, Record, Standard, read_views, write_views};
use super::{Format, FormatError, Read};

/// Bytes before the first view.
const HEADER: usize = 24;

/// Reads a record; every byte of it must be accounted for.
pub fn read(bytes: &[u8]) -> Read<Record> {
    let mut cursor = Cursor::new(Format::Iso19794, bytes);
    cursor.enter("record header");
    if cursor.take(MAGIC.len(), "format identifier and version")? != MAGIC {
        return Err(cursor.error_at(0, "format identifier and version", "`FMR`, ` 20` expected"));
    }
    let at = cursor.at();
    let length = cursor.u32("length")? as usize;
    if length != bytes.len() {
        let problem = format!("the record says {length} bytes, there are {}", bytes.len());
        return Err(cursor.error_at(at, "length", problem).help("get the whole record again"));
    }
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
        standard: Standard::Iso,
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
    if record.standard != Standard::Iso {
        return Err(FormatError::new(Format::Iso19794, 0, "the record is one of ANSI INCITS 378")
            .help("convert its fingers first"));
    }
    let views = write_views(record)?;
    let Ok(count) = u8::try_from(record.views.len()) else {
        let problem = format!("{}; a record holds at most 255", record.views.len());
        return Err(FormatError::new(Format::Iso19794, 0, problem).field("number of views"));
    };
    let mut out = MAGIC.to_vec();
    out.extend(((HEADER + views.len()) as u32).to_be_bytes());
    for number in [
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
