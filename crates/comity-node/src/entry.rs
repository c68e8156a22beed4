//! What a person, or a jail's own software, enters: a command without what the law says, which
//! the node adds when it decides.

use crate::fault::NodeFault;
use comity_exchange::Digest;
use comity_exchange::case::CaseId;
use comity_exchange::case::{
    Act, Advice, Booking, Case, Choice, Claim, ClaimId, CommandName, Correction, CustodyEnd,
    Determination, Draft, Eligible, Facts, GalleryRecord, PlaceName, Refusal, Remark, RequestId,
    Resolution, Submission, Tcn, Version, Why, allowed,
};
use comity_ledger::PersonKey;
use comity_model::Diagnostic;
use comity_policy::{Channel, Library};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An entry. As JSON `{"serve_request": {"request": "…", "served_at": "…"}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// Agency: books a person. `card` is what its people know the person by.
    Book {
        /// The booking.
        booking: Booking,
        /// Name and booking number; stays at the agency, under the person's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Card>,
    },
    /// Agency: edits the booking's facts.
    AmendBooking {
        /// Laid over those on record.
        facts: Facts,
        /// Why.
        reason: Remark,
    },
    /// Agency: sends the prints, whose file comes with the entry.
    SubmitPrints {
        /// Transaction control number.
        tcn: Tcn,
        /// SHA-256 of the file.
        file: Digest,
    },
    /// Agency: a copy of the request was served on the person.
    ServeRequest {
        /// Which.
        request: RequestId,
        /// When.
        served_at: Timestamp,
    },
    /// Agency: answers a request.
    AnswerRequest {
        /// Which.
        request: RequestId,
        /// What was decided on each channel that the request asks about.
        choices: BTreeMap<Channel, Choice>,
        /// Why; stays at the agency.
        reason: Remark,
    },
    /// Agency: the person would otherwise be released at this moment.
    SetEligible(Eligible),
    /// Agency: tells the federal side the moment of release.
    GiveNotice {
        /// To which request.
        request: RequestId,
    },
    /// Agency: starts to hold.
    StartHold {
        /// At which request.
        request: RequestId,
    },
    /// Agency: ends the hold.
    EndHold {
        /// Why.
        reason: Remark,
    },
    /// Agency: hands the person over in a secure area.
    Transfer {
        /// At which request.
        request: RequestId,
        /// When.
        at: Timestamp,
    },
    /// Agency: the person left custody otherwise than by transfer.
    EndCustody(CustodyEnd),
    /// Federal side: an examiner verifies a candidate.
    VerifyMatch {
        /// Whose record it is.
        gallery_record: GalleryRecord,
    },
    /// Federal side: an examiner rejects every candidate.
    RejectCandidates {},
    /// Federal side: an officer determines status.
    DetermineStatus(Determination),
    /// Federal side: asks what the program in force lets the officer ask for.
    EvaluateProgram {},
    /// Federal side: an officer issues a request.
    IssueRequest {
        /// The form.
        draft: Draft,
    },
    /// Federal side: withdraws a request.
    WithdrawRequest {
        /// Which.
        request: RequestId,
        /// Why; stays at the federal side.
        reason: Remark,
    },
    /// Federal side: took the person.
    TakeCustody {
        /// When.
        at: Timestamp,
    },
    /// Records a claim.
    MakeClaim(Claim),
    /// Resolves a claim.
    ResolveClaim {
        /// Which.
        claim: ClaimId,
        /// How.
        resolution: Resolution,
        /// Why; stays with this party.
        reason: Remark,
    },
    /// A duty was done.
    DoDuty {
        /// Which, by its number in the case.
        duty: u32,
        /// When.
        done_at: Timestamp,
    },
    /// A note of this party; never travels.
    Note {
        /// What it says.
        text: Remark,
    },
    /// Corrects what an event said.
    Correct {
        /// The event.
        event: Version,
        /// What is true.
        says: Correction,
        /// Why; stays with this party.
        reason: Remark,
    },
}

impl Entry {
    /// The command that it makes.
    pub fn name(&self) -> CommandName {
        match self {
            Entry::Book { .. } => CommandName::Book,
            Entry::AmendBooking { .. } => CommandName::AmendBooking,
            Entry::SubmitPrints { .. } => CommandName::SubmitPrints,
            Entry::ServeRequest { .. } => CommandName::ServeRequest,
            Entry::AnswerRequest { .. } => CommandName::AnswerRequest,
            Entry::SetEligible(_) => CommandName::SetEligible,
            Entry::GiveNotice { .. } => CommandName::GiveNotice,
            Entry::StartHold { .. } => CommandName::StartHold,
            Entry::EndHold { .. } => CommandName::EndHold,
            Entry::Transfer { .. } => CommandName::Transfer,
            Entry::EndCustody(_) => CommandName::EndCustody,
            Entry::VerifyMatch { .. } => CommandName::VerifyMatch,
            Entry::RejectCandidates {} => CommandName::RejectCandidates,
            Entry::DetermineStatus(_) => CommandName::DetermineStatus,
            Entry::EvaluateProgram {} => CommandName::EvaluateProgram,
            Entry::IssueRequest { .. } => CommandName::IssueRequest,
            Entry::WithdrawRequest { .. } => CommandName::WithdrawRequest,
            Entry::TakeCustody { .. } => CommandName::TakeCustody,
            Entry::MakeClaim(_) => CommandName::MakeClaim,
            Entry::ResolveClaim { .. } => CommandName::ResolveClaim,
            Entry::DoDuty { .. } => CommandName::DoDuty,
            Entry::Note { .. } => CommandName::Note,
            Entry::Correct { .. } => CommandName::Correct,
        }
    }

    /// The command that an entry makes in a case, with what the law says of it now.
    ///
    /// # Errors
    /// A place that no policy knows; findings on facts; a refusal where the law cannot be asked.
    pub(crate) fn into_act(
        self,
        library: &Library,
        case: &Case,
        now: Timestamp,
    ) -> Result<Act, NodeFault> {
        let name = self.name();
        let advice = |draft: Option<&Draft>| {
            let asked = match draft {
                None => Advice::of(library, case, now),
                Some(draft) => Advice::of_draft(library, case, draft, now),
            };
            asked.map(Box::new).map_err(NodeFault::Wrong)
        };
        Ok(match self {
            Entry::Book { booking, .. } => {
                known_place(library, &booking.place)?;
                Act::Book(booking)
            }
            Entry::AmendBooking { facts, reason } => Act::AmendBooking { facts, reason },
            Entry::SubmitPrints { tcn, file } => Act::SubmitPrints(Submission { tcn, file }),
            Entry::ServeRequest { request, served_at } => Act::ServeRequest { request, served_at },
            Entry::AnswerRequest { request, choices, reason } => {
                opened(case, name, now)?;
                Act::AnswerRequest { request, advice: advice(None)?, choices, reason }
            }
            Entry::SetEligible(eligible) => Act::SetEligible(eligible),
            Entry::GiveNotice { request } => Act::GiveNotice { request },
            Entry::StartHold { request } => {
                opened(case, name, now)?;
                Act::StartHold { request, advice: advice(None)? }
            }
            Entry::EndHold { reason } => Act::EndHold { reason },
            Entry::Transfer { request, at } => Act::Transfer { request, at },
            Entry::EndCustody(end) => Act::EndCustody(end),
            Entry::VerifyMatch { gallery_record } => Act::VerifyMatch { gallery_record },
            Entry::RejectCandidates {} => Act::RejectCandidates,
            Entry::DetermineStatus(determination) => Act::DetermineStatus(determination),
            Entry::EvaluateProgram {} => {
                opened(case, name, now)?;
                Act::EvaluateProgram(advice(None)?)
            }
            Entry::IssueRequest { draft } => {
                opened(case, name, now)?;
                let advice = advice(Some(&draft))?;
                Act::IssueRequest { draft, advice }
            }
            Entry::WithdrawRequest { request, reason } => Act::WithdrawRequest { request, reason },
            Entry::TakeCustody { at } => Act::TakeCustody { at },
            Entry::MakeClaim(claim) => Act::MakeClaim(claim),
            Entry::ResolveClaim { claim, resolution, reason } => {
                Act::ResolveClaim { claim, resolution, reason }
            }
            Entry::DoDuty { duty, done_at } => Act::DoDuty { duty, done_at },
            Entry::Note { text } => Act::Note(text),
            Entry::Correct { event, says, reason } => Act::Correct { event, says, reason },
        })
    }
}

fn known_place(library: &Library, place: &PlaceName) -> Result<(), NodeFault> {
    if library.places().get(place.code()).is_some() {
        return Ok(());
    }
    let message = format!("`{}` is no place that the policies know", place.code());
    Err(NodeFault::wrong(
        Diagnostic::error("unknown-place", message)
            .path("booking.place")
            .help("a place is a code like `us-ca.los-angeles`; `comity policy places` lists them"),
    ))
}

/// The law can be asked of a case that has begun only.
fn opened(case: &Case, command: CommandName, now: Timestamp) -> Result<(), NodeFault> {
    if case.booking.is_some() {
        return Ok(());
    }
    Err(NodeFault::Refused(Box::new(Refusal {
        command,
        why: Why::NotOpened,
        allowed: allowed(case, now),
    })))
}

/// What the agency's people know a person by. Never leaves the agency, and goes with the
/// person's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The name as it was booked.
    pub name: String,
    /// The booking number.
    pub number: String,
}

/// Most characters of a name or number.
const CARD_TEXT_MAX: usize = 200;

impl std::fmt::Debug for Card {
    // A name is personal data, which belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card")
    }
}

impl Card {
    /// Checks lengths: 1 to 200 characters each, none of them a control character.
    ///
    /// # Errors
    /// `bad-value`.
    pub(crate) fn check(&self) -> Result<(), Diagnostic> {
        for (field, text) in [("card.name", &self.name), ("card.number", &self.number)] {
            let length = text.chars().count();
            if length == 0 || length > CARD_TEXT_MAX || text.chars().any(char::is_control) {
                let message = format!("`{field}` has 1 to {CARD_TEXT_MAX} characters on one line");
                return Err(Diagnostic::error("bad-value", message).path(field));
            }
        }
        Ok(())
    }

    fn use_of(case: CaseId) -> Vec<u8> {
        [b"comity-card/v1\n", case.0.as_slice()].concat()
    }

    pub(crate) fn seal(
        &self,
        case: CaseId,
        key: &PersonKey,
        nonce: [u8; 12],
    ) -> Result<Vec<u8>, Diagnostic> {
        let text =
            serde_json::to_vec(self).map_err(|e| Diagnostic::error("not-json", e.to_string()))?;
        key.seal(&Card::use_of(case), nonce, &text)
    }

    pub(crate) fn open(case: CaseId, key: &PersonKey, sealed: &[u8]) -> Result<Card, Diagnostic> {
        let text = key.open(&Card::use_of(case), sealed)?;
        serde_json::from_slice(&text).map_err(|e| Diagnostic::error("not-json", e.to_string()))
    }
}
