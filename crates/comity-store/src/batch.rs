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
    /// The next leaf. Its index must be the number of leaves before it; refused too if its
    /// case has an event of that number.
    Append(LeafRow),
    /// Adds a tile, or takes the place of one that is no wider; refused if a wider one is there.
    PutTile(Tile),
    /// Adds a checkpoint, or the same with more signatures.
    PutCheckpoint(CheckpointRow),
    /// Adds a person's key, held or destroyed; refused if the id is taken.
    AddPersonKey(PersonKeyRow),
    /// Destroys a person's key, overwrites the stored bytes, and forgets what hangs on it:
    /// cases with their tasks, files, cards, the bytes of settled messages and of which case
    /// they are (of others as soon as they are settled). Leaves stay, and no longer say of which
    /// case they are. Refused unless the key is held.
    DestroyPersonKey {
        /// The key.
        id: PersonKeyId,
        /// When.
        at: Timestamp,
    },
    /// Adds or replaces a case's row; refused unless its person's key is held.
    PutCase(CaseRow),
    /// Replaces all tasks of a case; refused if there is no such case, or two have one key.
    PutTasks {
        /// The case.
        case: CaseId,
        /// Its tasks.
        tasks: Vec<TaskRow>,
    },
    /// Adds a file; refused if there is no such case, or the case has it.
    AddFile(FileRow),
    /// Removes every file of a case.
    RemoveFiles(CaseId),
    /// Adds or replaces a peer.
    PutPeer(PeerRow),
    /// Adds a message to the outbox; refused unless its number is the next and its id is new
    /// to the peer.
    Post(OutboxRow),
    /// A message was sent, or is to be sent at another moment; refused if it is not there or
    /// settled, as the next two are.
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
    /// Adds a message to the inbox, or replaces one that waits. Refused if its number is
    /// applied, its id is that of another number, or it is to be applied out of turn.
    PutInbox(InboxRow),
    /// Drops a message that waits; refused if none does.
    DropWaiting {
        /// From whom.
        peer: Party,
        /// Which.
        number: u64,
    },
    /// Adds or replaces an account. Refused unless the version is one more than the stored one,
    /// or 1 for a new one.
    PutAccount(AccountRow),
    /// Adds an account with whatever version it has: how a backup comes back. Refused if there
    /// is one.
    AddAccount(AccountRow),
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
    /// Drops sessions and replies that end before an instant.
    DropEnded(Timestamp),
    /// Sets a named value of the node.
    Set {
        /// Its name.
        name: String,
        /// Its value.
        value: Vec<u8>,
    },
}
