//! A person who is held, page by page, as the jail's people record it in forms alone.

use crate::browser::*;
use crate::town::*;
use comity_server::account::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_served_answered_held_and_released_by_forms_alone() {
    let (mut town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let path = format!("/cases/{CASE}");
    let page = tab.get(&path).await.is(200);
    is_whole(&page);
    page.says("Answer the request").says("not yet");
    show("person-asked", &page);
    show("flow-question", &tab.get(&doing("answer")).await);
    tab.record("serve", &[("served_at", "2016-03-01T09:05")]).await.is(303);
    let check = tab.answer("answer", &[("hold", "comply"), ("notify", "comply"), ("reason", "")]);
    let check = check.await;
    is_whole(&check);
    show("flow-check", &check);
    tab.post(&doing("answer"), &check.filled(&[("go", "send")])).await.is(303);
    tab.record("eligible", &[("at", "2016-03-01T10:00"), ("reason", "bond_posted")]).await.is(303);
    town.at("2016-03-01T15:00:00Z").await;
    let tab = Tab::of(&town.jail, &town.supervisor).await;
    tab.record("hold", &[("sure", "yes")]).await.is(303);
    let page = tab.get(&path).await.is(200);
    is_whole(&page);
    page.says("The hold ends, and the person is released").says("this one decides");
    page.says("How the clock is read, and from where").says("left").says("Duties");
    // What a clock shows hangs on the node's moment, which the page carries, and on no other.
    assert!(page.html.contains("data-now=\"2016-03-01T15:00:00Z\""));
    let case = town.jail.case(&town.clerk).await;
    let ends_at = case["hold"]["ends_at"].as_str().unwrap().to_owned();
    assert!(page.html.contains(&format!("data-ends-at=\"{ends_at}\"")), "the API's own second");
    show("person-held", &page);
    for (name, path) in [
        ("facts", format!("{path}/facts")),
        ("second-none", format!("{path}/second")),
        ("standing", "/standing".to_owned()),
        ("law", format!("{path}/law")),
        ("board", "/board".to_owned()),
        ("report-over-detention", format!("{path}/report/over-detention")),
        ("report-wrong-refusal", format!("{path}/report/wrong-refusal")),
        ("flow-amend", doing("amend")),
        ("flow-correct", doing("correct")),
    ] {
        let page = tab.get(&path).await.is(200);
        is_whole(&page);
        show(name, &page);
    }
    // Three hours after the end: the report says so to the minute.
    let late: jiff::Timestamp = ends_at.parse().unwrap();
    let late = (late + jiff::SignedDuration::from_hours(3)).to_string();
    town.at(&late).await;
    let tab = Tab::of(&town.jail, &town.supervisor).await;
    let page = tab.get(&path).await.is(200);
    show("person-late", &page);
    let report = tab.get(&format!("{path}/report/over-detention")).await.is(200);
    report.says("still in custody, 3 hours past that moment").says("Had to end no later than");
    report.says("Started by supervisor supervisor").says("Leaf");
    show("report-late", &report);
    let done = tab.record("release", &[("at", &local(&late)), ("how", "released")]).await.is(303);
    let page = tab.get(&done.to).await;
    page.says("Custody has ended").says("Nothing: custody has ended.");
    show("person-released", &page);
}

/// A moment as the field of a facility in New York holds it.
fn local(at: &str) -> String {
    let at: jiff::Timestamp = at.parse().unwrap();
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn open_facts_and_a_waiting_override_are_whole_pages() {
    let (town, _) = asked("us-ca", false).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let page = tab.get(&format!("/cases/{CASE}/facts")).await.is(200);
    is_whole(&page);
    show("facts-open", &page);
    let filled = page.filled(&[("convictions", "none"), ("reason", "Rap sheet"), ("go", "next")]);
    show("facts-check", &tab.post(&doing("facts"), &filled).await.is(200));
    let page = tab.get(&format!("/cases/{CASE}")).await.is(200);
    page.says("See which facts are missing");
    is_whole(&page);
    show("person-open", &page);
    let other = town.jail.person("other", Role::Auditor).await;
    is_whole(&Tab::of(&town.jail, &other).await.get(&format!("/cases/{CASE}")).await.is(200));
}
