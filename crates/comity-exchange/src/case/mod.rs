//! The custody case: commands in, events out, time as an argument.
//!
//! One stay of one person in one agency's custody, as each of the two parties knows it. A
//! [`Case`] is the fold of its [`Event`]s ([`apply`]); [`decide`] says what a [`Command`] makes
//! happen, or refuses it with what is allowed instead; [`due`] says what is to be done. Each
//! party folds the events that it knows: its own, and those that came of the other party's
//! messages; [`message_of`] says which travel.
//!
//! A hold needs a person, a rule and a citation ([`Hold::start`]); a match needs an examiner
//! ([`Match::verified`]); a request needs both of them, an officer, and a program that lets
//! the officer ask. The scheduler's commands end holds and raise alarms, and start nothing.

mod agency;
mod answer;
mod apply;
mod both;
mod claim;
mod command;
mod custody;
mod decide;
mod event;
mod facts;
mod federal;
mod hold;
mod identify;
mod ids;
mod law;
mod message;
mod permit;
mod person;
mod receive;
mod refusal;
mod request;
mod state;
mod task;
mod words;

pub use answer::{Answer, Choice, GivenAnswer, NoAnswer, ToldAnswer, ToldChoice};
pub use apply::{apply, fold};
pub use claim::{Claim, ClaimKind, KnownClaim, Resolution};
pub use command::{Act, Command, CommandName};
pub use custody::{
    Booking, Correction, CustodyEnd, Eligible, HowEnded, KnownCorrection, Notice, PlaceName,
    Subject, ZoneName,
};
pub use decide::decide;
pub use event::{Event, What};
pub use facts::{FACTS_BYTES_MAX, Facts, FactsOf};
pub use hold::{Hold, HoldEnd, HoldGround, NoHold, PastHold};
pub use identify::{
    Candidate, Determination, Identification, Match, PrintsAnswer, PrintsError, SearchResult,
    Submission, Submitted, Tcn,
};
pub use ids::{CaseId, ClaimId, CommandId, GalleryRecord, RequestId, Version};
pub use law::{Advice, AtOdds, CapEnd, ClockFinding, DutyOfLaw, Finding, FlagOfLaw, Law, Rule};
pub use message::{Message, Says, SetAside, message_of};
pub use permit::allowed;
pub use person::{By, Official, OfficialId, OfficialRole, Side};
pub use refusal::{Refusal, Why};
pub use request::{ASKED, Draft, Request, RequestEnd, Warrant};
pub use state::{Case, Evaluated, KnownDuty};
pub use task::{LEAD_MINUTES, Task, TaskKind, due, next_at, tasks};
pub use words::{
    Basis, Form, FormVersion, REMARK_BYTES_MAX, ReleaseReason, Remark, WarrantKind, WarrantSigner,
};
