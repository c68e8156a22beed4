//! The rules of the house, as tests: which crate may know which, what pure crates may not
//! touch, how long files and functions may grow, how documents and policies are kept.
//!
//! Each rule is one test whose name is the rule. When a rule is wrong, change it here and say
//! why in `docs/adr/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod crates;
mod documents;
mod lint;
mod policies;
mod source;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../..")
        .canonicalize()
        .expect("the repository")
}

/// One file of the repository.
struct File {
    /// Its path from the root, with `/`.
    path: String,
    /// Its text; bytes that are no UTF-8 are replaced.
    text: String,
}

/// Every file under `folder` whose name ends with one of `endings`, in order of path.
fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let root = root();
    let mut out = Vec::new();
    collect(&root.join(folder), endings, &root, &mut out);
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

fn collect(folder: &Path, endings: &[&str], root: &Path, out: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "out" && !name.starts_with('.') {
                collect(&path, endings, root, out);
            }
        } else if endings.iter().any(|e| name.ends_with(e)) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let relative = path.strip_prefix(root).unwrap_or(&path);
            out.push(File {
                path: relative.to_string_lossy().replace('\\', "/"),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
    }
}

/// The files at the root of the repository whose name ends with `ending`.
fn root_files(ending: &str) -> Vec<File> {
    let names = std::fs::read_dir(root()).expect("the repository");
    let mut out: Vec<File> = names
        .flatten()
        .filter(|e| e.path().is_file() && e.file_name().to_string_lossy().ends_with(ending))
        .map(|e| File {
            path: e.file_name().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(e.path()).unwrap_or_default(),
        })
        .collect();
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

/// Fails with every finding, one a line.
fn none_found(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}: {} found\n  {}\n", findings.len(), findings.join("\n  "));
}
