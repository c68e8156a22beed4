//! Every command in every state: done, or refused with the reason and with what is allowed.

use crate::world::*;
use comity_exchange::case::*;
use comity_policy::Channel;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const NOW: &str = "2016-03-02T12:00";

/// A case in a state, and what it allows besides what it always does.
type Row = (&'static str, fn() -> (Node, Timestamp), &'static [CommandName]);

use CommandName::*;

/// Allowed in every case that was opened.
const ALWAYS: &[CommandName] = &[Note, Correct, Receive, Tick];

fn agency(world: World, local: &str) -> (Node, Timestamp) {
    (world.agency, at(local))
}

fn federal(world: World, local: &str) -> (Node, Timestamp) {
    (world.federal, at(local))
}

fn claim() -> Claim {
    let (claim, kind) = (claim_id(9), ClaimKind::Citizenship);
    Claim { claim, kind, proof_shown: false, may_be_told: true }
}

const AGENCY: &[Row] = &[
    (
        "booked",
        || {
            let mut world = World::new();
            world.agency.ok(Act::Book(booking()), at("2016-03-01T09:05"));
            agency(world, NOW)
        },
        &[AmendBooking, SubmitPrints, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "prints sent",
        || agency(World::booked(), NOW),
        &[AmendBooking, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "match reported",
        || agency(World::determined(), NOW),
        &[AmendBooking, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "prints failed",
        || {
            let mut world = World::booked();
            let error = SearchResult::Error(PrintsError::PoorQuality);
            world.federal.ok(Act::RecordSearch(error), at("2016-03-01T10:00"));
            world.deliver(at("2016-03-01T10:00"));
            agency(world, NOW)
        },
        &[AmendBooking, SubmitPrints, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "requested",
        || agency(World::requested(), NOW),
        &[AmendBooking, AnswerRequest, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "answered",
        || agency(World::answered(), NOW),
        &[AmendBooking, AnswerRequest, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "eligible in two days",
        || {
            let mut world = World::answered();
            world.agency.ok(Act::SetEligible(eligible("2016-03-04T17:00")), at(NOW));
            agency(world, NOW)
        },
        &[AmendBooking, AnswerRequest, SetEligible, GiveNotice, EndCustody, MakeClaim],
    ),
    (
        "eligible now",
        || {
            let mut world = World::answered();
            world.agency.ok(Act::SetEligible(eligible("2016-03-02T12:00")), at(NOW));
            agency(world, NOW)
        },
        &[AmendBooking, AnswerRequest, SetEligible, GiveNotice, StartHold, EndCustody, MakeClaim],
    ),
    (
        "held",
        || agency(World::held(), "2016-03-05T12:00"),
        &[AmendBooking, AnswerRequest, GiveNotice, EndHold, Transfer, EndCustody, MakeClaim],
    ),
    (
        "held, and the clock ran out",
        || agency(World::held(), "2016-03-06T17:00"),
        &[
            AmendBooking,
            AnswerRequest,
            SetEligible,
            GiveNotice,
            StartHold,
            Transfer,
            EndCustody,
            MakeClaim,
        ],
    ),
    (
        "held, then a claim",
        || {
            let mut world = World::held();
            world.agency.ok(Act::MakeClaim(claim()), at("2016-03-05T10:00"));
            agency(world, "2016-03-05T12:00")
        },
        &[AmendBooking, AnswerRequest, SetEligible, EndCustody, MakeClaim, ResolveClaim],
    ),
    (
        "held, then withdrawn",
        || {
            let mut world = World::held();
            let (request, reason) = (request_id(1), remark("no bed"));
            let withdraw = Act::WithdrawRequest { request, reason };
            world.federal.ok(withdraw, at("2016-03-05T10:00"));
            world.deliver(at("2016-03-05T10:00"));
            agency(world, "2016-03-05T12:00")
        },
        &[AmendBooking, SetEligible, EndCustody, MakeClaim],
    ),
    (
        "released",
        || {
            let mut world = World::held();
            let released = at("2016-03-05T10:00");
            let end = CustodyEnd { at: released, how: HowEnded::Released };
            world.agency.ok(Act::EndCustody(end), released);
            agency(world, "2016-03-05T12:00")
        },
        &[],
    ),
];

const FEDERAL: &[Row] = &[
    ("prints received", || federal(World::booked(), NOW), &[RecordSearch, MakeClaim]),
    (
        "candidates",
        || {
            let mut world = World::booked();
            world.federal.ok(Act::RecordSearch(candidates()), at("2016-03-01T10:00"));
            federal(world, NOW)
        },
        &[VerifyMatch, RejectCandidates, MakeClaim],
    ),
    (
        "rejected",
        || {
            let mut world = World::booked();
            world.federal.ok(Act::RecordSearch(candidates()), at("2016-03-01T10:00"));
            world.federal.ok(Act::RejectCandidates, at("2016-03-01T10:10"));
            federal(world, NOW)
        },
        &[MakeClaim],
    ),
    (
        "determined",
        || federal(World::determined(), NOW),
        &[DetermineStatus, EvaluateProgram, MakeClaim, Correct],
    ),
    (
        "evaluated",
        || {
            let mut world = World::determined();
            world.evaluate(at(NOW));
            federal(world, NOW)
        },
        &[DetermineStatus, EvaluateProgram, IssueRequest, MakeClaim, Correct],
    ),
    (
        "requested",
        || federal(World::requested(), NOW),
        &[
            DetermineStatus,
            EvaluateProgram,
            IssueRequest,
            WithdrawRequest,
            TakeCustody,
            MakeClaim,
            Correct,
        ],
    ),
    (
        "claimed",
        || {
            let mut world = World::requested();
            world.federal.ok(Act::MakeClaim(claim()), at(NOW));
            federal(world, NOW)
        },
        &[DetermineStatus, WithdrawRequest, MakeClaim, ResolveClaim, Correct],
    ),
    (
        "taken back",
        || {
            let mut world = World::requested();
            let event = world.federal.case.correctable.iter();
            let event = *event.clone().find(|(_, s)| **s == Subject::Match).unwrap().0;
            let (says, reason) = (Correction::MatchTakenBack, remark("another person"));
            let by = official(OfficialRole::Examiner);
            let correct = Act::Correct { event, says, reason };
            world.federal.give_by(by, correct, at(NOW)).unwrap();
            federal(world, NOW)
        },
        &[MakeClaim],
    ),
    (
        "taken",
        || {
            let mut world = World::answered();
            let taken_at = at("2016-03-02T11:00");
            world.federal.ok(Act::TakeCustody { at: taken_at }, taken_at);
            federal(world, NOW)
        },
        &[DetermineStatus, WithdrawRequest, Correct],
    ),
];

/// A command of that name as somebody would give it in that case.
pub fn sample(name: CommandName, node: &Node, now: Timestamp) -> Act {
    let standing = node.case.standing().map_or(request_id(1), |r| r.draft.request);
    let advice = || {
        // A case that nobody opened has no advice; any other case's does as well.
        let empty = node.case.booking.is_none();
        if empty { World::booked().agency.advice(now) } else { node.advice(now) }
    };
    let empty = || facts(serde_json::json!({}), FactsOf::Booking);
    let newest = |n: u64| {
        let day = node.case.day_of(now).unwrap_or(jiff::civil::date(2016, 3, 2));
        draft(n, &day.to_string())
    };
    match name {
        Book => Act::Book(booking()),
        AmendBooking => Act::AmendBooking { facts: empty(), reason: remark("typing error") },
        SubmitPrints => Act::SubmitPrints(submission()),
        RecordSearch => Act::RecordSearch(SearchResult::NoMatch),
        VerifyMatch => Act::VerifyMatch { gallery_record: GalleryRecord(id16(2)) },
        RejectCandidates => Act::RejectCandidates,
        DetermineStatus => Act::DetermineStatus(determination()),
        EvaluateProgram => Act::EvaluateProgram(advice()),
        IssueRequest => {
            let draft = newest(77);
            let advice = Advice::of_draft(library(), &node.case, &draft, now)
                .map_or_else(|_| advice(), Box::new);
            Act::IssueRequest { draft, advice }
        }
        WithdrawRequest => Act::WithdrawRequest { request: standing, reason: remark("not needed") },
        ServeRequest => Act::ServeRequest { request: standing, served_at: now },
        AnswerRequest => {
            let choices = choices(Choice::Decline, Choice::Decline);
            let reason = Remark::default();
            Act::AnswerRequest { request: standing, advice: advice(), choices, reason }
        }
        SetEligible => Act::SetEligible(eligible("2016-03-08T17:00")),
        GiveNotice => Act::GiveNotice { request: standing },
        StartHold => Act::StartHold { request: standing, advice: advice() },
        EndHold => Act::EndHold { reason: remark("sheriff's order") },
        Transfer => {
            // Of a hold that is over, a moment at which it ran.
            let second = SignedDuration::from_secs(1);
            let over = node.case.hold.as_ref().map(|hold| hold.ends_at() - second);
            Act::Transfer { request: standing, at: over.map_or(now, |over| over.min(now)) }
        }
        EndCustody => Act::EndCustody(CustodyEnd { at: now, how: HowEnded::Released }),
        TakeCustody => Act::TakeCustody { at: now },
        MakeClaim => Act::MakeClaim(Claim { claim: claim_id(10), ..claim() }),
        ResolveClaim => {
            let (claim, resolution) = (claim_id(9), Resolution::NotUpheld);
            Act::ResolveClaim { claim, resolution, reason: remark("papers checked") }
        }
        DoDuty => Act::DoDuty { duty: 0, done_at: now },
        Note => Act::Note(remark("seen")),
        Correct => {
            // Service is the agency's word; the federal side corrects its own.
            let federal = node.case.side == Side::Federal;
            let own = |(_, s): &(&Version, &Subject)| !(federal && matches!(s, Subject::Served(_)));
            let known = node.case.correctable.iter().rev().find(own);
            let (event, subject) = known.map_or((Version(1), Subject::BookedAt), |(v, s)| (*v, *s));
            let says = match subject {
                Subject::BookedAt => Correction::BookedAt(at("2016-03-01T08:55")),
                Subject::Eligible => Correction::Eligible(None),
                Subject::Served(request) => Correction::Served(request, None),
                Subject::CustodyEnd => Correction::CustodyEnd(None),
                Subject::Match => Correction::MatchTakenBack,
            };
            Act::Correct { event, says, reason: remark("typing error") }
        }
        Receive => {
            let case = node.case.id;
            let aside = SetAside {
                envelope: CommandId([1; 16]),
                kind: "request.issued".to_owned(),
                why: "request-known".to_owned(),
            };
            Act::Receive(Box::new(Message { case, says: Says::SetAside(aside) }))
        }
        Tick => Act::Tick,
    }
}

pub fn who(act: &Act) -> By {
    match act {
        Act::Correct { says: Correction::MatchTakenBack, .. } => official(OfficialRole::Examiner),
        act => whoever_may(act.name()),
    }
}

fn check(side: Side, (state, make, wanted): &Row) {
    let always = ALWAYS.iter().filter(|c| side == Side::Agency || **c != Correct);
    let wanted: BTreeSet<CommandName> = wanted.iter().chain(always).copied().collect();
    let (node, now) = make();
    let found: BTreeSet<CommandName> = allowed(&node.case, now).into_iter().collect();
    assert_eq!(found, wanted, "{side:?} {state}");
    for name in CommandName::ALL {
        let (mut node, now) = make();
        let act = sample(*name, &node, now);
        let by = who(&act);
        let before = node.case.clone();
        match node.give_by(by, act, now) {
            Ok(_) => assert!(wanted.contains(name), "{side:?} {state}: {name:?} is done"),
            // A hold that ran out is allowed to be asked for, and never given.
            Err(Refusal { why: Why::Hold(NoHold::Over(_)), .. }) if *name == StartHold => {}
            Err(refusal) => {
                assert!(!wanted.contains(name), "{side:?} {state}: {refusal}");
                assert_eq!(node.case, before, "{side:?} {state}: {name:?}");
                assert_eq!(refusal.command, *name);
                assert_eq!(refusal.allowed, allowed(&before, now), "{side:?} {state}");
                assert!(!refusal.why.code().is_empty() && !refusal.why.to_string().is_empty());
            }
        }
    }
}

#[test]
fn every_command_in_every_state_of_the_agency() {
    for row in AGENCY {
        check(Side::Agency, row);
    }
}

#[test]
fn every_command_in_every_state_of_the_federal_side() {
    for row in FEDERAL {
        check(Side::Federal, row);
    }
}

#[test]
fn a_case_that_nobody_opened_allows_a_booking_or_prints() {
    let now = at(NOW);
    let at_agency = Node::new(Side::Agency);
    assert_eq!(allowed(&at_agency.case, now), vec![Book, Receive, Tick]);
    let at_federal = Node::new(Side::Federal);
    assert_eq!(allowed(&at_federal.case, now), vec![Receive, Tick]);
    for (mut node, other) in [(at_agency, Side::Federal), (at_federal, Side::Agency)] {
        for name in CommandName::ALL {
            if allowed(&node.case, now).contains(name) {
                continue;
            }
            let wanted =
                if name.side() == Some(other) { Why::OtherSide(other) } else { Why::NotOpened };
            assert_eq!(node.why(sample(*name, &node, now), now), wanted, "{name:?}");
        }
    }
}

#[test]
fn each_command_is_given_only_by_those_who_may() {
    let make: BTreeMap<bool, fn() -> World> =
        BTreeMap::from([(true, World::answered as fn() -> World), (false, World::held)]);
    for world in make.values() {
        for (node, side) in [(world().agency, Side::Agency), (world().federal, Side::Federal)] {
            let now = at("2016-03-05T12:00");
            for name in CommandName::ALL {
                if name.side().is_some_and(|s| s != side) {
                    continue;
                }
                let mut everybody: Vec<By> = OfficialRole::ALL.into_iter().map(official).collect();
                everybody.extend([By::Alarm, By::Peer(CommandId([3; 16]))]);
                for by in everybody {
                    let may = match (&by, name) {
                        (By::Alarm, Tick) | (By::Peer(_), Receive) => true,
                        (By::Official(o), name) => name.roles().contains(&o.role),
                        _ => false,
                    };
                    let mut node = node.clone();
                    let act = sample(*name, &node, now);
                    let needs_examiner = who(&act) == official(OfficialRole::Examiner);
                    let refused = node.give_by(by.clone(), act, now).map_err(|r| r.why);
                    let wrong = matches!(refused, Err(Why::WrongActor(_)));
                    if !(*name == Correct && needs_examiner) {
                        assert_eq!(wrong, !may, "{name:?} by {by:?}: {refused:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_answer_needs_a_choice_for_every_channel_that_was_asked_about_and_no_other() {
    let mut world = World::requested();
    let now = at(NOW);
    let advice = world.agency.advice(now);
    let mut give = |choices: BTreeMap<Channel, Choice>| {
        let (request, advice) = (request_id(1), advice.clone());
        world
            .agency
            .why(Act::AnswerRequest { request, advice, choices, reason: Remark::default() }, now)
    };
    let hold_only = BTreeMap::from([(Channel::Hold, Choice::Decline)]);
    assert_eq!(give(hold_only), Why::Answer(NoAnswer::NotDecided(Channel::Notify)));
    let mut more = choices(Choice::Comply, Choice::Comply);
    more.insert(Channel::Transfer, Choice::Comply);
    assert_eq!(give(more), Why::Answer(NoAnswer::NotAsked(Channel::Transfer)));
    // Where the law says *may* there is no third way.
    let open = choices(Choice::Open, Choice::Decline);
    let why = give(open);
    assert!(matches!(why, Why::Answer(NoAnswer::AgainstLaw(Channel::Hold, Law::May(_)))), "{why}");
}
