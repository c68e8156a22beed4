//! What a replay writes: a table of rows, a summary as JSON and text, and a report with charts.

pub mod chart;
pub mod html;
pub mod json;
pub mod rows;
pub(crate) mod style;
pub mod text;
