//! A browser without scripts: one cookie, forms, no redirects by itself.

use crate::town::{CASE, House};
use serde_json::{Value, json};
use std::sync::Mutex;

/// A tab of somebody.
pub struct Tab {
    client: reqwest::Client,
    url: String,
    name: String,
    token: Mutex<String>,
}

/// A page that was shown.
pub struct Page {
    pub status: u16,
    pub html: String,
    pub to: String,
    pub kind: String,
}

impl Page {
    #[track_caller]
    pub fn has(&self, what: &str) -> &Page {
        assert!(self.html.contains(what), "`{what}` is not in {}: {}", self.status, self.html);
        self
    }

    #[track_caller]
    pub fn has_not(&self, what: &str) -> &Page {
        assert!(!self.html.contains(what), "`{what}` is in: {}", self.html);
        self
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Page {
        assert_eq!(self.status, status, "{} {}", self.to, self.html);
        self
    }

    /// What stands between two texts.
    pub fn between(&self, from: &str, to: &str) -> String {
        let rest = self.html.split_once(from).unwrap_or_else(|| panic!("no {from}")).1;
        rest.split_once(to).unwrap().0.to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.html).unwrap_or_else(|e| panic!("{e}: {}", self.html))
    }
}

impl Tab {
    pub fn of(house: &House, token: &str) -> Tab {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(none).build().unwrap();
        let name = house.server().app.door.cookie().to_string();
        Tab { client, url: house.url.clone(), name, token: Mutex::new(token.to_owned()) }
    }

    pub fn token(&self) -> String {
        self.token.lock().unwrap().clone()
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let cookie = format!("{}={}", self.name, self.token());
        let request = request.header("cookie", cookie).header("accept", "text/html");
        let reply = request.send().await.unwrap();
        let of = |name: &str| {
            let value = reply.headers().get(name);
            value.map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (status, to, kind) = (reply.status().as_u16(), of("location"), of("content-type"));
        let set = of("set-cookie");
        if let Some(rest) = set.strip_prefix(&format!("{}=", self.name)) {
            rest.split(';').next().unwrap().clone_into(&mut self.token.lock().unwrap());
        }
        Page { status, to, kind, html: reply.text().await.unwrap() }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request("GET", path)).await
    }

    pub async fn csrf(&self) -> String {
        let session = self.get("/api/v1/session").await.is(200).json();
        session["csrf"].as_str().unwrap().to_owned()
    }

    pub async fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        self.send(self.request("POST", path).header("content-type", kind).body(body)).await
    }

    /// Sends a form as the page's own.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf().await;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_raw(path, &all).await
    }
}

/// Books somebody at the jail, so that there is a case.
pub async fn book(house: &House, clerk: &str) {
    let entry = json!({ "book": {
        "booking": {
            "booked_at": "2016-03-01T14:00:00Z", "place": "us-ga",
            "time_zone": "America/New_York",
            "facts": { "complete": false, "tree": {
                "person": { "age_years": 30 },
                "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                             "arrested_on": "2016-03-01" },
            } },
        },
        "card": { "name": "Canary Quetzalcoatlus", "number": "B-4711" },
    } });
    house.enter(clerk, "book", &entry).await.ok();
    assert_eq!(house.case(clerk).await["id"], CASE);
}

/// What an authenticator app shows, written from RFC 4226 and RFC 6238.
pub fn app_code(secret: &str, at: jiff::Timestamp) -> String {
    let value = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u64;
    let bits: Vec<u64> =
        secret.chars().flat_map(|c| (0..5).rev().map(move |b| value(c) >> b & 1)).collect();
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|eight| eight.iter().fold(0, |all, bit| all << 1 | *bit as u8))
        .collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = ring::hmac::sign(&key, &(at.as_second() as u64 / 30).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 0xf);
    let four: [u8; 4] = tag[offset..offset + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}
