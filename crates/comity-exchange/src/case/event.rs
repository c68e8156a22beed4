//! Events: what happened. A case is the fold of its events; none is ever changed or removed.

use super::answer::{Answer, ToldAnswer};
use super::claim::{Claim, Resolution};
use super::custody::{Booking, Correction, CustodyEnd, Eligible, Notice};
use super::facts::Facts;
use super::hold::{Hold, HoldEnd};
use super::identify::{Determination, Match, PrintsAnswer, SearchResult, Submission};
use super::ids::{CaseId, ClaimId, CommandId, RequestId, Version};
use super::law::Finding;
use super::message::SetAside;
use super::person::By;
use super::request::{Draft, RequestEnd};
use super::words::Remark;
use crate::envelope::Digest;
use crate::{canonical, read_canonical};
use comity_ledger::{EVENT_BYTES_MAX, EventKind};
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One event of one party's case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The case.
    pub case: CaseId,
    /// Its number in this party's case, from 1.
    pub version: Version,
    /// When it was recorded. Never before the event before it, whatever the node's clock did.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// The command that it came of.
    pub command: CommandId,
    /// SHA-256 of that command.
    pub command_sha256: Digest,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// Agency: a person was booked.
    Booked(Booking),
    /// Agency: the booking's facts were edited.
    BookingAmended {
        /// Laid over those on record.
        facts: Facts,
        /// Why.
        reason: Remark,
    },
    /// Agency: prints were sent.
    PrintsSubmitted(Submission),
    /// Federal side: prints came in, with the part of the booking that goes with them.
    PrintsReceived {
        /// The submission.
        submission: Submission,
        /// That part.
        booking: Booking,
    },
    /// Federal side: what the search came to.
    SearchRecorded(SearchResult),
    /// Federal side: an examiner verified a candidate.
    MatchVerified(Match),
    /// Federal side: an examiner rejected every candidate.
    CandidatesRejected,
    /// Agency: what the federal side says of the prints.
    PrintsAnswered(PrintsAnswer),
    /// Federal side: an officer determined status.
    StatusDetermined(Determination),
    /// Federal side: what the program lets the officer ask for.
    ProgramEvaluated(Finding),
    /// Federal side: an officer issued a request.
    RequestIssued {
        /// The form.
        draft: Draft,
        /// What the law said, with the form laid over the case.
        finding: Finding,
    },
    /// Agency: a request came in.
    RequestReceived(Draft),
    /// A request no longer stands.
    RequestEnded {
        /// Which.
        request: RequestId,
        /// Why.
        why: RequestEnd,
        /// What the official wrote who withdrew it; empty at the other party.
        reason: Remark,
    },
    /// A copy of the request was served on the person.
    RequestServed {
        /// Which.
        request: RequestId,
        /// When.
        served_at: Timestamp,
    },
    /// Agency: the request was answered.
    RequestAnswered(Answer),
    /// Federal side: the agency's answer came in.
    AnswerReceived(ToldAnswer),
    /// Agency: when the person would otherwise be released.
    EligibleSet(Eligible),
    /// Notice of release was given.
    NoticeGiven(Notice),
    /// Agency: a hold started.
    HoldStarted(Hold),
    /// Agency: the hold ended.
    HoldEnded(HoldEnd),
    /// Custody ended, as far as this party knows.
    CustodyEnded(CustodyEnd),
    /// Agency: the federal side says that it took the person.
    TakenReported {
        /// When.
        at: Timestamp,
    },
    /// A claim was made.
    ClaimMade(Claim),
    /// This party resolved a claim.
    ClaimResolved {
        /// Which.
        claim: ClaimId,
        /// How.
        resolution: Resolution,
        /// Why; empty where the other party's word resolved it.
        reason: Remark,
    },
    /// The other party says how it resolved a claim.
    ClaimOpinion {
        /// Which.
        claim: ClaimId,
        /// How.
        resolution: Resolution,
    },
    /// A duty was done.
    DutyDone {
        /// Which, by its number in the case.
        duty: u32,
        /// When.
        done_at: Timestamp,
    },
    /// A note.
    Noted(Remark),
    /// An earlier event said something that is not so.
    Corrected {
        /// That event, which stays.
        event: Version,
        /// What is true.
        says: Correction,
        /// Why.
        reason: Remark,
    },
    /// A message came that does not fit the case as this party knows it. It changed nothing,
    /// and its sender is told.
    MessageSetAside(SetAside),
    /// The other party set a message of ours aside.
    SetAsideByPeer(SetAside),
    /// Somebody was told that something is due.
    AlarmRaised {
        /// What, as [`Task::key`](super::Task::key) names it.
        task: String,
        /// When it was due.
        due_at: Timestamp,
    },
}

macro_rules! kinds {
    ($($name:ident $kind:literal;)*) => {
        impl What {
            /// The words of the event's kind, in the ledger: `request.issued`.
            pub fn kind_name(&self) -> &'static str {
                match self { $(What::$name { .. } => $kind,)* }
            }

            /// The kinds of all events.
            pub const KINDS: &'static [&'static str] = &[$($kind,)*];
        }
    };
}

kinds! {
    Booked "booking.made";
    BookingAmended "booking.amended";
    PrintsSubmitted "prints.submitted";
    PrintsReceived "prints.received";
    SearchRecorded "search.recorded";
    MatchVerified "match.verified";
    CandidatesRejected "candidates.rejected";
    PrintsAnswered "prints.answered";
    StatusDetermined "status.determined";
    ProgramEvaluated "program.evaluated";
    RequestIssued "request.issued";
    RequestReceived "request.received";
    RequestEnded "request.ended";
    RequestServed "request.served";
    RequestAnswered "request.answered";
    AnswerReceived "answer.received";
    EligibleSet "release.eligible";
    NoticeGiven "notice.given";
    HoldStarted "hold.started";
    HoldEnded "hold.ended";
    CustodyEnded "custody.ended";
    TakenReported "custody.taken_reported";
    ClaimMade "claim.made";
    ClaimResolved "claim.resolved";
    ClaimOpinion "claim.opinion";
    DutyDone "duty.done";
    Noted "note.written";
    Corrected "event.corrected";
    MessageSetAside "message.set_aside";
    SetAsideByPeer "message.set_aside_by_peer";
    AlarmRaised "alarm.raised";
}

impl Event {
    /// Its kind, as a leaf of the ledger has it.
    ///
    /// # Errors
    /// `bad-kind`: never, as a test over all kinds shows.
    pub fn kind(&self) -> Result<EventKind, Diagnostic> {
        EventKind::new(self.what.kind_name())
    }

    /// Its bytes: canonical JSON, what the ledger commits to and the store keeps.
    ///
    /// # Errors
    /// `not-whole`: a fact holds a number that JSON cannot keep exactly.
    pub fn to_text(&self) -> Result<String, Diagnostic> {
        let value =
            serde_json::to_value(self).map_err(|e| Diagnostic::error("not-json", e.to_string()))?;
        canonical(&value)
    }

    /// Reads an event as [`Event::to_text`] writes it. A stored hold without person, rule and
    /// citation, or past its caps, is not read; neither is a match without an examiner.
    ///
    /// # Errors
    /// `too-large`, `not-json`, `not-canonical`, `bad-event`, with the line and column.
    pub fn read(text: &str) -> Result<Event, Diagnostic> {
        if text.len() > EVENT_BYTES_MAX {
            let message = format!("an event has at most {EVENT_BYTES_MAX} bytes");
            return Err(Diagnostic::error("too-large", message));
        }
        read_canonical(text)?;
        let event: Event = serde_json::from_str(text).map_err(|e| {
            let mut fault = Diagnostic::error("bad-event", e.to_string());
            (fault.line, fault.column) = (e.line(), e.column());
            fault
        })?;
        // `14:00:60Z` is an instant too; one event has one text.
        if event.to_text()? == text {
            return Ok(event);
        }
        Err(Diagnostic::error("not-canonical", "a value of the event has another spelling"))
    }
}
