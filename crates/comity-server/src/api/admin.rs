//! What administrators do by program: accounts, tokens, keys, backups, settings, health; and the
//! auditor's review. The pages of `/admin` do the same through the same calls.

use super::{Accept, Path, as_json};
use crate::account::{Account, AccountAct, Actor, ExternalId, NewAccount, Permission, Role};
use crate::account::{Session, SessionId, Subject};
use crate::app::App;
use crate::backups::{start_backup, start_drill};
use crate::door::{Caller, at_desk, look};
use crate::keys::{DAYS_MAX, rotate, rotate_log};
use crate::pages::admin::{
    backup_is_known, backups_running, backups_standing, settings as settings_of,
};
use crate::problem::Problem;
use crate::review;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use comity_exchange::case::OfficialId;
use comity_node::NodeFault;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn id_of(name: &str) -> Result<OfficialId, Problem> {
    OfficialId::new(name).ok_or_else(Problem::not_found)
}

fn account_json(account: &Account) -> Value {
    json!({
        "account": account.id.as_str(),
        "roles": account.roles().collect::<Vec<Role>>(),
        "made_at": account.made_at(),
        "active_at": account.active_at(),
        "disabled_at": account.disabled_at(),
        "locked_at": account.locked_at(),
        "has_password": account.has_password(),
        "is_invited": account.is_invited(),
        "factors": account.factors(),
        "recovery_codes_left": account.recovery_codes_left(),
        "external": account.external(),
    })
}

/// A session, or a program's token, without the token itself.
pub(super) fn session_json(session: &Session) -> Value {
    json!({
        "session": session.id().to_string(),
        "started_at": session.started_at(),
        "seen_at": session.seen_at(),
        "ends_at": session.ends_at,
        "origin": session.origin(),
        "label": session.label(),
        "scopes": session.scopes(),
    })
}

async fn all(app: &Arc<App>, caller: &Caller) -> Result<Vec<Account>, Problem> {
    let person = caller.person.clone();
    look(app, caller.origin, move |desk| desk.accounts(Actor::Person(&person))).await
}

/// `GET /api/v1/accounts`
pub async fn accounts(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let accounts: Vec<Value> = all(&app, &caller).await?.iter().map(account_json).collect();
    Ok(as_json(StatusCode::OK, &json!({ "accounts": accounts })))
}

/// An account to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSent {
    name: String,
    roles: BTreeSet<Role>,
    external: Option<ExternalId>,
}

/// `POST /api/v1/accounts`: the invitation is told once.
pub async fn make_account(
    State(app): State<Arc<App>>,
    caller: Caller,
    Accept(sent): Accept<AccountSent>,
) -> Result<Response, Problem> {
    let name = sent.name.trim().to_lowercase();
    let new = NewAccount { name: name.clone(), roles: sent.roles, external: sent.external };
    let invitation = at_desk(&app, caller.origin, move |desk| {
        desk.make_account(Actor::Person(&caller.person), new.clone())
    });
    let invitation = invitation.await?.map(|secret| secret.show().to_owned());
    let body = json!({ "account": name, "invitation": invitation });
    Ok(as_json(StatusCode::CREATED, &body))
}

/// `GET /api/v1/accounts/{account}`: with its sessions or tokens.
pub async fn account(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let found = all(&app, &caller).await?.into_iter().find(|account| account.id == id);
    let account = found.ok_or_else(Problem::not_found)?;
    let sessions = look(&app, caller.origin, move |desk| desk.sessions(&id)).await?;
    let mut body = account_json(&account);
    body["sessions"] = sessions.iter().map(session_json).collect();
    Ok(as_json(StatusCode::OK, &body))
}

/// What is done with an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActSent {
    act: AccountAct,
}

/// `POST /api/v1/accounts/{account}/acts`
pub async fn act(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Accept(sent): Accept<ActSent>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let invitation = at_desk(&app, caller.origin, move |desk| {
        desk.act(Actor::Person(&caller.person), &id, sent.act)
    });
    let invitation = invitation.await?.map(|secret| secret.show().to_owned());
    Ok(as_json(StatusCode::OK, &json!({ "invitation": invitation })))
}

/// Roles to have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolesSent {
    roles: BTreeSet<Role>,
}

/// `PUT /api/v1/accounts/{account}/roles`
pub async fn set_roles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Accept(sent): Accept<RolesSent>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    at_desk(&app, caller.origin, move |desk| {
        desk.set_roles(Actor::Person(&caller.person), &id, sent.roles.clone())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// How a person is known elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalSent {
    external: Option<ExternalId>,
}

/// `PUT /api/v1/accounts/{account}/external`
pub async fn set_external(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Accept(sent): Accept<ExternalSent>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    at_desk(&app, caller.origin, move |desk| {
        desk.set_external(Actor::Person(&caller.person), &id, sent.external.clone())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A token to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSent {
    label: String,
    scopes: BTreeSet<Permission>,
    days: i64,
}

/// `POST /api/v1/accounts/{account}/tokens`: the token is told once.
pub async fn make_token(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Accept(sent): Accept<TokenSent>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let new = at_desk(&app, caller.origin, move |desk| {
        let asked = (sent.label.as_str(), sent.scopes.clone(), sent.days);
        desk.make_token(Actor::Person(&caller.person), &id, asked)
    });
    let new = new.await?;
    let mut body = session_json(&new.session);
    body["token"] = json!(new.token.show());
    Ok(as_json(StatusCode::CREATED, &body))
}

/// `DELETE /api/v1/accounts/{account}/sessions/{session}`: a session, or a program's token.
pub async fn end_session(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((name, session)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id = id_of(&name)?;
    let which = SessionId::parse(&session).ok_or_else(Problem::not_found)?;
    at_desk(&app, caller.origin, move |desk| {
        desk.end_one(Actor::Person(&caller.person), &id, which)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/health`: more than `/healthz` tells to everybody.
pub async fn health(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    Ok(as_json(StatusCode::OK, &crate::health::look(&app).await?))
}

/// `GET /api/v1/settings`: no secrets.
pub async fn settings(State(app): State<Arc<App>>, _: Caller) -> Response {
    let settings = settings_of(&app.home.settings).into_iter();
    let body: Map<String, Value> =
        settings.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    as_json(StatusCode::OK, &body)
}

/// `GET /api/v1/keys`: what other nodes need to know of this one.
pub async fn keys(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let news = app.home.news().map_err(NodeFault::Damaged)?;
    Ok(as_json(StatusCode::OK, &news))
}

/// For how long the key before is believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateSent {
    days: u16,
}

/// `POST /api/v1/keys/rotate`
pub async fn rotate_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    Accept(sent): Accept<RotateSent>,
) -> Result<Response, Problem> {
    if !(1..=DAYS_MAX).contains(&sent.days) {
        let detail = format!("`days` is a number from 1 to {DAYS_MAX}");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "days", detail));
    }
    crate::pages::admin::must_be_confirmed(&app, &caller).await?;
    app.engine.ask(caller.used(Permission::ManageKeys, Subject::Node)).await?;
    let (home, now) = (app.home.clone(), app.engine.clock.now());
    let key = app.engine.with(move |node| rotate(&home, node, sent.days, now)).await??;
    Ok(as_json(StatusCode::OK, &json!({ "message_key": key.to_string(), "days": sent.days })))
}

/// `POST /api/v1/keys/rotate-ledger`
pub async fn rotate_log_key(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    crate::pages::admin::must_be_confirmed(&app, &caller).await?;
    app.engine.ask(caller.used(Permission::ManageKeys, Subject::Node)).await?;
    let (home, now) = (app.home.clone(), app.engine.clock.now());
    let key = app.engine.with(move |node| rotate_log(&home, node, now)).await??;
    Ok(as_json(StatusCode::OK, &json!({ "log_key": key.to_string() })))
}

/// `GET /api/v1/backups`
pub async fn backups(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let (state, known) = backups_standing(&app).await?;
    Ok(as_json(StatusCode::OK, &json!({ "backups": known, "state": state })))
}

/// `POST /api/v1/backups`: begins; `GET` says when it is done.
pub async fn make_backup(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    app.engine.ask(caller.used(Permission::ManageBackups, Subject::Node)).await?;
    if !start_backup(&app) {
        return Err(backups_running());
    }
    Ok(as_json(StatusCode::ACCEPTED, &json!({ "state": app.backups.state() })))
}

/// `POST /api/v1/backups/{backup}/drill`: begins; `GET /api/v1/backups` says what came of it.
pub async fn drill_backup(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    if !backup_is_known(&app, &name).await? {
        return Err(Problem::not_found());
    }
    app.engine.ask(caller.used(Permission::ManageBackups, Subject::Node)).await?;
    if !start_drill(&app, &name) {
        return Err(backups_running());
    }
    Ok(as_json(StatusCode::ACCEPTED, &json!({ "state": app.backups.state() })))
}

/// `GET /api/v1/audit/reviews`
pub async fn reviews(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let reviews = app.rows(|reads| review::read(reads)).await?;
    Ok(as_json(StatusCode::OK, &json!({ "reviews": reviews })))
}

/// A review to be signed off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewSent {
    through: u64,
    #[serde(default)]
    note: String,
}

/// `POST /api/v1/audit/reviews`
pub async fn sign_off(
    State(app): State<Arc<App>>,
    caller: Caller,
    Accept(sent): Accept<ReviewSent>,
) -> Result<Response, Problem> {
    let review =
        crate::pages::audit::review_through(&app, &caller, sent.through, &sent.note).await?;
    Ok(as_json(StatusCode::CREATED, &review))
}
