//! A node, and two of them with what is on its way between them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "node/heads.rs"]
mod heads;
#[path = "../../comity-exchange/tests/case/library.rs"]
mod library;
#[path = "node/life.rs"]
mod life;
#[path = "node/trouble.rs"]
mod trouble;
#[path = "node/world.rs"]
mod world;
