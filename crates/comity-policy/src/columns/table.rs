//! A batch as typed columns: scalars, and lists with their elements' fields.

use super::bind::{STATE_WANTED, column_of, state_column_of, struct_of, wrong};
use super::error::{ColumnError, ColumnProblem};
use super::node::Field;
use super::plan::{NeedFact, Unseen};
use super::source::{Column, Reading, Texts, read};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use comity_model::ListState;
use comity_model::schema::{ElemFieldId, ListId};
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

/// What is known of a list as a whole in each row.
#[derive(Debug, Clone)]
pub(super) enum States {
    /// The same everywhere.
    All(ListState),
    Each(Vec<ListState>),
}

impl States {
    pub(super) fn get(&self, row: usize) -> ListState {
        match self {
            States::All(s) => *s,
            States::Each(all) => all[row],
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
    for row in 0..batch.num_rows() {
        let len = out.offset(row + 1) - out.offset(row);
        if len > ELEMENTS_MAX {
            let (column, row) = (name.to_owned(), row + first_row);
            return Err(ColumnError::LongList { column, row, len, len_max: ELEMENTS_MAX });
        }
        if len > 0 && out.hidden.is_none() && nulls.as_ref().is_some_and(|n| n.is_null(row)) {
            out.hidden.clone_from(&nulls);
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
            Some(BooleanBuffer::collect_bool(rows, |i| all[i] != ListState::Complete))
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
    let texts = Texts::of(array).ok_or_else(|| wrong(&name, array.data_type(), STATE_WANTED))?;
    let state_nulls = array.logical_nulls();
    let is_null = |i: usize| {
        nulls.is_some_and(|n| n.is_null(i)) || state_nulls.as_ref().is_some_and(|n| n.is_null(i))
    };
    let state = |i: usize| {
        if is_null(i) {
            return Ok(ListState::Unknown);
        }
        match texts.get(i) {
            "complete" => Ok(ListState::Complete),
            "at_least" => Ok(ListState::AtLeast),
            "unknown" => Ok(ListState::Unknown),
            other => Err(ColumnError::UnseenValue {
                column: name.clone(),
                value: other.to_owned(),
                row: i + first_row,
                nearest: comity_model::schema::nearest(other, ["complete", "at_least", "unknown"]),
            }),
        }
    };
    let all: Vec<ListState> = (0..batch.num_rows()).map(state).collect::<Result<_, _>>()?;
    let first = all.first().copied().unwrap_or(ListState::Complete);
    Ok(if all.iter().all(|s| *s == first) { States::All(first) } else { States::Each(all) })
}
