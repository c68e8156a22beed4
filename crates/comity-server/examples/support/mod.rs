//! What the examples share.

use comity_policy::{Library, PolicyFile};
use std::path::Path;
use std::sync::Arc;

/// The policies of the repository, from its root.
///
/// # Errors
/// What cannot be read, or is wrong in a policy.
pub fn library() -> Result<Arc<Library>, String> {
    let mut files = Vec::new();
    collect(Path::new("policies"), &mut files).map_err(|e| e.to_string())?;
    Library::load(&files).map(Arc::new).map_err(|found| format!("{found:?}"))
}

fn collect(folder: &Path, out: &mut Vec<PolicyFile>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            out.push(PolicyFile { name: path.display().to_string(), bytes: std::fs::read(&path)? });
        }
    }
    Ok(())
}
