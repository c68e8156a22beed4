//! Bookings of a jail's own software: over HTTP, and by the drop folder.

use crate::town::*;
use comity_node::Ask;
use comity_server::account::Role;
use comity_store::Change;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const START: &str = "2016-03-01T14:05:00Z";
const HEAD: &str = "booking_id,name,booking_number,booked_at,place,custody.criminal_arrest";

/// A sheet of bookings with these ids.
fn sheet(ids: &[&str]) -> String {
    let row = |id: &&str| {
        format!("{id},Canary Quetzalcoatlus,N-{id},2016-03-01T08:00:00,us-tx.travis,yes\n")
    };
    format!("{HEAD}\n{}", ids.iter().map(row).collect::<String>())
}

async fn send(house: &House, token: &str, kind: &str, body: String) -> Reply {
    let request = house.client.post(format!("{}/api/v1/bookings/import", house.url));
    house.send(request.header("content-type", kind).body(body), token).await
}

async fn csv(house: &House, token: &str, body: String) -> Reply {
    send(house, token, "text/csv; charset=utf-8", body).await
}

async fn cases(house: &House, token: &str) -> u64 {
    house.get(token, "/api/v1/cases").await.ok()["total"].as_u64().unwrap()
}

/// Line, place and code of every finding of a problem.
fn found(reply: &Reply) -> Vec<(String, String)> {
    assert_eq!(reply.problem(422), "bad-sheet");
    assert!(!String::from_utf8_lossy(&reply.body).contains("Quetzalcoatlus"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = reply.json()["errors"].as_array().unwrap().clone();
    errors.iter().map(|e| (text(&e["path"]), text(&e["code"]))).collect()
}

fn one(path: &str, code: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), code.to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_booked_once_and_whole() {
    let town = Town::new(START).await;
    let (jail, boss) = (&town.jail, &town.supervisor);
    let first = csv(jail, boss, sheet(&["A-1", "A-2"])).await;
    assert_eq!(first.status, 201);
    let first = first.ok();
    assert_eq!(first["new"], 2);
    let case = first["bookings"][1]["case"].as_str().unwrap().to_owned();
    assert_eq!(first["bookings"][1]["booking_id"], "A-2");
    assert_eq!(first["bookings"][1]["line"], 3);
    let shown = jail.get(boss, &format!("/api/v1/cases/{case}")).await.ok();
    assert_eq!(shown["card"]["name"], "Canary Quetzalcoatlus");
    assert_eq!(shown["card"]["number"], "N-A-2");
    assert_eq!(shown["booking"]["booked_at"], "2016-03-01T14:00:00Z");

    let again = csv(jail, boss, sheet(&["A-2", "A-1"])).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["new"], 0);
    assert_eq!(again.json()["bookings"][0]["case"], case.as_str());
    let events = jail.get(boss, &format!("/api/v1/cases/{case}/events")).await.ok();
    assert_eq!(events.to_string().matches("booking.made").count(), 1, "{events:#}");

    // One more, and two that were there.
    assert_eq!(csv(jail, boss, sheet(&["A-1", "A-2", "A-3"])).await.ok()["new"], 1);
    assert_eq!(cases(jail, boss).await, 3);
    let line = json!({ "booking_id": "A-4", "name": "Canary Quetzalcoatlus", "place": "us-tx.travis",
                       "booking_number": "N-4", "booked_at": "2016-03-01T08:00:00" });
    let lines = send(jail, boss, "application/jsonl", line.to_string()).await;
    assert_eq!(lines.ok()["new"], 1);
    assert_eq!(send(jail, boss, "text/plain", sheet(&["A-9"])).await.problem(415), "not-a-sheet");
    assert_eq!(csv(jail, &town.clerk, sheet(&["A-9"])).await.problem(403), "forbidden");
    assert_eq!(cases(jail, boss).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_imports_with_a_token_that_may_do_nothing_else() {
    let town = Town::new(START).await;
    let jail = &town.jail;
    let boss = jail.person("boss", Role::Administrator).await;
    let program = json!({ "name": "jms", "roles": ["software"] });
    jail.post(&boss, "/api/v1/accounts", &program).await.ok();
    let asked = json!({ "label": "bookings", "scopes": ["import_bookings"], "days": 30 });
    let token = jail.post(&boss, "/api/v1/accounts/jms/tokens", &asked).await.ok();
    let token = token["token"].as_str().unwrap();
    assert_eq!(csv(jail, token, sheet(&["S-1"])).await.ok()["new"], 1);
    assert_eq!(jail.get(token, "/api/v1/cases").await.problem(403), "forbidden");
    let other = json!({ "label": "health", "scopes": ["see_health"], "days": 30 });
    let token = jail.post(&boss, "/api/v1/accounts/jms/tokens", &other).await.ok();
    let token = token["token"].as_str().unwrap();
    assert_eq!(csv(jail, token, sheet(&["S-2"])).await.problem(403), "forbidden");
    let taken = json!({ "name": "drop-folder", "roles": ["clerk"] });
    assert_eq!(jail.post(&boss, "/api/v1/accounts", &taken).await.problem(422), "account-taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_booking_takes_all_of_its_sheet_back() {
    let town = Town::new(START).await;
    let (jail, boss) = (&town.jail, &town.supervisor);
    csv(jail, boss, sheet(&["B-1"])).await.ok();
    // In the cells; what the node refuses; what was imported otherwise.
    let wrong = sheet(&["B-2", "B-3"]).replace("N-B-3,2016", "N-B-3,soon");
    assert_eq!(found(&csv(jail, boss, wrong).await), one("line 3, booked_at", "bad-date"));
    let ahead = sheet(&["B-2", "B-3", "B-4"]).replace("N-B-3,2016", "N-B-3,2017");
    let ahead = ahead.replace("N-B-4,2016", "N-B-4,2018");
    let two = [one("line 3, booked_at", "in-future"), one("line 4, booked_at", "in-future")];
    assert_eq!(found(&csv(jail, boss, ahead).await), two.concat());
    let other = sheet(&["B-2", "B-1"]).replace("N-B-1", "N-B-7");
    assert_eq!(
        found(&csv(jail, boss, other).await),
        one("line 3, booking_id", "imported-otherwise")
    );
    let peer = "booking_id,name,booking_number,booked_at,place,peer\n\
                B-2,Canary Quetzalcoatlus,2,2016-03-01T08:00:00,us-tx.travis,nobody.example/party\n";
    assert_eq!(
        found(&csv(jail, boss, peer.to_owned()).await),
        one("line 2, party", "unknown-party")
    );
    assert_eq!(cases(jail, boss).await, 1);
    // What was taken back can be booked after all.
    assert_eq!(csv(jail, boss, sheet(&["B-1", "B-2", "B-3"])).await.ok()["new"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_senders_of_one_sheet_book_nobody_twice() {
    let town = Town::new(START).await;
    let (jail, boss) = (&town.jail, &town.supervisor);
    let ids: Vec<String> = (0..40).map(|i| format!("C-{i}")).collect();
    let body = sheet(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let replies = futures_util::future::join_all((0..6).map(|_| csv(jail, boss, body.clone())));
    let mut new = 0;
    for reply in replies.await {
        // Who meets another half way is told to come again, and may.
        if reply.status == 503 {
            continue;
        }
        new += reply.ok()["new"].as_u64().unwrap();
    }
    assert_eq!(new, 40);
    assert_eq!(cases(jail, boss).await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_forgotten_is_not_brought_back_by_the_same_sheet() {
    let mut town = Town::new(START).await;
    csv(&town.jail, &town.supervisor, sheet(&["D-1"])).await.ok();
    let app = town.jail.server().app.clone();
    let row = app.rows(|reads| reads.cases(false, None, 1)).await.unwrap().rows.remove(0);
    let at = START.parse().unwrap();
    let destroy = Change::DestroyPersonKey { id: row.person_key, at };
    app.engine.ask(Ask::Keep(vec![destroy])).await.unwrap();
    town.jail.server.take().unwrap().stop().await;
    town.jail.up().await;
    let boss = town.jail.sign_in("supervisor").await;
    assert_eq!(csv(&town.jail, &boss, sheet(&["D-1"])).await.ok()["new"], 0);
    assert_eq!(cases(&town.jail, &boss).await, 0);
}

/// A jail with a drop folder.
async fn dropping() -> (Town, PathBuf) {
    let mut town = Town::new(START).await;
    let jail = &mut town.jail;
    jail.server.take().unwrap().stop().await;
    jail.home.settings.drop_folder = Some("drop".into());
    let folder = jail.home.folder.join("drop");
    jail.up().await;
    town.supervisor = town.jail.sign_in("supervisor").await;
    (town, folder)
}

async fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

fn names(folder: &PathBuf) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries
        .filter(|e| e.path().is_file())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_files_are_booked_or_refused_with_a_report() {
    let (town, folder) = dropping().await;
    fs::write(folder.join("day 1 Quetzalcoatlus.CSV"), sheet(&["E-1"])).unwrap();
    fs::write(folder.join("good.csv"), sheet(&["E-2", "E-1"])).unwrap();
    fs::write(folder.join("bad.csv"), sheet(&["E-3"]).replace("us-tx.travis", "nowhere")).unwrap();
    fs::write(folder.join(".hidden.csv"), "half").unwrap();
    fs::write(folder.join("notes.txt"), "not a sheet").unwrap();
    until("all taken", || names(&folder) == [".hidden.csv", "notes.txt"]).await;
    let (done, refused) = (folder.join("done"), folder.join("refused"));
    until("all done", || names(&folder.join("taken")).is_empty()).await;
    let expected = ["good.csv", "good.report.csv", "sheet.csv", "sheet.report.csv"];
    assert_eq!(names(&done), expected);
    assert_eq!(names(&refused), ["bad.csv", "bad.report.csv"]);
    let report = fs::read_to_string(done.join("good.report.csv")).unwrap();
    assert!(report.starts_with("line,outcome,booking_id,case,column,code,message,help\n"));
    let lines: Vec<&str> = report.lines().skip(1).collect();
    assert!(lines[0].starts_with("2,booked,E-2,"), "{report}");
    // The other file may have come first or last; either way E-1 was booked once.
    assert!(lines[1].starts_with("3,booked"), "{report}");
    let report = fs::read_to_string(refused.join("bad.report.csv")).unwrap();
    assert!(report.contains("\n2,refused,,,place,unknown-place,"), "{report}");
    assert!(!report.contains("Quetzalcoatlus"));
    assert_eq!(cases(&town.jail, &town.supervisor).await, 2);

    // The same name again: the first file's report stays.
    fs::write(folder.join("good.csv"), sheet(&["E-2", "E-4"])).unwrap();
    until("again", || names(&done).contains(&"good-2.report.csv".to_owned())).await;
    let report = fs::read_to_string(done.join("good-2.report.csv")).unwrap();
    assert!(report.contains("\n2,booked before,E-2,"), "{report}");
    assert_eq!(cases(&town.jail, &town.supervisor).await, 3);
    let audit = town.jail.person("watcher", Role::Auditor).await;
    let lines = town.jail.get(&audit, "/api/v1/audit?limit=1000").await.ok();
    let of_folder = |line: &&Value| line["who"] == "node" && line["detail"] == "import_bookings";
    let count = lines["lines"].as_array().unwrap().iter().filter(of_folder).count();
    assert_eq!(count, 3, "{lines:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_under_way_when_the_node_died_is_finished_after_it() {
    let (mut town, folder) = dropping().await;
    let (taken, done) = (folder.join("taken"), folder.join("done"));
    // Booked already, as a node does before it writes the report.
    csv(&town.jail, &town.supervisor, sheet(&["F-2"])).await.ok();
    csv(&town.jail, &town.supervisor, sheet(&["F-3"])).await.ok();
    town.jail.server.take().unwrap().stop().await;
    // Killed after taking it; after booking; within the report; before the last rename.
    fs::write(taken.join("one.csv"), sheet(&["F-1"])).unwrap();
    fs::write(taken.join("two.csv"), sheet(&["F-2"])).unwrap();
    fs::write(done.join(".two.part"), "line,outc").unwrap();
    fs::write(taken.join("three.csv"), sheet(&["F-3"])).unwrap();
    fs::write(done.join("three.report.csv"), "line,outcome\n2,booked\n").unwrap();
    town.jail.up().await;
    until("finished", || names(&taken).is_empty()).await;
    let mut expected: Vec<String> = ["one", "two", "three"]
        .iter()
        .flat_map(|n| [format!("{n}.csv"), format!("{n}.report.csv")])
        .collect();
    expected.sort();
    assert_eq!(names(&done), expected);
    let report = fs::read_to_string(done.join("three.report.csv")).unwrap();
    assert!(report.contains("\n2,booked before,F-3,"), "{report}");
    let boss = town.jail.sign_in("supervisor").await;
    assert_eq!(cases(&town.jail, &boss).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_federal_side_has_no_drop_folder() {
    let mut town = Town::new(START).await;
    town.office.server.take().unwrap().stop().await;
    town.office.home.settings.drop_folder = Some("drop".into());
    let started =
        comity_server::serve::Server::start(&town.office.home, library::library().clone(), None)
            .await;
    let Err(fault) = started else { panic!("it started") };
    assert_eq!((fault.code, fault.path.as_str()), ("bad-settings", "drop_folder"));
}
