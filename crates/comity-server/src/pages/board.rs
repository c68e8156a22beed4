//! Today's board: the people who need something now, sorted by the clock.

use super::frame::{Frame, show};
use super::{PageRoute, flow, needs, office, page, words};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{CaseId, OfficialRole, Side, Task, TaskKind, tasks};
use comity_node::{CaseView, read_case};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
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
    /// What is to be done first.
    pub kind: Option<TaskKind>,
    /// Where it is done.
    pub href: String,
}

/// Rows that belong together.
pub struct Group {
    /// What they have in common.
    pub name: &'static str,
    /// A word for its place in the page.
    pub state: &'static str,
    /// What is said when there is nobody.
    pub none: &'static str,
    /// The people.
    pub rows: Vec<Row>,
}

/// What was just done, by the flow's name.
#[derive(Debug, Default, Deserialize)]
struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    frame: Frame,
    groups: Vec<Group>,
    in_custody: u64,
    more: bool,
    may_book: bool,
    seconds: Vec<SecondRow>,
}

/// Something that waits for a second person.
struct SecondRow {
    case: CaseId,
    who: String,
    says: String,
    by: String,
    since: String,
}

/// `GET /board`
async fn board(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    let role = worklist_role(&caller);
    let (key, side, now) = (app.store_key.clone(), app.side, app.engine.clock.now());
    let sees_answers = side == Side::Federal && role != Some(OfficialRole::Examiner);
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
            if sees_answers {
                views.extend(office::answered(reads, &key, now, &seen)?);
            }
            Ok::<_, comity_node::NodeFault>((views, in_custody, more))
        })
        .await??;
    caller.saw(&app, Subject::Cases).await?;
    let mut frame = Frame::of(&app, &caller, "Today", "/board");
    if let Some(flow) = flow::named(&query.done) {
        flow.done.clone_into(&mut frame.done);
    }
    let rehearsed = frame.is_rehearsal;
    let row = |view: &CaseView| row(view, role, now, rehearsed).or_else(|| office::row(view, now));
    let rows: Vec<Row> = views.iter().filter_map(row).collect();
    let groups = match side {
        Side::Agency => groups(rows, now),
        Side::Federal => office::groups(rows, role),
    };
    let may_book = caller.person.may(Permission::Enter(comity_exchange::case::CommandName::Book));
    let seconds = seconds(&app, now).await?;
    show(&BoardPage { frame, groups, in_custody, more, may_book, seconds })
}

/// What waits for a second person, of those who are still in custody.
async fn seconds(app: &Arc<App>, now: Timestamp) -> Result<Vec<SecondRow>, Problem> {
    let mut rows = Vec::new();
    for waits in crate::second::waiting(app).await?.into_iter().take(PEOPLE_MAX) {
        let view = match app.case(waits.case).await {
            Ok(view) if view.case.in_custody() => view,
            Ok(_) => continue,
            // Erased since it was asked.
            Err(problem) if problem.status == 404 => continue,
            Err(problem) => return Err(problem),
        };
        rows.push(SecondRow {
            case: waits.case,
            who: known_by(&view).0,
            says: words::sentence(&waits.act.says()),
            by: waits.by.as_str().to_owned(),
            since: words::length(now.duration_since(waits.at)),
        });
    }
    Ok(rows)
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

fn row(
    view: &CaseView,
    role: Option<OfficialRole>,
    now: Timestamp,
    is_rehearsal: bool,
) -> Option<Row> {
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
        due: words::due(first.due_at, now),
        ends_at,
        left: left_s.map_or_else(String::new, |left| format!("{} left", words::length(left))),
        state: if is_rehearsal && state == "is-over" { "" } else { state },
        kind: Some(first.kind),
        href: place(view, first),
    })
}

/// Where somebody goes from the board: at the office to the work itself, at the jail to the
/// person.
fn place(view: &CaseView, first: &Task) -> String {
    let id = view.case.id;
    match (view.case.side, first.kind) {
        (Side::Federal, TaskKind::VerifyCandidates) => format!("/cases/{id}/candidates"),
        _ => format!("/cases/{id}"),
    }
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
