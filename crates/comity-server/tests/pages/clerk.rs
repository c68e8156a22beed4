//! What a clerk does: missing facts, edits, corrections, reports, and what is sent twice.

use crate::browser::*;
use crate::town::*;

#[tokio::test(flavor = "multi_thread")]
async fn missing_facts_say_what_each_would_change_and_are_added_once() {
    let (town, _) = asked("us-ca.alameda", false).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    tab.record("serve", &[("served_at", "2016-03-01T09:05")]).await.is(303);
    let page = tab.get(&format!("/cases/{CASE}/facts")).await.is(200);
    page.says("What would settle it").says("The facts, one by one").says("convictions");
    let before = town.jail.events(CASE, &town.clerk).await;
    // Nothing answered: nothing to add.
    let path = doing("facts");
    let none = tab.post(&path, &page.filled(&[("reason", "none"), ("go", "send")])).await;
    none.is(422).says("No fact was answered");
    // The record has none beside those on record: what that changes is shown before it is sent.
    let mut filled = page.filled(&[("reason", "Rap sheet"), ("go", "next")]);
    for radio in page.html.split("type=\"radio\" name=\"").skip(1) {
        let (name, rest) = radio.split_once('"').unwrap();
        if rest.starts_with(" value=\"no\"") || rest.starts_with(" value=\"none\"") {
            let value = rest.split('"').nth(1).unwrap();
            filled.push((name.to_owned(), value.to_owned()));
        }
    }
    let check = tab.post(&path, &filled).await.is(200);
    check.says("Check your answers").says("What this changes").says("becomes");
    let sent = check.filled(&[("go", "send")]);
    let first = tab.post(&path, &sent).await.is(303);
    let again = tab.post(&path, &sent).await.is(303);
    assert_eq!(first.to, again.to);
    assert_eq!(
        town.jail.events(CASE, &town.clerk).await,
        before + 1,
        "a double click is one event"
    );
    let case = tab.get(&format!("/cases/{CASE}")).await;
    case.says("The booking was edited").says("Rap sheet");
    // An auditor reads and states nothing; somebody who is not signed in sees nothing.
    let auditor = town.jail.person("auditor", comity_server::account::Role::Auditor).await;
    let auditor = Tab::of(&town.jail, &auditor).await;
    let read = auditor.get(&format!("/cases/{CASE}/facts")).await.is(200);
    assert!(!read.html.contains("name=\"reason\""));
    auditor.get(&doing("facts")).await.is(403);
    let nobody = Page::of(town.jail.client.get(format!("{}{}", town.jail.url, doing("facts"))));
    nobody.await.is(200).says("Sign in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_is_edited_and_what_the_form_has_no_field_for_stays() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let answers = [("stated.0.fact", "person.age_years"), ("charges.0.level", "misdemeanor")];
    // The fields of the list hold what is on record.
    let page = tab.get(&doing("amend")).await.is(200);
    assert_eq!(page.field("charges.0.category"), "theft");
    let mut fields = page.filled(&[("stated.0.value", "31"), ("seen", "yes")]);
    for (name, value) in answers {
        fields.retain(|(n, _)| n != name);
        fields.push((name.to_owned(), value.to_owned()));
    }
    fields.push(("reason".to_owned(), "Read again from the sheet".to_owned()));
    fields.push(("go".to_owned(), "next".to_owned()));
    let check = tab.post(&doing("amend"), &fields).await.is(200);
    tab.post(&doing("amend"), &check.filled(&[("go", "send")])).await.is(303);
    let case = tab.get(&format!("/cases/{CASE}")).await;
    case.says("Person: age years 31").says("misdemeanor").says("Read again from the sheet");
    // The same once more is no edit; a word that is none is said where it stands.
    let page = tab.get(&doing("amend")).await;
    let same = page.filled(&[("seen", "yes"), ("reason", "again"), ("go", "send")]);
    tab.post(&doing("amend"), &same).await.is(422).says("Nothing is otherwise");
    let wrong = page.filled(&[
        ("stated.0.fact", "person.age_years"),
        ("stated.0.value", "old"),
        ("reason", "again"),
        ("go", "send"),
    ]);
    tab.post(&doing("amend"), &wrong).await.is(422).says("Write a whole number");
    let other = page.filled(&[
        ("stated.0.fact", "request.withdrawn"),
        ("stated.0.value", "yes"),
        ("reason", "again"),
        ("go", "send"),
    ]);
    tab.post(&doing("amend"), &other).await.is(422).says("Say which fact is");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_wrongly_is_corrected_and_stays_in_the_ledger() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let served = tab.record("serve", &[("served_at", "2016-03-01T09:05")]).await.is(303);
    assert!(served.to.ends_with("?done=serve"));
    let page = tab.get(&doing("correct")).await.is(200);
    page.says("When the request was served on the person").says("When the person was booked");
    let served = page.html.split("When the request was served").next().unwrap();
    let event = served.rsplit("value=\"").next().unwrap().split('"').next().unwrap().to_owned();
    let answers = [("event", event.as_str()), ("stands", "none"), ("reason", "Wrong person")];
    let done = tab.record("correct", &answers).await.is(303);
    tab.get(&done.to)
        .await
        .says("It is corrected")
        .says("Wrong person")
        .says("Served on the person not yet");
    let office = Tab::of(&town.office, &town.officer).await;
    office.get(&doing("correct")).await.is(200).says_not("served on the person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_opens_filled_in_and_takes_down_who_claims_it() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let path = format!("/cases/{CASE}/report/over-detention");
    let page = tab.get(&path).await.is(200);
    page.says("Canary Quetzalcoatlus").says("B-4711").says("clerk").says("No such claim");
    page.says("No clock ran").says("To be completed by the supervisor");
    let bad = tab.post(&path, &page.filled(&[("claimed_by", ""), ("text", "x")])).await;
    bad.is(422).says("Say who claims it");
    let claim = page.filled(&[("claimed_by", "The person"), ("text", "<b>Two days</b> too long")]);
    tab.post(&path, &claim).await.is(303);
    tab.post(&path, &claim).await.is(303);
    let page = tab.get(&path).await;
    assert_eq!(page.text().matches("taken down by").count(), 1, "sent twice, taken down once");
    page.says("The person: <b>Two days</b> too long");
    assert!(!page.html.contains("<b>Two"));
    let refusal = tab.get(&format!("/cases/{CASE}/report/wrong-refusal")).await.is(200);
    refusal.says("No request of this case was answered").says_not("Two days too long, made");
    tab.get(&format!("/cases/{CASE}/report/else")).await.is(404);
    let office = Tab::of(&town.office, &town.officer).await;
    office.get(&path).await.is(404);
    let admin = town.jail.person("admin", comity_server::account::Role::Administrator).await;
    Tab::of(&town.jail, &admin).await.get(&path).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_was_taken_down_becomes_a_report_as_an_accessible_pdf() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let path = format!("/cases/{CASE}/report/wrong-refusal");
    let paper = format!("{path}/report.pdf");
    // Nobody claimed anything: there is nothing to report, and no link to it.
    assert_eq!(town.jail.get(&town.clerk, &paper).await.status, 409);
    let page = tab.get(&path).await;
    assert!(!page.html.contains("report.pdf"));
    let claim = page.filled(&[("claimed_by", "The office"), ("text", "It had to be followed")]);
    tab.post(&path, &claim).await.is(303);
    assert_eq!(town.jail.get(&town.clerk, &paper).await.status, 409, "nobody answered yet");
    tab.record("serve", &[("served_at", "2016-03-01T09:05")]).await.is(303);
    let supervisor = Tab::of(&town.jail, &town.supervisor).await;
    let answers = [("hold", "decline"), ("notify", "comply"), ("reason", "as the law leaves it")];
    supervisor.record("answer", &answers).await.is(303);
    crate::pdf::is_accessible(&made(&town, &paper).await);
    // Too long in custody, without a hold: the limit is the moment of release.
    let path = format!("/cases/{CASE}/report/over-detention");
    let page = tab.get(&path).await;
    let claim = page.filled(&[("claimed_by", "王小明 <b>"), ("text", "Still here")]);
    tab.post(&path, &claim).await.is(303);
    let paper = format!("{path}/report.pdf");
    let none = covered(&town, &paper).await;
    assert_eq!(none.status, 422, "no moment is known from which it was too long");
    tab.record("eligible", &[("at", "2016-03-01T09:05"), ("reason", "bond_posted")]).await.is(303);
    crate::pdf::is_accessible(&made(&town, &paper).await);
    assert!(tab.get(&path).await.html.contains(&paper), "the page links to it");
    let office = town.office.get(&town.officer, &paper).await;
    assert_eq!(office.status, 404, "it is the agency's own");
}

/// The bytes of a paper that can be made.
async fn made(town: &Town, path: &str) -> Vec<u8> {
    let reply = covered(town, path).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.headers["content-type"], "application/pdf");
    reply.body
}

/// What a paper's address gives as soon as a checkpoint covers its leaf.
async fn covered(town: &Town, path: &str) -> Reply {
    for _ in 0..400 {
        let reply = town.jail.get(&town.clerk, path).await;
        if reply.status != 409 {
            return reply;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no checkpoint covers {path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_the_back_button_and_a_second_tab_lose_and_double_nothing() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let before = town.jail.events(CASE, &town.clerk).await;
    let check = tab.answer("note", &[("text", "Called the family.")]).await;
    let other = tab.answer("note", &[("text", "From the second tab.")]).await;
    let sent = check.filled(&[("go", "send")]);
    // A double click: both at once.
    let path = doing("note");
    let (one, two) = tokio::join!(tab.post(&path, &sent), tab.post(&path, &sent));
    assert_eq!((one.status, two.status), (303, 303), "{} {}", one.text(), two.text());
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 1);
    // Back, and an older page is sent again: what it was about is done already.
    let back = tab.post(&path, &check.filled(&[("go", "change:0")])).await.is(303);
    tab.get(&back.to).await.says("This form was sent before").says("Called the family.");
    tab.post(&path, &sent).await.is(303);
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 1);
    // The second tab looked at the case before: it is told what happened, and keeps its text.
    let told = tab.post(&path, &other.filled(&[("go", "send")])).await.is(409);
    told.says("Somebody else recorded something meanwhile").says("From the second tab.");
    told.says("Note, by records clerk clerk");
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 1);
    tab.post(&path, &told.filled(&[("go", "send")])).await.is(303);
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 2);
    // The key of one thing does not send another.
    let mut changed = sent.clone();
    changed.retain(|(name, _)| name != "text");
    changed.push(("text".to_owned(), "Something else.".to_owned()));
    tab.post(&path, &changed).await.is(303);
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_with_a_half_filled_form_loses_nothing() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let check = tab.answer("note", &[("text", "Half \"filled\" & <kept>")]).await;
    let out = vec![("csrf".to_owned(), tab.csrf.clone())];
    tab.post("/sign-out", &out).await.is(303);
    let path = doing("note");
    let before = town.jail.events(CASE, &town.supervisor).await;
    let page = tab.post(&path, &check.filled(&[("go", "send")])).await.is(401);
    page.says("What you typed is kept");
    let mut fields = page.hidden();
    fields.push(("account".to_owned(), "clerk".to_owned()));
    fields.push(("password".to_owned(), PASSWORD.to_owned()));
    let request = tab.request("POST", "/sign-in");
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let kind = "application/x-www-form-urlencoded";
    let reply = request.header("content-type", kind).body(body).send().await.unwrap();
    let cookies = reply.headers().get("set-cookie").unwrap().to_str().unwrap().to_owned();
    let token = cookies.split(['=', ';']).nth(1).unwrap().to_owned();
    let html = reply.text().await.unwrap();
    let again = Page { status: 200, html, to: String::new() };
    again.says("Half \"filled\" & <kept>").says("Nothing of it was recorded yet");
    let tab = Tab::of(&town.jail, &token).await;
    tab.post(&path, &again.hidden()).await.is(303);
    assert_eq!(town.jail.events(CASE, &town.supervisor).await, before + 1);
    tab.get(&format!("/cases/{CASE}")).await.says("Half \"filled\" & <kept>");
}
