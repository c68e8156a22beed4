//! A relay between the two: everything arrives, and the relay learns nothing of it.

use crate::story::{booking, determination, request, until_countersigned};
use crate::town::*;
use comity_exchange::case::Side;
use comity_exchange::{LetterKind, open_reply, seal_letter};
use comity_ledger::{KeyKind, KeyName, SecretKey};
use comity_server::keys::rotate;
use comity_server::post::{LETTER_TYPE, LETTERS_PATH, RELAY_PATH};
use comity_server::relay::{Relay, RelayParty, RelaySettings};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, tcp};

/// Somebody on the wire: passes on every byte, and keeps a copy.
struct Wire {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    async fn before(node: SocketAddr) -> Wire {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let Ok(to) = TcpStream::connect(node).await else { continue };
                let ((from_in, from_out), (to_in, to_out)) = (from.into_split(), to.into_split());
                tokio::spawn(copy(from_in, to_out, kept.clone()));
                tokio::spawn(copy(to_in, from_out, kept.clone()));
            }
        });
        Wire { address, seen }
    }

    fn has_seen(&self, what: &str) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.windows(what.len()).any(|bytes| bytes == what.as_bytes())
    }
}

async fn copy(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    seen: Arc<Mutex<Vec<u8>>>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        seen.lock().unwrap().extend(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

const START: &str = "2016-03-01T14:05:00Z";

async fn houses() -> (House, House) {
    let jail = House::new("jail", Side::Agency, START, false).await;
    (jail, House::new("office", Side::Federal, START, false).await)
}

async fn relay_at(listen: SocketAddr, jail: &House, office: &House) -> Relay {
    let party = [jail, office].map(|house| RelayParty {
        name: house.home.settings.party.clone(),
        url: house.url.clone(),
    });
    let settings = RelaySettings { listen, tls: None, peer_ca: None, party: party.to_vec() };
    Relay::start(&settings, Path::new(".")).await.unwrap()
}

/// From the booking to the request that the jail has; the request's id.
async fn ask(town: &Town) -> String {
    let Town { jail, office, clerk, examiner, officer, .. } = town;
    jail.enter(clerk, "book", &booking()).await.ok();
    jail.prints(clerk, card("JAIL00001")).await.ok();
    let found = |c: &serde_json::Value| c["identification"]["stands"] == "candidates";
    let case = office.until(examiner, "candidates", found).await;
    let record = case["identification"]["candidates"][0]["gallery_record"].clone();
    let verify = json!({ "verify_match": { "gallery_record": record } });
    office.enter(examiner, "verify", &verify).await.ok();
    office.enter(officer, "status", &determination()).await.ok();
    office.enter(officer, "program", &json!({ "evaluate_program": {} })).await.ok();
    let id = random16();
    office.enter(officer, "request", &request(&id)).await.ok();
    let came = |c: &serde_json::Value| c["requests"][0]["stands"] == true;
    jail.until(clerk, "request", came).await;
    id
}

/// What goes over the wire between two nodes and must not be read by a relay.
const TOLD: [&str; 4] =
    ["comity-envelope/v1", "comity-receipt/v1", "final_order", "jail.example/ledger"];

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_passes_everything_on_and_reads_nothing() {
    let (jail, office) = houses().await;
    let relay = relay_at(free_address(), &jail, &office).await;
    let wire = Wire::before(relay.address).await;
    let by = format!("relay+http://{}", wire.address);
    let town = Town::meeting(jail, office, |_, _| Some(by.clone())).await;
    let id = ask(&town).await;
    until_countersigned(&town.jail, &town.supervisor).await;
    for told in TOLD.into_iter().chain([id.as_str()]) {
        assert!(!wire.has_seen(told), "the relay can read `{told}`");
    }
    assert!(wire.has_seen("comity-letter/v1"), "it passed the relay");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_the_wire_sees_what_the_test_looks_for() {
    let (jail, office) = houses().await;
    let at = office.server().address;
    let wire = Wire::before(at).await;
    let url = format!("http://{}", wire.address);
    let is_jail = |house: &House| house.home.settings.side == Side::Agency;
    let town = Town::meeting(jail, office, |to, _| is_jail(to).then(|| url.clone())).await;
    ask(&town).await;
    until_countersigned(&town.jail, &town.supervisor).await;
    for told in ["comity-envelope/v1", "comity-receipt/v1", "jail.example/ledger"] {
        assert!(wire.has_seen(told), "`{told}` is nothing that ever goes over the wire");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_was_down_and_a_key_that_changed_lose_nothing() {
    let (mut jail, mut office) = houses().await;
    let at = free_address();
    // Both nodes have nothing but their relay: the addresses in the news lead nowhere.
    for house in [&mut jail, &mut office] {
        house.server.take().unwrap().stop().await;
        house.home.settings.relay = Some(format!("http://{at}"));
        house.up().await;
        assert_eq!(house.home.news().unwrap().url, format!("relay+http://{at}"));
    }
    let town = Town::meeting(jail, office, |_, _| None).await;
    let Town { jail, office, clerk, examiner, .. } = &town;
    jail.enter(clerk, "book", &booking()).await.ok();
    jail.prints(clerk, card("JAIL00001")).await.ok();
    // Both change their keys before either has heard of the other's.
    for house in [jail, office] {
        let (home, now) = (house.home.clone(), house.server().app.engine.clock.now());
        let engine = &house.server().app.engine;
        engine.with(move |node| rotate(&home, node, 7, now)).await.unwrap().unwrap();
    }
    assert_eq!(office.get(examiner, &format!("/api/v1/cases/{CASE}")).await.status, 404);
    let relay = relay_at(at, jail, office).await;
    // The outboxes try again by the node's clock, which stands still in this test.
    let mut town = town;
    town.at("2016-03-01T14:06:00Z").await;
    let found = |c: &serde_json::Value| c["identification"]["stands"] == "candidates";
    town.office.until(&town.examiner, "candidates", found).await;
    until_countersigned(&town.jail, &town.supervisor).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_letters_have_a_defined_end() {
    let (jail, office) = houses().await;
    let relay = relay_at(free_address(), &jail, &office).await;
    let client = reqwest::Client::new();
    let to_relay = format!("http://{}{RELAY_PATH}", relay.address);
    let send = async |to: &str, kind: &str, body: Vec<u8>| {
        let request = client.post(&to_relay).query(&[("to", to)]).header("content-type", kind);
        let reply = request.body(body).send().await.unwrap();
        let status = reply.status().as_u16();
        (status, reply.bytes().await.unwrap().to_vec())
    };
    let jail_party = "jail.example/party";
    let key =
        |seed| SecretKey::from_seed(KeyName::new(jail_party).unwrap(), KeyKind::Log, [seed; 32]);
    let code = |body: &[u8]| {
        let problem: serde_json::Value = serde_json::from_slice(body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    };
    let own = jail.home.identity().unwrap().message_key.verifier().clone();
    let (letter, reply_key) =
        seal_letter(&own, LetterKind::Messages, b"no parcel", [1; 32]).unwrap();
    // What is wrong inside of a letter is said inside of the reply.
    let (status, reply) = send(jail_party, LETTER_TYPE, letter.clone()).await;
    assert_eq!((status, open_reply(&reply_key, &reply).unwrap().status), (200, 400));
    let (status, body) = send("nobody.example/party", LETTER_TYPE, letter.clone()).await;
    assert_eq!((status, code(&body).as_str()), (404, "unknown-party"));
    let (status, body) = send("office.example/party", LETTER_TYPE, letter.clone()).await;
    assert_eq!((status, code(&body).as_str()), (409, "other-key"));
    let (status, body) = send(jail_party, "text/plain", letter.clone()).await;
    assert_eq!((status, code(&body).as_str()), (415, "not-a-letter"));
    let mut changed = letter.clone();
    *changed.last_mut().unwrap() ^= 1;
    let (status, body) = send(jail_party, LETTER_TYPE, changed).await;
    assert_eq!((status, code(&body).as_str()), (400, "not-opened"));
    let (foreign, _) = seal_letter(key(3).verifier(), LetterKind::Heads, b"{}", [2; 32]).unwrap();
    let (status, body) = send(jail_party, LETTER_TYPE, foreign).await;
    assert_eq!((status, code(&body).as_str()), (409, "other-key"));
    // A letter is no message, and a message no letter, at the node itself.
    let straight = client.post(format!("{}{LETTERS_PATH}", jail.url));
    let straight = straight.header("content-type", LETTER_TYPE).body("comity-envelope/v1\n");
    assert_eq!(straight.send().await.unwrap().status().as_u16(), 400);
    let (status, _) = send(jail_party, LETTER_TYPE, vec![0; (48 << 20) + 1_000]).await;
    assert_eq!(status, 413);
    // A party that is down: the relay says so, and its sender's outbox keeps the message.
    let mut jail = jail;
    jail.server.take().unwrap().stop().await;
    let (status, body) = send(jail_party, LETTER_TYPE, letter).await;
    assert_eq!((status, code(&body).as_str()), (502, "party-down"));
    relay.stop().await;
}

#[test]
fn settings_of_a_relay_say_what_is_wrong_with_them() {
    let party = |name: &str, url: &str| format!("[[party]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    let head = "listen = \"127.0.0.1:0\"\n";
    let fault = |text: &str| RelaySettings::parse(text).unwrap_err();
    assert!(fault("").message.contains("listen"));
    assert!(fault(&format!("{head}strange = 1\n")).message.contains("strange"));
    let jail = party("jail.example/party", "http://127.0.0.1:1");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (parties, what) in [
        (format!("{jail}{jail}"), "twice"),
        (party("jail.example/party", "ftp://x"), "no address"),
        (party("jail example", "http://x"), "no key name"),
    ] {
        let settings = RelaySettings::parse(&format!("{head}{parties}")).unwrap();
        let started = runtime.block_on(Relay::start(&settings, Path::new(".")));
        let Err(fault) = started else { panic!("{parties} was taken") };
        assert!(fault.message.contains(what), "{fault:?}");
    }
}
