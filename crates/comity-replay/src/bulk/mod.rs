//! Replay of tables of any size: files in, every row decided under one law or two, counts,
//! rows and a receipt out.
//!
//! [`run::Table`] opens the files; [`work::Question`] says what is asked of every row;
//! [`run::run`] hands the parts to workers and adds up what they count. Rows are decided by
//! [`comity_policy::columns`]; memory does not grow with the table.

mod arrow_file;
pub mod cases;
pub mod explain;
pub mod guard;
pub mod input;
mod interner;
pub mod journal;
pub mod keys;
mod lists;
pub mod part;
pub mod recipe;
pub mod result;
pub mod rows;
pub mod run;
pub mod sample;
pub mod seen;
pub mod source;
pub mod tally;
pub mod work;
mod workbook;

pub use run::{Output, Progress, Table, run};
pub use work::{Question, Side};
