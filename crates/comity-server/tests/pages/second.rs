//! Overrides: a reason from a list, and a second person where it keeps somebody in custody.

use crate::browser::*;
use crate::town::*;
use comity_server::account::Role;
use serde_json::json;

/// A place whose law leaves a hold open on the day of these tests.
const OPEN: &str = "us-ny";

/// A request that was served on the person.
async fn served(place: &str) -> (Town, String) {
    let (town, request) = asked(place, true).await;
    let clerk = Tab::of(&town.jail, &town.clerk).await;
    clerk.record("serve", &[("served_at", "2016-03-01T09:05")]).await.is(303);
    (town, request)
}

async fn stand(town: &Town, choice: &str) {
    let tab = Tab::of(&town.jail, &town.supervisor).await;
    let page = tab.get("/standing").await.is(200);
    let none = page.filled(&[("hold", choice)]);
    tab.post("/standing", &none).await.is(422).says("Say why");
    let kept = page.filled(&[("hold", choice), ("why", "Sheriff's order of March 1, 2016")]);
    let done = tab.post("/standing", &kept).await.is(303);
    tab.get(&done.to).await.is(200).says("Set by supervisor");
}

#[tokio::test(flavor = "multi_thread")]
async fn complying_against_the_standing_choice_waits_for_another_supervisor() {
    let (town, request) = served(OPEN).await;
    stand(&town, "decline").await;
    let second = town.jail.person("second", Role::Supervisor).await;
    let clerk = Tab::of(&town.jail, &town.clerk).await;
    let first = Tab::of(&town.jail, &town.supervisor).await;
    clerk.post("/standing", &[("csrf".to_owned(), clerk.csrf.clone())]).await.is(403);
    let before = town.jail.events(CASE, &town.clerk).await;
    let answers = [
        ("hold", "comply"),
        ("notify", "comply"),
        ("why", "safety"),
        ("reason", "A threat <b>was</b> made."),
    ];
    let check = first.answer("answer", &answers).await;
    check.says("Why otherwise than it was decided before?");
    let sent = check.filled(&[("go", "send")]);
    let done = first.post(&doing("answer"), &sent).await.is(303);
    first.post(&doing("answer"), &sent).await.is(303);
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 1, "asked once, nothing done");
    first.get(&done.to).await.says("A second person is asked").says("Waiting for a second person");
    clerk.get("/board").await.says("Waiting for a second person").says("supervisor asked");
    // A program gets no further either.
    let entry = json!({ "answer_request": { "request": request, "reason": "x",
                        "choices": { "hold": "comply", "notify": "comply" } } });
    let refused = town.jail.enter(&town.supervisor, "by-api", &entry).await;
    assert_eq!(refused.problem(409), "second-person");
    // Not by whoever asked, not by a clerk.
    let path = format!("/cases/{CASE}/second");
    let own = first.get(&path).await.is(200);
    own.says("You asked for this").says("A threat <b>was</b> made.");
    assert!(!own.html.contains("<b>was"));
    first.post(&path, &own.filled(&[("go", "confirm")])).await.is(403);
    let seen = clerk.get(&path).await.is(200);
    seen.says("Another supervisor has to confirm it");
    let csrf = vec![("csrf".to_owned(), clerk.csrf.clone()), ("go".to_owned(), "confirm".into())];
    clerk.post(&path, &csrf).await.is(403);
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 1);
    // The second person, twice at once.
    let other = Tab::of(&town.jail, &second).await;
    let page = other.get(&path).await.is(200);
    other.post(&path, &page.filled(&[("go", "refuse")])).await.is(422).says("Say why");
    let page = other.get(&path).await;
    let confirm = page.filled(&[("go", "confirm"), ("text", "I saw the report.")]);
    let (one, two) = tokio::join!(other.post(&path, &confirm), other.post(&path, &confirm));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{} {}", one.text(), two.text());
    let case = town.jail.case(&town.clerk).await;
    let shown = other.get(&format!("/cases/{CASE}?done=confirmed")).await;
    shown.says("Both of you stand in the record").says("complies");
    shown.says("Asked for by supervisor").says("I saw the report.").says("supervisor second");
    shown.says_not("Waiting for a second person");
    assert!(case["answers"].to_string().contains("comply"), "{case:#}");
    clerk.get("/board").await.says_not("Waiting for a second person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_may_refuse_and_whoever_asked_may_take_it_back() {
    let (town, _) = served(OPEN).await;
    stand(&town, "decline").await;
    let second = town.jail.person("second", Role::Supervisor).await;
    let first = Tab::of(&town.jail, &town.supervisor).await;
    let other = Tab::of(&town.jail, &second).await;
    let answers =
        [("hold", "comply"), ("notify", "comply"), ("why", "other"), ("reason", "Asked.")];
    first.record("answer", &answers).await.is(303);
    let path = format!("/cases/{CASE}/second");
    // Somebody else's ask does not fit beside it.
    other.record("answer", &answers).await.is(422).says("waits for a second person already");
    let page = other.get(&path).await;
    let refuse = page.filled(&[("go", "refuse"), ("text", "There is no report.")]);
    other.post(&path, &refuse).await.is(303);
    let shown = first.get(&format!("/cases/{CASE}")).await;
    shown
        .says("Second person: refused")
        .says("There is no report.")
        .says_not("the agency complies");
    other.post(&path, &refuse).await.is(409).says("settled meanwhile");
    first.record("answer", &answers).await.is(303);
    let page = first.get(&path).await;
    other
        .post(&format!("{path}/take-back"), &[("csrf".to_owned(), other.csrf.clone())])
        .await
        .is(403);
    first.post(&format!("{path}/take-back"), &page.hidden()).await.is(303);
    first.get(&path).await.says("Nothing waits for a second person here");
    // Declining follows the standing choice: no reason from a list, nobody else.
    let declines = [("hold", "decline"), ("notify", "comply"), ("reason", "")];
    let done = first.record("answer", &declines).await.is(303);
    first.get(&done.to).await.says("declines");
    // And declining where it was complied with before needs a reason, and nobody else.
    let again = first.answer("answer", &[("hold", "decline"), ("notify", "decline")]).await;
    again
        .says("Why otherwise than it was decided before?")
        .says("the answer that was given before");
    again.says_not("A second person");
}
