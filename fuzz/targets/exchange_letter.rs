//! Letters and replies: foreign bytes do not open, and sealed ones open to the byte.
#![no_main]

use comity_exchange::{open_letter, open_reply};
use comity_ledger::{KeyKind, KeyName, SecretKey};

const MARK: &str = "comity-letter/v1\n";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(name) = KeyName::new("jail.example/party") else { return };
    let own = [SecretKey::from_seed(name, KeyKind::Log, [1; 32])];
    assert!(open_letter(&own, bytes).is_err());
    let to = own[0].verifier();
    let Ok((sealed, key)) = to.seal(MARK, bytes, [2; 32]) else { return };
    if let Ok(letter) = open_letter(&own, &[MARK.as_bytes(), &to.id().0, &sealed].concat()) {
        assert_eq!(letter.body, bytes[1..]);
    }
    assert!(open_reply(&key, bytes).is_err());
    if let Ok(reply) = key.seal(bytes, [3; 32]).and_then(|sealed| open_reply(&key, &sealed)) {
        assert_eq!(reply.body, bytes[2..]);
    }
});
