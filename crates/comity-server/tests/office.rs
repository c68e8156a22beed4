//! The pages of a federal office, as a browser without JavaScript sees them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "office/board.rs"]
mod board;
#[path = "office/browser.rs"]
mod browser;
#[path = "office/determine.rs"]
mod determine;
#[path = "office/examiner.rs"]
mod examiner;
#[path = "office/requests.rs"]
mod requests;
#[allow(dead_code, reason = "another test program uses the rest")]
#[path = "live/town.rs"]
mod town;
