//! Random lives: whatever is commanded, received or slept through, no hold is without person,
//! rule and citation, none outlives its clock, and the case is the fold of its events.

use crate::table::{sample, who};
use crate::world::*;
use comity_exchange::case::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// One step of a life.
#[derive(Debug, Clone)]
struct Step {
    at_agency: bool,
    command: usize,
    /// Chosen among what the case allows, and not among everything.
    allowed: bool,
    /// By how much the node's clock moved; it may go back.
    /// Chosen to bring the case forward.
    forward: bool,
    minutes: i64,
    pick: u8,
    delivers: bool,
    again: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![
        6 => 0_i64..240,
        2 => 240_i64..5000,
        1 => -3000_i64..0,
    ];
    let switches = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.3),
    );
    (switches, 0..CommandName::ALL.len(), minutes, any::<u8>()).prop_map(
        |((at_agency, delivers, again, allowed, forward), command, minutes, pick)| Step {
            at_agency,
            command,
            allowed,
            forward,
            minutes,
            pick,
            delivers,
            again,
        },
    )
}

/// Commands that bring a case forward, the last ones first.
const FORWARD: [CommandName; 12] = [
    CommandName::StartHold,
    CommandName::GiveNotice,
    CommandName::ResolveClaim,
    CommandName::IssueRequest,
    CommandName::EvaluateProgram,
    CommandName::VerifyMatch,
    CommandName::RecordSearch,
    CommandName::SubmitPrints,
    CommandName::Book,
    CommandName::DetermineStatus,
    CommandName::AnswerRequest,
    CommandName::SetEligible,
];

fn eligible_now() -> World {
    let mut world = World::answered();
    let now = at("2016-03-02T12:00");
    world.agency.ok(Act::SetEligible(eligible("2016-03-02T12:00")), now);
    world
}

fn worlds() -> &'static [World] {
    static WORLDS: OnceLock<Vec<World>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        vec![
            World::new(),
            World::booked(),
            World::determined(),
            World::requested(),
            World::answered(),
            World::held(),
            eligible_now(),
            eligible_now(),
        ]
    })
}

/// A command of the step's name with something of chance in it.
fn act(name: CommandName, node: &Node, now: Timestamp, number: u64, pick: u8) -> Act {
    let choice = |bit: u8| match (pick >> (2 * bit)) & 3 {
        0 => Choice::Decline,
        1 => Choice::Open,
        _ => Choice::Comply,
    };
    let hours = i64::from(pick % 12);
    match sample(name, node, now) {
        Act::AnswerRequest { request, advice, reason, .. } => {
            let choices = choices(choice(0), choice(1));
            Act::AnswerRequest { request, advice, choices, reason }
        }
        Act::SetEligible(_) => {
            let at = now + SignedDuration::from_hours(hours - 6);
            Act::SetEligible(Eligible { at, reason: ReleaseReason::named("recognizance").unwrap() })
        }
        Act::MakeClaim(claim) => {
            let kind = if pick.is_multiple_of(2) {
                ClaimKind::Citizenship
            } else {
                ClaimKind::LawfulStatus
            };
            Act::MakeClaim(Claim { claim: claim_id(number), kind, ..claim })
        }
        Act::ResolveClaim { reason, .. } => {
            let open = node.case.open_claims().next().map_or(claim_id(9), |c| c.claim.claim);
            let resolution =
                if pick.is_multiple_of(8) { Resolution::Upheld } else { Resolution::NotUpheld };
            Act::ResolveClaim { claim: open, resolution, reason }
        }
        Act::RecordSearch(_) if !pick.is_multiple_of(4) => Act::RecordSearch(candidates()),
        Act::IssueRequest { mut draft, .. } => {
            draft.request = request_id(1000 + number);
            draft.supersedes = node.case.standing().map(|r| r.draft.request);
            let advice = Advice::of_draft(library(), &node.case, &draft, now);
            match advice {
                Ok(advice) => Act::IssueRequest { draft, advice: Box::new(advice) },
                Err(_) => Act::Tick,
            }
        }
        Act::Correct { event, says: Correction::Eligible(_), reason } => {
            let at = now + SignedDuration::from_hours(hours - 6);
            let reason_of = ReleaseReason::named("sentence_served").unwrap();
            let eligible = (!pick.is_multiple_of(3)).then_some(Eligible { at, reason: reason_of });
            Act::Correct { event, says: Correction::Eligible(eligible), reason }
        }
        Act::EndCustody(_) if !pick.is_multiple_of(4) => Act::Tick,
        act => act,
    }
}

fn check(node: &Node, now: Timestamp) -> Result<(), TestCaseError> {
    let case = &node.case;
    let fresh = Case::new(case.side, case.id);
    prop_assert_eq!(&fold(fresh, &node.events), case);
    for (before, event) in node.events.iter().zip(node.events.iter().skip(1)) {
        prop_assert!(before.at <= event.at);
        prop_assert_eq!(before.version.next(), event.version);
    }
    let now = case.time(now);
    if let Some(hold) = case.hold_at(now) {
        prop_assert!(now < hold.ends_at());
        prop_assert!(Some(hold.ends_at()) <= hold.caps().iter().filter_map(|c| c.ends_at).min());
        prop_assert!(Some(hold.ends_at()) <= case.hold_bound.or(Some(hold.ends_at())));
        prop_assert!(!hold.ground().rule().cite.is_empty());
        prop_assert!(!hold.ground().started_by().id.as_str().is_empty());
        prop_assert!(case.in_custody());
        prop_assert!(case.open_claims().next().is_none() && !case.claim_upheld());
        prop_assert!(case.request(hold.request()).is_some_and(Request::stands));
    } else if case.side == Side::Agency
        && case.in_custody()
        && case.eligible.is_some_and(|e| e.at <= now)
    {
        let released = due(case, now).into_iter().any(|t| t.kind == TaskKind::Release);
        prop_assert!(released, "nobody holds the person, and nobody is told to release");
    }
    for past in &case.past_holds {
        prop_assert!(past.ended_at <= past.hold.ends_at());
    }
    for event in &node.events {
        if let What::HoldStarted(hold) = &event.what {
            prop_assert_eq!(event.by.official(), Some(hold.ground().started_by()));
        }
        let starts = matches!(event.by, By::Alarm)
            && !matches!(event.what, What::HoldEnded(_) | What::AlarmRaised { .. });
        prop_assert!(!starts, "the clock does nothing but end and tell: {:?}", event.what);
    }
    in_order(node)
}

/// No request without a determination before it, none of those without a verified match.
fn in_order(node: &Node) -> Result<(), TestCaseError> {
    let (mut matched, mut determined) = (false, false);
    for event in &node.events {
        match &event.what {
            What::MatchVerified(found) => {
                prop_assert_eq!(found.verified_by().role, OfficialRole::Examiner);
                matched = true;
            }
            What::Corrected { says: Correction::MatchTakenBack, .. } => {
                (matched, determined) = (false, false);
            }
            What::StatusDetermined(_) => {
                prop_assert!(matched);
                determined = true;
            }
            What::RequestIssued { .. } => {
                prop_assert!(matched && determined);
                prop_assert!(event.by.official().is_some());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Lives one life, checking after every step.
fn live(from: usize, steps: &[Step]) -> Result<World, TestCaseError> {
    let mut world = worlds()[from].clone();
    let mut clock = world.agency.case.last_at.unwrap_or(at("2016-03-01T09:00"));
    for (number, step) in steps.iter().enumerate() {
        clock += SignedDuration::from_mins(step.minutes);
        let node = if step.at_agency { &mut world.agency } else { &mut world.federal };
        let open = allowed(&node.case, clock);
        let names = if step.allowed { open.as_slice() } else { CommandName::ALL };
        let forward = FORWARD.iter().find(|name| open.contains(name)).filter(|_| step.forward);
        let name = *forward.unwrap_or(&names[step.command % names.len()]);
        let act = act(name, node, clock, number as u64, step.pick);
        let by = who(&act);
        let command = node.command(by, act);
        let events = node.events.clone();
        let before = node.case.clone();
        match node.take(&command, clock) {
            Ok(_) => prop_assert!(node.events.starts_with(&events), "events only come after"),
            Err(refusal) => {
                prop_assert_eq!(&node.case, &before);
                prop_assert_eq!(refusal.allowed, allowed(&before, clock));
            }
        }
        if step.again && node.case.commands.contains_key(&command.id) {
            prop_assert_eq!(node.take(&command, clock).unwrap(), Vec::new());
        }
        if step.delivers {
            world.deliver(clock);
        }
        check(&world.agency, clock)?;
        check(&world.federal, clock)?;
    }
    // Both sides tell one story of what both were told.
    world.deliver(clock);
    for request in &world.federal.case.requests {
        let there = world.agency.case.request(request.draft.request);
        let there = there.expect("every request that was issued has come");
        prop_assert_eq!(&there.draft, &request.draft);
        prop_assert_eq!(there.stands(), request.stands());
    }
    // Slept through to the end, nothing is held and everything due was told.
    let end = clock + SignedDuration::from_hours(24 * 30);
    world.agency.give_by(By::Alarm, Act::Tick, end).expect("a look at the clock");
    prop_assert!(world.agency.case.hold_at(end).is_none());
    prop_assert!(next_at(&world.agency.case).is_none_or(|next| next > end));
    check(&world.agency, end)?;
    Ok(world)
}

#[test]
fn random_lives() {
    // As many lives as PROPTEST_CASES says, 256 without it.
    let config = ProptestConfig::default();
    let lives = config.cases as usize;
    let mut runner = TestRunner::new(ProptestConfig { source_file: Some(file!()), ..config });
    let mut happened: BTreeMap<&'static str, usize> = BTreeMap::new();
    let seen = RefCell::new(&mut happened);
    let life = (0..worlds().len(), proptest::collection::vec(step(), 1..24));
    let result = runner.run(&life, |(from, steps)| {
        let world = live(from, &steps)?;
        let mut seen = seen.borrow_mut();
        let before = &worlds()[from];
        let new = |node: &Node, old: &Node| node.events[old.events.len()..].to_vec();
        let mut events = new(&world.agency, &before.agency);
        events.extend(new(&world.federal, &before.federal));
        for event in events {
            *seen.entry(event.what.kind_name()).or_default() += 1;
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    // A life in which nothing happens shows nothing.
    for kind in [
        "match.verified",
        "request.issued",
        "request.received",
        "request.answered",
        "request.ended",
        "hold.started",
        "hold.ended",
        "claim.made",
        "claim.resolved",
        "booking.amended",
        "event.corrected",
        "custody.ended",
        "alarm.raised",
    ] {
        let times = happened.get(kind).copied().unwrap_or(0);
        assert!(times >= lives / 64, "{kind} happened {times} times in {lives} lives");
    }
}
