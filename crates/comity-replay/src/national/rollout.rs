//! The roll-out of Secure Communities: which counties' arrests were checked on a day.

use super::counties::{Counties, County};
use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::sources::Sources;
use super::{Desk, Request};
use crate::report::chart::thousands;
use crate::report::map::{Class, Fill, Shade, choropleth, drawn_as};
use crate::report::series::{Band, Series, Unit};
use crate::run::Files;
use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use std::collections::BTreeMap;

const ON: &str = "2011-09-30";
const FROM: &str = "2008-10-01";
const TO: &str = "2013-03-01";

/// Whether a county's arrests were checked on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checked {
    /// Surely: the day is not before the last possible activation day.
    Surely,
    /// The day lies between the first and the last possible activation day.
    Possibly,
    /// Surely not yet.
    NotYet,
    /// The table does not have the county.
    Unknown,
}

impl Checked {
    const ALL: [Checked; 4] =
        [Checked::Surely, Checked::Possibly, Checked::NotYet, Checked::Unknown];

    fn name(self) -> &'static str {
        match self {
            Checked::Surely => "checked",
            Checked::Possibly => "possibly_checked",
            Checked::NotYet => "not_yet",
            Checked::Unknown => "unknown",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Checked::Surely => "checked",
            Checked::Possibly => "checked or not: the day lies in the window",
            Checked::NotYet => "not yet",
            Checked::Unknown => "unknown",
        }
    }

    fn fill(self) -> Fill {
        match self {
            Checked::Surely => Fill::Full,
            Checked::Possibly => Fill::Striped,
            Checked::NotYet => Fill::Plain,
            Checked::Unknown => Fill::Hatched,
        }
    }
}

/// When a county was activated.
#[derive(Debug, Clone)]
pub struct Activation {
    /// First and last possible day.
    pub between: (Day, Day),
    /// How the day is known.
    pub kind: String,
}

impl Activation {
    /// Whether arrests were checked on a day.
    pub fn on(&self, day: Day) -> Checked {
        match (self.between.1 <= day, self.between.0 <= day) {
            (true, _) => Checked::Surely,
            (false, true) => Checked::Possibly,
            (false, false) => Checked::NotYet,
        }
    }
}

/// Activations by FIPS code as the table has it.
#[derive(Debug, Clone, Default)]
pub struct Rollout {
    by_fips: BTreeMap<String, Activation>,
}

/// Counties, and persons, on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Number of rows of the table.
    pub counties: u64,
    /// Persons living there.
    pub persons: u64,
}

impl Rollout {
    /// Reads `activation.csv`.
    ///
    /// # Errors
    /// The table cannot be read, or a window ends before it begins.
    pub fn read(sources: &Sources<'_>) -> Result<Rollout, Vec<Diagnostic>> {
        let columns = ["county_fips", "earliest", "latest", "date_kind"];
        let table = sources.table("activation.csv", &columns)?;
        let mut by_fips = BTreeMap::new();
        for row in table.rows() {
            let between = (row.day("earliest")?, row.day("latest")?);
            if between.0 > between.1 {
                return Err(row.wrong("latest", "a day on or after `earliest`"));
            }
            let activation = Activation { between, kind: row.text("date_kind").to_owned() };
            if by_fips.insert(row.text("county_fips").to_owned(), activation).is_some() {
                return Err(row.wrong("county_fips", "a code that is listed once"));
            }
        }
        Ok(Rollout { by_fips })
    }

    /// Every county of the table with its status on a day.
    pub fn statuses(&self, day: Day) -> impl Iterator<Item = (&str, &Activation, Checked)> {
        self.by_fips.iter().map(move |(f, a)| (f.as_str(), a, a.on(day)))
    }

    /// Counties and persons by status on a day. Populations are those of 2014-2018, under the
    /// code that a county has now.
    pub fn counted(&self, counties: &Counties, day: Day) -> BTreeMap<Checked, Counted> {
        let mut out: BTreeMap<Checked, Counted> = BTreeMap::new();
        for (fips, _, status) in self.statuses(day) {
            let c = out.entry(status).or_default();
            c.counties += 1;
            // Bedford city is part of Bedford County now, whose own row counts its people.
            let merged = drawn_as(fips).is_some_and(|f| f != fips && self.by_fips.contains_key(f));
            let county = if merged { None } else { county_of(counties, fips) };
            c.persons += county.map_or(0, |c| c.population);
        }
        out
    }
}

fn county_of<'c>(counties: &'c Counties, fips: &str) -> Option<&'c County> {
    counties.get(drawn_as(fips).unwrap_or(fips))
}

/// The report on the roll-out.
///
/// # Errors
/// A table cannot be read.
pub fn rollout(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let counties = Counties::read(&desk.sources)?;
    let rollout = Rollout::read(&desk.sources)?;
    let on = request.on.or(Day::parse(ON)).unwrap_or(Day(0));
    let from = request.from.or(Day::parse(FROM)).unwrap_or(on);
    let to = request.to.or(Day::parse(TO)).unwrap_or(on);
    let marks = desk.programs()?;
    let counted = rollout.counted(&counties, on);
    let get = |c: Checked| counted.get(&c).copied().unwrap_or_default();
    let all = counties.population() as f64;
    let (sure, maybe) = (get(Checked::Surely), get(Checked::Possibly));
    let share = |persons: u64| Cell::share(persons as f64, all).shown();
    let facts = vec![
        (thousands(sure.counties), "counties surely checked".to_owned()),
        (thousands(maybe.counties), "checked or not: the day lies in their window".to_owned()),
        (thousands(get(Checked::NotYet).counties), "surely not yet".to_owned()),
        (
            share(sure.persons),
            format!("of the population surely, at most {}", share(sure.persons + maybe.persons)),
        ),
    ];
    let sections = vec![
        result(&counted, all, on),
        map(&rollout, &counties, on),
        over_time(&rollout, &counties, (from, to), marks),
        places(&rollout, &counties, on),
        reading(),
    ];
    Ok(Sheet {
        id: "rollout",
        title: format!("Whose arrests were checked on {on}"),
        question: "In which counties were the fingerprints of everybody booked checked against immigration records (Secure Communities), on this day and over time?".to_owned(),
        facts,
        sections,
        whole: true,
        receipt: desk.receipt(std::iter::empty()),
    }
    .sealed())
}

fn result(counted: &BTreeMap<Checked, Counted>, all: f64, on: Day) -> Section {
    let mut table = Table::new(
        "rollout",
        format!("Counties on {on}"),
        &[
            ("status", "Status"),
            ("counties", "Counties"),
            ("population", "Population"),
            ("share_population", "Share of the population"),
        ],
    );
    for status in Checked::ALL {
        let c = counted.get(&status).copied().unwrap_or_default();
        table.push(vec![
            Cell::text(status.words()),
            Cell::Count(c.counties),
            Cell::Count(c.persons),
            Cell::share(c.persons as f64, all),
        ]);
    }
    Section { id: "result", title: "The result".to_owned(), parts: vec![Part::Table(table)] }
}

fn map(rollout: &Rollout, counties: &Counties, on: Day) -> Section {
    let mut shades = BTreeMap::new();
    let mut merged = Vec::new();
    for (fips, a, status) in rollout.statuses(on) {
        let name = county_of(counties, fips).map_or(fips.to_owned(), County::full_name);
        if drawn_as(fips).is_some_and(|code| code != fips) {
            merged.push(format!("{fips} as {name}"));
        }
        let (first, last) = a.between;
        let when = if first == last { format!("{first}") } else { format!("{first} to {last}") };
        let title = format!("{name}: {} (activated {when})", status.words());
        shades.insert(fips.to_owned(), Shade { fill: status.fill(), title });
    }
    let classes: Vec<Class> = Checked::ALL
        .into_iter()
        .map(|s| Class { fill: s.fill(), label: s.words().to_owned() })
        .collect();
    let drawn = choropleth(
        "rollout-map",
        (
            &format!("Counties whose arrests were checked on {on}"),
            "Four classes of counties; the table of places beside this page has every county.",
        ),
        &classes,
        &shades,
    );
    let mut caption =
        "Counties of 2017. Rest the pointer on a county for its name and its window.".to_owned();
    if !merged.is_empty() {
        caption
            .push_str(&format!(" Drawn under the code that they have now: {}.", merged.join(", ")));
    }
    if !drawn.not_drawn.is_empty() {
        caption.push_str(&format!(" Not drawn: {}.", drawn.not_drawn.join(", ")));
    }
    Section { id: "map", title: "Map".to_owned(), parts: vec![Part::Picture(drawn.html, caption)] }
}

fn over_time(
    rollout: &Rollout,
    counties: &Counties,
    (from, to): (Day, Day),
    marks: Vec<crate::report::series::Mark>,
) -> Section {
    let mut table = Table::new(
        "rollout-months",
        "By the first day of each month",
        &[
            ("on", "Day"),
            ("counties_surely", "Counties surely"),
            ("counties_most", "at most"),
            ("share_population", "Population surely"),
            ("share_population_most", "at most"),
        ],
    )
    .folded();
    let all = counties.population() as f64;
    let (mut number, mut persons) = (Vec::new(), Vec::new());
    for day in Desk::months(from, to) {
        let counted = rollout.counted(counties, day);
        let get = |c: Checked| counted.get(&c).copied().unwrap_or_default();
        let (sure, maybe) = (get(Checked::Surely), get(Checked::Possibly));
        let most = Counted {
            counties: sure.counties + maybe.counties,
            persons: sure.persons + maybe.persons,
        };
        number.push((day, sure.counties as f64, most.counties as f64));
        persons.push((day, sure.persons as f64 / all, most.persons as f64 / all));
        table.push(vec![
            Cell::Day(day),
            Cell::Count(sure.counties),
            Cell::Count(most.counties),
            Cell::share(sure.persons as f64, all),
            Cell::share(most.persons as f64, all),
        ]);
    }
    let chart = |title: &str, unit, points, marks| Series {
        title: title.to_owned(),
        unit,
        bands: vec![Band { label: format!("{title}: between surely and at most"), points }],
        lines: Vec::new(),
        marks,
    };
    let number = chart("Counties checked", Unit::Count, number, marks.clone());
    let persons = chart("Share of the population", Unit::Share, persons, marks);
    Section {
        id: "time",
        title: "Over time".to_owned(),
        parts: vec![
            Part::Picture(
                number.svg("rollout-counties"),
                "Number of counties. The truth lies somewhere in the band.".to_owned(),
            ),
            Part::Picture(
                persons.svg("rollout-persons"),
                "Share of the population. Large counties have narrow windows, so this band is narrower.".to_owned(),
            ),
            Part::Table(table),
        ],
    }
}

fn places(rollout: &Rollout, counties: &Counties, on: Day) -> Section {
    let mut table = Table::new(
        "rollout-counties",
        format!("Counties on {on}"),
        &[
            ("county_fips", "FIPS"),
            ("county", "County"),
            ("status", "Status"),
            ("earliest", "Activated not before"),
            ("latest", "not after"),
            ("date_kind", "How the day is known"),
        ],
    )
    .on_page(25)
    .on_terminal(0);
    let mut rows: Vec<_> = rollout.statuses(on).collect();
    rows.sort_by_key(|(fips, a, _)| (a.between, (*fips).to_owned()));
    for (fips, a, status) in rows {
        table.push(vec![
            Cell::code(fips),
            Cell::text(county_of(counties, fips).map_or(String::new(), County::full_name)),
            Cell::text(status.name()),
            Cell::Day(a.between.0),
            Cell::Day(a.between.1),
            Cell::text(a.kind.replace('_', " ")),
        ]);
    }
    Section {
        id: "places",
        title: "Counties, in the order of their windows".to_owned(),
        parts: vec![Part::Table(table)],
    }
}

fn reading() -> Section {
    Section {
        id: "reading",
        title: "How to read it".to_owned(),
        parts: vec![Part::List(vec![
            "A county is “checked” once the day is not before the last day on which it can have been activated. For 30 counties the day is known, for 31 it was announced, for 184 the month; for 2,898 only a window derived from the shares of areas with activation, median 305 days.".to_owned(),
            "No estimate inside a window is used: the report gives the least and the most.".to_owned(),
            "The program of that name ended on 2014-11-20 and was restored in 2017; the check of fingerprints itself went on throughout.".to_owned(),
            "Populations are those of 2014-2018 for all days. Territories are not in the table.".to_owned(),
        ])],
    }
}
