//! The nouns of the custody exchange: the facts of a case, read from TOML or JSON
//! against one schema, and the custody clock. Pure: no I/O, no "now".
//!
//! The mental model: a case is a [`CaseFacts`], a typed record in which every
//! scalar, every list and every field of a list's element may be
//! [`Value::Unknown`]. [`schema`] says which facts exist and what they mean.

pub mod check;
pub mod clock;
pub mod date;
pub mod diagnostic;
pub mod facts;
pub mod generate;
pub mod hex;
pub mod place;
pub mod read;
pub mod schema;
pub mod tree;
pub mod tri;

pub use date::Day;
pub use diagnostic::{Diagnostic, Severity, SourceText};
pub use facts::{CaseFacts, FactList, FactPath, ListState, NotListed, Value};
pub use hex::{from_hex, hex};
pub use place::{PlaceCode, Places};
pub use tri::Tri;
