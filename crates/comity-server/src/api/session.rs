//! Sign-in and sign-out, and what people change of their own account.

use super::{Accept, as_json};
use crate::account::{NewSession, Proof, SignIn, Stage};
use crate::app::App;
use crate::door::{Caller, Knock, at_desk};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Name and password, or name and invitation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    account: String,
    password: String,
}

fn failed() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "sign-in-failed", "sign-in failed")
}

/// What a client is told of a session that started or went on.
fn started(new: &NewSession) -> Response {
    let stage = new.session.stage();
    let next = match stage {
        Stage::SecondFactor => "POST /api/v1/session/factor",
        Stage::Setup => "PUT /api/v1/session/password, then PUT /api/v1/session/app",
        Stage::Full | Stage::Software => "",
    };
    let done = matches!(stage, Stage::Full | Stage::Software);
    let status = if done { StatusCode::OK } else { StatusCode::ACCEPTED };
    let body = json!({ "token": new.token.show(), "stage": stage, "next": next,
                       "ends_at": new.session.ends_at });
    as_json(status, &body)
}

fn told(app: &App, knock: &Knock, sign_in: SignIn) -> Result<Response, Problem> {
    match counted(app, knock, sign_in) {
        SignIn::Failed => Err(failed()),
        SignIn::Started(new) => Ok(started(&new)),
    }
}

/// Counts how signing in went against the address that it came from.
pub(crate) fn counted(app: &App, knock: &Knock, sign_in: SignIn) -> SignIn {
    let now = app.door.now();
    let mut throttle = app.door.throttle();
    match (&sign_in, knock.address) {
        (SignIn::Failed, Some(address)) => throttle.failed(address, now),
        (SignIn::Started(new), Some(address)) if new.session.stage() == Stage::Full => {
            throttle.succeeded(address);
        }
        _ => {}
    }
    sign_in
}

/// An address that failed too often waits.
pub(crate) fn must_not_wait(app: &App, knock: &Knock) -> Result<(), Problem> {
    let Some(address) = knock.address else { return Ok(()) };
    let wait = app.door.throttle().wait(address, app.door.now());
    if wait.is_positive() {
        let detail = format!("too many failures from here; try again in {} s", wait.as_secs() + 1);
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "slow-down", detail));
    }
    Ok(())
}

fn token(knock: &Knock) -> Result<String, Problem> {
    knock.token().map(|(token, _)| token).ok_or_else(Problem::unauthorized)
}

/// `POST /api/v1/session`
pub async fn sign_in(
    State(app): State<Arc<App>>,
    knock: Knock,
    Accept(sent): Accept<Credentials>,
) -> Result<Response, Problem> {
    must_not_wait(&app, &knock)?;
    let came =
        at_desk(&app, knock.origin(), move |desk| desk.sign_in(&sent.account, &sent.password));
    let came = came.await?;
    told(&app, &knock, came)
}

/// A second factor, or for unlocking the password.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SentProof {
    /// The password.
    Password(String),
    /// A code of the authenticator app.
    App(String),
    /// A code of the printed list.
    Recovery(String),
    /// `PublicKeyCredential.toJSON()`.
    Passkey(Value),
}

impl SentProof {
    fn with<T>(&self, call: impl FnOnce(Proof<'_>) -> T) -> T {
        match self {
            SentProof::Password(text) => call(Proof::Password(text)),
            SentProof::App(text) => call(Proof::App(text)),
            SentProof::Recovery(text) => call(Proof::Recovery(text)),
            SentProof::Passkey(value) => call(Proof::Passkey(&value.to_string())),
        }
    }
}

/// `POST /api/v1/session/factor`
pub async fn factor(
    State(app): State<Arc<App>>,
    knock: Knock,
    Accept(proof): Accept<SentProof>,
) -> Result<Response, Problem> {
    must_not_wait(&app, &knock)?;
    let token = token(&knock)?;
    let came = at_desk(&app, knock.origin(), move |desk| {
        proof.with(|proof| desk.second_factor(&token, proof))
    });
    let came = came.await?;
    told(&app, &knock, came)
}

/// `POST /api/v1/session/unlock`: unlocks, or confirms who it is.
pub async fn unlock(
    State(app): State<Arc<App>>,
    knock: Knock,
    Accept(proof): Accept<SentProof>,
) -> Result<Response, Problem> {
    must_not_wait(&app, &knock)?;
    let token = token(&knock)?;
    let came =
        at_desk(&app, knock.origin(), move |desk| proof.with(|proof| desk.confirm(&token, proof)));
    let came = came.await?;
    told(&app, &knock, came)
}

/// A new password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[serde(default)]
    present: String,
    new: String,
}

/// `PUT /api/v1/session/password`
pub async fn password(
    State(app): State<Arc<App>>,
    knock: Knock,
    Accept(sent): Accept<NewPassword>,
) -> Result<Response, Problem> {
    must_not_wait(&app, &knock)?;
    let token = token(&knock)?;
    let came = at_desk(&app, knock.origin(), move |desk| {
        desk.set_password(&token, &sent.present, &sent.new)
    });
    let came = came.await?;
    told(&app, &knock, came)
}

/// `POST /api/v1/session/app`: a secret for an authenticator app.
pub async fn begin_app(State(app): State<Arc<App>>, knock: Knock) -> Result<Response, Problem> {
    let token = token(&knock)?;
    let setup = at_desk(&app, knock.origin(), move |desk| desk.begin_app(&token)).await?;
    let body = json!({ "secret": setup.secret.show(), "address": setup.address.show() });
    Ok(as_json(StatusCode::OK, &body))
}

/// A code of the app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppCode {
    code: String,
}

/// `PUT /api/v1/session/app`: adds the app by its first code.
pub async fn finish_app(
    State(app): State<Arc<App>>,
    knock: Knock,
    Accept(sent): Accept<AppCode>,
) -> Result<Response, Problem> {
    let token = token(&knock)?;
    let added = at_desk(&app, knock.origin(), move |desk| desk.finish_app(&token, &sent.code));
    let added = added.await?;
    let codes: Vec<&str> = added.recovery.iter().map(|code| code.show()).collect();
    let next = added.next.as_ref().map(|new| new.token.show());
    Ok(as_json(StatusCode::OK, &json!({ "recovery": codes, "token": next })))
}

/// `GET /api/v1/session`
pub async fn who(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let account = caller.person.account();
    let roles: Vec<_> = account.roles().collect();
    let may: Vec<String> = crate::account::Permission::all()
        .filter(|permission| caller.person.may(*permission))
        .map(|permission| permission.name())
        .collect();
    let body = json!({ "account": caller.account.as_str(), "roles": roles, "may": may,
                       "csrf": caller.person.csrf(), "party": app.party.as_str(),
                       "side": app.side, "ends_at": caller.person.session().ends_at });
    Ok(as_json(StatusCode::OK, &body))
}

/// `DELETE /api/v1/session`
pub async fn sign_out(
    State(app): State<Arc<App>>,
    knock: Knock,
    caller: Caller,
) -> Result<Response, Problem> {
    at_desk(&app, knock.origin(), move |desk| desk.sign_out(&caller.token.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
