//! What the peers' nodes call. They prove who they are by their signatures, and nobody signs in.

use super::{Accept, as_json};
use crate::app::App;
use crate::mailer::{HeadAnswer, ShownHead};
use crate::parcel::{self, PARCEL_TYPE, RECEIPTS_TYPE};
use crate::post::{LETTER_REPLY_TYPE, LETTER_TYPE, random};
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_exchange::{LetterKind, Party, Reply, open_letter, seal_reply};
use comity_ledger::Hash;
use comity_node::{Ask, Done};
use std::sync::Arc;

fn is(headers: &HeaderMap, form: &str, code: &str) -> Result<(), Problem> {
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == form) {
        return Ok(());
    }
    let detail = format!("this comes as `{form}`");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, detail))
}

/// `POST /exchange/v1/messages`: a parcel or a bundle; the reply is the receipts.
pub async fn messages(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    is(&headers, PARCEL_TYPE, "not-a-parcel")?;
    take_parcel(&app, &body).await
}

async fn take_parcel(app: &App, body: &[u8]) -> Result<Response, Problem> {
    let messages = parcel::read(body).map_err(|d| Problem::bad_request(d.code, d.message))?;
    let asks = messages.into_iter().map(|(envelope, files)| Ask::Deliver { envelope, files });
    let mut receipts = Vec::new();
    for done in app.engine.turn(asks.collect()).await? {
        match done {
            Ok(Done::Receipts(more)) => {
                app.metrics.received.inc();
                receipts.extend(more);
            }
            Ok(_) => return Err(super::later()),
            Err(fault) => {
                app.metrics.refused.inc();
                tracing::warn!(code = fault.code(), "a peer's message was refused");
                if receipts.is_empty() {
                    return Err(fault.into());
                }
                // What came before it is receipted; it is the first that is sent next.
                break;
            }
        }
    }
    let body =
        comity_ledger::write_sealed(receipts.iter().map(Vec::as_slice)).ok_or_else(super::later)?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, RECEIPTS_TYPE)], body).into_response())
}

/// `POST /exchange/v1/heads`: a peer shows its ledger.
pub async fn heads(
    State(app): State<Arc<App>>,
    Accept(shown): Accept<ShownHead>,
) -> Result<Response, Problem> {
    take_head(&app, shown).await
}

async fn take_head(app: &App, shown: ShownHead) -> Result<Response, Problem> {
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

/// `POST /exchange/v1/letters`: either of the two above in a letter, by a relay. The reply is
/// sealed whatever it says; what does not open has none.
pub async fn letters(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    is(&headers, LETTER_TYPE, "not-a-letter")?;
    let own = app.home.letter_keys().map_err(|fault| {
        tracing::error!(code = fault.code, "letters cannot be opened: {fault}");
        super::later()
    })?;
    let letter = open_letter(&own, &body).map_err(|d| {
        app.metrics.refused.inc();
        let is_other = d.code == "other-key";
        let status = if is_other { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
        Problem::new(status, d.code, d.message)
    })?;
    let taken = match letter.kind {
        LetterKind::Messages => take_parcel(&app, &letter.body).await,
        LetterKind::Heads => match serde_json::from_slice(&letter.body) {
            Ok(shown) => take_head(&app, shown).await,
            Err(e) => Err(Problem::bad_request("bad-head", e.to_string())),
        },
    };
    let (parts, body) = taken.into_response().into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| super::later())?;
    let reply = Reply { status: parts.status.as_u16(), body: body.to_vec() };
    let sealed = seal_reply(&letter.reply_key, &reply, random()).map_err(|_| super::later())?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, LETTER_REPLY_TYPE)], sealed).into_response())
}
