//! Reports that open filled in: somebody was held too long, or a request was refused that had
//! to be followed, or is said to have been. What was claimed is recorded in the case first.

use super::board::known_by;
use super::flow::{LawSaid, law_said, random_hex};
use super::form::{KEY_FIELD, Sent};
use super::frame::{Frame, go, show_as};
use super::person::{self, Fact, Reading};
use super::timeline::{self, Line};
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::id_of;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use crate::routes::Needs;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::case::{
    Advice, By, Case, CaseId, Choice, CommandName, Event, GivenAnswer, Hold, Official, Remark,
    Side, What,
};
use comity_ledger::SignedCheckpoint;
use comity_node::{Ask, CaseView, Entry};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page(
        "GET",
        "/cases/{case}/report/{kind}",
        needs(Permission::SeeCases),
        "A report on over-detention or a wrong refusal, filled in",
        || get(report),
    ),
    page(
        "POST",
        "/cases/{case}/report/{kind}",
        Needs::Command,
        "Record that such a claim was made",
        || post(claimed),
    ),
];

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody was held too long, or is said to have been.
    OverDetention,
    /// A request was refused, and it is said that it had to be followed.
    WrongRefusal,
}

impl Kind {
    /// The kind of a name in paths.
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "over-detention" => Some(Kind::OverDetention),
            "wrong-refusal" => Some(Kind::WrongRefusal),
            _ => None,
        }
    }

    /// Its name in paths.
    pub fn name(self) -> &'static str {
        match self {
            Kind::OverDetention => "over-detention",
            Kind::WrongRefusal => "wrong-refusal",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::OverDetention => "Report on a claim of over-detention",
            Kind::WrongRefusal => "Report on a claim of a wrong refusal",
        }
    }

    /// How an event begins that records such a claim.
    fn mark(self) -> &'static str {
        match self {
            Kind::OverDetention => "Claim of over-detention, made by ",
            Kind::WrongRefusal => "Claim of a wrong refusal, made by ",
        }
    }
}

/// A claim that was recorded.
pub(super) struct Claimed {
    /// Who claims what: `NAME: WHAT`.
    pub(super) says: String,
    /// The account that took it down.
    pub(super) by: String,
    at: String,
    /// When it was taken down.
    pub(super) made_at: Timestamp,
    /// Its place in the ledger.
    pub(super) leaf: u64,
}

/// What the clock says of the claim.
struct Clock {
    rows: Vec<Fact>,
    result: String,
    is_over: bool,
    readings: Vec<Reading>,
    rule: String,
}

/// A channel of the answer, then and now.
struct Answered {
    on: String,
    choice: &'static str,
    then: LawSaid,
    now: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    frame: Frame,
    case: CaseId,
    kind: Kind,
    who: String,
    number: String,
    place: String,
    written: String,
    writer: String,
    claims: Vec<Claimed>,
    clock: Option<Clock>,
    answer: Vec<Answered>,
    answer_rows: Vec<Fact>,
    facts: Vec<Fact>,
    lines: Vec<Line>,
    ledger: Vec<Fact>,
    key: String,
    may_claim: bool,
    claimed_by: String,
    text: String,
    wrong: String,
}

impl ReportPage {
    fn is_over_detention(&self) -> bool {
        self.kind == Kind::OverDetention
    }
}

/// `GET /cases/{case}/report/{kind}`
async fn report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, kind)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (case, kind) = of(&app, &case, &kind)?;
    show_report(&app, &caller, case, kind, (&Sent::default(), String::new())).await
}

pub(super) fn of(app: &App, case: &str, kind: &str) -> Result<(CaseId, Kind), Problem> {
    let kind = Kind::named(kind).filter(|_| app.side == Side::Agency);
    Ok((id_of(case)?, kind.ok_or_else(Problem::not_found)?))
}

/// `POST /cases/{case}/report/{kind}`: the claim becomes an event of the case.
async fn claimed(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, kind)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let (case, kind) = of(&app, &case, &kind)?;
    let role = caller.role_for(CommandName::Note, None)?;
    let (by, text) = (sent.get("claimed_by"), sent.get("text"));
    let remark = Remark::new(&format!("{}{by}: {text}", kind.mark()));
    let remark = remark.filter(|_| !by.is_empty() && !text.is_empty());
    let Some(text) = remark else {
        let wrong = "Say who claims it, and what: about 3,900 letters in all.".to_owned();
        return show_report(&app, &caller, case, kind, (&sent, wrong)).await;
    };
    let ask = Ask::Enter {
        case,
        id: crate::api::cases::command_of(&caller, case, sent.get(KEY_FIELD)),
        by: By::Official(Official { id: caller.account.clone(), role }),
        expects: None,
        entry: Box::new(Entry::Note { text }),
        peer: None,
        file: None,
    };
    let used = caller.used(Permission::Enter(CommandName::Note), Subject::Case(case));
    app.engine.turn(vec![ask, used]).await?.swap_remove(0)?;
    Ok(go(&format!("/cases/{case}/report/{}", kind.name())))
}

async fn show_report(
    app: &Arc<App>,
    caller: &Caller,
    case: CaseId,
    kind: Kind,
    (sent, wrong): (&Sent, String),
) -> Result<Response, Problem> {
    let view = app.case(case).await?;
    caller.saw(app, Subject::Case(case)).await?;
    let (zone, now) = (person::zone_of(app, &view), app.engine.clock.now());
    let (who, number) = known_by(&view);
    let mut frame = Frame::of(app, caller, &format!("{}: {who}", kind.title()), "/cases");
    frame.zone = zone.clone();
    let roles: Vec<&str> = caller.person.account().roles().map(|r| r.name()).collect();
    let given = latest(&view.case);
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ReportPage {
        case,
        kind,
        who,
        number,
        place: view.case.booking.as_ref().map_or_else(String::new, |b| b.place.code().to_owned()),
        written: words::moment(now, &zone),
        writer: format!("{} ({})", caller.account.as_str(), roles.join(", ")),
        claims: claims(&view.events, kind, &zone),
        clock: (kind == Kind::OverDetention).then(|| clock(&view.case, now, &zone)).flatten(),
        answer: given.map(|g| answered(app, &view.case, g, now)).unwrap_or_default(),
        answer_rows: given.map(|g| answer_rows(&view, g, &zone)).unwrap_or_default(),
        facts: person::facts(&view.case),
        lines: timeline::lines(&view.events, view.case.side, &zone).into_iter().rev().collect(),
        ledger: ledger(app).await?,
        key: random_hex(),
        may_claim: caller.person.may(Permission::Enter(CommandName::Note)),
        claimed_by: sent.get("claimed_by").to_owned(),
        text: sent.get("text").to_owned(),
        wrong,
        frame,
    };
    show_as(status, &page)
}

/// The claims of a kind that were recorded.
pub(super) fn claims(events: &[(Event, u64)], kind: Kind, zone: &TimeZone) -> Vec<Claimed> {
    let one = |(event, leaf): &(Event, u64)| {
        let What::Noted(text) = &event.what else { return None };
        let says = text.as_str().strip_prefix(kind.mark())?;
        Some(Claimed {
            says: says.to_owned(),
            by: event.by.official().map_or_else(String::new, ToString::to_string),
            at: words::moment(event.at, zone),
            made_at: event.at,
            leaf: *leaf,
        })
    };
    events.iter().filter_map(one).collect()
}

fn row(name: &str, value: String) -> Fact {
    Fact { name: name.to_owned(), value }
}

/// The hold that the report is about: the one that runs, or the last.
pub fn hold_of(case: &Case) -> Option<&Hold> {
    case.hold.as_ref().or(case.past_holds.last().map(|past| &past.hold))
}

fn clock(case: &Case, now: Timestamp, zone: &TimeZone) -> Option<Clock> {
    let hold = hold_of(case);
    let due_at = hold.map(Hold::ends_at).or(case.eligible.map(|e| e.at))?;
    let ended_at = case.custody_end.as_ref().map(|end| end.at);
    let until = ended_at.unwrap_or_else(|| case.time(now));
    let is_over = until > due_at;
    let mut rows = vec![row(
        "Booked",
        case.booking.as_ref().map_or_else(String::new, |b| words::moment(b.booked_at, zone)),
    )];
    if let Some(eligible) = case.eligible {
        let why = words::plain(eligible.reason.name());
        rows.push(row(
            "Would otherwise be released",
            format!("{} ({why})", words::moment(eligible.at, zone)),
        ));
    }
    rows.push(row(
        "The hold began",
        hold.map_or_else(
            || "no hold was started".to_owned(),
            |h| words::moment(h.started_at(), zone),
        ),
    ));
    rows.push(row("Had to end no later than", words::moment(due_at, zone)));
    if let Some(past) = case.past_holds.last() {
        rows.push(row("The hold ended", words::moment(past.ended_at, zone)));
    }
    let ended = ended_at.map(|at| words::moment(at, zone));
    rows.push(row("Custody ended", ended.unwrap_or_else(|| "not yet".to_owned())));
    let length = words::length(until.duration_since(due_at));
    Some(Clock {
        rows,
        result: match (is_over, ended_at) {
            (true, Some(_)) => format!("The record shows {length} past that moment."),
            (true, None) => format!("The person is still in custody, {length} past that moment."),
            (false, _) => "The record shows no time past that moment.".to_owned(),
        },
        is_over,
        readings: hold.map(|h| person::readings(h, zone)).unwrap_or_default(),
        rule: hold.map_or_else(String::new, |h| {
            let (rule, by) = (h.ground().rule(), h.ground().started_by());
            format!("Started by {by}, under {}: {}", rule.cite, rule.says)
        }),
    })
}

/// The answer to the latest request that has one.
pub fn latest(case: &Case) -> Option<&GivenAnswer> {
    case.requests.iter().rev().find_map(|r| case.answers.get(&r.draft.request))
}

fn answer_rows(view: &CaseView, given: &GivenAnswer, zone: &TimeZone) -> Vec<Fact> {
    let mut rows = Vec::new();
    if let Some(request) = view.case.request(given.answer.request) {
        let draft = &request.draft;
        let asks: Vec<String> = draft.asks.iter().map(|c| words::plain(c.name())).collect();
        let dated = words::day(draft.issued_on);
        rows.push(row("The request", format!("{}, dated {dated}", draft.form.name())));
        rows.push(row("It came in", words::moment(request.received_at, zone)));
        rows.push(row("It asked for", asks.join(", ")));
        rows.push(row("The basis it stated", words::plain(draft.basis.name())));
    }
    rows.push(row("Answered", words::moment(given.given_at, zone)));
    rows.push(row("Decided by", given.answer.decided_by.to_string()));
    rows.push(row("Law of", words::day(given.answer.finding.on)));
    if !given.answer.reason.is_empty() {
        rows.push(row("Why", given.answer.reason.as_str().to_owned()));
    }
    rows
}

/// What was answered on each channel, with what the law said then, and what it says of the case
/// today.
fn answered(app: &App, case: &Case, given: &GivenAnswer, now: Timestamp) -> Vec<Answered> {
    let today = Advice::of(&app.library, case, now).ok();
    let one = |(channel, choice): (&comity_policy::Channel, &Choice)| Answered {
        on: words::sentence(&words::plain(channel.name())),
        choice: match choice {
            Choice::Comply => "complied",
            Choice::Decline => "declined",
            Choice::Open => "left open",
        },
        then: law_said(*channel, given.answer.finding.on(*channel)),
        now: today
            .as_ref()
            .map_or_else(|| "cannot be asked".to_owned(), |a| words::plain(a.on(*channel).name())),
    };
    given.answer.choices.iter().map(one).collect()
}

/// How far the ledger was signed when the report was written.
async fn ledger(app: &App) -> Result<Vec<Fact>, Problem> {
    let Some(stored) = app.rows(|reads| reads.checkpoint()).await? else { return Ok(Vec::new()) };
    let signed = SignedCheckpoint::parse("checkpoint", &stored.note);
    let signed = signed.map_err(comity_node::NodeFault::Damaged)?;
    let checkpoint = signed.checkpoint();
    Ok(vec![
        row("Ledger", checkpoint.origin.clone()),
        row("Leaves under the checkpoint", stored.size.to_string()),
        row("Its root (SHA-256)", checkpoint.root.to_string()),
    ])
}
