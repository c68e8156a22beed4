//! Issuing, and the list of what was sent.

use crate::browser::*;
use crate::town::*;
use comity_server::account::Role;
use serde_json::{Value, json};

fn flow() -> String {
    format!("/cases/{CASE}/do/issue")
}

const ANSWERS: &[(&str, &str)] = &[
    ("form", "I-247D"),
    ("form_version", "2015-05"),
    ("issued_on", "2016-03-01"),
    ("basis", "final_order"),
    ("warrant", "I-205"),
    ("signed_by", "immigration_officer"),
    ("boxes", "priority_box"),
    ("boxes", "probable_cause_box"),
    ("boxes", "officer_authorized"),
    ("boxes", "facially_complete"),
    ("asks", "hold"),
    ("asks", "notify"),
    ("states", "person.removable"),
    ("states", "person.final_order"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_question_says_what_the_law_says_and_chooses_nothing_first() {
    let town = determined(true).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let mut page = officer.get(&flow()).await;
    show("issue-form.html", &page);
    assert!(page.ok().contains("value=\"I-247D\""));
    assert!(
        !page.has("value=\"I-247A\"") && page.has("The form did not exist on that day."),
        "its reason is there"
    );
    assert!(!page.has("value=\"none\"") && page.has("not on an official form"));
    for _ in 0..20 {
        if page.has("value=\"send\"") {
            break;
        }
        assert!(!page.has(" checked") && !page.has(" selected"), "{}", title(page.html()));
        if page.has("type=\"checkbox\" name=\"asks\" value=\"hold\"") {
            show("issue-asks.html", &page);
            assert!(
                page.has("special circumstances") && page.has("The program says: may."),
                "{}",
                page.html()
            );
        }
        page = officer.answer(&flow(), &page, ANSWERS).await;
    }
    show("issue-check.html", &page);
    assert!(page.has("Check your answers") && page.has("Hold the person past release"));
    let before = town.office.events(CASE, &town.officer).await;
    for _ in 0..2 {
        let sent = officer.confirm(&flow(), &page).await;
        assert_eq!(sent.location, format!("/cases/{CASE}?done=issue"), "{}", sent.html());
    }
    assert_eq!(town.office.events(CASE, &town.officer).await, before + 1, "once");
    let case = town.office.case(&town.officer).await;
    let draft = &case["requests"][0]["draft"];
    assert_eq!(draft["asks"], json!(["hold", "notify"]), "{case:#}");
    assert_eq!(draft["warrant"], json!({ "kind": "I-205", "signed_by": "immigration_officer" }));
    let person = &draft["states"]["tree"]["person"];
    assert_eq!(person, &json!({ "removable": true, "final_order": true }), "what was marked");
    // Another one is asked whether it takes the first one's place.
    let mut answers = ANSWERS.to_vec();
    answers.push(("supersedes", "yes"));
    let check = officer.walk(&flow(), &answers).await;
    assert!(check.has("Does it take the place of the request on Form I-247D"));
    officer.confirm(&flow(), &check).await;
    let case = town.office.case(&town.officer).await;
    let stands: Vec<bool> = case["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["stands"].as_bool().unwrap())
        .collect();
    assert_eq!(stands, [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_law_forbids_cannot_be_issued_however_it_is_sent() {
    let town = determined(false).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let mut page = officer.get(&flow()).await;
    for _ in 0..20 {
        if page.has("name=\"asks\" value=") {
            break;
        }
        page = officer.answer(&flow(), &page, ANSWERS).await;
    }
    show("issue-forbidden.html", &page);
    assert!(!page.has("name=\"asks\" value=\"hold\"") && page.has("must not"));
    assert!(page.has("ICE should seek the transfer"), "the reason stands in its place");
    let check = officer.walk(&flow(), &[ANSWERS, &[("asks", "interview")]].concat()).await;
    let before = town.office.events(CASE, &town.officer).await;
    let forge = |name: &str, value: &str| {
        let mut fields = check.hidden();
        if name != "asks" {
            fields.retain(|(n, _)| n != name);
        }
        fields.push((name.to_owned(), value.to_owned()));
        fields.push(("go".to_owned(), "send".to_owned()));
        fields
    };
    let sent = officer.post(&flow(), &forge("asks", "hold")).await;
    assert_eq!(sent.status, 422);
    assert!(
        sent.has("question ") && sent.has("Ask the agency to hold: must not."),
        "{}",
        sent.html()
    );
    for (name, value) in [
        ("form", "I-247A"),
        ("form", "none"),
        ("issued_on", "2016-02-01"),
        ("basis", "<script>alert(1)</script>"),
        ("warrant", "judge"),
        ("asks", "everything"),
    ] {
        let sent = officer.post(&flow(), &forge(name, value)).await;
        assert!([409, 422].contains(&sent.status), "{name}={value}: {}", sent.status);
        assert!(!sent.has("<script>alert"), "{name}={value}");
    }
    assert_eq!(town.office.events(CASE, &town.officer).await, before);
    let examiner = Browser::of(&town.office, &town.examiner).await;
    assert_eq!(examiner.get(&flow()).await.status, 403);
}

/// A request that was issued, and answered where it should be.
async fn asked(is_answered: bool) -> (Town, String) {
    let town = determined(true).await;
    let id = random16();
    let request = json!({ "issue_request": { "draft": {
        "request": id, "form": "I-247D", "version": "2015-05", "issued_on": "2016-03-01",
        "asks": ["hold", "notify"], "basis": "final_order",
        "states": { "complete": true, "tree": {
            "person": { "removable": true, "final_order": true },
            "request": { "priority_box": true, "probable_cause_box": true,
                         "officer_authorized": true, "facially_complete": true },
        } },
    } } });
    town.office.enter(&town.officer, "request", &request).await.ok();
    if is_answered {
        let came = |c: &Value| c["requests"][0]["stands"] == true;
        town.jail.until(&town.clerk, "request", came).await;
        let answer = json!({ "answer_request": { "request": id, "reason": "the sergeant decided",
                             "choices": { "hold": "decline", "notify": "comply" } } });
        town.jail.enter(&town.supervisor, "answer", &answer).await.ok();
        let told = |c: &Value| c["told"].as_array().is_some_and(|t| !t.is_empty());
        town.office.until(&town.officer, "answer told", told).await;
    }
    (town, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_stands_in_the_list_with_its_answer_until_it_is_withdrawn() {
    let (town, id) = asked(true).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let page = officer.get("/requests").await;
    show("requests.html", &page);
    assert!(page.ok().contains("href=\"/requests\" aria-current"), "the head leads here");
    assert!(page.has("answered") && page.has("declines") && page.has("complies"));
    assert!(
        !page.has("Quetzalcoatlus") && !page.has("the sergeant decided"),
        "both stay at the jail"
    );
    for (state, there) in
        [("answered", true), ("waits", false), ("withdrawn", false), ("taken", false)]
    {
        let page = officer.get(&format!("/requests?state={state}")).await;
        assert_eq!(page.ok().contains("Form I-247D"), there, "{state}");
    }
    let hostile = officer.get("/requests?state=%3Cscript%3E").await;
    assert!(hostile.ok().contains("Form I-247D") && !hostile.has("<script>\""));
    assert_eq!(officer.get("/requests?after=x").await.status, 400);
    let rows = officer.get("/requests.json").await;
    let rows: Value = serde_json::from_str(rows.ok()).unwrap();
    assert_eq!(rows["requests"][0]["request"], json!(id));
    assert_eq!(
        (&rows["requests"][0]["hold"], &rows["requests"][0]["notify"]),
        (&json!("decline"), &json!("comply"))
    );
    assert!(rows["requests"][0]["transfer"].is_null());
    assert_eq!(officer.get("/requests.csv?state=answered").await.ok().lines().count(), 2);
    assert_eq!(officer.get("/requests.csv?state=taken").await.ok().lines().count(), 1);
    // The board shows the answer, though nothing is to be done about it.
    let board = officer.get("/board").await;
    show("board-answers.html", &board);
    assert!(board.ok().contains("Answers that came in"));
    // Withdrawn from here, once.
    let link = format!("/cases/{CASE}/do/withdraw?of={id}");
    assert!(page.has(&link));
    let path = format!("/cases/{CASE}/do/withdraw");
    let question = officer.get(&link).await;
    let check = officer.answer(&path, &question, &[("reason", "<script>alert(1)</script>")]).await;
    let before = town.office.events(CASE, &town.officer).await;
    for _ in 0..2 {
        assert_eq!(officer.confirm(&path, &check).await.status, 303);
    }
    assert_eq!(town.office.events(CASE, &town.officer).await, before + 1, "once");
    let page = officer.get("/requests?state=withdrawn").await;
    assert!(page.ok().contains("withdrawn") && !page.has(&link) && !page.has("<script>alert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_the_offices_and_nobody_elses() {
    let (town, id) = asked(false).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let page = officer.get("/requests?state=waits").await;
    assert!(page.ok().contains("not answered yet") && page.has(&id));
    let clerk = Browser::of(&town.jail, &town.clerk).await;
    let administrator = Browser::new(&town.office, "admin", Role::Administrator).await;
    let auditor = Browser::new(&town.office, "auditor", Role::Auditor).await;
    for path in ["/requests", "/requests.csv", "/requests.json"] {
        assert_eq!(clerk.get(path).await.status, 404, "{path}");
        assert_eq!(administrator.get(path).await.status, 403, "{path}");
        assert_eq!(auditor.get(path).await.status, 200, "{path}");
    }
    assert!(!auditor.get("/requests").await.has("/do/withdraw"), "an auditor withdraws nothing");
    assert!(!clerk.get("/board").await.has("href=\"/requests\""));
}
