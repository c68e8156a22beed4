//! Evaluating a plan over a batch, block by block, each node at most once a block.

use super::answers::ColumnAnswers;
use super::bits::{self, View, each_set, is_zero, words_for};
use super::error::{ColumnError, ColumnProblem};
use super::frame::{Elements, Frames, TooWide};
use super::input::{self, Data, Input, Valid, Windows};
use super::node::{Field, FrameId, Leaf, Lit, Node, OperandId, Over, ROWS};
use super::plan::{ColumnPlan, text_constants};
use super::source::{Column, Texts, Values};
use super::table::Table;
use super::{levels, needs};
use crate::cond::Window;
use arrow_array::RecordBatch;
use comity_model::schema::ElemFieldId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Rows whose columns are read together.
const CHUNK_ROWS: usize = 1 << 16;
/// Rows of a block: few enough that its bitmaps stay in the nearest cache.
const BLOCK_ROWS: usize = 1 << 13;

/// Memory that is used again from batch to batch. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) words: Vec<Vec<u64>>,
    pub(super) lanes: Vec<Vec<u32>>,
    pub(super) days: Vec<Vec<i32>>,
    bytes: Vec<Vec<u8>>,
    windows: Windows,
    pub(super) said: levels::Said,
    answers: Vec<ColumnAnswers>,
}

impl Scratch {
    /// Takes answers that are no longer needed, so that the next batch's use their memory.
    pub fn give_back(&mut self, answers: ColumnAnswers) {
        self.answers.push(answers);
    }

    /// Buffers that are kept between batches; a constant of the plan once it has seen a few.
    pub fn buffers(&self) -> usize {
        self.words.len() + self.lanes.len() + self.days.len() + self.bytes.len()
    }

    pub(super) fn spare_words(&mut self) -> Vec<u64> {
        let mut words = self.words.pop().unwrap_or_default();
        words.clear();
        words
    }

    pub(super) fn spare_days(&mut self) -> Vec<i32> {
        let mut days = self.days.pop().unwrap_or_default();
        days.clear();
        days
    }

    pub(super) fn first_days(&mut self, window: Window, days: &[i32]) -> Vec<i32> {
        let mut out = self.spare_days();
        self.windows.first_days(window, days, &mut out);
        out
    }
}

/// The truth of a node in a block.
#[derive(Debug)]
pub(super) enum Truth {
    /// The same and known everywhere.
    Const(bool),
    /// Unknown everywhere.
    Unknown,
    /// Known everywhere: where it holds.
    Known(Vec<u64>),
    /// Where it holds, and where it holds or is unknown.
    Open { holds: Vec<u64>, possible: Vec<u64> },
}

impl Truth {
    fn holds(&self) -> View<'_> {
        match self {
            Truth::Const(true) => View::Ones,
            Truth::Const(false) | Truth::Unknown => View::Zeros,
            Truth::Known(w) | Truth::Open { holds: w, .. } => View::Words(w, 0),
        }
    }

    fn possible(&self) -> View<'_> {
        match self {
            Truth::Const(true) | Truth::Unknown => View::Ones,
            Truth::Const(false) => View::Zeros,
            Truth::Known(w) | Truth::Open { possible: w, .. } => View::Words(w, 0),
        }
    }
}

/// Decides every row of a batch.
pub(super) fn decide(
    plan: &ColumnPlan,
    batch: &RecordBatch,
    scratch: &mut Scratch,
) -> Result<ColumnAnswers, ColumnError> {
    let spare = scratch.answers.pop();
    let mut answers = ColumnAnswers::new(plan, batch.num_rows(), spare);
    let mut problems = Vec::new();
    each_block(plan, batch, scratch, &mut problems, |block, first_row| {
        levels::fold(block, &mut answers, first_row)?;
        if plan.wants_needs {
            needs::collect(block, &mut answers, first_row)?;
        }
        Ok(())
    })?;
    answers.problems = problems;
    Ok(answers)
}

/// The rows of a batch in which a node of a plan holds.
pub(super) fn rows_where(
    plan: &ColumnPlan,
    lit: Lit,
    batch: &RecordBatch,
    scratch: &mut Scratch,
) -> Result<Vec<usize>, ColumnError> {
    let mut out = Vec::new();
    each_block(plan, batch, scratch, &mut Vec::new(), |block, first_row| {
        block.eval(lit)?;
        each_set(block.holds(lit), block.rows.len(), |row| out.push(first_row + row));
        Ok(())
    })?;
    Ok(out)
}

/// Visits a batch block by block, with the row of the batch at which each starts.
fn each_block(
    plan: &ColumnPlan,
    batch: &RecordBatch,
    scratch: &mut Scratch,
    problems: &mut Vec<ColumnProblem>,
    mut visit: impl FnMut(&mut Block<'_>, usize) -> Result<(), TooWide>,
) -> Result<(), ColumnError> {
    let reads = plan.reads();
    let constants: HashMap<Box<str>, u16> =
        plan.graph.texts.iter().zip(1..).map(|(t, code)| (t.clone(), code)).collect();
    for first in (0..batch.num_rows()).step_by(CHUNK_ROWS) {
        let len = CHUNK_ROWS.min(batch.num_rows() - first);
        let table = Table::of(&batch.slice(first, len), &reads, plan.unseen, first, problems)?;
        let codes = text_codes(plan, &table, &constants);
        let starts = (0..len).step_by(BLOCK_ROWS);
        let mut todo: Vec<Range<usize>> =
            starts.map(|start| start..(start + BLOCK_ROWS).min(len)).rev().collect();
        while let Some(rows) = todo.pop() {
            let mut block = Block::new(plan, &table, &codes, rows.clone(), scratch);
            let done = visit(&mut block, first + rows.start);
            block.finish();
            if done.is_ok() {
                continue;
            }
            if rows.len() == 1 {
                let combinations_max = super::frame::LANES_MAX;
                return Err(ColumnError::TooManyCombinations {
                    row: first + rows.start,
                    combinations_max,
                });
            }
            let middle = rows.start + rows.len() / 2;
            todo.push(middle..rows.end);
            todo.push(rows.start..middle);
        }
    }
    Ok(())
}

/// By operand: the codes of its column's texts against the plan's constants.
fn text_codes(
    plan: &ColumnPlan,
    table: &Table,
    constants: &HashMap<Box<str>, u16>,
) -> HashMap<Field, Vec<u16>> {
    let mut out = HashMap::new();
    for (operand, reads_constants) in plan.graph.operands.iter().zip(text_constants(&plan.graph)) {
        if !reads_constants || out.contains_key(&operand.field) {
            continue;
        }
        if let Some(Column { values: Values::Text(texts), .. }) = table.column(operand.field) {
            out.insert(operand.field, texts.codes(constants));
        }
    }
    out
}

/// Some rows of a batch under evaluation.
pub(super) struct Block<'a> {
    pub plan: &'a ColumnPlan,
    pub table: &'a Table,
    text_codes: &'a HashMap<Field, Vec<u16>>,
    pub rows: Range<usize>,
    pub frames: Frames<'a>,
    inputs: Vec<Option<Input<'a>>>,
    truths: Vec<Option<Truth>>,
    pub scratch: &'a mut Scratch,
}

impl<'a> Block<'a> {
    fn new(
        plan: &'a ColumnPlan,
        table: &'a Table,
        text_codes: &'a HashMap<Field, Vec<u16>>,
        rows: Range<usize>,
        scratch: &'a mut Scratch,
    ) -> Block<'a> {
        let spare = std::mem::take(&mut scratch.lanes);
        Block {
            plan,
            table,
            text_codes,
            frames: Frames::new(&plan.graph, table, rows.clone(), spare),
            rows,
            inputs: plan.graph.operands.iter().map(|_| None).collect(),
            truths: plan.graph.nodes.iter().map(|_| None).collect(),
            scratch,
        }
    }

    fn finish(self) {
        for truth in self.truths.into_iter().flatten() {
            match truth {
                Truth::Known(w) => self.scratch.words.push(w),
                Truth::Open { holds, possible } => self.scratch.words.extend([holds, possible]),
                Truth::Const(_) | Truth::Unknown => {}
            }
        }
        for input in self.inputs.into_iter().flatten() {
            if let Valid::Some(words) = input.valid {
                self.scratch.words.push(words);
            }
            match input.data {
                Data::Bits(words) => self.scratch.words.push(words),
                Data::I32(Cow::Owned(days)) => self.scratch.days.push(days),
                Data::U8(_, classes) => self.scratch.bytes.extend(classes),
                _ => {}
            }
        }
        self.scratch.lanes = self.frames.finish();
    }

    pub(super) fn spare(&mut self) -> Vec<u64> {
        self.scratch.spare_words()
    }

    /// Lanes of a frame that is prepared.
    pub(super) fn lanes(&self, frame: FrameId) -> usize {
        self.frames.get(frame).len
    }

    /// Computes a node and what it needs, if that has not been done.
    pub(super) fn eval(&mut self, lit: Lit) -> Result<(), TooWide> {
        let id = lit.node();
        if self.truths[id].is_some() {
            return Ok(());
        }
        let plan = self.plan;
        let frame = plan.graph.frame_of[id];
        self.frames.prepare(frame)?;
        let truth = match &plan.graph.nodes[id] {
            Node::True => Truth::Const(true),
            Node::Leaf(leaf) => self.leaf(leaf, frame)?,
            Node::And(parts) => self.and(parts, frame)?,
            Node::Lift(inner) => self.lift(*inner, frame)?,
            Node::AtLeast(n, over) => self.at_least(*n, over, frame)?,
            Node::Distinct(n, key, over) => self.distinct(*n, *key, over, frame)?,
        };
        self.truths[id] = Some(truth);
        Ok(())
    }

    /// Where a node that was computed holds.
    pub(super) fn holds(&self, lit: Lit) -> View<'_> {
        let truth = self.truths[lit.node()].as_ref().unwrap_or(&Truth::Unknown);
        if lit.is_negated() { truth.possible().flipped() } else { truth.holds() }
    }

    /// Where a node that was computed holds or is unknown.
    pub(super) fn possible(&self, lit: Lit) -> View<'_> {
        let truth = self.truths[lit.node()].as_ref().unwrap_or(&Truth::Unknown);
        if lit.is_negated() { truth.holds().flipped() } else { truth.possible() }
    }

    /// True if a node that was computed is known everywhere.
    pub(super) fn is_known(&self, lit: Lit) -> bool {
        matches!(self.truths[lit.node()], Some(Truth::Const(_) | Truth::Known(_)))
    }

    /// True if the node was computed.
    pub(super) fn was_computed(&self, lit: Lit) -> bool {
        self.truths[lit.node()].is_some()
    }

    fn and(&mut self, parts: &[Lit], frame: FrameId) -> Result<Truth, TooWide> {
        let mut holds = Joined::Ones;
        // The same as `holds` while everything is known.
        let mut possible: Option<Joined> = None;
        for part in parts {
            match possible.as_ref().unwrap_or(&holds) {
                Joined::Words(under) if self.is_worth_few_rows(*part, under) => {
                    self.few_rows(*part, under)?;
                }
                _ => self.eval(*part)?,
            }
            if possible.is_none() && !self.is_known(*part) {
                possible = Some(holds.copied(self.scratch));
            }
            let mut spare = self.spare();
            holds.and(self.holds(*part), &mut spare);
            self.scratch.words.push(spare);
            if let Some(possible) = &mut possible {
                let mut spare = self.spare();
                possible.and(self.possible(*part), &mut spare);
                self.scratch.words.push(spare);
            }
            if possible.as_ref().unwrap_or(&holds).is_zero() {
                holds.give_back(self.scratch);
                possible.into_iter().for_each(|p| p.give_back(self.scratch));
                return Ok(Truth::Const(false));
            }
        }
        let words = words_for(self.lanes(frame));
        Ok(match (holds, possible) {
            (Joined::Ones, _) => Truth::Const(true),
            (Joined::Zeros, None) => Truth::Const(false),
            (Joined::Words(w), None) => Truth::Known(w),
            (Joined::Zeros, Some(Joined::Ones)) => Truth::Unknown,
            (holds, Some(possible)) => Truth::Open {
                holds: holds.words(words, self.scratch),
                possible: possible.words(words, self.scratch),
            },
        })
    }

    fn lift(&mut self, inner: Lit, frame: FrameId) -> Result<Truth, TooWide> {
        self.eval(inner)?;
        let from = self.plan.graph.frame(inner);
        self.frames.prepare_around(frame, from)?;
        let (mut holds, mut possible) = (self.spare(), self.spare());
        let around = self.frames.around(frame, from);
        let lifted = |view: View<'_>, out: &mut Vec<u64>| {
            bits::collect(around.len(), out, |lane| view.bit(around[lane] as usize));
        };
        let truth = match &self.truths[inner.node()] {
            Some(Truth::Const(b)) => return Ok(Truth::Const(*b)),
            Some(Truth::Unknown) | None => return Ok(Truth::Unknown),
            Some(Truth::Known(_)) => {
                lifted(self.holds(inner), &mut holds);
                Truth::Known(holds)
            }
            Some(Truth::Open { .. }) => {
                lifted(self.holds(inner), &mut holds);
                lifted(self.possible(inner), &mut possible);
                Truth::Open { holds, possible }
            }
        };
        Ok(truth)
    }

    fn input(&mut self, id: OperandId) -> Result<(), TooWide> {
        if self.inputs[id as usize].is_none() {
            let operand = &self.plan.graph.operands[id as usize];
            input::prepare(operand, &mut self.frames)?;
            let codes = self.text_codes.get(&operand.field).map(Vec::as_slice);
            let read = input::read(operand, self.table, codes, &self.frames, self.scratch);
            self.inputs[id as usize] = Some(read);
        }
        Ok(())
    }

    /// Looks the codes of a set test up, for all sets that are asked of its operand.
    fn classes(&mut self, leaf: &Leaf) {
        let Leaf::InSet(a, set) = leaf else { return };
        let sets = &self.plan.sets[*a as usize];
        let Some(at) = sets.iter().position(|s| s == set) else { return };
        if let Some(Input { data: Data::U8(codes, classes), .. }) = &mut self.inputs[*a as usize] {
            while classes.len() <= at / 8 {
                let group = classes.len() * 8..sets.len().min(classes.len() * 8 + 8);
                let mut bytes = self.scratch.bytes.pop().unwrap_or_default();
                bits::classes(codes, &sets[group], &mut bytes);
                classes.push(bytes);
            }
        }
    }

    /// Where an operand that was read is known.
    pub(super) fn valid(&self, id: OperandId) -> &Valid {
        self.inputs[id as usize].as_ref().map_or(&Valid::None, |i| &i.valid)
    }

    fn leaf(&mut self, leaf: &Leaf, frame: FrameId) -> Result<Truth, TooWide> {
        let (a, b) = leaf.operands();
        self.input(a)?;
        if let Some(b) = b {
            self.input(b)?;
        }
        self.classes(leaf);
        let lanes = self.lanes(frame);
        let mut out = self.spare();
        let mut possible = self.spare();
        let valid_b = b.map_or(&Valid::All, |b| self.valid(b));
        let valid = match (self.valid(a), valid_b) {
            (Valid::None, _) | (_, Valid::None) => return Ok(Truth::Unknown),
            (Valid::All, Valid::All) => None,
            (one, other) => {
                possible.extend((0..words_for(lanes)).map(|w| word_of(one, w) & word_of(other, w)));
                Some(())
            }
        };
        let data = |id: OperandId| self.inputs[id as usize].as_ref().map(|i| &i.data);
        let (Some(data_a), data_b) = (data(a), b.and_then(data)) else { return Ok(Truth::Unknown) };
        let sets = self.plan.sets[a as usize].as_slice();
        test(leaf, sets, data_a, data_b, lanes, &mut out);
        if valid.is_none() {
            self.scratch.words.push(possible);
            return Ok(Truth::Known(out));
        }
        // `possible` still says where the test is known.
        for (holds, known) in out.iter_mut().zip(&mut possible) {
            let result = *holds;
            *holds = result & *known;
            *known = result | !*known;
        }
        Ok(Truth::Open { holds: out, possible })
    }

    /// Rows (or lanes of `frame`) in which the list is not complete; `None` where in none.
    pub(super) fn open_lists(
        &mut self,
        over: &Over,
        frame: FrameId,
    ) -> Result<Option<Vec<u64>>, TooWide> {
        let lanes = self.lanes(frame);
        let mut words = self.spare();
        let Some(open) = self.table.list(over.list).and_then(|l| l.open.as_ref()) else {
            words.resize(words_for(lanes), u64::MAX);
            return Ok(Some(words));
        };
        if frame == ROWS {
            bits::copy(open, self.rows.clone(), &mut words);
        } else {
            self.frames.prepare_around(frame, ROWS)?;
            let around = self.frames.around(frame, ROWS);
            let start = self.rows.start;
            bits::collect(lanes, &mut words, |lane| open.value(start + around[lane] as usize));
        }
        Ok((!is_zero(&words)).then_some(words))
    }

    fn at_least(&mut self, n: u32, over: &Over, frame: FrameId) -> Result<Truth, TooWide> {
        self.eval(over.body)?;
        self.frames.prepare(over.frame)?;
        let words = words_for(self.lanes(frame));
        let known = self.is_known(over.body);
        let (mut holds, mut possible) = (self.spare(), self.spare());
        holds.resize(words, 0);
        self.counted(n, self.holds(over.body), over.frame, &mut holds);
        let open = self.open_lists(over, frame)?;
        if known && open.is_none() {
            self.scratch.words.push(possible);
            return Ok(if is_zero(&holds) { Truth::Const(false) } else { Truth::Known(holds) });
        }
        if known {
            possible.extend_from_slice(&holds);
        } else {
            possible.resize(words, 0);
            self.counted(n, self.possible(over.body), over.frame, &mut possible);
        }
        for (p, o) in possible.iter_mut().zip(open.as_deref().unwrap_or(&[])) {
            *p |= o;
        }
        self.scratch.words.extend(open);
        Ok(Truth::Open { holds, possible })
    }

    /// True for a quantifier that nothing else asks for and that matters in few rows: `under`.
    fn is_worth_few_rows(&self, lit: Lit, under: &[u64]) -> bool {
        let graph = &self.plan.graph;
        let rows = self.rows.len();
        matches!(graph.nodes[lit.node()], Node::AtLeast(..))
            && graph.frame(lit) == ROWS
            && self.plan.is_single[lit.node()]
            && !self.was_computed(lit)
            && under.iter().map(|w| w.count_ones() as usize).sum::<usize>() * 8 < rows
    }

    /// Computes such a quantifier in those rows; elsewhere what is stored means nothing, and
    /// the conjunction that asks for it does not look there.
    fn few_rows(&mut self, lit: Lit, under: &[u64]) -> Result<(), TooWide> {
        let Node::AtLeast(n, over) = &self.plan.graph.nodes[lit.node()] else {
            return self.eval(lit);
        };
        let Some(list) = self.table.list(over.list) else { return self.eval(lit) };
        self.eval(over.body)?;
        self.frames.prepare(over.frame)?;
        let Elements::From(first) = self.frames.get(over.frame).elements else {
            return self.eval(lit);
        };
        let open = self.open_lists(over, ROWS)?;
        let (mut holds, mut possible) = (self.spare(), self.spare());
        holds.resize(under.len(), 0);
        possible.extend(open.as_deref().unwrap_or(&holds));
        let (sure, may) = (self.holds(over.body), self.possible(over.body));
        each_set(View::Words(under, 0), self.rows.len(), |row| {
            let (start, end) = list.range(self.rows.start + row);
            let count = |view: View<'_>| {
                (start..end).filter(|e| view.bit(e - first)).count() >= *n as usize
            };
            holds[row / 64] |= u64::from(count(sure)) << (row % 64);
            possible[row / 64] |= u64::from(count(may)) << (row % 64);
        });
        let known = self.is_known(over.body) && open.is_none();
        self.scratch.words.extend(open);
        self.truths[lit.node()] = Some(if known {
            self.scratch.words.push(possible);
            Truth::Known(holds)
        } else {
            Truth::Open { holds, possible }
        });
        Ok(())
    }

    /// Sets the lanes around at least `n` set lanes of a frame.
    fn counted(&self, n: u32, view: View<'_>, frame: FrameId, out: &mut [u64]) {
        let lanes = self.frames.get(frame);
        let parents = lanes.parents.as_slice();
        let mut set = |parent: usize| out[parent / 64] |= 1 << (parent % 64);
        if n == 1 {
            each_set(view, lanes.len, |lane| set(parents[lane] as usize));
            return;
        }
        let (mut around, mut count) = (u32::MAX, 0);
        each_set(view, lanes.len, |lane| {
            let parent = parents[lane];
            count = if parent == around { count + 1 } else { 1 };
            around = parent;
            if count == n {
                set(parent as usize);
            }
        });
    }

    fn distinct(
        &mut self,
        n: u32,
        key: ElemFieldId,
        over: &Over,
        frame: FrameId,
    ) -> Result<Truth, TooWide> {
        self.eval(over.body)?;
        self.frames.prepare(over.frame)?;
        let words = words_for(self.lanes(frame));
        let (mut holds, mut possible) = (self.spare(), self.spare());
        holds.resize(words, 0);
        possible.resize(words, 0);
        if let Some(open) = self.open_lists(over, frame)? {
            possible.copy_from_slice(&open);
        }
        let lanes = self.frames.get(over.frame);
        let column = self.table.column(Field::Element(over.list, key));
        let sure = self.holds(over.body);
        let mut keys = Keys::default();
        let mut around = None;
        let mut close = |keys: &mut Keys<'_>, parent: usize| {
            let (at_least, at_most) = keys.bounds();
            holds[parent / 64] |= u64::from(at_least >= n as usize) << (parent % 64);
            possible[parent / 64] |= u64::from(at_most >= n as usize) << (parent % 64);
            keys.clear();
        };
        each_set(self.possible(over.body), lanes.len, |lane| {
            let parent = lanes.parents[lane] as usize;
            if let Some(before) = around.replace(parent)
                && before != parent
            {
                close(&mut keys, before);
            }
            let element = match &lanes.elements {
                Elements::From(start) => start + lane,
                Elements::Picked(at) => at[lane] as usize,
            };
            keys.add(column.and_then(|c| key_of(c, element)), sure.bit(lane));
        });
        if let Some(parent) = around {
            close(&mut keys, parent);
        }
        Ok(Truth::Open { holds, possible })
    }
}

/// A conjunction while it is built.
enum Joined {
    Ones,
    Zeros,
    Words(Vec<u64>),
}

impl Joined {
    fn and(&mut self, view: View<'_>, spare: &mut Vec<u64>) {
        match (&mut *self, view) {
            (_, View::Ones) | (Joined::Zeros, _) => {}
            (_, View::Zeros) => {
                if let Joined::Words(words) = std::mem::replace(self, Joined::Zeros) {
                    *spare = words;
                }
            }
            (Joined::Ones, View::Words(words, flip)) => {
                let mut copied = std::mem::take(spare);
                copied.clear();
                copied.extend(words.iter().map(|w| w ^ flip));
                *self = Joined::Words(copied);
            }
            (Joined::Words(mine), View::Words(words, flip)) => {
                for (m, w) in mine.iter_mut().zip(words) {
                    *m &= w ^ flip;
                }
            }
        }
    }

    fn copied(&self, scratch: &mut Scratch) -> Joined {
        match self {
            Joined::Ones => Joined::Ones,
            Joined::Zeros => Joined::Zeros,
            Joined::Words(words) => {
                let mut copied = scratch.words.pop().unwrap_or_default();
                copied.clear();
                copied.extend_from_slice(words);
                Joined::Words(copied)
            }
        }
    }

    fn is_zero(&self) -> bool {
        match self {
            Joined::Ones => false,
            Joined::Zeros => true,
            Joined::Words(words) => is_zero(words),
        }
    }

    fn words(self, len: usize, scratch: &mut Scratch) -> Vec<u64> {
        let all = match self {
            Joined::Ones => u64::MAX,
            Joined::Zeros => 0,
            Joined::Words(words) => return words,
        };
        let mut words = scratch.spare_words();
        words.resize(len, all);
        words
    }

    fn give_back(self, scratch: &mut Scratch) {
        if let Joined::Words(words) = self {
            scratch.words.push(words);
        }
    }
}

fn word_of(valid: &Valid, w: usize) -> u64 {
    match valid {
        Valid::All => u64::MAX,
        Valid::None => 0,
        Valid::Some(words) => words[w],
    }
}

/// Where a test holds, as though its operands were known everywhere.
fn test(
    leaf: &Leaf,
    sets: &[u128],
    a: &Data<'_>,
    b: Option<&Data<'_>>,
    lanes: usize,
    out: &mut Vec<u64>,
) {
    match (leaf, a, b) {
        (Leaf::Yes(_), Data::Bits(words), _) => out.extend_from_slice(words),
        (Leaf::InSet(_, set), Data::U8(codes, classes), _) => {
            match sets.iter().position(|s| s == set) {
                Some(at) => bits::has_bit(&classes[at / 8], at % 8, out),
                None => bits::code_is(codes, set.trailing_zeros() as u8, out),
            }
        }
        (Leaf::SameCode(..), Data::U8(a, _), Some(Data::U8(b, _))) => bits::same_code(a, b, out),
        (Leaf::Against(_, order, n), Data::I32(values), _) => {
            bits::against(values, *order, *n, out);
        }
        (Leaf::Against(_, order, n), Data::I64(values), _) => {
            bits::collect(lanes, out, |l| bits::holds(*order, values[l], *n));
        }
        (Leaf::Both(_, order, _), Data::I32(a), Some(Data::I32(b))) => {
            bits::both(a, *order, b, out);
        }
        (Leaf::Both(_, order, _), a, Some(b)) => {
            bits::collect(lanes, out, |l| bits::holds(*order, number(a, l), number(b, l)));
        }
        (Leaf::TextIn(_, wanted), Data::Text(codes, ..), _) => match wanted.as_slice() {
            [one] => bits::text_is(codes, *one, out),
            some => bits::collect(lanes, out, |l| some.contains(&codes[l])),
        },
        (Leaf::SameText(..), Data::Text(_, a, at_a), Some(Data::Text(_, b, at_b))) => {
            bits::collect(lanes, out, |l| text_at(a, at_a.get(l)) == text_at(b, at_b.get(l)));
        }
        // The types of columns were checked against the types of facts.
        _ => out.resize(words_for(lanes), 0),
    }
}

fn text_at(texts: &Texts, at: usize) -> &str {
    if at < texts.len() { texts.get(at) } else { "" }
}

fn number(data: &Data<'_>, lane: usize) -> i64 {
    match data {
        Data::I32(v) => i64::from(v[lane]),
        Data::I64(v) => v[lane],
        _ => 0,
    }
}

/// A value that is counted once.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Key<'k> {
    Number(i64),
    Text(&'k str),
}

fn key_of(column: &Column, element: usize) -> Option<Key<'_>> {
    if column.nulls.as_ref().is_some_and(|n| n.is_null(element)) {
        return None;
    }
    Some(match &column.values {
        Values::Bits(b) => Key::Number(i64::from(b.value(element))),
        Values::Codes(c) => Key::Number(i64::from(c[element])),
        Values::I32(v) => Key::Number(i64::from(v[element])),
        Values::I64(v) => Key::Number(v[element]),
        Values::Text(t) => Key::Text(t.get(element)),
    })
}

/// The different values of one row's elements.
#[derive(Default)]
struct Keys<'k> {
    sure: Vec<Key<'k>>,
    possible: Vec<Key<'k>>,
    unkeyed: usize,
    unkeyed_surely: bool,
}

impl<'k> Keys<'k> {
    fn add(&mut self, key: Option<Key<'k>>, surely: bool) {
        let Some(key) = key else {
            self.unkeyed += 1;
            self.unkeyed_surely |= surely;
            return;
        };
        let into = if surely { &mut self.sure } else { &mut self.possible };
        if !into.contains(&key) {
            into.push(key);
        }
    }

    /// The least and the most different values that count.
    fn bounds(&self) -> (usize, usize) {
        let at_least = self.sure.len().max(usize::from(self.unkeyed_surely));
        let more = self.possible.iter().filter(|k| !self.sure.contains(k)).count();
        (at_least, self.sure.len() + more + self.unkeyed)
    }

    fn clear(&mut self) {
        self.sure.clear();
        self.possible.clear();
        (self.unkeyed, self.unkeyed_surely) = (0, false);
    }
}
