//! Nodes whose stores are PostgreSQL: the client waits with a runtime of its own, so every place
//! that opens, reads, writes or closes must be one that may wait.

use crate::cluster::cluster;
use crate::story::{START, booked_to_released};
use crate::town::*;
use comity_exchange::case::Side;
use comity_server::account::Role;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn house(name: &str, side: Side) -> House {
    let database = tokio::task::spawn_blocking(|| cluster().database()).await.unwrap();
    let set = |settings: &mut comity_server::home::Settings| {
        settings.simulated_from = Some(START.parse().unwrap());
        settings.store = database;
    };
    House::with(name, side, set).await
}

/// Waits until nothing is under way with the backups; the newest of them.
async fn newest_backup(house: &House, token: &str) -> Value {
    let begun = Instant::now();
    loop {
        let all = house.get(token, "/api/v1/backups").await.ok();
        if all["state"]["running"].is_null() && all["backups"][0].is_object() {
            assert_eq!(all["state"]["failed"], "", "{all:#}");
            return all["backups"][0].clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{all:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_a_backup_and_a_stop_on_postgresql() {
    let (jail, office) = (house("jail", Side::Agency).await, house("office", Side::Federal).await);
    let mut town = Town::meeting(jail, office, |_, _| None).await;
    booked_to_released(&mut town).await;
    let Town { jail, clerk, .. } = &mut town;
    let chief = jail.person("chief", Role::Administrator).await;
    jail.post(&chief, "/api/v1/backups", &json!({})).await.ok();
    let made = newest_backup(jail, &chief).await;
    let drill = format!("/api/v1/backups/{}/drill", made["name"].as_str().unwrap());
    jail.post(&chief, &drill, &json!({})).await.ok();
    let drilled = newest_backup(jail, &chief).await;
    assert_eq!(drilled["drill"]["is_clean"], true, "{drilled:#}");
    let before = jail.case(clerk).await;
    jail.server.take().unwrap().stop().await;
    jail.up().await;
    // The node is what it was; its simulated clock starts anew, and so do sessions.
    let clerk = jail.sign_in("clerk").await;
    let after = jail.case(&clerk).await;
    // The office's last receipts may have come between the look and the stop.
    assert!(after["version"].as_u64().unwrap() >= before["version"].as_u64().unwrap());
    assert_eq!(after["in_custody"], false);
}
