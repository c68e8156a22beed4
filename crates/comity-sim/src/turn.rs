//! What is asked of a node, what it replies, and what is expected of the reply.

use crate::canary;
use crate::fault::{Checked, Must, broken, demand};
use crate::house::Origin;
use crate::net::Cargo;
use crate::world::World;
use comity_exchange::case::CaseId;
use comity_node::{Ask, Done, HeadReply, NodeFault, Parcel};
use comity_store::Reads;
use jiff::SignedDuration;

/// The most parcels that are sent to a peer at a time.
const PARCELS_MAX: usize = 6;

/// A short name of what is asked.
fn name_of(ask: &Ask) -> &'static str {
    match ask {
        Ask::Enter { .. } => "enter",
        Ask::Searched { .. } => "searched",
        Ask::Deliver { .. } => "deliver",
        Ask::Receipt(_) => "receipt",
        Ask::Attempted { .. } => "attempted",
        Ask::Hurry(_) => "hurry",
        Ask::Tick => "tick",
        Ask::Checkpoint => "checkpoint",
        Ask::PeerHead { .. } => "peer-head",
        Ask::Countersigned { .. } => "countersigned",
        Ask::AddPeer(_) => "add-peer",
        Ask::MovePeer { .. } => "move-peer",
        Ask::TellKey(_) => "tell-key",
        Ask::Audit { .. } => "audit",
        Ask::Keep(_) => "keep",
        Ask::Together(_) => "together",
    }
}

impl World<'_> {
    /// Asks one thing; true if it was done.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn ask(&mut self, h: usize, ask: Ask, origin: Origin) -> Checked<bool> {
        self.run_turn(h, vec![(ask, origin)])
    }

    /// Asks what is queued: each by itself, or all in one turn.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn flush(&mut self) -> Checked {
        for h in 0..self.houses.len() {
            let mut queue = std::mem::take(&mut self.houses[h].queue);
            if queue.len() > 1 && self.dice.chance(400) {
                if self.dice.chance(150) {
                    queue.push((Ask::Tick, Origin::Loop));
                }
                self.dice.shuffle(&mut queue);
                self.cover.count("turn", "several asks");
                self.run_turn(h, queue)?;
            } else {
                for one in queue {
                    self.run_turn(h, vec![one])?;
                }
            }
        }
        Ok(())
    }

    /// One turn of a node. True if all of it was done.
    fn run_turn(&mut self, h: usize, batch: Vec<(Ask, Origin)>) -> Checked<bool> {
        self.turn += 1;
        let house = &mut self.houses[h];
        let (clock, who) = (house.clock(self.now), house.name().to_owned());
        self.latest = self.latest.max(clock);
        let Some(node) = house.node.as_mut() else {
            self.not_heard(h, batch);
            return Ok(false);
        };
        let asks: Vec<Ask> = batch.iter().map(|(ask, _)| ask.clone()).collect();
        let before = house.store.commits();
        let result = node.turn(asks, clock);
        let after = house.store.commits();
        let crashed = house.crash_at.take_if(|at| after >= *at).is_some();
        let once = house.trouble_at.take_if(|at| after >= *at).is_some();
        let was_to_fail = once || (house.trouble_until.is_some() && after > before);
        let names: Vec<&str> = batch.iter().map(|(ask, _)| name_of(ask)).collect();
        let size = node.size();
        let says = match &result {
            Ok(list) => {
                let codes = list.iter().map(|d| d.as_ref().map_or_else(NodeFault::code, |_| "ok"));
                codes.collect::<Vec<&str>>().join(" ")
            }
            Err(fault) => fault.code().to_owned(),
        };
        self.trace.line(format!(
            "turn {} {who} at {clock} [{}] {says}; {size} leaves{}",
            self.turn,
            names.join(" "),
            if crashed { "; the process ends" } else { "" }
        ));
        if crashed {
            let rests = self.dice.up_to_s(3 * 3600);
            self.houses[h].node = None;
            self.houses[h].up_at = self.now + rests;
        }
        self.grew(h)?;
        if crashed {
            self.cover.count("fault", "process ended at a commit");
            self.not_heard(h, batch);
            return Ok(false);
        }
        match result {
            Ok(list) => {
                let all = list.iter().all(Result::is_ok);
                for ((ask, origin), done) in batch.into_iter().zip(list) {
                    self.replied(h, ask, origin, done)?;
                }
                Ok(all)
            }
            Err(fault) => {
                let expected = was_to_fail && matches!(fault, NodeFault::Store(_));
                demand(expected, "a-turn-fails-with-its-disk-only", || {
                    format!("{who}: {names:?}: {} {fault} {fault:?}", fault.code())
                })?;
                self.cover.count("refusal", fault.code());
                self.not_heard(h, batch);
                Ok(false)
            }
        }
    }

    /// Nobody replied: officials will give their commands again.
    fn not_heard(&mut self, h: usize, batch: Vec<(Ask, Origin)>) {
        let again = batch.into_iter().filter(|(_, origin)| *origin == Origin::Official);
        self.houses[h].unanswered.extend(again.map(|(ask, _)| ask));
    }

    fn replied(
        &mut self,
        h: usize,
        ask: Ask,
        origin: Origin,
        done: Result<Done, NodeFault>,
    ) -> Checked {
        if let Err(fault) = &done {
            self.refused(h, &ask, origin, fault)?;
        }
        let unheard = self.dice.chance(self.net.weather.unheard) && !self.net.is_calm;
        match (origin, done) {
            (Origin::Official, done) => {
                if let Ok(Done::Events { case, events, .. }) = &done {
                    self.acknowledged(h, *case, events)?;
                }
                if unheard {
                    self.cover.count("fault", "reply lost");
                    self.houses[h].unanswered.push(ask);
                }
            }
            (Origin::Mail(from), Ok(Done::Receipts(receipts))) => {
                let was_next = receipts.is_empty();
                self.cover.count("mail", if was_next { "waits" } else { "receipted" });
                for receipt in receipts {
                    self.receipted(h, from, &receipt)?;
                    self.send(h, from, Cargo::Receipt(receipt));
                }
            }
            (Origin::Head(from), Ok(Done::Head(reply))) => self.head_reply(h, from, reply)?,
            (Origin::Forged | Origin::Lie(_), Ok(done)) => {
                return broken("lies-are-refused", format!("{}: {done:?}", self.houses[h].name()));
            }
            (Origin::Scheduler, Ok(_)) => self.check_told(h)?,
            _ => {}
        }
        Ok(())
    }

    /// A refusal is one of those that can be expected.
    fn refused(&mut self, h: usize, ask: &Ask, origin: Origin, fault: &NodeFault) -> Checked {
        self.cover.count("refusal", fault.code());
        let who = self.houses[h].name();
        let says = || format!("{who}: {} from {origin:?}: {fault} {fault:?}", name_of(ask));
        if matches!(fault, NodeFault::Damaged(_) | NodeFault::Store(_)) {
            return broken("nothing-is-damaged", says());
        }
        match origin {
            Origin::Mail(from) if !self.houses[from].lied && !self.houses[h].lied => {
                let codes =
                    ["future-dated", "key-not-valid", "unsigned", "file-missing", "inbox-full"];
                demand(codes.contains(&fault.code()), "honest-mail-is-taken", says)
            }
            Origin::Loop if matches!(ask, Ask::Searched { .. }) => Ok(()),
            Origin::Loop | Origin::Scheduler | Origin::Administrator => {
                broken("the-node-does-its-own-work", says())
            }
            _ => Ok(()),
        }
    }

    /// What an official was told stands in the ledger.
    fn acknowledged(
        &mut self,
        h: usize,
        case: CaseId,
        events: &[comity_node::Happened],
    ) -> Checked {
        let marks = &self.houses[h].shadow.leaves;
        for event in events {
            let stands = marks.get(event.leaf as usize).is_some_and(|m| m.kind == event.kind);
            demand(stands, "nothing-acknowledged-is-lost", || {
                format!("{case}: leaf {} is no {}", event.leaf, event.kind)
            })?;
        }
        Ok(())
    }

    /// What a receipt says stands in the ledger, before anybody has it.
    fn receipted(&mut self, h: usize, from: usize, receipt: &[u8]) -> Checked {
        let says = receipt_json(receipt)?;
        let (number, leaf) = (says["number"].as_u64(), says["leaf"].as_u64());
        let party = self.houses[from].identity.party.clone();
        let mut store = self.houses[h].store.again();
        let row = store.inbox(&party, number.must("receipt-reads")?).must("reads")?;
        let kept = row.and_then(|row| row.receipt).is_some();
        let stands = leaf.is_some_and(|leaf| leaf < self.houses[h].shadow.size());
        demand(kept && stands, "a-receipt-is-kept-before-it-is-sent", || says.to_string())
    }

    fn head_reply(&mut self, h: usize, from: usize, reply: HeadReply) -> Checked {
        match reply {
            HeadReply::Countersigned(note) => {
                self.cover.count("head", "countersigned");
                self.send(h, from, Cargo::Countersigned(note));
            }
            HeadReply::ProofFrom(size) => {
                self.cover.count("head", "proof owed");
                self.send(h, from, Cargo::Owed(size));
            }
            HeadReply::NotNow => self.cover.count("head", "not now"),
            HeadReply::Split(_) => {
                self.cover.count("head", "split view");
                let lied = self.houses[from].lied;
                demand(lied, "nobody-honest-is-convicted", || self.houses[from].name().to_owned())?;
            }
        }
        Ok(())
    }

    /// Sends something over the network.
    pub fn send(&mut self, from: usize, to: usize, cargo: Cargo) {
        let fate = self.net.send(self.now, (from, to), cargo, &mut self.dice);
        self.cover.count("packet", fate);
    }

    /// Sends what is due.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn post(&mut self) -> Checked {
        for h in 0..self.houses.len() {
            let house = &mut self.houses[h];
            let clock = house.clock(self.now);
            let Some(node) = house.node.as_mut() else { continue };
            let parcels = node.parcels(clock, PARCELS_MAX).must("reads")?;
            if parcels.is_empty() {
                continue;
            }
            let mut attempts = Vec::new();
            for Parcel { peer, number, envelope, files, .. } in parcels {
                let to = self.houses.iter().position(|o| o.identity.party == peer);
                let to = to.must("peer-is-known")?;
                canary::check_wire(&envelope)?;
                self.send(h, to, Cargo::Mail { envelope, files });
                attempts.push((Ask::Attempted { peer, number }, Origin::Loop));
            }
            self.run_turn(h, attempts)?;
        }
        Ok(())
    }

    /// Signs a house's ledger and shows it to one of its peers.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn show_head(&mut self, h: usize) -> Checked {
        self.ask(h, Ask::Checkpoint, Origin::Loop)?;
        let peers: Vec<usize> = self.peers_of(h).collect();
        let to = *self.dice.pick(&peers).must("peer-is-known")?;
        let party = self.houses[to].identity.party.clone();
        let Some(node) = &self.houses[h].node else { return Ok(()) };
        let known = node.peers().find(|p| p.party == party).map_or(0, |p| p.countersigned_size);
        self.send_head(h, to, known)
    }

    /// Sends the newest checkpoint with a proof from a size on.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn send_head(&mut self, h: usize, to: usize, from: u64) -> Checked {
        let lied = self.houses[h].lied;
        let Some(node) = &mut self.houses[h].node else { return Ok(()) };
        let head = match node.head(from) {
            Err(_) if lied => return Ok(()),
            head => head.must("shows-its-ledger")?,
        };
        if let Some(head) = head {
            self.send(h, to, Cargo::Head { note: head.note, proof: head.proof });
        }
        Ok(())
    }

    /// Asks every node to send everything now.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn hurry(&mut self) -> Checked {
        for h in 0..self.houses.len() {
            for peer in self.peers_of(h) {
                let party = self.houses[peer].identity.party.clone();
                self.ask(h, Ask::Hurry(party), Origin::Loop)?;
            }
        }
        self.now += SignedDuration::from_secs(1);
        Ok(())
    }
}

/// What a receipt says.
pub fn receipt_json(receipt: &[u8]) -> Checked<serde_json::Value> {
    let text = std::str::from_utf8(receipt).must("receipt-reads")?;
    serde_json::from_str(text.lines().nth(1).must("receipt-reads")?).must("receipt-reads")
}
