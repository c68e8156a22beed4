//! What a gallery keeps of a subject: an opaque id and templates of fingers.

use super::codes;
use crate::template::{DirectionGrid, MINUTIAE_MAX, Template};
use crate::{FingerPosition, Minutia, MinutiaKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose prints these are, without saying who: 16 bytes that mean nothing outside of the
/// gallery's owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SubjectId(pub [u8; 16]);

impl SubjectId {
    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|n| Self(n.to_be_bytes()))
    }

    /// Which of `count` shards holds it.
    pub fn shard(self, count: u16) -> u16 {
        let number = u64::from(crc32fast::hash(&self.0));
        ((number * u64::from(count)) >> 32) as u16
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectId({self})")
    }
}

impl From<SubjectId> for String {
    fn from(id: SubjectId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for SubjectId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a subject id is 32 hexadecimal digits")
    }
}

/// One finger of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerEntry {
    /// Which finger; unknown is compared with every finger.
    pub finger: FingerPosition,
    /// What is compared.
    pub template: Template,
}

/// One subject: up to 255 fingers and impressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose.
    pub subject: SubjectId,
    /// The fingers.
    pub fingers: Vec<FingerEntry>,
}

/// Bytes before the parts of a finger: finger, minutiae, codes, columns, rows, 0, grid length.
const HEAD: usize = 8;

/// A finger as it lies in a block, not yet unpacked.
#[derive(Debug, Clone, Copy)]
pub struct PackedFinger<'a> {
    /// Which finger.
    pub finger: FingerPosition,
    minutiae: &'a [u8],
    /// Codes for the first pass, two bytes each, little endian.
    pub codes: &'a [u8],
    columns: u8,
    rows: u8,
    grid: &'a [u8],
}

impl Record {
    /// Appends the record as bytes. Minutiae beyond those that a template keeps are left out,
    /// and fingers beyond 255.
    pub fn pack(&self, out: &mut Vec<u8>) {
        out.extend(self.subject.0);
        let count = self.fingers.len().min(255);
        out.push(count as u8);
        for finger in self.fingers.iter().take(count) {
            finger.pack(out);
        }
    }
}

impl FingerEntry {
    fn pack(&self, out: &mut Vec<u8>) {
        let minutiae = &self.template.minutiae;
        let minutiae = minutiae.get(..minutiae.len().min(MINUTIAE_MAX)).unwrap_or_default();
        let codes = codes::of_minutiae(minutiae);
        let grid = &self.template.grid;
        let spans = pack_grid(grid);
        out.push(self.finger.code());
        out.push(minutiae.len() as u8);
        out.push(codes.len() as u8);
        out.push(grid.columns.min(255) as u8);
        out.push(if spans.is_empty() { 0 } else { grid.rows.min(255) as u8 });
        out.push(0);
        out.extend((spans.len() as u16).to_le_bytes());
        for m in minutiae {
            out.extend(((m.x_px & 0x3FFF) | ((m.kind as u16) << 14)).to_le_bytes());
            out.extend(m.y_px.to_le_bytes());
            out.extend([m.angle, m.quality]);
        }
        codes.iter().for_each(|c| out.extend(c.to_le_bytes()));
        out.extend(spans);
    }
}

/// A grid row by row: first cell inside, number of cells, the cells.
fn pack_grid(grid: &DirectionGrid) -> Vec<u8> {
    let mut out = Vec::new();
    if grid.columns == 0 || grid.columns > 255 || grid.rows > 255 {
        return out;
    }
    for row in grid.cells.chunks(grid.columns) {
        let first = row.iter().position(|c| *c > 0).unwrap_or(0);
        let end = row.iter().rposition(|c| *c > 0).map_or(first, |last| last + 1);
        out.extend([first as u8, (end - first) as u8]);
        out.extend(row.get(first..end).unwrap_or_default());
    }
    // 16-bit length: a grid that large is of no finger.
    if out.len() > usize::from(u16::MAX) { Vec::new() } else { out }
}

/// Takes `count` bytes off the front.
pub(super) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(front)
}

impl<'a> PackedFinger<'a> {
    /// Reads a finger off the front; `None` where the bytes end before it does.
    pub fn read(bytes: &mut &'a [u8]) -> Option<Self> {
        let head = take(bytes, HEAD)?;
        let &[finger, minutiae, codes, columns, rows, _, g0, g1] = head else { return None };
        Some(Self {
            finger: FingerPosition::of_code(finger)?,
            minutiae: take(bytes, usize::from(minutiae) * 6)?,
            codes: take(bytes, usize::from(codes) * 2)?,
            columns,
            rows,
            grid: take(bytes, usize::from(u16::from_le_bytes([g0, g1])))?,
        })
    }

    /// The minutiae, into a list that is used again.
    pub fn minutiae_into(&self, out: &mut Vec<Minutia>) {
        out.clear();
        out.extend(self.minutiae.chunks_exact(6).map(|m| {
            let x = u16::from_le_bytes([m[0], m[1]]);
            let kind = match x >> 14 {
                1 => MinutiaKind::Ending,
                2 => MinutiaKind::Bifurcation,
                _ => MinutiaKind::Other,
            };
            let y_px = u16::from_le_bytes([m[2], m[3]]);
            Minutia { x_px: x & 0x3FFF, y_px, angle: m[4], kind, quality: m[5] }
        }));
    }

    /// Finger and template, as they were enrolled.
    pub fn entry(&self) -> FingerEntry {
        FingerEntry { finger: self.finger, template: self.template() }
    }

    /// The whole template.
    pub fn template(&self) -> Template {
        let mut minutiae = Vec::with_capacity(self.minutiae.len() / 6);
        self.minutiae_into(&mut minutiae);
        let (columns, rows) = (usize::from(self.columns), usize::from(self.rows));
        let mut cells = vec![0; columns * rows];
        let mut spans = self.grid;
        for row in cells.chunks_mut(columns.max(1)) {
            let Some(&[first, count]) = take(&mut spans, 2) else { break };
            let from = usize::from(first);
            let (Some(to), Some(span)) = (
                row.get_mut(from..from + usize::from(count)),
                take(&mut spans, usize::from(count)),
            ) else {
                break;
            };
            to.copy_from_slice(span);
        }
        Template { minutiae, grid: DirectionGrid { columns, rows, cells } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::{Difficulty, DirectFinger};

    #[test]
    fn a_finger_is_unpacked_as_it_was_packed() {
        let template = DirectFinger::draw(1, 1).template(1, Difficulty::Medium);
        let entry = FingerEntry { finger: FingerPosition::LeftRing, template };
        let mut bytes = Vec::new();
        entry.pack(&mut bytes);
        let mut rest = bytes.as_slice();
        let packed = PackedFinger::read(&mut rest).expect("read");
        assert!(rest.is_empty());
        assert_eq!(packed.finger, FingerPosition::LeftRing);
        assert_eq!(packed.template(), entry.template);
        for cut in 0..bytes.len() {
            assert!(PackedFinger::read(&mut &bytes[..cut]).is_none(), "{cut}");
        }
    }

    #[test]
    fn ids_are_hexadecimal_and_spread_over_shards() {
        let id = SubjectId::parse("0123456789abcdef0123456789ABCDEF").expect("id");
        assert_eq!(id.to_string(), "0123456789abcdef0123456789abcdef");
        assert_eq!(SubjectId::parse("+123456789abcdef0123456789abcdef"), None);
        let mut counts = [0; 4];
        for n in 0..4000_u128 {
            counts[usize::from(SubjectId(n.to_be_bytes()).shard(4))] += 1;
        }
        assert!(counts.iter().all(|c| (700..1300).contains(c)), "{counts:?}");
    }
}
