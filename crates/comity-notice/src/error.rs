//! Why there is no paper.

use jiff::Timestamp;
use std::fmt;

/// Most characters of a paper, all its texts together: about a hundred pages.
pub const CHARS_MAX: usize = 200_000;

/// Why a paper could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeError {
    /// Its texts have more than [`CHARS_MAX`] characters.
    TooLong {
        /// How many they have.
        chars: usize,
    },
    /// A hold runs, and none of its limits has a known end: such a paper would tell the person
    /// nothing to rely on.
    NoEnd,
    /// A hold was to end before it began.
    EndsBeforeStart {
        /// When it began.
        began_at: Timestamp,
        /// When it was to end.
        ends_at: Timestamp,
    },
    /// The typesetter refused, which is a fault of this crate.
    Typesetting(String),
}

impl fmt::Display for NoticeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { chars } => {
                write!(f, "the paper has {chars} characters; at most {CHARS_MAX} are printed: shorten its texts")
            }
            Self::NoEnd => f.write_str(
                "the hold has no limit whose end is known: find out when it must end before telling the person",
            ),
            Self::EndsBeforeStart { began_at, ends_at } => {
                write!(f, "the hold ends at {ends_at}, before it began at {began_at}: correct one of the moments")
            }
            Self::Typesetting(what) => write!(f, "the paper could not be set: {what}"),
        }
    }
}

impl std::error::Error for NoticeError {}
