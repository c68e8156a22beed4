//! Conditions as gates over the ladders of their facts.
//!
//! Every condition has two literals, *surely true* and *surely false* (strong Kleene, as
//! the evaluator has it); they are each other's negation except where a fact may be
//! unknown.

use super::domain::{Domains, Val};
use super::formula::{Formula, Id, Key, Node};
use super::place::{Spot, reads_place_only};
use super::sat::{Ladder, Sat};
use crate::cond::{Cond, Count, DateTerm, Elements, QUANTIFIERS_MAX, Silent, Test, eval, path_of};
use batsat::Lit;
use comity_model::facts::{FactPath, ListState};
use comity_model::schema::{ElemFieldId, ListId, fields::LISTS};
use comity_model::{CaseFacts, Day, Tri};
use std::collections::{BTreeSet, HashMap};

/// A side of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Fact(FactPath),
    Day(Day),
    Nothing,
}

/// Builds the question and reads the answer as a case.
pub(super) struct Encoder<'p> {
    pub(super) sat: Sat,
    domains: &'p Domains,
    spots: &'p [&'p Spot],
    spot: Ladder,
    facts: HashMap<FactPath, Ladder>,
    present: Vec<Vec<Lit>>,
    quantified: BTreeSet<ListId>,
    memo: HashMap<(Id, bool), Lit>,
    /// False where a test could not be expressed; then nothing found proves nothing.
    pub(super) exact: bool,
}

impl<'p> Encoder<'p> {
    pub(super) fn new(
        domains: &'p Domains,
        spots: &'p [&'p Spot],
        elements: &[usize],
    ) -> Encoder<'p> {
        let mut sat = Sat::new();
        let spot = Ladder::new(&mut sat, spots.len(), true);
        let mut present = Vec::new();
        for n in elements {
            let row: Vec<Lit> = (0..*n).map(|_| sat.var(false)).collect();
            // Elements have no order: those that are there come first.
            row.windows(2).for_each(|pair| sat.clause(&[!pair[1], pair[0]]));
            present.push(row);
        }
        let mut encoder = Encoder {
            sat,
            domains,
            spots,
            spot,
            facts: HashMap::new(),
            present,
            quantified: BTreeSet::new(),
            memo: HashMap::new(),
            exact: true,
        };
        for key in domains.of.keys() {
            if let Key::Scalar(f) = key {
                encoder.ladder(FactPath::Scalar(*f));
            }
        }
        encoder
    }

    /// The literal that a node is surely `truth`.
    pub(super) fn node(&mut self, formula: &Formula<'_>, id: Id, truth: bool) -> Lit {
        if let Some(lit) = self.memo.get(&(id, truth)) {
            return *lit;
        }
        let lit = match formula.node(id) {
            Node::Cond(c) => self.cond(c, [0; QUANTIFIERS_MAX], truth),
            Node::Own(c) => self.cond(c, [0; QUANTIFIERS_MAX], truth),
            Node::Not(inner) => self.node(formula, *inner, !truth),
            node @ (Node::And(parts) | Node::Or(parts)) => {
                let lits = parts.iter().map(|p| self.node(formula, *p, truth)).collect();
                self.join(matches!(node, Node::And(_)) == truth, lits)
            }
        };
        self.memo.insert((id, truth), lit);
        lit
    }

    fn join(&mut self, all: bool, lits: Vec<Lit>) -> Lit {
        if all { self.sat.all(lits) } else { self.sat.any(lits) }
    }

    /// The literal that a condition is surely `truth` under quantifiers that stand on `at`.
    pub(super) fn cond(&mut self, cond: &Cond, at: Elements, truth: bool) -> Lit {
        match cond {
            Cond::Const(b) => self.sat.constant(*b == truth),
            Cond::Test(test) => self.test(test, at, truth),
            Cond::Not(inner) => self.cond(inner, at, !truth),
            Cond::And(parts) | Cond::Or(parts) => {
                let lits = parts.iter().map(|p| self.cond(p, at, truth)).collect();
                self.join(matches!(cond, Cond::And(_)) == truth, lits)
            }
            Cond::Quant { list, var, count, body } => {
                self.quantified.insert(*list);
                match count {
                    Count::All => {
                        // Surely all: none is possibly not; surely not all: one surely is not.
                        let failing = self.elements(*list, *var, body, at, (false, !truth));
                        let some = self.sat.any(failing);
                        if truth { !some } else { some }
                    }
                    count => {
                        let lits = self.elements(*list, *var, body, at, (true, truth));
                        let enough = self.enough(*list, *count, truth, lits);
                        if truth { enough } else { !enough }
                    }
                }
            }
        }
    }

    /// For every element the literal that it is there and its body surely, or else
    /// possibly, is `wanted`.
    fn elements(
        &mut self,
        list: ListId,
        var: u8,
        body: &Cond,
        mut at: Elements,
        (wanted, surely): (bool, bool),
    ) -> Vec<Lit> {
        let row = self.present[list.0 as usize].clone();
        let mut out = Vec::with_capacity(row.len());
        for (i, here) in row.into_iter().enumerate() {
            at[var as usize] = i as u16;
            let body =
                if surely { self.cond(body, at, wanted) } else { !self.cond(body, at, !wanted) };
            out.push(self.sat.all(vec![here, body]));
        }
        out
    }

    fn enough(&mut self, list: ListId, count: Count, surely: bool, lits: Vec<Lit>) -> Lit {
        match count {
            Count::All => self.sat.no(),
            Count::AtLeast(1) => self.sat.any(lits),
            Count::AtLeast(n) => self.sat.at_least(n as usize, &lits),
            Count::AtLeastDistinct(n, field) => {
                let firsts = self.firsts(list, field, surely, &lits);
                self.sat.at_least(n as usize, &firsts)
            }
        }
    }

    /// Of the elements that count, those whose key no earlier one has; an unknown key is
    /// surely none, and possibly one of its own.
    fn firsts(&mut self, list: ListId, field: ElemFieldId, surely: bool, lits: &[Lit]) -> Vec<Lit> {
        let mut out = Vec::new();
        for (i, lit) in lits.iter().enumerate() {
            let path = |e: usize| FactPath::Element(list, e as u16, field);
            let known = self.alone(path(i), |_| true);
            let mut parts = if surely { vec![*lit, known] } else { vec![*lit] };
            for (j, earlier) in lits.iter().enumerate().take(i) {
                let same = self.related(path(j), path(i), |a, b| a == b);
                parts.push(!self.sat.all(vec![*earlier, same]));
            }
            out.push(self.sat.all(parts));
        }
        out
    }

    fn test(&mut self, test: &Test, at: Elements, truth: bool) -> Lit {
        if reads_place_only(test) {
            let cond = Cond::Test(test.clone());
            let is = |s: &&Spot| eval(&cond, &s.facts, &mut Silent) == Tri::from(truth);
            let mask = mask_of(self.spots.iter().map(is));
            return self.spot.among(&mut self.sat, mask);
        }
        let is = |a: &Val, b: &Val| holds(test, a, b) == truth;
        match sides(test, &at) {
            (Side::Fact(a), Side::Fact(b)) => self.related(a, b, is),
            (Side::Fact(a), Side::Day(d)) => self.alone(a, |a| is(a, &Val::Date(d))),
            (Side::Fact(a), Side::Nothing) => self.alone(a, |a| is(a, a)),
            (Side::Day(d), Side::Fact(b)) => self.alone(b, |b| is(&Val::Date(d), b)),
            (Side::Day(a), Side::Day(b)) => self.sat.constant(is(&Val::Date(a), &Val::Date(b))),
            (Side::Day(_) | Side::Nothing, _) => self.unclear(),
        }
    }

    /// A literal for what cannot be expressed.
    fn unclear(&mut self) -> Lit {
        self.exact = false;
        self.sat.var(false)
    }

    fn values(&self, path: FactPath) -> &'p [Val] {
        let values = Key::of_path(path).and_then(|k| self.domains.of.get(&k));
        values.map_or(&[], Vec::as_slice)
    }

    /// Makes the ladder of a fact; false where it has no values.
    fn ladder(&mut self, path: FactPath) -> bool {
        let values = self.values(path);
        if values.is_empty() {
            self.exact = false;
            return false;
        }
        if !self.facts.contains_key(&path) {
            // A plain case: no, few, the first of a set; but late days.
            let low_first = !matches!(values[0], Val::Date(_));
            let ladder = Ladder::new(&mut self.sat, values.len(), low_first);
            self.facts.insert(path, ladder);
        }
        true
    }

    fn among(&mut self, path: FactPath, mask: u128) -> Lit {
        match self.facts.get(&path) {
            Some(ladder) => ladder.among(&mut self.sat, mask),
            None => self.sat.no(),
        }
    }

    /// The literal that a fact is known and its value satisfies something.
    fn alone(&mut self, path: FactPath, is_true: impl Fn(&Val) -> bool) -> Lit {
        if !self.ladder(path) {
            return self.unclear();
        }
        let mask = mask_of(self.values(path).iter().map(|v| v.is_known() && is_true(v)));
        self.among(path, mask)
    }

    /// The literal that two facts are known and stand in a relation, as a table.
    fn related(&mut self, a: FactPath, b: FactPath, is_true: impl Fn(&Val, &Val) -> bool) -> Lit {
        if !self.ladder(a) || !self.ladder(b) {
            return self.unclear();
        }
        let is_true = |a: &Val, b: &Val| a.is_known() && b.is_known() && is_true(a, b);
        let out = self.sat.var(false);
        for (i, va) in self.values(a).iter().enumerate() {
            let fitting = mask_of(self.values(b).iter().map(|vb| is_true(va, vb)));
            let (here, fits) = (self.among(a, 1 << i), self.among(b, fitting));
            self.sat.clause(&[!here, !out, fits]);
            self.sat.clause(&[!here, out, !fits]);
        }
        out
    }

    /// The case that the solver found, and the code of its place.
    pub(super) fn case(&self) -> (CaseFacts, String) {
        let spot = self.spots.get(self.spot.value(&self.sat));
        let mut facts = spot.map_or_else(CaseFacts::default, |s| s.facts.clone());
        for list in &self.quantified {
            let row = &self.present[list.0 as usize];
            let n = row.iter().take_while(|l| self.sat.holds(**l)).count();
            let items = facts.list_mut(*list);
            items.state = ListState::Complete;
            (0..n).for_each(|_| {
                items.push_unknown();
            });
        }
        for (path, ladder) in &self.facts {
            let Some(val) = self.values(*path).get(ladder.value(&self.sat)) else { continue };
            let value = val.of_case(&mut facts);
            match path {
                FactPath::Scalar(f) => facts.set(*f, value),
                FactPath::Element(l, i, f) => facts.list_mut(*l).set(*i as usize, *f, value),
                FactPath::List(_) => {}
            }
        }
        debug_assert!(self.present.len() == LISTS.len());
        (facts, spot.map_or_else(String::new, |s| s.code.clone()))
    }
}

fn mask_of(bits: impl Iterator<Item = bool>) -> u128 {
    bits.take(128).enumerate().fold(0, |mask, (i, b)| mask | u128::from(b) << i)
}

fn sides(test: &Test, at: &Elements) -> (Side, Side) {
    let fact = |r| Side::Fact(path_of(r, at));
    let term = |t: &DateTerm| match t {
        DateTerm::Fact(r) => fact(*r),
        DateTerm::Day(d) => Side::Day(*d),
    };
    match test {
        Test::Yes(r) | Test::EnumIn(r, _) | Test::Int(r, _, _) | Test::TextIn(r, _) => {
            (fact(*r), Side::Nothing)
        }
        Test::EnumSame(a, b) | Test::TextSame(a, b) | Test::IntSame(a, _, b) => {
            (fact(*a), fact(*b))
        }
        Test::Date(a, _, b) | Test::Within(a, b, _) => (term(a), term(b)),
    }
}

/// A test on known values; the same as [`crate::cond::eval`] says of them.
fn holds(test: &Test, a: &Val, b: &Val) -> bool {
    match (test, a, b) {
        (Test::Yes(_), Val::Bool(a), _) => *a,
        (Test::EnumIn(_, mask), Val::Enum(code), _) => mask >> code & 1 == 1,
        (Test::Int(_, op, n), Val::Int(a), _) => op.holds(*a, *n),
        (Test::IntSame(_, op, _), Val::Int(a), Val::Int(b)) => op.holds(*a, *b),
        (Test::EnumSame(..) | Test::TextSame(..), a, b) => a == b,
        (Test::TextIn(_, texts), Val::Text(a), _) => texts.contains(a),
        (Test::Date(_, op, _), Val::Date(a), Val::Date(b)) => op.holds(*a, *b),
        (Test::Within(_, _, window), Val::Date(day), Val::Date(anchor)) => {
            window.first_day(*anchor) <= *day && day <= anchor
        }
        _ => false,
    }
}
