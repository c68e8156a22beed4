//! The examiner's page.

use crate::browser::*;
use crate::town::*;
use comity_server::account::Role;
use serde_json::{Value, json};

fn page_of(record: impl std::fmt::Display) -> String {
    format!("/cases/{CASE}/candidates/{record}")
}

/// The two pictures of a page.
fn pictures(page: &Page) -> Vec<&str> {
    let all: Vec<&str> = page.ok().split("<svg class=\"desk-print\"").skip(1).collect();
    all.iter().map(|svg| svg.split("</svg>").next().unwrap()).collect()
}

fn window(svg: &str) -> &str {
    svg.split("viewBox=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_prints_stand_side_by_side_with_the_same_numbers() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let page = examiner.get(&format!("/cases/{CASE}/candidates")).await;
    show("candidates.html", &page);
    let both = pictures(&page);
    assert_eq!(both.len(), 2);
    let numbers: Vec<usize> = both.iter().map(|svg| svg.matches("</text>").count()).collect();
    assert!(numbers[0] >= 8 && numbers[0] == numbers[1], "{numbers:?}");
    assert!(both[0].contains("<image") && !both[1].contains("<image"));
    for says in ["Candidate 1 of 2", "Candidate 2 of 2", "Right index", "Left index"] {
        assert!(page.has(says), "{says}");
    }
    assert!(page.has("This gallery holds 40,000 fingers"));
    assert!(page.has("less often than once in a million"), "two fingers of one person");
    assert!(page.has("quality") && page.has("of 100"));
    assert!(page.security.contains("img-src 'self'") && !page.html().contains(" style="));
    // Every pair has its line in the table, and its row in the files.
    assert_eq!(page.html().matches(">Look closer<").count(), numbers[0]);
    let csv = examiner.get(&format!("{}/pairs.csv?finger=0", page_of(MATE))).await;
    assert_eq!(csv.ok().lines().count(), numbers[0] + 1);
    assert!(csv.kind.starts_with("text/csv"));
    let pairs = examiner.get(&format!("{}/pairs.json", page_of(MATE))).await;
    let pairs: Value = serde_json::from_slice(&pairs.body).unwrap();
    assert_eq!(pairs["pairs"].as_array().unwrap().len(), numbers[0]);
    assert_eq!(pairs["pairs"][0]["pair"], 1);
    assert!(pairs["pairs"][0]["candidate_kind"].is_string());
    // The image of the print is an image.
    let image = examiner.get(&format!("{}/prints/0", page_of(MATE))).await;
    show(&format!("cases/{CASE}/candidates/{MATE}/prints/0"), &image);
    assert_eq!((image.status, image.kind.as_str()), (200, "image/png"));
    assert!(image.security.contains("default-src 'none'"));
    let read =
        comity_print::formats::raster::decode(comity_print::formats::Format::Png, &image.body);
    assert!(read.unwrap().width_px() > 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_has_few_pairs_and_a_rate_that_says_so() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let page = examiner.get(&page_of(STRANGER)).await;
    show("stranger.html", &page);
    let numbers = pictures(&page)[0].matches("</text>").count();
    let mate = examiner.get(&page_of(MATE)).await;
    assert!(numbers < pictures(&mate)[0].matches("</text>").count());
    assert!(page.has("in every second case or more often"), "{}", page.html());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closer_look_is_a_link_and_nonsense_is_the_whole_print() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let base = page_of(MATE);
    let whole = examiner.get(&base).await;
    let close = examiner.get(&format!("{base}?finger=0&zoom=4&pair=2")).await;
    show("closer.html", &close);
    assert_ne!(window(pictures(&close)[0]), window(pictures(&whole)[0]));
    let width = |svg: &str| window(svg).split(' ').nth(2).unwrap().parse::<f32>().unwrap();
    let (near, far) = (width(pictures(&close)[0]), width(pictures(&whole)[0]));
    assert!((near * 4.0 - far).abs() < 1.0, "{near} {far}");
    let moved = examiner.get(&format!("{base}?zoom=4&pair=2&right=30&down=-20")).await;
    assert_ne!(window(pictures(&moved)[0]), window(pictures(&close)[0]));
    let bare = examiner.get(&format!("{base}?marks=off")).await;
    assert!(!pictures(&bare)[0].contains("</text>") && bare.has("Show the marks"));
    let nonsense = [
        "finger=99&zoom=3&pair=0",
        "finger=-1&zoom=x&pair=100000000000000000000&marks=maybe",
        "finger=%3Cscript%3E&right=99999999999&down=%22",
    ];
    for query in nonsense {
        let page = examiner.get(&format!("{base}?{query}")).await;
        assert_eq!(window(pictures(&page)[0]), window(pictures(&whole)[0]), "{query}");
        assert!(!page.has("<script>"));
    }
    let far = examiner.get(&format!("{base}?zoom=8&right=2147483647&down=-2147483648")).await;
    assert_eq!(pictures(&far).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_prints_sees_none_and_other_records_are_not_there() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let base = page_of(MATE);
    for path in [
        page_of("09090909090909090909090909090909"),
        page_of("x"),
        page_of("%3Cscript%3E"),
        format!("{base}/prints/7"),
        format!("{base}/prints/-1"),
        format!("{}/pairs.csv", page_of("09090909090909090909090909090909")),
        "/cases/00000000000000000000000000000000/candidates".to_owned(),
        "/cases/x/candidates".to_owned(),
    ] {
        let page = examiner.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.has("There is nothing here for you") && !page.has("<script>"), "{path}");
    }
    let all = [
        format!("/cases/{CASE}/candidates"),
        base.clone(),
        format!("{base}/prints/0"),
        format!("{base}/pairs.csv"),
        format!("{base}/pairs.json"),
    ];
    let auditor = Browser::new(&town.office, "auditor", Role::Auditor).await;
    let counsel = Browser::new(&town.office, "counsel", Role::Counsel).await;
    let clerk = Browser::of(&town.jail, &town.clerk).await;
    let officer = Browser::of(&town.office, &town.officer).await;
    for path in &all {
        assert_eq!(auditor.get(path).await.status, 403, "{path}");
        assert_eq!(counsel.get(path).await.status, 403, "{path}");
        assert_eq!(clerk.get(path).await.status, 404, "an agency has no candidates: {path}");
        assert_eq!(officer.get(path).await.status, 200, "{path}");
    }
    // An officer may look, and decides nothing here.
    let page = officer.get(&base).await;
    assert!(page.has("An examiner decides") && !page.has("/do/verify"));
    assert_eq!(officer.get(&format!("/cases/{CASE}/do/verify")).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_match_is_as_large_as_match() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let page = examiner.get(&page_of(MATE)).await;
    let class = |href: &str| {
        let before = page.html().split(&format!("\" href=\"{href}\"")).next().unwrap();
        before.rsplit("class=\"").next().unwrap().to_owned()
    };
    let verify = class(&format!("/cases/{CASE}/do/verify?of={MATE}"));
    let reject = class(&format!("/cases/{CASE}/do/reject"));
    assert_eq!((verify.as_str(), reject.as_str()), ("usa-button", "usa-button"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_checked_and_recorded_once() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let path = format!("/cases/{CASE}/do/verify");
    let check = examiner.get(&format!("{path}?of={MATE}")).await;
    show("verify.html", &check);
    assert!(check.ok().contains("value=\"send\"") && check.has(&MATE.to_string()));
    assert!(check.has("The agency is told that an examiner"));
    let wrong = examiner.get(&format!("{path}?of=%3Cscript%3E")).await;
    assert!(wrong.status == 422 && !wrong.has("value=\"send\"") && !wrong.has("<script>"));
    for _ in 0..2 {
        let sent = examiner.confirm(&path, &check).await;
        assert_eq!((sent.status, sent.location), (303, format!("/cases/{CASE}?done=verify")));
    }
    let case = town.office.case(&town.examiner).await;
    assert_eq!(case["identification"]["stands"], "matched");
    let events = town.office.get(&town.examiner, &format!("/api/v1/cases/{CASE}/events")).await;
    let events = events.ok()["events"].as_array().unwrap().clone();
    assert_eq!(events.iter().filter(|e| e["kind"] == "match.verified").count(), 1, "once");
    // What was decided can be looked at, and is not decided again.
    let after = examiner.get(&page_of(MATE)).await;
    assert_eq!(pictures(&after).len(), 2);
    assert!(!after.has("/do/reject") && after.has("match verified by an examiner"));
    assert_eq!(examiner.get(&page_of(STRANGER)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_match_is_checked_and_ends_the_case_once() {
    let town = searched().await;
    let examiner = Browser::of(&town.office, &town.examiner).await;
    let path = format!("/cases/{CASE}/do/reject");
    let check = examiner.get(&path).await;
    show("reject.html", &check);
    assert!(check.ok().contains("value=\"send\"") && check.has("no candidate is this person"));
    for _ in 0..2 {
        let sent = examiner.confirm(&path, &check).await;
        assert_eq!((sent.status, sent.location.as_str()), (303, "/board?done=reject"));
    }
    let board = examiner.get("/board?done=reject").await;
    assert!(board.ok().contains("No match: nothing is kept of the person."));
    let told = |c: &Value| c["identification"]["stands"] == "no_match";
    let case = town.jail.until(&town.clerk, "no match told", told).await;
    assert_eq!(case["requests"], json!([]));
    // A case that never was is not one that was made an end of.
    let other = "/cases/00000000000000000000000000000000/do/reject";
    assert_eq!(examiner.confirm(other, &check).await.status, 404);
}
