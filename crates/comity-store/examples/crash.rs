//! Kills a process that writes to a store, again and again, and checks after each kill that
//! nothing acknowledged is lost and that the ledger is whole:
//! `cargo run --release -p comity-store --example crash -- sqlite 1000 [SEED]`, or `postgres`,
//! for which it starts a server of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a run fails by panicking"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::crash::{kill_again_and_again, new_postgres, new_sqlite, write_if_told};

fn main() {
    write_if_told();
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| panic!("name a store: sqlite or postgres"));
    let mut number =
        |or| arguments.next().map_or(or, |text| text.parse::<u64>().expect("a number"));
    let (kills, seed) = (number(1_000), number(1));
    let folder = tempfile::tempdir().unwrap();
    let target = match kind.as_str() {
        "sqlite" => new_sqlite(&folder.path().join("node.db")),
        "postgres" => new_postgres(),
        _ => panic!("`{kind}` is no store: sqlite or postgres"),
    };
    let leaves = kill_again_and_again(&target, &[], kills, seed, |done, leaves| {
        if done % 50 == 0 {
            eprintln!("{done} of {kills} kills, {leaves} leaves");
        }
    });
    println!(
        "{kind}: {kills} kills of seed {seed}, {leaves} leaves: nothing acknowledged is lost, every check clean"
    );
}
