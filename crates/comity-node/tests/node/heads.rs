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
