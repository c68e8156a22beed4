//! What no case can hold, learned from the one place that knows it.
//!
//! A case with facts that contradict each other ([`comity_model::check`]) is no
//! counterexample. Whenever the solver offers one, the contradiction is generalized by
//! asking the check about other values of the same facts, and kept for later questions.

use super::formula::{Key, Seen, keys, visit_cond};
use crate::cond::{Cond, Count, DateTerm, Ref, Test};
use crate::expr::ast::CmpOp;
use comity_model::check::contradictions;
use comity_model::facts::{FactPath, ListState, NotListed, Value};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields};
use comity_model::{CaseFacts, Day};
use std::collections::BTreeSet;

/// Conditions that hold of every case.
#[derive(Debug, Default)]
pub(super) struct Axioms {
    list: Vec<(BTreeSet<Key>, Cond)>,
}

impl Axioms {
    /// Those that speak only of these facts.
    pub(super) fn about<'a>(&'a self, fields: &BTreeSet<Key>) -> Vec<&'a Cond> {
        self.list.iter().filter(|(k, _)| k.is_subset(fields)).map(|(_, c)| c).collect()
    }

    /// Learns from a case that contradicts itself; false if nothing could be learned.
    pub(super) fn learn(&mut self, facts: &CaseFacts) -> bool {
        let Some(first) = contradictions(facts).into_iter().next() else {
            return false;
        };
        let pair = [first.first, first.second];
        let core = if is_contradictory(&only(facts, &pair)) { pair.to_vec() } else { least(facts) };
        let Some(axiom) = axiom(facts, &core) else {
            return false;
        };
        if self.list.iter().any(|(_, known)| *known == axiom) {
            return false;
        }
        let mut read = BTreeSet::new();
        visit_cond(&axiom, true, &mut |seen| {
            if let Seen::Test(test, _) = seen {
                read.extend(keys(test));
            }
        });
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
fn axiom(facts: &CaseFacts, core: &[FactPath]) -> Option<Cond> {
    let mut elements: Vec<(ListId, u16)> = core
        .iter()
        .filter_map(|p| match p {
            FactPath::Element(l, i, _) => Some((*l, *i)),
            _ => None,
        })
        .collect();
    elements.dedup();
    let body = match core {
        [a, b] => general(facts, *a, *b).or_else(|| exact(facts, core)),
        _ => exact(facts, core),
    }?;
    match elements.as_slice() {
        [] => Some(body),
        [(list, _)] => {
            Some(Cond::Quant { list: *list, var: 0, count: Count::All, body: Box::new(body) })
        }
        _ => None,
    }
}

/// Not these values together; of a number, neither what is as far off or farther.
fn exact(facts: &CaseFacts, core: &[FactPath]) -> Option<Cond> {
    let parts: Option<Vec<Cond>> = core
        .iter()
        .map(|p| match facts.at(*p) {
            Value::Int(n) => Some(Cond::Test(numbers_off(facts, core, *p, n)?)),
            value => is(facts, *p, value),
        })
        .collect();
    Some(Cond::not(Cond::and(parts?)))
}

/// The numbers from `n` on, up or down, that contradict the other facts like `n` does.
fn numbers_off(facts: &CaseFacts, core: &[FactPath], path: FactPath, n: i64) -> Option<Test> {
    let clash = |n: i64| {
        let mut case = only(facts, core);
        put(&mut case, path, Value::Int(n));
        is_contradictory(&case)
    };
    let r = as_ref(path)?;
    let mut end = n;
    if clash(1_000_000) {
        while end > 0 && n - end < 1_000 && clash(end - 1) {
            end -= 1;
        }
        return Some(Test::Int(r, CmpOp::Ge, end));
    }
    if clash(0) {
        while end - n < 1_000 && clash(end + 1) {
            end += 1;
        }
        return Some(Test::Int(r, CmpOp::Le, end));
    }
    Some(Test::Int(r, CmpOp::Eq, n))
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

/// The contradiction of two facts for other values of them, where its shape is plain:
/// an order of two days, or values that exclude values or days.
fn general(facts: &CaseFacts, a: FactPath, b: FactPath) -> Option<Cond> {
    let clash = |va: Value, vb: Value| {
        let mut case = CaseFacts::new(NotListed::Unknown);
        put(&mut case, a, va);
        put(&mut case, b, vb);
        is_contradictory(&case)
    };
    match (facts.at(a), facts.at(b)) {
        (Value::Date(da), Value::Date(_)) => {
            let (day, next) = (Value::Date(da), Value::Date(da.plus_days(1)));
            let op = match (clash(day, day), clash(next, day), clash(day, next)) {
                (false, true, false) => CmpOp::Le,
                (false, false, true) => CmpOp::Ge,
                _ => return None,
            };
            let terms = [as_ref(a)?, as_ref(b)?].map(DateTerm::Fact);
            Some(Cond::Test(Test::Date(terms[0], op, terms[1])))
        }
        (va, Value::Date(_)) => Some(Cond::not(Cond::and(vec![
            is(facts, a, va)?,
            days_that(as_ref(b)?, |d| clash(va, Value::Date(d)))?,
        ]))),
        (Value::Date(_), _) => general(facts, b, a),
        (va, _) => {
            let with_a = is(facts, a, va)?;
            let Kind::Enum(set) = b.kind()? else { return None };
            let codes = (0..set.values.len()).filter(|c| clash(va, Value::Enum(*c as u8)));
            let mask = codes.fold(0_u128, |m, c| m | 1 << c);
            let with_b = Cond::Test(Test::EnumIn(as_ref(b)?, mask));
            Some(Cond::not(Cond::and(vec![with_a, with_b])))
        }
    }
}

/// The days that something is true of, if they are all days, or those before or from one.
fn days_that(r: Ref, is_true: impl Fn(Day) -> bool) -> Option<Cond> {
    let (mut low, mut high) = (-354_285_i32, 2_932_896_i32);
    let (first, last) = (is_true(Day(low)), is_true(Day(high)));
    if first == last {
        return first.then_some(Cond::Const(true));
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_true(Day(middle)) == first { low = middle } else { high = middle }
    }
    let op = if first { CmpOp::Lt } else { CmpOp::Ge };
    Some(Cond::Test(Test::Date(DateTerm::Fact(r), op, DateTerm::Day(Day(high)))))
}
