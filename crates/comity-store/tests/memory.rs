//! The faults that the store in memory makes on request.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_store::*;
use common::*;

#[test]
fn a_commit_that_is_to_fail_fails_once_and_as_asked() {
    for (trouble, code, is_made) in [
        (Trouble::LostBefore, "store-fault", false),
        (Trouble::LostAfter, "store-fault", true),
        (Trouble::Full, "store-full", false),
        (Trouble::ReadOnly, "store-read-only", false),
        (Trouble::Busy, "store-busy", false),
    ] {
        let mut store = MemoryStore::new();
        store.trouble_at(2, trouble);
        let batch = |index| batch([Change::Append(leaf(index, None))]);
        store.commit(&batch(0)).unwrap();
        assert_eq!(store.commit(&batch(1)).unwrap_err().code(), code);
        assert_eq!(store.size(), Ok(1 + u64::from(is_made)), "{trouble:?}");
        let next = store.size().unwrap();
        store.commit(&batch(next)).unwrap();
        assert_eq!(store.commits(), 3);
    }
}

#[test]
fn trouble_lasts_until_it_is_taken_away() {
    let mut store = MemoryStore::new();
    store.trouble(Some(Trouble::Full));
    for _ in 0..3 {
        assert!(matches!(store.commit(&batch([set("a", b"1")])), Err(Fault::Full(_))));
    }
    assert_eq!(store.value("a"), Ok(None), "reading goes on");
    store.trouble(None);
    commit(&mut store, [set("a", b"1")]);
}

#[test]
fn a_clone_is_another_disk_and_a_reader_the_same_one() {
    let mut store = MemoryStore::new();
    let mut copy = store.clone();
    let mut reader = store.reader().unwrap();
    let mut again = store.again();
    commit(&mut store, [set("a", b"1")]);
    assert_eq!(copy.value("a"), Ok(None));
    assert_eq!(reader.value("a"), Ok(Some(b"1".to_vec())));
    assert!(store.is_same(&again) && !store.is_same(&copy));
    commit(&mut again, [set("a", b"2")]);
    assert_eq!(store.value("a"), Ok(Some(b"2".to_vec())));
    commit(&mut copy, [set("a", b"2")]);
    assert!(store.is_same(&copy));
}
