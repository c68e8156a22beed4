//! Bookings as a jail's own software writes them: a CSV file with a header, or a JSON object a
//! line. Bytes in, bookings out, or every finding with its line and column.
//!
//! ```text
//! booking_id,name,booking_number,booked_at,place,custody.criminal_arrest,charges.1.level
//! 2016-004417,"EXAMPLE, TEST PERSON",4417,2016-03-01T08:05:00,us-tx.travis,yes,misdemeanor
//! ```
//! A sheet is taken whole or not at all: with one finding it has no rows. What a cell says is
//! never repeated in a finding, since most of it is personal data; the finding says where it is.
//!
//! The guide `docs/guides/jail-software.md` has the header; the facts are those of
//! `docs/reference/facts.md`.

mod csv;
mod lines;
mod row;

use crate::case::Booking;
use crate::envelope::Party;
use comity_model::{Diagnostic, Places};
use std::collections::BTreeMap;
use std::fmt;

/// Most bytes of a sheet.
pub const SHEET_BYTES_MAX: usize = 8 << 20;

/// Most bookings of a sheet.
pub const BOOKINGS_MAX: usize = 5_000;

/// Most findings that are reported of a sheet; it is refused at the first.
pub const FINDINGS_MAX: usize = 500;

/// How a sheet is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetForm {
    /// RFC 4180, with a header.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

/// What is meant where a row does not say it.
#[derive(Debug, Clone, Copy)]
pub struct Usual<'a> {
    /// The places that there are.
    pub places: &'a Places,
    /// The place of a row that names none.
    pub place: Option<&'a str>,
    /// The time zone of a row that names none, in a place that has several.
    pub time_zone: Option<&'a str>,
}

/// The id of a booking in the system that it comes from: 1 to 64 letters, digits and `. _ - / :`,
/// of which the first is a letter or digit. The same booking keeps it whenever it is sent again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookingId(String);

impl BookingId {
    /// An id.
    pub fn new(text: &str) -> Option<BookingId> {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-/:".contains(&b);
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(inner)
            && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        fits.then(|| BookingId(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BookingId {
    // The number of a person's booking belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BookingId")
    }
}

/// One booking of a sheet.
#[derive(Clone, PartialEq)]
pub struct SheetBooking {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its id where it comes from.
    pub id: BookingId,
    /// The person's name.
    pub name: String,
    /// The booking number.
    pub number: String,
    /// The federal office it is for, where the node knows several.
    pub peer: Option<Party>,
    /// The booking.
    pub booking: Booking,
}

impl fmt::Debug for SheetBooking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SheetBooking(line {})", self.line)
    }
}

/// Reads a sheet.
///
/// # Errors
/// Every finding, at most [`FINDINGS_MAX`]: `line` is the line in the file, `path` the column,
/// `column` the column's number where there is one. `too-large`, `not-text`, `no-header`,
/// `unknown-column`, `column-missing`, `twice`, `missing`, `bad-value`, and the codes of facts.
pub fn read_bookings(
    name: &str,
    bytes: &[u8],
    form: SheetForm,
    usual: &Usual<'_>,
) -> Result<Vec<SheetBooking>, Vec<Diagnostic>> {
    let mut findings = Findings { file: name, found: Vec::new() };
    let Some(text) = text_of(bytes, &mut findings) else { return Err(findings.found) };
    let rows = match form {
        SheetForm::Csv => csv::read(text, usual, &mut findings),
        SheetForm::JsonLines => lines::read(text, usual, &mut findings),
    };
    twice(&rows, form, &mut findings);
    if findings.found.is_empty() { Ok(rows) } else { Err(findings.found) }
}

/// The text of a sheet, without the mark that some programs put before it.
fn text_of<'a>(bytes: &'a [u8], findings: &mut Findings<'_>) -> Option<&'a str> {
    if bytes.len() > SHEET_BYTES_MAX {
        let message = format!("{} bytes, of {SHEET_BYTES_MAX} at most", bytes.len());
        findings.add(0, "", Diagnostic::error("too-large", message).help("send several files"));
        return None;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let fault = Diagnostic::error("not-text", "this is UTF-16");
        findings.add(1, "", fault.help("save the file as UTF-8"));
        return None;
    }
    match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        Ok(text) => Some(text),
        Err(e) => {
            let good = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = good.split(|b| *b == b'\n').count();
            let fault = Diagnostic::error("not-text", "this line is not UTF-8");
            findings.add(line, "", fault.help("save the file as UTF-8"));
            None
        }
    }
}

fn twice(rows: &[SheetBooking], form: SheetForm, findings: &mut Findings<'_>) {
    let mut seen: BTreeMap<&BookingId, usize> = BTreeMap::new();
    for row in rows {
        if let Some(line) = seen.get(&row.id) {
            let message = format!("line {line} has the same id");
            let fault = Diagnostic::error("twice", message);
            let fault = fault.help("an id is one booking's, in a file and for ever");
            let column = if form == SheetForm::Csv { csv::ID } else { lines::ID };
            findings.add(row.line, column, fault);
        } else {
            seen.insert(&row.id, row.line);
        }
    }
}

/// What is wrong with a sheet so far.
struct Findings<'a> {
    file: &'a str,
    found: Vec<Diagnostic>,
}

impl Findings<'_> {
    /// A finding on a line, in a column or key.
    fn add(&mut self, line: usize, path: &str, fault: Diagnostic) {
        self.add_in(line, 0, path, fault);
    }

    /// The same, with the column's number.
    fn add_in(&mut self, line: usize, number: usize, path: &str, mut fault: Diagnostic) {
        if self.is_full() {
            return;
        }
        self.file.clone_into(&mut fault.file);
        (fault.line, fault.column) = (line, number);
        path.clone_into(&mut fault.path);
        self.found.push(fault);
    }

    fn is_full(&self) -> bool {
        self.found.len() >= FINDINGS_MAX
    }
}
