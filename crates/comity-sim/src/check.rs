//! What holds after every step.

use crate::canary;
use crate::fault::{Checked, Must, broken, demand};
use crate::world::World;
use comity_exchange::Party;
use comity_exchange::case::{Case, Request, Side, TaskKind, due, tasks};
use comity_node::{NodeFault, read_case};
use comity_store::Reads;
use jiff::Timestamp;

impl World<'_> {
    /// A node's store grew: what was added is read, folded and compared with what the node has
    /// in memory.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn grew(&mut self, h: usize) -> Checked {
        let turn = self.turn;
        let house = &mut self.houses[h];
        let mut store = house.store.again();
        let changed = house.shadow.grow(&mut store, turn, &mut self.cover)?;
        for (_, kind) in house.shadow.told.drain(..) {
            self.cover.count("message", kind);
        }
        for event in house.shadow.new.drain(..) {
            self.trace.aside(|| format!("    {} {} {:?}", event.case, event.version, event.what));
        }
        for id in changed {
            house.shadow.check_rows(&mut store, id)?;
        }
        for _ in house.shadow.check_forgotten(&mut store)? {
            self.cover.count("case", "forgotten");
        }
        let Some(node) = &house.node else { return Ok(()) };
        demand(node.size() == house.shadow.size(), "memory-is-the-fold", || {
            format!("{} leaves in memory, {} stored", node.size(), house.shadow.size())
        })?;
        for (id, known) in &house.shadow.cases {
            if let Some(case) = node.in_memory(*id) {
                demand(*case == known.case, "memory-is-the-fold", || {
                    format!("{id}: in memory {case:?}, stored {:?}", known.case)
                })?;
            }
        }
        Ok(())
    }

    /// A node's disk has what it had.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn check_reopened(&mut self, h: usize) -> Checked {
        let all = self.net.is_calm;
        let house = &mut self.houses[h];
        let mut store = house.store.again();
        house.shadow.reread(&mut store)?;
        let (key, side) = (&house.identity.store_key, house.identity.side);
        // Opening every event of every case takes longer than everything else: in the middle of
        // a run one case is read back, at its end all are.
        let cases = house.shadow.cases.len() as u64;
        let one = self.dice.below(cases) as usize;
        let some = house.shadow.cases.iter().enumerate();
        for (_, (id, known)) in some.filter(|(n, _)| all || *n == one) {
            let view = read_case(&mut store, key, side, *id).must("reads")?;
            demand(view.case == known.case, "nothing-is-lost", || format!("{id} is another"))?;
            if side == Side::Federal && view.card.is_some() {
                return broken("private-words-stay", format!("{id}: the office has a card"));
            }
        }
        for id in house.shadow.forgotten.keys() {
            let read = read_case(&mut store, key, side, *id);
            let gone = matches!(read, Err(NodeFault::NoCase(_)));
            demand(gone, "forgotten-is-unreadable", || format!("{id} is read"))?;
        }
        Ok(())
    }

    /// After a look at the clock everything that is due was told, and the next look is later.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn check_told(&mut self, h: usize) -> Checked {
        let house = &mut self.houses[h];
        let clock = house.clock(self.now);
        for (id, known) in &house.shadow.cases {
            let case = &known.case;
            let all = tasks(case, case.time(clock)).into_iter();
            let mut late =
                all.filter(|task| task.due_at <= clock && !case.raised.contains(&task.key()));
            if let Some(task) = late.next() {
                return broken("what-is-due-is-told", format!("{id}: {task:?} at {clock}"));
            }
            let nobody = side_forgets(case, clock);
            demand(!nobody, "forgotten-is-unreadable", || format!("{id} is still here"))?;
        }
        let next = house.store.again().next_at().must("reads")?;
        demand(next.is_none_or(|at| at > clock), "what-is-due-is-told", || {
            format!("the next look is at {next:?}, and it is {clock}")
        })
    }

    /// After every step, and more thoroughly now and then.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn check(&mut self, whole: bool) -> Checked {
        for h in 0..self.houses.len() {
            let house = &self.houses[h];
            let clock = house.clock(self.now);
            for known in house.shadow.cases.values() {
                check_case(&known.case, clock)?;
            }
            // A scheduler that is awake has been at work in this step.
            let awake = house.node.is_some() && house.sleeps_until <= self.now;
            if awake && house.trouble_until.is_none() {
                self.check_awake(h)?;
            }
        }
        self.check_stories()?;
        if whole {
            for h in 0..self.houses.len() {
                let peers = self.peers_of(h);
                let peers: Vec<Party> =
                    peers.map(|p| self.houses[p].identity.party.clone()).collect();
                canary::check_store(&mut self.houses[h].store.again(), &peers)?;
                if self.houses[h].node.is_some() {
                    self.check_reopened(h)?;
                }
            }
        }
        Ok(())
    }

    /// No release is due that nobody was told of, unless the look failed with the disk or what
    /// made it due came after the look.
    fn check_awake(&mut self, h: usize) -> Checked {
        let house = &mut self.houses[h];
        let clock = house.clock(self.now);
        let next = house.store.again().next_at().must("reads")?;
        for (id, known) in &house.shadow.cases {
            let case = &known.case;
            let late = due(case, clock).into_iter().find(|task| {
                task.kind == TaskKind::Release
                    && task.due_at <= clock
                    && !case.raised.contains(&task.key())
            });
            // It is due, so the scheduler must know of it: the row's moment has come too.
            if let Some(task) = late {
                demand(next.is_some_and(|at| at <= clock), "the-scheduler-knows", || {
                    format!("{id}: {task:?} at {clock}, and the next look is at {next:?}")
                })?;
            }
        }
        Ok(())
    }
}

fn side_forgets(case: &Case, clock: Timestamp) -> bool {
    case.side == Side::Federal
        && tasks(case, clock).iter().any(|t| t.kind == TaskKind::Forget && t.due_at <= clock)
}

/// What holds in a case at a moment.
fn check_case(case: &Case, clock: Timestamp) -> Checked {
    let now = case.time(clock);
    let id = case.id;
    if let Some(hold) = case.hold_at(now) {
        let caps = hold.caps().iter().filter_map(|c| c.ends_at).min();
        let request = case.request(hold.request()).is_some_and(Request::stands);
        let lawful = now < hold.ends_at()
            && caps.is_some_and(|end| hold.ends_at() <= end)
            && case.hold_bound.is_none_or(|bound| hold.ends_at() <= bound)
            && !hold.ground().rule().cite.is_empty()
            && case.in_custody()
            && case.open_claims().next().is_none()
            && !case.claim_upheld()
            && request;
        return demand(lawful, "no-hold-outlives-its-clock", || format!("{id}: {hold:?} at {now}"));
    }
    let released = case.side == Side::Federal
        || !case.in_custody()
        || case.eligible.is_none_or(|e| e.at > now)
        || due(case, now).iter().any(|t| t.kind == TaskKind::Release);
    demand(released, "somebody-is-told-to-release", || format!("{id} at {now}"))?;
    for past in &case.past_holds {
        demand(past.ended_at <= past.hold.ends_at(), "no-hold-outlives-its-clock", || {
            format!("{id}: {past:?}")
        })?;
    }
    Ok(())
}
