//! `comity replay DATA` as people use it: which mapping it takes, what it says of bad files,
//! what a run that was killed leaves, and whether a receipt holds.

use super::ran::{comity, command};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn sample(mapping: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("data/mappings").join(mapping).join("sample.csv")
}

/// Away from the repository: the mappings are in the binary.
#[test]
fn a_file_finds_its_mapping_by_its_columns_and_says_so() {
    let folder = TempDir::new().unwrap();
    for mapping in ["ddp-2025", "ddp-2026", "foia-2007-2015", "foia-2007-2015-npr", "generic"] {
        fs::copy(sample(mapping), folder.path().join("data.csv")).unwrap();
        let ran = comity(folder.path(), &["replay", "data.csv", "--under", "in-force", "--json"]);
        assert_eq!(ran.code, 0, "{mapping}: {}", ran.err);
        let says = format!("data.csv: every column is known to the mapping {mapping};");
        assert!(ran.err.contains(&says), "{mapping}: {}", ran.err);
        assert!(ran.out.contains(&format!("read with the mapping {mapping} (")), "{}", ran.out);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let inputs = report["receipt"]["inputs"].as_array().unwrap();
        assert!(inputs.iter().any(|i| i["role"] == "mapping" && i["name"] == mapping));
    }
}

#[test]
fn a_file_that_fits_less_than_exactly_is_an_error_until_somebody_says_which() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(sample("ddp-2026")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: String = rows.lines().map(|l| format!("{l},9\n")).collect();
    let header = header.trim_end();
    fs::write(folder.path().join("data.csv"), format!("{header},Shoe_Size\n{rows}")).unwrap();
    let args = ["replay", "data.csv", "--under", "in-force"];
    let ran = comity(folder.path(), &args);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("looks like ddp-2026") && ran.err.contains("Shoe_Size"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("--mapping ddp-2026 takes it all the same"), "{}", ran.err);
    assert_eq!(ran.out, "");
    let ran = comity(folder.path(), &[&args[..], &["--mapping", "ddp-2026"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("Shoe_Size"), "the column is named: {}", ran.out);
    let ran = comity(folder.path(), &[&args[..], &["--mapping", "ddp-2027"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("ddp-2027") && ran.err.contains("ddp-2026"), "{}", ran.err);
}

#[test]
fn days_in_three_forms_are_counted_with_column_line_and_values() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(sample("ddp-2026")).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let row = lines.next().unwrap();
    let (day, rest) = row.split_once(',').unwrap();
    let rows = [day, "11/04/2025", "5 Nov 2025"].map(|d| format!("{d},{rest}\r\n"));
    fs::write(folder.path().join("data.csv"), format!("{header}\r\n{}", rows.concat())).unwrap();
    let ran = comity(folder.path(), &["replay", "data.csv", "--under", "in-force"]);
    assert_eq!(ran.code, 1, "rows were rejected: {}", ran.err);
    let line = ran.out.lines().find(|l| l.contains("unreadable-cell")).expect("named");
    for said in ["detainer_prepare_date", "data.csv, line 3", "11/04/2025 (1)", "5 Nov 2025 (1)"] {
        assert!(line.contains(said), "{said}: {line}");
    }
}

#[test]
fn a_receipt_of_a_recognized_file_holds() {
    let folder = TempDir::new().unwrap();
    fs::copy(sample("generic"), folder.path().join("data.csv")).unwrap();
    let args = ["replay", "data.csv", "--under", "in-force", "--by", "year", "--out", "out"];
    assert_eq!(comity(folder.path(), &args).code, 0);
    let check = ["receipt", "check", "out/receipt.json"];
    let ran = comity(folder.path(), &check);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("the result is the same"), "{}", ran.out);
    let mut text = fs::read_to_string(folder.path().join("data.csv")).unwrap();
    text.push_str("\n\n");
    fs::write(folder.path().join("data.csv"), text).unwrap();
    let ran = comity(folder.path(), &check);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("DIFFERS  data data.csv"), "{}", ran.out);
}

/// Killed in the middle, a run leaves no file that looks whole; `--resume` goes on to the
/// result of a run that nobody killed.
#[test]
fn a_killed_run_is_not_whole_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let made = comity(here, &["generate", "--rows", "300000", "--seed", "3", "--out", "c.parquet"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let args = |out: &'static str| {
        vec![
            "replay",
            "c.parquet",
            "--under",
            "in-force",
            "--by",
            "year",
            "--threads",
            "1",
            "--out",
            out,
        ]
    };
    assert_eq!(comity(here, &args("whole")).code, 0);
    let mut child =
        command(here, &args("cut")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let rows = here.join("cut/rows");
    let patience = Instant::now() + Duration::from_secs(120);
    let is_begun = || {
        fs::read_dir(&rows).is_ok_and(|mut d| {
            d.any(|e| e.is_ok_and(|e| e.path().extension().is_some_and(|x| x == "parquet")))
        })
    };
    while !is_begun() && child.try_wait().unwrap().is_none() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(is_begun(), "a first part was written");
    child.kill().unwrap();
    child.wait().unwrap();
    if !here.join("cut/receipt.json").exists() {
        let again = comity(here, &args("cut"));
        assert_eq!(again.code, 2, "an unfinished run is not written over");
        assert!(again.err.contains("--resume"), "{}", again.err);
        let resumed = comity(here, &[&args("cut")[..], &["--resume"]].concat());
        assert_eq!(resumed.code, 0, "{}", resumed.err);
    }
    let outputs = |out: &str| {
        let text = fs::read_to_string(here.join(out).join("receipt.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["outputs"].clone()
    };
    assert_eq!(outputs("cut"), outputs("whole"));
}
