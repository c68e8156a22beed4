//! One person's page: what to do, the clock, the request beside the facts, the answer per
//! channel, duties, and what happened.

use super::board::known_by;
use super::flow;
use super::flow::LawSaid;
use super::frame::{Frame, show};
use super::timeline::{self, Line};
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::{Query, id_of};
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use crate::second;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{
    Advice, AtOdds, Case, CaseId, Choice, Finding, Hold, Identification, Side, TaskKind, allowed,
    tasks,
};
use comity_node::{CaseView, NodeFault};
use comity_policy::Scope;
use comity_policy::explain::body_html;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/cases/{case}", needs(Permission::SeeCases), "One person's case", || get(person)),
    page(
        "GET",
        "/cases/{case}/law",
        needs(Permission::SeeCases),
        "Why the law says what it says of a case",
        || get(law),
    ),
];

/// What was just done, by the flow's name.
#[derive(Debug, Deserialize)]
pub struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// Something to do.
struct ToDo {
    says: String,
    due_at: Timestamp,
    due: String,
    is_due: bool,
    href: String,
    act: String,
}

/// The clock of somebody who is held, or who is to be released.
struct Clock {
    lead: String,
    ends_at: Timestamp,
    left: String,
    ends: String,
    state: &'static str,
    rule: String,
    readings: Vec<Reading>,
}

/// One limit of a hold, as the clock reads it.
pub struct Reading {
    /// Whose limit it is.
    pub kind: String,
    /// When it ends.
    pub ends: String,
    /// Where it stands.
    pub cite: String,
    /// True for the one that comes first.
    pub decides: bool,
}

/// A request as it is shown.
struct Asked {
    form: String,
    issued_on: String,
    received: String,
    asks: String,
    basis: String,
    warrant: String,
    served: String,
    ended: String,
}

/// A line of facts.
pub struct Fact {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A channel of the answer.
struct Channel {
    said: LawSaid,
    choice: &'static str,
    anchor: &'static str,
}

struct DutyLine {
    number: usize,
    says: String,
    cite: String,
    who: String,
    due: String,
    is_late: bool,
    done: String,
}

struct Act {
    href: String,
    says: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    frame: Frame,
    case: CaseId,
    who: String,
    number: String,
    custody: String,
    place: String,
    identified: &'static str,
    ended: bool,
    was_held: bool,
    todo: Vec<ToDo>,
    clock: Option<Clock>,
    stopped: bool,
    asked: Option<Asked>,
    facts: Vec<Fact>,
    channels: Vec<Channel>,
    channels_say: &'static str,
    open: bool,
    duties: Vec<DutyLine>,
    acts: Vec<Act>,
    lines: Vec<Line>,
    sees_ledger: bool,
    trouble: String,
    at_odds: Vec<AtOdds>,
    waits: String,
    has_papers: bool,
}

/// `GET /cases/{case}`
async fn person(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    let view = app.case(id_of(&case)?).await?;
    caller.saw(&app, Subject::Case(view.case.id)).await?;
    let now = app.engine.clock.now();
    let zone = zone_of(&app, &view);
    let (who, number) = known_by(&view);
    let mut frame = Frame::of(&app, &caller, &who, "/cases");
    frame.zone = zone.clone();
    done_words(&query.done).clone_into(&mut frame.done);
    let waits = second::waiting_in(&app, view.case.id).await?;
    let (finding, trouble) = match Advice::of(&app.library, &view.case, now) {
        Ok(advice) => (Some(advice.finding().clone()), String::new()),
        Err(found) => {
            let messages: Vec<String> = found.iter().map(|d| d.message.clone()).collect();
            (None, messages.join("; "))
        }
    };
    let c = &view.case;
    let channels = finding.as_ref().map(|f| channels(c, f)).unwrap_or_default();
    show(&PersonPage {
        case: c.id,
        who,
        number,
        custody: custody(c, &zone),
        place: c.booking.as_ref().map_or_else(String::new, |b| b.place.code().to_owned()),
        identified: identified(&c.identification),
        ended: c.custody_end.is_some(),
        was_held: !c.past_holds.is_empty(),
        todo: todo(&caller, c, now),
        clock: clock(c, now, &zone),
        stopped: c.open_claims().next().is_some(),
        asked: c.standing().or(c.requests.last()).map(|r| asked(r, &zone)),
        facts: facts(c),
        open: channels.iter().any(|c| c.said.name == "undetermined"),
        channels,
        channels_say: match c.side {
            Side::Agency => "What the law says, and what was answered",
            Side::Federal => "What the program allows, and what was answered",
        },
        duties: duties(c, now, &zone),
        acts: acts(&caller, c, now),
        lines: timeline::lines(&view.events, c.side, &zone),
        sees_ledger: caller.person.may(Permission::SeeLedger),
        trouble,
        at_odds: finding.map(|f| f.at_odds).unwrap_or_default(),
        has_papers: c.side == Side::Agency,
        waits: waits.map_or_else(String::new, |w| {
            format!("{} asked a second person to {}.", w.by.as_str(), w.act.says())
        }),
        frame,
    })
}

/// What is said once, after something was done.
fn done_words(done: &str) -> &'static str {
    match done {
        "asked-second" => {
            "A second person is asked. Nothing is done until another supervisor confirms it."
        }
        "confirmed" => "It is confirmed and done. Both of you stand in the record.",
        "refused" => "It is refused, and whoever asked can read why.",
        "taken-back" => "It is taken back. Nothing was done.",
        "before" => "This form was sent before, and is recorded. Nothing was recorded twice.",
        name => flow::all().find(|flow| flow.name == name).map_or("", |flow| flow.done),
    }
}

/// The facility's zone; the node's before anybody was booked.
pub fn zone_of(app: &App, view: &CaseView) -> TimeZone {
    let booking = view.case.booking.as_ref();
    let named = booking.and_then(|b| TimeZone::get(b.time_zone.zone().name()).ok());
    named.unwrap_or_else(|| app.zone.clone())
}

fn custody(case: &Case, zone: &TimeZone) -> String {
    match (&case.custody_end, &case.booking) {
        (Some(end), _) => format!("custody ended {}", words::moment(end.at, zone)),
        (None, Some(b)) => format!("in custody since {}", words::moment(b.booked_at, zone)),
        (None, None) => "not booked".to_owned(),
    }
}

/// Where an identification stands, in words.
pub fn identified(stands: &Identification) -> &'static str {
    match stands {
        Identification::NotSubmitted => "prints not sent",
        Identification::Submitted => "prints sent, not answered yet",
        Identification::Candidates(_) => "candidates wait for an examiner",
        Identification::NoMatch => "no match",
        Identification::Matched(_) => "match verified by an examiner",
        Identification::ReportedVerified => "match verified, says the federal side",
        Identification::Failed(_) => "the prints could not be searched",
        Identification::TakenBack => "the match was taken back",
    }
}

/// The flow that does a task, and what it is about.
fn flow_of(kind: TaskKind) -> Option<(&'static str, String)> {
    let none = String::new();
    Some(match kind {
        TaskKind::Release | TaskKind::RecordEnd => ("release", none),
        TaskKind::SubmitPrints => ("prints", none),
        TaskKind::ServeRequest(id) => ("serve", id.to_string()),
        TaskKind::AnswerRequest(id) | TaskKind::AnswerAgain(id) => ("answer", id.to_string()),
        TaskKind::GiveNotice(id) => ("notice", id.to_string()),
        TaskKind::Duty(number) => ("duty", number.to_string()),
        TaskKind::ResolveClaim(id) => ("resolve-claim", id.to_string()),
        TaskKind::DetermineStatus => ("determine", none),
        TaskKind::EvaluateProgram => ("evaluate", none),
        TaskKind::DecideRequest => ("issue", none),
        TaskKind::TakeCustody => ("taken", none),
        _ => return None,
    })
}

/// Where a task is done: a flow, or a page of its own.
fn place_of(case: CaseId, kind: TaskKind) -> Option<(String, String)> {
    let own = |path: &str, act: &str| Some((format!("/cases/{case}/{path}"), act.to_owned()));
    match kind {
        TaskKind::VerifyCandidates => own("candidates", "Look at the prints"),
        TaskKind::FindFacts(_) => own("facts", "See what is missing"),
        _ => {
            let (name, of) = flow_of(kind)?;
            let title = flow::named(name)?.title.to_owned();
            let about = if of.is_empty() { of } else { format!("?of={of}") };
            Some((format!("/cases/{case}/do/{name}{about}"), title))
        }
    }
}

fn todo(caller: &Caller, case: &Case, now: Timestamp) -> Vec<ToDo> {
    let mine = |kind: TaskKind| {
        let role = kind.role(case.side);
        caller.person.account().roles().any(|r| r.official() == Some(role))
            || case.side == Side::Agency
    };
    let listed = |kind: TaskKind| !matches!(kind, TaskKind::Search | TaskKind::Forget);
    let all = tasks(case, now).into_iter().filter(|t| listed(t.kind) && mine(t.kind));
    let one = |task: comity_exchange::case::Task| {
        let (href, act) = place_of(case.id, task.kind).unwrap_or_default();
        ToDo {
            says: words::sentence(task.kind.says()),
            due_at: task.due_at,
            due: words::due(task.due_at, now),
            is_due: task.due_at <= now,
            href,
            act,
        }
    };
    // Of reminders that say the same the next one is enough.
    let mut list: Vec<ToDo> = Vec::new();
    for next in all.map(one) {
        if list.iter().all(|known| (&known.says, &known.href) != (&next.says, &next.href)) {
            list.push(next);
        }
    }
    list
}

fn clock(case: &Case, now: Timestamp, zone: &TimeZone) -> Option<Clock> {
    if !case.in_custody() {
        return None;
    }
    let (lead, ends_at, hold) = match (case.hold_at(now), case.eligible) {
        (Some(hold), _) => {
            ("The hold ends, and the person is released", hold.ends_at(), Some(hold))
        }
        (None, Some(eligible)) => ("The person is to be released", eligible.at, None),
        (None, None) => return None,
    };
    let left = ends_at.duration_since(now);
    let length = words::length(left);
    let state = match left {
        left if left.is_negative() => "is-over",
        left if left < SignedDuration::from_hours(1) => "is-soon",
        _ => "",
    };
    Some(Clock {
        lead: lead.to_owned(),
        ends_at,
        left: if left.is_negative() { format!("{length} over") } else { format!("{length} left") },
        ends: words::moment(ends_at, zone),
        state,
        rule: hold.map_or_else(String::new, |h| {
            let (rule, by) = (h.ground().rule(), h.ground().started_by());
            format!("Held by the word of {by}, under {}: {}", rule.cite, rule.says)
        }),
        readings: hold.map(|h| readings(h, zone)).unwrap_or_default(),
    })
}

/// The limits of a hold.
pub fn readings(hold: &Hold, zone: &TimeZone) -> Vec<Reading> {
    let one = |cap: &comity_exchange::case::CapEnd| Reading {
        kind: words::sentence(&words::plain(cap.kind.name())),
        ends: cap.ends_at.map_or_else(|| "not known".to_owned(), |at| words::moment(at, zone)),
        cite: cap.cite.clone(),
        decides: cap.ends_at == Some(hold.ends_at()),
    };
    hold.caps().iter().map(one).collect()
}

fn asked(request: &comity_exchange::case::Request, zone: &TimeZone) -> Asked {
    let draft = &request.draft;
    let asks: Vec<String> = draft.asks.iter().map(|c| words::plain(c.name())).collect();
    Asked {
        form: draft.form.name().to_owned(),
        issued_on: words::day(draft.issued_on),
        received: words::moment(request.received_at, zone),
        asks: asks.join(", "),
        basis: words::plain(draft.basis.name()),
        warrant: draft.warrant.map_or_else(
            || "none".to_owned(),
            |w| {
                let by = w.signed_by.map(|s| format!(", signed by {}", words::plain(s.name())));
                format!("{}{}", words::plain(w.kind.name()), by.unwrap_or_default())
            },
        ),
        served: request
            .served_at
            .map_or_else(|| "not yet".to_owned(), |at| words::moment(at, zone)),
        ended: request.ended.map_or_else(String::new, |(why, at)| {
            let why = match why {
                comity_exchange::case::RequestEnd::Withdrawn => "withdrawn",
                comity_exchange::case::RequestEnd::Superseded(_) => "superseded",
                comity_exchange::case::RequestEnd::NotInCustody => "came too late",
            };
            format!("{why}, {}", words::moment(at, zone))
        }),
    }
}

/// The facts of the booking and of the determination, flat.
pub fn facts(case: &Case) -> Vec<Fact> {
    let mut out = Vec::new();
    let sources =
        [case.booking.as_ref().map(|b| &b.facts), case.determination.as_ref().map(|d| &d.facts)];
    for tree in sources.into_iter().flatten().map(comity_exchange::case::Facts::tree) {
        for (group, members) in tree {
            match members {
                serde_json::Value::Object(members) => {
                    for (name, value) in members {
                        let name = words::plain(&format!("{group}: {name}"));
                        out.push(Fact { name: words::sentence(&name), value: text(value) });
                    }
                }
                serde_json::Value::Array(records) => {
                    for record in records {
                        let name = words::sentence(group.trim_end_matches('s'));
                        out.push(Fact { name, value: text(record) });
                    }
                }
                _ => {}
            }
        }
    }
    out
}

fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Bool(true) => "yes".to_owned(),
        serde_json::Value::Bool(false) => "no".to_owned(),
        serde_json::Value::String(text) => words::plain(text),
        serde_json::Value::Object(members) => {
            let pairs: Vec<String> = members
                .iter()
                .map(|(name, value)| match value {
                    serde_json::Value::String(_) => text(value),
                    _ => format!("{}: {}", words::plain(name), text(value)),
                })
                .collect();
            pairs.join(", ")
        }
        other => other.to_string(),
    }
}

/// What the law says on the channels that matter here, and what was answered.
fn channels(case: &Case, finding: &Finding) -> Vec<Channel> {
    let request = case.standing().or(case.requests.last());
    let asked: Vec<comity_policy::Channel> = match (request, case.side) {
        (Some(request), Side::Agency) => request.draft.asks.iter().copied().collect(),
        (_, Side::Federal) => vec![
            comity_policy::Channel::RequestHold,
            comity_policy::Channel::RequestNotice,
            comity_policy::Channel::RequestTransfer,
        ],
        (None, Side::Agency) => Vec::new(),
    };
    let id = request.map(|r| r.draft.request);
    let given = id.and_then(|id| case.answers.get(&id));
    let told = id.and_then(|id| case.told.get(&id));
    let one = |channel: comity_policy::Channel| {
        let law = finding.on(channel);
        let given = given.and_then(|given| given.answer.choices.get(&channel));
        let asked = answered_on(channel);
        let told = told.and_then(|(told, _)| told.channels.get(&asked)).map(|t| &t.choice);
        Channel {
            said: flow::law_said(channel, law),
            choice: given.or(told).map_or("", |choice| match choice {
                Choice::Comply => "complies",
                Choice::Decline => "declines",
                Choice::Open => "open",
            }),
            anchor: channel.name(),
        }
    };
    asked.into_iter().map(one).collect()
}

/// The channel on which the agency answers what a program lets the officer ask.
fn answered_on(channel: comity_policy::Channel) -> comity_policy::Channel {
    match channel {
        comity_policy::Channel::RequestHold => comity_policy::Channel::Hold,
        comity_policy::Channel::RequestNotice => comity_policy::Channel::Notify,
        comity_policy::Channel::RequestTransfer => comity_policy::Channel::Transfer,
        other => other,
    }
}

/// The duties as a checklist: those that are open first, by their deadlines.
fn duties(case: &Case, now: Timestamp, zone: &TimeZone) -> Vec<DutyLine> {
    let deadlines: BTreeMap<usize, Timestamp> = tasks(case, now)
        .into_iter()
        .filter_map(|task| match task.kind {
            TaskKind::Duty(number) => Some((number as usize, task.due_at)),
            _ => None,
        })
        .collect();
    let one = |(number, known): (usize, &comity_exchange::case::KnownDuty)| {
        let deadline = deadlines.get(&number);
        let due = match (known.done_at, deadline) {
            (Some(_), _) => String::new(),
            (None, Some(at)) => format!("by {}", words::moment(*at, zone)),
            (None, None) => "no deadline yet: the moment that it runs from is not known".to_owned(),
        };
        DutyLine {
            number,
            says: known.duty.says.clone(),
            cite: known.duty.cite.clone(),
            who: known.duty.who.clone(),
            due,
            is_late: deadline.is_some_and(|at| *at < now),
            done: known.done_at.map_or_else(String::new, |at| words::moment(at, zone)),
        }
    };
    let mut lines: Vec<DutyLine> = case.duties.iter().enumerate().map(one).collect();
    let order = |line: &DutyLine| (!line.done.is_empty(), deadlines.get(&line.number).copied());
    lines.sort_by_key(|line| {
        let (done, at) = order(line);
        (done, at.is_none(), at)
    });
    lines
}

/// What else can be recorded now.
fn acts(caller: &Caller, case: &Case, now: Timestamp) -> Vec<Act> {
    let may = |flow: &&flow::Flow| caller.person.may(Permission::Enter(flow.command));
    let allowed = allowed(case, now);
    flow::all()
        .filter(|flow| allowed.contains(&flow.command) && may(flow))
        .filter(|flow| !["duty", flow::FACTS].contains(&flow.name))
        .map(|flow| {
            let href = match flow.name {
                "verify" | "reject" => format!("/cases/{}/candidates", case.id),
                name => format!("/cases/{}/do/{name}", case.id),
            };
            Act { href, says: flow.title.to_owned() }
        })
        .collect()
}

#[derive(Template)]
#[template(path = "person_law.html")]
struct LawPage {
    frame: Frame,
    case: CaseId,
    body: String,
}

/// `GET /cases/{case}/law`: counsel's derivation.
async fn law(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let view = app.case(id_of(&case)?).await?;
    caller.saw(&app, Subject::Case(view.case.id)).await?;
    let now = app.engine.clock.now();
    let facts = Advice::facts(&app.library, &view.case, None, now).map_err(NodeFault::Wrong)?;
    let body = body_html(&app.library.explain(&facts, &Scope::InForce, Some(now)));
    let title = format!("Why the law says so: {}", known_by(&view).0);
    let frame = Frame::of(&app, &caller, &title, "/cases");
    show(&LawPage { frame, case: view.case.id, body })
}
