//! Policies over years of records: readers, mappings, runs, tables, charts.
//!
//! The mental model: a **mapping** says how the columns of a file become the facts of a
//! case and what stays unknown; a **study** says which regimes are asked about each case
//! and how the unknown is read; [`run::run`] asks them and loses no row: every row of the
//! input is in the output, decided, undetermined, or rejected with its reason.
//!
//! Everything here is a function of bytes; [`run::Files`] is the only way to a disk.

pub mod answer;
pub mod bulk;
pub mod charges;
pub mod generate;
pub mod joined;
pub mod mapping;
pub mod national;
pub mod problem;
pub mod reader;
pub mod receipt;
mod record;
pub mod report;
pub mod rowfacts;
pub mod run;
pub mod study;
pub mod tally;
pub mod toml_read;

pub use run::{Failure, Files, Replay, Request, run};
