//! What the parties tell each other: the bodies of envelopes.
//!
//! [`message_of`] is the one place that says which events travel and what of them. It matches
//! every event, so a new one stays at home until somebody writes here that it travels.

use super::answer::ToldAnswer;
use super::claim::{ClaimKind, Resolution};
use super::custody::{Booking, Correction, CustodyEnd, HowEnded, Notice};
use super::event::{Event, What};
use super::facts::FactsOf;
use super::identify::{PrintsAnswer, SearchResult, Submission};
use super::ids::{CaseId, ClaimId, CommandId, RequestId};
use super::person::Side;
use super::request::{Draft, RequestEnd};
use super::state::Case;
use crate::canonical;
use crate::envelope::{Body, MessageKind};
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A message about a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The case, by the id that the agency gave it.
    pub case: CaseId,
    /// What it says.
    pub says: Says,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Says {
    /// Agency: prints of somebody in custody, with place, arrest and charges.
    PrintsSubmitted {
        /// The submission.
        submission: Submission,
        /// The part of the booking that goes with it.
        booking: Booking,
    },
    /// Federal side: what the search came to, once a person has looked at candidates.
    PrintsAnswered(PrintsAnswer),
    /// Federal side: a request.
    RequestIssued(Draft),
    /// Federal side: a request no longer stands.
    RequestWithdrawn(RequestId),
    /// Agency: the person was not in custody when the request came.
    NotInCustody(RequestId),
    /// Agency: a copy was served on the person, or after a correction was not.
    RequestServed {
        /// Which.
        request: RequestId,
        /// When.
        served_at: Option<Timestamp>,
    },
    /// Agency: the answer.
    RequestAnswered(ToldAnswer),
    /// Agency: notice of release.
    ReleaseNotice(Notice),
    /// Agency: the person was handed over.
    Transferred {
        /// When.
        at: Timestamp,
    },
    /// Federal side: took the person.
    CustodyTaken {
        /// When.
        at: Timestamp,
    },
    /// A claim was made. No papers, and not what they show.
    ClaimMade {
        /// Its id.
        claim: ClaimId,
        /// What is claimed.
        kind: ClaimKind,
    },
    /// How a claim that both know was resolved.
    ClaimResolved {
        /// Which.
        claim: ClaimId,
        /// How.
        resolution: Resolution,
    },
    /// A message did not fit the case and changed nothing.
    SetAside(SetAside),
}

/// A message that did not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    /// The envelope's id.
    pub envelope: CommandId,
    /// The kind of the message.
    pub kind: String,
    /// Why: the code of the refusal that a command would have got.
    pub why: String,
}

macro_rules! kinds {
    ($($name:ident $kind:literal;)*) => {
        impl Says {
            /// The words of the kind.
            pub fn kind_name(&self) -> &'static str {
                match self { $(Says::$name { .. } => $kind,)* }
            }

            /// The kinds of all messages.
            pub const KINDS: &'static [&'static str] = &[$($kind,)*];
        }
    };
}

kinds! {
    PrintsSubmitted "prints.submitted";
    PrintsAnswered "prints.answered";
    RequestIssued "request.issued";
    RequestWithdrawn "request.withdrawn";
    NotInCustody "request.not_in_custody";
    RequestServed "request.served";
    RequestAnswered "request.answered";
    ReleaseNotice "notice.given";
    Transferred "custody.transferred";
    CustodyTaken "custody.taken";
    ClaimMade "claim.made";
    ClaimResolved "claim.resolved";
    SetAside "message.set_aside";
}

impl Says {
    /// Which party may send it; `None` for both.
    pub fn sender(&self) -> Option<Side> {
        match self {
            Says::PrintsSubmitted { .. }
            | Says::NotInCustody(_)
            | Says::RequestServed { .. }
            | Says::RequestAnswered(_)
            | Says::ReleaseNotice(_)
            | Says::Transferred { .. } => Some(Side::Agency),
            Says::PrintsAnswered(_)
            | Says::RequestIssued(_)
            | Says::RequestWithdrawn(_)
            | Says::CustodyTaken { .. } => Some(Side::Federal),
            Says::ClaimMade { .. } | Says::ClaimResolved { .. } | Says::SetAside(_) => None,
        }
    }
}

impl Message {
    /// The kind of its envelope.
    ///
    /// # Errors
    /// `bad-kind`: never, as a test over all messages shows.
    pub fn kind(&self) -> Result<MessageKind, Diagnostic> {
        MessageKind::new(self.says.kind_name())
    }

    /// The body of its envelope.
    ///
    /// # Errors
    /// `not-json`, `not-whole`.
    pub fn to_body(&self) -> Result<Body, Diagnostic> {
        let value =
            serde_json::to_value(self).map_err(|e| Diagnostic::error("not-json", e.to_string()))?;
        canonical(&value)?;
        match value {
            Value::Object(body) => Ok(body),
            _ => Err(Diagnostic::error("not-json", "a message is a JSON object")),
        }
    }

    /// Reads the body of an envelope of a kind.
    ///
    /// # Errors
    /// `bad-body`, with the column in the body's canonical text; `not-canonical`; `other-kind`; `not-here` for
    /// facts that such a message may not carry.
    pub fn read(kind: &MessageKind, body: &Body) -> Result<Message, Diagnostic> {
        let text = canonical(&Value::Object(body.clone()))?;
        let message: Message = serde_json::from_str(&text).map_err(|e| {
            let mut fault = Diagnostic::error("bad-body", e.to_string()).path("body");
            (fault.line, fault.column) = (e.line(), e.column());
            fault
        })?;
        if canonical(&Value::Object(message.to_body()?))? != text {
            let message = "a value of the body has another spelling";
            return Err(Diagnostic::error("not-canonical", message).path("body"));
        }
        if message.says.kind_name() != kind.as_str() {
            let says = message.says.kind_name();
            let wrong = format!("the envelope is `{kind}` and its body `{says}`");
            return Err(Diagnostic::error("other-kind", wrong).path("kind"));
        }
        let checked = match &message.says {
            Says::PrintsSubmitted { booking, .. } => booking.facts.check(FactsOf::Submission),
            Says::RequestIssued(draft) => draft.states.check(FactsOf::Request),
            _ => Ok(()),
        };
        match checked {
            Ok(()) => Ok(message),
            Err(mut wrong) => Err(wrong.swap_remove(0)),
        }
    }
}

/// What the other party is told of an event, given the case that the event was applied to.
/// `None`: the event stays at home.
pub fn message_of(case: &Case, event: &Event) -> Option<Message> {
    let says = says_of(case, event)?;
    Some(Message { case: case.id, says })
}

fn corrected(case: &Case, says: &Correction) -> Option<Says> {
    match says {
        Correction::Served(request, served_at) => {
            Some(Says::RequestServed { request: *request, served_at: *served_at })
        }
        Correction::MatchTakenBack => Some(Says::PrintsAnswered(PrintsAnswer::TakenBack)),
        Correction::CustodyEnd(Some(end)) => taken(case, end),
        // A moment of release goes out by a notice, which a person gives.
        Correction::BookedAt(_) | Correction::Eligible(_) | Correction::CustodyEnd(None) => None,
    }
}

fn says_of(case: &Case, event: &Event) -> Option<Says> {
    let own = event.by.official().is_some();
    match &event.what {
        What::PrintsSubmitted(submission) => {
            let booking = case.booking.as_ref()?;
            let facts = booking.facts.part(FactsOf::Submission);
            let booking = Booking { facts, ..booking.clone() };
            Some(Says::PrintsSubmitted { submission: submission.clone(), booking })
        }
        What::SearchRecorded(SearchResult::NoMatch) | What::CandidatesRejected => {
            Some(Says::PrintsAnswered(PrintsAnswer::NoMatch))
        }
        What::SearchRecorded(SearchResult::Error(why)) => {
            Some(Says::PrintsAnswered(PrintsAnswer::Failed(*why)))
        }
        What::MatchVerified(_) => Some(Says::PrintsAnswered(PrintsAnswer::Verified)),
        What::RequestIssued { draft, .. } => Some(Says::RequestIssued(draft.clone())),
        What::RequestEnded { request, why, .. } => match (why, case.side) {
            (RequestEnd::Withdrawn, Side::Federal) => Some(Says::RequestWithdrawn(*request)),
            (RequestEnd::NotInCustody, Side::Agency) => Some(Says::NotInCustody(*request)),
            // The new request says which one it takes the place of.
            _ => None,
        },
        What::RequestServed { request, served_at } if own => {
            Some(Says::RequestServed { request: *request, served_at: Some(*served_at) })
        }
        What::RequestAnswered(answer) => Some(Says::RequestAnswered(ToldAnswer::of(answer))),
        What::NoticeGiven(notice) if own => Some(Says::ReleaseNotice(*notice)),
        What::CustodyEnded(end) if own => taken(case, end),
        What::ClaimMade(claim) if own && (claim.may_be_told || case.side == Side::Federal) => {
            Some(Says::ClaimMade { claim: claim.claim, kind: claim.kind })
        }
        What::ClaimResolved { claim, resolution, .. } if own => {
            let known = case.claims.get(claim)?;
            let told = known.claim.may_be_told || known.made_at_side == Side::Federal;
            told.then_some(Says::ClaimResolved { claim: *claim, resolution: *resolution })
        }
        // What came of the other party's correction is not told back.
        What::Corrected { says, .. } if own => corrected(case, says),
        What::MessageSetAside(aside) => Some(Says::SetAside(aside.clone())),
        // Whether and when a person is released is for the law on notice: it travels by a
        // notice or not at all. Holds, duties, notes, candidates, findings and alarms are this
        // party's own.
        What::Booked(_)
        | What::BookingAmended { .. }
        | What::PrintsReceived { .. }
        | What::SearchRecorded(SearchResult::Candidates(_))
        | What::PrintsAnswered(_)
        | What::StatusDetermined(_)
        | What::ProgramEvaluated(_)
        | What::RequestReceived(_)
        | What::RequestServed { .. }
        | What::AnswerReceived(_)
        | What::EligibleSet(_)
        | What::NoticeGiven(_)
        | What::HoldStarted(_)
        | What::HoldEnded(_)
        | What::CustodyEnded(_)
        | What::TakenReported { .. }
        | What::ClaimMade(_)
        | What::ClaimResolved { .. }
        | What::ClaimOpinion { .. }
        | What::DutyDone { .. }
        | What::Corrected { .. }
        | What::Noted(_)
        | What::SetAsideByPeer(_)
        | What::AlarmRaised { .. } => None,
    }
}

/// A hand-over is known to both; no other end of custody is told.
fn taken(case: &Case, end: &CustodyEnd) -> Option<Says> {
    let at = end.at;
    match (&end.how, case.side) {
        (HowEnded::Transferred, Side::Agency) => Some(Says::Transferred { at }),
        (HowEnded::Transferred, Side::Federal) => Some(Says::CustodyTaken { at }),
        (HowEnded::Released | HowEnded::Other(_), _) => None,
    }
}
