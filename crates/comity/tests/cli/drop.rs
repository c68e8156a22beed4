//! A jail's own software drops sheets of bookings while the node is killed again and again.

use super::node::{Running, init, introduce};
use super::ran::comity;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SHEETS: usize = 12;
const ROWS: usize = 150;
const KILLS: u64 = 8;

/// Makes a node with a drop folder in which all the sheets lie; that folder.
fn jail(at: &Path, name: &str) -> PathBuf {
    init(at, name, "agency");
    introduce(at, name, "office");
    let path = at.join(name).join("node.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("drop_folder = \"drop\"\n{text}")).unwrap();
    let folder = at.join(name).join("drop");
    // Taken, so that the node begins with them at once and does not wait until they settle.
    fs::create_dir_all(folder.join("taken")).unwrap();
    for sheet in 0..SHEETS {
        let mut text =
            "booking_id,name,booking_number,booked_at,place,custody.criminal_arrest\n".to_owned();
        for row in 0..ROWS {
            let id = format!("{sheet}-{row}");
            text += &format!("{id},Nobody Example,N-{id},2016-03-01T08:00:00,us-tx.travis,yes\n");
        }
        fs::write(folder.join(format!("taken/sheet-{sheet}.csv")), text).unwrap();
    }
    folder
}

fn sheets(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, |found| {
        found
            .flatten()
            .filter(|file| !file.file_name().as_encoded_bytes().starts_with(b"."))
            .count()
    })
}

/// Lets the node book until nothing is left, and stops it; the leaves of its ledger.
fn finish(at: &Path, name: &str) -> u64 {
    let node = Running::start(at, &["serve", name]);
    let since = Instant::now();
    while sheets(&at.join(name).join("drop/taken")) > 0 {
        assert!(since.elapsed() < Duration::from_secs(120), "the sheets were not all booked");
        std::thread::sleep(Duration::from_millis(50));
    }
    node.stop();
    let report = comity(at, &["--json", "node", "fsck", name, "--at-rest"]).ends(0).json();
    report["leaves"].as_u64().unwrap()
}

#[test]
fn a_node_killed_while_it_books_dropped_sheets_books_everybody_once() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    init(at, "office", "federal");
    let dropped = jail(at, "killed");
    let mut under_way = 0;
    for kill in 0..KILLS {
        let node = Running::start(at, &["serve", "killed"]);
        std::thread::sleep(Duration::from_millis(37 * kill * kill % 400));
        node.kill();
        under_way += usize::from((1..SHEETS).contains(&sheets(&dropped.join("taken"))));
    }
    let leaves = finish(at, "killed");
    assert!(under_way > 0, "no kill met the node while it booked");
    let mut cases = BTreeSet::new();
    for sheet in 0..SHEETS {
        let done = dropped.join("done");
        assert!(done.join(format!("sheet-{sheet}.csv")).is_file());
        let report = fs::read_to_string(done.join(format!("sheet-{sheet}.report.csv"))).unwrap();
        cases.extend(report.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().to_owned()));
    }
    assert_eq!(cases.len(), SHEETS * ROWS);
    // Nobody was booked twice: a node that was never killed has as many leaves.
    jail(at, "calm");
    assert_eq!(leaves, finish(at, "calm"));
}
