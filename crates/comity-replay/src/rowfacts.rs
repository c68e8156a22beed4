//! One row and its mapping become the facts of one case.

use crate::joined::Joined;
use crate::mapping::{Column, Mapping, PlaceRule, Read};
use crate::problem::{Kind, Problems};
use crate::reader::{Columns, Row};
use crate::toml_read::{Given, Target};
use comity_model::schema::{FieldId, scalar};
use comity_model::{CaseFacts, Day, NotListed, Places, Value, read};
use std::collections::{HashMap, HashSet};

/// The role of the main file in problems.
pub const FILE: &str = "data";
const DECISION: FieldId = scalar("decision.on");

/// A row that became a case, or the reason why it did not.
#[derive(Debug)]
pub struct RowCase {
    /// Line of the file, from 1.
    pub line: u64,
    /// The row's number as the file has it; empty where it cannot be read.
    pub row_id: String,
    /// The year of the tables; empty where it cannot be read.
    pub year: String,
    /// The outcome columns, in the mapping's order.
    pub outcomes: Vec<String>,
    /// The facts, or the reason of the rejection.
    pub facts: Result<Box<CaseFacts>, String>,
}

/// Turns rows into cases.
pub struct RowReader<'m> {
    mapping: &'m Mapping,
    places: &'m Places,
    by_fips: HashMap<&'m str, &'m str>,
    by_state: HashMap<String, &'m str>,
    columns: Columns,
    seen: HashSet<String>,
}

impl<'m> RowReader<'m> {
    /// A reader for a file with this header; what the header lacks or has too much is noted.
    pub fn new(
        mapping: &'m Mapping,
        places: &'m Places,
        header: &[String],
        problems: &mut Problems,
    ) -> RowReader<'m> {
        let known = mapping.columns_known();
        let columns = Columns::check(FILE, header, &mapping.columns_read(), &known, problems);
        let by_fips = places.iter().filter(|p| !p.fips.is_empty());
        let by_fips = by_fips.map(|p| (p.fips.as_str(), p.code.0.as_str())).collect();
        RowReader {
            mapping,
            places,
            by_fips,
            by_state: states(places),
            columns,
            seen: HashSet::new(),
        }
    }

    /// The case of one row.
    pub fn case(
        &mut self,
        row: &Row,
        joined: Option<&mut Joined>,
        problems: &mut Problems,
    ) -> RowCase {
        let cells: &[String] = match &row.cells {
            Ok(cells) => cells,
            Err(reject) => &reject.readable,
        };
        let cell = |name: &str| self.columns.cell(cells, name).unwrap_or("").trim().to_owned();
        let row_id = match self.mapping.row_id.as_str() {
            "" => row.line.to_string(),
            column => cell(column),
        };
        let year = year_of(&cell(&self.mapping.year));
        let mut case = RowCase {
            line: row.line,
            row_id,
            year,
            outcomes: self.mapping.outcomes.iter().map(|o| cell(&o.name)).collect(),
            facts: Err(String::new()),
        };
        if !case.row_id.is_empty() && !self.seen.insert(case.row_id.clone()) {
            problems.add(FILE, Kind::DuplicateRowId, &self.mapping.row_id, row.line, &case.row_id);
        }
        case.facts = match &row.cells {
            Ok(cells) => self.facts(&case, cells, joined, problems).map(Box::new),
            Err(reject) => {
                problems.add(FILE, reject.kind, &reject.column, row.line, "");
                Err(reject.reason.clone())
            }
        };
        case
    }

    fn facts(
        &self,
        case: &RowCase,
        cells: &[String],
        joined: Option<&mut Joined>,
        problems: &mut Problems,
    ) -> Result<CaseFacts, String> {
        let mut facts = CaseFacts::new(NotListed::Unknown);
        self.put(&mut facts, case.line, cells, problems)?;
        for column in &self.mapping.columns {
            self.column(&mut facts, column, case.line, cells, problems)?;
        }
        if facts.get_date(DECISION).is_none() {
            return Err("no day of decision can be read".to_owned());
        }
        self.assume(&mut facts);
        if let Some(joined) = joined {
            joined.add_to(&mut facts, &case.row_id, problems);
        }
        read::derive(&mut facts);
        Ok(facts)
    }

    /// Puts the case into its place; an unknown FIPS code leaves the place named for rows without one.
    fn put(
        &self,
        facts: &mut CaseFacts,
        line: u64,
        cells: &[String],
        problems: &mut Problems,
    ) -> Result<(), String> {
        let code = match &self.mapping.place {
            PlaceRule::Fixed(code) => Some(code.as_str()),
            PlaceRule::State { column } => {
                let cell = self.columns.cell(cells, column).unwrap_or("").trim();
                let found = self.by_state.get(&cell.to_lowercase()).copied();
                if found.is_none() && !cell.is_empty() {
                    problems.add(FILE, Kind::UnknownValue, column, line, cell);
                }
                found
            }
            PlaceRule::Fips { column, otherwise } => {
                let fips = self.columns.cell(cells, column).unwrap_or("").trim();
                let found = self.by_fips.get(fips).copied();
                if found.is_none() && !fips.is_empty() {
                    problems.add(FILE, Kind::UnknownValue, column, line, fips);
                }
                found.or(otherwise.as_deref())
            }
        };
        // Without a place every place is possible.
        code.map_or(Ok(()), |code| self.places.put(facts, code).map_err(|d| d.message))
    }

    fn column(
        &self,
        facts: &mut CaseFacts,
        column: &Column,
        line: u64,
        cells: &[String],
        problems: &mut Problems,
    ) -> Result<(), String> {
        let cell = self.columns.cell(cells, &column.name);
        let text = cell.unwrap_or("").trim();
        let listed_empty = matches!(&column.read, Read::Table(t) if t.contains_key(""));
        if text.is_empty() && !listed_empty {
            if !column.required {
                return Ok(());
            }
            if cell.is_some() {
                problems.add(FILE, Kind::EmptyCell, &column.name, line, "");
            }
            return Err(format!("column {} is empty", column.name));
        }
        let value = match self.value(facts, column, text, cells, line, problems) {
            Some(v) => v,
            None if column.required => {
                return Err(format!("column {} cannot be read", column.name));
            }
            None => Value::Unknown,
        };
        for target in &column.targets {
            if let Target::Scalar(field) = target {
                facts.set(*field, value);
            }
        }
        Ok(())
    }

    /// The value of a cell; `None` where it cannot be read, and then it is counted.
    fn value(
        &self,
        facts: &mut CaseFacts,
        column: &Column,
        text: &str,
        cells: &[String],
        line: u64,
        problems: &mut Problems,
    ) -> Option<Value> {
        let value = match &column.read {
            Read::Text => Some(facts.text_value(text)),
            Read::Date => Day::parse(text).map(Value::Date),
            Read::DateTime => date_time(text).map(Value::Date),
            Read::UsDate => us_date(text).map(Value::Date),
            Read::MonthFirst => month_first(text).map(Value::Date),
            Read::Number => {
                text.parse().ok().filter(|n| (0..=1_000_000).contains(n)).map(Value::Int)
            }
            Read::Table(table) => table.get(text).map(|g| g.in_case(facts)),
        };
        let Some(value) = value else {
            let kind = match column.read {
                Read::Table(_) => Kind::UnknownValue,
                _ => Kind::UnreadableCell,
            };
            problems.add(FILE, kind, &column.name, line, text);
            return None;
        };
        match value {
            Value::Date(day) => {
                Some(Value::Date(self.plus_days(day, column, cells, line, problems)))
            }
            other => Some(other),
        }
    }

    /// The first of the columns of days that is not empty is added.
    fn plus_days(
        &self,
        day: Day,
        column: &Column,
        cells: &[String],
        line: u64,
        problems: &mut Problems,
    ) -> Day {
        for name in &column.plus_days {
            let text = self.columns.cell(cells, name).unwrap_or("").trim();
            if text.is_empty() {
                continue;
            }
            match text.parse::<i64>().ok().filter(|n| (0..=40_000).contains(n)) {
                Some(n) => return day.plus_days(n),
                None => problems.add(FILE, Kind::UnreadableCell, name, line, text),
            }
        }
        day
    }

    /// Assumptions fill only what the columns left unknown.
    fn assume(&self, facts: &mut CaseFacts) {
        let Some(on) = facts.get_date(DECISION) else {
            return;
        };
        for a in &self.mapping.assumptions {
            if a.from.is_some_and(|d| on < d) || a.before.is_some_and(|d| on >= d) {
                continue;
            }
            if let Target::Scalar(field) = a.target
                && facts.get(field) == Value::Unknown
            {
                let value = a.given.in_case(facts);
                facts.set(field, value);
            }
        }
    }
}

/// Names and postal codes of states, in lower case.
fn states(places: &Places) -> HashMap<String, &str> {
    let mut out = HashMap::new();
    for p in places.iter().filter(|p| p.kind == comity_model::place::PlaceKind::State) {
        out.insert(p.name.to_lowercase(), p.code.0.as_str());
        if let Some(postal) = p.code.0.strip_prefix("us-") {
            out.insert(postal.to_owned(), p.code.0.as_str());
        }
    }
    out
}

/// The year of a cell: its first four digits, or that of a day as Americans write it.
fn year_of(cell: &str) -> String {
    let year: String = cell.chars().take(4).collect();
    if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) {
        return year;
    }
    us_date(cell).map_or(String::new(), |d| d.to_civil().year().to_string())
}

/// The day of a moment: what stands before a blank or a `T`.
pub(crate) fn date_time(text: &str) -> Option<Day> {
    Day::parse(text.split([' ', 'T']).next().unwrap_or(text))
}

/// `M/D/YYYY` or `M/D/YY`, with or without a time after it.
pub fn us_date(text: &str) -> Option<Day> {
    let mut parts = text.split(' ').next()?.split('/');
    let mut number = |digits: &[usize]| -> Option<i16> {
        let part = parts.next()?;
        let fits = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    let (month, day, year) = (number(&[1, 2])?, number(&[1, 2])?, number(&[2, 4])?);
    let year = if year < 100 { year + 2_000 } else { year };
    let date = jiff::civil::Date::new(year, month as i8, day as i8).ok()?;
    parts.next().is_none().then(|| Day::from_civil(date))
}

/// The first day of `YYYY-MM`.
pub(crate) fn month_first(text: &str) -> Option<Day> {
    (text.len() == 7).then(|| Day::parse(&format!("{text}-01"))).flatten()
}

/// Fills facts that are still unknown, everywhere a target points to.
pub fn fill_unknown(
    facts: &mut CaseFacts,
    target: Target,
    given: &Given,
    skip: &dyn Fn(&CaseFacts, usize) -> bool,
) {
    let value = given.in_case(facts);
    match target {
        Target::Scalar(f) if facts.get(f) == Value::Unknown => facts.set(f, value),
        Target::Element(list, f) => {
            for i in 0..facts.list(list).len() {
                if facts.list(list).get(i, f) == Value::Unknown && !skip(facts, i) {
                    facts.list_mut(list).set(i, f, value);
                }
            }
        }
        _ => {}
    }
}
