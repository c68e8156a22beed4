//! How a request reaches a peer: straight, or in a letter through a relay that cannot read it.

use crate::engine::Engine;
use crate::home::SystemRandom;
use crate::parcel::PARCEL_TYPE;
use axum::http::StatusCode;
use comity_exchange::{LetterKind, Party, Reply, open_reply, seal_letter};
use comity_node::{BY_RELAY, Random};
use std::time::Duration;

/// The content type of a letter.
pub const LETTER_TYPE: &str = "application/vnd.comity.letter";

/// The content type of the reply to a letter.
pub const LETTER_REPLY_TYPE: &str = "application/vnd.comity.letter-reply";

/// Where a relay takes letters.
pub const RELAY_PATH: &str = "/relay/v1/letters";

/// Where a node takes letters.
pub const LETTERS_PATH: &str = "/exchange/v1/letters";

/// Longest time for one request.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends requests to peers.
#[derive(Clone)]
pub struct Post {
    /// The node, which knows the peers' keys.
    pub engine: Engine,
    /// Speaks HTTP.
    pub client: reqwest::Client,
    /// The relay of this node, where one stands between it and all of its peers.
    pub relay: Option<String>,
}

impl Post {
    /// Sends a request, and gives the peer's reply.
    ///
    /// # Errors
    /// Why no reply of the peer came, in words without an address.
    pub async fn send(
        &self,
        peer: &Party,
        url: &str,
        kind: LetterKind,
        body: Vec<u8>,
    ) -> Result<Reply, String> {
        let by = self.relay.as_deref().or_else(|| url.strip_prefix(BY_RELAY));
        match by {
            Some(relay) => self.by_relay(peer, relay, kind, &body).await,
            None => {
                let (path, form) = straight(kind);
                self.call(self.client.post(format!("{url}{path}")), form, body).await
            }
        }
    }

    async fn call(
        &self,
        request: reqwest::RequestBuilder,
        form: &str,
        body: Vec<u8>,
    ) -> Result<Reply, String> {
        let request = request.header("content-type", form).timeout(TIMEOUT).body(body);
        let reply = request.send().await.map_err(|e| e.without_url().to_string())?;
        let status = reply.status().as_u16();
        let body = reply.bytes().await.map_err(|e| e.without_url().to_string())?;
        Ok(Reply { status, body: body.to_vec() })
    }

    async fn by_relay(
        &self,
        peer: &Party,
        relay: &str,
        kind: LetterKind,
        body: &[u8],
    ) -> Result<Reply, String> {
        let (of, now) = (peer.clone(), self.engine.clock.now());
        let key = self.engine.with(move |node| node.key_of_peer(&of, now)).await;
        let key = key.map_err(|fault| fault.to_string())?;
        let key = key.ok_or_else(|| format!("no key of `{peer}` is valid now"))?;
        let (letter, reply_key) = seal_letter(&key, kind, body, random()).map_err(|d| d.message)?;
        let request = self
            .client
            .post(format!("{}{RELAY_PATH}", relay.trim_end_matches('/')))
            .query(&[("to", peer.as_str())]);
        let sealed = self.call(request, LETTER_TYPE, letter).await?;
        match StatusCode::from_u16(sealed.status) {
            Ok(StatusCode::OK) => open_reply(&reply_key, &sealed.body).map_err(|d| d.message),
            Ok(StatusCode::NOT_FOUND) => Err(format!("the relay does not know `{peer}`")),
            Ok(StatusCode::CONFLICT) => {
                Err("sealed to a key that the peer does not have; it will tell us its new one"
                    .to_owned())
            }
            Ok(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => {
                Err("the relay does not reach the peer".to_owned())
            }
            _ => Err(format!("the relay says {}", sealed.status)),
        }
    }
}

/// Path and content type of a request that goes straight to its node.
fn straight(kind: LetterKind) -> (&'static str, &'static str) {
    match kind {
        LetterKind::Messages => ("/exchange/v1/messages", PARCEL_TYPE),
        LetterKind::Heads => ("/exchange/v1/heads", "application/json"),
    }
}

/// 32 random bytes for one sealing.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes);
    bytes
}
