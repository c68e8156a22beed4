//! A relay: passes letters on to the parties that it knows, and their replies back. It holds no
//! keys and no store, and can read neither; what it could not pass on stays with its sender,
//! whose outbox tries again.

use crate::api::Query;
use crate::listen::{Listener, Serving, Tls, client};
use crate::parcel::PARCEL_BYTES_MAX;
use crate::post::{LETTER_REPLY_TYPE, LETTER_TYPE, LETTERS_PATH, RELAY_PATH};
use crate::problem::Problem;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use comity_exchange::{LETTER_OVERHEAD_BYTES, Party};
use comity_model::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Letters that are passed on at a time: each is in memory whole, and may have 48 MiB.
const UNDER_WAY_MAX: usize = 16;

/// Longest wait for a party's reply: shorter than its sender's, who should hear of it.
const TIMEOUT: Duration = Duration::from_secs(50);

/// Settings of a relay, as its file writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaySettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate and key. Without them it serves its own machine only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// A certificate authority of the parties beside those of the system, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_ca: Option<PathBuf>,
    /// Whom it passes letters on to; nobody else.
    pub party: Vec<RelayParty>,
}

/// A party behind a relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayParty {
    /// Its name, `jail.example/party`.
    pub name: String,
    /// Where its node listens, `https://jail.example:8443`.
    pub url: String,
}

impl RelaySettings {
    /// Reads settings from TOML.
    ///
    /// # Errors
    /// `bad-settings`: what is wrong, at which line; a party that is there twice, or whose
    /// address is none.
    pub fn parse(text: &str) -> Result<RelaySettings, Diagnostic> {
        toml::from_str(text).map_err(|e| Diagnostic::error("bad-settings", e.to_string()))
    }

    fn parties(&self) -> Result<BTreeMap<Party, String>, Diagnostic> {
        let mut parties = BTreeMap::new();
        for RelayParty { name, url } in &self.party {
            let bad = |message: String| Diagnostic::error("bad-settings", message).path("party");
            let party = Party::new(name).map_err(|d| d.path("party.name"))?;
            if !["https://", "http://"].iter().any(|s| url.starts_with(s)) {
                return Err(bad(format!("`{url}` of `{name}` is no address of a node")).help(
                    "an address is `https://` with a host and, where it is not 443, a port",
                ));
            }
            if parties.insert(party, url.trim_end_matches('/').to_owned()).is_some() {
                return Err(bad(format!("`{name}` is there twice")));
            }
        }
        Ok(parties)
    }
}

struct Passing {
    parties: BTreeMap<Party, String>,
    client: reqwest::Client,
    places: Semaphore,
}

/// A relay that is up.
pub struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    serving: Serving,
}

impl Relay {
    /// Starts a relay; paths of its settings start in `folder`. Runs inside a tokio runtime.
    ///
    /// # Errors
    /// Settings that cannot be used; an address that is taken.
    pub async fn start(settings: &RelaySettings, folder: &Path) -> Result<Relay, Diagnostic> {
        let passing = Passing {
            parties: settings.parties()?,
            client: client(folder, settings.peer_ca.as_deref(), "peer_ca")?,
            places: Semaphore::new(UNDER_WAY_MAX),
        };
        let router = Router::new()
            .route(RELAY_PATH, post(pass_on))
            .route("/healthz", get(|| async { "ok" }))
            .fallback(|| async { Problem::not_found() })
            .layer(DefaultBodyLimit::max(PARCEL_BYTES_MAX + LETTER_OVERHEAD_BYTES))
            .with_state(Arc::new(passing));
        let listener = Listener::new(settings.listen)?;
        let address = listener.address;
        let serving = listener.serve(folder, settings.tls.as_ref(), router).await?;
        Ok(Relay { address, serving })
    }

    /// Stops: what is under way is passed on.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}

#[derive(Deserialize)]
struct Whom {
    to: String,
}

/// `POST /relay/v1/letters?to=PARTY`
async fn pass_on(
    State(passing): State<Arc<Passing>>,
    Query(whom): Query<Whom>,
    headers: HeaderMap,
    letter: Bytes,
) -> Result<Response, Problem> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != LETTER_TYPE) {
        let detail = format!("a letter comes as `{LETTER_TYPE}`");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-letter", detail));
    }
    let known = Party::new(&whom.to).ok().and_then(|party| passing.parties.get_key_value(&party));
    let Some((party, url)) = known else {
        let detail = "this relay passes nothing on to that party; its settings name the parties";
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown-party", detail));
    };
    let busy = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the relay is busy");
    let _place = passing.places.try_acquire().map_err(busy)?;
    let (start, length) = (Instant::now(), letter.len());
    let passed = deliver(&passing.client, url, letter).await;
    let status = passed.as_ref().map_or(StatusCode::BAD_GATEWAY, |reply| reply.0);
    let wall_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(to = %party, bytes = length, status = status.as_u16(), wall_ms, "letter");
    let (status, kind, body) = passed.map_err(|why| {
        let detail = format!("`{party}` does not answer: {why}");
        Problem::new(StatusCode::BAD_GATEWAY, "party-down", detail)
    })?;
    Ok((status, [(header::CONTENT_TYPE, kind)], body).into_response())
}

/// Gives a letter to a node; status, content type and body of what it says.
async fn deliver(
    client: &reqwest::Client,
    url: &str,
    letter: Bytes,
) -> Result<(StatusCode, &'static str, Bytes), String> {
    let request = client.post(format!("{url}{LETTERS_PATH}")).header("content-type", LETTER_TYPE);
    let reply = request.timeout(TIMEOUT).body(letter).send().await;
    let reply = reply.map_err(|e| e.without_url().to_string())?;
    let status = reply.status();
    let kind =
        if status == StatusCode::OK { LETTER_REPLY_TYPE } else { "application/problem+json" };
    let body = reply.bytes().await.map_err(|e| e.without_url().to_string())?;
    Ok((status, kind, body))
}
