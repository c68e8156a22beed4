//! What is kept, table by table. Bytes named `sealed` are under a person's key; bytes named
//! `body` are JSON that the layer above reads and writes. No personal data stands in the clear.

use comity_exchange::case::{CaseId, OfficialId, OfficialRole, Version};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::PersonKeyId;
use jiff::Timestamp;

/// A leaf of the ledger with its sealed event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRow {
    /// Its place in the ledger, from 0.
    pub index: u64,
    /// Its bytes.
    pub leaf: Vec<u8>,
    /// The sealed event. Stays when the person's key is destroyed.
    pub sealed: Vec<u8>,
    /// The case and the event's number in it. `None`: an event of the node, or of a case that
    /// was forgotten.
    pub of: Option<(CaseId, Version)>,
}

/// A person's key, wrapped under the node's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonKeyRow {
    /// Its id.
    pub id: PersonKeyId,
    /// The wrapped key; `None` once it was destroyed.
    pub wrapped: Option<Vec<u8>>,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

/// A case, as lists and the scheduler need it. The case itself is the fold of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// Its id.
    pub case: CaseId,
    /// The party on the other side.
    pub peer: Party,
    /// The person's key.
    pub person_key: PersonKeyId,
    /// The number of its last event.
    pub version: Version,
    /// When its first event was recorded.
    pub opened_at: Timestamp,
    /// When its last event was recorded.
    pub changed_at: Timestamp,
    /// When custody ended.
    pub ended_at: Option<Timestamp>,
    /// When the scheduler must look at it next.
    pub next_at: Option<Timestamp>,
    /// What the party's people know the person by (name, booking number), sealed.
    pub card_sealed: Option<Vec<u8>>,
    /// Keyed hash of the booking number, to find the case by.
    pub number_ref: Option<[u8; 32]>,
}

/// Something to do in a case: what worklists show. All of a case's tasks are replaced together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// The case.
    pub case: CaseId,
    /// Names the task inside the case ([`Task::key`](comity_exchange::case::Task::key)).
    pub key: String,
    /// The task as JSON.
    pub body: Vec<u8>,
    /// Who does it.
    pub role: OfficialRole,
    /// When it is due.
    pub due_at: Timestamp,
}

/// A file that belongs to a case: a print transaction. Goes with the person's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// SHA-256 of the file before sealing.
    pub digest: Digest,
    /// The case.
    pub case: CaseId,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// A checkpoint of this node's ledger, with every signature that it has so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Leaves that it covers. One checkpoint is kept for each size.
    pub size: u64,
    /// The signed note.
    pub note: Vec<u8>,
}

/// Another party: its address, keys and ledger as this node knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRow {
    /// Its name.
    pub party: Party,
    /// JSON.
    pub body: Vec<u8>,
}

/// A message to a peer. Kept after it is settled, as what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// To whom.
    pub peer: Party,
    /// Its number among all to this peer, from 1.
    pub number: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// Of its text.
    pub digest: Digest,
    /// The case that it is about.
    pub case: Option<CaseId>,
    /// The signed envelope; `None` once it is settled and its case was forgotten.
    pub bytes: Option<Vec<u8>>,
    /// How often it was sent.
    pub attempts: u32,
    /// When to send it again; `None` once it is settled.
    pub due_at: Option<Timestamp>,
    /// The receipt that settled it.
    pub receipt: Option<Vec<u8>>,
}

/// A message from a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// From whom.
    pub peer: Party,
    /// Its number among all from this peer, from 1.
    pub number: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// Of its text.
    pub digest: Digest,
    /// The envelope while it waits for one before it; `None` once it is applied.
    pub waiting: Option<Vec<u8>>,
    /// The receipt that was given; `None` while it waits.
    pub receipt: Option<Vec<u8>>,
}

/// A person's account with this party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its name.
    pub id: OfficialId,
    /// Counts its changes, from 1.
    pub version: u64,
    /// JSON.
    pub body: Vec<u8>,
}

/// A session of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the token that the person's browser holds.
    pub token_sha256: [u8; 32],
    /// The account.
    pub account: OfficialId,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// JSON.
    pub body: Vec<u8>,
}

/// One line of the audit: who saw or did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The account, where there is one.
    pub account: Option<OfficialId>,
    /// The case, where it is about one.
    pub case: Option<CaseId>,
    /// JSON; ends with the SHA-256 of the line before, so that a missing one is seen.
    pub body: Vec<u8>,
}

/// The reply that was given under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRow {
    /// SHA-256 over account and key.
    pub key_sha256: [u8; 32],
    /// After which it may be dropped.
    pub ends_at: Timestamp,
    /// JSON: digest of what was asked, and the reply.
    pub body: Vec<u8>,
}

/// A role as stored.
pub fn role_name(role: OfficialRole) -> &'static str {
    match role {
        OfficialRole::Clerk => "clerk",
        OfficialRole::Supervisor => "supervisor",
        OfficialRole::Counsel => "counsel",
        OfficialRole::Examiner => "examiner",
        OfficialRole::DutyOfficer => "duty_officer",
    }
}
