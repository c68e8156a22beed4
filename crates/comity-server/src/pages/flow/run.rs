//! From one question to the next, to the page of all answers, to the node.

use super::ask::{Ask, Kind, ROWS_MAX, Wrong};
use super::{Flow, Scene, book, named};
use crate::account::{Permission, Subject};
use crate::api::id_of;
use crate::app::App;
use crate::door::Caller;
use crate::home::SystemRandom;
use crate::pages::form::{KEY_FIELD, Sent};
use crate::pages::frame::{Frame, go, show_as};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use comity_exchange::case::{By, CaseId, Official, Version};
use comity_node::{Ask as NodeAsk, CaseView, Entry, Random};
use serde::Deserialize;
use std::sync::Arc;

/// What a link to a flow may say.
#[derive(Debug, Default, Deserialize)]
pub struct Start {
    /// The request, claim or duty that it is about.
    #[serde(default)]
    of: String,
}

/// A field that is carried on unseen.
struct Hidden {
    name: String,
    value: String,
}

#[derive(Template)]
#[template(path = "flow.html")]
struct QuestionPage {
    frame: Frame,
    path: String,
    back: String,
    ask: Ask,
    value: String,
    chosen: Vec<String>,
    rows: Vec<Vec<String>>,
    wrong: String,
    step: usize,
    of: usize,
    hidden: Vec<Hidden>,
}

impl QuestionPage {
    /// What the cell of a line holds.
    fn cell(&self, line: usize, cell: usize) -> &str {
        self.rows.get(line).and_then(|row| row.get(cell)).map_or("", String::as_str)
    }

    /// True if the cell of a line holds this choice.
    fn holds(&self, line: usize, cell: usize, value: &str) -> bool {
        self.cell(line, cell) == value
    }
}

struct Answered {
    step: usize,
    legend: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "flow_check.html")]
struct CheckPage {
    frame: Frame,
    path: String,
    back: String,
    answers: Vec<Answered>,
    wrong: Vec<Wrong>,
    files: Vec<Ask>,
    hidden: Vec<Hidden>,
    send: &'static str,
}

/// Where a flow is going on.
struct Desk<'a> {
    app: &'a Arc<App>,
    caller: &'a Caller,
    flow: &'static Flow,
    view: Option<&'a CaseView>,
    case: CaseId,
}

/// `GET /cases/{case}/do/{flow}`
pub async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, flow)): Path<(String, String)>,
    Query(start): Query<Start>,
) -> Result<Response, Problem> {
    let (flow, view) = open(&app, &caller, &case, &flow).await?;
    let desk = Desk { app: &app, caller: &caller, flow, case: view.case.id, view: Some(&view) };
    let first = vec![
        (KEY_FIELD.to_owned(), random_hex()),
        ("version".to_owned(), view.case.version.to_string()),
        ("of".to_owned(), start.of),
    ];
    desk.question(&Sent::of(first), 0, None)
}

/// `POST /cases/{case}/do/{flow}`
pub async fn go_on(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, flow)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let (flow, view) = open(&app, &caller, &case, &flow).await?;
    let desk = Desk { app: &app, caller: &caller, flow, case: view.case.id, view: Some(&view) };
    desk.go_on(&sent).await
}

/// `GET /book`
pub async fn begin_booking(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    let case = CaseId(random16());
    let desk = Desk { app: &app, caller: &caller, flow: &book::BOOK, case, view: None };
    let first = vec![(KEY_FIELD.to_owned(), random_hex()), ("case".to_owned(), case.to_string())];
    desk.question(&Sent::of(first), 0, None)
}

/// `POST /book`
pub async fn go_on_booking(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let case = id_of(sent.get("case"))?;
    let desk = Desk { app: &app, caller: &caller, flow: &book::BOOK, case, view: None };
    desk.go_on(&sent).await
}

async fn open(
    app: &Arc<App>,
    caller: &Caller,
    case: &str,
    flow: &str,
) -> Result<(&'static Flow, CaseView), Problem> {
    let flow = named(flow).ok_or_else(Problem::not_found)?;
    caller.role_for(flow.command, None)?;
    let view = app.case(id_of(case)?).await?;
    caller.saw(app, Subject::Case(view.case.id)).await?;
    Ok((flow, view))
}

impl Desk<'_> {
    fn scene<'b>(&'b self, sent: &'b Sent) -> Scene<'b> {
        let booked = self.view.and_then(|view| view.case.booking.as_ref());
        let zone = booked.map_or_else(
            || self.app.zone.clone(),
            |b| jiff::tz::TimeZone::get(b.time_zone.zone().name()).unwrap_or(self.app.zone.clone()),
        );
        Scene { app: self.app, view: self.view, sent, now: self.app.engine.clock.now(), zone }
    }

    fn path(&self) -> String {
        match self.view {
            Some(view) => format!("/cases/{}/do/{}", view.case.id, self.flow.name),
            None => "/book".to_owned(),
        }
    }

    fn back(&self) -> String {
        self.view.map_or_else(|| "/board".to_owned(), |view| format!("/cases/{}", view.case.id))
    }

    fn frame(&self) -> Frame {
        let room = if self.view.is_some() { "/cases" } else { "/book" };
        let mut frame = Frame::of(self.app, self.caller, self.flow.title, room);
        frame.zone = self.scene(&Sent::default()).zone;
        frame
    }

    async fn go_on(&self, sent: &Sent) -> Result<Response, Problem> {
        let mut asks = (self.flow.asks)(&self.scene(sent))?;
        // A file cannot be carried on unseen: it is asked for on the last page.
        let files = asks.extract_if(.., |ask| matches!(ask.kind, Kind::File)).collect::<Vec<_>>();
        let step = sent.get("step").parse().unwrap_or(0).min(asks.len());
        match sent.get("go").split_once(':').unwrap_or((sent.get("go"), "")) {
            ("send", _) => {
                asks.extend(files);
                self.send(sent, &asks).await
            }
            ("change", to) => self.question(sent, to.parse().unwrap_or(0), None),
            ("back", _) => self.question(sent, step.saturating_sub(1), None),
            // One more line: the same question again.
            ("more", _) => self.question(sent, step, None),
            _ => {
                let scene = self.scene(sent);
                let wrong = asks.get(step).and_then(|ask| ask.wrong(&scene));
                if wrong.is_some() {
                    return self.question(sent, step, wrong);
                }
                // The first that is not answered yet; those behind it were seen.
                let next = match sent.get("seen") {
                    "yes" => asks.iter().position(|ask| ask.wrong(&scene).is_some()),
                    _ => Some(step + 1).filter(|next| *next < asks.len()),
                };
                match next {
                    Some(next) => self.question(sent, next, None),
                    None => self.check(sent, Vec::new()),
                }
            }
        }
    }

    fn question(
        &self,
        sent: &Sent,
        step: usize,
        wrong: Option<Wrong>,
    ) -> Result<Response, Problem> {
        let scene = self.scene(sent);
        let mut asks = (self.flow.asks)(&scene)?;
        asks.retain(|ask| !matches!(ask.kind, Kind::File));
        let of = asks.len();
        if of == 0 {
            return self.check(sent, Vec::new());
        }
        let step = step.min(of - 1);
        let ask = asks.swap_remove(step);
        let answered = sent.kept().any(|(name, _)| name == ask.id);
        let value = if answered { sent.get(ask.id).to_owned() } else { ask.first.clone() };
        let mut rows = scene.rows(ask.id);
        if let Kind::Rows(cells) = &ask.kind
            && rows.len() < ROWS_MAX
            && (rows.is_empty() || sent.get("go") == "more")
        {
            rows.push(vec![String::new(); cells.len()]);
        }
        let prefix = format!("{}.", ask.id);
        let own = |name: &str| name == ask.id || name.starts_with(&prefix);
        let page = QuestionPage {
            frame: self.frame(),
            path: self.path(),
            back: self.back(),
            value,
            chosen: sent.every(ask.id).map(str::to_owned).collect(),
            rows,
            wrong: wrong.map_or_else(String::new, |w| w.says),
            step,
            of,
            hidden: hidden(sent, own),
            ask,
        };
        let status = if page.wrong.is_empty() { StatusCode::OK } else { UNFIT };
        show_as(status, &page).map(kept_for_back)
    }

    fn check(&self, sent: &Sent, wrong: Vec<Wrong>) -> Result<Response, Problem> {
        let scene = self.scene(sent);
        let asks = (self.flow.asks)(&scene)?;
        let (files, asks): (Vec<Ask>, Vec<Ask>) =
            asks.into_iter().partition(|ask| matches!(ask.kind, Kind::File));
        let answers = asks.iter().enumerate().map(|(step, ask)| Answered {
            step,
            legend: ask.legend.clone(),
            answer: ask.answer(&scene),
        });
        let answers = answers.collect();
        let status = if wrong.is_empty() { StatusCode::OK } else { UNFIT };
        let page = CheckPage {
            frame: self.frame(),
            path: self.path(),
            back: self.back(),
            answers,
            wrong,
            files,
            hidden: hidden(sent, |name| name == "seen"),
            send: self.flow.send,
        };
        show_as(status, &page).map(kept_for_back)
    }

    async fn send(&self, sent: &Sent, asks: &[Ask]) -> Result<Response, Problem> {
        let scene = self.scene(sent);
        let wrong: Vec<Wrong> = asks.iter().filter_map(|ask| ask.wrong(&scene)).collect();
        if !wrong.is_empty() {
            return self.check(sent, wrong);
        }
        let entry = match (self.flow.entry)(&scene) {
            Ok(entry) => entry,
            Err(wrong) => return self.check(sent, wrong),
        };
        let entry: Entry = match serde_json::from_value(entry) {
            Ok(entry) => entry,
            Err(e) => return self.check(sent, vec![Wrong::with("", format!("{e}."))]),
        };
        let file = asks.iter().find_map(|ask| sent.file(ask.id)).map(|bytes| bytes.to_vec());
        match self.enter(sent, entry, file).await {
            Ok(()) => Ok(go(&format!("/cases/{}?done={}", self.case, self.flow.name))),
            // What is wrong with the answers is said where they stand.
            Err(problem) if problem.status == 422 => {
                let mut wrong =
                    vec![Wrong::with("", crate::pages::words::sentence(&problem.detail))];
                wrong.extend(problem.errors.iter().map(|e| Wrong::with(&e.path, &e.message)));
                self.check(sent, wrong)
            }
            Err(problem) => Err(problem),
        }
    }

    async fn enter(&self, sent: &Sent, entry: Entry, file: Option<Vec<u8>>) -> Result<(), Problem> {
        let role = self.caller.role_for(self.flow.command, None)?;
        let by = By::Official(Official { id: self.caller.account.clone(), role });
        let expects = sent.get("version").parse().ok().map(Version);
        let ask = NodeAsk::Enter {
            case: self.case,
            id: crate::api::cases::command_of(self.caller, self.case, sent.get(KEY_FIELD)),
            by,
            expects,
            entry: Box::new(entry),
            peer: None,
            file,
        };
        let used = Permission::Enter(self.flow.command);
        let used = self.caller.used(used, Subject::Case(self.case));
        self.app.engine.turn(vec![ask, used]).await?.swap_remove(0)?;
        Ok(())
    }
}

const UNFIT: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Everything that was sent but the fields that the page has itself.
fn hidden(sent: &Sent, own: impl Fn(&str) -> bool) -> Vec<Hidden> {
    let steers = ["step", "go"];
    sent.kept()
        .filter(|(name, _)| !steers.contains(name) && !own(name))
        .map(|(name, value)| Hidden { name: name.to_owned(), value: value.to_owned() })
        .collect()
}

/// The browser's back button shows the page as it was, without asking the node again.
fn kept_for_back(mut response: Response) -> Response {
    let kept = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

fn random16() -> [u8; 16] {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    bytes
}

/// A new id in hexadecimal digits.
pub fn random_hex() -> String {
    random16().iter().map(|b| format!("{b:02x}")).collect()
}
