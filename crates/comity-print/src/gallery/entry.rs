//! What a gallery keeps of a subject: an opaque id and templates of fingers.

use super::codes;
use crate::FingerPosition;
use crate::matcher::{self, SKETCH_BYTES, Sketch};
use crate::template::{self, DirectionGrid, MINUTIAE_MAX, Template, TemplateError, best};
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

/// Bytes before the parts of a finger: finger, codes, minutiae in the sketch, length of the template.
const HEAD: usize = 5;

/// A finger as it lies in a block, not yet unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedFinger<'a> {
    /// Which finger.
    pub finger: FingerPosition,
    /// The template's bytes.
    template: &'a [u8],
    /// Codes for the first pass, two bytes each, little endian.
    pub codes: &'a [u8],
    /// What the second pass looks at.
    sketch: &'a [u8],
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
    pub(super) fn pack(&self, out: &mut Vec<u8>) {
        let mut template = self.template.clone();
        template.minutiae = best(&template.minutiae, MINUTIAE_MAX);
        let codes = codes::of_minutiae(&template.minutiae);
        let mut bytes = template.to_bytes();
        if bytes.len() > usize::from(u16::MAX) {
            // Directions over that many cells are of no finger.
            template.grid = DirectionGrid::default();
            bytes = template.to_bytes();
        }
        let sketch = matcher::sketch(&template);
        let sketched = sketch.len() / SKETCH_BYTES;
        out.extend([self.finger.code(), codes.len() as u8, sketched as u8]);
        out.extend((bytes.len() as u16).to_le_bytes());
        out.extend(bytes);
        codes.iter().for_each(|c| out.extend(c.to_le_bytes()));
        out.extend(sketch);
    }
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
        let &[finger, codes, sketched, l0, l1] = take(bytes, HEAD)? else { return None };
        Some(Self {
            finger: FingerPosition::of_code(finger)?,
            template: take(bytes, usize::from(u16::from_le_bytes([l0, l1])))?,
            codes: take(bytes, usize::from(codes) * 2)?,
            sketch: take(bytes, usize::from(sketched) * SKETCH_BYTES)?,
        })
    }

    /// What the second pass looks at, into room that is used again.
    pub fn sketch_into(&self, sketch: &mut Sketch) {
        sketch.fill(self.sketch, |number| template::minutia_at(self.template, number));
    }

    /// Finger and template, as they were enrolled.
    ///
    /// # Errors
    /// The template's bytes are none; blocks have a checksum too, so whoever wrote them erred.
    pub fn entry(&self) -> Result<FingerEntry, TemplateError> {
        Ok(FingerEntry { finger: self.finger, template: Template::from_bytes(self.template)? })
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
        assert_eq!(packed.entry(), Ok(entry));
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
