//! Excel workbooks as rows of cells.

use super::input::unreadable;
use crate::problem::Kind;
use crate::reader::{Reject, Row};
use calamine::{Data, Reader, Xlsx, open_workbook};
use comity_model::Diagnostic;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Columns of a sheet, as Excel has them.
const COLUMNS_MAX: usize = 16_384;

/// Header and rows of the first sheet that is not empty. Days are written as `2014-03-01`,
/// moments as `2014-03-01T09:00:00`; a row counts from 1, the header is the first row with a
/// cell. Blank rows are passed over. The cells are read one after another: what a sheet says of
/// its own size is not believed.
///
/// # Errors
/// It is no workbook, it is damaged, its rows are out of order, or every sheet is empty.
pub fn rows(path: &Path) -> Result<(Vec<String>, Vec<Row>), Diagnostic> {
    let mut book: Xlsx<BufReader<File>> =
        open_workbook(path).map_err(|e: calamine::XlsxError| unreadable(path, e))?;
    for name in book.sheet_names() {
        let wrong =
            |why: &dyn std::fmt::Display| unreadable(path, format!("sheet `{name}`: {why}"));
        let mut sheet = Sheet::default();
        let mut cells = book.worksheet_cells_reader(&name).map_err(|e| wrong(&e))?;
        while let Some(cell) = cells.next_cell().map_err(|e| wrong(&e))? {
            let (line, column) = cell.get_position();
            let value = Data::from(cell.get_value().clone());
            if value != Data::Empty {
                sheet.add(line, column as usize, text(&value)).map_err(|e| wrong(&e))?;
            }
        }
        if let Some(found) = sheet.finish() {
            return Ok(found);
        }
    }
    Err(unreadable(path, "every sheet is empty"))
}

/// A sheet, cell by cell.
#[derive(Default)]
struct Sheet {
    /// The row being read, by its place from 0.
    line: u32,
    cells: Vec<String>,
    /// Of the header: its first column and its names.
    header: Option<(usize, Vec<String>)>,
    rows: Vec<Row>,
}

impl Sheet {
    fn add(&mut self, line: u32, column: usize, value: String) -> Result<(), String> {
        if line < self.line {
            return Err(format!("row {} comes after row {}", line + 1, self.line + 1));
        }
        if column >= COLUMNS_MAX {
            return Err(format!("row {} has a cell in column {}", line + 1, column + 1));
        }
        if line > self.line {
            self.end_row();
            self.line = line;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = value;
        Ok(())
    }

    fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let Some(first) = cells.iter().position(|c| !c.is_empty()) else { return };
        let line = u64::from(self.line) + 1;
        let Some((start, header)) = &self.header else {
            let names = cells.into_iter().skip(first).map(|c| c.trim().to_owned()).collect();
            self.header = Some((first, names));
            return;
        };
        let end = start + header.len();
        let outside =
            cells.iter().enumerate().find(|(i, c)| !c.is_empty() && !(*start..end).contains(i));
        let outside = outside.map(|(i, _)| i);
        let mut readable: Vec<String> = cells.into_iter().skip(*start).take(header.len()).collect();
        readable.resize(header.len(), String::new());
        let cells = match outside {
            None => Ok(readable),
            Some(i) => Err(Reject {
                kind: Kind::ExtraCells,
                reason: format!("a cell in column {}, which has no name in the header", i + 1),
                column: String::new(),
                readable,
            }),
        };
        self.rows.push(Row { line, cells });
    }

    fn finish(mut self) -> Option<(Vec<String>, Vec<Row>)> {
        self.end_row();
        self.header.map(|(_, names)| (names, self.rows))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cells: &[(u32, usize, &str)]) -> Result<(Vec<String>, Vec<Row>), String> {
        let mut sheet = Sheet::default();
        for (line, column, value) in cells {
            sheet.add(*line, *column, (*value).to_owned())?;
        }
        Ok(sheet.finish().unwrap())
    }

    #[test]
    fn rows_have_the_width_of_the_header_and_their_own_line() {
        let (header, rows) =
            sheet(&[(2, 1, "a"), (2, 2, "b"), (3, 2, "x"), (9, 1, "y"), (10, 3, "z")]).unwrap();
        assert_eq!(header, ["a", "b"]);
        let lines: Vec<u64> = rows.iter().map(|r| r.line).collect();
        assert_eq!(lines, [4, 10, 11]);
        assert_eq!(rows[0].cells.as_ref().unwrap(), &["", "x"]);
        assert_eq!(rows[1].cells.as_ref().unwrap(), &["y", ""]);
        assert!(rows[2].cells.as_ref().unwrap_err().reason.contains("column 4"));
    }

    #[test]
    fn a_sheet_out_of_order_or_too_wide_is_refused() {
        assert!(
            sheet(&[(5, 0, "a"), (4, 0, "b")]).unwrap_err().contains("row 5 comes after row 6")
        );
        assert!(sheet(&[(0, COLUMNS_MAX, "a")]).unwrap_err().contains("column 16385"));
    }
}
