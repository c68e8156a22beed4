//! Comparing two templates: a first look by bits (`screen`), and where that lets through, an
//! alignment with stretched skin (`align`, `judge`).
#![allow(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined into the dispatch"
)]

mod align;
mod bits;
mod calibrate;
mod judge;
mod motion;
mod prepared;
mod screen;
mod sketch;
mod stretch;
mod surroundings;

pub use align::{Comparison, compare, glance};
pub use prepared::Prepared;
pub use sketch::{Kept, SKETCH_BYTES, Sketch, sketch};
