//! The library: which instruments there are, filtered by place and day, as a table, on a map and
//! on a timeline.

use super::map::{self, Here};
use super::{Choice, Filter, day_of, place_choices, places_of, timeline, twin, until_of, weakest};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::pages::frame::{Frame, show};
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use comity_model::Day;
use comity_policy::{Policy, PolicyIndex, Verified};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Row {
    id: String,
    title: String,
    place: String,
    level: &'static str,
    from: String,
    until: String,
    cite: String,
    source: &'static str,
    is_primary: bool,
    exercised: usize,
    rules: usize,
}

struct Class {
    says: &'static str,
    fill: &'static str,
}

/// How many instruments a state has of each kind: the map's table.
struct StateRow {
    name: String,
    code: String,
    state: usize,
    local: usize,
}

#[derive(Template)]
#[template(path = "policies.html")]
struct ListPage {
    frame: Frame,
    filter: Filter,
    query: String,
    places: Vec<Choice>,
    heading: String,
    rows: Vec<Row>,
    total: usize,
    not_primary: usize,
    classes: Vec<Class>,
    stripes: &'static str,
    states: Vec<StateRow>,
    timeline: String,
}

const HEADS: [&str; 11] = [
    "id",
    "title",
    "place",
    "level",
    "in_force_from",
    "in_force_until",
    "source",
    "reading",
    "rules",
    "rules_exercised",
    "sha256",
];

type Chosen<'a> = Vec<(PolicyIndex, &'a Policy)>;

fn row(app: &App, index: PolicyIndex, policy: &Policy) -> Row {
    let coverage = app.counsel.coverage(&app.library);
    let (exercised, rules) = coverage.counts(&app.library, index);
    let verified = weakest(policy);
    Row {
        id: policy.id.0.clone(),
        title: policy.title.clone(),
        place: places_of(&app.library, policy),
        level: policy.level.name(),
        from: policy.from.to_string(),
        until: until_of(policy),
        cite: policy.source.cite.clone(),
        source: verified.words(),
        is_primary: verified == Verified::Primary,
        exercised,
        rules,
    }
}

fn heading(app: &App, filter: &Filter, on: Option<Day>) -> Result<String, Problem> {
    let place = filter.place(&app.library)?.map(|p| p.name.clone());
    Ok(match (place, on) {
        (None, None) => "Every instrument of the library".to_owned(),
        (Some(place), None) => format!("Instruments that bind in {place}"),
        (None, Some(day)) => format!("Instruments in force on {day}"),
        (Some(place), Some(day)) => format!("Instruments that bind in {place} on {day}"),
    })
}

fn states(app: &App, chosen: &Chosen<'_>) -> Vec<StateRow> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (_, policy) in chosen {
        let mut seen: Vec<&str> = Vec::new();
        for place in &policy.places {
            let Some(state) = place.state() else { continue };
            if seen.contains(&state) {
                continue;
            }
            seen.push(state);
            let count = counts.entry(state).or_default();
            if place.0 == state { count.0 += 1 } else { count.1 += 1 }
        }
    }
    let row = |(code, (state, local)): (&str, (usize, usize))| StateRow {
        name: super::name_of(&app.library, code),
        code: code.to_owned(),
        state,
        local,
    };
    counts.into_iter().map(row).collect()
}

/// `GET /policies`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let chosen = filter.choose(&app.library)?;
    let on = day_of(&filter.on)?;
    let rows: Vec<Row> = chosen.iter().map(|(i, p)| row(&app, *i, p)).collect();
    let today = app.engine.clock.now().to_zoned(app.zone.clone()).date();
    let last =
        Day::from_civil(today).max(chosen.iter().map(|(_, p)| p.from).max().unwrap_or(Day(0)));
    let class = |here: Here| Class { says: here.says(), fill: here.fill() };
    show(&ListPage {
        frame: Frame::of(&app, &caller, "The policy library", "/policies"),
        query: filter.query(),
        places: place_choices(&app.library, &filter.at),
        heading: heading(&app, &filter, on)?,
        total: app.library.len(),
        not_primary: rows.iter().filter(|r| !r.is_primary).count(),
        rows,
        classes: Here::ALL.into_iter().map(class).collect(),
        stripes: map::STRIPES,
        states: states(&app, &chosen),
        timeline: timeline::draw(&chosen, last, on),
        filter,
    })
}

/// `GET /policies/map.svg`
pub(super) async fn map(
    State(app): State<Arc<App>>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let chosen = filter.choose(&app.library)?;
    let svg = map::draw(&map::shades(&app.library, &chosen));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
    ];
    Ok((headers, svg).into_response())
}

/// `GET /policies.csv`
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let cells = |(index, policy): (PolicyIndex, &Policy)| {
        let r = row(&app, index, policy);
        let (rules, exercised) = (r.rules.to_string(), r.exercised.to_string());
        let (level, source) = (r.level.to_owned(), r.source.to_owned());
        let hash = policy.hash.to_string();
        vec![r.id, r.title, r.place, level, r.from, r.until, r.cite, source, rules, exercised, hash]
    };
    let rows: Vec<Vec<String>> = filter.choose(&app.library)?.into_iter().map(cells).collect();
    Ok(twin::csv("policies", &HEADS, &rows))
}

/// `GET /policies.json`
pub(super) async fn json(
    State(app): State<Arc<App>>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let of = |(index, p): (PolicyIndex, &Policy)| -> Value {
        let (exercised, rules) = app.counsel.coverage(&app.library).counts(&app.library, index);
        json!({
            "id": p.id, "instrument": p.instrument, "title": p.title, "level": p.level,
            "places": p.places, "in_force_from": p.from.to_string(),
            "in_force_until": p.until.map(|u| u.to_string()), "source": p.source,
            "reading": weakest(p), "rules": rules, "rules_exercised": exercised, "sha256": p.hash,
        })
    };
    let rows: Vec<Value> = filter.choose(&app.library)?.into_iter().map(of).collect();
    Ok(twin::json(&rows))
}
