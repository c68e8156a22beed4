//! Accounts: the list, one of them, and what is done with it.

use super::super::form::Sent;
use super::super::frame::{Frame, go, show};
use super::super::sheet::Sheet;
use super::super::{PageRoute, needs, page};
use super::{ROOM, at_or_never};
use crate::account::{Account, AccountAct, Actor, ExternalId, FactorKind, NewAccount};
use crate::account::{Permission, Role, Secret, Session, SessionId};
use crate::api::Query;
use crate::app::App;
use crate::door::{Caller, at_desk, look};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use comity_exchange::case::{OfficialId, Side};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

const MANAGE: crate::routes::Needs = needs(Permission::ManageAccounts);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/admin/accounts", MANAGE, "The accounts", || get(list)),
    page("POST", "/admin/accounts", MANAGE, "Make an account", || post(make)),
    page("GET", "/admin/accounts.csv", MANAGE, "The accounts as CSV", || get(list_csv)),
    page("GET", "/admin/accounts.json", MANAGE, "The accounts as JSON", || get(list_json)),
    page("GET", "/admin/accounts/{account}", MANAGE, "One account", || get(one)),
    page(
        "POST",
        "/admin/accounts/{account}/act",
        MANAGE,
        "Invite, disable, release and more",
        || post(act),
    ),
    page("POST", "/admin/accounts/{account}/roles", MANAGE, "Change its roles", || post(roles)),
    page("POST", "/admin/accounts/{account}/external", MANAGE, "How it is known elsewhere", || {
        post(external)
    }),
    page("POST", "/admin/accounts/{account}/sessions/end", MANAGE, "End one session", || {
        post(end_one)
    }),
];

/// A role of this side, as a checkbox.
pub(super) struct RoleBox {
    /// Its stable name.
    pub name: String,
    /// Its words.
    pub says: &'static str,
    /// True if the account has it.
    pub has: bool,
}

/// The roles of a side, in their order.
pub(super) fn boxes(side: Side, has: impl Fn(Role) -> bool) -> Vec<RoleBox> {
    let fits = Role::ALL.into_iter().filter(|role| role.fits(side));
    fits.map(|role| RoleBox { name: role_name(role), says: role.name(), has: has(role) }).collect()
}

fn role_name(role: Role) -> String {
    serde_json::to_value(role).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sent_roles(sent: &Sent) -> Result<BTreeSet<Role>, Problem> {
    let read = |name: &str| {
        Role::ALL.into_iter().find(|role| role_name(*role) == name).ok_or_else(|| {
            Problem::bad_request("roles", "a role that was chosen is none; open the page again")
        })
    };
    sent.every("role").map(read).collect()
}

struct Line {
    name: String,
    roles: String,
    state: String,
    /// True where an administrator may have to act.
    is_held: bool,
    factors: String,
    active: String,
}

fn state_of(account: &Account, frame: &Frame) -> (String, bool) {
    if let Some(at) = account.disabled_at() {
        return (format!("disabled {}", frame.at(&at)), true);
    }
    if let Some(at) = account.locked_at() {
        return (format!("locked {}", frame.at(&at)), true);
    }
    if account.is_invited() {
        return ("invited".to_owned(), false);
    }
    ("in use".to_owned(), false)
}

fn factors_of(account: &Account) -> String {
    let says = |kind: &FactorKind| match kind {
        FactorKind::App => "app",
        FactorKind::Passkey => "passkey",
        FactorKind::Recovery => "recovery codes",
    };
    let names: Vec<&str> = account.factors().iter().map(says).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn line(account: &Account, frame: &Frame) -> Line {
    let roles: Vec<&str> = account.roles().map(Role::name).collect();
    let (state, is_held) = state_of(account, frame);
    Line {
        name: account.id.as_str().to_owned(),
        roles: roles.join(", "),
        state,
        is_held,
        factors: factors_of(account),
        active: frame.at(&account.active_at()),
    }
}

async fn all(app: &Arc<App>, caller: &Caller) -> Result<Vec<Account>, Problem> {
    let person = caller.person.clone();
    look(app, caller.origin, move |desk| desk.accounts(Actor::Person(&person))).await
}

#[derive(Template)]
#[template(path = "admin_accounts.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    roles: Vec<RoleBox>,
}

/// `GET /admin/accounts`
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let accounts = all(&app, &caller).await?;
    let frame = Frame::of(&app, &caller, "Accounts", ROOM);
    let lines = accounts.iter().map(|account| line(account, &frame)).collect();
    show(&ListPage { lines, roles: boxes(app.side, |_| false), frame })
}

async fn sheet(app: &Arc<App>, caller: &Caller) -> Result<Sheet, Problem> {
    let row = |account: &Account| {
        let roles: Vec<String> = account.roles().map(role_name).collect();
        let at = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        vec![
            account.id.as_str().to_owned(),
            roles.join(" "),
            account.made_at().to_string(),
            account.active_at().to_string(),
            at(account.disabled_at()),
            at(account.locked_at()),
            account.is_invited().to_string(),
            factors_of(account),
        ]
    };
    let rows = all(app, caller).await?.iter().map(row).collect();
    let columns = &[
        "account",
        "roles",
        "made_at",
        "active_at",
        "disabled_at",
        "locked_at",
        "is_invited",
        "factors",
    ];
    Ok(Sheet::of_texts("accounts", columns, rows))
}

/// `GET /admin/accounts.csv`
async fn list_csv(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller).await?.csv())
}

/// `GET /admin/accounts.json`
async fn list_json(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    Ok(sheet(&app, &caller).await?.json())
}

#[derive(Template)]
#[template(path = "admin_invitation.html")]
struct InvitationPage {
    frame: Frame,
    account: String,
    invitation: String,
}

fn invitation_page(
    app: &App,
    caller: &Caller,
    account: &str,
    invitation: &Secret,
) -> Result<Response, Problem> {
    let frame = Frame::of(app, caller, "Hand over this invitation", ROOM);
    let (account, invitation) = (account.to_owned(), invitation.show().to_owned());
    show(&InvitationPage { frame, account, invitation })
}

/// `POST /admin/accounts`
async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let name = sent.get("name").to_lowercase();
    let new = NewAccount { name: name.clone(), roles: sent_roles(&sent)?, external: None };
    let person = caller.person.clone();
    let made = at_desk(&app, caller.origin, move |desk| {
        desk.make_account(Actor::Person(&person), new.clone())
    });
    match made.await? {
        Some(invitation) => invitation_page(&app, &caller, &name, &invitation),
        None => Ok(go("/admin/tokens")),
    }
}

struct SessionLine {
    id: String,
    what: String,
    origin: String,
    started: String,
    seen: String,
}

#[derive(Template)]
#[template(path = "admin_account.html")]
struct OnePage {
    frame: Frame,
    line: Line,
    made: String,
    has_password: bool,
    recovery_left: usize,
    roles: Vec<RoleBox>,
    issuer: String,
    subject: String,
    acts: Vec<(&'static str, &'static str, &'static str)>,
    sessions: Vec<SessionLine>,
    is_own: bool,
    is_software: bool,
}

/// What can be done with an account now: its name, the button, and what it does.
fn acts_of(account: &Account) -> Vec<(&'static str, &'static str, &'static str)> {
    let (disabled, locked) = (account.disabled_at().is_some(), account.locked_at().is_some());
    let mut out = Vec::new();
    let mut put = |act: AccountAct, button, says| out.push((act.name(), button, says));
    if locked {
        put(AccountAct::Release, "Release it", "It locked after five failures within 15 minutes.");
    }
    if disabled {
        put(AccountAct::Enable, "Enable it again", "Its person can sign in again.");
    } else {
        let says = "Every session ends at once and nobody can sign in. Undone by enabling it.";
        put(AccountAct::Disable, "Disable it now", says);
    }
    if !account.is_software() {
        let says = "The old password is good no more, every session ends, and you get an \
                    invitation to hand over. Second factors stay.";
        put(AccountAct::Invite, "Invite again", says);
    }
    if !account.factors().is_empty() {
        let says = "For somebody who lost phone and codes. New ones are set up at the next \
                    sign-in. Make sure first that it is the person.";
        put(AccountAct::RemoveFactors, "Remove all second factors", says);
    }
    if account.is_software() {
        put(AccountAct::EndSessions, "End every token", "The program can do nothing more.");
    } else {
        let says = "Its person signs in again, wherever that was.";
        put(AccountAct::EndSessions, "End every session", says);
    }
    out
}

#[derive(Debug, Deserialize)]
struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// What was just done, by its name in the address.
const DONE: &[(&str, &str)] = &[
    ("disable", "The account is disabled and every session has ended."),
    ("enable", "The account is enabled again."),
    ("release", "The account is released."),
    ("remove_factors", "Every second factor is removed and every session has ended."),
    ("end_sessions", "Every session has ended."),
    ("roles", "The roles are changed and every session has ended."),
    ("external", "How the person is known elsewhere is changed."),
    ("session", "The session has ended."),
];

fn id_of(name: &str) -> Result<OfficialId, Problem> {
    OfficialId::new(name).ok_or_else(Problem::not_found)
}

/// `GET /admin/accounts/{account}`
async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let found = all(&app, &caller).await?.into_iter().find(|account| account.id == id);
    let account = found.ok_or_else(Problem::not_found)?;
    let sessions = look(&app, caller.origin, move |desk| desk.sessions(&id)).await?;
    let mut frame = Frame::of(&app, &caller, &format!("Account {name}"), ROOM);
    if let Some((_, says)) = DONE.iter().find(|(name, _)| *name == query.done) {
        (*says).clone_into(&mut frame.done);
    }
    let session = |session: &Session| SessionLine {
        id: session.id().to_string(),
        what: if session.label().is_empty() { "session".into() } else { session.label().into() },
        origin: session.origin().to_owned(),
        started: frame.at(&session.started_at()),
        seen: frame.at(&session.seen_at()),
    };
    let external = account.external();
    let page = OnePage {
        line: line(&account, &frame),
        made: at_or_never(&frame, Some(account.made_at()), ""),
        has_password: account.has_password(),
        recovery_left: account.recovery_codes_left(),
        roles: boxes(app.side, |role| account.roles().any(|own| own == role)),
        issuer: external.map_or(String::new(), |e| e.issuer.clone()),
        subject: external.map_or(String::new(), |e| e.subject.clone()),
        acts: acts_of(&account),
        sessions: sessions.iter().map(session).collect(),
        is_own: account.id == caller.account,
        is_software: account.is_software(),
        frame,
    };
    show(&page)
}

fn done(name: &str, what: &str) -> Response {
    go(&format!("/admin/accounts/{name}?done={what}"))
}

/// `POST /admin/accounts/{account}/act`
async fn act(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let act = AccountAct::parse(sent.get("act")).ok_or_else(Problem::not_found)?;
    let person = caller.person.clone();
    let made = at_desk(&app, caller.origin, move |desk| desk.act(Actor::Person(&person), &id, act));
    match made.await? {
        Some(invitation) => invitation_page(&app, &caller, &name, &invitation),
        None => Ok(done(&name, act.name())),
    }
}

/// `POST /admin/accounts/{account}/roles`
async fn roles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let (id, roles) = (id_of(&name)?, sent_roles(&sent)?);
    at_desk(&app, caller.origin, move |desk| {
        desk.set_roles(Actor::Person(&caller.person), &id, roles.clone())
    })
    .await?;
    Ok(done(&name, "roles"))
}

/// `POST /admin/accounts/{account}/external`
async fn external(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let (issuer, subject) = (sent.get("issuer").to_owned(), sent.get("subject").to_owned());
    let is_none = issuer.is_empty() && subject.is_empty();
    let external = (!is_none).then_some(ExternalId { issuer, subject });
    at_desk(&app, caller.origin, move |desk| {
        desk.set_external(Actor::Person(&caller.person), &id, external.clone())
    })
    .await?;
    Ok(done(&name, "external"))
}

/// `POST /admin/accounts/{account}/sessions/end`
async fn end_one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let which = SessionId::parse(sent.get("session")).ok_or_else(Problem::not_found)?;
    at_desk(&app, caller.origin, move |desk| {
        desk.end_one(Actor::Person(&caller.person), &id, which)
    })
    .await?;
    Ok(done(&name, "session"))
}
