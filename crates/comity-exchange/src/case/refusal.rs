//! Why a command is refused, and what is allowed instead.

use super::answer::NoAnswer;
use super::command::CommandName;
use super::hold::NoHold;
use super::ids::{RequestId, Version};
use super::law::Law;
use super::person::{OfficialRole, Side};
use comity_policy::Channel;
use jiff::Timestamp;
use std::fmt;

/// A refusal. Nothing happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The command.
    pub command: CommandName,
    /// Why.
    pub why: Why,
    /// The commands that the case allows now.
    pub allowed: Vec<CommandName>,
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It belongs to the other party.
    OtherSide(Side),
    /// Nobody may give it in this way: a person where a person is needed, the scheduler or
    /// the inbox where they are.
    WrongActor(&'static [OfficialRole]),
    /// The id was used for another command.
    IdReused,
    /// The case has changed since the person looked at it.
    OtherVersion {
        /// What the person looked at.
        looked_at: Version,
        /// What it is.
        is: Version,
    },
    /// The advice is of another case, version or day, or about another request.
    AdviceOutdated,
    /// It is about another case.
    OtherCase,
    /// Nobody was booked yet.
    NotOpened,
    /// Somebody was booked already.
    AlreadyOpened,
    /// The person is no longer in custody.
    CustodyEnded,
    /// A fact cannot be stated in this record; its path.
    FactNotHere(String),
    /// The moment lies ahead.
    InFuture(Timestamp),
    /// The moment lies before the booking.
    BeforeBooking(Timestamp),
    /// Prints are on their way, or were answered.
    PrintsSubmitted,
    /// No prints wait for a search.
    NothingToSearch,
    /// A search gave an empty list of candidates.
    NoCandidates,
    /// No candidate has that record.
    NotACandidate,
    /// No examiner has verified a match.
    NoMatch,
    /// No officer has determined status.
    NotDetermined,
    /// The officer did not determine that the person is removable, with probable cause and on a
    /// basis.
    NotRemovable,
    /// The program was not evaluated since the facts last changed.
    NotEvaluated,
    /// The program does not let the officer ask.
    NotAllowedToAsk(Channel, Law),
    /// A request must ask for something that an agency answers.
    AsksNothing,
    /// The form could not be issued on its date.
    FormNotAuthorized(String),
    /// The form is dated on another day than it is issued.
    OtherDate,
    /// There is no request that stands.
    NoRequest,
    /// There is no such request, or it no longer stands.
    NotThatRequest(RequestId),
    /// There is such a request already.
    RequestKnown(RequestId),
    /// The request was served already; correct the event instead.
    ServedAlready,
    /// The answer does not fit the request or the law.
    Answer(NoAnswer),
    /// No answer says that the agency does so.
    NotAnsweredSo(Channel),
    /// Facts changed after the answer: it must be given again.
    AnswerOutdated(Timestamp),
    /// A claim is open; everything stops until it is resolved.
    ClaimOpen,
    /// A claim was upheld.
    ClaimUpheld,
    /// There is no such open claim.
    NoClaim,
    /// There is such a claim already.
    ClaimKnown,
    /// It is not known when the person would be released.
    NotEligible,
    /// That notice was given already.
    NoticeGiven,
    /// There can be no hold.
    Hold(NoHold),
    /// A hold runs.
    Holding,
    /// No hold runs.
    NotHolding,
    /// A transfer is recorded by its own command.
    UseTransfer,
    /// There is no such open duty.
    NoDuty,
    /// A note must say something.
    EmptyNote,
    /// That event said nothing that can be corrected so; these can be.
    NotCorrectable(Vec<Version>),
}

impl Why {
    /// A short name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Why::OtherSide(_) => "other-side",
            Why::WrongActor(_) => "wrong-actor",
            Why::IdReused => "id-reused",
            Why::OtherVersion { .. } => "other-version",
            Why::AdviceOutdated => "advice-outdated",
            Why::OtherCase => "other-case",
            Why::NotOpened => "not-opened",
            Why::AlreadyOpened => "already-opened",
            Why::CustodyEnded => "custody-ended",
            Why::FactNotHere(_) => "fact-not-here",
            Why::InFuture(_) => "in-future",
            Why::BeforeBooking(_) => "before-booking",
            Why::PrintsSubmitted => "prints-submitted",
            Why::NothingToSearch => "nothing-to-search",
            Why::NoCandidates => "no-candidates",
            Why::NotACandidate => "not-a-candidate",
            Why::NoMatch => "no-match",
            Why::NotDetermined => "not-determined",
            Why::NotRemovable => "not-removable",
            Why::NotEvaluated => "not-evaluated",
            Why::NotAllowedToAsk(..) => "not-allowed-to-ask",
            Why::AsksNothing => "asks-nothing",
            Why::FormNotAuthorized(_) => "form-not-authorized",
            Why::OtherDate => "other-date",
            Why::NoRequest => "no-request",
            Why::NotThatRequest(_) => "not-that-request",
            Why::RequestKnown(_) => "request-known",
            Why::ServedAlready => "served-already",
            Why::Answer(NoAnswer::NotDecided(_)) => "not-decided",
            Why::Answer(NoAnswer::NotAsked(_)) => "not-asked",
            Why::Answer(NoAnswer::AgainstLaw(..)) => "against-law",
            Why::NotAnsweredSo(_) => "not-answered-so",
            Why::AnswerOutdated(_) => "answer-outdated",
            Why::ClaimOpen => "claim-open",
            Why::ClaimUpheld => "claim-upheld",
            Why::NoClaim => "no-claim",
            Why::ClaimKnown => "claim-known",
            Why::NotEligible => "not-eligible",
            Why::NoticeGiven => "notice-given",
            Why::Hold(_) => "no-hold",
            Why::Holding => "holding",
            Why::NotHolding => "not-holding",
            Why::UseTransfer => "use-transfer",
            Why::NoDuty => "no-duty",
            Why::EmptyNote => "empty-note",
            Why::NotCorrectable(_) => "not-correctable",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = match self {
            Why::OtherSide(side) => return write!(f, "this is for {} to do", side.name()),
            Why::WrongActor([]) => "no person gives this command",
            Why::WrongActor(roles) => {
                let names: Vec<&str> = roles.iter().map(|r| r.name()).collect();
                return write!(f, "this needs a person: {}", names.join(", "));
            }
            Why::OtherVersion { looked_at, is } => {
                return write!(f, "you looked at version {looked_at}; the case is at {is}");
            }
            Why::FactNotHere(path) => return write!(f, "`{path}` cannot be stated here"),
            Why::InFuture(at) => return write!(f, "{at} lies ahead"),
            Why::BeforeBooking(at) => return write!(f, "{at} lies before the booking"),
            Why::NotAllowedToAsk(channel, law) => return against(f, *channel, law),
            Why::FormNotAuthorized(why) => return f.write_str(why),
            Why::NotThatRequest(id) => return write!(f, "no request {id} stands"),
            Why::RequestKnown(id) => return write!(f, "there is a request {id} already"),
            Why::Answer(NoAnswer::NotDecided(channel)) => {
                return write!(f, "the request asks about `{channel}`: decide it");
            }
            Why::Answer(NoAnswer::NotAsked(channel)) => {
                return write!(f, "the request does not ask about `{channel}`");
            }
            Why::Answer(NoAnswer::AgainstLaw(channel, law)) => return against(f, *channel, law),
            Why::NotAnsweredSo(channel) => {
                return write!(f, "no answer says that the agency complies on `{channel}`");
            }
            Why::AnswerOutdated(at) => {
                return write!(f, "facts changed after the answer, at {at}: answer again");
            }
            Why::Hold(why) => return why.fmt(f),
            Why::NotCorrectable(events) => {
                let numbers: Vec<String> = events.iter().map(ToString::to_string).collect();
                return write!(f, "events that can be corrected: {}", numbers.join(", "));
            }
            plain => plain.plain_words(),
        };
        f.write_str(says)
    }
}

fn against(f: &mut fmt::Formatter<'_>, channel: Channel, law: &Law) -> fmt::Result {
    write!(f, "the law on `{channel}` is {}", law.name())?;
    match law {
        Law::Undetermined { needs, .. } => {
            let sets: Vec<String> = needs.iter().map(|set| set.join(" and ")).collect();
            write!(f, "; it needs {}", sets.join(", or "))
        }
        _ => law.rule().map_or(Ok(()), |rule| write!(f, ": {}", rule.cite)),
    }
}

impl Why {
    /// The words of those that carry nothing.
    fn plain_words(&self) -> &'static str {
        match self {
            Why::IdReused => "this id was used for another command",
            Why::AdviceOutdated => "the case or the day has changed since the law was asked",
            Why::OtherCase => "this is about another case",
            Why::NotOpened => "nobody was booked yet",
            Why::AlreadyOpened => "somebody was booked already",
            Why::CustodyEnded => "the person is no longer in custody",
            Why::PrintsSubmitted => "prints were sent already",
            Why::NothingToSearch => "no prints wait for a search",
            Why::NoCandidates => "a list of candidates has at least one",
            Why::NotACandidate => "no candidate has that record",
            Why::NoMatch => "no examiner has verified a match",
            Why::NotDetermined => "no officer has determined status",
            Why::NotRemovable => {
                "no officer found probable cause, on a basis, that the person is removable"
            }
            Why::NotEvaluated => "the program was not evaluated since the facts last changed",
            Why::AsksNothing => "a request asks for a hold, notice, transfer, interview or status",
            Why::OtherDate => "a request is dated on the day on which it is issued",
            Why::NoRequest => "no request stands",
            Why::ServedAlready => "the request was served; correct the event if it was not",
            Why::ClaimOpen => "a claim is open: everything stops until it is resolved",
            Why::ClaimUpheld => "a claim of citizenship or lawful status was upheld",
            Why::NoClaim => "there is no such open claim",
            Why::ClaimKnown => "there is such a claim already",
            Why::NotEligible => "it is not known when the person would be released",
            Why::NoticeGiven => "that notice was given",
            Why::Holding => "a hold runs",
            Why::NotHolding => "no hold runs",
            Why::UseTransfer => "a transfer has its own command, which looks for its ground",
            Why::NoDuty => "there is no such open duty",
            Why::EmptyNote => "a note says something",
            _ => "",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed: Vec<&str> = self.allowed.iter().map(|c| c.says()).collect();
        write!(f, "cannot {}: {}", self.command, self.why)?;
        write!(f, ". Allowed now: {}", allowed.join("; "))
    }
}

impl std::error::Error for Refusal {}
