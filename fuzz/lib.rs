//! What the fuzz targets of the law share: the library of the repository, read once.
#![cfg(feature = "law")]

use comity_policy::case::{Question, read_case};
use comity_policy::{Library, PolicyFile, Scope};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The library as it stands in the repository.
pub static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut files = Vec::new();
    collect(&root().join("policies"), &mut files);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Library::load_what_is_good(&files).0
});

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn collect(folder: &Path, files: &mut Vec<PolicyFile>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if let (Ok(bytes), true) =
            (std::fs::read(&path), path.extension().is_some_and(|e| e == "toml"))
        {
            files.push(PolicyFile { name: path.display().to_string(), bytes });
        }
    }
}

/// Reads a case, decides it both ways, and compares.
pub fn case(name: &str, bytes: &[u8]) {
    let Ok(case) = read_case(&LIBRARY, name, bytes, &Question::default()) else { return };
    for step in &case.steps {
        let answer = LIBRARY.decide(&step.facts, &Scope::InForce);
        let derived = LIBRARY.derive(&step.facts, &Scope::InForce);
        assert!(!derived.problems.is_empty() || answer == derived.answer);
    }
}
