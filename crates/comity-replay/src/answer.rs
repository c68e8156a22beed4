//! One row under every regime and view.

use crate::rowfacts::RowCase;
use crate::study::{Regime, Study};
use comity_model::check::contradictions;
use comity_model::{CaseFacts, FactPath};
use comity_policy::{Library, ModalitySet};
use std::collections::BTreeSet;

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Every regime of the first view is settled.
    Decided,
    /// At least one is not.
    Undetermined,
    /// The row cannot be read, for this reason.
    Rejected(String),
}

impl Status {
    /// The word in the output.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Decided => "decided",
            Status::Undetermined => "undetermined",
            Status::Rejected(_) => "rejected",
        }
    }
}

/// What one regime says about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegimeAnswer {
    /// The answers that are possible; one is settled.
    pub possible: ModalitySet,
    /// Facts of the smallest sets that would settle it, without element numbers.
    pub needs: BTreeSet<String>,
}

/// One row and all its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowAnswer {
    /// Line of the file.
    pub line: u64,
    /// The row's number.
    pub row_id: String,
    /// The year.
    pub year: String,
    /// The outcome columns.
    pub outcomes: Vec<String>,
    /// How it ended.
    pub status: Status,
    /// By view, then by regime; empty for a rejected row.
    pub answers: Vec<Vec<RegimeAnswer>>,
}

/// Decides a row under every view and regime of a study.
pub fn answer(library: &Library, study: &Study, case: RowCase) -> RowAnswer {
    let (status, answers) = match &case.facts {
        Err(why) => (Status::Rejected(why.clone()), Vec::new()),
        Ok(facts) => {
            let answers = views(library, study, facts);
            let settled = answers
                .first()
                .is_some_and(|v: &Vec<RegimeAnswer>| v.iter().all(|a| a.possible.only().is_some()));
            (if settled { Status::Decided } else { Status::Undetermined }, answers)
        }
    };
    RowAnswer {
        line: case.line,
        row_id: case.row_id,
        year: case.year,
        outcomes: case.outcomes,
        status,
        answers,
    }
}

fn views(library: &Library, study: &Study, facts: &CaseFacts) -> Vec<Vec<RegimeAnswer>> {
    let of_view =
        |facts: &CaseFacts| study.regimes.iter().map(|r| regime(library, r, facts)).collect();
    let mut out = Vec::with_capacity(study.views.len());
    for view in &study.views {
        let mut facts = facts.clone();
        view.apply(&mut facts);
        out.push(of_view(&facts));
    }
    out
}

fn regime(library: &Library, regime: &Regime, facts: &CaseFacts) -> RegimeAnswer {
    if regime.is_plain() {
        return decide(library, regime, facts);
    }
    let mut facts = facts.clone();
    regime.apply(&mut facts);
    decide(library, regime, &facts)
}

fn decide(library: &Library, regime: &Regime, facts: &CaseFacts) -> RegimeAnswer {
    let quick = library.decide(facts, regime.scope()).outcome(regime.channel);
    if quick.only().is_some() && contradictions(facts).is_empty() {
        return RegimeAnswer { possible: quick, needs: BTreeSet::new() };
    }
    // The derivation takes facts that contradict each other as unknown.
    let derivation = library.derive(facts, regime.scope());
    let of_channel = derivation.needs.iter().filter(|(c, _)| *c == regime.channel);
    let needs = of_channel.flat_map(|(_, found)| found).flat_map(|n| &n.facts);
    RegimeAnswer {
        possible: derivation.answer.outcome(regime.channel),
        needs: needs.map(|p| general(*p)).collect(),
    }
}

/// A fact without the number of its element: `convictions[].level`.
fn general(path: FactPath) -> String {
    let text = path.to_string();
    match (text.find('['), text.find(']')) {
        (Some(a), Some(b)) if a < b => format!("{}[]{}", &text[..a], &text[b + 1..]),
        _ => text,
    }
}
