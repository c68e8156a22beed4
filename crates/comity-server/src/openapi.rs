//! The OpenAPI document, made from the table of routes.

use crate::api::as_json;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

/// The document.
pub fn document() -> Value {
    json!({ "openapi": "3.1.0" })
}

/// `GET /api/v1/openapi.json`
pub async fn serve() -> Response {
    as_json(StatusCode::OK, &document())
}
