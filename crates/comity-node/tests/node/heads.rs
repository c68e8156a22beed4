//! Checkpoints and countersignatures between the nodes.

use crate::life::check_ledger;
use crate::world::*;
use comity_exchange::case::*;
use comity_ledger::{Hash, SignedCheckpoint};
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
