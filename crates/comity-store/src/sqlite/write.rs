//! Changes as statements of SQLite, inside one transaction.

use super::fault::fault;
use crate::batch::{Batch, Change};
use crate::column::{ns, signed, unsigned};
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, InboxRow, LeafRow, OutboxRow, SessionRow, TaskRow, role_name,
};
use comity_exchange::Party;
use comity_exchange::case::CaseId;
use comity_ledger::{PersonKeyId, Tile};
use jiff::Timestamp;
use rusqlite::{Connection, Params, params};

/// Makes the changes of a batch; whoever called undoes them if one fails.
pub(super) fn write(connection: &Connection, batch: &Batch) -> Result<(), Fault> {
    let mut writer = Writer { connection, size: 0 };
    writer.size = writer.number("SELECT coalesce(max(leaf_index) + 1, 0) FROM leaves", [])?;
    match batch.expects {
        Some(expected) if expected != writer.size => {
            return Err(Fault::Conflict { expected, found: writer.size });
        }
        _ => {}
    }
    batch.changes.iter().try_for_each(|change| writer.change(change))
}

struct Writer<'a> {
    connection: &'a Connection,
    /// Leaves by now.
    size: u64,
}

fn misfit<T>(why: String) -> Result<T, Fault> {
    Err(Fault::Misfit(why))
}

impl Writer<'_> {
    /// Runs a statement and returns the number of rows that it changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize, Fault> {
        self.connection.prepare_cached(sql).and_then(|mut s| s.execute(params)).map_err(fault)
    }

    /// Runs a statement that must change a row.
    fn must(
        &self,
        sql: &str,
        params: impl Params,
        or: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        if self.run(sql, params)? == 0 { misfit(or()) } else { Ok(()) }
    }

    fn number(&self, sql: &str, params: impl Params) -> Result<u64, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        unsigned(statement.query_row(params, |row| row.get(0)).map_err(fault)?)
    }

    fn change(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Append(row) => self.append(row),
            Change::PutTile(tile) => self.tile(tile),
            Change::PutCheckpoint(row) => {
                let sql = "INSERT INTO checkpoints (size, note) VALUES (?1, ?2)
                           ON CONFLICT (size) DO UPDATE SET note = excluded.note";
                self.run(sql, params![signed(row.size), row.note]).map(drop)
            }
            Change::AddPersonKey(row) => {
                let sql =
                    "INSERT INTO person_keys (key_id, wrapped, destroyed_at) VALUES (?1, ?2, ?3)";
                self.run(sql, params![row.id.0, row.wrapped, row.destroyed_at.map(ns)]).map(drop)
            }
            Change::DestroyPersonKey { id, at } => self.destroy(*id, *at),
            Change::PutCase(row) => self.case(row),
            Change::PutTasks { case, tasks } => self.tasks(*case, tasks),
            Change::AddFile(row) => {
                self.must_have(row.case)?;
                let sql = "INSERT INTO files (case_id, digest, sealed) VALUES (?1, ?2, ?3)";
                self.run(sql, params![row.case.0, row.digest.0, row.sealed]).map(drop)
            }
            Change::RemoveFiles(case) => {
                self.run("DELETE FROM files WHERE case_id = ?1", [case.0]).map(drop)
            }
            Change::PutPeer(row) => {
                let sql = "INSERT INTO peers (party, body) VALUES (?1, ?2)
                           ON CONFLICT (party) DO UPDATE SET body = excluded.body";
                self.run(sql, params![row.party.as_str(), row.body]).map(drop)
            }
            Change::Post(_)
            | Change::Attempt { .. }
            | Change::SignAgain { .. }
            | Change::Settle { .. }
            | Change::PutInbox(_)
            | Change::DropWaiting { .. } => self.message(change),
            _ => self.rest(change),
        }
    }

    fn message(&self, change: &Change) -> Result<(), Fault> {
        let lost =
            |number: u64, peer: &Party| format!("message {number} to {peer} is not on its way");
        match change {
            Change::Post(row) => self.post(row),
            Change::Attempt { peer, number, attempts, due_at } => {
                let sql = "UPDATE outbox SET attempts = ?3, due_at = ?4
                           WHERE peer = ?1 AND number = ?2 AND receipt IS NULL";
                let params = params![peer.as_str(), signed(*number), attempts, ns(*due_at)];
                self.must(sql, params, || lost(*number, peer))
            }
            Change::SignAgain { peer, number, bytes } => {
                let sql = "UPDATE outbox SET bytes = ?3
                           WHERE peer = ?1 AND number = ?2 AND receipt IS NULL";
                let params = params![peer.as_str(), signed(*number), bytes];
                self.must(sql, params, || lost(*number, peer))
            }
            Change::Settle { peer, number, receipt } => {
                // Of a case that was forgotten meanwhile nothing stays but the receipt.
                let is_kept = "case_id IS NULL OR EXISTS
                     (SELECT 1 FROM cases WHERE cases.case_id = outbox.case_id)";
                let sql = format!(
                    "UPDATE outbox SET receipt = ?3, due_at = NULL,
                       bytes = CASE WHEN {is_kept} THEN bytes END,
                       case_id = CASE WHEN {is_kept} THEN case_id END
                     WHERE peer = ?1 AND number = ?2 AND receipt IS NULL"
                );
                let params = params![peer.as_str(), signed(*number), receipt];
                self.must(&sql, params, || lost(*number, peer))
            }
            Change::PutInbox(row) => self.inbox(row),
            Change::DropWaiting { peer, number } => {
                let sql =
                    "DELETE FROM inbox WHERE peer = ?1 AND number = ?2 AND waiting IS NOT NULL";
                let params = params![peer.as_str(), signed(*number)];
                self.must(sql, params, || format!("message {number} from {peer} does not wait"))
            }
            _ => Ok(()),
        }
    }

    fn rest(&self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::PutAccount(row) => return self.account(row),
            Change::AddAccount(row) => self.add_account(row)?,
            Change::PutSession(row) => return self.session(row),
            Change::RemoveSession(token) => {
                self.run("DELETE FROM sessions WHERE token_sha256 = ?1", [token])?;
            }
            Change::RemoveSessions(account) => {
                self.run("DELETE FROM sessions WHERE account = ?1", [account.as_str()])?;
            }
            Change::Audit(row) => return self.audit(row),
            Change::PutReply(row) => {
                let sql = "INSERT INTO replies (key_sha256, ends_at, body) VALUES (?1, ?2, ?3)";
                self.run(sql, params![row.key_sha256, ns(row.ends_at), row.body])?;
            }
            Change::DropEnded(before) => {
                self.run("DELETE FROM sessions WHERE ends_at < ?1", [ns(*before)])?;
                self.run("DELETE FROM replies WHERE ends_at < ?1", [ns(*before)])?;
            }
            Change::Set { name, value } => {
                let sql = "INSERT INTO named_values (name, value) VALUES (?1, ?2)
                           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                self.run(sql, params![name, value])?;
            }
            _ => {}
        }
        Ok(())
    }

    fn append(&mut self, row: &LeafRow) -> Result<(), Fault> {
        if row.index != self.size {
            return misfit(format!("leaf {} cannot follow {} leaves", row.index, self.size));
        }
        let sql = "INSERT INTO leaves (leaf_index, leaf, sealed, case_id, version)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let (case, version) = (row.of.map(|of| of.0.0), row.of.map(|of| signed(of.1.0)));
        self.run(sql, params![signed(row.index), row.leaf, row.sealed, case, version])?;
        self.size += 1;
        Ok(())
    }

    fn tile(&self, tile: &Tile) -> Result<(), Fault> {
        let sql = "INSERT INTO tiles (level, tile_index, width, bytes) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (level, tile_index) DO UPDATE
                   SET width = excluded.width, bytes = excluded.bytes
                   WHERE excluded.width >= tiles.width";
        let params = params![tile.id.level, signed(tile.id.index), tile.id.width, tile.bytes];
        self.must(sql, params, || format!("{}: a wider one is there", tile.id))
    }

    fn destroy(&self, id: PersonKeyId, at: Timestamp) -> Result<(), Fault> {
        let sql = "UPDATE person_keys SET wrapped = NULL, destroyed_at = ?2
                   WHERE key_id = ?1 AND wrapped IS NOT NULL";
        self.must(sql, params![id.0, ns(at)], || format!("key {id} is not held"))?;
        let of = "case_id IN (SELECT case_id FROM cases WHERE key_id = ?1)";
        let sql = format!(
            "UPDATE outbox SET bytes = NULL, case_id = NULL WHERE receipt IS NOT NULL AND {of}"
        );
        self.run(&sql, [id.0])?;
        let sql = format!("UPDATE leaves SET case_id = NULL, version = NULL WHERE {of}");
        self.run(&sql, [id.0])?;
        // Tasks and files go with their case.
        self.run("DELETE FROM cases WHERE key_id = ?1", [id.0]).map(drop)
    }

    fn case(&self, row: &CaseRow) -> Result<(), Fault> {
        let sql = "SELECT count(*) FROM person_keys WHERE key_id = ?1 AND wrapped IS NOT NULL";
        if self.number(sql, [row.person_key.0])? == 0 {
            return misfit(format!("case {}: key {} is not held", row.case, row.person_key));
        }
        let sql = "INSERT INTO cases (case_id, peer, key_id, version, opened_at, changed_at,
                     ended_at, next_at, card_sealed, number_ref)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                   ON CONFLICT (case_id) DO UPDATE SET peer = excluded.peer,
                     key_id = excluded.key_id, version = excluded.version,
                     opened_at = excluded.opened_at, changed_at = excluded.changed_at,
                     ended_at = excluded.ended_at, next_at = excluded.next_at,
                     card_sealed = excluded.card_sealed, number_ref = excluded.number_ref";
        let params = params![
            row.case.0,
            row.peer.as_str(),
            row.person_key.0,
            signed(row.version.0),
            ns(row.opened_at),
            ns(row.changed_at),
            row.ended_at.map(ns),
            row.next_at.map(ns),
            row.card_sealed,
            row.number_ref,
        ];
        self.run(sql, params).map(drop)
    }

    fn must_have(&self, case: CaseId) -> Result<(), Fault> {
        match self.number("SELECT count(*) FROM cases WHERE case_id = ?1", [case.0])? {
            0 => misfit(format!("there is no case {case}")),
            _ => Ok(()),
        }
    }

    fn tasks(&self, case: CaseId, tasks: &[TaskRow]) -> Result<(), Fault> {
        self.must_have(case)?;
        self.run("DELETE FROM tasks WHERE case_id = ?1", [case.0])?;
        let sql = "INSERT INTO tasks (case_id, task_key, body, role, due_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        for task in tasks {
            let role = role_name(task.role);
            self.run(sql, params![case.0, task.key, task.body, role, ns(task.due_at)])?;
        }
        Ok(())
    }

    fn post(&self, row: &OutboxRow) -> Result<(), Fault> {
        let sql = "SELECT coalesce(max(number) + 1, 1) FROM outbox WHERE peer = ?1";
        let next = self.number(sql, [row.peer.as_str()])?;
        if row.number != next {
            return misfit(format!("message {} to {}: {next} is next", row.number, row.peer));
        }
        let sql = "INSERT INTO outbox (peer, number, envelope_id, digest, case_id, bytes, attempts,
                     due_at, receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let params = params![
            row.peer.as_str(),
            signed(row.number),
            row.id.0,
            row.digest.0,
            row.case.map(|case| case.0),
            row.bytes,
            row.attempts,
            row.due_at.map(ns),
            row.receipt,
        ];
        self.run(sql, params).map(drop)
    }

    fn inbox(&self, row: &InboxRow) -> Result<(), Fault> {
        let what = || format!("message {} from {}", row.number, row.peer);
        let sql = "SELECT coalesce(max(number) + 1, 1) FROM inbox
                   WHERE peer = ?1 AND receipt IS NOT NULL";
        let next = self.number(sql, [row.peer.as_str()])?;
        if row.number < next {
            return misfit(format!("{} is applied", what()));
        }
        if row.receipt.is_some() && row.number != next {
            return misfit(format!("{}: {next} is next", what()));
        }
        let sql = "INSERT INTO inbox (peer, number, envelope_id, digest, waiting, receipt)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT (peer, number) DO UPDATE SET envelope_id = excluded.envelope_id,
                     digest = excluded.digest, waiting = excluded.waiting,
                     receipt = excluded.receipt";
        let (peer, number) = (row.peer.as_str(), signed(row.number));
        let params = params![peer, number, row.id.0, row.digest.0, row.waiting, row.receipt];
        self.run(sql, params).map(drop)
    }

    fn account(&self, row: &AccountRow) -> Result<(), Fault> {
        if row.version == 1 {
            return self.add_account(row);
        }
        let sql = "UPDATE accounts SET version = ?2, body = ?3
                   WHERE account = ?1 AND version = ?2 - 1";
        let (id, version) = (row.id.as_str(), signed(row.version));
        self.must(sql, params![id, version, row.body], || {
            format!("account {id}: version {version} is not one more than the stored one")
        })
    }

    fn add_account(&self, row: &AccountRow) -> Result<(), Fault> {
        let sql = "INSERT INTO accounts (account, version, body) VALUES (?1, ?2, ?3)";
        self.run(sql, params![row.id.as_str(), signed(row.version), row.body]).map(drop)
    }

    fn session(&self, row: &SessionRow) -> Result<(), Fault> {
        let sql = "INSERT INTO sessions (token_sha256, account, ends_at, body)
                   VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (token_sha256) DO UPDATE SET account = excluded.account,
                     ends_at = excluded.ends_at, body = excluded.body";
        let params = params![row.token_sha256, row.account.as_str(), ns(row.ends_at), row.body];
        self.run(sql, params).map(drop)
    }

    fn audit(&self, row: &AuditRow) -> Result<(), Fault> {
        let last = self.number("SELECT coalesce(max(number), 0) FROM audit", [])?;
        if row.number != last + 1 {
            return misfit(format!("line {} of the audit cannot follow {last}", row.number));
        }
        let sql = "INSERT INTO audit (number, at, account, case_id, body)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let account = row.account.as_ref().map(|account| account.as_str());
        let case = row.case.map(|case| case.0);
        self.run(sql, params![signed(row.number), ns(row.at), account, case, row.body]).map(drop)
    }
}
