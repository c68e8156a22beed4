//! Ten golden cases as the sergeant reads them and as counsel reads them: reviewed
//! snapshots. `cargo insta review`, or INSTA_UPDATE=always, after a change that is meant.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_policy::case::{Question, read_case};
use comity_policy::explain::{sergeant, to_text};
use comity_policy::{Library, PolicyFile, Scope};
use std::path::{Path, PathBuf};

/// The cases and why each is here.
const CASES: [(&str, &str); 10] = [
    ("SC103", "undetermined: one missing date"),
    ("SC057", "a change of law cuts a running hold"),
    ("SC058", "may notify, must not hold"),
    ("SC043", "a federal duty above, a state prohibition below"),
    ("SC084", "a state duty to comply"),
    ("SC088", "a clock that runs from receipt"),
    ("SC074", "a hold to the end of the day"),
    ("SC031", "a form that asks for no hold"),
    ("SC105", "a local bar on status information against 8 U.S.C. 1373"),
    ("SC073", "a hold that waits for a warrant"),
];

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

fn files(folder: &Path, out: &mut Vec<PolicyFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "toml") {
            let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            out.push(PolicyFile { name, bytes: std::fs::read(&path).unwrap() });
        }
    }
}

#[test]
fn ten_golden_cases_read_as_reviewed() {
    let mut all = Vec::new();
    files(&root().join("policies"), &mut all);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let library = Library::load(&all).unwrap_or_else(|e| panic!("{e:?}"));
    for (id, why) in CASES {
        let name = format!("cases/scenarios/{id}.toml");
        let bytes = std::fs::read(root().join(&name)).unwrap();
        let case = read_case(&library, &name, &bytes, &Question::default()).unwrap();
        let mut e = library.explain(&case.steps[0].facts, &Scope::InForce, None);
        e.title.clone_from(&case.title);
        insta::with_settings!({ description => why, omit_expression => true }, {
            insta::assert_snapshot!(format!("{id}_sergeant"), sergeant(&e));
            insta::assert_snapshot!(format!("{id}_counsel"), without_hashes(&to_text(&e)));
        });
    }
}

/// A policy's hash changes with every correction of its text; the law behind it does not.
fn without_hashes(text: &str) -> String {
    let lines = text.lines().filter(|l| !l.trim_start().starts_with("sha256 "));
    lines.collect::<Vec<_>>().join("\n")
}
