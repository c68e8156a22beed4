//! Changes in memory, each with the way back.

use super::Tables;
use crate::batch::{Batch, Change};
use crate::fault::Fault;
use crate::row::{
    AccountRow, AuditRow, CaseRow, FileRow, InboxRow, LeafRow, OutboxRow, PersonKeyRow, TaskRow,
};
use comity_exchange::Party;
use comity_exchange::case::CaseId;
use comity_ledger::{PersonKeyId, Tile};
use jiff::Timestamp;
use std::collections::BTreeMap;

type Undo = Box<dyn FnOnce(&mut Tables)>;
type Map<K, V> = fn(&mut Tables) -> &mut BTreeMap<K, V>;

/// Makes all changes of a batch, or none.
pub(super) fn apply(tables: &mut Tables, batch: &Batch) -> Result<(), Fault> {
    let found = tables.size();
    if let Some(expected) = batch.expects
        && expected != found
    {
        return Err(Fault::Conflict { expected, found });
    }
    let mut work = Work { tables, undo: Vec::new() };
    let done = batch.changes.iter().try_for_each(|change| work.change(change));
    if done.is_err() {
        let Work { tables, undo } = work;
        undo.into_iter().rev().for_each(|back| back(tables));
    }
    done
}

struct Work<'a> {
    tables: &'a mut Tables,
    undo: Vec<Undo>,
}

fn misfit<T>(why: String) -> Result<T, Fault> {
    Err(Fault::Misfit(why))
}

impl Work<'_> {
    fn put<K: Ord + Clone + 'static, V: 'static>(&mut self, map: Map<K, V>, key: K, value: V) {
        let old = map(self.tables).insert(key.clone(), value);
        self.undo.push(Box::new(move |tables| {
            match old {
                Some(old) => map(tables).insert(key, old),
                None => map(tables).remove(&key),
            };
        }));
    }

    fn remove<K: Ord + Clone + 'static, V: 'static>(
        &mut self,
        map: Map<K, V>,
        is_gone: impl Fn(&K, &V) -> bool,
    ) {
        let gone: Vec<(K, V)> = map(self.tables).extract_if(.., |k, v| is_gone(k, v)).collect();
        self.undo.push(Box::new(move |tables| map(tables).extend(gone)));
    }

    fn add<K: Ord + Clone + 'static, V: 'static>(
        &mut self,
        map: Map<K, V>,
        key: K,
        value: V,
        what: &str,
    ) -> Result<(), Fault> {
        if map(self.tables).contains_key(&key) {
            return misfit(format!("{what} is there"));
        }
        self.put(map, key, value);
        Ok(())
    }

    fn change(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Append(row) => self.append(row),
            Change::PutTile(tile) => self.tile(tile),
            Change::PutCheckpoint(row) => {
                self.put(|t| &mut t.checkpoints, row.size, row.clone());
                Ok(())
            }
            Change::AddPersonKey(row) => {
                self.add(|t| &mut t.person_keys, row.id, row.clone(), "the person's key")
            }
            Change::DestroyPersonKey { id, at } => self.destroy(*id, *at),
            Change::PutCase(row) => self.case(row),
            Change::PutTasks { case, tasks } => self.tasks(*case, tasks),
            Change::AddFile(row) => self.file(row),
            Change::RemoveFiles(case) => {
                self.remove(|t| &mut t.files, |(of, _), _| of == case);
                Ok(())
            }
            Change::PutPeer(row) => {
                self.put(|t| &mut t.peers, row.party.clone(), row.clone());
                Ok(())
            }
            Change::Post(row) => self.post(row),
            Change::Attempt { peer, number, attempts, due_at } => {
                self.pending(peer, *number, |row| {
                    row.attempts = *attempts;
                    row.due_at = Some(*due_at);
                })
            }
            Change::SignAgain { peer, number, bytes } => {
                self.pending(peer, *number, |row| row.bytes = Some(bytes.clone()))
            }
            Change::Settle { peer, number, receipt } => self.settle(peer, *number, receipt),
            Change::PutInbox(row) => self.inbox(row),
            Change::DropWaiting { peer, number } => self.drop_waiting(peer, *number),
            Change::PutAccount(row) => self.account(row),
            Change::AddAccount(row) => {
                self.add(|t| &mut t.accounts, row.id.clone(), row.clone(), "the account")
            }
            _ => self.rest(change),
        }
    }

    fn rest(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::PutSession(row) => {
                self.put(|t| &mut t.sessions, row.token_sha256, row.clone());
            }
            Change::RemoveSession(token) => {
                self.remove(|t| &mut t.sessions, |key, _| key == token);
            }
            Change::RemoveSessions(account) => {
                self.remove(|t| &mut t.sessions, |_, row| row.account == *account);
            }
            Change::Audit(row) => return self.audit(row),
            Change::PutReply(row) => {
                return self.add(|t| &mut t.replies, row.key_sha256, row.clone(), "the reply");
            }
            Change::DropEnded(before) => {
                self.remove(|t| &mut t.sessions, |_, row| row.ends_at < *before);
                self.remove(|t| &mut t.replies, |_, row| row.ends_at < *before);
            }
            Change::Set { name, value } => {
                self.put(|t| &mut t.values, name.clone(), value.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn append(&mut self, row: &LeafRow) -> Result<(), Fault> {
        let size = self.tables.size();
        if row.index != size {
            return misfit(format!("leaf {} cannot follow {size} leaves", row.index));
        }
        if row.of.is_some() && self.tables.leaves.values().any(|leaf| leaf.of == row.of) {
            return misfit(format!("leaf {}: its case has an event of that number", row.index));
        }
        self.put(|t| &mut t.leaves, row.index, row.clone());
        Ok(())
    }

    fn tile(&mut self, tile: &Tile) -> Result<(), Fault> {
        let place = (tile.id.level, tile.id.index);
        if self.tables.tiles.get(&place).is_some_and(|old| old.id.width > tile.id.width) {
            return misfit(format!("{}: a wider one is there", tile.id));
        }
        self.put(|t| &mut t.tiles, place, tile.clone());
        Ok(())
    }

    fn destroy(&mut self, id: PersonKeyId, at: Timestamp) -> Result<(), Fault> {
        let is_held = self.tables.person_keys.get(&id).is_some_and(|row| row.wrapped.is_some());
        if !is_held {
            return misfit(format!("key {id} is not held"));
        }
        let row = PersonKeyRow { id, wrapped: None, destroyed_at: Some(at) };
        self.put(|t| &mut t.person_keys, id, row);
        let cases = self.tables.cases.values().filter(|row| row.person_key == id);
        for case in cases.map(|row| row.case).collect::<Vec<_>>() {
            self.forget(case);
        }
        Ok(())
    }

    fn forget(&mut self, case: CaseId) {
        self.remove(|t| &mut t.cases, |key, _| *key == case);
        self.remove(|t| &mut t.tasks, |(of, _), _| *of == case);
        self.remove(|t| &mut t.files, |(of, _), _| *of == case);
        let settled = |row: &&OutboxRow| row.case == Some(case) && row.receipt.is_some();
        let settled: Vec<OutboxRow> =
            self.tables.outbox.values().filter(settled).cloned().collect();
        for row in settled {
            let row = OutboxRow { case: None, bytes: None, ..row };
            self.put(|t| &mut t.outbox, (row.peer.clone(), row.number), row);
        }
        let leaves = self.tables.leaves.values().filter(|row| row.of.is_some_and(|o| o.0 == case));
        for row in leaves.cloned().collect::<Vec<_>>() {
            self.put(|t| &mut t.leaves, row.index, LeafRow { of: None, ..row });
        }
    }

    fn case(&mut self, row: &CaseRow) -> Result<(), Fault> {
        let key = self.tables.person_keys.get(&row.person_key);
        if key.is_none_or(|key| key.wrapped.is_none()) {
            return misfit(format!("case {}: key {} is not held", row.case, row.person_key));
        }
        self.put(|t| &mut t.cases, row.case, row.clone());
        Ok(())
    }

    fn must_have(&self, case: CaseId) -> Result<(), Fault> {
        if self.tables.cases.contains_key(&case) {
            return Ok(());
        }
        misfit(format!("there is no case {case}"))
    }

    fn tasks(&mut self, case: CaseId, tasks: &[TaskRow]) -> Result<(), Fault> {
        self.must_have(case)?;
        self.remove(|t| &mut t.tasks, |(of, _), _| *of == case);
        for task in tasks {
            self.add(|t| &mut t.tasks, (case, task.key.clone()), task.clone(), "the task")?;
        }
        Ok(())
    }

    fn file(&mut self, row: &FileRow) -> Result<(), Fault> {
        self.must_have(row.case)?;
        self.add(|t| &mut t.files, (row.case, row.digest), row.clone(), "the file")
    }

    fn post(&mut self, row: &OutboxRow) -> Result<(), Fault> {
        let next = self.tables.outbox_next(&row.peer);
        if row.number != next {
            return misfit(format!("message {} to {}: {next} is next", row.number, row.peer));
        }
        let is_taken = |old: &OutboxRow| old.peer == row.peer && old.id == row.id;
        if self.tables.outbox.values().any(is_taken) {
            return misfit(format!("message {} to {}: its id is taken", row.number, row.peer));
        }
        self.put(|t| &mut t.outbox, (row.peer.clone(), row.number), row.clone());
        Ok(())
    }

    fn pending(
        &mut self,
        peer: &Party,
        number: u64,
        change: impl FnOnce(&mut OutboxRow),
    ) -> Result<(), Fault> {
        let key = (peer.clone(), number);
        let row = self.tables.outbox.get(&key).filter(|row| row.receipt.is_none());
        let Some(mut row) = row.cloned() else {
            return misfit(format!("message {number} to {peer} is not on its way"));
        };
        change(&mut row);
        self.put(|t| &mut t.outbox, key, row);
        Ok(())
    }

    fn settle(&mut self, peer: &Party, number: u64, receipt: &[u8]) -> Result<(), Fault> {
        let case = self.tables.outbox.get(&(peer.clone(), number)).and_then(|row| row.case);
        let is_forgotten = case.is_some_and(|case| !self.tables.cases.contains_key(&case));
        self.pending(peer, number, |row| {
            row.receipt = Some(receipt.to_vec());
            row.due_at = None;
            if is_forgotten {
                row.case = None;
                row.bytes = None;
            }
        })
    }

    fn inbox(&mut self, row: &InboxRow) -> Result<(), Fault> {
        let what = format!("message {} from {}", row.number, row.peer);
        let next = self.tables.inbox_next(&row.peer);
        if row.number < next {
            return misfit(format!("{what} is applied"));
        }
        if row.receipt.is_some() && row.number != next {
            return misfit(format!("{what}: {next} is next"));
        }
        let is_taken =
            |old: &InboxRow| old.peer == row.peer && old.id == row.id && old.number != row.number;
        if self.tables.inbox.values().any(is_taken) {
            return misfit(format!("{what}: its id is that of another"));
        }
        self.put(|t| &mut t.inbox, (row.peer.clone(), row.number), row.clone());
        Ok(())
    }

    fn drop_waiting(&mut self, peer: &Party, number: u64) -> Result<(), Fault> {
        let key = (peer.clone(), number);
        if self.tables.inbox.get(&key).is_none_or(|row| row.waiting.is_none()) {
            return misfit(format!("message {number} from {peer} does not wait"));
        }
        self.remove(|t| &mut t.inbox, |at, _| *at == key);
        Ok(())
    }

    fn account(&mut self, row: &AccountRow) -> Result<(), Fault> {
        let before = self.tables.accounts.get(&row.id).map_or(0, |old| old.version);
        if row.version != before + 1 {
            let (id, version) = (row.id.as_str(), row.version);
            return misfit(format!("account {id}: version {version} cannot follow {before}"));
        }
        self.put(|t| &mut t.accounts, row.id.clone(), row.clone());
        Ok(())
    }

    fn audit(&mut self, row: &AuditRow) -> Result<(), Fault> {
        let last = self.tables.audit.last_key_value().map_or(0, |(number, _)| *number);
        if row.number != last + 1 {
            return misfit(format!("line {} of the audit cannot follow {last}", row.number));
        }
        self.put(|t| &mut t.audit, row.number, row.clone());
        Ok(())
    }
}
