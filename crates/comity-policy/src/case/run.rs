//! Running a case against the library and comparing with what it expects.

use super::{CaseFile, ClockExpect, Expect, Expected, Question, Step, case_of};
use crate::channel::{Channel, Modality, StanceSet};
use crate::decide::ClauseRef;
use crate::hold::HoldClock;
use crate::library::{Library, PolicyIndex, Scope};
use crate::trace::Derivation;
use comity_model::{Diagnostic, SourceText, Tri};
use serde::Serialize;
use std::collections::BTreeSet;

/// One difference between an answer and what the case expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What was looked at: a channel, `flags`, `clock.ends_at`.
    pub what: String,
    /// What the case expects.
    pub expected: String,
    /// What came out.
    pub found: String,
}

/// How one case came out.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// The case.
    pub case: String,
    /// Its title.
    pub title: String,
    /// The file.
    pub file: String,
    /// True when it is marked disputed.
    pub disputed: bool,
    /// Differences; none when the case passes.
    pub mismatches: Vec<Mismatch>,
    /// Clauses whose condition held and that took effect.
    #[serde(skip)]
    pub exercised: BTreeSet<ClauseRef>,
}

impl CaseReport {
    /// True when nothing differs.
    pub fn passes(&self) -> bool {
        self.mismatches.is_empty()
    }
}

impl Library {
    /// Runs a case under the law in force.
    pub fn run_case(&self, file: &str, case: &CaseFile) -> CaseReport {
        self.run(file, case, &Scope::InForce)
    }

    /// Runs a policy's own cases under that policy alone, place and dates included.
    pub fn run_own_cases(&self, index: PolicyIndex) -> (Vec<CaseReport>, Vec<Diagnostic>) {
        let policy = self.policy(index);
        let source = SourceText { name: &policy.file, text: &policy.text };
        let place = policy.places.first().map(|p| p.0.as_str());
        let (mut reports, mut findings) = (Vec::new(), Vec::new());
        for (i, node) in self.cases(index).iter().enumerate() {
            match case_of(self, node, &source, &Question::default(), place) {
                Ok(mut case) => {
                    case.id = format!("{} case {}", policy.id, i + 1);
                    reports.push(self.run(&policy.file, &case, &Scope::Only(vec![index])));
                }
                Err(errors) => findings.extend(errors.into_iter().map(|d| {
                    let path = format!("case[{i}].{}", d.path);
                    d.path(path)
                })),
            }
        }
        (reports, findings)
    }

    fn run(&self, file: &str, case: &CaseFile, scope: &Scope) -> CaseReport {
        let mut mismatches = Vec::new();
        let mut exercised = BTreeSet::new();
        for (i, step) in case.steps.iter().enumerate() {
            let prefix =
                if case.steps.len() > 1 { format!("step {}: ", i + 1) } else { String::new() };
            let d = self.derive(&step.facts, scope);
            exercised.extend(self.effects(&d).filter(|(_, t)| *t == Tri::True).map(|(c, _)| c));
            let alone = matches!(scope, Scope::Only(_));
            let mut c =
                Comparison { library: self, step, d: &d, prefix, alone, out: &mut mismatches };
            c.all(scope);
        }
        CaseReport {
            case: case.id.clone(),
            title: case.title.clone(),
            file: file.to_owned(),
            disputed: !case.disputed.is_empty(),
            mismatches,
            exercised,
        }
    }
}

struct Comparison<'a> {
    library: &'a Library,
    step: &'a Step,
    d: &'a Derivation,
    prefix: String,
    alone: bool,
    out: &'a mut Vec<Mismatch>,
}

impl Comparison<'_> {
    fn differ(&mut self, what: &str, expected: impl Into<String>, found: impl Into<String>) {
        let what = format!("{}{what}", self.prefix);
        self.out.push(Mismatch { what, expected: expected.into(), found: found.into() });
    }

    fn all(&mut self, scope: &Scope) {
        let expect = &self.step.expect;
        for (channel, expected) in &expect.channels {
            self.channel(*channel, expected);
        }
        self.effects(expect);
        self.rule(expect);
        for name in &expect.conflicts {
            let channel = Channel::from_name(name);
            if channel.is_none_or(|c| self.d.answer.on(c).conflict.is_none()) {
                self.differ("conflicts", name, "no conflict mark");
            }
        }
        let problems: Vec<String> = self
            .d
            .problems
            .iter()
            .flat_map(|p| [p.first.to_string(), p.second.to_string()])
            .collect();
        for name in &expect.problems {
            if !problems.contains(name) {
                self.differ("problems", name, problems.join(", "));
            }
        }
        if let Some(clock) = &expect.clock {
            self.clock(clock, scope);
        }
    }

    fn channel(&mut self, channel: Channel, expected: &Expected) {
        let answer = self.d.answer.on(channel);
        let outcome = answer.outcome();
        let shown = if answer.stances == StanceSet::SILENT {
            "silent".to_owned()
        } else {
            outcome.iter().map(Modality::name).collect::<Vec<_>>().join(" or ")
        };
        let wanted = match expected {
            Expected::Silent if answer.is_discretion() => return,
            Expected::Silent => "silent".to_owned(),
            // Under one policy alone, silence is not the same as permission.
            Expected::Settled(_) if self.alone && answer.is_discretion() => "may".to_owned(),
            Expected::Settled(m) if outcome.only() == Some(*m) => return,
            Expected::Settled(m) => m.name().to_owned(),
            Expected::Undetermined(set, needs) => {
                if outcome == *set {
                    self.needs(channel, needs.as_deref());
                    return;
                }
                set.iter().map(Modality::name).collect::<Vec<_>>().join(" or ")
            }
        };
        let why = self.why_open(channel);
        self.differ(channel.name(), wanted, format!("{shown}{why}"));
    }

    fn needed(&self, channel: Channel) -> BTreeSet<String> {
        let needs = self.d.needs.iter().filter(|(c, _)| *c == channel).flat_map(|(_, n)| n);
        needs.flat_map(|n| n.facts.iter().map(ToString::to_string)).collect()
    }

    fn why_open(&self, channel: Channel) -> String {
        let needed = self.needed(channel);
        if let Some(c) = self.d.answer.on(channel).binding {
            return format!(" (by {})", self.library.clause_name(c));
        }
        if needed.is_empty() {
            return String::new();
        }
        format!(" (needs {})", needed.into_iter().collect::<Vec<_>>().join(", "))
    }

    fn needs(&mut self, channel: Channel, expected: Option<&[String]>) {
        let Some(expected) = expected else { return };
        let wanted: BTreeSet<String> = expected.iter().cloned().collect();
        let found = self.needed(channel);
        if wanted != found {
            let join = |s: BTreeSet<String>| s.into_iter().collect::<Vec<_>>().join(", ");
            self.differ(&format!("{channel} needs"), join(wanted), join(found));
        }
    }

    fn effects(&mut self, expect: &Expect) {
        let (mut flags, mut labels, mut duties) = (Vec::new(), Vec::new(), Vec::new());
        let mut cites: Vec<String> = Vec::new();
        for (c, truth) in self.library.effects(self.d) {
            let policy = self.library.policy(c.policy);
            let clause = &policy.clauses[c.clause as usize];
            cites.push(format!("{} {}", policy.source.cite, clause.cite));
            if truth == Tri::True {
                flags.extend(clause.flag.iter().map(|(f, _)| f.clone()));
                labels.extend(clause.labels.iter().map(|(k, v)| (k.clone(), v.clone())));
                duties.extend(clause.duties.iter().map(|d| d.id.clone()));
            }
        }
        for f in &expect.flags {
            if !flags.contains(f) {
                self.differ("flags", f, flags.join(", "));
            }
        }
        for f in &expect.no_flags {
            if flags.contains(f) {
                self.differ("no_flags", format!("no {f}"), f);
            }
        }
        for (k, v) in &expect.labels {
            let found: Vec<&str> =
                labels.iter().filter(|(x, _)| x == k).map(|(_, v)| v.as_str()).collect();
            let wanted_none = v == "none" && found.is_empty();
            if !wanted_none && !found.contains(&v.as_str()) {
                self.differ(&format!("labels.{k}"), v, found.join(", "));
            }
        }
        for id in &expect.duties {
            if !duties.contains(id) {
                self.differ("duties", id, duties.join(", "));
            }
        }
        for c in &expect.cites {
            if !cites.iter().any(|x| x.contains(c.as_str())) {
                self.differ("cites", c, cites.join(" | "));
            }
        }
    }

    fn rule(&mut self, expect: &Expect) {
        let (Some(rule), Some((channel, _))) = (&expect.rule, expect.channels.first()) else {
            return;
        };
        let found = self.d.answer.on(*channel).binding.map_or_else(String::new, |c| {
            self.library.policy(c.policy).clauses[c.clause as usize].id.0.clone()
        });
        if found != *rule {
            self.differ("rule", rule, found);
        }
    }

    fn clock(&mut self, expect: &ClockExpect, scope: &Scope) {
        let clock = self.library.hold_clock(&self.step.facts, scope, self.d, None);
        match (expect, clock) {
            (ClockExpect::None, HoldClock::NoHold | HoldClock::NoCap) => {}
            (ClockExpect::None, _) => self.differ("clock", "none", "a hold clock runs"),
            (ClockExpect::Readings(wanted), HoldClock::Reading(reading, _)) => {
                let json = serde_json::to_value(&*reading).unwrap_or_default();
                for (key, value) in wanted {
                    let found = json.get(key).and_then(|v| v.as_str()).unwrap_or("none");
                    // Local time: the offset behind it is the zone's business.
                    let same = found == value
                        || found.starts_with(&format!("{value}-"))
                        || found.starts_with(&format!("{value}+"));
                    if !same {
                        self.differ(&format!("clock.{key}"), value, found);
                    }
                }
            }
            (ClockExpect::Readings(_), HoldClock::NoHold) => {
                self.differ("clock", "a clock", "must not hold: no clock");
            }
            (ClockExpect::Readings(_), HoldClock::NoCap) => {
                self.differ("clock", "a clock", "nothing caps the hold");
            }
            (ClockExpect::Readings(_), HoldClock::Refused(e)) => {
                self.differ("clock", "a clock", e.to_string());
            }
        }
    }
}
