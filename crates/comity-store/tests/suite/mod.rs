//! The behaviors, by what they are about.

pub mod ledger;
pub mod messages;
pub mod people;
pub mod rest;
