//! Every route: who is let in, and who is not.

use crate::town::*;
use comity_exchange::case::Side;
use comity_server::account::{Permission, Role};
use comity_server::routes::{Needs, ROUTES};

/// A path with something in place of its names.
fn filled(path: &str) -> String {
    let path = path.replace("{case}", CASE).replace("{index}", "0");
    let path = path.replace("{account}", "nobody").replace("{session}", "0000000000000000");
    path.replace("{passkey}", "AAAA").replace("{backup}", "none.backup")
}

async fn call(house: &House, token: &str, method: &str, path: &str) -> Reply {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = house.client.request(method, format!("{}{}", house.url, filled(path)));
    let request = request.timeout(std::time::Duration::from_secs(10));
    house.send(request, token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_whom_its_permission_names_and_nobody_else() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    for (house, side) in [(&town.jail, Side::Agency), (&town.office, Side::Federal)] {
        let mut people = Vec::new();
        for role in Role::ALL.into_iter().filter(|r| r.fits(side) && *r != Role::Software) {
            let name = format!("{role:?}").to_lowercase();
            people.push((role, house.person(&format!("r-{name}"), role).await));
        }
        for route in ROUTES.iter().filter(|route| route.path != "/api/v1/stream") {
            // Signing out would end the test's own sessions.
            if route.needs == Needs::Nobody || route.method == "DELETE" {
                continue;
            }
            let nobody = call(house, "", route.method, route.path).await;
            assert_eq!(nobody.problem(401), "not-signed-in", "{} {}", route.method, route.path);
            for (role, token) in &people {
                let reply = call(house, token, route.method, route.path).await;
                let may = match route.needs {
                    Needs::Permission(permission) => permission.is_of(*role, side),
                    Needs::SignedIn => true,
                    Needs::Command | Needs::Nobody => continue,
                };
                let place = format!("{} {} {role:?} {}", route.method, route.path, reply.status);
                if may {
                    assert!(![401, 403].contains(&reply.status) && reply.status < 500, "{place}");
                } else {
                    assert_eq!(reply.problem(403), "forbidden", "{place}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_and_the_router_name_the_same_routes() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    for route in ROUTES {
        let request = town.jail.client.request(
            reqwest::Method::from_bytes(route.method.as_bytes()).unwrap(),
            format!("{}{}", town.jail.url, filled(route.path)),
        );
        let reply = town.jail.send(request, "").await;
        assert_ne!(reply.status, 405, "{} {}", route.method, route.path);
        let is_missing = reply.status == 404 && reply.headers.get("content-type").is_none();
        assert!(!is_missing, "{} {}", route.method, route.path);
    }
    assert_eq!(town.jail.get("", "/api/v1/nothing").await.problem(404), "not-found");
    let request = town.jail.client.delete(format!("{}/healthz", town.jail.url));
    assert_eq!(town.jail.send(request, "").await.problem(405), "method");
}

#[test]
fn every_permission_that_is_no_command_is_used_by_a_route_or_named_here() {
    // Routes to come: their permissions are in the table already.
    let later = [Permission::SeePrints, Permission::Confirm, Permission::Erase, Permission::Export];
    for permission in Permission::all().filter(|p| !matches!(p, Permission::Enter(_))) {
        let used = ROUTES.iter().any(|r| r.needs == Needs::Permission(permission));
        assert_eq!(used, !later.contains(&permission), "{permission:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_nothing_more() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let path = format!("/api/v1/cases/{CASE}/entries");
    let text = |kind: &'static str, body: &'static str| {
        let request = jail.client.post(format!("{}{path}", jail.url)).body(body);
        jail.send(
            request.header("content-type", kind).header("idempotency-key", "key-12345"),
            clerk,
        )
    };
    assert_eq!(text("text/plain", "{}").await.problem(415), "not-json");
    assert_eq!(text("application/json", "{").await.problem(400), "bad-body");
    assert_eq!(text("application/json", "{}").await.problem(422), "bad-body");
    let unknown = r#"{"entry": {"hold_forever": {}}}"#;
    assert_eq!(text("application/json", unknown).await.problem(422), "bad-body");
    let note = r#"{"entry": {"note": {"text": "hello"}}}"#;
    assert_eq!(text("application/json", note).await.problem(404), "not-found");
    let other = "/api/v1/cases/00000000000000000000000000000000";
    assert_eq!(jail.get(clerk, other).await.problem(404), "not-found");
    assert_eq!(jail.get(clerk, "/api/v1/cases?limit=0").await.problem(400), "bad-limit");
    let by_number = "/api/v1/cases?number=B-1&limit=1001";
    assert_eq!(jail.get(clerk, by_number).await.problem(400), "bad-limit");
    assert_eq!(jail.get(clerk, "/api/v1/cases?after=x").await.problem(400), "bad-cursor");
    assert_eq!(jail.prints(clerk, b"not a card".to_vec()).await.problem(422), "not-a-transaction");
    let big = vec![b' '; 3 << 20];
    let request = jail.client.post(format!("{}{path}", jail.url)).body(big);
    let request = request.header("content-type", "application/json");
    assert_eq!(jail.send(request, clerk).await.status, 413);
}

#[test]
fn the_openapi_document_is_the_one_that_is_checked_in() {
    let here = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let path = here.join("../../docs/reference/openapi.json");
    let text = serde_json::to_string_pretty(&comity_server::openapi::document()).unwrap() + "\n";
    if std::env::var_os("COMITY_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "run COMITY_WRITE=1 cargo test -p comity-server --test live openapi");
}

#[test]
fn every_schema_is_there_and_used() {
    let document = comity_server::openapi::document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.len() > 20);
    for name in schemas.keys() {
        assert!(text.contains(&format!("#/components/schemas/{name}\"")), "{name} is unused");
    }
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is missing");
    }
    // Every entry that the node takes but prints, which come with their file.
    let entries = schemas["Entry"]["properties"].as_object().unwrap();
    let commands = comity_exchange::case::CommandName::ALL
        .iter()
        .map(|c| serde_json::to_value(c).unwrap().as_str().unwrap().to_owned());
    let not_entered = ["submit_prints", "record_search", "receive", "tick"];
    let expected: Vec<String> = commands.filter(|c| !not_entered.contains(&c.as_str())).collect();
    let mut missing = expected.iter().filter(|c| !entries.contains_key(*c));
    assert_eq!(missing.next(), None);
    assert_eq!(entries.len(), expected.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_browser_sends_by_cookie_needs_the_pages_token() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let csrf = jail.get(clerk, "/api/v1/session").await.ok()["csrf"].as_str().unwrap().to_owned();
    let cookie = format!("{}={clerk}", jail.server().app.door.cookie());
    let with_cookie = |method, path: &str| {
        let request = jail.client.request(method, format!("{}{path}", jail.url));
        request.header("cookie", cookie.clone()).header("content-type", "application/json")
    };
    let read = with_cookie(reqwest::Method::GET, "/api/v1/session");
    assert_eq!(jail.send(read, "").await.status, 200);
    for path in ["/api/v1/session/password", "/api/v1/session/app"] {
        let change = with_cookie(reqwest::Method::PUT, path).body("{}");
        assert_eq!(jail.send(change, "").await.problem(403), "csrf", "{path}");
    }
    let out = with_cookie(reqwest::Method::DELETE, "/api/v1/session");
    assert_eq!(jail.send(out, "").await.problem(403), "csrf");
    let out = with_cookie(reqwest::Method::DELETE, "/api/v1/session");
    assert_eq!(jail.send(out.header("x-comity-csrf", csrf), "").await.status, 204);
    let gone = with_cookie(reqwest::Method::GET, "/api/v1/session");
    assert_eq!(jail.send(gone, "").await.problem(401), "not-signed-in");
}
