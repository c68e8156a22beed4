//! One run: houses, the network between them, and one step after another.

use crate::cover::Cover;
use crate::desk;
use crate::dice::Dice;
use crate::fault::{Checked, Must};
use crate::house::{House, Origin, identity};
use crate::net::{Cargo, Kind, Net};
use crate::stage::Stage;
use crate::trace::Trace;
use comity_exchange::KeyNews;
use comity_exchange::case::{
    By, Case, CaseId, CommandId, CommandName, Identification, Official, OfficialId, Side,
};
use comity_ledger::{KeyKind, SecretKey};
use comity_node::Ask;
use comity_store::{MemoryStore, Reads, Trouble};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Days on which runs begin: two before a change to or from daylight saving, a holiday.
const STARTS: [&str; 6] = [
    "2016-03-11T15:00:00Z",
    "2016-03-12T20:00:00Z",
    "2016-11-04T15:00:00Z",
    "2016-11-05T21:00:00Z",
    "2015-08-06T15:00:00Z",
    "2016-12-30T18:00:00Z",
];

/// One run.
pub struct World<'a> {
    /// What all runs share.
    pub stage: &'a Stage,
    /// The office first, then the agencies.
    pub houses: Vec<House>,
    /// The network.
    pub net: Net,
    /// Chance.
    pub dice: Dice,
    /// The time, which no house knows for sure.
    pub now: Timestamp,
    /// The latest time that any clock has shown.
    pub latest: Timestamp,
    /// Counts the turns of all nodes.
    pub turn: u64,
    /// The step.
    pub step: u64,
    /// What happened.
    pub trace: Trace,
    /// How often.
    pub cover: Cover,
    /// Which house lies, if one does.
    pub liar: Option<usize>,
    /// An old copy of the liar's disk.
    pub old_disk: Option<MemoryStore>,
    /// Up to which message each pair's story was checked.
    pub told: BTreeMap<(usize, usize), (u64, u64)>,
}

impl<'a> World<'a> {
    /// A world of a seed, in which everybody knows whom they must know.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn new(stage: &'a Stage, seed: u64, keeps_trace: bool) -> Checked<World<'a>> {
        let mut dice = Dice::new(seed);
        let agencies = if dice.chance(300) { 2 } else { 1 };
        let mut houses = Vec::new();
        let names = ["office.example", "jail.example", "sheriff.example"];
        for (index, name) in names.into_iter().take(agencies + 1).enumerate() {
            let side = if index == 0 { Side::Federal } else { Side::Agency };
            let identity = identity(name, side, index as u8 + 1)?;
            houses.push(House::new(index, identity, stage, &mut dice)?);
        }
        let start = dice.pick(&STARTS).must("start")?;
        let now: Timestamp = start.parse().must("start")?;
        let now = now + dice.up_to_s(6 * 3600);
        let liar = dice.chance(150).then(|| dice.below(agencies as u64 + 1) as usize);
        let net = Net::new(&mut dice);
        let mut world = World {
            stage,
            houses,
            net,
            dice,
            now,
            latest: now,
            turn: 0,
            step: 0,
            trace: Trace::new(keeps_trace),
            cover: Cover::default(),
            liar,
            old_disk: None,
            told: BTreeMap::new(),
        };
        for agency in 1..=agencies {
            for (h, peer) in [(0, agency), (agency, 0)] {
                let news = world.houses[peer].news();
                world.ask(h, Ask::AddPeer(news), Origin::Administrator)?;
            }
        }
        Ok(world)
    }

    /// The houses that a house knows.
    pub fn peers_of(&self, h: usize) -> std::ops::Range<usize> {
        if h == 0 { 1..self.houses.len() } else { 0..1 }
    }

    /// One step.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn step(&mut self) -> Checked {
        self.step += 1;
        self.advance();
        self.trace.line(format!("step {} at {}", self.step, self.now));
        self.misfortunes()?;
        self.restarts()?;
        self.arrivals()?;
        self.officials()?;
        self.searches();
        self.flush()?;
        self.schedulers()?;
        self.post()?;
        if self.dice.chance(200) {
            let h = self.dice.below(self.houses.len() as u64) as usize;
            self.show_head(h)?;
        }
        self.administrators()?;
        self.lies()?;
        let whole = self.step.is_multiple_of(24);
        self.check(whole)
    }

    fn advance(&mut self) {
        let most_s = match self.dice.below(20) {
            0..11 => 180,
            11..15 => 2 * 3600,
            15..19 => 12 * 3600,
            _ => 60 * 3600,
        };
        self.now += self.dice.up_to_s(most_s);
        for house in &self.houses {
            self.latest = self.latest.max(house.clock(self.now));
        }
    }

    fn somebody(&mut self) -> usize {
        self.dice.below(self.houses.len() as u64) as usize
    }

    fn misfortunes(&mut self) -> Checked {
        let weather = self.net.weather;
        let now = self.now;
        if self.dice.chance(weather.partition) {
            let agency = 1 + self.dice.below(self.houses.len() as u64 - 1) as usize;
            self.net.cut.push((0, agency, now + self.dice.up_to_s(20 * 3600)));
            self.cover.count("fault", "partition");
        }
        if self.net.has_relay && self.dice.chance(weather.partition) {
            self.net.relay_down_until = now + self.dice.up_to_s(6 * 3600);
            self.cover.count("fault", "relay down");
        }
        if self.dice.chance(weather.crash) {
            let h = self.somebody();
            let after = self.dice.below(4);
            let (trouble, name) = match self.dice.below(2) {
                0 => (Trouble::LostBefore, "crash before a commit"),
                _ => (Trouble::LostAfter, "crash after a commit"),
            };
            self.houses[h].crash_soon(trouble, after);
            self.cover.count("fault", name);
        }
        if self.dice.chance(weather.trouble) {
            self.disk_trouble();
        }
        if self.dice.chance(weather.jump) {
            let h = self.somebody();
            let house = &mut self.houses[h];
            let name = if house.offset.is_zero() || self.dice.chance(300) {
                let jump = self.dice.up_to_s(2 * 86_400);
                let forward = self.dice.chance(500);
                house.offset = if forward { jump } else { -jump };
                if forward { "clock jumps ahead" } else { "clock jumps back" }
            } else {
                house.offset = SignedDuration::ZERO;
                "clock is set right"
            };
            self.cover.count("fault", name);
            self.trace.line(format!("{name}: {}", self.houses[h].name()));
        }
        if self.dice.chance(weather.sleep) {
            let h = self.somebody();
            self.houses[h].sleeps_until = now + self.dice.up_to_s(36 * 3600);
            self.cover.count("fault", "scheduler sleeps");
        }
        if self.dice.chance(weather.doubled)
            && let Some(mut packet) = self.net.overheard(&mut self.dice)
        {
            packet.at = now;
            // The office's mail to one agency, shown to the other: it knows the signature.
            let other = (1..self.houses.len()).find(|h| packet.from == 0 && *h != packet.to);
            if let Some(other) = other.filter(|_| self.dice.chance(400)) {
                (packet.to, packet.kind) = (other, Kind::Forged);
                self.cover.count("fault", "mail to somebody else");
            } else {
                self.cover.count("fault", "old mail again");
            }
            self.net.inject(packet);
        }
        self.forge()?;
        self.use_stolen_key()
    }

    fn disk_trouble(&mut self) {
        let h = self.somebody();
        let (trouble, name) = match self.dice.below(5) {
            0 => (Trouble::LostBefore, "commit lost before"),
            1 => (Trouble::LostAfter, "commit lost after"),
            2 => (Trouble::Full, "disk full"),
            3 => (Trouble::ReadOnly, "disk read-only"),
            _ => (Trouble::Busy, "disk busy"),
        };
        self.cover.count("fault", name);
        self.trace.line(format!("{name}: {}", self.houses[h].name()));
        let lasts = self.dice.chance(300) && matches!(trouble, Trouble::Full | Trouble::ReadOnly);
        if lasts {
            self.houses[h].store.trouble(Some(trouble));
            self.houses[h].trouble_until = Some(self.now + self.dice.up_to_s(3 * 3600));
        } else {
            let after = self.dice.below(4);
            self.houses[h].fail_soon(trouble, after);
        }
    }

    /// Starts what is down, and ends troubles that are over.
    pub fn restarts(&mut self) -> Checked {
        let (now, stage) = (self.now, self.stage);
        for h in 0..self.houses.len() {
            let house = &mut self.houses[h];
            if house.trouble_until.is_some_and(|until| until <= now) {
                house.trouble_until = None;
                house.store.trouble(None);
            }
            let may_stop = house.node.is_some() && self.dice.chance(self.net.weather.crash / 4);
            if may_stop && !self.net.is_calm {
                house.node = None;
                house.up_at = now;
                self.cover.count("fault", "process is stopped");
            }
            if house.node.is_none() && house.up_at <= now {
                house.start(stage)?;
                self.cover.count("fault", "restart");
                self.trace.line(format!("restart {}", self.houses[h].name()));
                self.check_reopened(h)?;
            }
        }
        Ok(())
    }

    /// Takes what has arrived.
    pub fn arrivals(&mut self) -> Checked {
        for packet in self.net.arrived(self.now, &mut self.dice) {
            let party = self.houses_name(packet.from);
            let origin = |honest| match packet.kind {
                Kind::Whole => honest,
                Kind::Forged => Origin::Forged,
                Kind::Lie => Origin::Lie(packet.from),
            };
            let asked = match packet.cargo {
                Cargo::Mail { envelope, files } => {
                    (Ask::Deliver { envelope, files }, origin(Origin::Mail(packet.from)))
                }
                Cargo::Receipt(receipt) => (Ask::Receipt(receipt), origin(Origin::Receipt)),
                // A signature that nobody knows is no part of a checkpoint: a note that was
                // changed there is still what its log signed.
                Cargo::Head { note, proof } => {
                    (Ask::PeerHead { party, note, proof }, Origin::Head(packet.from))
                }
                Cargo::Countersigned(note) => {
                    (Ask::Countersigned { party, note }, Origin::Countersigned)
                }
                Cargo::Owed(from) => {
                    self.send_head(packet.to, packet.from, from)?;
                    continue;
                }
            };
            self.houses[packet.to].queue.push(asked);
        }
        Ok(())
    }

    fn houses_name(&self, h: usize) -> comity_exchange::Party {
        self.houses[h].identity.party.clone()
    }

    fn officials(&mut self) -> Checked {
        for _ in 0..self.dice.below(4) {
            let h = self.somebody();
            self.official(h)?;
            if self.dice.chance(60) {
                self.official(h)?;
            }
        }
        for h in 0..self.houses.len() {
            if self.dice.chance(400)
                && let Some(ask) = self.houses[h].unanswered.pop()
            {
                self.cover.count("fault", "command given again");
                self.houses[h].queue.push((ask, Origin::Official));
            }
        }
        Ok(())
    }

    fn official(&mut self, h: usize) -> Checked {
        let clock = self.houses[h].clock(self.now);
        let house = &self.houses[h];
        let cases: Vec<CaseId> = house.shadow.cases.keys().copied().collect();
        let opens = house.is_agency() && (cases.is_empty() || self.dice.chance(60));
        let opens = opens && cases.len() < 3;
        let chosen = self.dice.pick(&cases).copied().filter(|_| !opens);
        let id = match chosen {
            Some(id) => id,
            None if house.is_agency() && opens => CaseId(self.dice.id()),
            // An official of the office asks for a case that is not here.
            None if self.dice.chance(20) => CaseId(self.dice.id()),
            None => return Ok(()),
        };
        let fresh = Case::new(house.identity.side, id);
        let case = house.shadow.cases.get(&id).map_or(&fresh, |known| &known.case);
        let name =
            if opens { CommandName::Book } else { desk::choose(case, clock, &mut self.dice) };
        let version = case.version;
        let Some(filled) = desk::fill(name, case, self.stage, clock, &mut self.dice) else {
            return Ok(());
        };
        let role = filled.role;
        let official = OfficialId::new("somebody").must("official")?;
        let ask = Ask::Enter {
            case: id,
            id: CommandId(self.dice.id()),
            by: By::Official(Official { id: official, role }),
            expects: self.dice.chance(300).then_some(version),
            entry: Box::new(filled.entry),
            peer: None,
            file: filled.file,
        };
        self.cover.count("command", &format!("{name:?}"));
        self.houses[h].queue.push((ask, Origin::Official));
        Ok(())
    }

    fn searches(&mut self) {
        let office = &self.houses[0];
        let waits: Vec<CaseId> = office
            .shadow
            .cases
            .values()
            .filter(|k| k.case.identification == Identification::Submitted)
            .map(|k| k.case.id)
            .collect();
        for case in waits {
            if self.dice.chance(350) {
                let result = desk::search(&mut self.dice);
                self.houses[0].queue.push((Ask::Searched { case, result }, Origin::Loop));
            }
        }
    }

    /// Schedulers that are awake look at the clock where something is due.
    pub fn schedulers(&mut self) -> Checked {
        for h in 0..self.houses.len() {
            let house = &mut self.houses[h];
            let clock = house.clock(self.now);
            let Some(node) = &mut house.node else { continue };
            let due = node.next_at().must("reads")?.is_some_and(|at| at <= clock);
            if due && house.sleeps_until <= self.now {
                self.ask(h, Ask::Tick, Origin::Scheduler)?;
            }
        }
        Ok(())
    }

    /// Administrators replace keys now and then.
    fn administrators(&mut self) -> Checked {
        let h = self.somebody();
        let rotates = self.dice.chance(self.net.weather.rotate);
        let house = &mut self.houses[h];
        if rotates && house.next_key.is_none() && house.old_key.is_none() {
            let seed = [self.dice.id(), self.dice.id()].concat();
            let seed: [u8; 32] = seed.try_into().must("seed")?;
            let name = house.identity.message_key.verifier().name().clone();
            house.next_key = Some(SecretKey::from_seed(name, KeyKind::Log, seed));
            self.cover.count("fault", "key is replaced");
        }
        for h in 0..self.houses.len() {
            self.take_next_key(h)?;
        }
        if self.dice.chance(150)
            && let Some(old) = self.houses[h].old_key.clone()
        {
            let news = KeyNews::Revoked { key: old.verifier().clone() };
            if self.ask(h, Ask::TellKey(news), Origin::Administrator)? {
                self.houses[h].old_key = None;
                self.houses[h].revoked_keys.push(old);
                self.cover.count("fault", "key is revoked");
            }
        }
        Ok(())
    }

    /// Goes through with a key's replacement, however often it was interrupted.
    pub fn take_next_key(&mut self, h: usize) -> Checked {
        let Some(next) = self.houses[h].next_key.clone() else { return Ok(()) };
        let clock = self.houses[h].clock(self.now);
        let until = clock + SignedDuration::from_hours(1 + self.dice.below(72) as i64);
        let news = KeyNews::Replaced { key: next.verifier().clone(), until };
        if self.houses[h].identity.message_key.verifier() != next.verifier() {
            if !self.ask(h, Ask::TellKey(news), Origin::Administrator)? {
                return Ok(());
            }
            let house = &mut self.houses[h];
            house.old_key = Some(house.identity.message_key.clone());
            house.identity.message_key = next.clone();
            if let Some(node) = &mut house.node {
                node.set_message_key(next);
            }
        }
        let Some(node) = &mut self.houses[h].node else { return Ok(()) };
        let changes = node.sign_again().must("signs-again")?;
        if self.ask(h, Ask::Keep(changes), Origin::Administrator)? {
            self.houses[h].next_key = None;
        }
        Ok(())
    }

    /// The number of the next message from one house that another has not applied.
    pub fn inbox_next(&mut self, at: usize, from: usize) -> Checked<u64> {
        let party = self.houses_name(from);
        self.houses[at].store.again().inbox_next(&party).must("reads")
    }
}
