//! Which crate may know which, and what the pure ones may not touch.

use crate::source::{code_of, is_test_file};
use crate::{files, none_found, root};
use serde_json::Value;
use std::process::Command;

/// Every room of the house, in the order of the flow: a crate may depend on those below it
/// only. Rooms that are not built yet have their place already.
const ROOMS: [&str; 14] = [
    "comity",
    "comity-server",
    "comity-cluster",
    "comity-sim",
    "comity-node",
    "comity-store",
    "comity-replay",
    "comity-notice",
    "comity-exchange",
    "comity-ledger",
    "comity-print",
    "comity-policy",
    "comity-map",
    "comity-model",
];

/// Rooms without I/O, clock, runtime or database.
const PURE: [&str; 7] = [
    "comity-notice",
    "comity-exchange",
    "comity-ledger",
    "comity-print",
    "comity-policy",
    "comity-map",
    "comity-model",
];

/// Crates that no pure crate may reach, however indirectly.
const NOT_PURE: [&str; 16] = [
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "ureq",
    "axum",
    "sqlx",
    "sqlx-core",
    "rusqlite",
    "libsqlite3-sys",
    "postgres",
    "getrandom",
    "iana-time-zone",
];

/// Libraries of values that a pure crate may use although they reach some of [`NOT_PURE`]:
/// the arrays of Arrow hash with a random seed and can print local times, neither of which
/// is asked of them (docs/adr/0014-decide-columns.md). What they reach is not looked at.
const ALLOWED: [&str; 2] = ["arrow-array", "arrow-data"];

/// Paths that no source of a pure crate may name.
const IMPURE_PATHS: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "TimeZone::try_system",
];

/// Modules that may not hide in a group either: `use std::{fs, fmt}`.
const IMPURE_MODULES: [&str; 5] = ["fs", "net", "env", "process", "thread"];

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {errors}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// The workspace's crates with the names of what they depend on, of every kind.
fn workspace() -> Vec<(String, Vec<String>)> {
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&text).expect("cargo metadata is JSON");
    let name = |v: &Value| v["name"].as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|p| {
            let dependencies = p["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
            (name(p), dependencies.iter().map(name).collect())
        })
        .collect()
}

#[test]
fn every_crate_is_a_room_of_the_house() {
    let strangers: Vec<String> = workspace()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !ROOMS.contains(&name.as_str()))
        .collect();
    none_found("crates without a place in ROOMS", &strangers);
}

#[test]
fn crates_depend_downwards_only() {
    let floor = |name: &str| ROOMS.iter().position(|r| *r == name);
    let mut upward = Vec::new();
    for (name, dependencies) in workspace() {
        for dependency in dependencies {
            if let (Some(from), Some(to)) = (floor(&name), floor(&dependency))
                && to <= from
            {
                upward.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    none_found("upward dependencies", &upward);
}

#[test]
fn pure_crates_reach_no_runtime_no_database_and_no_network() {
    let here: Vec<String> = workspace().into_iter().map(|(name, _)| name).collect();
    let mut reached = Vec::new();
    for name in PURE.iter().filter(|p| here.iter().any(|h| h == *p)) {
        let plain = ["tree", "-p", name, "-e", "normal", "--prefix", "none", "-f", "{p}"];
        let all = cargo(&plain);
        let mut arguments = plain.to_vec();
        for allowed in ALLOWED {
            if all.lines().any(|l| l.split(' ').next() == Some(allowed)) {
                arguments.extend(["--prune", allowed]);
            }
        }
        let tree = cargo(&arguments);
        for line in tree.lines() {
            let dependency = line.split(' ').next().unwrap_or_default();
            if NOT_PURE.contains(&dependency) {
                reached.push(format!("{name} reaches {dependency}"));
            }
        }
    }
    reached.sort();
    reached.dedup();
    none_found("impure dependencies", &reached);
}

#[test]
fn pure_crates_have_no_files_no_network_and_no_now() {
    let mut found = Vec::new();
    for name in PURE {
        for file in files(&format!("crates/{name}/src"), &[".rs"]) {
            if is_test_file(&file.path) {
                continue;
            }
            let code = code_of(&file.text);
            for (number, line) in code.lines().enumerate() {
                for path in IMPURE_PATHS.iter().filter(|p| names_path(line, p)) {
                    found.push(format!("{}:{}: {path}", file.path, number + 1));
                }
                for module in IMPURE_MODULES.iter().filter(|m| in_std_group(line, m)) {
                    found.push(format!("{}:{}: std::{{{module}}}", file.path, number + 1));
                }
            }
        }
    }
    none_found("I/O or a clock in a pure crate", &found);
}

/// True when a line names a path as a whole word: `std::fs` but not `std::fsync`.
fn names_path(line: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn in_std_group(line: &str, module: &str) -> bool {
    let Some((_, group)) = line.split_once("std::{") else {
        return false;
    };
    group.split([',', '{', '}', ' ', ';']).any(|part| part.split("::").next() == Some(module))
}

#[test]
fn the_rule_on_paths_sees_words_and_groups() {
    assert!(names_path("    std::fs::read(path)", "std::fs"));
    assert!(!names_path("std::fsync", "std::fs"));
    assert!(names_path("jiff::Timestamp::now()", "Timestamp::now"));
    assert!(in_std_group("use std::{fmt, fs};", "fs"));
    assert!(in_std_group("use std::{fs::File, fmt};", "fs"));
    assert!(!in_std_group("use std::{fmt, ops};", "fs"));
}
