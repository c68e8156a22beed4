//! The CSV form: RFC 4180 with a header. Facts are columns by their paths; an element of a list
//! is `charges.1.level`.

use super::row::{BOOKED_AT, COLUMNS, COMPLETE, NAME, NEEDED, NUMBER, PEER, PLACE, Raw, TIME_ZONE};
use super::{BOOKINGS_MAX, Findings, SheetBooking, Usual};
use crate::case::FactsOf;
use comity_model::Diagnostic;
use comity_model::schema::{self, FieldDef, Kind, ListId, fields};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const ID: &str = super::row::ID;

/// Most columns.
const COLUMNS_MAX: usize = 1_000;

/// Most elements of a list, by their numbers.
const ELEMENTS_MAX: usize = 50;

/// A column of a sheet.
#[derive(Clone, Copy)]
enum Column {
    /// One of [`COLUMNS`].
    Own(&'static str),
    /// A fact.
    Fact(&'static FieldDef),
    /// A list as a whole: `none`, `unknown`.
    List(ListId),
    /// A field of an element of a list, by its number from 1.
    Element(ListId, usize, &'static FieldDef),
}

impl Column {
    /// The column of a name.
    fn named(name: &str) -> Option<Column> {
        if let Some(own) = COLUMNS.iter().find(|own| **own == name) {
            return Some(Column::Own(own));
        }
        if let Some(field) = schema::find_scalar(name) {
            return Some(Column::Fact(field.def()));
        }
        if let Some(list) = schema::find_list(name) {
            return Some(Column::List(list));
        }
        let mut parts = name.splitn(3, '.');
        let list = schema::find_list(parts.next()?)?;
        let number = parts.next().filter(|n| !n.starts_with(['0', '+']))?.parse().ok()?;
        let field = list.field(parts.next()?)?;
        let field = list.def().fields.get(usize::from(field.0))?;
        (number <= ELEMENTS_MAX).then_some(Column::Element(list, number, field))
    }

    fn name(self) -> String {
        match self {
            Column::Own(name) => name.to_owned(),
            Column::Fact(field) => field.path.to_owned(),
            Column::List(list) => list.def().name.to_owned(),
            Column::Element(list, n, field) => format!("{}.{n}.{}", list.def().name, field.path),
        }
    }
}

/// One record: the line it begins on, and its fields.
struct Record {
    line: usize,
    fields: csv::StringRecord,
}

/// Splits a text into records; empty lines are none.
fn records(text: &str) -> Vec<Record> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut out = Vec::new();
    // A text that is UTF-8, of records of any length, has no errors.
    for fields in reader.records().map_while(Result::ok) {
        let (mut line, mut start) = (1, 0);
        if let Some(at) = fields.position() {
            (line, start) = (at.line() as usize, at.byte() as usize);
        }
        // The reader counts empty lines before a record to it.
        let before = text.as_bytes().get(start..).unwrap_or_default().iter();
        line += before.take_while(|b| b"\r\n".contains(b)).filter(|b| **b == b'\n').count();
        out.push(Record { line, fields });
    }
    out
}

/// The line on which a quote begins that is never closed: the file was cut off.
fn open_quote(text: &str) -> Option<usize> {
    let (mut line, mut open) = (1, None);
    for byte in text.bytes() {
        match byte {
            b'\n' => line += 1,
            b'"' if open.is_none() => open = Some(line),
            b'"' => open = None,
            _ => {}
        }
    }
    open
}

/// Reads a sheet.
pub(super) fn read(
    text: &str,
    usual: &Usual<'_>,
    findings: &mut Findings<'_>,
) -> Vec<SheetBooking> {
    if let Some(line) = open_quote(text) {
        let fault = Diagnostic::error("cut-off", "a quote that begins here is never closed");
        findings.add(line, "", fault.help("was the whole file written?"));
        return Vec::new();
    }
    let records = records(text);
    let Some((header, rows)) = records.split_first() else {
        let fault = Diagnostic::error("no-header", "the file is empty");
        findings.add(1, "", fault.help(header_help()));
        return Vec::new();
    };
    let Some(columns) = columns(header, findings) else { return Vec::new() };
    if rows.len() > BOOKINGS_MAX {
        let message = format!("{} bookings, of {BOOKINGS_MAX} at most", rows.len());
        let fault = Diagnostic::error("too-many", message).help("send several files");
        findings.add(0, "", fault);
        return Vec::new();
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        if findings.is_full() {
            break;
        }
        out.extend(booking(row, &columns, usual, findings));
    }
    out
}

fn header_help() -> String {
    format!("the first line names the columns: {}, …", COLUMNS.join(","))
}

/// The columns of a header; `None` where one is wrong. A name that is not known is not repeated:
/// in a file without a header it is what somebody is called.
fn columns(header: &Record, findings: &mut Findings<'_>) -> Option<Vec<Column>> {
    let line = header.line;
    let names: Vec<&str> = header.fields.iter().map(str::trim).collect();
    if !names.iter().any(|name| COLUMNS.contains(name)) || names.len() > COLUMNS_MAX {
        let mut fault = Diagnostic::error("no-header", "the first line is no header");
        if names.first().is_some_and(|first| first.contains([';', '\t'])) {
            fault = Diagnostic::error("no-header", "columns are separated by commas");
        }
        findings.add(line, "", fault.help(header_help()));
        return None;
    }
    let before = findings.found.len();
    let mut out: Vec<Column> = Vec::with_capacity(names.len());
    for (number, name) in (1..).zip(&names) {
        let Some(column) = Column::named(name) else {
            let scalars = fields::SCALARS.iter().map(|f| f.path);
            let near = schema::nearest(name, COLUMNS.into_iter().chain(scalars));
            let help = near.map_or_else(
                || "the guide docs/guides/jail-software.md lists every column".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let fault = Diagnostic::error("unknown-column", "there is no such column");
            findings.add_in(line, number, "", fault.help(help));
            continue;
        };
        let path = column.name();
        if matches!(column, Column::Fact(_)) && !FactsOf::Booking.may_state(&path) {
            let fault = Diagnostic::error("not-here", "a booking does not state this");
            let help = "the case knows it from its events, or the other party states it";
            findings.add_in(line, number, &path, fault.help(help));
        }
        if out.iter().any(|known| known.name() == path) {
            let fault = Diagnostic::error("twice", "this column is there twice");
            findings.add_in(line, number, &path, fault.help("remove one of them"));
        }
        out.push(column);
    }
    for needed in COLUMNS.iter().take(NEEDED).filter(|needed| !names.contains(needed)) {
        let fault = Diagnostic::error("column-missing", "the header lacks this column");
        findings.add(line, needed, fault.help(header_help()));
    }
    (findings.found.len() == before).then_some(out)
}

fn booking(
    record: &Record,
    columns: &[Column],
    usual: &Usual<'_>,
    findings: &mut Findings<'_>,
) -> Option<SheetBooking> {
    let line = record.line;
    if record.fields.len() != columns.len() {
        let message =
            format!("{} cells, and the header has {}", record.fields.len(), columns.len());
        let fault = Diagnostic::error("cells", message);
        findings.add(line, "", fault.help("a text with a comma stands in quotes"));
        return None;
    }
    let mut raw = Raw { line, ..Raw::default() };
    let mut facts = Facts::default();
    let mut is_good = true;
    let cells = (1..).zip(columns).zip(record.fields.iter().map(str::trim));
    for ((number, column), cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
        let wrong = match column {
            Column::Own(name) => own(&mut raw, name, cell),
            Column::Fact(field) => facts.scalar(field, cell),
            Column::List(list) => facts.whole(*list, cell),
            Column::Element(list, n, field) => facts.element(*list, *n, field, cell),
        };
        if let Err(fault) = wrong {
            findings.add_in(line, number, &column.name(), fault);
            is_good = false;
        }
    }
    let numbers = facts.numbers();
    raw.facts = facts.tree();
    match raw.read(usual) {
        Ok(booking) => is_good.then_some(booking),
        Err(wrong) => {
            for (path, fault) in wrong {
                let path = column_of(&path, &numbers);
                let number = columns.iter().position(|column| column.name() == path);
                findings.add_in(line, number.map_or(0, |n| n + 1), &path, fault);
            }
            None
        }
    }
}

fn own<'a>(raw: &mut Raw<'a>, name: &str, cell: &'a str) -> Result<(), Diagnostic> {
    match name {
        ID => raw.id = cell,
        NAME => raw.name = cell,
        NUMBER => raw.number = cell,
        BOOKED_AT => raw.booked_at = cell,
        PLACE => raw.place = cell,
        TIME_ZONE => raw.time_zone = cell,
        PEER => raw.peer = cell,
        COMPLETE => raw.complete = yes_no(cell)?,
        _ => {}
    }
    Ok(())
}

fn yes_no(cell: &str) -> Result<bool, Diagnostic> {
    match cell.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => {
            let fault = Diagnostic::error("wrong-type", "this is neither yes nor no");
            Err(fault.help("yes, no, unknown, or nothing"))
        }
    }
}

/// A cell as a case file would write it.
fn value(field: &FieldDef, cell: &str) -> Result<Value, Diagnostic> {
    if cell.eq_ignore_ascii_case("unknown") {
        return Ok("unknown".into());
    }
    match field.kind {
        Kind::Bool => yes_no(cell).map(Value::Bool),
        Kind::Int(unit) => cell.parse::<i64>().map(Value::from).map_err(|_| {
            let fault = Diagnostic::error("wrong-type", "this is no whole number");
            fault.help(format!("a whole number of {}", unit.name()))
        }),
        Kind::Enum(_) | Kind::Date | Kind::Instant | Kind::Text => Ok(cell.into()),
    }
}

/// The facts of a row.
#[derive(Default)]
struct Facts {
    tree: Map<String, Value>,
    /// Elements by list and number.
    elements: BTreeMap<&'static str, BTreeMap<usize, Map<String, Value>>>,
}

impl Facts {
    fn scalar(&mut self, field: &FieldDef, cell: &str) -> Result<(), Diagnostic> {
        let value = value(field, cell)?;
        let (group, name) = field.path.split_once('.').unwrap_or((field.path, ""));
        let group = self.tree.entry(group).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(members) = group {
            members.insert(name.to_owned(), value);
        }
        Ok(())
    }

    fn whole(&mut self, list: ListId, cell: &str) -> Result<(), Diagnostic> {
        let name = list.def().name;
        let value = match cell.to_ascii_lowercase().as_str() {
            "none" => Value::Array(Vec::new()),
            "unknown" => "unknown".into(),
            "maybe more" => "maybe more".into(),
            _ => {
                let fault = Diagnostic::error("wrong-type", "this is none of the words for a list");
                let help = format!("none, unknown, maybe more; or columns {name}.1.level");
                return Err(fault.help(help));
            }
        };
        self.tree.insert(name.to_owned(), value);
        Ok(())
    }

    fn element(
        &mut self,
        list: ListId,
        number: usize,
        field: &FieldDef,
        cell: &str,
    ) -> Result<(), Diagnostic> {
        let value = value(field, cell)?;
        let elements = self.elements.entry(list.def().name).or_default();
        elements.entry(number).or_default().insert(field.path.to_owned(), value);
        Ok(())
    }

    /// The numbers of the elements that are there, by list.
    fn numbers(&self) -> BTreeMap<&'static str, Vec<usize>> {
        let numbers = |(name, elements): (&&'static str, &BTreeMap<usize, _>)| {
            (*name, elements.keys().copied().collect())
        };
        self.elements.iter().map(numbers).collect()
    }

    fn tree(self) -> Map<String, Value> {
        let mut tree = self.tree;
        for (name, elements) in self.elements {
            let mut items: Vec<Value> = elements.into_values().map(Value::Object).collect();
            // Beside the elements the list's own column says whether there may be more.
            if let Some(Value::String(word)) = tree.get(name) {
                items.push(word.as_str().into());
            }
            tree.insert(name.to_owned(), items.into());
        }
        tree
    }
}

/// The column of a fact's path: `charges[0].level` is `charges.2.level` where the row has no
/// first charge.
fn column_of(path: &str, numbers: &BTreeMap<&'static str, Vec<usize>>) -> String {
    let parts = path.split_once('[').and_then(|(list, rest)| {
        let (index, field) = rest.split_once("].")?;
        let number = numbers.get(list)?.get(index.parse::<usize>().ok()?)?;
        Some(format!("{list}.{number}.{field}"))
    });
    parts.unwrap_or_else(|| path.to_owned())
}
