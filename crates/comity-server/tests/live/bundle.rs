//! Several messages in one request: taken together, receipted together, and sent one by one to a
//! peer that knows no bundles.

use crate::story::{START, booking};
use crate::town::*;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use comity_exchange::case::Side;
use comity_node::Parcel;
use comity_server::parcel::{PARCEL_TYPE, write};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Houses of which the jail reaches the office at an address, and the clerk's token.
async fn town(office_url: impl Fn(&House) -> String) -> Town {
    let jail = House::new("jail", Side::Agency, START, false).await;
    let office = House::new("office", Side::Federal, START, false).await;
    let is_jail = |house: &House| house.home.settings.side == Side::Agency;
    Town::meeting(jail, office, |to, of| is_jail(to).then(|| office_url(of))).await
}

/// Books so many people and sends their prints; the cases.
async fn book(town: &Town, people: u8) -> Vec<String> {
    let mut cases = Vec::new();
    for n in 1..=people {
        let case = format!("{n:02x}").repeat(16);
        let base = format!("{}/api/v1/cases/{case}", town.jail.url);
        let client = &town.jail.client;
        let booked = client.post(format!("{base}/entries"));
        let booked = booked.header("idempotency-key", format!("key-{case}"));
        let mut entry = booking();
        entry["book"]["card"]["number"] = json!(format!("B-{n}"));
        let booked = booked.header("content-type", "application/json");
        let booked = booked.body(json!({ "entry": entry }).to_string());
        town.jail.send(booked, &town.clerk).await.ok();
        let prints = client.put(format!("{base}/prints"));
        let prints = prints.header("idempotency-key", format!("prints-{case}"));
        let prints = prints.header("content-type", "application/octet-stream");
        town.jail.send(prints.body(card("JAIL00001")), &town.clerk).await.ok();
        cases.push(case);
    }
    cases
}

/// Waits until the office has searched for all of them.
async fn found(town: &Town, cases: &[String]) {
    for case in cases {
        let found = |c: &serde_json::Value| c["identification"]["stands"] == "candidates";
        town.office.until_in(case, &town.examiner, "candidates", found).await;
    }
}

/// What is on its way from the jail.
async fn on_its_way(town: &Town) -> Vec<Parcel> {
    let later = "2016-03-02T00:00:00Z".parse().unwrap();
    let engine = &town.jail.server().app.engine;
    engine.with(move |node| node.parcels(later, 100).unwrap()).await.unwrap()
}

/// Sends a body to the office; the status, and how many receipts came.
async fn deliver(town: &Town, parcels: &[Parcel]) -> (u16, usize) {
    let request = town.office.client.post(format!("{}/exchange/v1/messages", town.office.url));
    let request = request.header("content-type", PARCEL_TYPE).body(write(parcels).unwrap());
    let reply = town.office.send(request, "").await;
    let receipts = comity_ledger::read_sealed(&reply.body).map_or(0, |receipts| receipts.len());
    (reply.status, if reply.status == 200 { receipts } else { 0 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_receipted_up_to_the_first_message_that_is_wrong() {
    let nowhere = |_: &House| "http://127.0.0.1:9".to_owned();
    let town = town(nowhere).await;
    let cases = book(&town, 6).await;
    let sent = on_its_way(&town).await;
    assert!(sent.len() >= 6, "{} messages", sent.len());
    assert_eq!(deliver(&town, &sent[..2]).await, (200, 2));
    assert_eq!(deliver(&town, &sent[..2]).await, (200, 2), "receipted again, and done once");
    let mut wrong = sent[2..5].to_vec();
    let middle = wrong[1].envelope.len() / 2;
    wrong[1].envelope[middle] ^= 1;
    assert_eq!(deliver(&town, &wrong).await, (200, 1));
    let (status, receipts) = deliver(&town, &wrong[1..]).await;
    assert!((400..500).contains(&status) && receipts == 0, "{status}");
    assert_eq!(deliver(&town, &sent[3..]).await, (200, sent.len() - 3));
    found(&town, &cases).await;
    let mut before = Vec::new();
    for case in &cases {
        before.push(town.office.events(case, &town.examiner).await);
    }
    assert_eq!(deliver(&town, &sent).await, (200, sent.len()));
    for (case, before) in cases.iter().zip(before) {
        let after = town.office.events(case, &town.examiner).await;
        assert_eq!(after, before, "nothing happens twice");
    }
}

/// A node of a version that takes one message in a request, once it is up.
struct Earlier {
    is_up: AtomicBool,
    bundles: AtomicUsize,
    office: std::sync::Mutex<String>,
}

impl Earlier {
    async fn take(&self, headers: HeaderMap, path: &str, body: Bytes) -> (StatusCode, Bytes) {
        if !self.is_up.load(Ordering::SeqCst) {
            return (StatusCode::SERVICE_UNAVAILABLE, Bytes::new());
        }
        if body.get(4..).is_some_and(|rest| rest.starts_with(b"comity-bundle")) {
            self.bundles.fetch_add(1, Ordering::SeqCst);
            return (StatusCode::BAD_REQUEST, Bytes::new());
        }
        let url = format!("{}{path}", self.office.lock().unwrap());
        let request =
            reqwest::Client::new().post(url).header("content-type", &headers["content-type"]);
        let reply = request.body(body).send().await.unwrap();
        (StatusCode::from_u16(reply.status().as_u16()).unwrap(), reply.bytes().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_knows_no_bundles_gets_everything_one_by_one() {
    let earlier = Arc::new(Earlier {
        is_up: AtomicBool::new(false),
        bundles: AtomicUsize::new(0),
        office: std::sync::Mutex::default(),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let front = format!("http://{}", listener.local_addr().unwrap());
    let its = earlier.clone();
    let handler = move |uri: axum::http::Uri, headers: HeaderMap, body: Bytes| {
        let its = its.clone();
        async move { its.take(headers, uri.path(), body).await }
    };
    let app = axum::Router::new().fallback(handler);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let town = town(|_| front.clone()).await;
    *earlier.office.lock().unwrap() = town.office.url.clone();
    let cases = book(&town, 4).await;
    earlier.is_up.store(true, Ordering::SeqCst);
    // The outbox tries again by the node's clock, which must go on until all is through.
    let servers = [town.jail.server(), town.office.server()];
    tokio::select! {
        () = found(&town, &cases) => {}
        () = comity_server::demo::run_clocks(&servers, 20.0) => {}
    }
    assert!(earlier.bundles.load(Ordering::SeqCst) > 0, "no bundle was tried");
    let due = on_its_way(&town).await;
    assert!(due.is_empty(), "{} messages without a receipt", due.len());
}
