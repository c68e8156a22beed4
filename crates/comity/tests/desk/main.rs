//! The desk in a real browser: Chromium without a window, driven as a person would, on
//! `comity demo`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod browser;
mod demo;
mod jobs;
mod looks;
#[path = "../../../comity-store/tests/common/ports.rs"]
mod ports;
mod proof;
mod research;
mod story;
mod tasks;
mod ways;
