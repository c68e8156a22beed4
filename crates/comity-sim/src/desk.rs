//! What officials enter: by chance, mostly what the case allows, sometimes what it does not.

use crate::dice::Dice;
use crate::stage::Stage;
use comity_exchange::Digest;
use comity_exchange::case::*;
use comity_node::{Card, Entry};
use comity_policy::Channel;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody is about to enter.
pub struct Filled {
    /// The entry.
    pub entry: Entry,
    /// Who.
    pub role: OfficialRole,
    /// The file of prints, where it names one.
    pub file: Option<Vec<u8>>,
}

/// Commands that bring a case forward, the last ones first.
const FORWARD: [CommandName; 12] = [
    CommandName::Transfer,
    CommandName::StartHold,
    CommandName::GiveNotice,
    CommandName::IssueRequest,
    CommandName::EvaluateProgram,
    CommandName::VerifyMatch,
    CommandName::ResolveClaim,
    CommandName::DetermineStatus,
    CommandName::SubmitPrints,
    CommandName::ServeRequest,
    CommandName::AnswerRequest,
    CommandName::SetEligible,
];

/// Commands that end something, of which most cases need to be spared for a while.
const ENDS: [CommandName; 6] = [
    CommandName::EndCustody,
    CommandName::TakeCustody,
    CommandName::RejectCandidates,
    CommandName::MakeClaim,
    CommandName::WithdrawRequest,
    CommandName::Transfer,
];

/// Chooses a command for a case.
pub fn choose(case: &Case, now: Timestamp, dice: &mut Dice) -> CommandName {
    let open = allowed(case, now);
    let forward: Vec<CommandName> =
        FORWARD.into_iter().filter(|name| open.contains(name) && is_due(*name, case)).collect();
    if dice.chance(550)
        && let Some(name) = forward.first()
    {
        return *name;
    }
    let all = CommandName::ALL.to_vec();
    let from = if dice.chance(120) { &all } else { &open };
    let name = dice.pick(from).copied().unwrap_or(CommandName::Note);
    if ENDS.contains(&name) && dice.chance(600) { CommandName::Note } else { name }
}

/// Whether a step forward is not done already.
fn is_due(name: CommandName, case: &Case) -> bool {
    let standing = case.standing().map(|r| r.draft.request);
    match name {
        CommandName::AnswerRequest => {
            standing.is_some_and(|id| case.answers.get(&id).is_none_or(|a| a.outdated_at.is_some()))
        }
        CommandName::SetEligible => case.eligible.is_none() && standing.is_some(),
        CommandName::DetermineStatus => case.determination.is_none(),
        CommandName::EvaluateProgram => case.evaluated.as_ref().is_none_or(|e| !e.current),
        CommandName::IssueRequest => standing.is_none() && case.requests.len() < 3,
        CommandName::Transfer => case.hold.is_some(),
        _ => true,
    }
}

fn remark(dice: &mut Dice) -> Remark {
    let text = format!("canary-remark-{}", dice.below(1000));
    Remark::new(&text).unwrap_or_default()
}

fn some_time(now: Timestamp, dice: &mut Dice) -> Timestamp {
    let before = dice.up_to_s(600);
    match dice.below(12) {
        0 => now + SignedDuration::from_hours(30),
        1 => now - SignedDuration::from_hours(24 * 30),
        2 | 3 => now - before,
        _ => now,
    }
}

fn role(name: CommandName, dice: &mut Dice) -> OfficialRole {
    let may = name.roles();
    let from = if may.is_empty() || dice.chance(30) { &OfficialRole::ALL[..] } else { may };
    dice.pick(from).copied().unwrap_or(OfficialRole::Clerk)
}

/// Fills in a command of a name. `None` for those that no person gives.
pub fn fill(
    name: CommandName,
    case: &Case,
    stage: &Stage,
    now: Timestamp,
    dice: &mut Dice,
) -> Option<Filled> {
    let role = role(name, dice);
    if name == CommandName::SubmitPrints {
        let bytes = format!("canary-file {}", dice.any()).into_bytes();
        let (tcn, file) = (Tcn::new(&format!("TCN-{:010}", dice.below(1 << 30)))?, bytes);
        let named = if dice.chance(20) { b"another".to_vec() } else { file.clone() };
        let entry = Entry::SubmitPrints { tcn, file: Digest::of_bytes(&named) };
        return Some(Filled { entry, role, file: (!dice.chance(20)).then_some(file) });
    }
    let entry = match name {
        CommandName::Book => book(stage, now, dice)?,
        CommandName::AmendBooking => {
            let facts = dice.pick(&stage.amendments)?.clone();
            Entry::AmendBooking { facts, reason: remark(dice) }
        }
        CommandName::VerifyMatch => Entry::VerifyMatch { gallery_record: record_of(case, dice) },
        CommandName::RejectCandidates => Entry::RejectCandidates {},
        CommandName::DetermineStatus => {
            Entry::DetermineStatus(dice.pick(&stage.determinations)?.clone())
        }
        CommandName::EvaluateProgram => Entry::EvaluateProgram {},
        CommandName::MakeClaim => Entry::MakeClaim(claim(case, dice)),
        CommandName::DoDuty => Entry::DoDuty { duty: duty(case, dice), done_at: now },
        CommandName::Note => Entry::Note { text: remark(dice) },
        CommandName::Correct => {
            let (entry, role) = correct(case, role, now, dice)?;
            return Some(Filled { entry, role, file: None });
        }
        CommandName::ResolveClaim => {
            let claim = case.open_claims().next().map_or(ClaimId([9; 16]), |c| c.claim.claim);
            let upheld = dice.chance(150);
            let resolution = if upheld { Resolution::Upheld } else { Resolution::NotUpheld };
            Entry::ResolveClaim { claim, resolution, reason: remark(dice) }
        }
        name => about_request(name, case, stage, now, dice)?,
    };
    Some(Filled { entry, role, file: None })
}

fn book(stage: &Stage, now: Timestamp, dice: &mut Dice) -> Option<Entry> {
    let place = dice.pick(&stage.places)?;
    let booking = Booking {
        booked_at: now - dice.up_to_s(3600),
        place: place.name.clone(),
        time_zone: place.zone.clone(),
        facts: dice.pick(&stage.bookings)?.clone(),
    };
    let number = dice.below(1_000_000);
    let card = Card { name: "canary-card".to_owned(), number: format!("canary-number-{number}") };
    Some(Entry::Book { booking, card: (!dice.chance(100)).then_some(card) })
}

fn record_of(case: &Case, dice: &mut Dice) -> GalleryRecord {
    match &case.identification {
        Identification::Candidates(list) if !dice.chance(50) => {
            dice.pick(list).map_or(GalleryRecord([0; 16]), |c| c.gallery_record)
        }
        _ => GalleryRecord([0; 16]),
    }
}

fn claim(case: &Case, dice: &mut Dice) -> Claim {
    let known = case.claims.keys().next().copied().filter(|_| dice.chance(50));
    let kind = if dice.chance(500) { ClaimKind::Citizenship } else { ClaimKind::LawfulStatus };
    let (proof_shown, may_be_told) = (dice.chance(300), dice.chance(700));
    let claim = known.unwrap_or_else(|| ClaimId(dice.id()));
    Claim { claim, kind, proof_shown, may_be_told }
}

fn duty(case: &Case, dice: &mut Dice) -> u32 {
    let open = case.duties.iter().position(|d| d.done_at.is_none());
    open.unwrap_or_else(|| dice.below(5) as usize) as u32
}

fn eligible(now: Timestamp, dice: &mut Dice) -> Option<Eligible> {
    let reasons: Vec<ReleaseReason> = ReleaseReason::all().collect();
    let reason = *dice.pick(&reasons)?;
    // Mostly now or soon: a hold may start when the moment has come.
    let hours = match dice.below(10) {
        0 => -3,
        1 => 40,
        2..5 => dice.below(12) as i64,
        _ => 0,
    };
    Some(Eligible { at: now + SignedDuration::from_hours(hours), reason })
}

fn correct(
    case: &Case,
    role: OfficialRole,
    now: Timestamp,
    dice: &mut Dice,
) -> Option<(Entry, OfficialRole)> {
    let known: Vec<(Version, Subject)> = case.correctable.iter().map(|(v, s)| (*v, *s)).collect();
    let (event, subject) = dice.pick(&known).copied()?;
    let gone = dice.chance(400);
    let says = match subject {
        Subject::BookedAt => Correction::BookedAt(now - SignedDuration::from_hours(2)),
        Subject::Eligible => Correction::Eligible(if gone { None } else { eligible(now, dice) }),
        Subject::Served(request) => Correction::Served(request, (!gone).then_some(now)),
        Subject::CustodyEnd => {
            let how = if dice.chance(300) { HowEnded::Transferred } else { HowEnded::Released };
            Correction::CustodyEnd((!gone).then_some(CustodyEnd { at: now, how }))
        }
        Subject::Match => Correction::MatchTakenBack,
    };
    let takes_back = says == Correction::MatchTakenBack && dice.chance(900);
    if takes_back && dice.chance(500) {
        return None;
    }
    let role = if takes_back { OfficialRole::Examiner } else { role };
    Some((Entry::Correct { event, says, reason: remark(dice) }, role))
}

fn about_request(
    name: CommandName,
    case: &Case,
    stage: &Stage,
    now: Timestamp,
    dice: &mut Dice,
) -> Option<Entry> {
    let standing = case.standing().map_or(RequestId([1; 16]), |r| r.draft.request);
    let request = if dice.chance(30) { RequestId(dice.id()) } else { standing };
    Some(match name {
        CommandName::IssueRequest => Entry::IssueRequest { draft: draft(case, stage, now, dice)? },
        CommandName::WithdrawRequest => Entry::WithdrawRequest { request, reason: remark(dice) },
        CommandName::ServeRequest => {
            Entry::ServeRequest { request, served_at: some_time(now, dice) }
        }
        CommandName::AnswerRequest => {
            let choices = choices(case, dice);
            Entry::AnswerRequest { request, choices, reason: remark(dice) }
        }
        CommandName::SetEligible => Entry::SetEligible(eligible(now, dice)?),
        CommandName::GiveNotice => Entry::GiveNotice { request },
        CommandName::StartHold => Entry::StartHold { request },
        CommandName::EndHold => Entry::EndHold { reason: remark(dice) },
        CommandName::Transfer => Entry::Transfer { request, at: some_time(now, dice) },
        CommandName::TakeCustody => Entry::TakeCustody { at: some_time(now, dice) },
        CommandName::EndCustody => {
            let how = match dice.below(4) {
                0 => HowEnded::Other(remark(dice)),
                1 if dice.chance(200) => HowEnded::Transferred,
                _ => HowEnded::Released,
            };
            Entry::EndCustody(CustodyEnd { at: some_time(now, dice), how })
        }
        _ => return None,
    })
}

fn draft(case: &Case, stage: &Stage, now: Timestamp, dice: &mut Dice) -> Option<Draft> {
    let (form, version) = *dice.pick(&stage.forms)?;
    let on = case.day_of(now).ok()?;
    let issued_on = if dice.chance(30) { on.tomorrow().ok()? } else { on };
    let asks: &[Channel] = match form.name() {
        "I-247N" => &[Channel::Notify],
        _ if dice.chance(300) => &[Channel::Hold, Channel::Notify, Channel::Transfer],
        _ => &[Channel::Hold, Channel::Notify],
    };
    Some(Draft {
        request: RequestId(dice.id()),
        form,
        version,
        issued_on,
        asks: asks.iter().copied().collect::<BTreeSet<Channel>>(),
        basis: Basis::named("final_order")?,
        warrant: None,
        states: stage.states.clone(),
        supersedes: case.standing().map(|r| r.draft.request).filter(|_| dice.chance(700)),
    })
}

fn choices(case: &Case, dice: &mut Dice) -> BTreeMap<Channel, Choice> {
    let asks = case.standing().map(|r| r.draft.asks.clone()).unwrap_or_default();
    let hold = match dice.below(10) {
        0..6 => Choice::Comply,
        6 => Choice::Open,
        _ => Choice::Decline,
    };
    let mut choices = BTreeMap::new();
    for channel in asks {
        if !dice.chance(20) {
            let same = if dice.chance(800) { hold } else { Choice::Decline };
            choices.insert(channel, same);
        }
    }
    choices
}

/// What a search comes to.
pub fn search(dice: &mut Dice) -> SearchResult {
    match dice.below(20) {
        0..3 => SearchResult::NoMatch,
        3 => SearchResult::Error(PrintsError::PoorQuality),
        4 => SearchResult::Candidates(Vec::new()),
        _ => {
            let count = 1 + dice.below(2);
            let candidate = |dice: &mut Dice| Candidate {
                gallery_record: GalleryRecord(dice.id()),
                score: "canary-score".to_owned(),
                false_matches: "canary-false-matches".to_owned(),
            };
            SearchResult::Candidates((0..count).map(|_| candidate(dice)).collect())
        }
    }
}
