//! Accounts, sessions, audit, replies, values; what holds of all rows.

use crate::common::*;
use comity_store::*;
use jiff::Timestamp;

pub fn accounts_change_one_version_at_a_time(store: &mut dyn Store) {
    misfit(store, [Change::PutAccount(account("a", 2))]);
    misfit(store, [Change::PutAccount(account("a", 0))]);
    commit(store, [Change::PutAccount(account("a", 1))]);
    misfit(store, [Change::PutAccount(account("a", 1))]);
    misfit(store, [Change::PutAccount(account("a", 3))]);
    commit(store, [Change::PutAccount(account("a", 2)), Change::PutAccount(account("a", 3))]);
    assert_eq!(store.account(&official("a")), Ok(Some(account("a", 3))));
    assert_eq!(store.account(&official("b")), Ok(None));
    // As from a backup.
    commit(store, [Change::AddAccount(account("0", 7))]);
    misfit(store, [Change::AddAccount(account("a", 4))]);
    assert_eq!(store.accounts(), Ok(vec![account("0", 7), account("a", 3)]));
}

pub fn sessions_end(store: &mut dyn Store) {
    let rows = [session(1, "a", 10), session(2, "a", 20), session(3, "b", 30)];
    commit(store, rows.clone().map(Change::PutSession));
    let [one, two, three] = rows;
    assert_eq!(store.session(&[1; 32]), Ok(Some(one.clone())));
    assert_eq!(store.session(&[9; 32]), Ok(None));
    assert_eq!(store.sessions_of(&official("a")), Ok(vec![one, two.clone()]));
    let longer = SessionRow { ends_at: at(40), ..two };
    commit(store, [Change::PutSession(longer.clone()), Change::RemoveSession([1; 32])]);
    assert_eq!(store.sessions_of(&official("a")), Ok(vec![longer.clone()]));
    commit(store, [Change::RemoveSession([1; 32]), Change::DropEnded(at(30))]);
    assert_eq!(store.session(&[3; 32]), Ok(Some(three)), "it ends then, not before");
    commit(store, [Change::DropEnded(at(31))]);
    assert_eq!(store.session(&[3; 32]), Ok(None));
    commit(store, [Change::RemoveSessions(official("a"))]);
    assert_eq!(store.session(&longer.token_sha256), Ok(None));
}

pub fn the_audit_has_no_gaps(store: &mut dyn Store) {
    misfit(store, [Change::Audit(audit(2, None, None))]);
    misfit(store, [Change::Audit(audit(0, None, None))]);
    commit(store, [Change::Audit(audit(1, None, None)), Change::Audit(audit(2, None, None))]);
    misfit(store, [Change::Audit(audit(2, None, None))]);
    misfit(store, [Change::Audit(audit(4, None, None))]);
    assert_eq!(store.audit_last(), Ok(Some(audit(2, None, None))));
}

pub fn the_audit_is_read_by_case_and_account(store: &mut dyn Store) {
    let rows = [
        audit(1, Some("a"), Some(1)),
        audit(2, Some("b"), Some(1)),
        audit(3, Some("a"), Some(2)),
        audit(4, None, Some(1)),
        audit(5, Some("a"), None),
        audit(6, Some("a"), Some(1)),
    ];
    commit(store, rows.map(Change::Audit));
    let read = |store: &mut dyn Store, from, case: Option<u8>, account: Option<&str>, max| {
        let account = account.map(official);
        let rows = store.audit(from, case.map(case_id), account.as_ref(), max).unwrap();
        rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(read(store, 0, None, None, 10), [1, 2, 3, 4, 5, 6]);
    assert_eq!(read(store, 3, None, None, 2), [3, 4]);
    assert_eq!(read(store, 0, Some(1), None, 10), [1, 2, 4, 6]);
    assert_eq!(read(store, 2, Some(1), None, 2), [2, 4]);
    assert_eq!(read(store, 0, None, Some("a"), 10), [1, 3, 5, 6]);
    assert_eq!(read(store, 2, Some(1), Some("a"), 10), [6]);
    assert!(read(store, 0, Some(9), None, 10).is_empty());
}

pub fn replies_are_kept_once(store: &mut dyn Store) {
    commit(store, [Change::PutReply(reply(1, 10)), Change::PutReply(reply(2, 20))]);
    assert_eq!(store.reply(&[1; 32]), Ok(Some(reply(1, 10))));
    misfit(store, [Change::PutReply(reply(1, 30))]);
    commit(store, [Change::DropEnded(at(20))]);
    assert_eq!(store.reply(&[1; 32]), Ok(None));
    assert_eq!(store.reply(&[2; 32]), Ok(Some(reply(2, 20))));
    commit(store, [Change::PutReply(reply(1, 30))]);
}

pub fn values_are_replaced(store: &mut dyn Store) {
    assert_eq!(store.value("a"), Ok(None));
    commit(store, [set("a", b"1"), set("A", b"2"), set("", b"3"), set("a", b"4")]);
    assert_eq!(store.value("a"), Ok(Some(b"4".to_vec())));
    assert_eq!(store.value("A"), Ok(Some(b"2".to_vec())));
    assert_eq!(store.value(""), Ok(Some(b"3".to_vec())));
}

pub fn instants_are_kept_to_the_nanosecond(store: &mut dyn Store) {
    let instants = [
        "2026-03-08T09:59:59.999999999Z",
        "2026-11-01T06:00:00.000000001Z",
        "1969-12-31T23:59:59.5Z",
        "1677-09-21T00:12:44Z",
        "2262-04-11T23:47:16.854775807Z",
    ];
    commit(store, [Change::AddPersonKey(person_key(1))]);
    for text in instants {
        let at: Timestamp = text.parse().unwrap();
        let row = CaseRow { opened_at: at, changed_at: at, ended_at: Some(at), ..case(1) };
        commit(store, [Change::PutCase(row.clone())]);
        assert_eq!(store.case(case_id(1)), Ok(Some(row)), "{text}");
    }
}

pub fn what_no_database_keeps_is_refused(store: &mut dyn Store) {
    let late: Timestamp = "2262-04-12T00:00:00Z".parse().unwrap();
    commit(store, [Change::AddPersonKey(person_key(1)), Change::PutCase(case(1))]);
    misfit(store, [Change::PutCase(CaseRow { changed_at: late, ..case(1) })]);
    misfit(store, [Change::PutCase(CaseRow { next_at: Some(late), ..case(1) })]);
    misfit(store, [Change::DestroyPersonKey { id: key_id(1), at: late }]);
    misfit(store, [Change::PutSession(SessionRow { ends_at: late, ..session(1, "a", 1) })]);
    misfit(store, [Change::Audit(AuditRow { at: late, ..audit(1, None, None) })]);
    misfit(store, [set("a\0b", b"")]);
    misfit(store, [Change::PutCheckpoint(CheckpointRow { size: u64::MAX, note: vec![] })]);
    misfit(store, [Change::Append(leaf(0, Some((1, u64::MAX))))]);
    // As bounds of questions they are beyond every row.
    assert_eq!(store.cases(false, Some((Timestamp::MAX, case_id(0))), 9).unwrap().rows.len(), 1);
    assert_eq!(store.cases_due(Timestamp::MAX, usize::MAX).unwrap().len(), 0);
    assert_eq!(store.checkpoints(u64::MAX, 1), Ok(vec![]));
    assert_eq!(store.audit(u64::MAX, None, None, 1), Ok(vec![]));
}

/// Fills a store with rows of all kinds.
fn fill(store: &mut dyn Store) {
    use comity_exchange::case::OfficialRole::Clerk;
    let tasks = |n| vec![task(n, "a", Clerk, 1), task(n, "b", Clerk, 2)];
    for n in [2, 1] {
        commit(
            store,
            [
                Change::AddPersonKey(person_key(n)),
                Change::PutCase(case(n)),
                Change::PutTasks { case: case_id(n), tasks: tasks(n) },
                Change::AddFile(file(n, n)),
                Change::PutAccount(account(&format!("a{n}"), 1)),
                Change::PutAccount(account(&format!("a{n}"), 2)),
                Change::PutSession(session(n, "a", 1)),
                Change::PutReply(reply(n, 1)),
                set(&format!("v{n}"), &[n]),
                Change::PutPeer(PeerRow { party: peer("a"), body: vec![n] }),
            ],
        );
    }
    commit(
        store,
        [
            Change::AddPersonKey(person_key(3)),
            Change::DestroyPersonKey { id: key_id(3), at: at(3) },
            Change::Append(leaf(0, Some((1, 1)))),
            Change::Append(leaf(1, None)),
            Change::PutTile(tile(0, 0, 2)),
            Change::PutCheckpoint(CheckpointRow { size: 2, note: b"n".to_vec() }),
            Change::Post(to("a", 1)),
            Change::Post(to("a", 2)),
            Change::Settle { peer: peer("a"), number: 1, receipt: b"r".to_vec() },
            Change::PutInbox(from("a", 1)),
            Change::PutInbox(waiting("a", 3)),
            Change::Audit(audit(1, Some("a"), Some(1))),
        ],
    );
}

pub fn a_dump_makes_an_equal_store(store: &mut dyn Store) {
    fill(store);
    let rows = dump(store);
    let mut kinds: Vec<&str> = rows.iter().map(Row::table).collect();
    kinds.dedup();
    assert_eq!(kinds.len(), 15, "each table once, in one piece: {kinds:?}");
    let mut copy = MemoryStore::new();
    for row in rows.clone() {
        commit(&mut copy, [row.into_change().unwrap()]);
    }
    assert_eq!(dump(&mut copy), rows);
}

pub fn a_dump_ends_where_it_is_told_to(store: &mut dyn Store) {
    fill(store);
    for after in [0, 1, 5, 20] {
        let mut left = after;
        let mut each = |_| {
            left -= i32::from(left > 0);
            if left == 0 { Err(Fault::Other("enough".to_owned())) } else { Ok(()) }
        };
        assert_eq!(store.dump(&mut each), Err(Fault::Other("enough".to_owned())));
    }
    // Nothing is left open.
    commit(store, [set("after", b"1")]);
}

pub fn readers_see_what_is_committed(store: &mut dyn Store) {
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.value("a"), Ok(None));
    commit(store, [set("a", b"1")]);
    assert_eq!(reader.value("a"), Ok(Some(b"1".to_vec())));
    misfit(store, [set("a", b"2"), Change::Append(leaf(7, None))]);
    assert_eq!(reader.value("a"), Ok(Some(b"1".to_vec())));
    // In the middle of a long reading, the store goes on, and the reading sees one state.
    commit(store, [Change::AddPersonKey(person_key(1))]);
    let mut values = Vec::new();
    let mut each = |row: Row| {
        match row {
            Row::PersonKey(_) => commit(store, [set("a", b"3")]),
            Row::Value { value, .. } => values.push(value),
            _ => {}
        }
        Ok(())
    };
    reader.dump(&mut each).unwrap();
    assert_eq!(values, [b"1".to_vec()]);
    assert_eq!(reader.value("a"), Ok(Some(b"3".to_vec())));
}
