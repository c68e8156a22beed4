//! The simulator: the nodes of an office and one or two agencies run in one process on
//! simulated disks, over a simulated network, with simulated clocks, all under one seed. The
//! code of the nodes is the one that the server runs.
//!
//! [`run`] lives one seed and checks after every step what must hold; what does not hold is a
//! [`Violation`], and the same seed shows it again.

mod canary;
mod check;
mod cover;
mod desk;
mod dice;
mod end;
mod fault;
mod house;
mod lies;
mod net;
mod shadow;
mod stage;
mod story;
mod trace;
mod turn;
mod world;

pub use cover::Cover;
pub use fault::{Checked, Violation};
pub use stage::{Place, Stage};

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use world::World;

/// What one seed came to.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Steps that were lived.
    pub steps: u64,
    /// Leaves of all ledgers together.
    pub leaves: u64,
    /// SHA-256 over the trace.
    pub trace_sha256: String,
    /// The trace's lines, if they were kept.
    pub trace: Vec<String>,
    /// What was reached.
    pub cover: Cover,
    /// What did not hold.
    pub violation: Option<Violation>,
}

/// Lives one seed for so many steps, and then its end.
pub fn run(stage: &Stage, seed: u64, steps: u64, keeps_trace: bool) -> Outcome {
    let mut outcome = Outcome {
        seed,
        steps: 0,
        leaves: 0,
        trace_sha256: String::new(),
        trace: Vec::new(),
        cover: Cover::default(),
        violation: None,
    };
    let mut world = match World::new(stage, seed, keeps_trace) {
        Ok(world) => world,
        Err(violation) => {
            outcome.violation = Some(violation);
            return outcome;
        }
    };
    let lived = (0..steps).try_for_each(|_| world.step()).and_then(|()| world.end());
    if let Err(violation) = lived {
        world.trace.line(format!("violation: {violation}"));
        outcome.violation = Some(violation);
    }
    outcome.steps = world.step;
    outcome.leaves = world.houses.iter().map(|h| h.shadow.size()).sum();
    outcome.trace_sha256 = world.trace.hash();
    outcome.trace = world.trace.lines.take().unwrap_or_default();
    outcome.cover = world.cover;
    outcome
}

/// Lives many seeds, one on each thread at a time. `told` hears of each, in any order, and says
/// whether to go on.
pub fn run_many(
    stage: &Stage,
    seeds: Range<u64>,
    steps: u64,
    threads: usize,
    told: &(dyn Fn(Outcome) -> bool + Sync),
) {
    let (next, ends) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let live = || {
        while !ends.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            if !told(run(stage, seed, steps, false)) {
                ends.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(live);
        }
    });
}
