//! Tokens for programs: made, shown once, ended.

use super::super::form::Sent;
use super::super::frame::{Frame, go, show};
use super::super::sheet::Sheet;
use super::super::{PageRoute, needs, page};
use super::ROOM;
use crate::account::{Actor, Permission, Role, Session, SessionId};
use crate::app::App;
use crate::door::{Caller, at_desk, look};
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::case::OfficialId;
use std::collections::BTreeSet;
use std::sync::Arc;

const MANAGE: crate::routes::Needs = needs(Permission::ManageAccounts);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/admin/tokens", MANAGE, "Tokens for programs", || get(list)),
    page("GET", "/admin/tokens.csv", MANAGE, "The tokens as CSV", || get(list_csv)),
    page("GET", "/admin/tokens.json", MANAGE, "The tokens as JSON", || get(list_json)),
    page("POST", "/admin/tokens", MANAGE, "Make a token", || post(make)),
    page("POST", "/admin/tokens/end", MANAGE, "End a token", || post(end)),
];

struct Line {
    account: String,
    id: String,
    label: String,
    scopes: String,
    made: String,
    seen: String,
    ends: String,
}

#[derive(Template)]
#[template(path = "admin_tokens.html")]
struct TokensPage {
    frame: Frame,
    lines: Vec<Line>,
    programs: Vec<String>,
    scopes: Vec<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "admin_token.html")]
struct TokenPage {
    frame: Frame,
    account: String,
    label: String,
    token: String,
    ends: String,
    url: String,
}

/// The programs' accounts, and their tokens.
async fn tokens(
    app: &Arc<App>,
    caller: &Caller,
) -> Result<(Vec<OfficialId>, Vec<Session>), Problem> {
    let person = caller.person.clone();
    look(app, caller.origin, move |desk| {
        let accounts = desk.accounts(Actor::Person(&person))?;
        let programs = accounts.into_iter().filter(|account| account.is_software());
        let programs: Vec<OfficialId> = programs.map(|account| account.id).collect();
        let mut sessions = Vec::new();
        for program in &programs {
            sessions.extend(desk.sessions(program)?);
        }
        Ok((programs, sessions))
    })
    .await
}

fn scopes_of(session: &Session) -> String {
    let names: Vec<String> = session.scopes().iter().map(|scope| scope.name()).collect();
    names.join(", ")
}

/// `GET /admin/tokens`
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let (programs, sessions) = tokens(&app, &caller).await?;
    let frame = Frame::of(&app, &caller, "Tokens for programs", ROOM);
    let line = |session: &Session| Line {
        account: session.account.as_str().to_owned(),
        id: session.id().to_string(),
        label: session.label().to_owned(),
        scopes: scopes_of(session),
        made: frame.at(&session.started_at()),
        seen: frame.at(&session.seen_at()),
        ends: frame.at(&session.ends_at),
    };
    let is_of = |scope: &Permission| scope.is_of(Role::Software, app.side);
    let scopes = Permission::all().filter(is_of).map(|scope| (scope.name(), scope.says()));
    let page = TokensPage {
        lines: sessions.iter().map(line).collect(),
        programs: programs.iter().map(|id| id.as_str().to_owned()).collect(),
        scopes: scopes.collect(),
        frame,
    };
    show(&page)
}

async fn sheet(app: &Arc<App>, caller: &Caller) -> Result<Sheet, Problem> {
    let row = |session: &Session| {
        vec![
            session.account.as_str().to_owned(),
            session.label().to_owned(),
            scopes_of(session),
            session.started_at().to_string(),
            session.seen_at().to_string(),
            session.ends_at.to_string(),
        ]
    };
    let rows = tokens(app, caller).await?.1.iter().map(row).collect();
    let columns = &["account", "label", "scopes", "made_at", "seen_at", "ends_at"];
    Ok(Sheet::of_texts("tokens", columns, rows))
}

/// `GET /admin/tokens.csv`
async fn list_csv(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller).await?.csv())
}

/// `GET /admin/tokens.json`
async fn list_json(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller).await?.json())
}

/// `POST /admin/tokens`
async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = OfficialId::new(sent.get("account")).ok_or_else(|| {
        Problem::bad_request("no-account", "choose the account of a program first")
    })?;
    let label = sent.get("label").to_owned();
    let scopes: BTreeSet<Permission> = sent.every("scope").filter_map(Permission::parse).collect();
    let days: i64 = sent.get("days").parse().map_err(|_| {
        Problem::bad_request("days", "a token is good for a whole number of days, 1 to 366")
    })?;
    let (person, account) = (caller.person.clone(), id.clone());
    let named = label.clone();
    let new = at_desk(&app, caller.origin, move |desk| {
        desk.make_token(Actor::Person(&person), &id, (&named, scopes.clone(), days))
    });
    let new = new.await?;
    let frame = Frame::of(&app, &caller, "Copy this token now", ROOM);
    show(&TokenPage {
        account: account.as_str().to_owned(),
        label,
        token: new.token.show().to_owned(),
        ends: frame.at(&new.session.ends_at),
        url: app.home.settings.url.clone(),
        frame,
    })
}

/// `POST /admin/tokens/end`
async fn end(State(app): State<Arc<App>>, caller: Caller, sent: Sent) -> Result<Response, Problem> {
    let id = OfficialId::new(sent.get("account")).ok_or_else(Problem::not_found)?;
    let which = SessionId::parse(sent.get("session")).ok_or_else(Problem::not_found)?;
    at_desk(&app, caller.origin, move |desk| {
        desk.end_one(Actor::Person(&caller.person), &id, which)
    })
    .await?;
    Ok(go("/admin/tokens"))
}
