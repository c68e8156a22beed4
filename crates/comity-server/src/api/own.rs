//! One's own account by program: factors, recovery codes, sessions. The password and the app are
//! under `/session`, as they are part of signing in too.

use super::admin::session_json;
use super::{Accept, Path, as_json};
use crate::account::{FactorAdded, SessionId};
use crate::app::App;
use crate::door::{Caller, Knock, at_desk, look};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

fn token(knock: &Knock) -> Result<String, Problem> {
    knock.token().map(|(token, _)| token).ok_or_else(Problem::unauthorized)
}

fn added_json(added: &FactorAdded) -> Value {
    let codes: Vec<&str> = added.recovery.iter().map(|code| code.show()).collect();
    json!({ "recovery": codes, "token": added.next.as_ref().map(|new| new.token.show()) })
}

fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// `POST /api/v1/session/passkey/request`: what `navigator.credentials.get` is given.
pub async fn passkey_request(
    State(app): State<Arc<App>>,
    knock: Knock,
) -> Result<Response, Problem> {
    let token = token(&knock)?;
    let asked = at_desk(&app, knock.origin(), move |desk| desk.passkey_request(&token)).await?;
    Ok(as_json(StatusCode::OK, &asked))
}

/// `POST /api/v1/session/passkey`: what `navigator.credentials.create` is given.
pub async fn begin_passkey(State(app): State<Arc<App>>, knock: Knock) -> Result<Response, Problem> {
    let token = token(&knock)?;
    let asked = at_desk(&app, knock.origin(), move |desk| desk.begin_passkey(&token)).await?;
    Ok(as_json(StatusCode::OK, &asked))
}

/// A passkey as the browser gives it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeySent {
    label: String,
    passkey: Value,
}

/// `PUT /api/v1/session/passkey`
pub async fn finish_passkey(
    State(app): State<Arc<App>>,
    knock: Knock,
    Accept(sent): Accept<PasskeySent>,
) -> Result<Response, Problem> {
    let (token, reply) = (token(&knock)?, sent.passkey.to_string());
    let added =
        at_desk(&app, knock.origin(), move |desk| desk.finish_passkey(&token, &sent.label, &reply));
    Ok(as_json(StatusCode::OK, &added_json(&added.await?)))
}

/// `GET /api/v1/account`
pub async fn own(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let id = caller.account.clone();
    let sessions = look(&app, caller.origin, move |desk| desk.sessions(&id)).await?;
    let account = caller.person.account();
    let key = |key: &crate::account::Passkey| json!({ "passkey": key.id(), "label": key.label, "added_at": key.added_at });
    let body = json!({
        "account": caller.account.as_str(),
        "factors": account.factors(),
        "passkeys": account.passkeys().map(key).collect::<Vec<Value>>(),
        "recovery_codes_left": account.recovery_codes_left(),
        "sessions": sessions.iter().map(session_json).collect::<Vec<Value>>(),
        "session": caller.person.session().id().to_string(),
    });
    Ok(as_json(StatusCode::OK, &body))
}

/// `POST /api/v1/account/recovery`: new codes, told once.
pub async fn recovery(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let codes = at_desk(&app, caller.origin, move |desk| desk.new_recovery_codes(&caller.token.0));
    let codes = codes.await?;
    let codes: Vec<&str> = codes.iter().map(|code| code.show()).collect();
    Ok(as_json(StatusCode::OK, &json!({ "recovery": codes })))
}

/// `DELETE /api/v1/account/app`
pub async fn remove_app(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    at_desk(&app, caller.origin, move |desk| desk.remove_factor(&caller.token.0, None)).await?;
    Ok(nothing())
}

/// `DELETE /api/v1/account/passkeys/{passkey}`
pub async fn remove_passkey(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let token = caller.token.0.clone();
    at_desk(&app, caller.origin, move |desk| desk.remove_factor(&token, Some(&key))).await?;
    Ok(nothing())
}

/// `DELETE /api/v1/account/sessions/{session}`
pub async fn end_session(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<Response, Problem> {
    let which = SessionId::parse(&session).ok_or_else(Problem::not_found)?;
    at_desk(&app, caller.origin, move |desk| desk.end_session(&caller.token.0, which)).await?;
    Ok(nothing())
}

/// `DELETE /api/v1/account/sessions`: all others.
pub async fn end_others(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    at_desk(&app, caller.origin, move |desk| desk.end_others(&caller.token.0)).await?;
    Ok(nothing())
}
