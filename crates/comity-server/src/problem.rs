//! Errors as RFC 9457 problem details. They say what was wrong, where, and what to do next, and
//! nothing of another person or account.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_exchange::case::Why;
use comity_model::Diagnostic;
use comity_node::NodeFault;
use comity_store::Fault;
use serde::Serialize;

/// One finding on what was sent.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Stable name.
    pub code: String,
    /// Where: a path in the body, a header, a parameter.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl From<&Diagnostic> for Found {
    fn from(d: &Diagnostic) -> Found {
        Found {
            code: d.code.to_owned(),
            path: d.path.clone(),
            message: d.message.clone(),
            help: d.help.clone(),
        }
    }
}

/// A problem.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// `https://comity.example/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short sentence that is the same for every problem of the kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time.
    pub detail: String,
    /// Stable name.
    pub code: String,
    /// The findings, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Found>,
    /// Commands that the case allows now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

impl Problem {
    /// A problem.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Problem {
        Problem {
            kind: format!("urn:comity:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            allowed: Vec::new(),
        }
    }

    /// What was sent cannot be read.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing, or not for this caller: both look the same.
    pub fn not_found() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "there is nothing here for you")
    }

    /// The caller's roles do not allow it.
    pub fn forbidden() -> Problem {
        let detail = "your roles do not allow this; an administrator can give you one that does";
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// Nobody is signed in.
    pub fn unauthorized() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "sign in first")
    }

    fn found(mut self, found: &[Diagnostic]) -> Problem {
        self.errors = found.iter().map(Found::from).collect();
        self
    }
}

impl From<NodeFault> for Problem {
    fn from(fault: NodeFault) -> Problem {
        let detail = fault.to_string();
        let code = fault.code().to_owned();
        match &fault {
            NodeFault::Refused(refusal) => {
                let status = match refusal.why {
                    Why::OtherVersion { .. } | Why::AdviceOutdated => {
                        StatusCode::PRECONDITION_FAILED
                    }
                    Why::WrongActor(_) | Why::OtherSide(_) => StatusCode::FORBIDDEN,
                    _ => StatusCode::CONFLICT,
                };
                let name = |name: &comity_exchange::case::CommandName| {
                    serde_json::to_value(name)
                        .ok()
                        .and_then(|v| v.as_str().map(str::to_owned))
                        .unwrap_or_default()
                };
                let mut problem = Problem::new(status, &code, detail);
                problem.allowed = refusal.allowed.iter().map(name).collect();
                problem
            }
            NodeFault::NoCase(_) => Problem::not_found(),
            NodeFault::Wrong(found) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &code, detail).found(found)
            }
            NodeFault::Unreceived(_) => Problem::new(StatusCode::CONFLICT, &code, detail),
            NodeFault::FileMissing(found) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Problem::new(status, &code, detail).found(std::slice::from_ref(found))
            }
            NodeFault::Damaged(_) => {
                let said = "what is stored does not open; the node's administrator was told";
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, &code, said)
            }
            NodeFault::Together(wrong) => match wrong.first() {
                Some((_, first)) => Problem::from(first.clone()),
                None => Problem::new(StatusCode::CONFLICT, &code, detail),
            },
            NodeFault::Store(fault) => Problem::from(fault.clone()),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        let status = match fault {
            Fault::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
            Fault::Misfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        // The words of a database can hold what was to be written.
        let detail = match &fault {
            Fault::Full(_) => "no space is left where the node stores; nothing was changed",
            Fault::ReadOnly(_) => "the node's store cannot be written; nothing was changed",
            Fault::Misfit(_) => {
                "something in it cannot be kept: instants are between 1677-09-21 and 2262-04-11, \
                 and no text holds a zero byte; nothing was changed"
            }
            _ => "the node's store does not answer now; try again",
        };
        Problem::new(status, fault.code(), detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.extensions_mut().insert(self);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
