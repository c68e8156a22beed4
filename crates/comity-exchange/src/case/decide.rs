//! Commands in, events out.

use super::apply::apply;
use super::command::{Act, Command};
use super::custody::{CustodyEnd, HowEnded};
use super::event::{Event, What};
use super::facts::{Facts, FactsOf};
use super::hold::HoldEnd;
use super::person::{By, Official};
use super::refusal::{Refusal, Why};
use super::state::Case;
use super::{agency, both, federal, permit, receive, task};
use jiff::Timestamp;

/// What a command makes happen, or why it is refused. The same command given again makes
/// nothing happen: an empty list. A refused command changes nothing.
///
/// # Errors
/// Why, with the commands that the case allows now.
pub fn decide(case: &Case, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let now = case.time(now);
    let digest = command.digest();
    let refuse = |case: &Case, why| Refusal {
        command: command.act.name(),
        why,
        allowed: permit::allowed(case, now),
    };
    if let Some(known) = case.commands.get(&command.id) {
        return if *known == digest { Ok(Vec::new()) } else { Err(refuse(case, Why::IdReused)) };
    }
    if let Some(looked_at) = command.expects
        && looked_at != case.version
    {
        return Err(refuse(case, Why::OtherVersion { looked_at, is: case.version }));
    }
    let mut record = Record { case: case.clone(), command, digest, at: now, events: Vec::new() };
    // A hold whose clock ran out before anybody looked is over before anything else happens.
    if case.hold.as_ref().is_some_and(|hold| hold.ends_at() <= now) {
        record.add_by(By::Alarm, What::HoldEnded(HoldEnd::Expired));
    }
    act(&mut record, case).map_err(|why| refuse(case, why))?;
    Ok(record.events)
}

/// Events under way, with the case as they leave it.
pub(super) struct Record<'a> {
    pub case: Case,
    pub command: &'a Command,
    digest: crate::envelope::Digest,
    pub at: Timestamp,
    pub events: Vec<Event>,
}

impl Record<'_> {
    pub fn add(&mut self, what: What) {
        self.add_by(self.command.by.clone(), what);
    }

    fn add_by(&mut self, by: By, what: What) {
        let event = Event {
            case: self.case.id,
            version: self.case.version.next(),
            at: self.at,
            by,
            command: self.command.id,
            command_sha256: self.digest,
            what,
        };
        let empty = Case::new(self.case.side, self.case.id);
        let case = std::mem::replace(&mut self.case, empty);
        self.case = apply(case, &event);
        self.events.push(event);
    }

    /// The person who gave the command.
    pub fn official(&self) -> Result<Official, Why> {
        let roles = self.command.act.name().roles();
        self.command.by.official().cloned().ok_or(Why::WrongActor(roles))
    }

    /// A moment that somebody enters: not ahead of now, not before the booking.
    pub fn past(&self, at: Timestamp) -> Result<(), Why> {
        if at > self.at {
            return Err(Why::InFuture(at));
        }
        self.after_booking(at)
    }

    /// The facts of a record are such as it may state.
    pub fn facts(facts: &Facts, of: FactsOf) -> Result<(), Why> {
        facts.check(of).map_err(|wrong| {
            Why::FactNotHere(wrong.into_iter().next().map_or_else(String::new, |d| d.path))
        })
    }

    /// Not before the booking.
    pub fn after_booking(&self, at: Timestamp) -> Result<(), Why> {
        let before = self.case.booking.as_ref().is_some_and(|b| at < b.booked_at);
        if before { Err(Why::BeforeBooking(at)) } else { Ok(()) }
    }
}

fn act(record: &mut Record<'_>, before: &Case) -> Result<(), Why> {
    let command = record.command;
    let name = command.act.name();
    let fits = match (&command.by, &command.act) {
        (By::Peer(_), Act::Receive(_))
        | (By::Alarm, Act::Tick)
        | (By::Search, Act::RecordSearch(_)) => true,
        (By::Official(official), _) => name.roles().contains(&official.role),
        _ => false,
    };
    if let Some(side) = name.side()
        && side != record.case.side
    {
        return Err(Why::OtherSide(side));
    }
    if !fits {
        return Err(Why::WrongActor(name.roles()));
    }
    permit::permit(&record.case, name, record.at)?;
    match &command.act {
        Act::Book(_)
        | Act::AmendBooking { .. }
        | Act::SubmitPrints(_)
        | Act::ServeRequest { .. }
        | Act::AnswerRequest { .. }
        | Act::SetEligible(_)
        | Act::GiveNotice { .. }
        | Act::StartHold { .. }
        | Act::EndHold { .. }
        | Act::Transfer { .. }
        | Act::EndCustody(_) => agency::act(record, before, &command.act),
        Act::RecordSearch(_)
        | Act::VerifyMatch { .. }
        | Act::RejectCandidates
        | Act::DetermineStatus(_)
        | Act::EvaluateProgram(_)
        | Act::IssueRequest { .. }
        | Act::WithdrawRequest { .. } => federal::act(record, before, &command.act),
        Act::TakeCustody { at } => {
            record.past(*at)?;
            record.add(What::CustodyEnded(CustodyEnd { at: *at, how: HowEnded::Transferred }));
            Ok(())
        }
        Act::MakeClaim(_)
        | Act::ResolveClaim { .. }
        | Act::DoDuty { .. }
        | Act::Note(_)
        | Act::Correct { .. } => both::act(record, &command.act),
        Act::Receive(message) => receive::receive(record, message),
        Act::Tick => {
            let mut due = task::due(&record.case, record.at);
            due.retain(|task| !record.case.raised.contains(&task.key()));
            for task in due {
                record.add(What::AlarmRaised { task: task.key(), due_at: task.due_at });
            }
            Ok(())
        }
    }
}
