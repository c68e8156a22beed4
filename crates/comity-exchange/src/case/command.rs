//! Commands: what somebody wants to happen.

use super::answer::Choice;
use super::claim::{Claim, Resolution};
use super::custody::{Booking, Correction, CustodyEnd, Eligible};
use super::facts::Facts;
use super::identify::{Determination, SearchResult, Submission};
use super::ids::{ClaimId, CommandId, GalleryRecord, RequestId, Version};
use super::law::Advice;
use super::message::Message;
use super::person::{By, OfficialRole, Side};
use super::request::Draft;
use super::words::Remark;
use crate::envelope::Digest;
use comity_policy::Channel;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A command.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Command {
    /// Chosen by whoever gives it; the same command keeps it when it is given again.
    pub id: CommandId,
    /// Who gives it.
    pub by: By,
    /// The version of the case that the person looked at; refused if it is another by now.
    pub expects: Option<Version>,
    /// What is to happen.
    pub act: Act,
}

impl Command {
    /// SHA-256 over who, and what is to happen: tells the same command from another one under
    /// its id. What the law said at the time is left out: whoever gives a command again a day
    /// later, because no reply came, gives the same command.
    pub(super) fn digest(&self) -> Digest {
        // Only maps with keys that are no text could fail, and there are none.
        Digest::of(&serde_json::to_string(&(&self.by, &self.act)).unwrap_or_default())
    }
}

/// What is to happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Agency: books a person.
    Book(Booking),
    /// Agency: edits the booking's facts.
    AmendBooking {
        /// Laid over those on record.
        facts: Facts,
        /// Why.
        reason: Remark,
    },
    /// Agency: sends the prints.
    SubmitPrints(Submission),
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
        /// What the person who decides looked at.
        #[serde(skip_serializing)]
        advice: Box<Advice>,
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
        /// What the person who starts it looked at.
        #[serde(skip_serializing)]
        advice: Box<Advice>,
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
    /// Agency: the person left custody otherwise than by transfer. Never refused for what the
    /// law says: what happened is recorded.
    EndCustody(CustodyEnd),
    /// Federal side: what the search came to.
    RecordSearch(SearchResult),
    /// Federal side: an examiner verifies a candidate.
    VerifyMatch {
        /// Whose record it is.
        gallery_record: GalleryRecord,
    },
    /// Federal side: an examiner rejects every candidate.
    RejectCandidates,
    /// Federal side: an officer determines status.
    DetermineStatus(Determination),
    /// Federal side: what the program in force lets the officer ask for.
    EvaluateProgram(#[serde(skip_serializing)] Box<Advice>),
    /// Federal side: an officer issues a request.
    IssueRequest {
        /// The form.
        draft: Draft,
        /// What the officer looked at, with the form laid over the case.
        #[serde(skip_serializing)]
        advice: Box<Advice>,
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
    Note(Remark),
    /// Corrects what an event said. The event stays.
    Correct {
        /// The event.
        event: Version,
        /// What is true.
        says: Correction,
        /// Why; stays with this party.
        reason: Remark,
    },
    /// A message of the other party, given out by the inbox.
    Receive(Box<Message>),
    /// The scheduler looks at the clock.
    Tick,
}

macro_rules! names {
    ($($name:ident $side:expr, $roles:expr, $says:literal;)*) => {
        /// The name of a command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum CommandName {
            $(#[doc = $says] $name,)*
        }

        impl CommandName {
            /// All commands, in the order of a case.
            pub const ALL: &'static [CommandName] = &[$(CommandName::$name,)*];

            /// In whose node it can be given; `None` for both.
            pub fn side(self) -> Option<Side> {
                match self { $(CommandName::$name => $side,)* }
            }

            /// Which officials may give it; none where no person does.
            pub fn roles(self) -> &'static [OfficialRole] {
                match self { $(CommandName::$name => $roles,)* }
            }

            /// The words shown to people.
            pub fn says(self) -> &'static str {
                match self { $(CommandName::$name => $says,)* }
            }
        }

        impl Act {
            /// The command's name.
            pub fn name(&self) -> CommandName {
                act_name!(self, $($name)*)
            }
        }
    };
}

macro_rules! act_name {
    ($act:expr, $($name:ident)*) => {
        match $act { $(Act::$name { .. } => CommandName::$name,)* }
    };
}

const A: Option<Side> = Some(Side::Agency);
const F: Option<Side> = Some(Side::Federal);
const RECORDS: &[OfficialRole] =
    &[OfficialRole::Clerk, OfficialRole::Supervisor, OfficialRole::Counsel];
const EXAMINER: &[OfficialRole] = &[OfficialRole::Examiner];
const OFFICER: &[OfficialRole] = &[OfficialRole::DutyOfficer];
const PRINTS: &[OfficialRole] = &[OfficialRole::Examiner, OfficialRole::DutyOfficer];
const RESOLVES: &[OfficialRole] =
    &[OfficialRole::Supervisor, OfficialRole::Counsel, OfficialRole::DutyOfficer];
const ANYBODY: &[OfficialRole] = &OfficialRole::ALL;

names! {
    Book A, RECORDS, "book a person";
    AmendBooking A, RECORDS, "edit the booking";
    SubmitPrints A, RECORDS, "send the prints";
    RecordSearch F, PRINTS, "record what the search came to";
    VerifyMatch F, EXAMINER, "verify a candidate";
    RejectCandidates F, EXAMINER, "reject every candidate";
    DetermineStatus F, OFFICER, "determine status";
    EvaluateProgram F, OFFICER, "evaluate the program";
    IssueRequest F, OFFICER, "issue a request";
    WithdrawRequest F, OFFICER, "withdraw a request";
    ServeRequest A, RECORDS, "serve the request on the person";
    AnswerRequest A, RECORDS, "answer the request";
    SetEligible A, RECORDS, "set when the person would be released";
    GiveNotice A, RECORDS, "give notice of release";
    StartHold A, RECORDS, "start a hold";
    EndHold A, RECORDS, "end the hold";
    Transfer A, RECORDS, "transfer the person";
    EndCustody A, RECORDS, "release the person, or record another end of custody";
    TakeCustody F, OFFICER, "record that the person was taken";
    MakeClaim None, ANYBODY, "record a claim of citizenship or lawful status";
    ResolveClaim None, RESOLVES, "resolve a claim";
    DoDuty None, ANYBODY, "record that a duty was done";
    Note None, ANYBODY, "write a note";
    Correct None, ANYBODY, "correct what an event said";
    Receive None, &[], "take a message of the other party";
    Tick None, &[], "look at the clock";
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}
