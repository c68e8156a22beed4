//! What came of a dropped file, as CSV beside it.

use super::Imported;
use comity_model::Diagnostic;

const HEADER: [&str; 8] =
    ["line", "outcome", "booking_id", "case", "column", "code", "message", "help"];

fn text(rows: impl Iterator<Item = [String; 8]>) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    // Writing into memory has no errors.
    let _ = out.write_record(HEADER);
    for row in rows {
        let _ = out.write_record(row);
    }
    out.into_inner().unwrap_or_default()
}

/// A line for every booking: `booked`, or `booked before`.
pub(super) fn booked(done: &[Imported]) -> Vec<u8> {
    text(done.iter().map(|row| {
        let outcome = if row.is_new { "booked" } else { "booked before" };
        let empty = String::new;
        let (line, case) = (row.line.to_string(), row.case.to_string());
        let id = row.booking_id.clone();
        [line, outcome.to_owned(), id, case, empty(), empty(), empty(), empty()]
    }))
}

/// A line for every finding; nobody of the file was booked.
pub(super) fn refused(found: &[Diagnostic]) -> Vec<u8> {
    text(found.iter().map(|fault| {
        let number = |n: usize| if n == 0 { String::new() } else { n.to_string() };
        let column = if fault.path.is_empty() { number(fault.column) } else { fault.path.clone() };
        let (code, empty) = (fault.code.to_owned(), String::new);
        let (message, help) = (fault.message.clone(), fault.help.clone());
        [number(fault.line), "refused".to_owned(), empty(), empty(), column, code, message, help]
    }))
}
