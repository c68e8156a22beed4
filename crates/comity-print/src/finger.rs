//! Which finger a print is of.

use serde::{Deserialize, Serialize};

/// Finger positions of ANSI/NIST-ITL 1-2011 (update 2015), table 8, and of ISO/IEC 19794-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum FingerPosition {
    /// Not known, or not said.
    Unknown = 0,
    /// Right thumb.
    RightThumb = 1,
    /// Right index finger.
    RightIndex = 2,
    /// Right middle finger.
    RightMiddle = 3,
    /// Right ring finger.
    RightRing = 4,
    /// Right little finger.
    RightLittle = 5,
    /// Left thumb.
    LeftThumb = 6,
    /// Left index finger.
    LeftIndex = 7,
    /// Left middle finger.
    LeftMiddle = 8,
    /// Left ring finger.
    LeftRing = 9,
    /// Left little finger.
    LeftLittle = 10,
    /// Plain right thumb.
    PlainRightThumb = 11,
    /// Plain left thumb.
    PlainLeftThumb = 12,
    /// Plain right four fingers.
    PlainRightFour = 13,
    /// Plain left four fingers.
    PlainLeftFour = 14,
    /// Both thumbs, plain.
    PlainThumbs = 15,
}

impl FingerPosition {
    /// Every position, by code.
    pub const ALL: [Self; 16] = [
        Self::Unknown,
        Self::RightThumb,
        Self::RightIndex,
        Self::RightMiddle,
        Self::RightRing,
        Self::RightLittle,
        Self::LeftThumb,
        Self::LeftIndex,
        Self::LeftMiddle,
        Self::LeftRing,
        Self::LeftLittle,
        Self::PlainRightThumb,
        Self::PlainLeftThumb,
        Self::PlainRightFour,
        Self::PlainLeftFour,
        Self::PlainThumbs,
    ];

    /// The position with this code of the standards; `None` for codes they do not name.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The code of the standards.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The single finger this is an impression of: a plain thumb is its thumb; `None` for
    /// several fingers together and for unknown.
    pub fn single(self) -> Option<Self> {
        match self {
            Self::PlainRightThumb => Some(Self::RightThumb),
            Self::PlainLeftThumb => Some(Self::LeftThumb),
            Self::Unknown | Self::PlainRightFour | Self::PlainLeftFour | Self::PlainThumbs => None,
            one => Some(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_there_and_back() {
        for (code, position) in FingerPosition::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(position.code()), code);
            assert_eq!(FingerPosition::of_code(position.code()), Some(position));
        }
        assert_eq!(FingerPosition::of_code(16), None);
        assert_eq!(FingerPosition::PlainLeftThumb.single(), Some(FingerPosition::LeftThumb));
    }
}
