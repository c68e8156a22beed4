//! The custody case: commands in every state, scenarios with simulated time, random lives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "case/bad_input.rs"]
mod bad_input;
#[path = "case/library.rs"]
mod library;
#[path = "case/lives.rs"]
mod lives;
#[path = "case/messages.rs"]
mod messages;
#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;
#[path = "case/random.rs"]
mod random;
#[path = "case/scenario.rs"]
mod scenario;
#[path = "case/scenarios.rs"]
mod scenarios;
#[path = "case/table.rs"]
mod table;
#[path = "case/world.rs"]
mod world;
