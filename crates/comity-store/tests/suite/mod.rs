//! The behaviors, by what they are about.

pub mod ledger;
pub mod messages;
pub mod order;
pub mod people;
pub mod rest;
