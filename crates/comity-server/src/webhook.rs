//! Webhooks: a node tells programs of its own party that something happened in a case, and
//! nothing of whom.
//!
//! The ledger is the list of what is to be told: a receiver stands at a leaf, is told of the
//! leaves after it in their order, and stands where it said yes. So nothing is lost by a restart
//! or by a receiver that is down for days; what it took and could not say yes to comes again
//! with the same `webhook-id`. Requests are signed as Standard Webhooks says
//! (<https://www.standardwebhooks.com>, specification 1.0.0, read 2026-11-22): HMAC-SHA-256 over
//! `id.timestamp.body`. See docs/adr/0052.

use crate::app::App;
use crate::home::{Home, WebhookSettings, read_secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_exchange::Digest;
use comity_exchange::case::What;
use comity_ledger::{Hash, Leaf};
use comity_model::Diagnostic;
use comity_node::Ask;
use comity_store::{Change, LeafRow};
use jiff::Timestamp;
use ring::hmac;
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Leaves that are read at a time, and told before the place is kept.
const LEAVES_MAX: usize = 64;

/// Longest time for one request.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Longest time between two tries.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Longest time between two looks at the ledger.
const LOOK: Duration = Duration::from_secs(5);

/// Fewest and most bytes of a secret (Standard Webhooks, "Signature scheme").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The keys of a receiver: the newest first, while an older one is still believed there.
pub struct Secrets(Vec<hmac::Key>);

impl Secrets {
    /// Reads secrets, one a line: `whsec_` and base64 of 24 to 64 random bytes.
    ///
    /// # Errors
    /// `bad-secret`, without the secret.
    pub fn parse(text: &str) -> Result<Secrets, Diagnostic> {
        let bad = || {
            let fault = Diagnostic::error("bad-secret", "this is no secret of a webhook");
            fault.help("`whsec_` and 24 to 64 random bytes in base64, one secret a line")
        };
        let read = |line: &str| {
            let bytes = STANDARD.decode(line.trim().strip_prefix("whsec_")?).ok()?;
            SECRET_BYTES.contains(&bytes.len()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        };
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let keys: Option<Vec<hmac::Key>> = lines.map(read).collect();
        keys.filter(|keys| !keys.is_empty()).map(Secrets).ok_or_else(bad)
    }

    /// The header `webhook-signature`: a signature of each key.
    pub fn sign(&self, id: &str, at_s: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{at_s}.").as_bytes(), body].concat();
        let one = |key: &hmac::Key| format!("v1,{}", STANDARD.encode(hmac::sign(key, &signed)));
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

/// How a receiver is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The first leaf that it was not told of.
    pub next_leaf: u64,
    /// When it last said yes.
    pub told_at: Option<Timestamp>,
    /// How often it failed since.
    pub failures: u32,
    /// Why it failed last: an HTTP status, or what the network said.
    pub last_failure: Option<String>,
}

/// A receiver.
pub struct Webhook {
    /// Where.
    pub url: reqwest::Url,
    /// Kinds of events that it is told of; all where there is none. `hold.*` is every kind
    /// that begins so.
    pub events: Vec<String>,
    secrets: Secrets,
    standing: Mutex<Standing>,
}

fn bad(field: &str, message: String) -> Diagnostic {
    Diagnostic::error("bad-settings", message).path(format!("webhook.{field}"))
}

impl Webhook {
    /// The receivers of a node.
    ///
    /// # Errors
    /// `bad-settings`; a secret that is missing, damaged, or readable by others.
    pub fn all(home: &Home) -> Result<Vec<Arc<Webhook>>, Diagnostic> {
        let all: Result<Vec<Arc<Webhook>>, Diagnostic> =
            home.settings.webhook.iter().map(|w| Webhook::of(home, w).map(Arc::new)).collect();
        let all = all?;
        for (i, one) in all.iter().enumerate() {
            if all.iter().take(i).any(|other| other.url == one.url) {
                return Err(bad("url", "two webhooks have one address".to_owned()));
            }
        }
        Ok(all)
    }

    fn of(home: &Home, settings: &WebhookSettings) -> Result<Webhook, Diagnostic> {
        let url: reqwest::Url = settings.url.parse().map_err(|_| {
            bad("url", "this is no address".to_owned()).help("`https://` with a host and a path")
        })?;
        let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        if !is_safe || !url.username().is_empty() || url.password().is_some() {
            let message = "a webhook is sent over TLS, or on the machine itself; its address \
                           holds no password"
                .to_owned();
            return Err(bad("url", message).help("`https://` with a host and a path"));
        }
        if let Some(kind) = settings.events.iter().find(|kind| !is_known(kind)) {
            let message = format!("`{kind}` is no kind of event");
            let help =
                format!("the kinds are {}; `hold.*` is all of a group", What::KINDS.join(", "));
            return Err(bad("events", message).help(help));
        }
        let path = home.path(&settings.secret_file);
        let secrets = Secrets::parse(&read_secret(&path)?).map_err(|mut fault| {
            fault.file = path.display().to_string();
            fault
        })?;
        let standing = Mutex::default();
        Ok(Webhook { url, events: settings.events.clone(), secrets, standing })
    }

    /// How it is doing.
    pub fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Under which name the store keeps where it stands.
    fn place(&self) -> String {
        let url = Digest::of_bytes(self.url.as_str().as_bytes()).to_string();
        format!("webhook.{}.next", url.get(..16).unwrap_or_default())
    }

    fn wants(&self, kind: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| fits(wanted, kind))
    }
}

fn fits(wanted: &str, kind: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(group) => kind.starts_with(group),
        None => wanted == kind,
    }
}

fn is_known(wanted: &str) -> bool {
    let is_group = !wanted.contains('*') || wanted.ends_with(".*");
    is_group && What::KINDS.iter().any(|kind| fits(wanted, kind))
}

/// What is told of a leaf: id and body. `None`: the leaf is no event of a case, or of nobody any
/// more. Nothing of it is personal data: a case's id is random, and so is a leaf's hash to
/// everybody who lacks the person's key.
fn message(row: &LeafRow, webhook: &Webhook) -> Result<Option<(String, Vec<u8>)>, Diagnostic> {
    let Some((case, version)) = row.of else { return Ok(None) };
    let leaf = Leaf::parse("leaf", &row.leaf)?;
    let kind = leaf.kind.as_str();
    if !webhook.wants(kind) {
        return Ok(None);
    }
    let hash = Hash::of_leaf(&row.leaf).to_string();
    let body = json!({
        "type": kind,
        "timestamp": leaf.sequenced_at,
        "data": { "case": case, "version": version, "leaf": row.index, "leaf_hash": hash },
    });
    let body =
        serde_json::to_vec(&body).map_err(|e| Diagnostic::error("not-json", e.to_string()))?;
    // The same for the same leaf, however often it is sent.
    let id = Digest::of_bytes(&row.leaf).to_string();
    Ok(Some((format!("evt_{}", id.get(..32).unwrap_or_default()), body)))
}

/// The time before another try.
fn wait(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(16)).min(WAIT_MAX)
}

/// Tells one receiver, until the node stops.
pub async fn tell(app: Arc<App>, webhook: Arc<Webhook>, client: reqwest::Client) {
    let mut grown = app.engine.grown();
    let place = webhook.place();
    let Some(mut next) = begin(&app, &place).await else { return };
    webhook.note(|standing| standing.next_leaf = next);
    loop {
        // An error says that the node is stopping.
        if app.engine.with(|_| ()).await.is_err() {
            return;
        }
        grown.mark_unchanged();
        let rows = match app.rows(move |reads| reads.leaves(next, LEAVES_MAX)).await {
            Ok(rows) => rows,
            Err(problem) => {
                tracing::error!(code = problem.code, "a webhook cannot read the ledger");
                tokio::time::sleep(LOOK).await;
                continue;
            }
        };
        let was = next;
        let mut failed = false;
        for row in &rows {
            match tell_one(&app, &webhook, &client, row).await {
                Ok(()) => next = row.index + 1,
                Err(why) => {
                    failed = true;
                    app.metrics.webhooks_failed.inc();
                    tracing::warn!(host = webhook.url.host_str(), "webhook not taken: {why}");
                    webhook.note(|standing| {
                        standing.failures = standing.failures.saturating_add(1);
                        standing.last_failure = Some(why);
                    });
                    break;
                }
            }
        }
        if next != was {
            webhook.note(|standing| standing.next_leaf = next);
            let value = next.to_string().into_bytes();
            let set = Change::Set { name: place.clone(), value };
            if let Err(fault) = app.engine.ask(Ask::Keep(vec![set])).await {
                tracing::error!(code = fault.code(), "where a webhook stands was not kept");
            }
        }
        if failed {
            tokio::time::sleep(wait(webhook.standing().failures)).await;
        } else if rows.is_empty() {
            let _ = tokio::time::timeout(LOOK, grown.changed()).await;
        }
    }
}

/// Where a receiver stands: where it stood, or, the first time, at the ledger's end. `None`: the
/// node is stopping.
async fn begin(app: &Arc<App>, place: &str) -> Option<u64> {
    loop {
        let name = place.to_owned();
        let stood = app.rows(move |reads| Ok((reads.value(&name)?, reads.size()?))).await;
        match stood {
            Ok((Some(stored), size)) => {
                let stored = std::str::from_utf8(&stored).ok().and_then(|text| text.parse().ok());
                return Some(stored.unwrap_or(size));
            }
            Ok((None, size)) => {
                let value = size.to_string().into_bytes();
                let set = Change::Set { name: place.to_owned(), value };
                if app.engine.ask(Ask::Keep(vec![set])).await.is_ok() {
                    return Some(size);
                }
            }
            Err(problem) => tracing::error!(code = problem.code, "a webhook cannot begin"),
        }
        app.engine.with(|_| ()).await.ok()?;
        tokio::time::sleep(LOOK).await;
    }
}

async fn tell_one(
    app: &App,
    webhook: &Webhook,
    client: &reqwest::Client,
    row: &LeafRow,
) -> Result<(), String> {
    let Some((id, body)) = message(row, webhook).map_err(|fault| fault.message)? else {
        return Ok(());
    };
    // The receiver compares it with its own clock, so a simulated one is of no use to it.
    let at_s = Timestamp::now().as_second();
    let signature = webhook.secrets.sign(&id, at_s, &body);
    let reply = client
        .post(webhook.url.clone())
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", at_s.to_string())
        .header("webhook-signature", signature)
        .timeout(TIMEOUT)
        .body(body)
        .send()
        .await
        .map_err(|e| e.without_url().to_string())?;
    if !reply.status().is_success() {
        return Err(format!("the receiver says {}", reply.status()));
    }
    app.metrics.webhooks_told.inc();
    webhook.note(|standing| {
        standing.failures = 0;
        standing.last_failure = None;
        standing.told_at = Some(app.engine.clock.now());
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn signatures_are_those_of_the_specification() {
        // The vector of the reference libraries (github.com/standard-webhooks/standard-webhooks).
        let secrets = Secrets::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = Secrets::parse(
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
             whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        );
        let both = two.unwrap().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert!(both.ends_with(&format!(" {signed}")), "{both}");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for text in [
            "",
            "\n",
            "secret",
            "whsec_",
            "whsec_AAAA",
            "whsec_!!!",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            let fault = Secrets::parse(text).map(drop).unwrap_err();
            assert_eq!(fault.code, "bad-secret");
            assert!(!fault.message.contains("whsec_"));
        }
    }

    #[test]
    fn kinds_are_chosen_one_by_one_or_by_group() {
        assert!(is_known("hold.started") && is_known("hold.*") && !is_known("hold.begun"));
        assert!(!is_known("*") && !is_known("hol*") && !is_known("nothing.*"));
        assert!(fits("hold.*", "hold.ended") && !fits("hold.*", "holder.ended"));
    }

    #[test]
    fn waits_grow_to_five_minutes() {
        let seconds: Vec<u64> = [1, 2, 3, 9, 10, 40].map(|n| wait(n).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 256, 300, 300]);
    }
}
