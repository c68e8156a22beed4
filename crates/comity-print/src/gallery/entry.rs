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

/// Bytes that say of a finger: which, how many codes, how many minutiae in its sketch, and how
/// long its template is.
pub(super) const HEAD: usize = 5;

/// A finger as it lies in a block, not yet unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedFinger<'a> {
    /// Which finger.
    pub finger: FingerPosition,
    /// Codes for the first pass, two bytes each, little endian.
    pub codes: &'a [u8],
    /// What the second pass looks at.
    pub(super) sketch: &'a [u8],
    /// The template's bytes.
    pub(super) template: &'a [u8],
}

/// What a finger becomes in a block.
#[derive(Debug)]
pub(super) struct Packing {
    finger: FingerPosition,
    codes: Vec<u8>,
    sketch: Vec<u8>,
    template: Vec<u8>,
}

impl FingerEntry {
    /// Minutiae beyond those that a template keeps are left out.
    pub(super) fn packing(&self) -> Packing {
        let mut template = self.template.clone();
        template.minutiae = best(&template.minutiae, MINUTIAE_MAX);
        let codes = codes::of_minutiae(&template.minutiae);
        let mut bytes = template.to_bytes();
        if bytes.len() > usize::from(u16::MAX) {
            // Directions over that many cells are of no finger.
            template.grid = DirectionGrid::default();
            bytes = template.to_bytes();
        }
        let codes = codes.iter().flat_map(|c| c.to_le_bytes()).collect();
        let sketch = matcher::sketch(&template);
        Packing { finger: self.finger, codes, sketch, template: bytes }
    }
}

impl Packing {
    /// The finger as it will lie in a block.
    pub fn packed(&self) -> PackedFinger<'_> {
        let Self { finger, codes, sketch, template } = self;
        PackedFinger { finger: *finger, codes, sketch, template }
    }
}

/// Takes `count` bytes off the front.
pub(super) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(front)
}

impl PackedFinger<'_> {
    /// What stands before the columns of a block.
    pub(super) fn head(&self) -> [u8; HEAD] {
        let sketched = self.sketch.len() / SKETCH_BYTES;
        let [l0, l1] = (self.template.len() as u16).to_le_bytes();
        [self.finger.code(), (self.codes.len() / 2) as u8, sketched as u8, l0, l1]
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

/// A finger whose head was read, and the bytes that each of its parts has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    finger: FingerPosition,
    /// Bytes of codes, sketch and template.
    pub parts: [usize; 3],
}

impl Head {
    /// Reads a head off the front; `None` where the bytes end before it does, or no finger has
    /// its number.
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        let &[finger, codes, sketched, l0, l1] = take(bytes, HEAD)? else { return None };
        let template = usize::from(u16::from_le_bytes([l0, l1]));
        let parts = [usize::from(codes) * 2, usize::from(sketched) * SKETCH_BYTES, template];
        Some(Self { finger: FingerPosition::of_code(finger)?, parts })
    }

    /// Takes the finger's parts off the fronts of the columns.
    pub fn take<'a>(&self, columns: &mut [&'a [u8]; 3]) -> Option<PackedFinger<'a>> {
        let ([codes, sketches, templates], [c, s, t]) = (columns, self.parts);
        Some(PackedFinger {
            finger: self.finger,
            codes: take(codes, c)?,
            sketch: take(sketches, s)?,
            template: take(templates, t)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
