//! The repository's policies, for tests of every crate that decides by them.

use comity_policy::{Library, PolicyFile};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A folder or file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..").join(path)
}

fn collect(folder: &Path, out: &mut Vec<PolicyFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "toml") {
            let bytes = std::fs::read(&path).unwrap();
            out.push(PolicyFile { name: path.display().to_string(), bytes });
        }
    }
}

/// The repository's policies, read once.
pub fn library() -> &'static Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    let load = || {
        let mut files = Vec::new();
        collect(&repository("policies"), &mut files);
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Arc::new(Library::load(&files).unwrap_or_else(|found| panic!("{found:?}")))
    };
    LIBRARY.get_or_init(load)
}
