//! The store of version 1 whose text is in `tests/fixtures`: what it held must be there after
//! every later step.

use super::*;
use comity_exchange::case::OfficialRole;

/// What the fixture was filled with.
pub fn fill(store: &mut dyn Store) {
    super::ledger::fill(store, &[2, 3]);
    let n = 200;
    commit(
        store,
        [
            Change::AddPersonKey(person_key(n)),
            Change::PutCase(CaseRow { next_at: Some(at(7)), ..case(n) }),
            Change::PutTasks {
                case: case_id(n),
                tasks: vec![task(n, "it's due", OfficialRole::Clerk, 9)],
            },
            Change::AddFile(FileRow { sealed: vec![0, 1, 255], ..file(n, 1) }),
            Change::PutPeer(PeerRow { party: peer("ice.example/party"), body: b"{}".to_vec() }),
            Change::Post(to("ice.example/party", 1)),
            Change::Post(OutboxRow { case: Some(case_id(n)), ..to("ice.example/party", 2) }),
            Change::Settle { peer: peer("ice.example/party"), number: 1, receipt: b"r".to_vec() },
            Change::PutInbox(from("ice.example/party", 1)),
            Change::PutInbox(waiting("ice.example/party", 3)),
            Change::PutAccount(account("a.clerk", 1)),
            Change::PutSession(session(1, "a.clerk", 5)),
            Change::Audit(audit(1, Some("a.clerk"), Some(n))),
            Change::Audit(audit(2, None, None)),
            Change::PutReply(reply(1, 5)),
            set("origin", b"jail.example/ledger"),
            Change::AddPersonKey(person_key(201)),
            Change::DestroyPersonKey { id: key_id(201), at: at(8) },
        ],
    );
}

/// Checks that all of it is there, and that the store goes on.
pub fn check(store: &mut dyn Store) {
    let mut fresh = MemoryStore::new();
    fill(&mut fresh);
    let (kept, made) = (dump(store), dump(&mut fresh));
    assert_eq!(kept.len(), made.len());
    for (kept, made) in kept.iter().zip(&made) {
        assert_eq!(kept, made);
    }
    let report = super::ledger::checked(store);
    assert!(report.is_clean(), "{:?}", report.findings);
    let mut writer = super::ledger::Writer::after(store);
    store.commit(&writer.batch(4)).unwrap();
    assert_eq!(store.audit(0, Some(case_id(200)), None, 9).unwrap().len(), 1);
}
