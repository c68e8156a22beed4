//! The determination, and what the program allows after it.

use crate::browser::*;
use crate::town::*;
use serde_json::{Value, json};

fn flow() -> String {
    format!("/cases/{CASE}/do/determine")
}

const ANSWERS: &[(&str, &str)] = &[
    ("removable", "yes"),
    ("basis", "final_order"),
    ("probable_cause", "yes"),
    ("final_order", "yes"),
    ("final_order_on", "2013-02-03"),
    ("person.prior_removal", "yes"),
    ("person.visa_abuse", "no"),
    ("entered_on", "2009-07-01"),
    ("lawful.us_citizen", "no"),
    ("threat.gang_participation", "no"),
    ("convictions.0.category", "robbery"),
    ("convictions.0.level", "felony"),
    ("convictions.0.convicted_on", "2012-05-04"),
    ("convictions.0.sentence_days", "800"),
    ("convictions.0.aggravated_felony", "yes"),
    ("convictions.0.incident", "<script>alert(1)</script>"),
    ("complete", "no"),
];

/// The answers with one of them changed.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut answers: Vec<(&str, &str)> = ANSWERS.to_vec();
    answers.retain(|(n, _)| *n != name);
    answers.push((name, value));
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_determination_states_its_basis_and_is_recorded_once() {
    let town = verified().await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let first = officer.get(&flow()).await;
    assert!(first.has("question 1 of") && !first.has(" checked"), "nothing is chosen first");
    let check = officer.walk(&flow(), ANSWERS).await;
    show("determine-check.html", &check);
    assert!(check.has("Check your answers") && !check.has("<script>alert"));
    assert!(check.has("February 3, 2013"));
    for _ in 0..2 {
        let sent = officer.confirm(&flow(), &check).await;
        assert_eq!(sent.location, format!("/cases/{CASE}?done=determine"), "{}", sent.html());
    }
    let case = town.office.case(&town.officer).await;
    let events = town.office.get(&town.officer, &format!("/api/v1/cases/{CASE}/events")).await;
    let events = events.ok()["events"].as_array().unwrap().clone();
    let determined = events.iter().filter(|e| e["kind"] == "status.determined");
    assert_eq!(determined.count(), 1, "once");
    let determined = &case["determination"];
    assert_eq!(determined["removable"], true);
    let facts = &determined["facts"]["tree"];
    let person = json!({ "final_order": true, "final_order_on": "2013-02-03",
                         "prior_removal": true, "visa_abuse": false,
                         "entered_on": "2009-07-01", "us_citizen": false });
    assert_eq!(facts["person"], person, "{determined:#}");
    assert_eq!(facts["threat"], json!({ "gang_participation": false }));
    assert_eq!(facts["convictions"][0]["sentence_days"], 800);
    assert_eq!(facts["convictions"][0]["aggravated_felony"], true);
    assert_eq!(determined["facts"]["complete"], false);
    // The page of the person shows what was written as text.
    let page = officer.get(&format!("/cases/{CASE}")).await;
    assert!(page.ok().contains("alert(1)") && !page.has("<script>alert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_asks_for_comes_first_and_contradictions_are_said_at_their_place() {
    let town = verified().await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let mut page = officer.get(&flow()).await;
    for _ in 0..20 {
        if page.has("name=\"threat.national_security\"") {
            break;
        }
        page = officer.answer(&flow(), &page, ANSWERS).await;
    }
    show("determine-threat.html", &page);
    let at = |text: &str| page.html().find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(page.has("The program in force asks for this."));
    // The memorandum of 2014 reads gang participation; it does not read a registry.
    assert!(at("threat.gang_participation") < at("threat.sex_arson_registrant"));
    let refused = [
        (with("lawful.us_citizen", "yes"), "A citizen is not removable"),
        (with("final_order_on", "2031-01-01"), "has not come yet"),
        (with("convictions.0.sentence_days", "long"), "does not fit"),
    ];
    for (answers, says) in refused {
        let check = officer.walk(&flow(), &answers).await;
        let sent = officer.confirm(&flow(), &check).await;
        assert!(sent.status == 422 && sent.has(says), "{says}: {}", sent.html());
        assert!(sent.has("question "), "it is said at the question: {says}");
    }
    let forged = officer.walk(&flow(), ANSWERS).await;
    let mut fields = forged.hidden();
    fields.retain(|(name, _)| name != "threat.gang_participation");
    fields.push(("threat.gang_participation".to_owned(), "<script>".to_owned()));
    fields.push(("go".to_owned(), "send".to_owned()));
    let sent = officer.post(&flow(), &fields).await;
    assert!(sent.status == 422 && !sent.has("<script>\""), "{}", sent.html());
    let case = town.office.case(&town.officer).await;
    assert!(case["determination"].is_null(), "nothing was recorded");
    let examiner = Browser::of(&town.office, &town.examiner).await;
    assert_eq!(examiner.get(&flow()).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_what_it_allows_with_its_rule_before_anything_is_issued() {
    let town = determined(true).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let path = format!("/cases/{CASE}/program");
    let page = officer.get(&path).await;
    show("program.html", &page);
    assert!(page.ok().contains("special circumstances") && page.has("us.pep.2015"));
    assert!(
        page.has("not read in the primary text"),
        "the rule on detention is from a second source"
    );
    assert!(page.has("/do/issue") && page.has("Priority Enforcement Program"));
    let on_d = officer.get(&format!("{path}?form=I-247D")).await;
    show("program-d.html", &on_d);
    assert!(on_d.ok().contains("With a request on Form I-247D"));
    assert!(!on_d.has("This form cannot be issued"));
    let on_a = officer.get(&format!("{path}?form=I-247A")).await;
    show("program-a.html", &on_a);
    assert!(on_a.ok().contains("This form cannot be issued"), "there was none in 2016");
    assert!(on_a.has("did not exist on that day") && !on_a.has("/do/issue"));
    let hostile = officer.get(&format!("{path}?form=%3Cscript%3E")).await;
    assert!(hostile.ok().contains("As the case stands") && !hostile.has("<script>\""));
    for form in ["", "?form=I-247N"] {
        let json = officer.get(&format!("{path}.json{form}")).await;
        let rows: Value = serde_json::from_str(json.ok()).unwrap();
        let laws: Vec<&str> = rows["program"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["law"].as_str().unwrap())
            .collect();
        assert_eq!(laws, ["may", "may", "may"], "{rows:#}");
        assert_eq!(officer.get(&format!("{path}.csv{form}")).await.ok().lines().count(), 4);
    }
    // Nothing was recorded by looking.
    let before = town.office.events(CASE, &town.officer).await;
    officer.get(&format!("{path}?form=I-247X")).await.ok();
    assert_eq!(town.office.events(CASE, &town.officer).await, before);
    let clerk = Browser::of(&town.jail, &town.clerk).await;
    assert_eq!(clerk.get(&path).await.status, 404, "an agency has no program");
    let nobody = "/cases/00000000000000000000000000000000/program";
    assert_eq!(officer.get(nobody).await.status, 404);
    let software = Browser::new(&town.office, "admin", comity_server::account::Role::Administrator);
    assert_eq!(software.await.get(&path).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_conviction_the_program_forbids_and_the_form_cannot_ask() {
    let town = determined(false).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let json = officer.get(&format!("/cases/{CASE}/program.json")).await;
    let rows: Value = serde_json::from_str(json.ok()).unwrap();
    assert_eq!(rows["program"][0]["law"], "must_not");
    assert_eq!(rows["program"][1]["law"], "must_not");
    let page = officer.get(&format!("/cases/{CASE}/program")).await;
    show("program-forbids.html", &page);
    assert!(page.has("must not"));
}
