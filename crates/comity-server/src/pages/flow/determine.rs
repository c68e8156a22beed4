//! A status determination with its basis. The facts that may be stated with it, and their words,
//! are the schema's; those that the programs in force ask for come first.

#![allow(clippy::unnecessary_wraps, reason = "the functions of flows have one shape")]

use super::ask::{Ask, Cell, Choice, Kind, Wrong};
use super::{Flow, Scene, book};
use crate::pages::program::facts_asked;
use crate::pages::words;
use crate::problem::Problem;
use comity_exchange::case::{CommandName, FactsOf};
use comity_model::schema::fields::{CONVICTION, SCALARS};
use comity_model::schema::{FieldDef, Kind as Type, enums};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub(super) const DETERMINE: Flow = Flow {
    name: "determine",
    command: CommandName::DetermineStatus,
    title: "Determine status",
    send: "Record the determination",
    done: "The determination is recorded.",
    asks,
    entry,
};

/// Facts that have a question of their own.
const ASKED_ALONE: &[&str] = &["person.removable", "person.final_order"];

/// Facts that speak against removing the person.
const LAWFUL: &[&str] =
    &["person.us_citizen", "person.lawful_permanent_resident", "person.lawful_status_proof"];

/// The days that have a question of their own.
const DAYS: &[(&str, &str)] = &[
    ("entered_on", "On which day was the last entry?"),
    ("present_since", "Since which day can the person show continuous presence?"),
];

/// Cells of a conviction that every line has; more are in the schema than an officer has.
const CELLS: &[(&str, &str)] = &[
    ("category", "Offense"),
    ("level", "Level"),
    ("convicted_on", "Day of conviction"),
    ("sentence_days", "Sentence in days, not suspended"),
    ("punishable_over_one_year", "Punishable by more than a year"),
    ("aggravated_felony", "Aggravated felony"),
    ("gang_element", "Gang membership is an element"),
    ("status_element", "Immigration status is an element"),
    ("minor_traffic", "Minor traffic offense"),
    ("youthful", "Juvenile adjudication"),
    ("incident", "Incident, if one with another line"),
];

/// Yes/no facts of a group, as choices; those that a program in force asks for come first.
fn yes_no(group: &str, asked: &BTreeSet<String>, fits: impl Fn(&FieldDef) -> bool) -> Vec<Choice> {
    let is_of = |field: &&FieldDef| {
        field.path.split_once('.').is_some_and(|(of, _)| of == group)
            && matches!(field.kind, Type::Bool)
            && FactsOf::Determination.may_state(field.path)
            && fits(field)
    };
    let one = |field: &FieldDef| {
        let name = field.path.split_once('.').map_or("", |(_, name)| name);
        let choice = Choice::new(name, field.says);
        if asked.contains(field.path) {
            choice.hint("The program in force asks for this.")
        } else {
            choice
        }
    };
    let mut choices: Vec<Choice> = SCALARS.iter().filter(is_of).map(one).collect();
    choices.sort_by_key(|choice| choice.hint.is_empty());
    choices
}

fn history(asked: &BTreeSet<String>) -> Vec<Choice> {
    yes_no("person", asked, |f| !ASKED_ALONE.contains(&f.path) && !LAWFUL.contains(&f.path))
}

fn lawful(asked: &BTreeSet<String>) -> Vec<Choice> {
    yes_no("person", asked, |f| LAWFUL.contains(&f.path))
}

fn asks(scene: &Scene<'_>) -> Result<Vec<Ask>, Problem> {
    let day = scene.now.to_zoned(scene.zone.clone()).date();
    let asked = facts_asked(&scene.app.library, day);
    let mut asks = vec![
        Ask::new("removable", "Is the person removable?", Kind::One(Choice::yes_no())),
        Ask::new("basis", "On what basis is that known?", Kind::One(book::words(&enums::BASIS)))
            .hint("A request states it. Without one of the grounds, no request can be issued."),
        Ask::new("probable_cause", "Is there probable cause?", Kind::One(Choice::yes_no())),
        Ask::new(
            "final_order",
            "Is there an outstanding final order of removal?",
            Kind::One(Choice::yes_no_unknown()),
        ),
    ];
    if scene.sent.get("final_order") == "yes" {
        asks.push(
            Ask::new("final_order_on", "On which day was the final order issued?", Kind::Day)
                .hint("Programs look at the day. Leave it empty if it is not known.")
                .optional(),
        );
    }
    asks.extend(record_asks(&asked));
    Ok(asks)
}

/// What the records say, question by question.
fn record_asks(asked: &BTreeSet<String>) -> Vec<Ask> {
    let mut asks = Vec::new();
    asks.push(
        Ask::new(
            "person",
            "What do the records say of entry and removal?",
            Kind::Each(history(asked)),
        )
        .hint("What you leave at “not known” is not stated."),
    );
    asks.push(
        Ask::new(
            "inadmissibility",
            "Is there a ground of inadmissibility?",
            Kind::One(book::words(&enums::INADMISSIBILITY)),
        )
        .hint("Leave it open if it is not known.")
        .optional(),
    );
    for (id, legend) in DAYS {
        let ask = Ask::new(*id, *legend, Kind::Day).hint("Leave it empty if it is not known.");
        asks.push(ask.optional());
    }
    asks.push(
        Ask::new(
            "lawful",
            "Does anything on record say that the person has lawful status?",
            Kind::Each(lawful(asked)),
        )
        .hint("A citizen is never removable. A claim of the person is recorded as a claim."),
    );
    asks.push(
        Ask::new(
            "threat",
            "What did an officer find, or a database say?",
            Kind::Each(yes_no("threat", asked, |_| true)),
        )
        .hint("State only what is on record; what you leave at “not known” is not stated."),
    );
    asks.push(
        Ask::new("convictions", "What convictions are on record?", Kind::Rows(conviction_cells()))
            .hint("One line each. A charge is not a conviction. Leave the line empty if there are none.")
            .optional(),
    );
    asks.push(Ask::new(
        "complete",
        "Is this everything that is on record?",
        Kind::One(vec![
            Choice::new("yes", "Yes, the record is complete")
                .hint("What is not stated counts as no."),
            Choice::new("no", "No, more may be found")
                .hint("What is not stated counts as not known, and the law may stay open."),
        ]),
    ));
    asks
}

fn field(name: &str) -> Option<&'static FieldDef> {
    CONVICTION.iter().find(|field| field.path == name)
}

fn conviction_cells() -> Vec<Cell> {
    let cell = |&(name, label): &(&'static str, &'static str)| {
        let choices = match field(name).map(|field| field.kind) {
            Some(Type::Bool) => Choice::yes_no(),
            Some(Type::Enum(set)) => book::words(set),
            _ => Vec::new(),
        };
        let is_day = field(name).is_some_and(|field| matches!(field.kind, Type::Date));
        Cell { name, label, choices, is_day }
    };
    CELLS.iter().map(cell).collect()
}

/// The yes/no facts of a question that were answered.
fn stated(scene: &Scene<'_>, id: &str, choices: &[Choice], into: &mut Map<String, Value>) {
    for choice in choices {
        match scene.each(id, choice) {
            "yes" => into.insert(choice.value.clone(), true.into()),
            "no" => into.insert(choice.value.clone(), false.into()),
            _ => None,
        };
    }
}

fn entry(scene: &Scene<'_>) -> Result<Value, Vec<Wrong>> {
    let sent = scene.sent;
    let yes = |id: &str| sent.get(id) == "yes";
    let (mut person, mut threat) = (Map::new(), Map::new());
    if ["yes", "no"].contains(&sent.get("final_order")) {
        person.insert("final_order".to_owned(), yes("final_order").into());
    }
    let today = scene.now.to_zoned(scene.zone.clone()).date();
    let mut days: Vec<&str> = DAYS.iter().map(|(id, _)| *id).collect();
    if yes("final_order") {
        days.push("final_order_on");
    }
    for id in days {
        if let Some(day) = scene.day(id) {
            if day > today {
                let says = format!("{} has not come yet.", words::day(day));
                return Err(vec![Wrong::with(id, says)]);
            }
            person.insert(id.to_owned(), day.to_string().into());
        }
    }
    let all = BTreeSet::new();
    stated(scene, "person", &history(&all), &mut person);
    stated(scene, "lawful", &lawful(&all), &mut person);
    stated(scene, "threat", &yes_no("threat", &all, |_| true), &mut threat);
    if yes("removable") && person.get("us_citizen") == Some(&Value::Bool(true)) {
        let says = "You say that the person is a citizen. A citizen is not removable: change one \
                    of the two.";
        return Err(vec![Wrong::with("lawful", says)]);
    }
    if !sent.get("inadmissibility").is_empty() {
        person.insert("inadmissibility".to_owned(), sent.get("inadmissibility").into());
    }
    let mut tree = Map::new();
    for (group, members) in [("person", person), ("threat", threat)] {
        if !members.is_empty() {
            tree.insert(group.to_owned(), Value::Object(members));
        }
    }
    let (complete, convictions) =
        (yes("complete"), book::records(scene, "convictions", &conviction_cells())?);
    // An empty list of a record that is not complete is not known, and not none.
    if complete || !convictions.is_empty() {
        tree.insert("convictions".to_owned(), convictions.into());
    }
    Ok(json!({ "determine_status": {
        "removable": yes("removable"), "basis": sent.get("basis"),
        "probable_cause": yes("probable_cause"),
        "facts": { "complete": complete, "tree": tree },
    } }))
}
