//! Type-9: minutiae, in the standard's own form (9.012), the FBI's (9.023), and that of INCITS
//! 378 (9.137).
//!
//! The first two count in hundredths of a millimeter. The standard's form counts from the
//! bottom left, and its angles point away from the ridge; the FBI's counts from the top left,
//! and its angles point along the ridge, as ours do. NIST's reference files show it: so, and
//! only so, minutiae lie along the ridges of their images and more lines are ahead of them
//! than behind.

use super::record::{Field, TaggedRecord, Transaction};
use crate::formats::Read;
use crate::{FingerMinutiae, FingerPosition, Minutia, MinutiaKind, Resolution};

/// Hundredths of a millimeter of an inch.
const HUNDREDTHS_AN_INCH: u32 = 2540;

/// Numbers of the fields of one of the first two forms.
struct Form {
    /// Positions of the finger.
    finger: u16,
    /// The minutiae.
    minutiae: u16,
    name: &'static str,
    /// Whether y counts from the bottom and angles point away from the ridge.
    is_turned: bool,
}

const STANDARD: Form = Form { finger: 13, minutiae: 12, name: "MRC", is_turned: true };
const FBI: Form = Form { finger: 14, minutiae: 23, name: "MIN", is_turned: false };

impl Transaction {
    /// The minutiae of the records of Type-9, in order, at 500 pixels an inch.
    ///
    /// # Errors
    /// A minutia that does not read.
    pub fn minutiae(&self) -> Read<Vec<FingerMinutiae>> {
        let mut out = Vec::new();
        for (i, record) in self.records.iter().enumerate() {
            let Some(record) = record.tagged().filter(|r| r.record_type == 9) else { continue };
            let mut add = |read: Read<FingerMinutiae>| -> Read<()> {
                let named = format!("record {} (Type-9)", i + 1);
                out.push(read.map_err(|mut e| {
                    e.record = named;
                    e
                })?);
                Ok(())
            };
            for form in [STANDARD, FBI] {
                if let Some(field) = record.field(form.minutiae) {
                    add(self.legacy(record, field, &form))?;
                }
            }
            if let Some(field) = record.field(137) {
                add(incits(record, field))?;
            }
        }
        Ok(out)
    }

    fn legacy(&self, record: &TaggedRecord, field: &Field, form: &Form) -> Read<FingerMinutiae> {
        let mut found = Vec::new();
        for sub in field.items() {
            // Index, place and angle, quality, type, and ridge counts, which are passed over.
            let read = match sub.as_slice() {
                [_, place, quality, kind, ..] => legacy_minutia(place, quality, kind),
                _ => None,
            };
            found.push(read.ok_or_else(|| {
                let problem = format!(
                    "minutia {} is not `index, XXXXYYYYTTT, quality, type`",
                    found.len() + 1
                );
                record.error(field.offset, form.minutiae, form.name, problem)
            })?);
        }
        let stated = record.text(form.finger).parse().ok().and_then(FingerPosition::of_code);
        let image = self.image_of(record);
        // Without an image the lowest minutia lies at the bottom.
        let (width, height) = image.as_ref().map_or_else(
            || {
                let side = |i: fn(&(u16, u16, Minutia)) -> u16| found.iter().map(i).max();
                (side(|m| m.0).unwrap_or(0) + 1, side(|m| m.1).unwrap_or(0) + 1)
            },
            |(width, height, _)| (*width, *height),
        );
        let minutiae: Vec<Minutia> = found
            .into_iter()
            .map(|(x_px, y, m)| {
                if form.is_turned {
                    let angle = m.angle.wrapping_add(128);
                    Minutia { x_px, y_px: height.saturating_sub(y), angle, ..m }
                } else {
                    Minutia { x_px, y_px: y, ..m }
                }
            })
            .collect();
        Ok(FingerMinutiae {
            finger: stated.or(image.map(|i| i.2)).unwrap_or(FingerPosition::Unknown),
            width_px: width,
            height_px: height,
            quality: 0,
            minutiae,
        })
    }

    /// Sides at 500 pixels an inch and position of the image with the record's IDC.
    fn image_of(&self, record: &TaggedRecord) -> Option<(u16, u16, FingerPosition)> {
        let idc: u8 = record.text(2).parse().ok()?;
        // An image that does not read is reported where images are asked for.
        let images = self.images().ok()?;
        let image = images.iter().find(|i| i.idc == idc)?;
        let ppi = match image.resolution {
            Resolution::Ppi(ppi) => f64::from(ppi),
            Resolution::Unstated => 500.0,
        };
        let side = |px: usize| (px as f64 * 500.0 / ppi).round().min(65_535.0) as u16;
        Some((side(image.width_px), side(image.height_px), image.finger()))
    }
}

/// Pixels from the left, pixels from the bottom or top, and the rest of a minutia.
fn legacy_minutia(place: &[u8], quality: &[u8], kind: &[u8]) -> Option<(u16, u16, Minutia)> {
    if place.len() != 11 || !place.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.trim().parse::<u32>().ok();
    let (x, y, degrees) = (number(&place[..4])?, number(&place[4..8])?, number(&place[8..])?);
    if degrees > 359 {
        return None;
    }
    let pixels =
        |hundredths: u32| ((hundredths * 500 + HUNDREDTHS_AN_INCH / 2) / HUNDREDTHS_AN_INCH) as u16;
    let kind = match kind {
        b"A" => MinutiaKind::Ending,
        b"B" => MinutiaKind::Bifurcation,
        // C compound, D not determined.
        b"C" | b"D" => MinutiaKind::Other,
        _ => return None,
    };
    // 0 set by hand, 1 no method, 2 the best to 63 the worst.
    let quality = match number(quality)? {
        0 | 1 => 0,
        quality @ 2..=63 => (100 - (quality - 2) * 99 / 61) as u8,
        _ => return None,
    };
    let angle = ((degrees * 256 + 180) / 360 % 256) as u8;
    Some((pixels(x), pixels(y), Minutia { x_px: 0, y_px: 0, angle, kind, quality }))
}

/// The block of INCITS 378: pixels from the top left, angles in units of two degrees.
fn incits(record: &TaggedRecord, field: &Field) -> Read<FingerMinutiae> {
    let refuse = |n: usize| {
        let problem = format!("minutia {n} is not `index, x, y, angle, type, quality`");
        record.error(field.offset, 137, "FMD", problem)
    };
    let mut minutiae = Vec::new();
    for (i, sub) in field.items().enumerate() {
        let numbers: Option<Vec<u16>> =
            sub.iter().map(|item| std::str::from_utf8(item).ok()?.trim().parse().ok()).collect();
        let minutia = match numbers.as_deref() {
            Some([_, x_px, y_px, angle @ 0..=179, kind @ 0..=2, quality, ..]) => Minutia {
                x_px: *x_px,
                y_px: *y_px,
                angle: ((u32::from(*angle) * 64 + 22) / 45) as u8,
                kind: [MinutiaKind::Other, MinutiaKind::Ending, MinutiaKind::Bifurcation]
                    [usize::from(*kind)],
                quality: (*quality).min(100) as u8,
            },
            _ => return Err(refuse(i + 1)),
        };
        minutiae.push(minutia);
    }
    let finger = record.text(134).split('\u{1e}').next().and_then(|t| t.trim().parse().ok());
    let quality = record.text(135).split(['\u{1e}', '\u{1f}']).nth(1).and_then(|t| t.parse().ok());
    Ok(FingerMinutiae {
        finger: finger.and_then(FingerPosition::of_code).unwrap_or(FingerPosition::Unknown),
        width_px: record.number(128, "HLL")?,
        height_px: record.number(129, "VLL")?,
        quality: quality.filter(|q| *q <= 100).unwrap_or_default(),
        minutiae,
    })
}
