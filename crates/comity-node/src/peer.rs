//! Another party as this node knows it, and how that is stored.

use comity_exchange::case::Side;
use comity_exchange::{Party, PartyKey};
use comity_ledger::{LogKey, PeerView, Rotation, SignedCheckpoint, Trust, VerifierKey};
use comity_model::Diagnostic;
use comity_store::PeerRow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an address starts with that is a relay's and not the node's own.
pub const BY_RELAY: &str = "relay+";

/// Another party.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its name.
    pub party: Party,
    /// Which side of the exchange it is.
    pub side: Side,
    /// Where its node listens: `https://office.example:8443`; [`BY_RELAY`] before it means the
    /// relay that stands before the node.
    pub url: String,
    /// The name of its ledger.
    pub origin: String,
    /// The keys of its ledger.
    pub log_keys: Vec<LogKey>,
    /// The key with which it countersigns our checkpoints.
    pub witness_key: VerifierKey,
    /// Its ledger as far as it was shown.
    pub view: PeerView,
    /// Time of our last countersignature, in seconds since 1970.
    pub countersigned_s: u64,
    /// Largest of our checkpoints that it countersigned.
    pub countersigned_size: u64,
}

/// What an administrator tells a node of a peer that was checked by another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerNews {
    /// Its name.
    pub party: String,
    /// Which side it is.
    pub side: Side,
    /// Where its node listens.
    pub url: String,
    /// The key of its envelopes, as a C2SP verifier key.
    pub message_key: String,
    /// The key of its ledger, whose name is the ledger's.
    pub log_key: String,
    /// The key with which it countersigns.
    pub witness_key: String,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    key: String,
    from: Timestamp,
    until: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct StoredLogKey {
    key: String,
    first: u64,
    last: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    side: Side,
    url: String,
    keys: Vec<StoredKey>,
    origin: String,
    log_keys: Vec<StoredLogKey>,
    witness_key: String,
    held: Option<String>,
    unproven: Vec<String>,
    countersigned_s: u64,
    countersigned_size: u64,
}

fn not_json(e: serde_json::Error) -> Diagnostic {
    Diagnostic::error("not-json", e.to_string()).path("peer")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn check_url(url: &str) -> Result<(), Diagnostic> {
    let address = url.strip_prefix(BY_RELAY).unwrap_or(url);
    let is_url = ["https://", "http://"].iter().any(|s| address.starts_with(s));
    if is_url && !url.chars().any(char::is_whitespace) {
        return Ok(());
    }
    let message = format!("`{url}` is no address of a node");
    Err(Diagnostic::error("bad-url", message).path("url").help(
        "an address is `https://` with a host and, where it is not 443, a port; `relay+` \
             before it is a relay's",
    ))
}

impl Peer {
    /// A peer that was not known before.
    ///
    /// # Errors
    /// `bad-key-name`, findings on the keys; `bad-key`: the message key has another name than
    /// the party; `bad-url`.
    pub fn new(news: &PeerNews) -> Result<(Peer, VerifierKey), Diagnostic> {
        let party = Party::new(&news.party)?;
        let key = VerifierKey::parse(&news.message_key).map_err(|d| d.path("message_key"))?;
        let log_key = VerifierKey::parse(&news.log_key).map_err(|d| d.path("log_key"))?;
        let witness_key =
            VerifierKey::parse(&news.witness_key).map_err(|d| d.path("witness_key"))?;
        check_url(&news.url)?;
        let origin = log_key.name().as_str().to_owned();
        let log_keys = vec![LogKey { key: log_key.clone(), first: 0, last: None }];
        let peer = Peer {
            party,
            side: news.side,
            url: news.url.trim_end_matches('/').to_owned(),
            view: PeerView::new(&origin, Trust::in_keys([&log_key])),
            origin,
            log_keys,
            witness_key,
            countersigned_s: 0,
            countersigned_size: 0,
        };
        Ok((peer, key))
    }

    /// Takes a change of its ledger's key.
    ///
    /// # Errors
    /// As for [`PeerView::rotate`].
    pub(crate) fn rotate_log(&mut self, change: &Rotation) -> Result<(), Diagnostic> {
        self.view.rotate(change)?;
        if let Some(old) = self.log_keys.iter_mut().find(|log| log.key == change.old) {
            old.last = Some(change.size);
        }
        let (key, first) = (change.new.clone(), change.size);
        self.log_keys.push(LogKey { key, first, last: None });
        Ok(())
    }

    /// The row to store, with the keys of its envelopes.
    ///
    /// # Errors
    /// `not-json`: never, as a test shows.
    pub fn to_row(&self, keys: &[PartyKey]) -> Result<PeerRow, Diagnostic> {
        let stored = Stored {
            side: self.side,
            url: self.url.clone(),
            keys: keys
                .iter()
                .map(|k| StoredKey {
                    key: k.key.to_string(),
                    from: k.from,
                    until: k.until,
                    revoked_at: k.revoked_at,
                })
                .collect(),
            origin: self.origin.clone(),
            log_keys: self
                .log_keys
                .iter()
                .map(|k| StoredLogKey { key: k.key.to_string(), first: k.first, last: k.last })
                .collect(),
            witness_key: self.witness_key.to_string(),
            held: self.view.held().map(|held| text(held.to_bytes())),
            unproven: self.view.unproven().iter().map(|u| text(u.to_bytes())).collect(),
            countersigned_s: self.countersigned_s,
            countersigned_size: self.countersigned_size,
        };
        let body = serde_json::to_vec(&stored).map_err(not_json)?;
        Ok(PeerRow { party: self.party.clone(), body })
    }

    /// A peer as it was stored, and the keys of its envelopes.
    ///
    /// # Errors
    /// What of the row cannot be read.
    pub fn from_row(row: &PeerRow) -> Result<(Peer, Vec<PartyKey>), Diagnostic> {
        let stored: Stored = serde_json::from_slice(&row.body).map_err(not_json)?;
        let keys: Result<Vec<PartyKey>, Diagnostic> = stored
            .keys
            .into_iter()
            .map(|k| {
                let key = VerifierKey::parse(&k.key)?;
                Ok(PartyKey { key, from: k.from, until: k.until, revoked_at: k.revoked_at })
            })
            .collect();
        let log_keys: Result<Vec<LogKey>, Diagnostic> = stored
            .log_keys
            .into_iter()
            .map(|k| {
                let key = VerifierKey::parse(&k.key)?;
                Ok(LogKey { key, first: k.first, last: k.last })
            })
            .collect();
        let log_keys = log_keys?;
        let trust = Trust::default().with_logs(log_keys.clone());
        let read = |note: &String| SignedCheckpoint::parse("peer", note.as_bytes());
        let held = stored.held.as_ref().map(read).transpose()?;
        let unproven: Result<Vec<_>, Diagnostic> = stored.unproven.iter().map(read).collect();
        let view =
            PeerView::new(&stored.origin, trust).resume(held, unproven?, stored.countersigned_s)?;
        let peer = Peer {
            party: row.party.clone(),
            side: stored.side,
            url: stored.url,
            origin: stored.origin,
            log_keys,
            witness_key: VerifierKey::parse(&stored.witness_key)?,
            view,
            countersigned_s: stored.countersigned_s,
            countersigned_size: stored.countersigned_size,
        };
        Ok((peer, keys?))
    }
}
