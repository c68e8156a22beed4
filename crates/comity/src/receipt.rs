//! `comity receipt check`: makes a result again and compares.

use crate::bulk::hash;
use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::files;
use crate::mapping;
use comity_replay::receipt::{FileHash, Receipt, library_sha256, sha256};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Receipts of results
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a result again from its receipt, and compare every file
    #[command(after_help = AFTER)]
    Check {
        /// receipt.json, report.json or summary.json of a result
        file: PathBuf,
    },
}

const AFTER: &str = "The command of the receipt runs again, into a folder that is deleted afterwards; paths are \
those of the receipt, so run this where the result was made or where the same files lie.\n\
Exit codes: 0 everything is the same; 1 something differs; 2 a file cannot be read.\n\n\
Example: comity receipt check out/national/receipt.json";

/// What is compared.
struct Line {
    what: String,
    same: bool,
    says: String,
}

/// Runs the command. `again` runs a command line into a folder.
pub fn run(
    command: &Command,
    as_json: bool,
    again: &dyn Fn(&[String]) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    let Command::Check { file } = command;
    let receipt = read(file)?;
    let mut words = shlex::split(&receipt.command).ok_or_else(|| {
        Failure::usage(format!("the command of {} cannot be read", file.display()))
    })?;
    let mut lines = Vec::new();
    let engine = concat!("comity ", env!("CARGO_PKG_VERSION"));
    lines.push(compare("engine", &receipt.engine, engine));
    let policies = option(&words, "--policies").map(PathBuf::from);
    let library = library_sha256(&files::library(policies.as_deref())?);
    lines.push(compare("policies", &receipt.library_sha256, &library));
    for input in &receipt.inputs {
        lines.push(match input_hash(input) {
            Ok(found) => {
                compare(&format!("{} {}", input.role, input.name), &input.sha256, &found.sha256)
            }
            Err(_) => differs(&format!("{} {}", input.role, input.name), "it cannot be read"),
        });
    }
    // What was made from other files cannot be made again from these.
    if lines.iter().all(|l| l.same) && !receipt.outputs.is_empty() {
        let folder = std::env::temp_dir().join(format!("comity-receipt-{}", std::process::id()));
        put_out(&mut words, &folder);
        let made = again(&words);
        let compared = made.map(|()| outputs(&receipt.outputs, &folder));
        // The folder is ours, and may not be there.
        let _ = std::fs::remove_dir_all(&folder);
        lines.extend(compared?);
    }
    let same = lines.iter().all(|l| l.same);
    if as_json {
        let list: Vec<_> = lines
            .iter()
            .map(|l| json!({ "what": l.what, "same": l.same, "says": l.says }))
            .collect();
        println!("{:#}", json!({ "same": same, "compared": list }));
    } else {
        for l in &lines {
            println!("{}  {}{}", if l.same { "same   " } else { "DIFFERS" }, l.what, l.says);
        }
        println!("{}", if same { "the result is the same" } else { "the result is not the same" });
    }
    Ok(if same { EXIT_OK } else { EXIT_FINDINGS })
}

fn read(file: &Path) -> Result<Receipt, Failure> {
    let bytes = files::read(file)?;
    let bad = |e: serde_json::Error| {
        Failure::usage(format!("{} is no receipt: {e}", file.display()))
            .help("give the receipt.json, report.json or summary.json of a result")
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(bad)?;
    let receipt = value.get("receipt").unwrap_or(&value);
    serde_json::from_value(receipt.clone()).map_err(bad)
}

/// The hash of an input today; a mapping may be one of those in this binary.
fn input_hash(input: &FileHash) -> Result<FileHash, Failure> {
    let path = Path::new(&input.name);
    if input.role != mapping::ROLE {
        return hash(&input.role, path, &input.name);
    }
    let bytes = files::mapping(path)?;
    Ok(FileHash { sha256: sha256(&bytes), bytes: bytes.len() as u64, ..input.clone() })
}

fn compare(what: &str, then: &str, now: &str) -> Line {
    let same = then == now;
    let says = if same { String::new() } else { format!(": {then} then, {now} now") };
    Line { what: what.to_owned(), same, says }
}

fn differs(what: &str, why: &str) -> Line {
    Line { what: what.to_owned(), same: false, says: format!(": {why}") }
}

fn outputs(outputs: &[FileHash], folder: &Path) -> Vec<Line> {
    let one = |o: &FileHash| match hash(&o.role, &folder.join(&o.name), &o.name) {
        Ok(found) => compare(&o.name, &o.sha256, &found.sha256),
        Err(_) => differs(&o.name, "it was not made again"),
    };
    outputs.iter().map(one).collect()
}

fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|w| w == name)?;
    words.get(at + 1).map(String::as_str)
}

/// Sends the result elsewhere.
fn put_out(words: &mut Vec<String>, folder: &Path) {
    let folder = folder.display().to_string();
    match words.iter().position(|w| w == "--out") {
        Some(at) if at + 1 < words.len() => words[at + 1] = folder,
        _ => words.extend(["--out".to_owned(), folder]),
    }
}
