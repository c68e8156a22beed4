//! `completions.json`: JSON Schema of a policy file for editors (taplo and others), with the
//! facts that a condition can name.
//!
//! The words of channels and levels belong to the policy crate, which lies above this one.
//! They are written here once more, and a house test compares both.

use super::case_schema::{definitions, key_of};
use crate::schema::{Kind, enums, fields};
use serde_json::{Map, Value, json};

/// The channels on which a policy speaks, federal side first.
pub const CHANNELS: &[&str] = &[
    "request_hold",
    "request_notice",
    "request_transfer",
    "hold",
    "notify",
    "transfer",
    "interview",
    "share_status",
    "ask_status",
    "arrest_for_status",
];

/// The levels of an instrument, highest first; county and city are one rank.
pub const LEVELS: &[&str] =
    &["ruling", "federal", "state", "county", "city", "agency", "agreement"];

const ANCHORS: [&str; 4] = ["decision", "request_issued", "release_eligible", "arrest"];

/// The schema of a policy file, and under `x-facts` every fact that a condition can name.
pub fn toml_completions() -> Value {
    let mut defs = definitions();
    defs.insert("channel".to_owned(), json!({ "enum": CHANNELS }));
    defs.insert(
        "channels".to_owned(),
        json!({ "type": "array", "items": { "$ref": "#/$defs/channel" } }),
    );
    defs.insert("verified".to_owned(), verified());
    defs.insert("condition".to_owned(), text("A condition in CEL syntax: see policy-language.md."));
    defs.insert("param".to_owned(), param());
    defs.insert("clause".to_owned(), clause(false));
    defs.insert("rule".to_owned(), clause(true));
    defs.insert("duty".to_owned(), duty());
    defs.insert("policy_case".to_owned(), case());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "completions.json",
        "title": "Comity policy file",
        "description": "One instrument: a memo, one version of a statute, an ordinance, a directive, an agreement, a ruling.",
        "type": "object",
        "properties": policy(),
        "required": ["id", "title", "place", "level", "in_force", "source", "not_coded"],
        "additionalProperties": false,
        "$defs": defs,
        "x-facts": condition_facts(),
    })
}

fn text(says: &str) -> Value {
    json!({ "type": "string", "description": says })
}

fn date(says: &str) -> Value {
    json!({ "$ref": "#/$defs/date", "description": says })
}

fn verified() -> Value {
    json!({ "oneOf": [
        { "const": "primary", "description": "Read in the primary text." },
        { "const": "secondary", "description": "Read in a secondary source." },
        { "const": "recalled", "description": "Recalled, not verified." },
    ] })
}

fn policy() -> Value {
    let anchor = json!({ "enum": ANCHORS });
    let one_or_many = |inner: &str| {
        let inner = json!({ "$ref": format!("#/$defs/{inner}") });
        json!({ "anyOf": [inner, { "type": "array", "items": inner }] })
    };
    json!({
        "id": text("Place code, subject, first year or day; also the file's name."),
        "instrument": text("The name that the versions of one instrument share; their dates may not overlap."),
        "title": text("The instrument's name."),
        "place": { "anyOf": [
            text("A code of places.toml, or \"us\" for everywhere."),
            { "type": "array", "items": { "type": "string" } },
        ] },
        "level": { "enum": LEVELS },
        "in_force": {
            "type": "object",
            "properties": { "from": date("First day in force."), "until": date("Last day in force; left out while it is in force.") },
            "required": ["from"],
            "additionalProperties": false,
        },
        "anchor": {
            "description": "Which day must fall in the dates.",
            "anyOf": [anchor, { "type": "object", "propertyNames": { "$ref": "#/$defs/channel" }, "additionalProperties": anchor }],
        },
        "source": {
            "type": "object",
            "properties": {
                "cite": text("The citation."),
                "url": text("An address, where there is one."),
                "verified": { "$ref": "#/$defs/verified" },
                "checked_on": date("The day it was last checked."),
            },
            "required": ["cite", "verified", "checked_on"],
            "additionalProperties": false,
        },
        "date_rounding": { "enum": ["down", "up"], "description": "29 February + 1 year: 28 February (down) or 1 March (up)." },
        "not_coded": text("What the instrument says that this file does not; \"Nothing.\" if so."),
        "applies_when": { "$ref": "#/$defs/condition" },
        "applies_says": text("Whom the instrument binds, one sentence."),
        "param": { "type": "object", "additionalProperties": { "$ref": "#/$defs/param" } },
        "define": { "type": "object", "additionalProperties": { "$ref": "#/$defs/condition" } },
        "default": one_or_many("clause"),
        "rule": one_or_many("rule"),
        "case": one_or_many("policy_case"),
    })
}

fn param() -> Value {
    let units: Vec<&str> = ["years", "days", "hours", "count", "date"]
        .into_iter()
        .chain(enums::ALL.iter().map(|e| e.name))
        .collect();
    json!({
        "type": "object",
        "properties": {
            "unit": { "enum": units },
            "values": { "type": "array", "items": {
                "type": "object",
                "properties": {
                    "from": date("The first day of this value."),
                    "value": { "description": "A whole number, a day, or a list of values of the set." },
                    "cite": text("The citation of this value."),
                },
                "required": ["from", "value", "cite"],
                "additionalProperties": false,
            } },
        },
        "required": ["unit", "values"],
        "additionalProperties": false,
    })
}

/// A default, or with the keys that only a rule has.
fn clause(is_rule: bool) -> Value {
    let mut properties = Map::new();
    let mut add = |key: &str, value: Value| properties.insert(key.to_owned(), value);
    if is_rule {
        add("id", text("A short name inside the file."));
        add("when", json!({ "$ref": "#/$defs/condition" }));
        add("unless", json!({ "$ref": "#/$defs/condition" }));
        add(
            "overrides",
            json!({ "type": "array", "items": { "type": "string" }, "description": "While this rule applies, those do not." }),
        );
        add("from", date("First day of the rule inside the instrument's dates."));
        add("until", date("Last day of the rule inside the instrument's dates."));
    }
    add("cite", text("The citation."));
    add("says", text("The rule in one sentence."));
    add("verified", json!({ "$ref": "#/$defs/verified" }));
    for stance in ["must", "may", "must_not", "protect"] {
        add(stance, json!({ "$ref": "#/$defs/channels" }));
    }
    add("hold_hours_max", json!({ "type": "integer", "minimum": 1, "x-unit": "hours" }));
    add(
        "hold_excludes",
        json!({ "type": "array", "items": { "enum": ["saturday", "sunday", "holiday"] } }),
    );
    add("hold_from", json!({ "enum": ["release", "receipt"], "default": "release" }));
    add("hold_kind", json!({ "enum": ["requested", "regulatory", "local"] }));
    add("hold_until", json!({ "enum": ["end_of_day"] }));
    add("flag", text("A mark that binds nobody by itself."));
    add("flag_says", text("What the flag means here, one sentence."));
    add("label", json!({ "type": "object", "additionalProperties": { "type": "string" } }));
    add("duty", json!({ "type": "array", "items": { "$ref": "#/$defs/duty" } }));
    let required: &[&str] = if is_rule { &["id", "cite", "says"] } else { &["cite", "says"] };
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn duty() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": text("A short name."),
            "says": text("What must be done, one sentence."),
            "cite": text("The citation."),
            "who": text("Who must do it."),
            "within_hours": { "type": "integer", "minimum": 0, "x-unit": "hours" },
            "after": { "enum": ["request_received", "decision", "release_eligible"] },
        },
        "required": ["id", "says", "cite"],
        "additionalProperties": false,
    })
}

fn case() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": text("The case in a few words."),
            "on": date("decision.on"),
            "at": text("A place code; defaults to the policy's place."),
            "not_listed": { "enum": ["unknown", "no"], "default": "unknown" },
            "facts": { "$ref": "#/$defs/facts" },
            "expect": { "$ref": "#/$defs/expect" },
        },
        "required": ["name", "expect"],
        "additionalProperties": false,
    })
}

/// Every fact a condition can name: path, type, meaning, values.
fn condition_facts() -> Vec<Value> {
    let scalars = fields::SCALARS.iter().map(|f| (f.path.to_owned(), f));
    let elements = fields::LISTS
        .iter()
        .flat_map(|l| l.fields.iter().map(move |f| (format!("{}[].{}", l.name, f.path), f)));
    scalars
        .chain(elements)
        .map(|(path, f)| {
            let mut out = json!({ "path": path, "type": f.kind.name(), "says": f.says });
            if let Kind::Enum(set) = &f.kind {
                out["values"] = json!({ "$ref": format!("#/$defs/{}", key_of(set.name)) });
            }
            out
        })
        .collect()
}
