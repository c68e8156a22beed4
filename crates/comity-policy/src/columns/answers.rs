//! The answers of a batch, in compact codes.

use super::error::ColumnProblem;
use super::node::Field;
use super::plan::{ColumnPlan, NeedFact};
use crate::channel::{Channel, StanceSet};
use crate::decide::{ChannelAnswer, ClauseRef};
use arrow_array::types::UInt16Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions,
    StringArray, UInt8Array, UInt16Array, UInt64Array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{ArrowError, Field as ArrowField, Schema};
use std::sync::Arc;

/// One channel's answers, by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelColumn {
    /// The channel.
    pub channel: Channel,
    /// The possible stances, as [`StanceSet`]'s mask.
    pub stances: Vec<u8>,
    /// The code of the clause that binds ([`ColumnPlan::clause`]); 0 where the channel is
    /// open or nobody speaks.
    pub binding: Vec<u16>,
    /// The codes of two clauses that say the opposite; (0, 0) where none do. Empty where no
    /// row has any.
    pub conflicts: Vec<(u16, u16)>,
}

/// The answers of every row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnAnswers {
    rows: usize,
    /// The requested channels, in the order of [`Channel::ALL`].
    pub channels: Vec<ChannelColumn>,
    /// Words of a row's needs mask.
    need_words: usize,
    needs: Vec<u64>,
    /// The smallest cap in hours of the clauses that are surely in effect, 0 where none is;
    /// empty unless requested.
    hold_caps: Vec<u32>,
    /// Values that their sets do not have, where they were taken as unknown.
    pub problems: Vec<ColumnProblem>,
}

impl ColumnAnswers {
    pub(super) fn new(
        plan: &ColumnPlan,
        rows: usize,
        spare: Option<ColumnAnswers>,
    ) -> ColumnAnswers {
        let mut spare = spare.map_or(Vec::new(), |a| a.channels);
        let column = |c: &Channel| {
            let (mut stances, mut binding) =
                spare.pop().map_or((Vec::new(), Vec::new()), |c| (c.stances, c.binding));
            stances.clear();
            stances.resize(rows, StanceSet::SILENT.0);
            binding.clear();
            binding.resize(rows, 0);
            ChannelColumn { channel: *c, stances, binding, conflicts: Vec::new() }
        };
        let need_words = plan.needs.len().div_ceil(64);
        ColumnAnswers {
            rows,
            channels: plan.channels.iter().map(column).collect(),
            need_words,
            needs: vec![0; need_words * rows],
            hold_caps: if plan.wants_cap { vec![0; rows] } else { Vec::new() },
            problems: Vec::new(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The answers on one channel; `None` where it was not requested.
    pub fn channel(&self, channel: Channel) -> Option<&ChannelColumn> {
        self.channels.iter().find(|c| c.channel == channel)
    }

    /// The answer of one row on one channel, in the form of `decide`.
    pub fn at(&self, plan: &ColumnPlan, channel: Channel, row: usize) -> Option<ChannelAnswer> {
        let column = self.channel(channel)?;
        let pair = column.conflicts.get(row).copied().unwrap_or((0, 0));
        let both =
            |(a, b)| -> Option<(ClauseRef, ClauseRef)> { Some((plan.clause(a)?, plan.clause(b)?)) };
        Some(ChannelAnswer {
            stances: StanceSet(column.stances[row]),
            binding: plan.clause(column.binding[row]),
            conflict: both(pair),
        })
    }

    /// The facts of a row's needs mask.
    ///
    /// A fact is in it if it is unknown in that row, and a condition reads it that is itself
    /// unknown and belongs to a clause that speaks on an open channel, to a clause that
    /// overrides such a clause, or to the place, dates or reach of its policy. Every fact of
    /// the exact needs of [`crate::trace::Derivation`] is among them; not each of them alone
    /// or together need settle the channel.
    pub fn needs<'p>(&self, plan: &'p ColumnPlan, row: usize) -> Vec<&'p NeedFact> {
        let words = &self.needs[row * self.need_words..(row + 1) * self.need_words];
        let is_set = |i: usize| words[i / 64] >> (i % 64) & 1 == 1;
        plan.needs.iter().enumerate().filter(|(i, _)| is_set(*i)).map(|(_, f)| f).collect()
    }

    /// The needs mask of a row: bit `i % 64` of word `i / 64` is fact `i` of
    /// [`ColumnPlan::need_facts`]; empty unless requested.
    pub fn needs_mask(&self, row: usize) -> &[u64] {
        &self.needs[row * self.need_words..(row + 1) * self.need_words]
    }

    /// The smallest cap on the hold in hours among the clauses that are surely in effect,
    /// whatever the answer on `hold` is; `None` where there is none or it was not requested.
    pub fn hold_hours_max(&self, row: usize) -> Option<u32> {
        self.hold_caps.get(row).copied().filter(|h| *h > 0)
    }

    pub(super) fn put(&mut self, slot: usize, first: usize, stances: &[u8], by: &[u16]) {
        let column = &mut self.channels[slot];
        column.stances[first..first + stances.len()].copy_from_slice(stances);
        column.binding[first..first + by.len()].copy_from_slice(by);
    }

    pub(super) fn put_conflicts(&mut self, slot: usize, first: usize, pairs: &[(u16, u16)]) {
        if pairs.is_empty() {
            return;
        }
        let rows = self.rows;
        let column = &mut self.channels[slot];
        column.conflicts.resize(rows, (0, 0));
        column.conflicts[first..first + pairs.len()].copy_from_slice(pairs);
    }

    pub(super) fn need(&mut self, row: usize, bit: usize) {
        self.needs[row * self.need_words + bit / 64] |= 1 << (bit % 64);
    }

    pub(super) fn cap(&mut self, row: usize, hours: u32) {
        let at = &mut self.hold_caps[row];
        *at = if *at == 0 { hours } else { (*at).min(hours) };
    }

    /// The answers as a batch: for each channel `<channel>_stances` (UInt8 mask),
    /// `<channel>_outcome` (UInt8 mask: 1 must, 2 may, 4 must not), `<channel>_binding`
    /// (dictionary of `policy rule`, null where none) and `<channel>_conflict` (Boolean);
    /// `hold_hours_max` (Int32) and `needs_0`, `needs_1`, … (UInt64) where requested.
    ///
    /// # Errors
    /// None that a correct program shows: Arrow checks that all columns have one length.
    pub fn to_batch(&self, plan: &ColumnPlan) -> Result<RecordBatch, ArrowError> {
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        let mut add = |name: String, column: ArrayRef, nullable: bool| {
            fields.push(ArrowField::new(name, column.data_type().clone(), nullable));
            columns.push(column);
        };
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(plan.clause_names()));
        for c in &self.channels {
            let outcome = c.stances.iter().map(|s| StanceSet(*s).outcome().bits());
            let conflict: BooleanArray = if c.conflicts.is_empty() {
                BooleanBuffer::new_unset(self.rows).into()
            } else {
                BooleanBuffer::collect_bool(self.rows, |i| c.conflicts[i] != (0, 0)).into()
            };
            let keys: Vec<u16> = c.binding.iter().map(|code| code.saturating_sub(1)).collect();
            let bound = BooleanBuffer::collect_bool(self.rows, |i| c.binding[i] != 0);
            let keys = UInt16Array::new(keys.into(), Some(NullBuffer::new(bound)));
            let binding = DictionaryArray::<UInt16Type>::try_new(keys, names.clone())?;
            let name = c.channel.name();
            add(format!("{name}_stances"), Arc::new(UInt8Array::from(c.stances.clone())), false);
            add(format!("{name}_outcome"), Arc::new(UInt8Array::from_iter_values(outcome)), false);
            add(format!("{name}_binding"), Arc::new(binding), true);
            add(format!("{name}_conflict"), Arc::new(conflict), false);
        }
        if plan.wants_cap {
            let caps: Int32Array =
                (0..self.rows).map(|i| self.hold_hours_max(i).map(|h| h as i32)).collect();
            add("hold_hours_max".to_owned(), Arc::new(caps), true);
        }
        for w in 0..self.need_words {
            let words = (0..self.rows).map(|row| self.needs[row * self.need_words + w]);
            add(format!("needs_{w}"), Arc::new(UInt64Array::from_iter_values(words)), false);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
    }
}

/// The fact as people write it: `request.warrant`, `convictions.level`, `convictions`.
impl std::fmt::Display for NeedFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NeedFact::Field(Field::Scalar(id)) => f.write_str(id.def().path),
            NeedFact::Field(Field::Element(l, e)) => {
                write!(f, "{}.{}", l.def().name, l.def().fields[e.0 as usize].path)
            }
            NeedFact::List(l) => f.write_str(l.def().name),
        }
    }
}
