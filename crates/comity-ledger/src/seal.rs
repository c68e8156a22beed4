//! Personal data under a key per person: sealed beside the log, and gone for good when the
//! key is destroyed. The salt of a leaf's commitment is sealed with the event, so that after
//! the key nothing is left with which a guess could be checked.

use crate::crypto;
use crate::leaf::{CaseRef, Commitment, EventKind, Leaf, Opening, SealedHash};
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// First byte of a sealed event: its format, AES-256-GCM.
const SEALED_V1: u8 = 1;

/// What a sealed event is bound to, before its leaf's commitment.
const SEALED_MARK: &[u8] = b"comity-sealed/v1\n";

/// First bytes of what the hash of a sealed event is over.
const SEALED_HASH_MARK: &[u8] = b"comity-sealed-hash/v1\n";

/// What the key for sealing is derived with (HKDF-Expand, RFC 5869, one block).
const SEAL_LABEL: &[u8] = b"comity-person-seal/v1";

/// What the key for pseudonyms is derived with.
const CASE_LABEL: &[u8] = b"comity-person-case/v1";

/// Most bytes of an event.
pub const EVENT_BYTES_MAX: usize = 1 << 20;

/// Which person's key sealed an event: 16 random bytes, given when the key is made. Names
/// nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonKeyId(pub [u8; 16]);

impl fmt::Display for PersonKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&comity_model::hex(&self.0))
    }
}

impl Serialize for PersonKeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A person's key: 32 random bytes. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct PersonKey(Zeroizing<[u8; 32]>);

impl PersonKey {
    /// A key from 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> PersonKey {
        PersonKey(Zeroizing::new(bytes))
    }

    /// The bytes, to be stored wrapped under the node's own key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(crypto::hmac_sha256(&self.0, &[label, &[1]]))
    }

    /// The pseudonym of one of the person's cases. Without the key nobody can tell whether a
    /// pseudonym is a case's.
    pub fn case_ref(&self, case_id: &[u8]) -> CaseRef {
        CaseRef(crypto::hmac_sha256(&self.derive(CASE_LABEL), &[case_id]))
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey")
    }
}

/// Whether a person's key is there.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// It is.
    Held(PersonKey),
    /// It was destroyed: the person's events cannot be read by anybody.
    Destroyed {
        /// When.
        at: Timestamp,
    },
}

/// Where persons' keys are kept.
pub trait PersonKeys {
    /// A key, or when it was destroyed; `None` if it was never there.
    ///
    /// # Errors
    /// The keys could not be read.
    fn person_key(&self, id: &PersonKeyId) -> Result<Option<KeyState>, Diagnostic>;
}

/// Persons' keys in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryKeys(BTreeMap<PersonKeyId, KeyState>);

impl MemoryKeys {
    /// Keeps a new key. False if the id is taken, held or destroyed.
    #[must_use]
    pub fn add(&mut self, id: PersonKeyId, key: PersonKey) -> bool {
        let is_new = !self.0.contains_key(&id);
        if is_new {
            self.0.insert(id, KeyState::Held(key));
        }
        is_new
    }

    /// Destroys a key; what it sealed is erased. False if it was not held.
    #[must_use]
    pub fn destroy(&mut self, id: &PersonKeyId, at: Timestamp) -> bool {
        match self.0.get_mut(id) {
            Some(state @ KeyState::Held(_)) => {
                *state = KeyState::Destroyed { at };
                true
            }
            _ => false,
        }
    }
}

impl PersonKeys for MemoryKeys {
    fn person_key(&self, id: &PersonKeyId) -> Result<Option<KeyState>, Diagnostic> {
        Ok(self.0.get(id).cloned())
    }
}

/// An event under a person's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Whose key.
    pub key_id: PersonKeyId,
    nonce: [u8; 12],
    ciphertext: Vec<u8>,
}

impl Sealed {
    /// Reads the bytes of a sealed event: format, 16 of the key's id, 12 of the nonce, the
    /// ciphertext, a tag of 16.
    ///
    /// # Errors
    /// `cut-off`, `unknown-format`, `too-large`.
    pub fn parse(bytes: &[u8]) -> Result<Sealed, Diagnostic> {
        let fault = |code, message: String| Err(Diagnostic::error(code, message).path("sealed"));
        let Some((format, rest)) = bytes.split_first() else {
            return fault("cut-off", "the sealed event is empty".to_owned());
        };
        if *format != SEALED_V1 {
            return fault("unknown-format", format!("a sealed event of format {format}"));
        }
        let Some((key_id, rest)) = rest.split_first_chunk::<16>() else {
            return fault("cut-off", "the sealed event ends in its key's id".to_owned());
        };
        let Some((nonce, ciphertext)) = rest.split_first_chunk::<12>() else {
            return fault("cut-off", "the sealed event ends in its nonce".to_owned());
        };
        match ciphertext.len() {
            48.. if ciphertext.len() <= EVENT_BYTES_MAX + 48 => Ok(Sealed {
                key_id: PersonKeyId(*key_id),
                nonce: *nonce,
                ciphertext: ciphertext.to_vec(),
            }),
            48.. => fault("too-large", format!("an event has at most {EVENT_BYTES_MAX} bytes")),
            _ => fault("cut-off", "the sealed event ends in its salt or tag".to_owned()),
        }
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![SEALED_V1];
        out.extend(self.key_id.0);
        out.extend(self.nonce);
        out.extend(&self.ciphertext);
        out
    }

    /// The hash that its leaf carries.
    pub fn hash(&self) -> SealedHash {
        SealedHash(crypto::sha256(&[SEALED_HASH_MARK, &self.to_bytes()]))
    }

    /// Checks that this is what the leaf says was stored; needs no key.
    ///
    /// # Errors
    /// `damaged`.
    pub fn check(&self, leaf: &Leaf) -> Result<(), Diagnostic> {
        if self.hash() == leaf.sealed {
            return Ok(());
        }
        Err(Diagnostic::error("damaged", "the sealed event is not the one that its leaf names")
            .path("sealed")
            .help("it was changed, or exchanged with another leaf's; restore it from a backup"))
    }
}

/// Random bytes for one record: fresh ones each time, from the system's generator.
#[derive(Clone)]
pub struct Fresh {
    /// For the commitment.
    pub salt: [u8; 32],
    /// For the seal; never used twice with one person's key.
    pub nonce: [u8; 12],
}

/// What is to be recorded.
#[derive(Clone)]
pub struct Draft<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The case's own id, for its pseudonym.
    pub case_id: &'a [u8],
    /// The event's canonical bytes, at most [`EVENT_BYTES_MAX`].
    pub event: &'a [u8],
    /// When it is given its place in the log.
    pub sequenced_at: Timestamp,
}

/// Makes the leaf of an event and its sealed copy.
///
/// # Errors
/// `too-large`.
pub fn record(
    key_id: PersonKeyId,
    key: &PersonKey,
    draft: Draft,
    fresh: Fresh,
) -> Result<(Leaf, Sealed), Diagnostic> {
    let too_large = || {
        let message = format!("an event has at most {EVENT_BYTES_MAX} bytes");
        Diagnostic::error("too-large", message).path("event")
    };
    if draft.event.len() > EVENT_BYTES_MAX {
        return Err(too_large());
    }
    let Draft { kind, case_id, event, sequenced_at } = draft;
    let opening = Opening { salt: fresh.salt, event: event.to_vec() };
    let case = key.case_ref(case_id);
    let commitment = opening.commitment(&kind, &case);
    let mut plain = Zeroizing::new(opening.salt.to_vec());
    plain.extend(event);
    let seal_key = key.derive(SEAL_LABEL);
    let ciphertext = crypto::seal(&seal_key, &fresh.nonce, &bound_to(&commitment), &plain)
        .ok_or_else(too_large)?;
    let sealed = Sealed { key_id, nonce: fresh.nonce, ciphertext };
    let leaf = Leaf { kind, case, sequenced_at, commitment, sealed: sealed.hash() };
    Ok((leaf, sealed))
}

/// First byte of sealed bytes that are no event: their format, AES-256-GCM.
const BYTES_V1: u8 = 2;

/// What the key for bytes that are no event is derived with.
const BYTES_LABEL: &[u8] = b"comity-person-bytes/v1";

impl PersonKey {
    /// Seals bytes that stand beside the log: a print file, the card that a party's people know
    /// the person by. `what` names their use and owner, and must be given again to open them.
    /// Format, 12 bytes of the nonce, ciphertext, a tag of 16.
    ///
    /// # Errors
    /// `too-large`.
    pub fn seal(&self, what: &[u8], nonce: [u8; 12], plain: &[u8]) -> Result<Vec<u8>, Diagnostic> {
        seal_bytes(&self.derive(BYTES_LABEL), what, nonce, plain)
    }

    /// Opens what [`PersonKey::seal`] sealed.
    ///
    /// # Errors
    /// `damaged`: cut off, changed, of another person or for another use.
    pub fn open(&self, what: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
        open_bytes(&self.derive(BYTES_LABEL), what, sealed)
    }
}

fn seal_bytes(
    key: &[u8; 32],
    what: &[u8],
    nonce: [u8; 12],
    plain: &[u8],
) -> Result<Vec<u8>, Diagnostic> {
    let sealed = crypto::seal(key, &nonce, what, plain)
        .ok_or_else(|| Diagnostic::error("too-large", "too much to seal"))?;
    Ok([&[BYTES_V1], nonce.as_slice(), &sealed].concat())
}

fn open_bytes(
    key: &[u8; 32],
    what: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
    let parts = sealed.split_first().filter(|(format, _)| **format == BYTES_V1);
    let parts = parts.and_then(|(_, rest)| rest.split_first_chunk::<12>());
    parts
        .and_then(|(nonce, rest)| crypto::open(key, nonce, what, rest))
        .map(Zeroizing::new)
        .ok_or_else(|| Diagnostic::error("damaged", "sealed bytes do not open").path("sealed"))
}

/// The node's own key, under which persons' keys are stored: 32 random bytes in a file that only
/// the node can read.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; 32]>);

/// What a wrapped person's key is bound to, before its id.
const WRAPPED_MARK: &[u8] = b"comity-wrapped/v1\n";

impl StoreKey {
    /// A key from 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> StoreKey {
        StoreKey(Zeroizing::new(bytes))
    }

    /// Wraps a person's key.
    ///
    /// # Errors
    /// Never, as a key is short.
    pub fn wrap(
        &self,
        id: PersonKeyId,
        key: &PersonKey,
        nonce: [u8; 12],
    ) -> Result<Vec<u8>, Diagnostic> {
        let aad = [WRAPPED_MARK, &id.0].concat();
        let sealed = crypto::seal(&self.0, &nonce, &aad, key.as_bytes())
            .ok_or_else(|| Diagnostic::error("too-large", "too much to seal"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Unwraps a person's key.
    ///
    /// # Errors
    /// `wrong-key`: the node has another key than the one it was wrapped under, or the bytes
    /// were changed.
    pub fn unwrap_key(&self, id: PersonKeyId, wrapped: &[u8]) -> Result<PersonKey, Diagnostic> {
        let aad = [WRAPPED_MARK, &id.0].concat();
        let plain = wrapped
            .split_first_chunk::<12>()
            .and_then(|(nonce, rest)| crypto::open(&self.0, nonce, &aad, rest))
            .map(Zeroizing::new);
        plain.and_then(|p| p.as_slice().try_into().ok()).map(PersonKey::from_bytes).ok_or_else(
            || {
                Diagnostic::error("wrong-key", format!("the key of person `{id}` does not open"))
                    .path("wrapped")
                    .help("the node's own key is another one than the store was made with")
            },
        )
    }

    /// A key for another use of the node, by the use's name: HMAC-SHA-256 under this key.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let parts = [b"comity-derived/v1\n".as_slice(), label.as_bytes()];
        Zeroizing::new(crypto::hmac_sha256(&self.0, &parts))
    }

    /// Seals bytes of the node that belong to no single person, as [`PersonKey::seal`] does.
    ///
    /// # Errors
    /// `too-large`.
    pub fn seal(&self, what: &[u8], nonce: [u8; 12], plain: &[u8]) -> Result<Vec<u8>, Diagnostic> {
        seal_bytes(&self.derive("bytes"), what, nonce, plain)
    }

    /// Opens what [`StoreKey::seal`] sealed.
    ///
    /// # Errors
    /// `damaged`: cut off, changed, under another key or for another use.
    pub fn open(&self, what: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Diagnostic> {
        open_bytes(&self.derive("bytes"), what, sealed)
    }

    /// A keyed hash, to find a case by a number without storing the number.
    pub fn number_ref(&self, number: &str) -> [u8; 32] {
        self.text_ref("number", number.as_bytes())
    }

    /// A keyed hash of a text for a use, which is a word: what is stored or shown under it tells
    /// nothing of the text to somebody without the key.
    pub fn text_ref(&self, of: &str, text: &[u8]) -> [u8; 32] {
        crypto::hmac_sha256(&self.0, &[b"comity-", of.as_bytes(), b"/v1\n", text])
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey")
    }
}

fn bound_to(commitment: &Commitment) -> Vec<u8> {
    [SEALED_MARK, &commitment.0].concat()
}

/// What a sealed event turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsealed {
    /// Read, and hashed again: it is the leaf's.
    Open(Opening),
    /// The key was destroyed. The leaf still proves that something was recorded.
    Erased {
        /// When.
        at: Timestamp,
    },
}

/// Opens a sealed event and hashes it against its leaf.
///
/// # Errors
/// `damaged` (another leaf's, or changed), `key-unknown`, `wrong-key`, `not-this-event`.
pub fn unseal(leaf: &Leaf, sealed: &Sealed, keys: &dyn PersonKeys) -> Result<Unsealed, Diagnostic> {
    sealed.check(leaf)?;
    let key = match keys.person_key(&sealed.key_id)? {
        Some(KeyState::Held(key)) => key,
        Some(KeyState::Destroyed { at }) => return Ok(Unsealed::Erased { at }),
        None => {
            let message = format!("key `{}` was never here", sealed.key_id);
            return Err(Diagnostic::error("key-unknown", message).path("sealed"));
        }
    };
    let seal_key = key.derive(SEAL_LABEL);
    let aad = bound_to(&leaf.commitment);
    let plain = crypto::open(&seal_key, &sealed.nonce, &aad, &sealed.ciphertext);
    let plain = plain.map(Zeroizing::new);
    let Some((salt, event)) = plain.as_deref().and_then(|p| p.split_first_chunk::<32>()) else {
        let message = format!("what is stored as key `{}` does not open it", sealed.key_id);
        return Err(Diagnostic::error("wrong-key", message)
            .path("sealed")
            .help("the key was changed; restore it from a backup"));
    };
    let opening = Opening { salt: *salt, event: event.to_vec() };
    // AES-GCM binds to a key only under a key: the commitment binds to the event itself.
    leaf.check(&opening)?;
    Ok(Unsealed::Open(opening))
}
