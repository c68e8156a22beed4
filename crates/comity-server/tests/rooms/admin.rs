//! Administration.

use crate::tab::*;
use crate::town::*;
use comity_server::account::Role;
use serde_json::json;
use std::time::Duration;

async fn chief(town: &Town) -> Tab {
    Tab::of(&town.jail, &town.jail.person("chief", Role::Administrator).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_changed_and_disabled() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let chief = chief(&town).await;
    let made = chief.post("/admin/accounts", &[("name", "Ann"), ("role", "clerk")]).await.is(200);
    let invitation = made.between("desk-once\">", "</code>");
    let sent = json!({ "account": "ann", "password": invitation });
    town.jail.post("", "/api/v1/session", &sent).await.ok();
    chief
        .post("/admin/accounts", &[("name", "ann"), ("role", "clerk")])
        .await
        .is(422)
        .has("Choose another name");
    chief.post("/admin/accounts", &[("name", "bob")]).await.is(422).has("needs a role");
    chief.post("/admin/accounts", &[("name", "bob"), ("role", "king")]).await.is(400);
    chief.post("/admin/accounts", &[("name", "bob"), ("role", "examiner")]).await.is(422);
    let hostile = chief.post("/admin/accounts", &[("name", "<script>x"), ("role", "clerk")]).await;
    hostile.is(422).has_not("<script>x");
    let of = |path: &str| format!("/admin/accounts/clerk{path}");
    chief.get(&of("")).await.is(200).has("records clerk").has("Disable it now");
    let to =
        chief.post(&of("/roles"), &[("role", "clerk"), ("role", "supervisor")]).await.is(303).to;
    chief.get(&to).await.is(200).has("records clerk, supervisor").has("The roles are changed");
    assert_eq!(town.jail.get(&town.clerk, "/api/v1/session").await.status, 401, "sessions end");
    for act in ["disable", "enable", "release", "remove_factors", "end_sessions"] {
        chief.post(&of("/act"), &[("act", act)]).await.is(303);
    }
    chief.post(&of("/act"), &[("act", "invite")]).await.is(200).has("Hand over this invitation");
    chief.post(&of("/act"), &[("act", "crown")]).await.is(404);
    chief.post("/admin/accounts/nobody/act", &[("act", "disable")]).await.is(422);
    let external = [("issuer", "https://id.example"), ("subject", "\"><script>s")];
    chief.post(&of("/external"), &external).await.is(303);
    chief.get(&of("")).await.is(200).has("https://id.example").has_not("<script>s");
    let own = chief.post("/admin/accounts/chief/act", &[("act", "disable")]).await.is(422);
    own.has("another administrator").has("comity node add-account");
    let id =
        chief.get("/admin/accounts/supervisor").await.between("name=\"session\" value=\"", "\"");
    let end = "/admin/accounts/supervisor/sessions/end";
    chief.post(end, &[("session", &id)]).await.is(303);
    assert_eq!(town.jail.get(&town.supervisor, "/api/v1/session").await.status, 401);
    let csv = chief.get("/admin/accounts.csv").await.is(200);
    assert!(csv.html.contains("\r\nclerk,clerk supervisor,"), "{}", csv.html);
    let json = chief.get("/admin/accounts.json").await.is(200).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_shown_once_and_ended() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let chief = chief(&town).await;
    chief.get("/admin/tokens").await.is(200).has("There is no program");
    chief.post("/admin/accounts", &[("name", "booker"), ("role", "software")]).await.is(303);
    let form =
        [("account", "booker"), ("label", "=live"), ("days", "30"), ("scope", "import_bookings")];
    let made = chief.post("/admin/tokens", &form).await.is(200);
    let token = made.between("desk-once\">", "</code>");
    assert!(token.starts_with("comity_"));
    town.jail.get(&token, "/api/v1/session").await.ok();
    let list = chief.get("/admin/tokens").await.is(200);
    list.has("=live").has("import_bookings").has_not(&token);
    chief.get("/admin/tokens.csv").await.is(200).has("booker,'=live,import_bookings,");
    let bad =
        [("account", "booker"), ("label", "x"), ("days", "900"), ("scope", "import_bookings")];
    chief.post("/admin/tokens", &bad).await.is(422);
    let none = [("account", "booker"), ("label", "x"), ("days", "9"), ("scope", "see_cases")];
    chief.post("/admin/tokens", &none).await.is(422);
    let id = list.between("name=\"session\" value=\"", "\"");
    chief.post("/admin/tokens/end", &[("account", "booker"), ("session", &id)]).await.is(303);
    assert_eq!(town.jail.get(&token, "/api/v1/session").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_looked_at_before_it_is_known() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let chief = chief(&town).await;
    chief.get("/admin/peers").await.is(200).has("office.example/party").has("in use");
    let check = "/admin/peers/check";
    let junk = chief.post(check, &[("news", "</textarea><script>x")]).await.is(200);
    junk.has("This is not what").has_not("</textarea><script>");
    let own = serde_json::to_string(&town.jail.home.news().unwrap()).unwrap();
    chief.post(check, &[("news", &own)]).await.is(200).has("This is this node itself");
    let known = serde_json::to_string(&town.office.home.news().unwrap()).unwrap();
    chief.post(check, &[("news", &known)]).await.is(200).has("is known already");
    let folder = tempfile::TempDir::new().unwrap();
    let other = comity_server::home::Settings::new(
        "third.example/party",
        comity_exchange::case::Side::Federal,
        "https://third.example:8443",
        "127.0.0.1:9".parse().unwrap(),
    );
    let third = comity_server::home::Home::init(&folder.path().join("node"), other).unwrap();
    let news = serde_json::to_string(&third.news().unwrap()).unwrap();
    chief.post(check, &[("news", &news)]).await.is(200).has("The fingerprints are the same");
    chief.get("/admin/peers").await.is(200).has_not("third.example");
    let to = chief.post("/admin/peers", &[("news", &news)]).await.is(303).to;
    chief.get(&to).await.is(200).has("third.example/party").has("is known now");
    let moved = [("party", "third.example/party"), ("url", "https://new.example:1")];
    chief.post("/admin/peers/move", &moved).await.is(303);
    chief.get("/admin/peers.csv").await.is(200).has("https://new.example:1");
    let bad = [("party", "third.example/party"), ("url", "javascript:x")];
    assert!(chief.post("/admin/peers/move", &bad).await.status >= 400);
    town.jail.at("2016-03-01T14:16:00Z");
    chief.post("/admin/peers", &[("news", &news)]).await.is(403).has("Show again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_changed_and_messages_still_arrive() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let chief = chief(&town).await;
    let page = chief.get("/admin/keys").await.is(200);
    let before = page.between("<dt>Fingerprint</dt><dd><code>", "</code>");
    chief.post("/admin/keys/rotate", &[("days", "0")]).await.is(400);
    let to = chief.post("/admin/keys/rotate", &[("days", "7")]).await.is(303).to;
    let after = chief.get(&to).await.is(200);
    after.has("signed with the new key");
    assert_ne!(before, after.between("<dt>Fingerprint</dt><dd><code>", "</code>"));
    let own: serde_json::Value = town.jail.get(&chief.token(), "/api/v1/keys").await.ok();
    assert_eq!(own, json!(town.jail.home.news().unwrap()));
    book(&town.jail, &town.clerk).await;
    town.jail.prints(&town.clerk, card("JAIL00001")).await.ok();
    let found = |c: &serde_json::Value| c["identification"]["stands"] == "candidates";
    town.office.until(&town.examiner, "candidates", found).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_and_tried() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let chief = chief(&town).await;
    chief.get("/admin/backups").await.is(200).has("No backup was made here yet");
    chief.post("/admin/backups", &[]).await.is(303);
    let mut page = chief.get("/admin/backups").await;
    let ended =
        |page: &Page, what: &str| !page.html.contains("is under way") && page.html.contains(what);
    for _ in 0..400 {
        if ended(&page, "not tried yet") {
            break;
        }
        page.has_not("The last one came to nothing");
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = chief.get("/admin/backups").await.is(200);
    }
    let name = page.between("<th scope=\"row\"><code>", "</code>");
    for bad in ["../node.db", "none.backup", ""] {
        chief.post("/admin/backups/drill", &[("name", bad)]).await.is(404);
    }
    chief.post("/admin/backups/drill", &[("name", &name)]).await.is(303);
    for _ in 0..400 {
        if ended(&page, "of the ledger are whole") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = chief.get("/admin/backups").await.is(200);
    }
    page.has("every row came back").has_not("came to nothing");
    let listed = town.jail.get(&chief.token(), "/api/v1/backups").await.ok();
    assert_eq!(listed["backups"][0]["drill"]["is_clean"], true, "{listed:#}");
    assert_eq!(chief.get("/admin/backups.json").await.json()["backups"][0]["name"], name.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_how_the_node_is_and_no_secret() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let chief = chief(&town).await;
    let page = chief.get("/admin").await.is(200);
    page.has("office.example/party").has("idle_minutes").has("are free").has("1, 1 in custody");
    page.has_not("Canary").has_not("PRIVATE");
    let json = chief.get("/admin.json").await.is(200).json();
    // The disk is others' too: what is free on it changes between two looks.
    let but_disk = |mut of: serde_json::Value| {
        of.as_object_mut().unwrap().remove("disk_free_bytes");
        of
    };
    let other = town.jail.get(&chief.token(), "/api/v1/health").await.ok();
    assert_eq!(but_disk(json.clone()), but_disk(other));
    assert!(
        json["disk_free_bytes"].as_u64().unwrap() > 0 && json["alarms"]["looked_at"].is_string()
    );
    let settings = town.jail.get(&chief.token(), "/api/v1/settings").await.ok();
    assert_eq!(settings["party"], "jail.example/party");
    let auditor = Tab::of(&town.jail, &town.jail.person("auditor", Role::Auditor).await);
    auditor.get("/admin").await.is(200).has_not("idle_minutes").has_not("/admin/accounts");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_does_the_same() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let jail = &town.jail;
    let chief = jail.person("chief", Role::Administrator).await;
    let new = json!({ "name": "booker", "roles": ["software"] });
    let made = jail.post(&chief, "/api/v1/accounts", &new).await.ok();
    assert!(made["invitation"].is_null());
    let sent = json!({ "label": "live", "scopes": ["see_health"], "days": 3 });
    let token = jail.post(&chief, "/api/v1/accounts/booker/tokens", &sent).await.ok();
    let secret = token["token"].as_str().unwrap();
    jail.get(secret, "/api/v1/health").await.ok();
    assert_eq!(jail.get(secret, "/api/v1/accounts").await.problem(403), "forbidden");
    let path = format!("/api/v1/accounts/booker/sessions/{}", token["session"].as_str().unwrap());
    let end = |path: &str| jail.send(jail.client.delete(format!("{}{path}", jail.url)), &chief);
    assert_eq!(end(&path).await.status, 204);
    assert_eq!(end(&path).await.problem(422), "no-session");
    assert_eq!(jail.get(secret, "/api/v1/health").await.problem(401), "not-signed-in");
    let act = |act: &str| json!({ "act": act });
    let acts = "/api/v1/accounts/clerk/acts";
    jail.post(&chief, acts, &act("disable")).await.ok();
    assert_eq!(jail.get(&town.clerk, "/api/v1/session").await.status, 401);
    jail.post(&chief, acts, &act("enable")).await.ok();
    let invited = jail.post(&chief, acts, &act("invite")).await.ok();
    assert!(invited["invitation"].is_string());
    assert_eq!(jail.post(&chief, acts, &act("crown")).await.problem(422), "bad-body");
    let roles = json!({ "roles": ["clerk", "supervisor"] });
    assert_eq!(jail.put(&chief, "/api/v1/accounts/clerk/roles", &roles).await.status, 204);
    let clerk = jail.get(&chief, "/api/v1/accounts/clerk").await.ok();
    assert_eq!(clerk["roles"], roles["roles"]);
    assert_eq!(jail.get(&chief, "/api/v1/accounts/none").await.problem(404), "not-found");
    jail.at("2016-03-01T14:16:00Z");
    let late = jail.post(&chief, acts, &act("invite")).await;
    assert_eq!(late.problem(403), "unconfirmed");
    let rotate = jail.post(&chief, "/api/v1/keys/rotate", &json!({ "days": 7 })).await;
    assert_eq!(rotate.problem(403), "unconfirmed");
}
