//! The law of a place on two days. What ended and what began is exact; the cases that show it
//! are found among those on which a version parts from the one before, and among the cases of
//! what ended or began: each is decided under the whole law of either day.

use crate::pages::words;
use comity_model::place::Place;
use comity_model::{CaseFacts, Day, Value};
use comity_policy::prove::{Compared, compare};
use comity_policy::{Channel, Library, Policy, PolicyIndex, Scope};
use serde::Serialize;

/// An instrument that ended or began between two days.
#[derive(Debug, Serialize)]
pub(super) struct Moved {
    pub id: String,
    pub title: String,
    pub level: &'static str,
    /// True if it was in force on the first day and not on the second.
    pub ended: bool,
    /// Its last day, or its first.
    pub day: String,
}

/// One channel on two days.
#[derive(Debug, Serialize)]
pub(super) struct DayChannel {
    pub channel: String,
    /// `parts`, or `none found`.
    pub result: &'static str,
    pub first: String,
    pub first_cite: String,
    pub second: String,
    pub second_cite: String,
    /// Where the case comes from.
    pub from: String,
    /// The case, as lines of a case file.
    pub case: Vec<String>,
    /// How many cases were decided under both.
    pub tried: usize,
}

struct Sample {
    facts: CaseFacts,
    from: String,
    lines: Vec<String>,
}

/// What moved, and the channels on which the answer differs.
pub(super) fn compare_days(
    library: &Library,
    place: &Place,
    on: Day,
    then: Day,
) -> (Vec<Moved>, Vec<DayChannel>) {
    let here = |day: Day| -> Vec<(PolicyIndex, &Policy)> {
        let binds = |p: &Policy| super::binds(p, place) && p.in_force_on(day);
        library.policies().filter(|(_, p)| binds(p)).collect()
    };
    let (first, second) = (here(on), here(then));
    let only = |these: &[(PolicyIndex, &'_ Policy)], others: &[(PolicyIndex, &'_ Policy)]| {
        let apart = |i: &PolicyIndex| others.iter().all(|(o, _)| o != i);
        these.iter().map(|(i, _)| *i).filter(apart).collect::<Vec<PolicyIndex>>()
    };
    let (ended, begun) = (only(&first, &second), only(&second, &first));
    let samples = samples(library, place, &ended, &begun);
    let channels = Channel::ALL
        .into_iter()
        .filter(|c| ended.iter().chain(&begun).any(|i| library.policy(*i).speaks_on().contains(c)))
        .map(|channel| on_channel(library, channel, &samples, (on, then)))
        .collect();
    let moved = |index: &PolicyIndex, ended: bool| {
        let p = library.policy(*index);
        let day = if ended && p.until.is_some_and(|u| u < then) { p.until } else { Some(p.from) };
        Moved {
            id: p.id.0.clone(),
            title: p.title.clone(),
            level: p.level.name(),
            ended,
            day: day.map(|d| d.to_string()).unwrap_or_default(),
        }
    };
    let mut all: Vec<Moved> = ended.iter().map(|i| moved(i, true)).collect();
    all.extend(begun.iter().map(|i| moved(i, false)));
    (all, channels)
}

/// Cases that may be decided differently.
fn samples(
    library: &Library,
    place: &Place,
    ended: &[PolicyIndex],
    begun: &[PolicyIndex],
) -> Vec<Sample> {
    let mut out = Vec::new();
    for a in ended {
        let a = library.policy(*a);
        let follows = |b: &&Policy| {
            b.instrument == a.instrument || (b.level == a.level && b.places == a.places)
        };
        for b in begun.iter().map(|b| library.policy(*b)).filter(follows) {
            for (_, compared) in compare(a, b, library.places()) {
                if let Compared::Parts(parting) = compared {
                    out.push(Sample {
                        facts: parting.facts.clone(),
                        from: format!("found by the prover between {} and {}", a.id, b.id),
                        lines: parting.lines.clone(),
                    });
                }
            }
        }
    }
    for index in ended.iter().chain(begun) {
        for n in 0..library.cases(*index).len() {
            let Ok(case) = library.own_case(*index, n) else { continue };
            let texts = library.own_case_texts(*index);
            let lines: Vec<String> = texts
                .get(n)
                .map(|text| text.lines().map(str::to_owned).collect())
                .unwrap_or_default();
            for step in case.steps {
                let from = format!("{}, case {}: {}", library.policy(*index).id, n + 1, case.title);
                out.push(Sample { facts: step.facts, from, lines: lines.clone() });
            }
        }
    }
    for sample in &mut out {
        // A place that the registry has can be put.
        let _ = library.places().put(&mut sample.facts, &place.code.0);
    }
    out
}

fn on_channel(
    library: &Library,
    channel: Channel,
    samples: &[Sample],
    (on, then): (Day, Day),
) -> DayChannel {
    let mut row = DayChannel {
        channel: words::plain(channel.name()),
        result: "none found",
        first: String::new(),
        first_cite: String::new(),
        second: String::new(),
        second_cite: String::new(),
        from: String::new(),
        case: Vec::new(),
        tried: samples.len(),
    };
    for sample in samples {
        let (a, b) = (at(&sample.facts, on), at(&sample.facts, then));
        let outcome = |facts| library.derive(facts, &Scope::InForce).answer.outcome(channel);
        if outcome(&a) == outcome(&b) {
            continue;
        }
        row.result = "parts";
        (row.first, row.first_cite) = answer(library, &a, channel);
        (row.second, row.second_cite) = answer(library, &b, channel);
        row.from.clone_from(&sample.from);
        row.case.clone_from(&sample.lines);
        break;
    }
    row
}

/// The same facts, asked on a day.
fn at(facts: &CaseFacts, day: Day) -> CaseFacts {
    let mut facts = facts.clone();
    if let Some(field) = comity_model::schema::find_scalar("decision.on") {
        facts.set(field, Value::Date(day));
    }
    facts
}

/// The answer in words, and what it rests on.
fn answer(library: &Library, facts: &CaseFacts, channel: Channel) -> (String, String) {
    let explained = library.explain(facts, &Scope::InForce, None);
    let view = explained.channels.into_iter().find(|v| v.channel == channel);
    view.map_or_else(
        || ("may (nobody speaks)".to_owned(), String::new()),
        |v| (words::plain(v.answer), v.rule.map(|r| r.cite).unwrap_or_default()),
    )
}
