//! Where the node tells of events, and how the receivers are doing.

use super::as_json;
use crate::app::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /api/v1/webhooks`
pub async fn list(State(app): State<Arc<App>>) -> Response {
    let leaves = *app.engine.grown().borrow();
    let webhooks: Vec<Value> = app
        .webhooks
        .iter()
        .map(|webhook| {
            let standing = webhook.standing();
            let behind = leaves.saturating_sub(standing.next_leaf);
            // What stands behind the question mark may be a password.
            let mut url = webhook.url.clone();
            url.set_query(None);
            json!({
                "url": url.as_str(),
                "events": webhook.events,
                "standing": standing,
                "leaves_behind": behind,
            })
        })
        .collect();
    as_json(StatusCode::OK, &json!({ "webhooks": webhooks }))
}
