//! The researcher's room: data sets, runs of policies over them, and what came of them. A run's
//! address is the hash of its inputs; everything on its page can be downloaded and made again.

use super::form::Sent;
use super::frame::{Frame, go, show};
use super::{PageRoute, needs, page, words};
use crate::account::Permission;
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::problem::{Found, Problem};
use crate::research::{Ask, Bar, Desk, Given, IN_FORCE, Named, Outcome, Run, State, WITH_DRAFT};
use askama::Template;
use axum::extract::{Path, State as Held};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use comity_model::Diagnostic;
use comity_policy::Channel;
use serde::Deserialize;
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/research", needs(Permission::Export), "Data sets and runs", || get(home)),
    page("POST", "/research/data", needs(Permission::Export), "Send a data set", || post(upload)),
    page("GET", "/research/new", needs(Permission::Export), "Ask for a run", || get(new)),
    page("POST", "/research/new", needs(Permission::Export), "Ask for a run with a draft", || {
        post(with_draft)
    }),
    page("POST", "/research/runs", needs(Permission::Export), "Start a run", || post(start)),
    page("GET", "/research/runs/{id}", needs(Permission::Export), "A run", || get(run)),
    page("POST", "/research/runs/{id}/cancel", needs(Permission::Export), "End a run", || {
        post(cancel)
    }),
    page("POST", "/research/runs/{id}/again", needs(Permission::Export), "Start it again", || {
        post(again)
    }),
    page("GET", "/research/runs/{id}/files/{*name}", needs(Permission::Export), "A file", || {
        get(file)
    }),
];

/// Most bytes of a draft, as at the workbench.
const DRAFT_BYTES_MAX: usize = super::policies::DRAFT_BYTES_MAX;

/// What the rows may be counted by.
const KEYS: [(&str, &str); 4] =
    [("year", "year"), ("month", "month"), ("state", "state"), ("county", "county")];

pub(super) fn desk(app: &App) -> Result<Arc<Desk>, Problem> {
    app.research.clone().ok_or_else(|| {
        let detail = "this node runs nothing over data sets; `comity serve` does";
        Problem::new(StatusCode::NOT_FOUND, "no-research", detail)
    })
}

pub(super) fn wrong(found: &[Diagnostic]) -> Problem {
    let first = found.first();
    let code = first.map_or("bad-ask", |d| d.code);
    let detail = first.map_or_else(String::new, |d| d.message.clone());
    let mut problem = Problem::bad_request(code, detail);
    problem.errors = found.iter().map(Found::from).collect();
    problem
}

/// Does what may wait for the disk on a thread of its own.
pub(super) async fn on_disk<T: Send + 'static>(
    desk: &Arc<Desk>,
    call: impl FnOnce(&Arc<Desk>) -> T + Send + 'static,
) -> Result<T, Problem> {
    let desk = desk.clone();
    tokio::task::spawn_blocking(move || call(&desk)).await.map_err(|_| {
        let detail = "the server made a mistake; it was noted";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", detail)
    })
}

struct DataRow {
    name: String,
    size: String,
}

struct RunRow {
    id: String,
    title: String,
    by: String,
    asked: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "research.html")]
struct HomePage {
    frame: Frame,
    data: Vec<DataRow>,
    runs: Vec<RunRow>,
    mb_max: usize,
}

pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} KB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn state_word(state: &State) -> &'static str {
    match state {
        State::Waiting => "waits",
        State::Running { .. } => "under way",
        State::Interrupted => "interrupted",
        State::Canceled => "canceled",
        State::Failed(_) => "failed",
        State::Done(_) => "done",
    }
}

fn title(ask: &Ask) -> String {
    let law = |id: &str| match id {
        IN_FORCE => "the law in force".to_owned(),
        WITH_DRAFT => "the law in force with the draft".to_owned(),
        id => id.to_owned(),
    };
    let channel = words::plain(&ask.channel);
    let versus = if ask.versus.is_empty() {
        String::new()
    } else {
        format!(", against {}", law(&ask.versus))
    };
    format!("{channel} under {}{versus}", law(&ask.under))
}

/// `GET /research`
async fn home(Held(app): Held<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let (data, runs) = on_disk(&desk, |desk| (desk.research.data_sets(), desk.runs())).await?;
    let frame = Frame::of(&app, &caller, "Research", "/research");
    let row = |run: Run| RunRow {
        title: title(&run.ask),
        asked: frame.at(&run.asked_at),
        state: state_word(&run.state),
        id: run.id,
        by: run.by,
    };
    let runs = runs.into_iter().take(100).map(row).collect();
    let data = data.into_iter().map(|d| DataRow { name: d.name, size: size(d.bytes) }).collect();
    show(&HomePage { runs, data, mb_max: crate::parcel::PARCEL_BYTES_MAX >> 20, frame })
}

/// `POST /research/data`
async fn upload(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let bytes = sent.file("data").cloned().ok_or_else(|| {
        Problem::bad_request("no-file", "no file was chosen; choose one and send it again")
    })?;
    let name = on_disk(&desk, move |desk| desk.keep(&bytes)).await?.map_err(|d| wrong(&[d]))?;
    let used = caller.used(Permission::Export, crate::account::Subject::Node);
    app.engine.ask(used).await.map_err(Problem::from)?;
    Ok(go(&format!("/research/new?data={name}")))
}

/// Something to choose in a list.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) says: String,
    pub(super) chosen: bool,
}

#[derive(Template)]
#[template(path = "research_new.html")]
struct NewPage {
    frame: Frame,
    data: Option<Given>,
    data_size: String,
    sets: Vec<Choice>,
    recognized: String,
    /// Mappings that were made for the data set, the last first.
    own: Vec<Choice>,
    mappings: Vec<Choice>,
    laws: Vec<Choice>,
    against: Vec<Choice>,
    channels: Vec<Choice>,
    keys: Vec<Choice>,
    draft: String,
}

#[derive(Debug, Default, Deserialize)]
struct NewQuery {
    #[serde(default)]
    data: String,
}

/// `GET /research/new`
async fn new(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    Query(query): Query<NewQuery>,
) -> Result<Response, Problem> {
    ask_page(&app, &caller, query.data, String::new()).await
}

/// `POST /research/new`: from the workbench, with the draft.
async fn with_draft(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let draft = sent.raw("text").replace("\r\n", "\n");
    if draft.len() > DRAFT_BYTES_MAX {
        let detail = "the draft is too large";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    ask_page(&app, &caller, sent.get("data").to_owned(), draft).await
}

fn laws(app: &App, chosen: &str, with_draft: bool) -> Vec<Choice> {
    let own = [(IN_FORCE, "The law in force at each record's place and day")];
    let draft = with_draft.then_some((WITH_DRAFT, "The same, with the draft in the library"));
    let fixed = own.into_iter().chain(draft);
    let fixed = fixed.map(|(value, says)| (value.to_owned(), says.to_owned()));
    let policies = app.library.policies();
    let policies =
        policies.map(|(_, p)| (p.id.0.clone(), format!("{} – as though in force", p.title)));
    fixed
        .chain(policies)
        .map(|(value, says)| Choice { chosen: value == chosen, value, says })
        .collect()
}

/// The mappings that were made for a data set, with what they say the data are.
fn own_named(desk: &Desk, data: &Given) -> Vec<Named> {
    let one = |(id, text): (String, String)| {
        let title = desk.research.check(&text).ok()?;
        Some(Named { id, says: format!("Made here: {title}") })
    };
    desk.own_mappings(data).into_iter().filter_map(one).collect()
}

async fn ask_page(
    app: &Arc<App>,
    caller: &Caller,
    name: String,
    draft: String,
) -> Result<Response, Problem> {
    let desk = desk(app)?;
    let wanted = name.clone();
    let (data, own, sets, mappings, recognized) = on_disk(&desk, move |desk| {
        let data = desk.data(&wanted);
        let recognized = data.as_ref().map(|d| desk.research.recognize(&d.path));
        let own = data.as_ref().map(|d| own_named(desk, d)).unwrap_or_default();
        let (sets, mappings) = (desk.research.data_sets(), desk.research.mappings());
        (data, own, sets, mappings, recognized.unwrap_or_default())
    })
    .await?;
    if data.is_none() && !name.is_empty() {
        return Err(Problem::not_found());
    }
    // Whoever made a mapping means to use it.
    let last = own.first().map(|o| o.id.clone());
    let mapping = last.or_else(|| recognized.mapping.clone()).unwrap_or_default();
    let choice = |value: &str, says: &str, chosen: &str| Choice {
        value: value.to_owned(),
        says: says.to_owned(),
        chosen: value == chosen,
    };
    let has_draft = !draft.is_empty();
    show(&NewPage {
        frame: Frame::of(app, caller, "Ask for a run", "/research"),
        data_size: data.as_ref().map(|d| size(d.bytes)).unwrap_or_default(),
        sets: sets.iter().map(|s| choice(&s.name, &s.name, &name)).collect(),
        recognized: recognized.says,
        own: own.iter().map(|m| choice(&m.id, &m.says, &mapping)).collect(),
        mappings: mappings.iter().map(|m| choice(&m.id, &m.says, &mapping)).collect(),
        laws: laws(app, IN_FORCE, has_draft),
        against: laws(app, if has_draft { WITH_DRAFT } else { "" }, has_draft),
        channels: Channel::ALL
            .iter()
            .map(|c| choice(c.name(), &words::plain(c.name()), "hold"))
            .collect(),
        keys: KEYS.iter().map(|(value, says)| choice(value, says, "year")).collect(),
        draft,
        data,
    })
}

/// A law as forms send it.
fn law(app: &App, sent: &str, has_draft: bool) -> Result<String, Problem> {
    let known =
        sent == IN_FORCE || (sent == WITH_DRAFT && has_draft) || app.library.find(sent).is_ok();
    let unknown =
        || Problem::bad_request("unknown-policy", "a law was sent that is not known here");
    if known { Ok(sent.to_owned()) } else { Err(unknown()) }
}

/// `POST /research/runs`
async fn start(Held(app): Held<Arc<App>>, caller: Caller, sent: Sent) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let draft = sent.raw("draft").replace("\r\n", "\n");
    if draft.len() > DRAFT_BYTES_MAX {
        let detail = "the draft is too large";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    if !draft.trim().is_empty() {
        let file = comity_policy::PolicyFile {
            name: "draft.toml".to_owned(),
            bytes: draft.clone().into_bytes(),
        };
        app.library.with_draft(&file).map_err(|found| wrong(&found))?;
    }
    let has_draft = !draft.trim().is_empty();
    let channel = Channel::from_name(sent.get("channel"));
    let channel =
        channel.ok_or_else(|| Problem::bad_request("unknown-channel", "no such channel"))?;
    let under = law(&app, sent.get("under"), has_draft)?;
    let versus = match sent.get("versus") {
        "" => String::new(),
        other => law(&app, other, has_draft)?,
    };
    let by: Vec<String> = KEYS
        .iter()
        .filter(|(key, _)| sent.every("by").any(|sent| sent == *key))
        .map(|(key, _)| (*key).to_owned())
        .collect();
    let mapping = sent.get("mapping").to_owned();
    let name = sent.get("data").to_owned();
    let (account, now) = (caller.account.as_str().to_owned(), caller.at);
    let uses_draft = [&under, &versus].into_iter().any(|law| law == WITH_DRAFT);
    let id = on_disk(&desk, move |desk| {
        let gone = || Diagnostic::error("no-data", "the data set is not there; choose another");
        let data = desk.data(&name).ok_or_else(gone)?;
        let own = desk.own_mappings(&data).into_iter().find(|(id, _)| *id == mapping);
        let known = mapping.is_empty() || desk.research.mappings().iter().any(|m| m.id == mapping);
        if own.is_none() && !known {
            return Err(Diagnostic::error("unknown-mapping", "no such mapping"));
        }
        let ask = Ask {
            data: data.name,
            data_sha256: data.sha256,
            own: own.map(|(_, text)| text).unwrap_or_default(),
            mapping,
            under,
            versus,
            draft: if uses_draft { draft } else { String::new() },
            channel: channel.name().to_owned(),
            by,
        };
        desk.start(ask, &account, now)
    });
    let id = id.await?.map_err(|d| wrong(&[d]))?;
    Ok(go(&format!("/research/runs/{id}")))
}

#[derive(Template)]
#[template(path = "research_run.html")]
struct RunPage {
    frame: Frame,
    ask: Ask,
    by: String,
    asked: String,
    state: State,
    word: &'static str,
    refresh: bool,
    chart: String,
    outcome: Outcome,
    address: String,
    cited: String,
}

/// The answers as stacked bars: fills that differ in lightness and pattern.
fn chart(bars: &[Bar]) -> String {
    const FILLS: [(&str, &str); 4] = [
        ("#1a4480", "must"),
        ("#97d4ea", "may"),
        ("#f0f0f0", "undetermined"),
        ("#565c65", "must not"),
    ];
    const WIDTH: f64 = 900.0;
    const LEFT: f64 = 10.0;
    let height = 46 * bars.len() + 34;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH:.0} {height}\" width=\"{WIDTH:.0}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Answers by law; the first table has the numbers\" \
         font-size=\"14\">"
    );
    for (i, (fill, says)) in FILLS.iter().enumerate() {
        let x = 10 + 170 * i;
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"4\" width=\"22\" height=\"14\" fill=\"{fill}\" \
             stroke=\"#1b1b1b\"/><text x=\"{}\" y=\"16\">{says}</text>",
            x + 30
        );
    }
    for (i, bar) in bars.iter().enumerate() {
        let (y, total) = (34 + 46 * i, bar.parts.iter().sum::<u64>());
        let _ = write!(
            out,
            "<text x=\"{LEFT:.0}\" y=\"{}\">{}</text>",
            y + 12,
            comity_policy::explain::escape(&bar.says)
        );
        let mut x = LEFT;
        for (n, (fill, says)) in bar.parts.iter().zip(FILLS).filter(|(n, _)| **n > 0) {
            let width = (WIDTH - 2.0 * LEFT) * *n as f64 / total.max(1) as f64;
            let _ = write!(
                out,
                "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"20\" fill=\"{fill}\" \
                 stroke=\"#1b1b1b\"><title>{says}: {n} of {total}</title></rect>",
                y + 17
            );
            x += width;
        }
    }
    out.push_str("</svg>");
    out
}

/// `GET /research/runs/{id}`
async fn run(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let run = on_disk(&desk, move |desk| desk.run(&id)).await?.ok_or_else(Problem::not_found)?;
    let refresh = matches!(run.state, State::Waiting | State::Running { .. });
    let outcome = match &run.state {
        State::Done(outcome) => outcome.as_ref().clone(),
        _ => Outcome::default(),
    };
    let frame = Frame::of(&app, &caller, &format!("Run: {}", title(&run.ask)), "/research");
    let address = format!("/research/runs/{}", run.id);
    let cited = format!(
        "Comity {}: {}. Data {} (SHA-256 {}). Run {}, {}.",
        comity_policy::explain::ENGINE_VERSION,
        title(&run.ask),
        run.ask.data,
        run.ask.data_sha256,
        run.id,
        frame.at(&run.asked_at),
    );
    show(&RunPage {
        asked: frame.at(&run.asked_at),
        word: state_word(&run.state),
        refresh,
        chart: if outcome.bars.is_empty() { String::new() } else { chart(&outcome.bars) },
        outcome,
        address,
        cited,
        frame,
        ask: run.ask,
        by: run.by,
        state: run.state,
    })
}

/// `POST /research/runs/{id}/cancel`
async fn cancel(Held(app): Held<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let to = on_disk(&desk, move |desk| {
        let run = desk.run(&id)?;
        desk.cancel(&run.id);
        Some(format!("/research/runs/{}", run.id))
    });
    Ok(go(&to.await?.ok_or_else(Problem::not_found)?))
}

/// `POST /research/runs/{id}/again`: the same ask, once more.
async fn again(
    Held(app): Held<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let (account, now) = (caller.account.as_str().to_owned(), caller.at);
    let started = on_disk(&desk, move |desk| {
        let run = desk.run(&id)?;
        Some(desk.start(run.ask, &account, now))
    });
    let id = started.await?.ok_or_else(Problem::not_found)?.map_err(|d| wrong(&[d]))?;
    Ok(go(&format!("/research/runs/{id}")))
}

/// `GET /research/runs/{id}/files/{name}`
async fn file(
    Held(app): Held<Arc<App>>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let desk = desk(&app)?;
    let kept = name.rsplit('/').next().unwrap_or_default().to_owned();
    let bytes = on_disk(&desk, move |desk| desk.file(&id, &name)).await?;
    let bytes = bytes.ok_or_else(Problem::not_found)?;
    // Never shown in the page's own place, whatever a file holds.
    let safe: String =
        kept.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect();
    let told = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, told.unwrap_or(HeaderValue::from_static("attachment"))),
    ];
    Ok((headers, bytes).into_response())
}
