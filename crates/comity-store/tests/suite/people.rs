//! Persons' keys, cases, tasks, files.

use crate::common::*;
use comity_exchange::Digest;
use comity_exchange::case::{OfficialRole, Version};
use comity_store::*;

/// Adds keys and cases of these numbers.
fn cases(store: &mut dyn Store, numbers: &[u8]) {
    for n in numbers {
        commit(store, [Change::AddPersonKey(person_key(*n)), Change::PutCase(case(*n))]);
    }
}

pub fn keys_are_added_once(store: &mut dyn Store) {
    commit(store, [Change::AddPersonKey(person_key(1))]);
    assert_eq!(store.person_key(key_id(1)), Ok(Some(person_key(1))));
    assert_eq!(store.person_key(key_id(2)), Ok(None));
    misfit(store, [Change::AddPersonKey(person_key(1))]);
    let destroy = |n, second| Change::DestroyPersonKey { id: key_id(n), at: at(second) };
    misfit(store, [destroy(2, 5)]);
    commit(store, [destroy(1, 5)]);
    let gone = PersonKeyRow { id: key_id(1), wrapped: None, destroyed_at: Some(at(5)) };
    assert_eq!(store.person_key(key_id(1)), Ok(Some(gone.clone())));
    misfit(store, [destroy(1, 6)]);
    misfit(store, [Change::AddPersonKey(person_key(1))]);
    // As from a backup: destroyed already.
    commit(store, [Change::AddPersonKey(PersonKeyRow { id: key_id(3), ..gone.clone() })]);
    misfit(
        store,
        [Change::AddPersonKey(PersonKeyRow { destroyed_at: Some(at(1)), ..person_key(4) })],
    );
    misfit(store, [Change::AddPersonKey(PersonKeyRow { wrapped: None, ..person_key(4) })]);
}

pub fn cases_need_a_key(store: &mut dyn Store) {
    misfit(store, [Change::PutCase(case(1))]);
    cases(store, &[1]);
    assert_eq!(store.case(case_id(1)), Ok(Some(case(1))));
    assert_eq!(store.case(case_id(2)), Ok(None));
    let changed = CaseRow {
        version: Version(2),
        ended_at: Some(at(50)),
        next_at: Some(at(60)),
        card_sealed: None,
        number_ref: None,
        ..case(1)
    };
    commit(store, [Change::PutCase(changed.clone())]);
    assert_eq!(store.case(case_id(1)), Ok(Some(changed)));
    commit(store, [Change::DestroyPersonKey { id: key_id(1), at: at(1) }]);
    misfit(store, [Change::PutCase(case(1))]);
}

pub fn cases_are_listed_by_change(store: &mut dyn Store) {
    cases(store, &[1, 2, 3, 4, 5]);
    // Three of one moment, one of them ended.
    for n in [2, 3, 4] {
        let ended_at = (n == 3).then(|| at(1));
        commit(store, [Change::PutCase(CaseRow { changed_at: at(50), ended_at, ..case(n) })]);
    }
    let listed = |store: &mut dyn Store, in_custody, max| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.cases(in_custody, after, max).unwrap();
            assert!(page.rows.len() <= max);
            found.extend(page.rows.iter().map(|row| row.case.0[0]));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    for max in 1..7 {
        assert_eq!(listed(store, false, max), [4, 3, 2, 5, 1], "{max} at a time");
        assert_eq!(listed(store, true, max), [4, 2, 5, 1], "{max} at a time");
    }
    assert_eq!(store.case_counts(), Ok((5, 4)));
}

pub fn cases_are_found_by_number(store: &mut dyn Store) {
    cases(store, &[1, 2, 3]);
    let with = |n, opened| CaseRow { number_ref: Some([7; 32]), opened_at: at(opened), ..case(n) };
    commit(store, [Change::PutCase(with(1, 30)), Change::PutCase(with(2, 20))]);
    assert_eq!(store.case_by_number(&[7; 32]), Ok(Some(with(1, 30))));
    commit(store, [Change::PutCase(with(2, 40))]);
    assert_eq!(store.case_by_number(&[7; 32]), Ok(Some(with(2, 40))));
    assert_eq!(store.case_by_number(&[3; 32]), Ok(Some(case(3))));
    assert_eq!(store.case_by_number(&[1; 32]), Ok(None));
}

pub fn cases_are_due(store: &mut dyn Store) {
    cases(store, &[1, 2, 3, 4]);
    let due = |n, second| CaseRow { next_at: Some(at(second)), ..case(n) };
    let rows = [due(1, 30), due(2, 10), due(3, 10)];
    commit(store, rows.clone().map(Change::PutCase));
    assert_eq!(store.next_at(), Ok(Some(at(10))));
    let [first, second, third] = rows;
    assert_eq!(store.cases_due(at(9), 10), Ok(vec![]));
    assert_eq!(store.cases_due(at(10), 10), Ok(vec![second.clone(), third.clone()]));
    assert_eq!(store.cases_due(at(99), 10), Ok(vec![second.clone(), third, first]));
    assert_eq!(store.cases_due(at(99), 1), Ok(vec![second]));
}

pub fn tasks_are_replaced_together(store: &mut dyn Store) {
    use OfficialRole::*;
    let put =
        |case, tasks: &[TaskRow]| Change::PutTasks { case: case_id(case), tasks: tasks.to_vec() };
    misfit(store, [put(1, &[])]);
    cases(store, &[1, 2]);
    let (one, two) = (task(1, "one", Clerk, 20), task(1, "two", Counsel, 10));
    commit(store, [put(1, &[one.clone(), two.clone()]), put(2, &[task(2, "one", Clerk, 5)])]);
    assert_eq!(store.tasks_of(case_id(1)), Ok(vec![two.clone(), one.clone()]));
    misfit(store, [put(1, &[one.clone(), one.clone()])]);
    misfit(store, [put(1, &[task(2, "other", Clerk, 5)])]);
    commit(store, [put(1, std::slice::from_ref(&two))]);
    assert_eq!(store.tasks_of(case_id(1)), Ok(vec![two]));
    commit(store, [put(1, &[])]);
    assert_eq!(store.tasks_of(case_id(1)), Ok(vec![]));
    assert_eq!(store.tasks_of(case_id(2)).unwrap().len(), 1);
}

pub fn worklists_go_by_due_time(store: &mut dyn Store) {
    use OfficialRole::*;
    cases(store, &[1, 2]);
    let one = [task(1, "b", Clerk, 10), task(1, "B", Clerk, 10), task(1, "c", Supervisor, 5)];
    let two = [task(2, "a", Clerk, 10), task(2, "z", Clerk, 1), task(2, "ß", Clerk, 10)];
    for (case, tasks) in [(1, &one), (2, &two)] {
        commit(store, [Change::PutTasks { case: case_id(case), tasks: tasks.to_vec() }]);
    }
    let listed = |store: &mut dyn Store, role, max| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.tasks(role, after.as_ref(), max).unwrap();
            found.extend(page.rows.iter().map(|row| format!("{}{}", row.case.0[0], row.key)));
            after = page.next;
            if after.is_none() {
                return found.join(" ");
            }
        }
    };
    for max in 1..8 {
        assert_eq!(listed(store, None, max), "2z 1c 1B 1b 2a 2ß", "{max} at a time");
        assert_eq!(listed(store, Some(Clerk), max), "2z 1B 1b 2a 2ß", "{max} at a time");
        assert_eq!(listed(store, Some(Examiner), max), "");
    }
    // Under their key, not in the time of somebody's clock: a cursor goes on after tasks went.
    let page = store.tasks(None, None, 3).unwrap();
    commit(store, [Change::PutTasks { case: case_id(1), tasks: vec![] }]);
    let rest = store.tasks(None, page.next.as_ref(), 10).unwrap();
    assert_eq!(rest.rows.len(), 2);
    assert_eq!(rest.next, None);
}

pub fn files_belong_to_cases(store: &mut dyn Store) {
    misfit(store, [Change::AddFile(file(1, 1))]);
    cases(store, &[1, 2]);
    commit(
        store,
        [Change::AddFile(file(1, 1)), Change::AddFile(file(1, 2)), Change::AddFile(file(2, 1))],
    );
    misfit(store, [Change::AddFile(file(1, 1))]);
    assert_eq!(store.file(case_id(1), Digest([1; 32])), Ok(Some(file(1, 1))));
    assert_eq!(store.file(case_id(1), Digest([3; 32])), Ok(None));
    commit(store, [Change::RemoveFiles(case_id(1))]);
    assert_eq!(store.file(case_id(1), Digest([1; 32])), Ok(None));
    assert_eq!(store.file(case_id(2), Digest([1; 32])), Ok(Some(file(2, 1))));
    commit(store, [Change::RemoveFiles(case_id(1)), Change::RemoveFiles(case_id(9))]);
}

pub fn a_destroyed_key_takes_everything_along(store: &mut dyn Store) {
    cases(store, &[1, 2]);
    // A second case of the first person.
    commit(store, [Change::PutCase(CaseRow { person_key: key_id(1), ..case(3) })]);
    let post =
        |number, case: u8| Change::Post(OutboxRow { case: Some(case_id(case)), ..to("a", number) });
    let settle = |number| Change::Settle { peer: peer("a"), number, receipt: b"r".to_vec() };
    commit(
        store,
        [
            Change::Append(leaf(0, Some((1, 1)))),
            Change::Append(leaf(1, Some((2, 1)))),
            Change::Append(leaf(2, Some((3, 1)))),
            Change::Append(leaf(3, None)),
            Change::PutTasks {
                case: case_id(1),
                tasks: vec![task(1, "t", OfficialRole::Clerk, 1)],
            },
            Change::PutTasks {
                case: case_id(2),
                tasks: vec![task(2, "t", OfficialRole::Clerk, 1)],
            },
            Change::AddFile(file(1, 1)),
            Change::AddFile(file(3, 1)),
            Change::AddFile(file(2, 1)),
            post(1, 1),
            post(2, 2),
            post(3, 3),
            Change::Audit(audit(1, None, Some(1))),
        ],
    );
    commit(store, [settle(1), settle(2)]);
    commit(store, [Change::DestroyPersonKey { id: key_id(1), at: at(99) }]);
    for n in [1, 3] {
        assert_eq!(store.case(case_id(n)), Ok(None));
        assert_eq!(store.leaves_of(case_id(n)), Ok(vec![]));
        assert_eq!(store.file(case_id(n), Digest([1; 32])), Ok(None));
        assert_eq!(store.case_by_number(&[n; 32]), Ok(None));
    }
    assert_eq!(store.tasks_of(case_id(1)), Ok(vec![]));
    // The leaves themselves stay, and so does everything of others.
    let leaves = vec![leaf(0, None), leaf(1, Some((2, 1))), leaf(2, None), leaf(3, None)];
    assert_eq!(store.leaves(0, 10), Ok(leaves));
    assert_eq!(store.case(case_id(2)), Ok(Some(case(2))));
    assert_eq!(store.tasks_of(case_id(2)).unwrap().len(), 1);
    assert!(store.file(case_id(2), Digest([1; 32])).unwrap().is_some());
    let sent = |store: &mut dyn Store, number| {
        let row = store.outbox(&peer("a"), number).unwrap().unwrap();
        (row.bytes.is_some(), row.case.map(|case| case.0[0]), row.receipt.is_some())
    };
    assert_eq!(sent(store, 1), (false, None, true), "settled, of the person");
    assert_eq!(sent(store, 2), (true, Some(2), true), "settled, of another");
    assert_eq!(sent(store, 3), (true, Some(3), false), "still on its way");
}

pub fn messages_of_a_forgotten_case_are_forgotten_when_settled(store: &mut dyn Store) {
    cases(store, &[1]);
    let post = |number, case: Option<u8>| {
        Change::Post(OutboxRow { case: case.map(case_id), ..to("a", number) })
    };
    commit(store, [post(1, Some(1)), post(2, None)]);
    commit(store, [Change::DestroyPersonKey { id: key_id(1), at: at(9) }]);
    for number in [1, 2] {
        commit(store, [Change::Settle { peer: peer("a"), number, receipt: b"r".to_vec() }]);
    }
    let row = store.outbox(&peer("a"), 1).unwrap().unwrap();
    assert_eq!((row.bytes, row.case, row.receipt), (None, None, Some(b"r".to_vec())));
    let row = store.outbox(&peer("a"), 2).unwrap().unwrap();
    assert!(row.bytes.is_some(), "a message of no case stays");
}
