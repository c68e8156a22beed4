//! From a command to leaves, rows and messages.

use crate::entry::{Card, Entry};
use crate::fault::NodeFault;
use crate::identity::random;
use crate::node::{Done, Happened, Loaded, Node, Work};
use comity_exchange::Digest;
use comity_exchange::case::{
    By, Case, CaseId, Command, CommandId, Event, Identification, Message, OfficialId, TaskKind,
    Version, apply, decide, due, message_of, next_at, tasks,
};
use comity_exchange::{Party, canonical};
use comity_ledger::{Draft, EventKind, Fresh, Hash, PersonKey, PersonKeyId, record};
use comity_model::Diagnostic;
use comity_store::{AuditRow, CaseRow, Change, FileRow, LeafRow, PersonKeyRow, TaskRow};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// SHA-256 of a stored body.
pub(crate) fn digest_of(body: &[u8]) -> Digest {
    Digest::of_bytes(body)
}

/// What the sealing of a file of a case is bound to.
pub(crate) fn file_use(case: CaseId, digest: Digest) -> Vec<u8> {
    [b"comity-file/v1\n", case.0.as_slice(), &digest.0].concat()
}

/// A leaf that is made and not yet appended.
struct Made {
    leaf: Vec<u8>,
    sealed: Vec<u8>,
    of: Option<(CaseId, Version)>,
}

/// Nobody was found, and the agency was told or will be: nothing is kept.
pub(crate) fn is_to_be_forgotten(case: &Case, now: Timestamp) -> bool {
    due(case, now).iter().any(|task| task.kind == TaskKind::Forget)
}

impl Node {
    /// A case that is not there yet: only a booking opens one here.
    pub(crate) fn opened_by(
        &mut self,
        work: &Work,
        id: CaseId,
        entry: &Entry,
        peer: Option<Party>,
    ) -> Result<Loaded, NodeFault> {
        let Entry::Book { .. } = entry else { return Err(NodeFault::NoCase(id)) };
        let peer = match peer {
            Some(party) => self.peer(&party)?.party.clone(),
            None => self.only_peer()?,
        };
        Ok(self.new_case(work.now, id, peer))
    }

    fn only_peer(&self) -> Result<Party, NodeFault> {
        let mut others = self.peers.values().filter(|p| p.side != self.identity.side);
        match (others.next(), others.next()) {
            (Some(peer), None) => Ok(peer.party.clone()),
            (None, _) => Err(NodeFault::wrong(
                Diagnostic::error("no-peer", "this node knows no federal office")
                    .path("peer")
                    .help("`comity node add-peer` makes one known"),
            )),
            (Some(_), Some(_)) => Err(NodeFault::wrong(
                Diagnostic::error("which-peer", "this node knows more than one federal office")
                    .path("peer")
                    .help("say which one the booking is for"),
            )),
        }
    }

    pub(crate) fn new_case(&mut self, now: Timestamp, id: CaseId, peer: Party) -> Loaded {
        let person_key = PersonKeyId(random(self.random.as_mut()));
        let key = PersonKey::from_bytes(random(self.random.as_mut()));
        let row = CaseRow {
            case: id,
            peer,
            person_key,
            version: Version::default(),
            opened_at: now,
            changed_at: now,
            ended_at: None,
            next_at: None,
            card_sealed: None,
            number_ref: None,
        };
        Loaded { case: Case::new(self.identity.side, id), row, key, is_new: true }
    }

    pub(crate) fn enter(
        &mut self,
        work: &mut Work,
        mut loaded: Loaded,
        (id, by, expects): (CommandId, By, Option<Version>),
        entry: Entry,
        file: Option<Vec<u8>>,
    ) -> Result<Done, NodeFault> {
        if let Entry::Book { card: Some(card), .. } = &entry {
            self.put_card(&mut loaded, card)?;
        }
        let file = match &entry {
            Entry::SubmitPrints { file: digest, .. } => {
                Some(self.file_row(&loaded, *digest, file)?)
            }
            _ => None,
        };
        let library = self.library.clone();
        let case = loaded.case.id;
        let act = entry.into_act(&library, &loaded.case, work.now)?;
        let command = Command { id, by, expects, act };
        let done = self.command(work, loaded, command)?;
        let is_stored = match &file {
            Some(row) => self.store.file(case, row.digest)?.is_some(),
            None => true,
        };
        if let (Some(row), Done::Events { events, .. }, false) = (file, &done, is_stored)
            && !events.is_empty()
        {
            work.changes.push(Change::AddFile(row));
        }
        Ok(done)
    }

    fn put_card(&mut self, loaded: &mut Loaded, card: &Card) -> Result<(), NodeFault> {
        card.check().map_err(NodeFault::wrong)?;
        let nonce = random(self.random.as_mut());
        let sealed = card.seal(loaded.case.id, &loaded.key, nonce).map_err(NodeFault::wrong)?;
        loaded.row.card_sealed = Some(sealed);
        loaded.row.number_ref = Some(self.identity.store_key.number_ref(&card.number));
        Ok(())
    }

    /// The row of a file that came with an entry or a message, if it is the one that is named.
    pub(crate) fn file_row(
        &mut self,
        loaded: &Loaded,
        digest: Digest,
        file: Option<Vec<u8>>,
    ) -> Result<FileRow, NodeFault> {
        let Some(bytes) = file.filter(|bytes| Digest::of_bytes(bytes) == digest) else {
            let message = format!("the file with SHA-256 `{digest}` did not come with it");
            return Err(NodeFault::FileMissing(
                Diagnostic::error("file-missing", message)
                    .path("file")
                    .help("send the transaction's file together with what names it"),
            ));
        };
        let nonce = random(self.random.as_mut());
        let case = loaded.case.id;
        let sealed = loaded.key.seal(&file_use(case, digest), nonce, &bytes);
        Ok(FileRow { digest, case, sealed: sealed.map_err(NodeFault::wrong)? })
    }

    /// Decides a command and keeps what comes of it.
    pub(crate) fn command(
        &mut self,
        work: &mut Work,
        loaded: Loaded,
        command: Command,
    ) -> Result<Done, NodeFault> {
        let case = loaded.case.id;
        let events = decide(&loaded.case, &command, work.now)
            .map_err(|refusal| NodeFault::Refused(Box::new(refusal)))?;
        let (version, events) = self.keep(work, loaded, &events)?;
        Ok(Done::Events { case, version, events })
    }

    /// Keeps events of a case: leaves, the case's rows, and the messages that they make.
    pub(crate) fn keep(
        &mut self,
        work: &mut Work,
        mut loaded: Loaded,
        events: &[Event],
    ) -> Result<(Version, Vec<Happened>), NodeFault> {
        if events.is_empty() {
            return Ok((loaded.case.version, Vec::new()));
        }
        let was_searched = matches!(loaded.case.identification, Identification::NoMatch);
        let mut made = Vec::new();
        let mut messages: Vec<Message> = Vec::new();
        for event in events {
            let text = event.to_text().map_err(NodeFault::wrong)?;
            let kind = event.kind().map_err(NodeFault::wrong)?;
            let mut leaf =
                self.make(work, loaded.row.person_key, &loaded.key, kind, event.case, &text)?;
            leaf.of = Some((event.case, event.version));
            made.push(leaf);
            loaded.case = apply(loaded.case, event);
            messages.extend(message_of(&loaded.case, event));
        }
        let row = &mut loaded.row;
        row.version = loaded.case.version;
        row.changed_at = loaded.case.last_at.unwrap_or(work.now);
        row.ended_at = loaded.case.custody_end.as_ref().map(|end| end.at);
        row.next_at = next_at(&loaded.case);
        let tasks = self.task_rows(&loaded.case, work.now)?;
        // From here on only what cannot fail, but for the messages' signatures.
        if loaded.is_new {
            let nonce = random(self.random.as_mut());
            let (id, store_key) = (row.person_key, &self.identity.store_key);
            let wrapped = store_key.wrap(id, &loaded.key, nonce).map_err(NodeFault::wrong)?;
            let row = PersonKeyRow { id, wrapped: Some(wrapped), destroyed_at: None };
            work.changes.push(Change::AddPersonKey(row));
            loaded.is_new = false;
        }
        let case = loaded.case.id;
        work.changes.push(Change::PutCase(loaded.row.clone()));
        let first = self.tree.size();
        for leaf in made {
            self.append(work, leaf);
        }
        work.changes.push(Change::PutTasks { case, tasks });
        if !was_searched && matches!(loaded.case.identification, Identification::NoMatch) {
            // Nobody was found: the prints are not kept a moment longer.
            work.changes.push(Change::RemoveFiles(case));
        }
        for message in messages {
            self.post(work, &loaded.row.peer.clone(), &message)?;
        }
        let version = loaded.case.version;
        self.cases.insert(case, loaded);
        let happened = events.iter().zip(first..).map(|(event, leaf)| Happened {
            version: event.version,
            kind: event.what.kind_name(),
            leaf,
        });
        Ok((version, happened.collect()))
    }

    fn task_rows(&self, case: &Case, now: Timestamp) -> Result<Vec<TaskRow>, NodeFault> {
        let row = |task: comity_exchange::case::Task| {
            let body = serde_json::to_vec(&task)
                .map_err(|e| NodeFault::wrong(Diagnostic::error("not-json", e.to_string())))?;
            let role = task.kind.role(self.identity.side);
            Ok(TaskRow { case: case.id, key: task.key(), body, role, due_at: task.due_at })
        };
        tasks(case, now).into_iter().map(row).collect()
    }

    fn make(
        &mut self,
        work: &Work,
        key_id: PersonKeyId,
        key: &PersonKey,
        kind: EventKind,
        case: CaseId,
        event: &str,
    ) -> Result<Made, NodeFault> {
        let fresh =
            Fresh { salt: random(self.random.as_mut()), nonce: random(self.random.as_mut()) };
        let sequenced_at = work.now.max(self.sequenced_at);
        let draft = Draft { kind, case_id: &case.0, event: event.as_bytes(), sequenced_at };
        let (leaf, sealed) = record(key_id, key, draft, fresh).map_err(NodeFault::wrong)?;
        Ok(Made { leaf: leaf.to_bytes(), sealed: sealed.to_bytes(), of: None })
    }

    fn append(&mut self, work: &mut Work, made: Made) -> u64 {
        self.sequenced_at = work.now.max(self.sequenced_at);
        let index = self.tree.append(Hash::of_leaf(&made.leaf));
        let Made { leaf, sealed, of } = made;
        work.changes.push(Change::Append(LeafRow { index, leaf, sealed, of }));
        index
    }

    /// A leaf that belongs to a person, and is no event of the case.
    pub(crate) fn beside(
        &mut self,
        work: &mut Work,
        loaded: &Loaded,
        kind: &str,
        says: Map<String, Value>,
    ) -> Result<u64, NodeFault> {
        let text = canonical(&Value::Object(says)).map_err(NodeFault::wrong)?;
        let kind = EventKind::new(kind).map_err(NodeFault::wrong)?;
        let (id, key) = (loaded.row.person_key, loaded.key.clone());
        let made = self.make(work, id, &key, kind, loaded.case.id, &text)?;
        Ok(self.append(work, made))
    }

    /// A leaf that belongs to nobody: its key is destroyed as soon as it has sealed it, so that
    /// the ledger says that something was there, and nobody can read what.
    pub(crate) fn beside_nobody(
        &mut self,
        work: &mut Work,
        kind: &str,
        says: Map<String, Value>,
    ) -> Result<u64, NodeFault> {
        let text = canonical(&Value::Object(says)).map_err(NodeFault::wrong)?;
        let kind = EventKind::new(kind).map_err(NodeFault::wrong)?;
        let id = PersonKeyId(random(self.random.as_mut()));
        let key = PersonKey::from_bytes(random(self.random.as_mut()));
        let case = CaseId(random(self.random.as_mut()));
        let made = self.make(work, id, &key, kind, case, &text)?;
        let row = PersonKeyRow { id, wrapped: None, destroyed_at: Some(work.now) };
        work.changes.push(Change::AddPersonKey(row));
        Ok(self.append(work, made))
    }

    /// Destroys a person's key. The ledger keeps its leaves and says that a person was
    /// forgotten.
    pub(crate) fn forget(&mut self, work: &mut Work, loaded: &Loaded) -> Result<(), NodeFault> {
        let mut says = Map::new();
        says.insert("person_key".to_owned(), loaded.row.person_key.to_string().into());
        self.beside_nobody(work, "person.forgotten", says)?;
        let (id, at) = (loaded.row.person_key, work.now);
        work.changes.push(Change::DestroyPersonKey { id, at });
        self.cases.remove(&loaded.case.id);
        self.forgotten.insert(loaded.case.id);
        Ok(())
    }

    /// The next line of the audit, linked to the one before.
    pub(crate) fn write_audit(
        &mut self,
        work: &mut Work,
        account: Option<OfficialId>,
        case: Option<CaseId>,
        mut what: Map<String, Value>,
    ) -> Result<Done, NodeFault> {
        let (number, before) = self.audit.map_or((1, None), |(n, digest)| (n + 1, Some(digest)));
        what.insert("number".to_owned(), number.into());
        what.insert("at".to_owned(), work.now.to_string().into());
        let account_text = account.as_ref().map(OfficialId::as_str);
        what.insert("account".to_owned(), account_text.into());
        what.insert("case".to_owned(), case.map(|c| c.to_string()).into());
        what.insert("before".to_owned(), before.map(|d| d.to_string()).into());
        let body = canonical(&Value::Object(what)).map_err(NodeFault::wrong)?.into_bytes();
        self.audit = Some((number, digest_of(&body)));
        work.changes.push(Change::Audit(AuditRow { number, at: work.now, account, case, body }));
        Ok(Done::Ok)
    }
}
