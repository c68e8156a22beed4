//! Those who lie: somebody without a key, and a party that has one.

use crate::fault::{Checked, Must, demand};
use crate::house::Origin;
use crate::net::{Cargo, Kind, Packet};
use crate::shadow::Shadow;
use crate::world::World;
use comity_exchange::case::{
    By, CaseId, CommandId, CommandName, Official, OfficialId, OfficialRole,
};
use comity_exchange::{Body, Envelope, EnvelopeId, MessageKind};
use comity_ledger::{KeyKind, SecretKey};
use comity_node::Ask;
use comity_store::Reads;
use jiff::{SignedDuration, Timestamp};

impl World<'_> {
    /// Somebody signs in a party's name with a key of their own.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn forge(&mut self) -> Checked {
        if !self.dice.chance(self.net.weather.changed) {
            return Ok(());
        }
        let from = self.dice.below(self.houses.len() as u64) as usize;
        let name = self.houses[from].identity.message_key.verifier().name().clone();
        let key = SecretKey::from_seed(name, KeyKind::Log, [0xEE; 32]);
        let peers: Vec<usize> = self.peers_of(from).collect();
        let to = *self.dice.pick(&peers).must("peer-is-known")?;
        let number = self.inbox_next(to, from)?;
        let sent_at = self.houses[to].clock(self.now);
        self.inject_signed((from, to), &key, number, sent_at, Kind::Forged)?;
        self.cover.count("fault", "forged message");
        Ok(())
    }

    /// Somebody stole a key, and signs with it after its receiver knows that it is revoked.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn use_stolen_key(&mut self) -> Checked {
        if !self.dice.chance(self.net.weather.changed) {
            return Ok(());
        }
        let from = self.dice.below(self.houses.len() as u64) as usize;
        let peers: Vec<usize> = self.peers_of(from).collect();
        let to = *self.dice.pick(&peers).must("peer-is-known")?;
        let stolen = self.houses[from].revoked_keys.last().cloned();
        let Some(key) = stolen.filter(|_| !self.houses[to].lied) else { return Ok(()) };
        // Told of it at some time of its clock, which may have been set back since.
        let clock = self.houses[to].clock(self.now);
        let party = self.houses[from].identity.party.clone();
        let rows = self.houses[to].store.again().peers().must("reads")?;
        let row = rows.iter().find(|row| row.party == party).must("peer-is-known")?;
        let (_, keys) = comity_node::Peer::from_row(row).must("reads")?;
        let knows = keys.iter().any(|known| {
            known.key == *key.verifier() && known.revoked_at.is_some_and(|at| at <= clock)
        });
        if knows {
            let number = self.inbox_next(to, from)?;
            self.inject_signed((from, to), &key, number, clock, Kind::Forged)?;
            self.cover.count("fault", "stolen key is used");
        }
        Ok(())
    }

    fn inject_signed(
        &mut self,
        (from, to): (usize, usize),
        key: &SecretKey,
        number: u64,
        sent_at: Timestamp,
        kind: Kind,
    ) -> Checked {
        let envelope = Envelope {
            id: EnvelopeId(self.dice.id()),
            from: self.houses[from].identity.party.clone(),
            to: self.houses[to].identity.party.clone(),
            number,
            kind: MessageKind::new("request.withdrawn").must("kind")?,
            sent_at,
            reply_to: None,
            body: Body::new(),
        };
        let envelope = envelope.sign(key).must("signs")?.bytes;
        let cargo = Cargo::Mail { envelope, files: Vec::new() };
        self.net.inject(Packet { from, to, at: self.now, cargo, kind });
        Ok(())
    }

    /// What the party that lies does in a step.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn lies(&mut self) -> Checked {
        let Some(liar) = self.liar.filter(|_| self.step > 15) else { return Ok(()) };
        if self.houses[liar].node.is_none() {
            return Ok(());
        }
        let peers: Vec<usize> = self.peers_of(liar).collect();
        let to = *self.dice.pick(&peers).must("peer-is-known")?;
        match self.dice.below(60) {
            // A copy has the commits that are to fail, too.
            0..4 if self.old_disk.is_none() && !self.houses[liar].is_troubled() => {
                self.old_disk = Some(self.houses[liar].store.clone());
                Ok(())
            }
            4..8 => self.restore_old_disk(liar),
            8..10 if !self.houses[liar].is_troubled() => self.show_another_ledger(liar, to),
            10..14 => self.date_ahead(liar, to),
            14..18 => self.contradict(liar, to),
            _ => Ok(()),
        }
    }

    /// The disk as it was some time ago takes the place of the one that is.
    fn restore_old_disk(&mut self, liar: usize) -> Checked {
        let Some(old) = self.old_disk.take() else { return Ok(()) };
        let house = &mut self.houses[liar];
        house.store = old;
        house.store.trouble(None);
        house.lied = true;
        house.shadow = Shadow::new(house.identity.side, house.identity.store_key.clone());
        (house.crash_at, house.trouble_at, house.trouble_until) = (None, None, None);
        house.unanswered.clear();
        house.start(self.stage)?;
        self.cover.count("lie", "restores an old disk");
        self.trace.line(format!("{} restores an old disk", self.houses[liar].name()));
        self.grew(liar)
    }

    /// A second ledger grows from a copy of the disk, and is shown as the first.
    fn show_another_ledger(&mut self, liar: usize, to: usize) -> Checked {
        let house = &mut self.houses[liar];
        let clock = house.clock(self.now);
        let copy = house.store.clone();
        copy.trouble(None);
        let honest = std::mem::replace(&mut house.store, copy);
        let shown = house.start(self.stage);
        let mut other = house.node.take();
        house.store = honest;
        house.start(self.stage)?;
        shown?;
        let Some(node) = &mut other else { return Ok(()) };
        let id = OfficialId::new("somebody").must("official")?;
        let fresh =
            comity_exchange::case::Case::new(self.houses[liar].identity.side, CaseId([0; 16]));
        let (cases, stage) = (self.houses[liar].shadow.cases.keys().copied(), self.stage);
        let case = cases.last();
        let name = if case.is_some() { CommandName::Note } else { CommandName::Book };
        let filled = crate::desk::fill(name, &fresh, stage, clock, &mut self.dice);
        let Some(filled) = filled else { return Ok(()) };
        let ask = Ask::Enter {
            case: case.unwrap_or_else(|| CaseId(self.dice.id())),
            id: CommandId(self.dice.id()),
            by: By::Official(Official { id, role: OfficialRole::Counsel }),
            expects: None,
            entry: Box::new(filled.entry),
            peer: None,
            file: None,
        };
        // On a copy with a commit that is to fail, or without a case, there is nothing to show.
        let Ok(done) = node.turn(vec![ask, Ask::Checkpoint], clock) else { return Ok(()) };
        if done.iter().any(Result::is_err) {
            return Ok(());
        }
        let party = self.houses[to].identity.party.clone();
        let known = node.peers().find(|p| p.party == party).map_or(0, |p| p.countersigned_size);
        if let Some(head) = node.head(known).must("shows-its-ledger")? {
            self.houses[liar].lied = true;
            self.cover.count("lie", "shows another ledger");
            self.trace.line(format!("{} shows another ledger", self.houses[liar].name()));
            self.send(liar, to, Cargo::Head { note: head.note, proof: head.proof });
        }
        Ok(())
    }

    fn date_ahead(&mut self, liar: usize, to: usize) -> Checked {
        let key = self.houses[liar].identity.message_key.clone();
        let number = self.inbox_next(to, liar)?;
        let sent_at = self.houses[to].clock(self.now) + SignedDuration::from_hours(24 * 30);
        self.cover.count("lie", "dates a message ahead");
        self.inject_signed((liar, to), &key, number, sent_at, Kind::Lie)
    }

    /// Another message under a number that was taken.
    fn contradict(&mut self, liar: usize, to: usize) -> Checked {
        let next = self.inbox_next(to, liar)?;
        if next < 2 {
            return Ok(());
        }
        let number = 1 + self.dice.below(next - 1);
        let key = self.houses[liar].identity.message_key.clone();
        let sent_at = self.houses[to].clock(self.now);
        self.cover.count("lie", "signs another message of that number");
        self.inject_signed((liar, to), &key, number, sent_at, Kind::Lie)
    }

    /// Whoever was shown two ledgers finds it out at the next exchange of checkpoints.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn check_conviction(&mut self) -> Checked {
        let Some(liar) = self.liar.filter(|l| self.houses[*l].lied) else { return Ok(()) };
        for to in self.peers_of(liar) {
            self.convict(liar, to)?;
        }
        Ok(())
    }

    fn convict(&mut self, liar: usize, to: usize) -> Checked {
        use comity_ledger::{Checkpoint, Nodes, root_at};
        self.all_up()?;
        let party = self.houses[liar].identity.party.clone();
        let node = self.houses[to].node.as_ref().must("is-up")?;
        let peer = node.peers().find(|p| p.party == party).must("peer-is-known")?;
        let Some(held) = peer.view.held().map(|h| h.checkpoint().clone()) else { return Ok(()) };
        let unproven = peer.view.unproven().iter().map(|u| u.checkpoint().clone());
        let unproven: Vec<Checkpoint> = unproven.collect();
        self.grow_past(liar, held.size)?;
        self.all_up()?;
        let node = self.houses[liar].node.as_mut().must("is-up")?;
        let Some(head) = node.head(held.size).must("shows-its-ledger")? else { return Ok(()) };
        let shelf = comity_store::TileShelf::new(node.store(), None);
        let nodes = Nodes::new(&shelf, head.size);
        let is_other = |shown: &Checkpoint| -> Checked<bool> {
            Ok(shown.size <= head.size && root_at(&nodes, shown.size).must("reads")? != shown.root)
        };
        let lied = is_other(&held)?;
        // One that was shown before, and owes a proof since, may be found out too.
        let mut lied_before = false;
        for shown in &unproven {
            lied_before |= is_other(shown)?;
        }
        let ask = Ask::PeerHead { party: party.clone(), note: head.note, proof: head.proof };
        let count = |world: &Self, name| world.cover.of("head", name);
        let before = (count(self, "split view"), count(self, "countersigned"));
        for _ in 0..3 {
            self.all_up()?;
            if self.ask(to, ask.clone(), Origin::Head(liar))? {
                break;
            }
        }
        let found = count(self, "split view") > before.0;
        let signed = count(self, "countersigned") > before.1;
        let fits = if found { lied || lied_before } else { !lied };
        demand(fits, "two-stories-are-found", || {
            format!("{party}: two stories {lied}, found {found}, at {} leaves", held.size)
        })?;
        demand(!(lied && signed), "two-stories-are-found", || party.to_string())?;
        if found {
            let name = format!("split/{party}/{}", head.size);
            let kept = self.houses[to].store.again().value(&name).must("reads")?;
            kept.must("two-stories-are-kept")?;
            self.cover.count("lie", "is found out");
        }
        Ok(())
    }

    fn grow_past(&mut self, liar: usize, size: u64) -> Checked {
        for _ in 0..400 {
            self.all_up()?;
            let house = &self.houses[liar];
            if house.shadow.size() > size {
                break;
            }
            let clock = house.clock(self.now);
            let side = house.identity.side;
            let case = house.shadow.cases.keys().copied().last();
            let fresh = comity_exchange::case::Case::new(side, CaseId([0; 16]));
            let name = if case.is_some() { CommandName::Note } else { CommandName::Book };
            let filled = crate::desk::fill(name, &fresh, self.stage, clock, &mut self.dice);
            let Some(filled) = filled else { break };
            let id = OfficialId::new("somebody").must("official")?;
            let ask = Ask::Enter {
                case: case.unwrap_or_else(|| CaseId(self.dice.id())),
                id: CommandId(self.dice.id()),
                by: By::Official(Official { id, role: OfficialRole::Counsel }),
                expects: None,
                entry: Box::new(filled.entry),
                peer: None,
                file: None,
            };
            self.ask(liar, ask, Origin::Official)?;
        }
        for _ in 0..3 {
            self.all_up()?;
            if self.ask(liar, Ask::Checkpoint, Origin::Administrator)? {
                break;
            }
        }
        Ok(())
    }
}
