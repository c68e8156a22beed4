//! What the tests of this crate share: the repository's policies and cases, as files.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::double_comparisons,
    reason = "a helper of tests fails the test, and an oracle spells things out"
)]

pub mod cel;
pub mod conditions;
pub mod equal;
pub mod filling;
pub mod oracle;
pub mod random;
pub mod reference;
pub mod small;
pub mod soak;
pub mod tape;

use comity_policy::case::{CaseFile, Question, read_case};
use comity_policy::{Library, PolicyFile};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

/// Files below a folder whose names end so, sorted, named from the repository's root.
pub fn files_below(folder: &str, endings: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    collect(&root().join(folder), folder, endings, &mut out);
    out.sort();
    out
}

fn collect(at: &Path, name: &str, endings: &[&str], out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(at).unwrap_or_else(|e| panic!("{}: {e}", at.display())) {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, endings, out);
        } else if endings.iter().any(|e| name.ends_with(e)) {
            out.push((name, std::fs::read(&path).unwrap()));
        }
    }
}

/// The files of the library.
pub fn policy_files() -> Vec<PolicyFile> {
    let files = files_below("policies", &[".toml"]);
    files.into_iter().map(|(name, bytes)| PolicyFile { name, bytes }).collect()
}

/// The library, loaded once; it must have no finding at all.
pub fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        Library::load(&policy_files()).unwrap_or_else(|found| panic!("{}", shown(&found)))
    })
}

/// Findings as people read them.
pub fn shown(found: &[comity_model::Diagnostic]) -> String {
    found.iter().map(|d| format!("{d}\n\n")).collect()
}

/// The golden cases: every case file but the corpus of broken ones.
pub fn golden_files() -> Vec<(String, Vec<u8>)> {
    let mut all = files_below("cases", &[".toml", ".json"]);
    all.retain(|(name, _)| !name.starts_with("cases/broken/"));
    all
}

/// The golden cases, read.
pub fn golden_cases() -> &'static [(String, CaseFile)] {
    static CASES: OnceLock<Vec<(String, CaseFile)>> = OnceLock::new();
    CASES.get_or_init(|| {
        let read = |(name, bytes): (String, Vec<u8>)| {
            let case = read_case(library(), &name, &bytes, &Question::default());
            let case = case.unwrap_or_else(|found| panic!("{}", shown(&found)));
            (name, case)
        };
        golden_files().into_iter().map(read).collect()
    })
}
