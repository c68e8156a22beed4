//! Fingerprints, from the bytes of an image or transaction to candidates with a
//! false-match rate. Pure: bytes in, values out; no I/O, no clock.
//!
//! The mental model: an [`GrayImage`] at 500 pixels an inch gives a [`FingerMinutiae`],
//! that gives a compact template, and two templates give a score. A score is a number for
//! an examiner to look at; nothing in this crate turns one into an answer.

pub mod candidate;
pub mod eval;
pub mod extract;
pub mod finger;
pub mod formats;
pub mod gallery;
pub mod image;
pub mod matcher;
pub mod minutia;
pub mod net;
pub mod synth;
pub mod template;
mod vectors;

pub use finger::FingerPosition;
pub use image::{GrayImage, ImageError, Resolution};
pub use minutia::{FingerMinutiae, Minutia, MinutiaKind};
