//! Compiles NBIS's mindtct and bozorth3, and what calls them, from the folder in `NBIS_C`.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=NBIS_C");
    println!("cargo:rerun-if-changed=src/nbis.c");
    let Some(folder) = std::env::var_os("NBIS_C").map(PathBuf::from) else {
        println!("cargo::error=NBIS_C is not set: build with benches/prints/run");
        return;
    };
    let sources = ["mindtct/src/lib/mindtct", "bozorth/src/lib/bozorth3"];
    let files = sources.iter().flat_map(|s| c_files(&folder.join(s)));
    cc::Build::new()
        .files(files)
        .file("src/nbis.c")
        .include(folder.join("mindtct/include"))
        .include(folder.join("bozorth/include"))
        .define("NOVERBOSE", None)
        // Whatever the profile says: NBIS's own makefiles say -O2 or -O3.
        .opt_level(3)
        .debug(false)
        .force_frame_pointer(false)
        .warnings(false)
        .flag_if_supported("-w")
        .compile("nbis");
}

/// The C files of a folder, in order; not the crate's own, whose globals are set in nbis.c.
fn c_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "c") && !p.ends_with("bozorth_glue.c"));
    files.sort();
    files
}
