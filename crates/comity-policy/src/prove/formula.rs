//! What has to be true for a contradiction, as a graph with shared parts.

use crate::channel::{Channel, Stance};
use crate::cond::{Cond, Count, Ref, Test};
use crate::expr::ast::CmpOp;
use crate::policy::{Anchor, Policy};
use comity_model::facts::FactPath;
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId};
use std::collections::{HashMap, HashSet};

/// A node of a formula.
pub(super) type Id = usize;

/// One node.
pub(super) enum Node<'a> {
    /// A condition of a policy.
    Cond(&'a Cond),
    /// A condition made here.
    Own(Cond),
    /// All hold.
    And(Vec<Id>),
    /// Some holds.
    Or(Vec<Id>),
    /// It does not hold.
    Not(Id),
}

/// A formula over the conditions of one or two policies.
#[derive(Default)]
pub(super) struct Formula<'a> {
    nodes: Vec<Node<'a>>,
    applies: HashMap<(usize, u8), Id>,
    /// What is asked.
    pub(super) root: Id,
}

/// Facts of one kind: a scalar, or a field of every element of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    Scalar(FieldId),
    Elem(ListId, ElemFieldId),
}

impl Key {
    pub(super) fn of(r: Ref) -> Key {
        match r {
            Ref::Scalar(f) => Key::Scalar(f),
            Ref::Element { list, field, .. } => Key::Elem(list, field),
        }
    }

    /// The type of the facts.
    pub(super) fn kind(self) -> Option<&'static Kind> {
        match self {
            Key::Scalar(f) => Some(&f.def().kind),
            Key::Elem(l, f) => l.def().fields.get(f.0 as usize).map(|d| &d.kind),
        }
    }

    pub(super) fn of_path(path: FactPath) -> Option<Key> {
        match path {
            FactPath::Scalar(f) => Some(Key::Scalar(f)),
            FactPath::List(_) => None,
            FactPath::Element(l, _, f) => Some(Key::Elem(l, f)),
        }
    }
}

/// The facts that a test reads, by kind.
pub(super) fn keys(test: &Test) -> Vec<Key> {
    let read = crate::cond::reads(test, &[0; crate::cond::QUANTIFIERS_MAX]);
    read.into_iter().filter_map(Key::of_path).collect()
}

impl<'a> Formula<'a> {
    fn add(&mut self, node: Node<'a>) -> Id {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id]
    }

    pub(super) fn and(&mut self, parts: Vec<Id>) -> Id {
        self.add(Node::And(parts))
    }

    pub(super) fn or(&mut self, parts: Vec<Id>) -> Id {
        self.add(Node::Or(parts))
    }

    pub(super) fn not(&mut self, part: Id) -> Id {
        self.add(Node::Not(part))
    }

    pub(super) fn cond(&mut self, cond: &'a Cond) -> Id {
        self.add(Node::Cond(cond))
    }

    /// A rule applies: its condition holds, and no rule that overrides it applies.
    pub(super) fn applies(&mut self, policy: &'a Policy, rule: u8) -> Id {
        let key = (std::ptr::from_ref(policy) as usize, rule);
        if let Some(id) = self.applies.get(&key) {
            return *id;
        }
        let clause = &policy.clauses[rule as usize];
        let mut parts = vec![self.add(Node::Cond(&clause.when))];
        for over in members(clause.overridden_by) {
            let over = self.applies(policy, over);
            parts.push(self.add(Node::Not(over)));
        }
        let id = self.and(parts);
        self.applies.insert(key, id);
        id
    }

    /// The instrument is in force on its anchor day and binds the case; its place is
    /// settled by the choice among places, outside the formula.
    pub(super) fn binds(&mut self, policy: &'a Policy, anchor: Anchor) -> Id {
        use crate::cond::DateTerm::{Day, Fact};
        let day = Fact(Ref::Scalar(anchor.fact()));
        let mut dates = vec![Cond::Test(Test::Date(day, CmpOp::Ge, Day(policy.from)))];
        dates.extend(policy.until.map(|u| Cond::Test(Test::Date(day, CmpOp::Le, Day(u)))));
        let dates = self.add(Node::Own(Cond::and(dates)));
        let whom = self.add(Node::Cond(&policy.applies_when));
        self.and(vec![dates, whom])
    }

    /// The instrument says `stance` on a channel: some rule that says so applies, or the
    /// default says so and no rule that speaks on the channel applies.
    pub(super) fn says(&mut self, policy: &'a Policy, channel: Channel, stance: Stance) -> Id {
        let speakers = &policy.speakers[channel as usize];
        let mut ways: Vec<Id> =
            members(speakers.of(stance)).map(|r| self.applies(policy, r)).collect();
        if speakers.default.is_some_and(|(s, _)| s == stance) {
            let others = members(speakers.all()).map(|r| self.applies(policy, r)).collect();
            let spoken = self.or(others);
            ways.push(self.add(Node::Not(spoken)));
        }
        self.or(ways)
    }

    /// Visits every test once per polarity: `true` where making it hold helps.
    pub(super) fn visit(&self, f: &mut impl FnMut(Seen<'_>)) {
        self.conditions(&mut |cond, positive| visit_cond(cond, positive, f));
    }

    /// Visits every condition once per polarity.
    pub(super) fn conditions<'f>(&'f self, f: &mut impl FnMut(&'f Cond, bool)) {
        let mut seen = HashSet::new();
        let mut open = vec![(self.root, true)];
        while let Some((id, positive)) = open.pop() {
            if !seen.insert((id, positive)) {
                continue;
            }
            match self.node(id) {
                Node::Cond(c) => f(c, positive),
                Node::Own(c) => f(c, positive),
                Node::And(parts) | Node::Or(parts) => {
                    open.extend(parts.iter().map(|p| (*p, positive)));
                }
                Node::Not(inner) => open.push((*inner, !positive)),
            }
        }
    }
}

/// What a visit meets.
pub(super) enum Seen<'c> {
    /// A test, and whether it helps when it holds.
    Test(&'c Test, bool),
    /// Different values of a field are counted.
    Distinct(Key),
}

/// Visits the tests of a condition.
pub(super) fn visit_cond(cond: &Cond, positive: bool, f: &mut impl FnMut(Seen<'_>)) {
    match cond {
        Cond::Const(_) => {}
        Cond::Test(test) => f(Seen::Test(test, positive)),
        Cond::And(parts) | Cond::Or(parts) => {
            parts.iter().for_each(|p| visit_cond(p, positive, f));
        }
        Cond::Not(inner) => visit_cond(inner, !positive, f),
        Cond::Quant { list, count, body, .. } => {
            if let Count::AtLeastDistinct(_, field) = count {
                f(Seen::Distinct(Key::Elem(*list, *field)));
            }
            visit_cond(body, positive, f);
        }
    }
}

/// The indexes in a mask.
pub(super) fn members(mask: u64) -> impl Iterator<Item = u8> {
    (0..64_u8).filter(move |i| mask >> i & 1 == 1)
}
