//! Signing in and out, with what was typed when a session ended kept for afterwards.

use super::form::Sent;
use super::frame::{Frame, go, show, show_as};
use super::{PageRoute, confirm, page, qr};
use crate::account::{AppSetup, NewSession, Proof, SignIn, Stage};
use crate::api::Query;
use crate::app::App;
use crate::door::{Caller, Knock, at_desk, present};
use crate::problem::Problem;
use crate::routes::Needs;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::Arc;

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/", Needs::Nobody, "Where a visit begins", || get(start)),
    page("GET", "/sign-in", Needs::Nobody, "Sign in", || get(show_sign_in)),
    page("POST", "/sign-in", Needs::Nobody, "Sign in", || post(sign_in)),
    page("POST", "/sign-in/agency", Needs::Nobody, "Go to the agency's own sign-in", || {
        post(to_agency)
    }),
    page("GET", crate::outside::BACK, Needs::Nobody, "Back from the agency's own sign-in", || {
        get(from_agency)
    }),
    page("GET", "/sign-in/factor", Needs::Nobody, "The second factor", || get(show_factor)),
    page("POST", "/sign-in/factor", Needs::Nobody, "The second factor", || post(factor)),
    page("GET", "/sign-in/password", Needs::Nobody, "Choose a password", || get(show_password)),
    page("POST", "/sign-in/password", Needs::Nobody, "Choose a password", || post(password)),
    page("GET", "/sign-in/app", Needs::Nobody, "Add an authenticator app", || get(show_app)),
    page("POST", "/sign-in/app", Needs::Nobody, "Add an authenticator app", || post(add_app)),
    page("POST", "/sign-out", Needs::SignedIn, "Sign out", || post(sign_out)),
];

/// What waits until somebody is signed in: a page to open, or a form to send.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// The page.
    path: String,
    /// The form's fields; empty for a page that is opened.
    fields: String,
}

impl Waiting {
    fn page(path: String) -> Waiting {
        Waiting { path, fields: String::new() }
    }

    fn of(sent: &Sent) -> Waiting {
        Waiting {
            path: sent.get("wait_path").to_owned(),
            fields: sent.get("wait_fields").to_owned(),
        }
    }

    /// A path of this node; anything else leads to the start.
    fn path(&self) -> &str {
        let own = self.path.starts_with('/') && !self.path.starts_with("//");
        if own && !self.path.contains(['\\', '\r', '\n']) { &self.path } else { "/" }
    }

    fn fields(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.fields.as_bytes()).into_owned().collect()
    }
}

/// The sign-in page on the way to another page.
pub fn path_to(path: &str) -> String {
    if path == "/" {
        return "/sign-in".to_owned();
    }
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/sign-in?next={next}")
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    account: String,
    failed: String,
    waiting: Waiting,
    is_locked: bool,
    /// The agency's own sign-in; empty without one.
    outside: String,
}

/// On the way to the agency's own sign-in. A page and no redirect: a form may lead nowhere but to
/// this node (`form-action`).
#[derive(Template)]
#[template(path = "sign_in_agency.html")]
struct AgencyPage {
    frame: Frame,
    name: String,
    address: String,
}

#[derive(Template)]
#[template(path = "sign_in_factor.html")]
struct FactorPage {
    frame: Frame,
    failed: String,
    waiting: Waiting,
    /// What `navigator.credentials.get` is given; empty without passkeys.
    passkey: String,
}

#[derive(Template)]
#[template(path = "sign_in_password.html")]
struct PasswordPage {
    frame: Frame,
    failed: String,
    waiting: Waiting,
}

#[derive(Template)]
#[template(path = "sign_in_app.html")]
struct AppPage {
    frame: Frame,
    setup: AppSetup,
    qr: qr::Qr,
    action: &'static str,
    failed: String,
    waiting: Waiting,
}

/// Recovery codes, shown once.
#[derive(Template)]
#[template(path = "recovery.html")]
pub(super) struct RecoveryPage {
    /// Around it.
    pub frame: Frame,
    /// The codes.
    pub codes: Vec<String>,
    /// Where to go then.
    pub next: String,
}

#[derive(Template)]
#[template(path = "send_again.html")]
struct AgainPage {
    frame: Frame,
    path: String,
    fields: Vec<(String, String)>,
    shown: Vec<(String, String)>,
}

/// `GET /`
async fn start(State(app): State<Arc<App>>, knock: Knock) -> Response {
    match present(&app, &knock).await {
        Ok(Some(caller)) => go(home_of(&app, &caller)),
        _ => go("/sign-in"),
    }
}

/// The first page of somebody: the first that the head links to.
fn home_of(app: &App, caller: &Caller) -> &'static str {
    let frame = Frame::of(app, caller, "", "");
    frame.links.first().map_or("/account", |link| link.href)
}

#[derive(Debug, Deserialize)]
struct NextQuery {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
async fn show_sign_in(
    State(app): State<Arc<App>>,
    Query(query): Query<NextQuery>,
) -> Result<Response, Problem> {
    let waiting = Waiting::page(query.next);
    show(&SignInPage::of(&app, "Sign in", waiting))
}

impl SignInPage {
    fn of(app: &App, title: &str, waiting: Waiting) -> SignInPage {
        SignInPage {
            frame: Frame::open(app, title),
            account: String::new(),
            failed: String::new(),
            waiting,
            is_locked: false,
            outside: app.outside.as_ref().map_or_else(String::new, |o| o.name().to_owned()),
        }
    }
}

/// `POST /sign-in/agency`
async fn to_agency(
    State(app): State<Arc<App>>,
    knock: Knock,
    sent: Sent,
) -> Result<Response, Problem> {
    let outside = app.outside.as_ref().ok_or_else(Problem::not_found)?;
    crate::api::session::must_not_wait(&app, &knock)?;
    let (address, word) = outside.begin(app.door.now(), Waiting::of(&sent)).await?;
    let (frame, name) = (Frame::open(&app, "On the way"), outside.name().to_owned());
    let mut response = show(&AgencyPage { frame, name, address })?;
    set_agency_cookie(&app, &mut response, &word);
    Ok(response)
}

/// What a provider sends a browser back with.
#[derive(Debug, Deserialize)]
struct BackQuery {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

/// `GET /sign-in/agency/back`
async fn from_agency(
    State(app): State<Arc<App>>,
    knock: Knock,
    Query(query): Query<BackQuery>,
) -> Result<Response, Problem> {
    let outside = app.outside.as_ref().ok_or_else(Problem::not_found)?;
    crate::api::session::must_not_wait(&app, &knock)?;
    let word = knock.cookie(&agency_cookie(&app)).unwrap_or_default();
    let back = outside.end(app.door.now(), &word, (&query.state, &query.code)).await?;
    let (failed, waiting) = match back {
        None => ("This sign-in is over, or was begun in another browser.", Waiting::default()),
        Some(back) => {
            let claims = back.claims;
            let is_believed = claims.is_ok();
            let came_in =
                at_desk(&app, knock.origin(), move |desk| desk.sign_in_outside(claims.clone()));
            match crate::api::session::counted(&app, &knock, came_in.await?) {
                SignIn::Started(new) => {
                    let mut response = arrived(&app, &knock, &new, &back.kept).await?;
                    set_agency_cookie(&app, &mut response, "");
                    return Ok(response);
                }
                SignIn::Failed if !is_believed => (
                    "What came back from your agency's sign-in could not be believed. Begin again.",
                    back.kept,
                ),
                SignIn::Failed => (
                    "Your agency's sign-in let you in, but no account here is yours, or it is \
                     locked. An administrator can say whose account it is.",
                    back.kept,
                ),
            }
        }
    };
    let mut page = SignInPage::of(&app, "Sign in", waiting);
    failed.clone_into(&mut page.failed);
    let mut response = show_as(StatusCode::UNAUTHORIZED, &page)?;
    set_agency_cookie(&app, &mut response, "");
    Ok(response)
}

fn agency_cookie(app: &App) -> String {
    format!("{}-agency", app.door.cookie())
}

/// The sign-in page for a form that came without a session. Nothing typed is lost.
///
/// # Errors
/// The page cannot be written.
pub fn wait(app: &App, problem: &Problem, path: &str, sent: &Sent) -> Result<Response, Problem> {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.extend_pairs(sent.kept());
    let mut failed = match problem.code.as_str() {
        "locked" => "Your session was locked because nothing was done for a while.",
        _ => "Your session has ended.",
    }
    .to_owned();
    failed.push_str(" What you typed is kept: sign in, look at it again, and send it.");
    if sent.has_files() {
        failed.push_str(" Files are not kept: choose them again.");
    }
    let waiting = Waiting { path: path.to_owned(), fields: fields.finish() };
    let page =
        SignInPage { failed, is_locked: true, ..SignInPage::of(app, "Sign in to go on", waiting) };
    show_as(StatusCode::UNAUTHORIZED, &page)
}

/// What was typed in a session that has ended, shown in the present one, to be sent again.
///
/// # Errors
/// Nobody is signed in.
pub async fn again(
    app: &Arc<App>,
    knock: &Knock,
    path: &str,
    sent: &Sent,
) -> Result<Response, Problem> {
    let caller = present(app, knock).await?.ok_or_else(Problem::unauthorized)?;
    let own = |pairs: Vec<(&str, &str)>| {
        pairs.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    };
    again_page(app, &caller, path.to_owned(), own(sent.kept().collect()))
}

fn again_page(
    app: &App,
    caller: &Caller,
    path: String,
    fields: Vec<(String, String)>,
) -> Result<Response, Problem> {
    let hidden = ["key", "version", "step", "go"];
    let shown = fields
        .iter()
        .filter(|(name, value)| !hidden.contains(&name.as_str()) && !value.is_empty())
        .map(|(name, value)| (super::words::sentence(&super::words::plain(name)), value.clone()))
        .collect();
    let frame = Frame::of(app, caller, "Look again, and send", "");
    show(&AgainPage { frame, path, fields, shown })
}

/// A session that started or went on: its cookie, and the next page.
fn came(app: &App, new: &NewSession, waiting: &Waiting) -> Response {
    let mut response = match new.session.stage() {
        Stage::SecondFactor => go(&on_the_way("/sign-in/factor", waiting)),
        Stage::Setup => go(&on_the_way("/sign-in/password", waiting)),
        Stage::Full | Stage::Software => go(waiting.path()),
    };
    set_cookie(app, &mut response, new.token.show());
    response
}

fn on_the_way(step: &str, waiting: &Waiting) -> String {
    let next: String = form_urlencoded::byte_serialize(waiting.path().as_bytes()).collect();
    format!("{step}?next={next}")
}

/// Gives the browser a token.
pub(super) fn set_cookie(app: &App, response: &mut Response, token: &str) {
    set_named_cookie(app, response, &app.door.cookie(), token);
}

/// Gives the browser the word of a sign-in that is under way elsewhere; takes it back if empty.
fn set_agency_cookie(app: &App, response: &mut Response, word: &str) {
    set_named_cookie(app, response, &agency_cookie(app), word);
}

fn set_named_cookie(app: &App, response: &mut Response, name: &str, token: &str) {
    let secure = if app.door.is_secure() { "; Secure" } else { "" };
    let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{ends}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// `POST /sign-in`
async fn sign_in(
    State(app): State<Arc<App>>,
    knock: Knock,
    sent: Sent,
) -> Result<Response, Problem> {
    let waiting = Waiting::of(&sent);
    let (name, secret) = (sent.get("account").to_lowercase(), sent.get("password").to_owned());
    let account = name.clone();
    let failed = match crate::api::session::must_not_wait(&app, &knock) {
        Err(problem) => problem.detail,
        Ok(()) => {
            let came_in = at_desk(&app, knock.origin(), move |desk| desk.sign_in(&name, &secret));
            match crate::api::session::counted(&app, &knock, came_in.await?) {
                SignIn::Started(new) => return arrived(&app, &knock, &new, &waiting).await,
                SignIn::Failed => {
                    "The name or the password is wrong, or the account is locked. After five \
                     failures an account locks; an administrator can release it."
                        .to_owned()
                }
            }
        }
    };
    let page = SignInPage { account, failed, ..SignInPage::of(&app, "Sign in", waiting) };
    show_as(StatusCode::UNAUTHORIZED, &page)
}

/// Signed in; where a form waits, it is shown again first.
async fn arrived(
    app: &Arc<App>,
    knock: &Knock,
    new: &NewSession,
    waiting: &Waiting,
) -> Result<Response, Problem> {
    if waiting.fields.is_empty() || new.session.stage() != Stage::Full {
        return Ok(came(app, new, waiting));
    }
    let known = new.token.show().to_owned();
    let caller = crate::door::caller_of(app, knock, known).await?;
    let caller = caller.ok_or_else(Problem::unauthorized)?;
    let mut response = again_page(app, &caller, waiting.path().to_owned(), waiting.fields())?;
    set_cookie(app, &mut response, new.token.show());
    Ok(response)
}

fn token(knock: &Knock) -> Result<String, Problem> {
    knock.token().map(|(token, _)| token).ok_or_else(Problem::unauthorized)
}

/// `GET /sign-in/factor`
async fn show_factor(
    State(app): State<Arc<App>>,
    knock: Knock,
    Query(query): Query<NextQuery>,
) -> Result<Response, Problem> {
    let waiting = Waiting::page(query.next);
    factor_page(&app, &knock, waiting, String::new()).await
}

async fn factor_page(
    app: &Arc<App>,
    knock: &Knock,
    waiting: Waiting,
    failed: String,
) -> Result<Response, Problem> {
    let status = if failed.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    // A session that is over gives no options, and the form says then what is wrong.
    let passkey = match token(knock) {
        Ok(token) => confirm::passkey_options(app, knock, &token).await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    let frame = Frame::open(app, "Show that it is you");
    show_as(status, &FactorPage { frame, failed, waiting, passkey })
}

/// `POST /sign-in/factor`
async fn factor(
    State(app): State<Arc<App>>,
    knock: Knock,
    sent: Sent,
) -> Result<Response, Problem> {
    let waiting = Waiting::of(&sent);
    let failed = match crate::api::session::must_not_wait(&app, &knock) {
        Err(problem) => problem.detail,
        Ok(()) => {
            let (token, code) = (token(&knock)?, sent.get("code").replace(' ', ""));
            let passkey = sent.get("confirm_passkey").to_owned();
            let is_passkey = !passkey.is_empty();
            let shown = at_desk(&app, knock.origin(), move |desk| {
                let proof = match code.len() {
                    _ if is_passkey => Proof::Passkey(&passkey),
                    6 => Proof::App(&code),
                    _ => Proof::Recovery(&code),
                };
                desk.second_factor(&token, proof)
            });
            match crate::api::session::counted(&app, &knock, shown.await?) {
                SignIn::Started(new) => return arrived(&app, &knock, &new, &waiting).await,
                SignIn::Failed if is_passkey => {
                    "The passkey is not one of this account, or it came too late. Try again, or \
                     use the app or a recovery code."
                        .to_owned()
                }
                SignIn::Failed => "This is not the code that the app shows now.".to_owned(),
            }
        }
    };
    factor_page(&app, &knock, waiting, failed).await
}

/// `GET /sign-in/password`
async fn show_password(
    State(app): State<Arc<App>>,
    Query(query): Query<NextQuery>,
) -> Result<Response, Problem> {
    let waiting = Waiting::page(query.next);
    show(&PasswordPage {
        frame: Frame::open(&app, "Choose a password"),
        failed: String::new(),
        waiting,
    })
}

/// `POST /sign-in/password`
async fn password(
    State(app): State<Arc<App>>,
    knock: Knock,
    sent: Sent,
) -> Result<Response, Problem> {
    let waiting = Waiting::of(&sent);
    let token = token(&knock)?;
    let (present, new) = (sent.get("present").to_owned(), sent.get("new").to_owned());
    let failed = if new == sent.get("again") {
        let set =
            at_desk(&app, knock.origin(), move |desk| desk.set_password(&token, &present, &new));
        match set.await {
            Ok(SignIn::Started(new)) => {
                if new.session.stage() == Stage::Setup {
                    let mut response = go(&on_the_way("/sign-in/app", &waiting));
                    set_cookie(&app, &mut response, new.token.show());
                    return Ok(response);
                }
                return arrived(&app, &knock, &new, &waiting).await;
            }
            Ok(SignIn::Failed) => "The present password is wrong.".to_owned(),
            Err(problem) if problem.status == 422 => super::words::sentence(&problem.detail),
            Err(problem) => return Err(problem),
        }
    } else {
        "The two are not the same.".to_owned()
    };
    let frame = Frame::open(&app, "Choose a password");
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &PasswordPage { frame, failed, waiting })
}

/// `GET /sign-in/app`
async fn show_app(
    State(app): State<Arc<App>>,
    knock: Knock,
    Query(query): Query<NextQuery>,
) -> Result<Response, Problem> {
    let waiting = Waiting::page(query.next);
    app_page(&app, &knock, waiting, String::new()).await
}

async fn app_page(
    app: &Arc<App>,
    knock: &Knock,
    waiting: Waiting,
    failed: String,
) -> Result<Response, Problem> {
    let token = token(knock)?;
    let setup = at_desk(app, knock.origin(), move |desk| desk.begin_app(&token)).await?;
    let frame = Frame::open(app, "Add your authenticator app");
    let qr = qr::Qr::of(setup.address.show());
    show(&AppPage { frame, setup, qr, action: "/sign-in/app", failed, waiting })
}

/// The page with the secret of an authenticator app, for somebody who is signed in.
///
/// # Errors
/// The page cannot be written.
pub(super) fn app_setup_page(
    frame: Frame,
    setup: AppSetup,
    action: &'static str,
    failed: String,
) -> Result<Response, Problem> {
    let qr = qr::Qr::of(setup.address.show());
    show(&AppPage { frame, setup, qr, action, failed, waiting: Waiting::default() })
}

/// `POST /sign-in/app`
async fn add_app(
    State(app): State<Arc<App>>,
    knock: Knock,
    sent: Sent,
) -> Result<Response, Problem> {
    let waiting = Waiting::of(&sent);
    let (token, code) = (token(&knock)?, sent.get("code").replace(' ', ""));
    let added = at_desk(&app, knock.origin(), move |desk| desk.finish_app(&token, &code)).await;
    let added = match added {
        Err(problem) if problem.status == 422 => {
            return app_page(&app, &knock, waiting, super::words::sentence(&problem.detail)).await;
        }
        added => added?,
    };
    let codes = added.recovery.iter().map(|code| code.show().to_owned()).collect();
    let frame = Frame::open(&app, "Keep these codes");
    let mut response = show(&RecoveryPage { frame, codes, next: waiting.path().to_owned() })?;
    if let Some(new) = &added.next {
        set_cookie(&app, &mut response, new.token.show());
    }
    Ok(response)
}

/// `POST /sign-out`
async fn sign_out(
    State(app): State<Arc<App>>,
    knock: Knock,
    caller: Caller,
) -> Result<Response, Problem> {
    at_desk(&app, knock.origin(), move |desk| desk.sign_out(&caller.token.0)).await?;
    let mut response = go("/sign-in").into_response();
    set_cookie(&app, &mut response, "");
    Ok(response)
}
