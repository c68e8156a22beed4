//! The `comity` command: one file per subcommand, no logic.

mod bulk;
mod clock;
mod cluster;
mod decide;
mod demo;
mod fail;
mod files;
mod generate;
mod ledger;
mod mapping;
mod node;
mod policy;
mod print;
mod receipt;
mod relay;
mod replay;
mod report;
mod research;
mod serve;
mod table;

use clap::{CommandFactory, Parser, Subcommand};
use comity_replay::bulk::guard::is_reading;
use std::path::PathBuf;
use std::process::ExitCode;

/// Faster than the system's, and takes less memory (docs/adr/0058-mimalloc.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Decide one custody case, check and test policies, read the custody clock, replay records.
#[derive(Parser)]
#[command(name = "comity", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    /// Folder of policy files; without it ./policies, or the library inside the binary
    #[arg(long, global = true, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 settled and in order; 1 a file is wrong or a case differs; \
2 wrong use, or a file cannot be read or written; 3 the answer is undetermined.\n\n\
Comity is not legal advice. Rules marked \"not verified\" were not checked against their source.";

#[derive(Subcommand)]
enum Command {
    /// Decide one case and explain every answer
    Decide(decide::Args),
    /// List, show, check, test and compare policies
    #[command(subcommand)]
    Policy(policy::Command),
    /// Read the custody clock of a case
    Clock(clock::Args),
    /// Decide years of real records under chosen policies
    Replay(replay::Args),
    /// Say which mapping a data file is for
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// Make synthetic national records from stated distributions
    Generate(generate::Args),
    /// Answer questions from published national tables: coverage, roll-out, volumes, declines
    #[command(subcommand)]
    Report(report::Command),
    /// Scheduler and executors of a cluster that replays together
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Make a result again from its receipt, and compare
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Read and convert fingerprints
    #[command(subcommand)]
    Print(print::Command),
    /// Check a ledger, prove a record, verify evidence offline
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Make a node of the exchange and look after it
    #[command(subcommand)]
    Node(node::Command),
    /// Run a node of the exchange
    Serve(serve::Args),
    /// Pass sealed letters on between nodes that do not reach each other
    Relay(relay::Args),
    /// Play a day of a county jail and a federal office on this machine
    Demo(demo::Args),
    /// Print a completion script for a shell
    #[command(after_help = "Example: comity completions bash > /etc/bash_completion.d/comity")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    // A reader that panics on a damaged file is an error with the file's name: said once.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Nobody reads on (`| head`): the code of a program that a closed pipe ended.
        if info.payload_as_str().is_some_and(|m| m.starts_with("failed printing to stdout")) {
            std::process::exit(141);
        }
        if !is_reading() {
            usual(info);
        }
    }));
    let cli = Cli::parse();
    let result = run(&cli);
    ExitCode::from(result.unwrap_or_else(|failure| failure.report(cli.json)))
}

fn run(cli: &Cli) -> Result<u8, fail::Failure> {
    let policies = cli.policies.as_deref();
    match &cli.command {
        Command::Decide(args) => decide::run(args, policies, cli.json),
        Command::Policy(command) => policy::run(command, policies, cli.json),
        Command::Clock(args) => clock::run(args, policies, cli.json),
        Command::Replay(args) => replay::run(args, policies, cli.json),
        Command::Generate(args) => generate::run(args, cli.json),
        Command::Mapping(command) => mapping::run(command, policies, cli.json),
        Command::Report(command) => report::run(command, policies, cli.json),
        Command::Cluster(command) => cluster::run(command),
        Command::Receipt(command) => receipt::run(command, cli.json, &again),
        Command::Print(command) => print::run(command, cli.json),
        Command::Ledger(command) => ledger::run(command, cli.json),
        Command::Node(command) => node::run(command, policies, cli.json),
        Command::Demo(args) => demo::run(args, policies, cli.json),
        Command::Serve(args) => serve::run(args, policies, cli.json),
        Command::Relay(args) => relay::run(args, cli.json),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "comity", &mut std::io::stdout());
            Ok(fail::EXIT_OK)
        }
    }
}

/// Runs a command line of a receipt in a program of its own, so that what it prints is its own.
fn again(words: &[String]) -> Result<(), fail::Failure> {
    let wrong = |e: String| fail::Failure::usage(format!("the command cannot run again: {e}"));
    let program = std::env::current_exe().map_err(|e| wrong(e.to_string()))?;
    let arguments = words.get(1..).unwrap_or_default();
    let ran = std::process::Command::new(program).args(arguments).output();
    let ran = ran.map_err(|e| wrong(e.to_string()))?;
    match ran.status.code() {
        Some(0 | 1) => Ok(()),
        _ => Err(wrong(String::from_utf8_lossy(&ran.stderr).trim().to_owned())),
    }
}
