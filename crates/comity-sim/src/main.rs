//! `comity-sim`: lives seeds, and says which one does not hold.

use clap::Parser;
use comity_sim::{Cover, Outcome, Stage, run, run_many};
use serde_json::json;
use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Runs the nodes of an office and of agencies under chance, and checks after every step what
/// must hold.
#[derive(Debug, Parser)]
#[command(
    name = "comity-sim",
    after_help = "Examples:\n  comity-sim --seeds 10000\n  comity-sim --seed 4711 --trace"
)]
struct Arguments {
    /// How many seeds are lived.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// One seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Steps of each.
    #[arg(long, default_value_t = 80)]
    steps: u64,
    /// With `--seed`: prints what happened in each step.
    #[arg(long)]
    trace: bool,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
    /// Goes on after a seed that does not hold.
    #[arg(long)]
    keep_going: bool,
    /// The folder of the policies.
    #[arg(long, default_value = "policies")]
    policies: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stage = match Stage::load(&arguments.policies) {
        Ok(stage) => stage,
        Err(fault) => {
            eprintln!("comity-sim: {}: {fault}", arguments.policies.display());
            eprintln!("run it in the repository, or name its folder with --policies");
            return ExitCode::from(2);
        }
    };
    let sum = Mutex::new(Sum::default());
    if let Some(seed) = arguments.seed {
        let outcome = run(&stage, seed, arguments.steps, arguments.trace);
        for line in &outcome.trace {
            println!("{line}");
        }
        eprintln!("seed {seed}: trace {}", outcome.trace_sha256);
        add(&arguments, 1, &sum, outcome);
    } else {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let end = arguments.from.saturating_add(arguments.seeds);
        run_many(&stage, arguments.from..end, arguments.steps, threads, &|outcome| {
            add(&arguments, arguments.seeds, &sum, outcome)
        });
        eprintln!();
    }
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    print_result(&arguments, &sum);
    if sum.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What all seeds came to.
#[derive(Default)]
struct Sum {
    lived: u64,
    leaves: u64,
    failed: Vec<Outcome>,
    cover: Cover,
}

/// Adds one seed; true if the next is to be lived.
fn add(arguments: &Arguments, count: u64, sum: &Mutex<Sum>, outcome: Outcome) -> bool {
    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
    sum.lived += 1;
    sum.leaves += outcome.leaves;
    sum.cover.add(&outcome.cover);
    let holds = outcome.violation.is_none();
    if !holds {
        tell(&outcome, arguments.steps);
        sum.failed.push(outcome);
    }
    if sum.lived.is_multiple_of(100) {
        eprint!("\r{} of {count} seeds, {} failed", sum.lived, sum.failed.len());
        let _ = std::io::stderr().flush();
    }
    holds || arguments.keep_going
}

fn tell(outcome: &Outcome, steps: u64) {
    let Outcome { seed, steps: step, violation, .. } = outcome;
    if let Some(violation) = violation {
        eprintln!("\nseed {seed} does not hold in step {step}: {violation}");
        eprintln!("to see it again: comity-sim --seed {seed} --steps {steps} --trace");
    }
}

fn print_result(arguments: &Arguments, sum: &Sum) {
    let Sum { lived, leaves, failed, cover } = sum;
    if arguments.json {
        let failures: Vec<_> = failed
            .iter()
            .map(|o| {
                let violation = o.violation.as_ref();
                json!({ "seed": o.seed, "step": o.steps,
                        "rule": violation.map(|v| v.rule),
                        "what": violation.map(|v| v.what.clone()) })
            })
            .collect();
        let result = json!({ "seeds": lived, "steps": arguments.steps, "leaves": leaves,
                             "failures": failures, "cover": cover });
        println!("{result:#}");
        return;
    }
    for (group, counts) in cover.groups() {
        println!("{group}");
        for (name, count) in counts {
            println!("  {count:>10}  {name}");
        }
    }
    println!("{lived} seeds, {leaves} leaves, {} failed", failed.len());
}
