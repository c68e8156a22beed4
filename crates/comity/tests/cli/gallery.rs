//! Galleries with real processes: enroll, search, delete, damage, searches during appends.

use super::ran::{Ran, comity, command};
use comity_print::formats::iso19794;
use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::synth::{Difficulty, DirectFinger};
use std::path::Path;
use std::process::Stdio;

fn print(folder: &Path, args: &[&str]) -> Ran {
    comity(folder, &[&["print"], args].concat())
}

/// A record of minutiae of a synthetic finger; its file's name.
fn record(folder: &Path, finger: u64, impression: u64) -> String {
    let found = DirectFinger::draw(5, finger).impression(impression, Difficulty::Easy);
    let record = Record::of_fingers(Standard::Iso, &[found]);
    let name = format!("{finger}_{impression}.iso");
    std::fs::write(folder.join(&name), iso19794::write(&record).unwrap()).unwrap();
    name
}

/// A folder with a gallery of two shards and twelve subjects; their ids.
fn gallery() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let files: Vec<String> = (0..12).map(|f| record(at, f, 1)).collect();
    let mut enroll = vec!["enroll", "gallery", "--shards", "2", "--json"];
    enroll.extend(files.iter().map(String::as_str));
    let enrolled = print(at, &enroll).ends(0).json();
    let id = |i: usize| enrolled["enrolled"][i]["subject"].as_str().unwrap().to_owned();
    let ids = (0..12).map(id).collect();
    record(at, 3, 2);
    (folder, ids)
}

const SEARCH: [&str; 5] = ["search", "gallery", "3_2.iso", "--exhaustive", "--json"];

#[test]
fn who_was_enrolled_is_found_and_who_was_deleted_is_not() {
    let (folder, ids) = gallery();
    let at = folder.path();
    let found = print(at, &SEARCH).ends(0).json();
    assert_eq!(found["gallery_fingers"], 12);
    assert_eq!(found["candidates"][0]["subject"], ids[3].as_str());
    assert!(found["candidates"][0]["fingers"][0]["pairs"].as_array().unwrap().len() > 5);
    assert!(found["false_match_rate_max"].as_f64().unwrap() < 0.01);
    let again = print(at, &["enroll", "gallery", "3_1.iso"]).ends(1);
    assert!(again.err.contains("enrolled already, as subject"), "{}", again.err);
    print(at, &["enroll", "gallery", "--delete", &ids[3]]).ends(0);
    let found = print(at, &SEARCH).ends(0).json();
    assert_eq!(found["gallery_fingers"], 11);
    assert_ne!(found["candidates"][0]["subject"], ids[3].as_str());
    let said = print(at, &["search", "gallery", "3_2.iso"]).ends(0);
    assert!(said.out.contains("11 fingers searched"), "{}", said.out);
    let nowhere = print(at, &["search", "nowhere", "3_2.iso"]).ends(2);
    assert!(nowhere.err.contains("print enroll"), "{}", nowhere.err);
}

#[test]
fn a_flipped_bit_is_refused_with_its_place_or_skipped() {
    let (folder, _) = gallery();
    let at = folder.path();
    let shard = at.join("gallery/shard-00000.cgal");
    let mut bytes = std::fs::read(&shard).unwrap();
    bytes[200] ^= 4;
    std::fs::write(&shard, &bytes).unwrap();
    let refused = print(at, &SEARCH).ends(1).json();
    let finding = refused["findings"][0]["message"].as_str().unwrap();
    assert!(finding.contains("at byte 64"), "{finding}");
    let skipped = print(at, &[&SEARCH[..], &["--skip-damaged"]].concat()).ends(0).json();
    assert!(skipped["gallery_fingers"].as_u64().unwrap() < 12);
    assert_eq!(skipped["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_torn_append_is_named_and_the_next_one_lies_over_it() {
    let (folder, ids) = gallery();
    let at = folder.path();
    for shard in ["gallery/shard-00000.cgal", "gallery/shard-00001.cgal"] {
        let mut bytes = std::fs::read(at.join(shard)).unwrap();
        // Half of what would be one more block.
        let more = bytes[64..bytes.len() / 2].to_vec();
        bytes.extend(more);
        std::fs::write(at.join(shard), &bytes).unwrap();
    }
    let found = print(at, &SEARCH).ends(0).json();
    assert_eq!(
        (&found["gallery_fingers"], found["notes"].as_array().unwrap().len()),
        (&12.into(), 2)
    );
    assert!(found["notes"][0]["message"].as_str().unwrap().contains("cut off"));
    assert_eq!(found["candidates"][0]["subject"], ids[3].as_str());
    let length = |shard: &str| std::fs::metadata(at.join(shard)).unwrap().len();
    let before = length("gallery/shard-00000.cgal");
    let more: Vec<String> = (20..30).map(|f| record(at, f, 1)).collect();
    let mut enroll = vec!["enroll", "gallery"];
    enroll.extend(more.iter().map(String::as_str));
    print(at, &enroll).ends(0);
    let found = print(at, &SEARCH).ends(0).json();
    assert_eq!(
        (&found["gallery_fingers"], found["notes"].as_array().unwrap().len()),
        (&22.into(), 0)
    );
    assert!(length("gallery/shard-00000.cgal") >= before, "a shard became shorter");
}

#[test]
fn a_search_during_appends_sees_whole_prints_only() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let files: Vec<String> = (0..24).map(|f| record(at, f, 1)).collect();
    record(at, 0, 2);
    let enroll = |file: &str| {
        let args = ["print", "enroll", "gallery", file, "--shards", "1"];
        command(at, &args).stdout(Stdio::null()).spawn().unwrap()
    };
    assert!(enroll(&files[0]).wait().unwrap().success());
    // Four processes append at once, while a fifth searches.
    let mut last = 1;
    for batch in files[1..].chunks(4) {
        let running: Vec<_> = batch.iter().map(|file| enroll(file)).collect();
        let found = print(at, &["search", "gallery", "0_2.iso", "--json"]).ends(0).json();
        let seen = found["gallery_fingers"].as_u64().unwrap();
        assert!(seen >= last, "{seen} after {last}");
        last = seen;
        for mut process in running {
            assert!(process.wait().unwrap().success());
        }
    }
    let found = print(at, &["search", "gallery", "0_2.iso", "--json"]).ends(0).json();
    assert_eq!(found["gallery_fingers"], 24);
    assert_eq!(found["notes"].as_array().unwrap().len(), 0);
}

#[test]
fn synthetic_prints_are_made_enrolled_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let make = ["synth", "--out", "prints", "--fingers", "2", "--impressions", "2", "--seed", "3"];
    let made = print(at, &[&make[..], &["--difficulty", "easy"]].concat()).ends(0);
    assert!(made.out.contains("4 images of 2 fingers"), "{}", made.out);
    let truth = std::fs::read_to_string(at.join("prints/truth.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
    assert!(truth["fingers"][0]["impressions"][1]["minutiae"].as_array().unwrap().len() > 10);
    let enrolled = print(at, &["enroll", "gallery", "prints/1_1.png", "prints/2_1.png", "--json"]);
    let enrolled = enrolled.ends(0).json();
    let found = print(at, &["search", "gallery", "prints/2_2.png", "--json"]).ends(0).json();
    assert_eq!(found["candidates"][0]["subject"], enrolled["enrolled"][1]["subject"]);
}
