//! Backups: the last ones, one more now, and whether one can be put back.

use super::super::form::Sent;
use super::super::frame::{Frame, go, show};
use super::super::sheet::Sheet;
use super::super::{PageRoute, needs, page};
use super::{ROOM, size};
use crate::account::{Permission, Subject};
use crate::app::App;
use crate::backups::{self, Backups, Known, start_backup, start_drill};
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use comity_model::Diagnostic;
use std::sync::Arc;

const MANAGE: crate::routes::Needs = needs(Permission::ManageBackups);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/admin/backups", MANAGE, "The backups", || get(list)),
    page("GET", "/admin/backups.csv", MANAGE, "The backups as CSV", || get(list_csv)),
    page("GET", "/admin/backups.json", MANAGE, "The backups as JSON", || get(list_json)),
    page("POST", "/admin/backups", MANAGE, "Back up now", || post(make)),
    page("POST", "/admin/backups/drill", MANAGE, "Try whether a backup can be put back", || {
        post(drill)
    }),
];

struct Line {
    name: String,
    size: String,
    made: String,
    leaves: String,
    drill: String,
    is_bad: bool,
}

#[derive(Template)]
#[template(path = "admin_backups.html")]
struct BackupsPage {
    frame: Frame,
    lines: Vec<Line>,
    running: String,
    failed: String,
    folder: String,
    node_folder: String,
}

/// What is under way with the backups, and those of the folder.
pub(crate) async fn standing(app: &Arc<App>) -> Result<(backups::State, Vec<Known>), Problem> {
    let app = app.clone();
    let standing = tokio::task::spawn_blocking(move || app.backups.standing()).await;
    let standing = standing.map_err(|_| crate::api::later())?;
    standing.map_err(|fault| folder_problem(&fault))
}

/// The backups of the folder.
async fn known(app: &Arc<App>) -> Result<Vec<Known>, Problem> {
    Ok(standing(app).await?.1)
}

/// True for the name of a backup of the folder.
pub(crate) async fn is_known(app: &Arc<App>, name: &str) -> Result<bool, Problem> {
    Ok(Backups::is_name(name) && known(app).await?.iter().any(|known| known.name == name))
}

fn folder_problem(fault: &Diagnostic) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, fault.code, fault.message.clone())
}

/// Something else is under way.
pub(crate) fn running() -> Problem {
    let detail = "a backup or a drill is under way; one is made at a time";
    Problem::new(StatusCode::CONFLICT, "backup-running", detail)
}

fn line(known: &Known, frame: &Frame) -> Line {
    let manifest = known.manifest.as_ref();
    let drill = known.drill.as_ref();
    Line {
        name: known.name.clone(),
        size: size(known.size_bytes),
        made: manifest.map_or_else(|| "elsewhere".to_owned(), |m| frame.at(&m.made_at)),
        leaves: manifest.map_or_else(String::new, |m| m.leaves.to_string()),
        drill: drill.map_or_else(
            || "not tried yet".to_owned(),
            |d| format!("{}: {}", frame.at(&d.at), d.says),
        ),
        is_bad: drill.is_some_and(|d| !d.is_clean),
    }
}

/// `GET /admin/backups`
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let (state, known) = standing(&app).await?;
    let frame = Frame::of(&app, &caller, "Backups", ROOM);
    let running = state.running.map_or_else(String::new, |(what, since)| {
        format!("{what} is under way since {}", frame.at(&since))
    });
    show(&BackupsPage {
        lines: known.iter().map(|known| line(known, &frame)).collect(),
        running,
        failed: state.failed,
        folder: app.backups.folder().display().to_string(),
        node_folder: app.home.folder.display().to_string(),
        frame,
    })
}

async fn sheet(app: &Arc<App>) -> Result<Sheet, Problem> {
    let row = |known: &Known| {
        let manifest = known.manifest.as_ref();
        let drill = known.drill.as_ref();
        vec![
            known.name.clone(),
            known.size_bytes.to_string(),
            manifest.map_or_else(String::new, |m| m.made_at.to_string()),
            manifest.map_or_else(String::new, |m| m.leaves.to_string()),
            manifest.map_or_else(String::new, |m| m.sha256.clone()),
            drill.map_or_else(String::new, |d| d.at.to_string()),
            drill.map_or_else(String::new, |d| d.is_clean.to_string()),
        ]
    };
    let rows = known(app).await?.iter().map(row).collect();
    let columns =
        &["name", "size_bytes", "made_at", "leaves", "sha256", "drilled_at", "drill_is_clean"];
    Ok(Sheet::of_texts("backups", columns, rows))
}

/// `GET /admin/backups.csv`
async fn list_csv(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app).await?.csv())
}

/// `GET /admin/backups.json`
async fn list_json(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app).await?.json())
}

/// `POST /admin/backups`
async fn make(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    app.engine.ask(caller.used(Permission::ManageBackups, Subject::Node)).await?;
    if start_backup(&app) { Ok(go("/admin/backups")) } else { Err(running()) }
}

/// `POST /admin/backups/drill`
async fn drill(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let name = sent.get("name");
    if !is_known(&app, name).await? {
        return Err(Problem::not_found());
    }
    app.engine.ask(caller.used(Permission::ManageBackups, Subject::Node)).await?;
    if start_drill(&app, name) { Ok(go("/admin/backups")) } else { Err(running()) }
}
