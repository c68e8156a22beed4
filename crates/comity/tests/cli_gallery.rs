//! Galleries with real processes: enroll, search, delete, damage, searches during appends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::formats::iso19794;
use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::synth::{Difficulty, DirectFinger};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn comity(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity")).args(arguments).output().expect("comity runs")
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{errors}"))
}

/// A record of minutiae of a synthetic finger.
fn print(folder: &Path, finger: u64, impression: u64) -> PathBuf {
    let found = DirectFinger::draw(5, finger).impression(impression, Difficulty::Easy);
    let record = Record::of_fingers(Standard::Iso, &[found]);
    let path = folder.join(format!("{finger}_{impression}.iso"));
    std::fs::write(&path, iso19794::write(&record).expect("written")).expect("written");
    path
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn enrolled_searched_deleted_and_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let gallery = text(&folder.path().join("gallery"));
    let files: Vec<String> = (0..12).map(|f| text(&print(folder.path(), f, 1))).collect();
    let mut enroll = vec!["print", "enroll", &gallery, "--shards", "2", "--json"];
    enroll.extend(files.iter().map(String::as_str));
    let enrolled = json(&comity(&enroll));
    let third = enrolled["enrolled"][3]["subject"].as_str().expect("an id").to_owned();
    let probe = text(&print(folder.path(), 3, 2));
    let search = ["print", "search", &gallery, &probe, "--exhaustive", "--json"];
    let found = json(&comity(&search));
    assert_eq!(found["gallery_fingers"], 12);
    assert_eq!(found["candidates"][0]["subject"], third.as_str());
    assert!(found["candidates"][0]["fingers"][0]["pairs"].as_array().is_some_and(|p| p.len() > 5));
    let gone = comity(&["print", "enroll", &gallery, "--delete", &third]);
    assert!(gone.status.success());
    let found = json(&comity(&search));
    assert_eq!(found["gallery_fingers"], 11);
    assert_ne!(found["candidates"][0]["subject"], third.as_str());
    // A flipped bit: refused with the place, searched only when that is asked for.
    let shard = Path::new(&gallery).join("shard-00000.cgal");
    let mut bytes = std::fs::read(&shard).expect("read");
    bytes[200] ^= 4;
    std::fs::write(&shard, &bytes).expect("written");
    let refused = comity(&search);
    assert_eq!(refused.status.code(), Some(1));
    let finding = json(&refused)["findings"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(finding.contains("at byte 64"), "{finding}");
    let mut skipping = search.to_vec();
    skipping.push("--skip-damaged");
    assert!(comity(&skipping).status.success());
}

#[test]
fn a_search_during_appends_sees_whole_prints_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let gallery = text(&folder.path().join("gallery"));
    let files: Vec<String> = (0..24).map(|f| text(&print(folder.path(), f, 1))).collect();
    let probe = text(&print(folder.path(), 0, 2));
    let enroll =
        |file: &String| ["print", "enroll", &gallery, file, "--shards", "1"].map(str::to_owned);
    assert!(comity(&enroll(&files[0]).each_ref().map(String::as_str)).status.success());
    // Four processes append at once, while a fifth searches.
    let mut last = 1;
    for batch in files[1..].chunks(4) {
        let running: Vec<_> = batch
            .iter()
            .map(|file| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
                command.args(enroll(file)).stdout(Stdio::null()).spawn().expect("comity runs")
            })
            .collect();
        let found = json(&comity(&["print", "search", &gallery, &probe, "--json"]));
        let seen = found["gallery_fingers"].as_u64().expect("a number");
        assert!(seen >= last, "{seen} after {last}");
        last = seen;
        for mut process in running {
            assert!(process.wait().expect("ends").success());
        }
    }
    let found = json(&comity(&["print", "search", &gallery, &probe, "--json"]));
    assert_eq!(found["gallery_fingers"], 24);
    assert_eq!(found["notes"].as_array().map(Vec::len), Some(0));
}
