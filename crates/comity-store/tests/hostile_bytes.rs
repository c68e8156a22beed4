//! Hostile bytes as a backup: it is refused with its place, or put back so that a backup of what
//! came back holds the same rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use comity_store::*;
use common::random::{Random, any_batch};
use common::*;
use mutate::{Corpus, Limits, hammer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The lines of rows with a head and an end that fit them, so that mutations reach the rows.
fn with_its_end(rows: &[u8]) -> Vec<u8> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for line in rows.split(|b| *b == b'\n') {
        let row = serde_json::from_slice::<Value>(line).ok();
        let row = row.and_then(|mut v| v.get_mut("row").map(Value::take));
        let row = row.and_then(|v| serde_json::from_value::<Row>(v).ok());
        if let Some(row) = row {
            *counts.entry(row.table()).or_default() += 1;
        }
    }
    let sha256: String = Sha256::digest(rows).iter().map(|b| format!("{b:02x}")).collect();
    let head = json!({ "comity": { "backup": BACKUP_FORMAT, "kind": "memory", "made_at": at(5) } });
    let end = json!({ "end": { "rows": counts, "sha256": sha256 } });
    [format!("{head}\n").as_bytes(), rows, format!("{end}\n").as_bytes()].concat()
}

/// Puts bytes back into a store, if they can be.
fn restored(bytes: &[u8], path: &Path) -> Option<MemoryStore> {
    std::fs::write(path, bytes).unwrap();
    let mut store = MemoryStore::new();
    match restore(path, &mut store) {
        Ok(_) => Some(store),
        Err(fault) => {
            assert!(!fault.code.is_empty() && !fault.message.is_empty());
            None
        }
    }
}

#[test]
fn hostile_bytes_are_refused_or_put_back_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let mut corpus = Corpus::default();
    for seed in 0..4 {
        let (mut store, mut random) = (MemoryStore::new(), Random::new(seed));
        for _ in 0..60 {
            let batch = any_batch(&mut random, &mut store);
            let _ = store.commit(&batch);
        }
        let made = folder.path().join(format!("made-{seed}"));
        backup(&mut store, "memory", at(5), &made).unwrap();
        let bytes = std::fs::read(&made).unwrap();
        let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        let rows = lines[1..lines.len() - 1].concat();
        assert!(restored(&with_its_end(&rows), &path).is_some(), "unchanged it is put back");
        corpus.push("whole", &bytes);
        corpus.push("rows", &rows);
        for line in &lines[1..lines.len() - 1] {
            corpus.push("row", line);
        }
    }
    let mut read = 0;
    hammer("backups", &corpus, Limits::of(4_000), |bytes| {
        for bytes in [bytes.to_vec(), with_its_end(bytes)] {
            let Some(mut store) = restored(&bytes, &path) else { continue };
            let again = folder.path().join("again");
            backup(&mut store, "memory", at(5), &again).unwrap();
            let mut twice = MemoryStore::new();
            restore(&again, &mut twice).unwrap();
            assert!(store.is_same(&twice));
            std::fs::remove_file(&again).unwrap();
            read += 1;
        }
    });
    assert!(read > 100, "only {read} of 4,000 were good enough to be put back");
}
