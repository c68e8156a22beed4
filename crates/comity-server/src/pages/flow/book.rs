//! Booking a person.

#![allow(clippy::unnecessary_wraps, reason = "the functions of flows have one shape")]

use super::ask::{Ask, Cell, Choice, Kind, Wrong};
use super::{Flow, Scene};
use crate::problem::Problem;
use comity_exchange::case::CommandName;
use comity_model::schema::{self, EnumDef, enums};
use serde_json::{Map, Value, json};

pub(super) const BOOK: Flow = Flow {
    name: "book",
    command: CommandName::Book,
    title: "Book a person",
    send: "Book the person",
    done: "The person is booked. Send the prints next.",
    asks,
    entry,
};

/// The words of a closed set, to choose from.
pub(super) fn words(set: &'static EnumDef) -> Vec<Choice> {
    let says = |word: &str| crate::pages::words::sentence(&crate::pages::words::plain(word));
    set.values.iter().map(|(word, means)| Choice::new(word, &says(word)).hint(*means)).collect()
}

fn offense_cells() -> Vec<Cell> {
    let cell = |name, label, choices| Cell { name, label, choices, is_day: false };
    vec![
        cell("category", "Offense", words(&enums::OFFENSE_CATEGORY)),
        cell("level", "Level", words(&enums::OFFENSE_LEVEL)),
    ]
}

pub(super) fn charge_cells() -> Vec<Cell> {
    let mut cells = offense_cells();
    let choices = words(&enums::DISPOSITION);
    cells.push(Cell { name: "disposition", label: "Disposition", choices, is_day: false });
    cells.push(day("offense_on", "Day of the offense"));
    cells
}

pub(super) fn conviction_cells() -> Vec<Cell> {
    let mut cells = offense_cells();
    cells.push(day("convicted_on", "Day of conviction"));
    let choices = Choice::yes_no();
    let label = "Punishable by more than a year";
    cells.push(Cell { name: "punishable_over_one_year", label, choices, is_day: false });
    cells.push(Cell {
        name: "sentence_days",
        label: "Sentence in days",
        choices: vec![],
        is_day: false,
    });
    cells
}

fn day(name: &'static str, label: &'static str) -> Cell {
    Cell { name, label, choices: Vec::new(), is_day: true }
}

fn asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let place = scene.app.place.clone().unwrap_or_default();
    Ok(vec![
        Ask::new("name", "What is the person's name?", Kind::Line(200))
            .hint("As it is on the booking sheet. It stays at this agency."),
        Ask::new("number", "What is the booking number?", Kind::Line(200)),
        Ask::new("place", "Whose law applies at the facility?", Kind::Line(80))
            .hint("The place's code: us-ca.los-angeles, us-tx.travis. `comity policy places` lists them.")
            .first(place),
        Ask::new("booked_at", "When was the person booked?", Kind::Moment)
            .first(scene.field_of(scene.now)),
        Ask::new("arrested_on", "On which day was the person arrested?", Kind::Day)
            .first(scene.day_of(scene.now)),
        Ask::new("criminal_arrest", "Was it an arrest for a crime?", Kind::One(Choice::yes_no_unknown())),
        Ask::new("facility_kind", "What kind of facility is it?", Kind::One(words(&enums::FACILITY_KIND)))
            .first("county_jail"),
        Ask::new("age_years", "How old is the person?", Kind::Number)
            .hint("In years. Leave it empty if it is not known.")
            .optional(),
        Ask::new("charges", "What are the charges?", Kind::Rows(charge_cells()))
            .hint("One line each. Leave the line empty if there are none.")
            .optional(),
        Ask::new("convictions", "What convictions are on record?", Kind::Rows(conviction_cells()))
            .hint("One line each. Leave the line empty if there are none.")
            .optional(),
        complete_ask(),
    ])
}

/// Whether what is not listed counts as no.
pub(super) fn complete_ask() -> Ask {
    let choices = vec![
        Choice::new("yes", "Yes, the record is complete").hint("What is not listed counts as no."),
        Choice::new("no", "No, more may be found")
            .hint("What is not listed counts as not known, and the law may stay open."),
    ];
    Ask::new("complete", "Is this everything that is on record?", Kind::One(choices))
}

/// The lines of a table as records of a list of the schema: cells that were left empty are not
/// stated.
pub(super) fn records(
    scene: &Scene<'_>,
    id: &str,
    cells: &[Cell],
) -> Result<Vec<Value>, Vec<Wrong>> {
    let (mut out, mut wrong) = (Vec::new(), Vec::new());
    let fields = schema::find_list(id).map_or(&[][..], |list| list.def().fields);
    let kind = |name: &str| fields.iter().find(|field| field.path == name).map(|f| f.kind);
    for (number, row) in scene.rows(id, cells).iter().enumerate() {
        let mut record = Map::new();
        for (cell, text) in cells.iter().zip(row).filter(|(_, text)| !text.is_empty()) {
            let value = match kind(cell.name) {
                Some(schema::Kind::Bool) => {
                    ["yes", "no"].contains(&text.as_str()).then(|| json!(text == "yes"))
                }
                Some(schema::Kind::Int(_)) => text.parse::<u32>().ok().map(Value::from),
                Some(schema::Kind::Date) => {
                    text.parse::<jiff::civil::Date>().ok().map(|day| day.to_string().into())
                }
                Some(schema::Kind::Enum(set)) => set.code(text).map(|_| text.as_str().into()),
                _ => Some(text.as_str().into()),
            };
            if let Some(value) = value {
                record.insert(cell.name.to_owned(), value);
            } else {
                let (line, label) = (number + 1, cell.label.to_lowercase());
                let says = format!("Line {line}, {label}: `{text}` does not fit.");
                wrong.push(Wrong::with(id, says));
            }
        }
        out.push(Value::Object(record));
    }
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
}

fn entry(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let sent = scene.sent;
    let booked_at = scene.moment("booked_at");
    let booked_at = booked_at.ok_or_else(|| vec![Wrong::with("booked_at", "When was it?")])?;
    let mut custody = Map::new();
    custody.insert("arrested_on".to_owned(), sent.get("arrested_on").into());
    custody.insert("facility_kind".to_owned(), sent.get("facility_kind").into());
    if sent.get("criminal_arrest") != "unknown" {
        let is_criminal = sent.get("criminal_arrest") == "yes";
        custody.insert("criminal_arrest".to_owned(), is_criminal.into());
    }
    let mut tree = Map::new();
    tree.insert("custody".to_owned(), Value::Object(custody));
    if let Ok(age) = sent.get("age_years").parse::<u32>() {
        tree.insert("person".to_owned(), json!({ "age_years": age }));
    }
    let complete = sent.get("complete") == "yes";
    for (id, cells) in [("charges", charge_cells()), ("convictions", conviction_cells())] {
        let records = records(scene, id, &cells)?;
        // An empty list of a record that is not complete is not known, and not none.
        if complete || !records.is_empty() {
            tree.insert(id.to_owned(), records.into());
        }
    }
    let zone = scene.zone.iana_name().unwrap_or("UTC");
    Ok(json!({ "book": {
        "booking": {
            "booked_at": booked_at.to_string(),
            "place": sent.get("place"),
            "time_zone": zone,
            "facts": { "complete": complete, "tree": tree },
        },
        "card": { "name": sent.get("name"), "number": sent.get("number") },
    } }))
}
