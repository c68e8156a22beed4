//! Replays over many machines: scheduler and executors of Apache Ballista, and object stores.
//!
//! The mental model: a replay is a plan of one projection, `decide(question, part)`, over the
//! list of the table's parts. The question (the files of policies and of the mapping, as text)
//! travels as an argument; an executor compiles it once and asks it of every part that it is
//! given, with the code that a replay on one machine runs. What comes back for a part is its
//! counts; the command adds them up. A part that is asked twice counts once.
//!
//! This is the only crate that knows `DataFusion` (docs/adr/0018-cluster.md).

pub mod client;
pub mod decide;
pub mod job;
pub mod link;
pub mod logger;
pub mod roles;
pub mod stores;
pub mod version;
pub mod wire;

pub use client::Cluster;
