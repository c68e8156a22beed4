//! How policy files are kept: names, cases, and the words that editors offer.

use crate::{File, files, none_found};
use comity_model::SourceText;
use comity_model::generate::{CHANNELS, LEVELS, toml_completions};
use comity_model::tree::{Node, parse_toml};
use comity_policy::{Channel, Level};
use serde_json::Value;

/// Fewest cases that a policy file carries.
const CASES_MIN: usize = 3;

/// Every instrument of the library, with its tree.
fn instruments() -> Vec<(File, Node)> {
    files("policies", &[".toml"])
        .into_iter()
        .filter(|f| f.path != "policies/places.toml")
        .map(|f| {
            let tree = parse_toml(&SourceText { name: &f.path, text: &f.text });
            let tree = tree.unwrap_or_else(|e| panic!("{e:?}"));
            (f, tree)
        })
        .collect()
}

#[test]
fn there_are_policies_to_check() {
    assert!(instruments().len() > 50, "the policy library was not found");
}

#[test]
fn every_policy_file_is_named_for_its_id() {
    let misnamed: Vec<String> = instruments()
        .iter()
        .filter_map(|(file, tree)| {
            let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml");
            let id = tree.get("id").and_then(Node::text).unwrap_or_default();
            (name != id).then(|| format!("{}: its id is `{id}`", file.path))
        })
        .collect();
    none_found("misnamed policy files", &misnamed);
}

#[test]
fn every_policy_carries_at_least_three_cases() {
    let thin: Vec<String> = instruments()
        .iter()
        .filter_map(|(file, tree)| {
            let cases = tree.get("case").and_then(Node::items).map_or(0, <[Node]>::len);
            (cases < CASES_MIN).then(|| format!("{}: {cases} cases", file.path))
        })
        .collect();
    none_found("policies with fewer than three cases", &thin);
}

#[test]
fn editors_are_offered_the_words_of_the_policy_crate() {
    assert_eq!(CHANNELS, Channel::ALL.map(Channel::name));
    assert_eq!(LEVELS, Level::NAMES.map(|(name, _)| name));
}

#[test]
fn editors_know_every_key_that_policies_use() {
    let schema = toml_completions();
    let mut unknown = Vec::new();
    for (file, tree) in instruments() {
        unknown_keys(&tree, &[&schema], &schema, &file.path, &mut unknown);
    }
    none_found("keys missing in docs/reference/completions.json", &unknown);
}

/// Walks a tree beside the schemas that may describe it and reports keys that none knows.
fn unknown_keys(node: &Node, any_of: &[&Value], root: &Value, at: &str, out: &mut Vec<String>) {
    let schemas: Vec<&Value> = any_of.iter().flat_map(|s| alternatives(s, root)).collect();
    for item in node.items().unwrap_or(&[]) {
        let inner: Vec<&Value> = schemas.iter().filter_map(|s| s.get("items")).collect();
        if !inner.is_empty() {
            unknown_keys(item, &inner, root, at, out);
        }
    }
    for entry in node.entries().unwrap_or(&[]) {
        let path = format!("{at}: {}", entry.key);
        let named = |s: &&Value| s["properties"].get(&entry.key).is_some();
        let inner: Vec<&Value> = schemas
            .iter()
            .filter_map(|s| {
                s["properties"].get(&entry.key).or_else(|| s.get("additionalProperties"))
            })
            .filter(|s| s.is_object())
            .collect();
        if inner.is_empty() && !schemas.iter().any(named) {
            out.push(path);
        } else {
            unknown_keys(&entry.node, &inner, root, &path, out);
        }
    }
}

/// A schema with its references followed and its alternatives side by side.
fn alternatives<'s>(schema: &'s Value, root: &'s Value) -> Vec<&'s Value> {
    if let Some(target) = schema["$ref"].as_str() {
        let target = root.pointer(target.trim_start_matches('#')).expect("a definition");
        return alternatives(target, root);
    }
    match schema["anyOf"].as_array() {
        Some(inner) => inner.iter().flat_map(|s| alternatives(s, root)).collect(),
        None => vec![schema],
    }
}
