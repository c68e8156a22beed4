//! What a node of an earlier version left behind is opened by this one, and goes on.
//!
//! `fixtures/jail-1.backup` and `office-1.backup` are two nodes of protocol 1, with a message of
//! the jail under way and one of the office too. They were written once and are never written
//! again; a later version gets files of its own beside them:
//! `COMITY_WRITE_FIXTURE=1 cargo test -p comity-node --test upgrade`.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and uses a part of the world"
)]

#[path = "../../comity-exchange/tests/case/library.rs"]
mod library;
#[path = "node/world.rs"]
mod world;

use comity_exchange::case::*;
use comity_ledger::Trust;
use comity_node::*;
use comity_store::*;
use jiff::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use world::*;

/// The version whose files are read.
const VERSION: u32 = 1;

fn fixture(name: &str) -> PathBuf {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    here.join(format!("tests/fixtures/{name}-{VERSION}.backup"))
}

fn claim(claim: &str) -> Entry {
    entry(json!({ "make_claim": { "claim": claim.repeat(32), "kind": "citizenship",
                                  "proof_shown": false, "may_be_told": true } }))
}

fn note(text: &str) -> Entry {
    entry(json!({ "note": { "text": text } }))
}

/// Writes the files, where they are not there.
fn write() {
    let mut world = World::served();
    world.jail.ok(Ask::Checkpoint, at(11));
    world.office.ok(Ask::Checkpoint, at(11));
    world.carry(at(11));
    world.jail.enter(OfficialRole::Clerk, claim("c"), at(12));
    world.office.enter(OfficialRole::DutyOfficer, note("an officer's note"), at(12));
    world.office.enter(OfficialRole::DutyOfficer, claim("d"), at(12));
    for (name, house) in [("jail", &world.jail), ("office", &world.office)] {
        let to = fixture(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        backup(&mut house.store.again(), "memory", at(13), &to).unwrap();
    }
}

fn opened(store: Box<dyn Store>, identity: Identity, seed: u64) -> Node {
    Node::open(store, identity, library::library().clone(), Box::new(Seeded::new(seed))).unwrap()
}

fn ask(node: &mut Node, ask: Ask, now: Timestamp) -> Done {
    node.turn(vec![ask], now).unwrap().pop().unwrap().unwrap()
}

/// Carries what is due from one to the other, and the receipts back.
fn carry(from: &mut Node, to: &mut Node, now: Timestamp) -> usize {
    let parcels = from.parcels(now, 100).unwrap();
    for Parcel { envelope, files, .. } in &parcels {
        let deliver = Ask::Deliver { envelope: envelope.clone(), files: files.clone() };
        let Done::Receipts(receipts) = ask(to, deliver, now) else { panic!("receipts") };
        for receipt in receipts {
            ask(from, Ask::Receipt(receipt), now);
        }
    }
    parcels.len()
}

fn entered(role: OfficialRole, number: u8, entry: Entry) -> Ask {
    let official = Official { id: OfficialId::new("somebody").unwrap(), role };
    let by = By::Official(official);
    let (case, id, entry) = (CASE, CommandId([number; 16]), Box::new(entry));
    Ask::Enter { case, id, by, expects: None, entry, peer: None, file: None }
}

fn case(node: &mut Node) -> Case {
    node.case(CASE).unwrap().unwrap()
}

fn check_ledger(node: &mut Node) {
    ask(node, Ask::Checkpoint, at(1000));
    let identity = node.identity().clone();
    let mut keys = vec![identity.witness_key.verifier().clone()];
    keys.extend(node.peers().map(|p| p.witness_key.clone()));
    let logs = log_keys(node.store(), identity.log_key.verifier()).unwrap();
    let trust = Trust::in_keys(&keys).with_logs(logs);
    let store_key = Some(&identity.store_key);
    let options = FsckOptions { trust: &trust, store_key, is_at_rest: true };
    let report = fsck_store(node.store(), &options, |_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
}

/// The store of a backup, as SQLite had it in the first layout.
fn sqlite_of_before(backup: &std::path::Path, folder: &std::path::Path) -> PathBuf {
    let path = folder.join("node.db");
    let mut store = SqliteStore::create(&path, SqliteOptions::default()).unwrap();
    restore(backup, &mut store).unwrap();
    drop(store);
    let db = rusqlite::Connection::open(&path).unwrap();
    // What the steps after the first one made.
    db.execute_batch(
        "DROP INDEX audit_by_case; DROP INDEX audit_by_account;
         DELETE FROM schema_migrations WHERE number > 1;",
    )
    .unwrap();
    path
}

#[test]
fn nodes_of_version_1_go_on_with_each_other_on_another_store() {
    if std::env::var_os("COMITY_WRITE_FIXTURE").is_some() {
        write();
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = sqlite_of_before(&fixture("jail"), folder.path());
    let migrated = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    let mut jail = opened(Box::new(migrated), identity(JAIL, Side::Agency, 1), 501);
    let mut memory = MemoryStore::new();
    restore(&fixture("office"), &mut memory).unwrap();
    let mut office = opened(Box::new(memory), identity(OFFICE, Side::Federal, 2), 502);
    // Everything that was there is there.
    let before = (case(&mut jail), case(&mut office));
    assert!(before.0.booking.is_some() && before.0.standing().is_some());
    assert_eq!((before.0.claims.len(), before.1.claims.len()), (1, 1));
    let key = jail.identity().store_key.clone();
    let view = read_case(jail.store(), &key, Side::Agency, CASE).unwrap();
    assert_eq!(view.card.unwrap().name, "Somebody Synthetic");
    // What was under way, signed by the version before, arrives once.
    assert_eq!(carry(&mut jail, &mut office, at(100)), 1);
    assert_eq!(carry(&mut office, &mut jail, at(100)), 1);
    assert_eq!((case(&mut jail).claims.len(), case(&mut office).claims.len()), (2, 2));
    // And they go on: what is entered now is told, and each countersigns the other's ledger.
    ask(&mut jail, entered(OfficialRole::Clerk, 9, claim("e")), at(101));
    assert!(carry(&mut jail, &mut office, at(102)) >= 1);
    assert_eq!(case(&mut office).claims.len(), 3);
    ask(&mut jail, Ask::Checkpoint, at(103));
    let head = jail.head(0).unwrap().unwrap();
    let party = jail.identity().party.clone();
    let shown = Ask::PeerHead { party, note: head.note, proof: head.proof };
    let Done::Head(reply) = ask(&mut office, shown, at(103)) else { panic!() };
    assert!(matches!(reply, HeadReply::Countersigned(_)), "{reply:?}");
    check_ledger(&mut jail);
    check_ledger(&mut office);
}
