//! The network between the houses: it loses, doubles, delays, reorders and changes what it
//! carries. A relay is a stop on the way that sees bytes and keeps them for a while.

use crate::dice::Dice;
use jiff::{SignedDuration, Timestamp};

/// What is carried.
#[derive(Debug, Clone)]
pub enum Cargo {
    /// A message with its files.
    Mail {
        /// The envelope.
        envelope: Vec<u8>,
        /// The files.
        files: Vec<Vec<u8>>,
    },
    /// A receipt.
    Receipt(Vec<u8>),
    /// A checkpoint with its proof.
    Head {
        /// The note.
        note: Vec<u8>,
        /// That it continues what was shown.
        proof: Vec<comity_ledger::Hash>,
    },
    /// A countersigned checkpoint.
    Countersigned(Vec<u8>),
    /// A proof from so many leaves on is owed.
    Owed(u64),
}

/// How a packet is to be treated where it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it was sent.
    Whole,
    /// Changed on its way, or signed by nobody who may.
    Forged,
    /// Signed by a party that lies.
    Lie,
}

/// Something on its way.
#[derive(Debug, Clone)]
pub struct Packet {
    /// From which house.
    pub from: usize,
    /// To which.
    pub to: usize,
    /// When it arrives.
    pub at: Timestamp,
    /// What it is.
    pub cargo: Cargo,
    /// Whether it is what was sent.
    pub kind: Kind,
}

/// The weather of a run: which faults it has, in thousandths. A run without one of them shows
/// what the others hide.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Lost.
    pub lost: u64,
    /// Doubled.
    pub doubled: u64,
    /// Delayed for long.
    pub delayed: u64,
    /// Changed.
    pub changed: u64,
    /// Between two houses nothing gets through, per step.
    pub partition: u64,
    /// Crashes, per step.
    pub crash: u64,
    /// Commits that fail, per step.
    pub trouble: u64,
    /// Clocks that jump, per step.
    pub jump: u64,
    /// Schedulers that sleep, per step.
    pub sleep: u64,
    /// Keys that are replaced, per step.
    pub rotate: u64,
    /// Replies that are lost on their way to the person.
    pub unheard: u64,
}

impl Weather {
    /// The weather of a run.
    pub fn of(dice: &mut Dice) -> Weather {
        let mut some = |per_mille: u64| match dice.below(4) {
            0 => 0,
            1 => per_mille * 2,
            _ => per_mille,
        };
        Weather {
            lost: some(80),
            doubled: some(80),
            delayed: some(60),
            changed: some(25),
            partition: some(25),
            crash: some(40),
            trouble: some(40),
            jump: some(25),
            sleep: some(25),
            rotate: some(12),
            unheard: some(60),
        }
    }
}

/// What is on its way.
#[derive(Debug)]
pub struct Net {
    /// The weather.
    pub weather: Weather,
    /// True once everything is healed: it carries all, at once.
    pub is_calm: bool,
    /// Whether a relay stands between the agencies and the office.
    pub has_relay: bool,
    /// Until when the relay keeps what it has.
    pub relay_down_until: Timestamp,
    /// Pairs that do not reach each other, and until when.
    pub cut: Vec<(usize, usize, Timestamp)>,
    packets: Vec<Packet>,
    /// Mail that was carried once: whoever listens can send it again.
    heard: Vec<Packet>,
}

/// What the network did with a packet.
pub const FATES: [&str; 6] = ["carried", "lost", "doubled", "delayed", "changed", "cut"];

impl Net {
    /// A network.
    pub fn new(dice: &mut Dice) -> Net {
        Net {
            weather: Weather::of(dice),
            is_calm: false,
            has_relay: dice.chance(250),
            relay_down_until: Timestamp::MIN,
            cut: Vec::new(),
            packets: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// Sends something; what became of it.
    pub fn send(
        &mut self,
        now: Timestamp,
        (from, to): (usize, usize),
        cargo: Cargo,
        dice: &mut Dice,
    ) -> &'static str {
        let mut packet = Packet { from, to, at: now, cargo, kind: Kind::Whole };
        if self.is_calm {
            self.packets.push(packet);
            return FATES[0];
        }
        let apart = |(a, b, until): &(usize, usize, Timestamp)| {
            now < *until && ((*a, *b) == (from, to) || (*a, *b) == (to, from))
        };
        if self.cut.iter().any(apart) {
            return FATES[5];
        }
        if matches!(packet.cargo, Cargo::Mail { .. }) && self.heard.len() < 64 {
            self.heard.push(packet.clone());
        }
        packet.at = now + dice.up_to_s(20);
        if self.has_relay {
            packet.at = packet.at.max(self.relay_down_until) + dice.up_to_s(60);
        }
        let weather = self.weather;
        if dice.chance(weather.lost) {
            return FATES[1];
        }
        if dice.chance(weather.changed) && change(&mut packet.cargo, dice) {
            packet.kind = Kind::Forged;
            self.packets.push(packet);
            return FATES[4];
        }
        let mut fate = FATES[0];
        if dice.chance(weather.delayed) {
            packet.at += SignedDuration::from_hours(dice.below(30) as i64);
            fate = FATES[3];
        }
        if dice.chance(weather.doubled) {
            let mut again = packet.clone();
            again.at += dice.up_to_s(7200);
            self.packets.push(again);
            fate = FATES[2];
        }
        self.packets.push(packet);
        fate
    }

    /// Puts a packet on its way that nobody sent.
    pub fn inject(&mut self, packet: Packet) {
        self.packets.push(packet);
    }

    /// Mail that was carried before.
    pub fn overheard(&self, dice: &mut Dice) -> Option<Packet> {
        dice.pick(&self.heard).cloned()
    }

    /// What has arrived, in any order.
    pub fn arrived(&mut self, now: Timestamp, dice: &mut Dice) -> Vec<Packet> {
        let mut out: Vec<Packet> = self.packets.extract_if(.., |p| p.at <= now).collect();
        if !self.is_calm {
            dice.shuffle(&mut out);
        }
        out
    }

    /// Everything arrives from now on.
    pub fn heal(&mut self, now: Timestamp) {
        self.is_calm = true;
        self.cut.clear();
        for packet in &mut self.packets {
            packet.at = packet.at.min(now);
        }
    }
}

/// Changes bytes of a message or receipt. False if it is left as it was.
fn change(cargo: &mut Cargo, dice: &mut Dice) -> bool {
    let bytes = match cargo {
        Cargo::Mail { envelope, .. } => envelope,
        Cargo::Receipt(receipt) => receipt,
        Cargo::Countersigned(note) | Cargo::Head { note, .. } => note,
        Cargo::Owed(_) => return false,
    };
    let place = dice.below(bytes.len() as u64) as usize;
    if dice.chance(300) {
        bytes.truncate(place);
        return true;
    }
    match bytes.get_mut(place) {
        Some(byte) => *byte ^= 1 << dice.below(8),
        None => return false,
    }
    true
}
