//! From one question to the next, to the page of all answers, to the node.

use super::ask::{Ask, Kind, ROWS_MAX, Wrong};
use super::missing::{Change, changes, channels_of};
use super::{Flow, Scene, book, federal, named, record};
use crate::account::{Permission, Subject};
use crate::api::{Query, id_of};
use crate::app::App;
use crate::door::Caller;
use crate::home::SystemRandom;
use crate::pages::form::{KEY_FIELD, Sent};
use crate::pages::frame::{Frame, go, show_as};
use crate::pages::timeline;
use crate::problem::Problem;
use crate::second::{self, Act, Override, Standing, Waiting};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use comity_exchange::case::{
    Advice, By, CaseId, CommandName, Facts, Official, Remark, Version, What,
};
use comity_node::{Ask as NodeAsk, CaseView, Done, Entry, Random};
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
    each: Vec<(String, String)>,
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

    /// True if this was said of one fact of the question.
    fn is_said(&self, fact: &str, value: &str) -> bool {
        self.each.iter().any(|(name, said)| name == fact && said == value)
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
    changes: Option<Vec<Change>>,
    follows: &'static str,
    send: &'static str,
}

/// Where a flow is going on.
struct Desk<'a> {
    app: &'a Arc<App>,
    caller: &'a Caller,
    flow: &'static Flow,
    view: Option<&'a CaseView>,
    case: CaseId,
    standing: &'a Standing,
}

/// `GET /cases/{case}/do/{flow}`
pub async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, flow)): Path<(String, String)>,
    Query(start): Query<Start>,
) -> Result<Response, Problem> {
    let (flow, view, standing) = open(&app, &caller, &case, &flow).await?;
    let (case, view, standing) = (view.case.id, &view, &standing);
    let desk = Desk { app: &app, caller: &caller, flow, case, view: Some(view), standing };
    let mut first = vec![
        (KEY_FIELD.to_owned(), random_hex()),
        ("version".to_owned(), view.case.version.to_string()),
        ("of".to_owned(), start.of.clone()),
    ];
    if flow.name == "amend" {
        first.extend(record::first_fields(&desk.scene(&Sent::default())));
    }
    // The link named the candidate: what is left is to check the answer.
    if flow.name == "verify" && !start.of.is_empty() {
        first.push(("candidate".to_owned(), start.of));
        let sent = Sent::of(first);
        let (scene, asks) = (desk.scene(&sent), desk.asks(&sent)?);
        return match asks.iter().find_map(|ask| ask.wrong(&scene)) {
            Some(wrong) => desk.question(&sent, asks, 0, Some(wrong)),
            None => desk.check(&sent, asks, Vec::new()),
        };
    }
    let sent = Sent::of(first);
    desk.question(&sent, desk.asks(&sent)?, 0, None)
}

/// `POST /cases/{case}/do/{flow}`
pub async fn go_on(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((case, flow)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let (flow, view, standing) = match open(&app, &caller, &case, &flow).await {
        // Sent twice: the first made an end of the case.
        Err(problem) if flow == "reject" && is_forgotten(&app, &problem, &case).await? => {
            return Ok(go("/board?done=reject"));
        }
        opened => opened?,
    };
    let (case, view, standing) = (view.case.id, &view, &standing);
    let desk = Desk { app: &app, caller: &caller, flow, case, view: Some(view), standing };
    desk.go_on(&sent).await
}

/// `GET /book`
pub async fn begin_booking(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    let case = CaseId(random16());
    let standing = Standing::default();
    let desk = Desk::of_booking(&app, &caller, case, &standing);
    let first = vec![(KEY_FIELD.to_owned(), random_hex()), ("case".to_owned(), case.to_string())];
    let sent = Sent::of(first);
    desk.question(&sent, desk.asks(&sent)?, 0, None)
}

/// `POST /book`
pub async fn go_on_booking(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let case = id_of(sent.get("case"))?;
    let standing = Standing::default();
    let desk = Desk::of_booking(&app, &caller, case, &standing);
    desk.go_on(&sent).await
}

/// True if there was such a case, and nothing is kept of it but what the audit says.
async fn is_forgotten(app: &App, problem: &Problem, case: &str) -> Result<bool, Problem> {
    if problem.status != StatusCode::NOT_FOUND.as_u16() {
        return Ok(false);
    }
    let id = id_of(case)?;
    app.rows(move |reads| reads.audit(0, Some(id), None, 1)).await.map(|lines| !lines.is_empty())
}

async fn open(
    app: &Arc<App>,
    caller: &Caller,
    case: &str,
    flow: &str,
) -> Result<(&'static Flow, CaseView, Standing), Problem> {
    let flow = named(flow).ok_or_else(Problem::not_found)?;
    caller.role_for(flow.command, None)?;
    let view = app.case(id_of(case)?).await?;
    caller.saw(app, Subject::Case(view.case.id)).await?;
    Ok((flow, view, second::standing(app).await?))
}

impl<'a> Desk<'a> {
    fn of_booking(
        app: &'a Arc<App>,
        caller: &'a Caller,
        case: CaseId,
        standing: &'a Standing,
    ) -> Desk<'a> {
        Desk { app, caller, flow: &book::BOOK, case, view: None, standing }
    }

    fn scene<'b>(&'b self, sent: &'b Sent) -> Scene<'b> {
        let booked = self.view.and_then(|view| view.case.booking.as_ref());
        let zone = booked.map_or_else(
            || self.app.zone.clone(),
            |b| jiff::tz::TimeZone::get(b.time_zone.zone().name()).unwrap_or(self.app.zone.clone()),
        );
        let now = self.app.engine.clock.now();
        Scene { app: self.app, view: self.view, sent, now, zone, standing: self.standing }
    }

    /// The questions as they stand after these answers, those for files last: a file cannot be
    /// carried on unseen, and is asked for on the last page.
    fn asks(&self, sent: &Sent) -> Result<Vec<Ask>, Problem> {
        let mut asks = (self.flow.asks)(&self.scene(sent))?;
        asks.sort_by_key(Ask::is_of_file);
        Ok(asks)
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

    fn done(&self) -> Response {
        // Nothing is kept of somebody who did not match: there is no page to go back to.
        if self.flow.name == "reject" {
            return go("/board?done=reject");
        }
        go(&format!("/cases/{}?done={}", self.case, self.flow.name))
    }

    fn frame(&self) -> Frame {
        let room = if self.view.is_some() { "/cases" } else { "/book" };
        let mut frame = Frame::of(self.app, self.caller, self.flow.title, room);
        frame.zone = self.scene(&Sent::default()).zone;
        frame
    }

    async fn go_on(&self, sent: &Sent) -> Result<Response, Problem> {
        // Sent before, by a second click or the back button: it is done, and stays done once.
        let command = crate::api::cases::command_of(self.caller, self.case, sent.get(KEY_FIELD));
        if let Some(view) = self.view.filter(|v| v.case.commands.contains_key(&command)) {
            let own = view.events.iter().find(|(event, _)| event.command == command);
            let is_note = own.is_some_and(|(event, _)| matches!(event.what, What::Noted(_)));
            let done = match sent.get("go") {
                "send" if is_note && self.flow.name != "note" => "asked-second",
                "send" => return Ok(self.done()),
                _ => "before",
            };
            return Ok(go(&format!("/cases/{}?done={done}", self.case)));
        }
        let asks = self.asks(sent)?;
        let shown = asks.iter().filter(|ask| !ask.is_of_file()).count();
        let step = sent.get("step").parse().unwrap_or(0).min(shown);
        match sent.get("go").split_once(':').unwrap_or((sent.get("go"), "")) {
            ("send", _) => self.send(sent, asks).await,
            ("change", to) => self.question(sent, asks, to.parse().unwrap_or(0), None),
            ("back", _) => self.question(sent, asks, step.saturating_sub(1), None),
            // One more line: the same question again.
            ("more", _) => self.question(sent, asks, step, None),
            _ => {
                let scene = self.scene(sent);
                let wrong = asks[..shown].get(step).and_then(|ask| ask.wrong(&scene));
                if wrong.is_some() {
                    return self.question(sent, asks, step, wrong);
                }
                // The first that is not answered yet; those behind it were seen.
                let next = match sent.get("seen") {
                    "yes" => asks[..shown].iter().position(|ask| ask.wrong(&scene).is_some()),
                    _ => Some(step + 1).filter(|next| *next < shown),
                };
                match next {
                    Some(next) => self.question(sent, asks, next, None),
                    None => self.check(sent, asks, Vec::new()),
                }
            }
        }
    }

    fn question(
        &self,
        sent: &Sent,
        mut asks: Vec<Ask>,
        step: usize,
        wrong: Option<Wrong>,
    ) -> Result<Response, Problem> {
        let scene = self.scene(sent);
        let of = asks.iter().filter(|ask| !ask.is_of_file()).count();
        if of == 0 {
            return self.check(sent, asks, Vec::new());
        }
        let step = step.min(of - 1);
        let ask = asks.swap_remove(step);
        let answered = sent.kept().any(|(name, _)| name == ask.id);
        let value = if answered { sent.get(&ask.id).to_owned() } else { ask.first.clone() };
        let mut rows = Vec::new();
        if let Kind::Rows(cells) = &ask.kind {
            rows = scene.rows(&ask.id, cells);
            if rows.len() < ROWS_MAX && (rows.is_empty() || sent.get("go") == "more") {
                rows.push(vec![String::new(); cells.len()]);
            }
        }
        let prefix = format!("{}.", ask.id);
        let own = |name: &str| name == &*ask.id || name.starts_with(&prefix);
        let page = QuestionPage {
            frame: self.frame(),
            path: self.path(),
            back: self.back(),
            value,
            chosen: sent.every(&ask.id).map(str::to_owned).collect(),
            rows,
            each: sent
                .kept()
                .filter_map(|(name, value)| {
                    Some((name.strip_prefix(&prefix)?.to_owned(), value.to_owned()))
                })
                .collect(),
            wrong: wrong.map_or_else(String::new, |w| w.says),
            step,
            of,
            hidden: hidden(sent, own),
            ask,
        };
        let status = if page.wrong.is_empty() { StatusCode::OK } else { UNFIT };
        show_as(status, &page).map(kept_for_back)
    }

    fn check(&self, sent: &Sent, asks: Vec<Ask>, wrong: Vec<Wrong>) -> Result<Response, Problem> {
        let scene = self.scene(sent);
        let (files, asks): (Vec<Ask>, Vec<Ask>) = asks.into_iter().partition(Ask::is_of_file);
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
            changes: self.changes(&scene),
            follows: federal::what_follows(self.flow.name),
            send: self.flow.send,
        };
        show_as(status, &page).map(kept_for_back)
    }

    /// What an edited booking changes of what the law says; `None` for everything else.
    fn changes(&self, scene: &Scene<'_>) -> Option<Vec<Change>> {
        let case = scene.case().filter(|_| self.flow.command == CommandName::AmendBooking)?;
        let mut entry = (self.flow.entry)(scene).ok()?;
        let facts = entry["amend_booking"]["facts"].take();
        let facts: Facts = serde_json::from_value(facts).ok()?;
        let before = scene.finding().ok()?;
        let after = Advice::finding_with(&self.app.library, case, &facts, scene.now).ok()?;
        Some(changes(&before, &after, &channels_of(case)))
    }

    /// Somebody else recorded something since the form was opened: what, with everything that
    /// was typed, to be looked at and sent again.
    async fn meanwhile(&self, sent: &Sent) -> Result<Response, Problem> {
        let view = self.app.case(self.case).await?;
        let looked_at: u64 = sent.get("version").parse().unwrap_or_default();
        let desk = Desk { view: Some(&view), ..*self };
        let zone = desk.scene(sent).zone;
        let mut wrong = vec![Wrong::with(
            "",
            "Somebody else recorded something meanwhile. What you typed is kept: look at what \
             changed, and send it again if it still holds.",
        )];
        let lines = timeline::lines(&view.events, view.case.side, &zone);
        let since = lines.iter().filter(|line| line.version > looked_at).rev();
        wrong.extend(since.map(|l| Wrong::with("", format!("{}, by {}, {}.", l.says, l.by, l.at))));
        let sent = sent.with("version", view.case.version.to_string());
        let mut page = desk.check(&sent, desk.asks(&sent)?, wrong)?;
        *page.status_mut() = StatusCode::CONFLICT;
        Ok(page)
    }

    async fn send(&self, sent: &Sent, asks: Vec<Ask>) -> Result<Response, Problem> {
        let scene = self.scene(sent);
        let wrong: Vec<Wrong> = asks.iter().filter_map(|ask| ask.wrong(&scene)).collect();
        if !wrong.is_empty() {
            return self.check(sent, asks, wrong);
        }
        let entry = match (self.flow.entry)(&scene) {
            Ok(entry) => entry,
            Err(wrong) => return self.refused(sent, asks, wrong),
        };
        let entry: Entry = match serde_json::from_value(entry) {
            Ok(entry) => entry,
            Err(e) => return self.check(sent, asks, vec![Wrong::with("", format!("{e}."))]),
        };
        if let Some(act) = Act::of(&entry)
            && let Some(over) = scene.override_of(&act).filter(|over| over.second)
        {
            return self.ask_second(sent, asks, act, &over).await;
        }
        let file = asks.iter().find_map(|ask| sent.file(&ask.id)).map(|bytes| bytes.to_vec());
        match self.enter(sent, entry, file).await {
            Ok(_) => Ok(self.done()),
            Err(problem) if MEANWHILE.contains(&problem.code.as_str()) => {
                self.meanwhile(sent).await
            }
            Err(problem) => self.unfit(sent, asks, problem),
        }
    }

    /// What cannot be sent: at the first question that it is about, or on the page of all answers.
    fn refused(&self, sent: &Sent, asks: Vec<Ask>, wrong: Vec<Wrong>) -> Result<Response, Problem> {
        let place =
            |wrong: &Wrong| asks.iter().position(|ask| !ask.is_of_file() && ask.id == wrong.id);
        match wrong.iter().find_map(|w| Some((place(w)?, w.clone()))) {
            Some((step, wrong)) => self.question(sent, asks, step, Some(wrong)),
            None => self.check(sent, asks, wrong),
        }
    }

    /// What is wrong with the answers is said where they stand.
    fn unfit(&self, sent: &Sent, asks: Vec<Ask>, problem: Problem) -> Result<Response, Problem> {
        if problem.status != 422 {
            return Err(problem);
        }
        let mut wrong = vec![Wrong::with("", crate::pages::words::sentence(&problem.detail))];
        wrong.extend(problem.errors.iter().map(|e| Wrong::with(&e.path, &e.message)));
        self.check(sent, asks, wrong)
    }

    /// An override that needs a second person: nothing is done but that somebody asks for it, in
    /// an event that says why.
    async fn ask_second(
        &self,
        sent: &Sent,
        asks: Vec<Ask>,
        act: Act,
        over: &Override,
    ) -> Result<Response, Problem> {
        let (act_says, over_says, reason) = (act.says(), over.says(), self.scene(sent).reason());
        let text = format!("Asks a second person to {act_says}, against {over_says}. {reason}");
        let Some(text) = Remark::new(&text) else {
            let wrong = Wrong::with("reason", "The reason is too long: about 3,500 letters fit.");
            return self.check(sent, asks, vec![wrong]);
        };
        let held = second::hold_book().await;
        let id = crate::api::cases::command_of(self.caller, self.case, sent.get(KEY_FIELD));
        if second::waiting_in(self.app, self.case).await?.is_some_and(|w| w.id != id) {
            let says = "Something of this case waits for a second person already: settle it first.";
            return self.check(sent, asks, vec![Wrong::with("", says)]);
        }
        let event = match self.enter(sent, Entry::Note { text }, None).await {
            Ok(Some(event)) => event,
            // Sent twice: the event is there.
            Ok(None) => {
                let view = self.app.case(self.case).await?;
                let own = view.events.iter().find(|(event, _)| event.command == id);
                own.map(|(event, _)| event.version).ok_or_else(Problem::not_found)?
            }
            Err(problem) if MEANWHILE.contains(&problem.code.as_str()) => {
                return self.meanwhile(sent).await;
            }
            Err(problem) => return self.unfit(sent, asks, problem),
        };
        let (case, by, at) = (self.case, self.caller.account.clone(), self.app.engine.clock.now());
        second::add(self.app, &held, Waiting { id, case, event, by, at, act }).await?;
        Ok(go(&format!("/cases/{case}?done=asked-second")))
    }

    /// The version of the case that the form was made from. An alarm that was raised since says
    /// nothing that a person would have to look at again.
    fn looked_at(&self, sent: &Sent) -> Option<Version> {
        let looked_at = Version(sent.get("version").parse().ok()?);
        let Some(view) = self.view else { return Some(looked_at) };
        let mut since = view.events.iter().filter(|(event, _)| event.version > looked_at);
        let only_alarms = since.all(|(event, _)| matches!(event.what, What::AlarmRaised { .. }));
        Some(if only_alarms { view.case.version.max(looked_at) } else { looked_at })
    }

    /// Enters something; the number of the first event, or none if it was entered before.
    async fn enter(
        &self,
        sent: &Sent,
        entry: Entry,
        file: Option<Vec<u8>>,
    ) -> Result<Option<Version>, Problem> {
        let command = entry.name();
        let role = self.caller.role_for(command, None)?;
        let by = By::Official(Official { id: self.caller.account.clone(), role });
        let expects = self.looked_at(sent);
        let ask = NodeAsk::Enter {
            case: self.case,
            id: crate::api::cases::command_of(self.caller, self.case, sent.get(KEY_FIELD)),
            by,
            expects,
            entry: Box::new(entry),
            peer: None,
            file,
        };
        let used = self.caller.used(Permission::Enter(command), Subject::Case(self.case));
        match self.app.engine.turn(vec![ask, used]).await?.swap_remove(0)? {
            Done::Events { events, .. } => Ok(events.first().map(|event| event.version)),
            _ => Ok(None),
        }
    }
}

/// What the node says when the case has changed since somebody looked at it.
const MEANWHILE: [&str; 2] = ["other-version", "advice-outdated"];

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
    comity_model::hex(&random16())
}
