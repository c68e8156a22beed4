//! A policy's conditions as sets of literals, for speed.
//!
//! A *literal* is a test that must hold, or one that must fail; it is one bit of a word.
//! Every condition is a disjunction of conjunctions of literals, and a conjunction is a
//! word: it surely holds when all its bits are among the literals that surely hold, and
//! may hold when all its bits are among those that may. So the fields of a record are read
//! once each, whatever the number of tests on them (the values of a set index a table of
//! words), and after that a condition costs two comparisons of words a conjunction.
//!
//! Strong Kleene logic is a distributive lattice with an involution, so that turning a
//! condition into this form changes its truth in no case. [`crate::cond::eval`] is the
//! definition; the tests hold this form to it.

use crate::cond::{
    Cond, Count, DateTerm, Elements, QUANTIFIERS_MAX, Ref, Silent, Test, Window, eval, eval_test,
    refs,
};
use crate::decide::Truths;
use crate::expr::ast::CmpOp;
use comity_model::facts::{ListState, Record};
use comity_model::schema::{FieldId, Kind, ListId, fields};
use comity_model::{CaseFacts, Day, Tri};

type Lits = u64;

/// Most conjunctions of one list, and of the rules.
const CONJUNCTIONS_MAX: usize = 64;
/// Most quantifiers of one list that want more than one element.
const COUNTED_MAX: usize = 8;

/// Literals that surely hold, and those that may; the first are among the second.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    sure: Lits,
    maybe: Lits,
}

impl Known {
    #[inline]
    fn add(&mut self, sure: Lits, maybe: Lits) {
        self.sure |= sure;
        self.maybe |= maybe;
    }

    /// A test of one value: whether it is known, and the literals that then hold.
    #[inline]
    fn read(&mut self, known: bool, lits: Lits, either: Lits) {
        let mask = 0_u64.wrapping_sub(u64::from(known));
        self.sure |= lits & mask;
        self.maybe |= lits & mask | either & !mask;
    }

    #[inline]
    fn truth(&mut self, t: Tri, yes: Lits, no: Lits) {
        match t {
            Tri::True => self.add(yes, yes),
            Tri::False => self.add(no, no),
            Tri::Unknown => self.add(0, yes | no),
        }
    }
}

/// A test that is evaluated as it stands.
#[derive(Debug, Clone, PartialEq)]
enum Whole {
    Test(Test),
    Tree(Cond),
}

/// The literals of one kind of record: the case itself, or the elements of a list.
#[derive(Debug, Clone, Default)]
struct Space {
    used: u32,
    /// Yes/no fields and fields with a set: slot, literals by value, all of them.
    sets: Vec<(u16, Box<[Lits]>, Lits)>,
    /// The same for reading: slot, start and length of its part of `values`.
    tables: Vec<(u16, u16, u16)>,
    /// What holds for a value that is unknown, for each value, and for any other.
    values: Vec<Known>,
    /// Dates in a window that ends on a scalar: slot, index of the window, yes, no.
    windows: Vec<(u16, u8, Lits, Lits)>,
    /// Numbers against a constant.
    numbers: Vec<(u16, CmpOp, i64, Lits, Lits)>,
    /// Anything else.
    others: Vec<(Whole, Lits, Lits)>,
}

/// A quantifier: the conjunctions of its body, and its literals in the case's space.
#[derive(Debug, Clone)]
struct Body {
    some: Any,
    /// How many elements it wants, where that is more than one: an index into the counts.
    counted: Option<u8>,
    wanted: u32,
    /// The same condition, to share it between rules.
    cond: Cond,
    yes: Lits,
    no: Lits,
}

#[derive(Debug, Clone)]
struct List {
    of: ListId,
    space: Space,
    /// Tests of the bodies that read no element.
    fixed: Vec<(Whole, Lits, Lits)>,
    conjunctions: Vec<Lits>,
    bodies: Vec<Body>,
    /// The conjunctions of the bodies that are counted.
    counted: Vec<Any>,
}

#[derive(Debug, Clone)]
struct Rule {
    index: u8,
    some: Any,
    overridden_by: u64,
}

/// A disjunction: literals, and conjunctions of more than one as a mask over those of
/// the record's kind.
#[derive(Debug, Clone, Copy)]
struct Any {
    one: Lits,
    more: u64,
}

impl Any {
    #[inline]
    fn of(self, literals: Lits, conjunctions: u64) -> bool {
        (self.one & literals) | (self.more & conjunctions) != 0
    }
}

/// The rules of a policy, compiled.
#[derive(Debug, Clone)]
pub struct Plan {
    top: Space,
    lists: Vec<List>,
    windows: Vec<(FieldId, Window)>,
    conjunctions: Vec<Lits>,
    rules: Vec<Rule>,
    /// The rules that override others.
    overriding: u64,
}

impl Plan {
    /// Compiles rules in the order of their evaluation: index, condition, rules that
    /// override it. `None` when they are too many or too large.
    pub fn compile<'a>(rules: impl Iterator<Item = (u8, &'a Cond, u64)>) -> Option<Plan> {
        let mut plan = Plan {
            top: Space::default(),
            lists: Vec::new(),
            windows: Vec::new(),
            conjunctions: Vec::new(),
            rules: Vec::new(),
            overriding: 0,
        };
        for (index, cond, overridden_by) in rules {
            let dnf = plan.dnf(cond, true, None)?;
            let some = keep(&mut plan.conjunctions, dnf)?;
            plan.overriding |= overridden_by;
            plan.rules.push(Rule { index, some, overridden_by });
        }
        plan.top.freeze();
        plan.lists.iter_mut().for_each(|l| l.space.freeze());
        Some(plan)
    }

    /// The disjunctive form of a condition or of its negation; `at` is the list whose
    /// elements the condition is about.
    fn dnf(&mut self, cond: &Cond, sign: bool, at: Option<usize>) -> Option<Vec<Lits>> {
        match cond {
            Cond::Const(b) => Some(if *b == sign { vec![0] } else { Vec::new() }),
            Cond::Not(inner) => self.dnf(inner, !sign, at),
            Cond::And(parts) | Cond::Or(parts) => {
                let all = matches!(cond, Cond::And(_)) == sign;
                let mut out = if all { vec![0] } else { Vec::new() };
                for part in parts {
                    let p = self.dnf(part, sign, at)?;
                    out = if all { product(&out, &p) } else { [out, p].concat() };
                    out = smallest(out);
                    if out.len() > CONJUNCTIONS_MAX {
                        return None;
                    }
                }
                Some(out)
            }
            Cond::Test(test) => self.test(test, sign, at).map(|l| vec![l]),
            Cond::Quant { .. } if at.is_some() => None,
            Cond::Quant { list, count, body, .. } => {
                self.quantifier(cond, *list, *count, body, sign).map(|l| vec![l])
            }
        }
    }

    fn quantifier(
        &mut self,
        whole: &Cond,
        list: ListId,
        count: Count,
        body: &Cond,
        sign: bool,
    ) -> Option<Lits> {
        // `all` is "no element fails".
        let (wanted, inner, sign) = match count {
            Count::AtLeast(0) | Count::AtLeastDistinct(..) => {
                return self.top.whole(Whole::Tree(whole.clone()), sign, None);
            }
            Count::AtLeast(n) => (n, true, sign),
            Count::All => (1, false, !sign),
        };
        let l = position_or(&mut self.lists, |l| l.of == list, || List::new(list));
        let at = match self.lists[l].bodies.iter().position(|b| b.cond == *whole) {
            Some(at) => at,
            None => {
                let dnf = self.dnf(body, inner, Some(l))?;
                self.lists[l].body(whole, wanted, dnf)?
            }
        };
        let b = &mut self.lists[l].bodies[at];
        literal(&mut self.top.used, if sign { &mut b.yes } else { &mut b.no })
    }

    fn test(&mut self, test: &Test, sign: bool, at: Option<usize>) -> Option<Lits> {
        let slot = |r: &Ref| match (r, at) {
            (Ref::Scalar(f), None) => Some(f.0),
            (Ref::Element { field, .. }, Some(_)) => Some(field.0),
            _ => None,
        };
        let Plan { top, lists, windows, .. } = self;
        let (of, space, fixed) = match at {
            None => (None, top, None),
            Some(l) => {
                let List { of, space, fixed, .. } = &mut lists[l];
                (Some(*of), space, Some(fixed))
            }
        };
        match test {
            Test::Yes(r) if let Some(slot) = slot(r) => space.set(slot, vec![!sign, sign]),
            Test::EnumIn(r, mask) if let Some(slot) = slot(r) => {
                let kind = match of {
                    Some(l) => &l.def().fields[slot as usize].kind,
                    None => &fields::SCALARS[slot as usize].kind,
                };
                let Kind::Enum(set) = kind else { return None };
                let n = set.values.len();
                space.set(slot, (0..n).map(|code| ((mask >> code) & 1 == 1) == sign).collect())
            }
            Test::Within(DateTerm::Fact(r), DateTerm::Fact(Ref::Scalar(anchor)), window)
                if let Some(slot) = slot(r) =>
            {
                let w = position_or(windows, |w| *w == (*anchor, *window), || (*anchor, *window));
                if w >= WINDOWS_MAX {
                    return None;
                }
                let new = || (slot, w as u8, 0, 0);
                let at = position_or(&mut space.windows, |x| x.0 == slot && x.1 == w as u8, new);
                let (_, _, yes, no) = &mut space.windows[at];
                literal(&mut space.used, if sign { yes } else { no })
            }
            Test::Int(r, op, n) if let Some(slot) = slot(r) => {
                let is = |x: &(u16, CmpOp, i64, Lits, Lits)| (x.0, x.1, x.2) == (slot, *op, *n);
                let at = position_or(&mut space.numbers, is, || (slot, *op, *n, 0, 0));
                let (.., yes, no) = &mut space.numbers[at];
                literal(&mut space.used, if sign { yes } else { no })
            }
            _ => {
                let reads_element = refs(test).iter().any(|r| matches!(r, Ref::Element { .. }));
                space.whole(Whole::Test(test.clone()), sign, fixed.filter(|_| !reads_element))
            }
        }
    }

    /// The truth of every rule.
    pub fn truths(&self, facts: &CaseFacts) -> Truths {
        let mut windows = [None; WINDOWS_MAX];
        for ((anchor, window), out) in self.windows.iter().zip(&mut windows) {
            *out = facts.get_date(*anchor).map(|last| (window.first_day(last), last));
        }
        let mut top = Known::default();
        self.top.read(facts.record(), facts, &windows, 0, &mut top);
        for list in &self.lists {
            list.read(facts, &windows, &mut top);
        }
        let mut t = Truths::default();
        let (sure_of, maybe_of) = hold(&self.conjunctions, top);
        for r in &self.rules {
            t.holds |= u64::from(r.some.of(top.sure, sure_of)) << r.index;
            t.holds_unknown |= u64::from(r.some.of(top.maybe, maybe_of)) << r.index;
        }
        t.holds_unknown &= !t.holds;
        if (t.holds | t.holds_unknown) & self.overriding == 0 {
            (t.applies, t.applies_unknown) = (t.holds, t.holds_unknown);
            return t;
        }
        for r in &self.rules {
            t.resolve(r.index, r.overridden_by);
        }
        t
    }
}

const WINDOWS_MAX: usize = 8;
type Windows = [Option<(Day, Day)>; WINDOWS_MAX];

impl Space {
    /// The literal of a field in a set, given by code whether it holds; the same set may
    /// be asked for again, or its complement.
    fn set(&mut self, slot: u16, holds: Vec<bool>) -> Option<Lits> {
        let new = || (slot, vec![0; holds.len()].into(), 0);
        let at = position_or(&mut self.sets, |s| s.0 == slot, new);
        let (_, table, all) = &mut self.sets[at];
        let old = (0..self.used).map(|b| 1_u64 << b).find(|bit| {
            all_of(*all, *bit) && table.iter().zip(&holds).all(|(t, h)| all_of(*t, *bit) == *h)
        });
        if let Some(bit) = old {
            return Some(bit);
        }
        let mut bit = 0;
        literal(&mut self.used, &mut bit)?;
        *all |= bit;
        table.iter_mut().zip(&holds).filter(|(_, h)| **h).for_each(|(t, _)| *t |= bit);
        Some(bit)
    }

    /// Lays out the tables once every literal has its bit.
    fn freeze(&mut self) {
        for (slot, table, all) in std::mem::take(&mut self.sets) {
            let start = self.values.len() as u16;
            self.values.push(Known { sure: 0, maybe: all });
            self.values.extend(table.iter().map(|lits| Known { sure: *lits, maybe: *lits }));
            self.values.push(Known::default());
            self.tables.push((slot, start, table.len() as u16 + 1));
        }
    }

    /// The literal of a test that is evaluated as it stands: with each element, or once
    /// before them all where it reads none.
    fn whole(
        &mut self,
        whole: Whole,
        sign: bool,
        fixed: Option<&mut Vec<(Whole, Lits, Lits)>>,
    ) -> Option<Lits> {
        let into = fixed.unwrap_or(&mut self.others);
        let at = position_or(into, |o| o.0 == whole, || (whole.clone(), 0, 0));
        let (_, yes, no) = &mut into[at];
        literal(&mut self.used, if sign { yes } else { no })
    }

    /// Reads a record; `at` is the number of the element.
    #[inline]
    fn read(
        &self,
        record: Record<'_>,
        facts: &CaseFacts,
        windows: &Windows,
        at: usize,
        k: &mut Known,
    ) {
        for (slot, start, len) in &self.tables {
            let at = record.get(*slot).place().min(*len as usize);
            let holds = self.values.get(*start as usize + at).copied().unwrap_or_default();
            k.add(holds.sure, holds.maybe);
        }
        for (slot, window, yes, no) in &self.windows {
            let (known, day) = record.get(*slot).date();
            match windows[*window as usize % WINDOWS_MAX] {
                Some((first, last)) => {
                    k.read(known, if first <= day && day <= last { *yes } else { *no }, yes | no);
                }
                None => k.read(false, 0, yes | no),
            }
        }
        for (slot, op, n, yes, no) in &self.numbers {
            let (known, x) = record.get(*slot).int();
            k.read(known, if op.holds(x, *n) { *yes } else { *no }, yes | no);
        }
        for (whole, yes, no) in &self.others {
            k.truth(whole.eval(facts, [at as u16, 0, 0, 0]), *yes, *no);
        }
    }
}

impl List {
    fn new(of: ListId) -> List {
        List {
            of,
            space: Space::default(),
            fixed: Vec::new(),
            conjunctions: Vec::new(),
            bodies: Vec::new(),
            counted: Vec::new(),
        }
    }

    /// Adds a quantifier and tells where.
    fn body(&mut self, cond: &Cond, wanted: u32, dnf: Vec<Lits>) -> Option<usize> {
        let some = keep(&mut self.conjunctions, dnf)?;
        let counted = (wanted > 1).then_some(self.counted.len() as u8);
        if counted.is_some() {
            self.counted.push(some);
        }
        self.bodies.push(Body { some, counted, wanted, cond: cond.clone(), yes: 0, no: 0 });
        (self.counted.len() <= COUNTED_MAX).then_some(self.bodies.len() - 1)
    }

    #[inline]
    fn read(&self, facts: &CaseFacts, windows: &Windows, top: &mut Known) {
        let items = facts.list(self.of);
        let mut counts = [(0_u32, 0_u32); COUNTED_MAX];
        let (mut sure, mut maybe, mut literals) = (0, 0, Known::default());
        let mut fixed = Known::default();
        if !items.is_empty() {
            for (whole, yes, no) in &self.fixed {
                fixed.truth(whole.eval(facts, [0; QUANTIFIERS_MAX]), *yes, *no);
            }
        }
        for (i, record) in items.records().enumerate() {
            let mut k = fixed;
            self.space.read(record, facts, windows, i, &mut k);
            let (s, m) = hold(&self.conjunctions, k);
            sure |= s;
            maybe |= m;
            literals.add(k.sure, k.maybe);
            for (some, count) in self.counted.iter().zip(&mut counts) {
                count.0 += u32::from(some.of(k.sure, s));
                count.1 += u32::from(some.of(k.maybe, m));
            }
        }
        let open = items.state != ListState::Complete;
        for body in &self.bodies {
            let (s, m) = match body.counted {
                None => (body.some.of(literals.sure, sure), body.some.of(literals.maybe, maybe)),
                Some(at) => {
                    let (sure, maybe) = counts[at as usize % COUNTED_MAX];
                    (sure >= body.wanted, maybe >= body.wanted)
                }
            };
            if s {
                top.add(body.yes, body.yes);
            } else if open || m {
                top.add(0, body.yes | body.no);
            } else {
                top.add(body.no, body.no);
            }
        }
    }
}

impl Whole {
    fn eval(&self, facts: &CaseFacts, elements: Elements) -> Tri {
        match self {
            Whole::Test(test) => eval_test(test, facts, elements, &mut Silent),
            Whole::Tree(cond) => eval(cond, facts, &mut Silent),
        }
    }
}

/// Which conjunctions surely hold, and which may.
#[inline]
fn hold(conjunctions: &[Lits], k: Known) -> (u64, u64) {
    let among = |lits: Lits| {
        // The last conjunction comes first, so that the first one ends in bit 0.
        let bits = conjunctions.iter().rev();
        bits.fold(0_u64, |out, c| out + out + u64::from(c & !lits == 0))
    };
    let sure = among(k.sure);
    (sure, if k.maybe == k.sure { sure } else { among(k.maybe) })
}

#[inline]
fn all_of(among: Lits, all: Lits) -> bool {
    among & all == all
}

/// The literal in its place, or a new one put there; `None` when there are 64.
fn literal(used: &mut u32, place: &mut Lits) -> Option<Lits> {
    if *place == 0 {
        *place = 1_u64.checked_shl(*used)?;
        *used += 1;
    }
    Some(*place)
}

fn position_or<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> usize {
    list.iter().position(is).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    })
}

/// Keeps conjunctions and tells where; `None` when there are too many.
fn keep(into: &mut Vec<Lits>, dnf: Vec<Lits>) -> Option<Any> {
    let mut out = Any { one: 0, more: 0 };
    for c in dnf {
        if c.is_power_of_two() {
            out.one |= c;
            continue;
        }
        let at = position_or(into, |o| *o == c, || c);
        out.more |= (at < CONJUNCTIONS_MAX).then(|| 1_u64 << at)?;
    }
    Some(out)
}

fn product(a: &[Lits], b: &[Lits]) -> Vec<Lits> {
    a.iter().flat_map(|x| b.iter().map(move |y| x | y)).collect()
}

/// Without the conjunctions that another one makes superfluous.
fn smallest(mut all: Vec<Lits>) -> Vec<Lits> {
    all.sort_unstable_by_key(|c| (c.count_ones(), *c));
    all.dedup();
    let mut out: Vec<Lits> = Vec::with_capacity(all.len());
    for c in all {
        if !out.iter().any(|o| all_of(c, *o)) {
            out.push(c);
        }
    }
    out
}
