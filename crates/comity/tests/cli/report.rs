//! `comity report` and `comity mapping` as people use them: what is printed, written, and how it ends.

use super::ran::{comity, in_repository};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn every_report_writes_a_page_and_its_files_and_nothing_half_done() {
    let folder = TempDir::new().unwrap();
    for report in ["coverage", "rollout", "volumes", "declined", "reasons", "published"] {
        let to = folder.path().join(report);
        let args = ["report", report, "--out", to.to_str().unwrap()];
        let ran = in_repository(&args);
        assert_eq!(ran.code, 0, "{report}: {}", ran.err);
        assert!(ran.out.contains("report.html"), "{report}");
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
    let ran = in_repository(&["report", "rollout", "--on", "2013-03-01", "--json"]);
    let json: Value = ran.json();
    assert_eq!(json["tables"]["rollout"][0]["counties"], 3_143);
}

#[test]
fn wrong_use_says_what_to_do_next() {
    let folder = TempDir::new().unwrap();
    let ran = comity(folder.path(), &["report", "coverage"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--data"), "{}", ran.err);
    let ran = in_repository(&["report", "coverage", "--on", "July 2015"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("2015-07-01"), "{}", ran.err);
    let args = ["report", "rollout", "--from", "2012-01-01", "--to", "2011-01-01"];
    let ran = in_repository(&args);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("lies after"), "{}", ran.err);
    let args = ["report", "volumes", "--with", "no-such-study.toml"];
    let ran = in_repository(&args);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no-such-study.toml"), "{}", ran.err);
}

#[test]
fn a_file_finds_its_mapping_or_says_that_it_does_not() {
    let recognize = |file: &str| in_repository(&["mapping", "recognize", file]);
    let ran = recognize("data/mappings/ddp-2026/sample.csv");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("ddp-2026: every column is known"), "{}", ran.out);
    let ran = recognize("data/national/months.csv");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("not recognized"), "{}", ran.out);
    let ran = recognize("no-such-file.csv");
    assert_eq!(ran.code, 2);
    let file = "data/pennsylvania/detainers.csv";
    let ran = in_repository(&["mapping", "recognize", file, "--json"]);
    let json: Value = ran.json();
    assert_eq!(json["result"]["verdict"], "exact");
    assert_eq!(json["result"]["fit"]["mapping"], "pennsylvania");
}
