//! Leaves, tiles, checkpoints; commits as such.

use crate::common::*;
use comity_ledger::TileId;
use comity_store::*;

pub fn a_new_store_is_empty(store: &mut dyn Store) {
    assert_eq!(store.size(), Ok(0));
    assert_eq!(dump(store), []);
    assert_eq!(store.leaves(0, 10), Ok(vec![]));
    assert_eq!(store.checkpoint(), Ok(None));
    assert_eq!(store.next_at(), Ok(None));
    assert_eq!(store.outbox_next_at(), Ok(None));
    assert_eq!(store.case_counts(), Ok((0, 0)));
    assert_eq!(store.audit_last(), Ok(None));
    commit(store, []);
    assert_eq!(dump(store), []);
}

pub fn leaves_come_back_in_order_and_in_parts(store: &mut dyn Store) {
    let rows: Vec<LeafRow> = (0..7).map(|i| leaf(i, (i % 2 == 1).then_some((1, 10 - i)))).collect();
    commit(store, rows.iter().cloned().map(Change::Append).collect::<Vec<_>>());
    assert_eq!(store.size(), Ok(7));
    assert_eq!(store.leaves(0, 100), Ok(rows.clone()));
    assert_eq!(store.leaves(2, 3), Ok(rows[2..5].to_vec()));
    assert_eq!(store.leaves(7, 3), Ok(vec![]));
    assert_eq!(store.leaves(u64::MAX, usize::MAX), Ok(vec![]));
    // By the events' numbers, which here go the other way.
    let of = vec![rows[5].clone(), rows[3].clone(), rows[1].clone()];
    assert_eq!(store.leaves_of(case_id(1)), Ok(of));
    assert_eq!(store.leaves_of(case_id(2)), Ok(vec![]));
}

pub fn a_leaf_follows_the_one_before_it(store: &mut dyn Store) {
    misfit(store, [Change::Append(leaf(1, None))]);
    commit(store, [Change::Append(leaf(0, None)), Change::Append(leaf(1, None))]);
    misfit(store, [Change::Append(leaf(1, None))]);
    misfit(store, [Change::Append(leaf(2, None)), Change::Append(leaf(2, None))]);
    misfit(store, [Change::Append(leaf(2, None)), Change::Append(leaf(4, None))]);
    assert_eq!(store.size(), Ok(2));
}

pub fn an_event_of_a_case_is_recorded_once(store: &mut dyn Store) {
    commit(store, [Change::Append(leaf(0, Some((1, 1))))]);
    misfit(store, [Change::Append(leaf(1, Some((1, 1))))]);
    commit(store, [Change::Append(leaf(1, Some((1, 2)))), Change::Append(leaf(2, Some((2, 1))))]);
}

pub fn another_size_of_the_ledger_is_a_conflict(store: &mut dyn Store) {
    let changes = vec![Change::Append(leaf(0, None)), set("a", b"1")];
    let late = Batch { expects: Some(1), changes };
    assert_eq!(store.commit(&late), Err(Fault::Conflict { expected: 1, found: 0 }));
    assert_eq!(dump(store), []);
    store.commit(&Batch { expects: Some(0), ..late.clone() }).unwrap();
    let again = store.commit(&Batch { expects: Some(0), ..late });
    assert_eq!(again, Err(Fault::Conflict { expected: 0, found: 1 }));
    // Without a ledger to rest on there is nothing to conflict with.
    commit(store, [set("b", b"2")]);
    store.commit(&Batch { expects: Some(1), changes: vec![set("c", b"3")] }).unwrap();
}

pub fn a_failing_change_undoes_all(store: &mut dyn Store) {
    commit(
        store,
        [
            Change::AddPersonKey(person_key(1)),
            Change::PutCase(case(1)),
            Change::PutTasks { case: case_id(1), tasks: vec![] },
            Change::AddFile(file(1, 1)),
            set("a", b"1"),
            Change::PutSession(session(1, "a", 1)),
        ],
    );
    let good = [
        Change::Append(leaf(0, Some((1, 1)))),
        Change::PutTile(tile(0, 0, 1)),
        Change::PutCheckpoint(CheckpointRow { size: 1, note: b"note".to_vec() }),
        Change::AddPersonKey(person_key(2)),
        Change::PutCase(CaseRow { ended_at: Some(at(9)), ..case(1) }),
        Change::RemoveFiles(case_id(1)),
        Change::PutPeer(PeerRow { party: peer("a"), body: b"{}".to_vec() }),
        Change::Post(to("a", 1)),
        Change::PutInbox(from("a", 1)),
        Change::PutAccount(account("a", 1)),
        Change::RemoveSessions(official("a")),
        Change::Audit(audit(1, None, None)),
        Change::PutReply(reply(1, 1)),
        set("a", b"2"),
        Change::DestroyPersonKey { id: key_id(1), at: at(1) },
    ];
    let wrong = Change::Append(leaf(5, None));
    for at in 0..=good.len() {
        let mut changes = good.to_vec();
        changes.insert(at, wrong.clone());
        misfit(store, changes);
    }
    commit(store, good);
    assert_eq!(store.value("a"), Ok(Some(b"2".to_vec())));
}

pub fn tiles_grow_and_never_shrink(store: &mut dyn Store) {
    let id = |level, index, width| TileId { level, index, width };
    commit(
        store,
        [
            Change::PutTile(tile(0, 1, 3)),
            Change::PutTile(tile(0, 0, 256)),
            Change::PutTile(tile(1, 0, 1)),
        ],
    );
    assert_eq!(store.tile(id(0, 1, 3)), Ok(Some(tile(0, 1, 3))));
    assert_eq!(store.tile(id(0, 1, 2)), Ok(Some(tile(0, 1, 3))), "a wider one stands in");
    assert_eq!(store.tile(id(0, 1, 4)), Ok(None), "a narrower one does not");
    assert_eq!(store.tile(id(0, 2, 1)), Ok(None));
    commit(store, [Change::PutTile(tile(0, 1, 5)), Change::PutTile(tile(0, 1, 5))]);
    misfit(store, [Change::PutTile(tile(0, 1, 4))]);
    let all = vec![tile(0, 0, 256), tile(0, 1, 5), tile(1, 0, 1)];
    assert_eq!(store.tiles(None, 10), Ok(all.clone()));
    assert_eq!(store.tiles(None, 2), Ok(all[..2].to_vec()));
    assert_eq!(store.tiles(Some(all[0].id), 10), Ok(all[1..].to_vec()));
    assert_eq!(store.tiles(Some(all[1].id), 10), Ok(all[2..].to_vec()));
    assert_eq!(store.tiles(Some(id(0, 7, 1)), 10), Ok(all[2..].to_vec()));
    let mut short = tile(0, 9, 3);
    short.bytes.pop();
    misfit(store, [Change::PutTile(short)]);
    misfit(store, [Change::PutTile(tile(0, 9, 0))]);
}

pub fn checkpoints_gain_signatures(store: &mut dyn Store) {
    let row = |size: u64, note: &str| CheckpointRow { size, note: note.as_bytes().to_vec() };
    let put = |size, note| Change::PutCheckpoint(row(size, note));
    commit(store, [put(2, "two"), put(5, "five"), put(9, "nine")]);
    misfit(store, [put(7, "late")]);
    assert_eq!(store.checkpoint_missing(), Ok(None));
    assert_eq!(store.checkpoint(), Ok(Some(row(9, "nine"))));
    commit(store, [put(9, "nine, countersigned")]);
    assert_eq!(store.checkpoint(), Ok(Some(row(9, "nine, countersigned"))));
    assert_eq!(store.checkpoints(0, 2), Ok(vec![row(2, "two"), row(5, "five")]));
    assert_eq!(store.checkpoints(5, 1), Ok(vec![row(5, "five")]));
    assert_eq!(store.checkpoints(10, 1), Ok(vec![]));
}

pub fn of_two_writers_one_is_told_of_a_conflict(store: &mut dyn Store) {
    // A second writer on the same rows: what it read is no longer so.
    let seen = store.reader().unwrap().size().unwrap();
    let batch = |value: &[u8]| Batch {
        expects: Some(seen),
        changes: vec![Change::Append(leaf(seen, None)), set("who", value)],
    };
    store.commit(&batch(b"one")).unwrap();
    assert_eq!(
        store.commit(&batch(b"two")),
        Err(Fault::Conflict { expected: seen, found: seen + 1 })
    );
    assert_eq!(store.value("who"), Ok(Some(b"one".to_vec())));
}

pub fn large_rows_come_back(store: &mut dyn Store) {
    let large: Vec<u8> =
        (0..9_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let row = LeafRow { sealed: large[..1_100_000].to_vec(), ..leaf(0, None) };
    commit(
        store,
        [
            Change::AddPersonKey(person_key(1)),
            Change::PutCase(case(1)),
            Change::Append(row.clone()),
            Change::AddFile(FileRow { sealed: large.clone(), ..file(1, 1) }),
            set("empty", b""),
            set("large", &large),
        ],
    );
    assert_eq!(store.leaves(0, 1), Ok(vec![row]));
    let found = store.file(case_id(1), file(1, 1).digest).unwrap().unwrap();
    assert!(found.sealed == large, "{} bytes", found.sealed.len());
    assert_eq!(store.value("empty"), Ok(Some(vec![])));
    assert_eq!(store.value("large").unwrap().map(|v| v == large), Some(true));
}
