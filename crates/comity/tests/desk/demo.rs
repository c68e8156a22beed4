//! `comity demo` as a process, with its clocks in the test's hand.

use crate::ports::free_ports;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PASSWORD: &str = "nobody here is real";

/// The two nodes.
pub struct Demo {
    process: Child,
    folder: TempDir,
    pub jail: String,
    pub office: String,
    /// From the start of the process to its word that it is there.
    pub ready_after: Duration,
    client: reqwest::Client,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Demo {
    /// Starts it under the law of a place, from a moment on.
    pub fn start(place: &str, zone: &str, from: &str) -> Demo {
        let asked =
            ["--no-day", "--speed", "1", "--place", place, "--time-zone", zone, "--from", from];
        Demo::run(&asked, "Everybody here is invented")
    }

    /// Starts it and waits until its day is over.
    pub fn day() -> Demo {
        Demo::run(&["--speed", "20000"], "The day is over")
    }

    /// Starts it as somebody does who tries it, and waits until it says that it is there.
    pub fn as_it_comes() -> Demo {
        Demo::run(&[], "Everybody here is invented")
    }

    fn run(asked: &[&str], until: &str) -> Demo {
        let folder = TempDir::new().unwrap();
        let port = free_ports(2);
        let start = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_comity"))
            .arg("demo")
            .args(asked)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--folder")
            .arg(folder.path().join("demo"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let up = lines.any(|line| line.unwrap().starts_with(until));
        let ready_after = start.elapsed();
        assert!(up, "the demo did not come so far: {until}");
        // A day that goes on has more to say, to somebody who listens.
        std::thread::spawn(move || lines.for_each(drop));
        let (jail, office) =
            (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", port + 1));
        Demo { process, folder, jail, office, ready_after, client: reqwest::Client::new() }
    }

    /// An arrest card of the demo.
    pub fn card(&self, person: usize) -> PathBuf {
        self.folder.path().join(format!("demo/cards/person-{person}.an2"))
    }

    async fn ask(&self, url: &str, method: reqwest::Method, token: &str, body: Value) -> Value {
        let mut request = self.client.request(method, url);
        request = request.header("content-type", "application/json").body(body.to_string());
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let reply = request.send().await.unwrap();
        assert!(reply.status().is_success(), "{url}: {}", reply.status());
        serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or(Value::Null)
    }

    async fn token(&self, node: &str) -> String {
        let sent = json!({ "account": "administrator", "password": PASSWORD });
        let url = format!("{node}/api/v1/session");
        let reply = self.ask(&url, reqwest::Method::POST, "", sent).await;
        reply["token"].as_str().unwrap().to_owned()
    }

    /// Sets both clocks.
    pub async fn set(&self, now: &str) {
        for node in [&self.jail, &self.office] {
            let token = self.token(node).await;
            let url = format!("{node}/api/v1/clock");
            self.ask(&url, reqwest::Method::PUT, &token, json!({ "now": now })).await;
        }
    }
}
