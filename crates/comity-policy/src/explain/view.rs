//! The data of an explanation: what every reader and every format is made from.

use crate::channel::{Channel, Level, Modality, ModalitySet, Stance, Verified};
use crate::policy::{Cap, Duty, PolicyHash, PolicyId, RuleId};
use comity_model::check::Contradiction;
use comity_model::clock::ClockReading;
use serde::Serialize;

/// An answer that explains itself.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The case's id and title, where it has them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The engine's version.
    pub engine: &'static str,
    /// The day whose law was applied.
    pub decided_on: String,
    /// The place: city, county or state.
    pub place: String,
    /// Ids of the policies it was decided under, where they were chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub under: Vec<PolicyId>,
    /// Every channel that somebody speaks on, and those that the request is about.
    pub channels: Vec<ChannelView>,
    /// Facts that contradict each other; they were taken as unknown.
    pub problems: Vec<Contradiction>,
    /// Marks on the request or the answer.
    pub flags: Vec<FlagView>,
    /// Labels, such as a priority.
    pub labels: Vec<LabelView>,
    /// Duties that come with the rules in effect.
    pub duties: Vec<DutyView>,
    /// Caps on a hold.
    pub caps: Vec<CapView>,
    /// The custody clock.
    pub clock: ClockView,
    /// The instruments that bind or may bind, with the hash of what was applied.
    pub policies: Vec<PolicyUse>,
}

/// One channel of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelView {
    /// The channel.
    pub channel: Channel,
    /// `must`, `may`, `must_not` or `undetermined`.
    pub answer: &'static str,
    /// The outcomes that are possible.
    pub possible: ModalitySet,
    /// True when nobody speaks and the agency decides for itself.
    pub discretion: bool,
    /// One sentence for a sergeant.
    pub sentence: String,
    /// The clause that binds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<ClauseView>,
    /// Every clause that mattered, highest level first.
    pub mattered: Vec<ClauseView>,
    /// Clauses that were considered and do not apply.
    pub considered: Vec<ClauseView>,
    /// The smallest sets of facts that would settle the channel.
    pub needs: Vec<NeedView>,
    /// Two levels that say opposite things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictView>,
    /// True when a rule that mattered was not verified.
    pub rests_on_unverified: bool,
}

/// One clause in a derivation.
#[derive(Debug, Clone, Serialize)]
pub struct ClauseView {
    /// The policy.
    pub policy: PolicyId,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// The rule.
    pub rule: RuleId,
    /// The citation.
    pub cite: String,
    /// The rule in one sentence.
    pub says: String,
    /// How well it was read.
    pub verified: Verified,
    /// What it says on the channel.
    pub stance: Stance,
    /// `applies`, `does not apply`, `not known`, or `set aside` by another rule.
    pub truth: &'static str,
    /// The condition as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// The exception as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unless: String,
    /// The facts that its condition read.
    pub facts: Vec<FactView>,
}

/// One fact that was read.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct FactView {
    /// Its path.
    pub path: String,
    /// Its value as people write it.
    pub value: String,
    /// Its meaning.
    pub says: &'static str,
}

/// A set of facts that would settle a channel.
#[derive(Debug, Clone, Serialize)]
pub struct NeedView {
    /// The outcome it can lead to.
    pub outcome: Modality,
    /// The facts.
    pub facts: Vec<String>,
    /// What must turn out for that outcome.
    pub when: Vec<String>,
}

/// Two clauses that say opposite things.
#[derive(Debug, Clone, Serialize)]
pub struct ConflictView {
    /// The one that holds.
    pub holds: ClauseView,
    /// The one that is set aside.
    pub set_aside: ClauseView,
}

/// A flag.
#[derive(Debug, Clone, Serialize)]
pub struct FlagView {
    /// Its name.
    pub flag: String,
    /// What it means here.
    pub says: String,
    /// The policy.
    pub policy: PolicyId,
    /// The citation.
    pub cite: String,
    /// How well it was read.
    pub verified: Verified,
    /// True when a missing fact leaves it open.
    pub uncertain: bool,
}

/// A label.
#[derive(Debug, Clone, Serialize)]
pub struct LabelView {
    /// Its name.
    pub label: String,
    /// Its value.
    pub value: String,
    /// The policy.
    pub policy: PolicyId,
    /// The citation.
    pub cite: String,
    /// How well it was read.
    pub verified: Verified,
    /// True when a missing fact leaves it open.
    pub uncertain: bool,
}

/// A duty.
#[derive(Debug, Clone, Serialize)]
pub struct DutyView {
    /// The duty.
    #[serde(flatten)]
    pub duty: Duty,
    /// The policy.
    pub policy: PolicyId,
    /// How well it was read.
    pub verified: Verified,
    /// True when a missing fact leaves it open.
    pub uncertain: bool,
}

/// A cap on a hold.
#[derive(Debug, Clone, Serialize)]
pub struct CapView {
    /// The cap.
    #[serde(flatten)]
    pub cap: Cap,
    /// The policy.
    pub policy: PolicyId,
    /// The citation.
    pub cite: String,
    /// How well it was read.
    pub verified: Verified,
    /// True when a missing fact leaves it open.
    pub uncertain: bool,
}

/// The custody clock of an answer.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ClockView {
    /// The answer is *must not hold*.
    NoHold,
    /// Nothing says how long.
    NoCap,
    /// The clock refuses to guess.
    Refused {
        /// Why.
        why: String,
    },
    /// A reading.
    Reading {
        /// The reading.
        reading: Box<ClockReading>,
        /// What each cap rests on, in the order of the reading's cap ids.
        sources: Vec<String>,
    },
}

/// An instrument that was applied.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyUse {
    /// Its id.
    pub id: PolicyId,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// The citation.
    pub cite: String,
    /// Where it can be read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// How well it was read.
    pub verified: Verified,
    /// First day in force.
    pub from: String,
    /// Last day in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether it binds: `yes`, or `not known`.
    pub binds: &'static str,
    /// What it says that the file does not.
    pub not_coded: String,
    /// SHA-256 of its canonical form.
    pub sha256: PolicyHash,
}
