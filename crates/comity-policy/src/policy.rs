//! One instrument, compiled.

use crate::channel::{Channel, Level, Stance, Verified};
use crate::cond::Cond;
use crate::expr::check::Param;
use crate::plan::Plan;
use comity_model::{Day, PlaceCode};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The id of a policy file: `us-ca.trust-act.2014`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(pub String);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a rule inside its policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub String);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a policy's canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyHash(pub [u8; 32]);

impl fmt::Display for PolicyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&comity_model::hex(&self.0))
    }
}

impl Serialize for PolicyHash {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Where the text behind a policy was read.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// The citation.
    pub cite: String,
    /// An address, where there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// How well it was read.
    pub verified: Verified,
    /// The day it was last checked.
    #[serde(serialize_with = "as_text")]
    pub checked_on: Day,
}

fn as_text<S: Serializer>(day: &Day, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(day)
}

/// Which day decides whether an instrument is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The day the answer is for.
    Decision,
    /// The day the request was issued.
    RequestIssued,
    /// The day of release eligibility.
    ReleaseEligible,
    /// The day of the instant arrest.
    Arrest,
}

/// A cap on a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cap {
    /// Which of the numbers kept apart it is.
    pub kind: CapKind,
    /// How long.
    pub limit: CapLimit,
}

/// The three numbers that are kept apart (DESIGN section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapKind {
    /// What the form asks.
    Requested,
    /// The ceiling of 8 CFR 287.7(d).
    Regulatory,
    /// A cap of state or local law.
    Local,
}

/// How long a hold may last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapLimit {
    /// Hours.
    Hours {
        /// Most hours.
        hours_max: u32,
        /// Saturdays do not count.
        excludes_saturday: bool,
        /// Sundays do not count.
        excludes_sunday: bool,
        /// Federal holidays do not count.
        excludes_holiday: bool,
        /// They run from receipt of the request, not from release.
        from_receipt: bool,
    },
    /// To 23:59 of the day of release eligibility.
    EndOfDay,
}

/// A duty that comes with a rule.
#[derive(Debug, Clone, Serialize)]
pub struct Duty {
    /// Its id.
    pub id: String,
    /// What must be done, one sentence.
    pub says: String,
    /// The citation.
    pub cite: String,
    /// Who must do it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// The deadline in hours, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u32>,
    /// What the deadline runs from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// A rule, or a default.
#[derive(Debug, Clone)]
pub struct Clause {
    /// Its id; `default`, `default-2`, … for defaults.
    pub id: RuleId,
    /// True for a default.
    pub is_default: bool,
    /// The citation.
    pub cite: String,
    /// The rule in one sentence.
    pub says: String,
    /// How well it was read.
    pub verified: Verified,
    /// What it says on channels.
    pub stances: Vec<(Channel, Stance)>,
    /// A cap on the hold.
    pub cap: Option<Cap>,
    /// A mark and its sentence.
    pub flag: Option<(String, String)>,
    /// Named labels.
    pub labels: BTreeMap<String, String>,
    /// Duties.
    pub duties: Vec<Duty>,
    /// The condition, exceptions and own dates included.
    pub when: Cond,
    /// The condition as written.
    pub when_text: String,
    /// The exception as written.
    pub unless_text: String,
    /// Rules that switch this one off while they apply, as a mask over rule indexes.
    pub overridden_by: u64,
    /// Line of the file.
    pub line: usize,
}

/// Who says what on one channel, as masks over rule indexes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Speakers {
    /// Rules by stance: may, protect, must, must not.
    pub rules: [u64; 4],
    /// The default's stance and its index among the clauses.
    pub default: Option<(Stance, u8)>,
}

impl Speakers {
    /// The rules that take a stance.
    pub fn of(&self, s: Stance) -> u64 {
        match s {
            Stance::May => self.rules[0],
            Stance::Protect => self.rules[1],
            Stance::Must => self.rules[2],
            Stance::MustNot => self.rules[3],
            Stance::Silent | Stance::Clash => 0,
        }
    }

    /// All rules that speak.
    pub fn all(&self) -> u64 {
        self.rules.iter().fold(0, |a, b| a | b)
    }
}

/// Most rules and defaults of one policy, so that a set of them is a `u64`.
pub const CLAUSES_MAX: usize = 64;

/// One instrument.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// The name its versions share.
    pub instrument: String,
    /// Its title.
    pub title: String,
    /// Where it binds.
    pub places: Vec<PlaceCode>,
    /// Its rank.
    pub level: Level,
    /// First day in force.
    pub from: Day,
    /// Last day in force.
    pub until: Option<Day>,
    /// The day that must fall in those dates, per channel.
    pub anchors: [Anchor; Channel::COUNT],
    /// The anchor of channels that are not named, and of clauses without channels.
    pub anchor: Anchor,
    /// Where it was read.
    pub source: Source,
    /// What the instrument says that the file does not.
    pub not_coded: String,
    /// Whom it binds, one sentence; empty when everybody.
    pub applies_says: String,
    /// That condition.
    pub applies_when: Cond,
    /// The place condition.
    pub in_place: Cond,
    /// Parameters, for analysis and display.
    pub params: BTreeMap<String, Param>,
    /// Parameters as people read them: name, values with days and citations.
    pub param_texts: Vec<ParamText>,
    /// Rules in the file's order, then defaults.
    pub clauses: Vec<Clause>,
    /// Rule indexes, overriding rules before those they override.
    pub order: Vec<u8>,
    /// The conditions compiled for speed; `None` where they are too many.
    pub plan: Option<Plan>,
    /// Who speaks on each channel.
    pub speakers: [Speakers; Channel::COUNT],
    /// The channels on which somebody speaks.
    pub spoken: Vec<Channel>,
    /// SHA-256 of the canonical form.
    pub hash: PolicyHash,
    /// The canonical form itself.
    pub canonical: String,
    /// The file's name.
    pub file: String,
    /// The file's text.
    pub text: String,
}

/// One value of a parameter, for display.
#[derive(Debug, Clone, Serialize)]
pub struct ParamText {
    /// The parameter.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// The value as text.
    pub value: String,
    /// First day, where the value has one.
    pub from: String,
    /// The citation.
    pub cite: String,
}

impl Policy {
    /// The clause of that id.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|c| c.id.0 == id)
    }

    /// True if the instrument is in force on a day.
    pub fn in_force_on(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|u| day <= u)
    }

    /// The channels it speaks on.
    pub fn speaks_on(&self) -> &[Channel] {
        &self.spoken
    }
}
