//! What desks and machines ask beside cases: worklists, the audit, peers, the clock, health.

use super::{Accept, Query, as_json, limit};
use crate::account::{Permission, Subject};
use crate::api::case_json;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use comity_exchange::Party;
use comity_exchange::case::{CaseId, OfficialId, OfficialRole, TaskKind};
use comity_node::{Ask, PeerNews};
use comity_store::{Fault, Page, Reads, TaskCursor, TaskRow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// What `GET /worklist` may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkQuery {
    role: Option<OfficialRole>,
    kind: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Most tasks that one request for a kind looks at. Where there are more, the page ends with
/// those that were found, and `next` goes on behind the last that was looked at.
const LOOKED_AT_MAX: usize = 5_000;

/// Tasks of a kind, by its name in [`TaskKind::NAMES`].
fn tasks_of_kind(
    reads: &mut dyn Reads,
    role: Option<OfficialRole>,
    kind: &str,
    mut after: Option<TaskCursor>,
    max: usize,
) -> Result<Page<TaskRow, TaskCursor>, Fault> {
    let mut rows: Vec<TaskRow> = Vec::new();
    let mut looked_at = 0;
    while looked_at < LOOKED_AT_MAX {
        let page = reads.tasks(role, after.as_ref(), LOOKED_AT_MAX / 10)?;
        looked_at += page.rows.len();
        for row in page.rows {
            if case_json::task_kind(&row).as_deref() == Some(kind) {
                let cursor = TaskCursor::of(&row);
                rows.push(row);
                if rows.len() == max {
                    return Ok(Page { rows, next: Some(cursor) });
                }
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Page { rows, next: after })
}

/// `GET /api/v1/worklist`: tasks of all roles or of one, of all kinds or of one, by due time.
pub async fn worklist(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<WorkQuery>,
) -> Result<Response, Problem> {
    let role = query.role;
    let after = query.after.as_deref().map(cursor).transpose()?;
    let max = limit(query.limit)?;
    let page = match query.kind {
        None => app.rows(move |reads| reads.tasks(role, after.as_ref(), max)).await?,
        Some(kind) if TaskKind::NAMES.contains(&kind.as_str()) => {
            app.rows(move |reads| tasks_of_kind(reads, role, &kind, after, max)).await?
        }
        Some(_) => {
            let detail = format!("`kind` is one of {}", TaskKind::NAMES.join(", "));
            return Err(Problem::bad_request("bad-kind", detail));
        }
    };
    caller.saw(&app, Subject::Cases).await?;
    let next = page.next.map(|c| format!("{}_{}_{}", c.due_at.as_nanosecond(), c.case, c.key));
    let tasks: Vec<Value> = page.rows.iter().map(case_json::task_row).collect();
    let now = app.engine.clock.now();
    Ok(as_json(StatusCode::OK, &json!({ "now": now, "tasks": tasks, "next": next })))
}

fn cursor(text: &str) -> Result<TaskCursor, Problem> {
    let mut parts = text.splitn(3, '_');
    let mut read = || {
        let due_at = Timestamp::from_nanosecond(parts.next()?.parse().ok()?).ok()?;
        let case = CaseId::parse(parts.next()?)?;
        Some(TaskCursor { due_at, case, key: parts.next()?.to_owned() })
    };
    read().ok_or_else(|| Problem::bad_request("bad-cursor", "`after` is no cursor of this list"))
}

/// `GET /api/v1/stream`: server-sent events; one whenever something changed, with the ledger's
/// size. It says that a list is to be read again, never what changed.
pub async fn stream(State(app): State<Arc<App>>, _: Caller) -> Response {
    let grown = app.engine.grown();
    let events = async_stream(grown);
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

fn async_stream(
    grown: tokio::sync::watch::Receiver<u64>,
) -> impl futures_util::Stream<Item = Result<Event, Infallible>> {
    futures_util::stream::unfold((grown, true), |(mut grown, first)| async move {
        if !first {
            grown.changed().await.ok()?;
            // Many changes in a moment are one.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let size = *grown.borrow_and_update();
        let event = Event::default().event("changed").id(size.to_string()).data(size.to_string());
        Some((Ok(event), (grown, false)))
    })
}

/// What `GET /audit` may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    from: Option<u64>,
    case: Option<String>,
    account: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/v1/audit`
pub async fn audit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let case = query.case.as_deref().map(super::id_of).transpose()?;
    let account = query.account.as_deref().map(|a| OfficialId::new(a).ok_or(()));
    let account = account.transpose().map_err(|()| Problem::not_found())?;
    let (from, max) = (query.from.unwrap_or(1), limit(query.limit)?);
    let rows = app.rows(move |reads| reads.audit(from, case, account.as_ref(), max)).await?;
    let ask = caller.used(Permission::SeeAudit, Subject::Node);
    app.engine.ask(ask).await?;
    let next = if rows.len() == max { rows.last().map(|row| row.number + 1) } else { None };
    let lines: Vec<Value> =
        rows.iter().filter_map(|row| serde_json::from_slice(&row.body).ok()).collect();
    Ok(as_json(StatusCode::OK, &json!({ "lines": lines, "next": next })))
}

/// `GET /api/v1/peers`
pub async fn peers(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let peers = app.engine.with(|node| {
        let peers = node.peers().map(|p| {
            json!({ "party": p.party.as_str(), "side": p.side, "url": p.url, "origin": p.origin })
        });
        peers.collect::<Vec<_>>()
    });
    Ok(as_json(StatusCode::OK, &json!({ "peers": peers.await? })))
}

/// `POST /api/v1/peers`
pub async fn add_peer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Accept(news): Accept<PeerNews>,
) -> Result<Response, Problem> {
    crate::pages::admin::must_be_confirmed(&app, &caller).await?;
    let party = Party::new(&news.party);
    let subject = party.map_or(Subject::Node, Subject::Peer);
    let asks = vec![Ask::AddPeer(news), caller.used(Permission::ManagePeers, subject)];
    app.engine.turn(asks).await?.swap_remove(0)?;
    Ok(StatusCode::CREATED.into_response())
}

/// `GET /api/v1/clock`
pub async fn clock(State(app): State<Arc<App>>) -> Response {
    as_json(StatusCode::OK, &json!({ "now": app.engine.clock.now() }))
}

/// A moment for a simulated clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetClock {
    now: Timestamp,
}

/// `PUT /api/v1/clock`: sets a simulated clock; the machine's is not to be had.
pub async fn set_clock(
    State(app): State<Arc<App>>,
    caller: Caller,
    Accept(set): Accept<SetClock>,
) -> Result<Response, Problem> {
    if !(1900..2200).contains(&set.now.to_zoned(TimeZone::UTC).year()) {
        let detail = "a rehearsal's clock stands between 1900 and 2200";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-instant", detail));
    }
    if !app.engine.clock.set(set.now) {
        let detail = "this node's clock is the machine's";
        return Err(Problem::new(StatusCode::CONFLICT, "real-clock", detail));
    }
    let asks = vec![caller.used(Permission::ManageSettings, Subject::Node), Ask::Tick];
    app.engine.turn(asks).await?.swap_remove(0)?;
    Ok(as_json(StatusCode::OK, &json!({ "now": app.engine.clock.now() })))
}

/// `GET /healthz`: whether the node answers and its store can be read.
pub async fn health(State(app): State<Arc<App>>) -> Response {
    let size = app.rows(|reads| reads.size()).await;
    match size {
        Ok(size) => as_json(StatusCode::OK, &json!({ "status": "ok", "leaves": size })),
        Err(problem) => problem.into_response(),
    }
}

/// `GET /metrics`
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    app.metrics.leaves.set(*app.engine.grown().borrow() as i64);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}
