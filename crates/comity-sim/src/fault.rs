//! What a run found wrong.

use std::fmt;

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule's short name.
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

/// Ends a run at the first rule that does not hold.
pub type Checked<T = ()> = Result<T, Violation>;

/// A rule that does not hold.
pub fn broken<T>(rule: &'static str, what: impl fmt::Display) -> Checked<T> {
    Err(Violation { rule, what: what.to_string() })
}

/// Demands that a rule holds.
pub fn demand(holds: bool, rule: &'static str, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Violation { rule, what: what() }) }
}

/// What must not fail in a simulation, with the rule that says so.
pub trait Must<T> {
    /// The value, or the rule that did not hold.
    fn must(self, rule: &'static str) -> Checked<T>;
}

impl<T, E: fmt::Debug> Must<T> for Result<T, E> {
    fn must(self, rule: &'static str) -> Checked<T> {
        self.or_else(|e| broken(rule, format!("{e:?}")))
    }
}

impl<T> Must<T> for Option<T> {
    fn must(self, rule: &'static str) -> Checked<T> {
        self.map_or_else(|| broken(rule, "nothing is there"), Ok)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}
