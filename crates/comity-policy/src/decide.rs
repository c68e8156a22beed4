//! Deciding one case: default logic within an instrument, levels between them.

use crate::channel::{Channel, Level, ModalitySet, Stance, StanceSet};
use crate::cond::{Silent, eval};
use crate::library::{Library, PolicyIndex, Scope};
use crate::policy::Policy;
use comity_model::{CaseFacts, Day, Tri};

/// A clause of a policy of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClauseRef {
    /// The policy.
    pub policy: PolicyIndex,
    /// Index among its clauses.
    pub clause: u8,
}

/// What one channel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelAnswer {
    /// Stances that are possible after all levels.
    pub stances: StanceSet,
    /// The clause that binds, where the channel is settled and somebody speaks.
    pub binding: Option<ClauseRef>,
    /// The first clause of a lower or equal level that says the opposite.
    pub conflict: Option<(ClauseRef, ClauseRef)>,
}

impl ChannelAnswer {
    const OPEN: ChannelAnswer =
        ChannelAnswer { stances: StanceSet::SILENT, binding: None, conflict: None };

    /// The modalities that are possible.
    pub fn outcome(&self) -> ModalitySet {
        self.stances.outcome()
    }

    /// True when nobody speaks: the agency's own discretion.
    pub fn is_discretion(&self) -> bool {
        self.stances == StanceSet::SILENT
    }
}

/// The answer of every channel, without its explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// By channel, in the order of [`Channel::ALL`].
    pub channels: [ChannelAnswer; Channel::COUNT],
}

impl Answer {
    /// The answer on one channel.
    pub fn on(&self, c: Channel) -> &ChannelAnswer {
        &self.channels[c as usize]
    }

    /// The modalities that are possible on one channel.
    pub fn outcome(&self, c: Channel) -> ModalitySet {
        self.on(c).outcome()
    }
}

/// The truth of every clause of a policy, as masks over clause indexes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Truths {
    /// Clauses whose own condition holds.
    pub holds: u64,
    /// Clauses whose own condition is unknown.
    pub holds_unknown: u64,
    /// Rules that apply: condition holds, nothing overrides them.
    pub applies: u64,
    /// Rules that may apply.
    pub applies_unknown: u64,
}

impl Truths {
    /// Whether a rule whose own condition is known by now applies; the rules that override
    /// it have been resolved.
    #[inline]
    pub(crate) fn resolve(&mut self, rule: u8, overridden_by: u64) {
        let bit = 1_u64 << rule;
        let (sure, maybe) = (self.holds & bit, self.holds_unknown & bit);
        let free = u64::from(overridden_by & self.applies == 0);
        let surely = u64::from(overridden_by & self.applies_unknown == 0);
        self.applies |= sure * (free & surely);
        self.applies_unknown |= (maybe * free) | (sure * (free & (surely ^ 1)));
    }
}

/// The truth of every clause of a policy: by its plan, or by its trees where it has none.
pub(crate) fn truths(policy: &Policy, facts: &CaseFacts) -> Truths {
    if let Some(plan) = &policy.plan {
        return plan.truths(facts);
    }
    let mut t = Truths::default();
    for &i in &policy.order {
        let clause = &policy.clauses[i as usize];
        match eval(&clause.when, facts, &mut Silent) {
            Tri::False => {}
            Tri::True => t.holds |= 1 << i,
            Tri::Unknown => t.holds_unknown |= 1 << i,
        }
        t.resolve(i, clause.overridden_by);
    }
    t
}

/// What a policy that surely binds says on a channel.
#[inline]
pub(crate) fn stance_of(policy: &Policy, channel: Channel, t: &Truths) -> StanceSet {
    let speakers = &policy.speakers[channel as usize];
    let mut out = StanceSet::EMPTY;
    for s in [Stance::May, Stance::Protect, Stance::Must, Stance::MustNot] {
        if speakers.of(s) & t.applies != 0 {
            out.insert(s);
        }
    }
    if out != StanceSet::EMPTY {
        return applied(out, speakers.of(Stance::Protect) & t.applies_unknown != 0);
    }
    for s in [Stance::May, Stance::Protect, Stance::Must, Stance::MustNot] {
        if speakers.of(s) & t.applies_unknown != 0 {
            out.insert(s);
        }
    }
    out.insert(speakers.default.map_or(Stance::Silent, |(s, _)| s));
    out
}

/// Rules that apply agree, but a protection is stronger than a permission; rules
/// that disagree are refused by `policy check` and leave a draft open.
fn applied(out: StanceSet, protect_possible: bool) -> StanceSet {
    let may_and_protect = StanceSet::of(Stance::May).0 | StanceSet::of(Stance::Protect).0;
    if out.0 & !may_and_protect != 0 {
        let strong = StanceSet(out.0 & !may_and_protect);
        return if out == strong { strong } else { out };
    }
    if out.contains(Stance::Protect) {
        return StanceSet::of(Stance::Protect);
    }
    let mut out = out;
    if protect_possible {
        out.insert(Stance::Protect);
    }
    out
}

/// The clause that a settled stance of a policy rests on.
pub(crate) fn clause_for(policy: &Policy, channel: Channel, t: &Truths, s: Stance) -> Option<u8> {
    let speakers = &policy.speakers[channel as usize];
    let applying = speakers.of(s) & t.applies;
    if applying != 0 {
        // The first in the order of evaluation.
        return policy.order.iter().copied().find(|i| applying >> i & 1 == 1);
    }
    speakers.default.filter(|(d, _)| *d == s).map(|(_, i)| i)
}

/// Whether a policy binds a case: place, whom it binds, and per channel its dates.
pub(crate) struct Binds {
    pub by_channel: [Tri; Channel::COUNT],
    /// For clauses that speak on no channel.
    pub main: Tri,
}

impl Binds {
    pub(crate) fn any(&self) -> bool {
        self.main != Tri::False || self.by_channel.iter().any(|t| *t != Tri::False)
    }
}

pub(crate) fn binds(policy: &Policy, facts: &CaseFacts, scope: &Scope) -> Binds {
    let all = |t| Binds { by_channel: [t; Channel::COUNT], main: t };
    if scope.is_counterfactual() {
        return all(eval(&policy.applies_when, facts, &mut Silent));
    }
    let place = eval(&policy.in_place, facts, &mut Silent);
    if place == Tri::False {
        return all(place);
    }
    let uniform = policy.anchors.iter().all(|a| *a == policy.anchor);
    let main_dates = in_force(policy, policy.anchor, facts);
    if uniform && main_dates == Tri::False {
        return all(Tri::False);
    }
    let base = place.and(eval(&policy.applies_when, facts, &mut Silent));
    let mut out = all(base.and(main_dates));
    if !uniform {
        for (i, anchor) in policy.anchors.iter().enumerate() {
            out.by_channel[i] = base.and(in_force(policy, *anchor, facts));
        }
    }
    out
}

fn in_force(policy: &Policy, anchor: crate::policy::Anchor, facts: &CaseFacts) -> Tri {
    facts.get_date(anchor.fact()).map_or(Tri::Unknown, |d| Tri::from(policy.in_force_on(d)))
}

/// What binds so far on every channel while levels are folded from the top.
pub(crate) struct Fold {
    level: Option<Level>,
    /// Below all finished levels.
    bound: [StanceSet; Channel::COUNT],
    bound_by: [Option<ClauseRef>; Channel::COUNT],
    /// Within the level being read.
    here: [StanceSet; Channel::COUNT],
    here_by: [Option<ClauseRef>; Channel::COUNT],
    /// How specific the clause in `here_by` is: a rule before a default, then the later law.
    here_rank: [(bool, Day); Channel::COUNT],
    conflicts: [Option<(ClauseRef, ClauseRef)>; Channel::COUNT],
    /// Channels on which the level being read has said something.
    touched: u16,
    /// Channels on which somebody has said something.
    ever: u16,
}

impl Fold {
    pub(crate) fn new() -> Fold {
        Fold {
            level: None,
            bound: [StanceSet::SILENT; Channel::COUNT],
            bound_by: [None; Channel::COUNT],
            here: [StanceSet::SILENT; Channel::COUNT],
            here_by: [None; Channel::COUNT],
            here_rank: [(false, Day(i32::MIN)); Channel::COUNT],
            conflicts: [None; Channel::COUNT],
            touched: 0,
            ever: 0,
        }
    }

    /// Adds one instrument's stance; instruments come level by level from the top.
    #[inline]
    pub(crate) fn add(
        &mut self,
        policy: &Policy,
        c: Channel,
        set: StanceSet,
        by: Option<ClauseRef>,
    ) {
        if self.level != Some(policy.level) {
            self.close_level();
            self.level = Some(policy.level);
        }
        let i = c as usize;
        self.touched |= 1 << i;
        self.ever |= 1 << i;
        let before = self.here[i];
        self.here[i] = before.combine(set, Stance::beside);
        if let (Some(old), Some(new), Some(a), Some(b)) =
            (before.only(), set.only(), self.here_by[i], by)
            && old.conflicts_with(new)
        {
            self.conflicts[i].get_or_insert((a, b));
        }
        let Some(clause) = by else { return };
        // The clause behind the strongest stance of the level binds; among equals the
        // more specific one is the better citation.
        let rank = (!policy.clauses[clause.clause as usize].is_default, policy.from);
        let stronger = self.here[i] != before || self.here_by[i].is_none();
        if stronger || (self.here[i] == set && rank > self.here_rank[i]) {
            self.here_by[i] = by;
            self.here_rank[i] = rank;
        }
    }

    fn close_level(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        while touched != 0 {
            let i = touched.trailing_zeros() as usize;
            touched &= touched - 1;
            let (upper, lower) = (self.bound[i], self.here[i]);
            if lower == StanceSet::SILENT {
                continue;
            }
            if let (Some(u), Some(l), Some(a), Some(b)) =
                (upper.only(), lower.only(), self.bound_by[i], self.here_by[i])
                && u.conflicts_with(l)
            {
                self.conflicts[i].get_or_insert((a, b));
            }
            self.bound[i] = upper.combine(lower, Stance::over);
            // Where both levels allow, the lower one is the more specific rule.
            let upper_binds = upper == self.bound[i] && upper != StanceSet::of(Stance::May);
            if !upper_binds && self.here_by[i].is_some() {
                self.bound_by[i] = self.here_by[i];
            }
            self.here[i] = StanceSet::SILENT;
            self.here_by[i] = None;
        }
    }

    pub(crate) fn finish(mut self) -> Answer {
        self.close_level();
        let mut channels = [ChannelAnswer::OPEN; Channel::COUNT];
        let mut ever = self.ever;
        while ever != 0 {
            let i = ever.trailing_zeros() as usize;
            ever &= ever - 1;
            let settled = self.bound[i].outcome().only().is_some();
            channels[i] = ChannelAnswer {
                stances: self.bound[i],
                binding: self.bound_by[i].filter(|_| settled),
                conflict: self.conflicts[i],
            };
        }
        Answer { channels }
    }
}

impl Library {
    /// Decides a case on every channel, without an explanation.
    ///
    /// Contradictory facts are the caller's to handle: [`Library::explain`] decides
    /// such a case as though the facts concerned were unknown.
    pub fn decide(&self, facts: &CaseFacts, scope: &Scope) -> Answer {
        let mut fold = Fold::new();
        self.each_candidate(facts, scope, |index, policy| {
            let binds = binds(policy, facts, scope);
            if !binds.any() {
                return;
            }
            let t = truths(policy, facts);
            for c in policy.speaks_on() {
                let (set, by) = said(index, policy, *c, &t, binds.by_channel[*c as usize]);
                fold.add(policy, *c, set, by);
            }
        });
        fold.finish()
    }
}

/// What a policy says on a channel, given whether it binds, and the clause behind it.
#[inline]
pub(crate) fn said(
    index: PolicyIndex,
    policy: &Policy,
    c: Channel,
    t: &Truths,
    binds: Tri,
) -> (StanceSet, Option<ClauseRef>) {
    if binds == Tri::False {
        return (StanceSet::SILENT, None);
    }
    let mut set = stance_of(policy, c, t);
    if binds == Tri::Unknown {
        set.insert(Stance::Silent);
    }
    let by = set.only().and_then(|s| clause_for(policy, c, t, s));
    (set, by.map(|clause| ClauseRef { policy: index, clause }))
}
