//! Every researched scenario with a clock, through the live API in simulated time.

use crate::scenario::{Scenario, scenarios};
use crate::town::*;
use comity_exchange::case::RequestId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// One scenario in a town of its own time: cases of other scenarios are in it too.
struct Life<'a> {
    town: &'a Town,
    scenario: &'a Scenario,
    case: String,
    request: RequestId,
}

impl Life<'_> {
    async fn enter(&self, house: &House, token: &str, key: &str, entry: &Value) {
        let path = format!("{}/api/v1/cases/{}/entries", house.url, self.case);
        let request = house.client.post(path).header("content-type", "application/json");
        let request = request.header("idempotency-key", format!("scenario-{key}"));
        let reply = house.send(request.body(json!({ "entry": entry }).to_string()), token).await;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(reply.status < 300, "{} {key}: {} {text}", self.scenario.id, reply.status);
    }

    async fn case(&self, house: &House, token: &str) -> Value {
        house.get(token, &format!("/api/v1/cases/{}", self.case)).await.ok()
    }

    async fn until(&self, house: &House, token: &str, what: &str, is: impl Fn(&Value) -> bool) {
        let what = format!("{} step {}: {what}", self.scenario.id, self.scenario.step);
        house.until_in(&self.case, token, &what, is).await;
    }

    fn both_at(&self, at: Timestamp) {
        self.town.jail.at(&at.to_string());
        self.town.office.at(&at.to_string());
    }

    /// From the booking to a determination.
    async fn identified(&self, booked_at: Timestamp) {
        let Town { jail, office, clerk, examiner, officer, .. } = self.town;
        self.both_at(booked_at);
        let booking = self.scenario.booking();
        self.enter(jail, clerk, "book", &json!({ "book": { "booking": booking } })).await;
        let path = format!("{}/api/v1/cases/{}/prints", jail.url, self.case);
        let request = jail.client.put(path).header("idempotency-key", "key-prints");
        let request = request.header("content-type", "application/octet-stream");
        jail.send(request.body(card("JAIL00001")), clerk).await.ok();
        let found = |c: &Value| c["identification"]["stands"] == "candidates";
        self.until(office, examiner, "candidates", found).await;
        let case = self.case(office, examiner).await;
        let record = case["identification"]["candidates"][0]["gallery_record"].clone();
        let verify = json!({ "verify_match": { "gallery_record": record } });
        self.enter(office, examiner, "verify", &verify).await;
        let determined = json!({ "determine_status": self.scenario.determination() });
        self.enter(office, officer, "status", &determined).await;
    }

    /// The request, issued on its day and received at its moment.
    async fn asked(&self, issued_at: Timestamp, received_at: Timestamp) {
        let Town { jail, office, clerk, officer, .. } = self.town;
        // What the office issues in the morning may come in the evening.
        jail.at(&received_at.to_string());
        office.at(&issued_at.to_string());
        self.enter(office, officer, "program", &json!({ "evaluate_program": {} })).await;
        let draft = self.scenario.draft(self.request);
        self.enter(office, officer, "issue", &json!({ "issue_request": { "draft": draft } })).await;
        let came = |c: &Value| c["requests"][0]["stands"] == true;
        self.until(jail, clerk, "the request", came).await;
        office.at(&received_at.to_string());
        if self.scenario.yes("request", "served_on_person") {
            let served = json!({ "request": self.request, "served_at": received_at });
            self.enter(jail, clerk, "serve", &json!({ "serve_request": served })).await;
        }
    }

    /// Answered as whoever does what is asked, and held.
    async fn held(&self, release: Timestamp, now: Timestamp) {
        let Town { jail, clerk, supervisor, .. } = self.town;
        self.both_at(now);
        let reason = self.scenario.text("custody", "release_reason").unwrap_or("other");
        let eligible = json!({ "set_eligible": { "at": release, "reason": reason } });
        self.enter(jail, clerk, "eligible", &eligible).await;
        let advice = jail.get(clerk, &format!("/api/v1/cases/{}/advice", self.case)).await.ok();
        let law = |channel: &str| match &advice["finding"]["channels"][channel] {
            Value::Object(law) => law.keys().next().unwrap().clone(),
            law => law.as_str().unwrap_or_default().to_owned(),
        };
        let expected = self.scenario.expect.get("hold").and_then(Value::as_str);
        assert_eq!(Some(law("hold").as_str()), expected, "{}", self.scenario.id);
        let choice = |channel: &str| match law(channel).as_str() {
            "must_not" => "decline",
            "undetermined" => "open",
            _ => "comply",
        };
        let choices: serde_json::Map<String, Value> = self
            .scenario
            .asks()
            .iter()
            .map(|channel| (channel.name().to_owned(), choice(channel.name()).into()))
            .collect();
        let answer = json!({ "request": self.request, "choices": choices, "reason": "" });
        self.enter(jail, supervisor, "answer", &json!({ "answer_request": answer })).await;
        let hold = json!({ "start_hold": { "request": self.request } });
        self.enter(jail, supervisor, "hold", &hold).await;
    }

    /// The clock: the hold ends at its moment, and somebody is told to release.
    async fn ends(&self, ends_at: Timestamp) {
        let Town { jail, clerk, .. } = self.town;
        let zone = &self.scenario.zone;
        let case = self.case(jail, clerk).await;
        let shown = case["hold"]["ends_at"].as_str().unwrap_or_else(|| panic!("{case:#}"));
        let shown: Timestamp = shown.parse().unwrap();
        assert_eq!(zone.show(shown), zone.show(ends_at), "{}", self.scenario.id);
        self.both_at(ends_at - SignedDuration::from_secs(1));
        assert!(!self.case(jail, clerk).await["hold"].is_null(), "{}", self.scenario.id);
        self.both_at(ends_at);
        let released = |c: &Value| {
            let tasks = c["tasks"].as_array().unwrap();
            let past = c["past_holds"].as_array().unwrap();
            c["hold"].is_null() && !past.is_empty() && tasks.iter().any(|t| t["kind"] == "release")
        };
        self.until(jail, clerk, "release", released).await;
        let end = json!({ "end_custody": { "at": ends_at, "how": "released" } });
        self.enter(jail, clerk, "end", &end).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_with_a_clock_ends_through_the_live_api_as_it_says() {
    let mut all: Vec<Scenario> =
        scenarios().into_iter().filter(|s| s.expect.contains_key("clock")).collect();
    // Clocks of nodes go forward only.
    all.sort_by_key(|s| s.booking().booked_at);
    let town = Town::with("2008-01-01T12:00:00Z", true).await;
    for (number, scenario) in all.iter().enumerate() {
        let (case, request) = (random16(), RequestId([number as u8 + 1; 16]));
        let life = Life { town: &town, scenario, case, request };
        let booked_at = scenario.booking().booked_at;
        life.identified(booked_at).await;
        let draft = scenario.draft(request);
        let noon =
            scenario.zone.start_of(draft.issued_on).unwrap() + SignedDuration::from_hours(12);
        let received_at = scenario.moment("request", "received_at");
        let issued_at = match received_at {
            Some(at) if scenario.zone.day(at) == draft.issued_on => at,
            _ => noon,
        }
        .max(booked_at);
        let received_at = received_at.unwrap_or(issued_at).max(issued_at);
        life.asked(issued_at, received_at).await;
        let release = scenario.moment("custody", "release_eligible_at").unwrap_or_else(|| {
            let noon =
                scenario.zone.start_of(scenario.on).unwrap() + SignedDuration::from_hours(12);
            noon.max(received_at + SignedDuration::from_hours(1))
        });
        life.held(release, release.max(received_at)).await;
        let clock = scenario.expect["clock"].as_object().unwrap();
        life.ends(scenario.instant(clock["ends_at"].as_str().unwrap())).await;
    }
    assert!(all.len() >= 24, "only {} scenarios have a clock", all.len());
}
