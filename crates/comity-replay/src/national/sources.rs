//! Reads the national tables: every cell is checked, every file is hashed for the receipt.

use crate::receipt::{FileHash, sha256};
use crate::run::{Files, beside};
use comity_model::{Day, Diagnostic};
use std::cell::RefCell;
use std::collections::HashMap;

/// Largest table that is read, in bytes: these are small files, and one that is not is a mistake.
const BYTES_MAX: usize = 64 << 20;

/// The folder of national tables, and what was read of it.
pub struct Sources<'a> {
    files: &'a dyn Files,
    folder: String,
    read: RefCell<Vec<FileHash>>,
}

/// A table of texts.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    columns: HashMap<String, usize>,
    rows: Vec<(usize, Vec<String>)>,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    table: &'t Table,
    line: usize,
    cells: &'t [String],
}

type Found<T> = Result<T, Vec<Diagnostic>>;

impl<'a> Sources<'a> {
    /// The tables of a folder such as `data/national`.
    pub fn new(files: &'a dyn Files, folder: &str) -> Sources<'a> {
        Sources { files, folder: folder.to_owned(), read: RefCell::default() }
    }

    /// Where files are read.
    pub fn files(&self) -> &'a dyn Files {
        self.files
    }

    /// The path of a file of the folder.
    pub fn path(&self, name: &str) -> String {
        beside(&format!("{}/", self.folder.trim_end_matches('/')), name)
    }

    /// The bytes of a file, hashed.
    ///
    /// # Errors
    /// The file cannot be read, or is far too large.
    pub fn bytes(&self, role: &str, path: &str) -> Found<Vec<u8>> {
        let bytes = self.files.bytes(path).map_err(|d| {
            vec![d.help("the national tables lie in data/national of the repository; --data names another folder")]
        })?;
        if bytes.len() > BYTES_MAX {
            let message =
                format!("`{path}` has {} bytes; at most {BYTES_MAX} are read", bytes.len());
            return Err(vec![Diagnostic::error("too-large", message)]);
        }
        self.note(FileHash {
            role: role.to_owned(),
            name: path.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(&bytes),
        });
        Ok(bytes)
    }

    /// Adds a file that was read elsewhere to what the receipt lists.
    pub fn note(&self, file: FileHash) {
        let mut read = self.read.borrow_mut();
        if !read.contains(&file) {
            read.push(file);
        }
    }

    /// A table of the folder that has at least these columns.
    ///
    /// # Errors
    /// The file is not there, is no CSV, or lacks a column.
    pub fn table(&self, name: &str, columns: &[&str]) -> Found<Table> {
        let path = self.path(name);
        Table::parse(&path, &self.bytes("table", &path)?, columns)
    }

    /// The files read so far.
    pub fn read(&self) -> Vec<FileHash> {
        self.read.borrow().clone()
    }
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// The first row that is no CSV of the header's width, and every column that is missing.
    pub fn parse(name: &str, bytes: &[u8], columns: &[&str]) -> Found<Table> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| vec![unreadable(name, &e)])?;
            let line = record.position().map_or(0, |p| p.line() as usize);
            rows.push((line, record.iter().map(|c| c.trim().to_owned()).collect::<Vec<_>>()));
        }
        let header = if rows.is_empty() { Vec::new() } else { rows.remove(0).1 };
        let missing: Vec<Diagnostic> = columns
            .iter()
            .filter(|c| !header.iter().any(|h| h == *c))
            .map(|c| {
                let d =
                    Diagnostic::error("missing-column", format!("the table has no column `{c}`"));
                at(d.help(format!("its columns are: {}", header.join(", "))), name, 1)
            })
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let columns = header.into_iter().enumerate().map(|(i, h)| (h, i)).collect();
        Ok(Table { name: name.to_owned(), columns, rows })
    }

    /// The rows in the file's order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }

    /// True if it has a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> Vec<&str> {
        let mut out: Vec<(&usize, &str)> =
            self.columns.iter().map(|(n, i)| (i, n.as_str())).collect();
        out.sort_unstable();
        out.into_iter().map(|(_, n)| n).collect()
    }
}

fn unreadable(name: &str, e: &csv::Error) -> Diagnostic {
    let line = e.position().map_or(0, |p| p.line() as usize);
    let d = Diagnostic::error("unreadable-row", format!("the row cannot be read: {e}"));
    at(d.help("every row needs the header's number of cells, in UTF-8"), name, line)
}

fn at(mut d: Diagnostic, name: &str, line: usize) -> Diagnostic {
    name.clone_into(&mut d.file);
    d.line = line;
    d.column = 1;
    d
}

impl<'t> Row<'t> {
    /// A cell as text; empty where the table has no such column.
    pub fn text(&self, column: &str) -> &'t str {
        self.table.columns.get(column).and_then(|i| self.cells.get(*i)).map_or("", String::as_str)
    }

    /// A finding at this row.
    pub fn wrong(&self, column: &str, wanted: &str) -> Vec<Diagnostic> {
        let cell = comity_model::diagnostic::shorten(self.text(column), 60);
        let message = format!("`{cell}` in column `{column}` is not {wanted}");
        vec![at(Diagnostic::error("unreadable-cell", message), &self.table.name, self.line)]
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// The cell is empty or no such number.
    pub fn count(&self, column: &str) -> Found<u64> {
        self.text(column).parse().map_err(|_| self.wrong(column, "a whole number"))
    }

    /// A number.
    ///
    /// # Errors
    /// The cell is no number.
    pub fn number(&self, column: &str) -> Found<f64> {
        let n: Result<f64, _> = self.text(column).parse();
        n.ok().filter(|n| n.is_finite()).ok_or_else(|| self.wrong(column, "a number"))
    }

    /// A day, `None` where the cell is empty.
    ///
    /// # Errors
    /// The cell is no day.
    pub fn day_opt(&self, column: &str) -> Found<Option<Day>> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        Day::parse(self.text(column))
            .map(Some)
            .ok_or_else(|| self.wrong(column, "a day such as 2015-06-12"))
    }

    /// A day that must be there.
    ///
    /// # Errors
    /// The cell is empty or no day.
    pub fn day(&self, column: &str) -> Found<Day> {
        self.day_opt(column)?.ok_or_else(|| self.wrong(column, "a day such as 2015-06-12"))
    }

    /// A day or a month (`2015-12`): the first and the last day that it can be.
    ///
    /// # Errors
    /// The cell is neither.
    pub fn day_or_month(&self, column: &str) -> Found<Option<(Day, Day)>> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        span(text)
            .map(Some)
            .ok_or_else(|| self.wrong(column, "a day or a month such as 2015-06-12 or 2015-06"))
    }
}

/// First and last day of a day or a month.
pub fn span(text: &str) -> Option<(Day, Day)> {
    if let Some(day) = Day::parse(text) {
        return Some((day, day));
    }
    let first = Day::parse(&format!("{text}-01"))?;
    let last = Day::from_civil(first.to_civil().last_of_month());
    Some((first, last))
}
