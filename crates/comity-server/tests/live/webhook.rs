//! Webhooks, told to a real listener: signed, in order, again and again until it says yes.

use crate::town::*;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_server::account::Role;
use comity_server::home::WebhookSettings;
use ring::hmac;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const START: &str = "2016-03-01T14:05:00Z";
const SECRET: [u8; 32] = [7; 32];

/// A program that is told.
#[derive(Default)]
struct Heard {
    /// What it says to each request; 200 once these are used up.
    says: Vec<u16>,
    /// Ids and bodies, with what was said.
    got: Vec<(String, Value, u16)>,
    raw: Vec<u8>,
}

type Ear = Arc<Mutex<Heard>>;

async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, at, signature) =
        (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
    let signed = [format!("{id}.{at}.").as_bytes(), &body].concat();
    let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&key, &signed, &tag).unwrap();
    let age = jiff::Timestamp::now().as_second() - at.parse::<i64>().unwrap();
    assert!((0..300).contains(&age), "{age}");
    let mut ear = ear.lock().unwrap();
    let says = if ear.says.is_empty() { 200 } else { ear.says.remove(0) };
    ear.raw.extend(format!("{headers:?}").bytes().chain(body.iter().copied()));
    ear.got.push((id, serde_json::from_slice(&body).unwrap(), says));
    StatusCode::from_u16(says).unwrap()
}

async fn listen(ear: &Ear) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/comity", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/comity", axum::routing::post(hear));
    let router = router.with_state(ear.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn restart(house: &mut House) {
    house.server.take().unwrap().stop().await;
    house.up().await;
}

/// A town whose jail tells a program of these kinds.
async fn telling(url: &str, events: &[&str]) -> Town {
    let mut town = Town::new(START).await;
    let secret = town.jail.home.folder.join("keys/webhook.secret");
    std::fs::write(&secret, format!("whsec_{}\n", STANDARD.encode(SECRET))).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    town.jail.home.settings.webhook = vec![WebhookSettings {
        url: url.to_owned(),
        secret_file: "keys/webhook.secret".into(),
        events: events.iter().map(|e| (*e).to_owned()).collect(),
    }];
    restart(&mut town.jail).await;
    let mut town = town;
    town.clerk = town.jail.sign_in("clerk").await;
    town
}

fn booking() -> Value {
    json!({ "book": {
        "booking": { "booked_at": "2016-03-01T14:00:00Z", "place": "us-ga",
                     "time_zone": "America/New_York",
                     "facts": { "complete": false, "tree": { "person": { "age_years": 30 } } } },
        "card": { "name": "Canary Quetzalcoatlus", "number": "B-4711" },
    } })
}

fn note(text: &str) -> Value {
    json!({ "note": { "text": text } })
}

/// Kinds that were said yes to, each once, in order.
fn taken(ear: &Ear) -> Vec<String> {
    let ear = ear.lock().unwrap();
    let mut seen = BTreeSet::new();
    let new = ear.got.iter().filter(|(id, _, says)| *says == 200 && seen.insert(id.clone()));
    new.map(|(_, body, _)| body["type"].as_str().unwrap().to_owned()).collect()
}

async fn until_taken(ear: &Ear, kinds: &[&str]) {
    let start = Instant::now();
    while taken(ear) != kinds {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}, not {kinds:?}", taken(ear));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_told_signed_and_of_nobody() {
    let ear = Ear::default();
    let town = telling(&listen(&ear).await, &["booking.made", "prints.*"]).await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    jail.enter(clerk, "book", &booking()).await.ok();
    jail.enter(clerk, "note", &note("Canary Quetzalcoatlus asked for a lawyer")).await.ok();
    jail.prints(clerk, card("JAIL00001")).await.ok();
    until_taken(&ear, &["booking.made", "prints.submitted"]).await;
    let (got, raw) = {
        let heard = ear.lock().unwrap();
        (heard.got.clone(), String::from_utf8_lossy(&heard.raw).into_owned())
    };
    let (id, body, _) = &got[0];
    assert!(id.starts_with("evt_") && id.len() == 36, "{id}");
    let keys: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["data", "timestamp", "type"]));
    assert_eq!(body["timestamp"], START);
    assert_eq!((&body["data"]["case"], &body["data"]["version"]), (&json!(CASE), &json!(1)));
    let leaf = body["data"]["leaf"].as_u64().unwrap();
    let row = jail.server().app.rows(move |r| r.leaves(leaf, 1)).await.unwrap().remove(0);
    let hash = comity_ledger::Hash::of_leaf(&row.leaf).to_string();
    assert_eq!(body["data"]["leaf_hash"], hash.as_str());
    for canary in ["Quetzalcoatlus", "4711", "lawyer", "age_years"] {
        assert!(!raw.contains(canary), "{canary}: {raw}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_holds_up_nobody_and_is_told_everything_in_order() {
    let ear = Ear::default();
    // Took the first and said no: the same comes again, under the same id.
    ear.lock().unwrap().says = vec![500, 503, 302];
    let town = telling(&listen(&ear).await, &["booking.made", "prints.*"]).await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    jail.enter(clerk, "book", &booking()).await.ok();
    jail.prints(clerk, card("JAIL00001")).await.ok();
    // Meanwhile the exchange goes on.
    let found = |c: &Value| c["identification"]["stands"] == "candidates";
    town.office.until(&town.examiner, "candidates", found).await;
    until_taken(&ear, &["booking.made", "prints.submitted"]).await;
    let got = ear.lock().unwrap();
    let first: Vec<u16> =
        got.got.iter().filter(|(id, ..)| *id == got.got[0].0).map(|(.., says)| *says).collect();
    assert_eq!(first, [500, 503, 302, 200]);
    assert_eq!(got.got.len(), 5, "{:?}", got.got);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_the_receiver_was_down_is_told_after_a_restart() {
    // A port that nobody listens on yet.
    let address = free_address();
    let mut town = telling(&format!("http://{address}/comity"), &["booking.*", "note.*"]).await;
    town.jail.enter(&town.clerk, "book", &booking()).await.ok();
    let boss = town.jail.person("administrator", Role::Administrator).await;
    let start = Instant::now();
    loop {
        let shown = town.jail.get(&boss, "/api/v1/webhooks").await.ok();
        let standing = &shown["webhooks"][0]["standing"];
        if standing["failures"].as_u64() > Some(0) {
            assert!(shown["webhooks"][0]["leaves_behind"].as_u64() > Some(0), "{shown}");
            assert!(standing["last_failure"].is_string(), "{shown}");
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{shown}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    restart(&mut town.jail).await;
    let clerk = town.jail.sign_in("clerk").await;
    town.jail.enter(&clerk, "note", &note("one more")).await.ok();
    let ear = Ear::default();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = axum::Router::new().route("/comity", axum::routing::post(hear));
    let router = router.with_state(ear.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    until_taken(&ear, &["booking.made", "note.written"]).await;
    // Told once, it is not told again by the next start.
    restart(&mut town.jail).await;
    let clerk = town.jail.sign_in("clerk").await;
    town.jail.enter(&clerk, "note-2", &note("the last")).await.ok();
    until_taken(&ear, &["booking.made", "note.written", "note.written"]).await;
    assert_eq!(ear.lock().unwrap().got.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_would_not_hold_are_refused_at_the_start() {
    let mut town = telling("http://127.0.0.1:9/", &[]).await;
    town.jail.server.take().unwrap().stop().await;
    let secret = town.jail.home.folder.join("keys/webhook.secret");
    let good = town.jail.home.settings.webhook[0].clone();
    let start = async |home: &comity_server::home::Home| {
        let server = comity_server::serve::Server::start(home, library::library().clone(), None);
        server.await.map(drop).unwrap_err()
    };
    let mut home = town.jail.home.clone();
    for url in ["http://jms.example/", "https://user:word@jms.example/", "ftp://jms.example/", "x"]
    {
        home.settings.webhook = vec![WebhookSettings { url: url.to_owned(), ..good.clone() }];
        let fault = start(&home).await;
        assert_eq!((fault.code, fault.path.as_str()), ("bad-settings", "webhook.url"), "{url}");
        assert!(!fault.message.contains("word@"), "{}", fault.message);
    }
    home.settings.webhook =
        vec![WebhookSettings { events: vec!["hold.begun".to_owned()], ..good.clone() }];
    assert_eq!(start(&home).await.path, "webhook.events");
    home.settings.webhook = vec![good.clone(), good.clone()];
    assert_eq!(start(&home).await.path, "webhook.url");
    home.settings.webhook = vec![good];
    std::fs::write(&secret, "whsec_short").unwrap();
    assert_eq!(start(&home).await.code, "bad-secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(start(&home).await.code, "key-open");
}
