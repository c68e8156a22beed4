//! What goes wrong: commits that fail, messages that come twice, late, or from the wrong party.

use crate::life::check_ledger;
use crate::world::*;
use comity_exchange::KeyNews;
use comity_exchange::case::*;
use comity_ledger::{KeyKind, KeyName, Note, SecretKey};
use comity_node::*;
use comity_store::{Change, OutboxRow, Reads, Trouble};
use serde_json::json;

#[test]
fn a_commit_that_fails_leaves_nothing_and_the_same_command_works_later() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter, Trouble::Full, Trouble::ReadOnly] {
        let mut world = World::requested();
        let note = json!({ "note": { "text": "kept once" } });
        let ask = world.jail.ask(OfficialRole::Clerk, entry(note));
        let before = world.jail.case();
        let commits = world.jail.store.commits();
        world.jail.store.trouble_at(commits + 1, trouble);
        let fault = world.jail.turn(ask.clone(), at(10)).unwrap_err();
        assert!(matches!(fault, NodeFault::Store(_)), "{fault}");
        let notes = world.jail.case().notes;
        assert_eq!(notes, before.notes + u32::from(trouble == Trouble::LostAfter));
        let done = world.jail.ok(ask.clone(), at(11));
        assert_eq!(world.jail.case().notes, before.notes + 1, "{trouble:?}: {done:?}");
        world.jail.ok(ask, at(12));
        assert_eq!(world.jail.case().notes, before.notes + 1);
        check_ledger(&mut world.jail);
    }
}

#[test]
fn a_batch_of_asks_is_one_commit_and_a_refused_one_spoils_no_other() {
    let mut world = World::requested();
    let note = |text: &str| entry(json!({ "note": { "text": text } }));
    let asks = vec![
        world.jail.ask(OfficialRole::Clerk, note("one")),
        world.jail.ask(OfficialRole::Clerk, prints()),
        world.jail.ask(OfficialRole::Clerk, note("two")),
    ];
    let commits = world.jail.store.commits();
    let done = world.jail.node.turn(asks, at(10)).unwrap();
    assert_eq!(world.jail.store.commits(), commits + 1);
    assert!(done[0].is_ok() && done[2].is_ok());
    assert_eq!(done[1].as_ref().unwrap_err().code(), "prints-submitted");
    assert_eq!(world.jail.case().notes, 2);
    check_ledger(&mut world.jail);
}

#[test]
fn a_message_has_its_effect_once_however_often_it_comes() {
    let mut world = World::new();
    world.jail.enter(OfficialRole::Clerk, booking(), at(0));
    world.jail.enter(OfficialRole::Clerk, prints(), at(1));
    let parcel = world.jail.node.parcels(at(2), 10).unwrap().remove(0);
    let ask = Ask::Deliver { envelope: parcel.envelope, files: parcel.files };
    let first = world.office.ok(ask.clone(), at(3));
    let version = world.office.case().version;
    let again = world.office.ok(ask.clone(), at(4));
    assert_eq!(first, again, "the same receipt");
    world.office.restart();
    assert_eq!(world.office.ok(ask, at(5)), first);
    assert_eq!(world.office.case().version, version);
}

#[test]
fn prints_without_their_file_are_not_taken_and_come_again() {
    let mut world = World::new();
    world.jail.enter(OfficialRole::Clerk, booking(), at(0));
    world.jail.enter(OfficialRole::Clerk, prints(), at(1));
    let parcel = world.jail.node.parcels(at(2), 10).unwrap().remove(0);
    for files in [vec![], vec![b"another file".to_vec()]] {
        let ask = Ask::Deliver { envelope: parcel.envelope.clone(), files };
        assert_eq!(world.office.turn(ask, at(2)).unwrap_err().code(), "file-missing");
    }
    assert!(world.office.store.again().case(CASE).unwrap().is_none());
    assert_eq!(world.carry(at(3)), 1);
}

#[test]
fn messages_out_of_order_wait_across_a_restart() {
    let mut world = World::requested();
    for text in ["c".repeat(32), "d".repeat(32), "e".repeat(32)] {
        let claim = json!({ "make_claim": { "claim": text, "kind": "citizenship",
                                            "proof_shown": false, "may_be_told": true } });
        world.jail.enter(OfficialRole::Clerk, entry(claim), at(20));
    }
    let parcels = world.jail.node.parcels(at(21), 10).unwrap();
    let deliver = |n: usize| Ask::Deliver { envelope: parcels[n].envelope.clone(), files: vec![] };
    assert_eq!(world.office.ok(deliver(2), at(21)), Done::Receipts(vec![]));
    assert_eq!(world.office.ok(deliver(1), at(21)), Done::Receipts(vec![]));
    world.office.restart();
    let Done::Receipts(receipts) = world.office.ok(deliver(0), at(22)) else { panic!() };
    assert_eq!(receipts.len(), 3);
    assert_eq!(world.office.case().claims.len(), 3);
}

#[test]
fn a_party_learns_nothing_of_another_partys_case() {
    let mut world = World::requested();
    let mut other = House::new("other.example/party", Side::Agency, 9);
    other.ok(Ask::AddPeer(news(&world.office.identity)), at(0));
    world.office.ok(Ask::AddPeer(news(&other.identity)), at(0));
    other.enter(OfficialRole::Clerk, booking(), at(1));
    other.enter(OfficialRole::Clerk, prints(), at(2));
    let version = world.office.case().version;
    assert_eq!(one_way(&mut other, &mut world.office, at(10)), 1);
    assert_eq!(world.office.case().version, version, "same id, another party's case");
    one_way(&mut world.office, &mut other, at(11));
    assert_eq!(other.case().set_aside[0].why, "not-opened", "as if there were no such case");
    check_ledger(&mut world.office);
}

#[test]
fn a_replaced_key_is_believed_and_what_was_on_its_way_still_arrives() {
    let mut world = World::requested();
    let name = KeyName::new(JAIL).unwrap();
    let new = SecretKey::from_seed(name, KeyKind::Log, [77; 32]);
    let told = KeyNews::Replaced { key: new.verifier().clone(), until: at(40) };
    world.jail.ok(Ask::TellKey(told), at(11));
    world.jail.identity.message_key = new.clone();
    world.jail.node.set_message_key(new);
    world.carry(at(12));
    let claim = json!({ "make_claim": { "claim": "c".repeat(32), "kind": "citizenship",
                                        "proof_shown": false, "may_be_told": true } });
    world.jail.enter(OfficialRole::Clerk, entry(claim), at(100));
    world.jail.restart();
    world.office.restart();
    assert_eq!(world.carry(at(101)), 1, "signed with the new key");
    assert_eq!(world.office.case().claims.len(), 1);
}

#[test]
fn two_clerks_answer_at_once_and_one_is_told() {
    let mut world = World::served();
    let answer = |hold: &str| {
        entry(json!({ "answer_request": {
            "request": REQUEST,
            "choices": { "hold": hold, "notify": "comply" },
            "reason": "as the sergeant decided",
        } }))
    };
    let version = world.jail.case().version;
    let mut asks = Vec::new();
    for hold in ["comply", "decline"] {
        let mut ask = world.jail.ask(OfficialRole::Supervisor, answer(hold));
        if let Ask::Enter { expects, .. } = &mut ask {
            *expects = Some(version);
        }
        asks.push(ask);
    }
    let done = world.jail.node.turn(asks, at(20)).unwrap();
    assert!(done[0].is_ok());
    assert_eq!(done[1].as_ref().unwrap_err().code(), "other-version");
}

#[test]
fn the_audit_is_a_chain() {
    let mut world = World::requested();
    for _ in 0..3 {
        let what = json!({ "what": "read" }).as_object().unwrap().clone();
        let account = OfficialId::new("somebody");
        world.jail.ok(Ask::Audit { account, case: Some(CASE), what }, at(1));
    }
    world.jail.restart();
    let what = json!({ "what": "read" }).as_object().unwrap().clone();
    world.jail.ok(Ask::Audit { account: None, case: None, what }, at(2));
    let lines = world.jail.store.again().audit(1, None, None, 10).unwrap();
    assert_eq!(lines.len(), 4);
    for pair in lines.windows(2) {
        let body: serde_json::Value = serde_json::from_slice(&pair[1].body).unwrap();
        let before = comity_exchange::Digest::of_bytes(&pair[0].body).to_string();
        assert_eq!(body["before"], json!(before));
    }
}

#[test]
fn messages_are_stored_sealed_and_those_of_before_are_still_sent() {
    let mut world = World::requested();
    world.jail.enter(OfficialRole::Clerk, claim_made("c"), at(10));
    let (office, jail) = (party(OFFICE), party(JAIL));
    let row = world.jail.store.again().outbox_pending(&office, 9).unwrap().remove(0);
    let parcel = world.jail.node.parcels(at(11), 9).unwrap().remove(0);
    let holds = |stored: &[u8], text: &[u8]| stored.windows(text.len()).any(|w| w == text);
    let stored = row.bytes.clone().unwrap();
    assert!(holds(&parcel.envelope, b"claim.made") && !holds(&stored, b"claim.made"));
    // As it was stored before messages were sealed.
    let bytes = parcel.envelope.clone();
    let old = Change::SignAgain { peer: office.clone(), number: row.number, bytes };
    world.jail.ok(Ask::Keep(vec![old]), at(11));
    world.jail.restart();
    assert_eq!(world.jail.node.parcels(at(500), 9).unwrap(), std::slice::from_ref(&parcel));
    // What waits for a message before it is sealed too, and is applied after a restart.
    world.jail.enter(OfficialRole::Clerk, claim_made("d"), at(12));
    let second = world.jail.node.parcels(at(500), 9).unwrap().remove(1);
    world.office.ok(Ask::Deliver { envelope: second.envelope, files: vec![] }, at(13));
    let waits = world.office.store.again().inbox_waiting(&jail).unwrap().remove(0);
    assert!(!holds(&waits.waiting.unwrap(), b"claim.made"));
    world.office.restart();
    let ask = Ask::Deliver { envelope: parcel.envelope, files: vec![] };
    let Done::Receipts(receipts) = world.office.ok(ask, at(14)) else { panic!() };
    assert_eq!(receipts.len(), 2);
    assert_eq!(world.office.case().claims.len(), 2);
}

/// A key of the jail's, and what the peers are told of it.
fn next_key(seed: u8, until: i64) -> (SecretKey, Ask) {
    let key = SecretKey::from_seed(KeyName::new(JAIL).unwrap(), KeyKind::Log, [seed; 32]);
    let news = KeyNews::Replaced { key: key.verifier().clone(), until: at(until) };
    (key, Ask::TellKey(news))
}

fn claim_made(claim: &str) -> Entry {
    entry(json!({ "make_claim": { "claim": claim.repeat(32), "kind": "citizenship",
                                  "proof_shown": false, "may_be_told": true } }))
}

#[test]
fn the_message_that_tells_of_a_key_keeps_the_signature_of_the_one_before() {
    let mut world = World::requested();
    world.jail.enter(OfficialRole::Clerk, claim_made("c"), at(10));
    let (key, tell) = next_key(77, 12);
    world.jail.ok(tell, at(11));
    world.jail.identity.message_key = key.clone();
    world.jail.node.set_message_key(key);
    world.jail.enter(OfficialRole::Clerk, claim_made("d"), at(11));
    let office = party(OFFICE);
    let before = world.jail.store.again().outbox_pending(&office, 9).unwrap();
    let changes = world.jail.node.sign_again().unwrap();
    world.jail.ok(Ask::Keep(changes), at(11));
    world.jail.restart();
    // What comes after the news is signed by the new key, on disk too, and is the same message.
    let after = world.jail.store.again().outbox_pending(&office, 9).unwrap();
    let same = |(old, row): (&OutboxRow, &OutboxRow)| (old.id, old.digest) == (row.id, row.digest);
    assert!(before.len() == 3 && before.iter().zip(&after).all(same));
    let sent = world.jail.node.parcels(at(500), 9).unwrap();
    let note = |parcel: &Parcel| Note::parse("note", &parcel.envelope).unwrap();
    let new = world.jail.identity.message_key.verifier();
    let signed: Vec<bool> = sent.iter().map(|p| note(p).check(new).unwrap().is_some()).collect();
    assert_eq!(signed, [false, false, true]);
    assert_eq!(world.carry(at(500)), 3, "the claims and the key, in order");
    assert_eq!(world.office.case().claims.len(), 2);
}

#[test]
fn a_key_that_was_told_of_twice_leaves_nothing_behind_that_nobody_believes() {
    let mut world = World::requested();
    // The first telling was kept although it seemed to fail; the clerk went on; it was told again.
    let (key, tell) = next_key(77, 12);
    world.jail.ok(tell, at(11));
    world.jail.enter(OfficialRole::Clerk, claim_made("c"), at(11));
    let (_, again) = next_key(77, 30);
    world.jail.ok(again, at(13));
    world.jail.identity.message_key = key.clone();
    world.jail.node.set_message_key(key);
    let changes = world.jail.node.sign_again().unwrap();
    world.jail.ok(Ask::Keep(changes), at(13));
    world.jail.restart();
    assert_eq!(
        world.carry(at(500)),
        3,
        "both tellings and the claim, long after the old key ended"
    );
    assert_eq!(world.office.case().claims.len(), 1);
    world.jail.enter(OfficialRole::Clerk, claim_made("d"), at(501));
    assert_eq!(world.carry(at(502)), 1);
}

#[test]
fn a_receipt_that_was_lost_comes_again_after_keys_were_replaced() {
    let mut world = World::requested();
    world.jail.enter(OfficialRole::Clerk, claim_made("c"), at(10));
    let parcel = world.jail.node.parcels(at(11), 1).unwrap().remove(0);
    let deliver = Ask::Deliver { envelope: parcel.envelope, files: vec![] };
    let Done::Receipts(first) = world.office.ok(deliver.clone(), at(11)) else { panic!() };
    // The receipt is lost. The office replaces its key, and the jail its own.
    let name = KeyName::new(OFFICE).unwrap();
    let new = SecretKey::from_seed(name, KeyKind::Log, [78; 32]);
    let news = KeyNews::Replaced { key: new.verifier().clone(), until: at(13) };
    world.office.ok(Ask::TellKey(news), at(12));
    world.office.identity.message_key = new.clone();
    world.office.node.set_message_key(new);
    one_way(&mut world.office, &mut world.jail, at(12));
    let stale = world.jail.turn(Ask::Receipt(first[0].clone()), at(20)).unwrap_err();
    assert_eq!(stale.code(), "key-not-valid");
    let (key, tell) = next_key(77, 13);
    world.jail.ok(tell, at(12));
    world.jail.node.set_message_key(key);
    for parcel in world.jail.node.parcels(at(13), 9).unwrap() {
        let ask = Ask::Deliver { envelope: parcel.envelope, files: vec![] };
        world.office.ok(ask, at(13));
    }
    let Done::Receipts(again) = world.office.ok(deliver, at(20)) else { panic!() };
    world.jail.ok(Ask::Receipt(again[0].clone()), at(20));
    let party = party(OFFICE);
    let pending = world.jail.store.again().outbox_pending(&party, 9).unwrap();
    assert_eq!(pending.len(), 1, "only the news of the key is still to be receipted");
}

#[test]
fn somebody_is_forgotten_once_in_a_turn_that_looks_twice() {
    let mut world = World::new();
    world.jail.enter(OfficialRole::Clerk, booking(), at(0));
    world.jail.enter(OfficialRole::Clerk, prints(), at(1));
    world.carry(at(2));
    world.office.ok(Ask::Searched { case: CASE, result: SearchResult::NoMatch }, at(3));
    world.jail.enter(OfficialRole::Clerk, claim_made("c"), at(4));
    let parcel = world.jail.node.parcels(at(4), 1).unwrap().remove(0);
    let deliver = Ask::Deliver { envelope: parcel.envelope, files: vec![] };
    let asks = vec![Ask::Tick, Ask::Tick, deliver];
    let done = world.office.node.turn(asks, at(5)).unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert!(world.office.store.again().case(CASE).unwrap().is_none());
    check_ledger(&mut world.office);
}
