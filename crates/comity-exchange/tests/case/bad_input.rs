//! Events and messages that are forged, damaged, crossed or out of place.

use crate::mutate::{Corpus, Limits, hammer};
use crate::world::*;
use comity_exchange::MessageKind;
use comity_exchange::case::*;
use comity_exchange::{canonical, read_canonical};
use serde_json::{Value, json};

/// A stored event after somebody changed a value in it.
fn changed(event: &Event, path: &str, to: Value) -> Result<Event, comity_model::Diagnostic> {
    let mut value = read_canonical(&event.to_text().unwrap()).unwrap();
    let place = value.pointer_mut(path).unwrap_or_else(|| panic!("no {path}"));
    *place = to;
    Event::read(&canonical(&value).unwrap())
}

fn of_kind(node: &Node, kind: &str) -> Event {
    node.events.iter().find(|e| e.what.kind_name() == kind).unwrap().clone()
}

#[test]
fn a_stored_hold_without_rule_citation_or_person_or_past_its_caps_is_not_read() {
    let world = World::held();
    let started = of_kind(&world.agency, "hold.started");
    let hold = "/what/hold_started";
    let wrong = [
        ("/ground/rule/cite", json!("")),
        ("/ground/rule/rule", json!("")),
        ("/ground/rule", Value::Null),
        ("/ground/started_by", Value::Null),
        ("/ground/started_by/id", json!("")),
        ("/ends_at", json!("2016-03-07T17:00:00Z")),
        ("/ends_at", json!("2016-03-04T21:00:00Z")),
        ("/started_at", json!("2016-03-04T21:59:59Z")),
        ("/caps", json!([])),
        ("/request", json!("1")),
    ];
    for (path, to) in wrong {
        let path = format!("{hold}{path}");
        let fault = changed(&started, &path, to).expect_err(&path);
        assert_eq!(fault.code, "bad-event", "{path}: {fault}");
        assert!(fault.line == 1 && !fault.message.is_empty(), "{path}: {fault}");
    }
    // The change itself is not what is refused.
    let earlier = json!("2016-03-05T17:00:00Z");
    changed(&started, &format!("{hold}/ends_at"), earlier).unwrap();
}

#[test]
fn a_stored_match_is_one_that_an_examiner_verified() {
    let world = World::determined();
    let matched = of_kind(&world.federal, "match.verified");
    let path = "/what/match_verified/verified_by/role";
    for role in ["clerk", "supervisor", "counsel", "duty_officer"] {
        let fault = changed(&matched, path, json!(role)).unwrap_err();
        assert!(fault.message.contains("examiner"), "{fault}");
    }
    changed(&matched, path, json!("examiner")).unwrap();
}

#[test]
fn an_event_has_one_spelling() {
    let world = World::booked();
    let text = of_kind(&world.agency, "booking.made").to_text().unwrap();
    assert_eq!(Event::read(&text.replace("\":", "\": ")).unwrap_err().code, "not-canonical");
    assert_eq!(Event::read(&text[..text.len() - 1]).unwrap_err().code, "not-json");
    assert_eq!(Event::read("").unwrap_err().code, "not-json");
}

#[test]
fn a_message_that_comes_twice_or_of_the_wrong_party_changes_nothing_and_is_told() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let case = world.agency.case.id;
    let says = [
        (Says::RequestIssued(draft(1, "2016-03-01")), "request-known"),
        (Says::PrintsAnswered(PrintsAnswer::NoMatch), "nothing-to-search"),
        (Says::RequestWithdrawn(request_id(8)), "not-that-request"),
        (Says::Transferred { at: now }, "other-side"),
        (Says::NotInCustody(request_id(1)), "other-side"),
        (Says::ClaimResolved { claim: claim_id(8), resolution: Resolution::Upheld }, "no-claim"),
    ];
    for (says, why) in says {
        let before = world.agency.case.clone();
        let events = world.agency.receive(&Message { case, says: says.clone() }, now);
        let [Event { what: What::MessageSetAside(aside), .. }] = events.as_slice() else {
            panic!("{says:?}: {events:?}")
        };
        assert_eq!((aside.kind.as_str(), aside.why.as_str()), (says.kind_name(), why));
        let case = &world.agency.case;
        assert_eq!((&before.requests, &before.claims), (&case.requests, &case.claims));
        assert_eq!(before.identification, case.identification);
    }
    world.deliver(now);
    assert_eq!(world.federal.case.set_aside.len(), 6);
    assert!(world.federal.outbound.is_empty(), "the news of it is not answered");
}

#[test]
fn a_message_about_another_case_is_not_taken() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let says = Says::RequestWithdrawn(request_id(1));
    let other = Message { case: CaseId([8; 16]), says };
    let act = Act::Receive(Box::new(other));
    assert_eq!(world.agency.why(act, now), Why::OtherCase);
}

#[test]
fn a_message_before_any_prints_is_set_aside() {
    let mut federal = Node::new(Side::Federal);
    let says = Says::NotInCustody(request_id(1));
    let now = at("2016-03-02T09:00");
    federal.receive(&Message { case: federal.case.id, says }, now);
    assert_eq!(federal.case.set_aside[0].why, "not-opened");
    let booking = Booking { facts: Facts::default(), ..booking() };
    let says = Says::PrintsSubmitted { submission: submission(), booking };
    federal.receive(&Message { case: federal.case.id, says }, now);
    assert_eq!(federal.case.identification, Identification::Submitted);
}

#[test]
fn moments_that_cannot_be_are_refused() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let tomorrow = at("2016-03-03T09:00");
    let before = at("2016-02-28T09:00");
    let released = |at| Act::EndCustody(CustodyEnd { at, how: HowEnded::Released });
    assert_eq!(world.agency.why(released(tomorrow), now), Why::InFuture(tomorrow));
    assert_eq!(world.agency.why(released(before), now), Why::BeforeBooking(before));
    let early = eligible("2016-02-28T09:00");
    assert_eq!(world.agency.why(Act::SetEligible(early), now), Why::BeforeBooking(before));
    let mut agency = Node::new(Side::Agency);
    let why = agency.why(Act::Book(booking()), at("2016-02-28T09:00"));
    assert_eq!(why, Why::InFuture(at("2016-03-01T09:00")));
}

#[test]
fn hostile_events_and_bodies_are_refused_or_read_back_to_the_byte() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    world.agency.ok(Act::GiveNotice { request: request_id(1) }, now);
    world.federal.ok(Act::EvaluateProgram(world.federal.advice(now)), now);
    let mut corpus = Corpus::default();
    for event in world.agency.events.iter().chain(&world.federal.events) {
        corpus.push(event.what.kind_name(), event.to_text().unwrap().as_bytes());
    }
    let mut bodies = 0;
    for node in [&world.agency, &world.federal] {
        for event in &node.events {
            if let Some(message) = message_of(&node.case, event) {
                let body = Value::Object(message.to_body().unwrap());
                corpus.push("body", canonical(&body).unwrap().as_bytes());
                bodies += 1;
            }
        }
    }
    assert!(bodies >= 6, "{bodies}");
    let (mut events, mut messages) = (0, 0);
    hammer("events and bodies", &corpus, Limits::of(20_000), |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(event) = Event::read(text) {
            assert_eq!(event.to_text().unwrap(), text);
            events += 1;
        }
        let Ok(Value::Object(body)) = read_canonical(text) else { return };
        for kind in Says::KINDS {
            let kind = MessageKind::new(kind).unwrap();
            let Ok(message) = Message::read(&kind, &body) else { continue };
            assert_eq!(message.kind().unwrap(), kind);
            // Whatever it says, the case takes it or sets it aside.
            let act = Act::Receive(Box::new(message));
            for case in [&world.agency.case, &world.federal.case] {
                let command = Command {
                    id: CommandId([9; 16]),
                    by: By::Peer(CommandId([9; 16])),
                    expects: None,
                    act: act.clone(),
                };
                let _ = decide(case, &command, now);
            }
            messages += 1;
        }
    });
    assert!(events > 50 && messages > 50, "only {events} events and {messages} bodies were read");
}
