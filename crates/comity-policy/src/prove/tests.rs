//! Contradictions that must be found, and policies that must be proved.

use super::*;
use crate::file;
use crate::library::{Library, PolicyFile};
use std::time::Instant;

fn repo_files() -> Vec<PolicyFile> {
    fn walk(dir: &std::path::Path, out: &mut Vec<PolicyFile>) {
        for e in std::fs::read_dir(dir).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() { walk(&p, out) } else if p.extension().is_some_and(|x| x == "toml") {
                out.push(PolicyFile { name: p.to_string_lossy().into_owned(), bytes: std::fs::read(&p).unwrap() });
            }
        }
    }
    let mut out = Vec::new();
    walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies"), &mut out);
    out
}

#[test]
#[ignore = "the whole library, for its time"]
fn whole_library() {
    let (library, bad) = Library::load_what_is_good(&repo_files());
    let bad = bad.iter().filter(|d| d.is_error()).count();
    let t = Instant::now();
    let r = prove(&library);
    for d in &r.diagnostics { println!("{d}\n"); }
    println!("{} load errors; {} policies {} pairs {} instruments {} unsettled, {:?}", bad, r.policies, r.pairs_checked, r.instruments_pairs, r.unsettled, t.elapsed());
}
