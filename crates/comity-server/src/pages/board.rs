//! Today's board: the people who need something now, sorted by the clock.

use super::frame::{Frame, show};
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{CaseId, OfficialRole, Side, TaskKind, tasks};
use comity_node::{CaseView, read_case};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[page(
    "GET",
    "/board",
    needs(Permission::SeeWorklist),
    "Who needs something now, and how long there is",
    || get(board),
)];

/// Most lines of the worklist that one board reads.
const TASKS_MAX: usize = 120;

/// Most people on one board; more are said to be there.
const PEOPLE_MAX: usize = 40;

/// Somebody who needs something.
pub struct Row {
    /// The case.
    pub case: CaseId,
    /// What the person is known by.
    pub who: String,
    /// The booking number, or the submission's.
    pub number: String,
    /// What is to be done first.
    pub says: String,
    /// What else is.
    pub more: usize,
    /// When the first is due.
    pub due_at: Timestamp,
    /// The same in words.
    pub due: String,
    /// The end of a hold that runs.
    pub ends_at: Option<Timestamp>,
    /// The same in words.
    pub left: String,
    /// `is-soon`, `is-over` or nothing.
    pub state: &'static str,
}

struct Group {
    name: &'static str,
    state: &'static str,
    none: &'static str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    frame: Frame,
    groups: Vec<Group>,
    in_custody: u64,
    more: bool,
    may_book: bool,
}

/// `GET /board`
async fn board(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let role = worklist_role(&caller);
    let (key, side, now) = (app.store_key.clone(), app.side, app.engine.clock.now());
    let (views, in_custody, more) = app
        .readers
        .read(move |reads| {
            let page = reads.tasks(role, None, TASKS_MAX)?;
            let (_, in_custody) = reads.case_counts()?;
            let (mut seen, mut views) = (BTreeSet::new(), Vec::new());
            for task in &page.rows {
                if views.len() < PEOPLE_MAX && seen.insert(task.case) {
                    match read_case(reads, &key, side, task.case) {
                        Ok(view) => views.push(view),
                        // Erased since the list was read.
                        Err(comity_node::NodeFault::NoCase(_)) => {}
                        Err(fault) => return Err(fault),
                    }
                }
            }
            let more = page.next.is_some() || seen.len() > views.len();
            Ok::<_, comity_node::NodeFault>((views, in_custody, more))
        })
        .await??;
    caller.saw(&app, Subject::Cases).await?;
    let frame = Frame::of(&app, &caller, "Today", "/board");
    let rows: Vec<Row> = views.iter().filter_map(|view| row(view, role, now, &frame)).collect();
    let may_book = caller.person.may(Permission::Enter(comity_exchange::case::CommandName::Book));
    show(&BoardPage { groups: groups(rows, now), frame, in_custody, more, may_book })
}

/// Whose tasks a caller sees: a supervisor and counsel see everybody's.
fn worklist_role(caller: &Caller) -> Option<OfficialRole> {
    let mut roles = caller.person.account().roles();
    match (roles.next(), roles.next(), caller.person.side()) {
        (Some(role), None, Side::Federal) => {
            role.official().filter(|r| *r != OfficialRole::Counsel)
        }
        _ => None,
    }
}

/// The name that lists use for a case: the card at the agency, the submission elsewhere.
pub fn known_by(view: &CaseView) -> (String, String) {
    if let Some(card) = &view.card {
        return (card.name.clone(), card.number.clone());
    }
    let tcn = view.case.submitted.as_ref().map(|s| s.submission.tcn.as_str().to_owned());
    let id = view.case.id.to_string();
    let short: String = id.chars().take(8).collect();
    (format!("Person {short}"), tcn.unwrap_or_default())
}

fn row(view: &CaseView, role: Option<OfficialRole>, now: Timestamp, frame: &Frame) -> Option<Row> {
    let side = view.case.side;
    let mut all = tasks(&view.case, now);
    all.retain(|task| {
        let by_itself = matches!(task.kind, TaskKind::Search | TaskKind::Forget);
        !by_itself && role.is_none_or(|role| task.kind.role(side) == role)
    });
    let first = all.first()?;
    let (who, number) = known_by(view);
    let hold = view.case.hold_at(now);
    let ends_at = hold.map(comity_exchange::case::Hold::ends_at);
    let left_s = ends_at.map(|at| at.duration_since(now));
    let state = match left_s {
        Some(left) if left <= SignedDuration::from_hours(1) => "is-soon",
        _ if first.due_at + SignedDuration::from_hours(1) < now => "is-over",
        _ => "",
    };
    Some(Row {
        case: view.case.id,
        who,
        number,
        says: words::sentence(first.kind.says()),
        more: all.iter().filter(|t| t.due_at <= now).count().saturating_sub(1),
        due_at: first.due_at,
        due: due_words(first.due_at, now),
        ends_at,
        left: left_s.map_or_else(String::new, |left| format!("{} left", words::length(left))),
        state: if frame.is_rehearsal && state == "is-over" { "" } else { state },
    })
}

fn due_words(due_at: Timestamp, now: Timestamp) -> String {
    let left = due_at.duration_since(now);
    let length = words::length(left);
    if left.is_positive() { format!("in {length}") } else { format!("since {length}") }
}

fn groups(rows: Vec<Row>, now: Timestamp) -> Vec<Group> {
    let soon = now + SignedDuration::from_hours(4);
    let mut groups = vec![
        Group { name: "Now", state: "now", none: "Nobody needs anything now.", rows: Vec::new() },
        Group {
            name: "In the next four hours",
            state: "soon",
            none: "Nothing comes due in the next four hours.",
            rows: Vec::new(),
        },
        Group { name: "Later", state: "later", none: "Nothing is due later.", rows: Vec::new() },
    ];
    for row in rows {
        let place = match row.due_at {
            at if at <= now => 0,
            at if at <= soon => 1,
            _ => 2,
        };
        if let Some(group) = groups.get_mut(place) {
            group.rows.push(row);
        }
    }
    groups
}
