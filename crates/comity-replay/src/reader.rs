//! Reads CSV bytes row by row and loses none: a row that cannot be read is handed on with its reason.

use crate::problem::{Kind, Problems};
use crate::record::{RECORD_BYTES_MAX, Records};
use std::io::Read;

/// How the bytes of a file are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    #[default]
    Utf8,
    /// Windows code page 1252, what Excel writes in the Americas and Western Europe.
    Windows1252,
}

impl Encoding {
    /// The encoding of that name.
    pub fn from_name(name: &str) -> Option<Encoding> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Encoding::Utf8),
            "windows-1252" | "cp1252" | "latin-1" | "iso-8859-1" => Some(Encoding::Windows1252),
            _ => None,
        }
    }

    /// Bytes as text; `None` where they are none.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Encoding::Windows1252 => bytes.iter().map(|b| windows_1252(*b)).collect(),
        }
    }
}

/// The five bytes that code page 1252 leaves open are no text.
fn windows_1252(byte: u8) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => Some(HIGH[usize::from(byte - 0x80)]).filter(|c| *c != '\0'),
        b => Some(char::from(b)),
    }
}

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of the file on which it starts, from 1.
    pub line: u64,
    /// Its cells, or why it cannot be read.
    pub cells: Result<Vec<String>, Reject>,
}

/// Why a row cannot be read, with what can be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The kind of problem.
    pub kind: Kind,
    /// The reason, one clause.
    pub reason: String,
    /// The column concerned, if it is one.
    pub column: String,
    /// Cells that could be read, in place; the others are empty.
    pub readable: Vec<String>,
}

/// A CSV file being read.
pub struct Rows<R> {
    records: Records<R>,
    encoding: Encoding,
    header: Vec<String>,
    done: bool,
}

impl<R: Read> Rows<R> {
    /// Starts reading: takes the header row, without a byte-order mark.
    pub fn new(input: R, encoding: Encoding) -> Rows<R> {
        let records = Records::new(input);
        let mut rows = Rows { records, encoding, header: Vec::new(), done: false };
        rows.header = rows.read_header();
        rows
    }

    fn read_header(&mut self) -> Vec<String> {
        if !self.records.advance().unwrap_or(false) {
            self.done = true;
            return Vec::new();
        }
        let name = |cell: &[u8]| {
            let text = self.encoding.decode(cell);
            let text = text.unwrap_or_else(|| String::from_utf8_lossy(cell).into_owned());
            text.trim_start_matches('\u{feff}').trim_start_matches("ï»¿").trim().to_owned()
        };
        let names: Vec<String> = self.records.cells().map(name).collect();
        // A file of nothing but blanks has no header.
        if names.iter().all(String::is_empty) { Vec::new() } else { names }
    }

    /// The names of the columns; empty for an empty file.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Why there is no header, where there is none.
    pub fn no_header(&self) -> Option<String> {
        let bytes = self.records.bytes_all();
        self.header.is_empty().then(|| {
            if bytes > RECORD_BYTES_MAX as u64 {
                format!("its header row has {bytes} bytes; at most {RECORD_BYTES_MAX} are read")
            } else {
                "it has no header row".to_owned()
            }
        })
    }

    /// The next row; `None` at the end of the file.
    pub fn next_row(&mut self) -> Option<Row> {
        if self.done || self.header.is_empty() {
            return None;
        }
        let result = self.records.advance();
        let line = self.records.line();
        match result {
            Ok(true) => Some(Row { line, cells: self.cells(line, self.records.line_after()) }),
            Ok(false) => {
                self.done = true;
                None
            }
            // Only the device can fail here: everything else is a readable record.
            Err(e) => {
                self.done = true;
                let reason = format!("the file cannot be read further: {e}");
                Some(Row { line, cells: Err(Reject::new(Kind::HalfRow, reason)) })
            }
        }
    }

    fn cells(&self, line: u64, end: u64) -> Result<Vec<String>, Reject> {
        if self.records.is_too_long() {
            let reason = format!(
                "the row has {} bytes on lines {line} to {end}; at most {RECORD_BYTES_MAX} are read",
                self.records.bytes_all()
            );
            return Err(Reject::new(Kind::RowTooLong, reason));
        }
        let mut bad: Option<(Kind, usize)> = None;
        let readable: Vec<String> = self
            .records
            .cells()
            .enumerate()
            .map(|(i, cell)| {
                if cell.contains(&0) {
                    bad.get_or_insert((Kind::ZeroByte, i));
                    return String::new();
                }
                self.encoding.decode(cell).unwrap_or_else(|| {
                    bad.get_or_insert((Kind::WrongEncoding, i));
                    String::new()
                })
            })
            .collect();
        let (have, want) = (readable.len(), self.header.len());
        if have != want {
            let kind = if have < want { Kind::HalfRow } else { Kind::ExtraCells };
            let mut reason = format!("{have} cells where the header has {want}");
            if end > line + 1 {
                reason.push_str(&format!(
                    "; the row runs over lines {line} to {}: is a quote never closed?",
                    end - 1
                ));
            }
            return Err(Reject { kind, reason, column: String::new(), readable });
        }
        let Some((kind, i)) = bad else {
            return Ok(readable);
        };
        let column = self.header.get(i).cloned().unwrap_or_default();
        let reason = match kind {
            Kind::ZeroByte => format!("a zero byte in column {column}"),
            _ => format!("column {column} is not {}", self.encoding_name()),
        };
        Err(Reject { kind, reason, column, readable })
    }

    fn encoding_name(&self) -> &'static str {
        match self.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Windows1252 => "Windows-1252",
        }
    }
}

impl Reject {
    fn new(kind: Kind, reason: String) -> Reject {
        Reject { kind, reason, column: String::new(), readable: Vec::new() }
    }
}

/// True for names that differ only in case, or in spaces for underscores: releases of one data
/// set write `Detainer Prepare Date`, `Detainer_Prepare_Date` and `detainer_prepare_date`.
pub fn same_name(a: &str, b: &str) -> bool {
    let plain = |c: char| if c == ' ' { '_' } else { c.to_ascii_lowercase() };
    a.chars().map(plain).eq(b.chars().map(plain))
}

/// Where the columns that a mapping reads stand in a file.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    names: Vec<String>,
}

impl Columns {
    /// Compares a header with the columns that are read and those that are known to be ignored.
    pub fn check(
        file: &'static str,
        header: &[String],
        read: &[&str],
        ignored: &[&str],
        problems: &mut Problems,
    ) -> Columns {
        if header.is_empty() {
            problems.add(file, Kind::EmptyFile, "", 1, "");
        }
        // From here on a column has the mapping's spelling.
        let spelled = |h: &String| {
            let known = read.iter().chain(ignored).find(|n| same_name(n, h));
            known.map_or_else(|| h.clone(), |n| (*n).to_owned())
        };
        let header: Vec<String> = header.iter().map(spelled).collect();
        for name in read.iter().filter(|n| !header.iter().any(|h| h == *n)) {
            problems.add(file, Kind::MissingColumn, name, 1, "");
        }
        for (i, name) in header.iter().enumerate() {
            if header[..i].contains(name) {
                problems.add(file, Kind::DuplicateColumn, name, 1, "");
            } else if !read.contains(&name.as_str()) && !ignored.contains(&name.as_str()) {
                problems.add(file, Kind::ExtraColumn, name, 1, "");
            }
        }
        Columns { names: header }
    }

    /// The place of a column.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The cell of a column; `None` where the file has no such column.
    pub fn cell<'c>(&self, cells: &'c [String], name: &str) -> Option<&'c str> {
        cells.get(self.find(name)?).map(String::as_str)
    }
}
