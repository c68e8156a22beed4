//! What a replay writes: a table of rows, a summary as JSON and text, and a report with charts.

pub mod chart;
pub mod export;
pub mod html;
pub mod json;
pub mod map;
pub mod page;
pub mod rows;
pub mod series;
mod style;
pub mod text;
