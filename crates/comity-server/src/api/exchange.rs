//! What the peers' nodes call. They prove who they are by their signatures, and nobody signs in.

use super::{Accept, as_json};
use crate::app::App;
use crate::mailer::{HeadAnswer, ShownHead};
use crate::parcel::{self, PARCEL_TYPE, RECEIPTS_TYPE};
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_exchange::Party;
use comity_ledger::Hash;
use comity_node::{Ask, Done};
use std::sync::Arc;

/// `POST /exchange/v1/messages`: a parcel; the reply is the receipts.
pub async fn messages(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != PARCEL_TYPE) {
        let detail = format!("a message comes as `{PARCEL_TYPE}`");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-parcel", detail));
    }
    let (envelope, files) =
        parcel::read(&body).map_err(|d| Problem::bad_request(d.code, d.message))?;
    let done = app.engine.ask(Ask::Deliver { envelope, files }).await.inspect_err(|fault| {
        app.metrics.refused.inc();
        tracing::warn!(code = fault.code(), "a peer's message was refused");
    })?;
    app.metrics.received.inc();
    let Done::Receipts(receipts) = done else { return Err(super::later()) };
    let body =
        comity_ledger::write_sealed(receipts.iter().map(Vec::as_slice)).ok_or_else(super::later)?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, RECEIPTS_TYPE)], body).into_response())
}

/// `POST /exchange/v1/heads`: a peer shows its ledger.
pub async fn heads(
    State(app): State<Arc<App>>,
    Accept(shown): Accept<ShownHead>,
) -> Result<Response, Problem> {
    let bad = |what: &str| Problem::bad_request("bad-head", format!("`{what}` cannot be read"));
    let party = Party::new(&shown.party).map_err(|_| bad("party"))?;
    let proof: Option<Vec<Hash>> = shown.proof.iter().map(|h| Hash::parse(h)).collect();
    let proof = proof.ok_or_else(|| bad("proof"))?;
    let ask = Ask::PeerHead { party, note: shown.note.into_bytes(), proof };
    let Done::Head(reply) = app.engine.ask(ask).await? else { return Err(super::later()) };
    if let comity_node::HeadReply::Split(_) = reply {
        tracing::error!(peer = %shown.party, "a peer's ledger told two stories; evidence kept");
    }
    Ok(as_json(StatusCode::OK, &HeadAnswer::from(reply)))
}
