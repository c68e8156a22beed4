//! What one node keeps, durably: [`Store`].
//!
//! Everything that a node changes goes through [`Store::commit`]: one [`Batch`], all or nothing,
//! durable when it returns. A batch says on how many leaves it builds; if the ledger has another
//! size by then, it is refused ([`Fault::Conflict`]) and nothing is changed. So of several
//! servers on one database exactly one writes next, and none overwrites what it did not see.
//!
//! Three stores, written separately and tested by one suite: in memory (for the simulator, with
//! faults on request), SQLite, PostgreSQL. None of them reads the time or makes random bytes.

mod backup;
mod batch;
mod check;
mod column;
mod dump;
mod fault;
mod from_row;
mod fsck;
mod json;
mod memory;
mod migration;
mod postgres;
mod row;
mod shelf;
mod sqlite;
mod store;

pub use backup::{BACKUP_FORMAT, Drill, Manifest, backup, drill, read_backup, restore};
pub use batch::{Batch, Change};
pub use check::VALUE_BYTES_MAX;
pub use dump::Row;
pub use fault::Fault;
pub use fsck::{FsckOptions, fsck_store};
pub use memory::{MemoryStore, Trouble};
pub use postgres::{PostgresOptions, PostgresStore};
pub use row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow, role_name,
};
pub use shelf::{TileShelf, key_state};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use store::{Page, Reads, Store, TaskCursor};
