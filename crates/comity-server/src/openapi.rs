//! The OpenAPI 3.1 document, made from the table of routes; checked in as
//! `docs/reference/openapi.json` and compared by a test.

use crate::api::as_json;
use crate::routes::{Body, Needs, ROUTES, Route};
use axum::http::StatusCode;
use axum::response::Response;
use comity_exchange::case::TaskKind;
use serde_json::{Map, Value, json};

/// Schemas of what is sent; every one is named by a route or by another one.
const SCHEMAS: &str = include_str!("schemas.json");

/// The document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.to_lowercase(), operation(route));
        }
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Comity",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One node of the federal-local custody exchange. Who may call what: docs/reference/permissions.md.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "http", "scheme": "bearer",
                             "description": "The token that signing in gives, or a program's." },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("summary", route.says.into());
    put("operationId", operation_id(route).into());
    match route.needs {
        Needs::Nobody => put("security", json!([])),
        Needs::SignedIn | Needs::Command | Needs::Permission(_) => {
            put("security", json!([{ "session": [] }]))
        }
    };
    let needs = match route.needs {
        Needs::Nobody => "nothing".to_owned(),
        Needs::SignedIn => "a session".to_owned(),
        Needs::Command => "the permission of the entry's command".to_owned(),
        Needs::Permission(permission) => permission.name(),
    };
    put("x-comity-needs", needs.into());
    let mut parameters: Vec<Value> = Vec::new();
    for name in ["case", "index", "account", "session", "passkey", "backup"] {
        if route.path.contains(&format!("{{{name}}}")) {
            let schema = match name {
                "case" => json!({ "$ref": "#/components/schemas/Id" }),
                "index" => json!({ "type": "integer", "minimum": 0 }),
                "account" => json!({ "$ref": "#/components/schemas/AccountName" }),
                "session" => json!({ "$ref": "#/components/schemas/SessionId" }),
                _ => json!({ "type": "string", "minLength": 1 }),
            };
            parameters
                .push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
    }
    for name in route.query {
        parameters.push(json!({ "name": name, "in": "query", "schema": query_schema(name) }));
    }
    if route.needs == Needs::Command {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "Chosen by the caller; the same when the entry is sent again.",
            "schema": { "type": "string", "minLength": 8, "maxLength": 128 },
        }));
        parameters.push(json!({
            "name": "If-Match", "in": "header",
            "description": "The ETag of the case that was looked at.",
            "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
        }));
    }
    if !parameters.is_empty() {
        put("parameters", parameters.into());
    }
    let content = match route.body {
        Body::None => None,
        Body::Json(name) => {
            let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
            Some(json!({ "application/json": { "schema": schema } }))
        }
        Body::Bytes(kind) => {
            Some(json!({ kind: { "schema": { "type": "string", "format": "binary" } } }))
        }
        Body::Text(kinds) => {
            let one = |kind: &&str| ((*kind).to_owned(), json!({ "schema": { "type": "string" } }));
            Some(Value::Object(kinds.iter().map(one).collect()))
        }
    };
    if let Some(content) = content {
        put("requestBody", json!({ "required": true, "content": content }));
    }
    put("responses", responses(route));
    Value::Object(out)
}

fn responses(route: &Route) -> Value {
    let mut out = Map::new();
    for status in route.ok {
        out.insert(status.to_string(), json!({ "description": "As asked" }));
    }
    let problem = json!({
        "description": "A problem",
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
        } },
    });
    out.insert("default".to_owned(), problem);
    Value::Object(out)
}

fn query_schema(name: &str) -> Value {
    match name {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 1000 }),
        "from" => json!({ "type": "integer", "minimum": 0 }),
        "in_custody" => json!({ "type": "boolean" }),
        "case" => json!({ "$ref": "#/components/schemas/Id" }),
        "kind" => json!({ "enum": TaskKind::NAMES }),
        "role" => json!({ "enum": ["clerk", "supervisor", "counsel", "examiner", "duty_officer"] }),
        _ => json!({ "type": "string" }),
    }
}

fn operation_id(route: &Route) -> String {
    let path = route.path.replace("/api/v1", "").replace(['{', '}'], "");
    let mut id = route.method.to_lowercase();
    for part in path.split(['/', '.']).filter(|part| !part.is_empty()) {
        id.push('_');
        id.push_str(part);
    }
    id
}

/// `GET /api/v1/openapi.json`
pub async fn serve() -> Response {
    as_json(StatusCode::OK, &document())
}
