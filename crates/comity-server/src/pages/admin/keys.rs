//! This node's keys: what others need to know of them, and changing the one for messages.

use super::super::form::Sent;
use super::super::frame::{Frame, go, show};
use super::super::{PageRoute, needs, page};
use super::{ROOM, fingerprint, must_be_confirmed};
use crate::account::{Permission, Subject};
use crate::api::Query;
use crate::app::App;
use crate::door::Caller;
use crate::keys::{DAYS_MAX, rotate};
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use comity_ledger::VerifierKey;
use comity_node::NodeFault;
use serde::Deserialize;
use std::sync::Arc;

const MANAGE: crate::routes::Needs = needs(Permission::ManageKeys);

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/admin/keys", MANAGE, "This node's keys", || get(keys)),
    page("POST", "/admin/keys/rotate", MANAGE, "Change the key that signs messages", || {
        post(change)
    }),
];

struct KeyLine {
    what: &'static str,
    signs: &'static str,
    name: String,
    fingerprint: String,
}

#[derive(Template)]
#[template(path = "admin_keys.html")]
struct KeysPage {
    frame: Frame,
    lines: Vec<KeyLine>,
    news: String,
    folder: String,
    days_max: u16,
}

#[derive(Debug, Deserialize)]
struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// `GET /admin/keys`
async fn keys(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    let own: Vec<VerifierKey> = app
        .engine
        .with(|node| {
            let identity = node.identity();
            [&identity.message_key, &identity.log_key, &identity.witness_key]
                .map(|key| key.verifier().clone())
                .into()
        })
        .await?;
    let news = app.home.news().map_err(NodeFault::Damaged)?;
    let mut frame = Frame::of(&app, &caller, "This node's keys", ROOM);
    if query.done == "rotated" {
        let says = "Messages are signed with the new key from now on. Every peer is told of it.";
        says.clone_into(&mut frame.done);
    }
    let what = [
        ("messages", "what is sent to other parties"),
        ("ledger", "checkpoints of this node's ledger"),
        ("countersignatures", "checkpoints of other parties' ledgers"),
    ];
    let line = |((what, signs), key): (&(&'static str, &'static str), &VerifierKey)| KeyLine {
        what,
        signs,
        name: key.name().as_str().to_owned(),
        fingerprint: fingerprint(key),
    };
    let page = KeysPage {
        lines: what.iter().zip(&own).map(line).collect(),
        news: serde_json::to_string_pretty(&news).unwrap_or_default(),
        folder: app.home.folder.display().to_string(),
        days_max: DAYS_MAX,
        frame,
    };
    show(&page)
}

/// `POST /admin/keys/rotate`
async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    sent: Sent,
) -> Result<Response, Problem> {
    must_be_confirmed(&app, &caller).await?;
    let days = sent.get("days").parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| {
        let detail = format!("the key before is believed for 1 to {DAYS_MAX} days");
        Problem::bad_request("days", detail)
    })?;
    let (home, now) = (app.home.clone(), app.engine.clock.now());
    // The line of the audit first: what cannot be told is not done.
    app.engine.ask(caller.used(Permission::ManageKeys, Subject::Node)).await?;
    app.engine.with(move |node| rotate(&home, node, days, now)).await??;
    Ok(go("/admin/keys?done=rotated"))
}
