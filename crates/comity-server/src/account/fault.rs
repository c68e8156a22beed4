//! Why something about an account is not done. Nothing is changed then.

use super::permission::Permission;
use comity_model::Diagnostic;
use std::fmt;

/// Why something about an account is not done.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountFault {
    /// What was entered is no good: where, and why.
    Wrong(Diagnostic),
    /// It needs a permission that whoever asked does not have.
    NotPermitted(Permission),
    /// It needs that the person shows again who it is ([`Desk::confirm`](super::Desk::confirm)).
    Unconfirmed,
    /// A row cannot be read back: the node needs a person.
    Damaged(Diagnostic),
    /// The store cannot be read.
    Store(comity_store::Fault),
}

impl AccountFault {
    pub(super) fn wrong(code: &'static str, path: &str, message: &str) -> AccountFault {
        AccountFault::Wrong(Diagnostic::error(code, message).path(path))
    }

    /// A stable name.
    pub fn code(&self) -> &str {
        match self {
            AccountFault::Wrong(found) | AccountFault::Damaged(found) => found.code,
            AccountFault::NotPermitted(_) => "not-permitted",
            AccountFault::Unconfirmed => "unconfirmed",
            AccountFault::Store(fault) => fault.code(),
        }
    }
}

impl From<comity_store::Fault> for AccountFault {
    fn from(fault: comity_store::Fault) -> AccountFault {
        AccountFault::Store(fault)
    }
}

impl fmt::Display for AccountFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountFault::Wrong(found) | AccountFault::Damaged(found) => {
                f.write_str(&found.message)
            }
            AccountFault::NotPermitted(permission) => {
                write!(f, "this account may not {}", permission.says())
            }
            AccountFault::Unconfirmed => {
                f.write_str("show again who you are, by password or second factor")
            }
            AccountFault::Store(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for AccountFault {}
