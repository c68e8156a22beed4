//! Structured logs. What is logged are codes, counts, ids of cases and messages; no field of a
//! person is ever given to a log, and types that hold one print nothing of it.

use tracing_subscriber::EnvFilter;

/// Starts logging to standard error, as JSON lines. `COMITY_LOG` chooses what: `debug`,
/// `comity_server=trace`.
pub fn start() {
    start_with("info");
}

/// The same, of errors alone: for a command that tells its own story.
pub fn start_quiet() {
    start_with("error");
}

fn start_with(usual: &str) {
    let filter = EnvFilter::try_from_env("COMITY_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let started = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
    // An error says that somebody has started it before.
    let _ = started;
}
