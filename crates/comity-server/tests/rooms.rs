//! One's own account, administration, ledger, audit and help, as a browser without scripts sees
//! and sends them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "the town has more than these tests need")]

#[path = "rooms/account.rs"]
mod account;
#[path = "rooms/admin.rs"]
mod admin;
#[path = "rooms/doors.rs"]
mod doors;
#[path = "rooms/ledger.rs"]
mod ledger;
#[path = "rooms/outside.rs"]
mod outside;
#[path = "pages/pdf.rs"]
mod pdf;
#[path = "rooms/show.rs"]
mod show;
#[path = "rooms/tab.rs"]
mod tab;
#[path = "live/town.rs"]
mod town;
