//! Published figures beside the same figures computed from the carried data, each with its
//! tolerance and the reason of the difference.

use super::checks::{Check, Checks, How, Relation, RowsCheck};
use super::counties::Counties;
use super::coverage::{Coverage, Reading};
use super::dataset::{self, Ending};
use super::declined::{Endings, national_years};
use super::law::Law;
use super::listed::List;
use super::rollout::{Checked, Rollout};
use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::volumes::Months;
use super::{Desk, Request};
use crate::run::Files;
use comity_model::schema::{FieldId, scalar};
use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use std::collections::{BTreeMap, BTreeSet};

const COUNTY: FieldId = scalar("place.county");

/// A published figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Its id.
    pub id: String,
    /// What it measures.
    pub measure: String,
    /// Where and when, in words.
    pub of: String,
    /// Its value.
    pub value: f64,
    /// The page.
    pub source: String,
}

/// What came of one comparison.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The published figure.
    pub figure: Figure,
    /// Whose rows were counted: `months.csv`, or the title of a data set.
    pub from: String,
    /// Our least and most; they are equal where there is one number.
    pub ours: (f64, f64),
    /// How near the figure must be.
    pub relation: Relation,
    /// Why they differ.
    pub reason: String,
}

impl Compared {
    /// Our number less the published one, in percent of the latter; of bounds, of the nearer one.
    pub fn difference_percent(&self) -> f64 {
        let (low, high) = self.ours;
        let nearest = self.figure.value.clamp(low, high);
        (nearest - self.figure.value) * 100.0 / self.figure.value.abs().max(f64::MIN_POSITIVE)
    }

    /// True where the figure is as near as it must be.
    pub fn holds(&self) -> bool {
        let (low, high) = self.ours;
        match self.relation {
            Relation::NearPercent(p) => self.difference_percent().abs() <= p as f64,
            Relation::NearPoints(p) => (low - self.figure.value).abs() <= p as f64,
            Relation::Within => low <= self.figure.value && self.figure.value <= high,
            Relation::AtMost => self.figure.value <= high,
        }
    }
}

/// A data set's counts: by month, and declines by county and year.
struct Own {
    title: String,
    months: Months,
    declined: BTreeMap<(String, String), u64>,
}

/// Everything that figures are computed from.
struct Ours<'a> {
    months: Months,
    declined: BTreeMap<String, Endings>,
    counties: Counties,
    rollout: Rollout,
    list: List,
    law: Law<'a>,
    studies: BTreeMap<String, Own>,
}

/// The report on published figures.
///
/// # Errors
/// A table, the file of checks, a study or a data file cannot be read, or a check names a figure
/// that is not there.
pub fn published(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let checks = Checks::read(&desk.sources)?;
    let figures = figures(&desk)?;
    let ours = Ours::read(&desk, &checks)?;
    let compared: Vec<Compared> =
        checks.checks.iter().map(|c| ours.compare(c, &figures)).collect::<Result<_, _>>()?;
    let (rows, rows_hold) = ours.rows(&desk, &checks.rows)?;
    let hold = compared.iter().filter(|c| c.holds()).count();
    let figures_checked: BTreeSet<&str> = checks.checks.iter().map(|c| c.figure.as_str()).collect();
    let sections = vec![result(&compared), rows, left_out(&checks, &figures)];
    Ok(Sheet {
        id: "published",
        title: "Published figures, computed again".to_owned(),
        question: "Which figures that others published can the carried data reproduce, how near, and why not nearer?".to_owned(),
        facts: vec![
            (format!("{hold} of {}", compared.len()), "comparisons are within their tolerance".to_owned()),
            (figures_checked.len().to_string(), "published figures are compared".to_owned()),
            (
                (figures.len() - figures_checked.len()).to_string(),
                "cannot be, with the reason below".to_owned(),
            ),
        ],
        sections,
        whole: hold == compared.len() && rows_hold,
        receipt: desk.receipt(std::iter::empty()),
    }
    .sealed())
}

/// Every published figure, by id.
///
/// # Errors
/// The table cannot be read.
pub fn figures(desk: &Desk<'_>) -> Result<BTreeMap<String, Figure>, Vec<Diagnostic>> {
    let columns = ["id", "measure", "geography", "period_start", "period_end", "value", "source"];
    let table = desk.sources.table("published-figures.csv", &columns)?;
    let mut out = BTreeMap::new();
    for row in table.rows() {
        let period: Vec<&str> = [row.text("period_start"), row.text("period_end")]
            .into_iter()
            .filter(|p| !p.is_empty())
            .collect();
        let figure = Figure {
            id: row.text("id").to_owned(),
            measure: row.text("measure").replace('_', " "),
            of: format!("{}, {}", row.text("geography"), period.join(" to ")),
            value: row.number("value")?,
            source: row.text("source").to_owned(),
        };
        if out.insert(figure.id.clone(), figure).is_some() {
            return Err(row.wrong("id", "an id that is listed once"));
        }
    }
    Ok(out)
}

impl<'a> Ours<'a> {
    fn read(desk: &Desk<'a>, checks: &Checks) -> Result<Ours<'a>, Vec<Diagnostic>> {
        let counties = Counties::read(&desk.sources)?;
        let list = List::read(&desk.sources, &counties)?;
        let mut studies = BTreeMap::new();
        let named = checks.checks.iter().filter_map(|c| c.study.as_ref());
        for study in named.chain(checks.rows.iter().map(|r| &r.study)) {
            if !studies.contains_key(study) {
                studies.insert(study.clone(), own(desk, study)?);
            }
        }
        Ok(Ours {
            months: Months::read(desk)?,
            declined: national_years(desk)?,
            rollout: Rollout::read(&desk.sources)?,
            law: Law::read(desk.library, &desk.sources)?,
            counties,
            list,
            studies,
        })
    }

    fn compare(
        &self,
        check: &Check,
        figures: &BTreeMap<String, Figure>,
    ) -> Result<Compared, Vec<Diagnostic>> {
        let figure = figures.get(&check.figure).ok_or_else(|| {
            let message =
                format!("a check names the figure `{}`, which is not published", check.figure);
            vec![
                Diagnostic::error("unknown-figure", message)
                    .help("published-figures.csv has the ids"),
            ]
        })?;
        let study = check.study.as_ref().and_then(|s| self.studies.get(s));
        Ok(Compared {
            figure: figure.clone(),
            from: study.map_or_else(|| source(&check.how), |o| o.title.clone()),
            ours: self.number(&check.how, study.map_or(&self.months, |o| &o.months)),
            relation: check.relation,
            reason: check.reason.clone(),
        })
    }

    /// Our least and most.
    fn number(&self, how: &How, months: &Months) -> (f64, f64) {
        let mean = |from: &str, to: &str| {
            let (sum, counted) = months.sum(from, to);
            sum as f64 / counted.max(1) as f64
        };
        let one = |n: f64| (n, n);
        match how {
            How::SumOfMonths(from, to) => one(months.sum(from, to).0 as f64),
            How::MeanOfMonths(from, to) => one(mean(from, to)),
            How::ChangeOfMean([from, to, then_from, then_to]) => {
                let before = mean(from, to);
                one((mean(then_from, then_to) - before) * 100.0 / before.max(f64::MIN_POSITIVE))
            }
            How::PartOfMonth(month, by) => one(months.get(month).unwrap_or(0) as f64 / *by as f64),
            How::DeclinedYears(years) => {
                let of = years.iter().filter_map(|y| self.declined.get(y));
                one(of.map(|e| e.declined).sum::<u64>() as f64)
            }
            How::Activated(on) => self.activated(*on),
            How::Limiting(on) => self.limiting(*on),
        }
    }

    fn activated(&self, on: Day) -> (f64, f64) {
        let counted = self.rollout.counted(&self.counties, on);
        let get = |c: Checked| counted.get(&c).map_or(0, |c| c.counties) as f64;
        (get(Checked::Surely), get(Checked::Surely) + get(Checked::Possibly))
    }

    fn limiting(&self, on: Day) -> (f64, f64) {
        let coverage = Coverage {
            counties: &self.counties,
            list: &self.list,
            law: &self.law,
            unauthorized: None,
        };
        let m = coverage.measure(on, Reading::List);
        let sure = m.surely + m.cities.len() as u64;
        (sure as f64, (sure + m.more) as f64)
    }

    /// The comparison of rows with tables, and whether all agree.
    fn rows(
        &self,
        desk: &Desk<'_>,
        checks: &[RowsCheck],
    ) -> Result<(Section, bool), Vec<Diagnostic>> {
        let mut table = Table::new(
            "published-rows",
            "Declines of the rows and of the national table, by county and year",
            &[
                ("data_set", "Data set"),
                ("table", "Table"),
                ("county_years", "County-years"),
                ("equal", "Equal"),
                ("declined_rows", "Declined, rows"),
                ("declined_table", "Declined, table"),
                ("reason", "Why they must agree"),
            ],
        );
        let mut hold = true;
        for check in checks {
            let Some(own) = self.studies.get(&check.study) else { continue };
            let states: BTreeSet<&str> =
                own.declined.keys().filter_map(|(fips, _)| fips.get(..2)).collect();
            let theirs = table_declines(desk, &check.table, &states)?;
            let keys: BTreeSet<_> = own.declined.keys().chain(theirs.keys()).collect();
            let equal = keys.iter().filter(|k| own.declined.get(**k) == theirs.get(**k)).count();
            hold &= equal == keys.len();
            table.push(vec![
                Cell::text(&own.title),
                Cell::code(&check.table),
                Cell::Count(keys.len() as u64),
                Cell::Count(equal as u64),
                Cell::Count(own.declined.values().sum()),
                Cell::Count(theirs.values().sum()),
                Cell::text(&check.reason),
            ]);
        }
        let section = Section {
            id: "rows",
            title: "Rows against tables".to_owned(),
            parts: vec![Part::Table(table)],
        };
        Ok((section, hold))
    }
}

/// The table that a number is computed from.
fn source(how: &How) -> String {
    match how {
        How::SumOfMonths(..)
        | How::MeanOfMonths(..)
        | How::ChangeOfMean(..)
        | How::PartOfMonth(..) => "months.csv",
        How::DeclinedYears(_) => "lift-reasons.csv",
        How::Activated(_) => "activation.csv",
        How::Limiting(_) => "jurisdictions.csv",
    }
    .to_owned()
}

fn own(desk: &Desk<'_>, study: &str) -> Result<Own, Vec<Diagnostic>> {
    let path = desk.sources.path(study);
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    let mut declined = BTreeMap::new();
    let places = desk.library.places();
    let mapping = dataset::each(desk, &path, &mut |record| {
        if let Some(month) = record.month {
            *months.entry(month).or_default() += 1;
        }
        let facts = record.facts.as_ref().ok().filter(|_| record.ending == Ending::Declined);
        let county = facts.and_then(|f| f.get_text(COUNTY)).and_then(|c| places.get(c));
        if let Some(place) = county {
            *declined.entry((place.fips.clone(), record.year.clone())).or_default() += 1;
        }
    })?;
    Ok(Own { title: mapping.title, months: Months::of(months), declined })
}

/// Declines of a table by county and year, in these states.
fn table_declines(
    desk: &Desk<'_>,
    name: &str,
    states: &BTreeSet<&str>,
) -> Result<BTreeMap<(String, String), u64>, Vec<Diagnostic>> {
    let table = desk.sources.table(name, &["county_fips", "year", "declined"])?;
    let mut out = BTreeMap::new();
    for row in table.rows() {
        let fips = row.text("county_fips");
        if fips.get(..2).is_some_and(|s| states.contains(s)) {
            let key = (fips.to_owned(), row.text("year").to_owned());
            *out.entry(key).or_default() += row.count("declined")?;
        }
    }
    Ok(out)
}

fn result(compared: &[Compared]) -> Section {
    let mut table = Table::new(
        "published",
        "Published figures and ours",
        &[
            ("figure", "Figure"),
            ("measure", "Measure"),
            ("of", "Of"),
            ("published", "Published"),
            ("least", "Ours, least"),
            ("most", "most"),
            ("difference_percent", "Off by %"),
            ("tolerance", "May be"),
            ("holds", "Holds"),
            ("computed_from", "From"),
            ("reason", "Why they differ"),
            ("source", "Source"),
        ],
    )
    .on_terminal(usize::MAX)
    .columns_on_terminal(&[0, 1, 2, 3, 4, 5, 7, 8])
    .columns_on_page(&[0, 1, 2, 3, 4, 5, 7, 9, 10]);
    for c in compared {
        let number = |n: f64| {
            if n.fract() == 0.0 && n >= 0.0 { Cell::Count(n as u64) } else { Cell::Number(n) }
        };
        table.push(vec![
            Cell::code(&c.figure.id),
            Cell::text(&c.figure.measure),
            Cell::text(&c.figure.of),
            number(c.figure.value),
            number(c.ours.0),
            number(c.ours.1),
            Cell::Number(c.difference_percent()),
            Cell::text(tolerance(c.relation)),
            Cell::text(if c.holds() { "yes" } else { "no" }),
            Cell::text(&c.from),
            Cell::text(&c.reason),
            Cell::text(&c.figure.source),
        ]);
    }
    let missed: Vec<&str> =
        compared.iter().filter(|c| !c.holds()).map(|c| c.figure.id.as_str()).collect();
    let sources = "Sources, with the page of each, are in `published.csv`.".to_owned();
    let mut parts = vec![Part::Table(table), Part::Text(sources)];
    if !missed.is_empty() {
        parts.insert(0, Part::Note(format!("Outside of their tolerance: {}.", missed.join(", "))));
    }
    Section { id: "result", title: "The result".to_owned(), parts }
}

fn tolerance(relation: Relation) -> String {
    match relation {
        Relation::NearPercent(p) => format!("{p} percent"),
        Relation::NearPoints(p) => format!("{p} points"),
        Relation::Within => "between the bounds".to_owned(),
        Relation::AtMost => "no more than ours".to_owned(),
    }
}

fn left_out(checks: &Checks, figures: &BTreeMap<String, Figure>) -> Section {
    let mut table = Table::new(
        "published-not-compared",
        "Published figures that the carried data cannot reproduce",
        &[("figure", "Figure"), ("measure", "Measure"), ("of", "Of"), ("why", "Why not")],
    )
    .on_terminal(0);
    for left in &checks.not_checked {
        for id in &left.figures {
            let figure = figures.get(id);
            table.push(vec![
                Cell::code(id),
                Cell::text(figure.map_or("", |f| f.measure.as_str())),
                Cell::text(figure.map_or("", |f| f.of.as_str())),
                Cell::text(&left.why),
            ]);
        }
    }
    Section { id: "left-out", title: "Not compared".to_owned(), parts: vec![Part::Table(table)] }
}
