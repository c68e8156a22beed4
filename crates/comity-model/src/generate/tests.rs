//! The committed reference is what the schema generates, and nothing in it is ambiguous.

use super::*;
use crate::schema::{self, enums, fields};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_committed_reference_is_what_the_schema_generates() {
    let folder =
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../docs/reference");
    let differing: Vec<&str> = reference_files()
        .into_iter()
        .filter(|(name, text)| {
            std::fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text)
        })
        .map(|(name, _)| name)
        .collect();
    assert!(
        differing.is_empty(),
        "docs/reference/{{{}}} are not what the schema generates: run `make docs`",
        differing.join(", ")
    );
}

#[test]
fn every_group_of_facts_has_its_sentence() {
    let described: Vec<&str> = facts::GROUPS.iter().map(|(g, _)| *g).collect();
    assert_eq!(described, schema::groups());
}

#[test]
fn every_fact_and_every_value_is_on_the_page_of_facts() {
    let page = facts_markdown();
    for f in fields::SCALARS.iter().chain(fields::LISTS.iter().flat_map(|l| l.fields)) {
        assert!(page.contains(&format!("| `{}` |", f.path)), "{}", f.path);
    }
    for (value, _) in enums::ALL.iter().flat_map(|e| e.values) {
        assert!(page.contains(&format!("| `{value}` |")), "{value}");
    }
}

#[test]
fn every_set_of_values_is_listed_once_and_fits_a_mask() {
    let names: BTreeSet<&str> = enums::ALL.iter().map(|e| e.name).collect();
    assert_eq!(names.len(), enums::ALL.len());
    for set in enums::ALL {
        assert!(set.values.len() <= 128, "{}: a set of its values is a u128", set.name);
        let values: BTreeSet<&str> = set.values.iter().map(|(v, _)| *v).collect();
        assert_eq!(values.len(), set.values.len(), "{} names a value twice", set.name);
    }
    for f in fields::SCALARS.iter().chain(fields::LISTS.iter().flat_map(|l| l.fields)) {
        if let crate::schema::Kind::Enum(set) = &f.kind {
            assert!(names.contains(set.name), "{} is of a set that is not listed", f.path);
        }
    }
}

#[test]
fn no_two_columns_have_one_name() {
    let layout = arrow_layout();
    let names: BTreeSet<&str> = layout.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), layout.len());
    assert_eq!(layout.len(), fields::SCALARS.len() + 2 * fields::LISTS.len());
}

#[test]
fn a_null_is_unknown_for_every_fact_and_never_for_a_list() {
    for column in arrow_layout() {
        let is_of_a_list = fields::LISTS.iter().any(|l| l.name == column.fact);
        assert_eq!(column.is_nullable, !is_of_a_list, "{}", column.name);
    }
}

#[test]
fn every_reference_inside_the_schemas_leads_somewhere() {
    for schema in [json_schema(), toml_completions()] {
        let mut wrong = Vec::new();
        dangling(&schema, &schema, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

fn dangling(at: &Value, root: &Value, wrong: &mut Vec<String>) {
    match at {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref")
                && root.pointer(target.trim_start_matches('#')).is_none()
            {
                wrong.push(target.clone());
            }
            map.values().for_each(|v| dangling(v, root, wrong));
        }
        Value::Array(items) => items.iter().for_each(|v| dangling(v, root, wrong)),
        _ => {}
    }
}

#[test]
fn unknown_is_allowed_for_every_fact_in_the_schema() {
    let schema = json_schema();
    for group in schema::groups() {
        let properties = &schema["$defs"]["facts"]["properties"][group]["properties"];
        for (name, field) in properties.as_object().expect("a table of facts") {
            let unknown = serde_json::json!({ "$ref": "#/$defs/unknown" });
            assert!(
                field["anyOf"].as_array().is_some_and(|a| a.contains(&unknown)),
                "{group}.{name}"
            );
        }
    }
}
