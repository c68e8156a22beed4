//! The graph of a plan: conditions as nodes that share what they have in common.
//!
//! Only conjunction is a node; a reference to a node may be negated, so that *not* costs
//! nothing and *or* is a negated conjunction of negations. Equal nodes are one node, across
//! the rules and across the policies of a plan.

use crate::cond::Window;
use comity_model::schema::{ElemFieldId, FieldId, ListId};
use std::collections::HashMap;
use std::hash::Hash;

/// A set of lanes: the rows, or the elements under one or more quantifiers.
pub(super) type FrameId = u16;
/// The lanes that are rows.
pub(super) const ROWS: FrameId = 0;

/// A node, or its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lit(u32);

impl Lit {
    pub(super) const TRUE: Lit = Lit(0);
    pub(super) const FALSE: Lit = Lit(1);

    pub(super) fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(super) fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    #[must_use]
    pub(super) fn negate(self) -> Lit {
        Lit(self.0 ^ 1)
    }
}

/// A fact of the schema, wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A scalar.
    Scalar(FieldId),
    /// A field of a list's elements.
    Element(ListId, ElemFieldId),
}

/// Values that a test reads, one a lane of the frame `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Operand {
    pub field: Field,
    /// The frame whose lanes the fact itself has: `at` or a frame around it.
    pub from: FrameId,
    /// Not the day itself but the first day of the window that ends on it.
    pub first_day: Option<Window>,
    pub at: FrameId,
}

/// An operand's number.
pub(super) type OperandId = u16;

/// Comparisons; the others are their negations or their mirror images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Order {
    Eq,
    Lt,
    Le,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Leaf {
    Yes(OperandId),
    InSet(OperandId, u128),
    SameCode(OperandId, OperandId),
    /// A number or a day against a constant.
    Against(OperandId, Order, i64),
    /// Two numbers, or two days.
    Both(OperandId, Order, OperandId),
    /// A text is one of these constants of the plan.
    TextIn(OperandId, Vec<u16>),
    SameText(OperandId, OperandId),
}

impl Leaf {
    pub(super) fn operands(&self) -> (OperandId, Option<OperandId>) {
        match self {
            Leaf::Yes(a) | Leaf::InSet(a, _) | Leaf::Against(a, ..) | Leaf::TextIn(a, _) => {
                (*a, None)
            }
            Leaf::SameCode(a, b) | Leaf::Both(a, _, b) | Leaf::SameText(a, b) => (*a, Some(*b)),
        }
    }
}

/// A quantifier's parts but its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Over {
    /// The lanes of the elements.
    pub frame: FrameId,
    pub list: ListId,
    /// On each of those lanes.
    pub body: Lit,
}

/// One node; its lanes are those of its frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Node {
    True,
    Leaf(Leaf),
    /// All hold; the parts have the node's frame.
    And(Vec<Lit>),
    /// What holds on the lane around each lane.
    Lift(Lit),
    /// At least so many elements.
    AtLeast(u32, Over),
    /// At least so many different values of a field.
    Distinct(u32, ElemFieldId, Over),
}

/// A frame: for each lane of `parent`, the elements of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub parent: FrameId,
    pub list: Option<ListId>,
}

/// Nodes, frames and operands, each once.
#[derive(Debug)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    /// By node: its frame.
    pub frame_of: Vec<FrameId>,
    pub frames: Vec<Frame>,
    pub operands: Vec<Operand>,
    /// Text constants by operand-independent number; code 0 is any other text.
    pub texts: Vec<Box<str>>,
    known_nodes: HashMap<(FrameId, Node), u32>,
    known_operands: HashMap<Operand, OperandId>,
}

impl Graph {
    pub(super) fn new() -> Graph {
        Graph {
            nodes: vec![Node::True],
            frame_of: vec![ROWS],
            frames: vec![Frame { parent: ROWS, list: None }],
            operands: Vec::new(),
            texts: Vec::new(),
            known_nodes: HashMap::new(),
            known_operands: HashMap::new(),
        }
    }

    pub(super) fn frame(&self, l: Lit) -> FrameId {
        self.frame_of[l.node()]
    }

    pub(super) fn push(&mut self, frame: FrameId, node: Node) -> Lit {
        let next = self.nodes.len() as u32;
        let id = *self.known_nodes.entry((frame, node.clone())).or_insert(next);
        if id == next {
            self.nodes.push(node);
            self.frame_of.push(frame);
        }
        Lit(id << 1)
    }

    pub(super) fn operand(&mut self, operand: Operand) -> OperandId {
        let next = self.operands.len() as OperandId;
        let id = *self.known_operands.entry(operand).or_insert(next);
        if id == next {
            self.operands.push(operand);
        }
        id
    }

    /// The number of a text constant, from 1.
    pub(super) fn text(&mut self, text: &str) -> u16 {
        let at = self.texts.iter().position(|t| **t == *text).unwrap_or_else(|| {
            self.texts.push(text.into());
            self.texts.len() - 1
        });
        at as u16 + 1
    }

    /// The frame of a list's elements on each lane of `parent`.
    pub(super) fn frame_over(&mut self, parent: FrameId, list: ListId) -> FrameId {
        let wanted = Frame { parent, list: Some(list) };
        let at = self.frames.iter().position(|f| *f == wanted).unwrap_or_else(|| {
            self.frames.push(wanted);
            self.frames.len() - 1
        });
        at as FrameId
    }

    /// How many quantifiers stand around a lane of the frame.
    pub(super) fn depth(&self, frame: FrameId) -> usize {
        let (mut at, mut depth) = (frame, 0);
        while at != ROWS {
            at = self.frames[at as usize].parent;
            depth += 1;
        }
        depth
    }

    pub(super) fn lift(&mut self, l: Lit, to: FrameId) -> Lit {
        if l.node() == 0 || self.frame(l) == to {
            return l;
        }
        let positive = if l.is_negated() { l.negate() } else { l };
        let lifted = self.push(to, Node::Lift(positive));
        if l.is_negated() { lifted.negate() } else { lifted }
    }

    /// Conjunction. Parts of outer frames are joined there first, where lanes are fewer.
    pub(super) fn and(&mut self, parts: impl IntoIterator<Item = Lit>) -> Lit {
        let mut all: Vec<Lit> = parts.into_iter().filter(|l| *l != Lit::TRUE).collect();
        if all.contains(&Lit::FALSE) {
            return Lit::FALSE;
        }
        let depth_of = |g: &Graph, l: &Lit| g.depth(g.frame(*l));
        all.sort_unstable_by_key(|l| (depth_of(self, l), self.cost(*l), *l));
        all.dedup();
        let mut joined: Option<Lit> = None;
        let mut rest = all.as_slice();
        while let Some(first) = rest.first() {
            let frame = self.frame(*first);
            let here = rest.iter().take_while(|l| self.frame(**l) == frame).count();
            let mut group: Vec<Lit> = Vec::with_capacity(here + 1);
            if let Some(outer) = joined {
                group.push(self.lift(outer, frame));
            }
            group.extend(&rest[..here]);
            rest = &rest[here..];
            joined = Some(match group.as_slice() {
                [one] => *one,
                _ => self.push(frame, Node::And(group)),
            });
        }
        joined.unwrap_or(Lit::TRUE)
    }

    pub(super) fn or(&mut self, parts: impl IntoIterator<Item = Lit>) -> Lit {
        let negated: Vec<Lit> = parts.into_iter().map(Lit::negate).collect();
        self.and(negated).negate()
    }

    /// A rough measure of a node's own work, so that what is cheap is asked first.
    fn cost(&self, l: Lit) -> u32 {
        match &self.nodes[l.node()] {
            Node::True | Node::Leaf(Leaf::Yes(_)) => 0,
            Node::And(_) | Node::Lift(_) => 2,
            Node::Leaf(Leaf::InSet(..) | Leaf::Against(..) | Leaf::TextIn(..)) => 1,
            Node::Leaf(_) => 3,
            Node::AtLeast(..) => 10,
            Node::Distinct(..) => 20,
        }
    }
}
