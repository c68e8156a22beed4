//! Before something dangerous its person shows again who it is. The page that asks keeps what
//! was typed, and sends it on together with the password: there is nothing to type twice.

use super::form::Sent;
use super::frame::{Frame, show_as};
use super::sign_in::set_cookie;
use crate::account::{FactorKind, Proof, SignIn};
use crate::app::App;
use crate::door::{Caller, Knock, at_desk, caller_of};
use crate::problem::Problem;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The field with the password, a code of the app, or a recovery code.
const SECRET: &str = "confirm_secret";

/// The field with what the browser says for a passkey.
const PASSKEY: &str = "confirm_passkey";

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    path: String,
    fields: Vec<(String, String)>,
    failed: String,
    /// What `navigator.credentials.get` is given; empty without passkeys.
    passkey: String,
}

/// How a form stands that may say again who sends it.
pub enum Shown {
    /// It says nothing of it.
    Not,
    /// It did, rightly: the session goes on under a new token.
    Rightly(Box<Caller>),
    /// It did, and wrongly: the page that asks again.
    Wrongly(Response),
}

/// Takes what a form says of who sends it.
///
/// # Errors
/// The store.
pub async fn take(
    app: &Arc<App>,
    knock: &Knock,
    caller: &Caller,
    path: &str,
    sent: &Sent,
) -> Result<Shown, Problem> {
    let (secret, passkey) = (sent.get(SECRET).to_owned(), sent.get(PASSKEY).to_owned());
    if secret.is_empty() && passkey.is_empty() {
        return Ok(Shown::Not);
    }
    if let Err(problem) = crate::api::session::must_not_wait(app, knock) {
        return ask(app, caller, path, sent, problem.detail).await.map(Shown::Wrongly);
    }
    let token = caller.token.0.clone();
    let confirmed =
        at_desk(app, knock.origin(), move |desk| desk.confirm(&token, proof_of(&secret, &passkey)));
    match crate::api::session::counted(app, knock, confirmed.await?) {
        SignIn::Started(new) => {
            let token = new.token.show().to_owned();
            let caller = caller_of(app, knock, token).await?.ok_or_else(Problem::unauthorized)?;
            Ok(Shown::Rightly(Box::new(caller)))
        }
        SignIn::Failed => {
            let failed = "This is not right, or the account is locked. Nothing was done yet; what \
                          you typed before is kept.";
            ask(app, caller, path, sent, failed.to_owned()).await.map(Shown::Wrongly)
        }
    }
}

/// What somebody typed: six digits are a code of the app, the form of the printed codes is one
/// of those, anything else is the password.
fn proof_of<'a>(secret: &'a str, passkey: &'a str) -> Proof<'a> {
    if secret.is_empty() {
        return Proof::Passkey(passkey);
    }
    let is_code = secret.len() == 6 && secret.bytes().all(|b| b.is_ascii_digit());
    if is_code { Proof::App(secret) } else { Proof::Password(secret) }
}

/// What the browser is given to show a passkey in a session; empty where there is none.
///
/// # Errors
/// The store.
pub async fn passkey_options(
    app: &Arc<App>,
    knock: &Knock,
    token: &str,
) -> Result<String, Problem> {
    let token = token.to_owned();
    let asked = at_desk(app, knock.origin(), move |desk| desk.passkey_request(&token)).await?;
    let has_some = asked["allowCredentials"].as_array().is_some_and(|list| !list.is_empty());
    Ok(if has_some { asked.to_string() } else { String::new() })
}

/// The page that asks.
///
/// # Errors
/// The store.
pub async fn ask(
    app: &Arc<App>,
    caller: &Caller,
    path: &str,
    sent: &Sent,
    failed: String,
) -> Result<Response, Problem> {
    let fields = sent.kept().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut passkey = String::new();
    if caller.person.account().factors().contains(&FactorKind::Passkey) {
        let token = caller.token.0.clone();
        let asked = at_desk(app, caller.origin, move |desk| desk.passkey_request(&token)).await?;
        passkey = asked.to_string();
    }
    let frame = Frame::of(app, caller, "Show again that it is you", "");
    let page = ConfirmPage { frame, path: path.to_owned(), fields, failed, passkey };
    show_as(StatusCode::FORBIDDEN, &page)
}

/// Gives the browser the new token.
pub fn keep(app: &App, response: &mut Response, caller: &Caller) {
    set_cookie(app, response, &caller.token.0);
}
