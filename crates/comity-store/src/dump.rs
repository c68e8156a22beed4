//! Rows of all kinds, one after the other: what a backup is made of and comes back from.

use crate::batch::Change;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use comity_ledger::Tile;

/// A row of some table. The order of the kinds is the one in which a store gives them and takes
/// them back: a row comes after those that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// By id.
    PersonKey(PersonKeyRow),
    /// By id.
    Case(CaseRow),
    /// By index.
    Leaf(LeafRow),
    /// By level and index.
    Tile(Tile),
    /// By size.
    Checkpoint(CheckpointRow),
    /// All tasks of one case, by key; cases by id.
    Tasks(Vec<TaskRow>),
    /// By case and digest.
    File(FileRow),
    /// By name.
    Peer(PeerRow),
    /// By peer and number.
    Outbox(OutboxRow),
    /// By peer and number.
    Inbox(InboxRow),
    /// By name.
    Account(AccountRow),
    /// By token.
    Session(SessionRow),
    /// By number.
    Audit(AuditRow),
    /// By key.
    Reply(ReplyRow),
    /// By name.
    Value {
        /// Its name.
        name: String,
        /// Its value.
        value: Vec<u8>,
    },
}

impl Row {
    /// The change that puts the row into an empty store, after the rows before it. `None` for
    /// the tasks of no case.
    pub fn into_change(self) -> Option<Change> {
        Some(match self {
            Row::PersonKey(row) => Change::AddPersonKey(row),
            Row::Case(row) => Change::PutCase(row),
            Row::Leaf(row) => Change::Append(row),
            Row::Tile(tile) => Change::PutTile(tile),
            Row::Checkpoint(row) => Change::PutCheckpoint(row),
            Row::Tasks(tasks) => Change::PutTasks { case: tasks.first()?.case, tasks },
            Row::File(row) => Change::AddFile(row),
            Row::Peer(row) => Change::PutPeer(row),
            Row::Outbox(row) => Change::Post(row),
            Row::Inbox(row) => Change::PutInbox(row),
            Row::Account(row) => Change::AddAccount(row),
            Row::Session(row) => Change::PutSession(row),
            Row::Audit(row) => Change::Audit(row),
            Row::Reply(row) => Change::PutReply(row),
            Row::Value { name, value } => Change::Set { name, value },
        })
    }

    /// The name of its table.
    pub fn table(&self) -> &'static str {
        match self {
            Row::PersonKey(_) => "person_keys",
            Row::Case(_) => "cases",
            Row::Leaf(_) => "leaves",
            Row::Tile(_) => "tiles",
            Row::Checkpoint(_) => "checkpoints",
            Row::Tasks(_) => "tasks",
            Row::File(_) => "files",
            Row::Peer(_) => "peers",
            Row::Outbox(_) => "outbox",
            Row::Inbox(_) => "inbox",
            Row::Account(_) => "accounts",
            Row::Session(_) => "sessions",
            Row::Audit(_) => "audit",
            Row::Reply(_) => "replies",
            Row::Value { .. } => "named_values",
        }
    }
}
