//! What the columns of a table hold, for somebody who has to say what they mean.

use super::cases::{arrow_error, cells};
use super::run::{Table, lines};
use crate::reader::Row;
use crate::rowfacts::{date_time, month_first, us_date};
use comity_model::{Day, Diagnostic};
use std::collections::HashMap;

/// Whether a cell can be read in one way.
type Can = fn(&str) -> bool;

/// Ways to read a cell, by the names that mapping files have for them.
const READS: [(&str, Can); 5] = [
    ("date", |text| Day::parse(text).is_some()),
    ("date-time", |text| date_time(text).is_some()),
    ("us-date", |text| us_date(text).is_some()),
    ("month-first", |text| month_first(text).is_some()),
    ("number", |text| text.parse::<u32>().is_ok_and(|n| n <= 1_000_000)),
];

/// A column and what its cells hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// Cells that are not empty.
    pub filled: u64,
    /// Different values with their counts, the most frequent first.
    pub values: Vec<(String, u64)>,
    /// True where it has more values than are kept.
    pub is_cut: bool,
    /// Ways to read it, as mapping files name them, with the cells that can be read so.
    pub reads: Vec<(&'static str, u64)>,
}

/// A column that is being read.
#[derive(Default)]
struct Column {
    filled: u64,
    values: HashMap<String, u64>,
    is_cut: bool,
    reads: [u64; READS.len()],
}

impl Column {
    fn take(&mut self, cell: &str, most: usize) {
        let text = cell.trim();
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        for (count, (_, can)) in self.reads.iter_mut().zip(READS) {
            *count += u64::from(can(text));
        }
        if let Some(count) = self.values.get_mut(text) {
            *count += 1;
        } else if self.values.len() < most {
            self.values.insert(text.to_owned(), 1);
        } else {
            self.is_cut = true;
        }
    }

    fn done(self, name: String) -> Seen {
        let mut values: Vec<(String, u64)> = self.values.into_iter().collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let reads = READS.iter().zip(self.reads).map(|((name, _), count)| (*name, count));
        let reads = reads.filter(|(_, count)| *count > 0).collect();
        Seen { name, filled: self.filled, values, is_cut: self.is_cut, reads }
    }
}

/// Every column of a table, with at most `most` different values of each. Rows that cannot be
/// read are passed over; a replay counts them.
///
/// # Errors
/// A file cannot be read.
pub fn seen(table: &Table, most: usize) -> Result<Vec<Seen>, Diagnostic> {
    let Some(first) = table.files.first() else { return Ok(Vec::new()) };
    let header = first.header();
    let mut columns: Vec<Column> = header.iter().map(|_| Column::default()).collect();
    let mut take = |row: &Row| {
        for (column, cell) in columns.iter_mut().zip(row.cells.iter().flatten()) {
            column.take(cell, most);
        }
    };
    for (input, file) in table.files.iter().enumerate() {
        if file.is_random_access() {
            for part in file.places(0, input) {
                file.batches(&part, &|_| true, &mut |batch| {
                    let rows = cells(&batch, part.first_row);
                    let rows = rows.map_err(|e| arrow_error(&file.input.name(), &e))?;
                    rows.iter().for_each(&mut take);
                    Ok(())
                })?;
            }
        } else {
            lines(&file.input)?.for_each(|row| take(&row));
        }
    }
    Ok(columns.into_iter().zip(header).map(|(column, name)| column.done(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, most: usize) -> Vec<Seen> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.csv");
        std::fs::write(&path, text).unwrap();
        seen(&Table::open(&[path]).unwrap(), most).unwrap()
    }

    #[test]
    fn a_column_tells_its_values_and_how_it_can_be_read() {
        let text = "when,said,n\n3/1/2014,no,7\n3/2/14 09:00,yes, 12\n,yes,x\n";
        let all = of(text, 10);
        assert_eq!(all[0].reads, [("us-date", 2)]);
        assert_eq!(all[0].filled, 2, "an empty cell holds nothing");
        assert_eq!(all[1].values, [("yes".to_owned(), 2), ("no".to_owned(), 1)]);
        assert_eq!((all[1].reads.is_empty(), all[1].is_cut), (true, false));
        assert_eq!(all[2].reads, [("number", 2)]);
    }

    #[test]
    fn of_many_values_only_some_are_kept_and_it_says_so() {
        let all = of("a,b\n1,x\n2,x\n3,x\n", 2);
        assert_eq!((all[0].values.len(), all[0].is_cut, all[0].filled), (2, true, 3));
        assert!(!all[1].is_cut);
    }

    #[test]
    fn days_are_told_apart_by_how_they_are_written() {
        let all = of("a,b,c\n2014-03-01,2014-03,2014-03-01T09:00\n", 5);
        let reads: Vec<Vec<&str>> =
            all.iter().map(|c| c.reads.iter().map(|(name, _)| *name).collect()).collect();
        assert_eq!(reads, [vec!["date", "date-time"], vec!["month-first"], vec!["date-time"]]);
    }
}
