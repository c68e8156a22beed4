//! What sets a record right: missing facts, an edited booking, and what an event said wrongly.

#![allow(clippy::unnecessary_wraps, reason = "the functions of flows have one shape")]

use super::agency::{moment, moment_ask};
use super::ask::{Ask, Cell, Choice, Kind, Wrong};
use super::missing::{Place, channels_of, missing};
use super::{Flow, Scene, book};
use crate::problem::Problem;
use comity_exchange::case::{CommandName, Side, Subject, Version};
use comity_model::schema::{enums, fields};
use comity_node::NodeFault;
use serde_json::{Map, Value, json};

pub(super) const FLOWS: &[Flow] = &[
    Flow {
        name: "amend",
        command: CommandName::AmendBooking,
        title: "Edit the booking",
        send: "Edit the booking",
        done: "The booking is edited. An answer that rests on it is to be given again.",
        asks: amend_asks,
        entry: amend,
    },
    Flow {
        name: FACTS,
        command: CommandName::AmendBooking,
        title: "Add missing facts",
        send: "Add the facts",
        done: "The facts are on record. An answer that rests on them is to be given again.",
        asks: facts_asks,
        entry: facts,
    },
    Flow {
        name: "correct",
        command: CommandName::Correct,
        title: "Correct what was recorded",
        send: "Correct it",
        done: "It is corrected. What was recorded first stays in the ledger.",
        asks: correct_asks,
        entry: correct,
    },
];

/// The flow of the missing facts, whose questions stand on one page.
pub const FACTS: &str = "facts";

fn reason_ask(legend: &str) -> Ask {
    Ask::new("reason", legend, Kind::Text).hint("It stays at this party, with the event.")
}

/// The facts that are missing, and those that were answered when they were.
fn asked_places(scene: &Scene<'_>) -> Result<Vec<Place>, Problem> {
    let Some(case) = scene.case() else { return Ok(Vec::new()) };
    let finding = scene.finding().map_err(NodeFault::Wrong)?;
    let mut places = missing(&finding, &channels_of(case));
    for (name, _) in scene.sent.kept() {
        if places.iter().all(|p| p.path != name)
            && let Some(place) = Place::find(name)
        {
            places.push(place);
        }
    }
    places.retain(Place::is_of_booking);
    Ok(places)
}

fn facts_asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let Some(case) = scene.case() else { return Ok(Vec::new()) };
    let mut asks: Vec<Ask> = asked_places(scene)?.iter().map(|p| p.ask(case)).collect();
    asks.push(reason_ask("Where do the facts come from?"));
    Ok(asks)
}

fn amendment(scene: &Scene<'_>, tree: Map<String, Value>, complete: bool) -> Value {
    json!({ "amend_booking": {
        "facts": { "complete": complete, "tree": tree },
        "reason": scene.sent.get("reason"),
    } })
}

fn facts(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let case = scene.case().ok_or_else(Vec::new)?;
    let places = asked_places(scene).map_err(|p| vec![Wrong::with("", p.detail)])?;
    let (mut tree, mut wrong) = (Map::new(), Vec::new());
    for place in &places {
        match place.value(scene, scene.sent.get(&place.path)) {
            Ok(Some(value)) => place.put(case, &mut tree, value),
            Ok(None) => {}
            Err(w) => wrong.push(w),
        }
    }
    if wrong.is_empty() && tree.is_empty() {
        wrong.push(Wrong::with("", "No fact was answered: there is nothing to add yet."));
    }
    if wrong.is_empty() { Ok(amendment(scene, tree, false)) } else { Err(wrong) }
}

fn fact_cells() -> Vec<Cell> {
    let stated = |def: &&comity_model::schema::FieldDef| {
        comity_exchange::case::FactsOf::Booking.may_state(def.path)
    };
    let choices = fields::SCALARS.iter().filter(stated).map(|def| {
        let says = crate::pages::words::plain(&def.path.replace('.', ": "));
        Choice::new(def.path, &crate::pages::words::sentence(&says))
    });
    vec![
        Cell { name: "fact", label: "Fact", choices: choices.collect(), is_day: false },
        Cell { name: "value", label: "What is true", choices: Vec::new(), is_day: false },
    ]
}

fn amend_asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let is_complete =
        scene.case().and_then(|c| c.booking.as_ref()).is_some_and(|b| b.facts.is_complete());
    let mut asks = vec![
        Ask::new(
            "stated",
            "Which facts are otherwise than they are on record?",
            Kind::Rows(fact_cells()),
        )
        .hint(
            "One line each: the fact, and what is true: yes, no, a number, a day (2016-03-01) \
                 or a word of the list in the reference. Leave the line empty if none.",
        )
        .optional(),
        Ask::new("charges", "What are the charges?", Kind::Rows(book::charge_cells()))
            .hint("As they are on record. Change a line, add one, or empty it to take it out.")
            .optional(),
        Ask::new(
            "convictions",
            "What convictions are on record?",
            Kind::Rows(book::conviction_cells()),
        )
        .hint("As they are on record. Change a line, add one, or empty it to take it out.")
        .optional(),
    ];
    if !is_complete {
        asks.push(book::complete_ask());
    }
    asks.push(reason_ask("Why is the booking edited?"));
    Ok(asks)
}

/// What the fields of an edited booking hold at first: the lists on record, line by line.
pub fn first_fields(scene: &Scene<'_>) -> Vec<(String, String)> {
    let Some(booking) = scene.case().and_then(|c| c.booking.as_ref()) else { return Vec::new() };
    let mut out = Vec::new();
    for (id, cells) in lists() {
        let Some(Value::Array(records)) = booking.facts.tree().get(id) else { continue };
        for (number, record) in records.iter().filter(|r| r.is_object()).enumerate() {
            for cell in &cells {
                let text = match &record[cell.name] {
                    Value::Bool(true) => "yes".to_owned(),
                    Value::Bool(false) => "no".to_owned(),
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => String::new(),
                };
                out.push((format!("{id}.{number}.{}", cell.name), text));
            }
        }
    }
    out
}

fn lists() -> [(&'static str, Vec<Cell>); 2] {
    [("charges", book::charge_cells()), ("convictions", book::conviction_cells())]
}

fn amend(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let case = scene.case().ok_or_else(Vec::new)?;
    let booking = case.booking.as_ref().ok_or_else(Vec::new)?;
    let (mut tree, mut wrong) = (Map::new(), Vec::new());
    for row in scene.rows("stated", &fact_cells()) {
        let (path, text) = (row.first().map_or("", |s| s), row.get(1).map_or("", |s| s));
        let Some(place) = Place::find(path).filter(Place::is_of_booking) else {
            wrong.push(Wrong::with("stated", format!("Say which fact is `{text}`.")));
            continue;
        };
        match place.value(scene, text) {
            Ok(Some(value)) => place.put(case, &mut tree, value),
            Ok(None) => wrong.push(Wrong::with("stated", format!("Say what is true of {path}."))),
            Err(w) => wrong.push(w),
        }
    }
    for (id, cells) in lists() {
        let was = booking.facts.tree().get(id).and_then(Value::as_array);
        let known = was.map_or(&[][..], Vec::as_slice);
        let lines = book::records(scene, id, &cells)
            .and_then(|lines| kept_beside(id, known, lines, &cells));
        match lines {
            Ok(lines) => {
                if was.map_or(!lines.is_empty(), |was| *was != lines) {
                    tree.insert(id.to_owned(), lines.into());
                }
            }
            Err(found) => wrong.extend(found),
        }
    }
    let complete = scene.sent.get("complete") == "yes" && !booking.facts.is_complete();
    if wrong.is_empty() && tree.is_empty() && !complete {
        wrong.push(Wrong::with("", "Nothing is otherwise than it is on record."));
    }
    if wrong.is_empty() { Ok(amendment(scene, tree, complete)) } else { Err(wrong) }
}

/// The lines of a list with what the record holds of them that the form has no field for: a line
/// that is as it was keeps all of it, and so does a changed one, where it is plain which it was.
///
/// # Errors
/// Lines were changed and taken out at once, and something would be lost.
fn kept_beside(
    id: &str,
    was: &[Value],
    lines: Vec<Value>,
    cells: &[Cell],
) -> Result<Vec<Value>, Vec<Wrong>> {
    let shown = |record: &Value| {
        let of = |cell: &Cell| Some((cell.name.to_owned(), record.get(cell.name)?.clone()));
        cells.iter().filter_map(of).collect::<Map<String, Value>>()
    };
    let mut old: Vec<&Value> = was.iter().filter(|record| record.is_object()).collect();
    let mut out: Vec<Option<Value>> = Vec::new();
    for line in &lines {
        let same = old.iter().position(|record| Some(&shown(record)) == line.as_object());
        out.push(same.map(|place| old.remove(place).clone()));
    }
    let changed = out.iter().filter(|line| line.is_none()).count();
    let has_more = |record: &&Value| {
        record.as_object().is_some_and(|fields| fields.len() > shown(record).len())
    };
    if changed > 0 && changed < old.len() && old.iter().any(has_more) {
        let says = format!(
            "The {id}: change lines first and take lines out in a second edit; the record says \
             more of them than this form shows."
        );
        return Err(vec![Wrong::with(id, says)]);
    }
    let mut old = old.into_iter();
    for (line, place) in lines.into_iter().zip(&mut out) {
        if place.is_some() {
            continue;
        }
        let (mut line, before) = (line, old.next());
        for (name, value) in before.and_then(Value::as_object).into_iter().flatten() {
            if cells.iter().all(|cell| cell.name != name) {
                line[name.as_str()] = value.clone();
            }
        }
        *place = Some(line);
    }
    let mut out: Vec<Value> = out.into_iter().flatten().collect();
    // That a list may have more stays said until somebody says that it is complete.
    out.extend(was.iter().filter(|record| !record.is_object()).cloned());
    Ok(out)
}

/// What of this party's own words can be corrected, by the event's number.
fn own_words(scene: &Scene<'_>) -> Vec<(Version, Subject)> {
    let Some(case) = scene.case() else { return Vec::new() };
    let own =
        |subject: &Subject| case.side == Side::Agency || !matches!(subject, Subject::Served(_));
    case.correctable.iter().map(|(v, s)| (*v, *s)).filter(|(_, s)| own(s)).collect()
}

fn chosen(scene: &Scene<'_>) -> Option<(Version, Subject)> {
    let number: u64 = scene.sent.get("event").parse().ok()?;
    own_words(scene).into_iter().find(|(version, _)| version.0 == number)
}

fn said(subject: Subject) -> &'static str {
    match subject {
        Subject::BookedAt => "When the person was booked",
        Subject::Eligible => "When the person would be released",
        Subject::Served(_) => "When the request was served on the person",
        Subject::CustodyEnd => "When and how custody ended",
        Subject::Match => "That the prints are this person's",
    }
}

fn correct_asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let own = own_words(scene);
    let choice = |(version, subject): &(Version, Subject)| {
        let event = scene.view.and_then(|v| v.events.iter().find(|(e, _)| e.version == *version));
        let at = event.map(|(e, _)| crate::pages::words::moment(e.at, &scene.zone));
        Choice::new(&version.0.to_string(), said(*subject))
            .hint(format!("Event {version}, recorded {}.", at.unwrap_or_default()))
    };
    let choices: Vec<Choice> = own.iter().map(choice).collect();
    let mut asks = vec![
        Ask::new("event", "What was recorded wrongly?", Kind::One(choices))
            .hint("The event stays in the ledger; the correction stands beside it."),
    ];
    let Some((_, subject)) = chosen(scene) else {
        asks.push(reason_ask("How is it known?"));
        return Ok(asks);
    };
    match subject {
        Subject::BookedAt => asks.push(moment_ask(scene, "at", "When was the person booked?")),
        Subject::Match => {}
        Subject::Eligible | Subject::Served(_) | Subject::CustodyEnd => {
            let none = match subject {
                Subject::Eligible => "Nothing is known of a release after all",
                Subject::Served(_) => "It was not served",
                _ => "Custody has not ended",
            };
            asks.push(Ask::new(
                "stands",
                "What is true?",
                Kind::One(vec![
                    Choice::new("other", "It was at another moment, or otherwise"),
                    Choice::new("none", none),
                ]),
            ));
            if scene.sent.get("stands") != "none" {
                asks.push(moment_ask(scene, "at", "Which moment is right?"));
                asks.extend(beside(scene, subject));
            }
        }
    }
    asks.push(reason_ask("How is it known?"));
    Ok(asks)
}

/// What a correction says beside the moment.
fn beside(scene: &Scene<'_>, subject: Subject) -> Vec<Ask> {
    match subject {
        Subject::Eligible => {
            let reasons = Kind::One(book::words(&enums::RELEASE_REASON));
            vec![Ask::new("why", "Why would the person be released then?", reasons)]
        }
        Subject::CustodyEnd => {
            let mut asks = vec![Ask::new(
                "how",
                "How did custody end?",
                Kind::One(vec![
                    Choice::new("released", "The person was released"),
                    Choice::new("transferred", "The person was handed over to the federal side"),
                    Choice::new("other", "Otherwise"),
                ]),
            )];
            if scene.sent.get("how") == "other" {
                asks.push(Ask::new("other", "How did custody end?", Kind::Text));
            }
            asks
        }
        _ => Vec::new(),
    }
}

fn correct(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let (event, subject) =
        chosen(scene).ok_or_else(|| vec![Wrong::with("event", "Choose what was wrong.")])?;
    let sent = scene.sent;
    let none = sent.get("stands") == "none";
    let says = match subject {
        Subject::BookedAt => json!({ "booked_at": moment(scene, "at")? }),
        Subject::Match => json!("match_taken_back"),
        Subject::Eligible if none => json!({ "eligible": null }),
        Subject::Eligible => json!({ "eligible": {
            "at": moment(scene, "at")?, "reason": sent.get("why"),
        } }),
        Subject::Served(request) if none => json!({ "served": [request.to_string(), null] }),
        Subject::Served(request) => {
            json!({ "served": [request.to_string(), moment(scene, "at")?] })
        }
        Subject::CustodyEnd if none => json!({ "custody_end": null }),
        Subject::CustodyEnd => {
            let how = match sent.get("how") {
                "other" => json!({ "other": sent.get("other") }),
                how => json!(how),
            };
            json!({ "custody_end": { "at": moment(scene, "at")?, "how": how } })
        }
    };
    Ok(json!({ "correct": { "event": event.0, "says": says, "reason": sent.get("reason") } }))
}
