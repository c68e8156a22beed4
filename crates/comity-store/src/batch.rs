//! What is changed together.

use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use comity_exchange::Party;
use comity_exchange::case::{CaseId, OfficialId};
use comity_ledger::{PersonKeyId, Tile};
use jiff::Timestamp;

/// Changes that are made all together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Leaves that the ledger has before this batch. `None` where nothing in it rests on the
    /// ledger (an audit line, a session, an attempt to send).
    pub expects: Option<u64>,
    /// In this order.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The next leaf. Its index must be the number of leaves before it.
    Append(LeafRow),
    /// Adds a tile; a wider one of its place takes the place of a narrower one.
    PutTile(Tile),
    /// Adds a checkpoint, or the same with more signatures.
    PutCheckpoint(CheckpointRow),
    /// Adds a person's key; refused if the id is taken.
    AddPersonKey(PersonKeyRow),
    /// Destroys a person's key, overwrites the stored bytes, and forgets what hangs on it:
    /// cases with their tasks, files, cards, the bytes of settled messages. Leaves stay, and no
    /// longer say of which case they are.
    DestroyPersonKey {
        /// The key.
        id: PersonKeyId,
        /// When.
        at: Timestamp,
    },
    /// Adds or replaces a case's row.
    PutCase(CaseRow),
    /// Replaces all tasks of a case.
    PutTasks {
        /// The case.
        case: CaseId,
        /// Its tasks.
        tasks: Vec<TaskRow>,
    },
    /// Adds a file.
    AddFile(FileRow),
    /// Removes every file of a case.
    RemoveFiles(CaseId),
    /// Adds or replaces a peer.
    PutPeer(PeerRow),
    /// Adds a message to the outbox; refused if its number or id is taken.
    Post(OutboxRow),
    /// A message was sent, or its signature or moment changed.
    Attempt {
        /// To whom.
        peer: Party,
        /// Which.
        number: u64,
        /// How often it was sent by now.
        attempts: u32,
        /// When to send it again.
        due_at: Timestamp,
    },
    /// The signed bytes of a message on its way, signed again with another key.
    SignAgain {
        /// To whom.
        peer: Party,
        /// Which.
        number: u64,
        /// The new bytes.
        bytes: Vec<u8>,
    },
    /// A message was receipted.
    Settle {
        /// To whom.
        peer: Party,
        /// Which.
        number: u64,
        /// The receipt.
        receipt: Vec<u8>,
    },
    /// Adds a message to the inbox, or replaces one that waits.
    PutInbox(InboxRow),
    /// Drops a message that waits.
    DropWaiting {
        /// From whom.
        peer: Party,
        /// Which.
        number: u64,
    },
    /// Adds or replaces an account. Refused unless the version is one more than the stored one,
    /// or 1 for a new one.
    PutAccount(AccountRow),
    /// Adds or replaces a session.
    PutSession(SessionRow),
    /// Ends a session.
    RemoveSession([u8; 32]),
    /// Ends all sessions of an account.
    RemoveSessions(OfficialId),
    /// The next line of the audit. Its number must be one more than the last.
    Audit(AuditRow),
    /// Keeps a reply; refused if there is one.
    PutReply(ReplyRow),
    /// Drops sessions and replies that ended before an instant.
    DropEnded(Timestamp),
    /// Sets a named value of the node.
    Set {
        /// Its name.
        name: String,
        /// Its value.
        value: Vec<u8>,
    },
}
