//! From the rows of a database to ours: the columns of both, in one order.

use crate::column::{array, damaged, instant, narrow, official, party, role, unsigned};
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use comity_exchange::case::{CaseId, Version};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::{PersonKeyId, Tile, TileId};
use jiff::Timestamp;

pub(crate) const LEAF: &str = "leaf_index, leaf, sealed, case_id, version";
pub(crate) const TILE: &str = "level, tile_index, width, bytes";
pub(crate) const CASE: &str = "case_id, peer, key_id, version, opened_at, changed_at, ended_at, \
     next_at, card_sealed, number_ref";
pub(crate) const TASK: &str = "case_id, task_key, body, role, due_at";
pub(crate) const OUTBOX: &str =
    "peer, number, envelope_id, digest, case_id, bytes, attempts, due_at, receipt";
pub(crate) const INBOX: &str = "peer, number, envelope_id, digest, waiting, receipt";
pub(crate) const SESSION: &str = "token_sha256, account, ends_at, body";
pub(crate) const AUDIT: &str = "number, at, account, case_id, body";

/// How a row is read.
pub(crate) type FromRow<T> = fn(&dyn Cells) -> Read<T>;

type Read<T> = Result<T, Fault>;

/// A row as a database gives it.
pub(crate) trait Cells {
    /// A number.
    fn int(&self, column: usize) -> Read<Option<i64>>;
    /// A text.
    fn text(&self, column: usize) -> Read<Option<String>>;
    /// Bytes.
    fn bytes(&self, column: usize) -> Read<Option<Vec<u8>>>;
}

fn there<T>(cell: Option<T>) -> Read<T> {
    cell.ok_or_else(|| damaged("a value", "it is missing"))
}

fn int(row: &dyn Cells, at: usize) -> Read<i64> {
    there(row.int(at)?)
}

pub(crate) fn number(row: &dyn Cells, at: usize) -> Read<u64> {
    unsigned(int(row, at)?)
}

pub(crate) fn text(row: &dyn Cells, at: usize) -> Read<String> {
    there(row.text(at)?)
}

pub(crate) fn blob(row: &dyn Cells, at: usize) -> Read<Vec<u8>> {
    there(row.bytes(at)?)
}

fn bytes<const N: usize>(row: &dyn Cells, at: usize) -> Read<[u8; N]> {
    array(blob(row, at)?)
}

fn maybe_bytes<const N: usize>(row: &dyn Cells, at: usize) -> Read<Option<[u8; N]>> {
    row.bytes(at)?.map(array).transpose()
}

fn at(row: &dyn Cells, column: usize) -> Read<Timestamp> {
    instant(int(row, column)?)
}

pub(crate) fn maybe_at(row: &dyn Cells, column: usize) -> Read<Option<Timestamp>> {
    row.int(column)?.map(instant).transpose()
}

fn name(row: &dyn Cells, at: usize) -> Read<Party> {
    party(&text(row, at)?)
}

pub(crate) fn leaf(row: &dyn Cells) -> Read<LeafRow> {
    let case: Option<[u8; 16]> = maybe_bytes(row, 3)?;
    let version = row.int(4)?;
    let of = match (case, version) {
        (Some(case), Some(version)) => Some((CaseId(case), Version(unsigned(version)?))),
        _ => None,
    };
    Ok(LeafRow { index: number(row, 0)?, leaf: blob(row, 1)?, sealed: blob(row, 2)?, of })
}

pub(crate) fn tile(row: &dyn Cells) -> Read<Tile> {
    let id = TileId {
        level: narrow(int(row, 0)?)?,
        index: number(row, 1)?,
        width: narrow(int(row, 2)?)?,
    };
    Ok(Tile { id, bytes: blob(row, 3)? })
}

pub(crate) fn checkpoint(row: &dyn Cells) -> Read<CheckpointRow> {
    Ok(CheckpointRow { size: number(row, 0)?, note: blob(row, 1)? })
}

pub(crate) fn person_key(row: &dyn Cells) -> Read<PersonKeyRow> {
    Ok(PersonKeyRow {
        id: PersonKeyId(bytes(row, 0)?),
        wrapped: row.bytes(1)?,
        destroyed_at: maybe_at(row, 2)?,
    })
}

pub(crate) fn case(row: &dyn Cells) -> Read<CaseRow> {
    Ok(CaseRow {
        case: CaseId(bytes(row, 0)?),
        peer: name(row, 1)?,
        person_key: PersonKeyId(bytes(row, 2)?),
        version: Version(number(row, 3)?),
        opened_at: at(row, 4)?,
        changed_at: at(row, 5)?,
        ended_at: maybe_at(row, 6)?,
        next_at: maybe_at(row, 7)?,
        card_sealed: row.bytes(8)?,
        number_ref: maybe_bytes(row, 9)?,
    })
}

pub(crate) fn task(row: &dyn Cells) -> Read<TaskRow> {
    Ok(TaskRow {
        case: CaseId(bytes(row, 0)?),
        key: text(row, 1)?,
        body: blob(row, 2)?,
        role: role(&text(row, 3)?)?,
        due_at: at(row, 4)?,
    })
}

pub(crate) fn file(row: &dyn Cells) -> Read<FileRow> {
    Ok(FileRow {
        case: CaseId(bytes(row, 0)?),
        digest: Digest(bytes(row, 1)?),
        sealed: blob(row, 2)?,
    })
}

pub(crate) fn peer(row: &dyn Cells) -> Read<PeerRow> {
    Ok(PeerRow { party: name(row, 0)?, body: blob(row, 1)? })
}

pub(crate) fn outbox(row: &dyn Cells) -> Read<OutboxRow> {
    Ok(OutboxRow {
        peer: name(row, 0)?,
        number: number(row, 1)?,
        id: EnvelopeId(bytes(row, 2)?),
        digest: Digest(bytes(row, 3)?),
        case: maybe_bytes(row, 4)?.map(CaseId),
        bytes: row.bytes(5)?,
        attempts: narrow(int(row, 6)?)?,
        due_at: maybe_at(row, 7)?,
        receipt: row.bytes(8)?,
    })
}

pub(crate) fn inbox(row: &dyn Cells) -> Read<InboxRow> {
    Ok(InboxRow {
        peer: name(row, 0)?,
        number: number(row, 1)?,
        id: EnvelopeId(bytes(row, 2)?),
        digest: Digest(bytes(row, 3)?),
        waiting: row.bytes(4)?,
        receipt: row.bytes(5)?,
    })
}

pub(crate) fn account(row: &dyn Cells) -> Read<AccountRow> {
    let id = official(&text(row, 0)?)?;
    Ok(AccountRow { id, version: number(row, 1)?, body: blob(row, 2)? })
}

pub(crate) fn session(row: &dyn Cells) -> Read<SessionRow> {
    Ok(SessionRow {
        token_sha256: bytes(row, 0)?,
        account: official(&text(row, 1)?)?,
        ends_at: at(row, 2)?,
        body: blob(row, 3)?,
    })
}

pub(crate) fn audit(row: &dyn Cells) -> Read<AuditRow> {
    Ok(AuditRow {
        number: number(row, 0)?,
        at: at(row, 1)?,
        account: row.text(2)?.as_deref().map(official).transpose()?,
        case: maybe_bytes(row, 3)?.map(CaseId),
        body: blob(row, 4)?,
    })
}

pub(crate) fn reply(row: &dyn Cells) -> Read<ReplyRow> {
    Ok(ReplyRow { key_sha256: bytes(row, 0)?, ends_at: at(row, 1)?, body: blob(row, 2)? })
}
