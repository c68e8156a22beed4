//! A batch as typed columns: scalars, and lists with their elements' fields.

use super::bind::{STATE_WANTED, column_of, state_column_of, struct_of, wrong};
use super::bits::{code_is, words_for};
use super::error::{ColumnError, ColumnProblem};
use super::node::Field;
use super::plan::{NeedFact, Unseen};
use super::source::{Column, Reading, Texts, read};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use comity_model::ListState;
use comity_model::schema::{ElemFieldId, ListId, nearest};
use std::collections::HashMap;

/// Most elements of a list that a case holds.
pub(super) const ELEMENTS_MAX: usize = u16::MAX as usize;

/// Where the elements of each row start, in the list's own array of elements.
#[derive(Debug, Clone)]
pub(super) enum Offsets {
    I32(ScalarBuffer<i32>),
    I64(ScalarBuffer<i64>),
    /// No elements in any row.
    None,
}

impl Offsets {
    /// The first row with more elements than that.
    fn longer_than(&self, most: usize) -> Option<usize> {
        fn first<O: Copy>(
            offsets: &[O],
            len: impl Fn(O, O) -> usize,
            most: usize,
        ) -> Option<usize> {
            let longest = offsets.windows(2).map(|w| len(w[0], w[1])).fold(0, usize::max);
            if longest <= most {
                return None;
            }
            offsets.windows(2).position(|w| len(w[0], w[1]) > most)
        }
        match self {
            Offsets::I32(o) => first(o, |a, b| (b - a) as usize, most),
            Offsets::I64(o) => first(o, |a, b| (b - a) as usize, most),
            Offsets::None => None,
        }
    }
}

/// What is known of a list as a whole in each row.
#[derive(Debug, Clone)]
pub(super) enum States {
    /// The same everywhere.
    All(ListState),
    /// By row, the index in [`STATES`].
    Each(Vec<u8>),
}

/// The states of a list in the order of their codes, and their names.
pub(super) const STATES: [(&str, ListState); 3] = [
    ("unknown", ListState::Unknown),
    ("at_least", ListState::AtLeast),
    ("complete", ListState::Complete),
];
const UNKNOWN: u8 = 0;
const COMPLETE: u8 = 2;

impl States {
    pub(super) fn get(&self, row: usize) -> ListState {
        match self {
            States::All(s) => *s,
            States::Each(all) => STATES[all[row] as usize].1,
        }
    }
}

/// A list column with those of its elements' fields that are read.
#[derive(Debug)]
pub(super) struct ListColumn {
    offsets: Offsets,
    /// What the first offset of the batch is.
    base: usize,
    /// Rows whose list is null, where some such row has elements that do not count.
    hidden: Option<NullBuffer>,
    pub states: States,
    /// Rows in which the list is not complete; `None`: in every row.
    pub open: Option<BooleanBuffer>,
    pub fields: HashMap<ElemFieldId, Column>,
}

impl ListColumn {
    fn absent() -> ListColumn {
        ListColumn {
            offsets: Offsets::None,
            base: 0,
            hidden: None,
            states: States::All(ListState::Unknown),
            open: None,
            fields: HashMap::new(),
        }
    }

    /// Index of the first element at or after a row.
    #[inline]
    fn offset(&self, row: usize) -> usize {
        match &self.offsets {
            Offsets::I32(o) => o[row] as usize - self.base,
            Offsets::I64(o) => o[row] as usize - self.base,
            Offsets::None => 0,
        }
    }

    /// The elements of a row.
    #[inline]
    pub(super) fn range(&self, row: usize) -> (usize, usize) {
        if self.hidden.as_ref().is_some_and(|n| n.is_null(row)) {
            return (0, 0);
        }
        (self.offset(row), self.offset(row + 1))
    }

    /// The elements of some rows, where they lie side by side.
    pub(super) fn contiguous(&self, rows: std::ops::Range<usize>) -> Option<(usize, usize)> {
        match self.hidden {
            Some(_) => None,
            None => Some((self.offset(rows.start), self.offset(rows.end))),
        }
    }

    pub(super) fn offsets(&self) -> &Offsets {
        &self.offsets
    }
}

/// The columns of a batch that are read.
#[derive(Debug)]
pub(super) struct Table {
    scalars: HashMap<Field, Column>,
    lists: HashMap<ListId, ListColumn>,
}

impl Table {
    /// Takes the columns that carry the facts; `first_row` is the batch's first row in
    /// messages.
    pub(super) fn of(
        batch: &RecordBatch,
        reads: &[NeedFact],
        unseen: Unseen,
        first_row: usize,
        problems: &mut Vec<ColumnProblem>,
    ) -> Result<Table, ColumnError> {
        let mut out = Table { scalars: HashMap::new(), lists: HashMap::new() };
        let mut lists: Vec<(ListId, Vec<ElemFieldId>)> = Vec::new();
        let mut of_list = |list: ListId, field: Option<ElemFieldId>| {
            let at = lists.iter().position(|(l, _)| *l == list).unwrap_or_else(|| {
                lists.push((list, Vec::new()));
                lists.len() - 1
            });
            lists[at].1.extend(field);
        };
        for fact in reads {
            match *fact {
                NeedFact::Field(Field::Element(list, field)) => of_list(list, Some(field)),
                NeedFact::List(list) => of_list(list, None),
                NeedFact::Field(Field::Scalar(f)) => {
                    let name = column_of(f);
                    let Some(array) = batch.column_by_name(&name) else { continue };
                    let reading = Reading {
                        column: &name,
                        kind: &f.def().kind,
                        unseen,
                        row_of: &|i| i + first_row,
                    };
                    let column = read(array, &reading, problems)?;
                    out.scalars.insert(Field::Scalar(f), column);
                }
            }
        }
        for (list, fields) in lists {
            let column = list_column(batch, list, &fields, unseen, first_row, problems)?;
            out.lists.insert(list, column);
        }
        Ok(out)
    }

    /// The column of a fact; `None` where the batch has none.
    pub(super) fn column(&self, field: Field) -> Option<&Column> {
        match field {
            Field::Scalar(_) => self.scalars.get(&field),
            Field::Element(list, f) => self.lists.get(&list)?.fields.get(&f),
        }
    }

    pub(super) fn list(&self, list: ListId) -> Option<&ListColumn> {
        self.lists.get(&list)
    }
}

fn list_column(
    batch: &RecordBatch,
    list: ListId,
    fields: &[ElemFieldId],
    unseen: Unseen,
    first_row: usize,
    problems: &mut Vec<ColumnProblem>,
) -> Result<ListColumn, ColumnError> {
    let name = list.def().name;
    let Some(array) = batch.column_by_name(name) else { return Ok(ListColumn::absent()) };
    struct_of(list, array.data_type())?;
    let (offsets, elements, nulls) = match array.data_type() {
        DataType::List(_) => {
            let a = array.as_list::<i32>();
            (Offsets::I32(a.offsets().inner().clone()), a.values().clone(), a.nulls().cloned())
        }
        _ => {
            let a = array.as_list::<i64>();
            (Offsets::I64(a.offsets().inner().clone()), a.values().clone(), a.nulls().cloned())
        }
    };
    let nulls = nulls.filter(|n| n.null_count() > 0);
    let states = states(batch, list, nulls.as_ref(), first_row)?;
    let mut out = ListColumn {
        offsets,
        base: 0,
        hidden: None,
        open: open_of(&states, batch.num_rows()),
        states,
        fields: HashMap::new(),
    };
    let (first, end) = (out.offset(0), out.offset(batch.num_rows()));
    let elements = elements.slice(first, end - first);
    out.base = first;
    if let Some(row) = out.offsets.longer_than(ELEMENTS_MAX) {
        let len = out.offset(row + 1) - out.offset(row);
        let (column, row) = (name.to_owned(), row + first_row);
        return Err(ColumnError::LongList { column, row, len, len_max: ELEMENTS_MAX });
    }
    if let Some(nulls) = nulls {
        let has_elements = |row: usize| out.offset(row + 1) > out.offset(row);
        if (0..nulls.len()).any(|row| nulls.is_null(row) && has_elements(row)) {
            out.hidden = Some(nulls);
        }
    }
    element_fields(list, fields, &elements, &mut out, unseen, first_row, problems)?;
    Ok(out)
}

fn element_fields(
    list: ListId,
    fields: &[ElemFieldId],
    elements: &ArrayRef,
    out: &mut ListColumn,
    unseen: Unseen,
    first_row: usize,
    problems: &mut Vec<ColumnProblem>,
) -> Result<(), ColumnError> {
    let elements = elements.as_struct();
    let nulls = elements.nulls().filter(|n| n.null_count() > 0);
    let rows = match &out.offsets {
        Offsets::I32(o) => o.len(),
        Offsets::I64(o) => o.len(),
        Offsets::None => 1,
    } - 1;
    for f in fields {
        let def = &list.def().fields[f.0 as usize];
        let Some(array) = elements.column_by_name(def.path) else { continue };
        let row_of = |i: usize| {
            let (mut low, mut high) = (0, rows);
            while low + 1 < high {
                let middle = usize::midpoint(low, high);
                if out.offset(middle) <= i { low = middle } else { high = middle }
            }
            low + first_row
        };
        let name = format!("{}.{}", list.def().name, def.path);
        let reading = Reading { column: &name, kind: &def.kind, unseen, row_of: &row_of };
        let mut column = read(array, &reading, problems)?;
        column.nulls = NullBuffer::union(column.nulls.as_ref(), nulls);
        out.fields.insert(*f, column);
    }
    Ok(())
}

fn open_of(states: &States, rows: usize) -> Option<BooleanBuffer> {
    match states {
        States::All(ListState::Complete) => Some(BooleanBuffer::new_unset(rows)),
        States::All(_) => None,
        States::Each(all) => {
            let mut words = Vec::with_capacity(words_for(rows));
            code_is(all, COMPLETE, &mut words);
            words.iter_mut().for_each(|w| *w = !*w);
            Some(BooleanBuffer::new(words.into(), 0, rows))
        }
    }
}

/// The state of a list in each row; where the list itself is null, unknown.
fn states(
    batch: &RecordBatch,
    list: ListId,
    nulls: Option<&NullBuffer>,
    first_row: usize,
) -> Result<States, ColumnError> {
    let name = state_column_of(list);
    let Some(array) = batch.column_by_name(&name) else {
        return Ok(States::All(ListState::AtLeast));
    };
    let wrong_type = || wrong(&name, array.data_type(), STATE_WANTED);
    let texts = Texts::of(array).ok_or_else(wrong_type)?;
    let nulls = NullBuffer::union(nulls, array.logical_nulls().as_ref());
    let nulls = nulls.filter(|n| n.null_count() > 0);
    let constants = STATES.iter().zip(1..).map(|((name, _), code)| (Box::from(*name), code));
    // 0 is a text that is no state; the state's code is one less.
    let codes = texts.codes(&constants.collect());
    let mut all: Vec<u8> = codes.iter().map(|c| (*c as u8).wrapping_sub(1)).collect();
    if let Some(nulls) = &nulls {
        for (row, code) in all.iter_mut().enumerate() {
            if nulls.is_null(row) {
                *code = UNKNOWN;
            }
        }
    }
    if let Some(row) = all.iter().position(|code| usize::from(*code) >= STATES.len()) {
        let value = texts.get(row).to_owned();
        let nearest = nearest(&value, STATES.iter().map(|(name, _)| *name));
        return Err(ColumnError::UnseenValue {
            column: name,
            value,
            row: row + first_row,
            nearest,
        });
    }
    let first = all.first().copied().unwrap_or(COMPLETE);
    if all.iter().fold(true, |same, code| same & (*code == first)) {
        return Ok(States::All(STATES[first as usize].1));
    }
    Ok(States::Each(all))
}
