//! Deciding a table of cases: Arrow record batches in, compact codes out.
//!
//! A [`ColumnPlan`] is a scope of a library compiled once: every condition of every policy is
//! a node of one graph, and a node of a block of rows is two bitmaps, *holds* and *may hold*
//! (one where nothing it reads is unknown). What policies share is computed once; a quantifier
//! is evaluated on the elements of a list side by side and then reduced to rows; what binds
//! no row of a block costs nearly nothing.
//!
//! [`crate::Library::decide`] is the definition. A row whose answer must be explained is read
//! back as a case ([`CaseReader`]) and derived.

mod answers;
mod bind;
mod bits;
mod case_batch;
mod compile;
mod contradictory;
mod error;
mod eval;
mod frame;
mod input;
mod levels;
mod needs;
mod node;
mod plan;
mod source;
mod table;

pub use answers::{ChannelColumn, ColumnAnswers};
pub use bind::Binding;
pub use case_batch::{CaseReader, case_batch, case_schema};
pub use contradictory::Contradictory;
pub use error::{ColumnError, ColumnProblem};
pub use eval::Scratch;
pub use node::Field;
pub use plan::{ColumnPlan, ColumnRequest, NeedFact, Unseen};
