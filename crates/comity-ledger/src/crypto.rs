//! Every cryptographic primitive of the ledger, in one place: what a build on a validated
//! module replaces (docs/adr/0025-sealed-records.md). Nothing else in the crate names an
//! algorithm's library.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::rand_core::{Infallible, TryCryptoRng, TryRng};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
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

/// Bytes of the key that [`seal_to`] writes before the ciphertext.
pub const ENCAPSULATED_BYTES: usize = 32;

/// What both ends of a sealing know and nobody else: replies are sealed with it.
pub type Shared = Zeroizing<[u8; 32]>;

/// HPKE in base mode (RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM) to the
/// X25519 key that an Ed25519 public key is another form of (RFC 7748, section 4.1; why one key
/// may do both: docs/adr/0054-relay.md). The encapsulated key, then ciphertext and tag; and what
/// both ends know. The same random bytes must never be given twice.
pub fn seal_to(
    public: &[u8; 32],
    random: [u8; 32],
    info: &[u8],
    aad: &[u8],
    plain: &[u8],
) -> Option<(Vec<u8>, Shared)> {
    let point = VerifyingKey::from_bytes(public).ok()?.to_montgomery();
    let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(point.as_bytes()).ok()?;
    let (encapsulated, mut context) =
        hpke::setup_sender_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &to,
            info,
            &mut Given { random: Zeroizing::new(random), taken: 0 },
        )
        .ok()?;
    let mut out = encapsulated.to_bytes().to_vec();
    out.extend(context.seal(plain, aad).ok()?);
    let mut shared = Zeroizing::new([0; 32]);
    context.export(b"reply", shared.as_mut()).ok()?;
    Some((out, shared))
}

/// What [`seal_to`] sealed to the public key of a seed; `None` if it was sealed to another, or
/// a bit is another.
pub fn open_sealed(
    seed: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Option<(Vec<u8>, Shared)> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_BYTES)?;
    let scalar = Zeroizing::new(SigningKey::from_bytes(seed).to_scalar_bytes());
    let own = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(scalar.as_ref()).ok()?;
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
    let mut context = hpke::setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &own,
        &encapsulated,
        info,
    )
    .ok()?;
    let plain = context.open(ciphertext, aad).ok()?;
    let mut shared = Zeroizing::new([0; 32]);
    context.export(b"reply", shared.as_mut()).ok()?;
    Some((plain, shared))
}

/// A generator over 32 random bytes, by HMAC with a counter: the crate is pure, and its caller
/// knows where random bytes come from.
struct Given {
    random: Zeroizing<[u8; 32]>,
    taken: u64,
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let block = hmac_sha256(&self.random, &[&self.taken.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.taken += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}
