//! One party: its node, its disk, its clock, and the people who work there.

use crate::dice::Dice;
use crate::fault::{Checked, Must};
use crate::shadow::Shadow;
use crate::stage::Stage;
use comity_exchange::Party;
use comity_exchange::case::Side;
use comity_ledger::{KeyKind, KeyName, SecretKey, StoreKey};
use comity_node::{Ask, Identity, Node, PeerNews};
use comity_store::{MemoryStore, Trouble};
use jiff::{SignedDuration, Timestamp};

/// From whom an ask is, and so who gets the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An official, who gives the command again if no reply comes.
    Official,
    /// Mail of another house.
    Mail(usize),
    /// A receipt of another house.
    Receipt,
    /// A checkpoint of another house.
    Head(usize),
    /// A countersignature.
    Countersigned,
    /// Something that was changed on its way, or signed by nobody who may: must be refused.
    Forged,
    /// Mail of a peer that lies, which may be refused.
    Lie(usize),
    /// The node's own loops.
    Loop,
    /// The scheduler's look at the clock.
    Scheduler,
    /// The administrator.
    Administrator,
}

/// One party.
pub struct House {
    /// Its place among the houses.
    pub index: usize,
    /// Its keys and name.
    pub identity: Identity,
    /// Its disk.
    pub store: MemoryStore,
    /// Its process, if it runs.
    pub node: Option<Node>,
    /// What its disk is known to hold.
    pub shadow: Shadow,
    /// By how much its clock is wrong.
    pub offset: SignedDuration,
    /// Until when its scheduler sleeps.
    pub sleeps_until: Timestamp,
    /// When the process is started again.
    pub up_at: Timestamp,
    /// Until when every commit fails.
    pub trouble_until: Option<Timestamp>,
    /// At which commit the process ends.
    pub crash_at: Option<u64>,
    /// At which commit one fails.
    pub trouble_at: Option<u64>,
    /// What is to be asked next.
    pub queue: Vec<(Ask, Origin)>,
    /// What was asked and not replied to.
    pub unanswered: Vec<Ask>,
    /// It told two stories; nothing is expected of it any more.
    pub lied: bool,
    /// A message key that it is about to take.
    pub next_key: Option<SecretKey>,
    /// A message key that was replaced and not revoked yet.
    pub old_key: Option<SecretKey>,
    /// Message keys that were revoked: somebody may have stolen them.
    pub revoked_keys: Vec<SecretKey>,
    seed: Dice,
}

/// The keys of a party. They are the same in every run; what they sign is not.
pub fn identity(name: &str, side: Side, number: u8) -> Checked<Identity> {
    let key = |name: &str, kind, n: u8| -> Checked<SecretKey> {
        let name = KeyName::new(name).must("name")?;
        Ok(SecretKey::from_seed(name, kind, [number.wrapping_mul(8) + n; 32]))
    };
    let party = format!("{name}/party");
    let origin = format!("{name}/ledger");
    Ok(Identity {
        party: Party::new(&party).must("name")?,
        side,
        message_key: key(&party, KeyKind::Log, 1)?,
        log_key: key(&origin, KeyKind::Log, 2)?,
        witness_key: key(&format!("{name}/witness"), KeyKind::Witness, 3)?,
        store_key: StoreKey::from_bytes([number; 32]),
        origin,
    })
}

impl House {
    /// A house with an empty disk and a running node.
    ///
    /// # Errors
    /// The node does not open.
    pub fn new(index: usize, identity: Identity, stage: &Stage, dice: &mut Dice) -> Checked<House> {
        let store = MemoryStore::new();
        let shadow = Shadow::new(identity.side, identity.store_key.clone());
        let mut house = House {
            index,
            identity,
            store,
            node: None,
            shadow,
            offset: SignedDuration::ZERO,
            sleeps_until: Timestamp::MIN,
            up_at: Timestamp::MIN,
            trouble_until: None,
            crash_at: None,
            trouble_at: None,
            queue: Vec::new(),
            unanswered: Vec::new(),
            lied: false,
            next_key: None,
            old_key: None,
            revoked_keys: Vec::new(),
            seed: dice.fork(),
        };
        house.start(stage)?;
        Ok(house)
    }

    /// Starts the process on the disk as it is.
    ///
    /// # Errors
    /// The node does not open.
    pub fn start(&mut self, stage: &Stage) -> Checked {
        let random = Box::new(self.seed.fork());
        let store = Box::new(self.store.again());
        let library = stage.library.clone();
        let node = Node::open(store, self.identity.clone(), library, random);
        self.node = Some(node.must("opens-again")?);
        Ok(())
    }

    /// What its clock shows.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.offset).unwrap_or(now)
    }

    /// What others are told to know it by.
    pub fn news(&self) -> PeerNews {
        let key = self.next_key.as_ref().unwrap_or(&self.identity.message_key);
        PeerNews {
            party: self.identity.party.as_str().to_owned(),
            side: self.identity.side,
            url: format!("https://house-{}.example", self.index),
            message_key: key.verifier().to_string(),
            log_key: self.identity.log_key.verifier().to_string(),
            witness_key: self.identity.witness_key.verifier().to_string(),
        }
    }

    /// A short name for traces.
    pub fn name(&self) -> &str {
        self.identity.party.as_str().split('.').next().unwrap_or_default()
    }

    /// True if a commit is to fail.
    pub fn is_troubled(&self) -> bool {
        self.crash_at.is_some() || self.trouble_at.is_some() || self.trouble_until.is_some()
    }

    /// True for the agency.
    pub fn is_agency(&self) -> bool {
        self.identity.side == Side::Agency
    }

    /// The next commit but so many ends the process.
    pub fn crash_soon(&mut self, trouble: Trouble, after: u64) {
        if self.crash_at.is_none() && self.trouble_at.is_none() {
            let at = self.store.commits() + 1 + after;
            self.store.trouble_at(at, trouble);
            self.crash_at = Some(at);
        }
    }

    /// The next commit but so many fails, and the process lives.
    pub fn fail_soon(&mut self, trouble: Trouble, after: u64) {
        if self.crash_at.is_none() && self.trouble_at.is_none() {
            let at = self.store.commits() + 1 + after;
            self.store.trouble_at(at, trouble);
            self.trouble_at = Some(at);
        }
    }
}
