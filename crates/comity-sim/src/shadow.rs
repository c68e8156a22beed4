//! What a node's store is known to hold: read leaf by leaf as it grows, folded anew, and kept
//! beside the node. Whatever was there once must be there for ever.

use crate::cover::Cover;
use crate::fault::{Checked, Must, broken, demand};
use comity_exchange::case::{
    By, Case, CaseId, CommandId, Event, Message, Side, Task, What, apply, message_of, next_at,
    tasks,
};
use comity_exchange::{Digest, Party};
use comity_ledger::{
    CaseRef, Hash, Leaf, MemoryKeys, PersonKey, Sealed, StoreKey, Unsealed, unseal,
};
use comity_node::read_event;
use comity_store::{CaseRow, LeafRow, MemoryStore, Reads, TaskRow};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of leaves that say that a message came.
pub const CAME: [&str; 4] = ["message.received", "message.stray", "message.unread", "key.told"];

/// A case as its events make it.
#[derive(Debug, Clone)]
pub struct Known {
    /// The fold.
    pub case: Case,
    /// Its row when it was last read.
    pub row: CaseRow,
    /// The person's key.
    pub key: PersonKey,
}

/// One leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its hash.
    pub hash: Hash,
    /// Its kind.
    pub kind: String,
    /// The digest of the message that it says came, if it can be opened.
    pub came: Option<Digest>,
}

/// What a store holds.
#[derive(Debug, Clone)]
pub struct Shadow {
    side: Side,
    store_key: StoreKey,
    /// Its leaves.
    pub leaves: Vec<Mark>,
    /// Its cases.
    pub cases: BTreeMap<CaseId, Known>,
    /// Cases that were forgotten, with the key's id.
    pub forgotten: BTreeMap<CaseId, comity_ledger::PersonKeyId>,
    /// Which turn each command's events came of.
    commands: BTreeMap<CommandId, u64>,
    refs: BTreeMap<CaseRef, CaseId>,
    /// Messages that its events make, to whom and of which kind.
    pub told: Vec<(Party, &'static str)>,
    /// Events that were read last.
    pub new: Vec<Event>,
}

/// Says that a stored event is opened under the key of its case.
fn opened(leaf: &LeafRow, known: &Known) -> Checked<Event> {
    read_event(leaf, &known.row, &known.key).must("event-opens")
}

impl Shadow {
    /// Of an empty store.
    pub fn new(side: Side, store_key: StoreKey) -> Shadow {
        Shadow {
            side,
            store_key,
            leaves: Vec::new(),
            cases: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            commands: BTreeMap::new(),
            refs: BTreeMap::new(),
            told: Vec::new(),
            new: Vec::new(),
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    fn open_case(&mut self, store: &mut MemoryStore, id: CaseId) -> Checked {
        if !self.cases.contains_key(&id) {
            let row = store.case(id).must("reads")?.must("case-row-of-an-event")?;
            let stored = store.person_key(row.person_key).must("reads")?.must("key-of-a-case")?;
            let wrapped = stored.wrapped.must("key-of-a-case")?;
            let key = self.store_key.unwrap_key(row.person_key, &wrapped).must("key-opens")?;
            self.refs.insert(key.case_ref(&id.0), id);
            // An id that was forgotten is a new case when it comes again.
            self.forgotten.remove(&id);
            let known = Known { case: Case::new(self.side, id), row, key };
            self.cases.insert(id, known);
        }
        Ok(())
    }

    /// Reads what was added by a turn, and gives the cases that changed.
    ///
    /// # Errors
    /// An event that does not open or does not follow; a command that had an effect before.
    pub fn grow(
        &mut self,
        store: &mut MemoryStore,
        turn: u64,
        cover: &mut Cover,
    ) -> Checked<BTreeSet<CaseId>> {
        let mut changed = BTreeSet::new();
        let rows = store.leaves(self.size(), usize::MAX).must("reads")?;
        for row in &rows {
            let Some((id, version)) = row.of else { continue };
            self.open_case(store, id)?;
            let known = self.cases.get_mut(&id).must("case-is-known")?;
            let event = opened(row, known)?;
            demand(
                event.case == id
                    && event.version == version
                    && version == known.case.version.next(),
                "events-follow",
                || format!("leaf {}: {version} after {}", row.index, known.case.version),
            )?;
            let case = std::mem::replace(&mut known.case, Case::new(self.side, id));
            known.case = apply(case, &event);
            let (case, peer) = (&known.case, known.row.peer.clone());
            self.told.extend(message_of(case, &event).map(|m| (peer, kind_of(&m))));
            cover.count("event", event.what.kind_name());
            if let (By::Alarm, What::HoldEnded(why)) = (&event.by, &event.what) {
                cover.count("hold-ended", &format!("{why:?}"));
            }
            let first = *self.commands.entry(event.command).or_insert(turn);
            demand(first == turn, "no-effect-twice", || {
                format!("{} of turn {first} again in turn {turn}", event.command)
            })?;
            self.new.push(event);
            changed.insert(id);
        }
        for row in &rows {
            let mark = self.mark(row)?;
            self.leaves.push(mark);
        }
        let size = store.size().must("reads")?;
        demand(size == self.size(), "nothing-is-lost", || {
            format!("{size} leaves are stored, {} were", self.size())
        })?;
        Ok(changed)
    }

    fn mark(&self, row: &LeafRow) -> Checked<Mark> {
        let leaf = Leaf::parse("leaf", &row.leaf).must("leaf-reads")?;
        let hash = Hash::of_leaf(&row.leaf);
        let kind = leaf.kind.as_str().to_owned();
        let known = self.refs.get(&leaf.case).and_then(|id| self.cases.get(id));
        let came = match known.filter(|_| kind == CAME[0]) {
            Some(known) => Some(came(&leaf, row, known)?),
            None => None,
        };
        Ok(Mark { hash, kind, came })
    }

    /// Compares a case's rows with what its events say.
    ///
    /// # Errors
    /// A row that says something else.
    pub fn check_rows(&mut self, store: &mut MemoryStore, id: CaseId) -> Checked {
        let Some(row) = store.case(id).must("reads")? else {
            let known = self.cases.remove(&id).must("case-is-known")?;
            self.forgotten.insert(id, known.row.person_key);
            return Ok(());
        };
        let side = self.side;
        let known = self.cases.get_mut(&id).must("case-is-known")?;
        known.row = row;
        let (case, row) = (&known.case, &known.row);
        // The moment of the last event is the one that counted when the rows were made.
        let now = case.last_at.must("rows-follow-the-case")?;
        let ended_at = case.custody_end.as_ref().map(|end| end.at);
        let says = (case.version, next_at(case), ended_at, case.last_at);
        demand(
            (row.version, row.next_at, row.ended_at, Some(row.changed_at)) == says,
            "rows-follow-the-case",
            || format!("{id}: {row:?}, and its events say {says:?}"),
        )?;
        let wanted: Vec<(String, Timestamp)> =
            tasks(case, now).iter().map(|t| (t.key(), t.due_at)).collect();
        let rows: Vec<TaskRow> = store.tasks_of(id).must("reads")?;
        let mut stored: Vec<(String, Timestamp)> =
            rows.iter().map(|t| (t.key.clone(), t.due_at)).collect();
        let mut wanted_sorted = wanted;
        stored.sort();
        wanted_sorted.sort();
        demand(stored == wanted_sorted, "tasks-follow-the-case", || {
            format!("{id}: stored {stored:?}, and its events say {wanted_sorted:?}")
        })?;
        let roles = tasks(case, now)
            .into_iter()
            .all(|t: Task| rows.iter().any(|r| r.key == t.key() && r.role == t.kind.role(side)));
        demand(roles, "tasks-follow-the-case", || format!("{id}: a role is another"))
    }

    /// Finds the cases that are gone from the store.
    ///
    /// # Errors
    /// One is gone, and its key is not destroyed.
    pub fn check_forgotten(&mut self, store: &mut MemoryStore) -> Checked<Vec<CaseId>> {
        let mut gone = Vec::new();
        for id in self.cases.keys().copied().collect::<Vec<_>>() {
            if store.case(id).must("reads")?.is_none() {
                self.check_rows(store, id)?;
                gone.push(id);
            }
        }
        for (id, key) in &self.forgotten {
            let row = store.person_key(*key).must("reads")?.must("key-of-a-case")?;
            let kept = row.wrapped.is_some() || row.destroyed_at.is_none();
            demand(!kept, "forgotten-is-unreadable", || format!("{id}: key {key} is held"))?;
            let files = store.tasks_of(*id).must("reads")?.len();
            let leaves = store.leaves_of(*id).must("reads")?.len();
            if files + leaves > 0 {
                return broken("forgotten-is-unreadable", format!("{id}: rows still name it"));
            }
        }
        Ok(gone)
    }

    /// Reads every leaf again: each is the one that was there.
    ///
    /// # Errors
    /// One is missing or another.
    pub fn reread(&self, store: &mut MemoryStore) -> Checked {
        let rows = store.leaves(0, usize::MAX).must("reads")?;
        let same = rows.len() == self.leaves.len()
            && rows.iter().zip(&self.leaves).all(|(r, mark)| Hash::of_leaf(&r.leaf) == mark.hash);
        demand(same, "nothing-is-lost", || "a leaf is not the one that was there".to_owned())
    }
}

fn kind_of(message: &Message) -> &'static str {
    message.says.kind_name()
}

/// The digest of the message that a leaf says came.
fn came(leaf: &Leaf, row: &LeafRow, known: &Known) -> Checked<Digest> {
    let mut keys = MemoryKeys::default();
    let _ = keys.add(known.row.person_key, known.key.clone());
    let sealed = Sealed::parse(&row.sealed).must("event-opens")?;
    let Unsealed::Open(opening) = unseal(leaf, &sealed, &keys).must("event-opens")? else {
        return broken("event-opens", format!("leaf {} is erased", row.index));
    };
    let says: serde_json::Value = serde_json::from_slice(&opening.event).must("event-opens")?;
    says["digest"].as_str().and_then(Digest::parse).must("event-opens")
}
