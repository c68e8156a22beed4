//! The JSON form: one object a line, with the keys that the CSV form has as columns, and the facts
//! as in a case file under `facts`.

use super::row::{BOOKED_AT, COLUMNS, COMPLETE, NAME, NUMBER, PEER, PLACE, Raw, TIME_ZONE};
use super::{BOOKINGS_MAX, Findings, SheetBooking, Usual};
use comity_model::{Diagnostic, schema};
use serde_json::{Map, Value};

pub(super) const ID: &str = super::row::ID;

/// The key of the facts.
const FACTS: &str = "facts";

/// Reads lines.
pub(super) fn read(
    text: &str,
    usual: &Usual<'_>,
    findings: &mut Findings<'_>,
) -> Vec<SheetBooking> {
    let lines = || (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
    let count = lines().count();
    if count == 0 || count > BOOKINGS_MAX {
        let message = format!("{count} bookings, of 1 to {BOOKINGS_MAX}");
        let code = if count == 0 { "missing" } else { "too-many" };
        findings.add(0, "", Diagnostic::error(code, message).help("a line is a booking"));
        return Vec::new();
    }
    let mut out = Vec::with_capacity(count);
    for (line, text) in lines() {
        if findings.is_full() {
            break;
        }
        match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(members) => out.extend(booking(line, &members, usual, findings)),
            Err(e) => {
                let fault = Diagnostic::error("not-json", "this line is no JSON object");
                findings.add_in(line, e.column(), "", fault.help("a JSON object a line"));
            }
        }
    }
    out
}

fn booking(
    line: usize,
    members: &Map<String, Value>,
    usual: &Usual<'_>,
    findings: &mut Findings<'_>,
) -> Option<SheetBooking> {
    let before = findings.found.len();
    let known = || COLUMNS.into_iter().chain([FACTS]);
    for key in members.keys().filter(|key| !known().any(|known| known == *key)) {
        let near = schema::nearest(key, known());
        let help = near.map_or_else(
            || format!("the keys are {}, {FACTS}", COLUMNS.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let fault = Diagnostic::error("unknown-column", "a key of this line is not known");
        findings.add(line, "", fault.help(help));
    }
    let mut text = |key: &str| match members.get(key) {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text.trim(),
        Some(_) => {
            findings.add(line, key, Diagnostic::error("wrong-type", "this is no text"));
            ""
        }
    };
    let mut raw = Raw {
        line,
        id: text(ID),
        name: text(NAME),
        number: text(NUMBER),
        booked_at: text(BOOKED_AT),
        place: text(PLACE),
        time_zone: text(TIME_ZONE),
        peer: text(PEER),
        ..Raw::default()
    };
    match members.get(COMPLETE) {
        None | Some(Value::Null) => {}
        Some(Value::Bool(complete)) => raw.complete = *complete,
        Some(_) => {
            let fault = Diagnostic::error("wrong-type", "this is neither true nor false");
            findings.add(line, COMPLETE, fault);
        }
    }
    match members.get(FACTS) {
        None | Some(Value::Null) => {}
        Some(Value::Object(facts)) => raw.facts.clone_from(facts),
        Some(_) => {
            let fault = Diagnostic::error("wrong-type", "this is no object");
            findings.add(line, FACTS, fault.help("facts by group, as in a case file"));
        }
    }
    match raw.read(usual) {
        Ok(booking) => (findings.found.len() == before).then_some(booking),
        Err(wrong) => {
            for (path, fault) in wrong {
                let is_own = COLUMNS.contains(&path.as_str());
                let path = if is_own { path } else { format!("{FACTS}.{path}") };
                findings.add(line, &path, fault);
            }
            None
        }
    }
}
