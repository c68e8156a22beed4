//! `comity report` and `comity mapping` as people use them: what is printed, written, and how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn comity(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.args(args).current_dir(folder).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_report_writes_a_page_and_its_files_and_nothing_half_done() {
    let folder = TempDir::new().unwrap();
    for report in ["coverage", "rollout", "volumes", "declined", "reasons", "published"] {
        let to = folder.path().join(report);
        let args = ["report", report, "--out", to.to_str().unwrap()];
        let ran = comity(&repository(), &args);
        assert_eq!(ran.status.code(), Some(0), "{report}: {}", err(&ran));
        assert!(out(&ran).contains("report.html"), "{report}");
        let mut names: Vec<String> = std::fs::read_dir(&to)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert!(names.iter().any(|n| n == "report.html"), "{names:?}");
        assert!(!names.iter().any(|n| n.ends_with(".part")), "{names:?}");
        let json: Value =
            serde_json::from_slice(&std::fs::read(to.join("report.json")).unwrap()).unwrap();
        let outputs = json["receipt"]["outputs"].as_array().unwrap();
        assert_eq!(outputs.len(), names.iter().filter(|n| n.ends_with(".csv")).count());
        assert!(json["receipt"]["command"].as_str().unwrap().starts_with("comity report"));
    }
}

#[test]
fn json_is_printed_alone() {
    let ran = comity(&repository(), &["report", "rollout", "--on", "2013-03-01", "--json"]);
    let json: Value = serde_json::from_str(&out(&ran)).unwrap();
    assert_eq!(json["tables"]["rollout"][0]["counties"], 3_143);
}

#[test]
fn wrong_use_says_what_to_do_next() {
    let folder = TempDir::new().unwrap();
    let ran = comity(folder.path(), &["report", "coverage"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(err(&ran).contains("--data"), "{}", err(&ran));
    let ran = comity(&repository(), &["report", "coverage", "--on", "July 2015"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(err(&ran).contains("2015-07-01"), "{}", err(&ran));
    let args = ["report", "rollout", "--from", "2012-01-01", "--to", "2011-01-01"];
    let ran = comity(&repository(), &args);
    assert_eq!(ran.status.code(), Some(2));
    assert!(err(&ran).contains("lies after"), "{}", err(&ran));
    let args = ["report", "volumes", "--with", "no-such-study.toml"];
    let ran = comity(&repository(), &args);
    assert_eq!(ran.status.code(), Some(2));
    assert!(err(&ran).contains("no-such-study.toml"), "{}", err(&ran));
}

#[test]
fn a_file_finds_its_mapping_or_says_that_it_does_not() {
    let recognize = |file: &str| comity(&repository(), &["mapping", "recognize", file]);
    let ran = recognize("data/mappings/ddp-2026/sample.csv");
    assert_eq!(ran.status.code(), Some(0));
    assert!(out(&ran).contains("ddp-2026: every column is known"), "{}", out(&ran));
    let ran = recognize("data/national/months.csv");
    assert_eq!(ran.status.code(), Some(1));
    assert!(out(&ran).contains("not recognized"), "{}", out(&ran));
    let ran = recognize("no-such-file.csv");
    assert_eq!(ran.status.code(), Some(2));
    let file = "data/pennsylvania/detainers.csv";
    let ran = comity(&repository(), &["mapping", "recognize", file, "--json"]);
    let json: Value = serde_json::from_str(&out(&ran)).unwrap();
    assert_eq!(json["result"]["verdict"], "exact");
    assert_eq!(json["result"]["fit"]["mapping"], "pennsylvania");
}
