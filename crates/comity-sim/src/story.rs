//! Both ledgers tell one story: what one says was received, the other says was sent.

use crate::fault::{Checked, Must, demand};
use crate::shadow::CAME;
use crate::turn::receipt_json;
use crate::world::World;
use comity_exchange::case::{Case, ToldAnswer};
use comity_store::{InboxRow, OutboxRow, Reads};

impl World<'_> {
    /// Compares what every pair of honest houses says of the messages between them.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn check_stories(&mut self) -> Checked {
        for from in 0..self.houses.len() {
            for to in self.peers_of(from) {
                if !self.houses[from].lied && !self.houses[to].lied {
                    self.check_story(from, to)?;
                }
            }
        }
        (0..self.houses.len()).try_for_each(|h| self.check_came(h))
    }

    fn check_story(&mut self, from: usize, to: usize) -> Checked {
        let (sender, receiver) =
            (self.houses[from].identity.party.clone(), self.houses[to].identity.party.clone());
        let mut sent = self.houses[from].store.again();
        let mut came = self.houses[to].store.again();
        let next = came.inbox_next(&sender).must("reads")?;
        let (mut number, mut leaf) = self.told.get(&(from, to)).copied().unwrap_or((1, 0));
        while number < next {
            let row = sent.outbox(&receiver, number).must("reads")?;
            let row = row.must("what-came-was-sent")?;
            let got = came.inbox(&sender, number).must("reads")?.must("nothing-is-lost")?;
            let at = self.check_message(to, &row, &got)?;
            demand(number == 1 || leaf < at, "messages-keep-their-order", || {
                format!("message {number} from {sender} is leaf {at}, the one before {leaf}")
            })?;
            leaf = at;
            let Some(receipt) = &row.receipt else { break };
            let says = receipt_json(receipt)?;
            let right = says["leaf"].as_u64() == Some(at)
                && says["digest"].as_str() == Some(row.digest.to_string().as_str())
                && says["number"].as_u64() == Some(number);
            demand(right, "receipts-name-their-leaf", || format!("{says} and leaf {at}"))?;
            number += 1;
            self.told.insert((from, to), (number, leaf));
        }
        Ok(())
    }

    /// One message as its sender has it and as its receiver has it; the receiver's leaf.
    fn check_message(&self, to: usize, row: &OutboxRow, got: &InboxRow) -> Checked<u64> {
        demand(row.digest == got.digest && row.id == got.id, "both-tell-one-story", || {
            format!("{row:?} and {got:?}")
        })?;
        let receipt = got.receipt.as_ref().must("a-receipt-is-kept-before-it-is-sent")?;
        let at = receipt_json(receipt)?["leaf"].as_u64().must("receipt-reads")?;
        let mark =
            self.houses[to].shadow.leaves.get(at as usize).must("receipts-name-their-leaf")?;
        let fits = CAME.contains(&mark.kind.as_str())
            && mark.came.is_none_or(|digest| digest == row.digest);
        demand(fits, "receipts-name-their-leaf", || format!("{row:?} and {mark:?}"))?;
        Ok(at)
    }

    /// Every message that was applied has one leaf that says so.
    fn check_came(&mut self, h: usize) -> Checked {
        let mut store = self.houses[h].store.again();
        let mut applied = 0;
        for peer in self.peers_of(h) {
            applied += store.inbox_next(&self.houses[peer].identity.party).must("reads")? - 1;
        }
        let marks = &self.houses[h].shadow.leaves;
        let leaves = marks.iter().filter(|m| CAME.contains(&m.kind.as_str())).count() as u64;
        demand(leaves == applied, "no-effect-twice", || {
            format!("{}: {applied} messages applied, {leaves} leaves", self.houses[h].name())
        })
    }

    /// When all mail is through, both know the same of each case.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn check_agreement(&self) -> Checked {
        for agency in 1..self.houses.len() {
            if self.houses[agency].lied || self.houses[0].lied {
                continue;
            }
            for (id, here) in &self.houses[agency].shadow.cases {
                if let Some(there) = self.houses[0].shadow.cases.get(id) {
                    agree(&here.case, &there.case)?;
                }
            }
        }
        Ok(())
    }
}

fn agree(agency: &Case, federal: &Case) -> Checked {
    let id = agency.id;
    for request in &federal.requests {
        let key = request.draft.request;
        let here = agency.request(key).must("every-request-has-come")?;
        let same = here.draft == request.draft
            && here.stands() == request.stands()
            && here.served_at == request.served_at;
        demand(same, "both-tell-one-story", || format!("{id}: {here:?} and {request:?}"))?;
        let given = agency.answers.get(&key).map(|g| ToldAnswer::of(&g.answer));
        let told = federal.told.get(&key).map(|(told, _)| told.clone());
        demand(given == told, "both-tell-one-story", || format!("{id}: {given:?} and {told:?}"))?;
    }
    let notices = (agency.notice.map(|n| n.0), federal.notice.map(|n| n.0));
    demand(notices.0 == notices.1, "both-tell-one-story", || format!("{id}: {notices:?}"))?;
    for (claim, known) in &federal.claims {
        let here = agency.claims.get(claim);
        demand(
            here.is_some_and(|c| c.claim.kind == known.claim.kind),
            "both-tell-one-story",
            || format!("{id}: {known:?} and {here:?}"),
        )?;
    }
    demand(agency.requests.len() == federal.requests.len(), "both-tell-one-story", || {
        format!("{id}: {} and {} requests", agency.requests.len(), federal.requests.len())
    })
}
