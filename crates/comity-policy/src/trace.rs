//! Deciding one case with everything that led to the answer, as data.
//!
//! A [`Derivation`] holds indexes, not text: which clause held, which facts it read,
//! which sets of facts would settle what is open. [`crate::explain`] turns it into
//! sentences.

use crate::channel::Channel;
use crate::cond::eval;
use crate::decide::{Answer, Binds, ClauseRef, Fold, Truths, binds, said, truths};
use crate::library::{Library, PolicyIndex, Scope};
use crate::needs::{self, Need};
use comity_model::check::{Contradiction, contradictions};
use comity_model::facts::{FactPath, Value};
use comity_model::schema::{FieldId, scalar};
use comity_model::{CaseFacts, Tri};

const DECIDED_ON: FieldId = scalar("decision.on");

/// One instrument that binds the case, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTrace {
    /// The instrument.
    pub policy: PolicyIndex,
    /// Whether it binds, per channel.
    pub by_channel: [Tri; Channel::COUNT],
    /// Whether it binds, for clauses that speak on no channel.
    pub main: Tri,
    /// The truth of its clauses.
    pub truths: Truths,
}

/// An answer with everything that led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Derivation {
    /// The answer.
    pub answer: Answer,
    /// Instruments that bind or may bind, highest level first.
    pub policies: Vec<PolicyTrace>,
    /// For each channel that is open, the smallest sets of facts that would settle it.
    pub needs: Vec<(Channel, Vec<Need>)>,
    /// Facts that contradict each other; they were taken as unknown.
    pub problems: Vec<Contradiction>,
}

impl Library {
    /// Decides a case with its full derivation.
    ///
    /// Facts that contradict each other are taken as unknown, so that the case is
    /// decided only where they do not matter.
    pub fn derive(&self, facts: &CaseFacts, scope: &Scope) -> Derivation {
        let problems = contradictions(facts);
        if problems.is_empty() {
            return self.derive_consistent(facts, scope);
        }
        let cleared = without(facts, &problems);
        let mut d = self.derive_consistent(&cleared, scope);
        d.problems = problems;
        d
    }

    fn derive_consistent(&self, facts: &CaseFacts, scope: &Scope) -> Derivation {
        let mut fold = Fold::new();
        let mut policies = Vec::new();
        self.each_candidate(facts, scope, |index, policy| {
            let binds = binds(policy, facts, scope);
            if !binds.any() {
                return;
            }
            let Binds { by_channel, main } = binds;
            let truths = truths(policy, facts);
            for c in policy.speaks_on() {
                let (set, by) = said(index, policy, *c, &truths, by_channel[*c as usize]);
                fold.add(policy, *c, set, by);
            }
            policies.push(PolicyTrace { policy: index, by_channel, main, truths });
        });
        let answer = fold.finish();
        let mut derivation =
            Derivation { answer, policies, needs: Vec::new(), problems: Vec::new() };
        for c in Channel::ALL {
            if derivation.answer.outcome(c).only().is_none() {
                let found = needs::needs(self, facts, scope, &derivation, c, false);
                derivation.needs.push((c, found));
            }
        }
        derivation
    }

    /// The needs of an open channel with what must turn out, in words.
    pub fn needs_in_words(
        &self,
        facts: &CaseFacts,
        scope: &Scope,
        d: &Derivation,
        channel: Channel,
    ) -> Vec<Need> {
        if d.answer.outcome(channel).only().is_some() {
            return Vec::new();
        }
        needs::needs(self, &without(facts, &d.problems), scope, d, channel, true)
    }

    /// The facts that a clause's condition reads in a case, in the order of reading; those
    /// that nothing hangs on, because another fact settled the condition, are not among them.
    pub fn reads(&self, r: ClauseRef, facts: &CaseFacts) -> Vec<FactPath> {
        let mut out = Vec::new();
        eval(&self.policy(r.policy).clauses[r.clause as usize].when, facts, &mut out);
        out
    }

    /// Whether a clause is in effect: its rule applies, or it is a default that no rule
    /// displaces, and its policy binds. Effects are caps, flags, labels and duties.
    pub fn in_effect(&self, trace: &PolicyTrace, clause: u8) -> Tri {
        let policy = self.policy(trace.policy);
        let c = &policy.clauses[clause as usize];
        let bit = 1_u64 << clause;
        let applies = if trace.truths.applies & bit != 0 {
            Tri::True
        } else if trace.truths.applies_unknown & bit != 0 {
            Tri::Unknown
        } else {
            return Tri::False;
        };
        let mut binding = if c.stances.is_empty() { trace.main } else { Tri::False };
        for (channel, _) in &c.stances {
            let speakers = policy.speakers[*channel as usize].all();
            let displaced = if c.is_default && speakers & trace.truths.applies != 0 {
                Tri::True
            } else if c.is_default && speakers & trace.truths.applies_unknown != 0 {
                Tri::Unknown
            } else {
                Tri::False
            };
            binding = binding.or(trace.by_channel[*channel as usize].and(!displaced));
        }
        applies.and(binding)
    }

    /// Every clause that is in effect or may be, with its policy, in order.
    pub fn effects<'a>(&'a self, d: &'a Derivation) -> impl Iterator<Item = (ClauseRef, Tri)> + 'a {
        d.policies.iter().flat_map(move |trace| {
            let count = self.policy(trace.policy).clauses.len() as u8;
            (0..count).filter_map(move |i| {
                let truth = self.in_effect(trace, i);
                let clause = ClauseRef { policy: trace.policy, clause: i };
                (truth != Tri::False).then_some((clause, truth))
            })
        })
    }
}

/// The case with contradictory facts taken as unknown.
fn without(facts: &CaseFacts, problems: &[Contradiction]) -> CaseFacts {
    let mut cleared = facts.clone();
    for p in problems {
        clear(&mut cleared, p.first);
        clear(&mut cleared, p.second);
    }
    // The day of the decision is the question, not a doubtful fact.
    cleared.set(DECIDED_ON, facts.get(DECIDED_ON));
    cleared
}

fn clear(facts: &mut CaseFacts, path: FactPath) {
    match path {
        FactPath::Scalar(f) => facts.set(f, Value::Unknown),
        FactPath::Element(l, i, f) => facts.list_mut(l).set(i as usize, f, Value::Unknown),
        FactPath::List(l) => facts.list_mut(l).clear(),
    }
}
