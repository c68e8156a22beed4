//! One's own account: password, second factors, recovery codes, sessions.

use super::form::Sent;
use super::frame::{Frame, go, show, show_as};
use super::sign_in::{RecoveryPage, app_setup_page, set_cookie};
use super::{PageRoute, needs, page, words};
use crate::account::{FactorAdded, FactorKind, RECOVERY_CODES, Secret, SessionId, SignIn};
use crate::account::{Permission, Session};
use crate::api::Query;
use crate::app::App;
use crate::door::{Caller, Knock, at_desk, look};
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::Arc;

const OWN: crate::routes::Needs = needs(Permission::OwnAccount);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/account", OWN, "Your own account", || get(own)),
    page("POST", "/account/password", OWN, "Change your password", || post(password)),
    page("POST", "/account/app/begin", OWN, "Begin to add an authenticator app", || {
        post(begin_app)
    }),
    page("POST", "/account/app", OWN, "Add the authenticator app", || post(add_app)),
    page("POST", "/account/app/remove", OWN, "Remove the authenticator app", || post(remove_app)),
    page("POST", "/account/recovery", OWN, "Make new recovery codes", || post(recovery)),
    page("POST", "/account/passkeys/begin", OWN, "Begin to add a passkey", || post(begin_passkey)),
    page("POST", "/account/passkeys", OWN, "Add a passkey", || post(add_passkey)),
    page("POST", "/account/passkeys/remove", OWN, "Remove a passkey", || post(remove_passkey)),
    page("POST", "/account/sessions/end", OWN, "End one of your sessions", || post(end_one)),
    page("POST", "/account/sessions/end-others", OWN, "End all your other sessions", || {
        post(end_others)
    }),
];

/// What was just done, by its name in the address.
const DONE: &[(&str, &str)] = &[
    ("password", "Your password is changed. Your other sessions have ended."),
    ("app", "The authenticator app is added."),
    ("app-removed", "The authenticator app is removed."),
    ("passkey", "The passkey is added."),
    ("passkey-removed", "The passkey is removed."),
    ("ended", "The session has ended."),
    ("others", "All your other sessions have ended."),
];

struct Key {
    id: String,
    label: String,
    added: String,
}

struct Line {
    id: String,
    started: String,
    seen: String,
    ends: String,
    origin: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    failed: String,
    has_password: bool,
    has_app: bool,
    keys: Vec<Key>,
    recovery_left: usize,
    recovery_all: usize,
    has_factor: bool,
    sessions: Vec<Line>,
}

#[derive(Template)]
#[template(path = "account_passkey.html")]
struct PasskeyPage {
    frame: Frame,
    options: String,
    label: String,
    failed: String,
}

#[derive(Debug, Deserialize)]
struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// `GET /account`
async fn own(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    own_page(&app, &caller, &query.done, String::new()).await
}

async fn own_page(
    app: &Arc<App>,
    caller: &Caller,
    done: &str,
    failed: String,
) -> Result<Response, Problem> {
    let id = caller.account.clone();
    let sessions = look(app, caller.origin, move |desk| desk.sessions(&id)).await?;
    let mut frame = Frame::of(app, caller, "Your account", "/account");
    if let Some((_, says)) = DONE.iter().find(|(name, _)| *name == done) {
        (*says).clone_into(&mut frame.done);
    }
    let account = caller.person.account();
    let key = |key: &crate::account::Passkey| Key {
        id: key.id(),
        label: key.label.clone(),
        added: frame.at(&key.added_at),
    };
    let line = |session: &Session| Line {
        id: session.id().to_string(),
        started: frame.at(&session.started_at()),
        seen: frame.at(&session.seen_at()),
        ends: frame.at(&session.ends_at),
        origin: session.origin().to_owned(),
        is_this: session.id() == caller.person.session().id(),
    };
    let status = if failed.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AccountPage {
        failed,
        has_password: account.has_password(),
        has_app: account.factors().contains(&FactorKind::App),
        keys: account.passkeys().map(key).collect(),
        recovery_left: account.recovery_codes_left(),
        recovery_all: RECOVERY_CODES,
        has_factor: !account.factors().is_empty(),
        sessions: sessions.iter().map(line).collect(),
        frame,
    };
    show_as(status, &page)
}

fn done(what: &str) -> Response {
    go(&format!("/account?done={what}"))
}

/// `POST /account/password`
async fn password(
    State(app): State<Arc<App>>,
    knock: Knock,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let again = |why: &str| own_page(&app, &caller, "", why.to_owned());
    let (present, new) = (sent.get("password_present"), sent.get("password_new"));
    if new != sent.get("password_again") {
        return again("The two new passwords are not the same. Nothing was changed.").await;
    }
    if let Err(problem) = crate::api::session::must_not_wait(&app, &knock) {
        return again(&words::sentence(&problem.detail)).await;
    }
    let (token, present, new) = (caller.token.0.clone(), present.to_owned(), new.to_owned());
    let set = at_desk(&app, knock.origin(), move |desk| desk.set_password(&token, &present, &new));
    let set = match set.await {
        Err(problem) if problem.status == 422 => {
            return again(&(words::sentence(&problem.detail) + ".")).await;
        }
        set => crate::api::session::counted(&app, &knock, set?),
    };
    match set {
        SignIn::Failed => again("The present password is wrong. Nothing was changed.").await,
        SignIn::Started(new) => {
            let mut response = done("password");
            set_cookie(&app, &mut response, new.token.show());
            Ok(response)
        }
    }
}

/// `POST /account/app/begin`
async fn begin_app(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    app_page(&app, &caller, String::new()).await
}

async fn app_page(app: &Arc<App>, caller: &Caller, failed: String) -> Result<Response, Problem> {
    let token = caller.token.0.clone();
    let setup = at_desk(app, caller.origin, move |desk| desk.begin_app(&token)).await?;
    let frame = Frame::of(app, caller, "Add your authenticator app", "/account");
    app_setup_page(frame, setup, "/account/app", failed)
}

/// `POST /account/app`
async fn add_app(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let (token, code) = (caller.token.0.clone(), sent.get("code").replace(' ', ""));
    let added = at_desk(&app, caller.origin, move |desk| desk.finish_app(&token, &code)).await;
    match added {
        Err(problem) if problem.code == "wrong-code" => {
            // Another secret is made: one that was shown longer than a code lives is better gone.
            let failed = "That was not the code that the app showed. Here is a new secret: remove \
                          the entry that you just made in the app, and read this one.";
            app_page(&app, &caller, failed.to_owned()).await
        }
        added => factor_added(&app, &caller, &added?, "app"),
    }
}

fn factor_added(
    app: &App,
    caller: &Caller,
    added: &FactorAdded,
    what: &str,
) -> Result<Response, Problem> {
    if added.recovery.is_empty() {
        return Ok(done(what));
    }
    codes_page(app, caller, &added.recovery, &format!("/account?done={what}"))
}

fn codes_page(
    app: &App,
    caller: &Caller,
    codes: &[Secret],
    next: &str,
) -> Result<Response, Problem> {
    let frame = Frame::of(app, caller, "Keep these codes", "/account");
    let codes = codes.iter().map(|code| code.show().to_owned()).collect();
    show(&RecoveryPage { frame, codes, next: next.to_owned() })
}

/// `POST /account/app/remove`
async fn remove_app(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    at_desk(&app, caller.origin, move |desk| desk.remove_factor(&caller.token.0, None)).await?;
    Ok(done("app-removed"))
}

/// `POST /account/recovery`
async fn recovery(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let token = caller.token.0.clone();
    let codes = at_desk(&app, caller.origin, move |desk| desk.new_recovery_codes(&token)).await?;
    codes_page(&app, &caller, &codes, "/account")
}

/// `POST /account/passkeys/begin`
async fn begin_passkey(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    passkey_page(&app, &caller, "", String::new()).await
}

async fn passkey_page(
    app: &Arc<App>,
    caller: &Caller,
    label: &str,
    failed: String,
) -> Result<Response, Problem> {
    let token = caller.token.0.clone();
    let options = at_desk(app, caller.origin, move |desk| desk.begin_passkey(&token)).await?;
    let frame = Frame::of(app, caller, "Add a passkey", "/account");
    let (options, label) = (options.to_string(), label.to_owned());
    show(&PasskeyPage { frame, options, label, failed })
}

/// `POST /account/passkeys`
async fn add_passkey(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let token = caller.token.0.clone();
    let (label, reply) = (sent.get("label").to_owned(), sent.get("confirm_reply").to_owned());
    let named = label.clone();
    let added =
        at_desk(&app, caller.origin, move |desk| desk.finish_passkey(&token, &named, &reply));
    match added.await {
        Err(problem) if problem.status == 422 => {
            let failed = format!(
                "{} ({}). Try again; nothing was added.",
                words::sentence(&problem.detail),
                problem.code
            );
            passkey_page(&app, &caller, &label, failed).await
        }
        added => factor_added(&app, &caller, &added?, "passkey"),
    }
}

/// `POST /account/passkeys/remove`
async fn remove_passkey(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let key = sent.get("passkey").to_owned();
    let token = caller.token.0.clone();
    at_desk(&app, caller.origin, move |desk| desk.remove_factor(&token, Some(&key))).await?;
    Ok(done("passkey-removed"))
}

/// `POST /account/sessions/end`
async fn end_one(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = SessionId::parse(sent.get("session")).ok_or_else(Problem::not_found)?;
    at_desk(&app, caller.origin, move |desk| desk.end_session(&caller.token.0, id)).await?;
    Ok(done("ended"))
}

/// `POST /account/sessions/end-others`
async fn end_others(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    at_desk(&app, caller.origin, move |desk| desk.end_others(&caller.token.0)).await?;
    Ok(done("others"))
}
