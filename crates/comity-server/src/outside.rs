//! The agency's own sign-in over the network (OpenID Connect): `account/oidc.rs` says what is
//! sent and what is believed, this sends it.

use crate::account::{Claims, Discovery, Flow, Provider};
use crate::home::{Home, OutsideSignIn, SystemRandom, read_secret};
use crate::listen;
use crate::problem::Problem;
use axum::http::StatusCode;
use comity_model::Diagnostic;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// Most sign-ins that are under way at once.
const UNDER_WAY_MAX: usize = 10_000;

/// Most bytes that a provider is read for one answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Longest time for one question to the provider.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The page that the provider sends browsers back to.
pub const BACK: &str = "/sign-in/agency/back";

/// A sign-in elsewhere that is under way.
struct UnderWay<T> {
    provider: Provider,
    flow: Flow,
    token_endpoint: String,
    jwks_uri: String,
    kept: T,
}

/// An agency's sign-in, with what waits for those who are on their way there. `T` is what waits.
pub struct Outside<T> {
    settings: OutsideSignIn,
    redirect_uri: String,
    secret: Option<Zeroizing<String>>,
    client: reqwest::Client,
    under_way: Mutex<BTreeMap<String, UnderWay<T>>>,
}

/// Who came back, and what waited.
pub struct Back<T> {
    /// Whom the provider vouches for, or the stable name of why it is not believed.
    pub claims: Result<Claims, &'static str>,
    /// What waited.
    pub kept: T,
}

fn unreachable(why: impl std::fmt::Display) -> Problem {
    tracing::warn!("the agency's sign-in: {why}");
    let detail = "your agency's own sign-in does not answer as it should; try again, or sign in \
                  with a password";
    Problem::new(StatusCode::BAD_GATEWAY, "outside-sign-in", detail)
}

impl<T> Outside<T> {
    /// The sign-in that a node is set to, if any.
    ///
    /// # Errors
    /// `bad-settings`; `key-open`, `no-key`: the file with the secret; `bad-tls`.
    pub fn of(home: &Home) -> Result<Option<Outside<T>>, Diagnostic> {
        let Some(settings) = home.settings.outside_sign_in.clone() else { return Ok(None) };
        if !settings.issuer.starts_with("https://") {
            let message = "the issuer of a sign-in has an address with https";
            return Err(Diagnostic::error("bad-settings", message).path("outside_sign_in.issuer"));
        }
        let secret = settings.client_secret.as_ref();
        let secret = secret.map(|path| read_secret(&home.path(path))).transpose()?;
        let client = listen::client(&home.folder, settings.ca.as_deref(), "outside_sign_in.ca")?;
        let redirect_uri = format!("{}{BACK}", home.settings.url.trim_end_matches('/'));
        let under_way = Mutex::new(BTreeMap::new());
        Ok(Some(Outside { settings, redirect_uri, secret, client, under_way }))
    }

    /// What people know it by.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<String, UnderWay<T>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, request: reqwest::RequestBuilder) -> Result<String, Problem> {
        let mut reply = request.timeout(TIMEOUT).send().await.map_err(unreachable)?;
        if !reply.status().is_success() {
            return Err(unreachable(format!("it answers {}", reply.status())));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(unreachable("its answer is too long"));
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).map_err(unreachable)
    }

    fn provider(&self, authorization_endpoint: String) -> Provider {
        let OutsideSignIn { issuer, client_id, scopes, claim, strong, .. } = self.settings.clone();
        let redirect_uri = self.redirect_uri.clone();
        Provider { issuer, client_id, redirect_uri, authorization_endpoint, scopes, claim, strong }
    }

    /// Starts a sign-in: where the browser goes, and the word that it is known by when it comes
    /// back.
    ///
    /// # Errors
    /// `outside-sign-in`: the provider does not answer; `slow-down`: too many are under way.
    pub async fn begin(&self, now: Timestamp, kept: T) -> Result<(String, String), Problem> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let at = format!("{issuer}/.well-known/openid-configuration");
        let text = self.read(self.client.get(at)).await?;
        let found = Discovery::read(&self.settings.issuer, &text)
            .ok_or_else(|| unreachable("its discovery document is another's, or not on https"))?;
        let mut random = SystemRandom;
        let provider = self.provider(found.authorization_endpoint);
        let (address, flow) = provider.begin(now, &mut random);
        let word = crate::pages::flow::random_hex();
        let mut under_way = self.under_way();
        under_way.retain(|_, one| one.flow.is_in_time(now));
        if under_way.len() >= UNDER_WAY_MAX {
            let detail = "too many people are signing in at once; try again in some minutes";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "slow-down", detail));
        }
        let (token_endpoint, jwks_uri) = (found.token_endpoint, found.jwks_uri);
        let one = UnderWay { provider, flow, token_endpoint, jwks_uri, kept };
        under_way.insert(word.clone(), one);
        Ok((address, word))
    }

    /// Ends a sign-in with what the provider sent the browser back with. Whatever comes of it, it
    /// is over.
    ///
    /// # Errors
    /// `outside-sign-in`: the provider does not answer.
    pub async fn end(
        &self,
        now: Timestamp,
        word: &str,
        (state, code): (&str, &str),
    ) -> Result<Option<Back<T>>, Problem> {
        let Some(one) = self.under_way().remove(word) else { return Ok(None) };
        let UnderWay { provider, flow, token_endpoint, jwks_uri, kept } = one;
        if !flow.fits(state, now) || code.is_empty() {
            return Ok(Some(Back { claims: Err("oidc-state"), kept }));
        }
        let form = provider.token_request(&flow, code).show().to_owned();
        let mut asked = self
            .client
            .post(token_endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form);
        if let Some(secret) = &self.secret {
            // RFC 6749 section 2.3.1: both are encoded as in a form before they are sent.
            let sent =
                |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            asked = asked.basic_auth(sent(&self.settings.client_id), Some(sent(secret.trim())));
        }
        let reply = self.read(asked).await?;
        let reply: serde_json::Value = serde_json::from_str(&reply).map_err(unreachable)?;
        let Some(token) = reply["id_token"].as_str() else {
            return Ok(Some(Back { claims: Err("oidc-unreadable"), kept }));
        };
        let keys = self.read(self.client.get(jwks_uri)).await?;
        Ok(Some(Back { claims: provider.verify(&keys, token, &flow, now), kept }))
    }
}
