//! Signing in by the agency's own sign-in: OpenID Connect Core 1.0, authorization code flow with
//! PKCE (RFC 7636, S256). The part without a network: what the browser is sent to, what the
//! token endpoint is asked, and whether an ID token is believed.

use super::audit::{AuditOutcome, Subject, What, Who};
use super::desk::{Desk, Outcome, SignIn};
use super::fault::AccountFault;
use super::record::ExternalId;
use super::secret::{Secret, base64url, from_base64url, is_same, random, sha256};
use super::sign_in::First;
use super::signature::{es256_fixed, rs256};
use comity_node::Random;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How long a sign-in elsewhere may take.
const FLOW_MAX: SignedDuration = SignedDuration::from_mins(10);

/// How far the provider's clock may be off.
const CLOCK_OFF_MAX: SignedDuration = SignedDuration::from_secs(120);

/// Most bytes of an ID token.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// An agency's own sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name for itself (`iss`), which its discovery document must repeat.
    pub issuer: String,
    /// The node's name there.
    pub client_id: String,
    /// Where it sends browsers back to: a page of this node.
    pub redirect_uri: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Scopes that are asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that says who somebody is: `sub`, or what the agency's directory has. Of
    /// `email` only a verified one counts.
    pub claim: String,
    /// Values of `amr` (RFC 8176) that mean more than a password: `mfa`, `hwk`, …. Whoever comes
    /// with none of them shows a second factor here.
    pub strong: Vec<String>,
}

/// What a provider says of itself at `/.well-known/openid-configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where a code is exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
}

impl Discovery {
    /// Reads the document of an issuer; `None` if it is another's, or an address in it is not
    /// `https`.
    pub fn read(issuer: &str, text: &str) -> Option<Discovery> {
        let found: Discovery = serde_json::from_str(text).ok()?;
        let addresses = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
        let is_safe = addresses.iter().all(|address| address.starts_with("https://"));
        (found.issuer == issuer && is_safe).then_some(found)
    }
}

/// A sign-in elsewhere that is under way. The server keeps it, bound to the browser by a cookie,
/// and uses it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    state: String,
    nonce: String,
    verifier: Secret,
    started_at: Timestamp,
}

/// Whom an ID token that is believed is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The person.
    pub person: ExternalId,
    /// True if the provider checked more than a password.
    pub is_strong: bool,
}

fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Provider {
    /// Starts a sign-in: the address to send the browser to, and what is kept meanwhile.
    pub fn begin(&self, now: Timestamp, from: &mut dyn Random) -> (String, Flow) {
        let mut word = || base64url(&random::<32>(from));
        let flow =
            Flow { state: word(), nonce: word(), verifier: Secret::new(word()), started_at: now };
        let scope = ["openid"].into_iter().chain(self.scopes.iter().map(String::as_str));
        let scope: Vec<&str> = scope.collect();
        let query = query(&[
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scope.join(" ")),
            ("state", &flow.state),
            ("nonce", &flow.nonce),
            ("code_challenge", &base64url(&sha256(flow.verifier.show().as_bytes()))),
            ("code_challenge_method", "S256"),
        ]);
        let mark = if self.authorization_endpoint.contains('?') { '&' } else { '?' };
        (format!("{}{mark}{query}", self.authorization_endpoint), flow)
    }

    /// The form that the token endpoint is sent for a code. A client secret goes with it as HTTP
    /// Basic authentication, which is the caller's.
    pub fn token_request(&self, flow: &Flow, code: &str) -> Secret {
        Secret::new(query(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", &self.client_id),
            ("code_verifier", flow.verifier.show()),
        ]))
    }

    /// Whether an ID token is believed, and about whom it is (OpenID Connect Core section
    /// 3.1.3.7): signed by one of the provider's keys, for this node, for this sign-in, now.
    ///
    /// # Errors
    /// A stable name of what is wrong, for the audit.
    pub fn verify(
        &self,
        keys: &str,
        token: &str,
        flow: &Flow,
        now: Timestamp,
    ) -> Result<Claims, &'static str> {
        let text = payload(keys, token)?;
        let said: Payload = serde_json::from_slice(&text).map_err(|_| "oidc-unreadable")?;
        if said.iss != self.issuer {
            return Err("oidc-issuer");
        }
        let is_for_us = said.aud.has(&self.client_id)
            && said.azp.as_ref().is_none_or(|azp| *azp == self.client_id)
            && (said.aud.is_single() || said.azp.is_some());
        if !is_for_us {
            return Err("oidc-audience");
        }
        let ahead = |second: i64| second.saturating_sub(now.as_second());
        let off = CLOCK_OFF_MAX.as_secs();
        if ahead(said.exp) <= -off || ahead(said.iat) > off {
            return Err("oidc-time");
        }
        if said.nbf.is_some_and(|nbf| ahead(nbf) > off) {
            return Err("oidc-time");
        }
        if !said.nonce.is_some_and(|nonce| is_same(nonce.as_bytes(), flow.nonce.as_bytes())) {
            return Err("oidc-nonce");
        }
        let is_strong = said.amr.iter().any(|method| self.strong.contains(method));
        let subject = self.subject(&said.sub, &said.others)?;
        let person = ExternalId { issuer: said.iss, subject };
        Ok(Claims { person, is_strong })
    }

    fn subject(&self, sub: &str, others: &Map<String, Value>) -> Result<String, &'static str> {
        let said = match self.claim.as_str() {
            "sub" => Some(sub),
            "email" if others.get("email_verified") != Some(&Value::Bool(true)) => None,
            name => others.get(name).and_then(Value::as_str),
        };
        said.filter(|s| !s.is_empty()).map(str::to_owned).ok_or("oidc-claim")
    }
}

impl Flow {
    /// Whether what came back belongs to this sign-in, and came in time.
    pub fn fits(&self, state: &str, now: Timestamp) -> bool {
        self.is_in_time(now) && is_same(state.as_bytes(), self.state.as_bytes())
    }

    /// Whether it may still be ended.
    pub fn is_in_time(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.started_at);
        !age.is_negative() && age <= FLOW_MAX
    }
}

/// What an ID token says.
#[derive(Deserialize)]
struct Payload {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, client: &str) -> bool {
        match self {
            Audience::One(one) => one == client,
            Audience::Several(all) => all.iter().any(|one| one == client),
        }
    }

    fn is_single(&self) -> bool {
        matches!(self, Audience::One(_)) || matches!(self, Audience::Several(a) if a.len() == 1)
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

/// A key of a set (RFC 7517), as far as we use any.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    use_: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The payload of a JWT that one of the keys signed (RFC 7515 section 5.2), by RS256 or ES256 and
/// nothing else: `none` and the symmetric ones are no signatures of a provider.
fn payload(keys: &str, token: &str) -> Result<Vec<u8>, &'static str> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err("oidc-unreadable");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("oidc-unreadable")?;
    let (head, body) = signed.split_once('.').ok_or("oidc-unreadable")?;
    let read = |text| from_base64url(text).ok_or("oidc-unreadable");
    let (head, body, signature) = (read(head)?, read(body)?, read(signature)?);
    let header: Header = serde_json::from_slice(&head).map_err(|_| "oidc-unreadable")?;
    if header.crit.is_some() {
        return Err("oidc-algorithm");
    }
    let kind = match header.alg.as_str() {
        "RS256" => "RSA",
        "ES256" => "EC",
        _ => return Err("oidc-algorithm"),
    };
    let set: Keys = serde_json::from_str(keys).map_err(|_| "oidc-keys")?;
    // Keys of kinds that we do not know are let by.
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Key>(key).ok());
    let fits = |key: &Key| {
        key.kty == kind
            && key.use_.as_deref().is_none_or(|u| u == "sig")
            && key.alg.as_ref().is_none_or(|alg| *alg == header.alg)
            && header.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid))
    };
    let mut keys = keys.filter(fits);
    if keys.any(|key| has_signed(&key, signed.as_bytes(), &signature)) {
        return Ok(body);
    }
    Err("oidc-signature")
}

fn has_signed(key: &Key, text: &[u8], signature: &[u8]) -> bool {
    let bytes = |part: &Option<String>| part.as_ref().and_then(|text| from_base64url(text));
    let number = |part: &Option<String>| <[u8; 32]>::try_from(bytes(part)?).ok();
    if key.kty == "RSA" {
        let (Some(n), Some(e)) = (bytes(&key.n), bytes(&key.e)) else { return false };
        return rs256(&n, &e, text, signature);
    }
    let (Some(x), Some(y)) = (number(&key.x), number(&key.y)) else { return false };
    key.crv.as_deref() == Some("P-256") && es256_fixed(&x, &y, text, signature)
}

impl Desk<'_> {
    /// Signs in whom a provider vouches for. Makes no account: an administrator said beforehand
    /// who it is. With a second factor only where the provider did not check one.
    ///
    /// # Errors
    /// As [`Desk::sign_in`].
    pub fn sign_in_outside(
        &mut self,
        claims: Result<Claims, &'static str>,
    ) -> Result<Outcome<SignIn>, AccountFault> {
        let claims = match claims {
            Ok(claims) => claims,
            Err(why) => return Ok(self.unknown_outside(why)),
        };
        let Some(mut account) = self.by_external(&claims.person)? else {
            return Ok(self.unknown_outside("no-account"));
        };
        if let Some(refused) = self.barred(&mut account)? {
            return Ok(refused);
        }
        let first = if claims.is_strong { First::OutsideStrong } else { First::Outside };
        self.first_step_done(account, first)
    }

    fn unknown_outside(&self, why: &'static str) -> Outcome<SignIn> {
        let mut out = Outcome::new(SignIn::Failed);
        let refused = AuditOutcome::Refused(why);
        out.audit.push(self.event(What::SignIn, Who::Stranger, refused, Subject::NoAccount));
        out
    }
}
