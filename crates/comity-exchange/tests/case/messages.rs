//! What travels and what stays at home.

use crate::world::*;
use comity_exchange::MessageKind;
use comity_exchange::case::*;
use comity_ledger::EventKind;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Words that only one party may know; a body that holds one gives it away.
const CANARIES: [&str; 8] = [
    "canary-note",
    "canary-answer",
    "canary-withdrawn",
    "canary-resolved",
    "canary-amended",
    "canary-statute",
    "canary-conviction",
    "records-clerk",
];

/// A life with words planted wherever an official writes or a record says more than the other
/// party may know; every body that was sent on the way.
fn life() -> (World, Vec<String>) {
    let mut world = World::new();
    let mut bodies = Vec::new();
    let secret = json!({
        "person": { "age_years": 30, "lawful_status_proof": false },
        "threat": { "gang_member_listed": false },
        "custody": { "facility_kind": "county_jail", "criminal_arrest": true },
        "charges": [{ "category": "theft", "level": "felony", "disposition": "pending" }],
        "convictions": [{ "category": "robbery", "statute": "canary-conviction" }],
    });
    let booking = Booking { facts: facts(secret, FactsOf::Booking), ..booking() };
    let now = at("2016-03-01T09:05");
    world.agency.ok(Act::Book(booking), now);
    world.agency.ok(Act::Note(remark("canary-note")), now);
    let amended = facts(json!({ "threat": { "warrant_state": false } }), FactsOf::Booking);
    let reason = remark("canary-amended");
    world.agency.ok(Act::AmendBooking { facts: amended, reason }, now);
    world.agency.ok(Act::SubmitPrints(submission()), now);
    deliver(&mut world, &mut bodies, now);
    let federal = &mut world.federal;
    federal.ok(Act::RecordSearch(candidates()), now);
    federal.ok(Act::VerifyMatch { gallery_record: GalleryRecord(id16(1)) }, now);
    let mut determination = determination();
    let tree = json!({
        "person": { "final_order": true },
        "convictions": [{ "category": "robbery", "level": "felony", "statute": "canary-statute",
                          "convicted_on": "2012-05-04", "sentence_days": 800 }],
    });
    determination.facts = facts(tree, FactsOf::Determination);
    federal.ok(Act::DetermineStatus(determination), now);
    world.evaluate(now);
    world.issue(draft(1, "2016-03-01"), now).unwrap();
    deliver(&mut world, &mut bodies, now);
    world.serve(now);
    let advice = world.agency.advice(now);
    let (request, choices) = (request_id(1), choices(Choice::Comply, Choice::Comply));
    let reason = remark("canary-answer");
    world.agency.ok(Act::AnswerRequest { request, advice, choices, reason }, now);
    world.agency.ok(Act::SetEligible(eligible("2016-03-01T09:05")), now);
    let start = world.start_hold(now);
    world.agency.ok(start, now);
    let (claim, kind) = (claim_id(1), ClaimKind::Citizenship);
    let known = Claim { claim, kind, proof_shown: true, may_be_told: true };
    world.agency.ok(Act::MakeClaim(known), now);
    deliver(&mut world, &mut bodies, now);
    let (resolution, reason) = (Resolution::NotUpheld, remark("canary-resolved"));
    world.agency.ok(Act::ResolveClaim { claim, resolution, reason }, now);
    let (request, reason) = (request_id(1), remark("canary-withdrawn"));
    world.federal.ok(Act::WithdrawRequest { request, reason }, now);
    deliver(&mut world, &mut bodies, now);
    let end = CustodyEnd { at: now, how: HowEnded::Other(remark("canary-note")) };
    world.agency.ok(Act::EndCustody(end), now);
    deliver(&mut world, &mut bodies, now);
    (world, bodies)
}

fn deliver(world: &mut World, bodies: &mut Vec<String>, now: Timestamp) {
    for message in world.agency.outbound.iter().chain(&world.federal.outbound) {
        bodies.push(Value::Object(message.to_body().unwrap()).to_string());
    }
    world.deliver(now);
}

#[test]
fn nothing_that_an_official_wrote_and_nobody_else_s_record_travels() {
    let (world, bodies) = life();
    assert!(bodies.len() >= 7, "{}", bodies.len());
    for body in &bodies {
        for canary in CANARIES {
            assert!(!body.contains(canary), "{canary} in {body}");
        }
        // Scores, gallery records and the part of the booking that is the agency's own.
        for word in ["0.97", "gallery_record", "threat", "lawful_status_proof", "proof_shown"] {
            assert!(!body.contains(word), "{word} in {body}");
        }
    }
    // The test would see them: at home they are on record.
    let home: String = world
        .agency
        .events
        .iter()
        .chain(&world.federal.events)
        .map(|event| event.to_text().unwrap())
        .collect();
    for canary in CANARIES {
        assert!(home.contains(canary), "{canary} is not on record");
    }
}

#[test]
fn the_moment_of_release_goes_out_by_a_notice_only() {
    let mut world = World::answered();
    let friday = eligible("2016-03-04T17:00");
    world.agency.ok(Act::SetEligible(friday), at("2016-03-03T09:00"));
    assert!(world.agency.outbound.is_empty());
    let now = at("2016-03-04T17:00");
    let start = world.start_hold(now);
    world.agency.ok(start, now);
    assert!(world.agency.outbound.is_empty(), "that a hold runs is not told either");
    world.agency.ok(Act::GiveNotice { request: request_id(1) }, now);
    let notice = Notice { request: request_id(1), release_at: friday.at };
    let case = world.agency.case.id;
    let says = Says::ReleaseNotice(notice);
    assert_eq!(world.agency.outbound, [Message { case, says }]);
    world.agency.outbound.clear();
    let end = CustodyEnd { at: now, how: HowEnded::Released };
    world.agency.ok(Act::EndCustody(end), now);
    assert!(world.agency.outbound.is_empty(), "a release is not told");
}

#[test]
fn a_declined_notice_leaves_no_way_to_tell() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let answer = world.answer(Choice::Comply, Choice::Decline, now);
    world.agency.ok(answer, now);
    world.agency.ok(Act::SetEligible(eligible("2016-03-04T17:00")), now);
    let why = world.agency.why(Act::GiveNotice { request: request_id(1) }, now);
    assert_eq!(why, Why::NotAnsweredSo(comity_policy::Channel::Notify));
}

#[test]
fn every_kind_is_one_and_no_two_are_the_same() {
    for kind in What::KINDS.iter().chain(Says::KINDS) {
        assert_eq!(EventKind::new(kind).unwrap().as_str(), *kind);
    }
    let unique: BTreeSet<&str> = What::KINDS.iter().copied().collect();
    assert_eq!(unique.len(), What::KINDS.len());
    let (world, _) = life();
    for event in world.agency.events.iter().chain(&world.federal.events) {
        assert_eq!(event.kind().unwrap().as_str(), event.what.kind_name());
        assert_eq!(Event::read(&event.to_text().unwrap()).unwrap(), *event);
    }
}

#[test]
fn a_body_is_read_strictly() {
    let case = CaseId([7; 16]);
    let says = Says::RequestWithdrawn(request_id(1));
    let message = Message { case, says };
    let (kind, body) = (message.kind().unwrap(), message.to_body().unwrap());
    assert_eq!(Message::read(&kind, &body).unwrap(), message);
    let other = MessageKind::new("request.issued").unwrap();
    assert_eq!(Message::read(&other, &body).unwrap_err().code, "other-kind");
    let mut more = body.clone();
    more.insert("note".to_owned(), "x".into());
    let fault = Message::read(&kind, &more).unwrap_err();
    assert_eq!((fault.code, fault.line), ("bad-body", 1));
    assert!(fault.message.contains("note") && fault.column > 0, "{fault}");
    let mut less = body;
    less.remove("case");
    assert!(Message::read(&kind, &less).unwrap_err().message.contains("case"));
}

#[test]
fn facts_that_are_not_the_sender_s_to_state_are_refused() {
    let case = CaseId([7; 16]);
    let booking = booking();
    let says = Says::PrintsSubmitted { submission: submission(), booking };
    let message = Message { case, says };
    let fault = Message::read(&message.kind().unwrap(), &message.to_body().unwrap()).unwrap_err();
    assert_eq!((fault.code, fault.path.as_str()), ("not-here", "convictions"));
    let mut draft = draft(1, "2016-03-01");
    draft.states = facts(json!({ "person": { "us_citizen": false } }), FactsOf::Booking);
    let message = Message { case, says: Says::RequestIssued(draft.clone()) };
    Message::read(&message.kind().unwrap(), &message.to_body().unwrap()).unwrap();
    draft.states = facts(json!({ "custody": { "facility": "x" } }), FactsOf::Booking);
    let message = Message { case, says: Says::RequestIssued(draft) };
    let fault = Message::read(&message.kind().unwrap(), &message.to_body().unwrap()).unwrap_err();
    assert_eq!((fault.code, fault.path.as_str()), ("not-here", "custody.facility"));
    // Nobody states what the case knows from its events.
    let Value::Object(tree) = json!({ "custody": { "released_on": "2016-03-01" } }) else {
        unreachable!()
    };
    for of in [FactsOf::Booking, FactsOf::Determination, FactsOf::Request, FactsOf::Submission] {
        let wrong = Facts::read(tree.clone(), false, of).unwrap_err();
        assert_eq!((wrong[0].code, wrong[0].path.as_str()), ("not-here", "custody.released_on"));
    }
}

#[test]
fn whether_a_copy_was_served_is_the_agencys_word() {
    let mut world = World::requested();
    let now = at("2016-03-01T15:00");
    let served = |node: &Node| {
        let known = node.case.correctable.iter();
        *known.clone().find(|(_, s)| matches!(s, Subject::Served(_))).unwrap().0
    };
    let correct = |event| Act::Correct {
        event,
        says: Correction::Served(request_id(1), None),
        reason: remark("another person"),
    };
    let event = served(&world.federal);
    assert!(matches!(world.federal.why(correct(event), now), Why::NotCorrectable(_)));
    let event = served(&world.agency);
    world.agency.ok(correct(event), now);
    world.deliver(now);
    assert_eq!(world.federal.case.requests[0].served_at, None);
    assert!(world.agency.case.set_aside.is_empty(), "nothing was told back");
    assert!(world.federal.case.set_aside.is_empty());
}
