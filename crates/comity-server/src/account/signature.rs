//! Checking signatures of passkeys and of an agency's own sign-in. A build on a validated module
//! replaces this file (`aws-lc-rs` has the same functions).

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

/// A point of P-256 as SEC 1 writes it uncompressed: 4, x, y.
fn point(x: &[u8; 32], y: &[u8; 32]) -> Vec<u8> {
    [&[4][..], x, y].concat()
}

/// ECDSA on P-256 with SHA-256, the signature in DER: how authenticators sign.
pub(super) fn es256_der(x: &[u8; 32], y: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point(x, y));
    key.verify(text, signature).is_ok()
}

/// The same with the signature as r and s of 32 bytes each: how JOSE signs (RFC 7518
/// section 3.4).
pub(super) fn es256_fixed(x: &[u8; 32], y: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(x, y));
    key.verify(text, signature).is_ok()
}

/// RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 to 8192 bits (RFC 7518 section 3.3);
/// modulus and exponent big-endian, without leading zeros.
pub(super) fn rs256(n: &[u8], e: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let key = RsaPublicKeyComponents { n, e };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, text, signature).is_ok()
}
