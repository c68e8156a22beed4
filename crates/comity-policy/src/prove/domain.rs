//! Finite domains that lose nothing: for every fact of a formula, values among which a
//! case can be found if there is one at all.
//!
//! *Yes/no and sets*: all values; of a large set, one value for each group of values
//! that no test of the formula tells apart. *Texts*: those mentioned, and as many
//! others as there are facts that are compared with each other.
//!
//! *Numbers and days*: tests only bound a fact from below or above, by a constant or by
//! another fact, directly or through a look-back window, and each bound grows with the
//! fact it comes from. In such a system of monotone lower bounds, if there is a solution,
//! there is a least one, and in it every fact is either the least value of all (0, or
//! 1000-01-01: [`comity_model::read`] refuses less) or a constant carried along a path of bounds. The
//! domains are exactly these values: the constants, carried along every bound that the
//! formula can impose, once for every fact on the way.

use super::formula::{Formula, Key, Seen, key_of_term, visit_cond};
use super::place::is_place;
use super::witness::Demand;
use crate::cond::{Cond, DateTerm, Test, Window};
use crate::expr::ast::CmpOp;
use comity_model::facts::Value;
use comity_model::schema::{Kind, scalar};
use comity_model::{CaseFacts, Day};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most values of one domain: an index set is a `u128`.
const VALUES_MAX: usize = 126;
/// Longest path of bounds that is followed.
const ROUNDS_MAX: usize = 32;
/// Sets up to this size are not grouped.
const SET_WHOLE_MAX: usize = 16;
/// First and last day that a case can hold.
const DAYS: (i64, i64) = (-354_285, 2_932_896);
/// A day for facts that nothing bounds, so that examples look like cases.
const DAY_USUAL: i64 = 16_617;
/// Least and largest number that a case can hold.
const NUMBERS: (i64, i64) = (0, 1_000_000);

/// One value of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Val {
    Bool(bool),
    Int(i64),
    Enum(u8),
    Date(Day),
    Text(Box<str>),
}

impl Val {
    /// The value as a value of a case.
    pub(super) fn of_case(&self, facts: &mut CaseFacts) -> Value {
        match self {
            Val::Bool(b) => Value::Bool(*b),
            Val::Int(n) => Value::Int(*n),
            Val::Enum(c) => Value::Enum(*c),
            Val::Date(d) => Value::Date(*d),
            Val::Text(t) => facts.text_value(t),
        }
    }
}

/// The domains of a formula's facts.
#[derive(Debug)]
pub(super) struct Domains {
    pub(super) of: BTreeMap<Key, Vec<Val>>,
    /// False where a cap cut something off: then nothing found proves nothing.
    pub(super) exact: bool,
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

#[derive(Default)]
struct Gather {
    fields: BTreeSet<Key>,
    masks: BTreeMap<Key, Vec<u128>>,
    /// Sets whose values are compared with each other.
    whole: BTreeSet<Key>,
    texts: BTreeMap<Key, BTreeSet<Box<str>>>,
    /// Texts that are compared with each other.
    linked: BTreeSet<Key>,
    starts: BTreeMap<Key, BTreeSet<i64>>,
    edges: Vec<(Key, Key, Shift)>,
    mixed: bool,
}

impl Domains {
    /// The domains of a formula under axioms.
    pub(super) fn of(formula: &Formula<'_>, axioms: &[&Cond], demand: &Demand) -> Domains {
        let mut g = Gather::default();
        formula.visit(&mut |seen| g.seen(seen));
        for axiom in axioms {
            visit_cond(axiom, true, &mut |seen| g.seen(seen));
        }
        g.bookings();
        let instances = |key: &Key| match key {
            Key::Scalar(_) => 1,
            Key::Elem(l, _) => demand.lists[l.0 as usize].max(1),
        };
        let (numbers, mut exact) = g.numbers(&instances);
        exact &= demand.exact && !g.mixed;
        let mut of = BTreeMap::new();
        for key in &g.fields {
            let values = match kind(*key) {
                Some(Kind::Bool) => vec![Val::Bool(false), Val::Bool(true)],
                Some(Kind::Enum(set)) => g.codes(*key, set.values.len()),
                Some(Kind::Text) => {
                    let linked: usize = g.linked.iter().map(instances).sum();
                    g.text_values(*key, linked, &mut exact)
                }
                Some(Kind::Int(_)) => number_values(&numbers, key, Val::Int),
                Some(Kind::Date) => number_values(&numbers, key, |n| Val::Date(Day(n as i32))),
                // No condition reads a moment.
                Some(Kind::Instant) | None => Vec::new(),
            };
            of.insert(*key, values);
        }
        Domains { of, exact }
    }

    /// The facts that a formula reads, without places.
    pub(super) fn fields(formula: &Formula<'_>) -> BTreeSet<Key> {
        let mut g = Gather::default();
        formula.visit(&mut |seen| g.seen(seen));
        g.bookings();
        g.fields
    }
}

fn number_values(
    numbers: &BTreeMap<Key, BTreeSet<i64>>,
    key: &Key,
    val: impl Fn(i64) -> Val,
) -> Vec<Val> {
    numbers.get(key).map_or_else(Vec::new, |n| n.iter().copied().map(val).collect())
}

fn kind(key: Key) -> Option<&'static Kind> {
    match key {
        Key::Scalar(f) => Some(&f.def().kind),
        Key::Elem(l, f) => l.def().fields.get(f.0 as usize).map(|d| &d.kind),
    }
}

impl Gather {
    fn seen(&mut self, seen: Seen<'_>) {
        match seen {
            Seen::Test(test, positive) => self.test(test, positive),
            Seen::Distinct(key) => {
                self.fields.insert(key);
                self.whole.insert(key);
                self.linked.insert(key);
                self.edges.push((key, key, Shift::Plus(1)));
            }
        }
    }

    fn test(&mut self, test: &Test, positive: bool) {
        let keys = super::formula::keys(test);
        if keys.iter().any(|k| is_place(*k)) {
            // Tests of places alone are settled by the choice among places.
            self.mixed |= !keys.iter().all(|k| is_place(*k));
            return;
        }
        self.fields.extend(keys.iter().copied());
        match test {
            Test::Yes(_) => {}
            Test::EnumIn(r, mask) => self.masks.entry(Key::of(*r)).or_default().push(*mask),
            Test::EnumSame(..) => self.whole.extend(keys),
            Test::TextIn(r, texts) => {
                self.texts.entry(Key::of(*r)).or_default().extend(texts.iter().cloned());
            }
            Test::TextSame(..) => self.linked.extend(keys),
            Test::Int(r, op, n) => self.bound(Some(Key::of(*r)), *op, None, Some(*n), positive),
            Test::IntSame(a, op, b) => {
                self.bound(Some(Key::of(*a)), *op, Some(Key::of(*b)), None, positive);
            }
            Test::Date(a, op, DateTerm::Day(d)) => {
                self.bound(key_of_term(*a), *op, None, Some(i64::from(d.0)), positive);
            }
            Test::Date(DateTerm::Day(d), op, b) => {
                self.bound(key_of_term(*b), op.flipped(), None, Some(i64::from(d.0)), positive);
            }
            Test::Date(a, op, b) => {
                self.bound(key_of_term(*a), *op, key_of_term(*b), None, positive);
            }
            Test::Within(day, anchor, window) => self.within(*day, *anchor, *window, positive),
        }
    }

    /// `a op b`, or `a op constant`, as lower bounds.
    fn bound(&mut self, a: Option<Key>, op: CmpOp, b: Option<Key>, n: Option<i64>, positive: bool) {
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
        let Some(a) = a else { return };
        let (over_a, over_b) = match op {
            Eq => (Some(0), Some(0)),
            Ne => (Some(1), Some(1)),
            Gt => (Some(1), None),
            Ge => (Some(0), None),
            Lt => (None, Some(1)),
            Le => (None, Some(0)),
        };
        if let (Some(n), Some(by)) = (n, over_a) {
            self.starts.entry(a).or_default().insert(n.saturating_add(by));
        }
        if let Some(b) = b {
            self.edges.extend(over_a.map(|by| (b, a, Shift::Plus(by))));
            self.edges.extend(over_b.map(|by| (a, b, Shift::Plus(by))));
        }
    }

    fn within(&mut self, day: DateTerm, anchor: DateTerm, window: Window, positive: bool) {
        let carries: &[(DateTerm, DateTerm, Shift)] = if positive {
            &[(anchor, day, Shift::FirstDay(window)), (day, anchor, Shift::Plus(0))]
        } else {
            &[(day, anchor, Shift::Outgrown(window)), (anchor, day, Shift::Plus(1))]
        };
        for (from, to, shift) in carries {
            match (from, key_of_term(*to)) {
                (DateTerm::Day(d), Some(to)) => {
                    let start = shift.apply(i64::from(d.0));
                    self.starts.entry(to).or_default().insert(start);
                }
                (DateTerm::Fact(from), Some(to)) => self.edges.push((Key::of(*from), to, *shift)),
                (_, None) => {}
            }
        }
    }

    /// The booking lies between the arrest and the release: where both of these are read,
    /// a case must have room for it.
    fn bookings(&mut self) {
        let both = [scalar("custody.arrested_on"), scalar("custody.release_eligible_on")];
        if both.iter().all(|f| self.fields.contains(&Key::Scalar(*f))) {
            self.fields.insert(Key::Scalar(scalar("custody.booked_on")));
        }
    }

    /// The least value and every constant, carried along the bounds.
    fn numbers(&self, instances: &impl Fn(&Key) -> usize) -> (BTreeMap<Key, BTreeSet<i64>>, bool) {
        let is_day = |k: Key| kind(k) == Some(&Kind::Date);
        let keys: Vec<Key> = self
            .fields
            .iter()
            .copied()
            .filter(|k| is_day(*k) || matches!(kind(*k), Some(Kind::Int(_))))
            .collect();
        let range = |k: Key| if is_day(k) { DAYS } else { NUMBERS };
        let mut out: BTreeMap<Key, BTreeSet<i64>> = BTreeMap::new();
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
        fresh: &BTreeMap<Key, BTreeSet<i64>>,
        known: &BTreeMap<Key, BTreeSet<i64>>,
        range: impl Fn(Key) -> (i64, i64),
    ) -> BTreeMap<Key, BTreeSet<i64>> {
        let mut next: BTreeMap<Key, BTreeSet<i64>> = BTreeMap::new();
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

    /// The codes of a set: all, or one of each group that no test tells apart.
    fn codes(&self, key: Key, size: usize) -> Vec<Val> {
        let all = (0..size.min(128)).map(|c| c as u8);
        if size <= SET_WHOLE_MAX || self.whole.contains(&key) {
            return all.take(VALUES_MAX).map(Val::Enum).collect();
        }
        let masks = self.masks.get(&key).map_or(&[][..], Vec::as_slice);
        let mut groups: HashMap<Vec<bool>, ()> = HashMap::new();
        all.filter(|c| {
            let told_apart: Vec<bool> = masks.iter().map(|m| m >> c & 1 == 1).collect();
            groups.insert(told_apart, ()).is_none()
        })
        .map(Val::Enum)
        .collect()
    }

    fn text_values(&self, key: Key, linked: usize, exact: &mut bool) -> Vec<Val> {
        let own = [key];
        let is_linked = self.linked.contains(&key);
        let of: Vec<&Key> =
            if is_linked { self.linked.iter().collect() } else { own.iter().collect() };
        let mut texts: BTreeSet<Box<str>> =
            of.into_iter().filter_map(|k| self.texts.get(k)).flatten().cloned().collect();
        let others = if is_linked { linked.max(1) } else { 1 };
        let wanted = texts.len() + others;
        for i in 1.. {
            if texts.len() >= wanted.min(VALUES_MAX) {
                break;
            }
            texts.insert(format!("other-{i}").into());
        }
        *exact &= wanted <= VALUES_MAX && texts.len() <= VALUES_MAX;
        texts.into_iter().take(VALUES_MAX).map(Val::Text).collect()
    }
}
