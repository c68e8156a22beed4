//! The proof that nothing in a library contradicts itself.
//!
//! Asked, before anything runs:
//! - of every two rules of one instrument that disagree on a channel: is there a case in
//!   which both *apply* (the condition holds and no applying rule overrides it), while
//!   the instrument is in force and binds?
//! - of every two instruments of one level that can meet in a place: is there a case in
//!   which one says *must* and the other *must not*, or one *protects* what the other
//!   forbids?
//! - of every rule: is there a case in which it applies at all?
//!
//! Each question becomes a formula of propositional logic over finite domains of facts
//! and goes to a SAT solver (`sat.rs`, `encode.rs`).
//!
//! **A case that is reported is real.** Every fact that the conditions read is known and
//! every list complete; only a fact that another rules out (there is no issue date
//! without a request) may be unknown. It is built as [`comity_model::CaseFacts`], the
//! same evaluator that decides cases finds both sides surely true of it, and
//! [`comity_model::check`] finds no contradiction among its facts (`axioms.rs` keeps the
//! solver from offering one twice); otherwise it is not reported. Then facts are forgotten one by one while both sides stay *surely* true
//! (strong Kleene), so what is shown is only what matters.
//!
//! **No case is a proof.** The search is finite, and loses nothing, for three reasons:
//! - *values* (`domain.rs`, `bounds.rs`): yes/no facts and sets are searched whole (values of a large
//!   set that no test of the formula tells apart stand for each other); numbers and days
//!   only bound each other from below and above, so a least solution exists and consists
//!   of constants carried along those bounds, look-back windows included, and exactly
//!   these are the domain;
//! - *lists* (`witness.rs`): a true formula stays true when a list keeps only the
//!   elements that its existential quantifiers need, so that many elements suffice;
//! - *places* (`place.rs`): every place of the registry and the rest of every state.
//!
//! What the proof is relative to: facts as the reader accepts them (days of the years
//! 1000 to 9999, numbers from 0 to 1,000,000), places of the registry, cases without the
//! contradictions that [`comity_model::check`] knows. Where a cap cuts the search (more
//! than 32 elements of one list, 126 values of one fact, 32 bounds in a row, an
//! existential quantifier inside a universal one, 200,000 learned clauses) and no case is
//! found, the report says so as a warning and counts it as unsettled: it never passes
//! for a proof.

mod axioms;
mod bounds;
mod case;
mod differ;
mod domain;
mod encode;
mod formula;
mod pairs;
mod place;
mod sat;
mod search;
#[cfg(test)]
mod tests;
mod witness;

pub use differ::{Compared, Parting, Said, compare};
pub use pairs::Report;

use crate::library::{Library, PolicyIndex};
use crate::policy::Policy;
use comity_model::Places;
use search::Space;

/// Asks every question of a library.
pub fn prove(library: &Library) -> Report {
    let mut report = Report::default();
    let mut space = Space::new(place::spots(library.places()));
    let policies: Vec<&Policy> = library.policies().map(|(_, p)| p).collect();
    for policy in &policies {
        pairs::within_policy(policy, &mut space, &mut report);
    }
    let places: Vec<Vec<usize>> =
        policies.iter().map(|p| place::binding(p, &space.spots)).collect();
    for (i, a) in policies.iter().enumerate() {
        for (j, b) in policies.iter().enumerate().skip(i + 1) {
            // Policies come level by level.
            if a.level != b.level {
                break;
            }
            let here: Vec<usize> =
                places[i].iter().copied().filter(|s| places[j].binary_search(s).is_ok()).collect();
            if !here.is_empty() {
                pairs::instruments(a, b, &here, &mut space, &mut report);
            }
        }
    }
    report
}

/// Asks every question about one policy alone.
pub fn prove_policy(policy: &Policy, places: &Places) -> Report {
    let mut report = Report::default();
    let mut space = Space::new(place::spots(places));
    pairs::within_policy(policy, &mut space, &mut report);
    report
}

/// Asks every question about one policy of a library: its rules among each other, and the
/// instrument against the others of its level. Questions that the solver gives up on are few:
/// after two of them the rest counts as unsettled, so that a draft costs seconds.
pub fn prove_one(library: &Library, index: PolicyIndex) -> Report {
    let policy = library.policy(index);
    let mut report = Report::default();
    let mut space = Space::impatient(place::spots(library.places()));
    pairs::within_policy(policy, &mut space, &mut report);
    let own = place::binding(policy, &space.spots);
    let beside = |(i, p): &(PolicyIndex, &Policy)| *i != index && p.level == policy.level;
    for (_, other) in library.policies().filter(beside) {
        let theirs = place::binding(other, &space.spots);
        let here: Vec<usize> =
            own.iter().copied().filter(|s| theirs.binary_search(s).is_ok()).collect();
        if !here.is_empty() {
            pairs::instruments(policy, other, &here, &mut space, &mut report);
        }
    }
    report
}
