//! One's own account.

use crate::tab::*;
use crate::town::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_and_other_sessions_end() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let other = town.jail.sign_in("clerk").await;
    let tab = Tab::of(&town.jail, &town.clerk);
    let new = "heron pallet drizzle quorum";
    let change = |present: &'static str, new: &'static str, again: &'static str| {
        [("password_present", present), ("password_new", new), ("password_again", again)]
    };
    let path = "/account/password";
    let wrong = tab.post(path, &change("not it at all, no", new, new)).await.is(422);
    wrong.has("present password is wrong").has_not(new);
    tab.post(path, &change(PASSWORD, new, "something else here")).await.is(422).has("not the same");
    tab.post(path, &change(PASSWORD, "short", "short")).await.is(422).has("fewer than 12");
    let done = tab.post(path, &change(PASSWORD, new, new)).await.is(303);
    tab.get(&done.to).await.is(200).has("Your password is changed");
    assert_eq!(town.jail.get(&other, "/api/v1/session").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_added_with_a_picture_and_asked_for_at_the_next_sign_in() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let tab = Tab::of(&town.jail, &town.clerk);
    tab.post("/account/recovery", &[]).await.is(422).has("Set up an authenticator app");
    let page = tab.post("/account/app/begin", &[]).await.is(200);
    page.has("<svg class=\"desk-qr\"").has("The secret as a picture");
    let secret = page.between("<code class=\"desk-code\">", "</code>");
    let wrong = tab.post("/account/app", &[("code", "000000")]).await.is(200);
    wrong.has("not the code that the app showed").has_not(&secret);
    let secret = wrong.between("<code class=\"desk-code\">", "</code>");
    let now = town.jail.server().app.engine.clock.now();
    let added = tab.post("/account/app", &[("code", &app_code(&secret, now))]).await.is(200);
    assert_eq!(added.html.matches("<li><code>").count(), 10, "the recovery codes");
    tab.get("/account").await.is(200).has("10 of 10 are left").has("Remove the app");
    let fresh = tab.post("/account/recovery", &[]).await.is(200);
    let code = fresh.between("<li><code>", "</code>");
    let half = Tab::of(&town.jail, "");
    let to = half.post_raw("/sign-in", &[("account", "clerk"), ("password", PASSWORD)]).await;
    assert!(to.is(303).to.starts_with("/sign-in/factor"));
    half.get("/sign-in/factor").await.is(200).has_not("data-passkey");
    half.post_raw("/sign-in/factor", &[("code", &code)]).await.is(303);
    half.get("/account").await.is(200).has("9 of 10 are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_needs_a_script_and_a_true_answer() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let tab = Tab::of(&town.jail, &town.clerk);
    let page = tab.post("/account/passkeys/begin", &[]).await.is(200);
    page.has("src=\"/assets/passkey.js\"")
        .has("<noscript>")
        .has("challenge")
        .has("data-passkey=\"create\"");
    let hostile = "<script>alert(1)</script>";
    let fields = [("label", hostile), ("confirm_reply", "{\"id\":\"x\"}")];
    let wrong = tab.post("/account/passkeys", &fields).await.is(200);
    wrong.has("cannot be added").has("nothing was added").has_not(hostile);
    tab.post("/account/passkeys/remove", &[("passkey", "none")]).await.is(422);
    tab.get("/assets/passkey.js").await.is(200).has("navigator.credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_shown_and_ended() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let others = [town.jail.sign_in("clerk").await, town.jail.sign_in("clerk").await];
    let tab = Tab::of(&town.jail, &town.clerk);
    let page = tab.get("/account").await.is(200);
    assert_eq!(page.html.matches("name=\"session\"").count(), 2, "not one's own");
    let id = page.between("name=\"session\" value=\"", "\"");
    tab.post("/account/sessions/end", &[("session", &id)]).await.is(303);
    tab.post("/account/sessions/end", &[("session", &id)]).await.is(422);
    tab.post("/account/sessions/end", &[("session", "../etc")]).await.is(404);
    tab.post("/account/sessions/end-others", &[]).await.is(303);
    for other in others {
        assert_eq!(town.jail.get(&other, "/api/v1/session").await.status, 401);
    }
    tab.get("/account").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_minutes_who_it_is_is_asked_again_and_nothing_typed_is_lost() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let chief = town.jail.person("chief", comity_server::account::Role::Administrator).await;
    let tab = Tab::of(&town.jail, &chief);
    town.jail.at("2016-03-01T14:16:00Z");
    let make = [("name", "new.clerk"), ("role", "clerk"), ("role", "supervisor")];
    let asked = tab.post("/admin/accounts", &make).await.is(403);
    asked.has("Show again that it is you").has("value=\"new.clerk\"").has("value=\"supervisor\"");
    asked.has("action=\"/admin/accounts\"");
    let with = |secret: &'static str| [&make[..], &[("confirm_secret", secret)]].concat();
    let wrong = tab.post("/admin/accounts", &with("not the password")).await.is(403);
    wrong.has("This is not right").has("value=\"new.clerk\"").has_not("not the password");
    let before = tab.token();
    let made = tab.post("/admin/accounts", &with(PASSWORD)).await.is(200);
    made.has("Hand over this invitation").has("new.clerk");
    assert_ne!(before, tab.token(), "the session goes on under a new token");
    tab.get("/admin/accounts/new.clerk").await.is(200).has("records clerk, supervisor");
    let reply = town.jail.get(&tab.token(), "/api/v1/account").await.ok();
    assert_eq!(reply["session"].as_str().unwrap().len(), 16);
}
