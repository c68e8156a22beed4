//! The typed form of a condition, and its evaluation for one case.
//!
//! This is the only form that is evaluated, explained and analyzed. Truth is
//! strong Kleene: a test on an unknown fact is unknown, and stays so unless the
//! other side of *and* or *or* settles it.

use crate::expr::ast::CmpOp;
use comity_model::date::DateRounding;
use comity_model::facts::{FactPath, ListState, Value};
use comity_model::schema::{ElemFieldId, FieldId, ListId};
use comity_model::{CaseFacts, Day, Tri};
use smallvec::{SmallVec, smallvec};

/// Most quantifiers around one test.
pub const QUANTIFIERS_MAX: usize = 4;

/// Where a test reads a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ref {
    /// A scalar fact.
    Scalar(FieldId),
    /// A field of the element that the quantifier `var` (outermost is 0) stands on.
    Element {
        /// Which quantifier.
        var: u8,
        /// Its list.
        list: ListId,
        /// The field.
        field: ElemFieldId,
    },
}

/// A date: a fact or a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateTerm {
    /// A fact.
    Fact(Ref),
    /// A constant.
    Day(Day),
}

/// The length of a look-back window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// Calendar years; a day that does not exist is rounded.
    Years(i64, DateRounding),
    /// Days.
    Days(i64),
}

impl Window {
    /// The first day of the window that ends on `anchor`.
    #[must_use]
    pub fn first_day(self, anchor: Day) -> Day {
        match self {
            Window::Years(n, rounding) => anchor.years_before(n, rounding),
            Window::Days(n) => anchor.plus_days(-n),
        }
    }
}

/// One question about facts.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A yes/no fact is yes.
    Yes(Ref),
    /// A fact's value is in a set, as a mask over codes.
    EnumIn(Ref, u128),
    /// Two facts of one set have the same value.
    EnumSame(Ref, Ref),
    /// A number against a constant.
    Int(Ref, CmpOp, i64),
    /// Two numbers of one unit.
    IntSame(Ref, CmpOp, Ref),
    /// Two dates.
    Date(DateTerm, CmpOp, DateTerm),
    /// A day lies in the window that ends on an anchor.
    Within(DateTerm, DateTerm, Window),
    /// A text is one of some.
    TextIn(Ref, Vec<Box<str>>),
    /// Two texts are the same.
    TextSame(Ref, Ref),
}

/// What a quantifier counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Every element.
    All,
    /// At least this many elements (`exists` is 1).
    AtLeast(u32),
    /// At least this many different values of a field.
    AtLeastDistinct(u32, ElemFieldId),
}

/// A typed condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Cond {
    /// Known beforehand.
    Const(bool),
    /// A question about facts.
    Test(Test),
    /// All hold.
    And(Vec<Cond>),
    /// Some holds.
    Or(Vec<Cond>),
    /// It does not hold.
    Not(Box<Cond>),
    /// Over the elements of a list.
    Quant {
        /// The list.
        list: ListId,
        /// The quantifier's number, outermost 0.
        var: u8,
        /// What is counted.
        count: Count,
        /// The condition on an element.
        body: Box<Cond>,
    },
}

impl Cond {
    /// Conjunction with constants folded and nested conjunctions flattened.
    #[must_use]
    pub fn and(parts: Vec<Cond>) -> Cond {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Cond::Const(true) => {}
                Cond::Const(false) => return Cond::Const(false),
                Cond::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Cond::Const(true),
            1 => flat.swap_remove(0),
            _ => Cond::And(flat),
        }
    }

    /// Disjunction with constants folded and nested disjunctions flattened.
    #[must_use]
    pub fn or(parts: Vec<Cond>) -> Cond {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Cond::Const(false) => {}
                Cond::Const(true) => return Cond::Const(true),
                Cond::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Cond::Const(false),
            1 => flat.swap_remove(0),
            _ => Cond::Or(flat),
        }
    }

    /// A rough measure of the work: one a test, ten times as much in a quantifier.
    pub fn cost(&self) -> u32 {
        match self {
            Cond::Const(_) => 0,
            Cond::Test(_) => 1,
            Cond::Not(inner) => inner.cost(),
            Cond::And(parts) | Cond::Or(parts) => parts.iter().map(Cond::cost).sum(),
            Cond::Quant { body, .. } => body.cost().saturating_mul(10),
        }
    }

    /// Negation, pushed through constants and double negation.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "a constructor beside `and` and `or`")]
    pub fn not(inner: Cond) -> Cond {
        match inner {
            Cond::Const(b) => Cond::Const(!b),
            Cond::Not(inner) => *inner,
            other => Cond::Not(Box::new(other)),
        }
    }
}

/// What an evaluation tells about the facts it reads.
pub trait Recorder {
    /// A test read this fact.
    fn read(&mut self, path: FactPath);
}

/// Records nothing and costs nothing.
pub struct Silent;

impl Recorder for Silent {
    #[inline]
    fn read(&mut self, _: FactPath) {}
}

impl Recorder for Vec<FactPath> {
    #[inline]
    fn read(&mut self, path: FactPath) {
        if self.last() != Some(&path) {
            self.push(path);
        }
    }
}

/// The elements that the quantifiers around a test stand on.
pub type Elements = [u16; QUANTIFIERS_MAX];

/// Evaluates a condition for one case.
pub fn eval<R: Recorder>(cond: &Cond, facts: &CaseFacts, recorder: &mut R) -> Tri {
    eval_in(cond, facts, [0; QUANTIFIERS_MAX], recorder)
}

/// Evaluates a condition under quantifiers that stand on `elements`.
pub fn eval_in<R: Recorder>(
    cond: &Cond,
    facts: &CaseFacts,
    elements: Elements,
    recorder: &mut R,
) -> Tri {
    match cond {
        Cond::Const(b) => Tri::from(*b),
        Cond::Test(test) => eval_test(test, facts, elements, recorder),
        Cond::And(parts) => {
            let mut truth = Tri::True;
            for part in parts {
                truth = truth.and(eval_in(part, facts, elements, recorder));
                if truth == Tri::False {
                    break;
                }
            }
            truth
        }
        Cond::Or(parts) => {
            let mut truth = Tri::False;
            for part in parts {
                truth = truth.or(eval_in(part, facts, elements, recorder));
                if truth == Tri::True {
                    break;
                }
            }
            truth
        }
        Cond::Not(inner) => !eval_in(inner, facts, elements, recorder),
        Cond::Quant { list, var, count, body } => {
            eval_quant(*list, *var, *count, body, facts, elements, recorder)
        }
    }
}

fn eval_quant<R: Recorder>(
    list: ListId,
    var: u8,
    count: Count,
    body: &Cond,
    facts: &CaseFacts,
    mut elements: Elements,
    recorder: &mut R,
) -> Tri {
    let items = facts.list(list);
    let open = items.state != ListState::Complete;
    if open {
        recorder.read(FactPath::List(list));
    }
    if let Count::AtLeastDistinct(n, field) = count {
        return distinct(list, var, n, field, body, facts, elements, recorder);
    }
    let (wanted, settles) = match count {
        Count::All => (1, Tri::False),
        Count::AtLeast(n) => (n, Tri::True),
        Count::AtLeastDistinct(..) => return Tri::Unknown,
    };
    let (mut sure, mut possible) = (0_u32, 0_u32);
    for i in 0..items.len() {
        elements[var as usize] = i as u16;
        match eval_in(body, facts, elements, recorder) {
            t if t == settles => sure += 1,
            Tri::Unknown => possible += 1,
            _ => {}
        }
        if sure >= wanted {
            return settles;
        }
    }
    if open || sure + possible >= wanted { Tri::Unknown } else { !settles }
}

#[allow(
    clippy::too_many_arguments,
    reason = "the parts of one quantifier, taken apart by its caller"
)]
fn distinct<R: Recorder>(
    list: ListId,
    var: u8,
    wanted: u32,
    field: ElemFieldId,
    body: &Cond,
    facts: &CaseFacts,
    mut elements: Elements,
    recorder: &mut R,
) -> Tri {
    let items = facts.list(list);
    let mut sure: Vec<Value> = Vec::new();
    let mut possible: Vec<Value> = Vec::new();
    let (mut unkeyed, mut unkeyed_surely) = (0_usize, false);
    for i in 0..items.len() {
        elements[var as usize] = i as u16;
        let truth = eval_in(body, facts, elements, recorder);
        if truth == Tri::False {
            continue;
        }
        recorder.read(FactPath::Element(list, i as u16, field));
        let key = items.get(i, field);
        match (key, truth) {
            (Value::Unknown, truth) => {
                unkeyed += 1;
                unkeyed_surely |= truth == Tri::True;
            }
            (key, Tri::True) if !sure.contains(&key) => sure.push(key),
            (key, _) if !possible.contains(&key) => possible.push(key),
            _ => {}
        }
    }
    // Some element that surely counts but has no known key is at least one value.
    let at_least = sure.len().max(usize::from(unkeyed_surely));
    let at_most = sure.len() + possible.iter().filter(|k| !sure.contains(k)).count() + unkeyed;
    if at_least >= wanted as usize {
        Tri::True
    } else if items.state != ListState::Complete || at_most >= wanted as usize {
        Tri::Unknown
    } else {
        Tri::False
    }
}

/// The fact a reference leads to.
#[inline]
pub fn path_of(r: Ref, elements: &Elements) -> FactPath {
    match r {
        Ref::Scalar(f) => FactPath::Scalar(f),
        Ref::Element { var, list, field } => FactPath::Element(list, elements[var as usize], field),
    }
}

#[inline]
fn value<R: Recorder>(r: Ref, facts: &CaseFacts, elements: &Elements, recorder: &mut R) -> Value {
    recorder.read(path_of(r, elements));
    match r {
        Ref::Scalar(f) => facts.get(f),
        Ref::Element { var, list, field } => {
            facts.list(list).get(elements[var as usize] as usize, field)
        }
    }
}

/// Evaluates one test under quantifiers that stand on `elements`.
#[inline]
pub(crate) fn eval_test<R: Recorder>(
    test: &Test,
    facts: &CaseFacts,
    elements: Elements,
    recorder: &mut R,
) -> Tri {
    let mut get = |r: Ref| value(r, facts, &elements, recorder);
    match test {
        Test::Yes(r) => match get(*r) {
            Value::Bool(b) => Tri::from(b),
            _ => Tri::Unknown,
        },
        Test::EnumIn(r, mask) => match get(*r) {
            Value::Enum(code) => Tri::from(mask >> code & 1 == 1),
            _ => Tri::Unknown,
        },
        Test::Int(r, op, n) => match get(*r) {
            Value::Int(v) => Tri::from(op.holds(v, *n)),
            _ => Tri::Unknown,
        },
        Test::IntSame(a, op, b) => match (get(*a), get(*b)) {
            (Value::Int(a), Value::Int(b)) => Tri::from(op.holds(a, b)),
            _ => Tri::Unknown,
        },
        Test::EnumSame(a, b) | Test::TextSame(a, b) => match (get(*a), get(*b)) {
            (Value::Unknown, _) | (_, Value::Unknown) => Tri::Unknown,
            (a, b) => Tri::from(a == b),
        },
        Test::Date(a, op, b) => {
            let (a, b) = (date(*a, &mut get), date(*b, &mut get));
            match (a, b) {
                (Some(a), Some(b)) => Tri::from(op.holds(a, b)),
                _ => Tri::Unknown,
            }
        }
        Test::Within(day, anchor, window) => {
            let (day, anchor) = (date(*day, &mut get), date(*anchor, &mut get));
            match (day, anchor) {
                (Some(d), Some(a)) => Tri::from(window.first_day(a) <= d && d <= a),
                _ => Tri::Unknown,
            }
        }
        Test::TextIn(r, texts) => match get(*r) {
            Value::Text(id) => {
                let text = facts.text(id);
                Tri::from(texts.iter().any(|t| **t == *text))
            }
            _ => Tri::Unknown,
        },
    }
}

#[inline]
fn date(term: DateTerm, get: &mut impl FnMut(Ref) -> Value) -> Option<Day> {
    match term {
        DateTerm::Day(d) => Some(d),
        DateTerm::Fact(r) => match get(r) {
            Value::Date(d) => Some(d),
            _ => None,
        },
    }
}

/// What a test reads: it is at most two facts.
pub type Pair<T> = SmallVec<[T; 2]>;

/// The references of a test.
pub(crate) fn refs(test: &Test) -> Pair<Ref> {
    let term = |t: &DateTerm| match t {
        DateTerm::Fact(r) => Some(*r),
        DateTerm::Day(_) => None,
    };
    match test {
        Test::Yes(r) | Test::EnumIn(r, _) | Test::Int(r, _, _) | Test::TextIn(r, _) => {
            smallvec![*r]
        }
        Test::EnumSame(a, b) | Test::TextSame(a, b) | Test::IntSame(a, _, b) => smallvec![*a, *b],
        Test::Date(a, _, b) | Test::Within(a, b, _) => term(a).into_iter().chain(term(b)).collect(),
    }
}

/// The facts a test reads, under quantifiers that stand on `elements`.
pub fn reads(test: &Test, elements: &Elements) -> Pair<FactPath> {
    refs(test).into_iter().map(|r| path_of(r, elements)).collect()
}
