//! The gallery of a federal node: every submission is searched, and what was found is recorded
//! for an examiner. Nobody is identified here.

use crate::compared::Compared;
use crate::engine::Engine;
use comity_exchange::case::{CaseId, GalleryRecord, SearchResult, TaskKind};
use comity_node::Ask;
use std::sync::Arc;
use std::time::Duration;

/// A gallery that can be searched with a transaction's file.
pub trait Searcher: Send + Sync {
    /// What a search comes to: nobody, candidates, or why the file cannot be searched.
    fn search(&self, transaction: &[u8]) -> SearchResult;

    /// The prints of a transaction's file beside a record of the gallery, for an examiner to look
    /// at. `None` where the gallery has no such record, or cannot show it.
    fn compare(&self, transaction: &[u8], record: GalleryRecord) -> Option<Compared> {
        let _ = (transaction, record);
        None
    }
}

/// How long the searcher sleeps when nothing tells it of something new.
const PAUSE: Duration = Duration::from_millis(500);

/// Searches for as long as the server runs.
pub async fn run(engine: Engine, searcher: Arc<dyn Searcher>) {
    let mut grown = engine.grown();
    loop {
        let waiting = engine.with(waiting).await;
        let Ok(waiting) = waiting else { return };
        // What one search found is made durable while the next one searches.
        let mut recording = tokio::task::JoinSet::new();
        for (case, file) in waiting {
            let searcher = searcher.clone();
            let searched = tokio::task::spawn_blocking(move || searcher.search(&file)).await;
            let Ok(result) = searched else {
                tracing::error!(%case, "the search failed; it will be tried again");
                continue;
            };
            let engine = engine.clone();
            recording.spawn(async move {
                let recorded = engine.ask(Ask::Searched { case, result }).await;
                recorded.map(drop).map_err(|fault| (case, fault))
            });
        }
        let mut recorded = false;
        for done in recording.join_all().await {
            match done {
                Ok(()) => recorded = true,
                Err((case, fault)) => {
                    tracing::warn!(%case, code = fault.code(), "search not recorded: {fault}");
                }
            }
        }
        if !recorded {
            let _ = tokio::time::timeout(PAUSE, grown.changed()).await;
        }
    }
}

/// Submissions that wait, with their files. All of the worklist is gone through: candidates that
/// wait for an examiner stand in it too, and must not keep a search from its turn.
fn waiting(node: &mut comity_node::Node) -> Vec<(CaseId, Vec<u8>)> {
    let role = TaskKind::Search.role(comity_exchange::case::Side::Federal);
    let (mut cases, mut after) = (Vec::new(), None);
    while cases.len() < AT_ONCE {
        let page = match node.store().tasks(Some(role), after.as_ref(), 256) {
            Ok(page) => page,
            Err(fault) => {
                tracing::error!(code = fault.code(), "the worklist cannot be read: {fault}");
                break;
            }
        };
        let searches = page.rows.iter().filter(|t| t.key.starts_with(TaskKind::Search.says()));
        cases.extend(searches.map(|task| task.case));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut out = Vec::new();
    for case in cases.into_iter().take(AT_ONCE) {
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

/// Most files that are held in memory for searching.
const AT_ONCE: usize = 16;
