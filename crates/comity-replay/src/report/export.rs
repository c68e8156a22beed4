//! Tables of a report as Parquet and as an Excel workbook.

use crate::national::sheet::{Cell, Sheet, Table};
use arrow_array::{ArrayRef, Date32Array, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use std::sync::Arc;

/// Longest name of a sheet that Excel takes.
const SHEET_NAME_MAX: usize = 31;
/// Rows that a sheet of Excel holds, the header left out.
const SHEET_ROWS_MAX: usize = 1_048_575;

/// A table as Parquet: numbers and days as such where a column has nothing else, texts
/// otherwise; a cell without a value is null. `None` where Arrow refuses, which rows of one
/// width rule out.
pub fn parquet(table: &Table) -> Option<Vec<u8>> {
    let columns: Vec<ArrayRef> = (0..table.columns.len()).map(|i| column(table, i)).collect();
    let fields = table.columns.iter().zip(&columns);
    let fields: Vec<Field> =
        fields.map(|((name, _), c)| Field::new(name, c.data_type().clone(), true)).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("comity ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).ok()?;
    writer.write(&batch).ok()?;
    writer.close().ok()?;
    Some(out)
}

fn column(table: &Table, i: usize) -> ArrayRef {
    let cells = || table.rows.iter().map(move |r| r.get(i).unwrap_or(&Cell::Empty));
    let is_all = |fits: fn(&Cell) -> bool| {
        cells().any(fits) && cells().all(|c| fits(c) || *c == Cell::Empty)
    };
    if is_all(|c| matches!(c, Cell::Count(_))) {
        let value = |c: &Cell| if let Cell::Count(n) = c { Some(*n) } else { None };
        return Arc::new(cells().map(value).collect::<UInt64Array>());
    }
    if is_all(|c| matches!(c, Cell::Number(_) | Cell::Share(_))) {
        let value = |c: &Cell| match c {
            Cell::Number(n) | Cell::Share(n) => Some(*n),
            _ => None,
        };
        return Arc::new(cells().map(value).collect::<Float64Array>());
    }
    if is_all(|c| matches!(c, Cell::Day(_))) {
        let value = |c: &Cell| if let Cell::Day(d) = c { Some(d.0) } else { None };
        return Arc::new(cells().map(value).collect::<Date32Array>());
    }
    let value = |c: &Cell| match c {
        Cell::Empty => None,
        Cell::Text(t) | Cell::Code(t) | Cell::Hidden(t) => Some(t.clone()),
        other => Some(other.shown()),
    };
    Arc::new(cells().map(value).collect::<StringArray>())
}

/// Every table of a report as a workbook, one sheet each. The same report gives the same
/// bytes: the workbook bears no date of its own.
///
/// # Errors
/// Excel's limits, as a text of more than 32,767 characters.
pub fn workbook(report: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(
        &DocProperties::new().set_title(&report.title).set_creation_datetime(&made),
    );
    let (head, percent) = (Format::new().set_bold(), Format::new().set_num_format("0.0%"));
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for table in report.tables() {
        let sheet = book.add_worksheet();
        let name: String = table.id.chars().take(SHEET_NAME_MAX).collect();
        sheet.set_name(name)?;
        for (i, (_, words)) in table.columns.iter().enumerate() {
            sheet.write_with_format(0, i as u16, words.as_str(), &head)?;
        }
        for (r, row) in table.rows.iter().take(SHEET_ROWS_MAX).enumerate() {
            for (i, cell) in row.iter().enumerate() {
                let (r, i) = (r as u32 + 1, i as u16);
                match cell {
                    Cell::Empty => continue,
                    // A text is written as one: Excel takes no formula from it.
                    Cell::Text(t) | Cell::Code(t) | Cell::Hidden(t) => {
                        sheet.write_string(r, i, t)?
                    }
                    Cell::Count(n) => sheet.write_number(r, i, *n as f64)?,
                    Cell::Number(n) => sheet.write_number(r, i, *n)?,
                    Cell::Share(s) => sheet.write_number_with_format(r, i, *s, &percent)?,
                    Cell::Day(d) => {
                        let day = ExcelDateTime::parse_from_str(&d.to_string())?;
                        sheet.write_with_format(r, i, &day, &date)?
                    }
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        sheet.autofit();
    }
    book.save_to_buffer()
}
