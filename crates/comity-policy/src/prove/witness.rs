//! How many elements a list needs so that a formula can be true, if it can be at all.
//!
//! A model may be thinned out: a list that keeps the elements which the true
//! *existential* quantifiers need (`exists`, `at_least`, a false `all`) still satisfies
//! every *universal* one (`all`, a false `exists` or `at_least`), because those only
//! limit what is there. So the number of such elements is enough: summed over what
//! must hold together, the larger branch of what is an alternative; and no more than
//! the different quantifiers need together, for one that occurs twice needs them once. The one shape
//! without such a bound is an existential quantifier inside a universal one; it is
//! cut, and the answer is then not called a proof.

use super::formula::{Formula, Id, Node};
use crate::cond::{Cond, Count};
use comity_model::schema::fields::LISTS;
use std::collections::HashMap;

/// Most elements of one list in a search.
const WITNESSES_MAX: usize = 32;

/// Elements per list, and whether that many always suffice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand {
    pub(super) lists: Vec<usize>,
    pub(super) exact: bool,
}

impl Demand {
    fn none() -> Demand {
        Demand { lists: vec![0; LISTS.len()], exact: true }
    }

    fn with(mut self, other: &Demand, op: impl Fn(usize, usize) -> usize) -> Demand {
        for (a, b) in self.lists.iter_mut().zip(&other.lists) {
            *a = op(*a, *b);
        }
        self.exact &= other.exact;
        self
    }

    fn together(all: impl Iterator<Item = Demand>) -> Demand {
        all.fold(Demand::none(), |a, b| a.with(&b, usize::saturating_add))
    }

    fn either(all: impl Iterator<Item = Demand>) -> Demand {
        all.fold(Demand::none(), |a, b| a.with(&b, usize::max))
    }
}

/// The demand of a formula.
pub(super) fn demand(formula: &Formula<'_>) -> Demand {
    let mut memo = HashMap::new();
    let by_branch = of_node(formula, formula.root, true, &mut memo);
    let mut quantifiers: Vec<(&Cond, bool)> = Vec::new();
    formula.conditions(&mut |cond, positive| outermost(cond, positive, &mut quantifiers));
    let by_kind = Demand::together(quantifiers.into_iter().map(|(c, p)| of_cond(c, p)));
    let mut out = by_branch.with(&by_kind, usize::min);
    for n in &mut out.lists {
        if *n > WITNESSES_MAX {
            *n = WITNESSES_MAX;
            out.exact = false;
        }
    }
    out
}

/// The quantifiers that stand in no other one, each once.
fn outermost<'c>(cond: &'c Cond, positive: bool, out: &mut Vec<(&'c Cond, bool)>) {
    match cond {
        Cond::Const(_) | Cond::Test(_) => {}
        Cond::Not(inner) => outermost(inner, !positive, out),
        Cond::And(parts) | Cond::Or(parts) => {
            parts.iter().for_each(|p| outermost(p, positive, out));
        }
        Cond::Quant { .. } => {
            if !out.contains(&(cond, positive)) {
                out.push((cond, positive));
            }
        }
    }
}

fn of_node(
    formula: &Formula<'_>,
    id: Id,
    positive: bool,
    memo: &mut HashMap<(Id, bool), Demand>,
) -> Demand {
    if let Some(known) = memo.get(&(id, positive)) {
        return known.clone();
    }
    let found = match formula.node(id) {
        Node::Cond(c) => of_cond(c, positive),
        Node::Own(c) => of_cond(c, positive),
        Node::Not(inner) => of_node(formula, *inner, !positive, memo),
        Node::And(parts) | Node::Or(parts) => {
            let conjunction = matches!(formula.node(id), Node::And(_)) == positive;
            let parts: Vec<Demand> =
                parts.iter().map(|p| of_node(formula, *p, positive, memo)).collect();
            if conjunction {
                Demand::together(parts.into_iter())
            } else {
                Demand::either(parts.into_iter())
            }
        }
    };
    memo.insert((id, positive), found.clone());
    found
}

fn of_cond(cond: &Cond, positive: bool) -> Demand {
    match cond {
        Cond::Const(_) | Cond::Test(_) => Demand::none(),
        Cond::Not(inner) => of_cond(inner, !positive),
        Cond::And(parts) if positive => Demand::together(parts.iter().map(|p| of_cond(p, true))),
        Cond::Or(parts) if !positive => Demand::together(parts.iter().map(|p| of_cond(p, false))),
        Cond::And(parts) | Cond::Or(parts) => {
            Demand::either(parts.iter().map(|p| of_cond(p, positive)))
        }
        Cond::Quant { list, count, body, .. } => {
            let inner = of_cond(body, positive);
            let elements = match (count, positive) {
                (Count::AtLeast(n) | Count::AtLeastDistinct(n, _), true) => *n as usize,
                (Count::All, false) => 1,
                _ => 0,
            };
            let mut out = inner.clone();
            if elements == 0 {
                out.exact &= inner.lists.iter().all(|n| *n == 0);
            }
            for n in &mut out.lists {
                *n = n.saturating_mul(elements.max(1));
            }
            out.lists[list.0 as usize] = out.lists[list.0 as usize].saturating_add(elements);
            out
        }
    }
}
