//! Reading from SQLite.

use super::SqliteStore;
use super::fault::fault;
use super::rows::{self, AUDIT, CASE, INBOX, LEAF, OUTBOX, SESSION, TASK, TILE};
use crate::column::{limit, ns, signed};
use crate::dump::Row as AnyRow;
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow, role_name,
};
use crate::store::{Page, Reads, TaskCursor};
use comity_exchange::case::{CaseId, OfficialId, OfficialRole};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::{PersonKeyId, Tile, TileId};
use jiff::Timestamp;
use rusqlite::{Params, Row, params};

type FromRow<T> = fn(&Row) -> Result<T, Fault>;

impl SqliteStore {
    fn each<T>(
        &self,
        sql: &str,
        params: impl Params,
        from: FromRow<T>,
        mut take: impl FnMut(T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let mut found = statement.query(params).map_err(fault)?;
        while let Some(row) = found.next().map_err(fault)? {
            take(from(row)?)?;
        }
        Ok(())
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        from: FromRow<T>,
    ) -> Result<Vec<T>, Fault> {
        let mut rows = Vec::new();
        self.each(sql, params, from, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        from: FromRow<T>,
    ) -> Result<Option<T>, Fault> {
        Ok(self.all(sql, params, from)?.pop())
    }

    /// A number that is always there.
    fn count(&self, sql: &str, params: impl Params) -> Result<u64, Fault> {
        Ok(self.one(sql, params, |row| rows::number(row, 0))?.unwrap_or_default())
    }

    fn moment(&self, sql: &str) -> Result<Option<Timestamp>, Fault> {
        Ok(self.one(sql, [], |row| rows::maybe_at(row, 0))?.flatten())
    }

    fn dump_rows(&self, each: &mut dyn FnMut(AnyRow) -> Result<(), Fault>) -> Result<(), Fault> {
        let sql = "SELECT key_id, wrapped, destroyed_at FROM person_keys ORDER BY key_id";
        self.each(sql, [], rows::person_key, |row| each(AnyRow::PersonKey(row)))?;
        let sql = format!("SELECT {CASE} FROM cases ORDER BY case_id");
        self.each(&sql, [], rows::case, |row| each(AnyRow::Case(row)))?;
        let sql = format!("SELECT {LEAF} FROM leaves ORDER BY leaf_index");
        self.each(&sql, [], rows::leaf, |row| each(AnyRow::Leaf(row)))?;
        let sql = format!("SELECT {TILE} FROM tiles ORDER BY level, tile_index");
        self.each(&sql, [], rows::tile, |row| each(AnyRow::Tile(row)))?;
        let sql = "SELECT size, note FROM checkpoints ORDER BY size";
        self.each(sql, [], rows::checkpoint, |row| each(AnyRow::Checkpoint(row)))?;
        let sql = format!("SELECT {TASK} FROM tasks ORDER BY case_id, task_key");
        let mut tasks: Vec<TaskRow> = Vec::new();
        self.each(&sql, [], rows::task, |row| {
            if tasks.first().is_some_and(|first| first.case != row.case) {
                each(AnyRow::Tasks(std::mem::take(&mut tasks)))?;
            }
            tasks.push(row);
            Ok(())
        })?;
        if !tasks.is_empty() {
            each(AnyRow::Tasks(tasks))?;
        }
        let sql = "SELECT case_id, digest, sealed FROM files ORDER BY case_id, digest";
        self.each(sql, [], rows::file, |row| each(AnyRow::File(row)))?;
        self.dump_rest(each)
    }

    fn dump_rest(&self, each: &mut dyn FnMut(AnyRow) -> Result<(), Fault>) -> Result<(), Fault> {
        let sql = "SELECT party, body FROM peers ORDER BY party";
        self.each(sql, [], rows::peer, |row| each(AnyRow::Peer(row)))?;
        let sql = format!("SELECT {OUTBOX} FROM outbox ORDER BY peer, number");
        self.each(&sql, [], rows::outbox, |row| each(AnyRow::Outbox(row)))?;
        let sql = format!("SELECT {INBOX} FROM inbox ORDER BY peer, number");
        self.each(&sql, [], rows::inbox, |row| each(AnyRow::Inbox(row)))?;
        let sql = "SELECT account, version, body FROM accounts ORDER BY account";
        self.each(sql, [], rows::account, |row| each(AnyRow::Account(row)))?;
        let sql = format!("SELECT {SESSION} FROM sessions ORDER BY token_sha256");
        self.each(&sql, [], rows::session, |row| each(AnyRow::Session(row)))?;
        let sql = format!("SELECT {AUDIT} FROM audit ORDER BY number");
        self.each(&sql, [], rows::audit, |row| each(AnyRow::Audit(row)))?;
        let sql = "SELECT key_sha256, ends_at, body FROM replies ORDER BY key_sha256";
        self.each(sql, [], rows::reply, |row| each(AnyRow::Reply(row)))?;
        let sql = "SELECT name, value FROM named_values ORDER BY name";
        let value = |row: &Row| Ok((rows::get(row, 0)?, rows::get(row, 1)?));
        self.each(sql, [], value, |(name, value)| each(AnyRow::Value { name, value }))
    }
}

fn page<T, C>(mut rows: Vec<T>, max: usize, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let has_more = rows.len() > max;
    rows.truncate(max);
    let next = rows.last().filter(|_| has_more).map(cursor);
    Page { rows, next }
}

impl Reads for SqliteStore {
    fn size(&mut self) -> Result<u64, Fault> {
        self.count("SELECT coalesce(max(leaf_index) + 1, 0) FROM leaves", [])
    }

    fn leaves(&mut self, from: u64, max: usize) -> Result<Vec<LeafRow>, Fault> {
        let sql = format!(
            "SELECT {LEAF} FROM leaves WHERE leaf_index >= ?1 ORDER BY leaf_index LIMIT ?2"
        );
        self.all(&sql, params![signed(from), limit(max, 0)], rows::leaf)
    }

    fn leaves_of(&mut self, case: CaseId) -> Result<Vec<LeafRow>, Fault> {
        let sql = format!("SELECT {LEAF} FROM leaves WHERE case_id = ?1 ORDER BY version");
        self.all(&sql, [case.0], rows::leaf)
    }

    fn tile(&mut self, id: TileId) -> Result<Option<Tile>, Fault> {
        let sql = format!(
            "SELECT {TILE} FROM tiles WHERE level = ?1 AND tile_index = ?2 AND width >= ?3"
        );
        self.one(&sql, params![id.level, signed(id.index), id.width], rows::tile)
    }

    fn tiles(&mut self, after: Option<TileId>, max: usize) -> Result<Vec<Tile>, Fault> {
        let sql = format!(
            "SELECT {TILE} FROM tiles WHERE (level, tile_index) > (?1, ?2) \
             ORDER BY level, tile_index LIMIT ?3"
        );
        let (level, index) = after.map_or((-1, -1), |id| (i64::from(id.level), signed(id.index)));
        self.all(&sql, params![level, index, limit(max, 0)], rows::tile)
    }

    fn checkpoints(&mut self, from_size: u64, max: usize) -> Result<Vec<CheckpointRow>, Fault> {
        let sql = "SELECT size, note FROM checkpoints WHERE size >= ?1 ORDER BY size LIMIT ?2";
        self.all(sql, params![signed(from_size), limit(max, 0)], rows::checkpoint)
    }

    fn checkpoint(&mut self) -> Result<Option<CheckpointRow>, Fault> {
        let sql = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1";
        self.one(sql, [], rows::checkpoint)
    }

    fn person_key(&mut self, id: PersonKeyId) -> Result<Option<PersonKeyRow>, Fault> {
        let sql = "SELECT key_id, wrapped, destroyed_at FROM person_keys WHERE key_id = ?1";
        self.one(sql, [id.0], rows::person_key)
    }

    fn case(&mut self, case: CaseId) -> Result<Option<CaseRow>, Fault> {
        self.one(&format!("SELECT {CASE} FROM cases WHERE case_id = ?1"), [case.0], rows::case)
    }

    fn case_by_number(&mut self, number_ref: &[u8; 32]) -> Result<Option<CaseRow>, Fault> {
        let sql = format!(
            "SELECT {CASE} FROM cases WHERE number_ref = ?1 \
             ORDER BY opened_at DESC, case_id DESC LIMIT 1"
        );
        self.one(&sql, [number_ref], rows::case)
    }

    fn cases(
        &mut self,
        in_custody: bool,
        after: Option<(Timestamp, CaseId)>,
        max: usize,
    ) -> Result<Page<CaseRow, (Timestamp, CaseId)>, Fault> {
        let custody = if in_custody { "ended_at IS NULL" } else { "TRUE" };
        let max_more = limit(max, 1);
        let rows = match after {
            None => {
                let sql = format!(
                    "SELECT {CASE} FROM cases WHERE {custody} \
                     ORDER BY changed_at DESC, case_id DESC LIMIT ?1"
                );
                self.all(&sql, [max_more], rows::case)?
            }
            Some((at, case)) => {
                let sql = format!(
                    "SELECT {CASE} FROM cases WHERE {custody} AND (changed_at, case_id) < (?1, ?2) \
                     ORDER BY changed_at DESC, case_id DESC LIMIT ?3"
                );
                self.all(&sql, params![ns(at), case.0, max_more], rows::case)?
            }
        };
        Ok(page(rows, max, |row| (row.changed_at, row.case)))
    }

    fn case_counts(&mut self) -> Result<(u64, u64), Fault> {
        let sql = "SELECT (SELECT count(*) FROM cases), \
                   (SELECT count(*) FROM cases WHERE ended_at IS NULL)";
        let counts = |row: &Row| Ok((rows::number(row, 0)?, rows::number(row, 1)?));
        Ok(self.one(sql, [], counts)?.unwrap_or_default())
    }

    fn cases_due(&mut self, by: Timestamp, max: usize) -> Result<Vec<CaseRow>, Fault> {
        let sql = format!(
            "SELECT {CASE} FROM cases WHERE next_at <= ?1 ORDER BY next_at, case_id LIMIT ?2"
        );
        self.all(&sql, params![ns(by), limit(max, 0)], rows::case)
    }

    fn next_at(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.moment("SELECT min(next_at) FROM cases WHERE next_at IS NOT NULL")
    }

    fn tasks(
        &mut self,
        role: Option<OfficialRole>,
        after: Option<&TaskCursor>,
        max: usize,
    ) -> Result<Page<TaskRow, TaskCursor>, Fault> {
        let (due_at, case, key) = after.map_or((i64::MIN, &[][..], ""), |after| {
            (ns(after.due_at), &after.case.0[..], after.key.as_str())
        });
        let max_more = limit(max, 1);
        let from = "(due_at, case_id, task_key) > (?1, ?2, ?3) \
                    ORDER BY due_at, case_id, task_key LIMIT ?4";
        let rows = match role {
            None => {
                let sql = format!("SELECT {TASK} FROM tasks WHERE {from}");
                self.all(&sql, params![due_at, case, key, max_more], rows::task)?
            }
            Some(role) => {
                let sql = format!("SELECT {TASK} FROM tasks WHERE role = ?5 AND {from}");
                let params = params![due_at, case, key, max_more, role_name(role)];
                self.all(&sql, params, rows::task)?
            }
        };
        Ok(page(rows, max, TaskCursor::of))
    }

    fn tasks_of(&mut self, case: CaseId) -> Result<Vec<TaskRow>, Fault> {
        let sql = format!("SELECT {TASK} FROM tasks WHERE case_id = ?1 ORDER BY due_at, task_key");
        self.all(&sql, [case.0], rows::task)
    }

    fn file(&mut self, case: CaseId, digest: Digest) -> Result<Option<FileRow>, Fault> {
        let sql = "SELECT case_id, digest, sealed FROM files WHERE case_id = ?1 AND digest = ?2";
        self.one(sql, params![case.0, digest.0], rows::file)
    }

    fn peers(&mut self) -> Result<Vec<PeerRow>, Fault> {
        self.all("SELECT party, body FROM peers ORDER BY party", [], rows::peer)
    }

    fn outbox_next(&mut self, peer: &Party) -> Result<u64, Fault> {
        let sql = "SELECT coalesce(max(number) + 1, 1) FROM outbox WHERE peer = ?1";
        self.count(sql, [peer.as_str()])
    }

    fn outbox_pending(&mut self, peer: &Party, max: usize) -> Result<Vec<OutboxRow>, Fault> {
        let sql = format!(
            "SELECT {OUTBOX} FROM outbox WHERE peer = ?1 AND receipt IS NULL \
             ORDER BY number LIMIT ?2"
        );
        self.all(&sql, params![peer.as_str(), limit(max, 0)], rows::outbox)
    }

    fn outbox_due(&mut self, by: Timestamp, max: usize) -> Result<Vec<OutboxRow>, Fault> {
        let sql = format!(
            "SELECT {OUTBOX} FROM outbox WHERE due_at <= ?1 ORDER BY peer, number LIMIT ?2"
        );
        self.all(&sql, params![ns(by), limit(max, 0)], rows::outbox)
    }

    fn outbox_next_at(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.moment("SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL")
    }

    fn outbox(&mut self, peer: &Party, number: u64) -> Result<Option<OutboxRow>, Fault> {
        let sql = format!("SELECT {OUTBOX} FROM outbox WHERE peer = ?1 AND number = ?2");
        self.one(&sql, params![peer.as_str(), signed(number)], rows::outbox)
    }

    fn inbox_next(&mut self, peer: &Party) -> Result<u64, Fault> {
        let sql = "SELECT coalesce(max(number) + 1, 1) FROM inbox \
                   WHERE peer = ?1 AND receipt IS NOT NULL";
        self.count(sql, [peer.as_str()])
    }

    fn inbox(&mut self, peer: &Party, number: u64) -> Result<Option<InboxRow>, Fault> {
        let sql = format!("SELECT {INBOX} FROM inbox WHERE peer = ?1 AND number = ?2");
        self.one(&sql, params![peer.as_str(), signed(number)], rows::inbox)
    }

    fn inbox_by_id(&mut self, peer: &Party, id: EnvelopeId) -> Result<Option<InboxRow>, Fault> {
        let sql = format!("SELECT {INBOX} FROM inbox WHERE peer = ?1 AND envelope_id = ?2");
        self.one(&sql, params![peer.as_str(), id.0], rows::inbox)
    }

    fn inbox_waiting(&mut self, peer: &Party) -> Result<Vec<InboxRow>, Fault> {
        let sql = format!(
            "SELECT {INBOX} FROM inbox WHERE peer = ?1 AND waiting IS NOT NULL ORDER BY number"
        );
        self.all(&sql, [peer.as_str()], rows::inbox)
    }

    fn account(&mut self, id: &OfficialId) -> Result<Option<AccountRow>, Fault> {
        let sql = "SELECT account, version, body FROM accounts WHERE account = ?1";
        self.one(sql, [id.as_str()], rows::account)
    }

    fn accounts(&mut self) -> Result<Vec<AccountRow>, Fault> {
        let sql = "SELECT account, version, body FROM accounts ORDER BY account";
        self.all(sql, [], rows::account)
    }

    fn session(&mut self, token_sha256: &[u8; 32]) -> Result<Option<SessionRow>, Fault> {
        let sql = format!("SELECT {SESSION} FROM sessions WHERE token_sha256 = ?1");
        self.one(&sql, [token_sha256], rows::session)
    }

    fn sessions_of(&mut self, account: &OfficialId) -> Result<Vec<SessionRow>, Fault> {
        let sql =
            format!("SELECT {SESSION} FROM sessions WHERE account = ?1 ORDER BY token_sha256");
        self.all(&sql, [account.as_str()], rows::session)
    }

    fn audit_last(&mut self) -> Result<Option<AuditRow>, Fault> {
        let sql = format!("SELECT {AUDIT} FROM audit ORDER BY number DESC LIMIT 1");
        self.one(&sql, [], rows::audit)
    }

    fn audit(
        &mut self,
        from: u64,
        case: Option<CaseId>,
        account: Option<&OfficialId>,
        max: usize,
    ) -> Result<Vec<AuditRow>, Fault> {
        let of_case = case.map_or("?3 IS NULL", |_| "case_id = ?3");
        let of_account = account.map_or("?4 IS NULL", |_| "account = ?4");
        let sql = format!(
            "SELECT {AUDIT} FROM audit WHERE number >= ?1 AND {of_case} AND {of_account} \
             ORDER BY number LIMIT ?2"
        );
        let (case, account) = (case.map(|c| c.0), account.map(OfficialId::as_str));
        self.all(&sql, params![signed(from), limit(max, 0), case, account], rows::audit)
    }

    fn reply(&mut self, key_sha256: &[u8; 32]) -> Result<Option<ReplyRow>, Fault> {
        let sql = "SELECT key_sha256, ends_at, body FROM replies WHERE key_sha256 = ?1";
        self.one(sql, [key_sha256], rows::reply)
    }

    fn value(&mut self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let sql = "SELECT value FROM named_values WHERE name = ?1";
        self.one(sql, [name], |row| rows::get(row, 0))
    }

    fn dump(&mut self, each: &mut dyn FnMut(AnyRow) -> Result<(), Fault>) -> Result<(), Fault> {
        // One transaction sees one state, whatever is written beside it.
        self.connection.execute_batch("BEGIN").map_err(fault)?;
        let done = self.dump_rows(each);
        let ended = self.connection.execute_batch("COMMIT").map_err(fault);
        done.and(ended)
    }
}
