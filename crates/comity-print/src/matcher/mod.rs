//! Comparing two templates.

mod align;
mod calibrate;
mod prepared;

pub use align::{Comparison, compare};
pub use prepared::Prepared;
