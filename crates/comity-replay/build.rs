//! Names the engine by its source, so that a receipt and a cluster tell two builds apart.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What a result hangs on: the model, the policies' meaning, the replay, and their libraries.
const SOURCES: [&str; 4] = [
    "Cargo.lock",
    "crates/comity-model/src",
    "crates/comity-policy/src",
    "crates/comity-replay/src",
];

fn main() -> std::io::Result<()> {
    // Read when it runs: a build folder may be shared by several checkouts.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&here).join("../..");
    let mut paths = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
        collect(&root.join(source), &mut paths)?;
    }
    paths.sort();
    let mut hash = Sha256::new();
    for path in &paths {
        let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
        let bytes = std::fs::read(path)?;
        hash.update(format!("{name}\0{}\0", bytes.len()));
        hash.update(bytes);
    }
    let mut short = String::new();
    for byte in &hash.finalize()[..8] {
        let _ = write!(short, "{byte:02x}");
    }
    println!("cargo::rustc-env=COMITY_ENGINE_SOURCE={short}");
    Ok(())
}

fn collect(path: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), out)?;
        }
    } else {
        out.push(path.to_path_buf());
    }
    Ok(())
}
