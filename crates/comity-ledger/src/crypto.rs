//! Every cryptographic primitive of the ledger, in one place: what a build on a validated
//! module replaces (docs/adr/0025-sealed-records.md). Nothing else in the crate names an
//! algorithm's library.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// SHA-256 (FIPS 180-4) of the parts in a row.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// HMAC-SHA-256 (FIPS 198-1) of the parts in a row.
pub fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC fills a short key up to a block of 64 bytes with zeros (FIPS 198-1, step 3).
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&(*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The Ed25519 public key of a seed (RFC 8032, section 5.1.5).
pub fn public_of(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// An Ed25519 signature (RFC 8032, section 5.1.6): the same bytes every time.
pub fn sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(seed).sign(message).to_bytes()
}

/// Whether bytes are a point that signatures can be checked with: not of small order, for
/// which one signature fits many messages.
pub fn is_public_key(public: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public).is_ok_and(|key| !key.is_weak())
}

/// Whether a signature is by a key over a message. The strict rule: one signature has one
/// encoding, so that nobody can make a second out of it.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// AES-256-GCM (NIST SP 800-38D): ciphertext and a tag of 16 bytes. `None` beyond the length
/// that the algorithm allows, 64 GiB.
pub fn seal(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let nonce: Nonce<_> = (*nonce).into();
    Aes256Gcm::new(&(*key).into()).encrypt(&nonce, Payload { msg: plain, aad }).ok()
}

/// What [`seal`] sealed, or `None` if key, nonce, associated data or a bit is another.
pub fn open(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let nonce: Nonce<_> = (*nonce).into();
    Aes256Gcm::new(&(*key).into()).decrypt(&nonce, Payload { msg: sealed, aad }).ok()
}
