//! A browser without scripts: cookies, hidden fields, no redirects by itself.

use crate::town::{CASE, House, Town, card, random16};
use serde_json::{Value, json};

/// A tab of somebody who is signed in.
pub struct Tab<'a> {
    house: &'a House,
    client: reqwest::Client,
    cookie: String,
    pub csrf: String,
}

/// A page that was shown.
pub struct Page {
    pub status: u16,
    pub html: String,
    pub to: String,
}

impl Page {
    pub async fn of(request: reqwest::RequestBuilder) -> Page {
        let reply = request.send().await.unwrap();
        let status = reply.status().as_u16();
        let to = reply.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let html = reply.text().await.unwrap();
        Page { status, html, to: to.unwrap_or_default() }
    }

    /// The text without tags, entities resolved, runs of white space as one space.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in self.html.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    out.push(' ');
                }
                _ if !inside => out.push(c),
                _ => {}
            }
        }
        unescape(&out).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn says(&self, what: &str) -> &Page {
        assert!(self.text().contains(what), "`{what}` is not in {}: {}", self.status, self.text());
        self
    }

    #[track_caller]
    pub fn says_not(&self, what: &str) -> &Page {
        assert!(!self.text().contains(what), "`{what}` is in: {}", self.text());
        self
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Page {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The hidden fields of the page's main form.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let main = self.html.split("<main").nth(1).unwrap_or_default();
        let inputs = main.split("<input type=\"hidden\" name=\"").skip(1);
        let field = |input: &str| {
            let (name, rest) = input.split_once('"').unwrap();
            let value = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
            (unescape(name), unescape(value))
        };
        inputs.map(field).collect()
    }

    pub fn field(&self, name: &str) -> String {
        let found = self.hidden().into_iter().find(|(n, _)| n == name);
        found.unwrap_or_else(|| panic!("no field {name} in {}", self.text())).1
    }

    /// What its main form sends with these fields filled in.
    pub fn filled(&self, with: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = self.hidden();
        fields.extend(with.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        fields
    }
}

fn unescape(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

impl<'a> Tab<'a> {
    pub async fn of(house: &'a House, token: &str) -> Tab<'a> {
        let session = house.get(token, "/api/v1/session").await.ok();
        let csrf = session["csrf"].as_str().unwrap().to_owned();
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(none).build().unwrap();
        let cookie = format!("{}={token}", house.server().app.door.cookie());
        Tab { house, client, cookie, csrf }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.house.url));
        request.header("cookie", self.cookie.clone()).header("accept", "text/html")
    }

    pub async fn get(&self, path: &str) -> Page {
        Page::of(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        Page::of(self.request("POST", path).header("content-type", kind).body(body)).await
    }

    /// Goes through a flow from its first question to the page of all answers.
    pub async fn answer(&self, flow: &str, answers: &[(&str, &str)]) -> Page {
        let path = if flow.starts_with('/') { flow.to_owned() } else { doing(flow) };
        let mut page = self.get(&path).await.is(200);
        let path = path.split('?').next().unwrap().to_owned();
        for (name, value) in answers {
            let fields = page.filled(&[(name, value), ("go", "next")]);
            page = self.post(&path, &fields).await.is(200);
        }
        page
    }

    /// The same, and sends it.
    pub async fn record(&self, flow: &str, answers: &[(&str, &str)]) -> Page {
        let check = self.answer(flow, answers).await;
        let path = if flow.starts_with('/') { flow.to_owned() } else { doing(flow) };
        let path = path.split('?').next().unwrap().to_owned();
        self.post(&path, &check.filled(&[("go", "send")])).await
    }
}

/// The path of a flow in the one case of these tests.
pub fn doing(flow: &str) -> String {
    format!("/cases/{CASE}/do/{flow}")
}

/// A booking at a place, complete or not.
pub fn booking(place: &str, complete: bool) -> Value {
    let mut tree = json!({
        "person": { "age_years": 30 },
        "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                     "arrested_on": "2016-03-01" },
        "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                      "offense_on": "2016-03-01" }],
    });
    if complete {
        tree["convictions"] = json!([{
            "category": "robbery", "level": "felony", "convicted_on": "2012-05-04",
            "punishable_over_one_year": true, "sentence_days": 800,
        }]);
    }
    json!({ "book": {
        "booking": {
            "booked_at": "2016-03-01T14:00:00Z", "place": place,
            "time_zone": "America/New_York",
            "facts": { "complete": complete, "tree": tree },
        },
        "card": { "name": "Canary Quetzalcoatlus", "number": "B-4711" },
    } })
}

fn determination() -> Value {
    json!({ "determine_status": {
        "removable": true, "basis": "final_order", "probable_cause": true,
        "facts": { "complete": true, "tree": {
            "person": { "final_order": true, "final_order_on": "2014-02-03" },
            "convictions": [{ "category": "robbery", "level": "felony",
                              "convicted_on": "2012-05-04", "punishable_over_one_year": true,
                              "sentence_days": 800 }],
        } },
    } })
}

fn request(id: &str) -> Value {
    json!({ "issue_request": { "draft": {
        "request": id, "form": "I-247D", "version": "2015-05", "issued_on": "2016-03-01",
        "asks": ["hold", "notify"], "basis": "final_order",
        "states": { "complete": true, "tree": {
            "person": { "removable": true, "final_order": true },
            "request": { "priority_box": true, "probable_cause_box": true,
                         "officer_authorized": true, "facially_complete": true },
        } },
    } } })
}

/// Two houses, and a request that has come in at the jail; its id.
pub async fn asked(place: &str, complete: bool) -> (Town, String) {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let Town { jail, office, clerk, examiner, officer, .. } = &town;
    jail.enter(clerk, "book", &booking(place, complete)).await.ok();
    jail.prints(clerk, card("JAIL00001")).await.ok();
    let found = |c: &Value| c["identification"]["stands"] == "candidates";
    let case = office.until(examiner, "candidates", found).await;
    let record = case["identification"]["candidates"][0]["gallery_record"].clone();
    let verify = json!({ "verify_match": { "gallery_record": record } });
    office.enter(examiner, "verify", &verify).await.ok();
    office.enter(officer, "status", &determination()).await.ok();
    office.enter(officer, "program", &json!({ "evaluate_program": {} })).await.ok();
    let id = random16();
    office.enter(officer, "request", &request(&id)).await.ok();
    let came = |c: &Value| c["requests"][0]["stands"] == true;
    jail.until(clerk, "request", came).await;
    (town, id)
}

/// Keeps a page for looking at, where `COMITY_SHOW` names a folder.
pub fn show(name: &str, page: &Page) {
    let Some(folder) = std::env::var_os("COMITY_SHOW") else { return };
    let folder = std::path::PathBuf::from(folder);
    let html = page.html.replace("\"/assets/", "\"assets/");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    let here = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let assets = folder.join("assets");
    std::fs::create_dir_all(&assets).unwrap();
    for entry in std::fs::read_dir(here.join("assets")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(assets.join(path.file_name().unwrap()), bytes).unwrap();
        }
    }
}

/// What every page has: a language, a title, one heading of the first order, labels for fields.
#[track_caller]
pub fn is_whole(page: &Page) {
    assert_eq!(page.html.matches("<h1").count(), 1, "{}", page.text());
    assert!(page.html.contains("<html lang=\"en\">") && page.html.contains("<title>"));
    assert!(!page.html.contains(" style=\"") && !page.html.contains("<script>"));
    let main = page.html.split("<main").nth(1).unwrap();
    for field in main.split("<input ").skip(1).chain(main.split("<textarea ").skip(1)) {
        let tag = field.split('>').next().unwrap();
        if tag.contains("type=\"hidden\"") {
            continue;
        }
        let id = tag.split("id=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(main.contains(&format!("for=\"{id}\"")), "no label for {id}");
    }
}
