//! The table of rows: one line for every row of the input, decided or not.

use crate::answer::{RowAnswer, Status};
use crate::mapping::Mapping;
use crate::study::Study;
use crate::tally::words;
use std::io::{self, Write};

/// Writes the table.
pub struct RowsWriter<W: Write> {
    csv: csv::Writer<W>,
    width: usize,
}

impl<W: Write> RowsWriter<W> {
    /// Writes the header: row, status, outcomes, then one column an answer, then what would settle it.
    pub fn new(out: W, study: &Study, mapping: &Mapping) -> io::Result<RowsWriter<W>> {
        let mut header: Vec<String> =
            ["line", "row_id", "year", "status", "reason"].map(str::to_owned).to_vec();
        header.extend(mapping.outcomes.iter().map(|o| o.name.clone()));
        for (i, view) in study.views.iter().enumerate() {
            for regime in &study.regimes {
                let name =
                    if i == 0 { regime.id.clone() } else { format!("{}:{}", view.id, regime.id) };
                header.push(name.clone());
                header.push(format!("{name}:needs"));
            }
        }
        let width = header.len();
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(&header)?;
        Ok(RowsWriter { csv, width })
    }

    /// Writes one row.
    pub fn write(&mut self, row: &RowAnswer) -> io::Result<()> {
        let reason = match &row.status {
            Status::Rejected(why) => why.as_str(),
            _ => "",
        };
        let line = row.line.to_string();
        let mut record: Vec<String> =
            [line.as_str(), &row.row_id, &row.year, row.status.name(), reason].map(safe).to_vec();
        record.extend(row.outcomes.iter().map(|o| safe(o)));
        for answer in row.answers.iter().flatten() {
            record.push(words(answer.possible));
            record.push(answer.needs.iter().cloned().collect::<Vec<_>>().join(" "));
        }
        record.resize(self.width, String::new());
        self.csv.write_record(&record)?;
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

/// A cell that a spreadsheet will not take for a formula.
fn safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
