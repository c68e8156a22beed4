//! The whole library and the golden cases.

use crate::{Failure, ours::findings};
use comity_model::CaseFacts;
use comity_policy::case::{Question, read_case};
use comity_policy::{Library, PolicyFile};
use std::path::{Path, PathBuf};

/// The clone.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every TOML file below a folder, in order of its path, named from the clone's root.
///
/// # Errors
/// What cannot be read.
pub fn files(folder: &str) -> Result<Vec<PolicyFile>, Failure> {
    let (root, mut folders, mut paths) = (root(), vec![PathBuf::from(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|p| {
            Ok(PolicyFile { name: p.display().to_string(), bytes: std::fs::read(root.join(p))? })
        })
        .collect()
}

/// Every question of every golden case, with the case's id.
///
/// # Errors
/// A case that is not read.
pub fn golden(library: &Library) -> Result<Vec<(String, CaseFacts)>, Failure> {
    let mut out = Vec::new();
    for f in files("cases/scenarios")? {
        let case = read_case(library, &f.name, &f.bytes, &Question::default()).map_err(findings)?;
        out.extend(case.steps.into_iter().map(|s| (case.id.clone(), s.facts)));
    }
    Ok(out)
}
