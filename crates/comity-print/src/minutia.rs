//! Minutiae: where ridges end and fork.

use crate::FingerPosition;
use serde::{Deserialize, Serialize};

/// What a ridge does at a minutia.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum MinutiaKind {
    /// Neither is known.
    Other = 0,
    /// It ends.
    Ending = 1,
    /// It forks.
    Bifurcation = 2,
}

/// One minutia, in pixels of 500 an inch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Minutia {
    /// Pixels from the left.
    pub x_px: u16,
    /// Pixels from the top.
    pub y_px: u16,
    /// Direction in 256ths of a turn (360/256 degrees), counterclockwise from right as one
    /// looks at the print: from the end of a ridge back along the ridge, from a fork along the
    /// valley between its branches, as ISO/IEC 19794-2:2005 (6.4) and ANSI INCITS 378 measure
    /// it. The standard's own Type-9 minutiae (9.012) point the other way.
    pub angle: u8,
    /// What the ridge does.
    pub kind: MinutiaKind,
    /// How sure the extractor is, 1 to 100; 0 = it does not say.
    pub quality: u8,
}

/// The minutiae of one impression of one finger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerMinutiae {
    /// Which finger.
    pub finger: FingerPosition,
    /// Pixels across at 500 an inch.
    pub width_px: u16,
    /// Pixels down at 500 an inch.
    pub height_px: u16,
    /// Quality of the impression, 1 (worst) to 100; 0 = not said.
    pub quality: u8,
    /// In the order of the extractor, best first.
    pub minutiae: Vec<Minutia>,
}
