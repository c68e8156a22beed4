//! The audit: who saw and did what, by day, account and case; and the weekly review.

use super::form::Sent;
use super::frame::{Frame, go, show_as};
use super::sheet::Sheet;
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use crate::review::{self, NOTE_CHARS_MAX, Review, Unreviewed};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::case::{CaseId, OfficialId};
use comity_store::{AuditRow, Fault, Reads};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

const SEE: crate::routes::Needs = needs(Permission::SeeAudit);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/audit", SEE, "Who saw and did what", || get(list)),
    page("GET", "/audit.csv", SEE, "The same lines as CSV", || get(list_csv)),
    page("GET", "/audit.json", SEE, "The same lines as JSON", || get(list_json)),
    page(
        "POST",
        "/audit/review",
        needs(Permission::ReviewAudit),
        "Sign off the weekly review",
        || post(sign_off),
    ),
];

/// Lines on one page, and in one file.
const LINES: usize = 200;
const FILE_LINES: usize = 50_000;

/// Lines that are read at once.
const READ: usize = 1000;

#[derive(Debug, Default, Deserialize)]
struct AuditQuery {
    #[serde(default)]
    day: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    done: String,
}

/// What is asked for.
#[derive(Debug, Clone)]
struct Wanted {
    /// The first and the first moment that is too late; `None`: any time.
    time: Option<(Timestamp, Timestamp)>,
    account: Option<OfficialId>,
    case: Option<CaseId>,
    from: u64,
}

/// The first moments of a day and of the next, where a zone has them.
fn day_of(date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let start = date.to_zoned(zone.clone()).ok()?;
    let end = date.checked_add(1.day()).ok()?.to_zoned(zone.clone()).ok()?;
    Some((start.timestamp(), end.timestamp()))
}

/// Reads a query; says in a sentence what of it is wrong.
fn wanted(query: &AuditQuery, now: Timestamp, zone: &TimeZone) -> Result<(Wanted, String), String> {
    let account = match query.account.trim() {
        "" => None,
        name => Some(
            OfficialId::new(&name.to_lowercase())
                .ok_or("An account name has 1 to 64 characters of a-z 0-9 . _ -.")?,
        ),
    };
    let case = match query.case.trim() {
        "" => None,
        id => Some(
            CaseId::parse(id)
                .ok_or("A case is 32 hexadecimal digits, as in the address of its page.")?,
        ),
    };
    let today = now.to_zoned(zone.clone()).date();
    let date = match query.day.trim() {
        "" if account.is_none() && case.is_none() => Some(today),
        "" => None,
        text => Some(text.parse::<Date>().map_err(|_| "A day is written 2026-11-22.".to_owned())?),
    };
    let time = match date {
        None => None,
        Some(date) => Some(day_of(date, zone).ok_or("This day is not in the calendar here.")?),
    };
    let from = query.from.trim().parse().unwrap_or(1).max(1);
    let day = date.map_or_else(String::new, |date| date.to_string());
    Ok((Wanted { time, account, case, from }, day))
}

/// The number of the first line that is not before a moment.
fn first_at(reads: &mut dyn Reads, at: Timestamp, last: u64) -> Result<u64, Fault> {
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_before = reads.audit(middle, None, None, 1)?.first().is_some_and(|row| row.at < at);
        if is_before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Lines that are asked for, at most `max`, and where the next begin.
fn read(
    reads: &mut dyn Reads,
    wanted: &Wanted,
    max: usize,
) -> Result<(Vec<AuditRow>, Option<u64>), Fault> {
    let last = reads.audit_last()?.map_or(0, |row| row.number);
    let (mut from, mut end) = (wanted.from, last + 1);
    if let Some((start_at, end_at)) = wanted.time {
        from = from.max(first_at(reads, start_at, last)?);
        end = first_at(reads, end_at, last)?;
    }
    let mut out: Vec<AuditRow> = Vec::new();
    while from < end {
        let rows = reads.audit(from, wanted.case, wanted.account.as_ref(), READ)?;
        let Some(newest) = rows.last().map(|row| row.number) else { break };
        for row in rows.into_iter().filter(|row| row.number < end) {
            if out.len() == max {
                return Ok((out, Some(row.number)));
            }
            out.push(row);
        }
        from = newest + 1;
    }
    Ok((out, None))
}

/// A line as it is shown.
struct Line {
    number: u64,
    at: String,
    who: String,
    what: String,
    outcome: String,
    is_refused: bool,
    about: String,
    case: Option<CaseId>,
    origin: String,
}

/// What was done, in words.
fn says(what: &str) -> &str {
    match what {
        "sign-in" => "signed in: name and password",
        "second-factor" => "showed a second factor",
        "session-started" => "a session started",
        "confirmed" => "showed again who it is",
        "session-ended" => "a session ended",
        "sessions-ended" => "all sessions were ended",
        "locked" => "the account locked",
        "released" => "released the account",
        "password-changed" => "changed the password",
        "invited" => "invited",
        "factor-added" => "added a second factor",
        "factor-removed" => "removed a second factor",
        "account-made" => "made the account",
        "account-changed" => "changed the account",
        "account-disabled" => "disabled the account",
        "account-enabled" => "enabled the account",
        "token-made" => "made a token",
        "permission-used" => "used a permission",
        "person-read" => "looked at a person",
        other => other,
    }
}

fn text(of: &Value, name: &str) -> String {
    match &of[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let texts: Vec<String> = list
                .iter()
                .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                .collect();
            texts.join(", ")
        }
        other => other.to_string(),
    }
}

fn line(row: &AuditRow, frame: &Frame) -> Line {
    let body: Value = serde_json::from_slice(&row.body).unwrap_or_default();
    let (what, detail) = (text(&body, "what"), text(&body, "detail"));
    let says = if what == "permission-used" || what == "privileged" {
        let known = Permission::parse(&detail).map(Permission::says);
        words::sentence(known.unwrap_or(&words::plain(&detail)))
    } else if detail.is_empty() {
        words::sentence(says(&what))
    } else {
        format!("{}: {}", words::sentence(says(&what)), words::plain(&detail))
    };
    let outcome = match body["outcome"].as_str() {
        Some("refused") => format!("refused: {}", words::plain(&text(&body, "why"))),
        Some(other) => other.to_owned(),
        None => String::new(),
    };
    let who = text(&body, "who");
    Line {
        number: row.number,
        at: frame.at(&row.at),
        who: who.strip_prefix("account ").map_or(who.clone(), str::to_owned),
        what: says,
        is_refused: outcome.starts_with("refused"),
        outcome,
        about: if row.case.is_some() { String::new() } else { text(&body, "subject") },
        case: row.case,
        origin: text(&body, "where"),
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    lines: Vec<Line>,
    day: String,
    account: String,
    case: String,
    query: String,
    next: String,
    failed: String,
    may_review: bool,
    may_see_cases: bool,
    last: Option<ReviewLine>,
    open: u64,
    through: u64,
    is_due: bool,
}

struct ReviewLine {
    at: String,
    by: String,
    through: u64,
    note: String,
}

/// The filter as a query, for the files beside the table and the next page.
fn query_of(day: &str, query: &AuditQuery) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("day", day), ("account", &query.account), ("case", &query.case)] {
        if !value.trim().is_empty() {
            out.append_pair(name, value.trim());
        }
    }
    out.finish()
}

type Read = ((Vec<AuditRow>, Option<u64>), Vec<Review>, u64);

/// `GET /audit`
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let now = app.engine.clock.now();
    let mut frame = Frame::of(&app, &caller, "Who saw and did what", "/audit");
    if query.done == "review" {
        "The review is signed off.".clone_into(&mut frame.done);
    }
    let (wanted, day, failed) = match wanted(&query, now, &app.zone) {
        Ok((wanted, day)) => (Some(wanted), day, String::new()),
        Err(why) => (None, query.day.clone(), why),
    };
    let read_all = move |reads: &mut dyn Reads| {
        let lines = match &wanted {
            Some(wanted) => read(reads, wanted, LINES)?,
            None => (Vec::new(), None),
        };
        let last = reads.audit_last()?.map_or(0, |row| row.number);
        Ok((lines, review::read(reads)?, last))
    };
    let ((rows, next), reviews, through): Read = app.rows(read_all).await?;
    app.engine.ask(caller.used(Permission::SeeAudit, Subject::Node)).await?;
    let last = reviews.last();
    let (done_through, done_at) = last.map_or((0, None), |last| (last.through, Some(last.at)));
    let status = if failed.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = AuditPage {
        lines: rows.iter().map(|row| line(row, &frame)).collect(),
        query: query_of(&day, &query),
        next: next.map_or_else(String::new, |number| number.to_string()),
        failed,
        may_review: caller.person.may(Permission::ReviewAudit),
        may_see_cases: caller.person.may(Permission::SeeCases),
        last: last.map(|last| ReviewLine {
            at: frame.at(&last.at),
            by: last.by.clone(),
            through: last.through,
            note: last.note.clone(),
        }),
        open: through.saturating_sub(done_through),
        through,
        is_due: done_at.is_none_or(|at| now.duration_since(at) >= review::WEEK),
        day,
        account: query.account,
        case: query.case,
        frame,
    };
    show_as(status, &page)
}

async fn sheet(app: &Arc<App>, caller: &Caller, query: &AuditQuery) -> Result<Sheet, Problem> {
    let wanted = wanted(query, app.engine.clock.now(), &app.zone);
    let (wanted, _) = wanted.map_err(|why| Problem::bad_request("bad-filter", why))?;
    let (rows, _) = app.rows(move |reads| read(reads, &wanted, FILE_LINES)).await?;
    app.engine.ask(caller.used(Permission::SeeAudit, Subject::Node)).await?;
    let row = |row: &AuditRow| {
        let body: Value = serde_json::from_slice(&row.body).unwrap_or_default();
        let mut out = vec![row.number.to_string(), row.at.to_string()];
        let names = ["who", "where", "what", "detail", "outcome", "why", "subject"];
        out.extend(names.map(|name| text(&body, name)));
        out
    };
    let columns = &["number", "at", "who", "where", "what", "detail", "outcome", "why", "subject"];
    Ok(Sheet::of_texts("audit", columns, rows.iter().map(row).collect()))
}

/// `GET /audit.csv`
async fn list_csv(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller, &query).await?.csv())
}

/// `GET /audit.json`
async fn list_json(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller, &query).await?.json())
}

/// Signs off a review, for the page and for the API.
///
/// # Errors
/// `nothing-to-review`; `note`; what the store says.
pub(crate) async fn review_through(
    app: &Arc<App>,
    caller: &Caller,
    through: u64,
    note: &str,
) -> Result<Review, Problem> {
    if note.chars().count() > NOTE_CHARS_MAX {
        let detail = format!("a note has at most {NOTE_CHARS_MAX} characters");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "note", detail));
    }
    let (by, note, now) = (caller.account.clone(), note.to_owned(), app.engine.clock.now());
    let used = caller.used(Permission::ReviewAudit, Subject::Node);
    let signed = app
        .engine
        .with(move |node| review::sign_off(node, (by.as_str(), through, &note), used, now));
    signed.await?.map_err(|why| match why {
        Unreviewed::Nothing => {
            let detail = "somebody signed these lines off already, or there are none";
            Problem::new(StatusCode::CONFLICT, "nothing-to-review", detail)
        }
        Unreviewed::Fault(fault) => fault.into(),
    })
}

/// `POST /audit/review`
async fn sign_off(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let through = sent.get("through").parse().map_err(|_| {
        Problem::bad_request(
            "through",
            "which lines were looked at is missing; open the page again",
        )
    })?;
    review_through(&app, &caller, through, sent.get("note")).await?;
    Ok(go("/audit?done=review"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_says_what_is_wrong() {
        let now: Timestamp = "2016-03-01T02:00:00Z".parse().unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let ask = |day: &str, account: &str, case: &str| {
            let (day, account, case) = (day.to_owned(), account.to_owned(), case.to_owned());
            let query = AuditQuery { day, account, case, ..AuditQuery::default() };
            wanted(&query, now, &zone)
        };
        let (today, day) = ask("", "", "").unwrap();
        assert_eq!(day, "2016-02-29", "the day is the zone's");
        assert_eq!(today.time.unwrap().0, "2016-02-29T05:00:00Z".parse().unwrap());
        assert!(ask("", "Clerk", "").unwrap().0.time.is_none(), "an account of any time");
        assert!(ask("yesterday", "", "").unwrap_err().contains("2026-11-22"));
        assert!(ask("", "two words", "").is_err());
        assert!(ask("", "", "<script>").is_err());
    }
}
