//! The gallery of a federal node: every submission is searched, and what was found is recorded
//! for an examiner. Nobody is identified here.

use crate::engine::Engine;
use comity_exchange::case::{CaseId, SearchResult, TaskKind};
use comity_node::Ask;
use std::sync::Arc;
use std::time::Duration;

/// A gallery that can be searched with a transaction's file.
pub trait Searcher: Send + Sync {
    /// What a search comes to: nobody, candidates, or why the file cannot be searched.
    fn search(&self, transaction: &[u8]) -> SearchResult;
}

/// How long the searcher sleeps when nothing tells it of something new.
const PAUSE: Duration = Duration::from_millis(500);

/// Searches for as long as the server runs.
pub async fn run(engine: Engine, searcher: Arc<dyn Searcher>) {
    let mut grown = engine.grown();
    loop {
        let waiting = engine.with(waiting).await;
        let Ok(waiting) = waiting else { return };
        let mut recorded = false;
        for (case, file) in waiting {
            let searcher = searcher.clone();
            let searched = tokio::task::spawn_blocking(move || searcher.search(&file)).await;
            let Ok(result) = searched else {
                tracing::error!(%case, "the search failed; it will be tried again");
                continue;
            };
            match engine.ask(Ask::Searched { case, result }).await {
                Ok(_) => recorded = true,
                Err(fault) => {
                    tracing::warn!(%case, code = fault.code(), "search not recorded: {fault}");
                }
            }
        }
        if !recorded {
            let _ = tokio::time::timeout(PAUSE, grown.changed()).await;
        }
    }
}

/// Submissions that wait, with their files.
fn waiting(node: &mut comity_node::Node) -> Vec<(CaseId, Vec<u8>)> {
    let search = serde_json::to_vec(&TaskKind::Search).unwrap_or_default();
    let kind = |body: &[u8]| {
        let task: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let kind = task.and_then(|t| t.get("kind").cloned());
        kind.is_some_and(|k| serde_json::to_vec(&k).is_ok_and(|k| k == search))
    };
    let role = TaskKind::Search.role(comity_exchange::case::Side::Federal);
    let page = node.store().tasks(Some(role), None, 256);
    let cases = page.map(|page| page.rows).unwrap_or_default();
    let cases: Vec<CaseId> = cases.iter().filter(|t| kind(&t.body)).map(|t| t.case).collect();
    let mut out = Vec::new();
    for case in cases.into_iter().take(16) {
        let submitted = node.case(case).ok().flatten().and_then(|case| case.submitted);
        let Some(submitted) = submitted else { continue };
        match node.read_file(case, submitted.submission.file) {
            Ok(Some(file)) => out.push((case, file)),
            Ok(None) => tracing::error!(%case, "the file of a submission is not stored"),
            Err(fault) => tracing::error!(%case, code = fault.code(), "{fault}"),
        }
    }
    out
}
