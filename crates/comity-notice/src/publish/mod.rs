//! The public page of an agency: counts, method and policies, as files of a folder that opens
//! from a disk and asks for nothing from anywhere else.

mod count;
mod data;
mod page;
#[cfg(test)]
mod tests;

pub use count::{Count, SMALL_COUNT_MAX};

use crate::{Channel, Choice, Language, Resolution, Text, Verified};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// How a hold ended, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldEnding {
    /// The federal side took the person.
    Transferred,
    /// The custody clock ran out.
    ClockRanOut,
    /// A claim was upheld.
    ClaimUpheld,
    /// The request was withdrawn.
    RequestWithdrawn,
    /// Any other end.
    Other,
}

/// One thing that is counted. Measures of one group exclude each other, so that they add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Requests on a channel, by the answer.
    Answered(Channel, Choice),
    /// Holds, by how they ended.
    HoldEnded(HoldEnding),
    /// Claims, by how they were resolved; `None` while open.
    Claimed(Option<Resolution>),
    /// Reports of over-detention.
    OverDetention,
    /// Reports of wrongful refusal.
    WrongRefusal,
}

/// Measures that stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Answers(Channel),
    HoldEnds,
    Claims,
    Reports,
}

impl Group {
    pub(crate) fn all() -> Vec<Group> {
        let answers = Channel::ALL.into_iter().map(Group::Answers);
        answers.chain([Group::HoldEnds, Group::Claims, Group::Reports]).collect()
    }

    pub(crate) fn measures(self) -> Vec<Measure> {
        match self {
            Group::Answers(channel) => [Choice::Comply, Choice::Decline, Choice::Open]
                .map(|choice| Measure::Answered(channel, choice))
                .to_vec(),
            Group::HoldEnds => [
                HoldEnding::Transferred,
                HoldEnding::ClockRanOut,
                HoldEnding::ClaimUpheld,
                HoldEnding::RequestWithdrawn,
                HoldEnding::Other,
            ]
            .map(Measure::HoldEnded)
            .to_vec(),
            Group::Claims => [Some(Resolution::Upheld), Some(Resolution::NotUpheld), None]
                .map(Measure::Claimed)
                .to_vec(),
            Group::Reports => vec![Measure::OverDetention, Measure::WrongRefusal],
        }
    }

    /// The name used in data.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Group::Answers(channel) => channel.name(),
            Group::HoldEnds => "hold_ends",
            Group::Claims => "claims",
            Group::Reports => "reports",
        }
    }
}

impl Measure {
    /// The name used in data, within its group.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Answered(_, Choice::Comply) => "comply",
            Measure::Answered(_, Choice::Decline) => "decline",
            Measure::Answered(_, Choice::Open) => "open",
            Measure::HoldEnded(HoldEnding::Transferred) => "transferred",
            Measure::HoldEnded(HoldEnding::ClockRanOut) => "clock_ran_out",
            Measure::HoldEnded(HoldEnding::ClaimUpheld) => "claim_upheld",
            Measure::HoldEnded(HoldEnding::RequestWithdrawn) => "request_withdrawn",
            Measure::HoldEnded(HoldEnding::Other) => "other",
            Measure::Claimed(Some(Resolution::Upheld)) => "upheld",
            Measure::Claimed(Some(Resolution::NotUpheld)) => "not_upheld",
            Measure::Claimed(None) => "open",
            Measure::OverDetention => "over_detention",
            Measure::WrongRefusal => "wrong_refusal",
        }
    }
}

/// The counts of one stretch of days, both days included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub from_on: Date,
    /// Its last day.
    pub until_on: Date,
    /// The counts. What is not here was not counted, which is not zero.
    pub counts: BTreeMap<Measure, u64>,
}

impl Period {
    /// A group's counts and their sum, as they are shown.
    pub(crate) fn shown(&self, group: Group) -> (Vec<Option<Count>>, Option<Count>) {
        let counts: Vec<Option<u64>> =
            group.measures().iter().map(|measure| self.counts.get(measure).copied()).collect();
        count::shown(&counts)
    }
}

/// A policy that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInForce {
    /// Its name.
    pub title: Text,
    /// Where it stands.
    pub cite: String,
    /// Its first day.
    pub from_on: Date,
    /// Its last day; `None` if it is in force.
    pub until_on: Option<Date>,
    /// How well its text was read.
    pub verified: Verified,
}

/// What an agency publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The agency's name.
    pub agency: String,
    /// The day of writing.
    pub prepared_on: Date,
    /// The periods, in order of time.
    pub periods: Vec<Period>,
    /// The policies.
    pub policies: Vec<PolicyInForce>,
}

/// The folder, as paths and their bytes: `index.html` (English), `es.html`, `counts.json`,
/// `counts.csv`. No scripts, nothing from elsewhere; all text is escaped. Counts from 1 to
/// [`SMALL_COUNT_MAX`] appear in none of the files. The same figures give the same bytes.
pub fn publish(figures: &Figures) -> Vec<(String, Vec<u8>)> {
    vec![
        ("index.html".to_owned(), page::page(figures, Language::En).into_bytes()),
        ("es.html".to_owned(), page::page(figures, Language::Es).into_bytes()),
        ("counts.json".to_owned(), data::json(figures).into_bytes()),
        ("counts.csv".to_owned(), data::csv(figures).into_bytes()),
    ]
}
