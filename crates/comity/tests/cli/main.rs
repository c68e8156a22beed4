//! The command as people and scripts use it: what it prints, where, and how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod canary;
mod decide;
mod drop;
mod gallery;
mod generate;
mod ledger;
mod node;
mod policy;
#[path = "../../../comity-store/tests/common/ports.rs"]
mod ports;
mod print;
mod ran;
mod replay;
mod report;
