//! The whole story over HTTP: booked, found, verified, asked, answered, held, and released when
//! the clock ran out.

use crate::town::*;
use serde_json::json;

pub fn booking() -> serde_json::Value {
    json!({ "book": {
        "booking": {
            "booked_at": "2016-03-01T14:00:00Z", "place": "us-ga",
            "time_zone": "America/New_York",
            "facts": { "complete": true, "tree": {
                "person": { "age_years": 30 },
                "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                             "arrested_on": "2016-03-01" },
                "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                              "offense_on": "2016-03-01" }],
                "convictions": [{ "category": "robbery", "level": "felony",
                                  "convicted_on": "2012-05-04", "punishable_over_one_year": true,
                                  "sentence_days": 800 }],
            } },
        },
        "card": { "name": "Canary Quetzalcoatlus", "number": "B-4711" },
    } })
}

pub fn determination() -> serde_json::Value {
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

pub fn request(id: &str) -> serde_json::Value {
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

#[tokio::test(flavor = "multi_thread")]
async fn from_booking_to_release_on_time() {
    booked_to_released(&mut Town::new(START).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_sent_again_only_where_it_changed() {
    let Town { jail, clerk, .. } = &Town::new(START).await;
    jail.enter(clerk, "book", &booking()).await.ok();
    let path = format!("/api/v1/cases/{CASE}");
    // The alarm for prints that are due at once is the last that happens by itself.
    jail.until(clerk, "alarm", |case| case["version"] == 2).await;
    let known = jail.get(clerk, &path).await.headers["etag"].clone();
    let ask = || {
        let request = jail.client.get(format!("{}{path}", jail.url));
        jail.send(request.header("if-none-match", known.clone()), clerk)
    };
    let same = ask().await;
    assert_eq!((same.status, same.body.len(), &same.headers["etag"]), (304, 0, &known));
    jail.prints(clerk, card("JAIL00001")).await.ok();
    let changed = ask().await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.headers["etag"], known);
    assert_eq!(changed.headers["etag"], format!("\"{}\"", changed.json()["version"]).as_str());
}

/// When the town's clocks start.
pub const START: &str = "2016-03-01T14:05:00Z";

pub async fn booked_to_released(town: &mut Town) {
    let Town { jail, office, clerk, supervisor, examiner, officer } = &*town;
    jail.enter(clerk, "book", &booking()).await.ok();
    assert_eq!(jail.enter(clerk, "book", &booking()).await.ok()["events"], json!([]), "once");
    jail.prints(clerk, card("JAIL00001")).await.ok();
    let found = |c: &serde_json::Value| c["identification"]["stands"] == "candidates";
    let case = office.until(examiner, "candidates", found).await;
    assert!(case["card"].is_null(), "the name stays at the jail");
    let record = case["identification"]["candidates"][0]["gallery_record"].clone();
    let verify = json!({ "verify_match": { "gallery_record": record } });
    assert_eq!(office.enter(officer, "verify", &verify).await.problem(403), "forbidden");
    office.enter(examiner, "verify", &verify).await.ok();
    office.enter(officer, "status", &determination()).await.ok();
    office.enter(officer, "program", &json!({ "evaluate_program": {} })).await.ok();
    let id = random16();
    office.enter(officer, "request", &request(&id)).await.ok();
    let came = |c: &serde_json::Value| c["requests"][0]["stands"] == true;
    jail.until(clerk, "request", came).await;
    let serve = json!({ "serve_request": { "request": id, "served_at": "2016-03-01T14:05:00Z" } });
    jail.enter(clerk, "serve", &serve).await.ok();
    let advice = jail.get(clerk, &format!("/api/v1/cases/{CASE}/advice")).await.ok();
    assert!(advice["finding"]["channels"]["hold"].is_object(), "{advice:#}");
    let answer = json!({ "answer_request": { "request": id, "reason": "the sergeant decided",
                         "choices": { "hold": "comply", "notify": "comply" } } });
    jail.enter(supervisor, "answer", &answer).await.ok();
    let told = |c: &serde_json::Value| c["told"].as_array().is_some_and(|t| !t.is_empty());
    office.until(officer, "answer told", told).await;
    let eligible =
        json!({ "set_eligible": { "at": "2016-03-01T15:00:00Z", "reason": "bond_posted" } });
    town.at("2016-03-01T15:00:00Z").await;
    let Town { jail, clerk, supervisor, .. } = &*town;
    jail.enter(clerk, "eligible", &eligible).await.ok();
    let hold = json!({ "start_hold": { "request": id } });
    jail.enter(supervisor, "hold", &hold).await.ok();
    let case = jail.case(clerk).await;
    let ends_at = case["hold"]["ends_at"].as_str().unwrap().to_owned();
    // Nobody comes. The clock runs out: the hold is over, and a task says release.
    town.at(&ends_at).await;
    let Town { jail, clerk, supervisor, .. } = &*town;
    let over = |c: &serde_json::Value| {
        let tasks = c["tasks"].as_array().unwrap();
        c["hold"].is_null() && tasks.iter().any(|t| t["kind"] == "release")
    };
    jail.until(clerk, "release", over).await;
    let end = json!({ "end_custody": { "at": ends_at, "how": "released" } });
    jail.enter(clerk, "ended", &end).await.ok();
    let case = jail.case(clerk).await;
    assert_eq!(case["in_custody"], false);
    assert_eq!(case["past_holds"].as_array().unwrap().len(), 1);
    // Both ledgers, countersigned by the other.
    until_countersigned(jail, supervisor).await;
    the_public_page_counts_it(jail).await;
}

/// Waits until the peer has countersigned a house's ledger.
pub async fn until_countersigned(house: &House, token: &str) {
    for _ in 0..600 {
        let ledger = house.get(token, "/api/v1/ledger").await.ok();
        if ledger["peers"][0]["countersigned_size"].as_u64().unwrap() > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the ledger was not countersigned");
}

/// What the agency publishes: one answer on each channel, one hold whose clock ran out, and no
/// number that tells of one person.
async fn the_public_page_counts_it(jail: &House) {
    use comity_notice::{Channel, Choice, HoldEnding, Measure};
    let app = jail.server().app.clone();
    let now = app.engine.clock.now();
    let (key, library, settings) =
        (app.store_key.clone(), app.library.clone(), app.home.settings.clone());
    let figures = app
        .readers
        .read(move |reads| comity_server::figures::figures(reads, &key, &library, &settings, now));
    let figures = figures.await.unwrap().unwrap();
    let counts = &figures.periods[0].counts;
    assert_eq!(counts[&Measure::Answered(Channel::Hold, Choice::Comply)], 1);
    assert_eq!(counts[&Measure::Answered(Channel::Notify, Choice::Comply)], 1);
    assert_eq!(counts[&Measure::Answered(Channel::Hold, Choice::Decline)], 0);
    assert_eq!(counts[&Measure::HoldEnded(HoldEnding::ClockRanOut)], 1);
    let files = comity_notice::publish(&figures);
    let csv = files.iter().find(|(name, _)| name == "counts.csv").unwrap();
    let csv = String::from_utf8(csv.1.clone()).unwrap();
    assert!(csv.contains(",hold,comply,1,4"), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_down_gets_everything_when_it_is_back() {
    let mut town = Town::new(START).await;
    town.office.server.take().unwrap().stop().await;
    town.jail.enter(&town.clerk, "book", &booking()).await.ok();
    town.jail.prints(&town.clerk, card("JAIL00001")).await.ok();
    town.office.up().await;
    let found = |c: &serde_json::Value| c["identification"]["stands"] == "candidates";
    // The sender's wait runs on its own clock.
    town.at("2016-03-01T14:20:00Z").await;
    let examiner = town.office.person("another", comity_server::account::Role::Examiner).await;
    town.office.until(&examiner, "candidates after a pause", found).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_found_is_forgotten_at_the_office_and_told_at_the_jail() {
    let town = Town::new(START).await;
    town.jail.enter(&town.clerk, "book", &booking()).await.ok();
    town.jail.prints(&town.clerk, card("NOBODY")).await.ok();
    let told = |c: &serde_json::Value| c["identification"]["stands"] == "no_match";
    town.jail.until(&town.clerk, "no match", told).await;
    let path = format!("/api/v1/cases/{CASE}");
    for _ in 0..200 {
        if town.office.get(&town.examiner, &path).await.status == 404 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the office still knows the case");
}
