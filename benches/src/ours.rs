//! This engine on the twelve rules.

use crate::{Failure, Hold};
use comity_model::{CaseFacts, Diagnostic};
use comity_policy::{Answer, Channel, Library, Modality, PolicyFile, Scope};

/// The policy, and the id it has.
pub const TOML: &str = include_str!("../policies/trust-12.toml");
const ID: &str = "us-ca.bench-trust-12.2014";
const PLACES: &str = include_str!("../../policies/places.toml");

/// The library with nothing but the twelve rules, and the scope that asks them.
pub struct Twelve {
    /// The library.
    pub library: Library,
    /// The twelve rules as though in force.
    pub scope: Scope,
}

/// Findings as one text.
pub fn findings(found: Vec<Diagnostic>) -> Failure {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").into()
}

impl Twelve {
    /// Loads the policy.
    ///
    /// # Errors
    /// What the loader finds.
    pub fn load() -> Result<Twelve, Failure> {
        let file =
            |name: &str, text: &str| PolicyFile { name: name.to_owned(), bytes: text.into() };
        let files = [file("policies/places.toml", PLACES), file("trust-12.toml", TOML)];
        let library = Library::load(&files).map_err(findings)?;
        let scope = library.scope_under(&[ID]).map_err(|d| d.to_string())?;
        Ok(Twelve { library, scope })
    }

    /// The answer on holding.
    #[inline]
    pub fn decide(&self, facts: &CaseFacts) -> Answer {
        self.library.decide(facts, &self.scope)
    }
}

/// What an answer says about holding.
pub fn hold(answer: &Answer) -> Hold {
    match answer.outcome(Channel::Hold).only() {
        Some(Modality::May | Modality::Must) => Hold::May,
        Some(Modality::MustNot) => Hold::MustNot,
        None => Hold::Open,
    }
}
