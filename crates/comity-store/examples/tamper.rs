//! Changes bits and rows of a store behind its back, one at a time, and checks that the check
//! of the ledger finds each, names the place, and blames nothing else:
//! `cargo run --release -p comity-store --example tamper -- 10000 [SEED]`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a run fails by panicking"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| {
        text.parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no number of changes or seed"))
    });
    let rounds = numbers.next().unwrap_or(10_000);
    let seed = numbers.next().unwrap_or(1);
    let folder = tempfile::tempdir().unwrap();
    let since = Instant::now();
    let made = common::tamper::tamper(&folder.path().join("node.db"), rounds, seed, |done| {
        if done % 500 == 0 {
            eprintln!("{done} of {rounds}");
        }
    });
    for (kind, count) in made {
        println!("{kind:10} {count}");
    }
    let seconds = since.elapsed().as_secs();
    println!("{rounds} changes of seed {seed}: all found and named, no false alarm; {seconds} s");
}
