//! The days and numbers that matter to a formula.
//!
//! Tests only bound a fact from below or above, by a constant or by another fact,
//! directly or through a look-back window, and each bound grows with the fact it comes
//! from. In such a system of monotone lower bounds, if there is a solution, there is a
//! least one, and in it every fact is either the least value of all (0, or 1000-01-01:
//! [`comity_model::read`] refuses less) or a constant carried along a path of bounds. So
//! the constants, carried along every bound that the formula can impose, once for every
//! fact on the way, are enough.

use super::formula::Key;
use crate::cond::{DateTerm, Ref, Window};
use crate::expr::ast::CmpOp;
use comity_model::Day;
use comity_model::schema::Kind;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most values of one domain: an index set is a `u128`.
pub(super) const VALUES_MAX: usize = 126;
/// Longest path of bounds that is followed.
const ROUNDS_MAX: usize = 32;
/// First and last day that a case can hold.
pub(super) const DAYS: (i64, i64) = (-354_285, 2_932_896);
/// A day for facts that nothing bounds, so that examples look like cases.
const DAY_USUAL: i64 = 16_617;
/// Least and largest number that a case can hold.
pub(super) const NUMBERS: (i64, i64) = (0, 1_000_000);

/// Values by fact.
pub(super) type Numbers = BTreeMap<Key, BTreeSet<i64>>;

/// A side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) enum Term {
    Fact(Key),
    Constant(i64),
}

impl Term {
    pub(super) fn fact(r: Ref) -> Term {
        Term::Fact(Key::of(r))
    }

    pub(super) fn date(term: DateTerm) -> Term {
        match term {
            DateTerm::Fact(r) => Term::fact(r),
            DateTerm::Day(d) => Term::Constant(i64::from(d.0)),
        }
    }
}

/// The bounds that a formula can impose.
#[derive(Default)]
pub(super) struct Bounds {
    starts: Numbers,
    edges: Vec<(Key, Key, Shift)>,
}

/// How a bound moves a value on its way from one fact to another.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shift {
    Plus(i64),
    /// The first day of the window that ends on it.
    FirstDay(Window),
    /// The first day whose window starts after it.
    Outgrown(Window),
}

impl Shift {
    fn apply(self, value: i64) -> i64 {
        let day = Day(value.clamp(DAYS.0, DAYS.1) as i32);
        match self {
            Shift::Plus(n) => value.saturating_add(n),
            Shift::FirstDay(window) => i64::from(window.first_day(day).0),
            Shift::Outgrown(Window::Days(n)) => value.saturating_add(n).saturating_add(1),
            Shift::Outgrown(window @ Window::Years(n, rounding)) => {
                let mut at = day.years_before(-n, rounding).plus_days(-3);
                while window.first_day(at) <= day && i64::from(at.0) < DAYS.1 {
                    at = at.plus_days(1);
                }
                i64::from(at.0)
            }
        }
    }
}

impl Bounds {
    /// `a op b`, or its opposite, as lower bounds.
    pub(super) fn compare(&mut self, a: Term, op: CmpOp, b: Term, positive: bool) {
        use CmpOp::{Eq, Ge, Gt, Le, Lt, Ne};
        let op = match (positive, op) {
            (true, op) => op,
            (false, Eq) => Ne,
            (false, Ne) => Eq,
            (false, Lt) => Ge,
            (false, Le) => Gt,
            (false, Gt) => Le,
            (false, Ge) => Lt,
        };
        let (over_a, over_b) = match op {
            Eq => (Some(0), Some(0)),
            Ne => (Some(1), Some(1)),
            Gt => (Some(1), None),
            Ge => (Some(0), None),
            Lt => (None, Some(1)),
            Le => (None, Some(0)),
        };
        for (from, to, by) in [(b, a, over_a), (a, b, over_b)] {
            if let Some(by) = by {
                self.carry(from, to, Shift::Plus(by));
            }
        }
    }

    /// A day lies in the window that ends on an anchor, or does not.
    pub(super) fn within(&mut self, day: Term, anchor: Term, window: Window, positive: bool) {
        if positive {
            self.carry(anchor, day, Shift::FirstDay(window));
            self.carry(day, anchor, Shift::Plus(0));
        } else {
            self.carry(day, anchor, Shift::Outgrown(window));
            self.carry(anchor, day, Shift::Plus(1));
        }
    }

    fn carry(&mut self, from: Term, to: Term, shift: Shift) {
        match (from, to) {
            (Term::Constant(n), Term::Fact(to)) => {
                self.starts.entry(to).or_default().insert(shift.apply(n));
            }
            (Term::Fact(from), Term::Fact(to)) => self.edges.push((from, to, shift)),
            (_, Term::Constant(_)) => {}
        }
    }

    /// Different values of a fact are counted.
    pub(super) fn distinct(&mut self, key: Key) {
        self.edges.push((key, key, Shift::Plus(1)));
    }

    /// The least value and every constant, carried along the bounds.
    pub(super) fn numbers(
        &self,
        fields: &BTreeSet<Key>,
        instances: &impl Fn(&Key) -> usize,
    ) -> (Numbers, bool) {
        let is_day = |k: Key| k.kind() == Some(&Kind::Date);
        let is_number = |k: &Key| is_day(*k) || matches!(k.kind(), Some(Kind::Int(_)));
        let keys: Vec<Key> = fields.iter().copied().filter(is_number).collect();
        let range = |k: Key| if is_day(k) { DAYS } else { NUMBERS };
        let mut out = Numbers::new();
        for key in &keys {
            let (low, high) = range(*key);
            let starts = self.starts.get(key).into_iter().flatten().copied();
            let inside = starts.filter(|v| (low..=high).contains(v)).chain([low]);
            out.insert(*key, inside.collect());
        }
        let longest = self.longest_paths(&keys, instances);
        let mut fresh = out.clone();
        let mut exact = true;
        for round in 0.. {
            fresh = self.carried(&fresh, &out, range);
            fresh.retain(|k, _| round < longest.get(k).copied().unwrap_or(0));
            if fresh.is_empty() {
                break;
            }
            let full = fresh.iter().any(|(k, v)| out[k].len() + v.len() > VALUES_MAX);
            if round >= ROUNDS_MAX || full {
                exact = false;
                break;
            }
            for (key, values) in &fresh {
                out.entry(*key).or_default().extend(values);
            }
        }
        for (key, values) in &mut out {
            if is_day(*key) {
                values.insert(DAY_USUAL);
            }
            while values.len() > VALUES_MAX {
                exact = false;
                values.pop_last();
            }
        }
        (out, exact)
    }

    /// How many bounds a path through the facts that bound each other can have: one
    /// fewer than there are such facts.
    fn longest_paths(
        &self,
        keys: &[Key],
        instances: &impl Fn(&Key) -> usize,
    ) -> HashMap<Key, usize> {
        let mut group: HashMap<Key, usize> = keys.iter().copied().zip(0..).collect();
        for (from, to, _) in &self.edges {
            if let (Some(a), Some(b)) = (group.get(from).copied(), group.get(to).copied()) {
                group.values_mut().filter(|g| **g == a).for_each(|g| *g = b);
            }
        }
        let size = |g: usize| -> usize {
            keys.iter().filter(|k| group.get(k) == Some(&g)).map(instances).sum()
        };
        keys.iter().map(|k| (*k, group.get(k).map_or(0, |g| size(*g)).saturating_sub(1))).collect()
    }

    fn carried(
        &self,
        fresh: &Numbers,
        known: &Numbers,
        range: impl Fn(Key) -> (i64, i64),
    ) -> Numbers {
        let mut next = Numbers::new();
        for (from, to, shift) in &self.edges {
            let (low, high) = range(*to);
            for value in fresh.get(from).into_iter().flatten() {
                let moved = shift.apply(*value);
                let is_new = known.get(to).is_some_and(|k| !k.contains(&moved));
                if is_new && (low..=high).contains(&moved) {
                    next.entry(*to).or_default().insert(moved);
                }
            }
        }
        next
    }
}
