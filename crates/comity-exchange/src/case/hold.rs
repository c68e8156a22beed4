//! A hold: keeping a person past the time of release, on a civil request.
//!
//! There is one way to a [`Hold`]: an advice under which the law allows or requires it by a
//! rule with a citation, a person who starts it, and a clock with a known end that has not
//! come. The fields are private, and a stored hold is read through the same checks.

use super::ids::RequestId;
use super::law::{CapEnd, ClockFinding, Finding, Law, Rule};
use super::person::Official;
use super::words::Remark;
use comity_model::clock::CapKind;
use comity_policy::Channel;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a hold rests on: a rule with a citation, and the person who answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawGround")]
pub struct HoldGround {
    rule: Rule,
    started_by: Official,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGround {
    rule: Rule,
    started_by: Official,
}

impl TryFrom<RawGround> for HoldGround {
    type Error = NoHold;

    fn try_from(raw: RawGround) -> Result<HoldGround, NoHold> {
        let RawGround { rule, started_by } = raw;
        if rule.cite.trim().is_empty() || rule.rule.0.is_empty() {
            return Err(NoHold::NoRule);
        }
        Ok(HoldGround { rule, started_by })
    }
}

impl HoldGround {
    /// The ground that the law gives, if it gives one.
    ///
    /// # Errors
    /// [`NoHold::Law`] where it forbids a hold or is undetermined, [`NoHold::NoRule`] where
    /// nobody speaks of holds.
    pub fn of(law: &Law, started_by: Official) -> Result<HoldGround, NoHold> {
        let rule = match law {
            Law::Must(rule) | Law::May(Some(rule)) => rule.clone(),
            Law::May(None) => return Err(NoHold::NoRule),
            Law::MustNot(_) | Law::Undetermined { .. } => return Err(NoHold::Law(law.clone())),
        };
        HoldGround::try_from(RawGround { rule, started_by })
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The person.
    pub fn started_by(&self) -> &Official {
        &self.started_by
    }
}

/// Why there can be no hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoHold {
    /// The law forbids it, or does not settle it.
    Law(Law),
    /// No rule with a citation allows it.
    NoRule,
    /// Nothing says when it would end.
    NoEnd(String),
    /// It would have ended already.
    Over(Timestamp),
    /// The person would not be released yet.
    NotEligible,
    /// A stored hold says that it lasts longer than its own caps.
    PastItsCaps,
}

impl std::fmt::Display for NoHold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoHold::Law(law) => {
                let by = law.rule().map_or_else(String::new, |r| format!(" ({})", r.cite));
                write!(f, "the law on a hold is {}{by}", law.name())
            }
            NoHold::NoRule => f.write_str("no rule with a citation allows a hold"),
            NoHold::NoEnd(why) => write!(f, "nothing says when the hold would end: {why}"),
            NoHold::Over(at) => write!(f, "the hold would have ended on {at}"),
            NoHold::NotEligible => f.write_str("the person would not be released yet"),
            NoHold::PastItsCaps => f.write_str("the hold would outlast its own caps"),
        }
    }
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawHold")]
pub struct Hold {
    request: RequestId,
    ground: HoldGround,
    caps: Vec<CapEnd>,
    release_eligible_at: Timestamp,
    started_at: Timestamp,
    ends_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHold {
    request: RequestId,
    ground: HoldGround,
    caps: Vec<CapEnd>,
    release_eligible_at: Timestamp,
    started_at: Timestamp,
    ends_at: Timestamp,
}

impl TryFrom<RawHold> for Hold {
    type Error = NoHold;

    fn try_from(raw: RawHold) -> Result<Hold, NoHold> {
        let RawHold { request, ground, caps, release_eligible_at, started_at, ends_at } = raw;
        let Some(first) = caps.iter().filter_map(|c| c.ends_at).min() else {
            return Err(NoHold::NoEnd("no cap has a known end".to_owned()));
        };
        if ends_at > first {
            return Err(NoHold::PastItsCaps);
        }
        if started_at < release_eligible_at {
            return Err(NoHold::NotEligible);
        }
        if started_at >= ends_at {
            return Err(NoHold::Over(ends_at));
        }
        Ok(Hold { request, ground, caps, release_eligible_at, started_at, ends_at })
    }
}

impl Hold {
    /// Starts a hold at an instant. `bound` is where an earlier hold of the same stay ended:
    /// a hold that follows it lasts no longer.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn start(
        request: RequestId,
        finding: &Finding,
        started_by: Official,
        release_eligible_at: Timestamp,
        bound: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<Hold, NoHold> {
        let ground = HoldGround::of(finding.on(Channel::Hold), started_by)?;
        let caps = match &finding.clock {
            ClockFinding::Caps(caps) => caps.clone(),
            ClockFinding::NoHold | ClockFinding::NoCap => {
                return Err(NoHold::NoEnd("no cap applies".to_owned()));
            }
            ClockFinding::Refused(why) => return Err(NoHold::NoEnd(why.clone())),
        };
        // Where the end of one cap is not known the hold ends with the first that is.
        let ends_at = caps.iter().filter_map(|c| c.ends_at).chain(bound).min();
        let Some(ends_at) = ends_at else {
            return Err(NoHold::NoEnd("no cap has a known end".to_owned()));
        };
        RawHold { request, ground, caps, release_eligible_at, started_at: at, ends_at }.try_into()
    }

    /// The request that it follows.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// What it rests on.
    pub fn ground(&self) -> &HoldGround {
        &self.ground
    }

    /// Where each cap ends, with its citation.
    pub fn caps(&self) -> &[CapEnd] {
        &self.caps
    }

    /// When the person would otherwise have been released.
    pub fn release_eligible_at(&self) -> Timestamp {
        self.release_eligible_at
    }

    /// When it started.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// The instant at which it is over. It may last up to it and not a moment longer.
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// The kind of the cap that ends it; `None` where the end of an earlier hold does.
    pub fn ends_by(&self) -> Option<CapKind> {
        self.caps.iter().filter(|c| c.ends_at == Some(self.ends_at)).map(|c| c.kind).min()
    }
}

/// Why a hold ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldEnd {
    /// Its clock ran out.
    Expired,
    /// The request no longer stands.
    RequestEnded,
    /// A claim of citizenship or lawful status was made.
    ClaimMade,
    /// The identification was taken back.
    MatchTakenBack,
    /// The moment of release eligibility was corrected: the clock counted from another one.
    EligibilityCorrected,
    /// The agency answered again, and no longer holds.
    AnswerChanged,
    /// The agency ended it.
    ByAgency(Remark),
    /// The federal side took the person.
    Transferred,
    /// The person left custody.
    CustodyEnded,
}

/// A hold that was, with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastHold {
    /// The hold.
    pub hold: Hold,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why.
    pub why: HoldEnd,
}
