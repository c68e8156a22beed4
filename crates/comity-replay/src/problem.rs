//! What is wrong with the data, counted: by kind and column, with rows, samples and the first place.

use serde::Serialize;
use std::collections::BTreeMap;

/// Most different values of one column that are kept as samples.
const SAMPLES_MAX: usize = 8;

/// The kinds of problem a data file can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The file has no header row, or nothing at all.
    EmptyFile,
    /// A column that the mapping reads is not in the header.
    MissingColumn,
    /// The header has a column that the mapping neither reads nor ignores.
    ExtraColumn,
    /// The header names a column twice; the first is read.
    DuplicateColumn,
    /// A row with fewer cells than the header.
    HalfRow,
    /// A row with more cells than the header.
    ExtraCells,
    /// A row whose bytes are not in the encoding that the mapping names.
    WrongEncoding,
    /// A row with a zero byte.
    ZeroByte,
    /// A row longer than any row may be: most often a quote that is never closed.
    RowTooLong,
    /// A cell that the mapping needs is empty.
    EmptyCell,
    /// A cell that is not the date or number that the mapping says it is.
    UnreadableCell,
    /// A value that no table of the mapping knows.
    UnknownValue,
    /// A row number that another row has had already.
    DuplicateRowId,
    /// A line of the joined file that belongs to no row.
    OrphanLine,
}

impl Kind {
    /// The name used in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::EmptyFile => "empty-file",
            Kind::MissingColumn => "missing-column",
            Kind::ExtraColumn => "extra-column",
            Kind::DuplicateColumn => "duplicate-column",
            Kind::HalfRow => "half-row",
            Kind::ExtraCells => "extra-cells",
            Kind::WrongEncoding => "wrong-encoding",
            Kind::ZeroByte => "zero-byte",
            Kind::RowTooLong => "row-too-long",
            Kind::EmptyCell => "empty-cell",
            Kind::UnreadableCell => "unreadable-cell",
            Kind::UnknownValue => "unknown-value",
            Kind::DuplicateRowId => "duplicate-row-id",
            Kind::OrphanLine => "orphan-line",
        }
    }

    /// What it means and what became of the rows, one sentence.
    pub fn says(self) -> &'static str {
        match self {
            Kind::EmptyFile => "The file has no header row.",
            Kind::MissingColumn => {
                "The mapping reads the column and the file has none: its facts stay unknown."
            }
            Kind::ExtraColumn => {
                "The file has the column and the mapping neither reads nor ignores it."
            }
            Kind::DuplicateColumn => "The header names the column twice: the first is read.",
            Kind::HalfRow => "Fewer cells than the header: the row is rejected.",
            Kind::ExtraCells => "More cells than the header: the row is rejected.",
            Kind::WrongEncoding => {
                "Bytes that are not text in the file's encoding: the row is rejected."
            }
            Kind::ZeroByte => "A zero byte: the row is rejected.",
            Kind::RowTooLong => {
                "Longer than a row may be, often an unclosed quote: the row is rejected."
            }
            Kind::EmptyCell => "A cell that every row needs is empty: the row is rejected.",
            Kind::UnreadableCell => {
                "Not the date or number it should be: the fact stays unknown, or the row is rejected where every row needs it."
            }
            Kind::UnknownValue => {
                "No table of the mapping knows the value: the fact stays unknown."
            }
            Kind::DuplicateRowId => "The row's number was used before: both rows are decided.",
            Kind::OrphanLine => "The line belongs to no row of the main file: it is not used.",
        }
    }

    /// True where something that the mapping counts on is not there at all.
    pub fn is_serious(self) -> bool {
        matches!(self, Kind::EmptyFile | Kind::MissingColumn)
    }
}

/// One problem: a kind in one column of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file's role: `data` or `joined`.
    pub file: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The column, empty where the whole row or file is meant.
    pub column: String,
    /// How many rows are concerned; for a column, every row.
    pub rows: u64,
    /// Line of the first one.
    pub first_line: u64,
    /// Some of the values with their counts, shortened.
    pub samples: BTreeMap<String, u64>,
}

/// All problems found so far.
#[derive(Debug, Default)]
pub struct Problems {
    found: BTreeMap<(&'static str, Kind, String), Problem>,
}

impl Problems {
    /// Counts one row with a problem.
    pub fn add(&mut self, file: &'static str, kind: Kind, column: &str, line: u64, sample: &str) {
        let key = (file, kind, column.to_owned());
        let p = self.found.entry(key).or_insert_with(|| Problem {
            file,
            kind,
            column: column.to_owned(),
            rows: 0,
            first_line: line,
            samples: BTreeMap::new(),
        });
        p.rows += 1;
        if sample.is_empty() {
            return;
        }
        let sample = comity_model::diagnostic::shorten(sample, 60);
        if p.samples.len() < SAMPLES_MAX || p.samples.contains_key(&sample) {
            *p.samples.entry(sample).or_insert(0) += 1;
        }
    }

    /// Says that a problem of a column concerns that many rows.
    pub fn spread(&mut self, file: &'static str, kind: Kind, rows: u64) {
        for p in self.found.values_mut().filter(|p| p.file == file && p.kind == kind) {
            p.rows = rows;
        }
    }

    /// The problems, by file, kind and column.
    pub fn into_list(self) -> Vec<Problem> {
        self.found.into_values().collect()
    }
}
