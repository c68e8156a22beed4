//! Random facts: values for what is unknown, and forgetting what is known.

use super::tape::Tape;
use comity_model::check::contradictions;
use comity_model::facts::{FactPath, ListState, Value};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields, scalar};
use comity_model::{CaseFacts, Day, Places, place};

const DECIDED_ON: FieldId = scalar("decision.on");

/// Days on which much changes, and a leap day.
const DAYS: [&str; 9] = [
    "1985-07-04",
    "2008-03-12",
    "2012-02-29",
    "2013-02-28",
    "2014-01-01",
    "2015-06-30",
    "2017-02-20",
    "2019-08-01",
    "2025-01-25",
];

/// Every list of the schema.
pub fn lists() -> impl Iterator<Item = ListId> {
    (0..fields::LISTS.len()).map(|i| ListId(i as u8))
}

/// Every scalar of the schema.
pub fn scalars() -> impl Iterator<Item = FieldId> {
    (0..fields::SCALARS.len()).map(|i| FieldId(i as u16))
}

fn is_place(path: FactPath) -> bool {
    let FactPath::Scalar(f) = path else { return false };
    f.def().path.starts_with("place.") || f.def().path == "custody.time_zone"
}

/// A value of a fact's kind.
pub fn value(kind: &Kind, facts: &mut CaseFacts, tape: &mut Tape) -> Value {
    match kind {
        Kind::Bool => Value::Bool(tape.pick(2) == 1),
        Kind::Int(_) => Value::Int(tape.one(&[0, 1, 5, 9, 17, 18, 30, 180, 364, 365, 366, 2000])),
        Kind::Enum(set) => Value::Enum(tape.pick(set.values.len()) as u8),
        Kind::Date => {
            let day = Day::parse(tape.one(&DAYS)).unwrap();
            Value::Date(day.plus_days(tape.pick(400) as i64 - 200))
        }
        Kind::Instant => Value::Instant(1_300_000_000 + tape.pick(400_000_000) as i64),
        Kind::Text => facts.text_value(tape.one(&["a", "b", "chicago"])),
    }
}

/// Paths of all facts that have a slot: scalars, and fields of the elements that are listed.
pub fn slots(facts: &CaseFacts) -> Vec<FactPath> {
    let mut out: Vec<FactPath> = scalars().map(FactPath::Scalar).collect();
    for list in lists() {
        for i in 0..facts.list(list).len() {
            for f in 0..list.def().fields.len() {
                out.push(FactPath::Element(list, i as u16, ElemFieldId(f as u16)));
            }
        }
    }
    out
}

/// Sets the fact that a path leads to.
pub fn put(facts: &mut CaseFacts, path: FactPath, value: Value) {
    match path {
        FactPath::Scalar(f) => facts.set(f, value),
        FactPath::Element(l, i, f) => facts.list_mut(l).set(i as usize, f, value),
        FactPath::List(_) => panic!("a list has no value"),
    }
}

/// Forgets some facts; returns how many were known.
pub fn forget(facts: &mut CaseFacts, tape: &mut Tape, one_in: usize) -> usize {
    let mut gone = 0;
    for path in slots(facts) {
        // The day of the decision is the question; it is forgotten too, but seldom.
        let odds = if path == FactPath::Scalar(DECIDED_ON) { 12 } else { one_in };
        if facts.at(path).is_known() && tape.rarely(odds) {
            put(facts, path, Value::Unknown);
            gone += 1;
        }
    }
    for list in lists() {
        match tape.pick(6) {
            4 => facts.list_mut(list).state = weaker(facts.list(list).state, ListState::AtLeast),
            5 => facts.list_mut(list).clear(),
            _ => continue,
        }
        gone += 1;
    }
    gone
}

fn weaker(a: ListState, b: ListState) -> ListState {
    if a == ListState::Unknown { a } else { b }
}

/// Learns some unknown facts, never one that contradicts another; returns how many.
pub fn learn(facts: &mut CaseFacts, places: &Places, tape: &mut Tape, one_in: usize) -> usize {
    let mut learned = usize::from(learn_place(facts, places, tape));
    for list in lists() {
        if facts.list(list).state != ListState::Complete && tape.pick(2) == 0 {
            for _ in 0..tape.pick(3) {
                facts.list_mut(list).push_unknown();
            }
            facts.list_mut(list).state = tape.one(&[ListState::Complete, ListState::AtLeast]);
            learned += 1;
        }
    }
    for path in slots(facts) {
        if facts.at(path).is_known() || is_place(path) || tape.pick(one_in) != 0 {
            continue;
        }
        let kind = path.kind().unwrap();
        for _ in 0..4 {
            let v = value(kind, facts, tape);
            put(facts, path, v);
            if !concerns(facts, path) {
                break;
            }
            put(facts, path, Value::Unknown);
        }
        learned += usize::from(facts.at(path).is_known());
    }
    learned
}

fn concerns(facts: &CaseFacts, path: FactPath) -> bool {
    contradictions(facts).iter().any(|c| c.first == path || c.second == path)
}

/// A place of the registry that fits what is known of the place.
fn learn_place(facts: &mut CaseFacts, places: &Places, tape: &mut Tape) -> bool {
    let keys = [place::STATE, place::COUNTY, place::CITY, place::CIRCUIT];
    if keys.iter().all(|k| facts.get(*k).is_known()) {
        return false;
    }
    let all: Vec<&str> = places.iter().map(|p| p.code.0.as_str()).filter(|c| *c != "us").collect();
    let first = tape.pick(all.len());
    let fitting = (0..all.len()).map(|i| all[(first + i) % all.len()]).find_map(|code| {
        let mut put = facts.clone();
        places.put(&mut put, code).unwrap();
        let keeps = |k: &FieldId| {
            let same = match (facts.get_text(*k), put.get_text(*k)) {
                (Some(a), Some(b)) => a == b,
                _ => facts.get(*k) == put.get(*k),
            };
            !facts.get(*k).is_known() || same
        };
        keys.iter().all(keeps).then_some(put)
    });
    let Some(fitting) = fitting else { return false };
    let zone = facts.get_text(place::TIME_ZONE).map(str::to_owned);
    *facts = fitting;
    // The zone only places moments, which conditions do not read; a known one stays.
    if let Some(zone) = zone {
        facts.set_text(place::TIME_ZONE, &zone);
    }
    true
}

/// One line a fact, for messages.
pub fn shown(facts: &CaseFacts) -> String {
    let mut out = String::new();
    for path in slots(facts) {
        if facts.at(path).is_known() {
            out.push_str(&format!(
                "  {path} = {}\n",
                facts.show(path.kind().unwrap(), facts.at(path))
            ));
        }
    }
    for list in lists() {
        let l = facts.list(list);
        out.push_str(&format!("  {}: {} listed, {:?}\n", list.def().name, l.len(), l.state));
    }
    out
}
