//! `comity serve`: one node, until it is told to stop.

use crate::fail::{EXIT_OK, Failure};
use crate::files;
use crate::print::Watched;
use crate::research::Replays;
use comity_server::home::Home;
use comity_server::searcher::Searcher;
use comity_server::serve::{Offers, Server};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Run a node
#[derive(clap::Args)]
#[command(after_help = "Example: comity serve jail\n\nLogs go to standard error as JSON lines; \
COMITY_LOG=debug says more. Ctrl-C stops the node when what is under way is done.")]
pub struct Args {
    /// The node's folder, as `comity node init` made it
    folder: PathBuf,
}

/// What a node offers at the desk: golden cases at the workbench, and replays.
pub fn offers(home: &Home, policies: Option<&Path>) -> Result<Offers, Failure> {
    let replays = Replays {
        folder: home.settings.research.as_ref().map(|folder| home.path(folder)),
        policies: files::policy_files(policies)?,
    };
    Ok(Offers { cases: files::golden_cases(), research: Some(Arc::new(replays)) })
}

/// Runs the command.
pub fn run(args: &Args, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let library = Arc::new(files::library(policies)?);
    let home = Home::open(&args.folder).map_err(|d| Failure::Findings(vec![d]))?;
    comity_server::log::start();
    let searcher = home
        .settings
        .gallery
        .as_ref()
        .map(|folder| Arc::new(Watched { folder: home.path(folder) }) as Arc<dyn Searcher>);
    let offers = offers(&home, policies)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::usage(format!("no threads: {e}")))?;
    runtime.block_on(async {
        let server = Server::start_with(&home, library, searcher, offers).await;
        let server = server.map_err(|d| Failure::Findings(vec![d]))?;
        let scheme = if home.settings.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", server.address);
        let stopped = comity_server::serve::until_stopped();
        if as_json {
            println!("{}", json!({ "listening": url, "party": home.settings.party }));
        } else {
            println!("{} listens on {url}", home.settings.party);
        }
        stopped.await;
        server.stop().await;
        Ok(EXIT_OK)
    })
}
