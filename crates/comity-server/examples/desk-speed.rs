//! How long the server takes for a page, with many cases in the store:
//! `cargo run --release -p comity-server --example desk-speed -- --cases 100000 --requests 200`
//!
//! Times are taken at a client on the same machine, over HTTP, one request after another, so
//! they hold the server's time and the loopback's.

#![allow(clippy::print_stdout, reason = "what it measures is what it is for")]

#[path = "support/mod.rs"]
mod support;

use comity_exchange::case::{By, CaseId, CommandId, Official, OfficialId, OfficialRole, Side};
use comity_node::{Ask, Entry, Random};
use comity_server::demo::{PASSWORD, accounts, starts_at};
use comity_server::home::{Home, Settings, SystemRandom};
use comity_server::serve::Server;
use jiff::SignedDuration;
use serde_json::json;
use std::error::Error;
use std::net::TcpListener;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error>;

/// Bookings in one commit.
const BATCH: usize = 500;

fn number(name: &str, or: usize) -> usize {
    let mut args = std::env::args().skip_while(|a| a != name);
    args.nth(1).and_then(|n| n.parse().ok()).unwrap_or(or)
}

fn random16() -> [u8; 16] {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    bytes
}

fn enter(case: CaseId, entry: serde_json::Value) -> Result<Ask, Failure> {
    let entry: Entry = serde_json::from_value(entry)?;
    let id = OfficialId::new("clerk").ok_or("no official")?;
    Ok(Ask::Enter {
        case,
        id: CommandId(random16()),
        by: By::Official(Official { id, role: OfficialRole::Clerk }),
        expects: None,
        entry: Box::new(entry),
        peer: None,
        file: None,
    })
}

/// Books people, a tenth of whom are to be released in the next days and nine tenths of whom
/// have gone.
async fn fill(server: &Server, cases: usize) -> Result<Vec<CaseId>, Failure> {
    let mut ids = Vec::new();
    let now = starts_at();
    while ids.len() < cases {
        let (mut asks, first) = (Vec::new(), ids.len());
        for n in first..cases.min(first + BATCH) {
            let case = CaseId(random16());
            let booked_at = now - SignedDuration::from_mins(n as i64 % 9000);
            asks.push(enter(case, json!({ "book": {
                "booking": { "booked_at": booked_at.to_string(), "place": "us-ga",
                    "time_zone": "America/New_York",
                    "facts": { "complete": true, "tree": {
                        "person": { "age_years": 20 + n % 50 },
                        "custody": { "criminal_arrest": true, "facility_kind": "county_jail" } } } },
                "card": { "name": format!("Nobody {n}"), "number": format!("N-{n}") },
            } }))?);
            let at = now + SignedDuration::from_mins(n as i64 % 4000);
            asks.push(enter(
                case,
                if n % 10 == 0 {
                    json!({ "set_eligible": { "at": at.to_string(), "reason": "bond_posted" } })
                } else {
                    json!({ "end_custody": { "at": now.to_string(), "how": "released" } })
                },
            )?);
            ids.push(case);
        }
        for done in server.app.engine.turn(asks).await? {
            done?;
        }
    }
    Ok(ids)
}

fn percentile(times: &mut [Duration], of: f64) -> f64 {
    times.sort_unstable();
    let place = ((times.len() as f64 * of).ceil() as usize).clamp(1, times.len());
    times[place - 1].as_secs_f64() * 1000.0
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (cases, requests) = (number("--cases", 10_000), number("--requests", 200));
    let library = support::library()?;
    let folder = std::env::temp_dir().join(format!("comity-desk-speed-{}", std::process::id()));
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let settings = Settings {
        second_factor: false,
        simulated_from: Some(starts_at()),
        ..Settings::new("jail.example/party", Side::Agency, &format!("http://{listen}"), listen)
    };
    let fault = |d: comity_model::Diagnostic| d.message;
    let jail = Home::init(&folder.join("jail"), settings).map_err(fault)?;
    let office = Settings::new("office.example/party", Side::Federal, "http://127.0.0.1:9", listen);
    let office = Home::init(&folder.join("office"), office).map_err(fault)?;
    let server = Server::start(&jail, library, None).await.map_err(fault)?;
    server.app.engine.ask(Ask::AddPeer(office.news().map_err(fault)?)).await?;
    accounts(&server).await.map_err(|p| p.detail)?;
    let begun = Instant::now();
    let ids = fill(&server, cases).await?;
    let filled_s = begun.elapsed().as_secs_f64();
    println!("{cases} cases in {filled_s:.0} s: {:.0} events/s", 2.0 * cases as f64 / filled_s);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let signed_in = client
        .post(format!("http://{listen}/sign-in"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("account=supervisor&password={}", PASSWORD.replace(' ', "+")))
        .send()
        .await?;
    let cookie = signed_in.headers()["set-cookie"].to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    println!("| page | p50 ms | p99 ms | worst ms | kB |\n|---|--:|--:|--:|--:|");
    for page in comity_server::pages::all().filter(|p| p.route.method == "GET") {
        let path = page.route.path.replace("{flow}", "release").replace("{name}", "desk.css");
        if path.replace("{case}", "").contains('{') {
            continue;
        }
        let (mut times, mut bytes, mut status) = (Vec::new(), 0, 0);
        for n in 0..requests {
            let case = ids[(n * 7919) % ids.len()].to_string();
            let url = format!("http://{listen}{}", path.replace("{case}", &case));
            let begun = Instant::now();
            let reply = client.get(url).header("cookie", &cookie).send().await?;
            status = reply.status().as_u16();
            bytes = reply.bytes().await?.len();
            times.push(begun.elapsed());
        }
        if status == 200 {
            let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
            let worst = percentile(&mut times, 1.0);
            println!(
                "| `{path}` | {p50:.1} | {p99:.1} | {worst:.1} | {:.0} |",
                bytes as f64 / 1000.0
            );
        }
    }
    server.stop().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
