//! What waits for a second person, to be confirmed or refused; and the standing choices, which
//! say once what this agency does where the law leaves it open.

use super::board::known_by;
use super::flow::{LawSaid, law_said, random_hex};
use super::form::{KEY_FIELD, Sent};
use super::frame::{Frame, go, show_as};
use super::person::zone_of;
use super::{PageRoute, needs, page, words};
use crate::account::{Permission, Subject};
use crate::api::{Query, id_of};
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use crate::second::{self, Standing, Waiting, override_of};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::case::{
    ASKED, Advice, By, CaseId, Choice, Official, Remark, Side, Version, What,
};
use comity_node::{Ask, CaseView, Entry};
use comity_policy::Channel;
use serde::Deserialize;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page(
        "GET",
        "/cases/{case}/second",
        needs(Permission::SeeCases),
        "What waits for a second person",
        || get(look),
    ),
    page(
        "POST",
        "/cases/{case}/second",
        needs(Permission::Confirm),
        "Confirm or refuse what waits for a second person",
        || post(settle),
    ),
    page(
        "POST",
        "/cases/{case}/second/take-back",
        needs(Permission::SeeCases),
        "Take back what one asked a second person for",
        || post(take_back),
    ),
    page("GET", "/standing", needs(Permission::SeeCases), "Standing choices", || get(standing)),
    page("POST", "/standing", needs(Permission::Confirm), "Set standing choices", || post(stand)),
];

#[derive(Template)]
#[template(path = "second.html")]
struct SecondPage {
    frame: Frame,
    case: CaseId,
    who: String,
    key: String,
    version: u64,
    waits: Option<Shown>,
    text: String,
    wrong: String,
}

/// What waits, as it is shown.
struct Shown {
    act: String,
    by: String,
    at: String,
    why: String,
    against: String,
    law: Vec<LawSaid>,
    since: Vec<String>,
    is_own: bool,
    may: bool,
}

fn shown(
    app: &App,
    caller: &Caller,
    view: &CaseView,
    waits: &Waiting,
    standing: &Standing,
) -> Shown {
    let zone = zone_of(app, view);
    let now = app.engine.clock.now();
    let advice = Advice::of(&app.library, &view.case, now).ok();
    let finding = advice.as_ref().map(Advice::finding);
    let channels: Vec<Channel> = match &waits.act {
        second::Act::Answer { choices, .. } => choices.keys().copied().collect(),
        _ => vec![Channel::Hold],
    };
    let law = finding.map(|f| channels.iter().map(|c| law_said(*c, f.on(*c))).collect());
    let over = finding.and_then(|f| override_of(&view.case, f, standing, &waits.act));
    let lines = super::timeline::lines(&view.events, view.case.side, &zone);
    let is_own = caller.account == waits.by;
    Shown {
        act: waits.act.says(),
        by: waits.by.as_str().to_owned(),
        at: words::moment(waits.at, &zone),
        why: written(view, waits.event),
        against: over.map_or_else(String::new, |over| over.says()),
        law: law.unwrap_or_default(),
        since: lines
            .iter()
            .filter(|l| l.version > waits.event.0)
            .map(|l| format!("{}, by {}, {}", l.says, l.by, l.at))
            .collect(),
        is_own,
        may: caller.person.may(Permission::Confirm) && !is_own,
    }
}

/// What whoever asked wrote: the event's own text.
fn written(view: &CaseView, event: Version) -> String {
    let said = view.events.iter().find(|(e, _)| e.version == event).map(|(e, _)| &e.what);
    match said {
        Some(What::Noted(text)) => text.as_str().to_owned(),
        _ => String::new(),
    }
}

async fn show_second(
    app: &Arc<App>,
    caller: &Caller,
    case: CaseId,
    text: String,
    wrong: String,
) -> Result<Response, Problem> {
    let view = app.case(case).await?;
    caller.saw(app, Subject::Case(case)).await?;
    let (who, _) = known_by(&view);
    let mut frame = Frame::of(app, caller, &format!("A second person: {who}"), "/cases");
    frame.zone = zone_of(app, &view);
    let standing = second::standing(app).await?;
    let waits = second::waiting_in(app, case).await?;
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(
        status,
        &SecondPage {
            frame,
            case,
            who,
            key: random_hex(),
            version: view.case.version.0,
            waits: waits.map(|w| shown(app, caller, &view, &w, &standing)),
            text,
            wrong,
        },
    )
}

/// `GET /cases/{case}/second`
async fn look(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    show_second(&app, &caller, id_of(&case)?, String::new(), String::new()).await
}

fn nothing_waits() -> Problem {
    let detail = "nothing waits for a second person here: it was settled meanwhile";
    Problem::new(StatusCode::CONFLICT, "nothing-waits", detail)
}

/// `POST /cases/{case}/second`
async fn settle(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let case = id_of(&case)?;
    let held = second::hold_book().await;
    let waits = second::waiting_in(&app, case).await?.ok_or_else(nothing_waits)?;
    if waits.by == caller.account {
        let detail = "whoever asked cannot be the second person too";
        return Err(Problem::new(StatusCode::FORBIDDEN, "same-person", detail));
    }
    let text = sent.get("text");
    let view = app.case(case).await?;
    let (by, event) = (waits.by.as_str(), waits.event);
    let entry = match sent.get("go") {
        "confirm" => {
            let why = format!("{} Asked for by {by}, event {event}.", written(&view, event));
            let why = if text.is_empty() { why } else { format!("{why} {text}") };
            waits.act.entry(remark(&why)?)
        }
        "refuse" if text.is_empty() => {
            let wrong = "Say why it is refused: whoever asked needs to know.".to_owned();
            return show_second(&app, &caller, case, String::new(), wrong).await;
        }
        "refuse" => {
            let says = waits.act.says();
            let why =
                format!("Second person: refused to {says}, as {by} asked in event {event}. {text}");
            Entry::Note { text: remark(&why)? }
        }
        _ => return Err(Problem::bad_request("bad-form", "the form was not sent by its buttons")),
    };
    match enter(&app, &caller, case, &sent, entry).await {
        Ok(()) => {
            second::settle(&app, &held, waits.id).await?;
            let done = if sent.get("go") == "confirm" { "confirmed" } else { "refused" };
            Ok(go(&format!("/cases/{case}?done={done}")))
        }
        Err(problem) if [409, 422].contains(&problem.status) => {
            let wrong = format!("Nothing was recorded. {}.", words::sentence(&problem.detail));
            show_second(&app, &caller, case, text.to_owned(), wrong).await
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /cases/{case}/second/take-back`
async fn take_back(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let case = id_of(&case)?;
    let held = second::hold_book().await;
    let waits = second::waiting_in(&app, case).await?.ok_or_else(nothing_waits)?;
    if waits.by != caller.account {
        return Err(Problem::forbidden());
    }
    let why = format!("Taken back: what event {} asked a second person for.", waits.event);
    enter(&app, &caller, case, &sent, Entry::Note { text: remark(&why)? }).await?;
    second::settle(&app, &held, waits.id).await?;
    Ok(go(&format!("/cases/{case}?done=taken-back")))
}

fn remark(text: &str) -> Result<Remark, Problem> {
    Remark::new(text).ok_or_else(|| {
        let detail = "the text is too long: what both people wrote has about 4,000 letters";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-value", detail)
    })
}

async fn enter(
    app: &Arc<App>,
    caller: &Caller,
    case: CaseId,
    sent: &Sent,
    entry: Entry,
) -> Result<(), Problem> {
    let command = entry.name();
    let role = caller.role_for(command, None)?;
    let ask = Ask::Enter {
        case,
        id: crate::api::cases::command_of(caller, case, sent.get(KEY_FIELD)),
        by: By::Official(Official { id: caller.account.clone(), role }),
        expects: sent.get("version").parse().ok().map(Version),
        entry: Box::new(entry),
        peer: None,
        file: None,
    };
    let used = caller.used(Permission::Enter(command), Subject::Case(case));
    app.engine.turn(vec![ask, used]).await?.swap_remove(0)?;
    Ok(())
}

/// A channel of the standing choices.
struct Line {
    id: &'static str,
    on: String,
    value: &'static str,
}

#[derive(Template)]
#[template(path = "standing.html")]
struct StandingPage {
    frame: Frame,
    lines: Vec<Line>,
    said: String,
    why: String,
    wrong: String,
    may: bool,
}

fn standing_page(
    app: &App,
    caller: &Caller,
    standing: &Standing,
    wrong: String,
    done: bool,
) -> Result<Response, Problem> {
    let mut frame = Frame::of(app, caller, "Standing choices", "/standing");
    if done {
        "The standing choices are kept.".clone_into(&mut frame.done);
    }
    let line = |channel: Channel| Line {
        id: channel.name(),
        on: words::sentence(&words::plain(channel.name())),
        value: match standing.choices.get(&channel) {
            Some(Choice::Comply) => "comply",
            Some(Choice::Decline) => "decline",
            _ => "none",
        },
    };
    let said = match (&standing.by, standing.at) {
        (Some(by), Some(at)) => format!("Set by {} on {}.", by.as_str(), frame.at(&at)),
        _ => "Nobody has set any: every case is decided on its own.".to_owned(),
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(
        status,
        &StandingPage {
            frame,
            lines: ASKED.into_iter().map(line).collect(),
            said,
            why: standing.why.clone(),
            wrong,
            may: caller.person.may(Permission::Confirm),
        },
    )
}

#[derive(Debug, Deserialize)]
struct KeptQuery {
    #[serde(default)]
    kept: bool,
}

/// `GET /standing`
async fn standing(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<KeptQuery>,
) -> Result<Response, Problem> {
    if app.side != Side::Agency {
        return Err(Problem::not_found());
    }
    standing_page(&app, &caller, &second::standing(&app).await?, String::new(), query.kept)
}

/// `POST /standing`
async fn stand(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    if app.side != Side::Agency {
        return Err(Problem::not_found());
    }
    let mut new = Standing {
        by: Some(caller.account.clone()),
        at: Some(app.engine.clock.now()),
        why: sent.get("why").to_owned(),
        ..Standing::default()
    };
    for channel in ASKED {
        let choice = match sent.get(channel.name()) {
            "comply" => Choice::Comply,
            "decline" => Choice::Decline,
            _ => continue,
        };
        new.choices.insert(channel, choice);
    }
    if new.why.is_empty() || Remark::new(&new.why).is_none() {
        let wrong = "Say why, in at most about 4,000 letters: the sheriff's order, its date.";
        return standing_page(&app, &caller, &new, wrong.to_owned(), false);
    }
    let used = caller.used(Permission::Confirm, Subject::Node);
    let asks = vec![second::keep_standing(&new)?, used];
    for done in app.engine.turn(asks).await? {
        done?;
    }
    Ok(go("/standing?kept=true"))
}
