//! A mapping: which columns of a file become which facts, what is assumed, what stays unknown.

mod parse;
pub mod recognize;

use crate::reader::Encoding;
use crate::toml_read::{Given, Target};
use comity_model::Day;
use std::collections::BTreeMap;

pub(crate) use parse::filled;
pub use parse::parse;

/// How a cell is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// The day of a moment, `YYYY-MM-DD` with or without a time after it.
    DateTime,
    /// A day as Americans write it, `M/D/YYYY` or `M/D/YY` (2000 to 2099).
    UsDate,
    /// A month, `YYYY-MM`: its first day.
    MonthFirst,
    /// A whole number.
    Number,
    /// Text as it stands.
    Text,
    /// By a table of values.
    Table(BTreeMap<String, Given>),
}

/// One column read into one or more facts.
#[derive(Debug, Clone)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// The facts it fills.
    pub targets: Vec<Target>,
    /// How a cell is read.
    pub read: Read,
    /// Columns of days to add to a date: the first that is not empty.
    pub plus_days: Vec<String>,
    /// A row without it is rejected.
    pub required: bool,
    /// Not every version of the data has it: a file without it has no problem.
    pub optional: bool,
    /// What is lost in the reading.
    pub loses: String,
}

/// A fact that the mapping takes for granted, with the reason.
#[derive(Debug, Clone)]
pub struct Assumption {
    /// The fact.
    pub target: Target,
    /// Its name as written.
    pub fact: String,
    /// The value.
    pub given: Given,
    /// The value as shown.
    pub shown: String,
    /// Only for decisions on or after this day.
    pub from: Option<Day>,
    /// Only for decisions before this day.
    pub before: Option<Day>,
    /// Why.
    pub why: String,
}

/// Which values of the first outcome column say how a request ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeWords {
    /// The agency declined it.
    pub declined: Vec<String>,
    /// Nothing is recorded.
    pub not_recorded: Vec<String>,
}

/// A column and a reason.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Said {
    /// The column or facts.
    pub name: String,
    /// The reason.
    pub why: String,
}

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum PlaceRule {
    /// All in one place.
    Fixed(String),
    /// By a column of FIPS codes; where it is empty, the place named.
    Fips {
        /// The column.
        column: String,
        /// The place of rows without a code; `None` leaves it unknown.
        otherwise: Option<String>,
    },
    /// By a column of states, as names or postal codes; where it is empty the place is unknown.
    State {
        /// The column.
        column: String,
    },
}

/// The file of charges that belongs to the rows.
#[derive(Debug, Clone)]
pub struct Join {
    /// The file, relative to the mapping.
    pub file: String,
    /// Its column with the row's number.
    pub row_id: String,
    /// Column of the charge text.
    pub text: String,
    /// Column of the level code.
    pub level: String,
    /// Column of the disposition.
    pub disposition: String,
    /// The reviewed table of charge texts, relative to the mapping.
    pub charge_table: String,
    /// The table of level codes.
    pub level_table: String,
    /// The table of dispositions.
    pub disposition_table: String,
    /// True: the lists end with "maybe more".
    pub maybe_more: bool,
    /// True: a line that is an offense means an arrest for a criminal offense.
    pub criminal_arrest: bool,
    /// Whether convictions of these lines are youthful adjudications, where it is known.
    pub youthful: Option<bool>,
    /// Lines that are no charge: column, value, reason.
    pub set_aside: Vec<(String, String, String)>,
    /// Columns that are not read, with the reason.
    pub ignored: Vec<Said>,
}

/// A mapping file.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Its name.
    pub id: String,
    /// What the data are.
    pub title: String,
    /// Where they come from.
    pub source: String,
    /// The moment of the case that the facts describe.
    pub moment: String,
    /// The data file, relative to the mapping.
    pub file: String,
    /// Its encoding.
    pub encoding: Encoding,
    /// Its column with the row's number.
    pub row_id: String,
    /// The column whose first four characters are the year of the tables.
    pub year: String,
    /// Where the rows are.
    pub place: PlaceRule,
    /// Columns that become facts.
    pub columns: Vec<Column>,
    /// Columns carried to the output, never facts.
    pub outcomes: Vec<Said>,
    /// What values of the first of them mean.
    pub outcome_words: OutcomeWords,
    /// Columns that are not read.
    pub ignored: Vec<Said>,
    /// Facts taken for granted.
    pub assumptions: Vec<Assumption>,
    /// Facts that stay unknown, with the reason.
    pub unknown: Vec<Said>,
    /// What the place rule loses.
    pub place_loses: String,
    /// The file of charges, if there is one.
    pub join: Option<Join>,
}

impl Mapping {
    /// Every column of the main file that is read, and that every version of the data has.
    pub fn columns_read(&self) -> Vec<&str> {
        let mut out = vec![self.year.as_str()];
        if !self.row_id.is_empty() {
            out.push(&self.row_id);
        }
        if let PlaceRule::Fips { column, .. } | PlaceRule::State { column } = &self.place {
            out.push(column);
        }
        for c in self.columns.iter().filter(|c| !c.optional) {
            out.push(&c.name);
            out.extend(c.plus_days.iter().map(String::as_str));
        }
        out.extend(self.outcomes.iter().map(|o| o.name.as_str()));
        out.sort_unstable();
        out.dedup();
        out
    }
}

impl Mapping {
    /// Columns that are known and need not be there: ignored, or not in every version.
    pub fn columns_known(&self) -> Vec<&str> {
        let optional = self.columns.iter().filter(|c| c.optional).map(|c| c.name.as_str());
        self.ignored.iter().map(|i| i.name.as_str()).chain(optional).collect()
    }
}

impl Join {
    /// Every column of the joined file that is read.
    pub fn columns_read(&self) -> Vec<&str> {
        let mut out = vec![
            self.row_id.as_str(),
            self.text.as_str(),
            self.level.as_str(),
            self.disposition.as_str(),
        ];
        out.extend(self.set_aside.iter().map(|(c, _, _)| c.as_str()));
        out
    }
}
