//! What the documents say of accounts is so.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

/// Every source under a folder, as one text.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
fn every_row_names_a_test_or_a_reason() {
    let page = fs::read_to_string(root().join("docs/reference/asvs.md")).unwrap();
    let code = sources(&root().join("crates/comity-server"));
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .collect();
    assert!(rows.len() > 60, "the table is read");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [number, asks, shown] = cells.as_slice() else { panic!("three cells: {row}") };
        assert!(!asks.trim().is_empty(), "{row}");
        let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        let is_reasoned = shown.contains("reason: ") || shown.contains("](../adr/");
        assert!(!tests.is_empty() || is_reasoned, "{number} has neither a test nor a reason");
        for test in tests {
            assert!(code.contains(&format!("fn {test}(")), "{number}: no test is named {test}");
        }
    }
}
