//! Small CSV tables read whole: every error names file, line and column.

use crate::reader::{Encoding, Rows};
use crate::run::Files;
use comity_model::{Day, Diagnostic, SourceText};

/// Longest table that is read, in bytes; the largest of the public files has 3.4 MB.
pub const TABLE_BYTES_MAX: usize = 64 << 20;

/// One table: its columns by position, its rows with their lines.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    at: Vec<usize>,
    columns: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    of: &'a Table,
    line: u64,
    texts: &'a [String],
}

impl Table {
    /// Reads a file that must have these columns; others are passed over.
    ///
    /// # Errors
    /// The file cannot be read, has not these columns, or has a row that is none.
    pub fn read(files: &dyn Files, path: &str, columns: &[&str]) -> Result<Table, Diagnostic> {
        Table::parse(path, &files.bytes(path)?, columns)
    }

    /// The same, from bytes.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn parse(name: &str, bytes: &[u8], columns: &[&str]) -> Result<Table, Diagnostic> {
        if bytes.len() > TABLE_BYTES_MAX {
            let says =
                format!("the table has {} bytes; at most {TABLE_BYTES_MAX} are read", bytes.len());
            return Err(at_line(name, 1, says));
        }
        let mut rows = Rows::new(bytes, Encoding::Utf8);
        let place = |c: &&str| {
            let found = rows.header().iter().position(|h| h == *c);
            found.ok_or_else(|| {
                at_line(name, 1, format!("the table has no column `{c}`"))
                    .help(format!("its columns are {}", rows.header().join(", ")))
            })
        };
        let at = columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let mut read = Vec::new();
        while let Some(row) = rows.next_row() {
            let cells = row.cells.map_err(|r| at_line(name, row.line, r.reason))?;
            read.push((row.line, cells));
        }
        let columns = columns.iter().map(|c| (*c).to_owned()).collect();
        Ok(Table { name: name.to_owned(), at, columns, rows: read })
    }

    /// Every row, in order.
    pub fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|(line, cells)| Cells { of: self, line: *line, texts: cells })
    }

    /// A finding about the table as a whole.
    pub fn wrong(&self, says: impl Into<String>) -> Diagnostic {
        at_line(&self.name, 1, says.into())
    }
}

impl<'a> Cells<'a> {
    /// The text of the column of that index in the list that the table was read with.
    pub fn text(&self, column: usize) -> &'a str {
        self.of.at.get(column).and_then(|i| self.texts.get(*i)).map_or("", String::as_str)
    }

    /// A finding about one cell.
    pub fn wrong(&self, column: usize, wanted: &str) -> Diagnostic {
        let name = self.of.columns.get(column).map_or("", String::as_str);
        let cell: String = self.text(column).chars().take(60).collect();
        let says = format!("`{cell}` in column `{name}` is not {wanted}");
        at_line(&self.of.name, self.line, says)
    }

    /// A whole number.
    ///
    /// # Errors
    /// The cell is none, or larger than `max`.
    pub fn number(&self, column: usize, max: u64) -> Result<u64, Diagnostic> {
        let n = self.text(column).parse::<u64>().ok().filter(|n| *n <= max);
        n.ok_or_else(|| self.wrong(column, &format!("a whole number from 0 to {max}")))
    }

    /// A month, `2011-03`.
    ///
    /// # Errors
    /// The cell is none.
    pub fn month(&self, column: usize) -> Result<Month, Diagnostic> {
        Month::parse(self.text(column)).ok_or_else(|| self.wrong(column, "a month such as 2011-03"))
    }

    /// A day, `2011-03-31`; `None` where the cell is empty.
    ///
    /// # Errors
    /// The cell is neither.
    pub fn day(&self, column: usize) -> Result<Option<Day>, Diagnostic> {
        match self.text(column) {
            "" => Ok(None),
            text => Day::parse(text)
                .map(Some)
                .ok_or_else(|| self.wrong(column, "a day such as 2011-03-31")),
        }
    }
}

fn at_line(name: &str, line: u64, says: String) -> Diagnostic {
    let nowhere = SourceText { name, text: "" };
    let mut d = nowhere.locate(Diagnostic::error("bad-table", says), None);
    d.line = line as usize;
    d.column = 1;
    d
}

/// A calendar month as months since year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub u32);

impl Month {
    /// Parses `YYYY-MM`, years 1000 to 9998: the month after it must be one, too.
    pub fn parse(text: &str) -> Option<Month> {
        let first = Day::parse(&format!("{text}-01"))?.to_civil();
        let month = Month(first.year() as u32 * 12 + first.month() as u32 - 1);
        (first.year() < 9_999).then_some(month)
    }

    /// The calendar year.
    pub fn year(self) -> u32 {
        self.0 / 12
    }

    /// The first day.
    pub fn first_day(self) -> Day {
        let month = (self.0 % 12 + 1) as i8;
        Day::from_civil(jiff::civil::date(self.year() as i16, month, 1))
    }

    /// The number of days.
    pub fn days(self) -> u32 {
        (Month(self.0 + 1).first_day().0 - self.first_day().0) as u32
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.0 % 12 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_and_written() {
        for text in ["2007-10", "2012-02", "2015-12"] {
            assert_eq!(Month::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Month::parse("2012-02").unwrap().days(), 29);
        assert_eq!(Month::parse("2015-12").unwrap().days(), 31);
        for bad in ["2012-13", "2012-2", "2012", "", "2012-02-01", "9999-12"] {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_error_names_file_line_and_column() {
        let bytes = b"month,weight\n2007-10,5\n2007-11,many\n";
        let table = Table::parse("months.csv", bytes, &["weight"]).unwrap();
        let wrong = table.rows().find_map(|r| r.number(0, 100).err()).unwrap();
        assert_eq!((wrong.file.as_str(), wrong.line), ("months.csv", 3));
        assert!(wrong.message.contains("`many` in column `weight`"), "{}", wrong.message);
        let missing = Table::parse("months.csv", bytes, &["volume"]).unwrap_err();
        assert!(missing.message.contains("no column `volume`"), "{}", missing.message);
    }
}
