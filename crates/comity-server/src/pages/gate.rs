//! Before every page: the form is read, somebody is signed in, and what goes wrong becomes a
//! page that says what happened and what to do. What was typed is never lost: a form that comes
//! when the session has ended waits on the sign-in page.

use super::confirm;
use super::form::{CSRF_FIELD, Sent};
use super::frame::{Frame, go, show_as};
use super::sign_in;
use crate::app::App;
use crate::door::{self, CSRF_HEADER, Caller, Knock};
use crate::parcel::PARCEL_BYTES_MAX;
use crate::problem::{Found, Problem};
use crate::routes::{Needs, Route};
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use std::sync::Arc;

/// Most bytes of a form without files.
const FORM_BYTES_MAX: usize = 1 << 20;

/// How much of a body that is too large is read to its end.
const THROWN_AWAY_BYTES_MAX: usize = 1 << 30;

/// Lets a page's request through.
pub async fn pass(
    app: &Arc<App>,
    route: &'static Route,
    mut knock: Knock,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let sent = match read(&knock, &path, body).await {
        Ok(sent) => sent,
        Err(problem) => return page_of(app, &problem),
    };
    if let Ok(token) = sent.get(CSRF_FIELD).parse() {
        knock.headers.insert(CSRF_HEADER, token);
    }
    // Forms before sign-in carry no session's token; that they are the node's own is seen by
    // where they come from.
    let admitted = match route.needs {
        Needs::Nobody => Ok(None),
        _ => door::admit(app, route, &knock).await,
    };
    match admitted {
        Ok(None) => {
            parts.extensions.insert(knock);
            parts.extensions.insert(sent);
            let response = next.run(Request::from_parts(parts, Body::empty())).await;
            match response.extensions().get::<Problem>() {
                Some(problem) => page_of(app, &problem.clone()),
                None => response,
            }
        }
        Ok(Some(caller)) => {
            let request = Request::from_parts(parts, Body::empty());
            answer(app, (knock, caller), (&path, sent), request, next)
                .await
                .unwrap_or_else(|problem| page_of(app, &problem))
        }
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED.as_u16() => {
            if knock.method.is_safe() {
                return go(&sign_in::path_to(&path));
            }
            sign_in::wait(app, &problem, &path, &sent).unwrap_or_else(|p| page_of(app, &p))
        }
        // The session that the form was made in has ended, and another has begun.
        Err(problem) if problem.code == "csrf" => {
            sign_in::again(app, &knock, &path, &sent).await.unwrap_or_else(|p| page_of(app, &p))
        }
        Err(problem) => page_of(app, &problem),
    }
}

/// The reply to somebody who is signed in. Where they must show again who they are, they are
/// asked, and what they sent waits on that page.
async fn answer(
    app: &Arc<App>,
    (knock, mut caller): (Knock, Caller),
    (path, sent): (&str, Sent),
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = confirm::take(app, &knock, &caller, path, &sent).await?;
    let is_new = match shown {
        confirm::Shown::Not => false,
        confirm::Shown::Wrongly(page) => return Ok(page),
        confirm::Shown::Rightly(confirmed) => {
            caller = *confirmed;
            true
        }
    };
    request.extensions_mut().insert(knock);
    request.extensions_mut().insert(sent.clone());
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    let mut response = match response.extensions().get::<Problem>().cloned() {
        Some(problem) if problem.code == "unconfirmed" => {
            confirm::ask(app, &caller, path, &sent, String::new()).await?
        }
        Some(problem) => page_of(app, &problem),
        None => response,
    };
    // What sets a token of its own has taken the session further already.
    if is_new && !response.headers().contains_key(header::SET_COOKIE) {
        confirm::keep(app, &mut response, &caller);
    }
    Ok(response)
}

async fn read(knock: &Knock, path: &str, body: Body) -> Result<Sent, Problem> {
    if knock.method != Method::POST {
        return Ok(Sent::default());
    }
    if !is_own(&knock.headers) {
        let detail = "this form was sent by another site; open the page here and send it again";
        return Err(Problem::new(StatusCode::FORBIDDEN, "other-site", detail));
    }
    let kind = knock.headers.get(header::CONTENT_TYPE).and_then(|k| k.to_str().ok());
    let has_files = kind.is_some_and(|k| k.starts_with("multipart/form-data"));
    let max = if has_files { PARCEL_BYTES_MAX } else { FORM_BYTES_MAX };
    let bytes = whole(body, max).await.ok_or_else(|| {
        let detail = format!(
            "what was sent to {path} is larger than {} MB, or the connection broke",
            max >> 20
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    })?;
    Sent::read(&knock.headers, bytes).await
}

/// A body of at most `max` bytes. Of a larger one the rest is read and thrown away, to an end: a
/// browser shows the reply only when it could send all.
async fn whole(body: Body, max: usize) -> Option<Bytes> {
    let mut kept = Vec::new();
    let mut read = 0;
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.ok()?;
        read += frame.len();
        if read <= max {
            kept.extend_from_slice(&frame);
        } else if read > THROWN_AWAY_BYTES_MAX {
            return None;
        }
    }
    (read <= max).then(|| kept.into())
}

/// True if a browser says that the form is the node's own, or says nothing of it.
fn is_own(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    site.is_none_or(|site| ["same-origin", "none"].contains(&site))
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    detail: String,
    next: &'static str,
    code: String,
    errors: Vec<Found>,
    allowed: Vec<String>,
}

/// What to do about a problem.
fn next_step(problem: &Problem) -> &'static str {
    match problem.code.as_str() {
        "not-found" => {
            "The address may be wrong, or the person may be another agency's. Go back to the list \
             and look there."
        }
        "forbidden" => "Ask an administrator of your office, or somebody whose role it is.",
        "own-account" => {
            "Nobody changes their own roles or lifts what holds them back. Ask another \
             administrator; if you are the only one, `comity node add-account` on the node's \
             machine makes a second."
        }
        "account-taken" => {
            "Choose another name. Names are never used again, so that the audit stays clear."
        }
        "account-changed" => "Open the account again and look at what it says now.",
        "no-account" | "no-session" => {
            "Somebody else may have ended it meanwhile. Open the list again."
        }
        "last-factor" => {
            "Add another second factor first: an app, or a passkey. Then remove this one."
        }
        "app-known" => "Remove the authenticator app that is set up now, and then add the new one.",
        "no-factor" => "Set up an authenticator app or a passkey first.",
        "passkeys-many" => "Remove a passkey that is not used any more, and then add the new one.",
        "slow-down" => "Wait as long as it says, and try again. Nothing is lost by waiting.",
        "backup-running" => "Wait until it has ended; the page of backups says when.",
        "bad-peer" | "bad-key" | "bad-key-name" | "bad-url" => {
            "Ask the other party for what `comity node show` prints on their machine, and paste \
             all of it, from the first brace to the last."
        }
        "other-site" => "Open the page on this node, and send the form from there.",
        "too-large" => "Send a smaller file. A ten-print card as WSQ has 1 to 2 MB.",
        "other-version" | "advice-outdated" => {
            "Somebody else recorded something meanwhile. Open the case again and look at what \
             changed; nothing of yours was recorded."
        }
        _ if problem.status >= 500 => {
            "Nothing was recorded. Try again in a moment; if it stays so, tell the administrator \
             of this node the code below."
        }
        _ => "Nothing was recorded. Go back, correct it, and send it again.",
    }
}

/// A problem as a page.
pub fn page_of(app: &App, problem: &Problem) -> Response {
    let title = match problem.status {
        404 => "There is nothing here for you",
        403 => "Your roles do not allow this",
        409 | 412 => "This cannot be done now",
        413 => "The file is too large",
        500.. => "The node could not do this",
        _ => "This cannot be done as it was sent",
    };
    let page = ProblemPage {
        frame: Frame::open(app, title),
        detail: problem.detail.clone(),
        next: next_step(problem),
        code: problem.code.clone(),
        errors: problem.errors.clone(),
        allowed: problem.allowed.iter().map(|a| super::words::plain(a)).collect(),
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    show_as(status, &page).unwrap_or_else(IntoResponse::into_response)
}

/// True if a browser asks, and not a program.
pub fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
