//! Which rows belong to which month, block and file: everything that follows from the number
//! of rows alone.

use super::table::Month;
use super::tables::Tables;
use std::ops::Range;

/// Rows of a block: what one thread makes at a time, from random numbers of its own, and what
/// a row group of a Parquet file holds. Larger groups would need more memory for each thread.
pub const BLOCK_ROWS: u64 = 1 << 18;
/// Most rows of a run: a Parquet file has at most 32,767 row groups.
pub const ROWS_MAX: u64 = BLOCK_ROWS * 32_767;

/// The rows of a run by month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Index of the first month in [`Tables::months`].
    pub first: usize,
    /// The row after the last of each month, from the first month on.
    ends: Vec<u64>,
}

/// Why a run cannot be planned, as a sentence and a next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub says: String,
    /// What to do.
    pub help: String,
}

impl Plan {
    /// Plans `rows` rows (`None`: as many as were published) of the months `from` to `to`,
    /// both included. Each month gets its published part, to the row: the rows of a month
    /// are not drawn.
    ///
    /// # Errors
    /// The months are not those of the tables, or there are too many rows.
    pub fn new(
        tables: &Tables,
        rows: Option<u64>,
        from: Option<Month>,
        to: Option<Month>,
    ) -> Result<Plan, Refused> {
        let months = &tables.months;
        let (Some(first), Some(last)) = (months.first(), months.last()) else {
            return Err(refused("the tables have no months", "see data/synthetic/months.csv"));
        };
        let covered = format!("the tables cover {} to {}", first.month, last.month);
        let index = |month: Month| {
            let at = months.iter().position(|m| m.month == month);
            at.ok_or_else(|| refused(&format!("there are no requests of {month}"), &covered))
        };
        let first = from.map_or(Ok(0), index)?;
        let last = to.map_or(Ok(months.len() - 1), index)?;
        if first > last {
            return Err(refused("the last month is before the first", &covered));
        }
        let weights: Vec<u64> = months[first..=last].iter().map(|m| m.weight).collect();
        let published: u64 = weights.iter().sum();
        let rows = rows.unwrap_or(published);
        if rows > ROWS_MAX {
            let says = format!("{rows} rows are more than the {ROWS_MAX} that one run makes");
            return Err(refused(&says, "make several runs with different seeds and months"));
        }
        if published == 0 && rows > 0 {
            return Err(refused("the tables have no requests in these months", &covered));
        }
        let mut ends = Vec::new();
        let mut before = 0_u128;
        for w in weights {
            before += u128::from(w);
            // The part of all rows that lies before the end of the month, rounded down: the
            // last month ends with the last row.
            let end = before * u128::from(rows) / u128::from(published.max(1));
            ends.push(end as u64);
        }
        Ok(Plan { first, ends })
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Number of blocks.
    pub fn blocks(&self) -> u64 {
        self.rows().div_ceil(BLOCK_ROWS)
    }

    /// The rows of a block.
    pub fn block(&self, block: u64) -> Range<u64> {
        let start = block * BLOCK_ROWS;
        start..(start + BLOCK_ROWS).min(self.rows())
    }

    /// Index in [`Tables::months`] of the month of a row, and the row after its last.
    pub fn month_of(&self, row: u64) -> (usize, u64) {
        let at = self.ends.partition_point(|end| *end <= row);
        (self.first + at, self.ends.get(at).copied().unwrap_or(row + 1))
    }

    /// The years with rows, in order, and the row after the last of each.
    pub fn years(&self, tables: &Tables) -> Vec<(u32, u64)> {
        let mut out: Vec<(u32, u64)> = Vec::new();
        let mut start = 0;
        for (i, end) in self.ends.iter().enumerate() {
            let year = tables.months.get(self.first + i).map_or(0, |m| m.month.year());
            match out.last_mut() {
                Some((y, e)) if *y == year => *e = *end,
                _ if *end > start => out.push((year, *end)),
                _ => {}
            }
            start = *end;
        }
        out
    }
}

fn refused(says: &str, help: &str) -> Refused {
    Refused { says: says.to_owned(), help: help.to_owned() }
}
