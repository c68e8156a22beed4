//! The rows of a data set that a study names, read as a replay reads them, for reports that
//! set them beside national tables.

use super::Desk;
use crate::joined::Joined;
use crate::mapping::{self, Mapping};
use crate::problem::Problems;
use crate::reader::{Rows, same_name};
use crate::receipt::Hashing;
use crate::rowfacts::{RowReader, us_date};
use crate::run::{Failure, beside, read_joined};
use crate::study;
use comity_model::{CaseFacts, Diagnostic};
use std::io;

/// How a request ended, as the mapping's first outcome column says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// The agency declined it.
    Declined,
    /// In another recorded way.
    Other,
    /// Nothing is recorded.
    NotRecorded,
}

/// One row.
pub struct Record {
    /// The month, `2014-06`, of the column that the mapping names for years; `None` where it has none.
    pub month: Option<String>,
    /// The year of the same column.
    pub year: String,
    /// How the request ended.
    pub ending: Ending,
    /// The facts, or why the row is none.
    pub facts: Result<Box<CaseFacts>, String>,
}

/// Reads every row of a study's data, and gives its mapping.
///
/// # Errors
/// The study, the mapping or a table of it is wrong, or a file cannot be read.
pub fn each(
    desk: &Desk<'_>,
    study: &str,
    visit: &mut dyn FnMut(Record),
) -> Result<Mapping, Vec<Diagnostic>> {
    let files = desk.sources.files();
    let study_bytes = desk.sources.bytes("study", study)?;
    let (mapping_path, _) = study::paths(study, &study_bytes)?;
    let path = beside(study, &mapping_path);
    let mapping_bytes = desk.sources.bytes("mapping", &path)?;
    let places = desk.library.places();
    let mapping = mapping::parse(&path, &mapping_bytes, places)?;
    let mut problems = Problems::default();
    let mut joined = joined(desk, &mapping, &path, &mut problems)?;
    let data_path = beside(&path, &mapping.file);
    let mut input = Hashing::new(files.open(&data_path).map_err(|d| vec![d])?);
    let mut rows = Rows::new(&mut input, mapping.encoding);
    let year_column = rows.header().iter().position(|h| same_name(h, &mapping.year));
    let mut reader = RowReader::new(&mapping, places, rows.header(), &mut problems);
    while let Some(row) = rows.next_row() {
        let cell = row.cells.as_ref().ok().and_then(|c| c.get(year_column?)).map(|c| c.trim());
        let month = cell.and_then(month_of);
        let case = reader.case(&row, joined.as_mut(), &mut problems);
        let outcome = case.outcomes.first().map(String::as_str);
        let words = &mapping.outcome_words;
        let is = |list: &[String]| outcome.is_some_and(|o| list.iter().any(|w| w == o));
        let ending = match outcome {
            _ if is(&words.declined) => Ending::Declined,
            Some(o) if !o.is_empty() && !is(&words.not_recorded) => Ending::Other,
            _ => Ending::NotRecorded,
        };
        visit(Record { month, year: case.year, ending, facts: case.facts });
    }
    drop(rows);
    // What is left after the last row still belongs to the file's hash.
    io::copy(&mut input, &mut io::sink()).map_err(|e| {
        vec![Diagnostic::error("unreadable-file", format!("{data_path} cannot be read: {e}"))]
    })?;
    desk.sources.note(input.finish("data", &data_path));
    Ok(mapping)
}

fn joined(
    desk: &Desk<'_>,
    mapping: &Mapping,
    path: &str,
    problems: &mut Problems,
) -> Result<Option<Joined>, Vec<Diagnostic>> {
    let Some(join) = &mapping.join else { return Ok(None) };
    let mut inputs = Vec::new();
    let joined = read_joined(join, mapping, path, desk.sources.files(), &mut inputs, problems)
        .map_err(|f| match f {
            Failure::Found(found) => found,
            Failure::Output(e) => vec![Diagnostic::error("unreadable-file", e.to_string())],
        })?;
    inputs.into_iter().for_each(|f| desk.sources.note(f));
    Ok(Some(joined))
}

/// `2014-06` of `2014-06-12`, `2014-06` or `6/12/2014`.
fn month_of(cell: &str) -> Option<String> {
    let month = cell.get(..7).filter(|m| super::sources::span(m).is_some()).map(str::to_owned);
    month.or_else(|| us_date(cell).and_then(|d| d.to_string().get(..7).map(str::to_owned)))
}
