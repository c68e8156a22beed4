//! The tables of the generator, derived from public records: no number in them is a guess.
//!
//! In: the folder `data/` of this project, or one laid out like it. Out: the tables that
//! `data/synthetic/` holds. `data/synthetic/national.toml` says what each table is and how it
//! follows from which file.

mod counties;
mod kinds;
mod offenses;
mod published;

pub use kinds::PENNSYLVANIA;

use super::table::{Month, Table};
use crate::run::Files;
use comity_model::Diagnostic;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One derived table: its file name and its text.
pub type Derived = (&'static str, String);

/// Largest count of the public files.
const COUNT_MAX: u64 = 1_000_000_000;
const DECLINED: &str = "Detainer Declined by LEA";
/// How the public file writes that no reason was recorded.
const NOT_RECORDED: &str = "(no lift reason recorded)";

/// What several tables are derived from.
struct Volumes {
    /// Requests of each month.
    months: BTreeMap<Month, u64>,
    /// Requests of each year.
    years: BTreeMap<u32, u64>,
    /// Requests of each year by reason.
    lifts: BTreeMap<u32, Vec<(String, u64)>>,
}

impl Volumes {
    fn all(&self) -> u64 {
        self.months.values().sum()
    }

    fn lifted(&self, year: u32, reason: &str) -> u64 {
        let of_year = self.lifts.get(&year).map_or(&[][..], Vec::as_slice);
        of_year.iter().find(|(r, _)| r == reason).map_or(0, |(_, n)| *n)
    }

    /// Requests of a year with a reason recorded.
    fn known(&self, year: u32) -> u64 {
        let of_year = self.lifts.get(&year).map_or(&[][..], Vec::as_slice);
        of_year.iter().filter(|(r, _)| r != NOT_RECORDED).map(|(_, n)| n).sum()
    }
}

/// Derives every table from the public files below `folder`.
///
/// # Errors
/// A file cannot be read, or does not hold what it should.
pub fn derive(files: &dyn Files, folder: &str) -> Result<Vec<Derived>, Vec<Diagnostic>> {
    let volumes = volumes(files, folder).map_err(|d| vec![d])?;
    let kinds = kinds::read(files, folder).map_err(|d| vec![d])?;
    let one = |made: Result<String, Diagnostic>| made.map_err(|d| vec![d]);
    let (counties, declines) =
        counties::derive(files, folder, &volumes, &kinds).map_err(|d| vec![d])?;
    let travis = offenses::count(files, folder)?;
    let mut out = vec![
        ("months.csv", months(&volumes, kinds.last_on)),
        ("forms.csv", one(forms(files, folder, &volumes))?),
        ("lift-reasons.csv", lift_reasons(&volumes)),
        ("facility-kinds.csv", one(kinds.table(files, folder, &volumes))?),
        ("weekdays.csv", kinds.weekdays_table()),
        ("counties.csv", counties),
        ("declines.csv", declines),
    ];
    out.extend(travis.tables());
    let published = published::table(files, folder, &volumes, &kinds, &travis);
    out.push(("published.csv", one(published)?));
    Ok(out)
}

fn path(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

fn volumes(files: &dyn Files, folder: &str) -> Result<Volumes, Diagnostic> {
    let table =
        Table::read(files, &path(folder, "national/months.csv"), &["year_month", "detainers"])?;
    let mut months = BTreeMap::new();
    let mut years: BTreeMap<u32, u64> = BTreeMap::new();
    for row in table.rows() {
        let (month, n) = (row.month(0)?, row.number(1, COUNT_MAX)?);
        if months.insert(month, n).is_some() {
            return Err(row.wrong(0, "listed once"));
        }
        *years.entry(month.year()).or_insert(0) += n;
    }
    let name = path(folder, "national/lift-reasons.csv");
    let table = Table::read(files, &name, &["year", "lift_reason", "detainers"])?;
    let mut lifts: BTreeMap<u32, Vec<(String, u64)>> = BTreeMap::new();
    for row in table.rows() {
        let (year, n) = (row.number(0, 9_999)? as u32, row.number(2, COUNT_MAX)?);
        lifts.entry(year).or_default().push((row.text(1).to_owned(), n));
    }
    if months.is_empty() || lifts.is_empty() {
        return Err(table.wrong("there are no rows to derive from"));
    }
    Ok(Volumes { months, years, lifts })
}

fn months(volumes: &Volumes, last_on: comity_model::Day) -> String {
    let mut out = String::from("month,weight,days\n");
    for (month, n) in &volumes.months {
        // The release ends in a month that is not complete: its last day is that of the
        // rows of Pennsylvania, which come from the same release.
        let days = (last_on.0 - month.first_day().0 + 1).clamp(1, month.days() as i32);
        let _ = writeln!(out, "{month},{n},{days}");
    }
    out
}

/// Revisions of Form I-247 with the first month in which they are issued here: the date
/// printed on the form.
const REVISIONS: [(&str, &str); 5] = [
    ("before_2010-08", "1000-01"),
    ("2010-08", "2010-08"),
    ("2011-06", "2011-06"),
    ("2011-12", "2011-12"),
    ("2012-12", "2012-12"),
];
/// The first month in which the release records the form.
const RECORDED_FROM: &str = "2014-10";
/// The month in which the forms of the Priority Enforcement Program were rolled out
/// (2015-07-02). Of the 48 in the rows of Pennsylvania, 45 are of that month.
const PEP_FROM: &str = "2015-07";

/// Forms and revisions by month. Two facts carry it: the release records the form of every
/// request from October 2014 and of none before (the counts of the two files agree to the
/// last request), and until the new forms there was only one.
fn forms(files: &dyn Files, folder: &str, volumes: &Volumes) -> Result<String, Diagnostic> {
    let name = path(folder, "national/forms.csv");
    let table = Table::read(files, &name, &["form", "detainers", "year"])?;
    let [recorded, pep] = [RECORDED_FROM, PEP_FROM].map(Month::parse);
    let (Some(recorded), Some(pep)) = (recorded, pep) else {
        return Err(table.wrong("no months"));
    };
    let count = |form: &str, from_year: u32| -> Result<u64, Diagnostic> {
        let rows = table.rows().filter(|r| r.text(0) == form);
        let rows = rows.filter(|r| r.number(2, 9_999).is_ok_and(|y| y >= u64::from(from_year)));
        rows.map(|r| r.number(1, COUNT_MAX)).sum()
    };
    let (now, before) = (count("I-247 (2013-03)", 0)?, count("I-247 (pre 2013-03)", 0)?);
    // Six forms D and four N are dated 2014, when neither existed: they are left out.
    let (d, n) = (count("I-247D", pep.year())?, count("I-247N", pep.year())?);
    let of_pep: u64 = volumes.months.range(pep..).map(|(_, n)| n).sum();
    if now + before == 0 || of_pep < d + n {
        return Err(table.wrong(format!("{} new forms in {of_pep} requests since {pep}", d + n)));
    }
    let mut out = String::from("month,form,form_version,weight\n");
    for month in volumes.months.keys() {
        let mut add = |form: &str, version: &str, weight: u64| {
            let _ = writeln!(out, "{month},{form},{version},{weight}");
        };
        let of = REVISIONS.iter().filter(|(_, from)| *from <= month.to_string().as_str());
        let printed: Vec<&str> = of.map(|(version, _)| *version).collect();
        match printed.as_slice() {
            _ if *month >= pep => {
                add("I-247D", "2015-05", d);
                add("I-247N", "2015-05", n);
                add("I-247", "2012-12", of_pep - d - n);
            }
            [.., older, newest] if *month >= recorded => {
                add("I-247", newest, now);
                add("I-247", older, before);
            }
            [.., newest] => add("I-247", newest, 1),
            [] => {}
        }
    }
    Ok(out)
}

fn lift_reasons(volumes: &Volumes) -> String {
    let mut out = String::from("year,lift_reason,weight\n");
    for (year, reasons) in &volumes.lifts {
        // Declined first: the generator asks the county before it draws another reason.
        let _ = writeln!(out, "{year},{DECLINED},{}", volumes.lifted(*year, DECLINED));
        for (reason, n) in reasons.iter().filter(|(r, _)| r != DECLINED) {
            let reason = if reason == NOT_RECORDED { "" } else { reason };
            let _ = writeln!(out, "{year},{reason},{n}");
        }
    }
    out
}
