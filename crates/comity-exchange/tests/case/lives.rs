//! Single lives of a case: what must come out where things go wrong, cross or change.

use crate::world::*;
use comity_exchange::case::*;
use comity_policy::Channel;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

fn kinds(node: &Node) -> Vec<&'static str> {
    node.events.iter().map(|e| e.what.kind_name()).collect()
}

fn withdraw(world: &mut World, n: u64, now: Timestamp) {
    let (request, reason) = (request_id(n), remark("no bed"));
    world.federal.ok(Act::WithdrawRequest { request, reason }, now);
    world.deliver(now);
}

fn release_due(case: &Case, now: Timestamp) -> Option<Timestamp> {
    due(case, now).into_iter().find(|t| t.kind == TaskKind::Release).map(|t| t.due_at)
}

fn claim(n: u64, kind: ClaimKind) -> Act {
    Act::MakeClaim(Claim { claim: claim_id(n), kind, proof_shown: false, may_be_told: true })
}

#[test]
fn a_whole_life_from_booking_to_transfer() {
    let mut world = World::held();
    world.agency.ok(Act::GiveNotice { request: request_id(1) }, at("2016-03-04T17:05"));
    let taken = at("2016-03-05T08:00");
    world.deliver(taken);
    assert!(due(&world.federal.case, taken).iter().any(|t| t.kind == TaskKind::TakeCustody));
    world.agency.ok(Act::Transfer { request: request_id(1), at: taken }, taken);
    world.deliver(taken);
    for node in [&world.agency, &world.federal] {
        let end = node.case.custody_end.as_ref().unwrap();
        assert_eq!((end.at, &end.how), (taken, &HowEnded::Transferred));
    }
    let past = world.agency.case.past_holds.last().unwrap();
    assert_eq!((past.ended_at, &past.why), (taken, &HoldEnd::Transferred));
    assert_eq!(
        kinds(&world.agency),
        [
            "booking.made",
            "prints.submitted",
            "prints.answered",
            "request.received",
            "request.served",
            "request.answered",
            "release.eligible",
            "hold.started",
            "notice.given",
            "custody.ended",
        ]
    );
    assert_eq!(
        kinds(&world.federal),
        [
            "prints.received",
            "search.recorded",
            "match.verified",
            "status.determined",
            "program.evaluated",
            "request.issued",
            "request.served",
            "answer.received",
            "notice.given",
            "custody.ended",
        ]
    );
}

#[test]
fn a_person_nobody_decided_to_hold_is_to_be_released_when_the_time_comes() {
    let mut world = World::requested();
    let now = at("2016-03-04T17:00");
    world.agency.ok(Act::SetEligible(eligible("2016-03-04T17:00")), at("2016-03-03T09:00"));
    assert_eq!(release_due(&world.agency.case, now - SignedDuration::from_secs(1)), None);
    assert_eq!(release_due(&world.agency.case, now), Some(now));
    let start = world.start_hold(now);
    assert_eq!(world.agency.why(start, now), Why::NotAnsweredSo(Channel::Hold));
}

#[test]
fn a_form_that_is_known_whole_does_not_make_the_agencys_record_whole() {
    let asks_for_convictions = |complete: bool| {
        let tree = json!({ "person": { "age_years": 30 } });
        let facts = Facts::read(tree.as_object().unwrap().clone(), complete, FactsOf::Booking);
        let booking = Booking { place: place("us-ca.alameda"), facts: facts.unwrap(), ..booking() };
        let world = World::requested_as(booking);
        let request = &world.agency.case.standing().unwrap().draft;
        assert!(request.states.is_complete());
        let advice = world.agency.advice(at("2016-03-01T15:00"));
        let Law::Undetermined { needs, .. } = advice.on(Channel::Hold) else { return false };
        needs.iter().flatten().any(|fact| fact.starts_with("convictions"))
    };
    // California's law turns on convictions: none on record, and none at all, are two things.
    assert!(!asks_for_convictions(true));
    assert!(asks_for_convictions(false));
}

#[test]
fn the_end_of_a_hold_opens_a_release_and_nothing_prolongs_it() {
    let mut world = World::held();
    let end = at("2016-03-06T17:00");
    assert_eq!(world.agency.case.hold.as_ref().unwrap().ends_at(), end);
    assert_eq!(release_due(&world.agency.case, end), Some(end));
    // Asked again after the end, and with eligibility set anew, the clock does not start over.
    for eligible_at in ["2016-03-04T17:00", "2016-03-06T18:00"] {
        let now = at("2016-03-06T18:00");
        world.agency.ok(Act::SetEligible(eligible(eligible_at)), now);
        let start = world.start_hold(now);
        assert_eq!(world.agency.why(start, now), Why::Hold(NoHold::Over(end)));
    }
    assert_eq!(world.agency.case.past_holds.len(), 1);
    assert_eq!(world.agency.case.past_holds[0].why, HoldEnd::Expired);
}

#[test]
fn a_hold_over_the_night_in_which_the_clocks_go_forward_lasts_48_elapsed_hours() {
    let mut world = World::answered();
    let saturday = at("2016-03-12T20:00");
    world.agency.ok(Act::SetEligible(eligible("2016-03-12T20:00")), saturday);
    let start = world.start_hold(saturday);
    world.agency.ok(start, saturday);
    let hold = world.agency.case.hold_at(saturday).unwrap();
    assert_eq!(zone().show(hold.ends_at()), "Mon 2016-03-14 21:00");
    assert_eq!(hold.ends_at().duration_since(saturday).as_hours(), 48);
}

#[test]
fn alarms_are_raised_once_in_order_and_none_is_missed_after_a_sleep() {
    let mut awake = World::held();
    let mut asleep = awake.clone();
    let end = at("2016-03-06T17:00");
    let mut woken = Vec::new();
    while let Some(next) = next_at(&awake.agency.case) {
        let now = next.max(at("2016-03-04T17:00"));
        woken.push(now);
        assert!(!awake.agency.ok(Act::Tick, now).is_empty());
        assert!(awake.agency.ok(Act::Tick, now).is_empty(), "told once");
        if now >= end {
            break;
        }
    }
    let before = |minutes: i64| end - SignedDuration::from_mins(minutes);
    assert!(woken.ends_with(&[before(240), before(60), before(15), end]), "{woken:?}");
    // One look, long after, finds the same as all of those.
    asleep.agency.ok(Act::Tick, at("2016-03-20T04:00"));
    let told = |node: &Node| {
        let mut keys: Vec<String> = node.case.raised.iter().cloned().collect();
        keys.retain(|key| !key.starts_with("prepare the release"));
        keys
    };
    assert_eq!(told(&asleep.agency), told(&awake.agency));
    let last = asleep.agency.case.past_holds.last().unwrap();
    assert_eq!((last.ended_at, &last.why), (end, &HoldEnd::Expired));
    assert_eq!(release_due(&asleep.agency.case, end), Some(end));
    assert_eq!(next_at(&asleep.agency.case), None);
}

#[test]
fn a_clock_that_goes_back_does_not_bring_a_hold_back() {
    let mut world = World::held();
    let end = at("2016-03-06T17:00");
    world.agency.ok(Act::Tick, end);
    let yesterday = at("2016-03-05T17:00");
    assert!(world.agency.case.hold_at(yesterday).is_none());
    assert_eq!(release_due(&world.agency.case, yesterday), Some(end));
    let note = world.agency.ok(Act::Note(remark("clock set")), yesterday);
    assert_eq!(note[0].at, end, "an event is never before the one before it");
    let start = world.start_hold(yesterday);
    assert_eq!(world.agency.why(start, yesterday), Why::Hold(NoHold::Over(end)));
}

#[test]
fn a_request_for_a_person_already_released_is_recorded_and_its_sender_is_told() {
    let mut world = World::determined();
    let now = at("2016-03-01T18:00");
    world.evaluate(at("2016-03-01T11:30"));
    world.issue(draft(1, "2016-03-01"), at("2016-03-01T12:00")).unwrap();
    let end = CustodyEnd { at: now, how: HowEnded::Released };
    world.agency.ok(Act::EndCustody(end), now);
    world.deliver(now);
    let ended = |node: &Node| node.case.request(request_id(1)).unwrap().ended;
    assert_eq!(ended(&world.agency), Some((RequestEnd::NotInCustody, now)));
    assert_eq!(ended(&world.federal), Some((RequestEnd::NotInCustody, now)));
    assert_eq!(world.agency.case.standing(), None);
    assert!(due(&world.agency.case, now).is_empty());
}

#[test]
fn a_booking_edited_after_the_answer_makes_it_count_no_more() {
    let mut world = World::answered();
    let friday = at("2016-03-04T17:00");
    let edited = at("2016-03-03T09:00");
    let facts = facts(json!({ "convictions": [] }), FactsOf::Booking);
    world.agency.ok(Act::AmendBooking { facts, reason: remark("another person's") }, edited);
    world.agency.ok(Act::SetEligible(eligible("2016-03-04T17:00")), friday);
    let start = world.start_hold(friday);
    assert_eq!(world.agency.why(start, friday), Why::AnswerOutdated(edited));
    let notice = Act::GiveNotice { request: request_id(1) };
    assert_eq!(world.agency.why(notice, friday), Why::AnswerOutdated(edited));
    let again = TaskKind::AnswerAgain(request_id(1));
    assert!(due(&world.agency.case, friday).iter().any(|t| t.kind == again));
    let answer = world.answer(Choice::Comply, Choice::Comply, friday);
    world.agency.ok(answer, friday);
    let start = world.start_hold(friday);
    world.agency.ok(start, friday);
}

#[test]
fn a_booking_edited_while_a_hold_runs_is_answered_again_and_a_no_ends_the_hold() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    let empty = facts(json!({}), FactsOf::Booking);
    world.agency.ok(Act::AmendBooking { facts: empty, reason: remark("age") }, now);
    let again = TaskKind::AnswerAgain(request_id(1));
    assert!(due(&world.agency.case, now).iter().any(|t| t.kind == again));
    let mut yes = world.clone();
    let answer = yes.answer(Choice::Comply, Choice::Comply, now);
    yes.agency.ok(answer, now);
    let ends_at = yes.agency.case.hold_at(now).map(Hold::ends_at);
    assert_eq!(ends_at, Some(at("2016-03-06T17:00")), "the same clock");
    let answer = world.answer(Choice::Decline, Choice::Comply, now);
    world.agency.ok(answer, now);
    assert!(world.agency.case.hold_at(now).is_none());
    assert_eq!(world.agency.case.past_holds[0].why, HoldEnd::AnswerChanged);
    assert_eq!(release_due(&world.agency.case, now), Some(now));
}

#[test]
fn of_two_answers_at_once_the_second_is_refused() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let (yes, no) = (
        world.answer(Choice::Comply, Choice::Comply, now),
        world.answer(Choice::Decline, Choice::Decline, now),
    );
    world.agency.ok(yes, now);
    assert_eq!(world.agency.why(no, now), Why::AdviceOutdated);
    assert!(world.agency.case.answers[&request_id(1)].answer.complies(Channel::Hold));
    // Commands without an advice say which version their person looked at.
    let mut note = world.agency.command(official(OfficialRole::Clerk), Act::Note(remark("x")));
    note.expects = Some(Version(3));
    let refusal = world.agency.take(&note, now).unwrap_err();
    let is = world.agency.case.version;
    assert_eq!(refusal.why, Why::OtherVersion { looked_at: Version(3), is });
}

#[test]
fn advice_of_yesterday_is_not_good_today() {
    let mut world = World::requested();
    let yesterday = at("2016-03-02T23:59");
    let answer = world.answer(Choice::Comply, Choice::Comply, yesterday);
    assert_eq!(world.agency.why(answer, at("2016-03-03T00:01")), Why::AdviceOutdated);
}

#[test]
fn a_withdrawn_request_ends_the_hold_and_a_new_one_does_not_prolong_it() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    withdraw(&mut world, 1, now);
    assert_eq!(world.agency.case.past_holds[0].why, HoldEnd::RequestEnded);
    assert_eq!(release_due(&world.agency.case, now), Some(now));
    // Another one comes, which says that it takes the place of the withdrawn one.
    world.evaluate(now);
    let again = Draft { supersedes: Some(request_id(1)), ..draft(2, "2016-03-05") };
    let why = world.issue(again, now).unwrap_err().why;
    assert_eq!(why, Why::NotThatRequest(request_id(1)));
    world.issue(draft(2, "2016-03-05"), now).unwrap();
    world.deliver(now);
    world.serve(now);
    let answer = world.answer(Choice::Comply, Choice::Comply, now);
    world.agency.ok(answer, now);
    let start = world.start_hold(now);
    world.agency.ok(start, now);
    let ends_at = world.agency.case.hold_at(now).map(Hold::ends_at);
    assert_eq!(ends_at, Some(at("2016-03-06T17:00")), "the end of the first hold");
}

#[test]
fn a_superseded_request_ends_the_hold_at_it() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    world.evaluate(now);
    let next = Draft { supersedes: Some(request_id(1)), ..draft(2, "2016-03-05") };
    world.issue(next, now).unwrap();
    world.deliver(now);
    for node in [&world.agency, &world.federal] {
        let ended = node.case.request(request_id(1)).unwrap().ended;
        assert_eq!(ended, Some((RequestEnd::Superseded(request_id(2)), now)));
        assert_eq!(node.case.standing().unwrap().draft.request, request_id(2));
    }
    assert!(world.agency.case.hold_at(now).is_none());
    let start = Act::StartHold { request: request_id(1), advice: world.agency.advice(now) };
    assert_eq!(world.agency.why(start, now), Why::NotAnsweredSo(Channel::Hold));
    // A withdrawal of the superseded one that was on its way changes nothing, and is told.
    let case = world.agency.case.id;
    let late = Message { case, says: Says::RequestWithdrawn(request_id(1)) };
    world.agency.receive(&late, now);
    world.deliver(now);
    assert_eq!(world.agency.case.standing().unwrap().draft.request, request_id(2));
    assert_eq!(world.agency.case.set_aside[0].why, "not-that-request");
    assert_eq!(world.federal.case.set_aside, world.agency.case.set_aside);
}

#[test]
fn a_claim_stops_everything_and_what_it_stopped_does_not_go_on_by_itself() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    world.agency.ok(claim(1, ClaimKind::Citizenship), now);
    world.deliver(now);
    assert!(world.agency.case.hold_at(now).is_none());
    assert_eq!(release_due(&world.agency.case, now), Some(now));
    let start = world.start_hold(now);
    assert_eq!(world.agency.why(start, now), Why::ClaimOpen);
    let transfer = Act::Transfer { request: request_id(1), at: now };
    assert_eq!(world.agency.why(transfer, now), Why::ClaimOpen);
    let notice = Act::GiveNotice { request: request_id(1) };
    assert_eq!(world.agency.why(notice, now), Why::ClaimOpen);
    let answer = world.answer(Choice::Comply, Choice::Decline, now);
    assert_eq!(world.agency.why(answer, now), Why::ClaimOpen);
    let why = world.issue(draft(2, "2016-03-05"), now).unwrap_err().why;
    assert_eq!(why, Why::ClaimOpen);
    // The federal side's word alone does not open the way to a hold.
    let resolve = |resolution| Act::ResolveClaim {
        claim: claim_id(1),
        resolution,
        reason: remark("records checked"),
    };
    world.federal.ok(resolve(Resolution::NotUpheld), now);
    world.deliver(now);
    let known = &world.agency.case.claims[&claim_id(1)];
    assert_eq!(known.peer_says, Some(Resolution::NotUpheld));
    assert!(known.is_open());
    world.agency.ok(resolve(Resolution::NotUpheld), now);
    assert!(world.agency.case.hold_at(now).is_none());
    let start = world.start_hold(now);
    assert_eq!(world.agency.why(start, now), Why::AnswerOutdated(now));
}

#[test]
fn a_claim_that_is_upheld_withdraws_every_request_and_ends_the_matter() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    world.agency.ok(claim(1, ClaimKind::Citizenship), now);
    world.deliver(now);
    let reason = remark("certificate of naturalization");
    let (claim, resolution) = (claim_id(1), Resolution::Upheld);
    world.federal.ok(Act::ResolveClaim { claim, resolution, reason }, now);
    world.deliver(now);
    for node in [&world.agency, &world.federal] {
        assert!(node.case.claim_upheld());
        assert_eq!(node.case.standing(), None);
    }
    let why = world.issue(draft(3, "2016-03-05"), now).unwrap_err().why;
    assert_eq!(why, Why::ClaimUpheld);
    assert_eq!(release_due(&world.agency.case, now), Some(now));
}

#[test]
fn the_agency_s_word_that_a_claim_is_true_is_an_opinion_at_the_federal_side() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    world.agency.ok(claim(1, ClaimKind::Citizenship), now);
    let (claim, resolution) = (claim_id(1), Resolution::Upheld);
    world.agency.ok(Act::ResolveClaim { claim, resolution, reason: remark("passport") }, now);
    world.deliver(now);
    let known = &world.federal.case.claims[&claim];
    assert_eq!((known.peer_says, known.resolution), (Some(Resolution::Upheld), None));
    assert!(world.federal.case.standing().is_some());
    let why = world.issue(draft(2, "2016-03-02"), now).unwrap_err().why;
    assert_eq!(why, Why::ClaimOpen, "and all stands still until an officer resolves it");
    let answer = world.answer(Choice::Comply, Choice::Comply, now);
    assert_eq!(world.agency.why(answer, now), Why::ClaimUpheld);
}

#[test]
fn a_transfer_during_the_hold_may_be_recorded_after_it_and_one_after_it_may_not() {
    let mut world = World::held();
    let end = at("2016-03-06T17:00");
    world.agency.ok(Act::Tick, end);
    let later = at("2016-03-06T17:20");
    let at_the_end = Act::Transfer { request: request_id(1), at: end };
    assert_eq!(world.agency.why(at_the_end, later), Why::NotAnsweredSo(Channel::Transfer));
    let taken = at("2016-03-06T16:50");
    world.agency.ok(Act::Transfer { request: request_id(1), at: taken }, later);
    let past = world.agency.case.past_holds.last().unwrap();
    assert_eq!((past.ended_at, &past.why), (taken, &HoldEnd::Transferred));
}

#[test]
fn a_claim_that_the_person_keeps_to_the_agency_is_not_told() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let (claim, kind) = (claim_id(5), ClaimKind::LawfulStatus);
    let kept = Claim { claim, kind, proof_shown: true, may_be_told: false };
    world.agency.ok(Act::MakeClaim(kept), now);
    assert!(world.agency.outbound.is_empty());
    let (resolution, reason) = (Resolution::Upheld, remark("card shown"));
    world.agency.ok(Act::ResolveClaim { claim, resolution, reason }, now);
    assert!(world.agency.outbound.is_empty());
}

#[test]
fn a_verification_that_is_taken_back_ends_requests_and_hold() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    let known = world.federal.case.correctable.iter().find(|(_, s)| **s == Subject::Match);
    let event = *known.unwrap().0;
    let correct =
        || Act::Correct { event, says: Correction::MatchTakenBack, reason: remark("not the same") };
    let why = world.federal.give_by(official(OfficialRole::DutyOfficer), correct(), now);
    assert_eq!(why.unwrap_err().why, Why::WrongActor(&[OfficialRole::Examiner]));
    world.federal.give_by(official(OfficialRole::Examiner), correct(), now).unwrap();
    world.deliver(now);
    assert_eq!(world.agency.case.identification, Identification::TakenBack);
    assert_eq!(world.agency.case.standing(), None);
    assert!(world.agency.case.hold_at(now).is_none());
    assert_eq!(world.agency.case.past_holds[0].why, HoldEnd::MatchTakenBack);
    assert_eq!(release_due(&world.agency.case, now), Some(now));
}

#[test]
fn a_correction_keeps_the_event_that_it_corrects_and_never_prolongs_a_hold() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    let set = world.agency.events.iter().find(|e| e.what.kind_name() == "release.eligible");
    let set = set.unwrap().clone();
    let says = Correction::Eligible(Some(eligible("2016-03-04T23:00")));
    let (event, reason) = (set.version, remark("bond posted in the evening"));
    world.agency.ok(Act::Correct { event, says: says.clone(), reason }, now);
    assert!(world.agency.events.contains(&set), "the original stays");
    let correction = &world.agency.case.corrections[0];
    assert_eq!((correction.event, &correction.says), (event, &says));
    assert_eq!(world.agency.case.past_holds[0].why, HoldEnd::EligibilityCorrected);
    let answer = world.answer(Choice::Comply, Choice::Comply, now);
    world.agency.ok(answer, now);
    let start = world.start_hold(now);
    world.agency.ok(start, now);
    let ends_at = world.agency.case.hold_at(now).map(Hold::ends_at);
    assert_eq!(ends_at, Some(at("2016-03-06T17:00")), "not six hours later");
    // The event that was corrected says nothing any more that could be corrected.
    let (says, reason) = (Correction::Eligible(None), remark("again"));
    let why = world.agency.why(Act::Correct { event, says, reason }, now);
    assert!(matches!(why, Why::NotCorrectable(events) if !events.contains(&event)));
}

#[test]
fn a_release_recorded_in_error_is_corrected_and_the_person_is_to_be_released() {
    let mut world = World::held();
    let now = at("2016-03-05T09:00");
    let end = CustodyEnd { at: now, how: HowEnded::Released };
    let events = world.agency.ok(Act::EndCustody(end), now);
    let (event, says) = (events[0].version, Correction::CustodyEnd(None));
    let later = at("2016-03-05T10:00");
    world.agency.ok(Act::Correct { event, says, reason: remark("wrong person") }, later);
    assert!(world.agency.case.in_custody());
    assert!(world.agency.case.hold_at(later).is_none(), "the hold does not go on by itself");
    assert_eq!(release_due(&world.agency.case, later), Some(now));
}

#[test]
fn a_transfer_needs_a_hold_or_an_answer_that_allows_it() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let transfer = Act::Transfer { request: request_id(1), at: now };
    assert_eq!(world.agency.why(transfer, now), Why::NotAnsweredSo(Channel::Transfer));
    let how = HowEnded::Transferred;
    let end = Act::EndCustody(CustodyEnd { at: now, how });
    assert_eq!(world.agency.why(end, now), Why::UseTransfer);
    // What happened without one is recorded all the same.
    let how = HowEnded::Other(remark("taken at the door, on no answer"));
    world.agency.ok(Act::EndCustody(CustodyEnd { at: now, how }), now);
}

#[test]
fn the_federal_side_saying_that_it_took_the_person_ends_no_custody_record_of_the_agency() {
    let mut world = World::held();
    let taken_at = at("2016-03-05T08:00");
    world.federal.ok(Act::TakeCustody { at: taken_at }, taken_at);
    world.deliver(taken_at);
    assert!(world.agency.case.in_custody());
    let tasks = due(&world.agency.case, taken_at);
    assert!(tasks.iter().any(|t| t.kind == TaskKind::RecordEnd), "{tasks:?}");
}

#[test]
fn nothing_is_kept_at_the_federal_side_of_a_person_who_did_not_match() {
    let mut world = World::booked();
    let now = at("2016-03-01T10:00");
    world.federal.ok(Act::RecordSearch(SearchResult::NoMatch), now);
    world.deliver(now);
    let case = &world.federal.case;
    assert!(case.booking.as_ref().unwrap().facts.is_empty());
    assert_eq!(case.submitted, None);
    assert!(due(case, now).iter().any(|t| t.kind == TaskKind::Forget));
    assert_eq!(world.agency.case.identification, Identification::NoMatch);
}

#[test]
fn a_form_that_could_not_be_issued_on_its_date_is_not() {
    let mut world = World::determined();
    let now = at("2017-05-10T12:00");
    world.evaluate(now);
    let why = world.issue(draft(1, "2017-05-10"), now).unwrap_err().why;
    assert!(matches!(why, Why::FormNotAuthorized(_)), "{why}");
    let why = world.issue(draft(1, "2017-05-09"), now).unwrap_err().why;
    assert_eq!(why, Why::OtherDate);
}

#[test]
fn what_the_program_does_not_allow_is_not_asked() {
    let mut world = World::booked();
    let federal = &mut world.federal;
    federal.ok(Act::RecordSearch(candidates()), at("2016-03-01T10:00"));
    let gallery_record = GalleryRecord(id16(1));
    federal.ok(Act::VerifyMatch { gallery_record }, at("2016-03-01T10:10"));
    let nothing = Determination {
        basis: Basis::named("biometric_match").unwrap(),
        facts: facts(json!({}), FactsOf::Determination),
        ..determination()
    };
    federal.ok(Act::DetermineStatus(nothing), at("2016-03-01T11:00"));
    let now = at("2016-03-01T12:00");
    world.evaluate(now);
    let mut plain = draft(1, "2016-03-01");
    plain.basis = Basis::named("biometric_match").unwrap();
    plain.states = facts(json!({ "person": { "removable": true } }), FactsOf::Request);
    let why = world.issue(plain, now).unwrap_err().why;
    assert!(matches!(why, Why::NotAllowedToAsk(Channel::RequestHold, _)), "{why}");
}

#[test]
fn duties_of_the_law_become_tasks_with_their_deadlines() {
    let mut world = World::new();
    let mut texas = booking();
    texas.booked_at = at("2018-06-07T09:00");
    texas.place = place("us-ca.orange");
    texas.time_zone = ZoneName::named("America/Los_Angeles").unwrap();
    world.agency.ok(Act::Book(texas), at("2018-06-07T12:00"));
    let mut asked = draft(1, "2018-06-07");
    asked.form = Form::named("I-247A").unwrap();
    asked.version = FormVersion::named("2017-02");
    let warrant = WarrantKind::named("I-200").unwrap();
    asked.warrant = Some(Warrant { kind: warrant, signed_by: None });
    let message = Message { case: world.agency.case.id, says: Says::RequestIssued(asked) };
    let received = at("2018-06-07T16:00");
    world.agency.receive(&message, received);
    let now = at("2018-06-07T18:00");
    let answer = world.answer(Choice::Decline, Choice::Decline, now);
    world.agency.ok(answer, now);
    let duties = &world.agency.case.duties;
    assert!(duties.iter().any(|d| d.duty.duty == "copy-of-request"), "{duties:?}");
    assert!(duties.iter().all(|d| !d.duty.cite.is_empty()));
    let open = due(&world.agency.case, now);
    let number = duties.iter().position(|d| d.duty.duty == "copy-of-request").unwrap() as u32;
    let copy = open.iter().find(|t| t.kind == TaskKind::Duty(number)).unwrap();
    assert_eq!(copy.due_at, received);
    world.agency.ok(Act::DoDuty { duty: number, done_at: now }, now);
    let open = due(&world.agency.case, now);
    assert!(open.iter().all(|t| t.kind != TaskKind::Duty(number)));
    let again = Act::DoDuty { duty: number, done_at: now };
    assert_eq!(world.agency.why(again, now), Why::NoDuty);
}

#[test]
fn the_same_command_twice_happens_once_and_another_under_its_id_is_refused() {
    let mut world = World::requested();
    let now = at("2016-03-02T09:00");
    let clerk = official(OfficialRole::Clerk);
    let note = world.agency.command(clerk.clone(), Act::Note(remark("seen")));
    assert_eq!(world.agency.take(&note, now).unwrap().len(), 1);
    let after = world.agency.case.clone();
    assert_eq!(world.agency.take(&note, at("2016-03-09T09:00")).unwrap(), Vec::new());
    assert_eq!(world.agency.case, after);
    let other = Command { act: Act::Note(remark("not seen")), ..note };
    assert_eq!(world.agency.take(&other, now).unwrap_err().why, Why::IdReused);
}
