//! Rows of a table as cases in the Arrow layout.

use super::tally::Tally;
use crate::mapping::Mapping;
use crate::problem::{Kind, Problems};
use crate::reader::Row;
use crate::rowfacts::{FILE, RowReader};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use comity_model::schema::{FieldDef, FieldId, Kind as Type, fields};
use comity_model::{CaseFacts, Day, Diagnostic, NotListed, Places, Value, read};
use comity_policy::columns::case_batch;
use std::sync::Arc;

/// How rows become cases.
#[derive(Debug, Clone, Copy)]
pub enum Reading<'m> {
    /// The columns are facts, as the layout of a table of cases names them.
    CaseTable,
    /// A mapping says what the columns mean.
    Mapped(&'m Mapping),
}

/// The cases of some rows.
pub struct Cases {
    /// One row a case, columns of facts among them.
    pub cases: RecordBatch,
    /// The same rows as the file has them.
    pub raw: RecordBatch,
    /// The number in the file of each, from 0.
    pub numbers: Vec<u64>,
    /// Rows that are no case: number and reason.
    pub rejected: Vec<(u64, String)>,
}

impl Reading<'_> {
    /// The columns that are read, beside keys.
    pub fn wants(&self, column: &str) -> bool {
        match self {
            Reading::CaseTable => column == "row_id" || is_fact(column),
            Reading::Mapped(m) => m.columns_read().contains(&column),
        }
    }

    /// A batch as cases; `first` is the number of its first row.
    ///
    /// # Errors
    /// Arrow's, where a column cannot be shown as text.
    pub fn batch(
        &self,
        batch: RecordBatch,
        first: u64,
        places: &Places,
        file: &str,
        tally: &mut Tally,
    ) -> Result<Cases, ArrowError> {
        match self {
            Reading::CaseTable => {
                let numbers = (first..first + batch.num_rows() as u64).collect();
                Ok(Cases { cases: batch.clone(), raw: batch, numbers, rejected: Vec::new() })
            }
            Reading::Mapped(_) => {
                let header: Vec<String> =
                    batch.schema().fields().iter().map(|f| f.name().clone()).collect();
                let rows = cells(&batch, first)?;
                self.rows(&header, &rows, first, places, file, tally)
            }
        }
    }

    /// Rows of text as cases.
    ///
    /// # Errors
    /// Arrow's; none that a correct program shows.
    pub fn rows(
        &self,
        header: &[String],
        rows: &[Row],
        first: u64,
        places: &Places,
        file: &str,
        tally: &mut Tally,
    ) -> Result<Cases, ArrowError> {
        let mut problems = Problems::default();
        let mut facts: Vec<CaseFacts> = Vec::with_capacity(rows.len());
        let mut kept: Vec<&Row> = Vec::with_capacity(rows.len());
        let mut numbers = Vec::with_capacity(rows.len());
        let mut rejected = Vec::new();
        let mut mapped = match self {
            Reading::Mapped(m) => Some(RowReader::new(m, places, header, &mut Problems::default())),
            Reading::CaseTable => None,
        };
        let columns: Vec<Option<FieldId>> = header.iter().map(|h| fact_of(h)).collect();
        for (i, row) in rows.iter().enumerate() {
            let number = first + i as u64;
            let case = match &mut mapped {
                Some(reader) => {
                    let case = reader.case(row, None, &mut problems);
                    case.facts.map(|f| *f)
                }
                None => typed(&columns, row, &mut problems),
            };
            match case {
                Ok(case) => {
                    facts.push(case);
                    kept.push(row);
                    numbers.push(number);
                }
                Err(why) => rejected.push((number, why)),
            }
        }
        tally.take(problems, file);
        Ok(Cases { cases: case_batch(&facts)?, raw: texts(header, &kept)?, numbers, rejected })
    }
}

/// The rows of a batch as texts; null is empty.
pub(super) fn cells(batch: &RecordBatch, first: u64) -> Result<Vec<Row>, ArrowError> {
    let options = FormatOptions::default().with_date_format(Some("%Y-%m-%d"));
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|c| ArrayFormatter::try_new(c.as_ref(), &options))
        .collect::<Result<_, _>>()?;
    let row = |i: usize| Row {
        line: first + i as u64 + 1,
        cells: Ok(columns.iter().map(|c| c.value(i).to_string()).collect()),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

fn texts(header: &[String], rows: &[&Row]) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<Field> = header.iter().map(|n| Field::new(n, DataType::Utf8, true)).collect();
    let column = |i: usize| -> ArrayRef {
        let cell = |r: &&Row| {
            r.cells.as_ref().ok().and_then(|c| c.get(i)).filter(|c| !c.is_empty()).cloned()
        };
        Arc::new(rows.iter().map(cell).collect::<StringArray>())
    };
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let columns = (0..header.len()).map(column).collect();
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// The scalar fact of a column of a table of cases.
pub fn fact_of(column: &str) -> Option<FieldId> {
    let is = |f: &FieldDef| f.path.len() == column.len() && f.path.replace('.', "_") == column;
    fields::SCALARS.iter().position(is).map(|i| FieldId(i as u16))
}

/// True for the columns of a table of cases.
fn is_fact(column: &str) -> bool {
    let list = |l: &comity_model::schema::ListDef| {
        column.strip_prefix(l.name).is_some_and(|rest| rest.is_empty() || rest == "_state")
    };
    fact_of(column).is_some() || fields::LISTS.iter().any(list)
}

/// A row of texts whose columns are facts. An empty cell is unknown, and so is one that
/// cannot be read, which is counted.
fn typed(
    columns: &[Option<FieldId>],
    row: &Row,
    problems: &mut Problems,
) -> Result<CaseFacts, String> {
    let cells = row.cells.as_ref().map_err(|reject| {
        problems.add(FILE, reject.kind, &reject.column, row.line, "");
        reject.reason.clone()
    })?;
    let mut facts = CaseFacts::new(NotListed::Unknown);
    for (field, cell) in columns.iter().zip(cells) {
        let (Some(field), text) = (field, cell.trim()) else { continue };
        if text.is_empty() || text == "unknown" {
            continue;
        }
        match value(&mut facts, &field.def().kind, text) {
            Some(v) => facts.set(*field, v),
            None => {
                let kind = match field.def().kind {
                    Type::Enum(_) => Kind::UnknownValue,
                    _ => Kind::UnreadableCell,
                };
                problems.add(FILE, kind, &field.def().path.replace('.', "_"), row.line, text);
            }
        }
    }
    read::derive(&mut facts);
    Ok(facts)
}

fn value(facts: &mut CaseFacts, kind: &Type, text: &str) -> Option<Value> {
    match kind {
        Type::Bool => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => Some(Value::Bool(true)),
            "no" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Int(_) => text.parse().ok().filter(|n| (0..=1_000_000).contains(n)).map(Value::Int),
        Type::Enum(set) => set.code(text).map(Value::Enum),
        Type::Date => Day::parse(text).map(Value::Date),
        Type::Instant => {
            text.parse::<jiff::Timestamp>().ok().map(|t| Value::Instant(t.as_second()))
        }
        Type::Text => Some(facts.text_value(text)),
    }
}

/// An error of Arrow while one file is read.
pub fn arrow_error(file: &str, e: &ArrowError) -> Diagnostic {
    Diagnostic::error("unreadable-file", format!("`{file}`: {e}"))
}
