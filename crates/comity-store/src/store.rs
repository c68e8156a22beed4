//! What a store can do.

use crate::batch::Batch;
use crate::dump::Row;
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use comity_exchange::case::{CaseId, OfficialId, OfficialRole};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::{PersonKeyId, Tile, TileId};
use jiff::Timestamp;

/// A part of a list, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The part.
    pub rows: Vec<T>,
    /// Given to the next call; `None` at the end.
    pub next: Option<C>,
}

/// Where a worklist goes on: after this task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCursor {
    /// When the last task shown is due.
    pub due_at: Timestamp,
    /// Its case.
    pub case: CaseId,
    /// Its key.
    pub key: String,
}

impl TaskCursor {
    /// After a task.
    pub fn of(task: &TaskRow) -> TaskCursor {
        TaskCursor { due_at: task.due_at, case: task.case, key: task.key.clone() }
    }
}

/// Reading. Each call sees one state of the store; two calls may see two.
pub trait Reads {
    /// Number of leaves: one more than the largest index, so that a gap is seen and not hidden.
    fn size(&mut self) -> Result<u64, Fault>;
    /// Leaves from an index on, at most `max` of them, in order.
    fn leaves(&mut self, from: u64, max: usize) -> Result<Vec<LeafRow>, Fault>;
    /// All leaves of a case, in the order of its events.
    fn leaves_of(&mut self, case: CaseId) -> Result<Vec<LeafRow>, Fault>;
    /// A tile; the widest stored one of that place, if it is at least as wide.
    fn tile(&mut self, id: TileId) -> Result<Option<Tile>, Fault>;
    /// All tiles of a level at the right edge and elsewhere, for fsck: by level and index.
    fn tiles(&mut self, after: Option<TileId>, max: usize) -> Result<Vec<Tile>, Fault>;
    /// Checkpoints of at least a size, by size, at most `max`.
    fn checkpoints(&mut self, from_size: u64, max: usize) -> Result<Vec<CheckpointRow>, Fault>;
    /// The largest checkpoint.
    fn checkpoint(&mut self) -> Result<Option<CheckpointRow>, Fault>;
    /// A person's key.
    fn person_key(&mut self, id: PersonKeyId) -> Result<Option<PersonKeyRow>, Fault>;
    /// A case's row.
    fn case(&mut self, case: CaseId) -> Result<Option<CaseRow>, Fault>;
    /// The case with a booking number, by the number's keyed hash; the last opened if several.
    fn case_by_number(&mut self, number_ref: &[u8; 32]) -> Result<Option<CaseRow>, Fault>;
    /// Cases, the last changed first; of those in custody alone on request. The cursor is the
    /// last one of the page before.
    fn cases(
        &mut self,
        in_custody: bool,
        after: Option<(Timestamp, CaseId)>,
        max: usize,
    ) -> Result<Page<CaseRow, (Timestamp, CaseId)>, Fault>;
    /// Number of cases, and of those in custody.
    fn case_counts(&mut self) -> Result<(u64, u64), Fault>;
    /// Cases that the scheduler must look at by an instant, the earliest first.
    fn cases_due(&mut self, by: Timestamp, max: usize) -> Result<Vec<CaseRow>, Fault>;
    /// When the scheduler must look next.
    fn next_at(&mut self) -> Result<Option<Timestamp>, Fault>;
    /// The worklist of a role (of all roles with `None`), by due time.
    fn tasks(
        &mut self,
        role: Option<OfficialRole>,
        after: Option<&TaskCursor>,
        max: usize,
    ) -> Result<Page<TaskRow, TaskCursor>, Fault>;
    /// The tasks of a case, by due time.
    fn tasks_of(&mut self, case: CaseId) -> Result<Vec<TaskRow>, Fault>;
    /// A file of a case.
    fn file(&mut self, case: CaseId, digest: Digest) -> Result<Option<FileRow>, Fault>;
    /// All peers, by name.
    fn peers(&mut self) -> Result<Vec<PeerRow>, Fault>;
    /// The number of the next message to a peer.
    fn outbox_next(&mut self, peer: &Party) -> Result<u64, Fault>;
    /// Messages to a peer that are not settled, by number, at most `max`.
    fn outbox_pending(&mut self, peer: &Party, max: usize) -> Result<Vec<OutboxRow>, Fault>;
    /// Messages that are to be sent by an instant, by peer and number, at most `max`.
    fn outbox_due(&mut self, by: Timestamp, max: usize) -> Result<Vec<OutboxRow>, Fault>;
    /// When the next message is to be sent.
    fn outbox_next_at(&mut self) -> Result<Option<Timestamp>, Fault>;
    /// A message that was sent, settled or not.
    fn outbox(&mut self, peer: &Party, number: u64) -> Result<Option<OutboxRow>, Fault>;
    /// The number of the first message from a peer that is not applied.
    fn inbox_next(&mut self, peer: &Party) -> Result<u64, Fault>;
    /// A message from a peer by number.
    fn inbox(&mut self, peer: &Party, number: u64) -> Result<Option<InboxRow>, Fault>;
    /// A message from a peer by id.
    fn inbox_by_id(&mut self, peer: &Party, id: EnvelopeId) -> Result<Option<InboxRow>, Fault>;
    /// Messages from a peer that wait, by number.
    fn inbox_waiting(&mut self, peer: &Party) -> Result<Vec<InboxRow>, Fault>;
    /// An account.
    fn account(&mut self, id: &OfficialId) -> Result<Option<AccountRow>, Fault>;
    /// All accounts, by name.
    fn accounts(&mut self) -> Result<Vec<AccountRow>, Fault>;
    /// A session.
    fn session(&mut self, token_sha256: &[u8; 32]) -> Result<Option<SessionRow>, Fault>;
    /// The sessions of an account.
    fn sessions_of(&mut self, account: &OfficialId) -> Result<Vec<SessionRow>, Fault>;
    /// The last line of the audit.
    fn audit_last(&mut self) -> Result<Option<AuditRow>, Fault>;
    /// Lines of the audit from a number on, at most `max`; of one case or account on request.
    fn audit(
        &mut self,
        from: u64,
        case: Option<CaseId>,
        account: Option<&OfficialId>,
        max: usize,
    ) -> Result<Vec<AuditRow>, Fault>;
    /// A reply that was kept.
    fn reply(&mut self, key_sha256: &[u8; 32]) -> Result<Option<ReplyRow>, Fault>;
    /// A named value of the node.
    fn value(&mut self, name: &str) -> Result<Option<Vec<u8>>, Fault>;
    /// Gives every row as of one moment, in the order of [`Row`]. Ends early with the first
    /// error that `each` returns.
    fn dump(&mut self, each: &mut dyn FnMut(Row) -> Result<(), Fault>) -> Result<(), Fault>;
}

/// A store that can be written.
pub trait Store: Reads + Send {
    /// Makes the changes of a batch, all or none. When it returns they are durable: they survive
    /// the loss of power.
    ///
    /// # Errors
    /// [`Fault`]; nothing is changed then. After a [`Fault::Busy`] or [`Fault::Other`] from a
    /// server that went away it may not be known whether the batch was made: read
    /// [`Reads::size`] again before going on.
    fn commit(&mut self, batch: &Batch) -> Result<(), Fault>;

    /// Another connection for reading, for use beside this one.
    ///
    /// # Errors
    /// [`Fault`].
    fn reader(&self) -> Result<Box<dyn Reads + Send>, Fault>;

    /// The name of the kind of store: `memory`, `sqlite`, `postgres`.
    fn kind(&self) -> &'static str;
}
