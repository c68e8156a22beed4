//! What holds in every row by itself: checked before a store is asked, by the same code for all.

use crate::batch::{Batch, Change};
use crate::fault::Fault;
use crate::row::{AccountRow, AuditRow, CaseRow, InboxRow, LeafRow, OutboxRow, PersonKeyRow};
use comity_exchange::Party;
use comity_ledger::{TILE_WIDTH, Tile};
use jiff::Timestamp;

/// Most bytes of one value: what a parameter of PostgreSQL's protocol can carry, with room.
pub const VALUE_BYTES_MAX: usize = 256 << 20;

/// Checks every row of a batch by itself.
pub(crate) fn check(batch: &Batch) -> Result<(), Fault> {
    batch.changes.iter().try_for_each(change)
}

fn change(change: &Change) -> Result<(), Fault> {
    match change {
        Change::Append(row) => leaf(row),
        Change::PutTile(tile) => tile_row(tile),
        Change::PutCheckpoint(row) => number("size", row.size).and(bytes("note", &row.note)),
        Change::AddPersonKey(row) => person_key(row),
        Change::DestroyPersonKey { at, .. } | Change::DropEnded(at) => instant("at", *at),
        Change::PutCase(row) => case(row),
        Change::PutTasks { case, tasks } => tasks.iter().try_for_each(|task| {
            must(task.case == *case, || format!("a task of {} among those of {case}", task.case))?;
            text("key", &task.key)?;
            instant("due_at", task.due_at)?;
            bytes("body", &task.body)
        }),
        Change::AddFile(row) => bytes("sealed", &row.sealed),
        Change::RemoveFiles(_) | Change::RemoveSession(_) | Change::RemoveSessions(_) => Ok(()),
        Change::PutPeer(row) => party(&row.party).and(bytes("body", &row.body)),
        Change::Post(row) => outbox(row),
        Change::Attempt { peer, number: n, due_at, .. } => {
            party(peer)?;
            number("number", *n)?;
            instant("due_at", *due_at)
        }
        Change::SignAgain { peer, number: n, bytes: b } => {
            party(peer)?;
            number("number", *n)?;
            bytes("bytes", b)
        }
        Change::Settle { peer, number: n, receipt } => {
            party(peer)?;
            number("number", *n)?;
            bytes("receipt", receipt)
        }
        Change::PutInbox(row) => inbox(row),
        Change::DropWaiting { peer, number: n } => party(peer).and(number("number", *n)),
        Change::PutAccount(row) | Change::AddAccount(row) => account(row),
        Change::PutSession(row) => instant("ends_at", row.ends_at).and(bytes("body", &row.body)),
        Change::Audit(row) => audit(row),
        Change::PutReply(row) => instant("ends_at", row.ends_at).and(bytes("body", &row.body)),
        Change::Set { name, value } => text("name", name).and(bytes("value", value)),
    }
}

fn must(holds: bool, why: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Misfit(why())) }
}

/// Both databases count in 64 bits with a sign.
fn number(name: &str, value: u64) -> Result<(), Fault> {
    must(i64::try_from(value).is_ok(), || format!("{name} {value} is beyond what is counted"))
}

/// PostgreSQL keeps no zero byte in a text.
fn text(name: &str, value: &str) -> Result<(), Fault> {
    must(!value.contains('\0'), || format!("{name} holds a zero byte"))?;
    bytes(name, value.as_bytes())
}

fn bytes(name: &str, value: &[u8]) -> Result<(), Fault> {
    let length = value.len();
    must(length <= VALUE_BYTES_MAX, || {
        format!("{name} has {length} bytes, at most {VALUE_BYTES_MAX} are kept")
    })
}

/// Instants are kept as nanoseconds in 64 bits: 1677-09-21 to 2262-04-11.
fn instant(name: &str, value: Timestamp) -> Result<(), Fault> {
    must(i64::try_from(value.as_nanosecond()).is_ok(), || {
        format!("{name} {value} is not between 1677-09-21 and 2262-04-11")
    })
}

fn maybe(name: &str, value: Option<Timestamp>) -> Result<(), Fault> {
    value.map_or(Ok(()), |value| instant(name, value))
}

fn party(party: &Party) -> Result<(), Fault> {
    text("peer", party.as_str())
}

fn leaf(row: &LeafRow) -> Result<(), Fault> {
    number("index", row.index)?;
    bytes("leaf", &row.leaf)?;
    bytes("sealed", &row.sealed)?;
    row.of.map_or(Ok(()), |(_, version)| number("version", version.0))
}

fn tile_row(tile: &Tile) -> Result<(), Fault> {
    number("index", tile.id.index)?;
    let width = usize::from(tile.id.width);
    must((1..=TILE_WIDTH).contains(&width) && tile.bytes.len() == 32 * width, || {
        format!("{} with {} bytes is no tile", tile.id, tile.bytes.len())
    })
}

fn person_key(row: &PersonKeyRow) -> Result<(), Fault> {
    maybe("destroyed_at", row.destroyed_at)?;
    must(row.wrapped.is_some() != row.destroyed_at.is_some(), || {
        format!("key {} must be either held or destroyed", row.id)
    })
}

fn case(row: &CaseRow) -> Result<(), Fault> {
    party(&row.peer)?;
    number("version", row.version.0)?;
    instant("opened_at", row.opened_at)?;
    instant("changed_at", row.changed_at)?;
    maybe("ended_at", row.ended_at)?;
    maybe("next_at", row.next_at)?;
    row.card_sealed.as_ref().map_or(Ok(()), |card| bytes("card_sealed", card))
}

fn outbox(row: &OutboxRow) -> Result<(), Fault> {
    let what = || format!("message {} to {}", row.number, row.peer);
    party(&row.peer)?;
    number("number", row.number)?;
    maybe("due_at", row.due_at)?;
    must(row.receipt.is_some() == row.due_at.is_none(), || {
        format!("{} must be either settled or due", what())
    })?;
    must(row.receipt.is_some() || row.bytes.is_some(), || {
        format!("{} is to be sent and has no bytes", what())
    })
}

fn inbox(row: &InboxRow) -> Result<(), Fault> {
    party(&row.peer)?;
    number("number", row.number)?;
    must(row.number > 0, || format!("a message from {} has number 0", row.peer))?;
    must(row.waiting.is_some() != row.receipt.is_some(), || {
        format!("message {} from {} must either wait or be receipted", row.number, row.peer)
    })
}

fn account(row: &AccountRow) -> Result<(), Fault> {
    number("version", row.version)?;
    must(row.version > 0, || "versions of an account count from 1".to_owned())?;
    bytes("body", &row.body)
}

fn audit(row: &AuditRow) -> Result<(), Fault> {
    number("number", row.number)?;
    instant("at", row.at)?;
    bytes("body", &row.body)
}
