//! What the law says on a case, as `comity-policy` answers: the [`Advice`] that a person looks
//! at before deciding. It is made from a library and a case, and from nothing else, and it is
//! good for that version of the case on that day only.

use super::facts::Facts;
use super::ids::{CaseId, Version};
use super::person::Side;
use super::request::Draft;
use super::state::Case;
use crate::envelope::Digest;
use comity_model::clock::{CapKind, Fact};
use comity_model::{CaseFacts, Diagnostic, Tri};
use comity_policy::case::{Question, read_case};
use comity_policy::decide::{ChannelAnswer, ClauseRef};
use comity_policy::explain::ENGINE_VERSION;
use comity_policy::hold::{CapSource, HoldClock};
use comity_policy::{Channel, Derivation, Library, Modality, PolicyId, RuleId, Scope, Verified};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One rule of one policy, with its citation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The policy.
    pub policy: PolicyId,
    /// The rule, or default, inside it.
    pub rule: RuleId,
    /// The citation: the instrument and where in it.
    pub cite: String,
    /// What it says, one sentence.
    pub says: String,
    /// How well the text was read.
    pub verified: Verified,
    /// SHA-256 of the policy's canonical form.
    pub sha256: Digest,
}

/// What the law says on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Law {
    /// It is required, by this rule.
    Must(Rule),
    /// It is allowed; a person decides. Without a rule nobody speaks of it.
    May(Option<Rule>),
    /// It is forbidden.
    MustNot(Option<Rule>),
    /// It cannot be said with the facts that are known.
    Undetermined {
        /// What is possible.
        possible: Vec<Modality>,
        /// The smallest sets of facts that would settle it, by their paths.
        needs: Vec<Vec<String>>,
    },
}

impl Law {
    /// The rule that binds, where one does.
    pub fn rule(&self) -> Option<&Rule> {
        match self {
            Law::Must(rule) => Some(rule),
            Law::May(rule) | Law::MustNot(rule) => rule.as_ref(),
            Law::Undetermined { .. } => None,
        }
    }

    /// `must`, `may`, `must_not` or `undetermined`.
    pub fn name(&self) -> &'static str {
        match self {
            Law::Must(_) => Modality::Must.name(),
            Law::May(_) => Modality::May.name(),
            Law::MustNot(_) => Modality::MustNot.name(),
            Law::Undetermined { .. } => "undetermined",
        }
    }
}

/// A duty that the law attaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyOfLaw {
    /// Its id in its policy.
    pub duty: String,
    /// The policy.
    pub policy: PolicyId,
    /// What must be done.
    pub says: String,
    /// The citation.
    pub cite: String,
    /// Who must do it.
    pub who: String,
    /// The deadline in hours, where the law gives one.
    pub within_hours: Option<u32>,
    /// What it runs from: `request_received`, `decision` or `release_eligible`.
    pub after: String,
}

impl DutyOfLaw {
    /// Whose duty it is, by the words that the instrument's file has for who must do it.
    pub fn side(&self) -> Side {
        let who = self.who.to_ascii_lowercase();
        let federal = ["ice officer", "immigration officer", "homeland security"];
        if federal.iter().any(|f| who.contains(f)) { Side::Federal } else { Side::Agency }
    }
}

/// A mark on the request or the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagOfLaw {
    /// The mark: `form_not_authorized`.
    pub flag: String,
    /// What it says.
    pub says: String,
    /// The citation.
    pub cite: String,
    /// True if it cannot be said for certain.
    pub uncertain: bool,
}

/// Two facts that cannot both be true; the law was asked as though neither were known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtOdds {
    /// One fact, by its path: `request.form`.
    pub first: String,
    /// The other.
    pub second: String,
    /// Why, one sentence.
    pub says: String,
}

/// Where one cap ends a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapEnd {
    /// Whose limit it is.
    pub kind: CapKind,
    /// Where it ends; `None` when the moment it runs from is not known.
    pub ends_at: Option<Timestamp>,
    /// The citation.
    pub cite: String,
}

/// What the custody clock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockFinding {
    /// The law forbids a hold: nothing to count.
    NoHold,
    /// Nothing says how long a hold may last.
    NoCap,
    /// The clock refuses to guess.
    Refused(String),
    /// The caps, as far as they are known.
    Caps(Vec<CapEnd>),
}

/// What the law says on one case, at one of its versions, on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    case: CaseId,
    version: Version,
    /// A request that is not issued yet and that the advice is about.
    draft: Option<Draft>,
    finding: Finding,
}

/// The part of an [`Advice`] that is recorded with a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The day whose law was applied, in the facility's zone.
    pub on: Date,
    /// The engine's version.
    pub engine: String,
    /// What the law says, channel by channel.
    pub channels: BTreeMap<Channel, Law>,
    /// Channels on which instruments contradict each other.
    pub conflicts: BTreeSet<Channel>,
    /// Facts that contradict each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_odds: Vec<AtOdds>,
    /// Marks.
    pub flags: Vec<FlagOfLaw>,
    /// Duties.
    pub duties: Vec<DutyOfLaw>,
    /// The custody clock.
    pub clock: ClockFinding,
}

impl Finding {
    /// What the law says on a channel.
    pub fn on(&self, channel: Channel) -> &Law {
        const SILENT: &Law = &Law::May(None);
        self.channels.get(&channel).unwrap_or(SILENT)
    }
}

impl Advice {
    /// Asks the library about a case as it stands, under the law in force now.
    ///
    /// # Errors
    /// `not-opened`; `no-time-zone`; findings on the facts.
    pub fn of(library: &Library, case: &Case, now: Timestamp) -> Result<Advice, Vec<Diagnostic>> {
        Advice::ask(library, case, None, now)
    }

    /// The same with a request that is not issued yet laid over the case.
    ///
    /// # Errors
    /// As for [`Advice::of`].
    pub fn of_draft(
        library: &Library,
        case: &Case,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Advice, Vec<Diagnostic>> {
        Advice::ask(library, case, Some(draft), now)
    }

    /// The facts that the law is asked with: the case as it stands, and a request that is not
    /// issued yet laid over it.
    ///
    /// # Errors
    /// As for [`Advice::of`].
    pub fn facts(
        library: &Library,
        case: &Case,
        draft: Option<&Draft>,
        now: Timestamp,
    ) -> Result<CaseFacts, Vec<Diagnostic>> {
        let on = case.day_of(now).map_err(|d| vec![d])?;
        let text = case.as_case_file(on, draft).to_string();
        let mut file = read_case(library, "case", text.as_bytes(), &Question::default())?;
        if file.steps.is_empty() {
            return Err(Vec::new());
        }
        Ok(file.steps.swap_remove(0).facts)
    }

    /// What the law would say if these facts were on record too: a look ahead for whoever is
    /// about to amend the booking. A [`Finding`] alone, on which nothing can be decided.
    ///
    /// # Errors
    /// As for [`Advice::of`].
    pub fn finding_with(
        library: &Library,
        case: &Case,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Finding, Vec<Diagnostic>> {
        let mut case = case.clone();
        if let Some(booking) = &mut case.booking {
            booking.facts = booking.facts.with(facts);
        }
        Advice::ask(library, &case, None, now).map(|advice| advice.finding)
    }

    fn ask(
        library: &Library,
        case: &Case,
        draft: Option<&Draft>,
        now: Timestamp,
    ) -> Result<Advice, Vec<Diagnostic>> {
        let on = case.day_of(now).map_err(|d| vec![d])?;
        let facts = Advice::facts(library, case, draft, now)?;
        let derived = library.derive(&facts, &Scope::InForce);
        let clock = library.hold_clock(&facts, &Scope::InForce, &derived, Some(now));
        let reader = Reader { library, derived: &derived };
        let (flags, duties) = reader.effects();
        let at_odds = derived.problems.iter().map(|problem| AtOdds {
            first: problem.first.to_string(),
            second: problem.second.to_string(),
            says: problem.says.to_owned(),
        });
        let finding = Finding {
            on,
            engine: ENGINE_VERSION.to_owned(),
            channels: Channel::ALL.into_iter().map(|c| (c, reader.law(c))).collect(),
            conflicts: Channel::ALL
                .into_iter()
                .filter(|c| derived.answer.on(*c).conflict.is_some())
                .collect(),
            at_odds: at_odds.collect(),
            flags,
            duties,
            clock: reader.clock(clock),
        };
        Ok(Advice { case: case.id, version: case.version, draft: draft.cloned(), finding })
    }

    /// What it says.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// What the law says on a channel.
    pub fn on(&self, channel: Channel) -> &Law {
        self.finding.on(channel)
    }

    /// The request that is not issued yet and that this advice is about.
    pub fn draft(&self) -> Option<&Draft> {
        self.draft.as_ref()
    }

    /// True if nothing has happened in the case since, and the day is still the same.
    pub(super) fn is_of(&self, case: &Case, now: Timestamp) -> bool {
        let same_day = case.day_of(now).is_ok_and(|day| day == self.finding.on);
        (self.case, self.version) == (case.id, case.version) && same_day
    }
}

struct Reader<'a> {
    library: &'a Library,
    derived: &'a Derivation,
}

impl Reader<'_> {
    fn rule(&self, clause: ClauseRef) -> Rule {
        let policy = self.library.policy(clause.policy);
        let clause = &policy.clauses[clause.clause as usize];
        Rule {
            policy: policy.id.clone(),
            rule: clause.id.clone(),
            cite: cite(&policy.source.cite, &clause.cite),
            says: clause.says.clone(),
            verified: clause.verified,
            sha256: Digest(policy.hash.0),
        }
    }

    fn law(&self, channel: Channel) -> Law {
        let answer: &ChannelAnswer = self.derived.answer.on(channel);
        let rule = answer.binding.map(|clause| self.rule(clause));
        match (answer.outcome().only(), rule) {
            (Some(Modality::Must), Some(rule)) => Law::Must(rule),
            (Some(Modality::May), rule) => Law::May(rule),
            (Some(Modality::MustNot), rule) => Law::MustNot(rule),
            // A duty without a rule to show for it binds nobody.
            (Some(Modality::Must) | None, _) => {
                let needs = self.derived.needs.iter().filter(|(c, _)| *c == channel);
                Law::Undetermined {
                    possible: answer.outcome().iter().collect(),
                    needs: needs
                        .flat_map(|(_, needs)| needs)
                        .map(|need| need.facts.iter().map(ToString::to_string).collect())
                        .collect(),
                }
            }
        }
    }

    fn effects(&self) -> (Vec<FlagOfLaw>, Vec<DutyOfLaw>) {
        let (mut flags, mut duties) = (Vec::new(), Vec::new());
        for (clause, truth) in self.library.effects(self.derived) {
            let policy = self.library.policy(clause.policy);
            let clause = &policy.clauses[clause.clause as usize];
            if let Some((flag, says)) = &clause.flag {
                flags.push(FlagOfLaw {
                    flag: flag.clone(),
                    says: says.clone(),
                    cite: cite(&policy.source.cite, &clause.cite),
                    uncertain: truth == Tri::Unknown,
                });
            }
            // A duty that may apply is done as though it did: it protects the person.
            for duty in &clause.duties {
                duties.push(DutyOfLaw {
                    duty: duty.id.clone(),
                    policy: policy.id.clone(),
                    says: duty.says.clone(),
                    cite: cite(&policy.source.cite, &duty.cite),
                    who: duty.who.clone(),
                    within_hours: duty.within_hours,
                    after: duty.after.clone(),
                });
            }
        }
        (flags, duties)
    }

    fn clock(&self, clock: HoldClock) -> ClockFinding {
        let (reading, sources) = match clock {
            HoldClock::NoHold => return ClockFinding::NoHold,
            HoldClock::NoCap => return ClockFinding::NoCap,
            HoldClock::Refused(why) => return ClockFinding::Refused(why.to_string()),
            HoldClock::Reading(reading, sources) => (reading, sources),
        };
        let ends = reading.caps.iter().zip(&sources).map(|(end, source)| CapEnd {
            kind: end.kind,
            ends_at: Fact::known(end.ends_at),
            cite: match source {
                CapSource::Clause(clause) | CapSource::LawChange(_, Some(clause)) => {
                    self.rule(*clause).cite
                }
                CapSource::LawChange(day, None) => format!("the law in force from {day}"),
            },
        });
        ClockFinding::Caps(ends.collect())
    }
}

/// The instrument, and where in it.
fn cite(instrument: &str, clause: &str) -> String {
    if clause.is_empty() || clause == instrument {
        instrument.to_owned()
    } else {
        format!("{instrument}: {clause}")
    }
}
