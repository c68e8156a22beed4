//! The values by which rows are grouped.

use super::cases::{Cases, fact_of};
use super::interner::Interner;
use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Schema};
use comity_model::{Day, Diagnostic};

/// The value of a row that has none.
pub const NONE: &str = "unknown";

/// One key of `--by`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// As the command names it.
    pub name: String,
    from: From,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    /// A column of the file.
    Column(String),
    /// A fact of the case, by the name of its column.
    Fact(String),
    /// The first characters of the day of decision: 4 for the year, 7 for the month.
    Decision(usize),
}

const DECISION: &str = "decision_on";

impl Key {
    /// What a name means in a table: a column, `year` or `month` of the decision, `county` or
    /// `state`, a fact such as `request.form`.
    ///
    /// # Errors
    /// Nothing of that name, with what there is.
    pub fn find(name: &str, schema: &Schema) -> Result<Key, Diagnostic> {
        let key = |from| Ok(Key { name: name.to_owned(), from });
        if schema.field_with_name(name).is_ok() {
            return key(From::Column(name.to_owned()));
        }
        let has = |c: &str| schema.field_with_name(c).is_ok();
        match name {
            "year" => return key(From::Decision(4)),
            "month" => return key(From::Decision(7)),
            "county" if has("county_fips") => return key(From::Column("county_fips".to_owned())),
            "county" => return key(From::Fact("place_county".to_owned())),
            "state" => return key(From::Fact("place_state".to_owned())),
            _ => {}
        }
        let column = name.replace('.', "_");
        if fact_of(&column).is_some() {
            return key(From::Fact(column));
        }
        let all: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        Err(Diagnostic::error("unknown-key", format!("`{name}` is nothing to count by")).help(
            format!(
                "year, month, county, state, a fact such as request.form, or a column of the data: {}",
                all.join(", ")
            ),
        ))
    }

    /// The column of the file that it reads, if it reads one.
    pub fn column(&self) -> &str {
        match &self.from {
            From::Column(c) | From::Fact(c) => c,
            From::Decision(_) => DECISION,
        }
    }

    /// The value of every row, as numbers of an interner.
    ///
    /// # Errors
    /// Arrow's, where a column cannot be shown as text.
    pub fn numbers(&self, rows: &Cases, words: &mut Interner) -> Result<Vec<u32>, ArrowError> {
        let len = rows.numbers.len();
        let none = words.number(NONE);
        let (batch, name) = match &self.from {
            From::Column(c) => (&rows.raw, c.as_str()),
            From::Fact(c) => (&rows.cases, c.as_str()),
            From::Decision(chars) => {
                return Ok(of_day(&rows.cases, *chars, none, words).unwrap_or(vec![none; len]));
            }
        };
        batch.column_by_name(name).map_or(Ok(vec![none; len]), |c| of_text(c, none, words))
    }
}

/// Year or month of the day of decision; nearby rows mostly share it.
fn of_day(cases: &RecordBatch, chars: usize, none: u32, words: &mut Interner) -> Option<Vec<u32>> {
    let days = cases.column_by_name(DECISION)?.as_primitive_opt::<Date32Type>()?;
    let mut last = (i32::MIN, none);
    let number = |day: Option<i32>| {
        let Some(day) = day else { return none };
        if last.0 != day {
            let text = Day(day).to_string();
            last = (day, words.number(text.get(..chars).unwrap_or(&text)));
        }
        last.1
    };
    Some(days.iter().map(number).collect())
}

fn of_text(column: &ArrayRef, none: u32, words: &mut Interner) -> Result<Vec<u32>, ArrowError> {
    if let Some(dictionary) = column.as_any_dictionary_opt() {
        let values = of_text(dictionary.values(), none, words)?;
        let keys = dictionary.normalized_keys();
        let number = |(i, key): (usize, usize)| {
            if column.is_null(i) { none } else { values.get(key).copied().unwrap_or(none) }
        };
        return Ok(keys.into_iter().enumerate().map(number).collect());
    }
    let texts = cast(column, &DataType::Utf8)?;
    let texts: &StringArray = texts.as_string();
    let number = |t: Option<&str>| match t {
        None | Some("") => none,
        Some(t) => words.number(t),
    };
    Ok(texts.iter().map(number).collect())
}
