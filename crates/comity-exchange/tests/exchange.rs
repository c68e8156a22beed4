//! Messages between two parties over a network that loses, doubles, delays and damages them.

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
use serde_json::json;

const JAIL: &str = "jail.example/party";
const OFFICE: &str = "office.example/party";

fn party(name: &str) -> Party {
    Party::new(name).unwrap()
}

fn key(name: &str, seed: u8) -> SecretKey {
    SecretKey::from_seed(KeyName::new(name).unwrap(), KeyKind::Log, [seed; 32])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn keys() -> PartyKeys {
    let mut keys = PartyKeys::default();
    for (name, seed) in [(JAIL, 1), (OFFICE, 2)] {
        keys.introduce(&party(name), key(name, seed).verifier().clone(), at(0)).unwrap();
    }
    keys
}

fn kind() -> MessageKind {
    MessageKind::new("request.issued").unwrap()
}

fn body(n: u64) -> Body {
    json!({ "case": format!("C-{n}"), "hours": 48 }).as_object().unwrap().clone()
}

fn id(n: u64) -> EnvelopeId {
    EnvelopeId(u128::from(n).to_be_bytes())
}

/// The `n`th message of the office to the jail, as bytes, from a fresh outbox.
fn posted(count: u64) -> (Outbox, Vec<Vec<u8>>) {
    let mut outbox = Outbox::new(party(OFFICE), party(JAIL));
    let mut all = Vec::new();
    for n in 1..=count {
        let pending = outbox.post(id(n), kind(), None, body(n), &key(OFFICE, 2), at(1)).unwrap();
        all.push(pending.signed.bytes.clone());
    }
    (outbox, all)
}

fn inbox() -> Inbox {
    Inbox::new(party(OFFICE), party(JAIL))
}

fn numbers(taken: Result<Taken, Refusal>) -> Vec<u64> {
    match taken {
        Ok(Taken::Apply(messages)) => messages.iter().map(|m| m.envelope.number).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn canonical_json_is_that_of_rfc_8785() {
    // Section 3.2.2.2 (the text) and 3.2.3 (the order of members).
    let value =
        json!({ "string": "\u{20ac}$\u{f}\nA'B\"\\\\\"/", "literals": [null, true, false] });
    assert_eq!(
        canonical(&value).unwrap(),
        r#"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
    let value = json!({
        "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
        "\u{f6}": "Latin Small Letter O With Diaeresis"
    });
    let text = canonical(&value).unwrap();
    let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
    let places: Vec<usize> = order.iter().map(|word| text.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert_eq!(read_canonical(&text).unwrap(), value);
}

#[test]
fn only_the_one_spelling_is_read() {
    assert!(read_canonical(r#"{"a":[1,"b",{"c":null}]}"#).is_ok());
    for (text, code) in [
        (r#"{"a": 1}"#, "not-canonical"),
        (r#"{"b":1,"a":2}"#, "not-canonical"),
        (r#"{"a":1,"a":1}"#, "not-canonical"),
        (r#"{"a":2,"a":1}"#, "not-canonical"),
        ("\"\\u0041\"", "not-canonical"),
        ("\"\\/\"", "not-canonical"),
        ("1.0", "not-whole"),
        ("1e3", "not-whole"),
        ("-0", "not-whole"),
        ("0.1", "not-whole"),
        ("9007199254740992", "not-whole"),
        ("18446744073709551616", "not-whole"),
        ("01", "not-json"),
        ("[1,]", "not-json"),
        ("\"\\ud800\"", "not-json"),
        ("", "not-json"),
        ("1 ", "not-canonical"),
    ] {
        assert_eq!(read_canonical(text).unwrap_err().code, code, "{text}");
    }
    assert!(read_canonical("9007199254740991").is_ok());
    let fault = read_canonical(r#"{"a":[1,{"b":[[2],[1.5]]}]}"#).unwrap_err();
    assert_eq!((fault.code, fault.path.as_str()), ("not-whole", "a[1].b[1][0]"));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(read_canonical(&deep).unwrap_err().code, "not-json");
}

#[test]
fn an_envelope_is_read_back_and_no_bit_of_it_can_be_changed() {
    let (outbox, all) = posted(1);
    let bytes = &all[0];
    let read = Envelope::read("e", bytes, &keys(), at(5)).unwrap();
    assert_eq!(read, outbox.pending().next().unwrap().signed);
    assert_eq!(read.envelope.body, body(1));
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Envelope::read("e", &changed, &keys(), at(5)).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(Envelope::read("e", &bytes[..length], &keys(), at(5)).is_err(), "{length} bytes");
    }
}

#[test]
fn a_message_is_applied_once_in_order_and_receipted_again() {
    let (_, all) = posted(5);
    let (mut inbox, keys) = (inbox(), keys());
    assert_eq!(numbers(inbox.take(&all[0], &keys, at(5))), [1]);
    assert_eq!(inbox.take(&all[0], &keys, at(6)), Ok(Taken::Again { number: 1 }));
    assert_eq!(inbox.take(&all[3], &keys, at(6)), Ok(Taken::Waits { missing: 2 }));
    assert_eq!(inbox.take(&all[3], &keys, at(6)), Ok(Taken::Waits { missing: 2 }));
    assert_eq!(inbox.take(&all[2], &keys, at(6)), Ok(Taken::Waits { missing: 2 }));
    assert_eq!(numbers(inbox.take(&all[1], &keys, at(7))), [2, 3, 4]);
    assert_eq!(numbers(inbox.take(&all[4], &keys, at(7))), [5]);
    assert_eq!(inbox.waiting().count(), 0);
    // Replayed years later it still does nothing.
    assert_eq!(inbox.take(&all[2], &keys, at(100_000_000)), Ok(Taken::Again { number: 3 }));
}

#[test]
fn two_messages_under_one_number_or_id_are_kept_as_proof() {
    let (_, all) = posted(2);
    let (mut inbox, keys) = (inbox(), keys());
    inbox.take(&all[0], &keys, at(5)).unwrap();
    let forge = |id_n: u64, number: u64| Envelope {
        id: id(id_n),
        from: party(OFFICE),
        to: party(JAIL),
        number,
        kind: kind(),
        sent_at: at(1),
        reply_to: None,
        body: body(99),
    };
    for (id_n, number) in [(1, 1), (50, 1), (1, 7)] {
        let other = forge(id_n, number).sign(&key(OFFICE, 2)).unwrap();
        let refusal = inbox.take(&other.bytes, &keys, at(6)).unwrap_err();
        let Refusal::Contradicts { number, taken, other: kept } = refusal else { panic!() };
        assert_eq!((number, kept.digest), (1, other.digest));
        assert_ne!(taken, other.digest);
    }
    // The same for one that only waits.
    let waits = forge(9, 9).sign(&key(OFFICE, 2)).unwrap();
    assert_eq!(inbox.take(&waits.bytes, &keys, at(6)), Ok(Taken::Waits { missing: 2 }));
    let mut other = forge(9, 9);
    other.body = body(98);
    let other = other.sign(&key(OFFICE, 2)).unwrap();
    assert!(matches!(inbox.take(&other.bytes, &keys, at(6)), Err(Refusal::Contradicts { .. })));
    assert_eq!(numbers(inbox.take(&all[1], &keys, at(7))), [2]);
}

#[test]
fn strangers_other_protocols_and_wrong_clocks_are_refused_and_said() {
    let keys = keys();
    let refuse = |bytes: &[u8], now: i64| inbox().take(bytes, &keys, at(now)).unwrap_err();
    let code = |refusal: Refusal| match refusal {
        Refusal::Unbelieved(fault) | Refusal::NotOurs(fault) => fault.code,
        other => panic!("{other:?}"),
    };
    let envelope = |from: &str, to: &str, sent: i64| Envelope {
        id: id(1),
        from: party(from),
        to: party(to),
        number: 1,
        kind: kind(),
        sent_at: at(sent),
        reply_to: None,
        body: body(1),
    };
    let stranger = envelope("else.example/party", JAIL, 1).sign(&key("else.example/party", 9));
    assert_eq!(code(refuse(&stranger.unwrap().bytes, 5)), "unknown-party");
    let thief = envelope(OFFICE, JAIL, 1).sign(&key(OFFICE, 66)).unwrap();
    assert_eq!(code(refuse(&thief.bytes, 5)), "unsigned");
    let other = envelope(OFFICE, "other.example/party", 1).sign(&key(OFFICE, 2)).unwrap();
    assert_eq!(code(refuse(&other.bytes, 5)), "not-ours");
    let own = envelope(JAIL, JAIL, 1).sign(&key(JAIL, 1)).unwrap();
    assert_eq!(code(refuse(&own.bytes, 5)), "not-ours");
    assert_eq!(envelope(OFFICE, JAIL, 1).sign(&key(JAIL, 1)).unwrap_err().code, "bad-key");

    // A later protocol, well signed.
    let text =
        envelope(OFFICE, JAIL, 1).to_text().unwrap().replace("\"protocol\":1", "\"protocol\":2");
    let mut note = comity_ledger::Note::new(&text).unwrap();
    note.add(note.sign(&key(OFFICE, 2)).unwrap());
    assert_eq!(code(refuse(&note.to_bytes(), 5)), "other-protocol");

    // A clock that is ahead: a little is noticed, much is refused until its time has come.
    let ahead = envelope(OFFICE, JAIL, 1000).sign(&key(OFFICE, 2)).unwrap();
    assert_eq!(refuse(&ahead.bytes, 600), Refusal::FutureDated { ahead_s: 400 });
    let mut inbox = inbox();
    assert_eq!(numbers(inbox.take(&ahead.bytes, &keys, at(990))), [1]);
    assert_eq!(inbox.ahead_s(), Some(10));
    // Store and forward: what was sent long ago is taken.
    let late = envelope(OFFICE, JAIL, 1).sign(&key(OFFICE, 2)).unwrap();
    let mut inbox = self::inbox();
    assert_eq!(numbers(inbox.take(&late.bytes, &keys, at(10_000_000))), [1]);
    assert_eq!(inbox.ahead_s(), None);
}

#[test]
fn too_many_that_wait_are_refused_and_the_missing_one_is_not() {
    let (_, all) = posted(WAITING_MAX as u64 + 3);
    let (mut inbox, keys) = (inbox(), keys());
    for bytes in &all[1..=WAITING_MAX] {
        assert_eq!(inbox.take(bytes, &keys, at(5)), Ok(Taken::Waits { missing: 1 }));
    }
    let full = inbox.take(&all[WAITING_MAX + 1], &keys, at(5));
    assert_eq!(full, Err(Refusal::Full { missing: 1 }));
    assert_eq!(numbers(inbox.take(&all[0], &keys, at(5))).len(), WAITING_MAX + 1);
}

#[test]
fn a_party_changes_its_key_and_a_stolen_one_is_of_no_use() {
    let (office, new) = (party(OFFICE), key(OFFICE, 3));
    let (mut outbox, all) = posted(3);
    let (mut inbox, mut keys) = (inbox(), keys());
    inbox.take(&all[0], &keys, at(5)).unwrap();
    let news = KeyNews::Replaced { key: new.verifier().clone(), until: at(100) };
    keys.take(&office, news.clone(), at(10)).unwrap();
    assert_eq!(keys.take(&office, news, at(11)).unwrap_err().code, "twice");
    // What was on its way arrives until the day; after it, it is signed again and is the same.
    assert_eq!(numbers(inbox.take(&all[1], &keys, at(100))), [2]);
    let refused = inbox.take(&all[2], &keys, at(101)).unwrap_err();
    let Refusal::Unbelieved(fault) = refused else { panic!() };
    assert_eq!(fault.code, "key-not-valid");
    outbox.sign_again(&new).unwrap();
    let again: Vec<Signed> = outbox.pending().map(|p| p.signed.clone()).collect();
    assert_eq!(inbox.take(&again[1].bytes, &keys, at(101)), Ok(Taken::Again { number: 2 }));
    assert_eq!(numbers(inbox.take(&again[2].bytes, &keys, at(101))), [3]);

    // The last key cannot be revoked by a message; with a new one it can.
    let stolen = KeyNews::Revoked { key: new.verifier().clone() };
    assert_eq!(keys.take(&office, stolen.clone(), at(200)).unwrap_err().code, "last-key");
    let third = key(OFFICE, 4);
    let news = KeyNews::Replaced { key: third.verifier().clone(), until: at(500) };
    keys.take(&office, news, at(200)).unwrap();
    let (number, sent_at) = (8, at(199));
    let by_thief = Envelope {
        id: id(80),
        from: office.clone(),
        to: party(JAIL),
        number,
        kind: kind(),
        sent_at,
        reply_to: None,
        body: body(80),
    };
    let by_thief = by_thief.sign(&new).unwrap();
    assert_eq!(inbox.take(&by_thief.bytes, &keys, at(210)), Ok(Taken::Waits { missing: 4 }));
    keys.take(&office, stolen, at(220)).unwrap();
    assert_eq!(inbox.drop_signed_by(new.verifier()), 1);
    // The date that the thief writes does not help: the time of arrival counts.
    let Refusal::Unbelieved(fault) = inbox.take(&by_thief.bytes, &keys, at(221)).unwrap_err()
    else {
        panic!()
    };
    assert_eq!(fault.code, "key-not-valid");
    // The old key is over, the revoked one does not come back.
    let back = KeyNews::Replaced { key: new.verifier().clone(), until: at(500) };
    assert_eq!(keys.take(&office, back, at(222)).unwrap_err().code, "twice");
    let other = key(JAIL, 7).verifier().clone();
    assert_eq!(keys.introduce(&office, other.clone(), at(1)).unwrap_err().code, "bad-key");
    assert_eq!(keys.introduce(&office, third.verifier().clone(), at(1)).unwrap_err().code, "twice");
    // A telephone call: everything is revoked, and a key is brought by hand.
    keys.revoke_all(&office, at(300));
    let fifth = key(OFFICE, 5);
    keys.reintroduce(&office, fifth.verifier().clone(), at(301)).unwrap();
    outbox.sign_again(&fifth).unwrap();
    let again = outbox.pending().next().unwrap().signed.bytes.clone();
    assert_eq!(inbox.take(&again, &keys, at(302)), Ok(Taken::Again { number: 1 }));
}

#[test]
fn a_receipt_settles_its_message_and_no_other() {
    let (mut outbox, all) = posted(2);
    let keys = keys();
    let signed = Envelope::read("e", &all[0], &keys, at(5)).unwrap();
    let receipt = Receipt::of(&signed, at(5), 77);
    let bytes = receipt.sign(&key(JAIL, 1)).unwrap();
    assert_eq!(Receipt::read("r", &bytes, &keys, at(6)).unwrap(), receipt);
    assert_eq!(receipt.sign(&key(OFFICE, 2)).unwrap_err().code, "bad-key");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Receipt::read("r", &changed, &keys, at(6)).is_err(), "bit {bit}");
    }
    // A receipt is no envelope, and an envelope no receipt.
    assert!(Envelope::read("e", &bytes, &keys, at(6)).is_err());
    assert!(Receipt::read("r", &all[0], &keys, at(6)).is_err());
    let fault = |receipt: Receipt, outbox: &mut Outbox| outbox.settle(&receipt).unwrap_err().code;
    let other = Receipt { digest: Digest([0; 32]), ..receipt.clone() };
    assert_eq!(fault(other, &mut outbox), "other-message");
    assert_eq!(fault(Receipt { number: 3, ..receipt.clone() }, &mut outbox), "never-sent");
    assert_eq!(fault(Receipt { number: 2, ..receipt.clone() }, &mut outbox), "other-message");
    assert_eq!(fault(Receipt { from: party(OFFICE), ..receipt.clone() }, &mut outbox), "not-ours");
    assert_eq!(outbox.pending().count(), 2);
    assert_eq!(outbox.settle(&receipt), Ok(Settled::Now));
    assert_eq!(outbox.settle(&receipt), Ok(Settled::Before));
    assert_eq!(outbox.pending().count(), 1);
}

#[test]
fn an_outbox_tries_again_with_growing_waits_and_gives_nothing_up() {
    let (mut outbox, _) = posted(1);
    let mut now = at(1);
    let mut waits = Vec::new();
    for _ in 0..12 {
        assert_eq!(outbox.due(now).count(), 1);
        outbox.attempted(1, now);
        let due = outbox.pending().next().unwrap().due_at;
        waits.push(due.duration_since(now).as_secs());
        now = due;
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
    outbox.attempted(1, now);
    outbox.hurry(now);
    assert_eq!(outbox.due(now).count(), 1);
    // The same id is the same message; another message needs another id.
    let office = key(OFFICE, 2);
    let number =
        outbox.post(id(1), kind(), None, body(1), &office, now).unwrap().signed.envelope.number;
    assert_eq!((number, outbox.next()), (1, 2));
    let fault = outbox.post(id(1), kind(), None, body(2), &office, now).unwrap_err();
    assert_eq!(fault.code, "id-reused");
}

/// Two parties, a network and disks under one seed.
struct World {
    random: u64,
    now_s: i64,
    keys: PartyKeys,
    outbox: Outbox,
    inbox: Inbox,
    /// What the jail applied, in its order, in one transaction with the inbox.
    effects: Vec<EnvelopeId>,
    /// Packets under way: true for those to the jail.
    network: Vec<(bool, Vec<u8>)>,
    receipts: usize,
}

impl World {
    fn below(&mut self, n: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % n.max(1) as u64) as usize
    }

    /// A packet is lost, doubled, cut, or damaged.
    fn send(&mut self, to_jail: bool, mut bytes: Vec<u8>) {
        match self.below(10) {
            0 | 1 => return,
            2 => self.network.push((to_jail, bytes.clone())),
            3 => bytes.truncate(self.below(400)),
            4 => {
                let bit = self.below(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            _ => {}
        }
        self.network.push((to_jail, bytes));
    }

    /// A packet arrives, any of those under way. With some luck the node stops in the middle,
    /// and what it had not stored is gone.
    fn arrive(&mut self) {
        if self.network.is_empty() {
            return;
        }
        let which = self.below(self.network.len());
        let (to_jail, bytes) = self.network.swap_remove(which);
        let crashes = self.below(8) == 0;
        if to_jail {
            let mut inbox = self.inbox.clone();
            let taken = inbox.take(&bytes, &self.keys, at(self.now_s));
            if crashes && self.below(2) == 0 {
                return;
            }
            self.inbox = inbox;
            let receipted: Vec<Signed> = match taken {
                Ok(Taken::Apply(messages)) => {
                    self.effects.extend(messages.iter().map(|m| m.envelope.id));
                    messages
                }
                Ok(Taken::Again { .. }) => {
                    vec![Envelope::read("e", &bytes, &self.keys, at(self.now_s)).unwrap()]
                }
                Ok(Taken::Waits { .. }) | Err(Refusal::Unbelieved(_)) => Vec::new(),
                Err(other) => panic!("an honest peer is refused: {other:?}"),
            };
            // Stored, and stopped before the receipt was out.
            if crashes {
                return;
            }
            for signed in receipted {
                let receipt = Receipt::of(&signed, at(self.now_s), 0);
                self.send(false, receipt.sign(&key(JAIL, 1)).unwrap());
            }
        } else if !crashes
            && let Ok(receipt) = Receipt::read("r", &bytes, &self.keys, at(self.now_s))
            && self.outbox.settle(&receipt).unwrap() == Settled::Now
        {
            self.receipts += 1;
        }
    }

    fn send_due(&mut self) {
        let due: Vec<(u64, Vec<u8>)> = self
            .outbox
            .due(at(self.now_s))
            .map(|p| (p.signed.envelope.number, p.signed.bytes.clone()))
            .collect();
        for (number, bytes) in due {
            self.send(true, bytes);
            self.outbox.attempted(number, at(self.now_s));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn over_a_bad_network_every_message_has_its_effect_once_and_in_order(
        seed in 1..u64::MAX, count in 1_u64..25,
    ) {
        let mut world = World {
            random: seed,
            now_s: 1,
            keys: keys(),
            outbox: Outbox::new(party(OFFICE), party(JAIL)),
            inbox: inbox(),
            effects: Vec::new(),
            network: Vec::new(),
            receipts: 0,
        };
        let mut sent = 0;
        let mut steps = 0;
        while sent < count || world.outbox.pending().next().is_some() {
            if sent < count && world.below(3) == 0 {
                sent += 1;
                let now = at(world.now_s);
                let posted = world.outbox.post(id(sent), kind(), None, body(sent), &key(OFFICE, 2), now);
                posted.unwrap();
            }
            world.send_due();
            for _ in 0..world.below(4) {
                world.arrive();
            }
            world.now_s += world.below(20) as i64;
            // At every step: a beginning of what was posted, each once.
            let so_far: Vec<EnvelopeId> = (1..=world.effects.len() as u64).map(id).collect();
            prop_assert_eq!(&world.effects, &so_far);
            steps += 1;
            prop_assert!(steps < 100_000, "it does not come to an end");
        }
        prop_assert_eq!(world.effects.len() as u64, count);
        prop_assert_eq!(world.receipts as u64, count);
    }
}
