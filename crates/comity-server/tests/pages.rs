//! Pages of the desk on real ports, as a browser without scripts sees and sends them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "pages/browser.rs"]
mod browser;
#[path = "pages/clerk.rs"]
mod clerk;
#[path = "pages/hostile.rs"]
mod hostile;
#[path = "pages/pdf.rs"]
mod pdf;
#[path = "pages/second.rs"]
mod second;
#[path = "pages/story.rs"]
mod story;
#[allow(dead_code, reason = "another test program uses the rest")]
#[path = "live/town.rs"]
mod town;
