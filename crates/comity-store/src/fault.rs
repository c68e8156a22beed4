//! Why a store did not do what it was asked.

use std::fmt;

/// What went wrong. After any of them the store is as it was before the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The ledger has another size than the batch builds on: somebody else wrote in between.
    /// Read again, decide again.
    Conflict {
        /// Leaves that the batch builds on.
        expected: u64,
        /// Leaves that are there.
        found: u64,
    },
    /// A row that the batch changes is not there, or one that it adds is: a fault of the caller.
    Misfit(String),
    /// No space is left where the store is.
    Full(String),
    /// The store may be read and not written: its disk, its file or its rights say so.
    ReadOnly(String),
    /// The store does not answer now: another process holds it, or the server is away. Trying
    /// again later may help.
    Busy(String),
    /// What is stored cannot be what was written. `comity ledger fsck` says more.
    Damaged(String),
    /// The store was made by a newer version, or its migration stopped half way.
    Schema(String),
    /// Anything else, in the words of the database.
    Other(String),
}

impl Fault {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Conflict { .. } => "store-conflict",
            Fault::Misfit(_) => "store-misfit",
            Fault::Full(_) => "store-full",
            Fault::ReadOnly(_) => "store-read-only",
            Fault::Busy(_) => "store-busy",
            Fault::Damaged(_) => "store-damaged",
            Fault::Schema(_) => "store-schema",
            Fault::Other(_) => "store-fault",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Conflict { expected, found } => {
                write!(f, "the ledger has {found} leaves, not {expected}: somebody else wrote")
            }
            Fault::Misfit(why) => write!(f, "the change does not fit the store: {why}"),
            Fault::Full(why) => write!(f, "no space is left for the store: {why}"),
            Fault::ReadOnly(why) => write!(f, "the store cannot be written: {why}"),
            Fault::Busy(why) => write!(f, "the store does not answer now: {why}"),
            Fault::Damaged(why) => write!(f, "the store is damaged: {why}"),
            Fault::Schema(why) => write!(f, "the store has another layout: {why}"),
            Fault::Other(why) => write!(f, "the store failed: {why}"),
        }
    }
}

impl std::error::Error for Fault {}
