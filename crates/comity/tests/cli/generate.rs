//! `comity generate` as people use it: files, summaries, and what it refuses.

use super::ran::{Ran, comity};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn generate(folder: &Path, args: &[&str]) -> Ran {
    comity(folder, &[&["generate"], args].concat())
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_and_its_summary_agree() {
    let folder = TempDir::new().unwrap();
    let args = ["--rows", "5000", "--seed", "7", "--out", "cases.parquet", "--json"];
    let first = generate(folder.path(), &args);
    assert_eq!(first.code, 0, "{}", first.err);
    let summary: Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!(summary["rows"], 5000);
    assert_eq!(summary["synthetic"], true);
    assert_eq!(summary["seed"], 7);
    assert_eq!((&summary["from"], &summary["to"]), (&"2007-10".into(), &"2015-07".into()));
    let bytes = fs::read(folder.path().join("cases.parquet")).unwrap();
    assert_eq!(summary["files"][0]["name"], "cases.parquet");
    assert_eq!(summary["files"][0]["bytes"], bytes.len());
    assert_eq!(&bytes[..4], b"PAR1");
    assert!(summary["calibration"].as_array().unwrap().len() > 10);
    assert_eq!(names(folder.path()), ["cases.parquet"], "nothing is left aside");
    let again = generate(folder.path(), &[&args[..], &["--threads", "5"]].concat());
    assert_eq!(again.out, first.out);
}

#[test]
fn the_terminal_says_how_near_the_rows_come() {
    let folder = TempDir::new().unwrap();
    let args = ["--rows", "3000", "--out", "cases.csv", "--calibration", "cal"];
    let ran = generate(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("3,000 synthetic rows"), "{}", ran.out);
    assert!(ran.out.contains("Lift reasons by year"), "{}", ran.out);
    assert_eq!(
        names(folder.path()),
        ["cal", "cases.charges.csv", "cases.convictions.csv", "cases.csv"]
    );
    let cal = folder.path().join("cal");
    assert_eq!(names(&cal), ["calibration.csv", "calibration.json", "report.html"]);
    let page = fs::read_to_string(cal.join("report.html")).unwrap();
    assert!(page.contains("id=\"lift_reason\"") && page.contains("no conclusion about people"));
    assert!(!page.contains("<script") && !page.contains("http-equiv"));
    let json: Value =
        serde_json::from_slice(&fs::read(cal.join("calibration.json")).unwrap()).unwrap();
    let sections = json["sections"].as_array().unwrap();
    assert!(
        sections.iter().all(|s| page.contains(&format!("id=\"{}\"", s["id"].as_str().unwrap())))
    );
    let cases = fs::read_to_string(folder.path().join("cases.csv")).unwrap();
    assert_eq!(cases.lines().count(), 3001);
}

#[test]
fn a_folder_by_year_is_whole_or_not_there() {
    let folder = TempDir::new().unwrap();
    let args = ["--rows", "2000", "--partition", "year", "--out", "cases"];
    let months = ["--from", "2010-06", "--to", "2012-02"];
    let ran = generate(folder.path(), &[&args[..], &months].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(names(folder.path()), ["cases"]);
    let years = names(&folder.path().join("cases"));
    assert_eq!(years, ["year=2010", "year=2011", "year=2012"]);
    assert_eq!(names(&folder.path().join("cases/year=2011")), ["part-0.parquet"]);
    let again = generate(folder.path(), &args);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("not empty"), "{}", again.err);
    fs::create_dir(folder.path().join("other.part")).unwrap();
    let args = ["--rows", "2000", "--partition", "year", "--out", "other"];
    let cut_off = generate(folder.path(), &args);
    assert!(cut_off.err.contains("cut off left it"), "{}", cut_off.err);
}

#[test]
fn what_cannot_be_made_is_refused_with_a_next_step() {
    let folder = TempDir::new().unwrap();
    for (args, wanted) in [
        (&["--out", "cases"][..], "names no format"),
        (&["--out", "cases.xlsx"], "end the name in .parquet, .arrow or .csv"),
        (&["--out", "c.parquet", "--rows", "99999999999999999999"], "invalid value"),
        (&["--out", "c.parquet", "--rows", "9000000000"], "is not in"),
        (&["--out", "c.parquet", "--rows", "-1"], "unexpected argument"),
        (&["--out", "c.parquet", "--rows", "1e6"], "invalid value"),
        (&["--out", "c.parquet", "--threads", "0"], "invalid value"),
        (&["--out", "c.parquet", "--from", "2012-13"], "a month such as 2011-03"),
        (&["--out", "c.parquet", "--from", "2016-01"], "the tables cover 2007-10 to 2015-07"),
        (&["--out", "c.parquet", "--from", "2012-02", "--to", "2012-01"], "before the first"),
        (&["--out", "c", "--partition", "year", "--rows", "0"], "no rows to make a folder of"),
        (&["--out", "no/such/folder/c.parquet", "--rows", "5"], "cannot be written"),
        (&["--out", "c.parquet", "--distributions", "nowhere"], "national.toml"),
        (&["--out", "t", "--recalibrate", "nowhere"], "cannot be read"),
    ] {
        let ran = generate(folder.path(), args);
        assert!(ran.code == 1 || ran.code == 2, "{args:?}: {}", ran.code);
        assert!(ran.err.contains(wanted), "{args:?}: {}", ran.err);
        assert_eq!(names(folder.path()), [""; 0], "{args:?} left something behind");
    }
}

#[test]
fn no_rows_make_a_file_that_says_so() {
    let folder = TempDir::new().unwrap();
    let ran = generate(folder.path(), &["--rows", "0", "--out", "none.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("0 synthetic rows"), "{}", ran.out);
    let cases = fs::read_to_string(folder.path().join("none.csv")).unwrap();
    assert_eq!(cases.lines().count(), 1, "the header");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_that_looks_whole() {
    let folder = TempDir::new().unwrap();
    // A limit on the size of files, with its signal ignored, is a disk that is full.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" generate --rows 20000 --out cases.parquet";
    let ran = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_comity")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{err}");
    assert!(err.contains("cases.parquet cannot be written: File too large"), "{err}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn recalibrating_the_carried_records_gives_the_carried_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("tables");
    let data = root.join("data").display().to_string();
    let ran = generate(folder.path(), &["--recalibrate", &data, "--out", out.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made = names(&out);
    assert_eq!(made.len(), 12);
    for name in made {
        let committed = fs::read(root.join("data/synthetic").join(&name)).unwrap();
        assert!(fs::read(out.join(&name)).unwrap() == committed, "{name}");
    }
    for name in ["national.toml", "states.csv"] {
        fs::copy(root.join("data/synthetic").join(name), out.join(name)).unwrap();
    }
    let args = ["--rows", "500", "--distributions", "tables", "--out", "a.csv"];
    assert_eq!(generate(folder.path(), &args).code, 0);
    generate(folder.path(), &["--rows", "500", "--out", "b.csv"]);
    let [a, b] = ["a.csv", "b.csv"].map(|n| fs::read(folder.path().join(n)).unwrap());
    assert!(a == b, "the carried tables are those in the binary");
}
