//! Hostile bytes: whatever a file holds, reading it ends soon, never panics, and what is
//! refused is refused with a finding.
//!
//! Good and broken files of the repository are mutated at random and read by every reader of
//! this crate; what is still readable is decided and explained. The seed is fixed, so a
//! failure repeats: `COMITY_HOSTILE_SEED`, `COMITY_HOSTILE_ROUNDS` and
//! `COMITY_HOSTILE_SECONDS` change the run (`make fuzz`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod mutate;

use comity_model::{Places, SourceText, tree};
use comity_policy::case::{Question, read_case};
use comity_policy::{Library, PolicyFile, Scope, expr, file};
use mutate::{Corpus, Limits, hammer};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

fn policy_files() -> Vec<PolicyFile> {
    Corpus::read(&root(), "policies", &["toml"])
        .files
        .into_iter()
        .map(|(name, bytes)| PolicyFile { name, bytes })
        .collect()
}

fn library() -> Library {
    Library::load_what_is_good(&policy_files()).0
}

fn places() -> Places {
    let bytes = std::fs::read(root().join("policies/places.toml")).expect("places.toml");
    let text = String::from_utf8(bytes).expect("UTF-8");
    Places::parse(&SourceText { name: "places.toml", text: &text }).expect("good places")
}

#[test]
fn no_policy_file_can_make_the_reader_panic_or_run_on() {
    let places = places();
    let mut corpus = Corpus::read(&root(), "policies", &["toml"]);
    corpus.add(Corpus::read(&root(), "cases/broken/policies", &["toml"]));
    corpus.add(Corpus::read(&root(), "cases/broken/control", &["toml"]));
    hammer("policy", &corpus, Limits::of(20_000), |bytes| {
        match file::load("hostile.toml", bytes, &places) {
            Ok(loaded) => assert!(!loaded.policy.canonical.is_empty()),
            Err(found) => assert!(!found.is_empty(), "refused without a finding"),
        }
    });
}

#[test]
fn no_case_file_can_make_the_reader_or_the_decision_panic_or_run_on() {
    let library = library();
    let mut corpus = Corpus::read(&root(), "cases/scenarios", &["toml"]);
    corpus.add(Corpus::read(&root(), "cases/contradictions", &["toml"]));
    corpus.add(Corpus::read(&root(), "cases/broken/cases", &["toml"]));
    hammer("case TOML", &corpus, Limits::of(8_000), |bytes| case(&library, "hostile.toml", bytes));
}

#[test]
fn no_json_case_can_make_the_reader_or_the_decision_panic_or_run_on() {
    let library = library();
    let mut corpus = Corpus::read(&root(), "cases/broken/cases", &["json"]);
    corpus.add(Corpus::read(&root(), "cases/broken/control", &["json"]));
    hammer("case JSON", &corpus, Limits::of(8_000), |bytes| case(&library, "hostile.json", bytes));
}

fn case(library: &Library, name: &str, bytes: &[u8]) {
    match read_case(library, name, bytes, &Question::default()) {
        Ok(case) => {
            for step in &case.steps {
                let answer = library.decide(&step.facts, &Scope::InForce);
                let derived = library.derive(&step.facts, &Scope::InForce);
                if derived.problems.is_empty() {
                    assert_eq!(answer, derived.answer, "decided and derived differ");
                }
            }
        }
        Err(found) => assert!(!found.is_empty(), "refused without a finding"),
    }
}

#[test]
fn no_condition_can_make_the_parser_panic_or_run_on() {
    let mut corpus = Corpus::default();
    for (_, policy) in library().policies() {
        for clause in &policy.clauses {
            corpus.push(&policy.file, clause.when_text.as_bytes());
            corpus.push(&policy.file, clause.unless_text.as_bytes());
        }
    }
    hammer("condition", &corpus, Limits::of(20_000), |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(parsed) = expr::parse(&text) else { return };
        let printed = parsed.to_string();
        match expr::parse(&printed) {
            Ok(again) => assert_eq!(again.to_string(), printed, "printing is not stable"),
            // A long chain is printed with parentheses around every operator.
            Err(e) => {
                assert!(["nested-too-deeply", "expression-too-long"].contains(&e.code), "{e:?}");
            }
        }
    });
}

#[test]
fn no_registry_of_places_can_make_the_reader_panic_or_run_on() {
    let mut corpus = Corpus::default();
    let bytes = std::fs::read(root().join("policies/places.toml")).expect("places.toml");
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    for part in lines.chunks(60) {
        corpus.push("places.toml", &part.concat());
    }
    hammer("places", &corpus, Limits::of(10_000), |bytes| {
        let Ok(text) = tree::text_of("places.toml", bytes) else { return };
        if let Err(found) = Places::parse(&SourceText { name: "places.toml", text }) {
            assert!(!found.is_empty(), "refused without a finding");
        }
    });
}
