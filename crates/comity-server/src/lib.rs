//! A node as a server.
//!
//! - [`account`]: who may sign in, with what, and what each role may do.

pub mod account;
