//! The agency's answer to a request, channel by channel: what the law says, and what a person
//! decided.

use super::ids::RequestId;
use super::law::{Finding, Law};
use super::person::Official;
use super::request::ASKED;
use super::words::Remark;
use comity_policy::{Channel, RuleId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the agency does on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// It does what the request asks.
    Comply,
    /// It does not.
    Decline,
    /// It cannot say yet: the law is undetermined. Nothing is done meanwhile.
    Open,
}

/// An answer as it is recorded at the agency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// To which request.
    pub request: RequestId,
    /// What was chosen on each channel that the request asks about.
    pub choices: BTreeMap<Channel, Choice>,
    /// What the law said.
    pub finding: Finding,
    /// Who decided.
    pub decided_by: Official,
    /// Why; stays at the agency.
    pub reason: Remark,
}

/// Why choices are no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The request asks about this channel, and nothing was decided.
    NotDecided(Channel),
    /// The request does not ask about this channel.
    NotAsked(Channel),
    /// The law says otherwise.
    AgainstLaw(Channel, Law),
}

impl Answer {
    /// Makes an answer: a choice for every channel asked about and no other, none of them
    /// against the law. Where the law says *may*, nothing stands in for the person's choice.
    ///
    /// # Errors
    /// The first channel that does not fit.
    pub fn make(
        request: RequestId,
        asks: impl Iterator<Item = Channel> + Clone,
        choices: BTreeMap<Channel, Choice>,
        finding: Finding,
        decided_by: Official,
        reason: Remark,
    ) -> Result<Answer, NoAnswer> {
        for channel in asks.clone() {
            let Some(choice) = choices.get(&channel) else {
                return Err(NoAnswer::NotDecided(channel));
            };
            let law = finding.on(channel);
            let fits = match (law, choice) {
                (Law::Must(_), Choice::Comply)
                | (Law::May(_), Choice::Comply | Choice::Decline)
                | (Law::MustNot(_), Choice::Decline)
                | (Law::Undetermined { .. }, Choice::Decline | Choice::Open) => true,
                (Law::Must(_), Choice::Decline | Choice::Open)
                | (Law::May(_), Choice::Open)
                | (Law::MustNot(_), Choice::Comply | Choice::Open)
                | (Law::Undetermined { .. }, Choice::Comply) => false,
            };
            if !fits {
                return Err(NoAnswer::AgainstLaw(channel, law.clone()));
            }
        }
        if let Some(channel) = choices.keys().find(|c| asks.clone().all(|asked| asked != **c)) {
            return Err(NoAnswer::NotAsked(*channel));
        }
        Ok(Answer { request, choices, finding, decided_by, reason })
    }

    /// True if the agency does what the request asks on this channel.
    pub fn complies(&self, channel: Channel) -> bool {
        self.choices.get(&channel) == Some(&Choice::Comply)
    }
}

/// The latest answer, as the agency keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenAnswer {
    /// The answer.
    pub answer: Answer,
    /// When it was given.
    pub given_at: Timestamp,
    /// Since when facts that it rests on are no longer those of the case.
    pub outdated_at: Option<Timestamp>,
}

/// What the federal side is told on one channel: the choice, what the law said, and the
/// citation. Not who decided, not why, and none of the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldChoice {
    /// What the agency does.
    pub choice: Choice,
    /// `must`, `may`, `must_not` or `undetermined`.
    pub law: String,
    /// The rule, where one binds.
    pub rule: Option<RuleId>,
    /// Its citation; empty without a rule.
    pub cite: String,
}

/// An answer as it goes to the federal side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldAnswer {
    /// To which request.
    pub request: RequestId,
    /// Channel by channel.
    pub channels: BTreeMap<Channel, ToldChoice>,
}

impl ToldAnswer {
    /// The part of an answer that the federal side is told.
    pub fn of(answer: &Answer) -> ToldAnswer {
        let told = ASKED.into_iter().filter_map(|channel| {
            let choice = *answer.choices.get(&channel)?;
            let law = answer.finding.on(channel);
            let rule = law.rule();
            let told = ToldChoice {
                choice,
                law: law.name().to_owned(),
                rule: rule.map(|r| r.rule.clone()),
                cite: rule.map_or_else(String::new, |r| r.cite.clone()),
            };
            Some((channel, told))
        });
        ToldAnswer { request: answer.request, channels: told.collect() }
    }

    /// True if the agency does what the request asks on this channel.
    pub fn complies(&self, channel: Channel) -> bool {
        self.channels.get(&channel).is_some_and(|told| told.choice == Choice::Comply)
    }
}
