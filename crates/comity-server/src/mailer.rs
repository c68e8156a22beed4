//! Sends what the node has for its peers, and shows them its ledger: to each peer on its own, so
//! that one that is down holds up no other.

use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::parcel;
use crate::post::Post;
use comity_exchange::{LetterKind, Party};
use comity_ledger::Hash;
use comity_node::{Ask, HeadReply, Parcel};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Most messages that are sent to a peer before the others are looked at again.
const PARCELS_MAX: usize = 64;

/// How long the mailer sleeps when nothing tells it of something new.
const PAUSE: Duration = Duration::from_millis(500);

/// A checkpoint on its way to a peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownHead {
    /// Whose ledger.
    pub party: String,
    /// The checkpoint.
    pub note: String,
    /// The proof that it continues the one before, base64.
    pub proof: Vec<String>,
}

/// What the peer says to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HeadAnswer {
    /// The checkpoint with its countersignature.
    Countersigned(String),
    /// A proof is owed from this size on.
    ProofFrom(u64),
    /// Not now.
    NotNow,
    /// The ledger told two stories; the evidence.
    Split(String),
}

impl From<HeadReply> for HeadAnswer {
    fn from(reply: HeadReply) -> HeadAnswer {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        match reply {
            HeadReply::Countersigned(note) => HeadAnswer::Countersigned(text(note)),
            HeadReply::ProofFrom(size) => HeadAnswer::ProofFrom(size),
            HeadReply::NotNow => HeadAnswer::NotNow,
            HeadReply::Split(evidence) => HeadAnswer::Split(text(evidence)),
        }
    }
}

/// Why messages have no receipt.
enum Unsent {
    /// The peer answered and did not take the first of them.
    Refused(String),
    /// No answer came.
    Unanswered(String),
}

/// Sends for as long as the server runs.
#[derive(Clone)]
pub struct Mailer {
    /// The node.
    pub engine: Engine,
    /// Reaches the peers.
    pub post: Post,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

impl Mailer {
    /// Runs until the node stops.
    pub async fn run(self) {
        let mut grown = self.engine.grown();
        loop {
            let now = self.engine.clock.now();
            let parcels = self.engine.with(move |node| node.parcels(now, PARCELS_MAX)).await;
            let parcels = match parcels {
                Ok(Ok(parcels)) => parcels,
                Ok(Err(fault)) => {
                    tracing::error!(code = fault.code(), "mail cannot be read: {fault}");
                    Vec::new()
                }
                Err(_) => return,
            };
            let mut by_peer: BTreeMap<Party, Vec<Parcel>> = BTreeMap::new();
            for parcel in parcels {
                by_peer.entry(parcel.peer.clone()).or_default().push(parcel);
            }
            let sending: Vec<_> = by_peer
                .into_iter()
                .map(|(peer, parcels)| {
                    let mailer = self.clone();
                    tokio::spawn(async move { mailer.send_all(peer, parcels).await })
                })
                .collect();
            let mut more = false;
            for task in sending {
                more |= task.await.unwrap_or(false);
            }
            if !more {
                // Whichever comes first: something new, or the time to try again.
                let _ = tokio::time::timeout(PAUSE, grown.changed()).await;
            }
        }
    }

    /// Sends in order, several in one request, and stops at the first that does not get through.
    /// True if there may be more to send.
    async fn send_all(&self, peer: Party, parcels: Vec<Parcel>) -> bool {
        let mut rest = parcels.as_slice();
        let mut one_by_one = false;
        while let Some(first) = rest.first() {
            let together = if one_by_one { 1 } else { parcel::together(rest) };
            let (these, others) = rest.split_at(together);
            match self.send(these).await {
                Ok(receipted) if receipted < these.len() => {
                    // The first without a receipt comes first next time.
                    return true;
                }
                Ok(_) => rest = others,
                // The first of them is wrong, or the peer knows no bundles.
                Err(Unsent::Refused(_)) if together > 1 => one_by_one = true,
                Err(Unsent::Refused(why) | Unsent::Unanswered(why)) => {
                    self.metrics.unsent.inc();
                    let number = first.number;
                    tracing::info!(peer = %peer, number, "message not sent: {why}");
                    let _ = self.engine.ask(Ask::Attempted { peer, number }).await;
                    return false;
                }
            }
        }
        true
    }

    /// Sends in one request, and keeps the receipts. How many there were.
    async fn send(&self, parcels: &[Parcel]) -> Result<usize, Unsent> {
        let refused = |why: &str| Unsent::Refused(why.to_owned());
        let first = parcels.first().ok_or_else(|| refused("nothing to send"))?;
        let body = parcel::write(parcels).ok_or_else(|| refused("the parcel is too large"))?;
        let reply = self.post.send(&first.peer, &first.url, LetterKind::Messages, body).await;
        let reply = reply.map_err(Unsent::Unanswered)?;
        if !(200..300).contains(&reply.status) {
            return Err(Unsent::Refused(format!("the peer says {}", reply.status)));
        }
        let receipts = comity_ledger::read_sealed(&reply.body);
        let receipts = receipts.map_err(|d| Unsent::Refused(d.message))?;
        if receipts.is_empty() {
            return Err(refused("the peer waits for an earlier message"));
        }
        let asks: Vec<Ask> = receipts.into_iter().map(|r| Ask::Receipt(r.to_vec())).collect();
        let receipted = asks.len();
        // A receipt that cannot be believed is none: the message is sent again after a wait.
        let settled = self.engine.turn(asks).await.map_err(|f| refused(&f.to_string()))?;
        if let Some(fault) = settled.into_iter().find_map(Result::err) {
            return Err(Unsent::Refused(format!("receipt: {fault}")));
        }
        self.metrics.sent.inc_by(receipted as u64);
        Ok(receipted)
    }

    /// Signs the ledger every `every`, and shows it to every peer until it is countersigned.
    pub async fn show_heads(self, every: Duration) {
        let mut clock = tokio::time::interval(every);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            if let Err(fault) = self.engine.ask(Ask::Checkpoint).await {
                tracing::error!(code = fault.code(), "no checkpoint: {fault}");
            }
            let peers = self.engine.with(|node| {
                let peers =
                    node.peers().map(|p| (p.party.clone(), p.url.clone(), p.countersigned_size));
                peers.collect::<Vec<_>>()
            });
            let Ok(peers) = peers.await else { return };
            for (peer, url, known) in peers {
                if let Err(why) = self.show_head(&peer, &url, known).await {
                    tracing::debug!(peer = %peer, "ledger not shown: {why}");
                }
            }
        }
    }

    async fn show_head(&self, peer: &Party, url: &str, known: u64) -> Result<(), String> {
        let mut from = known;
        // Once with what we think that the peer has, once with what it says.
        for _ in 0..2 {
            let head = self.engine.with(move |node| {
                let party = node.identity().party.as_str().to_owned();
                node.head(from).map(|head| (party, head))
            });
            let head = head.await.map_err(|f| f.to_string())?.map_err(|f| f.to_string())?;
            let (party, Some(head)) = head else { return Ok(()) };
            let shown = ShownHead {
                party,
                note: String::from_utf8_lossy(&head.note).into_owned(),
                proof: head.proof.iter().map(Hash::to_string).collect(),
            };
            let body = serde_json::to_vec(&shown).map_err(|e| e.to_string())?;
            let reply = self.post.send(peer, url, LetterKind::Heads, body).await?;
            match serde_json::from_slice(&reply.body).map_err(|e| e.to_string())? {
                HeadAnswer::Countersigned(note) => {
                    let (party, note) = (peer.clone(), note.into_bytes());
                    let ask = Ask::Countersigned { party, note };
                    return self.engine.ask(ask).await.map(drop).map_err(|f| f.to_string());
                }
                HeadAnswer::ProofFrom(size) => from = size,
                HeadAnswer::NotNow => return Err("the peer does not countersign now".to_owned()),
                HeadAnswer::Split(evidence) => {
                    tracing::error!(peer = %peer, "the peer says that our ledger told two stories");
                    return Err(format!("evidence of {} bytes", evidence.len()));
                }
            }
        }
        Err("the peer asked twice for another proof".to_owned())
    }
}
