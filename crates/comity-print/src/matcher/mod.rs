//! Comparing two templates.

mod align;
mod prepared;

pub use align::{Comparison, compare};
pub use prepared::Prepared;
