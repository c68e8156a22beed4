//! Which facts would settle an open answer.
//!
//! For each outcome that is possible, the smallest sets of unknown facts such that
//! some values of them lead to that outcome whatever the other unknown facts turn
//! out to be. They are the prime implicants of the outcome, computed as a
//! disjunctive normal form over the tests that are still unknown; a set that no
//! values can satisfy (one level that is both felony and misdemeanor) is dropped.
//!
//! What is computed is not when a policy *takes* a stance but when its stance is sure to
//! be *among some* ([`fold::Fold`]): what binds from above needs nothing of the law below.

mod dnf;
mod fold;
mod values;
mod words;

use crate::channel::{Channel, Modality, Stance};
use crate::cond::{
    Cond, Count, DateTerm, Elements, QUANTIFIERS_MAX, Ref, Silent, Test, eval_in, path_of, reads,
};
use crate::decide::stance_of;
use crate::expr::ast::CmpOp;
use crate::library::{Library, Scope};
use crate::policy::Policy;
use crate::trace::{Derivation, PolicyTrace};
use comity_model::facts::{FactPath, ListState, Value};
use comity_model::schema::ListId;
use comity_model::{CaseFacts, Day, Tri};
use dnf::{BITS, Conj, Dnf, bits, choose, minimal, ones, product, smallest, truth, union};
use fold::{Fold, RuleSays, Says};
use smallvec::smallvec;
use values::{Range, Values};

/// One set of facts that would settle a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The outcome that the set can lead to.
    pub outcome: Modality,
    /// The facts, in schema order.
    pub facts: Vec<FactPath>,
    /// What must turn out, one line a test; only where words were asked for.
    pub when: Vec<Turn>,
}

/// What one test must turn out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The facts it reads that are unknown.
    pub facts: Vec<FactPath>,
    /// In words: `is between 2009-03-03 and 2014-03-03`.
    pub says: String,
}

/// A test under fixed elements, or a list as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Atom<'a> {
    Test(&'a Test, Elements),
    /// Some (more) element of the list fits, or a count that is not taken apart.
    List(ListId, &'a Cond, Elements),
}

/// The smallest sets of facts that would settle `channel`, by outcome; `in_words` also
/// says what must turn out, which costs more than finding the sets.
pub fn needs(
    library: &Library,
    facts: &CaseFacts,
    scope: &Scope,
    d: &Derivation,
    channel: Channel,
    in_words: bool,
) -> Vec<Need> {
    let speaks = |t: &&PolicyTrace| {
        library.policy(t.policy).speaks_on().contains(&channel)
            && t.by_channel[channel as usize] != Tri::False
    };
    let traces: Vec<&PolicyTrace> = d.policies.iter().filter(speaks).collect();
    // Whether a policy binds is a condition like any other where it is not known.
    let binding = |t: &&PolicyTrace| match t.by_channel[channel as usize] {
        Tri::True => Cond::Const(true),
        _ => bind_condition(library.policy(t.policy), scope, channel),
    };
    let bindings: Vec<Cond> = traces.iter().map(binding).collect();
    let mut finder = Finder { facts, atoms: Vec::new(), paths: Vec::new() };
    let mut fold = Fold::default();
    for (trace, binding) in traces.iter().zip(&bindings) {
        let policy = library.policy(trace.policy);
        fold.add(policy.level, finder.says(policy, trace, binding, channel));
    }
    let mut out = Vec::new();
    for m in Modality::ALL {
        let leads_there = |s: &Stance| s.outcome().only() == Some(m);
        let wanted = Stance::ALL.into_iter().filter(leads_there).map(fold::bit).sum();
        let sets = fold.sure(wanted).iter().flat_map(|c| finder.possible(c)).collect();
        for conj in smallest(sets) {
            out.push(finder.need(m, &conj, in_words));
        }
    }
    out
}

struct Finder<'a> {
    facts: &'a CaseFacts,
    atoms: Vec<Atom<'a>>,
    paths: Vec<FactPath>,
}

impl<'a> Finder<'a> {
    /// What a policy says on a channel, and on what that depends.
    fn says(
        &mut self,
        policy: &'a Policy,
        trace: &PolicyTrace,
        binding: &'a Cond,
        c: Channel,
    ) -> Says {
        if trace.by_channel[c as usize] == Tri::True
            && let Some(s) = stance_of(policy, c, &trace.truths).only()
        {
            return Says::Known(s);
        }
        let speakers = &policy.speakers[c as usize];
        let mut rules = Vec::new();
        // Rules that surely do not apply settle nothing.
        let open = trace.truths.applies | trace.truths.applies_unknown;
        for stance in [Stance::May, Stance::Protect, Stance::Must, Stance::MustNot] {
            for i in bits(speakers.of(stance) & open) {
                let (applies, not) = self.applies(policy, trace, i);
                rules.push(RuleSays { stance, applies, not });
            }
        }
        let default = speakers.default.map_or(Stance::Silent, |(s, _)| s);
        let (binds, not) = self.both(binding, [0; QUANTIFIERS_MAX]);
        Says::Open { binds, not, rules, default }
    }

    /// When a rule applies, and when it does not.
    fn applies(&mut self, policy: &'a Policy, trace: &PolicyTrace, rule: usize) -> (Dnf, Dnf) {
        if trace.truths.applies >> rule & 1 == 1 {
            return (truth(true), truth(false));
        }
        if trace.truths.applies_unknown >> rule & 1 == 0 {
            return (truth(false), truth(true));
        }
        let clause = &policy.clauses[rule];
        let (mut applies, mut not) = self.both(&clause.when, [0; QUANTIFIERS_MAX]);
        for over in bits(clause.overridden_by) {
            let (other, other_not) = self.applies(policy, trace, over);
            applies = product(&applies, &other_not);
            not = union(not, other);
        }
        (applies, not)
    }

    /// When a condition holds, and when it fails.
    fn both(&mut self, cond: &'a Cond, elements: Elements) -> (Dnf, Dnf) {
        let known = eval_in(cond, self.facts, elements, &mut Silent);
        if known != Tri::Unknown {
            return (truth(known == Tri::True), truth(known == Tri::False));
        }
        match cond {
            Cond::Const(_) => (Dnf::new(), Dnf::new()),
            Cond::Not(inner) => swapped(self.both(inner, elements)),
            Cond::And(parts) => {
                let (mut holds, mut fails) = (truth(true), Dnf::new());
                for part in parts {
                    let (h, f) = self.both(part, elements);
                    (holds, fails) = (product(&holds, &h), union(fails, f));
                }
                (holds, fails)
            }
            Cond::Or(parts) => {
                let (mut holds, mut fails) = (Dnf::new(), truth(true));
                for part in parts {
                    let (h, f) = self.both(part, elements);
                    (holds, fails) = (union(holds, h), product(&fails, &f));
                }
                (holds, fails)
            }
            Cond::Test(test) => {
                let mut unknown = reads(test, &elements);
                unknown.retain(|p| !self.facts.at(*p).is_known());
                self.literals(Atom::Test(test, elements), &unknown)
            }
            Cond::Quant { list, var, count, body } => match count {
                Count::AtLeast(n) => {
                    self.quantifier(cond, (*list, *var), *n, (body, true), elements)
                }
                // `all` is "no element fails".
                Count::All => {
                    swapped(self.quantifier(cond, (*list, *var), 1, (body, false), elements))
                }
                Count::AtLeastDistinct(..) => self.opaque(cond, *list, elements),
            },
        }
    }

    /// When at least `n` elements have a body that holds (`sign`) or fails, and when not.
    fn quantifier(
        &mut self,
        whole: &'a Cond,
        (list, var): (ListId, u8),
        n: u32,
        (body, sign): (&'a Cond, bool),
        elements: Elements,
    ) -> (Dnf, Dnf) {
        let mut sure = 0;
        let mut maybe: Vec<(Dnf, Dnf)> = Vec::new();
        for i in 0..self.facts.list(list).len() {
            let mut at = elements;
            at[var as usize] = i as u16;
            match eval_in(body, self.facts, at, &mut Silent) {
                Tri::Unknown => maybe.push(self.signed(body, sign, at)),
                t if t == Tri::from(sign) => sure += 1,
                _ => {}
            }
        }
        let n = n as usize;
        let mut holds = choose(&maybe, n.saturating_sub(sure), |m| &m.0);
        let mut fails = choose(&maybe, (sure + maybe.len() + 1).saturating_sub(n), |m| &m.1);
        if self.facts.list(list).state != ListState::Complete {
            let more = Atom::List(list, whole, elements);
            let (there_is, there_is_not) = self.literals(more, &[FactPath::List(list)]);
            let fits = self.one_more(more, (list, var), (body, sign), elements);
            holds = union(holds, product(&fits, &there_is));
            fails = product(&fails, &there_is_not);
        }
        (holds, fails)
    }

    /// When a condition holds and fails, or the other way around.
    fn signed(&mut self, body: &'a Cond, sign: bool, elements: Elements) -> (Dnf, Dnf) {
        let both = self.both(body, elements);
        if sign { both } else { swapped(both) }
    }

    /// An element that is not listed fits: to know the list is to know all of its facts,
    /// but not what else the condition reads.
    fn one_more(
        &mut self,
        more: Atom<'a>,
        (list, var): (ListId, u8),
        (body, sign): (&'a Cond, bool),
        mut elements: Elements,
    ) -> Dnf {
        // Each condition may want an element of its own.
        let Some(number) = self.atoms.iter().position(|a| *a == more) else { return Dnf::new() };
        elements[var as usize] = self.unlisted(list, number);
        let (mut fits, _) = self.signed(body, sign, elements);
        let unlisted = self.unlisted_facts();
        fits.iter_mut().for_each(|c| c.facts &= !unlisted);
        minimal(fits)
    }

    /// True for a test on an element that is not listed.
    fn is_unlisted(&self, atom: &Atom<'_>) -> bool {
        let Atom::Test(test, elements) = atom else { return false };
        reads(test, elements).iter().any(
            |p| matches!(p, FactPath::Element(l, i, _) if *i as usize >= self.facts.list(*l).len()),
        )
    }

    /// A condition that is not taken apart: it needs every unknown fact it reads.
    fn opaque(&mut self, whole: &'a Cond, list: ListId, elements: Elements) -> (Dnf, Dnf) {
        let mut read: Vec<FactPath> = Vec::new();
        eval_in(whole, self.facts, elements, &mut read);
        read.retain(|p| !matches!(p, FactPath::List(_)) && !self.facts.at(*p).is_known());
        if self.facts.list(list).state != ListState::Complete {
            read.push(FactPath::List(list));
        }
        read.sort_unstable();
        read.dedup();
        self.literals(Atom::List(list, whole, elements), &read)
    }

    /// A test that turns out true, and one that turns out false.
    fn literals(&mut self, atom: Atom<'a>, unknown: &[FactPath]) -> (Dnf, Dnf) {
        // A case with more unknown tests than bits loses sets, never gets a wrong one.
        let Some(index) = place(&mut self.atoms, atom) else { return (Dnf::new(), Dnf::new()) };
        let mut facts = 0_u128;
        for path in unknown {
            let Some(at) = place(&mut self.paths, *path) else { return (Dnf::new(), Dnf::new()) };
            facts |= 1 << at;
        }
        let bit = 1 << index;
        (
            smallvec![Conj { facts, hold: bit, fail: 0 }],
            smallvec![Conj { facts, hold: 0, fail: bit }],
        )
    }

    /// The ways in which the tests can turn out so, or none.
    fn possible(&mut self, conj: &Conj) -> Dnf {
        let mut ways: Dnf = smallvec![*conj];
        for i in ones(conj.hold) {
            for j in ones(conj.fail) {
                ways = product(&ways, &self.misfit(i, j));
            }
        }
        let unlisted = self.unlisted_facts();
        ways.retain(|way| self.has_values(way));
        ways.iter_mut().for_each(|way| way.facts &= !unlisted);
        ways
    }

    /// To know a list is to know all facts of its elements.
    fn unlisted_facts(&self) -> u128 {
        let unlisted = |p: &FactPath| matches!(p, FactPath::Element(l, i, _) if *i as usize >= self.facts.list(*l).len());
        let paths = self.paths.iter().enumerate().filter(|(_, p)| unlisted(p));
        paths.fold(0, |mask, (i, _)| mask | 1 << i)
    }

    /// When the unlisted element that fits one condition does not fit another of which no
    /// unlisted element may fit.
    fn misfit(&mut self, one: usize, other: usize) -> Dnf {
        let (Atom::List(list, ..), Atom::List(same, whole, mut elements)) =
            (self.atoms[one], self.atoms[other])
        else {
            return truth(true);
        };
        let Cond::Quant { var, count, body, .. } = whole else { return truth(true) };
        let sign = match count {
            Count::All => false,
            Count::AtLeast(1) => true,
            _ => return truth(true),
        };
        if list != same {
            return truth(true);
        }
        elements[*var as usize] = self.unlisted(list, one);
        let (_, out) = self.signed(body, sign, elements);
        // Without room for more tests nothing is ruled out.
        if self.atoms.len() == BITS || self.paths.len() == BITS { truth(true) } else { out }
    }

    /// The number of the unlisted element of a condition on a list.
    fn unlisted(&self, list: ListId, atom: usize) -> u16 {
        (self.facts.list(list).len() + atom) as u16
    }

    /// True when every fact has a value that fits all of its tests.
    fn has_values(&self, conj: &Conj) -> bool {
        if conj.hold & conj.fail != 0 {
            return false;
        }
        let mut ranges: Vec<(FactPath, Values)> = Vec::new();
        for i in ones(conj.hold | conj.fail) {
            let wanted = conj.hold >> i & 1 == 1;
            let Atom::Test(test, elements) = &self.atoms[i] else { continue };
            let Some((path, range)) = self.range(test, elements, wanted) else { continue };
            let at = ranges.iter().position(|(p, _)| *p == path).unwrap_or_else(|| {
                ranges.push((path, Values::of(path)));
                ranges.len() - 1
            });
            ranges[at].1.meet(range);
        }
        ranges.iter().all(|(_, values)| !values.is_empty())
    }

    /// The values of its one unknown fact that make a test turn out as wanted.
    fn range<'t>(
        &self,
        test: &'t Test,
        elements: &Elements,
        wanted: bool,
    ) -> Option<(FactPath, Range<'t>)> {
        let at = |r: &Ref| path_of(*r, elements);
        match test {
            Test::Yes(r) => Some((at(r), Range::Mask(if wanted { 1 } else { 2 }))),
            Test::EnumIn(r, mask) => {
                let path = at(r);
                let all = match path.kind()? {
                    comity_model::schema::Kind::Enum(set) => (1_u128 << set.values.len()) - 1,
                    _ => return None,
                };
                Some((path, Range::Mask(if wanted { mask & all } else { all & !mask })))
            }
            Test::Int(r, op, n) => Some((at(r), Range::of(*op, *n, wanted))),
            Test::TextIn(r, texts) => Some((at(r), Range::Texts(texts, wanted))),
            Test::Date(a, op, b) => {
                let (a_day, b_day) = (self.day(a, elements), self.day(b, elements));
                match (a, a_day, b, b_day) {
                    (DateTerm::Fact(r), None, _, Some(d)) => {
                        Some((at(r), Range::of(*op, i64::from(d.0), wanted)))
                    }
                    (_, Some(d), DateTerm::Fact(r), None) => {
                        Some((at(r), Range::of(op.flipped(), i64::from(d.0), wanted)))
                    }
                    _ => None,
                }
            }
            Test::Within(DateTerm::Fact(r), anchor, window) => {
                let anchor = self.day(anchor, elements)?;
                let (first, last) = (i64::from(window.first_day(anchor).0), i64::from(anchor.0));
                Some((
                    at(r),
                    if wanted { Range::Span(first, last) } else { Range::Hole(first, last) },
                ))
            }
            _ => None,
        }
    }

    fn day(&self, term: &DateTerm, elements: &Elements) -> Option<Day> {
        match term {
            DateTerm::Day(d) => Some(*d),
            DateTerm::Fact(r) => match self.facts.at(path_of(*r, elements)) {
                Value::Date(d) => Some(d),
                _ => None,
            },
        }
    }

    fn need(&self, outcome: Modality, conj: &Conj, in_words: bool) -> Need {
        let mut facts: Vec<FactPath> = ones(conj.facts).map(|i| self.paths[i]).collect();
        facts.sort_unstable();
        let mut when = Vec::new();
        for i in ones(if in_words { conj.hold | conj.fail } else { 0 }) {
            // That there is an element that fits says what its facts must be.
            if !self.is_unlisted(&self.atoms[i]) {
                when.push(self.turn(&self.atoms[i], conj.hold >> i & 1 == 1));
            }
        }
        Need { outcome, facts, when }
    }
}

fn swapped<T>((a, b): (T, T)) -> (T, T) {
    (b, a)
}

/// The index of a thing in a list of at most [`BITS`], put there if need be.
fn place<T: PartialEq>(list: &mut Vec<T>, thing: T) -> Option<usize> {
    if let Some(at) = list.iter().position(|x| *x == thing) {
        return Some(at);
    }
    (list.len() < BITS).then(|| {
        list.push(thing);
        list.len() - 1
    })
}

/// Place, dates and persons bound, as one condition.
fn bind_condition(policy: &Policy, scope: &Scope, c: Channel) -> Cond {
    if scope.is_counterfactual() {
        return policy.applies_when.clone();
    }
    let anchor = DateTerm::Fact(Ref::Scalar(policy.anchors[c as usize].fact()));
    let mut parts = vec![policy.in_place.clone(), policy.applies_when.clone()];
    parts.push(Cond::Test(Test::Date(anchor, CmpOp::Ge, DateTerm::Day(policy.from))));
    if let Some(until) = policy.until {
        parts.push(Cond::Test(Test::Date(anchor, CmpOp::Le, DateTerm::Day(until))));
    }
    Cond::and(parts)
}
