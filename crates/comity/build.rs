//! Embeds the policy library, the mappings and the golden cases, so that the binary decides anywhere.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    // Read when it runs: a build folder may be shared by several checkouts.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&here).join("../..");
    let policies = files(&root, "policies")?;
    let mut mappings = files(&root, "data")?;
    mappings.retain(|(_, path)| path.ends_with("mapping.toml"));
    let cases = files(&root, "cases/scenarios")?;
    let code =
        table("EMBEDDED", &policies) + &table("MAPPINGS", &mappings) + &table("CASES", &cases);
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join("embedded.rs"), code)
}

/// Every file of a folder, with its name from the root on, in order.
fn files(root: &Path, folder: &str) -> std::io::Result<Vec<(String, PathBuf)>> {
    let folder = root.join(folder);
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths = Vec::new();
    collect(&folder, &mut paths)?;
    paths.sort();
    let name = |p: &PathBuf| p.strip_prefix(root).unwrap_or(p).display().to_string();
    Ok(paths.into_iter().map(|p| (name(&p), p)).collect())
}

fn table(name: &str, files: &[(String, PathBuf)]) -> String {
    let mut code = format!("pub static {name}: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let path = path.display().to_string();
        let _ = writeln!(code, "    ({name:?}, include_bytes!({path:?})),");
    }
    code.push_str("];\n");
    code
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            out.push(path);
        }
    }
    Ok(())
}
