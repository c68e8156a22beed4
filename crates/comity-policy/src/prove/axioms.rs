//! What no case can hold, learned from the one place that knows it.
//!
//! A case with facts that contradict each other ([`comity_model::check`]) is no
//! counterexample. Whenever the solver offers one, the contradiction is generalized by
//! asking the check about other values of the same facts, and kept for later questions.
//! This trusts the check to be plain where it is widened: that what it says of days and
//! numbers changes once along their order. A test holds every axiom against random cases.

use super::bounds::{DAYS, NUMBERS};
use super::formula::Key;
use crate::cond::{Cond, Count, DateTerm, Ref, Test};
use crate::expr::ast::CmpOp;
use comity_model::check::contradictions;
use comity_model::facts::{FactPath, ListState, NotListed, Value};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields};
use comity_model::{CaseFacts, Day};
use std::collections::BTreeSet;

/// How far numbers are tried around one that contradicts.
const NEAR: i64 = 300;

/// Conditions that hold of every case.
#[derive(Debug, Default)]
pub(super) struct Axioms {
    list: Vec<(BTreeSet<Key>, Cond)>,
    optional: BTreeSet<Key>,
}

impl Axioms {
    /// Those that speak only of these facts.
    pub(super) fn about<'a>(&'a self, fields: &BTreeSet<Key>) -> Vec<&'a Cond> {
        self.list.iter().filter(|(k, _)| k.is_subset(fields)).map(|(_, c)| c).collect()
    }

    /// Facts that other facts rule out, as *no request* rules out an issue date: only
    /// these may be unknown in a case that is looked for.
    pub(super) fn optional(&self) -> &BTreeSet<Key> {
        &self.optional
    }

    /// Learns from a case that contradicts itself; false if nothing could be learned.
    pub(super) fn learn(&mut self, facts: &CaseFacts) -> bool {
        let Some(first) = contradictions(facts).into_iter().next() else {
            return false;
        };
        let pair = [first.first, first.second];
        let core = if is_contradictory(&only(facts, &pair)) { pair.to_vec() } else { least(facts) };
        let Some((axiom, ruled_out)) = axiom(facts, &core) else {
            return false;
        };
        if self.list.iter().any(|(_, known)| *known == axiom) {
            return false;
        }
        let read: BTreeSet<Key> = core.iter().filter_map(|p| Key::of_path(*p)).collect();
        self.optional.extend(ruled_out);
        self.list.push((read, axiom));
        true
    }
}

fn is_contradictory(facts: &CaseFacts) -> bool {
    !contradictions(facts).is_empty()
}

/// Every fact of a case that is known.
pub(super) fn known(facts: &CaseFacts) -> Vec<FactPath> {
    let scalars = (0..fields::SCALARS.len()).map(|i| FactPath::Scalar(FieldId(i as u16)));
    let elements = (0..fields::LISTS.len()).flat_map(|l| {
        let list = ListId(l as u8);
        (0..facts.list(list).len()).flat_map(move |e| {
            (0..list.def().fields.len())
                .map(move |f| FactPath::Element(list, e as u16, ElemFieldId(f as u16)))
        })
    });
    scalars.chain(elements).filter(|p| facts.at(*p).is_known()).collect()
}

/// A case of which only some facts are known.
fn only(facts: &CaseFacts, paths: &[FactPath]) -> CaseFacts {
    let mut out = CaseFacts::new(NotListed::Unknown);
    for path in paths {
        let value = match facts.at(*path) {
            Value::Text(id) => out.text_value(facts.text(id)),
            value => value,
        };
        put(&mut out, *path, value);
    }
    out
}

fn put(facts: &mut CaseFacts, path: FactPath, value: Value) {
    match path {
        FactPath::Scalar(f) => facts.set(f, value),
        FactPath::Element(l, i, f) => {
            let items = facts.list_mut(l);
            items.state = ListState::Complete;
            while items.len() <= i as usize {
                items.push_unknown();
            }
            items.set(i as usize, f, value);
        }
        FactPath::List(_) => {}
    }
}

/// The facts without which a case does not contradict itself.
fn least(facts: &CaseFacts) -> Vec<FactPath> {
    let mut core = known(facts);
    let mut i = 0;
    while i < core.len() {
        let mut fewer = core.clone();
        fewer.remove(i);
        if is_contradictory(&only(facts, &fewer)) { core = fewer } else { i += 1 }
    }
    core
}

fn as_ref(path: FactPath) -> Option<Ref> {
    match path {
        FactPath::Scalar(f) => Some(Ref::Scalar(f)),
        FactPath::Element(list, _, field) => Some(Ref::Element { var: 0, list, field }),
        FactPath::List(_) => None,
    }
}

/// What the contradiction among `core` forbids, for every element where it is about one.
fn axiom(facts: &CaseFacts, core: &[FactPath]) -> Option<(Cond, Option<Key>)> {
    let mut elements: Vec<(ListId, u16)> = core
        .iter()
        .filter_map(|p| match p {
            FactPath::Element(l, i, _) => Some((*l, *i)),
            _ => None,
        })
        .collect();
    elements.dedup();
    let (forbidden, ruled_out) = forbidden(facts, core)?;
    let body = Cond::not(forbidden);
    let axiom = match elements.as_slice() {
        [] => body,
        [(list, _)] => Cond::Quant { list: *list, var: 0, count: Count::All, body: Box::new(body) },
        _ => return None,
    };
    Some((axiom, ruled_out))
}

/// A fact has a value, as a condition.
fn is(facts: &CaseFacts, path: FactPath, value: Value) -> Option<Cond> {
    let r = as_ref(path)?;
    Some(match value {
        Value::Bool(true) => Cond::Test(Test::Yes(r)),
        Value::Bool(false) => Cond::not(Cond::Test(Test::Yes(r))),
        Value::Enum(code) => Cond::Test(Test::EnumIn(r, 1 << code)),
        Value::Int(n) => Cond::Test(Test::Int(r, CmpOp::Eq, n)),
        Value::Date(d) => Cond::Test(Test::Date(DateTerm::Fact(r), CmpOp::Eq, DateTerm::Day(d))),
        Value::Text(id) => Cond::Test(Test::TextIn(r, vec![facts.text(id).into()])),
        Value::Instant(_) | Value::Unknown => return None,
    })
}

/// The facts of `core` have these values, or others that contradict each other for the
/// same reason: one of them, or two days together, is widened as far as the check goes.
fn forbidden(facts: &CaseFacts, core: &[FactPath]) -> Option<(Cond, Option<Key>)> {
    let is_day = |p: &&FactPath| matches!(facts.at(**p), Value::Date(_));
    let days: Vec<FactPath> = core.iter().filter(is_day).copied().collect();
    let (widened, wide) = match days.as_slice() {
        [a, b] => order(facts, core, *a, *b).map(|c| (days.clone(), c)),
        [a] => {
            let clash = |d| clashes(facts, core, &[(*a, Value::Date(d))]);
            days_that(as_ref(*a)?, clash).map(|c| (days.clone(), c))
        }
        _ => None,
    }
    .or_else(|| {
        let other = core.iter().rev().find(|p| !is_day(p))?;
        Some((vec![*other], values_that(facts, core, *other)?))
    })
    .unwrap_or((Vec::new(), Cond::Const(true)));
    let exact = core.iter().filter(|p| !widened.contains(p));
    let exact: Option<Vec<Cond>> = exact.map(|p| is(facts, *p, facts.at(*p))).collect();
    let mut parts = exact?;
    let ruled_out = match widened.as_slice() {
        [one] if is_known(facts, *one).as_ref() == Some(&wide) => Key::of_path(*one),
        _ => None,
    };
    parts.push(wide);
    Some((Cond::and(parts), ruled_out))
}

/// A condition that is true of every known value of a fact, and unknown otherwise.
fn is_known(facts: &CaseFacts, path: FactPath) -> Option<Cond> {
    let r = as_ref(path)?;
    Some(match (facts.at(path), path.kind()?) {
        (Value::Bool(_), _) => {
            let yes = Cond::Test(Test::Yes(r));
            Cond::Or(vec![yes.clone(), Cond::not(yes)])
        }
        (Value::Enum(_), Kind::Enum(set)) => {
            let all = (0..set.values.len()).fold(0_u128, |m, c| m | 1 << c);
            Cond::Test(Test::EnumIn(r, all))
        }
        (Value::Int(_), _) => Cond::Test(Test::Int(r, CmpOp::Ge, 0)),
        (Value::Date(_), _) => {
            let first = DateTerm::Day(Day(DAYS.0 as i32));
            Cond::Test(Test::Date(DateTerm::Fact(r), CmpOp::Ge, first))
        }
        _ => return None,
    })
}

/// True if the facts of `core` contradict each other with some values exchanged.
fn clashes(facts: &CaseFacts, core: &[FactPath], changes: &[(FactPath, Value)]) -> bool {
    let mut case = only(facts, core);
    changes.iter().for_each(|(path, value)| put(&mut case, *path, *value));
    is_contradictory(&case)
}

/// The order of two days that contradicts, where it is only their order.
fn order(facts: &CaseFacts, core: &[FactPath], a: FactPath, b: FactPath) -> Option<Cond> {
    let Value::Date(day) = facts.at(a) else { return None };
    let (day, next) = (Value::Date(day), Value::Date(day.plus_days(1)));
    let clash = |va, vb| clashes(facts, core, &[(a, va), (b, vb)]);
    let op = match (clash(day, day), clash(next, day), clash(day, next)) {
        (false, true, false) => CmpOp::Gt,
        (false, false, true) => CmpOp::Lt,
        (true, true, false) => CmpOp::Ge,
        (true, false, true) => CmpOp::Le,
        _ => return None,
    };
    let [a, b] = [as_ref(a)?, as_ref(b)?].map(DateTerm::Fact);
    Some(Cond::Test(Test::Date(a, op, b)))
}

/// The values of one fact that contradict the others: codes of a set, or the numbers
/// from the value on, up or down.
fn values_that(facts: &CaseFacts, core: &[FactPath], path: FactPath) -> Option<Cond> {
    let r = as_ref(path)?;
    let clash = |value| clashes(facts, core, &[(path, value)]);
    match (facts.at(path), path.kind()?) {
        (Value::Enum(_), Kind::Enum(set)) => {
            let codes = (0..set.values.len()).filter(|c| clash(Value::Enum(*c as u8)));
            let mask = codes.fold(0_u128, |m, c| m | 1 << c);
            Some(Cond::Test(Test::EnumIn(r, mask)))
        }
        (Value::Bool(b), _) if clash(Value::Bool(!b)) => is_known(facts, path),
        (Value::Int(n), _) => Some(Cond::Test(numbers_off(r, n, |n| clash(Value::Int(n))))),
        (value, _) => is(facts, path, value),
    }
}

fn numbers_off(r: Ref, n: i64, clash: impl Fn(i64) -> bool) -> Test {
    // There may be numbers on both sides of those that do not contradict.
    let last = |mut run: std::ops::RangeInclusive<i64>| run.all(&clash);
    let (low, high) = ((n - NEAR).max(NUMBERS.0), (n + NEAR).min(NUMBERS.1));
    if clash(NUMBERS.1) && last(n..=high) {
        let end = (low..n).rev().find(|x| !clash(*x)).map_or(low, |x| x + 1);
        return Test::Int(r, CmpOp::Ge, end);
    }
    if clash(NUMBERS.0) && last(low..=n) {
        let end = (n..=high).find(|x| !clash(*x)).map_or(high, |x| x - 1);
        return Test::Int(r, CmpOp::Le, end);
    }
    Test::Int(r, CmpOp::Eq, n)
}

/// The days that something is true of, if they are all days, or those before or from one.
fn days_that(r: Ref, is_true: impl Fn(Day) -> bool) -> Option<Cond> {
    let (mut low, mut high) = (DAYS.0 as i32, DAYS.1 as i32);
    let (first, last) = (is_true(Day(low)), is_true(Day(high)));
    if first == last {
        let any = Test::Date(DateTerm::Fact(r), CmpOp::Ge, DateTerm::Day(Day(low)));
        return first.then_some(Cond::Test(any));
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_true(Day(middle)) == first { low = middle } else { high = middle }
    }
    let op = if first { CmpOp::Lt } else { CmpOp::Ge };
    Some(Cond::Test(Test::Date(DateTerm::Fact(r), op, DateTerm::Day(Day(high)))))
}
