//! The office's board: people by what awaits them.

use crate::browser::*;
use crate::town::*;
use serde_json::{Value, json};

/// The part of a board under a heading.
fn group<'a>(page: &'a Page, name: &str) -> &'a str {
    let sections = page.ok().split("<section");
    let found = sections.filter(|s| s.contains(&format!(">{name} <"))).last();
    found.unwrap_or_else(|| panic!("no group {name}: {}", page.html()))
}

#[tokio::test(flavor = "multi_thread")]
async fn people_stand_by_what_awaits_them() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    let board = examiner.get("/board").await;
    show("board-examiner.html", &board);
    let link = format!("/cases/{CASE}/candidates");
    assert!(group(&board, "Candidates to look at").contains(&link));
    assert!(!board.has("Status to determine"), "that is the officer's");
    let board = officer.get("/board").await;
    assert!(group(&board, "Status to determine").contains("Nobody waits"), "no match yet");
    let verify = json!({ "verify_match": { "gallery_record": MATE.to_string() } });
    town.office.enter(&town.examiner, "verify", &verify).await.ok();
    let board = examiner.get("/board").await;
    assert!(group(&board, "Candidates to look at").contains("No candidate waits"));
    let board = officer.get("/board").await;
    show("board-officer.html", &board);
    let link = format!("/cases/{CASE}");
    assert!(group(&board, "Status to determine").contains(&link));
    let entry = json!({ "determine_status": {
        "removable": true, "basis": "final_order", "probable_cause": true,
        "facts": { "complete": true, "tree": { "person": { "final_order": true } } } } });
    town.office.enter(&town.officer, "status", &entry).await.ok();
    let board = officer.get("/board").await;
    assert!(group(&board, "To decide whether to ask").contains(&link));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jail_keeps_its_board_by_the_clock() {
    let town = searched().await;
    let clerk = Browser::of(&town.jail, &town.clerk).await;
    let board = clerk.get("/board").await;
    assert!(board.ok().contains("In the next four hours") && !board.has("Candidates to look at"));
    let case: Value = town.jail.case(&town.clerk).await;
    assert_eq!(case["identification"]["stands"], "submitted");
}
