//! Which facts would settle an open answer.
//!
//! For each outcome that is possible, the smallest sets of unknown facts such that
//! some values of them lead to that outcome whatever the other unknown facts turn
//! out to be. They are the prime implicants of the outcome, computed as a
//! disjunctive normal form over the tests that are still unknown; a set that no
//! values can satisfy (one level that is both felony and misdemeanor) is dropped.

mod dnf;
mod words;

use crate::channel::{Channel, Modality, Stance, StanceSet};
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
use dnf::{BITS, Conj, Dnf, Range, TRUE, bits, choose, minimal, product, smallest, union};

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
    let mut bound = Stances::only(Stance::Silent);
    let mut here = Stances::only(Stance::Silent);
    let mut level = None;
    for (trace, binding) in traces.iter().zip(&bindings) {
        let policy = library.policy(trace.policy);
        if level != Some(policy.level) {
            bound = Finder::combine(&bound, &here, Stance::over);
            here = Stances::only(Stance::Silent);
            level = Some(policy.level);
        }
        let says = finder.stances(policy, trace, binding, channel);
        here = Finder::combine(&here, &says, Stance::beside);
    }
    bound = Finder::combine(&bound, &here, Stance::over);
    let mut out = Vec::new();
    for m in Modality::ALL {
        let mut sets = Dnf::new();
        for s in Stance::ALL {
            if s.outcome().only() == Some(m) {
                sets.extend(&bound.0[s as usize]);
            }
        }
        sets.retain(|c| finder.possible(c));
        for conj in smallest(sets) {
            out.push(finder.need(m, &conj, in_words));
        }
    }
    out
}

/// For each stance, when it comes about; and the stances that are possible at all.
struct Stances([Dnf; 6], StanceSet);

impl Stances {
    fn only(s: Stance) -> Stances {
        let mut out = Stances(std::array::from_fn(|_| Dnf::new()), StanceSet::of(s));
        out.0[s as usize] = vec![TRUE];
        out
    }
}

struct Finder<'a> {
    facts: &'a CaseFacts,
    atoms: Vec<Atom<'a>>,
    paths: Vec<FactPath>,
}

impl<'a> Finder<'a> {
    fn combine(a: &Stances, b: &Stances, op: impl Fn(Stance, Stance) -> Stance) -> Stances {
        let mut out = Stances(std::array::from_fn(|_| Dnf::new()), a.1.combine(b.1, &op));
        let possible: Vec<Stance> = b.1.iter().collect();
        for x in Stance::ALL.into_iter().filter(|x| !a.0[*x as usize].is_empty()) {
            for r in Stance::ALL {
                let leading: Vec<Stance> =
                    possible.iter().copied().filter(|y| op(x, *y) == r).collect();
                // Where every possible stance of the other leads there, it does not matter.
                let other = if leading.len() == possible.len() {
                    vec![TRUE]
                } else {
                    leading.iter().flat_map(|y| b.0[*y as usize].iter().copied()).collect()
                };
                if !leading.is_empty() {
                    out.0[r as usize].extend(product(&a.0[x as usize], &minimal(other)));
                }
            }
        }
        out.0 = out.0.map(minimal);
        out
    }

    /// When a policy takes each stance on a channel.
    fn stances(
        &mut self,
        policy: &'a Policy,
        trace: &PolicyTrace,
        binding: &'a Cond,
        c: Channel,
    ) -> Stances {
        let binds = trace.by_channel[c as usize];
        if binds == Tri::True
            && let Some(s) = stance_of(policy, c, &trace.truths).only()
        {
            return Stances::only(s);
        }
        let (yes, no) = (self.dnf(binding, true), self.dnf(binding, false));
        let mut possible = stance_of(policy, c, &trace.truths);
        if binds == Tri::Unknown {
            possible.insert(Stance::Silent);
        }
        let mut out = Stances(std::array::from_fn(|_| Dnf::new()), possible);
        let speakers = &policy.speakers[c as usize];
        let mut none_applies = vec![TRUE];
        for s in [Stance::May, Stance::Protect, Stance::Must, Stance::MustNot] {
            let mut some = Dnf::new();
            // Rules that surely do not apply settle nothing.
            let open = trace.truths.applies | trace.truths.applies_unknown;
            for i in bits(speakers.of(s) & open) {
                some.extend(self.applies(policy, trace, i, true));
                none_applies = product(&none_applies, &self.applies(policy, trace, i, false));
            }
            out.0[s as usize] = product(&minimal(some), &yes);
        }
        let default = speakers.default.map_or(Stance::Silent, |(s, _)| s);
        out.0[default as usize].extend(product(&none_applies, &yes));
        out.0[Stance::Silent as usize].extend(no);
        out.0 = out.0.map(minimal);
        out
    }

    /// When a rule applies, or does not.
    fn applies(
        &mut self,
        policy: &'a Policy,
        trace: &PolicyTrace,
        rule: usize,
        wanted: bool,
    ) -> Dnf {
        let known = if trace.truths.applies >> rule & 1 == 1 {
            Some(true)
        } else if trace.truths.applies_unknown >> rule & 1 == 0 {
            Some(false)
        } else {
            None
        };
        if let Some(known) = known {
            return if known == wanted { vec![TRUE] } else { Dnf::new() };
        }
        let clause = &policy.clauses[rule];
        let mut out = self.dnf(&clause.when, wanted);
        for over in bits(clause.overridden_by) {
            let other = self.applies(policy, trace, over, !wanted);
            out = if wanted { product(&out, &other) } else { union(out, other) };
        }
        out
    }

    fn dnf(&mut self, cond: &'a Cond, wanted: bool) -> Dnf {
        self.dnf_in(cond, wanted, [0; QUANTIFIERS_MAX])
    }

    fn dnf_in(&mut self, cond: &'a Cond, wanted: bool, elements: Elements) -> Dnf {
        match eval_in(cond, self.facts, elements, &mut Silent) {
            Tri::Unknown => {}
            known => return if known == Tri::from(wanted) { vec![TRUE] } else { Dnf::new() },
        }
        match cond {
            Cond::Const(_) => Dnf::new(),
            Cond::Not(inner) => self.dnf_in(inner, !wanted, elements),
            Cond::And(parts) | Cond::Or(parts) => {
                let all = matches!(cond, Cond::And(_)) == wanted;
                let mut out = if all { vec![TRUE] } else { Dnf::new() };
                for part in parts {
                    let p = self.dnf_in(part, wanted, elements);
                    out = if all { product(&out, &p) } else { union(out, p) };
                }
                out
            }
            Cond::Test(test) => {
                let unknown: Vec<FactPath> = reads(test, &elements)
                    .into_iter()
                    .filter(|p| !self.facts.at(*p).is_known())
                    .collect();
                self.literal(Atom::Test(test, elements), &unknown, wanted)
            }
            Cond::Quant { list, var, count, body } => {
                self.quantifier(cond, *list, *var, *count, body, wanted, elements)
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one quantifier")]
    fn quantifier(
        &mut self,
        whole: &'a Cond,
        list: ListId,
        var: u8,
        count: Count,
        body: &'a Cond,
        wanted: bool,
        mut elements: Elements,
    ) -> Dnf {
        let open = self.facts.list(list).state != ListState::Complete;
        // `all` is "no element fails": the same work with both signs turned.
        let (n, sign, wanted) = match count {
            Count::AtLeast(n) => (n as usize, true, wanted),
            Count::All => (1, false, !wanted),
            Count::AtLeastDistinct(..) => return self.opaque(whole, list, wanted, elements, open),
        };
        let mut sure = 0;
        let mut maybe: Vec<(Dnf, Dnf)> = Vec::new();
        for i in 0..self.facts.list(list).len() {
            elements[var as usize] = i as u16;
            match eval_in(body, self.facts, elements, &mut Silent) {
                Tri::Unknown => {
                    let fits = self.dnf_in(body, sign, elements);
                    let misfits = self.dnf_in(body, !sign, elements);
                    maybe.push((fits, misfits));
                }
                t if t == Tri::from(sign) => sure += 1,
                _ => {}
            }
        }
        let more = |f: &mut Self| {
            // Another element fits only together with the other facts its condition reads.
            let mut facts = vec![FactPath::List(list)];
            if wanted {
                f.open_facts(body, var, &elements, &mut facts);
            }
            f.literal(Atom::List(list, whole, elements), &facts, wanted)
        };
        if wanted {
            let mut out = choose(&maybe, n.saturating_sub(sure), |m| &m.0);
            if open {
                out = union(out, more(self));
            }
            out
        } else {
            let misfits_wanted = (sure + maybe.len() + 1).saturating_sub(n);
            let mut out = choose(&maybe, misfits_wanted, |m| &m.1);
            if open {
                out = product(&out, &more(self));
            }
            out
        }
    }

    /// The unknown facts that a body reads besides those of its own element.
    fn open_facts(&self, body: &Cond, var: u8, elements: &Elements, out: &mut Vec<FactPath>) {
        match body {
            Cond::Const(_) => {}
            Cond::Not(inner) => self.open_facts(inner, var, elements, out),
            Cond::And(parts) | Cond::Or(parts) => {
                parts.iter().for_each(|p| self.open_facts(p, var, elements, out));
            }
            Cond::Quant { body, .. } => self.open_facts(body, var, elements, out),
            Cond::Test(test) => {
                for r in crate::cond::refs(test) {
                    let inside = matches!(r, Ref::Element { var: v, .. } if v >= var);
                    let path = path_of(r, elements);
                    if !inside && !self.facts.at(path).is_known() && !out.contains(&path) {
                        out.push(path);
                    }
                }
            }
        }
    }

    /// A condition that is not taken apart: it needs every unknown fact it reads.
    fn opaque(
        &mut self,
        whole: &'a Cond,
        list: ListId,
        wanted: bool,
        elements: Elements,
        open: bool,
    ) -> Dnf {
        let mut read: Vec<FactPath> = Vec::new();
        eval_in(whole, self.facts, elements, &mut read);
        read.retain(|p| !matches!(p, FactPath::List(_)) && !self.facts.at(*p).is_known());
        if open {
            read.push(FactPath::List(list));
        }
        read.sort_unstable();
        read.dedup();
        self.literal(Atom::List(list, whole, elements), &read, wanted)
    }

    fn literal(&mut self, atom: Atom<'a>, unknown: &[FactPath], wanted: bool) -> Dnf {
        // A case with more unknown tests than bits loses sets, never gets a wrong one.
        let Some(index) = place(&mut self.atoms, atom) else { return Dnf::new() };
        let mut facts = 0_u128;
        for path in unknown {
            let Some(at) = place(&mut self.paths, *path) else { return Dnf::new() };
            facts |= 1 << at;
        }
        let bit = 1 << index;
        let (hold, fail) = if wanted { (bit, 0) } else { (0, bit) };
        vec![Conj { facts, hold, fail }]
    }

    /// False when no values of the facts make the tests turn out so.
    fn possible(&self, conj: &Conj) -> bool {
        if conj.hold & conj.fail != 0 {
            return false;
        }
        let mut ranges: Vec<(FactPath, Range)> = Vec::new();
        for (i, atom) in self.atoms.iter().enumerate() {
            let wanted = match (conj.hold >> i & 1, conj.fail >> i & 1) {
                (1, _) => true,
                (_, 1) => false,
                _ => continue,
            };
            let Atom::Test(test, elements) = atom else { continue };
            let Some((path, range)) = self.range(test, elements, wanted) else { continue };
            match ranges.iter_mut().find(|(p, _)| *p == path) {
                Some((_, old)) => *old = old.meet(&range),
                None => ranges.push((path, range)),
            }
        }
        ranges.iter().all(|(_, r)| !r.is_empty())
    }

    /// The values of its one unknown fact that make a test turn out as wanted.
    fn range(&self, test: &Test, elements: &Elements, wanted: bool) -> Option<(FactPath, Range)> {
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
            Test::Int(r, op, n) => Range::of(*op, *n, wanted).map(|x| (at(r), x)),
            Test::Date(a, op, b) => {
                let (a_day, b_day) = (self.day(a, elements), self.day(b, elements));
                match (a, a_day, b, b_day) {
                    (DateTerm::Fact(r), None, _, Some(d)) => {
                        Range::of(*op, i64::from(d.0), wanted).map(|x| (at(r), x))
                    }
                    (_, Some(d), DateTerm::Fact(r), None) => {
                        Range::of(op.flipped(), i64::from(d.0), wanted).map(|x| (at(r), x))
                    }
                    _ => None,
                }
            }
            Test::Within(DateTerm::Fact(r), anchor, window) if wanted => {
                let anchor = self.day(anchor, elements)?;
                let first = window.first_day(anchor);
                Some((at(r), Range::Span(i64::from(first.0), i64::from(anchor.0))))
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
        let mut facts: Vec<FactPath> = self
            .paths
            .iter()
            .enumerate()
            .filter(|(i, _)| conj.facts >> i & 1 == 1)
            .map(|(_, p)| *p)
            .collect();
        facts.sort_unstable();
        let mut when = Vec::new();
        let atoms: &[Atom<'_>] = if in_words { &self.atoms } else { &[] };
        for (i, atom) in atoms.iter().enumerate() {
            let wanted = match (conj.hold >> i & 1, conj.fail >> i & 1) {
                (1, _) => true,
                (_, 1) => false,
                _ => continue,
            };
            when.push(self.turn(atom, wanted));
        }
        Need { outcome, facts, when }
    }
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
