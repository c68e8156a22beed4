//! The check of a store's ledger: whatever is changed behind its back is found, and nothing
//! else is blamed. `examples/tamper.rs` makes as many changes as it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::{Hash, PersonKeyId, TILE_WIDTH};
use comity_store::*;
use common::ledger::{Writer, checked, fill, trust};
use common::*;

#[test]
fn every_store_with_an_untouched_ledger_is_clean() {
    for mut rig in [memory(), sqlite(), postgres()] {
        assert!(checked(&mut *rig.store).is_clean(), "an empty one");
        fill(&mut *rig.store, &[1, 2, 252, 1, 300, 77]);
        let report = checked(&mut *rig.store);
        assert!(report.is_clean(), "{}: {:?}", rig.store.kind(), report.findings);
        assert_eq!((report.leaves, report.opened, report.checkpoints), (633, 633, 6));
        assert!(report.root.is_some_and(|root| root != Hash::EMPTY_TREE));
        // Without the key of the node, by hashes alone.
        let trust = trust();
        let options = FsckOptions { trust: &trust, store_key: None, is_at_rest: true };
        let mut told = 0;
        let report = fsck_store(&mut *rig.store, &options, |leaves| told = leaves).unwrap();
        assert!(report.is_clean());
        assert_eq!((report.opened, told), (0, 512));
    }
}

#[test]
fn a_destroyed_key_leaves_the_ledger_whole() {
    let mut rig = sqlite();
    fill(&mut *rig.store, &[40]);
    commit(&mut *rig.store, [Change::DestroyPersonKey { id: PersonKeyId([1; 16]), at: at(1) }]);
    let report = checked(&mut *rig.store);
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.opened, report.erased), (36, 4));
}

#[test]
fn a_node_that_goes_on_while_it_is_checked_is_not_blamed() {
    for mut rig in [memory(), sqlite(), postgres()] {
        commit(&mut *rig.store, Writer::keys());
        let mut writer = Writer::default();
        for size in [100, 200, 300] {
            rig.store.commit(&writer.batch(size)).unwrap();
        }
        let mut reader = rig.store.reader().unwrap();
        let trust = trust();
        let options = FsckOptions { trust: &trust, store_key: None, is_at_rest: false };
        let report = fsck_store(&mut *reader, &options, |_| {
            rig.store.commit(&writer.batch(5)).unwrap();
        });
        let report = report.unwrap();
        assert!(report.is_clean(), "{}: {:?}", rig.store.kind(), report.findings);
        // What was written since the last checkpoint has full tiles alone.
        let mut batch = writer.batch(600);
        batch.changes.retain(|change| match change {
            Change::PutTile(tile) => usize::from(tile.id.width) == TILE_WIDTH,
            change => !matches!(change, Change::PutCheckpoint(_)),
        });
        rig.store.commit(&batch).unwrap();
        let report = fsck_store(&mut *reader, &options, |_| {}).unwrap();
        assert!(report.is_clean(), "{}: {:?}", rig.store.kind(), report.findings);
        assert_eq!(report.uncovered, 600);
    }
}

#[test]
fn three_hundred_changes_behind_its_back_are_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let made = common::tamper::tamper(&folder.path().join("node.db"), 300, 1, |_| {});
    assert!(made.iter().all(|(_, count)| *count > 10), "{made:?}");
}
