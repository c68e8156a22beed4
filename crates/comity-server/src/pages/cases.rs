//! People: who is and was in custody, and finding one of them by the booking number.

use super::board::known_by;
use super::form::Sent;
use super::frame::{Frame, go, show};
use super::{PageRoute, needs, page};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::case::CaseId;
use comity_node::{NodeFault, read_case};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/cases", needs(Permission::SeeCases), "Who is and was in custody", || get(list)),
    page("POST", "/cases/find", needs(Permission::SeeCases), "Find by booking number", || {
        post(find)
    }),
];

/// People on one page of the list.
const ROWS: usize = 25;

#[derive(Debug, Deserialize)]
struct ListQuery {
    #[serde(default)]
    all: bool,
    after: Option<String>,
}

struct Row {
    case: CaseId,
    who: String,
    number: String,
    opened_at: Timestamp,
    ended_at: Option<Timestamp>,
    peer: String,
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    frame: Frame,
    rows: Vec<Row>,
    all: bool,
    next: String,
    count: u64,
    not_found: bool,
}

/// `GET /cases`
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let after = query.after.as_deref().map(crate::api::cases::cursor).transpose()?;
    let (key, side, all) = (app.store_key.clone(), app.side, query.all);
    let (rows, next, count) = app
        .readers
        .read(move |reads| {
            let page = reads.cases(!all, after, ROWS)?;
            let (every, held) = reads.case_counts()?;
            let mut rows = Vec::new();
            for row in page.rows {
                let view = match read_case(reads, &key, side, row.case) {
                    Ok(view) => view,
                    Err(NodeFault::NoCase(_)) => continue,
                    Err(fault) => return Err(fault),
                };
                let (who, number) = known_by(&view);
                rows.push(Row {
                    case: row.case,
                    who,
                    number,
                    opened_at: row.opened_at,
                    ended_at: row.ended_at,
                    peer: row.peer.as_str().to_owned(),
                });
            }
            Ok((rows, page.next, if all { every } else { held }))
        })
        .await??;
    caller.saw(&app, Subject::Cases).await?;
    let next = next.map(|(at, case)| format!("{}_{case}", at.as_nanosecond())).unwrap_or_default();
    let frame = Frame::of(&app, &caller, "People", "/cases");
    show(&CasesPage { frame, rows, all, next, count, not_found: false })
}

/// `POST /cases/find`: the number stays out of addresses.
async fn find(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let number_ref = app.store_key.number_ref(sent.get("number"));
    let row = app.rows(move |reads| reads.case_by_number(&number_ref)).await?;
    let subject = row.as_ref().map_or(Subject::Cases, |r| Subject::Case(r.case));
    caller.saw(&app, subject).await?;
    if let Some(row) = row {
        return Ok(go(&format!("/cases/{}", row.case)));
    }
    let frame = Frame::of(&app, &caller, "People", "/cases");
    let (rows, next) = (Vec::new(), String::new());
    show(&CasesPage { frame, rows, all: false, next, count: 0, not_found: true })
}
