//! The deliberate faults fit the source that is there, and every rule has one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

fn mutations() -> Vec<toml::Value> {
    let text = std::fs::read_to_string(root().join("crates/comity-sim/mutations.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    table["mutation"].as_array().unwrap().clone()
}

/// What stands in the first column of the table of rules.
fn rules(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let (_, rest) = text.split_once("## What must hold").unwrap();
    let (part, _) = rest.split_once("\n## ").unwrap();
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split(',')).map(|rule| rule.trim().replace('`', "")).collect()
}

#[test]
fn each_fault_changes_a_text_that_stands_in_its_file_once() {
    for mutation in mutations() {
        let name = mutation["name"].as_str().unwrap();
        for edit in mutation["edit"].as_array().unwrap() {
            let [file, from, to] = ["file", "from", "to"].map(|key| edit[key].as_str().unwrap());
            let text = std::fs::read_to_string(root().join(file)).unwrap();
            assert_eq!(text.matches(from).count(), 1, "`{name}` in {file}: {from}");
            assert_ne!(from, to, "`{name}`");
        }
    }
}

#[test]
fn each_rule_has_a_fault_that_it_is_to_find() {
    let documented = rules(&root().join("docs/reference/simulator.md"));
    assert!(documented.len() > 25, "{documented:?}");
    let all = mutations();
    let has: BTreeSet<String> =
        all.iter().map(|m| m["rule"].as_str().unwrap().to_owned()).collect();
    let without: Vec<&String> = documented.difference(&has).collect();
    assert!(without.is_empty(), "no fault for {without:?}");
    let unknown: Vec<&String> = has.difference(&documented).collect();
    assert!(unknown.is_empty(), "{unknown:?} are no rules of docs/reference/simulator.md");
}
