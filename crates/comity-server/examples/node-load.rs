//! How many events of the whole story two nodes take in a second, from booking to answer, over
//! HTTP from another process; how long one entry takes at full and at half load; and how their
//! memory grows:
//! `cargo run --release -p comity-server --example node-load -- --seconds 30 --clients 32`.
//! `--seconds 600` is the soak. `--store postgresql://…` puts the jail's store there.
//!
//! Each node is a process of its own and so is the client; all share the machine's cores. The
//! federal node's search finds one candidate at once, so that the exchange is measured and not
//! the gallery. Beside it, in the same run, what the jail's database does alone: SQLite with plain
//! inserts of the jail's own rows, in transactions of as many as there are clients, who cannot
//! fill larger ones; PostgreSQL with `pgbench -b simple-update`, of one client and of as many.

#![allow(clippy::print_stdout, reason = "what it measures is what it is for")]

#[path = "../../comity-store/examples/support/raw.rs"]
mod raw;
#[path = "support/mod.rs"]
mod support;

use comity_exchange::case::{Candidate, GalleryRecord, SearchResult, Side};
use comity_node::{Ask, PeerNews, Random};
use comity_print::formats::nist::build::{Envelope, start};
use comity_print::formats::nist::ebts::Tot;
use comity_server::demo::{PASSWORD, accounts, starts_at};
use comity_server::home::{Home, Settings, SystemRandom};
use comity_server::searcher::Searcher;
use comity_server::serve::{Server, until_stopped};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// That of the `comity` command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn Error + Send + Sync>;

struct OneFound;

impl Searcher for OneFound {
    fn search(&self, _: &[u8]) -> SearchResult {
        SearchResult::Candidates(vec![Candidate {
            gallery_record: GalleryRecord([1; 16]),
            score: "14.2".to_owned(),
            false_matches: "1.0e-9".to_owned(),
        }])
    }
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|a| a != name).nth(1)
}

fn number(name: &str, or: u64) -> u64 {
    argument(name).and_then(|n| n.parse().ok()).unwrap_or(or)
}

fn random16() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// One node, in a process of its own, until it is told to stop.
#[tokio::main]
async fn serve(folder: &Path) -> Result<(), Failure> {
    let library = support::library()?;
    let home = Home::open(folder).map_err(|d| d.message)?;
    let searcher =
        (home.settings.side == Side::Federal).then(|| Arc::new(OneFound) as Arc<dyn Searcher>);
    let server = Server::start(&home, library, searcher).await.map_err(|d| d.message)?;
    let news: PeerNews = serde_json::from_slice(&std::fs::read(folder.join("peer.json"))?)?;
    server.app.engine.ask(Ask::AddPeer(news)).await.map_err(|f| f.to_string())?;
    accounts(&server).await.map_err(|p| p.detail)?;
    let stopped = until_stopped();
    println!("ready");
    stopped.await;
    server.stop().await;
    Ok(())
}

/// A node's process, from outside.
struct Node {
    child: Child,
    url: String,
    client: reqwest::Client,
}

impl Node {
    fn start(home: &Home) -> Result<Node, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve").arg(&home.folder).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        if line.trim() != "ready" {
            return Err("a node did not start".into());
        }
        Ok(Node { child, url: home.settings.url.clone(), client: reqwest::Client::new() })
    }

    async fn token(&self, account: &str) -> Result<String, Failure> {
        let sent = json!({ "account": account, "password": PASSWORD });
        let request = self.client.post(format!("{}/api/v1/session", self.url));
        let request = request.header("content-type", "application/json").body(sent.to_string());
        let reply: Value = serde_json::from_slice(&request.send().await?.bytes().await?)?;
        Ok(reply["token"].as_str().ok_or("no token")?.to_owned())
    }

    async fn leaves(&self) -> Result<u64, Failure> {
        let reply = self.client.get(format!("{}/healthz", self.url)).send().await?;
        let reply: Value = serde_json::from_slice(&reply.bytes().await?)?;
        Ok(reply["leaves"].as_u64().unwrap_or_default())
    }

    /// Kilobytes of memory that the process holds (`VmRSS`, Linux).
    fn memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let line = status.unwrap_or_default();
        let line = line.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }

    fn stop(mut self) -> Result<(), Failure> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Both nodes and the people who work at them.
struct Town {
    jail: Node,
    office: Node,
    clerk: String,
    supervisor: String,
    examiner: String,
    officer: String,
}

/// Who has waited how long for one entry each.
type Waits = Vec<Duration>;

async fn put(
    node: &Node,
    token: &str,
    request: reqwest::RequestBuilder,
    waits: &mut Waits,
) -> Result<(), Failure> {
    let request = request.bearer_auth(token).header("idempotency-key", random16());
    let begun = Instant::now();
    let reply = request.send().await?;
    waits.push(begun.elapsed());
    if reply.status().is_success() {
        return Ok(());
    }
    Err(format!("{}: {} {}", node.url, reply.status(), reply.text().await?).into())
}

async fn enter(
    node: &Node,
    token: &str,
    case: &str,
    entry: Value,
    waits: &mut Waits,
) -> Result<(), Failure> {
    let request = node.client.post(format!("{}/api/v1/cases/{case}/entries", node.url));
    let body = json!({ "entry": entry }).to_string();
    put(node, token, request.header("content-type", "application/json").body(body), waits).await
}

async fn until(
    node: &Node,
    token: &str,
    case: &str,
    is: impl Fn(&Value) -> bool,
) -> Result<(), Failure> {
    let mut wait = Duration::from_millis(50);
    for _ in 0..400 {
        let request = node.client.get(format!("{}/api/v1/cases/{case}", node.url));
        let reply = request.bearer_auth(token).send().await?;
        if reply.status().is_success() && is(&serde_json::from_slice(&reply.bytes().await?)?) {
            return Ok(());
        }
        // Every look is a reading of the whole case and a line of the audit.
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_millis(400));
    }
    Err("the other side did not hear of a case in time".into())
}

/// What makes a person a priority of the program of 2014.
fn convictions() -> Value {
    json!([{ "category": "robbery", "level": "felony", "convicted_on": "2012-05-04",
             "punishable_over_one_year": true, "sentence_days": 800 }])
}

fn booking() -> Value {
    json!({ "book": {
        "booking": { "booked_at": starts_at().to_string(), "place": "us-ga",
            "time_zone": "America/New_York",
            "facts": { "complete": true, "tree": {
                "person": { "age_years": 30 },
                "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                             "arrested_on": "2016-03-01" },
                "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                              "offense_on": "2016-03-01" }],
                "convictions": convictions() } } },
        "card": { "name": "Nobody Example", "number": "N-1" },
    } })
}

fn card(case: &str) -> Result<Vec<u8>, Failure> {
    let envelope = Envelope {
        destination: "OFFICE001".to_owned(),
        origin: "JAIL00001".to_owned(),
        control_number: format!("TEST-{}", &case[..10]),
        answers: None,
        date: "20160301".to_owned(),
    };
    let card = start(Tot::Car, &envelope, &[]).map_err(|e| e.to_string())?;
    Ok(card.to_bytes().map_err(|e| e.to_string())?)
}

/// One person from booking to answer.
async fn story(town: &Town, waits: &mut Waits) -> Result<(), Failure> {
    let Town { jail, office, clerk, supervisor, examiner, officer } = town;
    let (case, request) = (random16(), random16());
    enter(jail, clerk, &case, booking(), waits).await?;
    let prints = jail.client.put(format!("{}/api/v1/cases/{case}/prints", jail.url));
    let prints = prints.header("content-type", "application/octet-stream").body(card(&case)?);
    put(jail, clerk, prints, waits).await?;
    until(office, examiner, &case, |c| c["identification"]["stands"] == "candidates").await?;
    let record = "01".repeat(16);
    let verify = json!({ "verify_match": { "gallery_record": record } });
    enter(office, examiner, &case, verify, waits).await?;
    let order = json!({ "determine_status": { "removable": true, "basis": "final_order",
        "probable_cause": true, "facts": { "complete": true, "tree": {
            "person": { "final_order": true, "final_order_on": "2014-02-03" },
            "convictions": convictions() } } } });
    enter(office, officer, &case, order, waits).await?;
    enter(office, officer, &case, json!({ "evaluate_program": {} }), waits).await?;
    let asks = json!({ "issue_request": { "draft": {
        "request": request, "form": "I-247D", "version": "2015-05", "issued_on": "2016-03-01",
        "asks": ["hold", "notify"], "basis": "final_order",
        "states": { "complete": true, "tree": {
            "person": { "removable": true, "final_order": true },
            "request": { "priority_box": true, "probable_cause_box": true,
                         "officer_authorized": true, "facially_complete": true } } } } } });
    enter(office, officer, &case, asks, waits).await?;
    until(jail, clerk, &case, |c| c["requests"][0]["stands"] == true).await?;
    let serve = json!({ "serve_request": { "request": request,
                                           "served_at": starts_at().to_string() } });
    enter(jail, clerk, &case, serve, waits).await?;
    let answer = json!({ "answer_request": { "request": request,
        "reason": "the sergeant decided", "choices": { "hold": "comply", "notify": "comply" } } });
    enter(jail, supervisor, &case, answer, waits).await
}

fn percentile_ms(waits: &mut Waits, of: f64) -> f64 {
    waits.sort_unstable();
    let place = ((waits.len() as f64 * of).ceil() as usize).clamp(1, waits.len().max(1));
    waits.get(place - 1).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
}

/// Lets clients play stories for a while; at half load each rests as long as its story took.
/// Events a second of the jail and of the office.
async fn load(
    town: &Arc<Town>,
    clients: u64,
    lasts: Duration,
    half: bool,
) -> Result<[f64; 2], Failure> {
    let begun = Instant::now();
    let before = [town.jail.leaves().await?, town.office.leaves().await?];
    let playing: Vec<_> = (0..clients)
        .map(|_| {
            let town = town.clone();
            tokio::spawn(async move {
                let (mut waits, mut stories) = (Waits::new(), 0_u64);
                while begun.elapsed() < lasts {
                    let at = Instant::now();
                    story(&town, &mut waits).await?;
                    stories += 1;
                    if half {
                        tokio::time::sleep(at.elapsed()).await;
                    }
                }
                Ok::<_, Failure>((waits, stories))
            })
        })
        .collect();
    let watched = town.clone();
    let watch = tokio::spawn(async move {
        let mut clock = tokio::time::interval(lasts / 10);
        loop {
            clock.tick().await;
            let (jail, office) = (watched.jail.memory_kb(), watched.office.memory_kb());
            let at = begun.elapsed().as_secs();
            println!("{at:5} s   jail {:4} MB   office {:4} MB", jail / 1024, office / 1024);
        }
    });
    let (mut waits, mut stories) = (Waits::new(), 0);
    for client in playing {
        let (more, played) = client.await??;
        waits.extend(more);
        stories += played;
    }
    watch.abort();
    let took_s = begun.elapsed().as_secs_f64();
    let after = [town.jail.leaves().await?, town.office.leaves().await?];
    let rate = |n: usize| (after[n] - before[n]) as f64 / took_s;
    let name = if half { "half load" } else { "full load" };
    println!(
        "{name}: {stories} stories in {took_s:.0} s; events a second: jail {:.0}, office {:.0}; \
         one entry: p50 {:.1} ms, p99 {:.1} ms of {}",
        rate(0),
        rate(1),
        percentile_ms(&mut waits, 0.5),
        percentile_ms(&mut waits, 0.99),
        waits.len()
    );
    Ok([rate(0), rate(1)])
}

fn homes(folder: &Path) -> Result<[Home; 2], Failure> {
    let home = |name: &str, side: Side| {
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let party = format!("{name}.example/party");
        let mut settings = Settings {
            second_factor: false,
            machine_sessions: true,
            simulated_from: Some(starts_at()),
            ..Settings::new(&party, side, &format!("http://{listen}"), listen)
        };
        if let (Some(store), Side::Agency) = (argument("--store"), side) {
            settings.store = store;
        }
        Home::init(&folder.join(name), settings).map_err(|d| Failure::from(d.message))
    };
    let homes = [home("jail", Side::Agency)?, home("office", Side::Federal)?];
    for (own, other) in [(0, 1), (1, 0)] {
        let news = homes[other].news().map_err(|d| d.message)?;
        std::fs::write(homes[own].folder.join("peer.json"), serde_json::to_vec(&news)?)?;
    }
    Ok(homes)
}

async fn measure([jail_home, office_home]: [Home; 2]) -> Result<(), Failure> {
    let (jail, office) = (Node::start(&jail_home)?, Node::start(&office_home)?);
    let town = Arc::new(Town {
        clerk: jail.token("clerk").await?,
        supervisor: jail.token("supervisor").await?,
        examiner: office.token("examiner").await?,
        officer: office.token("officer").await?,
        jail,
        office,
    });
    let (clients, lasts) = (number("--clients", 32), Duration::from_secs(number("--seconds", 30)));
    let loaded = async {
        let taken = load(&town, clients, lasts, false).await?;
        load(&town, clients, lasts.min(Duration::from_secs(60)), true).await?;
        Ok::<_, Failure>(taken)
    };
    let loaded = loaded.await;
    if let Ok(Town { jail, office, .. }) = Arc::try_unwrap(town).map_err(|_| ()) {
        jail.stop()?;
        office.stop()?;
    }
    let taken = loaded?;
    tokio::task::spawn_blocking(move || beside(&jail_home, clients, taken)).await?
}

/// What the jail's database does alone, and what part of it the two nodes and the jail reached.
fn beside(jail: &Home, clients: u64, [jail_rate, office_rate]: [f64; 2]) -> Result<(), Failure> {
    const TIME: Duration = Duration::from_secs(10);
    let says = |what: &str, alone: f64| {
        println!(
            "{what}: {alone:.0} a second; the jail took {:.2} of it, both nodes {:.2}",
            jail_rate / alone,
            (jail_rate + office_rate) / alone
        );
    };
    if let Some(database) = argument("--store") {
        for clients in [1, clients] {
            let alone = raw::simple_update(|| Command::new("pgbench"), &database, clients, TIME)?;
            says(&format!("pgbench simple-update, clients: {clients}"), alone);
        }
        return Ok(());
    }
    let leaves = jail.store().map_err(|d| d.message)?.leaves(0, 256)?;
    let rows: Vec<raw::Row> = leaves.into_iter().map(|row| (row.leaf, row.sealed)).collect();
    let alone = raw::plain_inserts(&jail.folder.join("raw.db"), &rows, clients, TIME)?;
    says(&format!("SQLite alone, plain inserts, {clients} in a transaction"), alone);
    Ok(())
}

fn main() -> Result<(), Failure> {
    if let Some(folder) = argument("--serve") {
        return serve(Path::new(&folder));
    }
    let folder = std::env::temp_dir().join(format!("comity-node-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    // PostgreSQL's client waits with a runtime of its own, which none may surround.
    let homes = homes(&folder)?;
    let measured = tokio::runtime::Runtime::new()?.block_on(measure(homes));
    std::fs::remove_dir_all(folder)?;
    measured
}
