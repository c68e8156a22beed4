//! The ledger's pages, and the audit's.

use crate::tab::*;
use crate::town::*;
use comity_ledger::{Bundle, Trust};
use comity_server::account::Role;

/// Waits until a checkpoint covers the first leaf.
async fn covered(tab: &Tab) -> Page {
    for _ in 0..200 {
        let page = tab.get("/ledger/events/0").await.is(200);
        if page.html.contains("Verified just now") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no checkpoint covers the first leaf");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_is_shown_with_its_proof_and_evidence_that_holds_elsewhere() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let auditor = Tab::of(&town.jail, &town.jail.person("auditor", Role::Auditor).await);
    let page = covered(&auditor).await;
    page.has("jail.example/ledger").has("comity ledger verify evidence-leaf-0.txt");
    let status = auditor.get("/ledger").await.is(200);
    status
        .has("office.example/party")
        .has("Signatures were checked again")
        .has_not("does not hold");
    let found = auditor.post("/ledger/find", &[("find", CASE)]).await.is(303);
    let leaves = auditor.get(&found.to).await.is(200);
    leaves.has("Booked").has_not("Canary");
    let to = leaves.between("<th scope=\"row\"><a href=\"", "\"");
    auditor.get(&to).await.is(200).has("Booked").has("opened and hashed against this leaf");
    let evidence = auditor.get("/ledger/events/0/evidence.txt").await.is(200);
    let trust = auditor.get("/ledger/trust.txt").await.is(200);
    let trust = Trust::parse("trust", trust.html.as_bytes()).unwrap();
    let bundle = Bundle::parse("evidence", evidence.html.as_bytes()).unwrap();
    let shown = bundle.verify(&trust).unwrap();
    assert_eq!((shown.index, shown.is_trusted), (0, true));
    let changed = evidence.html.replacen("index 0", "index 1", 1);
    assert!(Bundle::parse("evidence", changed.as_bytes()).unwrap().verify(&trust).is_err());
    assert_eq!(auditor.get("/ledger/events/0/proof.json").await.is(200).json()["index"], 0);
    auditor.get("/ledger/verify").await.is(200).has("What it does not prove");
    assert!(auditor.get("/ledger.csv").await.is(200).kind.starts_with("text/csv"));
    assert!(auditor.get("/ledger.json").await.is(200).json()["checkpoints"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_leaf_proves_is_an_accessible_pdf_for_those_who_may_prove() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let token = town.jail.person("auditor", Role::Auditor).await;
    let auditor = Tab::of(&town.jail, &token);
    let page = covered(&auditor).await;
    let paper = "/ledger/events/0/proof.pdf";
    page.has(paper);
    let reply = town.jail.get(&auditor.token(), paper).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    crate::pdf::is_accessible(&reply.body);
    let chief = Tab::of(&town.jail, &town.jail.person("chief", Role::Administrator).await);
    chief.get(paper).await.is(403);
    chief.get("/ledger/events/0").await.is(200).has_not(paper);
    auditor.get("/ledger/events/99999999/proof.pdf").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_no_case_sees_no_event_and_nothing_hostile_comes_back() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let chief = Tab::of(&town.jail, &town.jail.person("chief", Role::Administrator).await);
    let leaf = town.jail.get(&town.clerk, &format!("/api/v1/cases/{CASE}/events")).await.ok();
    let leaf = leaf["events"][0]["leaf"].as_u64().unwrap();
    let page = chief.get(&format!("/ledger/events/{leaf}")).await.is(200);
    page.has("The event itself is sealed").has_not("Booked").has_not(CASE);
    chief.post("/ledger/find", &[("find", CASE)]).await.is(403);
    chief.get(&format!("/ledger/cases/{CASE}")).await.is(403);
    chief.get("/ledger/events/0/evidence.txt").await.is(403);
    let hostile = chief.post("/ledger/find", &[("find", "<script>x</script>")]).await.is(400);
    hostile.has("32 hexadecimal digits").has_not("<script>x");
    for path in ["99999999", "-1", "18446744073709551616", "%3Cscript%3E"] {
        chief.get(&format!("/ledger/events/{path}")).await.is(404);
    }
    // The leaf of a person's page is a link for those who may follow it.
    let link = format!("href=\"/ledger/events/{leaf}\"");
    let supervisor = Tab::of(&town.jail, &town.supervisor);
    supervisor.get(&format!("/cases/{CASE}")).await.is(200).has(&link);
    let clerk = Tab::of(&town.jail, &town.clerk);
    clerk.get(&format!("/cases/{CASE}")).await.is(200).has_not(&link);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_filtered_taken_away_and_signed_off_once() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let auditor = Tab::of(&town.jail, &town.jail.person("auditor", Role::Auditor).await);
    let day = auditor.get("/audit").await.is(200);
    day.has("Signed in: name and password").has("Looked at a person").has("A review is due");
    let clerk = auditor.get("/audit?account=clerk").await.is(200);
    clerk.has("<td>clerk</td>").has_not("<td>supervisor</td>");
    auditor.get(&format!("/audit?case={CASE}")).await.is(200).has("Looked at a person");
    auditor.get("/audit?day=2016-02-01").await.is(200).has("No line fits");
    auditor.get("/audit?day=yesterday").await.is(400).has("2026-11-22");
    let hostile = auditor.get("/audit?account=%22%3E%3Cscript%3Ex").await.is(400);
    hostile.has("An account name has").has_not("<script>x");
    let csv = auditor.get("/audit.csv?account=clerk").await.is(200);
    assert!(csv.html.starts_with("number,at,who,where,what,detail,outcome,why,subject\r\n"));
    assert!(csv.html.lines().skip(1).all(|line| line.contains("clerk")), "{}", csv.html);
    let json = auditor.get("/audit.json?day=2016-03-01").await.is(200).json();
    assert!(json["audit"].as_array().unwrap().len() > 5);
    let through = auditor.get("/audit").await.between("name=\"through\" value=\"", "\"");
    let fields = [("through", through.as_str()), ("note", "<script>n</script> nothing found")];
    let done = auditor.post("/audit/review", &fields).await.is(303);
    let page = auditor.get(&done.to).await.is(200);
    page.has("The review is signed off").has("nothing found").has_not("<script>n");
    page.has_not("A review is due");
    auditor.post("/audit/review", &fields).await.is(409).has("signed these lines off already");
    auditor.post("/audit/review", &[("through", "99999999")]).await.is(409);
    auditor.post("/audit/review", &[("through", "x")]).await.is(400);
    let long = "x".repeat(1001);
    auditor.post("/audit/review", &[("through", "1"), ("note", &long)]).await.is(422);
    let reviews = town.jail.get(&auditor.token(), "/api/v1/audit/reviews").await.ok();
    assert_eq!(reviews["reviews"].as_array().unwrap().len(), 1);
    assert_eq!(reviews["reviews"][0]["by"], "auditor");
}
