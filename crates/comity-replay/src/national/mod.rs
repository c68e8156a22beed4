//! National reports from published tables: coverage, roll-out, volumes, declines.
//!
//! The mental model: [`sources`] reads tables, each question has a module that counts, and a
//! [`sheet::Sheet`] is the result as data, from which the page, the terminal's tables, CSV and
//! JSON are made. What is not known is a status of its own everywhere, never a default.

pub mod checks;
pub mod counties;
pub mod coverage;
mod coverage_sheet;
pub mod dataset;
pub mod declined;
pub mod law;
pub mod listed;
mod programs;
pub mod published;
pub mod reasons;
pub mod rollout;
pub mod sheet;
pub mod sources;
pub mod unauthorized;
pub mod volumes;

pub use coverage_sheet::coverage;
pub use declined::declined;
pub use programs::programs;
pub use published::published;
pub use reasons::reasons;
pub use rollout::rollout;
pub use volumes::volumes;

use crate::receipt::{Receipt, library_sha256, policies_used};
use crate::report::series::Mark;
use crate::run::Files;
use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use sources::Sources;

/// What is asked of a report. Not every report looks at every field.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The folder of national tables.
    pub folder: String,
    /// The day that is asked about.
    pub on: Option<Day>,
    /// First day of charts over time.
    pub from: Option<Day>,
    /// Last day of charts over time.
    pub to: Option<Day>,
    /// Files of estimates of the unauthorized population.
    pub unauthorized: Vec<String>,
    /// Studies whose rows are set beside national counts.
    pub studies: Vec<String>,
    /// The command, for the receipt.
    pub command: String,
}

/// What every report needs.
pub struct Desk<'a> {
    /// The tables.
    pub sources: Sources<'a>,
    /// The library.
    pub library: &'a Library,
    /// What is asked.
    pub request: &'a Request,
}

impl<'a> Desk<'a> {
    /// A desk for one report.
    pub fn new(request: &'a Request, library: &'a Library, files: &'a dyn Files) -> Desk<'a> {
        Desk { sources: Sources::new(files, &request.folder), library, request }
    }

    /// The receipt of what was read so far; `policies` are those that the result rests on.
    pub fn receipt(&self, policies: impl Iterator<Item = String>) -> Receipt {
        Receipt {
            engine: concat!("comity ", env!("CARGO_PKG_VERSION")).to_owned(),
            command: self.request.command.clone(),
            inputs: self.sources.read(),
            policies: policies_used(self.library, policies),
            library_policies: self.library.len(),
            library_sha256: library_sha256(self.library),
            outputs: Vec::new(),
        }
    }

    /// The days of the federal programs, for charts.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn programs(&self) -> Result<Vec<Mark>, Vec<Diagnostic>> {
        let table = self.sources.table("programs.csv", &["date", "event"])?;
        let mark = |row: sources::Row<'_>| {
            let event = row.text("event");
            let short = event.split(['(', ',', ':']).next().unwrap_or(event).trim().to_owned();
            let days = row.day_or_month("date")?;
            let on = days.ok_or_else(|| row.wrong("date", "a day or a month"))?.0;
            Ok(Mark { on, label: short })
        };
        table.rows().map(mark).collect()
    }

    /// The first days of the months from one day to another, and the last day itself.
    pub fn months(from: Day, to: Day) -> Vec<Day> {
        let mut out = Vec::new();
        let mut date = from.to_civil().first_of_month();
        while Day::from_civil(date) <= to {
            out.push(Day::from_civil(date));
            date = date.saturating_add(jiff::Span::new().months(1));
            // A century of months is more than any of these reports covers.
            if out.len() > 2_400 {
                break;
            }
        }
        out
    }
}
