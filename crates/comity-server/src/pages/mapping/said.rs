//! What was said of columns, what is wrong with it, and the mapping file that it makes.

use crate::pages::form::Sent;
use crate::research::{ColumnSeen, Given, VALUES_MAX};
use comity_model::Places;
use comity_model::schema::{FieldDef, Kind, fields};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// A column that is carried along, and never becomes a fact.
pub const OUTCOME: &str = "outcome";

/// The fact without which no row can be decided.
const DECISION: &str = "decision.on";

/// The value of which nothing is said.
const UNKNOWN: &str = "unknown";

/// The ways of mapping files to read a day.
const DAYS: [&str; 4] = ["date", "us-date", "date-time", "month-first"];

/// Something that is wrong, and the field where it is mended.
pub struct Wrong {
    /// The field's id.
    pub to: String,
    /// What is wrong, and what to do.
    pub says: String,
}

/// The facts that a column may fill: single ones, and no moments, which no reading gives.
pub fn facts() -> impl Iterator<Item = &'static FieldDef> {
    fields::SCALARS.iter().filter(|f| f.kind != Kind::Instant)
}

/// True for a fact whose values are a list.
pub fn is_listed(kind: &Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Enum(_))
}

/// The values of such a fact, with their words.
pub fn choices_of(kind: &Kind) -> impl Iterator<Item = (&'static str, String)> {
    let own: Vec<(&'static str, String)> = match kind {
        Kind::Bool => vec![("yes", "yes".to_owned()), ("no", "no".to_owned())],
        Kind::Enum(set) => {
            let says = |(code, says): &(&'static str, &'static str)| {
                let says = says.trim_end_matches('.');
                (
                    *code,
                    if says.is_empty() { (*code).to_owned() } else { format!("{code} – {says}") },
                )
            };
            set.values.iter().map(says).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once((UNKNOWN, "stays unknown".to_owned())).chain(own)
}

/// What was said.
#[derive(Debug, Default)]
pub struct Said {
    /// What the data are.
    pub title: String,
    /// The place of all rows, or of those whose column is empty.
    pub place: String,
    /// The column with places; empty: none.
    pub place_column: String,
    /// By column: a fact, [`OUTCOME`], or nothing.
    means: Vec<String>,
    /// By column: the fact whose values were asked for.
    was: Vec<String>,
    /// By column and value: what it means.
    values: Vec<Vec<String>>,
}

/// A name without what differs between writers: `Prepare Date` is `prepare_date`.
fn plain(name: &str) -> String {
    let one = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.trim().chars().map(one).collect()
}

/// The fact that a column is named after.
fn named(column: &str) -> Option<&'static FieldDef> {
    let name = plain(column);
    let last = |f: &FieldDef| f.path.rsplit('.').next().unwrap_or_default() == name;
    let full = facts().find(|f| plain(f.path) == name);
    full.or_else(|| facts().find(|f| f.read_from.contains(&name.as_str())))
        .or_else(|| facts().find(|f| last(f)))
}

/// What a value means that says it by itself.
fn meant(kind: &Kind, value: &str) -> &'static str {
    let value = plain(value);
    match kind {
        Kind::Bool => match value.as_str() {
            "yes" | "y" | "true" | "t" | "1" => "yes",
            "no" | "n" | "false" | "f" | "0" => "no",
            _ => UNKNOWN,
        },
        Kind::Enum(set) => {
            set.values.iter().find(|(code, _)| plain(code) == value).map_or(UNKNOWN, |(c, _)| *c)
        }
        _ => UNKNOWN,
    }
}

fn kind_of(fact: &str) -> Option<&'static Kind> {
    facts().find(|f| f.path == fact).map(|f| &f.kind)
}

/// The way to read a column that reads most of its cells.
fn read_as(column: &ColumnSeen, ways: &[&'static str]) -> Option<&'static str> {
    let count = |way: &str| column.reads.iter().find(|(name, _)| *name == way).map_or(0, |r| r.1);
    // Of equals the first, which says most about how a cell has to look.
    let best = ways.iter().rev().max_by_key(|way| count(way))?;
    (count(best) > 0).then_some(*best)
}

impl Said {
    /// What the columns' names say by themselves.
    pub fn guess(columns: &[ColumnSeen]) -> Said {
        let mut taken: Vec<&str> = Vec::new();
        let mut means = Vec::new();
        for column in columns {
            let fact = named(&column.name).map(|f| f.path).filter(|f| !taken.contains(f));
            taken.extend(fact);
            means.push(fact.unwrap_or_default().to_owned());
        }
        Said { means, ..Said::default() }
    }

    /// What a form sent.
    pub fn of(sent: &Sent, columns: &[ColumnSeen]) -> Said {
        let text = |name: String| sent.get(&name).to_owned();
        let all = |i: usize, c: &ColumnSeen| {
            (0..c.values.len()).map(|v| text(format!("c{i}v{v}"))).collect()
        };
        Said {
            title: text("title".to_owned()),
            place: text("place".to_owned()),
            place_column: text("place_column".to_owned()),
            means: (0..columns.len()).map(|i| text(format!("c{i}"))).collect(),
            was: (0..columns.len()).map(|i| text(format!("c{i}was"))).collect(),
            values: columns.iter().enumerate().map(|(i, c)| all(i, c)).collect(),
        }
        .with_values(columns)
    }

    /// Values that were not asked for yet are what they say by themselves.
    fn with_values(mut self, columns: &[ColumnSeen]) -> Said {
        for (i, column) in columns.iter().enumerate() {
            let (means, was) = (self.means(i).to_owned(), self.was.get(i));
            let Some(kind) = kind_of(&means).filter(|_| was != Some(&means)) else { continue };
            let guessed = column.values.iter().map(|(v, _)| meant(kind, v).to_owned()).collect();
            if let Some(values) = self.values.get_mut(i) {
                *values = guessed;
            }
        }
        self
    }

    /// What a column means.
    pub fn means(&self, column: usize) -> &str {
        self.means.get(column).map_or("", String::as_str)
    }

    /// What a value means.
    pub fn value(&self, column: usize, value: usize) -> &str {
        self.values.get(column).and_then(|v| v.get(value)).map_or(UNKNOWN, String::as_str)
    }

    fn listed<'c>(
        &'c self,
        columns: &'c [ColumnSeen],
    ) -> impl Iterator<Item = (usize, &'c ColumnSeen, &'static Kind)> + 'c {
        let kind = |i: usize| kind_of(self.means(i)).filter(|kind| is_listed(kind));
        columns.iter().enumerate().filter_map(move |(i, c)| Some((i, c, kind(i)?)))
    }

    /// True while a column fills a fact with a list of values, and they were not asked for.
    pub fn values_are_missing(&self, columns: &[ColumnSeen]) -> bool {
        self.listed(columns).any(|(i, ..)| self.was.get(i).is_none_or(|was| was != self.means(i)))
    }

    /// Everything that is wrong.
    pub fn wrong(&self, columns: &[ColumnSeen], places: &Places) -> Vec<Wrong> {
        let mut out = Vec::new();
        let mut wrong = |to: &str, says: String| out.push(Wrong { to: to.to_owned(), says });
        if self.title.is_empty() {
            wrong("title", "Say what the data are; results name it.".to_owned());
        }
        if !self.place.is_empty() && places.get(&self.place).is_none() {
            wrong("place", "No such place is known here.".to_owned());
        }
        if self.place.is_empty() && self.place_column.is_empty() {
            wrong("place", "Say where the rows are: a place for all, or a column.".to_owned());
        }
        let is_column = |name: &str| columns.iter().any(|c| c.name == name);
        if !self.place_column.is_empty() && !is_column(&self.place_column) {
            wrong("place_column", "The table has no such column.".to_owned());
        }
        if !self.place.is_empty() && self.is_of_states(columns) {
            let says = "Rows without a state have no place: choose none beside a column of states.";
            wrong("place", says.to_owned());
        }
        if !self.means.iter().any(|m| m == DECISION) {
            let says = "Say which column has the day of the decision (decision.on): a row is \
                        decided by the law of that day.";
            wrong("c0", says.to_owned());
        }
        for (i, column) in columns.iter().enumerate() {
            if let Some(says) = self.wrong_column(i, column, columns) {
                wrong(&format!("c{i}"), says);
            }
        }
        out
    }

    fn wrong_column(&self, i: usize, column: &ColumnSeen, all: &[ColumnSeen]) -> Option<String> {
        let (means, name) = (self.means(i), &column.name);
        if means.is_empty() || means == OUTCOME {
            return None;
        }
        let Some(kind) = kind_of(means) else { return Some(format!("There is no fact {means}.")) };
        if let Some(first) = self.means.iter().take(i).position(|m| m == means) {
            let first = all.get(first).map_or("", |c| c.name.as_str());
            return Some(format!("{means} is filled by the column {first} already; choose one."));
        }
        let some = column.values.first().map_or("nothing", |(value, _)| value.as_str());
        match kind {
            Kind::Date if read_as(column, &DAYS).is_none() => Some(format!(
                "No cell of {name} is a day that can be read (2014-03-01, 3/1/2014, 2014-03): it \
                 has “{some}”."
            )),
            Kind::Int(_) if read_as(column, &["number"]).is_none() => {
                Some(format!("No cell of {name} is a whole number: it has “{some}”."))
            }
            Kind::Bool | Kind::Enum(_) if column.is_cut => Some(format!(
                "{name} has more than {VALUES_MAX} different values; a fact with a list of values \
                 takes fewer. Write a mapping file, or choose another column."
            )),
            Kind::Bool | Kind::Enum(_) => self.nothing_said(i, name),
            _ => None,
        }
    }

    /// Where every value of a column stays unknown, it fills nothing.
    fn nothing_said(&self, i: usize, name: &str) -> Option<String> {
        let asked = self.was.get(i).is_some_and(|was| was == self.means(i));
        let values = self.values.get(i)?;
        let none = asked && values.iter().all(|v| v == UNKNOWN || v.is_empty());
        none.then(|| format!("No value of {name} says anything; choose “Not read” for it."))
    }

    /// The mapping file.
    pub fn text(&self, columns: &[ColumnSeen], data: &Given) -> String {
        let mut root = Table::new();
        let mut put = |key: &str, value: Value| drop(root.insert(key.to_owned(), value));
        let moment = "What the columns tell on the day of the decision";
        put("id", Value::from("own"));
        put("title", Value::from(self.title.as_str()));
        put("source", Value::from(format!("Data set {}", data.name)));
        put("moment", Value::from(moment));
        let decision = self.means.iter().position(|m| m == DECISION);
        let year = decision.and_then(|i| columns.get(i)).map_or("", |c| c.name.as_str());
        put("data", table([("file", data.name.as_str()), ("year", year)]));
        put("place", self.place(columns));
        let (mut facts, mut outcomes, mut ignored) = (Vec::new(), Vec::new(), Vec::new());
        for (i, column) in columns.iter().enumerate() {
            let name = column.name.as_str();
            match self.means(i) {
                "" if name == self.place_column => {}
                "" => ignored.push(table([("name", name), ("why", "Not needed, as it was said")])),
                OUTCOME => {
                    outcomes
                        .push(table([("name", name), ("why", "Carried along, as it was said")]));
                }
                fact => facts.extend(self.column(i, column, fact)),
            }
        }
        for (key, tables) in [("column", facts), ("outcome", outcomes), ("ignored", ignored)] {
            if !tables.is_empty() {
                put(key, Value::Array(tables));
            }
        }
        toml::to_string(&root).unwrap_or_default()
    }

    fn place(&self, columns: &[ColumnSeen]) -> Value {
        if self.place_column.is_empty() {
            return table([("code", self.place.as_str())]);
        }
        match (self.is_of_states(columns), self.place.as_str()) {
            (false, "") => table([("fips", self.place_column.as_str())]),
            (false, otherwise) => {
                table([("fips", self.place_column.as_str()), ("otherwise", otherwise)])
            }
            (true, _) => table([("state", self.place_column.as_str())]),
        }
    }

    /// True where the column of places has states, and no codes of counties.
    fn is_of_states(&self, columns: &[ColumnSeen]) -> bool {
        let column = columns.iter().find(|c| c.name == self.place_column);
        let is_code = |(value, _): &(String, u64)| value.bytes().all(|b| b.is_ascii_digit());
        column.is_some_and(|c| !c.values.iter().any(is_code))
    }

    fn column(&self, i: usize, column: &ColumnSeen, fact: &str) -> Option<Value> {
        let kind = kind_of(fact)?;
        let mut out = Table::new();
        out.insert("name".to_owned(), Value::from(column.name.as_str()));
        out.insert("facts".to_owned(), Value::Array(vec![Value::from(fact)]));
        let read = match kind {
            Kind::Date => read_as(column, &DAYS)?,
            Kind::Int(_) => read_as(column, &["number"])?,
            Kind::Bool | Kind::Enum(_) => "table",
            _ => "text",
        };
        out.insert("read".to_owned(), Value::from(read));
        if fact == DECISION {
            out.insert("required".to_owned(), Value::from(true));
        }
        if read == "table" {
            let values = column.values.iter().enumerate();
            let one = |(v, (value, _)): (usize, &(String, u64))| {
                let means = match (kind, self.value(i, v)) {
                    (Kind::Bool, "yes") => Value::from(true),
                    (Kind::Bool, "no") => Value::from(false),
                    (_, "") => Value::from(UNKNOWN),
                    (_, code) => Value::from(code),
                };
                (value.clone(), means)
            };
            let sorted: BTreeMap<String, Value> = values.map(one).collect();
            out.insert("table".to_owned(), Value::Table(sorted.into_iter().collect()));
        }
        Some(Value::Table(out))
    }
}

fn table<const N: usize>(of: [(&str, &str); N]) -> Value {
    Value::Table(of.into_iter().map(|(k, v)| (k.to_owned(), Value::from(v))).collect())
}
