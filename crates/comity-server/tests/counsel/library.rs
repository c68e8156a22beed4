//! The library's pages: every policy has one, every table its twins, and what is asked of them
//! wrongly is said.

use crate::town::*;
use comity_policy::Verified;
use comity_server::account::Role;
use comity_server::pages;

/// A page as a browser asks for it.
pub async fn page(house: &House, token: &str, path: &str) -> (u16, String) {
    let request = house.client.get(format!("{}{path}", house.url)).header("accept", "text/html");
    let reply = house.send(request, token).await;
    (reply.status, String::from_utf8(reply.body).unwrap())
}

/// A page that must be there.
pub async fn shown(house: &House, token: &str, path: &str) -> String {
    let (status, text) = page(house, token, path).await;
    assert_eq!(status, 200, "{path}: {text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_policy_of_the_library_has_its_page_and_twins() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let jail = &town.jail;
    let list = shown(jail, &town.clerk, "/policies").await;
    let library = crate::town::library::library().clone();
    let (mut marked, mut rules) = (0, 0);
    for (_, policy) in library.policies() {
        let path = format!("/policies/{}", policy.id);
        assert!(list.contains(&format!("href=\"{path}\"")), "{path} is not in the list");
        let html = shown(jail, &town.clerk, &path).await;
        assert!(html.contains(&policy.hash.to_string()), "{path}");
        for clause in &policy.clauses {
            assert!(html.contains(&format!("id=\"rule-{}\"", clause.id)), "{path} {}", clause.id);
            rules += 1;
        }
        if policy.clauses.iter().any(|c| c.verified != Verified::Primary) {
            assert!(html.contains("desk-unverified"), "{path} must say what was not verified");
            marked += 1;
        }
        let file = jail.get(&town.clerk, &format!("{path}.toml")).await;
        assert_eq!(file.body, policy.text.as_bytes());
        let kept = file.headers["content-disposition"].to_str().unwrap().to_owned();
        assert_eq!(kept, format!("attachment; filename=\"{}.toml\"", policy.id));
    }
    assert!(marked > 0 && rules > 400, "{marked} {rules}");
    let path = "/policies/us-pa.philadelphia.eo-1-14";
    let json = jail.get(&town.clerk, &format!("{path}.json")).await.ok();
    assert_eq!(json["id"], "us-pa.philadelphia.eo-1-14");
    let csv = jail.get(&town.clerk, &format!("{path}.csv")).await;
    let csv = String::from_utf8(csv.body).unwrap();
    assert!(csv.starts_with("rule,cite,says,reading,channels,when,unless,cap\r\n"), "{csv}");
    assert!(csv.contains("violent-felony-and-judicial-warrant"), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_is_filtered_by_place_and_day_with_its_map_and_timeline() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let query = "?at=us-pa.philadelphia&on=2015-01-01";
    let html = shown(jail, clerk, &format!("/policies{query}")).await;
    assert!(html.contains("us-pa.philadelphia.eo-1-14"));
    assert!(!html.contains(">us-pa.philadelphia.eo-5-16<"), "it began later");
    assert!(
        html.contains("Instruments that bind in City and County of Philadelphia on 2015-01-01"),
        "the heading says the filter"
    );
    let rows = jail.get(clerk, &format!("/policies.json{query}")).await.ok();
    let rows = rows.as_array().unwrap();
    assert!(rows.len() > 3 && rows.len() < 80, "{}", rows.len());
    assert!(rows.iter().all(|r| r["in_force_from"].as_str().unwrap() <= "2015-01-01"));
    let csv = jail.get(clerk, &format!("/policies.csv{query}")).await;
    assert_eq!(String::from_utf8(csv.body).unwrap().lines().count(), rows.len() + 1);
    // The timeline has a bar for each, and the map is a picture of its own.
    let bars = html.matches("<rect x=").count();
    assert!(bars >= rows.len(), "{bars}");
    let map = jail.get(clerk, &format!("/policies/map.svg{query}")).await;
    assert_eq!(map.headers["content-type"], "image/svg+xml");
    let (local, all) =
        (String::from_utf8(map.body).unwrap(), shown(jail, clerk, "/policies").await);
    assert!(local.contains("fill=\"#1a4480\""), "Philadelphia is drawn as having its own");
    let texas = jail.get(clerk, "/policies/map.svg?at=us-wy&on=2008-01-02").await;
    assert!(!String::from_utf8(texas.body).unwrap().contains("fill=\"#1a4480\""));
    assert!(all.len() < 400_000, "{} bytes", all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_said_and_nothing_is_run() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    for (path, status) in [
        ("/policies?at=us-nowhere", 400),
        ("/policies?on=2015-02-30", 400),
        ("/policies?on=%3Cscript%3E", 400),
        ("/policies/us-nothing", 404),
        ("/policies/us-nothing.toml", 404),
        ("/policies/us-pa.philadelphia.eo-1-14.exe", 404),
        ("/policies/compare?a=us-nothing&b=us-nothing", 404),
        ("/policies/compare?at=us-pa&on=x&then=2015-01-01", 400),
        ("/policies/compare?at=nowhere&on=2014-01-01&then=2015-01-01", 400),
        ("/policies/compare.json", 400),
        ("/policies/workbench?from=us-nothing", 404),
    ] {
        let (found, html) = page(jail, clerk, path).await;
        assert_eq!(found, status, "{path}: {html}");
        assert!(html.contains("<h1>") && !html.contains("<script>"), "{path}: {html}");
    }
    for route in pages::all().filter(|p| p.route.path.starts_with("/policies")) {
        let path = route.route.path.replace("{id}", "us-pa.philadelphia.eo-1-14");
        let method = reqwest::Method::from_bytes(route.route.method.as_bytes()).unwrap();
        let request = jail.client.request(method, format!("{}{path}", jail.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let reply = jail.send(request, "").await;
        let to_sign_in = reply.headers.get("location").is_some();
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(to_sign_in || text.contains("Sign in"), "{path} lets nobody in: {text}");
    }
    let auditor = jail.person("auditor", Role::Auditor).await;
    assert!(shown(jail, &auditor, "/policies").await.contains("The policy library"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_are_compared_down_to_the_case_and_two_days_down_to_the_answer() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let query = "a=us-pa.philadelphia.eo-1-14&b=us-pa.philadelphia.eo-7-15";
    let json = jail.get(clerk, &format!("/policies/compare.json?{query}")).await.ok();
    let channels = json["instruments"]["channels"].as_array().unwrap();
    let parts = channels.iter().filter(|c| c["result"] == "parts").count();
    assert!(parts > 0, "{json:#}");
    let html = shown(jail, clerk, &format!("/policies/compare?{query}")).await;
    assert!(html.contains("Where they part"));
    let itself = "a=us-pa.philadelphia.eo-1-14&b=us-pa.philadelphia.eo-1-14";
    let json = jail.get(clerk, &format!("/policies/compare.json?{itself}")).await.ok();
    let channels = json["instruments"]["channels"].as_array().unwrap();
    assert!(!channels.is_empty() && channels.iter().all(|c| c["result"] == "same"), "{json:#}");
    let query = "at=us-pa.philadelphia&on=2014-04-01&then=2014-05-01";
    let json = jail.get(clerk, &format!("/policies/compare.json?{query}")).await.ok();
    let moved = json["days"]["moved"].as_array().unwrap();
    assert!(moved.iter().any(|m| m["id"] == "us-pa.philadelphia.eo-1-14" && m["ended"] == false));
    let hold = json["days"]["channels"].as_array().unwrap();
    let hold = hold.iter().find(|c| c["channel"] == "hold").unwrap();
    assert_eq!(
        (&hold["result"], &hold["second"]),
        (&"parts".into(), &"must not".into()),
        "{json:#}"
    );
    let csv = jail.get(clerk, &format!("/policies/compare.csv?{query}")).await;
    assert!(String::from_utf8(csv.body).unwrap().starts_with("channel,result,first"));
    let same = "at=us-pa.philadelphia&on=2014-05-01&then=2014-05-01";
    let html = shown(jail, clerk, &format!("/policies/compare?{same}")).await;
    assert!(html.contains("The same instruments bind there on both days"));
}
