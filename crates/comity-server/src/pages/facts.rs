//! The facts that are missing: what would settle what the law says, what each answer would
//! change, and one short form for those that this agency can state.

use super::board::known_by;
use super::flow::missing::{Change, LOOKS_MAX, Place, channels_of, looks, missing};
use super::flow::{Ask, Choice, FACTS, Kind, Scene, named, random_hex};
use super::form::Sent;
use super::frame::{Frame, show};
use super::person::zone_of;
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::id_of;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use crate::second::Standing;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use comity_exchange::case::{Advice, Case, CaseId, Finding, Law, allowed};
use comity_node::NodeFault;
use comity_policy::{Modality, Scope};
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[page(
    "GET",
    "/cases/{case}/facts",
    needs(Permission::SeeCases),
    "Which facts are missing, and what each would change",
    || get(facts),
)];

/// One value of a fact, and what it would change.
struct Look {
    choice: Choice,
    changes: Vec<Change>,
}

/// A fact that is missing.
struct Missing {
    path: String,
    says: String,
    /// The question, where this agency states the fact.
    ask: Option<Ask>,
    looks: Vec<Look>,
    /// Who states it, and where, when it is not a fact of the booking.
    elsewhere: String,
    href: String,
}

impl Missing {
    fn choices(&self) -> &[Choice] {
        match self.ask.as_ref().map(|ask| &ask.kind) {
            Some(Kind::One(choices)) => choices,
            _ => &[],
        }
    }

    fn changes_of(&self, value: &str) -> Option<&[Change]> {
        let look = self.looks.iter().find(|look| look.choice.value == value);
        look.map(|look| look.changes.as_slice())
    }
}

/// A set of facts that would settle a channel one way.
struct Settles {
    word: String,
    name: &'static str,
    when: Vec<String>,
}

/// A channel that is open.
struct OpenChannel {
    on: String,
    settles: Vec<Settles>,
}

#[derive(Template)]
#[template(path = "facts.html")]
struct FactsPage {
    frame: Frame,
    case: CaseId,
    who: String,
    key: String,
    version: u64,
    open: Vec<OpenChannel>,
    missing: Vec<Missing>,
    may_state: bool,
    is_asked: bool,
}

/// `GET /cases/{case}/facts`
async fn facts(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let view = app.case(id_of(&case)?).await?;
    caller.saw(&app, Subject::Case(view.case.id)).await?;
    let zone = zone_of(&app, &view);
    let now = app.engine.clock.now();
    let flow = named(FACTS).ok_or_else(Problem::not_found)?;
    let may = caller.person.may(Permission::Enter(flow.command))
        && allowed(&view.case, now).contains(&flow.command);
    let (who, _) = known_by(&view);
    let mut frame = Frame::of(&app, &caller, &format!("Missing facts: {who}"), "/cases");
    frame.zone = zone.clone();
    // Many values are laid over the case: not on a thread that serves others.
    let looked = tokio::task::spawn_blocking(move || {
        let (sent, standing) = (Sent::default(), Standing::default());
        let found = {
            let (app, view) = (&app, Some(&view));
            let scene = Scene { app, view, sent: &sent, now, zone, standing: &standing };
            look(&scene, may)
        };
        found.map(|(open, missing)| (open, missing, view))
    });
    let stopped =
        |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "the facts cannot be read");
    let (open, missing, view) = looked.await.map_err(stopped)??;
    show(&FactsPage {
        frame,
        case: view.case.id,
        who,
        key: random_hex(),
        version: view.case.version.0,
        may_state: missing.iter().any(|m| m.ask.is_some()),
        is_asked: !channels_of(&view.case).is_empty(),
        open,
        missing,
    })
}

fn look(scene: &Scene<'_>, may: bool) -> Result<(Vec<OpenChannel>, Vec<Missing>), Problem> {
    let Some(case) = scene.case() else { return Ok((Vec::new(), Vec::new())) };
    let before = scene.finding().map_err(NodeFault::Wrong)?;
    let places = missing(&before, &channels_of(case));
    let mut left = LOOKS_MAX;
    let mut list = Vec::new();
    for place in &places {
        let looks = looks(scene, place, &before, &mut left);
        let (elsewhere, href) = if place.is_of_booking() {
            (String::new(), String::new())
        } else {
            stated_elsewhere(case, place)
        };
        list.push(Missing {
            path: place.path.clone(),
            says: place.says(case),
            ask: (may && place.is_of_booking()).then(|| place.ask(case)),
            looks: looks.into_iter().map(|(choice, changes)| Look { choice, changes }).collect(),
            elsewhere,
            href,
        });
    }
    Ok((open_channels(scene, case, &before)?, list))
}

/// Who states a fact that no booking has.
fn stated_elsewhere(case: &Case, place: &Place) -> (String, String) {
    let to = |says: &str, flow: &str| {
        let href =
            if flow.is_empty() { String::new() } else { format!("/cases/{}/do/{flow}", case.id) };
        (says.to_owned(), href)
    };
    match place.path.as_str() {
        "request.served_on_person" | "request.served_on" => {
            to("Record service on the person.", "serve")
        }
        path if path.starts_with("custody.release") => {
            to("Set when the person would be released.", "eligible")
        }
        path if path.starts_with("request.") => {
            to("The federal side's request states it, or leaves it out.", "")
        }
        path if path.starts_with("identification.") => {
            to("It comes with the answer to the prints, or with the request.", "")
        }
        _ => to("The case knows it from its own events.", ""),
    }
}

/// The channels that are open, with every smallest set of facts that would settle each.
fn open_channels(
    scene: &Scene<'_>,
    case: &Case,
    finding: &Finding,
) -> Result<Vec<OpenChannel>, Problem> {
    let library = &scene.app.library;
    let is_open = |channel: &_| matches!(finding.on(*channel), Law::Undetermined { .. });
    let open: Vec<_> = channels_of(case).into_iter().filter(is_open).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let facts = Advice::facts(library, case, None, scene.now).map_err(NodeFault::Wrong)?;
    let explained = library.explain(&facts, &Scope::InForce, Some(scene.now));
    let settles = |need: &comity_policy::explain::NeedView| Settles {
        word: words::plain(need.outcome.name()),
        name: Modality::name(need.outcome),
        when: if need.when.is_empty() { need.facts.clone() } else { need.when.clone() },
    };
    let one = |channel: &comity_policy::Channel| OpenChannel {
        on: words::sentence(&words::plain(channel.name())),
        settles: explained
            .channels
            .iter()
            .filter(|view| view.channel == *channel)
            .flat_map(|view| view.needs.iter().map(settles))
            .collect(),
    };
    Ok(open.iter().map(one).collect())
}
