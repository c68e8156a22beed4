//! The end of a run: everything is healed, the mail drains, and all of it is looked at.

use crate::fault::{Checked, Must, demand};
use crate::house::Origin;
use crate::world::World;
use comity_ledger::Trust;
use comity_node::Ask;
use comity_store::{FsckOptions, Reads, fsck_store};
use jiff::SignedDuration;

/// The most rounds until everything is through.
const ROUNDS_MAX: usize = 60;

impl World<'_> {
    /// Heals everything and checks the end.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn end(&mut self) -> Checked {
        self.heal()?;
        let mut round = 0;
        while round < 2 || !self.is_quiet()? {
            demand(round < ROUNDS_MAX, "everything-gets-through", || self.what_waits())?;
            self.round()?;
            round += 1;
        }
        self.exchange_heads()?;
        self.check_conviction()?;
        self.check(true)?;
        self.told.clear();
        self.check_stories()?;
        self.check_agreement()?;
        for h in 0..self.houses.len() {
            self.check_ledger(h)?;
        }
        self.sleep_long()
    }

    fn heal(&mut self) -> Checked {
        self.now = self.latest + SignedDuration::from_hours(1);
        self.trace.line(format!("all is healed at {}", self.now));
        self.net.heal(self.now);
        for house in &mut self.houses {
            house.offset = SignedDuration::ZERO;
            house.store.trouble(None);
            house.trouble_until = None;
            house.sleeps_until = self.now;
            house.up_at = self.now;
        }
        self.restarts()
    }

    /// Starts whatever ended at a commit that was to fail.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn all_up(&mut self) -> Checked {
        for house in &mut self.houses {
            house.up_at = self.now;
        }
        self.restarts()
    }

    fn round(&mut self) -> Checked {
        self.now += SignedDuration::from_mins(6);
        self.all_up()?;
        for h in 0..self.houses.len() {
            for ask in std::mem::take(&mut self.houses[h].unanswered) {
                self.houses[h].queue.push((ask, Origin::Official));
            }
            self.take_next_key(h)?;
        }
        self.arrivals()?;
        self.flush()?;
        self.schedulers()?;
        self.hurry()?;
        self.post()?;
        self.arrivals()?;
        self.flush()?;
        self.arrivals()?;
        self.flush()?;
        self.check(false)
    }

    /// True if nothing is on its way between honest houses.
    fn is_quiet(&mut self) -> Checked<bool> {
        for h in 0..self.houses.len() {
            if self.houses[h].node.is_none() || !self.houses[h].unanswered.is_empty() {
                return Ok(false);
            }
            for peer in self.peers_of(h) {
                if self.houses[h].lied || self.houses[peer].lied {
                    continue;
                }
                let party = self.houses[peer].identity.party.clone();
                let mut store = self.houses[h].store.again();
                let pending = store.outbox_pending(&party, 1).must("reads")?;
                let waiting = store.inbox_waiting(&party).must("reads")?;
                if !(pending.is_empty() && waiting.is_empty()) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn what_waits(&self) -> String {
        let mut out = Vec::new();
        for house in &self.houses {
            let up = house.node.is_some();
            let (name, unanswered) = (house.name(), house.unanswered.len());
            out.push(format!("{name} up {up}, unanswered {unanswered}"));
            for peer in self.peers_of(house.index) {
                let party = self.houses[peer].identity.party.clone();
                let pending = house.store.again().outbox_pending(&party, 9).unwrap_or_default();
                out.extend(pending.iter().map(|row| format!("{} to {party}", row.number)));
            }
        }
        out.join("; ")
    }

    /// Every honest house shows its ledger to its peers, and each countersigns it.
    fn exchange_heads(&mut self) -> Checked {
        for h in 0..self.houses.len() {
            self.all_up()?;
            self.ask(h, Ask::Checkpoint, Origin::Loop)?;
            for to in self.peers_of(h) {
                for _ in 0..6 {
                    self.all_up()?;
                    let party = &self.houses[to].identity.party;
                    let node = self.houses[h].node.as_ref().must("is-up")?;
                    let peer = node.peers().find(|p| p.party == *party).must("peer-is-known")?;
                    let known = peer.countersigned_size;
                    if known == node.size() || self.houses[h].lied || self.houses[to].lied {
                        break;
                    }
                    self.send_head(h, to, known)?;
                    for _ in 0..4 {
                        self.arrivals()?;
                        self.flush()?;
                        self.now += SignedDuration::from_secs(1);
                    }
                    self.all_up()?;
                    self.ask(h, Ask::Checkpoint, Origin::Loop)?;
                }
                self.check_countersigned(h, to)?;
            }
        }
        Ok(())
    }

    fn check_countersigned(&mut self, h: usize, to: usize) -> Checked {
        if self.houses[h].lied || self.houses[to].lied {
            return Ok(());
        }
        let peer_key = self.houses[to].identity.witness_key.verifier().clone();
        let size = self.houses[h].shadow.size();
        let mut store = self.houses[h].store.again();
        // Of an empty ledger there is nothing to sign.
        if store.size().must("reads")? == 0 {
            return Ok(());
        }
        let row = store.checkpoint().must("reads")?.must("ledger-is-signed")?;
        let note = comity_ledger::SignedCheckpoint::parse("checkpoint", &row.note);
        let note = note.must("checkpoint-reads")?;
        let signed = note.note().check(&peer_key).must("checkpoint-reads")?.is_some();
        demand(signed && row.size == size, "both-countersign", || {
            let (who, peer) = (self.houses[h].name(), self.houses[to].name());
            format!("{peer} did not countersign {size} leaves of {who}, but {}", row.size)
        })
    }

    /// The ledger of a house holds in every leaf, event, tile and checkpoint.
    fn check_ledger(&mut self, h: usize) -> Checked {
        self.all_up()?;
        if !self.ask(h, Ask::Checkpoint, Origin::Loop)? {
            self.all_up()?;
            self.ask(h, Ask::Checkpoint, Origin::Loop)?;
        }
        self.all_up()?;
        let house = &self.houses[h];
        let node = house.node.as_ref().must("is-up")?;
        let keys: Vec<_> = [&house.identity.log_key, &house.identity.witness_key]
            .into_iter()
            .map(|key| key.verifier().clone())
            .chain(node.peers().map(|p| p.witness_key.clone()))
            .collect();
        let trust = Trust::in_keys(&keys);
        let store_key = Some(&house.identity.store_key);
        let options = FsckOptions { trust: &trust, store_key, is_at_rest: true };
        let report = fsck_store(&mut house.store.again(), &options, |_| ()).must("reads")?;
        demand(report.is_clean(), "fsck-is-clean", || format!("{:?}", report.findings))?;
        let all = report.leaves == house.shadow.size();
        demand(all, "nothing-is-lost", || format!("{} leaves", report.leaves))
    }

    /// Two months later nobody is held, and everything due was told.
    fn sleep_long(&mut self) -> Checked {
        self.now += SignedDuration::from_hours(24 * 60);
        // A look at the clock that the store did not keep is followed by another, as in life.
        for _ in 0..4 {
            self.schedulers()?;
        }
        self.check(false)?;
        for house in &self.houses {
            let held = house.shadow.cases.values().find(|k| k.case.hold_at(self.now).is_some());
            demand(held.is_none(), "no-hold-outlives-its-clock", || house.name().to_owned())?;
        }
        for h in 0..self.houses.len() {
            self.check_told(h)?;
        }
        Ok(())
    }
}
