//! Changes as statements of PostgreSQL, inside one transaction.

use super::link::{Link, Param};
use super::run::Run;
use crate::batch::{Batch, Change};
use crate::column::{ns, signed};
use crate::fault::Fault;
use crate::row::{AccountRow, CheckpointRow, SessionRow};
use comity_exchange::Party;
use comity_ledger::{PersonKeyId, Tile};
use jiff::Timestamp;

/// Makes the changes of a batch on so many leaves; whoever called undoes them if one fails.
pub(super) fn write(link: &mut Link, size: u64, batch: &Batch) -> Result<(), Fault> {
    let mut size = size;
    let mut run = Run::default();
    for change in &batch.changes {
        if !run.fits(change) {
            size = std::mem::take(&mut run).write(link, size)?;
        }
        if !run.takes(change) {
            size = std::mem::take(&mut run).write(link, size)?;
            Writer { link }.change(change)?;
        }
    }
    run.write(link, size).map(drop)
}

/// What changes seldom, each change on its own.
struct Writer<'a> {
    link: &'a mut Link,
}

impl Writer<'_> {
    fn run(&mut self, sql: &str, params: &[Param]) -> Result<(), Fault> {
        self.link.run(sql, params).map(drop)
    }

    /// Runs a statement that must change a row.
    fn must(
        &mut self,
        sql: &str,
        params: &[Param],
        or: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        self.link.must(sql, params, 1, or)
    }

    fn change(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::PutTile(tile) => self.tile(tile),
            Change::PutCheckpoint(row) => self.checkpoint(row),
            Change::DestroyPersonKey { id, at } => self.destroy(*id, *at),
            Change::RemoveFiles(case) => {
                self.run("DELETE FROM files WHERE case_id = $1", &[&&case.0[..]])
            }
            Change::PutPeer(row) => {
                let sql = "INSERT INTO peers (party, body) VALUES ($1, $2)
                           ON CONFLICT (party) DO UPDATE SET body = EXCLUDED.body";
                self.run(sql, &[&row.party.as_str(), &row.body])
            }
            Change::Attempt { .. } | Change::SignAgain { .. } => self.on_its_way(change),
            Change::DropWaiting { peer, number } => {
                let sql =
                    "DELETE FROM inbox WHERE peer = $1 AND number = $2 AND waiting IS NOT NULL";
                let or = || format!("message {number} from {peer} does not wait");
                self.must(sql, &[&peer.as_str(), &signed(*number)], or)
            }
            _ => self.rest(change),
        }
    }

    fn on_its_way(&mut self, change: &Change) -> Result<(), Fault> {
        let which = "WHERE peer = $1 AND number = $2 AND receipt IS NULL";
        let or =
            |peer: &Party, number: &u64| format!("message {number} to {peer} is not on its way");
        match change {
            Change::Attempt { peer, number, attempts, due_at } => {
                let sql = format!("UPDATE outbox SET attempts = $3, due_at = $4 {which}");
                let (attempts, due_at) = (i64::from(*attempts), ns(*due_at));
                let params: [Param; 4] = [&peer.as_str(), &signed(*number), &attempts, &due_at];
                self.must(&sql, &params, || or(peer, number))
            }
            Change::SignAgain { peer, number, bytes } => {
                let sql = format!("UPDATE outbox SET bytes = $3 {which}");
                let params: [Param; 3] = [&peer.as_str(), &signed(*number), bytes];
                self.must(&sql, &params, || or(peer, number))
            }
            _ => Ok(()),
        }
    }

    fn rest(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::PutAccount(row) => self.account(row),
            Change::AddAccount(row) => self.add_account(row),
            Change::PutSession(row) => self.session(row),
            Change::RemoveSession(token) => {
                self.run("DELETE FROM sessions WHERE token_sha256 = $1", &[&&token[..]])
            }
            Change::RemoveSessions(account) => {
                self.run("DELETE FROM sessions WHERE account = $1", &[&account.as_str()])
            }
            Change::DropEnded(before) => {
                self.run("DELETE FROM sessions WHERE ends_at < $1", &[&ns(*before)])?;
                self.run("DELETE FROM replies WHERE ends_at < $1", &[&ns(*before)])
            }
            Change::Set { name, value } => {
                let sql = "INSERT INTO named_values (name, value) VALUES ($1, $2)
                           ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value";
                self.run(sql, &[name, value])
            }
            _ => Ok(()),
        }
    }

    fn tile(&mut self, tile: &Tile) -> Result<(), Fault> {
        let sql = "INSERT INTO tiles (level, tile_index, width, bytes) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (level, tile_index) DO UPDATE
                   SET width = EXCLUDED.width, bytes = EXCLUDED.bytes
                   WHERE EXCLUDED.width >= tiles.width";
        let (level, width) = (i64::from(tile.id.level), i64::from(tile.id.width));
        let params: [Param; 4] = [&level, &signed(tile.id.index), &width, &tile.bytes];
        self.must(sql, &params, || format!("{}: a wider one is there", tile.id))
    }

    fn checkpoint(&mut self, row: &CheckpointRow) -> Result<(), Fault> {
        let (size, note) = (signed(row.size), &row.note);
        let sql = "UPDATE checkpoints SET note = $2 WHERE size = $1";
        if self.link.run(sql, &[&size, note])? > 0 {
            return Ok(());
        }
        let sql = "INSERT INTO checkpoints (size, before_size, note)
                   SELECT $1::bigint, max(size), $2::bytea FROM checkpoints
                   HAVING coalesce(max(size) < $1::bigint, TRUE)";
        self.must(sql, &[&size, note], || format!("a checkpoint of {size} leaves comes late"))
    }

    fn destroy(&mut self, id: PersonKeyId, at: Timestamp) -> Result<(), Fault> {
        let sql = "UPDATE person_keys SET wrapped = NULL, destroyed_at = $2
                   WHERE key_id = $1 AND wrapped IS NOT NULL";
        self.must(sql, &[&&id.0[..], &ns(at)], || format!("key {id} is not held"))?;
        let of = "case_id IN (SELECT case_id FROM cases WHERE key_id = $1)";
        let sql = format!(
            "UPDATE outbox SET bytes = NULL, case_id = NULL WHERE receipt IS NOT NULL AND {of}"
        );
        self.run(&sql, &[&&id.0[..]])?;
        let sql = format!("UPDATE leaves SET case_id = NULL, version = NULL WHERE {of}");
        self.run(&sql, &[&&id.0[..]])?;
        // Tasks and files go with their case.
        self.run("DELETE FROM cases WHERE key_id = $1", &[&&id.0[..]])
    }

    fn account(&mut self, row: &AccountRow) -> Result<(), Fault> {
        if row.version == 1 {
            return self.add_account(row);
        }
        let sql = "UPDATE accounts SET version = $2, body = $3
                   WHERE account = $1 AND version = $2::bigint - 1";
        let (id, version) = (row.id.as_str(), signed(row.version));
        self.must(sql, &[&id, &version, &row.body], || {
            format!("account {id}: version {version} is not one more than the stored one")
        })
    }

    fn add_account(&mut self, row: &AccountRow) -> Result<(), Fault> {
        let sql = "INSERT INTO accounts (account, version, body) VALUES ($1, $2, $3)";
        self.run(sql, &[&row.id.as_str(), &signed(row.version), &row.body])
    }

    fn session(&mut self, row: &SessionRow) -> Result<(), Fault> {
        let sql = "INSERT INTO sessions (token_sha256, account, ends_at, body)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT (token_sha256) DO UPDATE SET account = EXCLUDED.account,
                     ends_at = EXCLUDED.ends_at, body = EXCLUDED.body";
        let params: [Param; 4] =
            [&&row.token_sha256[..], &row.account.as_str(), &ns(row.ends_at), &row.body];
        self.run(sql, &params)
    }
}
