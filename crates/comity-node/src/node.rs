//! The node: asks in, one durable batch out.

use crate::entry::Entry;
use crate::fault::NodeFault;
use crate::head::HeadReply;
use crate::identity::{Identity, Random, random};
use crate::peer::{Peer, PeerNews};
use crate::view::{key_of, read_case};
use comity_exchange::case::{
    Act, By, Case, CaseId, Command, CommandId, OfficialId, SearchResult, Version,
};
use comity_exchange::{Digest, Inbox, KeyNews, Outbox, Party, PartyKeys};
use comity_ledger::{Hash, PersonKey, Tree};
use comity_model::Diagnostic;
use comity_policy::Library;
use comity_store::{Batch, CaseRow, Change, Fault, Store, TileShelf};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most cases that are kept folded in memory.
const CASES_MAX: usize = 4096;

/// Most cases that one tick looks at; the rest follow with the next.
const TICK_MAX: usize = 1000;

/// Something that a node is asked to do.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A person, or a jail's software, enters something.
    Enter {
        /// The case.
        case: CaseId,
        /// Chosen by whoever enters; the same entry keeps it when it is entered again.
        id: CommandId,
        /// Who.
        by: By,
        /// The version that the person looked at.
        expects: Option<Version>,
        /// What.
        entry: Box<Entry>,
        /// The other party, for a booking; the only one there is if it is not said.
        peer: Option<Party>,
        /// The file of prints, where the entry names one.
        file: Option<Vec<u8>>,
    },
    /// The gallery search came to something.
    Searched {
        /// The case.
        case: CaseId,
        /// What.
        result: SearchResult,
    },
    /// A message of a peer arrived, with the files that belong to it.
    Deliver {
        /// The envelope.
        envelope: Vec<u8>,
        /// The files.
        files: Vec<Vec<u8>>,
    },
    /// A receipt arrived.
    Receipt(Vec<u8>),
    /// A message was sent and no receipt came back yet.
    Attempted {
        /// To whom.
        peer: Party,
        /// Which.
        number: u64,
    },
    /// A peer answers again: everything for it is due now.
    Hurry(Party),
    /// The scheduler looks at the clock.
    Tick,
    /// Sign the ledger as it stands.
    Checkpoint,
    /// A peer shows its ledger.
    PeerHead {
        /// Who.
        party: Party,
        /// The checkpoint.
        note: Vec<u8>,
        /// That it continues the one that was held.
        proof: Vec<Hash>,
    },
    /// A peer countersigned our checkpoint.
    Countersigned {
        /// Who.
        party: Party,
        /// The checkpoint with its signature.
        note: Vec<u8>,
    },
    /// An administrator makes a peer known.
    AddPeer(PeerNews),
    /// An administrator moved a peer, or it moved.
    MovePeer {
        /// Who.
        party: Party,
        /// Where its node listens now.
        url: String,
    },
    /// Tell every peer of a new key of ours, or of one that is not to be believed any more.
    TellKey(KeyNews),
    /// An account saw or did something.
    Audit {
        /// Who.
        account: Option<OfficialId>,
        /// Which case it is about.
        case: Option<CaseId>,
        /// What: a JSON object.
        what: serde_json::Map<String, serde_json::Value>,
    },
    /// Rows that the layer above keeps: accounts, sessions, replies, named values.
    Keep(Vec<Change>),
    /// All of these, or none: one that is refused takes the others back.
    Together(Vec<Ask>),
}

/// One event, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its number in the case.
    pub version: Version,
    /// Its kind: `request.answered`.
    pub kind: &'static str,
    /// Its leaf in the ledger.
    pub leaf: u64,
}

/// What came of an ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// Events in a case; none if the command was given before, or nothing was to be done.
    Events {
        /// The case.
        case: CaseId,
        /// Its version now.
        version: Version,
        /// The events.
        events: Vec<Happened>,
    },
    /// Messages were taken; these are the receipts, in order. Empty while one waits for a
    /// message before it.
    Receipts(Vec<Vec<u8>>),
    /// A clock tick: cases looked at, and those that had something.
    Ticked {
        /// Looked at.
        cases: usize,
        /// Events.
        events: usize,
        /// Cases that were forgotten: nobody was found.
        forgotten: usize,
    },
    /// What is said to a peer that showed its ledger.
    Head(HeadReply),
    /// What came of each ask that was asked together.
    Together(Vec<Done>),
    /// It is so now.
    Ok,
}

/// A case in memory.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub case: Case,
    pub row: CaseRow,
    pub key: PersonKey,
    /// Not stored yet.
    pub is_new: bool,
}

/// The changes of one turn.
pub(crate) struct Work {
    pub changes: Vec<Change>,
    pub now: Timestamp,
}

/// One party's node.
pub struct Node {
    pub(crate) identity: Identity,
    pub(crate) library: Arc<Library>,
    pub(crate) random: Box<dyn Random>,
    pub(crate) store: Box<dyn Store>,
    pub(crate) tree: Tree,
    /// Leaves that the store has.
    pub(crate) stored: u64,
    /// Leaves that the largest checkpoint covers.
    pub(crate) signed: u64,
    /// The time of the last leaf: it never goes back.
    pub(crate) sequenced_at: Timestamp,
    pub(crate) peers: BTreeMap<Party, Peer>,
    pub(crate) inboxes: BTreeMap<Party, Inbox>,
    pub(crate) keys: PartyKeys,
    pub(crate) outboxes: BTreeMap<Party, Outbox>,
    pub(crate) cases: BTreeMap<CaseId, Loaded>,
    /// Cases that are forgotten by what this turn will commit: the store still has them.
    pub(crate) forgotten: BTreeSet<CaseId>,
    pub(crate) audit: Option<(u64, Digest)>,
}

impl Node {
    /// Opens a node on its store.
    ///
    /// # Errors
    /// The store cannot be read; its ledger does not fit its tiles; it was made under another
    /// node's keys.
    pub fn open(
        store: Box<dyn Store>,
        identity: Identity,
        library: Arc<Library>,
        random: Box<dyn Random>,
    ) -> Result<Node, NodeFault> {
        let mut node = Node {
            identity,
            library,
            random,
            store,
            tree: Tree::default(),
            stored: 0,
            signed: 0,
            sequenced_at: Timestamp::UNIX_EPOCH,
            peers: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            keys: PartyKeys::default(),
            outboxes: BTreeMap::new(),
            cases: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            audit: None,
        };
        node.reload()?;
        Ok(node)
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The policies that it decides by.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// Takes other policies: the next decision is made by them.
    pub fn set_library(&mut self, library: Arc<Library>) {
        self.library = library;
    }

    /// Signs with another message key from now on; the peers are told with [`Ask::TellKey`]
    /// before.
    pub fn set_message_key(&mut self, key: comity_ledger::SecretKey) {
        self.identity.message_key = key;
    }

    /// The key that letters to a peer are sealed to at an instant.
    pub fn key_of_peer(&self, peer: &Party, at: Timestamp) -> Option<comity_ledger::VerifierKey> {
        self.keys.current(peer, at).cloned()
    }

    /// The store, for reading.
    pub fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// The peers, by name.
    pub fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.peers.values()
    }

    /// A case as it is kept in memory, if it is: for comparing it with what is stored.
    pub fn in_memory(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id).map(|loaded| &loaded.case)
    }

    /// Leaves in the ledger.
    pub fn size(&self) -> u64 {
        self.stored
    }

    /// Does what is asked, in order, and makes one durable batch of it. An ask that is refused
    /// leaves the others as they are.
    ///
    /// # Errors
    /// The store did not keep the batch, or what is stored is damaged: none of the asks
    /// happened. After [`Fault::Busy`] and [`Fault::Other`] the batch may have been kept all the
    /// same; who asks again with the same ids finds out.
    pub fn turn(
        &mut self,
        asks: Vec<Ask>,
        now: Timestamp,
    ) -> Result<Vec<Result<Done, NodeFault>>, NodeFault> {
        if self.cases.len() > CASES_MAX {
            self.cases.clear();
        }
        let mut work = Work { changes: Vec::new(), now };
        let mut out = Vec::with_capacity(asks.len());
        for ask in asks {
            let before = (work.changes.len(), self.tree.size());
            let done = self.ask(&mut work, ask);
            let half_done = done.is_err() && before != (work.changes.len(), self.tree.size());
            match done {
                Err(NodeFault::Store(fault)) => return Err(self.give_up(NodeFault::Store(fault))),
                Err(fault) if half_done => return Err(self.give_up(fault)),
                done => out.push(done),
            }
        }
        for inbox in self.inboxes.values_mut() {
            inbox.let_go();
        }
        self.commit(work)?;
        Ok(out)
    }

    /// Makes what was worked out durable, all or nothing.
    pub(crate) fn commit(&mut self, mut work: Work) -> Result<(), NodeFault> {
        if work.changes.is_empty() {
            return Ok(());
        }
        let tiles = self.tree.take_full_tiles().into_iter().map(Change::PutTile);
        work.changes.extend(tiles);
        let batch = Batch { expects: Some(self.stored), changes: work.changes };
        match self.store.commit(&batch) {
            Ok(()) => {
                self.stored = self.tree.size();
                self.forgotten.clear();
                Ok(())
            }
            Err(fault) => Err(self.give_up(NodeFault::Store(fault))),
        }
    }

    /// Forgets what is in memory and not in the store.
    pub(crate) fn give_up(&mut self, fault: NodeFault) -> NodeFault {
        // Where the store cannot be read either, the next turn tries again.
        match self.reload() {
            Ok(()) => fault,
            Err(NodeFault::Damaged(damage)) => NodeFault::Damaged(damage),
            Err(_) => fault,
        }
    }

    /// Reads from the store what is kept in memory.
    pub(crate) fn reload(&mut self) -> Result<(), NodeFault> {
        self.cases.clear();
        self.forgotten.clear();
        self.inboxes.clear();
        self.outboxes.clear();
        self.peers.clear();
        self.keys = PartyKeys::default();
        let size = self.store.size()?;
        let signed = self.store.checkpoint()?.map_or(0, |c| c.size);
        // Whatever fails from here on, the next commit is refused until a reload succeeds.
        self.stored = u64::MAX;
        let mut tree = {
            let shelf = TileShelf::new(self.store.as_mut(), None);
            Tree::resume(&shelf, signed.min(size)).map_err(NodeFault::Damaged)?
        };
        while tree.size() < size {
            let rows = self.store.leaves(tree.size(), 256)?;
            if rows.is_empty() {
                let message = format!("leaf {} of {size} is not stored", tree.size());
                return Err(NodeFault::Damaged(Diagnostic::error("leaf-missing", message)));
            }
            for row in rows {
                tree.append(Hash::of_leaf(&row.leaf));
            }
        }
        // Full tiles beyond the checkpoint are stored already.
        tree.take_full_tiles();
        if let Some(last) = size.checked_sub(1)
            && let Some(row) = self.store.leaves(last, 1)?.first()
        {
            let leaf = comity_ledger::Leaf::parse("leaf", &row.leaf).map_err(NodeFault::Damaged)?;
            self.sequenced_at = leaf.sequenced_at;
        }
        for row in self.store.peers()? {
            let (peer, keys) = Peer::from_row(&row).map_err(NodeFault::Damaged)?;
            self.keys.restore(&row.party, keys);
            self.peers.insert(row.party, peer);
        }
        self.audit =
            self.store.audit_last()?.map(|row| (row.number, crate::keep::digest_of(&row.body)));
        self.tree = tree;
        self.signed = signed;
        self.stored = size;
        Ok(())
    }

    fn ask(&mut self, work: &mut Work, ask: Ask) -> Result<Done, NodeFault> {
        if self.stored == u64::MAX {
            self.reload()?;
        }
        match ask {
            Ask::Enter { case, id, by, expects, entry, peer, file } => {
                let loaded = match self.load(case)? {
                    Some(loaded) => loaded,
                    None => self.opened_by(work, case, &entry, peer)?,
                };
                self.enter(work, loaded, (id, by, expects), *entry, file)
            }
            Ask::Searched { case, result } => {
                let loaded = self.load(case)?.ok_or(NodeFault::NoCase(case))?;
                let id = CommandId(random(self.random.as_mut()));
                let act = Act::RecordSearch(result);
                self.command(work, loaded, Command { id, by: By::Search, expects: None, act })
            }
            Ask::Deliver { envelope, files } => self.deliver(work, &envelope, files),
            Ask::Receipt(bytes) => self.receipt(work, &bytes),
            Ask::Attempted { peer, number } => self.attempted(work, &peer, number),
            Ask::Hurry(peer) => self.hurry(work, &peer),
            Ask::Tick => self.tick(work),
            Ask::Checkpoint => self.checkpoint(work),
            Ask::PeerHead { party, note, proof } => self.peer_head(work, &party, &note, &proof),
            Ask::Countersigned { party, note } => self.countersigned(work, &party, &note),
            Ask::AddPeer(news) => self.add_peer(work, &news),
            Ask::MovePeer { party, url } => self.move_peer(work, &party, &url),
            Ask::TellKey(news) => self.tell_key(work, &news),
            Ask::Audit { account, case, what } => self.write_audit(work, account, case, what),
            Ask::Keep(changes) => {
                work.changes.extend(changes);
                Ok(Done::Ok)
            }
            Ask::Together(asks) => self.together(work, asks),
        }
    }

    /// Looks at every ask, so that all that is wrong is said at once. What was changed by those
    /// before a wrong one is given up by [`Node::turn`].
    fn together(&mut self, work: &mut Work, asks: Vec<Ask>) -> Result<Done, NodeFault> {
        let (mut done, mut wrong) = (Vec::with_capacity(asks.len()), Vec::new());
        for (i, ask) in asks.into_iter().enumerate() {
            match self.ask(work, ask) {
                Ok(came) => done.push(came),
                Err(fault @ (NodeFault::Store(_) | NodeFault::Damaged(_))) => return Err(fault),
                Err(fault) => wrong.push((i, fault)),
            }
        }
        if wrong.is_empty() { Ok(Done::Together(done)) } else { Err(NodeFault::Together(wrong)) }
    }

    /// A case as it stands, if there is one.
    ///
    /// # Errors
    /// The store; what it holds does not open.
    pub fn case(&mut self, id: CaseId) -> Result<Option<Case>, NodeFault> {
        Ok(self.load(id)?.map(|loaded| loaded.case))
    }

    /// A case by its id, from memory or from its events.
    pub(crate) fn load(&mut self, id: CaseId) -> Result<Option<Loaded>, NodeFault> {
        if let Some(loaded) = self.cases.get(&id) {
            return Ok(Some(loaded.clone()));
        }
        if self.forgotten.contains(&id) {
            return Ok(None);
        }
        let store = self.store.as_mut();
        let view = match read_case(store, &self.identity.store_key, self.identity.side, id) {
            Ok(view) => view,
            Err(NodeFault::NoCase(_)) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let key = key_of(store, &self.identity.store_key, &view.row)?;
        let loaded = Loaded { case: view.case, row: view.row, key, is_new: false };
        self.cases.insert(id, loaded.clone());
        Ok(Some(loaded))
    }

    /// The scheduler looks at every case whose moment has come.
    fn tick(&mut self, work: &mut Work) -> Result<Done, NodeFault> {
        let due = self.store.cases_due(work.now, TICK_MAX)?;
        let (mut events, mut forgotten) = (0, 0);
        for row in &due {
            // A case that was changed in this turn is looked at in the next.
            let Some(loaded) = self.load(row.case)?.filter(|l| l.row == *row) else { continue };
            if crate::keep::is_to_be_forgotten(&loaded.case, work.now) {
                self.forget(work, &loaded)?;
                forgotten += 1;
                continue;
            }
            let id = CommandId(random(self.random.as_mut()));
            let command = Command { id, by: By::Alarm, expects: None, act: Act::Tick };
            if let Done::Events { events: new, .. } = self.command(work, loaded, command)? {
                events += new.len();
            }
        }
        Ok(Done::Ticked { cases: due.len(), events, forgotten })
    }

    /// When the scheduler must look next.
    ///
    /// # Errors
    /// The store.
    pub fn next_at(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.store.next_at()
    }

    pub(crate) fn peer(&self, party: &Party) -> Result<&Peer, NodeFault> {
        self.peers.get(party).ok_or_else(|| {
            let message = format!("`{party}` is no party that this node knows");
            NodeFault::wrong(
                Diagnostic::error("unknown-party", message)
                    .path("party")
                    .help("`comity node add-peer` makes a party known"),
            )
        })
    }

    fn add_peer(&mut self, work: &mut Work, news: &PeerNews) -> Result<Done, NodeFault> {
        let (peer, key) = Peer::new(news).map_err(NodeFault::wrong)?;
        if peer.party == self.identity.party || self.peers.contains_key(&peer.party) {
            let message = format!("`{}` is known already", peer.party);
            return Err(NodeFault::wrong(Diagnostic::error("twice", message).path("party")));
        }
        self.keys.introduce(&peer.party, key, work.now).map_err(NodeFault::wrong)?;
        self.put_peer(work, peer)?;
        Ok(Done::Ok)
    }

    /// Keeps what is known of a peer.
    pub(crate) fn put_peer(&mut self, work: &mut Work, peer: Peer) -> Result<(), NodeFault> {
        let row = peer.to_row(self.keys.of(&peer.party)).map_err(NodeFault::wrong)?;
        work.changes.push(Change::PutPeer(row));
        self.peers.insert(peer.party.clone(), peer);
        Ok(())
    }

    fn move_peer(&mut self, work: &mut Work, party: &Party, url: &str) -> Result<Done, NodeFault> {
        let mut peer = self.peer(party)?.clone();
        crate::peer::check_url(url).map_err(NodeFault::wrong)?;
        url.trim_end_matches('/').clone_into(&mut peer.url);
        self.put_peer(work, peer)?;
        Ok(Done::Ok)
    }
}
