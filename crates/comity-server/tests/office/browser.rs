//! A browser that follows forms, and a town whose office has prints to look at.

use crate::town::*;
use comity_exchange::case::{Candidate, GalleryRecord, SearchResult};
use comity_print::FingerPosition;
use comity_print::extract::extract;
use comity_print::formats::nist::build::{Envelope, Impression, Layout, start};
use comity_print::formats::nist::ebts::Tot;
use comity_print::gallery::FingerEntry;
use comity_print::synth::{Difficulty, Sensor, SyntheticFinger};
use comity_print::template::Template;
use comity_server::account::Role;
use comity_server::compared::{Compared, prints_of};
use comity_server::searcher::Searcher;
use comity_server::serve::Server;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// The record of the person, and that of a stranger.
pub const MATE: GalleryRecord = GalleryRecord([1; 16]);
pub const STRANGER: GalleryRecord = GalleryRecord([2; 16]);

const FINGERS: [FingerPosition; 2] = [FingerPosition::RightIndex, FingerPosition::LeftIndex];

/// Two fingers of somebody who does not exist.
static GROWN: LazyLock<[SyntheticFinger; 2]> =
    LazyLock::new(|| [SyntheticFinger::grow(8, 1), SyntheticFinger::grow(8, 2)]);

/// The arrest card with prints.
fn printed_card(origin: &str) -> Vec<u8> {
    let taken = |f: &SyntheticFinger| f.impression(1, Difficulty::Easy, Sensor::Optical).unwrap();
    let images: Vec<_> = GROWN.iter().map(|f| taken(f).image).collect();
    let impressions: Vec<Impression<'_>> = FINGERS
        .iter()
        .zip(&images)
        .map(|(finger, image)| Impression { finger: *finger, is_rolled: true, image })
        .collect();
    let envelope = Envelope {
        destination: "OFFICE001".to_owned(),
        origin: origin.to_owned(),
        control_number: "TEST-0000000001".to_owned(),
        answers: None,
        date: "20160301".to_owned(),
    };
    let mut transaction = start(Tot::Car, &envelope, &[]).unwrap();
    transaction.add_impressions(Layout::Type14, &impressions, &[]).unwrap();
    transaction.seal();
    transaction.to_bytes().unwrap()
}

/// Two candidates: the person and a stranger.
struct TwoFound;

impl Searcher for TwoFound {
    fn search(&self, _: &[u8]) -> SearchResult {
        let one = |gallery_record, score: &str, false_matches: &str| Candidate {
            gallery_record,
            score: score.to_owned(),
            false_matches: false_matches.to_owned(),
        };
        let (mate, stranger) = (one(MATE, "14.2", "1.0e-5"), one(STRANGER, "4.1", "2.0e-2"));
        SearchResult::Candidates(vec![mate, stranger])
    }

    fn compare(&self, transaction: &[u8], record: GalleryRecord) -> Option<Compared> {
        let enrolled = |f: &SyntheticFinger, number: u64, finger: FingerPosition| {
            let taken = f.impression(number, Difficulty::Medium, Sensor::Optical).unwrap();
            let template = Template::of(&extract(&taken.image, finger));
            FingerEntry { finger, template }
        };
        let record: Vec<FingerEntry> = match record {
            MATE => (0..2).map(|n| enrolled(&GROWN[n], 2, FINGERS[n])).collect(),
            // The fingers the other way around: other people's, as far as a search can tell.
            STRANGER => (0..2).map(|n| enrolled(&GROWN[1 - n], 3, FINGERS[n])).collect(),
            _ => return None,
        };
        Compared::of(prints_of(transaction).unwrap(), &record, 40_000)
    }
}

/// A booking without anything that would make the person a priority by itself.
fn booking() -> Value {
    json!({ "book": {
        "booking": {
            "booked_at": "2016-03-01T14:00:00Z", "place": "us-ga",
            "time_zone": "America/New_York",
            "facts": { "complete": true, "tree": {
                "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                             "arrested_on": "2016-03-01" },
                "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                              "offense_on": "2016-03-01" }],
            } },
        },
        "card": { "name": "Canary Quetzalcoatlus", "number": "B-4711" },
    } })
}

/// A town in which candidates wait at the office.
pub async fn searched() -> Town {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    town.office.server.take().unwrap().stop().await;
    let searcher = Arc::new(TwoFound) as Arc<dyn Searcher>;
    let server =
        Server::start(&town.office.home, crate::town::library::library().clone(), Some(searcher))
            .await;
    town.office.server = Some(server.unwrap_or_else(|d| panic!("{d:?}")));
    town.jail.enter(&town.clerk, "book", &booking()).await.ok();
    town.jail.prints(&town.clerk, printed_card("JAIL00001")).await.ok();
    let found = |c: &Value| c["identification"]["stands"] == "candidates";
    town.office.until(&town.examiner, "candidates", found).await;
    town
}

/// A town in which an examiner verified the match.
pub async fn verified() -> Town {
    let town = searched().await;
    let verify = json!({ "verify_match": { "gallery_record": MATE.to_string() } });
    town.office.enter(&town.examiner, "verify", &verify).await.ok();
    town
}

/// A town in which the status is determined, with a robbery or with nothing.
pub async fn determined(has_robbery: bool) -> Town {
    let town = verified().await;
    let robbery = json!([{ "category": "robbery", "level": "felony",
                           "convicted_on": "2012-05-04", "sentence_days": 800 }]);
    let convictions = if has_robbery { robbery } else { json!([]) };
    let entry = json!({ "determine_status": {
        "removable": true, "basis": "final_order", "probable_cause": true,
        "facts": { "complete": true, "tree": {
            "person": { "final_order": true, "final_order_on": "2013-02-03" },
            "convictions": convictions,
        } },
    } });
    town.office.enter(&town.officer, "status", &entry).await.ok();
    let program = json!({ "evaluate_program": {} });
    town.office.enter(&town.officer, "program", &program).await.ok();
    town
}

/// What a browser got.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub kind: String,
    pub security: String,
    pub body: Vec<u8>,
}

impl Page {
    pub fn html(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The page, which must be there.
    pub fn ok(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.html());
        self.html()
    }

    pub fn has(&self, text: &str) -> bool {
        self.html().contains(text)
    }

    /// What its forms carry on unseen, without those of the head.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let main = self.html().split("<main").nth(1).unwrap_or_default();
        let tags = main.split("<input ").skip(1).filter(|tag| tag.starts_with("type=\"hidden\""));
        tags.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))).collect()
    }

    /// Every field of its form as it would be sent with these answers.
    fn fields(&self, answers: &[(&str, &str)]) -> Vec<(String, String)> {
        let main = self.html().split("<main").nth(1).unwrap_or_default();
        let mut out = Vec::new();
        for tag in main.split('<').filter(|tag| {
            ["input ", "select ", "textarea "].iter().any(|name| tag.starts_with(name))
        }) {
            let tag = tag.split('>').next().unwrap();
            let (name, kind, value) =
                (attribute(tag, "name"), attribute(tag, "type"), attribute(tag, "value"));
            let answer = answers.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            match kind.as_str() {
                "hidden" => out.push((name, value)),
                "radio" | "checkbox" => {
                    if answers.iter().any(|(n, v)| *n == name && *v == value) {
                        out.push((name, value));
                    }
                }
                _ => out.push((name, answer.unwrap_or(value))),
            }
        }
        out
    }
}

/// An attribute of a tag; empty where there is none.
fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    plain(value.unwrap_or_default())
}

/// Without the entities that the templates write.
fn plain(text: &str) -> String {
    let entities =
        [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// Somebody's browser.
pub struct Browser {
    url: String,
    client: reqwest::Client,
    cookie: String,
    csrf: String,
}

impl Browser {
    pub async fn of(house: &House, token: &str) -> Browser {
        let session = house.get(token, "/api/v1/session").await.ok();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Browser {
            url: house.url.clone(),
            client: client.build().unwrap(),
            cookie: format!("{}={token}", house.server().app.door.cookie()),
            csrf: session["csrf"].as_str().unwrap().to_owned(),
        }
    }

    /// A browser of somebody who is made for it.
    pub async fn new(house: &House, name: &str, role: Role) -> Browser {
        let token = house.person(name, role).await;
        Browser::of(house, &token).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let request = request.header("cookie", &self.cookie).header("accept", "text/html");
        let reply = request.send().await.unwrap();
        let text = |name: &str| {
            let value = reply.headers().get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (location, kind) = (text("location"), text("content-type"));
        let security = text("content-security-policy");
        let status = reply.status().as_u16();
        let body = reply.bytes().await.unwrap().to_vec();
        Page { status, location, kind, security, body }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.client.get(format!("{}{path}", self.url))).await
    }

    /// Sends a form; the token against other sites is added.
    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &self.csrf);
        form.extend_pairs(fields.iter().filter(|(name, _)| name != "csrf"));
        let request = self.client.post(format!("{}{path}", self.url));
        let kind = "application/x-www-form-urlencoded";
        self.send(request.header("content-type", kind).body(form.finish())).await
    }

    /// Answers the question of a page as a browser does: every field is sent, in the order of the
    /// page, and of boxes and circles those that are marked.
    pub async fn answer(&self, path: &str, page: &Page, answers: &[(&str, &str)]) -> Page {
        let mut fields = page.fields(answers);
        fields.push(("go".to_owned(), "next".to_owned()));
        self.post(path, &fields).await
    }

    /// Goes through a flow to the page on which the answers are checked. What is not among the
    /// answers is left empty.
    pub async fn walk(&self, path: &str, answers: &[(&str, &str)]) -> Page {
        let mut page = self.get(path).await;
        for _ in 0..40 {
            page.ok();
            if page.has("value=\"send\"") {
                return page;
            }
            let title = title(page.html()).to_owned();
            page = self.answer(path, &page, answers).await;
            assert_eq!(page.status, 200, "after {title}: {}", page.html());
        }
        panic!("the flow {path} never ends");
    }

    /// Sends what was checked.
    pub async fn confirm(&self, path: &str, check: &Page) -> Page {
        let mut fields = check.hidden();
        fields.push(("go".to_owned(), "send".to_owned()));
        self.post(path, &fields).await
    }
}

/// The heading of a page.
pub fn title(html: &str) -> &str {
    html.split("<h1").nth(1).and_then(|h| h.split("</h1>").next()).unwrap_or_default()
}

/// Keeps a page for looking at, where `COMITY_SHOW` names a folder: with the styles at their
/// addresses, so that any server of files shows it.
pub fn show(name: &str, page: &Page) {
    let Some(folder) = std::env::var_os("COMITY_SHOW") else { return };
    let folder = std::path::PathBuf::from(folder);
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, &page.body).unwrap();
}
