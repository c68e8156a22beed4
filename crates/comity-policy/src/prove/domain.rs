//! Finite domains that lose nothing: for every fact of a formula, values among which a
//! case can be found if there is one at all.
//!
//! *Yes/no and sets*: all values; of a large set, one value for each group of values
//! that no test of the formula tells apart. *Texts*: those mentioned, and as many
//! others as there are facts that are compared with each other.
//!
//! *Numbers and days*: the constants that the formula's bounds can carry to them
//! (`bounds.rs`).

use super::bounds::{Bounds, Numbers, Term, VALUES_MAX};
use super::formula::{Formula, Key, Seen, visit_cond};
use super::place::is_place;
use super::witness::Demand;
use crate::cond::{Cond, Test};
use comity_model::facts::Value;
use comity_model::schema::{Kind, scalar};
use comity_model::{CaseFacts, Day};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Sets up to this size are not grouped.
const SET_WHOLE_MAX: usize = 16;

/// One value of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Val {
    Bool(bool),
    Int(i64),
    Enum(u8),
    Date(Day),
    Text(Box<str>),
    Unknown,
}

impl Val {
    pub(super) fn is_known(&self) -> bool {
        *self != Val::Unknown
    }

    /// The value as a value of a case.
    pub(super) fn of_case(&self, facts: &mut CaseFacts) -> Value {
        match self {
            Val::Bool(b) => Value::Bool(*b),
            Val::Int(n) => Value::Int(*n),
            Val::Enum(c) => Value::Enum(*c),
            Val::Date(d) => Value::Date(*d),
            Val::Text(t) => facts.text_value(t),
            Val::Unknown => Value::Unknown,
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

#[derive(Default)]
struct Gather {
    fields: BTreeSet<Key>,
    masks: BTreeMap<Key, Vec<u128>>,
    /// Sets whose values are compared with each other.
    whole: BTreeSet<Key>,
    texts: BTreeMap<Key, BTreeSet<Box<str>>>,
    /// Texts that are compared with each other.
    linked: BTreeSet<Key>,
    bounds: Bounds,
    mixed: bool,
}

impl Domains {
    /// The domains of a formula under axioms; facts in `optional` may be unknown.
    pub(super) fn of(
        formula: &Formula<'_>,
        axioms: &[&Cond],
        optional: &BTreeSet<Key>,
        demand: &Demand,
    ) -> Domains {
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
        let (numbers, mut exact) = g.bounds.numbers(&g.fields, &instances);
        exact &= demand.exact && !g.mixed;
        let mut of = BTreeMap::new();
        for key in &g.fields {
            let mut values = match key.kind() {
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
            if optional.contains(key) {
                values.push(Val::Unknown);
            }
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

fn number_values(numbers: &Numbers, key: &Key, val: impl Fn(i64) -> Val) -> Vec<Val> {
    numbers.get(key).map_or_else(Vec::new, |n| n.iter().copied().map(val).collect())
}

impl Gather {
    fn seen(&mut self, seen: Seen<'_>) {
        match seen {
            Seen::Test(test, positive) => self.test(test, positive),
            Seen::Distinct(key) => {
                self.fields.insert(key);
                self.whole.insert(key);
                self.linked.insert(key);
                self.bounds.distinct(key);
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
            Test::Int(r, op, n) => {
                self.bounds.compare(Term::fact(*r), *op, Term::Constant(*n), positive);
            }
            Test::IntSame(a, op, b) => {
                self.bounds.compare(Term::fact(*a), *op, Term::fact(*b), positive);
            }
            Test::Date(a, op, b) => {
                self.bounds.compare(Term::date(*a), *op, Term::date(*b), positive);
            }
            Test::Within(day, anchor, window) => {
                self.bounds.within(Term::date(*day), Term::date(*anchor), *window, positive);
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

    /// The codes of a set: all, or one of each group that no test tells apart.
    fn codes(&self, key: Key, size: usize) -> Vec<Val> {
        let all = (0..size.min(128)).map(|c| c as u8);
        if size <= SET_WHOLE_MAX || self.whole.contains(&key) {
            return all.take(VALUES_MAX).map(Val::Enum).collect();
        }
        let masks = self.masks.get(&key).map_or(&[][..], Vec::as_slice);
        let mut groups: HashSet<Vec<bool>> = HashSet::new();
        all.filter(|c| {
            let told_apart: Vec<bool> = masks.iter().map(|m| m >> c & 1 == 1).collect();
            groups.insert(told_apart)
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
