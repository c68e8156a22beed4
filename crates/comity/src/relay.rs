//! `comity relay`: passes letters on, until it is told to stop.

use crate::fail::{EXIT_OK, Failure};
use comity_model::Diagnostic;
use comity_server::relay::{Relay, RelaySettings};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Pass sealed letters on between nodes that do not reach each other
#[derive(clap::Args)]
#[command(after_help = "Example: comity relay bureau.toml\n\n\
    listen = \"0.0.0.0:8444\"\n    tls = { certificate = \"chain.pem\", key = \"key.pem\" }\n\
    [[party]]\n    name = \"jail.example/party\"\n    url = \"https://jail.example:8443\"\n\n\
The relay sees who sends to whom, when, and how much; letters are sealed from end to end. What it \
cannot pass on stays with its sender, who tries again. Logs go to standard error as JSON lines.")]
pub struct Args {
    /// Its settings; paths in them start in the file's folder
    settings: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let in_file = |mut fault: Diagnostic| {
        if fault.file.is_empty() {
            fault.file = args.settings.display().to_string();
        }
        Failure::Findings(vec![fault])
    };
    let text = std::fs::read_to_string(&args.settings)
        .map_err(|e| in_file(Diagnostic::error("not-read", e.to_string())))?;
    let settings = RelaySettings::parse(&text).map_err(in_file)?;
    let folder = args.settings.parent().unwrap_or(Path::new("."));
    comity_server::log::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::usage(format!("no threads: {e}")))?;
    runtime.block_on(async {
        let relay = Relay::start(&settings, folder).await.map_err(in_file)?;
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", relay.address);
        let stopped = comity_server::serve::until_stopped();
        if as_json {
            println!("{}", json!({ "listening": url, "parties": settings.party.len() }));
        } else {
            println!("the relay listens on {url}, for {} parties", settings.party.len());
        }
        stopped.await;
        relay.stop().await;
        Ok(EXIT_OK)
    })
}
