//! Random values, hashes and keys of accounts. With `password.rs` and `signature.rs` the only
//! places where sign-in touches cryptography: a build on a validated module replaces these.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use comity_exchange::Digest;
use comity_ledger::StoreKey;
use comity_node::Random;
use ring::{aead, hmac};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// `N` random bytes.
pub(super) fn random<const N: usize>(from: &mut dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    from.fill(&mut bytes);
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Digest::of_bytes(bytes).0
}

pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(&key, text).as_ref());
    out
}

/// Equal, in a time that does not say where they differ. Lengths are no secret.
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// base64url without padding (RFC 4648 section 5), as WebAuthn, JOSE and our tokens write bytes.
pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The node's key for what accounts keep: 32 bytes that stand in no database. It peppers
/// passwords and seals the secrets of authenticator apps, so that a stolen store opens neither.
#[derive(Clone)]
pub struct AccountKey(Zeroizing<[u8; 32]>);

impl AccountKey {
    /// A key from 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> AccountKey {
        AccountKey(Zeroizing::new(bytes))
    }

    /// The key that follows from the node's store key.
    pub fn of(key: &StoreKey) -> AccountKey {
        AccountKey(key.derive("accounts"))
    }

    /// A key for one use.
    pub(super) fn derive(&self, what: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hmac_sha256(self.0.as_slice(), what.as_bytes()))
    }

    /// Seals a secret with AES-256-GCM, bound to what it is of.
    pub(super) fn seal(&self, of: &str, nonce: [u8; 12], secret: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = secret.to_vec();
        let aad = aead::Aad::from(of.as_bytes());
        let sealing = aead::Nonce::assume_unique_for_key(nonce);
        self.cipher()?.seal_in_place_append_tag(sealing, aad, &mut bytes).ok()?;
        Some([nonce.as_slice(), &bytes].concat())
    }

    /// Opens a secret; `None` if the key or what it is of is another.
    pub(super) fn open(&self, of: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_first_chunk::<12>()?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let aad = aead::Aad::from(of.as_bytes());
        let opening = aead::Nonce::assume_unique_for_key(*nonce);
        let length = self.cipher()?.open_in_place(opening, aad, &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    fn cipher(&self) -> Option<aead::LessSafeKey> {
        let key = self.derive("comity-account-seal/v1");
        aead::UnboundKey::new(&aead::AES_256_GCM, key.as_slice()).ok().map(aead::LessSafeKey::new)
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKey")
    }
}

/// A secret that is shown once: an invitation, a recovery code, a token. Never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret text.
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// The text, to hand to whom it belongs.
    pub fn show(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The 32 signs of codes that people copy by hand: no I, L, O or U (Crockford's base 32).
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 15 random bytes as 24 signs in six groups: 120 bits, so that a plain hash is enough.
pub(super) fn code(bytes: [u8; 15]) -> Secret {
    let signs = base32(&bytes, SIGNS);
    let groups: Vec<&str> = (0..6).filter_map(|i| signs.get(4 * i..4 * i + 4)).collect();
    Secret::new(groups.join("-"))
}

/// Base 32 of a multiple of five bytes.
pub(super) fn base32(bytes: &[u8], signs: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 5 * 8));
    for five in bytes.chunks_exact(5) {
        let bits = five.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        for sign in 0..8 {
            text.push(char::from(signs[(bits >> (35 - 5 * sign) & 31) as usize]));
        }
    }
    text
}

/// The hash of a code as a person types it: case, spaces and dashes do not matter, and letters
/// that look like digits are these.
pub(super) fn code_sha256(typed: &str) -> [u8; 32] {
    let plain = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| {
        match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        }
    });
    let text: Zeroizing<String> = Zeroizing::new(plain.collect());
    sha256(text.as_bytes())
}
