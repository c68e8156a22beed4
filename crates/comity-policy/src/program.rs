//! A policy's conditions as one straight-line program, for speed.
//!
//! Every test of every rule is compiled once; tests that rules share are computed
//! once. A test on the elements of a list is computed for all elements together, as
//! two words of bits: in which elements it holds, in which it does not (neither:
//! unknown). *And*, *or* and *not* are then two operations on words, and a
//! quantifier counts bits. The program has no branches that depend on the case, which
//! is what makes it fast: a case is hardly ever like the one before.
//!
//! [`crate::cond::eval`] is the definition of what conditions mean; the program must
//! agree with it on every case, and the tests hold it to that.

use crate::cond::{
    Cond, Count, DateTerm, QUANTIFIERS_MAX, Ref, Silent, Test, Window, eval, eval_test,
};
use crate::expr::ast::CmpOp;
use comity_model::facts::{FactList, ListState, Packed};
use comity_model::schema::{ElemFieldId, ListId, fields};
use comity_model::{CaseFacts, Day, Tri};
use std::ops::Range;

/// Most operations of a program; a policy with more is evaluated as a tree.
const OPS_MAX: usize = 128;
/// Most elements of a list that fit into a word.
const LANES_MAX: usize = 64;

/// Where a condition holds and where it does not; neither: unknown.
#[derive(Debug, Clone, Copy, Default)]
struct Bits {
    holds: u64,
    fails: u64,
}

impl From<Tri> for Bits {
    /// The same truth in every lane.
    #[inline]
    fn from(t: Tri) -> Bits {
        Bits {
            holds: 0_u64.wrapping_sub(u64::from(t == Tri::True)),
            fails: 0_u64.wrapping_sub(u64::from(t == Tri::False)),
        }
    }
}

/// One operation; its result is the slot of its own index.
#[derive(Debug, Clone, PartialEq)]
enum Op {
    /// A test that reads no element: one truth for every lane.
    Scalar(Test),
    /// A yes/no field.
    Yes(ListId, ElemFieldId),
    /// A field in a set.
    In(ListId, ElemFieldId, u128),
    /// A number against a constant.
    Int(ListId, ElemFieldId, CmpOp, i64),
    /// A date against a scalar or a constant.
    Date(ListId, ElemFieldId, CmpOp, DateTerm),
    /// A date in a window before a scalar or a constant.
    Within(ListId, ElemFieldId, DateTerm, Window),
    /// Any other test on elements.
    Lanes(ListId, Test),
    And(u16, u16),
    Or(u16, u16),
    Not(u16),
    /// Where the guard fails in every element, the body is known to fail: its other
    /// operations, up to the given one, are passed over.
    Guard(ListId, u16, u16),
    /// A quantifier over a body's lanes: `all` is false where a lane fails.
    Count(ListId, u16, Count),
    /// A condition that is evaluated as a tree.
    Tree(Cond),
}

/// The conditions of a policy's rules, compiled.
#[derive(Debug, Clone, Default)]
pub struct Program {
    ops: Vec<Op>,
    /// By clause: the slot of its condition and the segments that it needs.
    clauses: Vec<(u16, u64)>,
    /// The operations that each clause adds, in the order of evaluation, so that what a
    /// segment needs stands before it.
    segments: Vec<Range<u16>>,
}

impl Program {
    /// Compiles conditions in the order of their evaluation; `None` when there are too
    /// many operations.
    pub fn compile<'a>(
        conds: impl Iterator<Item = (usize, &'a Cond)>,
        clauses: usize,
    ) -> Option<Program> {
        let mut c = Compiler::default();
        let mut out =
            Program { ops: Vec::new(), clauses: vec![(0, 0); clauses], segments: Vec::new() };
        for (position, (index, cond)) in conds.enumerate() {
            let start = c.ops.len() as u16;
            c.needs.push(1_u64.checked_shl(position as u32)?);
            let slot = c.cond(cond, None)?;
            out.segments.push(start..c.ops.len() as u16);
            out.clauses[index] = (slot, c.needs[position]);
        }
        out.ops = c.ops;
        Some(out)
    }
}

#[derive(Default)]
struct Compiler {
    ops: Vec<Op>,
    /// The guard under which an operation is computed; 0 is none.
    guarded: Vec<u16>,
    guard: u16,
    /// The segment that holds the operation.
    owner: Vec<usize>,
    /// By segment: the segments that it needs, its own included; the last is being written.
    needs: Vec<u64>,
}

impl Compiler {
    fn push(&mut self, op: Op) -> Option<u16> {
        let here = self.needs.len() - 1;
        // What is computed only under another guard may have been passed over.
        let usable = |i: usize| self.guarded[i] == 0 || self.guarded[i] == self.guard;
        if let Some(at) = (0..self.ops.len()).find(|i| usable(*i) && self.ops[*i] == op) {
            self.needs[here] |= self.needs[self.owner[at]];
            return Some(at as u16);
        }
        if self.ops.len() == OPS_MAX {
            return None;
        }
        self.ops.push(op);
        self.guarded.push(self.guard);
        self.owner.push(here);
        Some(self.ops.len() as u16 - 1)
    }

    /// Compiles a condition; `lane` is the quantifier whose elements are lanes.
    fn cond(&mut self, cond: &Cond, lane: Option<(u8, ListId)>) -> Option<u16> {
        match cond {
            Cond::Const(_) => self.push(Op::Tree(cond.clone())),
            Cond::Test(test) => {
                let op = lane_op(test, lane);
                self.push(op)
            }
            Cond::Not(inner) => {
                let a = self.cond(inner, lane)?;
                self.push(Op::Not(a))
            }
            Cond::And(parts) | Cond::Or(parts) => {
                let mut slots = Vec::with_capacity(parts.len());
                for p in parts {
                    slots.push(self.cond(p, lane)?);
                }
                let mut at = *slots.first()?;
                for s in &slots[1..] {
                    let op =
                        if matches!(cond, Cond::And(_)) { Op::And(at, *s) } else { Op::Or(at, *s) };
                    at = self.push(op)?;
                }
                Some(at)
            }
            // A quantifier inside another, or one that counts distinct values, is rare.
            Cond::Quant { .. } if lane.is_some() => None,
            Cond::Quant { count: Count::AtLeastDistinct(..), .. } => {
                self.push(Op::Tree(cond.clone()))
            }
            Cond::Quant { list, var, count, body } => {
                if has_quantifier(body) {
                    return self.push(Op::Tree(cond.clone()));
                }
                let body = self.guarded_body(body, (*var, *list))?;
                self.push(Op::Count(*list, body, *count))
            }
        }
    }
}

impl Compiler {
    /// The body of a quantifier. A conjunction is mostly settled by its first part
    /// (the level of the offense), so that the others need not be computed.
    fn guarded_body(&mut self, body: &Cond, lane: (u8, ListId)) -> Option<u16> {
        let Cond::And(parts) = body else {
            return self.cond(body, Some(lane));
        };
        let (first, rest) = parts.split_first()?;
        let first = self.cond(first, Some(lane))?;
        let outer = self.guard;
        let at = self.ops.len();
        if outer != 0 || at + 2 >= OPS_MAX {
            return self.cond(body, Some(lane));
        }
        self.guard = at as u16 + 1;
        let guard = self.push(Op::Guard(lane.1, first, at as u16))?;
        let mut slot = first;
        for part in rest {
            let next = self.cond(part, Some(lane))?;
            slot = self.push(Op::And(slot, next))?;
        }
        self.guard = outer;
        // The last conjunction takes the guard's own truth where the rest is passed over.
        self.ops[guard as usize] = match slot {
            // Every part had been computed before: there is nothing to pass over.
            s if s <= guard => Op::Not(first),
            s => Op::Guard(lane.1, first, s),
        };
        Some(slot)
    }
}

fn has_quantifier(cond: &Cond) -> bool {
    match cond {
        Cond::Const(_) | Cond::Test(_) => false,
        Cond::Not(inner) => has_quantifier(inner),
        Cond::And(parts) | Cond::Or(parts) => parts.iter().any(has_quantifier),
        Cond::Quant { .. } => true,
    }
}

fn lane_op(test: &Test, lane: Option<(u8, ListId)>) -> Op {
    let Some((var, list)) = lane else {
        return Op::Scalar(test.clone());
    };
    let field = |r: &Ref| match r {
        Ref::Element { var: v, field, .. } if *v == var => Some(*field),
        _ => None,
    };
    let fixed = |t: &DateTerm| !matches!(t, DateTerm::Fact(r) if field(r).is_some());
    match test {
        Test::Yes(r) => field(r).map(|f| Op::Yes(list, f)),
        Test::EnumIn(r, mask) => field(r).map(|f| Op::In(list, f, *mask)),
        Test::Int(r, op, n) => field(r).map(|f| Op::Int(list, f, *op, *n)),
        Test::Date(DateTerm::Fact(r), op, other) if fixed(other) => {
            field(r).map(|f| Op::Date(list, f, *op, *other))
        }
        Test::Within(DateTerm::Fact(r), anchor, window) if fixed(anchor) => {
            field(r).map(|f| Op::Within(list, f, *anchor, *window))
        }
        _ => None,
    }
    .unwrap_or_else(|| {
        let reads = crate::cond::refs(test);
        if reads.iter().any(|r| field(r).is_some()) {
            Op::Lanes(list, test.clone())
        } else {
            Op::Scalar(test.clone())
        }
    })
}

/// Room for the results of a program's operations.
#[derive(Debug)]
pub struct Slots([Bits; OPS_MAX]);

impl Default for Slots {
    fn default() -> Slots {
        Slots([Bits::default(); OPS_MAX])
    }
}

/// A program at work on one case.
pub struct Run<'a> {
    program: &'a Program,
    facts: &'a CaseFacts,
    slots: &'a mut Slots,
    /// Segments that have been computed.
    done: u64,
}

impl<'a> Run<'a> {
    /// Starts; `None` when a list of the case is longer than a word.
    #[inline]
    pub fn start(
        program: &'a Program,
        facts: &'a CaseFacts,
        slots: &'a mut Slots,
    ) -> Option<Run<'a>> {
        let fits = (0..fields::LISTS.len()).all(|i| facts.list(ListId(i as u8)).len() <= LANES_MAX);
        fits.then_some(Run { program, facts, slots, done: 0 })
    }

    /// The truth of a clause's condition.
    #[inline]
    pub fn truth(&mut self, clause: u8) -> Tri {
        let (slot, needs) = self.program.clauses[clause as usize];
        let mut missing = needs & !self.done;
        while missing != 0 {
            let segment = missing.trailing_zeros() as usize;
            missing &= missing - 1;
            self.segment(self.program.segments[segment].clone());
        }
        self.done |= needs;
        let bits = self.slots.0[slot as usize % OPS_MAX];
        match (bits.holds & 1, bits.fails & 1) {
            (1, _) => Tri::True,
            (_, 1) => Tri::False,
            _ => Tri::Unknown,
        }
    }

    #[inline]
    fn segment(&mut self, ops: Range<u16>) {
        let mut i = ops.start;
        while i < ops.end {
            let op = &self.program.ops[i as usize];
            if let Op::Guard(list, first, last) = op {
                let bits = self.slot(*first);
                let all = all_lanes(self.facts.list(*list));
                if bits.fails & all == all {
                    self.slots.0[*last as usize % OPS_MAX] = bits;
                    i = last + 1;
                    continue;
                }
            } else {
                self.slots.0[i as usize % OPS_MAX] = self.op(op);
            }
            i += 1;
        }
    }

    #[inline]
    fn slot(&self, i: u16) -> Bits {
        self.slots.0[i as usize % OPS_MAX]
    }

    #[inline]
    fn op(&self, op: &Op) -> Bits {
        match op {
            Op::And(a, b) => {
                let (a, b) = (self.slot(*a), self.slot(*b));
                Bits { holds: a.holds & b.holds, fails: a.fails | b.fails }
            }
            Op::Or(a, b) => {
                let (a, b) = (self.slot(*a), self.slot(*b));
                Bits { holds: a.holds | b.holds, fails: a.fails & b.fails }
            }
            Op::Not(a) => {
                let a = self.slot(*a);
                Bits { holds: a.fails, fails: a.holds }
            }
            Op::Yes(list, f) => lanes(self.facts.list(*list), *f, Packed::bool),
            Op::In(list, f, mask) => lanes(self.facts.list(*list), *f, |v| {
                let (known, code) = v.code();
                (known, mask >> code & 1 == 1)
            }),
            Op::Int(list, f, op, n) => lanes(self.facts.list(*list), *f, |v| {
                let (known, x) = v.int();
                (known, op.holds(x, *n))
            }),
            Op::Date(list, f, op, other) => match self.day(other) {
                None => Bits::default(),
                Some(day) => dates(self.facts.list(*list), *f, |d| op.holds(d, day)),
            },
            Op::Within(list, f, anchor, window) => match self.day(anchor) {
                None => Bits::default(),
                Some(last) => {
                    let first = window.first_day(last);
                    dates(self.facts.list(*list), *f, |d| first <= d && d <= last)
                }
            },
            Op::Count(list, body, count) => {
                Run::count(self.facts.list(*list), self.slot(*body), *count)
            }
            Op::Scalar(test) => {
                Bits::from(eval_test(test, self.facts, [0; QUANTIFIERS_MAX], &mut Silent))
            }
            Op::Lanes(list, test) => self.any_test(*list, test),
            Op::Guard(..) => Bits::default(),
            Op::Tree(cond) => Bits::from(eval(cond, self.facts, &mut Silent)),
        }
    }

    #[inline]
    fn day(&self, term: &DateTerm) -> Option<Day> {
        match term {
            DateTerm::Day(d) => Some(*d),
            DateTerm::Fact(Ref::Scalar(f)) => self.facts.get_date(*f),
            DateTerm::Fact(Ref::Element { .. }) => None,
        }
    }

    #[inline]
    fn count(list: &FactList, body: Bits, count: Count) -> Bits {
        let all = all_lanes(list);
        let open = list.state != ListState::Complete;
        let (sure, unsure) = (body.holds & all, all & !(body.holds | body.fails));
        let fails = body.fails & all;
        Bits::from(match count {
            Count::All if fails != 0 => Tri::False,
            Count::All if open || unsure != 0 => Tri::Unknown,
            Count::All => Tri::True,
            Count::AtLeast(n) => {
                let (sure, unsure) = (sure.count_ones(), unsure.count_ones());
                if sure >= n {
                    Tri::True
                } else if open || sure + unsure >= n {
                    Tri::Unknown
                } else {
                    Tri::False
                }
            }
            Count::AtLeastDistinct(..) => Tri::Unknown,
        })
    }

    fn any_test(&self, list: ListId, test: &Test) -> Bits {
        let mut bits = Bits::default();
        // Programs are compiled for outermost quantifiers only: their variable is 0.
        for i in 0..self.facts.list(list).len() {
            let truth = eval_test(test, self.facts, [i as u16, 0, 0, 0], &mut Silent);
            bits.holds |= u64::from(truth == Tri::True) << i;
            bits.fails |= u64::from(truth == Tri::False) << i;
        }
        bits
    }
}

/// One bit for every listed element.
#[inline]
fn all_lanes(list: &FactList) -> u64 {
    1_u64.checked_shl(list.len() as u32).unwrap_or(0).wrapping_sub(1)
}

/// A test of one field in every element: known, and holding.
#[inline]
fn lanes(list: &FactList, field: ElemFieldId, test: impl Fn(Packed) -> (bool, bool)) -> Bits {
    let mut bits = Bits::default();
    for (i, value) in list.column(field).iter().enumerate() {
        let (known, holds) = test(*value);
        let (known, holds) = (u64::from(known), u64::from(holds));
        bits.holds |= (known & holds) << i;
        bits.fails |= (known & (1 - holds)) << i;
    }
    bits
}

#[inline]
fn dates(list: &FactList, field: ElemFieldId, test: impl Fn(Day) -> bool) -> Bits {
    lanes(list, field, |v| {
        let (known, day) = v.date();
        (known, test(day))
    })
}
