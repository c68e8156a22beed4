//! The long comparison of the two evaluators: random libraries, random cases, decided one by
//! one and as tables.
//!
//! `cargo run --release -p comity-policy --example soak -- --cases 10000000 --seed 1`
//! (`make soak`). Prints the seed, the count and the first difference, and fails if there is
//! one; `--library N` looks at one library of a seed alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness fails by panicking"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use comity_policy::columns::Scratch;
use std::process::ExitCode;
use std::time::Instant;
use support::equal::Seen;

fn main() -> ExitCode {
    let (mut seed, mut cases, mut library) = (1_u64, 10_000_000_u64, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().and_then(|v| v.parse().ok());
        match (arg.as_str(), value) {
            ("--seed", Some(n)) => seed = n,
            ("--cases", Some(n)) => cases = n,
            ("--library", Some(n)) => library = Some(n),
            _ => {
                eprintln!("usage: soak [--cases N] [--seed N] [--library N]");
                return ExitCode::from(2);
            }
        }
    }
    let start = Instant::now();
    let result = match library {
        Some(number) => support::soak::one(seed, number, &mut Scratch::default()),
        None => support::soak::run(seed, cases, |number, seen| {
            if number % 400 == 0 {
                let rate = seen.cases as f64 / start.elapsed().as_secs_f64();
                let left = (cases - seen.cases.min(cases)) as f64 / rate;
                eprint!("\r{} of {cases} cases, about {left:.0} s left   ", seen.cases);
            }
        }),
    };
    eprintln!();
    match result {
        Ok(seen) => {
            say(seed, &seen, 0);
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("{difference}");
            say(seed, &Seen::default(), 1);
            ExitCode::FAILURE
        }
    }
}

fn say(seed: u64, seen: &Seen, differences: u64) {
    println!(
        "seed {seed}: {} cases, {} answers ({} settled by a clause, {} open, {} with a conflict), \
         {differences} differences",
        seen.cases, seen.answers, seen.settled, seen.open, seen.conflicts
    );
}
