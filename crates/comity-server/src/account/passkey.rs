//! Passkeys and security keys as a second factor: WebAuthn Level 3, ES256, with the user verified
//! by the device. What a device says of its maker is not asked for and not looked at.

use super::secret::{base64url, from_base64url, is_same, random, sha256};
use super::signature::es256_der;
use ciborium::Value as Cbor;
use comity_node::Random;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most bytes of what a browser sends about a key.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// How long a challenge may be answered.
const CHALLENGE_MINUTES: i64 = 5;

/// Most passkeys of an account.
pub(super) const PASSKEYS_MAX: usize = 10;

/// Flags of authenticator data (WebAuthn section 6.1).
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// The site, as browsers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// Its domain, without scheme and port: `jail.example`.
    pub id: String,
    /// What pages are served from: `https://jail.example:8443`.
    pub origin: String,
    /// The name shown to people.
    pub name: String,
}

/// What a challenge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    Register,
    Prove,
}

/// What a device is to sign, once, for one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Challenge {
    pub purpose: Purpose,
    bytes: [u8; 32],
    made_at: Timestamp,
}

impl Challenge {
    pub fn new(purpose: Purpose, now: Timestamp, from: &mut dyn Random) -> Challenge {
        Challenge { purpose, bytes: random(from), made_at: now }
    }

    /// True for as long as it may be answered, to the same purpose; never after the clock went
    /// back before it.
    pub fn is_open(&self, purpose: Purpose, now: Timestamp) -> bool {
        let age = now.duration_since(self.made_at);
        let minutes = SignedDuration::from_mins(CHALLENGE_MINUTES);
        self.purpose == purpose && !age.is_negative() && age <= minutes
    }
}

/// A passkey of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// The name that its person gave it.
    pub label: String,
    /// When it was added.
    pub added_at: Timestamp,
    pub(super) credential: Vec<u8>,
    x: [u8; 32],
    y: [u8; 32],
    /// How often the device has signed, where it counts.
    counter: u32,
}

impl Passkey {
    /// Its id, in base64url.
    pub fn id(&self) -> String {
        base64url(&self.credential)
    }
}

/// What `navigator.credentials.create` is given to add a passkey.
pub(super) fn creation(
    site: &RelyingParty,
    challenge: &Challenge,
    user: (&[u8], &str),
    known: &[Passkey],
) -> Value {
    json!({
        "rp": { "id": site.id, "name": site.name },
        "user": { "id": base64url(user.0), "name": user.1, "displayName": user.1 },
        "challenge": base64url(&challenge.bytes),
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "excludeCredentials": credentials(known),
        "authenticatorSelection": {
            "residentKey": "discouraged",
            "requireResidentKey": false,
            "userVerification": "required",
        },
        "attestation": "none",
        "timeout": CHALLENGE_MINUTES * 60_000,
    })
}

/// What `navigator.credentials.get` is given to show a passkey.
pub(super) fn request(site: &RelyingParty, challenge: &Challenge, known: &[Passkey]) -> Value {
    json!({
        "rpId": site.id,
        "challenge": base64url(&challenge.bytes),
        "allowCredentials": credentials(known),
        "userVerification": "required",
        "timeout": CHALLENGE_MINUTES * 60_000,
    })
}

fn credentials(known: &[Passkey]) -> Vec<Value> {
    known.iter().map(|key| json!({ "type": "public-key", "id": key.id() })).collect()
}

/// What a browser sends: `PublicKeyCredential.toJSON()`. Members that are not needed are let by,
/// as browsers add some.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: Option<String>,
    authenticator_data: Option<String>,
    signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// Authenticator data (WebAuthn section 6.1), as far as it has the same form always.
struct Authenticator<'a> {
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

fn read_reply(text: &str) -> Result<Reply, &'static str> {
    if text.len() > REPLY_BYTES_MAX {
        return Err("passkey-too-large");
    }
    let reply: Reply = serde_json::from_str(text).map_err(|_| "passkey-unreadable")?;
    if reply.kind == "public-key" { Ok(reply) } else { Err("passkey-kind") }
}

fn bytes(text: Option<&String>) -> Result<Vec<u8>, &'static str> {
    text.and_then(|t| from_base64url(t)).ok_or("passkey-unreadable")
}

/// Steps of sections 7.1 and 7.2 on what the browser says: kind, challenge, origin, no frame of
/// another site.
fn client_data(
    site: &RelyingParty,
    challenge: &Challenge,
    kind: &str,
    response: &Response,
) -> Result<Vec<u8>, &'static str> {
    let text = bytes(Some(&response.client_data))?;
    let data: ClientData = serde_json::from_slice(&text).map_err(|_| "passkey-unreadable")?;
    if data.kind != kind {
        return Err("passkey-kind");
    }
    if !is_same(data.challenge.as_bytes(), base64url(&challenge.bytes).as_bytes()) {
        return Err("passkey-challenge");
    }
    if data.origin != site.origin || data.cross_origin || data.top_origin.is_some() {
        return Err("passkey-origin");
    }
    Ok(text)
}

/// Steps on what the device says: for this site, a person was there and was verified.
fn authenticator<'a>(
    site: &RelyingParty,
    data: &'a [u8],
) -> Result<Authenticator<'a>, &'static str> {
    let (site_sha256, rest) = data.split_first_chunk::<32>().ok_or("passkey-unreadable")?;
    let (flags, rest) = rest.split_first().ok_or("passkey-unreadable")?;
    let (counter, rest) = rest.split_first_chunk::<4>().ok_or("passkey-unreadable")?;
    if *site_sha256 != sha256(site.id.as_bytes()) {
        return Err("passkey-site");
    }
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err("passkey-unverified");
    }
    if flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0 {
        return Err("passkey-unreadable");
    }
    Ok(Authenticator { flags: *flags, counter: u32::from_be_bytes(*counter), rest })
}

/// Reads a new passkey out of what the browser sent, or says why it is none.
pub(super) fn register(
    site: &RelyingParty,
    challenge: &Challenge,
    reply: &str,
    (label, now): (&str, Timestamp),
) -> Result<Passkey, &'static str> {
    let reply = read_reply(reply)?;
    client_data(site, challenge, "webauthn.create", &reply.response)?;
    let attestation = bytes(reply.response.attestation_object.as_ref())?;
    let data = authenticator_data(&attestation)?;
    let device = authenticator(site, &data)?;
    if device.flags & HAS_CREDENTIAL == 0 {
        return Err("passkey-unreadable");
    }
    let rest = device.rest.get(16..).ok_or("passkey-unreadable")?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or("passkey-unreadable")?;
    let length = usize::from(u16::from_be_bytes(*length));
    if !(1..=1023).contains(&length) || rest.len() < length {
        return Err("passkey-unreadable");
    }
    let (credential, mut rest) = rest.split_at(length);
    let (x, y) = cose_key(&cbor(&mut rest)?)?;
    if device.flags & HAS_EXTENSIONS != 0 {
        cbor(&mut rest)?;
    }
    if !rest.is_empty() || from_base64url(&reply.id).as_deref() != Some(credential) {
        return Err("passkey-unreadable");
    }
    let credential = credential.to_vec();
    let label = label.to_owned();
    Ok(Passkey { label, added_at: now, credential, x, y, counter: device.counter })
}

/// Checks that one of the passkeys signed the challenge, and notes its counter; or says why not.
pub(super) fn prove(
    site: &RelyingParty,
    challenge: &Challenge,
    reply: &str,
    known: &mut [Passkey],
) -> Result<(), &'static str> {
    let reply = read_reply(reply)?;
    let credential = bytes(Some(&reply.id))?;
    let key = known.iter_mut().find(|k| k.credential == credential).ok_or("passkey-unknown")?;
    let client = client_data(site, challenge, "webauthn.get", &reply.response)?;
    let data = bytes(reply.response.authenticator_data.as_ref())?;
    let device = authenticator(site, &data)?;
    let signature = bytes(reply.response.signature.as_ref())?;
    let signed = [data.as_slice(), &sha256(&client)].concat();
    if !es256_der(&key.x, &key.y, &signed, &signature) {
        return Err("passkey-signature");
    }
    // A device that counts and did not count on was copied, or this reply is an old one.
    if (device.counter != 0 || key.counter != 0) && device.counter <= key.counter {
        return Err("passkey-counter");
    }
    key.counter = device.counter;
    Ok(())
}

fn cbor(from: &mut &[u8]) -> Result<Cbor, &'static str> {
    ciborium::from_reader(from).map_err(|_| "passkey-unreadable")
}

fn authenticator_data(attestation: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut rest = attestation;
    let Cbor::Map(members) = cbor(&mut rest)? else { return Err("passkey-unreadable") };
    let data = members.into_iter().find(|(name, _)| name.as_text() == Some("authData"));
    let data = data.and_then(|(_, value)| value.into_bytes().ok());
    data.filter(|_| rest.is_empty()).ok_or("passkey-unreadable")
}

/// x and y of a COSE key for ES256 on P-256 (RFC 9053 sections 2.1 and 7.1.1).
fn cose_key(key: &Cbor) -> Result<([u8; 32], [u8; 32]), &'static str> {
    let members = key.as_map().ok_or("passkey-unreadable")?;
    let get = |label: i64| {
        let is = |name: &Cbor| name.as_integer() == Some(label.into());
        members.iter().find(|(name, _)| is(name)).map(|(_, value)| value)
    };
    let number = |label| get(label).and_then(Cbor::as_integer).map(i128::from);
    // Key type EC2, algorithm ES256, curve P-256.
    if (number(1), number(3), number(-1)) != (Some(2), Some(-7), Some(1)) {
        return Err("passkey-algorithm");
    }
    let part = |label| {
        let bytes = get(label).and_then(Cbor::as_bytes);
        bytes.and_then(|b| <[u8; 32]>::try_from(b.as_slice()).ok()).ok_or("passkey-unreadable")
    };
    Ok((part(-2)?, part(-3)?))
}
