//! The API: what a handler reads and writes, one module per resource.

pub mod admin;
pub mod case_json;
pub mod cases;
pub mod desk;
pub mod exchange;
pub mod import;
pub mod ledger;
pub mod own;
pub mod session;
pub mod webhooks;

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_exchange::case::CaseId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Most lines of one page of a list.
const LIMIT_MAX: usize = 1000;

/// A body of JSON, with an error that names its place.
pub struct Accept<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Accept<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_json = kind
            .and_then(|k| k.to_str().ok())
            .is_some_and(|k| k.split(';').next().is_some_and(|k| k.trim() == "application/json"));
        if !is_json {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "not-json", "the body is `application/json`"));
        }
        let body = Bytes::from_request(request, state).await.map_err(|e| {
            let status = e.status();
            Problem::new(status, "bad-body", e.body_text())
        })?;
        serde_json::from_slice(&body).map(Accept).map_err(|e| {
            let status = if e.is_data() {
                StatusCode::UNPROCESSABLE_ENTITY
            } else {
                StatusCode::BAD_REQUEST
            };
            let what = without_values(&e.to_string(), &body);
            Problem::new(status, "bad-body", format!("the body cannot be read: {what}"))
        })
    }
}

/// A message about a body without the words of the body that it repeats: a name that stands in
/// the wrong field is not said again. Where it is wrong, and what is expected, stays.
fn without_values(message: &str, body: &[u8]) -> String {
    let (found, expected) = message.split_at(message.rfind(", expected ").unwrap_or(message.len()));
    let mut found = found.to_owned();
    // What is no JSON is told by its place alone.
    let Ok(value) = serde_json::from_slice(body) else { return message.to_owned() };
    let mut words = Vec::new();
    words_of(&value, &mut words);
    for word in words {
        for told in [format!("`{word}`"), format!("{word:?}")] {
            if found.contains(&told) {
                found = found.replace(&told, "`…`").replace(word.as_str(), "…");
            }
        }
    }
    found + expected
}

fn words_of<'a>(value: &'a Value, words: &mut Vec<&'a String>) {
    match value {
        Value::String(word) => words.push(word),
        Value::Array(values) => values.iter().for_each(|value| words_of(value, words)),
        Value::Object(members) => {
            for (name, value) in members {
                words.push(name);
                words_of(value, words);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The query of an address, with an error that says what is wrong with it.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Query(query)),
            Err(e) => Err(Problem::bad_request("bad-query", e.body_text())),
        }
    }
}

/// The parts of a path, with an error that says what is wrong with them.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Path(path)),
            Err(e) => Err(Problem::bad_request("bad-path", e.body_text())),
        }
    }
}

/// A reply.
pub fn as_json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let kind = HeaderValue::from_static("application/json");
            (status, [(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
        Err(e) => {
            tracing::error!("a reply cannot be written: {e}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "the reply cannot be written")
                .into_response()
        }
    }
}

/// The case that a path names.
pub fn id_of(text: &str) -> Result<CaseId, Problem> {
    CaseId::parse(text).ok_or_else(Problem::not_found)
}

/// The length of a page.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(50),
        Some(n @ 1..=LIMIT_MAX) => Ok(n),
        Some(_) => {
            let detail = format!("`limit` is a number from 1 to {LIMIT_MAX}");
            Err(Problem::bad_request("bad-limit", detail))
        }
    }
}

/// Something is not as it should be for a moment.
pub fn later() -> Problem {
    Problem::from(comity_store::Fault::Busy("unexpected".to_owned()))
}
