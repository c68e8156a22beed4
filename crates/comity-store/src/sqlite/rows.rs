//! From SQLite's rows to ours.

use super::fault::fault;
use crate::column::{array, instant, narrow, official, party, role, unsigned};
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use comity_exchange::case::{CaseId, Version};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::{PersonKeyId, Tile, TileId};
use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::FromSql;

pub(super) const LEAF: &str = "leaf_index, leaf, sealed, case_id, version";
pub(super) const TILE: &str = "level, tile_index, width, bytes";
pub(super) const CASE: &str = "case_id, peer, key_id, version, opened_at, changed_at, ended_at, \
     next_at, card_sealed, number_ref";
pub(super) const TASK: &str = "case_id, task_key, body, role, due_at";
pub(super) const OUTBOX: &str =
    "peer, number, envelope_id, digest, case_id, bytes, attempts, due_at, receipt";
pub(super) const INBOX: &str = "peer, number, envelope_id, digest, waiting, receipt";
pub(super) const SESSION: &str = "token_sha256, account, ends_at, body";
pub(super) const AUDIT: &str = "number, at, account, case_id, body";

type Read<T> = Result<T, Fault>;

pub(super) fn get<T: FromSql>(row: &Row, at: usize) -> Read<T> {
    row.get(at).map_err(fault)
}

pub(super) fn number(row: &Row, at: usize) -> Read<u64> {
    unsigned(get(row, at)?)
}

fn bytes<const N: usize>(row: &Row, at: usize) -> Read<[u8; N]> {
    array(get(row, at)?)
}

fn maybe_bytes<const N: usize>(row: &Row, at: usize) -> Read<Option<[u8; N]>> {
    get::<Option<Vec<u8>>>(row, at)?.map(array).transpose()
}

pub(super) fn at(row: &Row, column: usize) -> Read<Timestamp> {
    instant(get(row, column)?)
}

pub(super) fn maybe_at(row: &Row, column: usize) -> Read<Option<Timestamp>> {
    get::<Option<i64>>(row, column)?.map(instant).transpose()
}

fn name(row: &Row, at: usize) -> Read<Party> {
    party(&get::<String>(row, at)?)
}

pub(super) fn leaf(row: &Row) -> Read<LeafRow> {
    let case: Option<[u8; 16]> = maybe_bytes(row, 3)?;
    let version: Option<i64> = get(row, 4)?;
    let of = match (case, version) {
        (Some(case), Some(version)) => Some((CaseId(case), Version(unsigned(version)?))),
        _ => None,
    };
    Ok(LeafRow { index: number(row, 0)?, leaf: get(row, 1)?, sealed: get(row, 2)?, of })
}

pub(super) fn tile(row: &Row) -> Read<Tile> {
    let id = TileId {
        level: narrow(get(row, 0)?)?,
        index: number(row, 1)?,
        width: narrow(get(row, 2)?)?,
    };
    Ok(Tile { id, bytes: get(row, 3)? })
}

pub(super) fn checkpoint(row: &Row) -> Read<CheckpointRow> {
    Ok(CheckpointRow { size: number(row, 0)?, note: get(row, 1)? })
}

pub(super) fn person_key(row: &Row) -> Read<PersonKeyRow> {
    Ok(PersonKeyRow {
        id: PersonKeyId(bytes(row, 0)?),
        wrapped: get(row, 1)?,
        destroyed_at: maybe_at(row, 2)?,
    })
}

pub(super) fn case(row: &Row) -> Read<CaseRow> {
    Ok(CaseRow {
        case: CaseId(bytes(row, 0)?),
        peer: name(row, 1)?,
        person_key: PersonKeyId(bytes(row, 2)?),
        version: Version(number(row, 3)?),
        opened_at: at(row, 4)?,
        changed_at: at(row, 5)?,
        ended_at: maybe_at(row, 6)?,
        next_at: maybe_at(row, 7)?,
        card_sealed: get(row, 8)?,
        number_ref: maybe_bytes(row, 9)?,
    })
}

pub(super) fn task(row: &Row) -> Read<TaskRow> {
    Ok(TaskRow {
        case: CaseId(bytes(row, 0)?),
        key: get(row, 1)?,
        body: get(row, 2)?,
        role: role(&get::<String>(row, 3)?)?,
        due_at: at(row, 4)?,
    })
}

pub(super) fn file(row: &Row) -> Read<FileRow> {
    Ok(FileRow {
        case: CaseId(bytes(row, 0)?),
        digest: Digest(bytes(row, 1)?),
        sealed: get(row, 2)?,
    })
}

pub(super) fn peer(row: &Row) -> Read<PeerRow> {
    Ok(PeerRow { party: name(row, 0)?, body: get(row, 1)? })
}

pub(super) fn outbox(row: &Row) -> Read<OutboxRow> {
    Ok(OutboxRow {
        peer: name(row, 0)?,
        number: number(row, 1)?,
        id: EnvelopeId(bytes(row, 2)?),
        digest: Digest(bytes(row, 3)?),
        case: maybe_bytes(row, 4)?.map(CaseId),
        bytes: get(row, 5)?,
        attempts: narrow(get(row, 6)?)?,
        due_at: maybe_at(row, 7)?,
        receipt: get(row, 8)?,
    })
}

pub(super) fn inbox(row: &Row) -> Read<InboxRow> {
    Ok(InboxRow {
        peer: name(row, 0)?,
        number: number(row, 1)?,
        id: EnvelopeId(bytes(row, 2)?),
        digest: Digest(bytes(row, 3)?),
        waiting: get(row, 4)?,
        receipt: get(row, 5)?,
    })
}

pub(super) fn account(row: &Row) -> Read<AccountRow> {
    let id = official(&get::<String>(row, 0)?)?;
    Ok(AccountRow { id, version: number(row, 1)?, body: get(row, 2)? })
}

pub(super) fn session(row: &Row) -> Read<SessionRow> {
    Ok(SessionRow {
        token_sha256: bytes(row, 0)?,
        account: official(&get::<String>(row, 1)?)?,
        ends_at: at(row, 2)?,
        body: get(row, 3)?,
    })
}

pub(super) fn audit(row: &Row) -> Read<AuditRow> {
    Ok(AuditRow {
        number: number(row, 0)?,
        at: at(row, 1)?,
        account: get::<Option<String>>(row, 2)?.as_deref().map(official).transpose()?,
        case: maybe_bytes(row, 3)?.map(CaseId),
        body: get(row, 4)?,
    })
}

pub(super) fn reply(row: &Row) -> Read<ReplyRow> {
    Ok(ReplyRow { key_sha256: bytes(row, 0)?, ends_at: at(row, 1)?, body: get(row, 2)? })
}
