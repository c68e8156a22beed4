//! A case from booking to release, with a restart wherever one can happen.

use crate::world::*;
use comity_exchange::case::*;
use comity_ledger::Trust;
use comity_node::*;
use comity_policy::Channel;
use comity_store::{FsckOptions, Reads, fsck_store};
use serde_json::json;

/// The ledger of a house holds in every leaf, event, tile and checkpoint.
pub fn check_ledger(house: &mut House) -> u64 {
    house.ok(Ask::Checkpoint, at(100_000));
    let keys: Vec<_> = [&house.identity.log_key, &house.identity.witness_key]
        .into_iter()
        .map(|key| key.verifier().clone())
        .chain(house.node.peers().map(|p| p.witness_key.clone()))
        .collect();
    let trust = Trust::in_keys(&keys);
    let store_key = Some(&house.identity.store_key);
    let options = FsckOptions { trust: &trust, store_key, is_at_rest: true };
    let report = fsck_store(&mut house.store.again(), &options, |_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    report.leaves
}

fn answer() -> Entry {
    entry(json!({ "answer_request": {
        "request": REQUEST,
        "choices": { "hold": "comply", "notify": "comply" },
        "reason": "as the sergeant decided",
    } }))
}

#[test]
fn a_case_from_booking_to_transfer() {
    let mut world = World::served();
    world.jail.enter(OfficialRole::Supervisor, answer(), at(20));
    let eligible = json!({ "set_eligible": { "at": at(60).to_string(), "reason": "bond_posted" } });
    world.jail.enter(OfficialRole::Clerk, entry(eligible), at(60));
    let hold = json!({ "start_hold": { "request": REQUEST } });
    world.jail.enter(OfficialRole::Supervisor, entry(hold), at(60));
    world.carry(at(61));
    let told = world.office.case();
    assert_eq!(told.told.values().next().map(|(t, _)| t.complies(Channel::Hold)), Some(true));
    let transfer = json!({ "transfer": { "request": REQUEST, "at": at(90).to_string() } });
    world.jail.enter(OfficialRole::Clerk, entry(transfer), at(90));
    world.carry(at(91));
    assert!(!world.office.case().in_custody());
    assert!(world.jail.store.again().case(CASE).unwrap().unwrap().ended_at.is_some());
    assert!(check_ledger(&mut world.jail) > 10);
    assert!(check_ledger(&mut world.office) > 10);
}

#[test]
fn the_card_stays_at_the_agency_and_finds_the_case() {
    let mut world = World::requested();
    let key = world.jail.identity.store_key.clone();
    let number_ref = key.number_ref("B-0001");
    let row = world.jail.node.store().case_by_number(&number_ref).unwrap().unwrap();
    let view = read_case(world.jail.node.store(), &key, Side::Agency, row.case).unwrap();
    assert_eq!(view.card.unwrap().name, "Somebody Synthetic");
    assert_eq!(view.events.len(), 4, "booking, prints, their answer, the request");
    assert!(world.office.node.store().case(CASE).unwrap().unwrap().card_sealed.is_none());
    let office_key = world.office.identity.store_key.clone();
    assert!(
        world
            .office
            .node
            .store()
            .case_by_number(&office_key.number_ref("B-0001"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn who_did_not_match_is_forgotten() {
    let mut world = World::new();
    world.jail.enter(OfficialRole::Clerk, booking(), at(0));
    world.jail.enter(OfficialRole::Clerk, prints(), at(1));
    world.carry(at(2));
    let digest = comity_exchange::Digest::of_bytes(FILE);
    assert_eq!(world.office.node.read_file(CASE, digest).unwrap().as_deref(), Some(FILE));
    world.office.ok(Ask::Searched { case: CASE, result: SearchResult::NoMatch }, at(3));
    assert!(world.office.store.again().file(CASE, digest).unwrap().is_none(), "gone at once");
    let done = world.office.ok(Ask::Tick, at(4));
    assert_eq!(done, Done::Ticked { cases: 1, events: 0, forgotten: 1 });
    assert!(world.office.store.again().case(CASE).unwrap().is_none());
    assert_eq!(world.carry(at(5)), 1, "the agency is told all the same");
    assert_eq!(world.jail.case().identification, Identification::NoMatch);
    check_ledger(&mut world.office);
    // What the agency says of that person later is receipted, set aside, and not kept.
    let claim = json!({ "make_claim": { "claim": "c".repeat(32), "kind": "citizenship",
                                        "proof_shown": false, "may_be_told": true } });
    world.jail.enter(OfficialRole::Clerk, entry(claim), at(6));
    assert_eq!(world.carry(at(7)), 2);
    assert!(world.office.store.again().case(CASE).unwrap().is_none());
    assert_eq!(world.jail.case().set_aside.len(), 1);
    check_ledger(&mut world.office);
}

#[test]
fn an_alarm_comes_after_a_long_sleep_and_once() {
    let mut world = World::requested();
    let eligible = json!({ "set_eligible": { "at": at(60).to_string(), "reason": "bond_posted" } });
    world.jail.enter(OfficialRole::Clerk, entry(eligible), at(30));
    assert_eq!(world.jail.node.next_at().unwrap(), Some(at(8)), "the request came in then");
    world.jail.restart();
    let Done::Ticked { events, .. } = world.jail.ok(Ask::Tick, at(5_000)) else { panic!() };
    assert!(events > 1);
    let raised = world.jail.case().raised;
    assert!(raised.iter().any(|key| key.starts_with("release the person")), "{raised:?}");
    assert_eq!(
        world.jail.ok(Ask::Tick, at(5_001)),
        Done::Ticked { cases: 0, events: 0, forgotten: 0 }
    );
}

#[test]
fn the_worklist_follows_the_case() {
    let mut world = World::served();
    let tasks = world.jail.node.store().tasks(Some(OfficialRole::Clerk), None, 10).unwrap().rows;
    let keys: Vec<&str> = tasks.iter().map(|t| t.key.split("  ").next().unwrap()).collect();
    assert!(keys.iter().any(|key| key.starts_with("answer the request")), "{keys:?}");
    world.jail.enter(OfficialRole::Supervisor, answer(), at(20));
    let tasks = world.jail.node.store().tasks_of(CASE).unwrap();
    assert!(!tasks.iter().any(|t| t.key.starts_with("answer the request")));
}
