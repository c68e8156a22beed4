//! A store in memory: for tests and the simulator, with faults on request.

mod apply;
mod read;

use crate::batch::Batch;
use crate::check::check;
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use crate::store::{Reads, Store};
use comity_exchange::case::{CaseId, OfficialId};
use comity_exchange::{Digest, Party};
use comity_ledger::{PersonKeyId, Tile};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is kept, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    leaves: BTreeMap<u64, LeafRow>,
    tiles: BTreeMap<(u8, u64), Tile>,
    /// Each with the size of the one before it.
    checkpoints: BTreeMap<u64, (Option<u64>, CheckpointRow)>,
    person_keys: BTreeMap<PersonKeyId, PersonKeyRow>,
    cases: BTreeMap<CaseId, CaseRow>,
    tasks: BTreeMap<(CaseId, String), TaskRow>,
    files: BTreeMap<(CaseId, Digest), FileRow>,
    peers: BTreeMap<Party, PeerRow>,
    outbox: BTreeMap<(Party, u64), OutboxRow>,
    inbox: BTreeMap<(Party, u64), InboxRow>,
    accounts: BTreeMap<OfficialId, AccountRow>,
    sessions: BTreeMap<[u8; 32], SessionRow>,
    audit: BTreeMap<u64, AuditRow>,
    replies: BTreeMap<[u8; 32], ReplyRow>,
    values: BTreeMap<String, Vec<u8>>,
}

/// What is to go wrong in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The process or the connection ends before the commit is made: [`Fault::Other`].
    LostBefore,
    /// The commit is made, and nobody is told: [`Fault::Other`].
    LostAfter,
    /// [`Fault::Full`].
    Full,
    /// [`Fault::ReadOnly`].
    ReadOnly,
    /// [`Fault::Busy`].
    Busy,
}

#[derive(Debug, Clone, Default)]
struct Kept {
    tables: Tables,
    commits: u64,
    always: Option<Trouble>,
    once: BTreeMap<u64, Trouble>,
}

/// A store in memory. A clone is a copy of what is stored, as of a disk; a
/// [`reader`](Store::reader) sees what its store has.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
}

impl Clone for MemoryStore {
    fn clone(&self) -> MemoryStore {
        MemoryStore { kept: Arc::new(Mutex::new(self.lock().clone())) }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// The same store again, as a process sees it that was started anew on the same disk.
    #[must_use]
    pub fn again(&self) -> MemoryStore {
        MemoryStore { kept: Arc::clone(&self.kept) }
    }

    /// Number of calls of [`Store::commit`] so far, refused ones included.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// Lets every commit from now on fail; no more with `None`.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        self.lock().always = trouble;
    }

    /// Lets one commit fail: the one of a number, counted from 1 as [`MemoryStore::commits`]
    /// does.
    pub fn trouble_at(&self, commit: u64, trouble: Trouble) {
        self.lock().once.insert(commit, trouble);
    }

    /// True if both keep the same rows.
    pub fn is_same(&self, other: &MemoryStore) -> bool {
        let mine = self.lock().tables.clone();
        mine == other.lock().tables
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Every change is undone before a lock is let go, so a panic elsewhere leaves no half.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn commit(&mut self, batch: &Batch) -> Result<(), Fault> {
        let mut kept = self.lock();
        kept.commits += 1;
        let number = kept.commits;
        let trouble = kept.once.remove(&number).or(kept.always);
        let why = || format!("commit {number} was to fail");
        match trouble {
            Some(Trouble::LostBefore) => return Err(Fault::Other(why())),
            Some(Trouble::Full) => return Err(Fault::Full(why())),
            Some(Trouble::ReadOnly) => return Err(Fault::ReadOnly(why())),
            Some(Trouble::Busy) => return Err(Fault::Busy(why())),
            Some(Trouble::LostAfter) | None => {}
        }
        check(batch)?;
        apply::apply(&mut kept.tables, batch)?;
        match trouble {
            Some(_) => Err(Fault::Other(why())),
            None => Ok(()),
        }
    }

    fn reader(&self) -> Result<Box<dyn Reads + Send>, Fault> {
        Ok(Box::new(self.again()))
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}
