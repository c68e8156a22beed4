//! What every request can reach.

use crate::compared::Comparisons;
use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::searcher::Searcher;
use comity_exchange::Party;
use comity_exchange::case::{CaseId, Side};
use comity_ledger::StoreKey;
use comity_node::{CaseView, read_case};
use comity_policy::Library;
use comity_store::Reads;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// Connections for reading, handed out one at a time.
pub struct Readers {
    free: Mutex<VecDeque<Box<dyn Reads + Send>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// A pool of these.
    pub fn new(readers: Vec<Box<dyn Reads + Send>>) -> Readers {
        let permits = Arc::new(Semaphore::new(readers.len()));
        Readers { free: Mutex::new(readers.into()), permits }
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<Box<dyn Reads + Send>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads, on a thread that may wait for the disk.
    ///
    /// # Errors
    /// The server is stopping.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Readers>,
        call: impl FnOnce(&mut dyn Reads) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let stopping = || Problem::from(comity_store::Fault::Busy("stopping".to_owned()));
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| stopping())?;
        let pool = self.clone();
        // Whoever asked may go away meanwhile: the reader and the permit come back all the same.
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut reader = pool.free().pop_front()?;
            let result =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(reader.as_mut())));
            pool.free().push_back(reader);
            Some(result)
        });
        let result = read.await.ok().flatten().ok_or_else(stopping)?;
        result.map_err(|_| {
            let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "fault", "the server made a mistake; it was noted")
        })
    }
}

impl Drop for Readers {
    /// PostgreSQL's client waits while it closes, which no thread of the runtime may do.
    fn drop(&mut self) {
        let free = std::mem::take(&mut *self.free());
        if let Ok(closing) = std::thread::Builder::new().spawn(move || drop(free)) {
            let _ = closing.join();
        }
    }
}

/// What every request can reach.
pub struct App {
    /// The node.
    pub engine: Engine,
    /// Connections for reading.
    pub readers: Arc<Readers>,
    /// Its party.
    pub party: Party,
    /// Which side it is.
    pub side: Side,
    /// The key that persons' keys are wrapped under.
    pub store_key: StoreKey,
    /// The policies.
    pub library: Arc<Library>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The zone in which lists and pages without a person show moments.
    pub zone: jiff::tz::TimeZone,
    /// The place whose law applies at the agency, where it has one only.
    pub place: Option<String>,
    /// The node's folder and settings.
    pub home: crate::home::Home,
    /// Backups that are made and tried from here.
    pub backups: crate::backups::Backups,
    /// Sign-in.
    pub door: crate::door::Door,
    /// The agency's own sign-in, where it has one.
    pub outside: Option<crate::outside::Outside<crate::pages::sign_in::Waiting>>,
    /// The gallery, at a federal node that has one.
    pub searcher: Option<Arc<dyn Searcher>>,
    /// Prints that were compared a moment ago, for the pages that show them.
    pub comparisons: Comparisons,
    /// What counsel's pages keep.
    pub counsel: crate::pages::policies::Counsel,
    /// Runs over data sets, where the node offers them.
    pub research: Option<Arc<crate::research::Desk>>,
    /// Programs that are told of events.
    pub webhooks: Vec<Arc<crate::webhook::Webhook>>,
}

impl App {
    /// A case with its events.
    ///
    /// # Errors
    /// There is none; it does not open; the store.
    pub async fn case(&self, id: CaseId) -> Result<CaseView, Problem> {
        let (key, side) = (self.store_key.clone(), self.side);
        let read = self.readers.read(move |reads| read_case(reads, &key, side, id));
        read.await?.map_err(Problem::from)
    }

    /// Reads rows.
    ///
    /// # Errors
    /// The store.
    pub async fn rows<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut dyn Reads) -> Result<T, comity_store::Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        self.readers.read(call).await?.map_err(Problem::from)
    }
}
