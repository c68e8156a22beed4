//! Disjunctive normal forms over unknown tests, kept small.

use smallvec::{SmallVec, smallvec};

/// Most sets kept while one outcome is computed; beyond it the smallest are kept.
pub(super) const SETS_MAX: usize = 96;
/// Most different unknown tests and facts that are told apart.
pub(super) const BITS: usize = 128;

/// A conjunction: facts read, tests that must hold, tests that must fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conj {
    pub facts: u128,
    pub hold: u128,
    pub fail: u128,
}

pub(super) const TRUE: Conj = Conj { facts: 0, hold: 0, fail: 0 };

/// Sets, mostly one or two: no allocation for those.
pub(super) type Dnf = SmallVec<[Conj; 2]>;

/// Always.
pub(super) fn truth(holds: bool) -> Dnf {
    if holds { smallvec![TRUE] } else { Dnf::new() }
}

pub(super) fn bits(mask: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |i| mask >> i & 1 == 1)
}

/// The indexes of the bits that are set.
pub(super) fn ones(mut mask: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let i = mask.trailing_zeros() as usize;
        (mask != 0).then(|| {
            mask &= mask - 1;
            i
        })
    })
}

/// Every way for `n` of some parts to turn out.
pub(super) fn choose<'a>(
    parts: &'a [(Dnf, Dnf)],
    n: usize,
    pick: impl Fn(&'a (Dnf, Dnf)) -> &'a Dnf + Copy,
) -> Dnf {
    if n == 0 {
        return truth(true);
    }
    if parts.len() < n {
        return Dnf::new();
    }
    // ways[k]: the first parts give k.
    let mut ways: Vec<Dnf> = vec![Dnf::new(); n + 1];
    ways[0] = truth(true);
    for part in parts {
        for k in (1..=n).rev() {
            let with = product(&ways[k - 1], pick(part));
            let old = std::mem::take(&mut ways[k]);
            ways[k] = union(old, with);
        }
    }
    ways.swap_remove(n)
}

pub(super) fn union(mut a: Dnf, b: Dnf) -> Dnf {
    if a.is_empty() {
        return b;
    }
    a.extend(b);
    minimal(a)
}

pub(super) fn product(a: &Dnf, b: &Dnf) -> Dnf {
    if a.len() == 1 && a[0] == TRUE {
        return b.clone();
    }
    if b.len() == 1 && b[0] == TRUE {
        return a.clone();
    }
    let mut out = Dnf::new();
    for x in a {
        for y in b {
            let c = Conj { facts: x.facts | y.facts, hold: x.hold | y.hold, fail: x.fail | y.fail };
            if c.hold & c.fail == 0 {
                out.push(c);
            }
        }
    }
    minimal(out)
}

/// Drops conjunctions that another one implies; keeps the smallest when there are too many.
pub(super) fn minimal(mut sets: Dnf) -> Dnf {
    if sets.len() < 2 {
        return sets;
    }
    sets.sort_unstable_by_key(|c| {
        (c.facts.count_ones(), c.hold.count_ones() + c.fail.count_ones(), c.facts, c.hold, c.fail)
    });
    let mut out = Dnf::new();
    for c in sets {
        let implied = out.iter().any(|o| o.hold & !c.hold == 0 && o.fail & !c.fail == 0);
        if !implied {
            out.push(c);
            if out.len() == SETS_MAX {
                break;
            }
        }
    }
    out
}

/// The sets whose facts contain no other set's facts.
pub(super) fn smallest(sets: Dnf) -> Dnf {
    let sets = minimal(sets);
    let mut out = Dnf::new();
    for c in sets {
        if !out.iter().any(|o| o.facts & !c.facts == 0) {
            out.push(c);
        }
    }
    out
}
