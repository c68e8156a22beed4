//! CSV: the cases, and beside them their charges and convictions, joined by `row_id`.
//! Empty = unknown. What is lost against the other formats: the types.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, UInt8Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{ArrowError, DataType, Schema};
use comity_model::Day;
use std::io::Write;

const LISTS: [&str; 2] = ["charges", "convictions"];

/// Lines of the three files.
#[derive(Debug, Default)]
pub struct Lines([Vec<u8>; 3]);

/// What goes between the stem of the file name and its ending, and the header, of each file.
pub fn headers(schema: &Schema) -> [(String, Vec<u8>); 3] {
    let line = |names: Vec<&str>| (names.join(",") + "\n").into_bytes();
    let scalars = schema.fields().iter().filter(|f| !LISTS.contains(&f.name().as_str()));
    let elements = |list: &str| {
        let mut names = vec!["row_id"];
        if let Ok(field) = schema.field_with_name(list)
            && let DataType::List(item) = field.data_type()
            && let DataType::Struct(fields) = item.data_type()
        {
            names.extend(fields.iter().map(|f| f.name().as_str()));
        }
        (format!(".{list}"), line(names))
    };
    let cases = (String::new(), line(scalars.map(|f| f.name().as_str()).collect()));
    [cases, elements("charges"), elements("convictions")]
}

impl Lines {
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let schema = batch.schema();
        let of = |name: &str| LISTS.contains(&name);
        let scalars: Vec<Cells<'_>> = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(f, _)| !of(f.name()))
            .map(|(_, a)| Cells::of(a))
            .collect();
        for row in 0..batch.num_rows() {
            line(&mut self.0[0], &scalars, row);
        }
        let row_id = batch.column_by_name("row_id").map(Cells::of);
        for (out, name) in self.0.iter_mut().skip(1).zip(LISTS) {
            let (Some(list), Some(row_id)) = (batch.column_by_name(name), &row_id) else {
                return Err(ArrowError::SchemaError(format!("no column {name}")));
            };
            let list = list.as_list::<i32>();
            let elements: &StructArray = list.values().as_struct();
            let columns: Vec<Cells<'_>> = elements.columns().iter().map(Cells::of).collect();
            for row in 0..batch.num_rows() {
                let ends = list.value_offsets();
                for at in ends[row] as usize..ends[row + 1] as usize {
                    row_id.put(out, row);
                    out.push(b',');
                    line(out, &columns, at);
                }
            }
        }
        Ok(())
    }

    pub fn end(self) -> [Vec<u8>; 3] {
        self.0
    }
}

fn line(out: &mut Vec<u8>, columns: &[Cells<'_>], row: usize) {
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        column.put(out, row);
    }
    out.push(b'\n');
}

/// A column with the texts of its values at hand.
enum Cells<'a> {
    Codes(&'a arrow_array::DictionaryArray<UInt8Type>, Vec<String>),
    Texts(&'a arrow_array::StringArray),
    Flags(&'a arrow_array::BooleanArray),
    Numbers(&'a arrow_array::PrimitiveArray<Int32Type>),
    Days(&'a arrow_array::PrimitiveArray<Date32Type>),
    Rows(&'a arrow_array::PrimitiveArray<UInt64Type>),
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef) -> Cells<'a> {
        match array.data_type() {
            DataType::Dictionary(_, _) => {
                let codes = array.as_dictionary::<UInt8Type>();
                let texts = codes.values().as_string::<i32>();
                Cells::Codes(codes, texts.iter().map(|t| quoted(t.unwrap_or(""))).collect())
            }
            DataType::Boolean => Cells::Flags(array.as_boolean()),
            DataType::Int32 => Cells::Numbers(array.as_primitive()),
            DataType::Date32 => Cells::Days(array.as_primitive()),
            DataType::UInt64 => Cells::Rows(array.as_primitive()),
            // The schema has no other type.
            _ => Cells::Texts(array.as_string()),
        }
    }

    fn put(&self, out: &mut Vec<u8>, row: usize) {
        // Writing to memory does not fail.
        let _ = match self {
            Cells::Codes(a, texts) if a.is_valid(row) => {
                let text = texts.get(usize::from(a.keys().value(row)));
                out.write_all(text.map_or(b"", String::as_bytes))
            }
            Cells::Texts(a) if a.is_valid(row) => out.write_all(quoted(a.value(row)).as_bytes()),
            Cells::Flags(a) if a.is_valid(row) => write!(out, "{}", a.value(row)),
            Cells::Numbers(a) if a.is_valid(row) => write!(out, "{}", a.value(row)),
            Cells::Days(a) if a.is_valid(row) => write!(out, "{}", Day(a.value(row))),
            Cells::Rows(a) if a.is_valid(row) => write!(out, "{}", a.value(row)),
            _ => Ok(()),
        };
    }
}

/// A text as a cell: in quotes where it holds what ends a cell.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
