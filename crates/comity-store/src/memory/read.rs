//! Reading from memory.

use super::{MemoryStore, Tables};
use crate::dump::Row;
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, CheckpointRow, FileRow, InboxRow, LeafRow, OutboxRow, PeerRow,
    PersonKeyRow, ReplyRow, SessionRow, TaskRow,
};
use crate::store::{Page, Reads, TaskCursor};
use comity_exchange::case::{CaseId, OfficialId, OfficialRole};
use comity_exchange::{Digest, EnvelopeId, Party};
use comity_ledger::{PersonKeyId, Tile, TileId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::ops::Bound;

impl Tables {
    pub(super) fn size(&self) -> u64 {
        self.leaves.last_key_value().map_or(0, |(index, _)| index + 1)
    }

    pub(super) fn outbox_next(&self, peer: &Party) -> u64 {
        let all = (peer.clone(), 0)..=(peer.clone(), u64::MAX);
        self.outbox.range(all).next_back().map_or(1, |((_, number), _)| number + 1)
    }

    pub(super) fn inbox_next(&self, peer: &Party) -> u64 {
        let all = (peer.clone(), 0)..=(peer.clone(), u64::MAX);
        let applied = self.inbox.range(all).rev().find(|(_, row)| row.receipt.is_some());
        applied.map_or(1, |((_, number), _)| number + 1)
    }

    /// Every row, in the order of [`Row`].
    fn rows(self) -> impl Iterator<Item = Row> {
        let mut tasks: BTreeMap<CaseId, Vec<TaskRow>> = BTreeMap::new();
        for (_, task) in self.tasks {
            tasks.entry(task.case).or_default().push(task);
        }
        let ledger = (self.person_keys.into_values().map(Row::PersonKey))
            .chain(self.cases.into_values().map(Row::Case))
            .chain(self.leaves.into_values().map(Row::Leaf))
            .chain(self.tiles.into_values().map(Row::Tile))
            .chain(self.checkpoints.into_values().map(Row::Checkpoint));
        let rest = (tasks.into_values().map(Row::Tasks))
            .chain(self.files.into_values().map(Row::File))
            .chain(self.peers.into_values().map(Row::Peer))
            .chain(self.outbox.into_values().map(Row::Outbox))
            .chain(self.inbox.into_values().map(Row::Inbox))
            .chain(self.accounts.into_values().map(Row::Account))
            .chain(self.sessions.into_values().map(Row::Session))
            .chain(self.audit.into_values().map(Row::Audit))
            .chain(self.replies.into_values().map(Row::Reply))
            .chain(self.values.into_iter().map(|(name, value)| Row::Value { name, value }));
        ledger.chain(rest)
    }

    /// The tasks that a filter leaves, by due time.
    fn tasks_where(&self, keep: impl Fn(&TaskRow) -> bool) -> Vec<&TaskRow> {
        let mut rows: Vec<&TaskRow> = self.tasks.values().filter(|row| keep(row)).collect();
        rows.sort_by(|a, b| (a.due_at, a.case, &a.key).cmp(&(b.due_at, b.case, &b.key)));
        rows
    }
}

fn page<T: Clone, C>(rows: Vec<&T>, max: usize, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let has_more = rows.len() > max;
    let rows: Vec<T> = rows.into_iter().take(max).cloned().collect();
    let next = rows.last().filter(|_| has_more).map(cursor);
    Page { rows, next }
}

impl Reads for MemoryStore {
    fn size(&mut self) -> Result<u64, Fault> {
        Ok(self.lock().tables.size())
    }

    fn leaves(&mut self, from: u64, max: usize) -> Result<Vec<LeafRow>, Fault> {
        let kept = self.lock();
        Ok(kept.tables.leaves.range(from..).take(max).map(|(_, row)| row.clone()).collect())
    }

    fn leaves_of(&mut self, case: CaseId) -> Result<Vec<LeafRow>, Fault> {
        let kept = self.lock();
        let of = |row: &&LeafRow| row.of.is_some_and(|(id, _)| id == case);
        let mut rows: Vec<LeafRow> = kept.tables.leaves.values().filter(of).cloned().collect();
        rows.sort_by_key(|row| row.of.map(|(_, version)| version));
        Ok(rows)
    }

    fn tile(&mut self, id: TileId) -> Result<Option<Tile>, Fault> {
        let kept = self.lock();
        let tile = kept.tables.tiles.get(&(id.level, id.index));
        Ok(tile.filter(|tile| tile.id.width >= id.width).cloned())
    }

    fn tiles(&mut self, after: Option<TileId>, max: usize) -> Result<Vec<Tile>, Fault> {
        let kept = self.lock();
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded((id.level, id.index)));
        let rows = kept.tables.tiles.range((start, Bound::Unbounded));
        Ok(rows.take(max).map(|(_, tile)| tile.clone()).collect())
    }

    fn checkpoints(&mut self, from_size: u64, max: usize) -> Result<Vec<CheckpointRow>, Fault> {
        let kept = self.lock();
        let rows = kept.tables.checkpoints.range(from_size..);
        Ok(rows.take(max).map(|(_, row)| row.clone()).collect())
    }

    fn checkpoint(&mut self) -> Result<Option<CheckpointRow>, Fault> {
        Ok(self.lock().tables.checkpoints.last_key_value().map(|(_, row)| row.clone()))
    }

    fn person_key(&mut self, id: PersonKeyId) -> Result<Option<PersonKeyRow>, Fault> {
        Ok(self.lock().tables.person_keys.get(&id).cloned())
    }

    fn case(&mut self, case: CaseId) -> Result<Option<CaseRow>, Fault> {
        Ok(self.lock().tables.cases.get(&case).cloned())
    }

    fn case_by_number(&mut self, number_ref: &[u8; 32]) -> Result<Option<CaseRow>, Fault> {
        let kept = self.lock();
        let with = kept.tables.cases.values().filter(|row| row.number_ref == Some(*number_ref));
        Ok(with.max_by_key(|row| (row.opened_at, row.case)).cloned())
    }

    fn cases(
        &mut self,
        in_custody: bool,
        after: Option<(Timestamp, CaseId)>,
        max: usize,
    ) -> Result<Page<CaseRow, (Timestamp, CaseId)>, Fault> {
        let kept = self.lock();
        let place = |row: &CaseRow| (row.changed_at, row.case);
        let is_shown = |row: &&CaseRow| {
            !(in_custody && row.ended_at.is_some()) && after.is_none_or(|a| place(row) < a)
        };
        let mut rows: Vec<&CaseRow> = kept.tables.cases.values().filter(is_shown).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        Ok(page(rows, max, place))
    }

    fn case_counts(&mut self) -> Result<(u64, u64), Fault> {
        let kept = self.lock();
        let held = kept.tables.cases.values().filter(|row| row.ended_at.is_none()).count();
        Ok((kept.tables.cases.len() as u64, held as u64))
    }

    fn cases_due(&mut self, by: Timestamp, max: usize) -> Result<Vec<CaseRow>, Fault> {
        let kept = self.lock();
        let is_due = |row: &&CaseRow| row.next_at.is_some_and(|at| at <= by);
        let mut rows: Vec<&CaseRow> = kept.tables.cases.values().filter(is_due).collect();
        rows.sort_by_key(|row| (row.next_at, row.case));
        Ok(rows.into_iter().take(max).cloned().collect())
    }

    fn next_at(&mut self) -> Result<Option<Timestamp>, Fault> {
        Ok(self.lock().tables.cases.values().filter_map(|row| row.next_at).min())
    }

    fn tasks(
        &mut self,
        role: Option<OfficialRole>,
        after: Option<&TaskCursor>,
        max: usize,
    ) -> Result<Page<TaskRow, TaskCursor>, Fault> {
        let kept = self.lock();
        let rows = kept.tables.tasks_where(|row| {
            role.is_none_or(|role| row.role == role)
                && after
                    .is_none_or(|a| (row.due_at, row.case, &row.key) > (a.due_at, a.case, &a.key))
        });
        Ok(page(rows, max, TaskCursor::of))
    }

    fn tasks_of(&mut self, case: CaseId) -> Result<Vec<TaskRow>, Fault> {
        Ok(self.lock().tables.tasks_where(|row| row.case == case).into_iter().cloned().collect())
    }

    fn file(&mut self, case: CaseId, digest: Digest) -> Result<Option<FileRow>, Fault> {
        Ok(self.lock().tables.files.get(&(case, digest)).cloned())
    }

    fn peers(&mut self) -> Result<Vec<PeerRow>, Fault> {
        Ok(self.lock().tables.peers.values().cloned().collect())
    }

    fn outbox_next(&mut self, peer: &Party) -> Result<u64, Fault> {
        Ok(self.lock().tables.outbox_next(peer))
    }

    fn outbox_pending(&mut self, peer: &Party, max: usize) -> Result<Vec<OutboxRow>, Fault> {
        let kept = self.lock();
        let is_pending = |row: &&OutboxRow| row.peer == *peer && row.receipt.is_none();
        Ok(kept.tables.outbox.values().filter(is_pending).take(max).cloned().collect())
    }

    fn outbox_due(&mut self, by: Timestamp, max: usize) -> Result<Vec<OutboxRow>, Fault> {
        let kept = self.lock();
        let is_due = |row: &&OutboxRow| row.due_at.is_some_and(|at| at <= by);
        Ok(kept.tables.outbox.values().filter(is_due).take(max).cloned().collect())
    }

    fn outbox_next_at(&mut self) -> Result<Option<Timestamp>, Fault> {
        Ok(self.lock().tables.outbox.values().filter_map(|row| row.due_at).min())
    }

    fn outbox(&mut self, peer: &Party, number: u64) -> Result<Option<OutboxRow>, Fault> {
        Ok(self.lock().tables.outbox.get(&(peer.clone(), number)).cloned())
    }

    fn inbox_next(&mut self, peer: &Party) -> Result<u64, Fault> {
        Ok(self.lock().tables.inbox_next(peer))
    }

    fn inbox(&mut self, peer: &Party, number: u64) -> Result<Option<InboxRow>, Fault> {
        Ok(self.lock().tables.inbox.get(&(peer.clone(), number)).cloned())
    }

    fn inbox_by_id(&mut self, peer: &Party, id: EnvelopeId) -> Result<Option<InboxRow>, Fault> {
        let kept = self.lock();
        Ok(kept.tables.inbox.values().find(|row| row.peer == *peer && row.id == id).cloned())
    }

    fn inbox_waiting(&mut self, peer: &Party) -> Result<Vec<InboxRow>, Fault> {
        let kept = self.lock();
        let waits = |row: &&InboxRow| row.peer == *peer && row.waiting.is_some();
        Ok(kept.tables.inbox.values().filter(waits).cloned().collect())
    }

    fn account(&mut self, id: &OfficialId) -> Result<Option<AccountRow>, Fault> {
        Ok(self.lock().tables.accounts.get(id).cloned())
    }

    fn accounts(&mut self) -> Result<Vec<AccountRow>, Fault> {
        Ok(self.lock().tables.accounts.values().cloned().collect())
    }

    fn session(&mut self, token_sha256: &[u8; 32]) -> Result<Option<SessionRow>, Fault> {
        Ok(self.lock().tables.sessions.get(token_sha256).cloned())
    }

    fn sessions_of(&mut self, account: &OfficialId) -> Result<Vec<SessionRow>, Fault> {
        let kept = self.lock();
        Ok(kept.tables.sessions.values().filter(|row| row.account == *account).cloned().collect())
    }

    fn audit_last(&mut self) -> Result<Option<AuditRow>, Fault> {
        Ok(self.lock().tables.audit.last_key_value().map(|(_, row)| row.clone()))
    }

    fn audit(
        &mut self,
        from: u64,
        case: Option<CaseId>,
        account: Option<&OfficialId>,
        max: usize,
    ) -> Result<Vec<AuditRow>, Fault> {
        let kept = self.lock();
        let is_asked = |row: &&AuditRow| {
            (case.is_none() || row.case == case)
                && (account.is_none() || row.account.as_ref() == account)
        };
        let rows = kept.tables.audit.range(from..).map(|(_, row)| row).filter(is_asked);
        Ok(rows.take(max).cloned().collect())
    }

    fn reply(&mut self, key_sha256: &[u8; 32]) -> Result<Option<ReplyRow>, Fault> {
        Ok(self.lock().tables.replies.get(key_sha256).cloned())
    }

    fn value(&mut self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.lock().tables.values.get(name).cloned())
    }

    fn dump(&mut self, each: &mut dyn FnMut(Row) -> Result<(), Fault>) -> Result<(), Fault> {
        // Without the lock: `each` may ask the store something.
        let tables = self.lock().tables.clone();
        tables.rows().try_for_each(each)
    }
}
