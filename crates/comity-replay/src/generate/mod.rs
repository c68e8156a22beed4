//! Synthetic national records: any number, from stated distributions, with a seed.
//!
//! The mental model: [`tables::Tables`] are the distributions, derived from public tables by
//! [`derive`] and carried in the crate; a [`plan::Plan`] says how many rows each month has;
//! [`run::run`] makes blocks of rows on all threads, each block from random numbers of its
//! own, and takes them into files in order; [`calibrate`] compares what was written with
//! what was published. The rows are of nobody.

pub mod alias;
pub mod calibrate;
pub mod columns;
pub mod derive;
pub mod lists;
mod load;
pub mod plan;
pub mod rows;
pub mod run;
pub mod settings;
pub mod summary;
pub mod table;
pub mod tables;
pub mod tally;
pub mod write;
