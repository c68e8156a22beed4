//! One person's page: what to do, the clock, the request beside the facts, the answer per
//! channel, duties, and what happened.

use super::board::known_by;
use super::flow;
use super::flow::LawSaid;
use super::frame::{Frame, show};
use super::timeline::{self, Line};
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::id_of;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{
    Advice, Case, CaseId, Choice, Finding, Hold, Identification, Side, TaskKind, allowed, tasks,
};
use comity_node::{CaseView, NodeFault};
use comity_policy::Scope;
use comity_policy::explain::body_html;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
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

struct Reading {
    kind: String,
    ends: String,
    cite: String,
    decides: bool,
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
struct Fact {
    name: String,
    value: String,
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
    trouble: String,
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
    if let Some(flow) = flow::all().find(|flow| flow.name == query.done) {
        flow.done.clone_into(&mut frame.done);
    }
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
        duties: duties(c, &zone),
        acts: acts(&caller, c, now),
        lines: timeline::lines(&view.events, c.side, &zone),
        trouble,
        frame,
    })
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

fn identified(stands: &Identification) -> &'static str {
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
        let left = task.due_at.duration_since(now);
        let length = words::length(left);
        ToDo {
            says: words::sentence(task.kind.says()),
            due_at: task.due_at,
            due: if left.is_positive() {
                format!("in {length}")
            } else {
                format!("since {length}")
            },
            is_due: !left.is_positive(),
            href,
            act,
        }
    };
    all.map(one).collect()
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

fn readings(hold: &Hold, zone: &TimeZone) -> Vec<Reading> {
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
fn facts(case: &Case) -> Vec<Fact> {
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

fn duties(case: &Case, zone: &TimeZone) -> Vec<DutyLine> {
    let one = |(number, known): (usize, &comity_exchange::case::KnownDuty)| DutyLine {
        number,
        says: known.duty.says.clone(),
        cite: known.duty.cite.clone(),
        done: known.done_at.map_or_else(String::new, |at| words::moment(at, zone)),
    };
    case.duties.iter().enumerate().map(one).collect()
}

/// What else can be recorded now.
fn acts(caller: &Caller, case: &Case, now: Timestamp) -> Vec<Act> {
    let may = |flow: &&flow::Flow| caller.person.may(Permission::Enter(flow.command));
    let allowed = allowed(case, now);
    flow::all()
        .filter(|flow| allowed.contains(&flow.command) && may(flow) && flow.name != "duty")
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
