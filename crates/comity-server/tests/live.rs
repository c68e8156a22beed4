//! Servers on real ports, spoken to over HTTP, on simulated clocks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "live/bundle.rs"]
mod bundle;
#[path = "../../comity-store/tests/common/cluster.rs"]
mod cluster;
#[path = "live/import.rs"]
mod import;
#[path = "live/postgres.rs"]
mod postgres_store;
#[path = "live/readers.rs"]
mod readers;
#[path = "live/relay.rs"]
mod relay;
#[path = "live/routes.rs"]
mod routes;
#[path = "../../comity-exchange/tests/case/scenario.rs"]
mod scenario;
#[path = "live/scenarios.rs"]
mod scenarios;
#[path = "live/story.rs"]
mod story;
#[path = "live/town.rs"]
mod town;
#[path = "live/webhook.rs"]
mod webhook;
#[path = "live/worklist.rs"]
mod worklist;

use town::library;
