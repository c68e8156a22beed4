//! Makes deliberate faults in a copy of the repository, one after another, and counts the seeds
//! until the simulator finds each: a check that finds none is too weak.
//!
//! `cargo run --release -p comity-sim --example mutate -- [--seeds N] [WORD …]`: all faults of
//! `mutations.toml`, or those whose name or rule has one of the words. Prints rows of a table.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[derive(serde::Deserialize)]
struct Mutations {
    mutation: Vec<Mutation>,
}

#[derive(serde::Deserialize)]
struct Mutation {
    name: String,
    rule: String,
    edit: Vec<Edit>,
}

#[derive(serde::Deserialize)]
struct Edit {
    file: String,
    from: String,
    to: String,
}

type Said<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    match mutate() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("mutate: {fault}");
            ExitCode::from(2)
        }
    }
}

fn mutate() -> Said<bool> {
    let (mut seeds, mut words) = ("500".to_owned(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--seeds" {
            seeds = arguments.next().ok_or("--seeds needs a number")?;
        } else {
            words.push(argument);
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("mutations.toml"))?;
    let all: Mutations = toml::from_str(&text).map_err(|e| e.to_string())?;
    let copy = copy_of(&root)?;
    let is_wanted = |m: &&Mutation| {
        words.is_empty() || words.iter().any(|w| m.name.contains(w) || m.rule.contains(w))
    };
    println!("| fault | rule that found it | seeds |\n|---|---|---|");
    let mut all_found = true;
    for mutation in all.mutation.iter().filter(is_wanted) {
        let found = try_one(&copy, mutation, &seeds)?;
        all_found &= found.is_some();
        match found {
            Some((rule, seed)) => println!("| {} | `{rule}` | {} |", mutation.name, seed + 1),
            None => println!("| {} | none | {seeds} |", mutation.name),
        }
    }
    Ok(all_found)
}

fn read(path: &Path) -> Said<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn write(path: &Path, text: &str) -> Said {
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// A copy of the files that git knows, in the folder of build products. A file that is the same
/// there keeps its time, so that only what changed is built again.
fn copy_of(root: &Path) -> Said<PathBuf> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let copy = target.join("mutants");
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
    let listed = listed.map_err(|e| format!("git ls-files: {e}"))?;
    for name in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let (from, to) = (root.join(name), copy.join(name));
        // One that was removed and is still listed.
        let Ok(bytes) = std::fs::read(&from) else { continue };
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let folder = to.parent().unwrap_or(&copy);
        let made = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&to, bytes));
        made.map_err(|e| format!("{}: {e}", to.display()))?;
    }
    Ok(copy)
}

/// The rule that found a fault, and the seed. The copy is whole again afterwards.
fn try_one(copy: &Path, mutation: &Mutation, seeds: &str) -> Said<Option<(String, u64)>> {
    let mut before: Vec<(PathBuf, String)> = Vec::new();
    for edit in &mutation.edit {
        let path = copy.join(&edit.file);
        let text = read(&path)?;
        if text.matches(&edit.from).count() != 1 {
            return Err(format!(
                "{}: the text of `{}` is not there once",
                edit.file, mutation.name
            ));
        }
        write(&path, &text.replacen(&edit.from, &edit.to, 1))?;
        before.push((path, text));
    }
    let found = live(copy, seeds).map_err(|fault| format!("{}: {fault}", mutation.name));
    // Last one first: a file of two edits has its first text again.
    before.iter().rev().try_for_each(|(path, text)| write(path, text))?;
    found
}

/// Crates that faults are made in, and those above them: built quickly, not to run fast.
const CRATES: [&str; 5] =
    ["comity-ledger", "comity-exchange", "comity-store", "comity-node", "comity-sim"];

/// Builds the simulator of the copy and lives seeds until one does not hold.
fn live(copy: &Path, seeds: &str) -> Said<Option<(String, u64)>> {
    let settings = ["opt-level=1", "codegen-units=16", "debug=false"];
    let settings = CRATES
        .iter()
        .flat_map(|name| settings.map(move |s| format!("profile.release.package.{name}.{s}")));
    let settings: Vec<String> = settings.flat_map(|s| ["--config".to_owned(), s]).collect();
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(&settings).args(arguments).env("CARGO_INCREMENTAL", "1");
        command.current_dir(copy).output().map_err(|e| e.to_string())
    };
    let built = cargo(&["build", "--release", "--quiet", "-p", "comity-sim"])?;
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into_owned());
    }
    let simulator = ["run", "--release", "--quiet", "-p", "comity-sim", "--"];
    let lived = cargo(&[&simulator[..], &["--json", "--seeds", seeds]].concat())?;
    let result: Value = serde_json::from_slice(&lived.stdout)
        .map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&lived.stderr)))?;
    let failures = result["failures"].as_array().into_iter().flatten();
    let first = failures.min_by_key(|f| f["seed"].as_u64());
    Ok(first.and_then(|f| Some((f["rule"].as_str()?.to_owned(), f["seed"].as_u64()?))))
}
