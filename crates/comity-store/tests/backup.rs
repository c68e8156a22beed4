//! Backup, restore, the way from one kind of store to another, and the drill.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_store::*;
use common::ledger::{fill, store_key, trust};
use common::random::{Random, any_batch};
use common::*;
use std::path::Path;

/// A store of random rows with a ledger that is not one.
fn anything(store: &mut dyn Store, seed: u64) {
    let mut random = Random::new(seed);
    for _ in 0..150 {
        let batch = any_batch(&mut random, store);
        let _ = store.commit(&batch);
    }
}

fn without_sessions(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().filter(|row| !matches!(row, Row::Session(_))).collect()
}

#[test]
fn a_backup_of_each_store_comes_back_in_each() {
    let folder = tempfile::tempdir().unwrap();
    for (from, mut source) in [memory(), sqlite(), postgres()].into_iter().enumerate() {
        anything(&mut *source.store, 7);
        commit(&mut *source.store, [Change::PutSession(session(1, "a", 1))]);
        let path = folder.path().join(format!("{from}.backup"));
        let kind = source.store.kind();
        let made = backup(&mut *source.store, kind, at(5), &path).unwrap();
        assert_eq!(read_backup(&path), Ok(made.clone()));
        assert_eq!((made.kind.as_str(), made.made_at, made.format), (kind, at(5), BACKUP_FORMAT));
        assert_eq!(made.leaves, source.store.size().unwrap());
        let rows = without_sessions(dump(&mut *source.store));
        assert_eq!(made.rows.values().sum::<u64>(), rows.len() as u64);
        for mut target in [memory(), sqlite(), postgres()] {
            assert_eq!(restore(&path, &mut *target.store), Ok(made.clone()));
            assert_eq!(dump(&mut *target.store), rows, "{kind} to {}", target.store.kind());
        }
    }
    // What they hold is the same, so the files differ in their heads only.
    let rows = |n| {
        let text = std::fs::read_to_string(folder.path().join(format!("{n}.backup"))).unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rows(0), rows(1));
    assert_eq!(rows(0), rows(2));
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.backup");
    let mut rig = sqlite();
    commit(&mut *rig.store, [set("a", b"1")]);
    backup(&mut *rig.store, "sqlite", at(1), &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(backup(&mut *rig.store, "sqlite", at(2), &path).unwrap_err().code, "backup-file");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(restore(&path, &mut *rig.store).unwrap_err().code, "store-not-empty");
    assert_eq!(rig.store.value("a"), Ok(Some(b"1".to_vec())));
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let left: Vec<_> = folder.path().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["a.backup"]);
}

#[test]
fn a_backup_that_cannot_be_written_leaves_nothing() {
    let mut rig = memory();
    let fault = backup(&mut *rig.store, "memory", at(1), Path::new("/nonexistent/a")).unwrap_err();
    assert_eq!(fault.code, "backup-file");
    let fault = read_backup(Path::new("/nonexistent/a")).unwrap_err();
    assert_eq!(fault.code, "backup-file");
}

#[test]
fn every_flipped_bit_and_cut_of_a_backup_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bad) = (folder.path().join("a"), folder.path().join("b"));
    let mut rig = memory();
    anything(&mut *rig.store, 3);
    let good = backup(&mut *rig.store, "memory", at(1), &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let head = bytes.iter().position(|b| *b == b'\n').unwrap();
    let mut random = Random::new(5);
    for round in 0..400 {
        let mut changed = bytes.clone();
        if round % 4 == 0 {
            changed.truncate(random.below(bytes.len() as u64) as usize);
        } else {
            // Behind the head, which says when and of what it was made and nothing else.
            let at = head + 1 + random.below((bytes.len() - head - 1) as u64) as usize;
            changed[at] ^= 1 << random.below(8);
        }
        std::fs::write(&bad, &changed).unwrap();
        let fault = read_backup(&bad).unwrap_err();
        assert_eq!(fault.code, "backup-damaged", "round {round}: {fault:?}");
        let mut empty = MemoryStore::new();
        assert!(restore(&bad, &mut empty).is_err());
        assert_eq!(dump(&mut empty), [], "nothing of a damaged backup is put back");
    }
    std::fs::write(&bad, [&bytes[..], b"\n"].concat()).unwrap();
    assert_eq!(read_backup(&bad).unwrap_err().code, "backup-damaged");
    let text = String::from_utf8(bytes).unwrap().replacen("\"backup\":1", "\"backup\":2", 1);
    std::fs::write(&bad, text).unwrap();
    assert_eq!(read_backup(&bad).unwrap_err().code, "backup-format");
    assert_eq!(read_backup(&path), Ok(good));
}

#[test]
fn a_drill_restores_counts_and_checks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mut rig = postgres();
    fill(&mut *rig.store, &[200, 100]);
    let made = backup(&mut *rig.store, "postgres", at(1), &path).unwrap();
    assert!(made.checkpoint.as_deref().is_some_and(|note| note.contains("\n300\n")));
    let (trust, key) = (trust(), store_key());
    let options = FsckOptions { trust: &trust, store_key: Some(&key), is_at_rest: true };
    let mut scratch = sqlite();
    let drill = drill(&path, &mut *scratch.store, &options, |_| {}).unwrap();
    assert!(drill.is_clean(), "{drill:?}");
    assert_eq!((drill.fsck.leaves, drill.fsck.opened, drill.restored["leaves"]), (300, 300, 300));
    assert_eq!(drill.restored, made.rows);
}

#[test]
fn a_drill_says_that_a_whole_backup_holds_a_broken_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mut source = MemoryStore::new();
    fill(&mut source, &[50]);
    // A file that is whole, of a store that was not.
    let mut broken = MemoryStore::new();
    for row in dump(&mut source) {
        let row = match row {
            Row::Leaf(leaf) if leaf.index == 17 => {
                Row::Leaf(LeafRow { sealed: leaf.sealed.iter().map(|b| b ^ 1).collect(), ..leaf })
            }
            row => row,
        };
        commit(&mut broken, [row.into_change().unwrap()]);
    }
    backup(&mut broken, "memory", at(1), &path).unwrap();
    let (trust, key) = (trust(), store_key());
    let options = FsckOptions { trust: &trust, store_key: Some(&key), is_at_rest: true };
    let drill = drill(&path, &mut MemoryStore::new(), &options, |_| {}).unwrap();
    assert!(drill.is_same && !drill.is_clean());
    assert_eq!(drill.fsck.first().unwrap().place, "sealed event of leaf 17");
}
