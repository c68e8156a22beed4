//! One row of a table as a case, to be explained.

use super::cases::{Reading, arrow_error};
use super::input::Format;
use super::part::{Opened, Part, Place};
use super::run::lines;
use super::tally::Tally;
use comity_model::{CaseFacts, Diagnostic, Places};
use comity_policy::columns::{CaseReader, Unseen};

/// The facts of a row of a file; rows count from 1.
///
/// # Errors
/// There is no such row, it was rejected, or the file cannot be read.
pub fn case_of_row(
    file: &Opened,
    row: u64,
    reading: &Reading<'_>,
    places: &Places,
) -> Result<CaseFacts, Diagnostic> {
    let name = file.input.name();
    let missing = || {
        Diagnostic::error("no-such-row", format!("`{name}` has no row {row}"))
            .help("rows count from 1; the header is none")
    };
    let number = row.checked_sub(1).ok_or_else(missing)?;
    let mut tally = Tally::new(1);
    let mut found = None;
    if file.is_random_access() {
        let mut first_row = 0;
        let part = file.parts.iter().enumerate().find(|(_, rows)| {
            let is_here = number < first_row + **rows;
            if !is_here {
                first_row += **rows;
            }
            is_here
        });
        let (i, _) = part.ok_or_else(missing)?;
        let place = match file.input.format {
            Format::Parquet => Place::RowGroup(i),
            _ => Place::Batch(i),
        };
        let mut first = first_row;
        let part = Part { number: i, input: 0, first_row, place };
        file.batches(&part, &|c| reading.wants(c), &mut |batch| {
            let rows = batch.num_rows() as u64;
            if (first..first + rows).contains(&number) {
                let one = batch.slice((number - first) as usize, 1);
                found = Some(reading.batch(one, number, places, &name, &mut tally));
            }
            first += rows;
            Ok(())
        })?;
    } else if let Some(row) = lines(&file.input)?.nth(number as usize) {
        found = Some(reading.rows(&file.header(), &[row], number, places, &name, &mut tally));
    }
    let cases = found.ok_or_else(missing)?.map_err(|e| arrow_error(&name, &e))?;
    if let Some((_, why)) = cases.rejected.first() {
        return Err(Diagnostic::error("rejected-row", format!("row {row} of `{name}`: {why}")));
    }
    let reader = CaseReader::of(&cases.cases, Unseen::Unknown)
        .map_err(|e| Diagnostic::error("bad-column", format!("`{name}`, row {row}: {e}")))?;
    Ok(reader.case_of_row(0))
}
