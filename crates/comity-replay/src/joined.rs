//! The joined file, read once and kept by row number.

use crate::charges::{ChargeBook, ChargeLine, Used, end_lists};
use crate::mapping::Join;
use crate::problem::{Kind, Problems};
use crate::reader::{Columns, Encoding, Rows};
use comity_model::schema::{FieldId, scalar};
use comity_model::{CaseFacts, Value};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

/// The role of the joined file in problems.
pub const FILE: &str = "joined";
const CRIMINAL_ARREST: FieldId = scalar("custody.criminal_arrest");

/// What became of the lines of the joined file. Every line is in exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JoinedCounts {
    /// Lines read.
    pub lines: u64,
    /// Lines that became a charge of a row.
    pub charges: u64,
    /// Lines that are no charge, by reason.
    pub set_aside: BTreeMap<String, u64>,
    /// Lines that cannot be read.
    pub rejected: u64,
    /// Lines that belong to no row.
    pub orphans: u64,
    /// Convictions that were derived (not lines of their own).
    pub convictions: u64,
}

impl JoinedCounts {
    /// True where every line is accounted for.
    pub fn is_whole(&self) -> bool {
        let aside: u64 = self.set_aside.values().sum();
        self.lines == self.charges + aside + self.rejected + self.orphans
    }
}

#[derive(Debug)]
struct Kept {
    line: ChargeLine,
    at: u64,
}

/// The lines of the joined file that belong to rows still to come.
#[derive(Debug)]
pub struct Joined {
    book: ChargeBook,
    by_row: HashMap<String, Vec<Kept>>,
    used_rows: HashSet<String>,
    maybe_more: bool,
    criminal_arrest: bool,
    youthful: Option<bool>,
    text_column: String,
    level_column: String,
    disposition_column: String,
    /// The counts so far.
    pub counts: JoinedCounts,
}

impl Joined {
    /// Reads the whole file.
    pub fn read(
        join: &Join,
        book: ChargeBook,
        encoding: Encoding,
        input: impl Read,
        problems: &mut Problems,
    ) -> Joined {
        let mut joined = Joined {
            book,
            by_row: HashMap::new(),
            used_rows: HashSet::new(),
            maybe_more: join.maybe_more,
            criminal_arrest: join.criminal_arrest,
            youthful: join.youthful,
            text_column: join.text.clone(),
            level_column: join.level.clone(),
            disposition_column: join.disposition.clone(),
            counts: JoinedCounts::default(),
        };
        let mut rows = Rows::new(input, encoding);
        let ignored: Vec<&str> = join.ignored.iter().map(|i| i.name.as_str()).collect();
        let columns = Columns::check(FILE, rows.header(), &join.columns_read(), &ignored, problems);
        while let Some(row) = rows.next_row() {
            joined.counts.lines += 1;
            match row.cells {
                Ok(cells) => joined.keep(join, &columns, &cells, row.line),
                Err(reject) => {
                    joined.counts.rejected += 1;
                    problems.add(FILE, reject.kind, &reject.column, row.line, "");
                }
            }
        }
        problems.spread(FILE, Kind::MissingColumn, joined.counts.lines);
        problems.spread(FILE, Kind::ExtraColumn, joined.counts.lines);
        joined
    }

    fn keep(&mut self, join: &Join, columns: &Columns, cells: &[String], at: u64) {
        let aside = join.set_aside.iter().find(|(c, v, _)| columns.cell(cells, c) == Some(v));
        if let Some((_, _, why)) = aside {
            *self.counts.set_aside.entry(why.clone()).or_insert(0) += 1;
            return;
        }
        let cell = |name: &str| columns.cell(cells, name).unwrap_or("").trim().to_owned();
        let line = ChargeLine {
            text: cell(&join.text),
            level: cell(&join.level),
            disposition: cell(&join.disposition),
        };
        self.by_row.entry(cell(&join.row_id)).or_default().push(Kept { line, at });
    }

    /// Lays the charges and convictions of a row over its case.
    pub fn add_to(&mut self, facts: &mut CaseFacts, row_id: &str, problems: &mut Problems) {
        let lines = self.by_row.remove(row_id).unwrap_or_default();
        let mut arrest = false;
        for kept in &lines {
            self.note_unknown(kept, problems);
            match self.book.add_line(facts, &kept.line, self.youthful) {
                Used::Charge(kind, conviction) => {
                    self.counts.charges += 1;
                    self.counts.convictions += u64::from(conviction);
                    arrest |= kind.is_arrest();
                }
                Used::SetAside(why) => *self.counts.set_aside.entry(why).or_insert(0) += 1,
            }
        }
        // A second row of the same number has no lines left: what is missing is not known.
        let again = !self.used_rows.insert(row_id.to_owned());
        end_lists(facts, self.maybe_more || again);
        if self.criminal_arrest && arrest {
            facts.set(CRIMINAL_ARREST, Value::Bool(true));
        }
    }

    fn note_unknown(&self, kept: &Kept, problems: &mut Problems) {
        let not_known = self.book.not_known(&kept.line);
        let found = [
            (not_known.text, &self.text_column, &kept.line.text),
            (not_known.level, &self.level_column, &kept.line.level),
            (not_known.disposition, &self.disposition_column, &kept.line.disposition),
        ];
        for (unknown, column, value) in found {
            if unknown {
                problems.add(
                    FILE,
                    Kind::UnknownValue,
                    column,
                    kept.at,
                    crate::charges::or_empty(value),
                );
            }
        }
    }

    /// Counts the lines that no row took.
    pub fn finish(&mut self, problems: &mut Problems) {
        let mut left: Vec<(&String, &Vec<Kept>)> = self.by_row.iter().collect();
        left.sort();
        for (row_id, lines) in left {
            for kept in lines {
                self.counts.orphans += 1;
                problems.add(FILE, Kind::OrphanLine, "", kept.at, row_id);
            }
        }
        self.by_row.clear();
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
