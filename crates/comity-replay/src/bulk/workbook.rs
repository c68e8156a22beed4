//! Excel workbooks as rows of cells.

use super::input::unreadable;
use crate::reader::Row;
use calamine::{Data, Reader, Xlsx, open_workbook};
use comity_model::Diagnostic;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Header and rows of the first sheet that is not empty. Days are written as `2014-03-01`,
/// moments as `2014-03-01T09:00:00`; a row counts from 1, the header is row 1.
///
/// # Errors
/// It is no workbook, it is damaged, or every sheet is empty.
pub fn rows(path: &Path) -> Result<(Vec<String>, Vec<Row>), Diagnostic> {
    let mut book: Xlsx<BufReader<File>> =
        open_workbook(path).map_err(|e: calamine::XlsxError| unreadable(path, e))?;
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).map_err(|e| unreadable(path, e))?;
        let first_line = range.start().map_or(0, |s| u64::from(s.0)) + 1;
        let mut rows = range.rows();
        let Some(header) = rows.next() else { continue };
        let header: Vec<String> = header.iter().map(|c| text(c).trim().to_owned()).collect();
        let cells = rows.enumerate().map(|(i, row)| Row {
            line: first_line + 1 + i as u64,
            cells: Ok(row.iter().map(text).collect()),
        });
        return Ok((header, cells.collect()));
    }
    Err(unreadable(path, "every sheet is empty"))
}

fn text(cell: &Data) -> String {
    match cell {
        Data::DateTime(t) => {
            let (y, m, d, h, min, s, _) = t.to_ymd_hms_milli();
            let day = format!("{y:04}-{m:02}-{d:02}");
            if (h, min, s) == (0, 0, 0) { day } else { format!("{day}T{h:02}:{min:02}:{s:02}") }
        }
        // A whole number is written as one: 48201, not 48201.0.
        Data::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => format!("{}", *f as i64),
        other => other.to_string(),
    }
}
