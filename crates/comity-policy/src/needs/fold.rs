//! When the answer is sure to be among some stances: instruments beside each other, and
//! levels over each other, as [`crate::decide`] folds them.

use super::dnf::{Dnf, minimal, product, truth, union};
use crate::channel::{Level, Stance};
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
#[allow(clippy::large_enum_variant, reason = "a handful are alive at once")]
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
        if among == 0 {
            return Dnf::new();
        }
        let none = |left_out: &dyn Fn(Stance) -> bool| {
            let out = rules.iter().filter(|r| left_out(r.stance));
            out.fold(truth(true), |all, r| product(&all, &r.not))
        };
        let mut sets = Dnf::new();
        for r in rules.iter().filter(|r| has(among, r.stance)) {
            // A protection is stronger than a permission.
            if r.stance == Stance::May && !has(among, Stance::Protect) {
                sets.extend(product(&r.applies, &none(&|s| s == Stance::Protect)));
            } else {
                sets.extend(r.applies.iter().copied());
            }
        }
        if has(among, default) {
            sets.extend(none(&|s| !has(among, s)));
        }
        let sets = minimal(sets);
        if has(among, Stance::Silent) { union(sets, not.clone()) } else { product(&sets, binds) }
    }
}

/// All instruments, level by level from the top.
#[derive(Default)]
pub(super) struct Fold {
    levels: Vec<LevelSays>,
    /// What was computed: levels folded, instruments of the next level folded, stances.
    known: Vec<(Key, Dnf)>,
}

type Key = (usize, usize, Among);

/// The instruments of one level.
struct LevelSays {
    level: Level,
    /// What those that are settled come to beside each other.
    settled: Stance,
    open: Vec<Says>,
}

impl Fold {
    /// Adds an instrument; they come level by level from the top.
    pub(super) fn add(&mut self, level: Level, says: Says) {
        if self.levels.last().is_none_or(|l| l.level != level) {
            self.levels.push(LevelSays { level, settled: Stance::Silent, open: Vec::new() });
        }
        let Some(last) = self.levels.last_mut() else { return };
        match says {
            Says::Known(s) => last.settled = last.settled.beside(s),
            open @ Says::Open { .. } => last.open.push(open),
        }
    }

    /// When the answer is sure to be among some stances.
    pub(super) fn sure(&mut self, among: Among) -> Dnf {
        self.above(self.levels.len(), among)
    }

    /// What the first `levels` levels come to, where all of it is settled.
    fn settled(&self, levels: usize) -> Option<Stance> {
        let over = |upper: Stance, l: &LevelSays| l.open.is_empty().then(|| upper.over(l.settled));
        self.levels[..levels].iter().try_fold(Stance::Silent, over)
    }

    /// After the first `levels` levels.
    fn above(&mut self, levels: usize, among: Among) -> Dnf {
        if let Some(s) = self.settled(levels) {
            return truth(has(among, s));
        }
        let this = levels - 1;
        let instruments = self.levels[this].open.len();
        if let Some(upper) = self.settled(this) {
            return self.beside(this, instruments, stances(|s| has(among, upper.over(s))));
        }
        if instruments == 0 {
            let lower = self.levels[this].settled;
            return self.above(this, stances(|s| has(among, s.over(lower))));
        }
        let key = (levels, usize::MAX, among);
        self.once(key, &pairs().over[among as usize], |fold, a, b| {
            let upper = fold.above(this, a);
            if upper.is_empty() {
                upper
            } else {
                product(&upper, &fold.beside(this, instruments, b))
            }
        })
    }

    /// After the settled and the first `n` open instruments of a level.
    fn beside(&mut self, level: usize, n: usize, among: Among) -> Dnf {
        let LevelSays { settled, open, .. } = &self.levels[level];
        match n {
            0 => return truth(has(among, *settled)),
            1 => return open[0].sure(stances(|s| has(among, settled.beside(s)))),
            _ => {}
        }
        self.once((level, n, among), &pairs().beside[among as usize], |fold, a, b| {
            let one = fold.levels[level].open[n - 1].sure(b);
            if one.is_empty() { one } else { product(&fold.beside(level, n - 1, a), &one) }
        })
    }

    /// The union over some pairs of sets of stances, computed once.
    fn once(
        &mut self,
        key: Key,
        pairs: &[(Among, Among)],
        both: impl Fn(&mut Fold, Among, Among) -> Dnf,
    ) -> Dnf {
        if let Some((_, known)) = self.known.iter().find(|(k, _)| *k == key) {
            return known.clone();
        }
        let out = pairs.iter().fold(Dnf::new(), |out, (a, b)| union(out, both(self, *a, *b)));
        self.known.push((key, out.clone()));
        out
    }
}

/// The set of the stances that fit.
fn stances(fits: impl Fn(Stance) -> bool) -> Among {
    Stance::ALL.into_iter().filter(|s| fits(*s)).map(bit).sum()
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
        stances(|x| {
            let mut others = Stance::ALL.into_iter().filter(|y| has(others, *y));
            others.all(|y| has(among, if first { op(x, y) } else { op(y, x) }))
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_instruments_of_a_level_can_be_folded_first_in_any_order() {
        for a in Stance::ALL {
            for b in Stance::ALL {
                assert_eq!(a.beside(b), b.beside(a), "{a:?} {b:?}");
                for c in Stance::ALL {
                    assert_eq!(a.beside(b).beside(c), a.beside(b.beside(c)), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
