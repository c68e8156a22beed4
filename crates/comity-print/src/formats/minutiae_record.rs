//! What ISO/IEC 19794-2:2005 and ANSI INCITS 378-2004 have in common: a record of one or more
//! views of fingers, each a list of minutiae. They differ in their headers and in the unit of
//! angles.

use super::bytes::Cursor;
use super::{Format, FormatError, Read};
use crate::{FingerMinutiae, FingerPosition, Minutia, MinutiaKind};

/// The first eight bytes of both.
pub(super) const MAGIC: &[u8] = b"FMR\0 20\0";

/// Most minutiae of a view: their number is one byte.
const MINUTIAE_MAX: usize = 255;

/// Pixels a centimeter of 500 an inch.
pub const PX_PER_CM_500_PPI: u16 = 197;

/// What the two standards write differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// ISO/IEC 19794-2:2005: angles in 256ths of a turn.
    Iso,
    /// ANSI INCITS 378-2004: angles in units of two degrees.
    Ansi {
        /// Who owns the product that made the record, of the CBEFF registry; 0 = not said.
        product_owner: u16,
        /// The product's number at its owner.
        product_type: u16,
    },
}

/// A record, as it stands in a file; reading and writing loses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which of the two.
    pub standard: Standard,
    /// Four bits of certification and twelve of the scanner's number; 0 = not said.
    pub capture_device: u16,
    /// Pixels across, in the record's own resolution.
    pub width_px: u16,
    /// Pixels down.
    pub height_px: u16,
    /// Pixels a centimeter across; 197 is 500 an inch.
    pub px_per_cm_x: u16,
    /// Pixels a centimeter down.
    pub px_per_cm_y: u16,
    /// The views, in order.
    pub views: Vec<View>,
}

/// One impression of one finger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which finger, 0 to 10.
    pub finger: FingerPosition,
    /// Number of the view among those of its finger, 0 to 15.
    pub number: u8,
    /// Impression type, 0 to 15: 0 live-scan plain, 1 live-scan rolled, 8 swipe.
    pub impression: u8,
    /// Quality, 0 to 100.
    pub quality: u8,
    /// The minutiae, in order.
    pub minutiae: Vec<RecordMinutia>,
    /// Extended data (ridge counts, cores and deltas, a maker's own), untouched.
    pub extended: Vec<u8>,
    /// The length that the file gives for them, where it is wrong by one or two bytes (in the
    /// last view only): so it is in NIST's own examples of both standards. Written back as it
    /// was.
    pub extended_stated: Option<u16>,
}

/// By how many bytes the length of the last view's extended data may be wrong, where the
/// length of the whole record is right.
const STATED_OFF_MAX: usize = 2;

/// One minutia, in the record's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMinutia {
    /// What the ridge does.
    pub kind: MinutiaKind,
    /// Pixels from the left, 0 to 16383.
    pub x: u16,
    /// Pixels from the top, 0 to 16383.
    pub y: u16,
    /// Angle in the standard's unit, counterclockwise from right.
    pub angle: u8,
    /// Quality, 1 to 100; 0 = not said.
    pub quality: u8,
}

impl Standard {
    /// The format's name for errors.
    pub fn format(self) -> Format {
        match self {
            Standard::Iso => Format::Iso19794,
            Standard::Ansi { .. } => Format::Ansi378,
        }
    }

    /// An angle of a record as 256ths of a turn.
    pub fn angle_in_256ths(self, angle: u8) -> u8 {
        match self {
            Standard::Iso => angle,
            // Two degrees are 64 / 45 of a 256th of a turn.
            Standard::Ansi { .. } => ((u32::from(angle) * 64 + 22) / 45) as u8,
        }
    }

    /// An angle in 256ths of a turn, in the unit of the record.
    pub fn angle_of_256ths(self, angle: u8) -> u8 {
        match self {
            Standard::Iso => angle,
            Standard::Ansi { .. } => ((u32::from(angle) * 45 + 32) / 64 % 180) as u8,
        }
    }
}

/// The first bytes of both: what they are, and the edition.
pub(super) fn read_magic(cursor: &mut Cursor<'_>) -> Read<()> {
    cursor.enter("record header");
    if cursor.take(MAGIC.len(), "format identifier and version")? != MAGIC {
        return Err(cursor.error_at(0, "format identifier and version", "`FMR`, ` 20` expected"));
    }
    Ok(())
}

/// Refuses a record that is not as long as it says, at the place where it says it.
pub(super) fn check_length(cursor: &Cursor<'_>, at: usize, said: usize, is: usize) -> Read<()> {
    if said == is {
        return Ok(());
    }
    let problem = format!("the record says {said} bytes, there are {is}");
    Err(cursor.error_at(at, "length", problem).help("get the whole record again"))
}

/// What both have from the capture equipment to the last view.
pub(super) fn read_body(cursor: &mut Cursor<'_>, standard: Standard) -> Read<Record> {
    let mut record = Record {
        standard,
        capture_device: cursor.u16("capture equipment")?,
        width_px: cursor.u16("width")?,
        height_px: cursor.u16("height")?,
        px_per_cm_x: cursor.u16("resolution across")?,
        px_per_cm_y: cursor.u16("resolution down")?,
        views: Vec::new(),
    };
    let count = cursor.u8("number of views")?;
    let at = cursor.at();
    if cursor.u8("reserved byte")? != 0 {
        return Err(cursor.error_at(at, "reserved byte", "is not zero"));
    }
    read_views(cursor, &mut record, count)?;
    Ok(record)
}

/// The bytes from the capture equipment to the last view.
pub(super) fn write_body(record: &Record) -> Read<Vec<u8>> {
    let Ok(count) = u8::try_from(record.views.len()) else {
        let problem = format!("{}; a record holds at most 255", record.views.len());
        return Err(FormatError::new(record.standard.format(), 0, problem).field("number of views"));
    };
    let header = [
        record.capture_device,
        record.width_px,
        record.height_px,
        record.px_per_cm_x,
        record.px_per_cm_y,
    ];
    let mut out: Vec<u8> = header.into_iter().flat_map(u16::to_be_bytes).collect();
    out.extend([count, 0]);
    out.extend(write_views(record)?);
    Ok(out)
}

/// Reads what follows the header, up to the end of the file.
fn read_views(cursor: &mut Cursor<'_>, record: &mut Record, count: u8) -> Read<()> {
    for number in 1..=count {
        cursor.enter(format!("view {number}"));
        record.views.push(read_view(cursor, record.standard, number == count)?);
    }
    match cursor.left() {
        0 => Ok(()),
        left => Err(cursor.error("end", format!("{left} bytes follow the last view"))),
    }
}

fn read_view(cursor: &mut Cursor<'_>, standard: Standard, is_last: bool) -> Read<View> {
    let at = cursor.at();
    let code = cursor.u8("finger position")?;
    let finger = FingerPosition::of_code(code).filter(|_| code <= 10).ok_or_else(|| {
        cursor.error_at(at, "finger position", format!("{code}; 0 to 10 are possible"))
    })?;
    let kind = cursor.u8("view number and impression type")?;
    let quality = percent(cursor, "finger quality")?;
    let count = cursor.u8("number of minutiae")?;
    let minutiae = (1..=count)
        .map(|number| read_minutia(cursor, standard, number))
        .collect::<Read<Vec<_>>>()?;
    let length = cursor.u16("length of extended data")?;
    let left = cursor.left();
    let is_off = is_last
        && length > 0
        && left > STATED_OFF_MAX
        && left != usize::from(length)
        && left.abs_diff(usize::from(length)) <= STATED_OFF_MAX;
    let taken = if is_off { left } else { usize::from(length) };
    Ok(View {
        finger,
        number: kind >> 4,
        impression: kind & 15,
        quality,
        minutiae,
        extended: cursor.take(taken, "extended data")?.to_vec(),
        extended_stated: is_off.then_some(length),
    })
}

fn percent(cursor: &mut Cursor<'_>, field: &str) -> Read<u8> {
    let at = cursor.at();
    match cursor.u8(field)? {
        quality @ 0..=100 => Ok(quality),
        other => Err(cursor.error_at(at, field, format!("{other}; 0 to 100 are possible"))),
    }
}

fn read_minutia(cursor: &mut Cursor<'_>, standard: Standard, number: u8) -> Read<RecordMinutia> {
    let at = cursor.at();
    let field = |name: &str| format!("minutia {number}, {name}");
    let (x, y) = (cursor.u16(&field("position"))?, cursor.u16(&field("position"))?);
    let kind = match x >> 14 {
        0 => MinutiaKind::Other,
        1 => MinutiaKind::Ending,
        2 => MinutiaKind::Bifurcation,
        _ => return Err(cursor.error_at(at, &field("type"), "3 is reserved")),
    };
    if y >> 14 != 0 {
        return Err(cursor.error_at(at + 2, &field("reserved bits"), "are not zero"));
    }
    let angle = cursor.u8(&field("angle"))?;
    if matches!(standard, Standard::Ansi { .. }) && angle >= 180 {
        let problem = format!("{angle}; 0 to 179 units of two degrees are possible");
        return Err(cursor.error_at(at + 4, &field("angle"), problem));
    }
    let quality = percent(cursor, &field("quality"))?;
    Ok(RecordMinutia { kind, x: x & 0x3fff, y: y & 0x3fff, angle, quality })
}

/// The bytes of the views.
fn write_views(record: &Record) -> Read<Vec<u8>> {
    let mut out = Vec::new();
    for (i, view) in record.views.iter().enumerate() {
        write_view(view, record.standard, &mut out)
            .map_err(|e| e.record(format!("view {}", i + 1)))?;
    }
    Ok(out)
}

fn write_view(view: &View, standard: Standard, out: &mut Vec<u8>) -> Read<()> {
    let refuse = |at: usize, field: &str, problem: String| {
        Err(FormatError::new(standard.format(), at, problem).field(field))
    };
    let at = out.len();
    if view.finger.code() > 10 {
        return refuse(at, "finger position", format!("{:?} is no single finger", view.finger));
    }
    if view.minutiae.len() > MINUTIAE_MAX {
        let problem = format!("{}; a view holds at most {MINUTIAE_MAX}", view.minutiae.len());
        return refuse(at, "number of minutiae", problem);
    }
    if view.number > 15 || view.impression > 15 || view.quality > 100 {
        return refuse(at, "view header", "a number is out of its range".to_owned());
    }
    let Ok(length) = u16::try_from(view.extended.len()) else {
        return refuse(at, "extended data", format!("{} bytes are too many", view.extended.len()));
    };
    out.extend([view.finger.code(), view.number << 4 | view.impression, view.quality]);
    out.push(view.minutiae.len() as u8);
    for (i, m) in view.minutiae.iter().enumerate() {
        let angle_max = if standard == Standard::Iso { 255 } else { 179 };
        if m.x > 0x3fff || m.y > 0x3fff || m.angle > angle_max || m.quality > 100 {
            let problem = "a position, angle or quality is out of its range".to_owned();
            return refuse(out.len(), &format!("minutia {}", i + 1), problem);
        }
        out.extend((u16::from(m.kind as u8) << 14 | m.x).to_be_bytes());
        out.extend(m.y.to_be_bytes());
        out.extend([m.angle, m.quality]);
    }
    out.extend(view.extended_stated.unwrap_or(length).to_be_bytes());
    out.extend(&view.extended);
    Ok(())
}

impl Record {
    /// A record of impressions at 500 pixels an inch.
    ///
    /// Of a finger that is there more than once, the views are numbered. The first 255
    /// minutiae of a finger are taken, which are the best.
    pub fn of_fingers(standard: Standard, fingers: &[FingerMinutiae]) -> Record {
        let view = |(i, finger): (usize, &FingerMinutiae)| {
            let before = fingers[..i].iter().filter(|f| f.finger == finger.finger).count();
            let minutiae = finger.minutiae.iter().take(MINUTIAE_MAX).map(|m| RecordMinutia {
                kind: m.kind,
                x: m.x_px.min(0x3fff),
                y: m.y_px.min(0x3fff),
                angle: standard.angle_of_256ths(m.angle),
                quality: m.quality.min(100),
            });
            View {
                finger: finger.finger.single().unwrap_or(FingerPosition::Unknown),
                number: before.min(15) as u8,
                impression: 0,
                quality: finger.quality.min(100),
                minutiae: minutiae.collect(),
                extended: Vec::new(),
                extended_stated: None,
            }
        };
        Record {
            standard,
            capture_device: 0,
            width_px: fingers.iter().map(|f| f.width_px).max().unwrap_or_default(),
            height_px: fingers.iter().map(|f| f.height_px).max().unwrap_or_default(),
            px_per_cm_x: PX_PER_CM_500_PPI,
            px_per_cm_y: PX_PER_CM_500_PPI,
            views: fingers.iter().enumerate().map(view).collect(),
        }
    }

    /// The impressions, brought to 500 pixels an inch.
    ///
    /// A minutia outside of the sides that the record states widens them: a common extractor
    /// writes 300 x 400 whatever the image was.
    pub fn fingers(&self) -> Vec<FingerMinutiae> {
        let place = |at: u16, px_per_cm: u16| -> u16 {
            // 197 a centimeter is what everybody writes for 500 an inch.
            if px_per_cm.abs_diff(PX_PER_CM_500_PPI) <= 2 || px_per_cm == 0 {
                return at;
            }
            // 500 an inch are 500 / 2.54 a centimeter, in whole numbers.
            let wide = u32::from(at) * 25_000 / (u32::from(px_per_cm) * 127);
            wide.min(u32::from(u16::MAX)) as u16
        };
        let finger = |view: &View| {
            let minutia = |m: &RecordMinutia| Minutia {
                x_px: place(m.x, self.px_per_cm_x),
                y_px: place(m.y, self.px_per_cm_y),
                angle: self.standard.angle_in_256ths(m.angle),
                kind: m.kind,
                quality: m.quality,
            };
            let minutiae: Vec<Minutia> = view.minutiae.iter().map(minutia).collect();
            let side = |stated: u16, farthest: Option<u16>| {
                stated.max(farthest.map_or(0, |at| at.saturating_add(1)))
            };
            FingerMinutiae {
                finger: view.finger,
                width_px: side(
                    place(self.width_px, self.px_per_cm_x),
                    minutiae.iter().map(|m| m.x_px).max(),
                ),
                height_px: side(
                    place(self.height_px, self.px_per_cm_y),
                    minutiae.iter().map(|m| m.y_px).max(),
                ),
                quality: view.quality,
                minutiae,
            }
        };
        self.views.iter().map(finger).collect()
    }

    /// The resolution across and down in pixels an inch.
    pub fn ppi(&self) -> (f32, f32) {
        (f32::from(self.px_per_cm_x) * 2.54, f32::from(self.px_per_cm_y) * 2.54)
    }
}
