//! Letters through a relay that would read them, change them, swap them or send them twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_exchange::*;
use comity_ledger::{KeyKind, KeyName, SecretKey};
use jiff::Timestamp;
use proptest::prelude::*;

const JAIL: &str = "jail.example/party";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(KeyName::new(JAIL).unwrap(), KeyKind::Log, [seed; 32])
}

/// A letter of protocol version 1 to `key(1)`, as the version that introduced letters wrote it:
/// what was under way when a node was updated still opens.
const LETTER_V1: &str = "636f6d6974792d6c65747465722f76310a7a68c433e5c231d63042aab9c1a1413d98dd6ac1de8c07c5472d96f6d430185d07f4062dc8491fea5003980af63d599ba36c3eac58fe189c0c28760791372d1890";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..][..2], 16).unwrap()).collect()
}

#[test]
fn a_letter_of_the_first_version_opens() {
    let (letter, _) =
        seal_letter(key(1).verifier(), LetterKind::Heads, b"a checkpoint", [9; 32]).unwrap();
    let shown: String = letter.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(shown, LETTER_V1);
    let opened = open_letter(&[key(2), key(1)], &hex(LETTER_V1)).unwrap();
    assert_eq!(
        (opened.kind, opened.body.as_slice()),
        (LetterKind::Heads, b"a checkpoint".as_ref())
    );
    assert_eq!(letter.len(), LETTER_OVERHEAD_BYTES + b"a checkpoint".len());
}

#[test]
fn every_changed_bit_and_every_cut_is_refused() {
    let own = [key(1)];
    let (letter, reply_key) =
        seal_letter(own[0].verifier(), LetterKind::Messages, b"body", [3; 32]).unwrap();
    let opened = open_letter(&own, &letter).unwrap();
    let reply = Reply { status: 200, body: b"receipts".to_vec() };
    let sealed = seal_reply(&opened.reply_key, &reply, [4; 32]).unwrap();
    assert_eq!(open_reply(&reply_key, &sealed).unwrap(), reply);
    for at in 0..letter.len() {
        for bit in 0..8 {
            let mut changed = letter.clone();
            changed[at] ^= 1 << bit;
            let fault = open_letter(&own, &changed).unwrap_err();
            assert!(["not-a-letter", "other-key", "not-opened"].contains(&fault.code), "{fault:?}");
        }
        assert!(open_letter(&own, &letter[..at]).is_err());
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(open_reply(&reply_key, &changed).unwrap_err().code, "not-opened");
        assert!(open_reply(&reply_key, &sealed[..at]).is_err());
    }
}

#[test]
fn one_request_does_not_take_the_reply_to_another() {
    let own = [key(1)];
    let send = |random| seal_letter(own[0].verifier(), LetterKind::Heads, b"the same", random);
    let (first, first_key) = send([5; 32]).unwrap();
    let (second, second_key) = send([6; 32]).unwrap();
    assert_ne!(first, second, "the same words twice cannot be told to be the same");
    // Sent twice by the relay, and answered differently: each answer under its own key.
    let answer = |letter: &[u8], status, random| {
        let opened = open_letter(&own, letter).unwrap();
        seal_reply(&opened.reply_key, &Reply { status, body: Vec::new() }, random).unwrap()
    };
    let (once, twice) = (answer(&first, 200, [7; 32]), answer(&first, 503, [8; 32]));
    assert_eq!(open_reply(&first_key, &once).unwrap().status, 200);
    assert_eq!(open_reply(&first_key, &twice).unwrap().status, 503);
    assert!(open_reply(&second_key, &once).is_err());
    assert!(open_reply(&first_key, &answer(&second, 200, [9; 32])).is_err());
    // A letter does not open with another key under the same id, nor a reply as a letter.
    assert_eq!(open_letter(&[key(2)], &first).unwrap_err().code, "other-key");
    assert_eq!(open_letter(&own, &once).unwrap_err().code, "not-a-letter");
}

#[test]
fn letters_go_to_the_newest_valid_key() {
    let party = Party::new(JAIL).unwrap();
    let at = |second: i64| Timestamp::from_second(1_780_000_000 + second).unwrap();
    let public = |seed| key(seed).verifier().clone();
    let mut keys = PartyKeys::default();
    keys.introduce(&party, public(1), at(0)).unwrap();
    assert_eq!(keys.current(&party, at(5)), Some(&public(1)));
    assert_eq!(keys.current(&party, at(-5)), None, "not before it is known");
    keys.take(&party, KeyNews::Replaced { key: public(2), until: at(100) }, at(10)).unwrap();
    assert_eq!(keys.current(&party, at(20)), Some(&public(2)));
    keys.take(&party, KeyNews::Revoked { key: public(1) }, at(30)).unwrap();
    assert_eq!(keys.current(&party, at(40)), Some(&public(2)));
    keys.revoke_all(&party, at(50));
    assert_eq!(keys.current(&party, at(60)), None, "nothing is sealed to a stolen key");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_byte(
        body in proptest::collection::vec(any::<u8>(), 0..2_000),
        random in any::<[u8; 32]>(),
        again in any::<[u8; 32]>(),
        status in any::<u16>(),
        seed in any::<u8>(),
    ) {
        let own = [key(seed)];
        let (letter, reply_key) =
            seal_letter(own[0].verifier(), LetterKind::Messages, &body, random).unwrap();
        let opened = open_letter(&own, &letter).unwrap();
        prop_assert_eq!(&opened.body, &body);
        let reply = Reply { status, body };
        let sealed = seal_reply(&opened.reply_key, &reply, again).unwrap();
        prop_assert_eq!(open_reply(&reply_key, &sealed).unwrap(), reply);
    }
}
