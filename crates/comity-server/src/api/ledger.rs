//! The ledger: how far it is, who countersigned, and evidence of one leaf.

use super::{Path, as_json};
use crate::account::{Permission, Subject};
use crate::app::App;
use crate::door::Caller;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_ledger::{Bundle, Claim, Nodes, SignedCheckpoint, VerifierKey, prove};
use comity_node::{NodeFault, TileShelf, log_key_notes};
use comity_store::Reads;
use serde_json::json;
use std::sync::Arc;

/// `GET /api/v1/ledger`
pub async fn status(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let (size, last) = app.rows(|reads| Ok((reads.size()?, reads.checkpoint()?))).await?;
    let changes = app.readers.read(|reads| log_key_notes(reads)).await?;
    let changes = changes.map_err(NodeFault::Damaged)?;
    let peers = app.engine.with(|node| {
        let peers = node.peers().map(|p| {
            let held = p.view.held().map(|h| h.checkpoint().size);
            json!({ "party": p.party.as_str(), "origin": p.origin, "held": held,
                    "unproven": p.view.unproven().len(),
                    "countersigned_size": p.countersigned_size })
        });
        peers.collect::<Vec<_>>()
    });
    let peers = peers.await?;
    let signed = last.as_ref().map(|row| row.size);
    let note = last.map(|row| String::from_utf8_lossy(&row.note).into_owned());
    let body = json!({ "leaves": size, "signed": signed, "checkpoint": note, "peers": peers,
                       "key_changes": changes });
    Ok(as_json(StatusCode::OK, &body))
}

/// `GET /api/v1/ledger/checkpoint`: the newest signed note, as text.
pub async fn checkpoint(State(app): State<Arc<App>>, _: Caller) -> Result<Response, Problem> {
    let row = app.rows(|reads| reads.checkpoint()).await?.ok_or_else(Problem::not_found)?;
    Ok(text(row.note))
}

fn text(bytes: Vec<u8>) -> Response {
    let kind = "text/plain; charset=utf-8";
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], bytes).into_response()
}

fn index(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// `GET /api/v1/ledger/leaves/{index}`: the leaf's bytes, as text.
pub async fn leaf(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(at): Path<String>,
) -> Result<Response, Problem> {
    let at = index(&at)?;
    let rows = app.rows(move |reads| reads.leaves(at, 1)).await?;
    let row = rows.into_iter().find(|row| row.index == at).ok_or_else(Problem::not_found)?;
    Ok(text(row.leaf))
}

/// `GET /api/v1/ledger/leaves/{index}/evidence`: a bundle that `comity ledger verify` checks
/// offline. It proves that the leaf is in the log; the event stays sealed.
pub async fn evidence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(at): Path<String>,
) -> Result<Response, Problem> {
    let at = index(&at)?;
    let made = app.readers.read(move |reads| bundle(reads, at, Vec::new())).await?;
    let made = made.map_err(Problem::from)?.ok_or_else(Problem::not_found)?.to_bytes();
    let ask = caller.used(Permission::Prove, Subject::Node);
    app.engine.ask(ask).await?;
    Ok(text(made))
}

/// Evidence of a leaf under the newest checkpoint, with the keys that a reader may need. `None`
/// where there is no such leaf, or no checkpoint that covers it.
pub(crate) fn bundle(
    reads: &mut dyn Reads,
    index: u64,
    keys: Vec<VerifierKey>,
) -> Result<Option<Bundle>, NodeFault> {
    let damaged = NodeFault::Damaged;
    let row = reads.leaves(index, 1)?.into_iter().find(|row| row.index == index);
    let Some(row) = row else { return Ok(None) };
    let Some(stored) = reads.checkpoint()?.filter(|c| c.size > index) else { return Ok(None) };
    let checkpoint = SignedCheckpoint::parse("checkpoint", &stored.note).map_err(damaged)?;
    let shelf = TileShelf::new(reads, None);
    let nodes = Nodes::new(&shelf, stored.size);
    let claim = Claim { index, leaf: &row.leaf, checkpoint, opening: None, keys };
    prove(claim, &nodes).map(Some).map_err(damaged)
}
