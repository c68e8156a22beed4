//! Accounts: sign-in, second factors, sessions, lockout, permissions, audit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "account/factors.rs"]
mod factors;
#[path = "account/lockout.rs"]
mod lockout;
#[path = "account/passwords.rs"]
mod passwords;
#[path = "account/sessions.rs"]
mod sessions;
#[path = "account/world.rs"]
mod world;
