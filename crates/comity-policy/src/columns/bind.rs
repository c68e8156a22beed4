//! Which columns of a schema carry which facts.

use super::error::ColumnError;
use super::node::Field;
use super::plan::NeedFact;
use super::source::{fits, wanted};
use arrow_schema::{DataType, Fields, Schema};
use comity_model::schema::{FieldId, Kind, ListId, fields};
use std::collections::HashSet;

/// How a schema and a plan fit together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binding {
    /// Facts that the plan reads and the schema lacks, as `request.warrant`,
    /// `convictions`, `convictions.level`, `convictions (whether complete)`: unknown in
    /// every row.
    pub missing: Vec<String>,
    /// Columns that carry no fact of the schema of cases, as `convictions.note` inside lists.
    pub ignored: Vec<String>,
}

/// The column of a scalar.
pub(super) fn column_of(field: FieldId) -> String {
    field.def().path.replace('.', "_")
}

/// The column that says what is known of a list as a whole.
pub(super) fn state_column_of(list: ListId) -> String {
    format!("{}_state", list.def().name)
}

/// Compares a schema with what is read.
pub(super) fn compare(schema: &Schema, reads: &[NeedFact]) -> Result<Binding, ColumnError> {
    let mut out = Binding { missing: missing(schema, reads), ignored: Vec::new() };
    let mut names = HashSet::new();
    for field in schema.fields() {
        if !names.insert(field.name().as_str()) {
            return Err(ColumnError::Twice { column: field.name().clone() });
        }
        let scalar = (0..fields::SCALARS.len() as u16).map(FieldId);
        if let Some(id) = scalar.into_iter().find(|id| column_of(*id) == *field.name()) {
            check(field.name(), &id.def().kind, field.data_type())?;
            continue;
        }
        let lists = (0..fields::LISTS.len() as u8).map(ListId);
        let Some(list) = lists.clone().find(|l| field.name().starts_with(l.def().name)) else {
            out.ignored.push(field.name().clone());
            continue;
        };
        if *field.name() == state_column_of(list) {
            check_state(field.name(), field.data_type())?;
        } else if field.name() == list.def().name {
            check_list(list, field.data_type(), &mut out.ignored)?;
        } else {
            out.ignored.push(field.name().clone());
        }
    }
    Ok(out)
}

fn check(column: &str, kind: &Kind, found: &DataType) -> Result<(), ColumnError> {
    if fits(kind, found) { Ok(()) } else { Err(wrong(column, found, wanted(kind))) }
}

pub(super) fn wrong(column: &str, found: &DataType, wanted: &str) -> ColumnError {
    ColumnError::WrongType {
        column: column.to_owned(),
        found: found.to_string(),
        wanted: wanted.to_owned(),
    }
}

/// What the state column of a list may be.
pub(super) const STATE_WANTED: &str = "Dictionary(UInt8, Utf8) of unknown, at_least, complete";

fn check_state(column: &str, found: &DataType) -> Result<(), ColumnError> {
    if fits(&Kind::Text, found) { Ok(()) } else { Err(wrong(column, found, STATE_WANTED)) }
}

/// The fields of a list's elements.
pub(super) fn struct_of(list: ListId, found: &DataType) -> Result<&Fields, ColumnError> {
    if let DataType::List(item) | DataType::LargeList(item) = found
        && let DataType::Struct(inner) = item.data_type()
    {
        return Ok(inner);
    }
    Err(wrong(list.def().name, found, "List<Struct<…>> (or LargeList)"))
}

fn check_list(
    list: ListId,
    found: &DataType,
    ignored: &mut Vec<String>,
) -> Result<(), ColumnError> {
    let mut names = HashSet::new();
    for field in struct_of(list, found)? {
        let column = format!("{}.{}", list.def().name, field.name());
        if !names.insert(field.name().as_str()) {
            return Err(ColumnError::Twice { column });
        }
        match list.def().fields.iter().find(|f| f.path == field.name()) {
            Some(def) => check(&column, &def.kind, field.data_type())?,
            None => ignored.push(column),
        }
    }
    Ok(())
}

fn missing(schema: &Schema, reads: &[NeedFact]) -> Vec<String> {
    let mut out = Vec::new();
    for fact in reads {
        match *fact {
            NeedFact::Field(Field::Scalar(f)) => {
                if schema.index_of(&column_of(f)).is_err() {
                    out.push(f.def().path.to_owned());
                }
            }
            NeedFact::Field(Field::Element(l, f)) => {
                let def = &l.def().fields[f.0 as usize];
                let has = schema.field_with_name(l.def().name).is_ok_and(|column| {
                    struct_of(l, column.data_type())
                        .is_ok_and(|inner| inner.iter().any(|i| i.name() == def.path))
                });
                if !has {
                    out.push(format!("{}.{}", l.def().name, def.path));
                }
            }
            NeedFact::List(l) => {
                if schema.index_of(l.def().name).is_err() {
                    out.push(l.def().name.to_owned());
                }
                if schema.index_of(&state_column_of(l)).is_err() {
                    out.push(format!("{} (whether complete)", l.def().name));
                }
            }
        }
    }
    out
}
