//! Rows to test with, and the stores to test.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod cluster;
pub mod crash;
pub mod fixture;
pub mod ledger;
pub mod ports;
pub mod random;
pub mod tamper;

use comity_exchange::case::{CaseId, OfficialId, OfficialRole, Version};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::{PersonKeyId, Tile, TileId};
use comity_store::*;
use jiff::Timestamp;

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub fn case_id(n: u8) -> CaseId {
    CaseId([n; 16])
}

pub fn key_id(n: u8) -> PersonKeyId {
    PersonKeyId([n; 16])
}

pub fn peer(name: &str) -> Party {
    Party::new(name).unwrap()
}

pub fn official(name: &str) -> OfficialId {
    OfficialId::new(name).unwrap()
}

pub fn leaf(index: u64, of: Option<(u8, u64)>) -> LeafRow {
    LeafRow {
        index,
        leaf: format!("leaf {index}").into_bytes(),
        sealed: format!("sealed {index}").into_bytes(),
        of: of.map(|(case, version)| (case_id(case), Version(version))),
    }
}

pub fn person_key(n: u8) -> PersonKeyRow {
    PersonKeyRow { id: key_id(n), wrapped: Some(vec![n; 60]), destroyed_at: None }
}

/// A case of the key of its own number.
pub fn case(n: u8) -> CaseRow {
    CaseRow {
        case: case_id(n),
        peer: peer("ice.example/party"),
        person_key: key_id(n),
        version: Version(1),
        opened_at: at(i64::from(n)),
        changed_at: at(i64::from(n)),
        ended_at: None,
        next_at: None,
        card_sealed: Some(vec![n; 40]),
        number_ref: Some([n; 32]),
    }
}

pub fn task(case: u8, key: &str, role: OfficialRole, due: i64) -> TaskRow {
    TaskRow {
        case: case_id(case),
        key: key.to_owned(),
        body: format!("{{\"task\":\"{key}\"}}").into_bytes(),
        role,
        due_at: at(due),
    }
}

pub fn file(case: u8, n: u8) -> FileRow {
    FileRow { digest: Digest([n; 32]), case: case_id(case), sealed: vec![n; 1000] }
}

pub fn tile(level: u8, index: u64, width: u16) -> Tile {
    let bytes = (0..32 * usize::from(width)).map(|i| (i + usize::from(level)) as u8).collect();
    Tile { id: TileId { level, index, width }, bytes }
}

pub fn to(name: &str, number: u64) -> OutboxRow {
    OutboxRow {
        peer: peer(name),
        number,
        id: EnvelopeId([number as u8; 16]),
        digest: Digest([number as u8; 32]),
        case: None,
        bytes: Some(format!("to {name} {number}").into_bytes()),
        attempts: 0,
        due_at: Some(at(number as i64)),
        receipt: None,
    }
}

/// A message that is applied.
pub fn from(name: &str, number: u64) -> InboxRow {
    InboxRow {
        peer: peer(name),
        number,
        id: EnvelopeId([number as u8; 16]),
        digest: Digest([number as u8; 32]),
        waiting: None,
        receipt: Some(format!("receipt {number}").into_bytes()),
    }
}

/// A message that waits.
pub fn waiting(name: &str, number: u64) -> InboxRow {
    let waiting = Some(format!("from {name} {number}").into_bytes());
    InboxRow { waiting, receipt: None, ..from(name, number) }
}

pub fn account(name: &str, version: u64) -> AccountRow {
    let body = format!("{{\"version\":{version}}}").into_bytes();
    AccountRow { id: official(name), version, body }
}

pub fn session(n: u8, account: &str, ends: i64) -> SessionRow {
    SessionRow {
        token_sha256: [n; 32],
        account: official(account),
        ends_at: at(ends),
        body: vec![n; 20],
    }
}

pub fn audit(number: u64, account: Option<&str>, case: Option<u8>) -> AuditRow {
    AuditRow {
        number,
        at: at(number as i64),
        account: account.map(official),
        case: case.map(case_id),
        body: format!("line {number}").into_bytes(),
    }
}

pub fn reply(n: u8, ends: i64) -> ReplyRow {
    ReplyRow { key_sha256: [n; 32], ends_at: at(ends), body: vec![n; 30] }
}

pub fn set(name: &str, value: &[u8]) -> Change {
    Change::Set { name: name.to_owned(), value: value.to_vec() }
}

pub fn batch(changes: impl Into<Vec<Change>>) -> Batch {
    Batch { expects: None, changes: changes.into() }
}

pub fn commit(store: &mut dyn Store, changes: impl Into<Vec<Change>>) {
    store.commit(&batch(changes)).unwrap();
}

/// Commits what must be refused, and checks that nothing was changed by it.
pub fn refused(store: &mut dyn Store, changes: impl Into<Vec<Change>>) -> Fault {
    let before = dump(store);
    let fault = store.commit(&batch(changes)).unwrap_err();
    assert_eq!(dump(store), before, "a refused batch left something: {fault}");
    fault
}

/// Commits what must not fit.
pub fn misfit(store: &mut dyn Store, changes: impl Into<Vec<Change>>) {
    let fault = refused(store, changes);
    assert!(matches!(fault, Fault::Misfit(_)), "{fault:?}");
}

/// Every row.
pub fn dump<R: Reads + ?Sized>(store: &mut R) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut take = |row| {
        rows.push(row);
        Ok(())
    };
    store.dump(&mut take).unwrap();
    rows
}

/// A store and what it stands on.
pub struct Rig {
    pub store: Box<dyn Store>,
    pub keep: Box<dyn std::any::Any>,
}

pub fn memory() -> Rig {
    Rig { store: Box::new(MemoryStore::new()), keep: Box::new(()) }
}

/// A store in a new schema of PostgreSQL.
pub fn postgres() -> Rig {
    let store = PostgresStore::create(cluster::cluster().options()).unwrap();
    Rig { store: Box::new(store), keep: Box::new(()) }
}

pub fn sqlite() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let store = SqliteStore::create(&path, SqliteOptions::default()).unwrap();
    Rig { store: Box::new(store), keep: Box::new(folder) }
}
