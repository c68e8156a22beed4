//! Overrides: an act against what was decided before, where the law leaves the choice to people.
//! Each needs a reason; one that would keep somebody in custody, or hand somebody over, or end a
//! hold that the law requires, waits for a second person. See docs/adr/0047.

use crate::app::App;
use crate::problem::Problem;
use axum::http::StatusCode;
use comity_exchange::case::{
    Advice, Case, CaseId, Choice, CommandId, Finding, Law, OfficialId, RequestId, Side, Version,
};
use comity_node::{Ask, Entry};
use comity_policy::Channel;
use comity_store::Change;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::sync::{Mutex, MutexGuard};

/// What a supervisor has said once for everybody: what this agency does where the law says *may*.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The choice on a channel; none where each case is decided on its own.
    pub choices: BTreeMap<Channel, Choice>,
    /// Who said so; `None` where nobody has.
    pub by: Option<OfficialId>,
    /// When.
    pub at: Option<Timestamp>,
    /// Why.
    pub why: String,
}

/// The named value of the store that holds the standing choices.
const STANDING: &str = "desk.standing-choices";

/// The named value that holds what waits for a second person.
const SECOND: &str = "desk.second-person";

/// Most acts that are remembered as settled, so that none is asked for twice.
const SETTLED_MAX: usize = 500;

/// An act that waits for a second person. What somebody wrote about it stands in the case's own
/// event, under the person's key, and not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The command that asked.
    pub id: CommandId,
    /// The case.
    pub case: CaseId,
    /// The event that says why.
    pub event: Version,
    /// Who asked.
    pub by: OfficialId,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub act: Act,
}

/// An act that may need a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Start a hold.
    StartHold {
        /// At which request.
        request: RequestId,
    },
    /// End the hold.
    EndHold {},
    /// Answer a request.
    Answer {
        /// Which.
        request: RequestId,
        /// How.
        choices: BTreeMap<Channel, Choice>,
    },
}

impl Act {
    /// The act of an entry, where it is one of these.
    pub fn of(entry: &Entry) -> Option<Act> {
        Some(match entry {
            Entry::StartHold { request } => Act::StartHold { request: *request },
            Entry::EndHold { .. } => Act::EndHold {},
            Entry::AnswerRequest { request, choices, .. } => {
                Act::Answer { request: *request, choices: choices.clone() }
            }
            _ => return None,
        })
    }

    /// The entry, with what was written about it.
    pub fn entry(&self, reason: comity_exchange::case::Remark) -> Entry {
        match self {
            Act::StartHold { request } => Entry::StartHold { request: *request },
            Act::EndHold {} => Entry::EndHold { reason },
            Act::Answer { request, choices } => {
                let (request, choices) = (*request, choices.clone());
                Entry::AnswerRequest { request, choices, reason }
            }
        }
    }

    /// In words: `start the hold`.
    pub fn says(&self) -> String {
        match self {
            Act::StartHold { .. } => "start a hold".to_owned(),
            Act::EndHold {} => "end the hold".to_owned(),
            Act::Answer { choices, .. } => {
                let one = |(channel, choice): (&Channel, &Choice)| {
                    let word = match choice {
                        Choice::Comply => "comply",
                        Choice::Decline => "decline",
                        Choice::Open => "leave open",
                    };
                    format!("{word} on {}", crate::pages::words::plain(channel.name()))
                };
                let all: Vec<String> = choices.iter().map(one).collect();
                format!("answer the request: {}", all.join(", "))
            }
        }
    }
}

/// What an act goes against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The supervisor's standing choice.
    Standing,
    /// The answer that was given before.
    EarlierAnswer,
    /// What the law requires of a hold that runs.
    RequiredHold,
}

impl Against {
    /// In words.
    pub fn says(self) -> &'static str {
        match self {
            Against::Standing => "the supervisor's standing choice",
            Against::EarlierAnswer => "the answer that was given before",
            Against::RequiredHold => "a hold that the law requires",
        }
    }
}

/// That an act is an override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Against what, and on which channel.
    pub against: Vec<(Channel, Against)>,
    /// True if a second person is needed before anything is done.
    pub second: bool,
}

impl Override {
    /// What it goes against, in words.
    pub fn says(&self) -> String {
        let one = |(channel, against): &(Channel, Against)| {
            let on = crate::pages::words::plain(channel.name());
            format!("{} on {on}", against.says())
        };
        self.against.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// Whether an act is an override, as the case stands. What the law settles is none: there the
/// node refuses everything else.
pub fn override_of(
    case: &Case,
    finding: &Finding,
    standing: &Standing,
    act: &Act,
) -> Option<Override> {
    if case.side != Side::Agency {
        return None;
    }
    let is_open = |channel| matches!(finding.on(channel), Law::May(_));
    let mut against = Vec::new();
    let mut second = false;
    match act {
        Act::Answer { request, choices } => {
            let earlier = case.answers.get(request).map(|given| &given.answer.choices);
            for (channel, choice) in choices.iter().filter(|(channel, _)| is_open(**channel)) {
                let was = earlier.and_then(|e| e.get(channel)).filter(|c| **c != Choice::Open);
                let differs = |other: Option<&Choice>| other.is_some_and(|o| o != choice);
                let before = against.len();
                if differs(standing.choices.get(channel)) {
                    against.push((*channel, Against::Standing));
                }
                if differs(was) {
                    against.push((*channel, Against::EarlierAnswer));
                }
                let keeps = *choice == Choice::Comply
                    && matches!(channel, Channel::Hold | Channel::Transfer);
                second |= keeps && against.len() > before;
            }
        }
        Act::StartHold { .. } => {
            if is_open(Channel::Hold) && declines(standing) {
                against.push((Channel::Hold, Against::Standing));
                second = true;
            }
        }
        Act::EndHold {} => match finding.on(Channel::Hold) {
            _ if case.hold.is_none() => {}
            Law::Must(_) if case.open_claims().next().is_none() && !case.claim_upheld() => {
                against.push((Channel::Hold, Against::RequiredHold));
                second = true;
            }
            // What frees a person is never made to wait where the law leaves it open.
            Law::May(_) if standing.choices.get(&Channel::Hold) == Some(&Choice::Comply) => {
                against.push((Channel::Hold, Against::Standing));
            }
            _ => {}
        },
    }
    (!against.is_empty()).then_some(Override { against, second })
}

fn declines(standing: &Standing) -> bool {
    standing.choices.get(&Channel::Hold) == Some(&Choice::Decline)
}

/// Why somebody overrides: what can be chosen, and its words.
pub const REASONS: &[(&str, &str)] = &[
    ("new_facts", "Facts came up that were not known before"),
    ("earlier_wrong", "The earlier decision was a mistake"),
    ("order", "A court or the agency's counsel said so"),
    ("safety", "Somebody's safety is at stake"),
    ("federal_word", "The federal side said so"),
    ("other", "Another reason"),
];

/// The words of a reason.
pub fn reason_words(name: &str) -> Option<&'static str> {
    REASONS.iter().find(|(n, _)| *n == name).map(|(_, says)| *says)
}

/// What waits for a second person, and what did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Book {
    waiting: Vec<Waiting>,
    settled: Vec<CommandId>,
}

/// One at a time: the book is read, changed and kept as a whole.
static ONE: Mutex<()> = Mutex::const_new(());

async fn value<T: Default + serde::de::DeserializeOwned>(
    app: &App,
    name: &'static str,
) -> Result<T, Problem> {
    let Some(bytes) = app.rows(move |reads| reads.value(name)).await? else {
        return Ok(T::default());
    };
    serde_json::from_slice(&bytes).map_err(|e| {
        tracing::error!("the value {name} cannot be read: {e}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", "a stored value is damaged")
    })
}

fn set(name: &str, value: &impl Serialize) -> Result<Ask, Problem> {
    let value = serde_json::to_vec(value).map_err(|e| {
        tracing::error!("the value {name} cannot be written: {e}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "a value cannot be written")
    })?;
    Ok(Ask::Keep(vec![Change::Set { name: name.to_owned(), value }]))
}

/// The standing choices.
///
/// # Errors
/// The store.
pub async fn standing(app: &App) -> Result<Standing, Problem> {
    value(app, STANDING).await
}

/// What keeps new standing choices.
///
/// # Errors
/// They cannot be written.
pub fn keep_standing(standing: &Standing) -> Result<Ask, Problem> {
    set(STANDING, standing)
}

/// Everything that waits, the oldest first.
///
/// # Errors
/// The store.
pub async fn waiting(app: &App) -> Result<Vec<Waiting>, Problem> {
    Ok(value::<Book>(app, SECOND).await?.waiting)
}

/// What waits in a case.
///
/// # Errors
/// The store.
pub async fn waiting_in(app: &App, case: CaseId) -> Result<Option<Waiting>, Problem> {
    Ok(waiting(app).await?.into_iter().find(|w| w.case == case))
}

/// Whoever holds it may settle or add what waits.
pub async fn hold_book() -> MutexGuard<'static, ()> {
    ONE.lock().await
}

/// Adds something that waits; the same again changes nothing.
///
/// # Errors
/// The store; something else waits in the case.
pub async fn add(app: &App, _held: &MutexGuard<'static, ()>, new: Waiting) -> Result<(), Problem> {
    let mut book: Book = value(app, SECOND).await?;
    if book.settled.contains(&new.id) || book.waiting.iter().any(|w| w.id == new.id) {
        return Ok(());
    }
    if book.waiting.iter().any(|w| w.case == new.case) {
        let detail = "something of this case waits for a second person already: settle it first";
        return Err(Problem::new(StatusCode::CONFLICT, "second-waits", detail));
    }
    book.waiting.push(new);
    app.engine.ask(set(SECOND, &book)?).await.map(drop).map_err(Problem::from)
}

/// Takes out what was confirmed, refused or withdrawn.
///
/// # Errors
/// The store.
pub async fn settle(
    app: &App,
    _held: &MutexGuard<'static, ()>,
    id: CommandId,
) -> Result<(), Problem> {
    let mut book: Book = value(app, SECOND).await?;
    book.waiting.retain(|w| w.id != id);
    book.settled.push(id);
    let over = book.settled.len().saturating_sub(SETTLED_MAX);
    book.settled.drain(..over);
    app.engine.ask(set(SECOND, &book)?).await.map(drop).map_err(Problem::from)
}

/// Refuses an entry of a program or of one person that needs a second one, or a reason.
///
/// # Errors
/// `second-person`; `reason-missing`; the store.
pub async fn check(app: &App, case: CaseId, entry: &Entry) -> Result<(), Problem> {
    let Some(act) = Act::of(entry).filter(|_| app.side == Side::Agency) else { return Ok(()) };
    let view = app.case(case).await?;
    let now = app.engine.clock.now();
    // Where the law cannot be asked the node refuses by itself.
    let Ok(advice) = Advice::of(&app.library, &view.case, now) else { return Ok(()) };
    let standing = standing(app).await?;
    let Some(over) = override_of(&view.case, advice.finding(), &standing, &act) else {
        return Ok(());
    };
    if over.second {
        let detail = format!(
            "this goes against {}: it needs a reason and a second person, which the desk's pages \
             ask for",
            over.says()
        );
        return Err(Problem::new(StatusCode::CONFLICT, "second-person", detail));
    }
    let reason = match entry {
        Entry::AnswerRequest { reason, .. } | Entry::EndHold { reason } => reason.as_str(),
        _ => "",
    };
    if reason.is_empty() {
        let detail = format!("this goes against {}: give a reason", over.says());
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "reason-missing", detail));
    }
    Ok(())
}
