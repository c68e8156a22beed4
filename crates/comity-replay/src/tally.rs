//! Counts by view, regime and year.

use crate::answer::{RegimeAnswer, RowAnswer, Status};
use crate::study::Study;
use comity_policy::{Modality, ModalitySet};
use serde::Serialize;
use std::collections::BTreeMap;

/// The year shown where a row has none.
pub const NO_YEAR: &str = "unknown";

/// How many rows came to which answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows decided or undetermined.
    pub rows: u64,
    /// Required.
    pub must: u64,
    /// Allowed; a person decides.
    pub may: u64,
    /// Forbidden.
    pub must_not: u64,
    /// More than one answer is possible.
    pub undetermined: u64,
    /// Undetermined rows by the answers that are possible.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub possible: BTreeMap<String, u64>,
    /// Undetermined rows by fact that would help to settle them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub needs: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, answer: &RegimeAnswer) {
        self.rows += 1;
        match answer.possible.only() {
            Some(Modality::Must) => self.must += 1,
            Some(Modality::May) => self.may += 1,
            Some(Modality::MustNot) => self.must_not += 1,
            None => {
                self.undetermined += 1;
                *self.possible.entry(words(answer.possible)).or_insert(0) += 1;
                for need in &answer.needs {
                    *self.needs.entry(need.clone()).or_insert(0) += 1;
                }
            }
        }
    }

    fn add_all(&mut self, other: &Counts) {
        self.rows += other.rows;
        self.must += other.must;
        self.may += other.may;
        self.must_not += other.must_not;
        self.undetermined += other.undetermined;
        for (k, n) in &other.possible {
            *self.possible.entry(k.clone()).or_insert(0) += n;
        }
        for (k, n) in &other.needs {
            *self.needs.entry(k.clone()).or_insert(0) += n;
        }
    }

    /// The counts of the four answers, in the order of [`ANSWERS`].
    pub fn parts(&self) -> [u64; 4] {
        [self.must, self.may, self.undetermined, self.must_not]
    }

    /// The facts that occur most, most frequent first.
    pub fn top_needs(&self, most: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.needs.iter().map(|(k, n)| (k.as_str(), *n)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(most);
        all
    }
}

/// The four answers in the order in which bars and tables show them.
pub const ANSWERS: [&str; 4] = ["must", "may", "undetermined", "must not"];

/// The answers that are possible, as outputs write them: `may`, `may|must_not`.
pub fn words(set: ModalitySet) -> String {
    set.iter().map(Modality::name).collect::<Vec<_>>().join("|")
}

/// Counts of one regime under one view.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RegimeTally {
    /// The regime.
    pub regime: String,
    /// All years.
    pub all: Counts,
    /// By year.
    pub years: BTreeMap<String, Counts>,
    /// By outcome, first outcome column of the mapping.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: BTreeMap<String, Counts>,
}

/// Counts of all regimes under one view.
#[derive(Debug, Clone, Serialize)]
pub struct ViewTally {
    /// The view.
    pub view: String,
    /// Its regimes, in the study's order.
    pub regimes: Vec<RegimeTally>,
}

/// How many rows ended how. Every row is in exactly one of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows read.
    pub read: u64,
    /// Every regime of the first view is settled.
    pub decided: u64,
    /// At least one is not.
    pub undetermined: u64,
    /// The row cannot be read; the output says why.
    pub rejected: u64,
}

impl RowCounts {
    /// True where no row was lost.
    pub fn is_whole(&self) -> bool {
        self.read == self.decided + self.undetermined + self.rejected
    }
}

/// All counts of a replay.
#[derive(Debug, Clone, Serialize)]
pub struct Tally {
    /// Rows by status.
    pub rows: RowCounts,
    /// Reasons of rejection.
    pub rejected: BTreeMap<String, u64>,
    /// Rows by year.
    pub years: BTreeMap<String, u64>,
    /// Counts by view and regime.
    pub views: Vec<ViewTally>,
}

impl Tally {
    /// Empty counts for a study.
    pub fn new(study: &Study) -> Tally {
        let regimes = || {
            let named = |r: &crate::study::Regime| RegimeTally {
                regime: r.id.clone(),
                ..RegimeTally::default()
            };
            study.regimes.iter().map(named).collect()
        };
        let view = |v: &crate::study::View| ViewTally { view: v.id.clone(), regimes: regimes() };
        Tally {
            rows: RowCounts::default(),
            rejected: BTreeMap::new(),
            years: BTreeMap::new(),
            views: study.views.iter().map(view).collect(),
        }
    }

    /// Counts one row.
    pub fn add(&mut self, row: &RowAnswer) {
        self.rows.read += 1;
        let year = if row.year.is_empty() { NO_YEAR } else { &row.year };
        *self.years.entry(year.to_owned()).or_insert(0) += 1;
        match &row.status {
            Status::Decided => self.rows.decided += 1,
            Status::Undetermined => self.rows.undetermined += 1,
            Status::Rejected(why) => {
                self.rows.rejected += 1;
                *self.rejected.entry(general(why)).or_insert(0) += 1;
            }
        }
        for (view, answers) in self.views.iter_mut().zip(&row.answers) {
            for (regime, answer) in view.regimes.iter_mut().zip(answers) {
                regime.years.entry(year.to_owned()).or_default().add(answer);
                if let Some(outcome) = row.outcomes.first() {
                    let outcome = if outcome.is_empty() { "(not recorded)" } else { outcome };
                    let outcome = comity_model::diagnostic::shorten(outcome, 60);
                    regime.outcomes.entry(outcome).or_default().add(answer);
                }
            }
        }
    }

    /// Sums the years.
    pub fn finish(&mut self) {
        for view in &mut self.views {
            for regime in &mut view.regimes {
                let mut all = Counts::default();
                regime.years.values().for_each(|c| all.add_all(c));
                regime.all = all;
                for c in regime.outcomes.values_mut() {
                    c.needs.clear();
                    c.possible.clear();
                }
            }
        }
    }
}

/// A reason without its numbers, so that like reasons are counted together.
fn general(why: &str) -> String {
    why.chars()
        .map(|c| if c.is_ascii_digit() { '#' } else { c })
        .collect::<String>()
        .replace("##", "#")
        .replace("##", "#")
}
