//! Hostile bytes for every reader of the exchange: none may panic or take long, and what is
//! read is written back to the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "case/library.rs"]
mod library;
#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use comity_exchange::bookings::{SheetForm, Usual, read_bookings};
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

#[test]
fn hostile_letters_are_refused_or_opened_to_the_byte() {
    let name = KeyName::new("jail.example/party").unwrap();
    let own = [SecretKey::from_seed(name, KeyKind::Log, [1; 32])];
    let to = own[0].verifier();
    let (letter, reply_key) = seal_letter(to, LetterKind::Heads, b"{}", [2; 32]).unwrap();
    let reply = Reply { status: 200, body: b"{}".to_vec() };
    let mut corpus = Corpus::default();
    corpus.push("letter", &letter);
    corpus.push("reply", &seal_reply(&reply_key, &reply, [3; 32]).unwrap());
    corpus.push("what is sealed", b"\x02{}");
    let mut read = 0;
    hammer("letters", &corpus, Limits::of(5_000), |bytes| {
        if let Ok(opened) = open_letter(&own, bytes) {
            assert_eq!((opened.kind, opened.body.as_slice()), (LetterKind::Heads, b"{}".as_ref()));
        }
        let _ = open_reply(&reply_key, bytes);
        // Sealed again, so that mutations reach what stands behind the sealing.
        let (sealed, sealed_key) = to.seal("comity-letter/v1\n", bytes, [4; 32]).unwrap();
        let letter = [b"comity-letter/v1\n".as_slice(), &to.id().0, &sealed].concat();
        if let Ok(opened) = open_letter(&own, &letter) {
            assert_eq!(opened.body, bytes[1..]);
            read += 1;
        }
        if let Ok(reply) = open_reply(&sealed_key, &sealed_key.seal(bytes, [5; 32]).unwrap()) {
            assert_eq!(reply.body, bytes[2..]);
        }
    });
    assert!(read > 100, "only {read} letters of 5,000 were good enough to be read");
}

#[test]
fn hostile_sheets_of_bookings_are_refused_with_their_place_or_read() {
    let head = "booking_id,name,booking_number,booked_at,place,complete,custody.criminal_arrest,\
                person.age_years,charges.1.category,charges.1.level,charges.2.level,convictions";
    let rows = "\nA-1,\"EXAMPLE, A\",1,2016-03-01T08:05:00,,no,yes,31,theft,misdemeanor,felony,\
                unknown\nA-2,SAMPLE,2,2016-03-01T08:05:00-05:00,us-ca.los-angeles,yes,no,,,,,none\n";
    let line = serde_json::json!({
        "booking_id": "A-1", "name": "EXAMPLE", "booking_number": "1", "complete": true,
        "booked_at": "2016-03-01T08:05:00", "time_zone": "America/Chicago",
        "facts": { "custody": { "criminal_arrest": true }, "charges": [{ "level": "felony" }] },
    });
    let mut corpus = Corpus::default();
    corpus.push("csv", format!("{head}{rows}").as_bytes());
    corpus
        .push("row", format!("booking_id,name,booking_number,booked_at{}", &rows[..45]).as_bytes());
    corpus.push("lines", format!("{line}\n{line}\n").as_bytes());
    let usual =
        Usual { places: library::library().places(), place: Some("us-tx.travis"), time_zone: None };
    let mut read = 0;
    hammer("sheets of bookings", &corpus, Limits::of(10_000), |bytes| {
        for form in [SheetForm::Csv, SheetForm::JsonLines] {
            match read_bookings("hostile", bytes, form, &usual) {
                Ok(rows) => read += rows.len(),
                Err(found) => {
                    assert!(!found.is_empty());
                    for fault in found {
                        let is_of_the_whole = ["too-large", "too-many", "missing"];
                        assert!(fault.line > 0 || is_of_the_whole.contains(&fault.code));
                    }
                }
            }
        }
    });
    assert!(read > 100, "only {read} bookings were good enough to be read");
}
