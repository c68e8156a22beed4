//! 500 seeds hold, the same seed lives the same life, and rare branches are reached.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_exchange::case::{CommandName, Says, What};
use comity_sim::{Cover, Stage, run, run_many};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

const SEEDS: u64 = 500;
const STEPS: u64 = 80;

/// Every kind of misfortune.
const FAULTS: [&str; 24] = [
    "partition",
    "relay down",
    "crash before a commit",
    "crash after a commit",
    "process ended at a commit",
    "process is stopped",
    "restart",
    "commit lost before",
    "commit lost after",
    "disk full",
    "disk read-only",
    "disk busy",
    "clock jumps ahead",
    "clock jumps back",
    "clock is set right",
    "scheduler sleeps",
    "old mail again",
    "mail to somebody else",
    "forged message",
    "stolen key is used",
    "reply lost",
    "command given again",
    "key is replaced",
    "key is revoked",
];

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
        Stage::load(&here.join("../../policies")).unwrap_or_else(|fault| panic!("{fault}"))
    })
}

fn reached(cover: &Cover, group: &str, names: &[&str]) {
    let never: Vec<&&str> = names.iter().filter(|name| cover.of(group, name) == 0).collect();
    assert!(never.is_empty(), "no seed reached, of {group}: {never:?}");
}

#[test]
fn five_hundred_seeds_hold_and_reach_everything() {
    let cover = Mutex::new(Cover::default());
    let threads = std::thread::available_parallelism().unwrap().get();
    let wrong = Mutex::new(Vec::new());
    run_many(stage(), 0..SEEDS, STEPS, threads, &|outcome| {
        let (seed, step) = (outcome.seed, outcome.steps);
        cover.lock().unwrap().add(&outcome.cover);
        let holds = outcome.violation.is_none();
        if let Some(violation) = outcome.violation {
            wrong.lock().unwrap().push(format!(
                "seed {seed}, step {step}: {violation}\nto see it: cargo run --release -p \
                 comity-sim -- --seed {seed} --steps {STEPS} --trace"
            ));
        }
        holds
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cover = cover.into_inner().unwrap();
    // Few laws of these places and days attach a duty; the state machine's own tests do them.
    let kinds: Vec<&str> = What::KINDS.iter().copied().filter(|k| *k != "duty.done").collect();
    reached(&cover, "event", &kinds);
    reached(&cover, "message", Says::KINDS);
    let commands: Vec<String> = CommandName::ALL
        .iter()
        .filter(|name| !name.roles().is_empty() && **name != CommandName::RecordSearch)
        .map(|name| format!("{name:?}"))
        .collect();
    reached(&cover, "command", &commands.iter().map(String::as_str).collect::<Vec<_>>());
    reached(&cover, "fault", &FAULTS);
    reached(&cover, "packet", &["carried", "lost", "doubled", "delayed", "changed", "cut"]);
    reached(&cover, "head", &["countersigned", "proof owed", "not now", "split view"]);
    reached(
        &cover,
        "lie",
        &[
            "restores an old disk",
            "shows another ledger",
            "dates a message ahead",
            "signs another message of that number",
            "is found out",
        ],
    );
    reached(
        &cover,
        "refusal",
        &["other-version", "future-dated", "contradicts", "unsigned", "claim-open"],
    );
    reached(&cover, "case", &["forgotten"]);
    reached(&cover, "mail", &["waits", "receipted"]);
    reached(&cover, "turn", &["several asks"]);
}

#[test]
fn the_same_seed_lives_the_same_life() {
    for seed in [3, 1_000_003] {
        let first = run(stage(), seed, STEPS, true);
        let again = run(stage(), seed, STEPS, false);
        assert_eq!(first.trace_sha256, again.trace_sha256, "seed {seed}");
        assert_eq!(first.cover, again.cover);
        assert!(first.trace.len() > STEPS as usize);
    }
    let [one, other] = [1, 2].map(|seed| run(stage(), seed, 10, false).trace_sha256);
    assert_ne!(one, other);
}
