//! A jail and a federal office as two servers, and people who sign in to them.

#[path = "../../../comity-exchange/tests/case/library.rs"]
pub mod library;
#[path = "../../../comity-store/tests/common/ports.rs"]
pub mod ports;

use comity_exchange::case::{Candidate, GalleryRecord, SearchResult, Side};
use comity_node::{Ask, Random};
use comity_print::formats::nist::build::{Envelope, start};
use comity_print::formats::nist::ebts::Tot;
use comity_server::account::{Actor, NewAccount, Origin, Role};
use comity_server::door::at_desk;
use comity_server::home::{Home, Settings, SystemRandom};
use comity_server::searcher::Searcher;
use comity_server::serve::Server;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Finds one candidate for every transaction whose origin is not `NOBODY`.
struct OneFound;

impl Searcher for OneFound {
    fn search(&self, transaction: &[u8]) -> SearchResult {
        let read = comity_print::formats::nist::read(transaction).unwrap();
        if read.header().origin == "NOBODY" {
            return SearchResult::NoMatch;
        }
        SearchResult::Candidates(vec![Candidate {
            gallery_record: GalleryRecord([1; 16]),
            score: "14.2".to_owned(),
            false_matches: "1.0e-9".to_owned(),
        }])
    }
}

/// An arrest card without images: its header is all that these tests need.
pub fn card(origin: &str) -> Vec<u8> {
    let envelope = Envelope {
        destination: "OFFICE001".to_owned(),
        origin: origin.to_owned(),
        control_number: "TEST-0000000001".to_owned(),
        answers: None,
        date: "20160301".to_owned(),
    };
    start(Tot::Car, &envelope, &[]).unwrap().to_bytes().unwrap()
}

/// Where a server can listen, now and when it is started anew.
pub fn free_address() -> SocketAddr {
    ([127, 0, 0, 1], ports::free_port()).into()
}

pub const PASSWORD: &str = "a long enough passphrase 7";

/// One server and the folder of its node.
pub struct House {
    pub server: Option<Server>,
    pub home: Home,
    pub url: String,
    pub client: reqwest::Client,
    _folder: TempDir,
}

impl House {
    pub async fn new(name: &str, side: Side, start_at: &str, machine_sessions: bool) -> House {
        House::with(name, side, |settings| {
            settings.simulated_from = Some(start_at.parse().unwrap());
            settings.machine_sessions = machine_sessions;
        })
        .await
    }

    pub async fn with(name: &str, side: Side, set: impl FnOnce(&mut Settings)) -> House {
        let folder = TempDir::new().unwrap();
        let listen = free_address();
        let url = format!("http://{listen}");
        let mut settings = Settings {
            head_s: 1,
            second_factor: false,
            ..Settings::new(&format!("{name}.example/party"), side, &url, listen)
        };
        set(&mut settings);
        let at = folder.path().join("node");
        // PostgreSQL's client waits, which no thread of the runtime may do.
        let home = tokio::task::spawn_blocking(move || Home::init(&at, settings).unwrap());
        let home = home.await.unwrap();
        let client = reqwest::Client::new();
        let mut house = House { server: None, home, url, client, _folder: folder };
        house.up().await;
        house
    }

    pub async fn up(&mut self) {
        let searcher = (self.home.settings.side == Side::Federal)
            .then(|| Arc::new(OneFound) as Arc<dyn Searcher>);
        let server = Server::start(&self.home, library::library().clone(), searcher).await;
        self.server = Some(server.unwrap_or_else(|d| panic!("{d:?}")));
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Makes an account and signs its person in; the token.
    pub async fn person(&self, name: &str, role: Role) -> String {
        let app = &self.server().app;
        let new = NewAccount { name: name.to_owned(), roles: [role].into(), external: None };
        let invitation = at_desk(app, Origin::Console, move |desk| {
            desk.make_account(Actor::Console, new.clone())
        });
        let invitation = invitation.await.unwrap().unwrap();
        let sent = json!({ "account": name, "password": invitation.show() });
        let half = self.post("", "/api/v1/session", &sent).await.ok();
        let token = half["token"].as_str().unwrap().to_owned();
        let set = json!({ "new": PASSWORD });
        let full = self.put(&token, "/api/v1/session/password", &set).await.ok();
        full["token"].as_str().unwrap().to_owned()
    }

    pub async fn sign_in(&self, name: &str) -> String {
        let sent = json!({ "account": name, "password": PASSWORD });
        let full = self.post("", "/api/v1/session", &sent).await.ok();
        full["token"].as_str().unwrap().to_owned()
    }

    pub async fn send(&self, request: reqwest::RequestBuilder, token: &str) -> Reply {
        let request = if token.is_empty() {
            request
        } else {
            request.header("authorization", format!("Bearer {token}"))
        };
        let reply = request.send().await.unwrap();
        let status = reply.status().as_u16();
        let headers = reply.headers().clone();
        let body = reply.bytes().await.unwrap().to_vec();
        Reply { status, headers, body }
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.send(self.client.get(format!("{}{path}", self.url)), token).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        let request = self.client.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json").body(body.to_string());
        self.send(request, token).await
    }

    pub async fn put(&self, token: &str, path: &str, body: &Value) -> Reply {
        let request = self.client.put(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json").body(body.to_string());
        self.send(request, token).await
    }

    /// Enters something into the one case of these tests.
    pub async fn enter(&self, token: &str, key: &str, entry: &Value) -> Reply {
        let path = format!("{}/api/v1/cases/{CASE}/entries", self.url);
        let request = self.client.post(path).header("content-type", "application/json");
        let request = request.header("idempotency-key", format!("key-{key}"));
        self.send(request.body(json!({ "entry": entry }).to_string()), token).await
    }

    pub async fn prints(&self, token: &str, file: Vec<u8>) -> Reply {
        let path = format!("{}/api/v1/cases/{CASE}/prints", self.url);
        let request = self.client.put(path).header("idempotency-key", "key-prints");
        let request = request.header("content-type", "application/octet-stream");
        self.send(request.body(file), token).await
    }

    pub async fn case(&self, token: &str) -> Value {
        self.get(token, &format!("/api/v1/cases/{CASE}")).await.ok()
    }

    /// How many events a case has but for alarms: those are raised whenever the scheduler looks.
    pub async fn events(&self, case: &str, token: &str) -> usize {
        let reply = self.get(token, &format!("/api/v1/cases/{case}/events")).await.ok();
        let events = reply["events"].as_array().unwrap();
        events.iter().filter(|event| event["kind"] != "alarm.raised").count()
    }

    /// Sets the simulated clock.
    pub fn at(&self, now: &str) {
        assert!(self.server().app.engine.clock.set(now.parse::<Timestamp>().unwrap()));
    }

    /// Waits until the one case is as it should be.
    pub async fn until(&self, token: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        self.until_in(CASE, token, what, is).await
    }

    /// Waits until a case is as it should be.
    pub async fn until_in(
        &self,
        case: &str,
        token: &str,
        what: &str,
        is: impl Fn(&Value) -> bool,
    ) -> Value {
        let start = Instant::now();
        loop {
            let reply = self.get(token, &format!("/api/v1/cases/{case}")).await;
            if reply.status == 200 {
                let case = reply.json();
                if is(&case) {
                    return case;
                }
                assert!(start.elapsed() < Duration::from_secs(30), "{what}: {case:#}");
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{what}: {}", reply.status);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn ok(self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert!((200..300).contains(&self.status), "{} {text}", self.status);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The code of a problem.
    pub fn problem(&self, status: u16) -> String {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

pub const CASE: &str = "07070707070707070707070707070707";

/// Both houses, known to each other, and their people.
pub struct Town {
    pub jail: House,
    pub office: House,
    pub clerk: String,
    pub supervisor: String,
    pub examiner: String,
    pub officer: String,
}

impl Town {
    pub async fn new(start_at: &str) -> Town {
        Town::with(start_at, false).await
    }

    /// The same; sessions may live by the machine's clock, where the nodes' moves by years.
    pub async fn with(start_at: &str, machine_sessions: bool) -> Town {
        let jail = House::new("jail", Side::Agency, start_at, machine_sessions).await;
        let office = House::new("office", Side::Federal, start_at, machine_sessions).await;
        Town::meeting(jail, office, |_, _| None).await
    }

    /// Houses of which the first reaches the second where `at` says, or straight.
    pub async fn meeting(
        jail: House,
        office: House,
        at: impl Fn(&House, &House) -> Option<String>,
    ) -> Town {
        let meet = |to: &House, of: &House| {
            let (engine, mut news) = (to.server().app.engine.clone(), of.home.news().unwrap());
            news.url = at(to, of).unwrap_or(news.url);
            async move { engine.ask(Ask::AddPeer(news)).await.unwrap() }
        };
        meet(&jail, &office).await;
        meet(&office, &jail).await;
        let clerk = jail.person("clerk", Role::Clerk).await;
        let supervisor = jail.person("supervisor", Role::Supervisor).await;
        let examiner = office.person("examiner", Role::Examiner).await;
        let officer = office.person("officer", Role::DutyOfficer).await;
        Town { jail, office, clerk, supervisor, examiner, officer }
    }

    /// Sets both clocks. Sessions lock and end by them, so everybody signs in again.
    pub async fn at(&mut self, now: &str) {
        self.jail.at(now);
        self.office.at(now);
        self.clerk = self.jail.sign_in("clerk").await;
        self.supervisor = self.jail.sign_in("supervisor").await;
        self.examiner = self.office.sign_in("examiner").await;
        self.officer = self.office.sign_in("officer").await;
    }
}

/// Random bytes come from the system here too.
pub fn random16() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
