//! Worklists by kind of task.

use crate::town::*;
use serde_json::{Value, json};

fn row(id: usize) -> String {
    let at = format!("2016-03-01T08:0{id}:00");
    let line = json!({ "booking_id": format!("W-{id}"), "name": "EXAMPLE", "place": "us-tx.travis",
                       "booking_number": id.to_string(), "booked_at": at });
    format!("{line}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_kind_come_page_by_page_in_their_order() {
    let town = Town::new("2016-03-01T14:10:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let request = jail.client.post(format!("{}/api/v1/bookings/import", jail.url));
    let request = request.header("content-type", "application/jsonl");
    let sheet: String = (1..8).map(row).collect();
    jail.send(request.body(sheet), &town.supervisor).await.ok();
    let all = jail.get(clerk, "/api/v1/worklist?limit=1000").await.ok()["tasks"].clone();
    let of_kind = |task: &&Value| task["kind"] == "submit_prints";
    let expected: Vec<Value> = all.as_array().unwrap().iter().filter(of_kind).cloned().collect();
    assert_eq!(expected.len(), 7, "{all:#}");
    let (mut got, mut sizes, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/worklist?kind=submit_prints&role=clerk&limit=3{after}");
        let page = jail.get(clerk, &path).await.ok();
        let tasks = page["tasks"].as_array().unwrap();
        sizes.push(tasks.len());
        got.extend(tasks.clone());
        let Some(next) = page["next"].as_str() else { break };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        after = format!("&after={next}");
    }
    assert_eq!((sizes, &got), (vec![3, 3, 1], &expected));
    let none = jail.get(clerk, "/api/v1/worklist?kind=answer_request").await.ok();
    assert_eq!((&none["tasks"], &none["next"]), (&json!([]), &Value::Null));
    let path = "/api/v1/worklist?kind=everything";
    assert_eq!(jail.get(clerk, path).await.problem(400), "bad-kind");
}
