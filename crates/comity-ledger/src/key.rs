//! Keys of logs and witnesses, and the lines in which they are written: C2SP signed-note
//! verifier keys, and the key files of Go's `sumdb/note` for the secret part.

use crate::crypto;
use crate::text::{base64, from_base64};
use comity_model::Diagnostic;
use serde::{Serialize, Serializer};
use std::fmt;
use zeroize::Zeroizing;

/// What a key signs, by the type byte of C2SP signed-note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// 0x01: Ed25519 over the text; what a log signs its checkpoints with.
    Log,
    /// 0x04: Ed25519 over the time and the text (`cosignature/v1`); what the peer and the
    /// witnesses countersign with.
    Witness,
}

impl KeyKind {
    /// The type byte.
    pub fn byte(self) -> u8 {
        match self {
            KeyKind::Log => 0x01,
            KeyKind::Witness => 0x04,
        }
    }

    fn of(byte: u8) -> Option<KeyKind> {
        [KeyKind::Log, KeyKind::Witness].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// The name of a key: for a log its origin, `jail.example/ledger`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// A name: not empty, no space of any script, no `+`, no control character.
    ///
    /// # Errors
    /// `bad-key-name`.
    pub fn new(name: &str) -> Result<KeyName, Diagnostic> {
        if name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        {
            let message = format!("`{name}` is no key name");
            return Err(Diagnostic::error("bad-key-name", message)
                .path("key name")
                .help("a key name has at least one character, no spaces and no `+`"));
        }
        Ok(KeyName(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for KeyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The first four bytes of the hash of a key's name, type and public part. Short: it finds a
/// key and identifies none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&comity_model::hex(&self.0))
    }
}

fn key_id(name: &KeyName, kind: KeyKind, public: &[u8; 32]) -> KeyId {
    let hash = crypto::sha256(&[name.0.as_bytes(), b"\n", &[kind.byte()], public]);
    KeyId([hash[0], hash[1], hash[2], hash[3]])
}

/// The public part of a key, with its name and what it signs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    public: [u8; 32],
}

impl VerifierKey {
    /// A verifier key line, `NAME+HEX+BASE64`, in its only spelling.
    ///
    /// # Errors
    /// `bad-key` with the part that is wrong.
    pub fn parse(text: &str) -> Result<VerifierKey, Diagnostic> {
        let bad = |field: &str, message: String| {
            Err(Diagnostic::error("bad-key", message)
                .path(field)
                .help("a key line is NAME+HASH+KEY, as `comity node` prints it"))
        };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return bad("key", "a key line has three parts with `+` between".to_owned());
        };
        let name = KeyName::new(name)?;
        let Some(bytes) = from_base64(key) else {
            return bad("key", "the key is not standard padded base64".to_owned());
        };
        let Some((kind, public)) = bytes.split_first() else {
            return bad("key", "the key is empty".to_owned());
        };
        let Some(kind) = KeyKind::of(*kind) else {
            let message =
                format!("keys of type 0x{kind:02x} are not read, only 0x01 and 0x04 (Ed25519)");
            return bad("key type", message);
        };
        let Ok(public) = <[u8; 32]>::try_from(public) else {
            return bad("key", format!("the key has {} bytes and not 32", public.len()));
        };
        let wanted = key_id(&name, kind, &public);
        if id != wanted.to_string() {
            return bad("key hash", format!("the key hash is `{id}` and should be `{wanted}`"));
        }
        if !crypto::is_public_key(&public) {
            return bad("key", "the key is no point that signatures are checked with".to_owned());
        }
        Ok(VerifierKey { name, kind, public })
    }

    /// The name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key id that its signature lines carry.
    pub fn id(&self) -> KeyId {
        key_id(&self.name, self.kind, &self.public)
    }

    /// The 32 bytes of the key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Seals bytes so that only the holder of the secret part can open them, with 32 random
    /// bytes that are used once. `context` says what for: bytes that were sealed for one thing
    /// do not open as another.
    ///
    /// # Errors
    /// `not-sealed`: the key is no point that can be sealed to, or there are too many bytes.
    pub fn seal(
        &self,
        context: &str,
        plain: &[u8],
        random: [u8; 32],
    ) -> Result<(Vec<u8>, ReplyKey), Diagnostic> {
        let (public, context) = (&self.public, context.as_bytes());
        crypto::seal_to(public, random, context, &self.id().0, plain)
            .map(|(sealed, shared)| (sealed, ReplyKey(shared)))
            .ok_or_else(|| Diagnostic::error("not-sealed", "this cannot be sealed").path("key"))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind.byte()];
        key.extend(self.public);
        write!(f, "{}+{}+{}", self.name, self.id(), base64(&key))
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The secret part of a key. Never printed, wiped when dropped.
#[derive(Clone)]
pub struct SecretKey {
    seed: Zeroizing<[u8; 32]>,
    verifier: VerifierKey,
}

/// What a secret key's line starts with.
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

impl SecretKey {
    /// A key from 32 random bytes.
    pub fn from_seed(name: KeyName, kind: KeyKind, seed: [u8; 32]) -> SecretKey {
        let public = crypto::public_of(&seed);
        SecretKey { seed: Zeroizing::new(seed), verifier: VerifierKey { name, kind, public } }
    }

    /// A key file's line, `PRIVATE+KEY+NAME+HEX+BASE64`. Errors never repeat it.
    ///
    /// # Errors
    /// `bad-key`.
    pub fn parse(text: &str) -> Result<SecretKey, Diagnostic> {
        let bad = |what: &str| Diagnostic::error("bad-key", what).path("secret key");
        let rest = text
            .strip_prefix(SECRET_PREFIX)
            .ok_or_else(|| bad("a secret key's line starts with `PRIVATE+KEY+`"))?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("a secret key's line has three parts after `PRIVATE+KEY+`"));
        };
        let bytes = Zeroizing::new(
            from_base64(key).ok_or_else(|| bad("the secret key is not standard padded base64"))?,
        );
        let (Some((kind, seed)), Ok(name)) = (bytes.split_first(), KeyName::new(name)) else {
            return Err(bad("the secret key has no name or no bytes"));
        };
        let kind = KeyKind::of(*kind)
            .ok_or_else(|| bad("only secret keys of type 0x01 and 0x04 (Ed25519) are read"))?;
        let seed =
            <[u8; 32]>::try_from(seed).map_err(|_| bad("the secret key does not have 32 bytes"))?;
        let key = SecretKey::from_seed(name, kind, seed);
        if key.verifier.id().to_string() != id {
            return Err(bad("the key hash does not fit the secret key"));
        }
        Ok(key)
    }

    /// The line for a key file.
    pub fn to_line(&self) -> Zeroizing<String> {
        let mut key = Zeroizing::new(vec![self.verifier.kind.byte()]);
        key.extend(self.seed.iter());
        let VerifierKey { name, .. } = &self.verifier;
        Zeroizing::new(format!("{SECRET_PREFIX}{name}+{}+{}", self.verifier.id(), base64(&key)))
    }

    /// The public part.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        crypto::sign(&self.seed, message)
    }

    /// Opens what was sealed to this key's public part for `context`.
    ///
    /// # Errors
    /// `not-opened`: it was sealed to another key or for another thing, or a bit was changed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<(Vec<u8>, ReplyKey), Diagnostic> {
        let id = self.verifier.id();
        crypto::open_sealed(&self.seed, context.as_bytes(), &id.0, sealed)
            .map(|(plain, shared)| (plain, ReplyKey(shared)))
            .ok_or_else(not_opened)
    }
}

fn not_opened() -> Diagnostic {
    Diagnostic::error("not-opened", "this does not open: sealed to another key, or changed")
}

/// What the two ends of one sealing know, and nobody between them: seals the replies to it.
/// Never printed, wiped when dropped.
pub struct ReplyKey(crypto::Shared);

impl ReplyKey {
    /// Seals a reply, with 32 random bytes that are used once. The same request may come twice
    /// and be answered differently: each answer has a key of its own, made of these bytes.
    ///
    /// # Errors
    /// `not-sealed`: there are too many bytes.
    pub fn seal(&self, plain: &[u8], random: [u8; 32]) -> Result<Vec<u8>, Diagnostic> {
        let sealed = crypto::seal(&self.once(&random), &[0; 12], &[], plain)
            .ok_or_else(|| Diagnostic::error("not-sealed", "the reply cannot be sealed"))?;
        Ok([random.as_slice(), &sealed].concat())
    }

    /// Opens a reply.
    ///
    /// # Errors
    /// `not-opened`: it is of another request, or a bit was changed.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Diagnostic> {
        let (random, sealed) = sealed.split_first_chunk::<32>().ok_or_else(not_opened)?;
        crypto::open(&self.once(random), &[0; 12], &[], sealed).ok_or_else(not_opened)
    }

    fn once(&self, random: &[u8; 32]) -> crypto::Shared {
        Zeroizing::new(crypto::hmac_sha256(&self.0, &[random]))
    }
}

impl fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyKey")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}+{})", self.verifier.name, self.verifier.id())
    }
}
