//! The Arrow column layout of a table of cases, as data and as a page.
//!
//! Only a description: no Arrow library is used here (ADR 0009). One row is one case; a null
//! is *unknown*, never *no*.

use super::{GENERATED, cell};
use crate::schema::{EnumDef, FieldDef, Kind, Unit, fields};
use serde::Serialize;
use std::fmt::{self, Write};

/// The Arrow type of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ArrowType {
    /// `Boolean`
    Boolean,
    /// `Int32`, with its unit in the field's metadata
    Int32,
    /// `Date32`
    Date32,
    /// `Timestamp(Second, "UTC")`
    TimestampSecondUtc,
    /// `Utf8`
    Utf8,
    /// `Dictionary(UInt8, Utf8)`; the values in the order of their codes
    Dictionary(Vec<&'static str>),
    /// `List<Struct<…>>`
    ListOfStruct(Vec<ArrowColumn>),
}

impl fmt::Display for ArrowType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ArrowType::Boolean => "Boolean",
            ArrowType::Int32 => "Int32",
            ArrowType::Date32 => "Date32",
            ArrowType::TimestampSecondUtc => "Timestamp(Second, UTC)",
            ArrowType::Utf8 => "Utf8",
            ArrowType::Dictionary(_) => "Dictionary(UInt8, Utf8)",
            ArrowType::ListOfStruct(_) => "List<Struct<…>>",
        })
    }
}

/// One column, or one field of a list's element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArrowColumn {
    /// The column's name: the fact's path with `_` for the dot.
    pub name: String,
    /// The fact's path; for a list's state, the list's name.
    pub fact: &'static str,
    /// The Arrow type.
    pub data_type: ArrowType,
    /// True where null means *unknown*.
    pub is_nullable: bool,
    /// The unit of a number, `years`; in the field's metadata under `unit`.
    pub unit: Option<&'static str>,
    /// The meaning.
    pub says: String,
}

/// What is known of a list as a whole, in the order of the dictionary's codes.
const LIST_STATES: [&str; 3] = ["unknown", "at_least", "complete"];

/// Every column of a table of cases, in order.
pub fn arrow_layout() -> Vec<ArrowColumn> {
    let mut out: Vec<ArrowColumn> = fields::SCALARS.iter().map(column).collect();
    for list in fields::LISTS {
        out.push(ArrowColumn {
            name: list.name.to_owned(),
            fact: list.name,
            data_type: ArrowType::ListOfStruct(list.fields.iter().map(column).collect()),
            is_nullable: false,
            unit: None,
            says: format!(
                "{} A null element is a {} of which nothing is known.",
                list.says, list.one
            ),
        });
        out.push(ArrowColumn {
            name: format!("{}_state", list.name),
            fact: list.name,
            data_type: ArrowType::Dictionary(LIST_STATES.to_vec()),
            is_nullable: false,
            unit: None,
            says: format!(
                "What is known of `{}` as a whole: nothing; those listed and perhaps more; exactly those listed.",
                list.name
            ),
        });
    }
    out
}

fn column(field: &'static FieldDef) -> ArrowColumn {
    let (data_type, unit) = match &field.kind {
        Kind::Bool => (ArrowType::Boolean, None),
        Kind::Int(unit) => (ArrowType::Int32, Some(Unit::name(*unit))),
        Kind::Enum(set) => (dictionary(set), None),
        Kind::Date => (ArrowType::Date32, None),
        Kind::Instant => (ArrowType::TimestampSecondUtc, None),
        Kind::Text => (ArrowType::Utf8, None),
    };
    ArrowColumn {
        name: field.path.replace('.', "_"),
        fact: field.path,
        data_type,
        is_nullable: true,
        unit,
        says: field.says.to_owned(),
    }
}

fn dictionary(set: &EnumDef) -> ArrowType {
    ArrowType::Dictionary(set.values.iter().map(|(name, _)| *name).collect())
}

const INTRODUCTION: &str = "
One row is one case. The column's name is the fact's path with `_` for the dot. **A null is *unknown*, never *no*.** The values of a dictionary stand in the order of the [set](facts.md#sets-of-values) of that name, so that a code is the same number in every file. A moment is in UTC; the facility's zone is in `custody_time_zone`. A number's unit is in the field's metadata under `unit`.

A list has two columns: the elements, and what is known of the list as a whole. An empty list whose state is `complete` means that there is none; an empty list whose state is `unknown` says nothing at all.

";

/// The layout as a page.
pub fn arrow_markdown() -> String {
    let mut out = String::from("# Arrow layout of a table of cases\n\n");
    out.push_str(GENERATED);
    out.push_str(INTRODUCTION);
    let layout = arrow_layout();
    let _ = writeln!(out, "{} columns.\n", layout.len());
    table(&layout, &mut out);
    for column in &layout {
        if let ArrowType::ListOfStruct(inner) = &column.data_type {
            let _ = writeln!(out, "## The struct of `{}`\n", column.name);
            table(inner, &mut out);
        }
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    out.push('\n');
    out
}

fn table(columns: &[ArrowColumn], out: &mut String) {
    out.push_str(
        "| column | fact | Arrow type | null | unit | meaning |\n|---|---|---|---|---|---|\n",
    );
    for c in columns {
        let null = if c.is_nullable { "unknown" } else { "never" };
        let unit = c.unit.unwrap_or("");
        let _ = writeln!(
            out,
            "| `{}` | `{}` | {} | {null} | {unit} | {} |",
            c.name,
            c.fact,
            cell(&c.data_type.to_string()),
            cell(&c.says),
        );
    }
    out.push('\n');
}
