//! Policy files: parse, check, decide one case, explain, analyze. Pure: no I/O.
//!
//! The mental model: a [`Library`] of instruments, a case ([`comity_model::CaseFacts`])
//! and a [`Scope`] give an [`Answer`] per [`Channel`]; [`Library::explain`] gives the
//! same answer with everything that led to it.

pub mod case;
pub mod channel;
pub mod columns;
pub mod cond;
pub mod decide;
pub mod explain;
pub mod expr;
pub mod file;
pub mod hold;
pub mod library;
pub mod needs;
pub mod plan;
pub mod policy;
pub mod prove;
pub mod trace;

pub use channel::{Channel, Level, Modality, ModalitySet, Stance, StanceSet, Verified};
pub use decide::{Answer, ChannelAnswer, ClauseRef};
pub use explain::Explanation;
pub use library::{Library, PolicyFile, PolicyIndex, Scope};
pub use needs::Need;
pub use policy::{Clause, Policy, PolicyId, RuleId};
pub use trace::Derivation;
