//! Hostile bytes for every reader of the exchange: none may panic or take long, and what is
//! read is written back to the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use comity_exchange::*;
use comity_ledger::{KeyKind, KeyName, Note, SecretKey};
use jiff::Timestamp;
use mutate::{Corpus, Limits, hammer};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Signs any text, so that mutations reach what stands behind the signature.
fn signed(text: &str, key: &SecretKey) -> Option<Vec<u8>> {
    let mut note = Note::new(text).ok()?;
    note.add(note.sign(key)?);
    Some(note.to_bytes())
}

#[test]
fn hostile_bytes_are_refused_or_read_back_to_the_byte() {
    let name = "office.example/party";
    let key = SecretKey::from_seed(KeyName::new(name).unwrap(), KeyKind::Log, [2; 32]);
    let (office, jail) = (Party::new(name).unwrap(), Party::new("jail.example/party").unwrap());
    let mut keys = PartyKeys::default();
    keys.introduce(&office, key.verifier().clone(), at(0)).unwrap();
    let mut outbox = Outbox::new(office.clone(), jail.clone());
    let body = serde_json::json!({ "a": [1, -2, "é\n\u{1f600}"], "b": { "c": null, "d": true } });
    let kind = MessageKind::new("request.issued").unwrap();
    let reply_to = Some(EnvelopeId([7; 16]));
    let body = body.as_object().unwrap().clone();
    let pending = outbox.post(EnvelopeId([1; 16]), kind, reply_to, body, &key, at(1)).unwrap();
    let envelope = pending.signed.clone();
    let back =
        Receipt { from: office.clone(), to: jail.clone(), ..Receipt::of(&envelope, at(2), 3) };
    let receipt = back.sign(&key).unwrap();
    let mut corpus = Corpus::default();
    corpus.push("envelope", &envelope.bytes);
    corpus.push("envelope text", envelope.envelope.to_text().unwrap().as_bytes());
    corpus.push("receipt", &receipt);
    corpus.push("receipt text", Note::parse("r", &receipt).unwrap().text().as_bytes());
    let mut read = 0;
    hammer("exchange files", &corpus, Limits::of(20_000), |bytes| {
        let again = std::str::from_utf8(bytes).ok().and_then(|text| signed(text, &key));
        for bytes in [Some(bytes.to_vec()), again].into_iter().flatten() {
            let mut inbox = Inbox::new(office.clone(), jail.clone());
            let _ = inbox.take(&bytes, &keys, at(5));
            if let Ok(signed) = Envelope::read("hostile", &bytes, &keys, at(5)) {
                let text = signed.envelope.to_text().unwrap();
                assert_eq!(text, Note::parse("hostile", &bytes).unwrap().text());
                read += 1;
            }
            if let Ok(receipt) = Receipt::read("hostile", &bytes, &keys, at(5)) {
                let _ = outbox.settle(&receipt);
                read += 1;
            }
        }
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Ok(value) = read_canonical(text)
        {
            assert_eq!(canonical(&value).unwrap(), text);
        }
    });
    assert!(read > 100, "only {read} files of 20,000 were good enough to be read");
}
