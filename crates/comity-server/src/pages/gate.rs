//! Before every page: the form is read, somebody is signed in, and what goes wrong becomes a
//! page that says what happened and what to do. What was typed is never lost: a form that comes
//! when the session has ended waits on the sign-in page.

use super::form::{CSRF_FIELD, Sent};
use super::frame::{Frame, go, show_as};
use super::sign_in;
use crate::app::App;
use crate::door::{self, CSRF_HEADER, Knock};
use crate::parcel::PARCEL_BYTES_MAX;
use crate::problem::{Found, Problem};
use crate::routes::{Needs, Route};
use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Most bytes of a form without files.
const FORM_BYTES_MAX: usize = 1 << 20;

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
        Ok(caller) => {
            parts.extensions.insert(knock);
            parts.extensions.insert(sent);
            if let Some(caller) = caller {
                parts.extensions.insert(caller);
            }
            let response = next.run(Request::from_parts(parts, Body::empty())).await;
            match response.extensions().get::<Problem>() {
                Some(problem) => page_of(app, &problem.clone()),
                None => response,
            }
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
    let bytes = to_bytes(body, max).await.map_err(|_| {
        let detail = format!(
            "what was sent to {path} is larger than {} MB, or the connection broke",
            max >> 20
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    })?;
    Sent::read(&knock.headers, bytes).await
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
