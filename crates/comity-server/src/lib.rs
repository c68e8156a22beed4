//! A node as a server.
//!
//! - [`account`]: who may sign in, with what, and what each role may do.
//! - [`engine`]: the node on a thread of its own; one commit serves everybody who waits.
//! - [`routes`]: every route and what it needs, as one table; [`api`] answers them.
//! - [`mailer`], [`alarm`], [`searcher`], [`webhook`]: what goes on without being asked.
//! - [`import`]: bookings of a jail's own software, by a folder or many in one call.
//! - [`research`]: runs over data sets, behind a trait.
//! - [`home`], [`serve`]: a node's folder, and the node up and running from it.

pub mod account;
pub mod alarm;
pub mod api;
pub mod app;
pub mod backups;
pub mod compared;
pub mod demo;
pub mod door;
pub mod engine;
pub mod figures;
pub mod health;
pub mod home;
pub mod import;
pub mod keys;
pub mod listen;
pub mod log;
pub mod mailer;
pub mod metrics;
pub mod openapi;
pub mod outside;
pub mod pages;
pub mod parcel;
pub mod post;
pub mod problem;
pub mod relay;
pub mod research;
pub mod review;
pub mod routes;
pub mod searcher;
pub mod second;
pub mod serve;
pub mod webhook;
