//! Where two instruments part: on every channel that one of them speaks on, a case in which
//! they say different things, or the proof that there is none.
//!
//! Both are asked as though they were in force where the case is: of two versions, or of the
//! laws of two places, the dates and places differ by design. An instrument that does not bind
//! a case, or none of whose rules speaks, is silent. Every fact of a case that is shown
//! matters: without any one of them, one of the two is no longer sure.

use super::case::{lines, minimize};
use super::formula::{Formula, Id};
use super::place;
use super::search::{Outcome, Space};
use crate::channel::{Channel, Stance};
use crate::cond::{Silent, eval};
use crate::decide::{clause_for, stance_of, truths};
use crate::policy::{Policy, RuleId};
use comity_model::{CaseFacts, Places, Tri};

/// What an instrument surely says of a case, and the clause that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its stance.
    pub stance: Stance,
    /// The clause; none where it is silent.
    pub clause: Option<RuleId>,
}

/// A case on which two instruments part.
#[derive(Debug, Clone)]
pub struct Parting {
    /// What the first says.
    pub first: Said,
    /// What the second says.
    pub second: Said,
    /// The case: the facts that matter, and no other.
    pub facts: CaseFacts,
    /// Its known facts as lines of a case file, those of the place left out.
    pub lines: Vec<String>,
    /// The code of a place in which both can be asked; empty without a registry.
    pub place: String,
}

/// How two instruments compare on a channel.
#[derive(Debug, Clone)]
pub enum Compared {
    /// Proved: whatever the case, they say the same.
    Same,
    /// They part on this case.
    Parts(Box<Parting>),
    /// Neither a case nor a proof was found within the search's limits.
    Unsettled,
}

/// What is looked for first: the differences that matter most to the person.
const PAIRS: [(Stance, Stance); 10] = [
    (Stance::MustNot, Stance::Must),
    (Stance::MustNot, Stance::May),
    (Stance::MustNot, Stance::Protect),
    (Stance::MustNot, Stance::Silent),
    (Stance::Must, Stance::May),
    (Stance::Must, Stance::Protect),
    (Stance::Must, Stance::Silent),
    (Stance::May, Stance::Silent),
    (Stance::Protect, Stance::Silent),
    (Stance::Protect, Stance::May),
];

/// Compares two instruments on every channel that one of them speaks on.
pub fn compare(a: &Policy, b: &Policy, places: &Places) -> Vec<(Channel, Compared)> {
    let mut space = Space::impatient(place::spots(places));
    let mut here = place::binding(a, &space.spots);
    here.extend(place::binding(b, &space.spots));
    here.sort_unstable();
    here.dedup();
    let spoken = |c: &Channel| a.speaks_on().contains(c) || b.speaks_on().contains(c);
    let channels = Channel::ALL.into_iter().filter(spoken);
    channels.map(|channel| (channel, on(channel, a, b, &here, &mut space))).collect()
}

fn on(channel: Channel, a: &Policy, b: &Policy, here: &[usize], space: &mut Space) -> Compared {
    let mut settled = true;
    let turned = PAIRS.into_iter().flat_map(|(x, y)| [(x, y), (y, x)]);
    for (first, second) in turned {
        if !can_say(a, channel, first) || !can_say(b, channel, second) {
            continue;
        }
        let mut f = Formula::default();
        let parts = vec![says(&mut f, a, channel, first), says(&mut f, b, channel, second)];
        f.root = f.and(parts);
        let is_real = |facts: &CaseFacts| {
            said(a, channel, facts) == Some(first) && said(b, channel, facts) == Some(second)
        };
        match space.search(&f, here, &is_real) {
            Outcome::Impossible => {}
            Outcome::Unsettled => settled = false,
            Outcome::Found(facts, place) => {
                let facts = minimize(*facts, &is_real);
                return Compared::Parts(Box::new(Parting {
                    first: Said { stance: first, clause: clause(a, channel, first, &facts) },
                    second: Said { stance: second, clause: clause(b, channel, second, &facts) },
                    lines: lines(&facts),
                    facts,
                    place,
                }));
            }
        }
    }
    if settled { Compared::Same } else { Compared::Unsettled }
}

/// True if the instrument could take that stance in some case, as far as its rules show.
fn can_say(policy: &Policy, channel: Channel, stance: Stance) -> bool {
    let speakers = &policy.speakers[channel as usize];
    match stance {
        Stance::Silent => true,
        _ => speakers.of(stance) != 0 || speakers.default.is_some_and(|(s, _)| s == stance),
    }
}

/// The instrument binds and says `stance`, or is silent.
fn says<'a>(f: &mut Formula<'a>, policy: &'a Policy, channel: Channel, stance: Stance) -> Id {
    let whom = f.cond(&policy.applies_when);
    if stance != Stance::Silent {
        let mut parts = vec![whom, f.says(policy, channel, stance)];
        if stance == Stance::May {
            // A protection is stronger than a permission.
            let protected = f.says(policy, channel, Stance::Protect);
            parts.push(f.not(protected));
        }
        return f.and(parts);
    }
    let spoken = [Stance::May, Stance::Protect, Stance::Must, Stance::MustNot]
        .into_iter()
        .map(|s| f.says(policy, channel, s))
        .collect();
    let spoken = f.or(spoken);
    let speaks = f.and(vec![whom, spoken]);
    f.not(speaks)
}

/// What the instrument surely says; none where a fact is missing.
fn said(policy: &Policy, channel: Channel, facts: &CaseFacts) -> Option<Stance> {
    match eval(&policy.applies_when, facts, &mut Silent) {
        Tri::False => Some(Stance::Silent),
        Tri::Unknown => None,
        Tri::True => stance_of(policy, channel, &truths(policy, facts)).only(),
    }
}

fn clause(policy: &Policy, channel: Channel, stance: Stance, facts: &CaseFacts) -> Option<RuleId> {
    if stance == Stance::Silent {
        return None;
    }
    let clause = clause_for(policy, channel, &truths(policy, facts), stance)?;
    policy.clauses.get(clause as usize).map(|c| c.id.clone())
}
