//! Detainers by month: the published national counts, and a data set's own months beside them.

use super::dataset;
use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::sources::span;
use super::{Desk, Request};
use crate::report::chart::thousands;
use crate::report::series::{Line, Mark, Series, Unit};
use crate::run::Files;
use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use std::collections::BTreeMap;

/// The data set that is set beside the national counts where no other is named.
const STUDY: &str = "../pennsylvania/study.toml";
/// The release ends within this month: its count is not that of a whole month.
const PARTIAL: &str = "2015-07";

/// National counts by month.
#[derive(Debug, Clone, Default)]
pub struct Months {
    by_month: BTreeMap<String, u64>,
}

impl Months {
    /// Reads `months.csv`.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn read(desk: &Desk<'_>) -> Result<Months, Vec<Diagnostic>> {
        let table = desk.sources.table("months.csv", &["year_month", "detainers"])?;
        let mut by_month = BTreeMap::new();
        for row in table.rows() {
            let month = row.text("year_month");
            if month.len() != 7 || span(month).is_none() {
                return Err(row.wrong("year_month", "a month such as 2015-06"));
            }
            if by_month.insert(month.to_owned(), row.count("detainers")?).is_some() {
                return Err(row.wrong("year_month", "a month that is listed once"));
            }
        }
        Ok(Months { by_month })
    }

    /// The months of a data set.
    pub fn of(by_month: BTreeMap<String, u64>) -> Months {
        Months { by_month }
    }

    /// The count of a month.
    pub fn get(&self, month: &str) -> Option<u64> {
        self.by_month.get(month).copied()
    }

    /// Detainers from one month to another, both included, and how many months have a count.
    pub fn sum(&self, from: &str, to: &str) -> (u64, u64) {
        let counts = self.by_month.range(from.to_owned()..=to.to_owned()).map(|(_, n)| *n);
        counts.fold((0, 0), |(sum, months), n| (sum + n, months + 1))
    }

    /// Months and counts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.by_month.iter().map(|(m, n)| (m.as_str(), *n))
    }
}

/// One data set's months.
struct Own {
    title: String,
    months: Months,
    rows: u64,
    without: u64,
}

/// The report on volumes.
///
/// # Errors
/// A table, a study or a data file cannot be read.
pub fn volumes(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let months = Months::read(&desk)?;
    let marks = desk.programs()?;
    let studies = if request.studies.is_empty() {
        vec![desk.sources.path(STUDY)]
    } else {
        request.studies.clone()
    };
    let own: Vec<Own> = studies.iter().map(|s| own(&desk, s)).collect::<Result<_, _>>()?;
    let all: u64 = months.iter().map(|(_, n)| n).sum();
    let peak = months.iter().max_by_key(|(_, n)| *n).unwrap_or(("–", 0));
    let mut facts = vec![
        (thousands(all), "detainers in the national release".to_owned()),
        (thousands(peak.1), format!("in {}, the month with most", peak.0)),
    ];
    facts.extend(own.iter().take(2).map(|o| (thousands(o.rows), format!("rows: {}", o.title))));
    let sections = vec![national(&months, marks.clone()), beside(&months, &own, marks), reading()];
    Ok(Sheet {
        id: "volumes",
        title: "Detainers by month".to_owned(),
        question: "How many immigration detainers were prepared in each month, in the country and in the data set that is set beside it?".to_owned(),
        facts,
        sections,
        whole: true,
        receipt: desk.receipt(std::iter::empty()),
    }
    .sealed())
}

fn own(desk: &Desk<'_>, study: &str) -> Result<Own, Vec<Diagnostic>> {
    let (mut by_month, mut rows, mut without) = (BTreeMap::new(), 0, 0);
    let mapping = dataset::each(desk, study, &mut |record| {
        rows += 1;
        match record.month {
            Some(month) => *by_month.entry(month).or_insert(0) += 1,
            None => without += 1,
        }
    })?;
    Ok(Own { title: mapping.title, months: Months::of(by_month), rows, without })
}

fn first_day(month: &str) -> Option<Day> {
    span(month).map(|(first, _)| first)
}

fn national(months: &Months, marks: Vec<Mark>) -> Section {
    let mut table = Table::new(
        "volumes-months",
        "Detainers of the national release, by month",
        &[("month", "Month"), ("detainers", "Detainers"), ("note", "")],
    )
    .folded();
    let mut years: BTreeMap<i32, (u64, u64, bool)> = BTreeMap::new();
    for (month, n) in months.iter() {
        let partial = month == PARTIAL;
        let note = if partial { "part of the month" } else { "" };
        table.push(vec![Cell::text(month), Cell::Count(n), Cell::text(note)]);
        let (year, number): (i32, i32) = (
            month.get(..4).and_then(|y| y.parse().ok()).unwrap_or(0),
            month.get(5..).and_then(|m| m.parse().ok()).unwrap_or(0),
        );
        // The federal fiscal year begins in October of the year before.
        let fiscal = years.entry(year + i32::from(number >= 10)).or_default();
        *fiscal = (fiscal.0 + n, fiscal.1 + 1, fiscal.2 || partial);
    }
    let mut by_year = Table::new(
        "volumes-fiscal-years",
        "By federal fiscal year (October to September)",
        &[
            ("fiscal_year", "Fiscal year"),
            ("months", "Months"),
            ("detainers", "Detainers"),
            ("per_month", "A month"),
            ("note", ""),
        ],
    );
    for (year, (n, counted, partial)) in years {
        by_year.push(vec![
            Cell::text(year.to_string()),
            Cell::Count(counted),
            Cell::Count(n),
            Cell::Number(n as f64 / counted.max(1) as f64),
            Cell::text(if partial { "its last month is not whole" } else { "" }),
        ]);
    }
    let whole = months.iter().filter(|(m, _)| *m != PARTIAL);
    let points = whole.filter_map(|(m, n)| Some((first_day(m)?, n as f64))).collect();
    let chart = Series {
        title: "Detainers by month, national release".to_owned(),
        unit: Unit::Count,
        bands: Vec::new(),
        lines: vec![Line { label: "detainers a month, national release".to_owned(), points }],
        marks,
    };
    Section {
        id: "national",
        title: "The country".to_owned(),
        parts: vec![
            Part::Picture(
                chart.svg("volumes"),
                "Whole months only; July 2015 ends early.".to_owned(),
            ),
            Part::Table(table),
            Part::Table(by_year),
        ],
    }
}

fn beside(months: &Months, own: &[Own], marks: Vec<Mark>) -> Section {
    let mut table = Table::new(
        "volumes-data-sets",
        "The data sets by month, beside the country",
        &[
            ("data_set", "Data set"),
            ("month", "Month"),
            ("rows", "Rows"),
            ("national", "National"),
            ("share_of_national", "Share"),
        ],
    )
    .folded();
    let mut parts = Vec::new();
    let mut lines = Vec::new();
    for o in own {
        for (month, n) in o.months.iter() {
            let national = months.get(month);
            table.push(vec![
                Cell::text(&o.title),
                Cell::text(month),
                Cell::Count(n),
                national.map_or(Cell::Empty, Cell::Count),
                national.map_or(Cell::Empty, |all| Cell::share(n as f64, all as f64)),
            ]);
        }
        let whole = o.months.iter().filter(|(m, _)| *m != PARTIAL);
        let points = whole.filter_map(|(m, n)| Some((first_day(m)?, n as f64))).collect();
        lines.push(Line { label: o.title.clone(), points });
        if o.without > 0 {
            parts.push(Part::Note(format!(
                "{} of {} rows of “{}” have no month that can be read.",
                thousands(o.without),
                thousands(o.rows),
                o.title
            )));
        }
    }
    let chart = Series {
        title: "Rows by month".to_owned(),
        unit: Unit::Count,
        bands: Vec::new(),
        lines,
        marks,
    };
    parts.push(Part::Picture(
        chart.svg("volumes-own"),
        "The data sets' own months, on their own scale.".to_owned(),
    ));
    parts.push(Part::Table(table));
    Section { id: "beside", title: "Beside the country".to_owned(), parts }
}

fn reading() -> Section {
    Section {
        id: "reading",
        title: "How to read it".to_owned(),
        parts: vec![Part::List(vec![
            "A detainer is counted in the month in which it was prepared. A person can be the subject of several.".to_owned(),
            "The national counts and the rows of Pennsylvania come from one release: their share says how much of the country the rows are.".to_owned(),
            "Other publishers count the same detainers by other vintages of the data, 1 to 5 percent apart: `comity report published` compares.".to_owned(),
        ])],
    }
}
