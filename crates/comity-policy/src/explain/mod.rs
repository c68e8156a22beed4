//! From a derivation to what people read: data first, then sentences, text and HTML.
//!
//! Two reading depths: [`ChannelView::sentence`] is one sentence for a sergeant; the
//! whole [`Explanation`] is counsel's derivation.

mod html;
mod policy_view;
mod sentence;
mod text;

pub use html::{escape, to_html};
pub use policy_view::{PolicyView, policy_text, policy_view};
pub use text::{cap_words, sergeant, to_text};

use crate::channel::{Channel, Level, Modality, ModalitySet, Stance, Verified};
use crate::decide::ClauseRef;
use crate::hold::{CapSource, HoldClock};
use crate::library::{Library, Scope};
use crate::policy::{Cap, Clause, Duty, Policy, PolicyHash, PolicyId, RuleId};
use crate::trace::{ClauseTrace, Derivation, PolicyTrace};
use comity_model::check::Contradiction;
use comity_model::clock::ClockReading;
use comity_model::facts::{FactPath, Value};
use comity_model::{CaseFacts, Tri};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The engine's version, part of every answer.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

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

impl Library {
    /// Decides a case and explains the answer. The clock is read as of `as_of`, or
    /// without one as of the moment of release eligibility.
    pub fn explain(
        &self,
        facts: &CaseFacts,
        scope: &Scope,
        as_of: Option<Timestamp>,
    ) -> Explanation {
        let d = self.derive(facts, scope);
        let explainer = Explainer { library: self, facts, d: &d };
        Explanation {
            title: String::new(),
            engine: ENGINE_VERSION,
            decided_on: show(facts, "decision.on"),
            place: place_of(self, facts),
            under: match scope {
                Scope::InForce => Vec::new(),
                Scope::Under(list) | Scope::Only(list) => {
                    list.iter().map(|i| self.policy(*i).id.clone()).collect()
                }
            },
            channels: explainer.channels(),
            flags: explainer.flags(),
            labels: explainer.labels(),
            duties: explainer.duties(),
            caps: explainer.caps(),
            clock: explainer.clock(scope, as_of),
            policies: explainer.policies(),
            problems: d.problems.clone(),
        }
    }
}

fn show(facts: &CaseFacts, path: &str) -> String {
    comity_model::schema::find_scalar(path)
        .map_or_else(String::new, |f| facts.show(&f.def().kind, facts.get(f)))
}

fn place_of(library: &Library, facts: &CaseFacts) -> String {
    use comity_model::place::{CITY, COUNTY, STATE};
    let known =
        [CITY, COUNTY, STATE].into_iter().filter_map(|f| facts.get_text(f)).find(|c| *c != "none");
    known.map_or_else(
        || "place not known".to_owned(),
        |code| library.places().get(code).map_or_else(|| code.to_owned(), |p| p.name.clone()),
    )
}

struct Explainer<'a> {
    library: &'a Library,
    facts: &'a CaseFacts,
    d: &'a Derivation,
}

impl Explainer<'_> {
    fn channels(&self) -> Vec<ChannelView> {
        Channel::ALL
            .into_iter()
            .filter(|c| !self.d.answer.on(*c).is_discretion() || self.is_asked(*c))
            .map(|c| self.channel(c))
            .collect()
    }

    /// A channel that the request asks about is shown even when nobody speaks on it.
    fn is_asked(&self, c: Channel) -> bool {
        let fact = match c {
            Channel::Hold => "request.asks_hold",
            Channel::Notify => "request.asks_notice",
            Channel::Transfer => "request.asks_transfer",
            Channel::Interview => "request.asks_interview",
            Channel::ShareStatus => "request.asks_status",
            _ => return false,
        };
        let field = comity_model::schema::find_scalar(fact);
        field.is_some_and(|f| self.facts.get(f) == Value::Bool(true))
    }

    fn channel(&self, c: Channel) -> ChannelView {
        let answer = self.d.answer.on(c);
        let possible = answer.outcome();
        let settled = possible.only();
        let mut mattered = Vec::new();
        let mut considered = Vec::new();
        for trace in &self.d.policies {
            let policy = self.library.policy(trace.policy);
            for (i, clause) in policy.clauses.iter().enumerate() {
                let Some((_, stance)) = clause.stances.iter().find(|(x, _)| *x == c) else {
                    continue;
                };
                let view = self.clause_view(trace, i as u8, *stance, Some(c));
                match view.truth {
                    "applies" | "not known" => mattered.push(view),
                    _ => considered.push(view),
                }
            }
        }
        let needs: Vec<NeedView> = self
            .d
            .needs
            .iter()
            .filter(|(x, _)| *x == c)
            .flat_map(|(_, n)| n)
            .map(need_view)
            .collect();
        let rule = answer.binding.map(|r| self.view_of(r, c));
        let rests_on_unverified = mattered.iter().any(|r| r.verified == Verified::Recalled);
        let conflict = answer.conflict.map(|(a, b)| ConflictView {
            holds: self.view_of(a, c),
            set_aside: self.view_of(b, c),
        });
        let mut view = ChannelView {
            channel: c,
            answer: settled.map_or("undetermined", Modality::name),
            possible,
            discretion: answer.is_discretion(),
            sentence: String::new(),
            rule,
            mattered,
            considered,
            needs,
            conflict,
            rests_on_unverified,
        };
        view.sentence = sentence::sentence(&view, self.facts, self.d);
        view
    }

    fn view_of(&self, r: ClauseRef, c: Channel) -> ClauseView {
        let trace = self.d.policies.iter().find(|t| t.policy == r.policy);
        let clause = &self.library.policy(r.policy).clauses[r.clause as usize];
        let stance =
            clause.stances.iter().find(|(x, _)| *x == c).map_or(Stance::Silent, |(_, s)| *s);
        match trace {
            Some(t) => self.clause_view(t, r.clause, stance, Some(c)),
            None => plain_view(self.library.policy(r.policy), clause, stance),
        }
    }

    fn clause_view(
        &self,
        t: &PolicyTrace,
        i: u8,
        stance: Stance,
        c: Option<Channel>,
    ) -> ClauseView {
        let policy = self.library.policy(t.policy);
        let clause = &policy.clauses[i as usize];
        let mut view = plain_view(policy, clause, stance);
        view.truth = truth_word(policy, t, clause, i, c);
        let traces = &self.d.clauses[t.clauses.start as usize..t.clauses.end as usize];
        if let Some(ct) = traces.iter().find(|ct| ct.clause.clause == i) {
            view.facts = self.facts_of(ct);
        }
        view
    }

    fn facts_of(&self, ct: &ClauseTrace) -> Vec<FactView> {
        let mut out: Vec<FactView> = Vec::new();
        for path in &self.d.reads[ct.reads.start as usize..ct.reads.end as usize] {
            let view = self.fact(*path);
            if !out.contains(&view) {
                out.push(view);
            }
        }
        out
    }

    fn fact(&self, path: FactPath) -> FactView {
        let value = match (path, path.kind()) {
            (FactPath::List(l), _) => match self.facts.list(l).state {
                comity_model::ListState::Unknown => "unknown".to_owned(),
                _ => format!("{} known, maybe more", self.facts.list(l).len()),
            },
            (_, Some(kind)) => self.facts.show(kind, self.facts.at(path)),
            (_, None) => String::new(),
        };
        FactView { path: path.to_string(), value, says: path.says() }
    }

    fn effects(&self) -> impl Iterator<Item = (&Policy, &Clause, bool)> {
        self.library.effects(self.d).map(|(r, truth)| {
            let policy = self.library.policy(r.policy);
            (policy, &policy.clauses[r.clause as usize], truth == Tri::Unknown)
        })
    }

    fn flags(&self) -> Vec<FlagView> {
        let mut out: Vec<FlagView> = Vec::new();
        for (p, c, uncertain) in self.effects() {
            let Some((flag, says)) = &c.flag else { continue };
            out.push(FlagView {
                flag: flag.clone(),
                says: says.clone(),
                policy: p.id.clone(),
                cite: c.cite.clone(),
                verified: c.verified,
                uncertain,
            });
        }
        out
    }

    fn labels(&self) -> Vec<LabelView> {
        let mut out = Vec::new();
        for (p, c, uncertain) in self.effects() {
            for (label, value) in &c.labels {
                out.push(LabelView {
                    label: label.clone(),
                    value: value.clone(),
                    policy: p.id.clone(),
                    cite: c.cite.clone(),
                    verified: c.verified,
                    uncertain,
                });
            }
        }
        out
    }

    fn duties(&self) -> Vec<DutyView> {
        let mut out = Vec::new();
        for (p, c, uncertain) in self.effects() {
            for duty in &c.duties {
                let duty = duty.clone();
                out.push(DutyView { duty, policy: p.id.clone(), verified: c.verified, uncertain });
            }
        }
        out
    }

    fn caps(&self) -> Vec<CapView> {
        let mut out = Vec::new();
        for (p, c, uncertain) in self.effects() {
            if let Some(cap) = &c.cap {
                out.push(CapView {
                    cap: cap.clone(),
                    policy: p.id.clone(),
                    cite: c.cite.clone(),
                    verified: c.verified,
                    uncertain,
                });
            }
        }
        out
    }

    fn clock(&self, scope: &Scope, as_of: Option<Timestamp>) -> ClockView {
        match self.library.hold_clock(self.facts, scope, self.d, as_of) {
            HoldClock::NoHold => ClockView::NoHold,
            HoldClock::NoCap => ClockView::NoCap,
            HoldClock::Refused(e) => ClockView::Refused { why: e.to_string() },
            HoldClock::Reading(reading, sources) => {
                let sources = sources.iter().map(|s| self.cap_source(s)).collect();
                ClockView::Reading { reading, sources }
            }
        }
    }

    fn cap_source(&self, source: &CapSource) -> String {
        let cite = |r: &ClauseRef| {
            let p = self.library.policy(r.policy);
            format!("{}, {}", p.title, p.clauses[r.clause as usize].cite)
        };
        match source {
            CapSource::Clause(r) => cite(r),
            CapSource::LawChange(day, Some(r)) => {
                format!("from {day} the law bars the hold: {}", cite(r))
            }
            CapSource::LawChange(day, None) => format!("from {day} the law bars the hold"),
        }
    }

    fn policies(&self) -> Vec<PolicyUse> {
        let mut out = Vec::new();
        for t in &self.d.policies {
            let p = self.library.policy(t.policy);
            let binds = t.by_channel.iter().copied().fold(t.main, Tri::or);
            out.push(PolicyUse {
                id: p.id.clone(),
                title: p.title.clone(),
                level: p.level,
                cite: p.source.cite.clone(),
                url: p.source.url.clone(),
                verified: p.source.verified,
                from: p.from.to_string(),
                until: p.until.map(|u| u.to_string()),
                binds: binds.word(),
                not_coded: p.not_coded.clone(),
                sha256: p.hash,
            });
        }
        out
    }
}

fn need_view(n: &crate::needs::Need) -> NeedView {
    let when = n.when.iter().map(|t| {
        let facts: Vec<String> = t.facts.iter().map(ToString::to_string).collect();
        format!("{} {}", facts.join(" and "), t.says)
    });
    NeedView {
        outcome: n.outcome,
        facts: n.facts.iter().map(ToString::to_string).collect(),
        when: when.collect(),
    }
}

fn plain_view(policy: &Policy, clause: &Clause, stance: Stance) -> ClauseView {
    ClauseView {
        policy: policy.id.clone(),
        title: policy.title.clone(),
        level: policy.level,
        rule: clause.id.clone(),
        cite: clause.cite.clone(),
        says: clause.says.clone(),
        verified: clause.verified,
        stance,
        truth: "not in force here",
        when: clause.when_text.clone(),
        unless: clause.unless_text.clone(),
        facts: Vec::new(),
    }
}

/// How a clause came out on a channel, in words.
fn truth_word(
    policy: &Policy,
    t: &PolicyTrace,
    clause: &Clause,
    i: u8,
    c: Option<Channel>,
) -> &'static str {
    let bit = 1_u64 << i;
    let binds = c.map_or(t.main, |c| t.by_channel[c as usize]);
    if binds == Tri::False {
        return "not in force here";
    }
    let speakers = c.map_or(0, |c| policy.speakers[c as usize].all());
    if clause.is_default {
        if t.truths.applies & speakers != 0 {
            return "set aside";
        }
        let open = t.truths.applies_unknown & speakers != 0;
        return if open || binds == Tri::Unknown { "not known" } else { "applies" };
    }
    if t.truths.applies & bit != 0 {
        return if binds == Tri::Unknown { "not known" } else { "applies" };
    }
    if t.truths.applies_unknown & bit != 0 {
        // A rule that settles the channel makes open rules that agree with it idle.
        return "not known";
    }
    if t.truths.holds & bit != 0 { "set aside" } else { "does not apply" }
}

/// Labels of an answer as one map, the certain ones only.
pub fn certain_labels(e: &Explanation) -> BTreeMap<&str, &str> {
    e.labels.iter().filter(|l| !l.uncertain).map(|l| (l.label.as_str(), l.value.as_str())).collect()
}
