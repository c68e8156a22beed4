//! Counsel's and the researcher's pages, spoken to over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "counsel/bench.rs"]
mod bench;
#[path = "counsel/library.rs"]
mod library_pages;
#[path = "counsel/mapping.rs"]
mod mapping;
#[path = "counsel/research.rs"]
mod research;
#[path = "counsel/show.rs"]
mod show;
#[allow(dead_code, reason = "these tests need a part of the town")]
#[path = "live/town.rs"]
mod town;
