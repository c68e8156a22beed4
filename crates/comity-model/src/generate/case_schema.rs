//! `case.schema.json`: JSON Schema (draft 2020-12) of a case file.

use super::completions::CHANNELS;
use crate::read::ELEMENTS_MAX;
use crate::schema::{self, FieldDef, Kind, ListDef, enums, fields};
use serde_json::{Map, Value, json};

/// The schema of a case file.
pub fn json_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "case.schema.json",
        "title": "Comity case file",
        "description": "A custody case: the facts, and in a golden case what is expected. Any fact, list or element may be \"unknown\".",
        "type": "object",
        "properties": {
            "id": { "type": "string", "description": "The case's id." },
            "title": { "type": "string", "description": "The case in one line." },
            "note": { "type": "string", "description": "For readers of the file; not read." },
            "on": { "$ref": "#/$defs/date", "description": "The day whose law is applied (decision.on)." },
            "at": { "type": "string", "description": "A code of policies/places.toml; sets the place and the time zone." },
            "not_listed": { "enum": ["unknown", "no"], "default": "unknown", "description": "What facts not listed mean." },
            "source": { "type": "string", "description": "Where the case comes from." },
            "disputed": { "type": "string", "description": "Why the source's expectation is thought wrong; only where it is." },
            "scenario": { "type": "object", "description": "The source's own words; not read.", "additionalProperties": { "type": "string" } },
            "facts": { "$ref": "#/$defs/facts" },
            "expect": { "$ref": "#/$defs/expect" },
            "step": { "type": "array", "description": "A case with several days, instead of `expect`.", "items": step() },
        },
        "additionalProperties": false,
        "$defs": definitions(),
    })
}

/// The named parts, shared with the schema of policy files.
pub(super) fn definitions() -> Map<String, Value> {
    let mut defs = Map::new();
    defs.insert(
        "unknown".to_owned(),
        json!({ "const": "unknown", "description": "Nobody knows it." }),
    );
    defs.insert(
        "date".to_owned(),
        json!({ "type": "string", "pattern": "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$", "description": "A calendar day, without a time. In TOML without quotes." }),
    );
    defs.insert(
        "moment".to_owned(),
        json!({ "type": "string", "pattern": "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}", "description": "Local date and time at the facility, or with an offset. In TOML without quotes." }),
    );
    for set in enums::ALL {
        let one_of: Vec<Value> = set
            .values
            .iter()
            .map(|(name, says)| json!({ "const": name, "description": says }))
            .collect();
        defs.insert(key_of(set.name), json!({ "description": set.says, "oneOf": one_of }));
    }
    for list in fields::LISTS {
        defs.insert(list.one.to_owned(), object(list.fields.iter().map(|f| (f.path, f))));
    }
    defs.insert("facts".to_owned(), facts());
    defs.insert("expect".to_owned(), expect());
    defs.insert("answer".to_owned(), answer());
    defs
}

/// The name of a set of values among the definitions: `offense_category`.
pub(super) fn key_of(set: &str) -> String {
    set.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect()
}

fn facts() -> Value {
    let mut properties = Map::new();
    for group in schema::groups() {
        let prefix = format!("{group}.");
        let inside = fields::SCALARS
            .iter()
            .filter_map(|f| f.path.strip_prefix(&prefix).map(|name| (name, f)));
        properties.insert(group.to_owned(), object(inside));
    }
    for list in fields::LISTS {
        properties.insert(list.name.to_owned(), list_schema(list));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn object<'a>(inside: impl Iterator<Item = (&'a str, &'static FieldDef)>) -> Value {
    let properties: Map<String, Value> =
        inside.map(|(name, f)| (name.to_owned(), field(f))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn field(f: &FieldDef) -> Value {
    let known = match &f.kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int(unit) => {
            json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000, "x-unit": unit.name() })
        }
        Kind::Enum(set) => json!({ "$ref": format!("#/$defs/{}", key_of(set.name)) }),
        Kind::Date => json!({ "$ref": "#/$defs/date" }),
        Kind::Instant => json!({ "$ref": "#/$defs/moment" }),
        Kind::Text => json!({ "type": "string", "maxLength": 200 }),
    };
    json!({ "description": f.says, "anyOf": [known, { "$ref": "#/$defs/unknown" }] })
}

fn list_schema(list: &ListDef) -> Value {
    let more = json!({ "const": "maybe more", "description": "Last element only: the list may be incomplete." });
    json!({
        "description": list.says,
        "anyOf": [
            { "$ref": "#/$defs/unknown" },
            more,
            {
                "type": "array",
                "maxItems": ELEMENTS_MAX,
                "items": { "anyOf": [
                    { "$ref": format!("#/$defs/{}", list.one) },
                    { "$ref": "#/$defs/unknown" },
                    more,
                ] },
            },
        ],
    })
}

/// What a channel is expected to come to.
fn answer() -> Value {
    json!({ "anyOf": [
        { "enum": ["must", "may", "must_not", "silent"] },
        {
            "type": "object",
            "properties": {
                "undetermined": { "type": "array", "items": { "enum": ["must", "may", "must_not", "silent"] } },
                "needs": { "type": "array", "items": { "type": "string" }, "description": "Facts in the smallest sets that would settle it." },
            },
            "additionalProperties": false,
        },
    ] })
}

fn expect() -> Value {
    let texts =
        |says: &str| json!({ "type": "array", "items": { "type": "string" }, "description": says });
    let mut properties = Map::new();
    for channel in CHANNELS {
        properties.insert((*channel).to_owned(), json!({ "$ref": "#/$defs/answer" }));
    }
    for (key, says) in [
        ("flags", "Flags that must be present."),
        ("no_flags", "Flags that must not be present."),
        ("duties", "Ids of duties that must be present."),
        ("cites", "Each must occur in a citation of the answer."),
        ("conflicts", "Channels that must carry a conflict mark."),
        ("problems", "Facts that must be reported as contradictory."),
    ] {
        properties.insert(key.to_owned(), texts(says));
    }
    properties.insert(
        "labels".to_owned(),
        json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": "Labels that must be present." }),
    );
    properties.insert(
        "rule".to_owned(),
        json!({ "type": "string", "description": "The deciding rule of the first channel named." }),
    );
    properties.insert("clock".to_owned(), clock());
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn clock() -> Value {
    let moment =
        json!({ "anyOf": [{ "$ref": "#/$defs/moment" }, { "enum": ["none", "unknown"] }] });
    let mut properties = Map::new();
    for key in [
        "starts_at",
        "requested_ends_at",
        "regulatory_ends_at",
        "local_ends_at",
        "law_change_ends_at",
        "ends_at",
    ] {
        properties.insert(key.to_owned(), moment.clone());
    }
    properties.insert(
        "ends_by".to_owned(),
        json!({ "enum": ["requested", "regulatory", "local", "law_change", "none", "unknown"] }),
    );
    json!({ "anyOf": [
        { "const": "none", "description": "No hold clock runs." },
        { "type": "object", "properties": properties, "additionalProperties": false },
    ] })
}

fn step() -> Value {
    json!({
        "type": "object",
        "properties": {
            "title": { "type": "string" },
            "on": { "$ref": "#/$defs/date" },
            "at": { "type": "string" },
            "facts": { "$ref": "#/$defs/facts" },
            "expect": { "$ref": "#/$defs/expect" },
        },
        "required": ["on"],
        "additionalProperties": false,
    })
}
