//! The examiner's page: the print that came in beside a candidate's, how sure the search is in
//! this gallery, and two decisions of the same size.

mod draw;
mod look;
mod rates;

use super::frame::{Frame, show};
use super::sheet::Sheet;
use super::{PageRoute, needs, page};
use crate::account::{Permission, Subject};
use crate::api::{Query, id_of};
use crate::app::App;
use crate::compared::{Compared, Print};
use crate::door::Caller;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use comity_exchange::case::{
    Candidate, CaseId, CommandName, GalleryRecord, Identification, SearchResult, Side, What,
};
use comity_node::CaseView;
use comity_print::formats::raster::write_png;
use look::{Drawn, Shown, Tab, drawn};
use serde_json::{Value, json};
use std::sync::Arc;

const SEE: crate::routes::Needs = needs(Permission::SeePrints);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/cases/{case}/candidates", SEE, "Candidates, for an examiner to look at", || {
        get(first)
    }),
    page("GET", "/cases/{case}/candidates/{record}", SEE, "The print beside one candidate", || {
        get(one)
    }),
    page(
        "GET",
        "/cases/{case}/candidates/{record}/prints/{finger}",
        SEE,
        "The image of a print that came in",
        || get(image),
    ),
    page(
        "GET",
        "/cases/{case}/candidates/{record}/pairs.csv",
        SEE,
        "The paired minutiae as CSV",
        || get(pairs_csv),
    ),
    page(
        "GET",
        "/cases/{case}/candidates/{record}/pairs.json",
        SEE,
        "The paired minutiae as JSON",
        || get(pairs_json),
    ),
];

#[derive(Template)]
#[template(path = "candidates.html")]
struct CandidatesPage {
    frame: Frame,
    case: CaseId,
    number: String,
    is_waiting: bool,
    stands: &'static str,
    may_decide: bool,
    tabs: Vec<Tab>,
    candidate: Option<Candidate>,
    drawn: Option<Drawn>,
}

/// The candidates of a case: those that wait, or those that an examiner chose from.
struct Found {
    list: Vec<Candidate>,
    is_waiting: bool,
}

impl Found {
    /// # Errors
    /// An agency never has candidates.
    fn of(view: &CaseView) -> Result<Found, Problem> {
        if view.case.side != Side::Federal {
            return Err(Problem::not_found());
        }
        let searched = view.events.iter().rev().find_map(|(event, _)| match &event.what {
            What::SearchRecorded(SearchResult::Candidates(list)) => Some(list.clone()),
            _ => None,
        });
        Ok(match &view.case.identification {
            Identification::Candidates(list) => Found { list: list.clone(), is_waiting: true },
            Identification::Matched(found) => {
                let mut list = searched.unwrap_or_default();
                list.retain(|c| c.gallery_record == found.gallery_record());
                Found { list, is_waiting: false }
            }
            _ => Found { list: Vec::new(), is_waiting: false },
        })
    }

    /// # Errors
    /// No candidate has that record: other records of the gallery are nobody's business here.
    fn named(&self, record: &str) -> Result<&Candidate, Problem> {
        let record = GalleryRecord::parse(record).ok_or_else(Problem::not_found)?;
        let found = self.list.iter().find(|c| c.gallery_record == record);
        found.ok_or_else(Problem::not_found)
    }
}

/// `GET /cases/{case}/candidates`
async fn first(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let view = app.case(id_of(&case)?).await?;
    let found = Found::of(&view)?;
    let candidate = found.list.first().cloned();
    beside(&app, &caller, &view, &found, candidate, &shown).await
}

/// `GET /cases/{case}/candidates/{record}`
async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, record)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let view = app.case(id_of(&case)?).await?;
    let found = Found::of(&view)?;
    let candidate = found.named(&record)?.clone();
    beside(&app, &caller, &view, &found, Some(candidate), &shown).await
}

async fn beside(
    app: &Arc<App>,
    caller: &Caller,
    view: &CaseView,
    found: &Found,
    candidate: Option<Candidate>,
    shown: &Shown,
) -> Result<Response, Problem> {
    let case = view.case.id;
    caller.saw(app, Subject::Case(case)).await?;
    let drawn = match &candidate {
        Some(candidate) => {
            let record = candidate.gallery_record;
            let compared = app.compared(&view.case, record).await?;
            let base = format!("/cases/{case}/candidates/{record}");
            compared.as_deref().and_then(|compared| drawn(&base, compared, &shown.view(compared)))
        }
        None => None,
    };
    let chosen = candidate.as_ref().map(|c| c.gallery_record);
    let tabs = found.list.iter().enumerate().map(|(number, c)| Tab {
        href: format!("/cases/{case}/candidates/{}", c.gallery_record),
        says: format!("Candidate {} of {}", number + 1, found.list.len()),
        more: format!("score {}", c.score),
        is_here: Some(c.gallery_record) == chosen,
    });
    let may = |command| caller.person.may(Permission::Enter(command));
    show(&CandidatesPage {
        frame: Frame::of(app, caller, "Is this the same person?", "/cases"),
        case,
        number: view
            .case
            .submitted
            .as_ref()
            .map_or_else(String::new, |s| s.submission.tcn.as_str().to_owned()),
        is_waiting: found.is_waiting,
        stands: super::person::identified(&view.case.identification),
        may_decide: may(CommandName::VerifyMatch) && may(CommandName::RejectCandidates),
        tabs: tabs.collect(),
        candidate,
        drawn,
    })
}

/// The comparison that a path names, and the finger.
async fn compared_of(
    app: &Arc<App>,
    caller: &Caller,
    case: &str,
    record: &str,
) -> Result<Arc<Compared>, Problem> {
    let view = app.case(id_of(case)?).await?;
    let record = Found::of(&view)?.named(record)?.gallery_record;
    caller.saw(app, Subject::Case(view.case.id)).await?;
    app.compared(&view.case, record).await?.ok_or_else(Problem::not_found)
}

/// `GET /cases/{case}/candidates/{record}/prints/{finger}`
async fn image(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, record, finger)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let number: usize = finger.parse().map_err(|_| Problem::not_found())?;
    let compared = compared_of(&app, &caller, &case, &record).await?;
    let finger = compared.fingers.get(number).ok_or_else(Problem::not_found)?;
    let image = finger.probe.image.as_ref().ok_or_else(Problem::not_found)?;
    let png = write_png(image).map_err(|e| {
        tracing::error!("an image cannot be written: {e}");
        Problem::not_found()
    })?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

const COLUMNS: &[&str] = &[
    "finger",
    "finger_score",
    "pair",
    "probe_x_px",
    "probe_y_px",
    "probe_angle_deg",
    "probe_kind",
    "probe_quality",
    "candidate_x_px",
    "candidate_y_px",
    "candidate_angle_deg",
    "candidate_kind",
    "candidate_quality",
];

/// `GET /cases/{case}/candidates/{record}/pairs.csv`
async fn pairs_csv(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, record)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let compared = compared_of(&app, &caller, &case, &record).await?;
    pairs(&compared, &shown)?.reply("csv")
}

/// `GET /cases/{case}/candidates/{record}/pairs.json`
async fn pairs_json(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, record)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let compared = compared_of(&app, &caller, &case, &record).await?;
    pairs(&compared, &shown)?.reply("json")
}

fn pairs(compared: &Compared, shown: &Shown) -> Result<Sheet, Problem> {
    let number = shown.view(compared).finger;
    let finger = compared.fingers.get(number).ok_or_else(Problem::not_found)?;
    let cells = |print: &Print, index: usize| -> Vec<Value> {
        let Some(m) = print.template.minutiae.get(index) else { return vec![Value::Null; 5] };
        let angle_deg = f64::from(m.angle) * 360.0 / 256.0;
        vec![
            json!(m.x_px),
            json!(m.y_px),
            json!((angle_deg * 10.0).round() / 10.0),
            json!(m.kind),
            json!(m.quality),
        ]
    };
    let score = (f64::from(finger.score) * 100.0).round() / 100.0;
    let row = |(number, (probe, candidate)): (usize, &(usize, usize))| {
        let mut row = vec![json!(finger.probe.finger), json!(score), json!(number + 1)];
        row.extend(cells(&finger.probe, *probe));
        row.extend(cells(&finger.candidate, *candidate));
        row
    };
    let rows = finger.pairs.iter().enumerate().map(row).collect();
    Ok(Sheet { name: "pairs", columns: COLUMNS, rows })
}
