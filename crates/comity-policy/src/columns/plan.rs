//! A compiled scope: what is computed for every row, and what it reads.

use super::node::{Field, Graph, Leaf, Lit, Node, Operand};
use super::{ColumnAnswers, ColumnError, Scratch, bind, compile, eval};
use crate::channel::{Channel, Level, Stance};
use crate::decide::ClauseRef;
use crate::library::{Library, Scope};
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use comity_model::Day;
use comity_model::schema::ListId;

/// What is asked of a plan; what is not asked for is not computed.
#[derive(Debug, Clone)]
pub struct ColumnRequest {
    /// The channels.
    pub channels: Vec<Channel>,
    /// Per row, the unknown facts that an open channel may hang on.
    pub needs: bool,
    /// Per row, the smallest cap on the hold in hours.
    pub hold_cap: bool,
    /// What a value that its set does not have is taken for.
    pub unseen: Unseen,
}

impl Default for ColumnRequest {
    /// Every channel, without needs and caps; a value that its set does not have is refused.
    fn default() -> Self {
        ColumnRequest {
            channels: Channel::ALL.to_vec(),
            needs: false,
            hold_cap: false,
            unseen: Unseen::Refuse,
        }
    }
}

/// What is done with a value that its set does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unseen {
    /// The batch is refused; the error names column, value and row.
    #[default]
    Refuse,
    /// The fact is unknown in that row; the answers count column and value.
    Unknown,
}

/// A fact of the needs mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NeedFact {
    /// A scalar, or a field of at least one listed element.
    Field(Field),
    /// Whether a list has more elements than those that are listed.
    List(ListId),
}

/// What one policy says on one requested channel.
#[derive(Debug)]
pub(super) struct Speech {
    /// Index among the plan's channels.
    pub slot: usize,
    pub binds: Lit,
    /// By stance, in the order of [`compile::SPOKEN`]: some rule that takes it applies.
    pub any: [Lit; 4],
    /// Its rules in the order of evaluation, with their codes.
    pub rules: [Vec<(Lit, u16)>; 4],
    /// The default's stance and code.
    pub default: Option<(Stance, u16)>,
}

/// A cap in hours and where it is in effect.
#[derive(Debug)]
pub(super) struct CapPlan {
    pub hours_max: u32,
    pub in_effect: Lit,
}

/// One policy of the scope.
#[derive(Debug)]
pub(super) struct PolicyPlan {
    pub level: Level,
    pub speeches: Vec<Speech>,
    pub caps: Vec<CapPlan>,
}

/// The policies of a scope, compiled once into one graph of bitmaps.
///
/// [`Library::decide`] is the definition: for every row of a batch the plan's answer is the
/// answer of `decide` for the case of that row, and the tests hold it to that.
#[derive(Debug)]
pub struct ColumnPlan {
    pub(super) graph: Graph,
    pub(super) policies: Vec<PolicyPlan>,
    pub(super) channels: Vec<Channel>,
    pub(super) clauses: Vec<ClauseRef>,
    /// By clause: `(not a default, first day in force)`, the order of [`crate::decide`].
    pub(super) ranks: Vec<(bool, Day)>,
    /// By channel: exactly one policy speaks on it.
    pub(super) is_alone: Vec<bool>,
    /// By operand: the sets that tests ask for.
    pub(super) sets: Vec<Vec<u128>>,
    /// By node: nothing but one conjunction asks for it.
    pub(super) is_single: Vec<bool>,
    names: Vec<String>,
    pub(super) needs: Vec<NeedFact>,
    pub(super) wants_needs: bool,
    pub(super) wants_cap: bool,
    pub(super) unseen: Unseen,
}

impl ColumnPlan {
    /// Compiles every candidate of a scope: for [`Scope::InForce`] the whole library, with
    /// places and dates; for the others the policies that they name.
    pub fn compile(library: &Library, scope: &Scope, request: &ColumnRequest) -> ColumnPlan {
        compile::plan(library, scope, request)
    }

    pub(super) fn of(
        graph: Graph,
        mut policies: Vec<PolicyPlan>,
        channels: Vec<Channel>,
        clauses: Vec<ClauseRef>,
        library: &Library,
        request: &ColumnRequest,
    ) -> ColumnPlan {
        for p in &mut policies {
            // The largest first, so that the smallest is written last.
            p.caps.sort_by_key(|c| std::cmp::Reverse(c.hours_max));
        }
        let clause = |r: &ClauseRef| {
            let policy = library.policy(r.policy);
            (policy, &policy.clauses[r.clause as usize])
        };
        let ranks = clauses.iter().map(|r| (!clause(r).1.is_default, clause(r).0.from)).collect();
        let names = clauses.iter().map(|r| library.clause_name(*r)).collect();
        let speaks =
            |slot| policies.iter().flat_map(|p| &p.speeches).filter(move |s| s.slot == slot);
        let is_alone = (0..channels.len()).map(|slot| speaks(slot).count() == 1).collect();
        let needs = if request.needs { need_facts(&graph) } else { Vec::new() };
        ColumnPlan {
            sets: sets(&graph),
            is_single: single(&graph, &policies),
            graph,
            policies,
            channels,
            clauses,
            ranks,
            is_alone,
            names,
            needs,
            wants_needs: request.needs,
            wants_cap: request.hold_cap,
            unseen: request.unseen,
        }
    }

    /// A plan that is only a graph, without policies.
    pub(super) fn of_graph(graph: Graph, unseen: Unseen) -> ColumnPlan {
        ColumnPlan {
            sets: sets(&graph),
            is_single: vec![false; graph.nodes.len()],
            graph,
            policies: Vec::new(),
            channels: Vec::new(),
            clauses: Vec::new(),
            ranks: Vec::new(),
            is_alone: Vec::new(),
            names: Vec::new(),
            needs: Vec::new(),
            wants_needs: false,
            wants_cap: false,
            unseen,
        }
    }

    /// The channels that are computed, in the order of [`Channel::ALL`].
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The clause behind a code of the answers; code 0 is none.
    pub fn clause(&self, code: u16) -> Option<ClauseRef> {
        self.clauses.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// The clauses that can bind, by code less one.
    pub fn clauses(&self) -> &[ClauseRef] {
        &self.clauses
    }

    /// Policy id and rule id of every clause that can bind, by code less one.
    pub fn clause_names(&self) -> &[String] {
        &self.names
    }

    /// The facts of the needs mask, by bit; empty unless needs were requested.
    pub fn need_facts(&self) -> &[NeedFact] {
        &self.needs
    }

    /// The bit of a fact in the needs mask.
    pub(super) fn need_bit(&self, fact: NeedFact) -> Option<usize> {
        self.needs.binary_search(&fact).ok()
    }

    /// Number of nodes of the graph, each computed at most once a block.
    pub fn node_count(&self) -> usize {
        self.graph.nodes.len()
    }

    /// The facts that the plan reads, each once: scalars, fields of elements, and lists as
    /// a whole.
    pub fn reads(&self) -> Vec<NeedFact> {
        need_facts(&self.graph)
    }

    /// Compares a schema with what the plan reads.
    ///
    /// # Errors
    /// A column of the wrong type.
    pub fn bind(&self, schema: &Schema) -> Result<bind::Binding, ColumnError> {
        bind::compare(schema, &self.reads())
    }

    /// Decides every row of a batch.
    ///
    /// # Errors
    /// A column of the wrong type, a value that its set does not have (unless the request
    /// takes it as unknown), or a list beyond what a case can hold; each names column and row.
    pub fn decide(
        &self,
        batch: &RecordBatch,
        scratch: &mut Scratch,
    ) -> Result<ColumnAnswers, ColumnError> {
        eval::decide(self, batch, scratch)
    }
}

fn need_facts(graph: &Graph) -> Vec<NeedFact> {
    let mut used = vec![false; graph.operands.len()];
    let mut out = Vec::new();
    for node in &graph.nodes {
        match node {
            Node::Leaf(leaf) => {
                let (a, b) = leaf.operands();
                used[a as usize] = true;
                if let Some(b) = b {
                    used[b as usize] = true;
                }
            }
            Node::AtLeast(_, over) => out.push(NeedFact::List(over.list)),
            Node::Distinct(_, key, over) => {
                out.push(NeedFact::List(over.list));
                out.push(NeedFact::Field(Field::Element(over.list, *key)));
            }
            Node::True | Node::And(_) | Node::Lift(_) => {}
        }
    }
    let operands: &[Operand] = &graph.operands;
    out.extend(
        operands.iter().zip(used).filter(|(_, u)| *u).map(|(o, _)| NeedFact::Field(o.field)),
    );
    out.sort_unstable();
    out.dedup();
    out
}

/// By node: at most one other node, and no policy, asks for it.
fn single(graph: &Graph, policies: &[PolicyPlan]) -> Vec<bool> {
    let mut count = vec![0_u32; graph.nodes.len()];
    let mut asks = |l: Lit| count[l.node()] += 1;
    for node in &graph.nodes {
        match node {
            Node::And(parts) => parts.iter().for_each(|p| asks(*p)),
            Node::Lift(l) => asks(*l),
            Node::AtLeast(_, over) | Node::Distinct(_, _, over) => asks(over.body),
            Node::True | Node::Leaf(_) => {}
        }
    }
    for policy in policies {
        policy.caps.iter().for_each(|c| asks(c.in_effect));
        for speech in &policy.speeches {
            asks(speech.binds);
            speech.any.iter().for_each(|l| asks(*l));
            speech.rules.iter().flatten().for_each(|(l, _)| asks(*l));
        }
    }
    count.iter().map(|n| *n == 1).collect()
}

/// By operand: the sets of more than one value that tests ask for.
pub(super) fn sets(graph: &Graph) -> Vec<Vec<u128>> {
    let mut out = vec![Vec::new(); graph.operands.len()];
    for node in &graph.nodes {
        if let Node::Leaf(Leaf::InSet(a, set)) = node
            && !set.is_power_of_two()
        {
            out[*a as usize].push(*set);
        }
    }
    out
}

/// True for the tests that read texts against constants.
pub(super) fn text_constants(graph: &Graph) -> Vec<bool> {
    let mut out = vec![false; graph.operands.len()];
    for node in &graph.nodes {
        if let Node::Leaf(Leaf::TextIn(a, _)) = node {
            out[*a as usize] = true;
        }
    }
    out
}
