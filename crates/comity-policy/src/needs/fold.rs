//! When the answer is sure to be among some stances: instruments beside each other, and
//! levels over each other, as [`crate::decide`] folds them.

use super::dnf::{Dnf, TRUE, minimal, product, union};
use crate::channel::{Level, Stance};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A set of stances, as a mask.
pub(super) type Among = u8;

/// The set of one stance.
pub(super) fn bit(s: Stance) -> Among {
    1 << s as u8
}

fn has(among: Among, s: Stance) -> bool {
    among & bit(s) != 0
}

/// What one instrument says on the channel.
pub(super) enum Says {
    /// It is settled.
    Known(Stance),
    /// It depends on facts.
    Open {
        /// When it binds.
        binds: Dnf,
        /// When it does not.
        not: Dnf,
        /// Its rules that may apply.
        rules: Vec<RuleSays>,
        /// What it says when none applies.
        default: Stance,
    },
}

/// What one rule says, and when.
pub(super) struct RuleSays {
    pub stance: Stance,
    pub applies: Dnf,
    pub not: Dnf,
}

impl Says {
    /// When the instrument is sure to say one of some things.
    fn sure(&self, among: Among) -> Dnf {
        let (binds, not, rules, default) = match self {
            Says::Known(s) => return truth(has(among, *s)),
            Says::Open { binds, not, rules, default } => (binds, not, rules, *default),
        };
        let none = |left_out: &dyn Fn(Stance) -> bool| {
            let out = rules.iter().filter(|r| left_out(r.stance));
            out.fold(vec![TRUE], |all, r| product(&all, &r.not))
        };
        let mut sets = Dnf::new();
        for r in rules.iter().filter(|r| has(among, r.stance)) {
            // A protection is stronger than a permission.
            if r.stance == Stance::May && !has(among, Stance::Protect) {
                sets.extend(product(&r.applies, &none(&|s| s == Stance::Protect)));
            } else {
                sets.extend(&r.applies);
            }
        }
        if has(among, default) {
            sets.extend(none(&|s| !has(among, s)));
        }
        let sets = minimal(sets);
        if has(among, Stance::Silent) { union(sets, not.clone()) } else { product(&sets, binds) }
    }
}

fn truth(holds: bool) -> Dnf {
    if holds { vec![TRUE] } else { Dnf::new() }
}

/// All instruments, level by level from the top.
#[derive(Default)]
pub(super) struct Fold {
    levels: Vec<(Level, Vec<Says>)>,
    /// What was computed: levels folded, instruments of the next level folded, stances.
    known: HashMap<(usize, usize, Among), Dnf>,
}

impl Fold {
    /// Adds an instrument; they come level by level from the top.
    pub(super) fn add(&mut self, level: Level, says: Says) {
        match self.levels.last_mut() {
            Some((l, list)) if *l == level => list.push(says),
            _ => self.levels.push((level, vec![says])),
        }
    }

    /// When the answer is sure to be among some stances.
    pub(super) fn sure(&mut self, among: Among) -> Dnf {
        self.above(self.levels.len(), among)
    }

    /// After the first `levels` levels.
    fn above(&mut self, levels: usize, among: Among) -> Dnf {
        if levels == 0 {
            return truth(has(among, Stance::Silent));
        }
        let key = (levels, usize::MAX, among);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let mut out = Dnf::new();
        for &(a, b) in &pairs().over[among as usize] {
            let upper = self.above(levels - 1, a);
            if !upper.is_empty() {
                let instruments = self.levels[levels - 1].1.len();
                let lower = self.beside(levels - 1, instruments, b);
                out = union(out, product(&upper, &lower));
            }
        }
        self.known.insert(key, out.clone());
        out
    }

    /// After the first `n` instruments of a level.
    fn beside(&mut self, level: usize, n: usize, among: Among) -> Dnf {
        if n == 0 {
            return truth(has(among, Stance::Silent));
        }
        let key = (level, n, among);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let mut out = Dnf::new();
        for &(a, b) in &pairs().beside[among as usize] {
            let one = self.levels[level].1[n - 1].sure(b);
            if !one.is_empty() {
                let others = self.beside(level, n - 1, a);
                out = union(out, product(&others, &one));
            }
        }
        self.known.insert(key, out.clone());
        out
    }
}

/// For every set of stances, the widest pairs of sets of which every combination lies in it.
struct Pairs {
    over: Vec<Vec<(Among, Among)>>,
    beside: Vec<Vec<(Among, Among)>>,
}

fn pairs() -> &'static Pairs {
    static PAIRS: OnceLock<Pairs> = OnceLock::new();
    PAIRS.get_or_init(|| Pairs { over: widest(Stance::over), beside: widest(Stance::beside) })
}

fn widest(op: impl Fn(Stance, Stance) -> Stance) -> Vec<Vec<(Among, Among)>> {
    // All stances that go with every one of `others`, so that the result lies in `among`.
    let fitting = |among: Among, others: Among, first: bool| {
        let fits = |x: &Stance| {
            Stance::ALL
                .into_iter()
                .filter(|y| has(others, *y))
                .all(|y| has(among, if first { op(*x, y) } else { op(y, *x) }))
        };
        Stance::ALL.into_iter().filter(fits).map(bit).sum::<Among>()
    };
    let of = |among: Among| {
        let pair = |a: Among| {
            let b = fitting(among, a, false);
            (b != 0 && fitting(among, b, true) == a).then_some((a, b))
        };
        (1..64).filter_map(pair).collect()
    };
    (0..64).map(of).collect()
}
