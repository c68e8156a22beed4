//! Bookings of a jail's own software, many at once.

use super::as_json;
use crate::account::{Who, official_for};
use crate::app::App;
use crate::door::{Caller, Knock};
use crate::import::{Importer, Unimported, import};
use crate::problem::{Found, Problem};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use comity_exchange::bookings::SheetForm;
use comity_exchange::case::{CommandName, Official};
use comity_model::Diagnostic;
use serde_json::json;
use std::sync::Arc;

/// The content types of sheets.
pub const SHEET_TYPES: &[&str] = &["text/csv", "application/jsonl"];

fn form(headers: &HeaderMap) -> Result<SheetForm, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim).unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "text/csv" => Ok(SheetForm::Csv),
        "application/jsonl" | "application/x-ndjson" => Ok(SheetForm::JsonLines),
        _ => {
            let detail = "the body is `text/csv`, or `application/jsonl`";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-sheet", detail))
        }
    }
}

/// `POST /api/v1/bookings/import`: a sheet of bookings, all of them or none.
pub async fn bookings(
    State(app): State<Arc<App>>,
    caller: Caller,
    knock: Knock,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    // The route's permission is enough: a program's token may have that scope alone.
    let roles = caller.person.account().roles();
    let role = official_for(roles, app.side, CommandName::Book).ok_or_else(Problem::forbidden)?;
    let form = form(&headers)?;
    let official = Official { id: caller.account.clone(), role };
    let who = Who::Account(caller.account.clone());
    let by = Importer { official, who, origin: knock.origin() };
    match import(&app, &by, &body, form).await {
        Ok(done) => {
            let new = done.iter().filter(|row| row.is_new).count();
            app.metrics.imported.inc_by(new as u64);
            let status = if new > 0 { StatusCode::CREATED } else { StatusCode::OK };
            Ok(as_json(status, &json!({ "bookings": done, "new": new })))
        }
        Err(Unimported::Wrong(found)) => {
            app.metrics.import_refused.inc();
            let detail = format!("nobody was booked: {} findings, each with its line", found.len());
            let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-sheet", detail);
            problem.errors = found.iter().map(located).collect();
            Err(problem)
        }
        Err(Unimported::Node(problem)) => Err(problem),
    }
}

/// A finding with its line in its path: `line 3, booked_at`.
fn located(fault: &Diagnostic) -> Found {
    let mut found = Found::from(fault);
    let place = match (fault.path.as_str(), fault.column) {
        ("", 0) => String::new(),
        ("", number) => format!("column {number}"),
        (path, _) => path.to_owned(),
    };
    let line = (fault.line > 0).then(|| format!("line {}", fault.line));
    let parts: Vec<String> = line.into_iter().chain([place]).filter(|p| !p.is_empty()).collect();
    found.path = parts.join(", ");
    found
}
