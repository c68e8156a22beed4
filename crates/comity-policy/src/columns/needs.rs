//! The unknown facts that an open channel may hang on, row by row.
//!
//! From the conditions of what speaks on an open channel downwards: a part matters in the
//! rows in which its whole matters and in which it is itself unknown; a test that matters
//! there names those of its facts that are unknown there.

use super::answers::ColumnAnswers;
use super::bits::{self, View, each_set, words_for};
use super::eval::Block;
use super::frame::{Elements, TooWide};
use super::input::Valid;
use super::node::{Field, FrameId, Lit, Node, OperandId, Over, ROWS};
use super::plan::NeedFact;
use crate::channel::StanceSet;

/// Adds the needs of a block's rows; their answers are there.
pub(super) fn collect(
    block: &mut Block<'_>,
    answers: &mut ColumnAnswers,
    first_row: usize,
) -> Result<(), TooWide> {
    let plan = block.plan;
    let rows = block.rows.len();
    let mut matter: Vec<Option<Vec<u64>>> = plan.graph.nodes.iter().map(|_| None).collect();
    let mut highest = 0;
    for (slot, column) in answers.channels.iter().enumerate() {
        let stances = &column.stances[first_row..first_row + rows];
        let mut open = Vec::new();
        bits::collect(rows, &mut open, |row| StanceSet(stances[row]).outcome().only().is_none());
        if bits::is_zero(&open) {
            continue;
        }
        let speeches = plan.policies.iter().flat_map(|p| &p.speeches).filter(|s| s.slot == slot);
        for speech in speeches {
            block.eval(speech.binds)?;
            let may_bind = block.possible(speech.binds);
            let here: Vec<u64> =
                open.iter().enumerate().map(|(w, o)| o & may_bind.word(w)).collect();
            if bits::is_zero(&here) {
                continue;
            }
            let rules = speech.rules.iter().flatten().map(|(rule, _)| *rule);
            for lit in rules.chain([speech.binds]) {
                block.eval(lit)?;
                mark(block, &mut matter, lit, &here);
                highest = highest.max(lit.node());
            }
        }
    }
    // Parts stand before their wholes.
    for id in (0..=highest).rev() {
        let Some(here) = matter[id].take() else { continue };
        let frame = plan.graph.frame_of[id];
        match &plan.graph.nodes[id] {
            Node::True => {}
            Node::And(parts) => {
                parts.iter().for_each(|part| mark(block, &mut matter, *part, &here));
            }
            Node::Lift(inner) => {
                let outer = outwards(block, &here, frame, plan.graph.frame(*inner));
                mark(block, &mut matter, *inner, &outer);
            }
            Node::Leaf(leaf) => {
                let (a, b) = leaf.operands();
                for operand in [Some(a), b].into_iter().flatten() {
                    unknown_operand(block, answers, first_row, operand, frame, &here);
                }
            }
            Node::AtLeast(_, over) => {
                quantifier(block, answers, first_row, over, frame, &here, &mut matter)?;
            }
            Node::Distinct(_, key, over) => {
                quantifier(block, answers, first_row, over, frame, &here, &mut matter)?;
                unknown_keys(
                    block,
                    answers,
                    first_row,
                    Field::Element(over.list, *key),
                    over,
                    &here,
                );
            }
        }
    }
    Ok(())
}

/// A node matters where `here` is set and it is unknown.
fn mark(block: &Block<'_>, matter: &mut [Option<Vec<u64>>], lit: Lit, here: &[u64]) {
    if !block.was_computed(lit) || block.is_known(lit) {
        return;
    }
    let (holds, possible) = (block.holds(lit), block.possible(lit));
    let into = matter[lit.node()].get_or_insert_with(|| vec![0; here.len()]);
    for (w, (into, here)) in into.iter_mut().zip(here).enumerate() {
        *into |= here & possible.word(w) & !holds.word(w);
    }
}

/// The lanes of an outer frame around set lanes.
fn outwards(block: &Block<'_>, here: &[u64], frame: FrameId, outer: FrameId) -> Vec<u64> {
    let around = block.frames.around(frame, outer);
    let mut out = vec![0; words_for(block.lanes(outer))];
    each_set(View::Words(here, 0), block.lanes(frame), |lane| {
        let lane = around[lane] as usize;
        out[lane / 64] |= 1 << (lane % 64);
    });
    out
}

fn unknown_operand(
    block: &Block<'_>,
    answers: &mut ColumnAnswers,
    first_row: usize,
    operand: OperandId,
    frame: FrameId,
    here: &[u64],
) {
    let known = match block.valid(operand) {
        Valid::All => return,
        Valid::None => View::Zeros,
        Valid::Some(words) => View::Words(words, 0),
    };
    let field = block.plan.graph.operands[operand as usize].field;
    let Some(bit) = block.plan.need_bit(NeedFact::Field(field)) else { return };
    let unknown: Vec<u64> = here.iter().enumerate().map(|(w, h)| h & !known.word(w)).collect();
    each_set(View::Words(&unknown, 0), block.lanes(frame), |lane| {
        answers.need(first_row + block.frames.row(frame, lane), bit);
    });
}

fn quantifier(
    block: &mut Block<'_>,
    answers: &mut ColumnAnswers,
    first_row: usize,
    over: &Over,
    frame: FrameId,
    here: &[u64],
    matter: &mut [Option<Vec<u64>>],
) -> Result<(), TooWide> {
    let open = block.open_lists(over, ROWS)?;
    if let (Some(open), Some(bit)) = (open, block.plan.need_bit(NeedFact::List(over.list))) {
        each_set(View::Words(here, 0), block.lanes(frame), |lane| {
            let row = block.frames.row(frame, lane);
            if open[row / 64] >> (row % 64) & 1 == 1 {
                answers.need(first_row + row, bit);
            }
        });
    }
    let parents = &block.frames.get(over.frame).parents;
    let mut inside = Vec::new();
    bits::collect(block.lanes(over.frame), &mut inside, |lane| {
        View::Words(here, 0).bit(parents[lane] as usize)
    });
    mark(block, matter, over.body, &inside);
    Ok(())
}

/// The unknown keys of elements that may count.
fn unknown_keys(
    block: &Block<'_>,
    answers: &mut ColumnAnswers,
    first_row: usize,
    field: Field,
    over: &Over,
    here: &[u64],
) {
    let Some(bit) = block.plan.need_bit(NeedFact::Field(field)) else { return };
    let column = block.table.column(field);
    let lanes = block.frames.get(over.frame);
    each_set(block.possible(over.body), lanes.len, |lane| {
        if !View::Words(here, 0).bit(lanes.parents[lane] as usize) {
            return;
        }
        let element = match &lanes.elements {
            Elements::From(start) => start + lane,
            Elements::Picked(at) => at[lane] as usize,
        };
        let is_null =
            |c: &super::source::Column| c.nulls.as_ref().is_some_and(|n| n.is_null(element));
        if column.is_none_or(is_null) {
            answers.need(first_row + block.frames.row(over.frame, lane), bit);
        }
    });
}
