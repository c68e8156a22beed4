//! Personal data planted in a thousand requests: in none of the logs at their most talkative, no
//! metric, no address, no error. People here are invented.

use super::node::{Running, init, introduce};
use super::ran::comity;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// What must be found nowhere. Each kind of data has its own, so that a find says which.
const CANARIES: [&str; 5] =
    ["Quetzalcoatlus", "Archaeopteryx", "1931-07-19", "B-Microraptor", "passphrase-Confuciusornis"];

struct Caller {
    client: reqwest::Client,
    url: String,
    token: String,
    errors: usize,
}

impl Caller {
    /// Sends a body; the status. What is refused must not say any of it again.
    async fn send(&mut self, method: &str, path: &str, kind: &str, body: String) -> u16 {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token).header("content-type", kind);
        let key = format!("key-{}", fastrand(&body));
        let reply = request.header("idempotency-key", key).body(body.clone()).send().await.unwrap();
        let status = reply.status().as_u16();
        let head = format!("{:?}", reply.headers());
        let text = reply.text().await.unwrap();
        for canary in CANARIES {
            assert!(!head.contains(canary), "{path} {status}: {head}");
            assert!(
                status < 400 || !text.contains(canary),
                "{path} {status}: {text}
{body}"
            );
        }
        self.errors += usize::from(status >= 400);
        status
    }

    async fn json(&mut self, path: &str, body: &Value) -> u16 {
        self.send("POST", path, "application/json", body.to_string()).await
    }
}

/// A number of a text, for keys that differ where bodies do.
fn fastrand(text: &str) -> u64 {
    text.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

fn booking(case: usize) -> Value {
    json!({ "entry": { "book": {
        "booking": {
            "booked_at": "2026-03-01T14:00:00Z", "place": "us-ga", "time_zone": "America/New_York",
            "facts": { "complete": false, "tree": { "person": { "age_years": 30 } } },
        },
        "card": { "name": format!("{} {case}", CANARIES[0]), "number": CANARIES[3] },
    } } })
}

/// One request of many kinds; most of them are wrong in a way of their own.
async fn plant(caller: &mut Caller, n: usize) {
    let [name, alias, born, number, secret] = CANARIES;
    let entries = format!("/api/v1/cases/{n:032x}/entries");
    let mut wrong = booking(n);
    let book = &mut wrong["entry"]["book"];
    match n % 15 {
        0 => assert!(caller.json(&entries, &booking(n)).await < 300),
        1 => book["card"]["number"] = json!([name, born]),
        2 => book["booking"]["booked_at"] = json!(format!("{born} {name}")),
        3 => book["booking"][alias] = json!(born),
        4 => book["card"] = json!(format!("{name}, {alias}")),
        5 => book["booking"]["facts"]["tree"]["person"]["age_years"] = json!(name),
        6 => book["booking"]["facts"]["tree"][alias] = json!(number),
        7 => book["booking"]["facts"]["tree"]["convictions"] = json!([{ "category": alias }]),
        8 => book["booking"]["facts"]["complete"] = json!(name),
        9 => wrong["entry"] = json!({ alias: name }),
        10 => {
            let cut = booking(n).to_string();
            let cut = cut[..cut.len() - 9].to_owned();
            assert_eq!(caller.send("POST", &entries, "application/json", cut).await, 400);
        }
        11 => {
            let sheet = format!(
                "booking_id,name,booking_number,booked_at,person.age_years,charges.1.level\n\
                 {n},\"{name}, {alias}\",{number},{born},{name},{alias}\n"
            );
            assert!(caller.send("POST", "/api/v1/bookings/import", "text/csv", sheet).await >= 400);
        }
        12 => {
            let sent = json!({ "account": name.to_lowercase(), "password": secret });
            assert!(caller.json("/api/v1/session", &sent).await >= 400);
        }
        13 => {
            let kind = "application/vnd.comity.parcel";
            let message = format!("\0\0\0&{name} {alias}{born}");
            assert!(caller.send("POST", "/exchange/v1/messages", kind, message).await >= 400);
        }
        _ => {
            let path = format!("/api/v1/cases/{n:032x}/prints");
            let card = format!("1.001:{name}\u{1d}2.018:{alias}\u{1d}2.022:{born}");
            assert!(caller.send("PUT", &path, "application/octet-stream", card).await >= 400);
        }
    }
    if (1..=9).contains(&(n % 15)) {
        caller.json(&entries, &wrong).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_is_in_no_log_no_metric_no_address_and_no_error() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    for (name, side) in [("jail", "agency"), ("office", "federal")] {
        init(at, name, side);
        let path = at.join(name).join("node.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("second_factor = true", "second_factor = false")).unwrap();
    }
    introduce(at, "jail", "office");
    introduce(at, "office", "jail");
    let add = ["--json", "node", "add-account", "jail", "everybody"];
    let roles = ["--role", "clerk", "--role", "administrator", "--role", "supervisor"];
    let invitation = comity(at, &[&add[..], &roles].concat()).ends(0).json()["invitation"].clone();
    let jail = Running::start(at, &["serve", "jail"]);
    let office = Running::start(at, &["serve", "office"]);
    let client = reqwest::Client::new();
    let url = format!("http://{}", jail.address);
    let mut caller = Caller { client, url, token: String::new(), errors: 0 };
    caller.token = signed_in(&caller, &invitation).await;
    for n in 0..500 {
        plant(&mut caller, n).await;
    }
    // The rest while the other side is down: what goes wrong is logged.
    let office = office.stop();
    for n in 500..1_000 {
        plant(&mut caller, n).await;
    }
    assert!(caller.errors > 500, "only {} were refused", caller.errors);
    let metrics = caller.client.get(format!("{}/metrics", caller.url)).bearer_auth(&caller.token);
    let metrics = metrics.send().await.unwrap();
    assert!(metrics.status().is_success());
    let metrics = metrics.text().await.unwrap();
    let logs = [jail.stop(), office];
    for canary in CANARIES {
        assert!(!metrics.contains(canary), "a metric holds {canary}");
        for log in &logs {
            let line = log.lines().find(|line| line.contains(canary));
            assert!(line.is_none(), "a log holds {canary}: {}", line.unwrap_or_default());
        }
    }
    assert!(logs[0].contains("message was refused"), "the log does not tell of what was wrong");
}

/// Signs in with an invitation and chooses a password; the token.
async fn signed_in(caller: &Caller, invitation: &Value) -> String {
    let token = async |method: reqwest::Method, path: &str, token: &str, body: Value| {
        let request = caller.client.request(method, format!("{}{path}", caller.url));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let reply = request.bearer_auth(token).send().await.unwrap();
        let text = reply.text().await.unwrap();
        let reply: Value = serde_json::from_str(&text).unwrap();
        reply["token"].as_str().unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let first = json!({ "account": "everybody", "password": invitation });
    let half = token(reqwest::Method::POST, "/api/v1/session", "", first).await;
    let chosen = json!({ "new": "a long enough passphrase 7" });
    token(reqwest::Method::PUT, "/api/v1/session/password", &half, chosen).await
}
