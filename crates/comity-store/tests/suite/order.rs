//! A batch is its changes in their order, also where a store writes one kind before another.

use crate::common::*;
use comity_exchange::case::{OfficialRole, Version};
use comity_store::*;

fn settle(number: u64) -> Change {
    Change::Settle { peer: peer("a"), number, receipt: b"r".to_vec() }
}

fn put_tasks(n: u8, keys: &[&str]) -> Change {
    let tasks = keys.iter().map(|key| task(n, key, OfficialRole::Clerk, 1)).collect();
    Change::PutTasks { case: case_id(n), tasks }
}

fn with_key(n: u8, key: u8) -> Change {
    Change::PutCase(CaseRow { person_key: key_id(key), ..case(n) })
}

pub fn what_comes_too_early_in_a_batch_is_refused(store: &mut dyn Store) {
    let key = |n| Change::AddPersonKey(person_key(n));
    misfit(store, [Change::PutCase(case(1)), key(1)]);
    misfit(store, [key(1), put_tasks(1, &["one"]), Change::PutCase(case(1))]);
    misfit(store, [key(1), put_tasks(1, &[]), Change::PutCase(case(1))]);
    misfit(store, [key(1), Change::AddFile(file(1, 1)), Change::PutCase(case(1))]);
    misfit(store, [settle(1), Change::Post(to("a", 1))]);
    misfit(store, [Change::PutInbox(from("a", 2)), Change::PutInbox(from("a", 1))]);
    // A row that is replaced at once counts all the same.
    misfit(store, [key(1), with_key(1, 2), with_key(1, 1)]);
    let twice = put_tasks(1, &["one", "one"]);
    misfit(store, [key(1), Change::PutCase(case(1)), twice, put_tasks(1, &["one"])]);
    commit(store, [Change::Post(to("a", 1))]);
    misfit(store, [settle(1), settle(1)]);
    assert_eq!(store.case_counts(), Ok((0, 0)));
}

pub fn what_comes_last_in_a_batch_stays(store: &mut dyn Store) {
    let last = CaseRow { version: Version(9), person_key: key_id(2), ..case(1) };
    commit(
        store,
        [
            Change::AddPersonKey(person_key(1)),
            Change::PutCase(case(1)),
            put_tasks(1, &["one", "two"]),
            Change::PutCase(CaseRow { version: Version(3), ..case(1) }),
            put_tasks(1, &["three"]),
            Change::AddPersonKey(person_key(2)),
            Change::PutCase(last.clone()),
            put_tasks(1, &["four"]),
            Change::PutInbox(waiting("a", 1)),
            Change::PutInbox(from("a", 1)),
            Change::PutInbox(waiting("a", 3)),
            Change::PutInbox(from("a", 2)),
            Change::Post(to("a", 1)),
            Change::Post(to("b", 1)),
            Change::Post(to("a", 2)),
            settle(2),
            Change::Audit(audit(1, None, None)),
            Change::Audit(audit(2, Some("one"), Some(1))),
        ],
    );
    assert_eq!(store.case(case_id(1)), Ok(Some(last)));
    assert_eq!(store.tasks_of(case_id(1)).unwrap()[0].key, "four");
    assert_eq!(
        (store.inbox_next(&peer("a")), store.inbox_waiting(&peer("a"))),
        (Ok(3), Ok(vec![waiting("a", 3)]))
    );
    assert_eq!((store.outbox_next(&peer("a")), store.outbox_next(&peer("b"))), (Ok(3), Ok(2)));
    assert_eq!(store.outbox_pending(&peer("a"), 10), Ok(vec![to("a", 1)]));
    assert_eq!(store.audit_last().unwrap().unwrap().number, 2);
}

pub fn a_case_that_comes_after_its_message_was_settled_does_not_keep_it(store: &mut dyn Store) {
    let post = OutboxRow { case: Some(case_id(1)), ..to("a", 1) };
    commit(store, [Change::AddPersonKey(person_key(1)), Change::Post(post)]);
    commit(store, [settle(1), Change::PutCase(case(1))]);
    assert_eq!(store.outbox(&peer("a"), 1).unwrap().unwrap().bytes, None);
}
