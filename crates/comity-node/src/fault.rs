//! Why a node does not do what it is asked. Nothing happened then.

use comity_exchange::case::{CaseId, Refusal};
use comity_model::Diagnostic;
use std::fmt;

/// Why one ask came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeFault {
    /// The state machine refuses the command, and says what is allowed.
    Refused(Box<Refusal>),
    /// No case has this id here, or the person's key was destroyed.
    NoCase(CaseId),
    /// What was entered cannot be read, or does not fit: where, and why.
    Wrong(Vec<Diagnostic>),
    /// A message of a peer is not taken. Its sender gets no receipt and tries again.
    Unreceived(Box<comity_exchange::Refusal>),
    /// A file that belongs to a message did not come with it.
    FileMissing(Diagnostic),
    /// What is stored does not open or cannot be read back: the node needs a person.
    Damaged(Diagnostic),
    /// Of asks that were to happen together, these were refused: the number of each, from 0.
    /// None of them happened.
    Together(Vec<(usize, NodeFault)>),
    /// The store did not keep it.
    Store(comity_store::Fault),
}

impl NodeFault {
    /// One finding on what was entered.
    pub fn wrong(finding: Diagnostic) -> NodeFault {
        NodeFault::Wrong(vec![finding])
    }

    /// A stable name.
    pub fn code(&self) -> &str {
        match self {
            NodeFault::Refused(refusal) => refusal.why.code(),
            NodeFault::NoCase(_) => "no-case",
            NodeFault::Wrong(found) => found.first().map_or("wrong", |d| d.code),
            NodeFault::Unreceived(refusal) => refusal.code(),
            NodeFault::FileMissing(_) => "file-missing",
            NodeFault::Damaged(_) => "damaged",
            NodeFault::Together(wrong) => wrong.first().map_or("wrong", |(_, f)| f.code()),
            NodeFault::Store(fault) => fault.code(),
        }
    }
}

impl From<comity_store::Fault> for NodeFault {
    fn from(fault: comity_store::Fault) -> NodeFault {
        NodeFault::Store(fault)
    }
}

impl fmt::Display for NodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeFault::Refused(refusal) => refusal.fmt(f),
            NodeFault::NoCase(case) => write!(f, "no case `{case}` is here"),
            NodeFault::Wrong(found) => match found.as_slice() {
                [] => f.write_str("what was entered cannot be read"),
                [first, ..] => f.write_str(&first.message),
            },
            NodeFault::Unreceived(refusal) => refusal.fmt(f),
            NodeFault::FileMissing(fault) | NodeFault::Damaged(fault) => {
                f.write_str(&fault.message)
            }
            NodeFault::Together(wrong) => match wrong.first() {
                Some((_, first)) => first.fmt(f),
                None => f.write_str("one of them was refused"),
            },
            NodeFault::Store(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for NodeFault {}
