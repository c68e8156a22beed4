//! What the columns of a data set mean: a form with every column and some of its values, whose
//! answer is a mapping file; or such a file, sent. Both are kept with the data set, and both run
//! at the command line as they are.

use super::form::Sent;
use super::frame::{Frame, go, show_as};
use super::research::{Choice, desk, on_disk, size};
use super::{PageRoute, needs, page};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use crate::research::{ColumnSeen, Given, OWN_MAPPING};
use askama::Template;
use axum::extract::{Path, State as Held};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use comity_model::Diagnostic;
use comity_model::schema::{FieldDef, fields};
use serde::Deserialize;
use std::sync::Arc;

mod said;

use said::{Said, Wrong, choices_of, facts, is_listed};

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/research/map", needs(Permission::Export), "What columns mean", || get(form)),
    page("POST", "/research/map", needs(Permission::Export), "Say what columns mean", || {
        post(sent)
    }),
    page("POST", "/research/map/file", needs(Permission::Export), "Send a mapping file", || {
        post(upload)
    }),
    page(
        "GET",
        "/research/map/{data}/{name}",
        needs(Permission::Export),
        "A mapping of one's own, as a file for the command line",
        || get(download),
    ),
];

/// Most columns that a form asks about.
const COLUMNS_MAX: usize = 120;

/// Most bytes of a mapping file.
const FILE_BYTES_MAX: usize = 256 << 10;

/// Values of a column that are shown beside it.
const SHOWN: usize = 4;

/// A group of facts in a list.
struct Group {
    says: String,
    facts: Vec<Choice>,
}

/// A value of a column, and what it may mean.
struct ValueRow {
    value: String,
    count: u64,
    choices: Vec<Choice>,
}

/// A column of the form.
struct ColumnRow {
    name: String,
    samples: String,
    is_outcome: bool,
    groups: Vec<Group>,
    /// The fact whose values are asked for; empty: none.
    was: String,
    values: Vec<ValueRow>,
    wrong: String,
}

#[derive(Template)]
#[template(path = "research_map.html")]
struct MapPage {
    frame: Frame,
    data: String,
    data_size: String,
    title: String,
    places: Vec<Choice>,
    place_columns: Vec<Choice>,
    columns: Vec<ColumnRow>,
    wrong: Vec<Wrong>,
    /// What is wrong with a file that was sent.
    found: Vec<Diagnostic>,
    asks_values: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    data: String,
}

/// A data set and its columns.
async fn seen(app: &App, name: String) -> Result<(Given, Vec<ColumnSeen>), Problem> {
    let desk = desk(app)?;
    let read = on_disk(&desk, move |desk| {
        let data = desk.data(&name)?;
        let columns = desk.research.columns(&data.path);
        Some((data, columns))
    });
    let (data, columns) = read.await?.ok_or_else(Problem::not_found)?;
    let columns = columns.map_err(|d| super::research::wrong(&[d]))?;
    if columns.len() > COLUMNS_MAX {
        let detail = format!(
            "the table has {} columns, and the form takes {COLUMNS_MAX}; write a mapping file",
            columns.len()
        );
        return Err(Problem::bad_request("too-many-columns", detail));
    }
    Ok((data, columns))
}

/// `GET /research/map`
async fn form(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (data, columns) = seen(&app, asked.data).await?;
    let said = Said::guess(&columns);
    let as_is = (Vec::new(), Vec::new());
    shown(&app, &caller, &data, (&columns, &said), as_is, false)
}

/// `POST /research/map`: asks for the values where a fact has a list of them, and keeps the
/// mapping when nothing is left to ask.
async fn sent(Held(app): Held<Arc<App>>, caller: Caller, sent: Sent) -> Result<Response, Problem> {
    let (data, columns) = seen(&app, sent.get("data").to_owned()).await?;
    let said = Said::of(&sent, &columns);
    let wrong = said.wrong(&columns, app.library.places());
    let asks_values = said.values_are_missing(&columns);
    if !wrong.is_empty() || asks_values {
        return shown(&app, &caller, &data, (&columns, &said), (wrong, Vec::new()), asks_values);
    }
    let text = said.text(&columns, &data);
    match kept(&app, &caller, &data, text).await? {
        Ok(to) => Ok(go(&to)),
        Err(found) => {
            shown(&app, &caller, &data, (&columns, &said), (Vec::new(), found), asks_values)
        }
    }
}

/// `POST /research/map/file`
async fn upload(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let (data, columns) = seen(&app, sent.get("data").to_owned()).await?;
    let bytes = sent.file("mapping").ok_or_else(|| {
        Problem::bad_request("no-file", "no file was chosen; choose one and send it again")
    })?;
    if bytes.len() > FILE_BYTES_MAX {
        let detail = "a mapping file is text of a few pages; this file is too large";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    let found = match std::str::from_utf8(bytes) {
        Ok(text) => match kept(&app, &caller, &data, text.to_owned()).await? {
            Ok(to) => return Ok(go(&to)),
            Err(found) => found,
        },
        Err(_) => vec![Diagnostic::error("not-text", "the file is no text in UTF-8")],
    };
    let said = Said::guess(&columns);
    shown(&app, &caller, &data, (&columns, &said), (Vec::new(), found), false)
}

/// Keeps a mapping that is one; where it sends the browser.
async fn kept(
    app: &App,
    caller: &Caller,
    data: &Given,
    text: String,
) -> Result<Result<String, Vec<Diagnostic>>, Problem> {
    let given = data.clone();
    let desk = desk(app)?;
    let done = on_disk(&desk, move |desk| {
        desk.research.check(&text)?;
        desk.keep_mapping(&given, &text).map_err(|d| vec![d])
    });
    match done.await? {
        Err(found) => Ok(Err(found)),
        Ok(_) => {
            app.engine.ask(caller.used(Permission::Export, Subject::Node)).await?;
            let name: String = form_urlencoded::byte_serialize(data.name.as_bytes()).collect();
            Ok(Ok(format!("/research/new?data={name}")))
        }
    }
}

fn choice(value: &str, says: String, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), chosen: value == chosen, says }
}

/// The facts that a column may fill, by the part of the case that they belong to.
fn groups(chosen: &str) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for fact in facts() {
        let group = fact.path.split('.').next().unwrap_or_default();
        if out.last().is_none_or(|last| last.says != group) {
            out.push(Group { says: group.to_owned(), facts: Vec::new() });
        }
        if let Some(last) = out.last_mut() {
            let says = format!("{} – {}", fact.path, fact.says.trim_end_matches('.'));
            last.facts.push(choice(fact.path, says, chosen));
        }
    }
    out
}

fn row(
    i: usize,
    column: &ColumnSeen,
    said: &Said,
    wrong: &[Wrong],
    asks_values: bool,
) -> ColumnRow {
    let means = said.means(i);
    let fact = fields::SCALARS.iter().find(|f| f.path == means);
    let fact = fact.filter(|f| asks_values && is_listed(&f.kind));
    let value = |(v, (value, count)): (usize, &(String, u64)), fact: &FieldDef| ValueRow {
        value: value.clone(),
        count: *count,
        choices: choices_of(&fact.kind)
            .map(|(code, says)| choice(code, says, said.value(i, v)))
            .collect(),
    };
    let samples: Vec<&str> = column.values.iter().take(SHOWN).map(|(v, _)| v.as_str()).collect();
    let more = column.is_cut || column.values.len() > SHOWN;
    ColumnRow {
        name: column.name.clone(),
        samples: format!("{}{}", samples.join(" · "), if more { " · …" } else { "" }),
        is_outcome: means == said::OUTCOME,
        groups: groups(means),
        was: fact.map_or_else(String::new, |f| f.path.to_owned()),
        values: fact
            .map(|f| column.values.iter().enumerate().map(|v| value(v, f)).collect())
            .unwrap_or_default(),
        wrong: wrong
            .iter()
            .find(|w| w.to == format!("c{i}"))
            .map_or_else(String::new, |w| w.says.clone()),
    }
}

fn shown(
    app: &Arc<App>,
    caller: &Caller,
    data: &Given,
    (columns, said): (&[ColumnSeen], &Said),
    (wrong, found): (Vec<Wrong>, Vec<Diagnostic>),
    asks_values: bool,
) -> Result<Response, Problem> {
    let is_wrong = !wrong.is_empty() || !found.is_empty();
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let row = |(i, column)| row(i, column, said, &wrong, asks_values);
    let places = app.library.places().iter();
    let places = places.map(|p| {
        let code = p.code.0.as_str();
        choice(code, format!("{} ({code})", p.name), &said.place)
    });
    let page = MapPage {
        frame: Frame::of(app, caller, "What the columns mean", "/research"),
        data: data.name.clone(),
        data_size: size(data.bytes),
        title: said.title.clone(),
        places: places.collect(),
        place_columns: columns
            .iter()
            .map(|c| choice(&c.name, c.name.clone(), &said.place_column))
            .collect(),
        columns: columns.iter().enumerate().map(row).collect(),
        asks_values,
        found,
        wrong,
    };
    show_as(status, &page)
}

/// `GET /research/map/{data}/{name}`
async fn download(
    Held(app): Held<Arc<App>>,
    Path((data, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let text = on_disk(&desk, move |desk| {
        let data = desk.data(&data)?;
        desk.own_mappings(&data).into_iter().find(|(own, _)| *own == name).map(|(_, text)| text)
    });
    let text = text.await?.ok_or_else(Problem::not_found)?;
    let told = format!("attachment; filename=\"{OWN_MAPPING}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/toml")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&told).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    Ok((headers, text).into_response())
}
