//! Changes as statements of PostgreSQL, inside one transaction.

use super::link::{Link, Param};
use crate::batch::{Batch, Change};
use crate::column::{ns, signed, unsigned};
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, InboxRow, LeafRow, OutboxRow, SessionRow,
    TaskRow, role_name,
};
use comity_exchange::Party;
use comity_exchange::case::CaseId;
use comity_ledger::{PersonKeyId, Tile};
use jiff::Timestamp;

/// Makes the changes of a batch on so many leaves; whoever called undoes them if one fails.
pub(super) fn write(link: &mut Link, size: u64, batch: &Batch) -> Result<(), Fault> {
    let mut writer = Writer { link, size };
    let mut changes = batch.changes.as_slice();
    while let Some(change) = changes.first() {
        // Leaves that follow each other are one statement.
        let leaves: Vec<&LeafRow> = changes.iter().map_while(as_leaf).collect();
        if leaves.is_empty() {
            writer.change(change)?;
        } else {
            writer.append(&leaves)?;
        }
        changes = changes.get(leaves.len().max(1)..).unwrap_or_default();
    }
    Ok(())
}

fn as_leaf(change: &Change) -> Option<&LeafRow> {
    match change {
        Change::Append(row) => Some(row),
        _ => None,
    }
}

struct Writer<'a> {
    link: &'a mut Link,
    /// Leaves by now.
    size: u64,
}

fn misfit<T>(why: String) -> Result<T, Fault> {
    Err(Fault::Misfit(why))
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
        if self.link.run(sql, params)? == 0 { misfit(or()) } else { Ok(()) }
    }

    fn number(&mut self, sql: &str, params: &[Param]) -> Result<u64, Fault> {
        let rows = self.link.query(sql, params)?;
        let number = rows.first().map_or(Ok(0), |row| row.try_get(0));
        unsigned(number.map_err(super::fault::fault)?)
    }

    fn change(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Append(row) => self.append(&[row]),
            Change::PutTile(tile) => self.tile(tile),
            Change::PutCheckpoint(row) => self.checkpoint(row),
            Change::AddPersonKey(row) => {
                let sql =
                    "INSERT INTO person_keys (key_id, wrapped, destroyed_at) VALUES ($1, $2, $3)";
                let destroyed_at = row.destroyed_at.map(ns);
                self.run(sql, &[&&row.id.0[..], &row.wrapped, &destroyed_at])
            }
            Change::DestroyPersonKey { id, at } => self.destroy(*id, *at),
            Change::PutCase(row) => self.case(row),
            Change::PutTasks { case, tasks } => self.tasks(*case, tasks),
            Change::AddFile(row) => {
                self.must_have(row.case)?;
                let sql = "INSERT INTO files (case_id, digest, sealed) VALUES ($1, $2, $3)";
                self.run(sql, &[&&row.case.0[..], &&row.digest.0[..], &row.sealed])
            }
            Change::RemoveFiles(case) => {
                self.run("DELETE FROM files WHERE case_id = $1", &[&&case.0[..]])
            }
            Change::PutPeer(row) => {
                let sql = "INSERT INTO peers (party, body) VALUES ($1, $2)
                           ON CONFLICT (party) DO UPDATE SET body = EXCLUDED.body";
                self.run(sql, &[&row.party.as_str(), &row.body])
            }
            Change::Post(row) => self.post(row),
            Change::Attempt { .. } | Change::SignAgain { .. } | Change::Settle { .. } => {
                self.on_its_way(change)
            }
            Change::PutInbox(row) => self.inbox(row),
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
            Change::Settle { peer, number, receipt } => {
                // Of a case that was forgotten meanwhile nothing stays but the receipt.
                let is_kept = "case_id IS NULL OR EXISTS
                     (SELECT 1 FROM cases WHERE cases.case_id = outbox.case_id)";
                let sql = format!(
                    "UPDATE outbox SET receipt = $3, due_at = NULL,
                       bytes = CASE WHEN {is_kept} THEN bytes END,
                       case_id = CASE WHEN {is_kept} THEN case_id END {which}"
                );
                let params: [Param; 3] = [&peer.as_str(), &signed(*number), receipt];
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
            Change::Audit(row) => self.audit(row),
            Change::PutReply(row) => {
                let sql = "INSERT INTO replies (key_sha256, ends_at, body) VALUES ($1, $2, $3)";
                self.run(sql, &[&&row.key_sha256[..], &ns(row.ends_at), &row.body])
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

    fn append(&mut self, rows: &[&LeafRow]) -> Result<(), Fault> {
        for row in rows {
            if row.index != self.size {
                return misfit(format!("leaf {} cannot follow {} leaves", row.index, self.size));
            }
            self.size += 1;
        }
        let indexes: Vec<i64> = rows.iter().map(|row| signed(row.index)).collect();
        let leaves: Vec<&[u8]> = rows.iter().map(|row| &row.leaf[..]).collect();
        let sealed: Vec<&[u8]> = rows.iter().map(|row| &row.sealed[..]).collect();
        let case = |row: &&'_ LeafRow| row.of.map(|of| of.0.0.to_vec());
        let cases: Vec<Option<Vec<u8>>> = rows.iter().map(case).collect();
        let version = |row: &&'_ LeafRow| row.of.map(|of| signed(of.1.0));
        let versions: Vec<Option<i64>> = rows.iter().map(version).collect();
        let sql = "INSERT INTO leaves (leaf_index, leaf, sealed, case_id, version)
                   SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[],
                     $5::bigint[])";
        self.run(sql, &[&indexes, &leaves, &sealed, &cases, &versions])
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

    fn case(&mut self, row: &CaseRow) -> Result<(), Fault> {
        let sql = "INSERT INTO cases (case_id, peer, key_id, version, opened_at, changed_at,
                     ended_at, next_at, card_sealed, number_ref)
                   SELECT $1::bytea, $2::text, $3::bytea, $4::bigint, $5::bigint, $6::bigint,
                     $7::bigint, $8::bigint, $9::bytea, $10::bytea
                   WHERE EXISTS
                     (SELECT 1 FROM person_keys WHERE key_id = $3 AND wrapped IS NOT NULL)
                   ON CONFLICT (case_id) DO UPDATE SET peer = EXCLUDED.peer,
                     key_id = EXCLUDED.key_id, version = EXCLUDED.version,
                     opened_at = EXCLUDED.opened_at, changed_at = EXCLUDED.changed_at,
                     ended_at = EXCLUDED.ended_at, next_at = EXCLUDED.next_at,
                     card_sealed = EXCLUDED.card_sealed, number_ref = EXCLUDED.number_ref";
        let params: [Param; 10] = [
            &&row.case.0[..],
            &row.peer.as_str(),
            &&row.person_key.0[..],
            &signed(row.version.0),
            &ns(row.opened_at),
            &ns(row.changed_at),
            &row.ended_at.map(ns),
            &row.next_at.map(ns),
            &row.card_sealed,
            &row.number_ref.as_ref().map(|number| &number[..]),
        ];
        self.must(sql, &params, || format!("case {}: key {} is not held", row.case, row.person_key))
    }

    fn must_have(&mut self, case: CaseId) -> Result<(), Fault> {
        match self.number("SELECT count(*) FROM cases WHERE case_id = $1", &[&&case.0[..]])? {
            0 => misfit(format!("there is no case {case}")),
            _ => Ok(()),
        }
    }

    fn tasks(&mut self, case: CaseId, tasks: &[TaskRow]) -> Result<(), Fault> {
        self.run("DELETE FROM tasks WHERE case_id = $1", &[&&case.0[..]])?;
        if tasks.is_empty() {
            return self.must_have(case);
        }
        let keys: Vec<&str> = tasks.iter().map(|task| task.key.as_str()).collect();
        let bodies: Vec<&[u8]> = tasks.iter().map(|task| &task.body[..]).collect();
        let roles: Vec<&str> = tasks.iter().map(|task| role_name(task.role)).collect();
        let due_at: Vec<i64> = tasks.iter().map(|task| ns(task.due_at)).collect();
        let sql = "INSERT INTO tasks (case_id, task_key, body, role, due_at)
                   SELECT $1::bytea, * FROM unnest($2::text[], $3::bytea[], $4::text[],
                     $5::bigint[])
                   WHERE EXISTS (SELECT 1 FROM cases WHERE case_id = $1)";
        let params: [Param; 5] = [&&case.0[..], &keys, &bodies, &roles, &due_at];
        self.must(sql, &params, || format!("there is no case {case}"))
    }

    fn post(&mut self, row: &OutboxRow) -> Result<(), Fault> {
        let sql = "INSERT INTO outbox (peer, number, envelope_id, digest, case_id, bytes, attempts,
                     due_at, receipt)
                   SELECT $1::text, $2::bigint, $3::bytea, $4::bytea, $5::bytea, $6::bytea,
                     $7::bigint, $8::bigint, $9::bytea
                   WHERE $2 = (SELECT coalesce(max(number) + 1, 1) FROM outbox WHERE peer = $1)";
        let params: [Param; 9] = [
            &row.peer.as_str(),
            &signed(row.number),
            &&row.id.0[..],
            &&row.digest.0[..],
            &row.case.as_ref().map(|case| &case.0[..]),
            &row.bytes,
            &i64::from(row.attempts),
            &row.due_at.map(ns),
            &row.receipt,
        ];
        self.must(sql, &params, || {
            format!("message {} to {} is not the next one", row.number, row.peer)
        })
    }

    fn inbox(&mut self, row: &InboxRow) -> Result<(), Fault> {
        let sql = "INSERT INTO inbox (peer, number, envelope_id, digest, waiting, receipt)
                   SELECT $1::text, $2::bigint, $3::bytea, $4::bytea, $5::bytea, $6::bytea
                   FROM (SELECT coalesce(max(number) + 1, 1) AS next FROM inbox
                         WHERE peer = $1 AND receipt IS NOT NULL) AS applied
                   WHERE $2 = next OR ($2 > next AND $6::bytea IS NULL)
                   ON CONFLICT (peer, number) DO UPDATE SET envelope_id = EXCLUDED.envelope_id,
                     digest = EXCLUDED.digest, waiting = EXCLUDED.waiting,
                     receipt = EXCLUDED.receipt";
        let params: [Param; 6] = [
            &row.peer.as_str(),
            &signed(row.number),
            &&row.id.0[..],
            &&row.digest.0[..],
            &row.waiting,
            &row.receipt,
        ];
        self.must(sql, &params, || {
            format!("message {} from {} is applied, or not the next one", row.number, row.peer)
        })
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

    fn audit(&mut self, row: &AuditRow) -> Result<(), Fault> {
        let sql = "INSERT INTO audit (number, at, account, case_id, body)
                   SELECT $1::bigint, $2::bigint, $3::text, $4::bytea, $5::bytea
                   WHERE $1 = (SELECT coalesce(max(number), 0) + 1 FROM audit)";
        let account = row.account.as_ref().map(|account| account.as_str());
        let case = row.case.as_ref().map(|case| &case.0[..]);
        let params: [Param; 5] = [&signed(row.number), &ns(row.at), &account, &case, &row.body];
        self.must(sql, &params, || {
            format!("line {} of the audit cannot follow the last one", row.number)
        })
    }
}
