//! Accounts: sign-in, second factors, sessions, lockout, permissions, audit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "account/admin.rs"]
mod admin;
#[path = "account/audit.rs"]
mod audit;
#[path = "account/documents.rs"]
mod documents;
#[path = "account/factors.rs"]
mod factors;
#[path = "account/lockout.rs"]
mod lockout;
#[path = "account/oidc.rs"]
mod oidc;
#[path = "account/passkeys.rs"]
mod passkeys;
#[path = "account/passwords.rs"]
mod passwords;
#[path = "account/permissions.rs"]
mod permissions;
#[path = "account/sessions.rs"]
mod sessions;
#[path = "account/world.rs"]
mod world;
