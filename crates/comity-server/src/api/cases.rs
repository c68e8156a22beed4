//! Cases: lists, one case, what the law says of it, and entries into it.

use super::{Accept, Path, Query, as_json, id_of, later, limit};
use crate::account::{Permission, Subject};
use crate::api::case_json;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_exchange::case::{
    Advice, By, CaseId, CommandId, Draft, Official, OfficialRole, Tcn, Version,
};
use comity_exchange::{Digest, Party};
use comity_node::{Ask, Done, Entry};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What `GET /cases` may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    in_custody: Option<bool>,
    after: Option<String>,
    limit: Option<usize>,
    number: Option<String>,
}

/// `GET /api/v1/cases`
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let after = query.after.as_deref().map(cursor).transpose()?;
    let (in_custody, max) = (query.in_custody.unwrap_or(false), limit(query.limit)?);
    if let Some(number) = query.number {
        let number_ref = app.store_key.number_ref(&number);
        let row = app.rows(move |reads| reads.case_by_number(&number_ref)).await?;
        let subject = row.as_ref().map_or(Subject::Cases, |r| Subject::Case(r.case));
        caller.saw(&app, subject).await?;
        let rows: Vec<Value> = row.iter().map(case_json::row).collect();
        return Ok(as_json(StatusCode::OK, &json!({ "cases": rows, "next": null })));
    }
    let page = app.rows(move |reads| reads.cases(in_custody, after, max)).await?;
    let (all, held) = app.rows(|reads| reads.case_counts()).await?;
    caller.saw(&app, Subject::Cases).await?;
    let rows: Vec<Value> = page.rows.iter().map(case_json::row).collect();
    let next = page.next.map(|(at, case)| format!("{}_{case}", at.as_nanosecond()));
    let body = json!({ "cases": rows, "next": next, "total": all, "in_custody": held });
    Ok(as_json(StatusCode::OK, &body))
}

/// The place in a list of cases at which the next page begins.
pub(crate) fn cursor(text: &str) -> Result<(Timestamp, CaseId), Problem> {
    let parts = text.split_once('_').and_then(|(at, case)| {
        let at = Timestamp::from_nanosecond(at.parse().ok()?).ok()?;
        Some((at, CaseId::parse(case)?))
    });
    parts.ok_or_else(|| Problem::bad_request("bad-cursor", "`after` is no cursor of this list"))
}

/// `GET /api/v1/cases/{case}`
pub async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id_of(&case)?;
    if let Some(known) = headers.get(header::IF_NONE_MATCH) {
        // Who asks whether something is new is told so by the row, without opening the events.
        let row = app.rows(move |reads| reads.case(id)).await?;
        if let Some(etag) = row.map(|row| etag(row.version)).filter(|etag| known == etag) {
            caller.saw(&app, Subject::Case(id)).await?;
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
        }
    }
    let view = app.case(id).await?;
    let etag = etag(view.case.version);
    caller.saw(&app, Subject::Case(id)).await?;
    let mut response = as_json(StatusCode::OK, &case_json::case(&view, app.engine.clock.now()));
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

fn etag(version: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// `GET /api/v1/cases/{case}/events`
pub async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&case)?;
    let view = app.case(id).await?;
    caller.saw(&app, Subject::Case(id)).await?;
    let events: Vec<Value> = view.events.iter().map(case_json::event).collect();
    Ok(as_json(StatusCode::OK, &json!({ "case": id, "events": events })))
}

/// `GET /api/v1/cases/{case}/advice`
pub async fn advice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&case)?;
    let view = app.case(id).await?;
    caller.saw(&app, Subject::Case(id)).await?;
    let now = app.engine.clock.now();
    let said = case_json::advice(&app.library, &view.case, now);
    said.map(|said| as_json(StatusCode::OK, &said))
        .map_err(|found| comity_node::NodeFault::Wrong(found).into())
}

/// `POST /api/v1/cases/{case}/advice`: with a request laid over it that is not issued.
pub async fn advice_of_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    Accept(draft): Accept<Draft>,
) -> Result<Response, Problem> {
    let id = id_of(&case)?;
    let view = app.case(id).await?;
    caller.saw(&app, Subject::Case(id)).await?;
    let now = app.engine.clock.now();
    if view.case.booking.is_none() {
        return Err(Problem::new(StatusCode::CONFLICT, "not-opened", "nobody was booked yet"));
    }
    let said = Advice::of_draft(&app.library, &view.case, &draft, now);
    let said = said.map_err(|found| Problem::from(comity_node::NodeFault::Wrong(found)))?;
    let body = json!({ "version": view.case.version, "finding": said.finding() });
    Ok(as_json(StatusCode::OK, &body))
}

/// An entry as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// In which role the person acts; needed where the account has more than one that may.
    role: Option<OfficialRole>,
    /// The other party, for a booking.
    peer: Option<String>,
    /// What.
    entry: Entry,
}

/// `POST /api/v1/cases/{case}/entries`
pub async fn enter(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    Accept(sent): Accept<Sent>,
) -> Result<Response, Problem> {
    let case = id_of(&case)?;
    if matches!(sent.entry, Entry::SubmitPrints { .. }) {
        let detail = "prints are sent with their file: PUT /api/v1/cases/{case}/prints";
        return Err(Problem::bad_request("file-missing", detail));
    }
    put(&app, &caller, case, &headers, sent, None).await
}

/// `PUT /api/v1/cases/{case}/prints`: the bytes of an ANSI/NIST-ITL transaction.
pub async fn prints(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let case = id_of(&case)?;
    let entry = serde_json::from_value(submission(&body)?)
        .map_err(|e| Problem::bad_request("bad-body", e.to_string()))?;
    let sent = Sent { role: None, peer: None, entry };
    put(&app, &caller, case, &headers, sent, Some(body.to_vec())).await
}

/// The entry of a submission, from its file.
///
/// # Errors
/// The bytes are no transaction, or have no control number.
pub(crate) fn submission(file: &[u8]) -> Result<Value, Problem> {
    let transaction = comity_print::formats::nist::read(file).map_err(|fault| {
        let detail = format!("this is no ANSI/NIST-ITL transaction: {fault}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-a-transaction", detail)
    })?;
    let Some(tcn) = Tcn::new(transaction.header().control_number.trim()) else {
        let detail = "field 1.009, the control number, has 10 to 40 printable characters";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-control-number", detail));
    };
    Ok(json!({ "submit_prints": { "tcn": tcn, "file": Digest::of_bytes(file) } }))
}

async fn put(
    app: &Arc<App>,
    caller: &Caller,
    case: CaseId,
    headers: &HeaderMap,
    sent: Sent,
    file: Option<Vec<u8>>,
) -> Result<Response, Problem> {
    let name = sent.entry.name();
    let role = caller.role_for(name, sent.role)?;
    crate::second::check(app, case, &sent.entry).await?;
    let id = command_id(caller, case, headers)?;
    let expects = expected(headers)?;
    let peer = sent.peer.as_deref().map(Party::new).transpose();
    let peer = peer.map_err(|d| Problem::bad_request("bad-party", d.message))?;
    let official = Official { id: caller.account.clone(), role };
    let asks = vec![
        Ask::Enter {
            case,
            id,
            by: By::Official(official),
            expects,
            entry: Box::new(sent.entry),
            peer,
            file,
        },
        caller.used(Permission::Enter(name), Subject::Case(case)),
    ];
    let done = app.engine.turn(asks).await?.swap_remove(0)?;
    let Done::Events { version, events, .. } = done else {
        return Err(later());
    };
    let events: Vec<Value> = events
        .iter()
        .map(|e| json!({ "version": e.version, "kind": e.kind, "leaf": e.leaf }))
        .collect();
    let status = if name == comity_exchange::case::CommandName::Book && !events.is_empty() {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let body = json!({ "case": case, "command": id, "version": version, "events": events });
    let mut response = as_json(status, &body);
    response.headers_mut().insert(header::ETAG, etag(version));
    Ok(response)
}

/// The id of a command: from the caller's idempotency key, so that the same request sent again
/// is the same command.
fn command_id(caller: &Caller, case: CaseId, headers: &HeaderMap) -> Result<CommandId, Problem> {
    let Some(key) = headers.get("idempotency-key") else {
        let detail = "the header `Idempotency-Key` is missing: 8 to 128 characters that you \
                      choose for this entry, the same when you send it again";
        return Err(Problem::bad_request("idempotency-key-missing", detail));
    };
    let key = key.to_str().ok().filter(|k| (8..=128).contains(&k.len()));
    let Some(key) = key else {
        let detail = "`Idempotency-Key` has 8 to 128 printable ASCII characters";
        return Err(Problem::bad_request("bad-idempotency-key", detail));
    };
    Ok(command_of(caller, case, key))
}

/// The command that a caller means by a key in a case.
pub(crate) fn command_of(caller: &Caller, case: CaseId, key: &str) -> CommandId {
    let text = format!("comity-command/v1\n{}\n{case}\n{key}", caller.account.as_str());
    let digest = Digest::of_bytes(text.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.0[..16]);
    CommandId(id)
}

/// The version that the caller looked at: `If-Match: "7"`.
fn expected(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version = value.to_str().ok().and_then(|v| v.trim_matches('"').parse().ok());
    version.map(|v| Some(Version(v))).ok_or_else(|| {
        Problem::bad_request("bad-if-match", "`If-Match` holds a case's ETag, like \"7\"")
    })
}
