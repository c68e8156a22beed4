//! From conditions and policies to a plan.

use super::node::{Field, FrameId, Graph, Leaf, Lit, Node, Operand, OperandId, Order, Over, ROWS};
use super::plan::{CapPlan, ColumnPlan, ColumnRequest, PolicyPlan, Speech};
use crate::channel::{Channel, Stance};
use crate::cond::{Cond, Count, DateTerm, Ref, Test, Window, refs};
use crate::decide::ClauseRef;
use crate::expr::ast::CmpOp;
use crate::library::{Library, PolicyIndex, Scope};
use crate::policy::{Anchor, CapLimit, Clause, Policy};

/// The stances a rule can take, in the order of [`crate::policy::Speakers::rules`].
pub(super) const SPOKEN: [Stance; 4] =
    [Stance::May, Stance::Protect, Stance::Must, Stance::MustNot];

/// Compiles a scope of a library.
pub(super) fn plan(library: &Library, scope: &Scope, request: &ColumnRequest) -> ColumnPlan {
    let mut c = Compiler { graph: Graph::new(), clauses: Vec::new() };
    let mut candidates: Vec<PolicyIndex> = match scope {
        Scope::InForce => library.policies().map(|(i, _)| i).collect(),
        Scope::Under(list) | Scope::Only(list) => list.clone(),
    };
    candidates.sort_unstable();
    candidates.dedup();
    let mut channels = request.channels.clone();
    channels.sort_unstable();
    channels.dedup();
    let mut policies = Vec::new();
    for index in candidates {
        policies.extend(c.policy(index, library.policy(index), scope, &channels, request));
    }
    ColumnPlan::of(c.graph, policies, channels, c.clauses, library, request)
}

struct Compiler {
    graph: Graph,
    /// The clauses that can bind, by code less one.
    clauses: Vec<ClauseRef>,
}

impl Compiler {
    /// The parts of a policy that the request is about; `None` where there are none.
    fn policy(
        &mut self,
        index: PolicyIndex,
        policy: &Policy,
        scope: &Scope,
        channels: &[Channel],
        request: &ColumnRequest,
    ) -> Option<PolicyPlan> {
        let has_cap = |c: &Clause| matches!(c.cap, Some(ref cap) if hours(&cap.limit).is_some());
        let wants_caps = request.hold_cap && policy.clauses.iter().any(has_cap);
        let spoken: Vec<Channel> =
            channels.iter().copied().filter(|c| policy.speaks_on().contains(c)).collect();
        if spoken.is_empty() && !wants_caps {
            return None;
        }
        let base = self.base(policy, scope);
        let anchors = policy.anchors.map(|a| self.binds(policy, a, base, scope));
        let main = self.binds(policy, policy.anchor, base, scope);
        let applies = self.applies(policy);
        let speeches = spoken
            .iter()
            .map(|c| {
                let slot = channels.iter().position(|x| x == c).unwrap_or(0);
                self.speech(index, policy, *c, slot, anchors[*c as usize], &applies)
            })
            .collect();
        let caps =
            if wants_caps { self.caps(policy, &anchors, main, &applies) } else { Vec::new() };
        Some(PolicyPlan { level: policy.level, speeches, caps })
    }

    /// Place and whom it binds.
    fn base(&mut self, policy: &Policy, scope: &Scope) -> Lit {
        let applies = self.cond(&policy.applies_when, &[]);
        if scope.is_counterfactual() {
            return applies;
        }
        let place = self.cond(&policy.in_place, &[]);
        self.graph.and([place, applies])
    }

    fn binds(&mut self, policy: &Policy, anchor: Anchor, base: Lit, scope: &Scope) -> Lit {
        if scope.is_counterfactual() {
            return base;
        }
        let day = DateTerm::Fact(Ref::Scalar(anchor.fact()));
        let mut parts = vec![base];
        let from = Test::Date(day, CmpOp::Ge, DateTerm::Day(policy.from));
        parts.push(self.test(&from, &[]));
        if let Some(until) = policy.until {
            parts.push(self.test(&Test::Date(day, CmpOp::Le, DateTerm::Day(until)), &[]));
        }
        self.graph.and(parts)
    }

    /// By clause: its condition holds and nothing overrides it.
    fn applies(&mut self, policy: &Policy) -> Vec<Lit> {
        let mut out = vec![Lit::FALSE; policy.clauses.len()];
        for &i in &policy.order {
            let clause = &policy.clauses[i as usize];
            let mut parts = vec![self.cond(&clause.when, &[])];
            for (j, other) in out.iter().enumerate() {
                if clause.overridden_by >> j & 1 == 1 {
                    parts.push(other.negate());
                }
            }
            out[i as usize] = self.graph.and(parts);
        }
        out
    }

    fn speech(
        &mut self,
        index: PolicyIndex,
        policy: &Policy,
        channel: Channel,
        slot: usize,
        binds: Lit,
        applies: &[Lit],
    ) -> Speech {
        let speakers = &policy.speakers[channel as usize];
        let mut rules = SPOKEN.map(|_| Vec::new());
        let mut any = [Lit::FALSE; SPOKEN.len()];
        for (k, stance) in SPOKEN.into_iter().enumerate() {
            let mask = speakers.of(stance);
            for &i in policy.order.iter().filter(|i| mask >> **i & 1 == 1) {
                rules[k].push((applies[i as usize], self.code(index, i)));
            }
            any[k] = self.graph.or(rules[k].iter().map(|(l, _)| *l));
        }
        let default = speakers.default.map(|(s, i)| (s, self.code(index, i)));
        Speech { slot, binds, any, rules, default }
    }

    fn code(&mut self, policy: PolicyIndex, clause: u8) -> u16 {
        let wanted = ClauseRef { policy, clause };
        let from_end = self.clauses.iter().rposition(|c| *c == wanted);
        let at = from_end.unwrap_or_else(|| {
            self.clauses.push(wanted);
            self.clauses.len() - 1
        });
        at as u16 + 1
    }

    /// The caps in hours, each with where it is in effect (see [`Library::in_effect`]).
    fn caps(
        &mut self,
        policy: &Policy,
        anchors: &[Lit; Channel::COUNT],
        main: Lit,
        applies: &[Lit],
    ) -> Vec<CapPlan> {
        let mut out = Vec::new();
        for (i, clause) in policy.clauses.iter().enumerate() {
            let Some(hours_max) = clause.cap.as_ref().and_then(|c| hours(&c.limit)) else {
                continue;
            };
            let mut binding = if clause.stances.is_empty() { vec![main] } else { Vec::new() };
            for (channel, _) in &clause.stances {
                let mut parts = vec![anchors[*channel as usize]];
                if clause.is_default {
                    let all = policy.speakers[*channel as usize].all();
                    let displacing = applies.iter().enumerate().filter(|(j, _)| all >> j & 1 == 1);
                    parts.extend(displacing.map(|(_, l)| l.negate()));
                }
                binding.push(self.graph.and(parts));
            }
            let binding = self.graph.or(binding);
            let in_effect = self.graph.and([applies[i], binding]);
            out.push(CapPlan { hours_max, in_effect });
        }
        out
    }

    /// Compiles a condition; `frames` are those of the quantifiers around it.
    fn cond(&mut self, cond: &Cond, frames: &[FrameId]) -> Lit {
        match cond {
            Cond::Const(true) => Lit::TRUE,
            Cond::Const(false) => Lit::FALSE,
            Cond::Test(test) => self.test(test, frames),
            Cond::Not(inner) => self.cond(inner, frames).negate(),
            Cond::And(parts) => {
                let parts: Vec<Lit> = parts.iter().map(|p| self.cond(p, frames)).collect();
                self.graph.and(parts)
            }
            Cond::Or(parts) => {
                let parts: Vec<Lit> = parts.iter().map(|p| self.cond(p, frames)).collect();
                self.graph.or(parts)
            }
            Cond::Quant { list, var, count, body } => {
                // A quantifier stands where the innermost variable that it reads stands.
                let outer = variables(body).filter(|v| v < var).max();
                let at = outer.map_or(ROWS, |v| frames[v as usize]);
                let frame = self.graph.frame_over(at, *list);
                let mut inside = frames[..*var as usize].to_vec();
                inside.push(frame);
                let body = self.cond(body, &inside);
                let over = |body| Over { frame, list: *list, body };
                match count {
                    Count::All => {
                        let fails = self.graph.lift(body.negate(), frame);
                        self.graph.push(at, Node::AtLeast(1, over(fails))).negate()
                    }
                    Count::AtLeast(n) => {
                        let body = self.graph.lift(body, frame);
                        self.graph.push(at, Node::AtLeast(*n, over(body)))
                    }
                    Count::AtLeastDistinct(n, key) => {
                        let body = self.graph.lift(body, frame);
                        self.graph.push(at, Node::Distinct(*n, *key, over(body)))
                    }
                }
            }
        }
    }

    fn test(&mut self, test: &Test, frames: &[FrameId]) -> Lit {
        let innermost = refs(test).into_iter().filter_map(variable).max();
        let at = innermost.map_or(ROWS, |v| frames[v as usize]);
        let leaf = |s: &mut Self, leaf| s.graph.push(at, Node::Leaf(leaf));
        match test {
            Test::Yes(r) => {
                let a = self.operand(*r, None, at, frames);
                leaf(self, Leaf::Yes(a))
            }
            Test::EnumIn(r, mask) => {
                let a = self.operand(*r, None, at, frames);
                leaf(self, Leaf::InSet(a, *mask))
            }
            Test::EnumSame(a, b) => {
                let (a, b) = self.two(*a, *b, at, frames);
                leaf(self, Leaf::SameCode(a, b))
            }
            Test::TextSame(a, b) => {
                let (a, b) = self.two(*a, *b, at, frames);
                leaf(self, Leaf::SameText(a, b))
            }
            Test::TextIn(r, texts) => {
                let a = self.operand(*r, None, at, frames);
                let mut codes: Vec<u16> = texts.iter().map(|t| self.graph.text(t)).collect();
                codes.sort_unstable();
                codes.dedup();
                leaf(self, Leaf::TextIn(a, codes))
            }
            Test::Int(r, op, n) => {
                let a = self.operand(*r, None, at, frames);
                self.against(at, a, *op, *n)
            }
            Test::IntSame(a, op, b) => {
                let (a, b) = self.two(*a, *b, at, frames);
                self.both(at, a, *op, b)
            }
            Test::Date(a, op, b) => self.days(at, (*a, None), *op, (*b, None), frames),
            Test::Within(day, anchor, window) => {
                let first =
                    self.days(at, (*anchor, Some(*window)), CmpOp::Le, (*day, None), frames);
                let last = self.days(at, (*day, None), CmpOp::Le, (*anchor, None), frames);
                self.graph.and([first, last])
            }
        }
    }

    /// Two days, each perhaps the first of a window that ends on it.
    fn days(
        &mut self,
        at: FrameId,
        a: (DateTerm, Option<Window>),
        op: CmpOp,
        b: (DateTerm, Option<Window>),
        frames: &[FrameId],
    ) -> Lit {
        let constant =
            |d: comity_model::Day, w: Option<Window>| i64::from(w.map_or(d, |w| w.first_day(d)).0);
        match (a, b) {
            ((DateTerm::Day(a), v), (DateTerm::Day(b), w)) => {
                if op.holds(constant(a, v), constant(b, w)) { Lit::TRUE } else { Lit::FALSE }
            }
            ((DateTerm::Fact(a), v), (DateTerm::Day(b), w)) => {
                let a = self.operand(a, v, at, frames);
                self.against(at, a, op, constant(b, w))
            }
            ((DateTerm::Day(a), v), (DateTerm::Fact(b), w)) => {
                let b = self.operand(b, w, at, frames);
                self.against(at, b, op.flipped(), constant(a, v))
            }
            ((DateTerm::Fact(a), v), (DateTerm::Fact(b), w)) => {
                let a = self.operand(a, v, at, frames);
                let b = self.operand(b, w, at, frames);
                self.both(at, a, op, b)
            }
        }
    }

    fn against(&mut self, at: FrameId, a: OperandId, op: CmpOp, n: i64) -> Lit {
        let (order, negated) = match op {
            CmpOp::Eq => (Order::Eq, false),
            CmpOp::Ne => (Order::Eq, true),
            CmpOp::Lt => (Order::Lt, false),
            CmpOp::Ge => (Order::Lt, true),
            CmpOp::Le => (Order::Le, false),
            CmpOp::Gt => (Order::Le, true),
        };
        let leaf = self.graph.push(at, Node::Leaf(Leaf::Against(a, order, n)));
        if negated { leaf.negate() } else { leaf }
    }

    fn both(&mut self, at: FrameId, a: OperandId, op: CmpOp, b: OperandId) -> Lit {
        let (leaf, negated) = match op {
            CmpOp::Eq => (Leaf::Both(a.min(b), Order::Eq, a.max(b)), false),
            CmpOp::Ne => (Leaf::Both(a.min(b), Order::Eq, a.max(b)), true),
            CmpOp::Lt => (Leaf::Both(a, Order::Lt, b), false),
            CmpOp::Ge => (Leaf::Both(a, Order::Lt, b), true),
            CmpOp::Le => (Leaf::Both(a, Order::Le, b), false),
            CmpOp::Gt => (Leaf::Both(a, Order::Le, b), true),
        };
        let leaf = self.graph.push(at, Node::Leaf(leaf));
        if negated { leaf.negate() } else { leaf }
    }

    fn two(&mut self, a: Ref, b: Ref, at: FrameId, frames: &[FrameId]) -> (OperandId, OperandId) {
        let a = self.operand(a, None, at, frames);
        let b = self.operand(b, None, at, frames);
        (a, b)
    }

    fn operand(
        &mut self,
        r: Ref,
        first_day: Option<Window>,
        at: FrameId,
        frames: &[FrameId],
    ) -> OperandId {
        let (field, from) = match r {
            Ref::Scalar(f) => (Field::Scalar(f), ROWS),
            Ref::Element { var, list, field } => {
                (Field::Element(list, field), frames[var as usize])
            }
        };
        self.graph.operand(Operand { field, from, first_day, at })
    }
}

fn hours(limit: &CapLimit) -> Option<u32> {
    match limit {
        CapLimit::Hours { hours_max, .. } => Some(*hours_max),
        CapLimit::EndOfDay => None,
    }
}

fn variable(r: Ref) -> Option<u8> {
    match r {
        Ref::Scalar(_) => None,
        Ref::Element { var, .. } => Some(var),
    }
}

/// The variables that a condition reads.
fn variables(cond: &Cond) -> Box<dyn Iterator<Item = u8> + '_> {
    match cond {
        Cond::Const(_) => Box::new(std::iter::empty()),
        Cond::Test(test) => Box::new(refs(test).into_iter().filter_map(variable)),
        Cond::And(parts) | Cond::Or(parts) => Box::new(parts.iter().flat_map(variables)),
        Cond::Not(inner) => variables(inner),
        Cond::Quant { body, .. } => variables(body),
    }
}
