//! Checkpoints and countersignatures between the nodes.

use crate::life::check_ledger;
use crate::world::*;
use comity_exchange::case::*;
use comity_ledger::{Hash, KeyKind, KeyName, SecretKey, SignedCheckpoint, Trust};
use comity_node::*;
use comity_store::Reads;
use serde_json::json;

/// Shows one's ledger to the other, as the servers do.
fn show(from: &mut House, to: &mut House, minute: i64) -> HeadReply {
    from.ok(Ask::Checkpoint, at(minute));
    let known = from.node.peers().next().unwrap().countersigned_size;
    let head = from.node.head(known).unwrap().unwrap();
    let party = from.identity.party.clone();
    let ask = Ask::PeerHead { party, note: head.note, proof: head.proof };
    let Done::Head(reply) = to.ok(ask, at(minute)) else { panic!() };
    if let HeadReply::Countersigned(note) = &reply {
        let party = to.identity.party.clone();
        from.ok(Ask::Countersigned { party, note: note.clone() }, at(minute));
    }
    reply
}

#[test]
fn each_countersigns_the_other_and_again_after_growth_and_restart() {
    let mut world = World::requested();
    for minute in [10, 20, 30] {
        let World { jail, office } = &mut world;
        assert!(matches!(show(jail, office, minute), HeadReply::Countersigned(_)));
        assert!(matches!(show(office, jail, minute), HeadReply::Countersigned(_)));
        let note = json!({ "note": { "text": format!("at minute {minute}") } });
        jail.enter(OfficialRole::Clerk, entry(note.clone()), at(minute + 1));
        office.enter(OfficialRole::DutyOfficer, entry(note), at(minute + 1));
        jail.restart();
        office.restart();
    }
    let row = world.jail.store.again().checkpoints(0, 100).unwrap().remove(0);
    let signed = SignedCheckpoint::parse("c", &row.note).unwrap();
    let witness = world.office.identity.witness_key.verifier().clone();
    assert!(signed.note().check(&witness).unwrap().is_some());
    check_ledger(&mut world.jail);
}

#[test]
fn a_ledger_that_told_two_stories_is_convicted() {
    let mut world = World::requested();
    let World { jail, office } = &mut world;
    let note = json!({ "note": { "text": "the first story" } });
    jail.enter(OfficialRole::Clerk, entry(note), at(9));
    show(jail, office, 10);
    // The jail's administrator restores an older copy and goes on from it.
    let mut other = World::requested();
    for minute in [11, 12] {
        let note = json!({ "note": { "text": format!("another story at {minute}") } });
        other.jail.enter(OfficialRole::Clerk, entry(note), at(minute));
    }
    other.jail.ok(Ask::Checkpoint, at(13));
    let head = other.jail.node.head(0).unwrap().unwrap();
    let party = party(JAIL);
    let ask = Ask::PeerHead { party: party.clone(), note: head.note.clone(), proof: Vec::new() };
    let Done::Head(HeadReply::ProofFrom(held)) = office.ok(ask, at(14)) else { panic!() };
    let proof: Vec<Hash> = other.jail.node.head(held).unwrap().unwrap().proof;
    let ask = Ask::PeerHead { party: party.clone(), note: head.note, proof };
    let reply = office.ok(ask, at(15));
    let Done::Head(HeadReply::Split(evidence)) = reply else { panic!("{reply:?}") };
    let view = comity_ledger::SplitView::parse("evidence", &evidence).unwrap();
    view.verify_with_own_keys().unwrap();
    let size = view.second.checkpoint().size.max(view.first.checkpoint().size);
    let kept = office.node.store().value(&format!("split/{party}/{size}")).unwrap();
    assert_eq!(kept, Some(evidence));
}

#[test]
fn a_second_story_is_found_whatever_the_size_that_the_peer_holds() {
    // Sizes of 7 to 17 leaves: two of them are powers of two.
    let note = |text: &str| json!({ "note": { "text": text } });
    let mut sizes = Vec::new();
    for more in 0..10 {
        let mut world = World::requested();
        let mut other = World::requested();
        for minute in 0..more {
            world.jail.enter(OfficialRole::Clerk, entry(note("one story")), at(11 + minute));
            other.jail.enter(OfficialRole::Clerk, entry(note("another")), at(11 + minute));
        }
        world.jail.enter(OfficialRole::Clerk, entry(note("the end of it")), at(30));
        assert!(matches!(
            show(&mut world.jail, &mut world.office, 31),
            HeadReply::Countersigned(_)
        ));
        let held = world.jail.node.size();
        for minute in [32, 33] {
            other.jail.enter(OfficialRole::Clerk, entry(note("and on")), at(minute));
        }
        other.jail.ok(Ask::Checkpoint, at(34));
        let head = other.jail.node.head(held).unwrap().unwrap();
        let party = party(JAIL);
        let ask = Ask::PeerHead { party, note: head.note, proof: head.proof };
        let reply = world.office.ok(ask, at(35));
        let Done::Head(HeadReply::Split(evidence)) = reply else { panic!("{held}: {reply:?}") };
        let view = comity_ledger::SplitView::parse("evidence", &evidence).unwrap();
        view.verify_with_own_keys().unwrap();
        sizes.push(held);
    }
    assert!(sizes.iter().filter(|size| size.is_power_of_two()).count() > 0, "{sizes:?}");
}

#[test]
fn a_countersignature_of_somebody_else_or_of_another_tree_is_refused() {
    let mut world = World::requested();
    world.jail.ok(Ask::Checkpoint, at(10));
    let head = world.jail.node.head(0).unwrap().unwrap();
    let ask = Ask::Countersigned { party: party(OFFICE), note: head.note };
    assert_eq!(world.jail.turn(ask, at(11)).unwrap_err().code(), "unsigned");
    let note = b"jail.example/ledger\n9999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 x AAAAAAA=\n";
    let ask = Ask::Countersigned { party: party(OFFICE), note: note.to_vec() };
    assert!(world.jail.turn(ask, at(11)).is_err());
}

#[test]
fn a_proof_that_was_asked_for_and_lost_is_asked_for_again() {
    let mut world = World::requested();
    let World { jail, office } = &mut world;
    assert!(matches!(show(jail, office, 10), HeadReply::Countersigned(_)));
    let note = |minute: i64| json!({ "note": { "text": format!("at minute {minute}") } });
    jail.enter(OfficialRole::Clerk, entry(note(11)), at(11));
    // The office holds the next one; its reply is lost, and so the jail shows the one after
    // with a proof from the first.
    jail.ok(Ask::Checkpoint, at(12));
    let known = jail.node.peers().next().unwrap().countersigned_size;
    let head = jail.node.head(known).unwrap().unwrap();
    let party = jail.identity.party.clone();
    office.ok(Ask::PeerHead { party: party.clone(), note: head.note, proof: head.proof }, at(12));
    jail.enter(OfficialRole::Clerk, entry(note(13)), at(13));
    jail.ok(Ask::Checkpoint, at(14));
    let head = jail.node.head(known).unwrap().unwrap();
    let ask = Ask::PeerHead { party: party.clone(), note: head.note, proof: head.proof };
    let Done::Head(HeadReply::ProofFrom(_)) = office.ok(ask, at(14)) else { panic!() };
    // That reply is lost too, and the ledger grows.
    jail.enter(OfficialRole::Clerk, entry(note(15)), at(15));
    jail.ok(Ask::Checkpoint, at(16));
    let mut from = known;
    for minute in 16..20 {
        let head = jail.node.head(from).unwrap().unwrap();
        let ask = Ask::PeerHead { party: party.clone(), note: head.note, proof: head.proof };
        match office.ok(ask, at(minute)) {
            Done::Head(HeadReply::ProofFrom(size)) => from = size,
            Done::Head(HeadReply::Countersigned(_)) => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("the jail's ledger is never countersigned again");
}

#[test]
fn two_countersignatures_that_come_in_one_turn_are_both_kept() {
    let mut world = World::requested();
    let mut other = House::new("other.example/party", Side::Agency, 9);
    world.office.ok(Ask::AddPeer(news(&other.identity)), at(9));
    other.ok(Ask::AddPeer(news(&world.office.identity)), at(9));
    world.office.ok(Ask::Checkpoint, at(10));
    let head = world.office.node.head(0).unwrap().unwrap();
    let mut asks = Vec::new();
    for house in [&mut world.jail, &mut other] {
        let party = party(OFFICE);
        let ask = Ask::PeerHead { party, note: head.note.clone(), proof: Vec::new() };
        let Done::Head(HeadReply::Countersigned(note)) = house.ok(ask, at(11)) else { panic!() };
        asks.push(Ask::Countersigned { party: house.identity.party.clone(), note });
    }
    world.office.node.turn(asks, at(12)).unwrap();
    let row = world.office.store.again().checkpoint().unwrap().unwrap();
    let signed = SignedCheckpoint::parse("c", &row.note).unwrap();
    for house in [&world.jail, &other] {
        let witness = house.identity.witness_key.verifier();
        assert!(signed.note().check(witness).unwrap().is_some());
    }
}

#[test]
fn a_countersignature_whose_name_was_changed_on_its_way_is_not_kept() {
    let mut world = World::requested();
    let World { jail, office } = &mut world;
    jail.ok(Ask::Checkpoint, at(10));
    let head = jail.node.head(0).unwrap().unwrap();
    let (us, them) = (jail.identity.party.clone(), office.identity.party.clone());
    let ask = Ask::PeerHead { party: us, note: head.note, proof: head.proof };
    let Done::Head(HeadReply::Countersigned(note)) = office.ok(ask, at(10)) else { panic!() };
    // The office's line again, under a name of nobody: it has the key's id still.
    let text = String::from_utf8(note).unwrap();
    let witness = office.identity.witness_key.verifier().clone();
    let line = text.lines().find(|l| l.contains(witness.name().as_str())).unwrap();
    let renamed = line.replace(witness.name().as_str(), "nobody.example/witness");
    let changed = text.replace(line, &renamed);
    let countersigned = |note: &str| {
        let (party, note) = (them.clone(), note.as_bytes().to_vec());
        Ask::Countersigned { party, note }
    };
    assert_eq!(
        jail.node.turn(vec![countersigned(&changed)], at(11)).unwrap()[0]
            .as_ref()
            .unwrap_err()
            .code(),
        "unsigned"
    );
    jail.ok(countersigned(&format!("{text}{renamed}\n")), at(11));
    let row = jail.store.again().checkpoints(0, 1).unwrap().remove(0);
    let kept = SignedCheckpoint::parse("kept", &row.note).unwrap();
    assert!(kept.note().check(&witness).unwrap().is_some());
    let names: Vec<&str> = kept.note().signatures().iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, [jail.identity.log_key.verifier().name().as_str(), witness.name().as_str()]);
    check_ledger(jail);
}

fn log_key(seed: u8) -> SecretKey {
    let name = KeyName::new("jail.example/ledger").unwrap();
    SecretKey::from_seed(name, KeyKind::Log, [seed; 32])
}

/// Changes the key of a house's ledger, and keeps it as its files would.
fn rotate(house: &mut House, key: &SecretKey, minute: i64) {
    house.node.rotate_log_key(key.clone(), at(minute)).unwrap();
    house.identity.log_key = key.clone();
}

#[test]
fn a_ledger_goes_on_under_a_new_key_and_what_the_old_one_signed_holds() {
    let mut world = World::requested();
    let World { jail, office } = &mut world;
    assert!(matches!(show(jail, office, 10), HeadReply::Countersigned(_)));
    let old = jail.identity.log_key.clone();
    let keys = [log_key(91), log_key(92)];
    for (minute, key) in [(11, &keys[0]), (14, &keys[1])] {
        let note = json!({ "note": { "text": format!("before minute {minute}") } });
        jail.enter(OfficialRole::Clerk, entry(note), at(minute));
        rotate(jail, key, minute);
        jail.restart();
        // The news has not come: the new key is not believed, and nothing is held against it.
        jail.ok(Ask::Checkpoint, at(minute));
        let head = jail.node.head(0).unwrap().unwrap();
        let party = jail.identity.party.clone();
        let early = Ask::PeerHead { party, note: head.note, proof: head.proof };
        assert_eq!(office.turn(early, at(minute)).unwrap_err().code(), "unsigned");
        one_way(jail, office, at(minute + 1));
        office.restart();
        assert!(matches!(show(jail, office, minute + 1), HeadReply::Countersigned(_)));
    }
    // Every checkpoint of the ledger holds under the chain, and not under the last key alone.
    let in_use = jail.identity.log_key.verifier().clone();
    let chain = log_keys(jail.node.store(), &in_use).unwrap();
    let sizes: Vec<_> = chain.iter().map(|k| (k.first, k.last)).collect();
    assert_eq!(chain.len(), 3);
    assert!(sizes[0].0 == 0 && sizes[0].1 == Some(sizes[1].0) && sizes[2].1.is_none());
    let trust = Trust::default().with_logs(chain.clone());
    let rows = jail.store.again().checkpoints(0, 100).unwrap();
    assert!(rows.len() >= 5, "{}", rows.len());
    for row in &rows {
        let signed = SignedCheckpoint::parse("c", &row.note).unwrap();
        trust.check_log(&signed).unwrap();
    }
    check_ledger_under(jail);
    let last = Trust::in_keys([&in_use]);
    let first = SignedCheckpoint::parse("c", &rows[0].note).unwrap();
    assert_eq!(last.check_log(&first).unwrap_err().code, "unsigned");
    assert_eq!(log_keys(jail.node.store(), old.verifier()).unwrap_err().code, "broken-chain");
}

#[test]
fn a_stolen_key_signs_nothing_after_it_was_changed() {
    let mut world = World::requested();
    let World { jail, office } = &mut world;
    let old = jail.identity.log_key.clone();
    rotate(jail, &log_key(91), 10);
    one_way(jail, office, at(11));
    let note = json!({ "note": { "text": "after the change" } });
    jail.enter(OfficialRole::Clerk, entry(note), at(12));
    jail.ok(Ask::Checkpoint, at(12));
    let head = jail.node.head(0).unwrap().unwrap();
    let true_one = SignedCheckpoint::parse("c", &head.note).unwrap();
    let forged = SignedCheckpoint::sign(true_one.checkpoint().clone(), &old).unwrap();
    let party = jail.identity.party.clone();
    let ask = Ask::PeerHead { party: party.clone(), note: forged.to_bytes(), proof: Vec::new() };
    assert_eq!(office.turn(ask, at(13)).unwrap_err().code(), "key-not-valid");
    assert!(matches!(show(jail, office, 14), HeadReply::Countersigned(_)));
    // A peer is told of a change by nobody but the ledger's own party, and only once.
    let again = jail.node.rotate_log_key(log_key(91), at(15)).unwrap_err();
    assert_eq!(again.code(), "bad-key");
    check_ledger_under(jail);
}

#[test]
fn a_change_of_key_that_the_store_did_not_keep_did_not_happen() {
    let mut world = World::requested();
    let jail = &mut world.jail;
    let size = jail.store.again().size().unwrap();
    jail.store.trouble(Some(comity_store::Trouble::Full));
    assert_eq!(jail.node.rotate_log_key(log_key(91), at(10)).unwrap_err().code(), "store-full");
    jail.store.trouble(None);
    assert_eq!(jail.store.again().size().unwrap(), size);
    assert!(log_key_notes(jail.node.store()).unwrap().is_empty());
    check_ledger(jail);
    rotate(jail, &log_key(91), 11);
    check_ledger_under(jail);
}

/// The same as [`check_ledger`], under every key that the ledger had.
fn check_ledger_under(house: &mut House) {
    house.ok(Ask::Checkpoint, at(100_000));
    let in_use = house.identity.log_key.verifier().clone();
    let logs = log_keys(house.node.store(), &in_use).unwrap();
    let mut witnesses = vec![house.identity.witness_key.verifier().clone()];
    witnesses.extend(house.node.peers().map(|p| p.witness_key.clone()));
    let trust = Trust::in_keys(&witnesses).with_logs(logs);
    let store_key = Some(&house.identity.store_key);
    let options = comity_store::FsckOptions { trust: &trust, store_key, is_at_rest: true };
    let report = comity_store::fsck_store(&mut house.store.again(), &options, |_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
}
