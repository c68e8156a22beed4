//! Cases as a batch in the Arrow layout, and a row of a batch as a case.

use super::bind::{column_of, state_column_of};
use super::error::{ColumnError, ColumnProblem};
use super::node::Field;
use super::plan::{NeedFact, Unseen};
use super::source::{Column, Values};
use super::table::{STATES, Table};
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Int32Builder, StringBuilder, TimestampSecondBuilder,
};
use arrow_array::types::UInt8Type;
use arrow_array::{
    ArrayRef, DictionaryArray, ListArray, RecordBatch, StringArray, StructArray, UInt8Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{
    ArrowError, DataType, Field as ArrowField, Fields, Schema, SchemaRef, TimeUnit,
};
use comity_model::Day;
use comity_model::facts::{CaseFacts, NotListed, Value};
use comity_model::generate::{ArrowColumn, ArrowType, arrow_layout};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields};
use std::collections::HashMap;
use std::sync::Arc;

/// The schema of a table of cases: [`arrow_layout`] as an Arrow schema.
pub fn case_schema() -> SchemaRef {
    let layout = arrow_layout();
    Arc::new(Schema::new(layout.iter().map(arrow_field).collect::<Vec<_>>()))
}

fn arrow_field(column: &ArrowColumn) -> ArrowField {
    let field = ArrowField::new(&column.name, arrow_type(&column.data_type), column.is_nullable);
    let unit = column.unit.map(|u| ("unit".to_owned(), u.to_owned()));
    field.with_metadata(unit.into_iter().collect::<HashMap<_, _>>())
}

fn arrow_type(t: &ArrowType) -> DataType {
    match t {
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Int32 => DataType::Int32,
        ArrowType::Date32 => DataType::Date32,
        ArrowType::TimestampSecondUtc => DataType::Timestamp(TimeUnit::Second, Some("UTC".into())),
        ArrowType::Utf8 => DataType::Utf8,
        ArrowType::Dictionary(_) => {
            DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8))
        }
        ArrowType::ListOfStruct(inner) => {
            let inner: Fields = inner.iter().map(arrow_field).collect();
            DataType::List(Arc::new(ArrowField::new("item", DataType::Struct(inner), true)))
        }
    }
}

/// Cases as a batch with every column of the layout.
///
/// # Errors
/// Arrow's, where there are more elements than its offsets count.
pub fn case_batch(cases: &[CaseFacts]) -> Result<RecordBatch, ArrowError> {
    let schema = case_schema();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for i in 0..fields::SCALARS.len() as u16 {
        let field = FieldId(i);
        let values = cases.iter().map(|c| (c, c.get(field)));
        columns.push(array(&field.def().kind, values)?);
    }
    for i in 0..fields::LISTS.len() as u8 {
        let list = ListId(i);
        columns.push(list_array(list, cases, &schema)?);
        let codes = cases
            .iter()
            .map(|c| STATES.iter().position(|(_, s)| *s == c.list(list).state).unwrap_or(0) as u8);
        let names = StringArray::from_iter_values(STATES.iter().map(|(name, _)| name));
        columns.push(dictionary(UInt8Array::from_iter_values(codes), names)?);
    }
    RecordBatch::try_new(schema, columns)
}

fn dictionary(keys: UInt8Array, values: StringArray) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(DictionaryArray::<UInt8Type>::try_new(keys, Arc::new(values))?))
}

fn list_array(list: ListId, cases: &[CaseFacts], schema: &Schema) -> Result<ArrayRef, ArrowError> {
    let item = match schema.field_with_name(list.def().name)?.data_type() {
        DataType::List(item) => item.clone(),
        other => return Err(ArrowError::SchemaError(format!("{other} is no list"))),
    };
    let DataType::Struct(inner) = item.data_type() else {
        return Err(ArrowError::SchemaError(format!("{} is no struct", item.data_type())));
    };
    let mut columns = Vec::new();
    for (f, def) in list.def().fields.iter().enumerate() {
        let field = ElemFieldId(f as u16);
        let values = cases
            .iter()
            .flat_map(|c| (0..c.list(list).len()).map(move |e| (c, c.list(list).get(e, field))));
        columns.push(array(&def.kind, values)?);
    }
    let elements = StructArray::try_new(inner.clone(), columns, None)?;
    let offsets = OffsetBuffer::from_lengths(cases.iter().map(|c| c.list(list).len()));
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(elements), None)?))
}

fn array<'c>(
    kind: &Kind,
    values: impl Iterator<Item = (&'c CaseFacts, Value)>,
) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        Kind::Bool => {
            let mut b = BooleanBuilder::new();
            values.for_each(|(_, v)| {
                b.append_option(if let Value::Bool(x) = v { Some(x) } else { None });
            });
            Arc::new(b.finish())
        }
        Kind::Int(_) => {
            let mut b = Int32Builder::new();
            for (_, v) in values {
                b.append_option(match v {
                    Value::Int(n) => {
                        Some(i32::try_from(n).map_err(|_| {
                            ArrowError::ComputeError(format!("{n} is beyond 32 bits"))
                        })?)
                    }
                    _ => None,
                });
            }
            Arc::new(b.finish())
        }
        Kind::Date => {
            let mut b = Date32Builder::new();
            values.for_each(|(_, v)| {
                b.append_option(if let Value::Date(d) = v { Some(d.0) } else { None });
            });
            Arc::new(b.finish())
        }
        Kind::Instant => {
            let mut b = TimestampSecondBuilder::new().with_timezone("UTC");
            values.for_each(|(_, v)| {
                b.append_option(if let Value::Instant(s) = v { Some(s) } else { None });
            });
            Arc::new(b.finish())
        }
        Kind::Text => {
            let mut b = StringBuilder::new();
            values.for_each(|(c, v)| {
                b.append_option(if let Value::Text(id) = v { Some(c.text(id)) } else { None });
            });
            Arc::new(b.finish())
        }
        Kind::Enum(set) => {
            let codes = values.map(|(_, v)| if let Value::Enum(c) = v { Some(c) } else { None });
            let names = StringArray::from_iter_values(set.values.iter().map(|(n, _)| n));
            dictionary(codes.collect(), names)?
        }
    })
}

/// Reads rows of a batch back as cases, so that an answer can be explained.
#[derive(Debug)]
pub struct CaseReader {
    table: Table,
    scalars: Vec<FieldId>,
    lists: Vec<(ListId, Vec<ElemFieldId>)>,
}

impl CaseReader {
    /// Takes the columns of a batch that carry facts; a value that its set does not have is
    /// refused, or unknown.
    ///
    /// # Errors
    /// As [`super::ColumnPlan::decide`].
    pub fn of(batch: &RecordBatch, unseen: Unseen) -> Result<CaseReader, ColumnError> {
        let schema = batch.schema();
        let has = |name: &str| schema.index_of(name).is_ok();
        let scalars: Vec<FieldId> = (0..fields::SCALARS.len() as u16)
            .map(FieldId)
            .filter(|f| has(&column_of(*f)))
            .collect();
        let lists: Vec<(ListId, Vec<ElemFieldId>)> = (0..fields::LISTS.len() as u8)
            .map(ListId)
            .filter(|l| has(l.def().name) || has(&state_column_of(*l)))
            .map(|l| (l, (0..l.def().fields.len() as u16).map(ElemFieldId).collect()))
            .collect();
        let mut reads: Vec<NeedFact> =
            scalars.iter().map(|f| NeedFact::Field(Field::Scalar(*f))).collect();
        for (list, fields) in &lists {
            reads.push(NeedFact::List(*list));
            reads.extend(fields.iter().map(|f| NeedFact::Field(Field::Element(*list, *f))));
        }
        let mut problems: Vec<ColumnProblem> = Vec::new();
        let table = Table::of(batch, &reads, unseen, 0, &mut problems)?;
        Ok(CaseReader { table, scalars, lists })
    }

    /// The case of a row; facts without a column are unknown.
    pub fn case_of_row(&self, row: usize) -> CaseFacts {
        let mut facts = CaseFacts::new(NotListed::Unknown);
        for f in &self.scalars {
            let Some(column) = self.table.column(Field::Scalar(*f)) else { continue };
            let value = value_of(column, &f.def().kind, row, &mut facts);
            facts.set(*f, value);
        }
        for (list, fields) in &self.lists {
            let Some(column) = self.table.list(*list) else { continue };
            let (start, end) = column.range(row);
            facts.list_mut(*list).state = column.states.get(row);
            for element in start..end {
                let at = facts.list_mut(*list).push_unknown();
                for f in fields {
                    let Some(c) = column.fields.get(f) else { continue };
                    let kind = &list.def().fields[f.0 as usize].kind;
                    let value = value_of(c, kind, element, &mut facts);
                    facts.list_mut(*list).set(at, *f, value);
                }
            }
        }
        facts
    }
}

fn value_of(column: &Column, kind: &Kind, i: usize, facts: &mut CaseFacts) -> Value {
    if column.nulls.as_ref().is_some_and(|n| n.is_null(i)) {
        return Value::Unknown;
    }
    let number = |v: i64| match kind {
        Kind::Date => Value::Date(Day(v as i32)),
        Kind::Instant => Value::Instant(v),
        _ => Value::Int(v),
    };
    match &column.values {
        Values::Bits(b) => Value::Bool(b.value(i)),
        Values::Codes(c) => Value::Enum(c[i]),
        Values::I32(v) => number(i64::from(v[i])),
        Values::I64(v) => number(v[i]),
        Values::Text(t) => facts.text_value(t.get(i)),
    }
}
