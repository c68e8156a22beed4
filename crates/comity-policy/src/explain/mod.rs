//! From a derivation to what people read: data first, then sentences, text and HTML.
//!
//! Two reading depths: [`ChannelView::sentence`] is one sentence for a sergeant; the
//! whole [`Explanation`] is counsel's derivation.

mod html;
mod policy_view;
mod sentence;
mod text;
mod view;

pub use html::{body_html, escape, to_html};
pub use policy_view::{PolicyView, RuleText, policy_text, policy_view};
pub use text::{cap_words, sergeant, to_text};
pub use view::*;

use crate::channel::{Channel, Modality, Stance, Verified};
use crate::decide::ClauseRef;
use crate::hold::{CapSource, HoldClock};
use crate::library::{Library, Scope};
use crate::policy::{Clause, Policy};
use crate::trace::{Derivation, PolicyTrace};
use comity_model::facts::{FactPath, Value};
use comity_model::{CaseFacts, Tri};
use jiff::Timestamp;

/// The engine's version, part of every answer.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

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
        let explainer = Explainer { library: self, facts, scope, d: &d };
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
            clock: explainer.clock(as_of),
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
    scope: &'a Scope,
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
        let in_words = self.library.needs_in_words(self.facts, self.scope, self.d, c);
        let needs: Vec<NeedView> = in_words.iter().map(need_view).collect();
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
        view.facts = self.facts_of(ClauseRef { policy: t.policy, clause: i });
        view
    }

    fn facts_of(&self, clause: ClauseRef) -> Vec<FactView> {
        let mut out: Vec<FactView> = Vec::new();
        for path in self.library.reads(clause, self.facts) {
            let view = self.fact(path);
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

    fn clock(&self, as_of: Option<Timestamp>) -> ClockView {
        match self.library.hold_clock(self.facts, self.scope, self.d, as_of) {
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
