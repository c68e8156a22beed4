//! Every researched scenario with a clock, lived through by both nodes in simulated time.

use crate::scenario::{Scenario, scenarios};
use crate::world::*;
use comity_exchange::case::*;
use comity_model::clock::CapKind;
use comity_policy::Channel;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

impl Scenario {
    /// Up to the moment of release, with the request received and, where it was, served.
    /// Returns whether the office of these nodes would have issued it.
    fn live_to_release(&self) -> (World, Timestamp, Result<(), Why>) {
        let mut world = World::new();
        let booking = self.booking();
        let booked_at = booking.booked_at;
        let hour = SignedDuration::from_hours(1);
        world.agency.ok(Act::Book(booking), booked_at);
        world.agency.ok(Act::SubmitPrints(submission()), booked_at);
        world.deliver(booked_at);
        let federal = &mut world.federal;
        federal.ok(Act::RecordSearch(candidates()), booked_at);
        federal.ok(Act::VerifyMatch { gallery_record: GalleryRecord(id16(1)) }, booked_at);
        federal.ok(Act::DetermineStatus(self.determination()), booked_at);
        world.deliver(booked_at);
        let draft = self.draft(request_id(1));
        let noon = self.zone.start_of(draft.issued_on).unwrap() + SignedDuration::from_hours(12);
        let received_at = self.moment("request", "received_at");
        let issued_at = match received_at {
            Some(at) if self.zone.day(at) == draft.issued_on => at,
            _ => noon,
        }
        .max(booked_at);
        world.evaluate(issued_at);
        let issued = world.issue(draft.clone(), issued_at).map(|_| ()).map_err(|r| r.why);
        let received_at = received_at.unwrap_or(issued_at).max(issued_at);
        if issued.is_ok() {
            world.deliver(received_at);
        } else {
            // Another office would have: it comes as any message of a peer does.
            let case = world.agency.case.id;
            let message = Message { case, says: Says::RequestIssued(draft) };
            world.agency.receive(&carried(&message), received_at);
        }
        let request = request_id(1);
        if self.yes("request", "served_on_person") {
            let served_at = received_at;
            world.agency.ok(Act::ServeRequest { request, served_at }, served_at);
        }
        let release = self.moment("custody", "release_eligible_at").unwrap_or_else(|| {
            (self.zone.start_of(self.on).unwrap() + SignedDuration::from_hours(12))
                .max(received_at + hour)
        });
        let reason = self.text("custody", "release_reason").unwrap_or("other");
        let reason = ReleaseReason::named(reason).unwrap();
        let now = release.max(received_at);
        world.agency.ok(Act::SetEligible(Eligible { at: release, reason }), now);
        (world, now, issued)
    }
}

/// What a person decides who does what is asked wherever the law lets them.
fn willing(world: &World, now: Timestamp) -> Act {
    let advice = world.agency.advice(now);
    let request = world.agency.case.standing().unwrap();
    let choice = |channel| match advice.on(channel) {
        Law::Must(_) | Law::May(_) => Choice::Comply,
        Law::MustNot(_) => Choice::Decline,
        Law::Undetermined { .. } => Choice::Open,
    };
    let choices = request.draft.asks.iter().map(|c| (*c, choice(*c))).collect();
    let request = request.draft.request;
    Act::AnswerRequest { request, advice, choices, reason: Remark::default() }
}

fn law_of(world: &World, now: Timestamp) -> &'static str {
    world.agency.advice(now).on(Channel::Hold).name()
}

#[test]
fn every_scenario_with_a_clock_ends_as_it_says() {
    let (mut lived, mut unlike) = (0, Vec::new());
    for scenario in scenarios() {
        let Some(clock) = scenario.expect.get("clock").and_then(Value::as_object) else { continue };
        let id = &scenario.id;
        let ends_at = scenario.instant(clock["ends_at"].as_str().unwrap());
        let (mut world, now, issued) = scenario.live_to_release();
        if let Err(why) = issued {
            unlike.push((id.clone(), why));
        }
        assert_eq!(
            Some(law_of(&world, now)),
            scenario.expect.get("hold").and_then(Value::as_str),
            "{id}"
        );
        let answer = willing(&world, now);
        world.agency.ok(answer, now);
        let start = world.start_hold(now);
        world.agency.ok(start, now);
        let hold = world.agency.case.hold_at(now).unwrap_or_else(|| panic!("{id}: no hold"));
        assert_eq!(scenario.zone.show(hold.ends_at()), scenario.zone.show(ends_at), "{id}");
        if let Some(by) = clock.get("ends_by").and_then(Value::as_str) {
            assert_eq!(hold.ends_by().map(CapKind::name), Some(by), "{id}");
        }
        assert!(!hold.ground().rule().cite.is_empty(), "{id}");
        let second = SignedDuration::from_secs(1);
        assert!(world.agency.case.hold_at(ends_at - second).is_some(), "{id}");
        assert!(world.agency.case.hold_at(ends_at).is_none(), "{id}");
        // The scheduler wakes up at the moments that the case names, and the last one is the end.
        let mut woken = now;
        while let Some(next) = next_at(&world.agency.case) {
            woken = next.max(woken);
            world.agency.ok(Act::Tick, woken);
            if woken >= ends_at {
                break;
            }
        }
        assert_eq!(woken, ends_at, "{id}");
        let last = world.agency.case.past_holds.last().unwrap();
        assert_eq!((last.ended_at, &last.why), (ends_at, &HoldEnd::Expired), "{id}");
        let release =
            due(&world.agency.case, ends_at).into_iter().find(|t| t.kind == TaskKind::Release);
        assert_eq!(release.map(|t| t.due_at), Some(ends_at), "{id}: no release task");
        let how = HowEnded::Released;
        world.agency.ok(Act::EndCustody(CustodyEnd { at: ends_at, how }), ends_at);
        assert!(due(&world.agency.case, ends_at).iter().all(|t| t.kind != TaskKind::Release));
        lived += 1;
    }
    assert!(lived >= 24, "only {lived} scenarios have a clock");
    // Where the program that the repository codes would not have let an officer ask, it says so
    // by a rule; the request then came from an office that did.
    for (id, why) in &unlike {
        assert!(matches!(why, Why::NotAllowedToAsk(..)), "{id}: {why}");
    }
    let ids: Vec<&str> = unlike.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, Vec::<&str>::new());
}

#[test]
fn where_the_law_forbids_a_hold_nobody_can_start_one() {
    let mut barred = 0;
    for scenario in scenarios() {
        let forbids = scenario.expect.get("hold").and_then(Value::as_str) == Some("must_not");
        let form = scenario.text("request", "form").filter(|form| *form != "none");
        if !forbids || form.is_none() || scenario.text("request", "issued_on").is_none() {
            continue;
        }
        let id = format!("{} step {}", scenario.id, scenario.step);
        let (mut world, now, _) = scenario.live_to_release();
        // A request that asks for no hold has no answer on one.
        if scenario.asks().contains(&Channel::Hold) {
            assert_eq!(law_of(&world, now), "must_not", "{id}");
            let mut answer = willing(&world, now);
            if let Act::AnswerRequest { choices, .. } = &mut answer {
                choices.insert(Channel::Hold, Choice::Comply);
            }
            let why = world.agency.why(answer, now);
            let against = matches!(why, Why::Answer(NoAnswer::AgainstLaw(Channel::Hold, _)));
            assert!(against, "{id}: {why}");
        }
        let answer = willing(&world, now);
        world.agency.ok(answer, now);
        let start = world.start_hold(now);
        assert_eq!(world.agency.why(start, now), Why::NotAnsweredSo(Channel::Hold), "{id}");
        let release = due(&world.agency.case, now);
        assert!(release.iter().any(|t| t.kind == TaskKind::Release), "{id}");
        barred += 1;
    }
    assert!(barred >= 15, "only {barred} scenarios forbid a hold");
}
