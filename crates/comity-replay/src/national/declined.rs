//! Declined requests: by year, county and facility, with the shares that the data can carry.

use super::counties::{Counties, County, title_case};
use super::dataset::{self, Ending};
use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::{Desk, Request};
use crate::report::chart::{Bar, Key, legend, thousands, years};
use crate::report::map::{Class, Fill, Shade, choropleth};
use crate::run::Files;
use comity_model::schema::{FieldId, scalar};
use comity_model::{CaseFacts, Diagnostic, Places};
use comity_policy::Library;
use std::collections::BTreeMap;

const STUDY: &str = "../pennsylvania/study.toml";
const DECLINED: &str = "Detainer Declined by LEA";
const NOT_RECORDED: &str = "(no lift reason recorded)";
const COUNTY: FieldId = scalar("place.county");
const FACILITY: FieldId = scalar("custody.facility");

const KEY: Key = Key([
    ("not", "declined"),
    ("may", "ended otherwise, reason recorded"),
    ("open", "no reason recorded"),
    ("must", ""),
]);

/// How requests ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Endings {
    /// Declined.
    pub declined: u64,
    /// Ended with another recorded reason.
    pub other: u64,
    /// Nothing is recorded.
    pub not_recorded: u64,
}

impl Endings {
    fn all(self) -> u64 {
        self.declined + self.other + self.not_recorded
    }

    fn bar(self, label: &str) -> Bar {
        Bar { label: label.to_owned(), parts: [self.declined, self.other, self.not_recorded, 0] }
    }

    /// Counts, the share of those with a recorded reason, and the bounds over all.
    fn cells(self) -> Vec<Cell> {
        let (declined, all) = (self.declined as f64, self.all() as f64);
        vec![
            Cell::Count(self.all()),
            Cell::Count(self.declined),
            Cell::Count(self.not_recorded),
            Cell::share(declined, (self.declined + self.other) as f64),
            Cell::share(declined, all),
            Cell::share((self.declined + self.not_recorded) as f64, all),
        ]
    }

    /// Adds one request.
    pub fn add(&mut self, ending: &Ending) {
        match ending {
            Ending::Declined => self.declined += 1,
            Ending::Other => self.other += 1,
            Ending::NotRecorded => self.not_recorded += 1,
        }
    }
}

const ENDING_COLUMNS: [(&str, &str); 6] = [
    ("detainers", "Detainers"),
    ("declined", "Declined"),
    ("not_recorded", "No reason recorded"),
    ("share_of_recorded", "Of those recorded"),
    ("share_least", "Of all, least"),
    ("share_most", "most"),
];

/// The report on declined requests.
///
/// # Errors
/// A table, a study or a data file cannot be read.
pub fn declined(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let counties = Counties::read(&desk.sources)?;
    let years = national_years(&desk)?;
    let mut total = Endings::default();
    years.values().for_each(|e| {
        total.declined += e.declined;
        total.other += e.other;
        total.not_recorded += e.not_recorded;
    });
    let (county_section, in_counties) = by_county(&desk, &counties)?;
    let (facility_section, in_facilities) = by_facility(&desk)?;
    let studies = if request.studies.is_empty() {
        vec![desk.sources.path(STUDY)]
    } else {
        request.studies.clone()
    };
    let mut sections = vec![national(&years), county_section, facility_section];
    for (i, study) in studies.iter().enumerate() {
        sections.push(data_set(&desk, study, i)?);
    }
    sections.push(reading(total.declined, in_counties, in_facilities));
    Ok(Sheet {
        id: "declined",
        title: "Declined detainers".to_owned(),
        question: "Where and when did agencies decline immigration detainers, and what share of them, as far as that was recorded?".to_owned(),
        facts: vec![
            (thousands(total.declined), "detainers recorded as declined, 2007-2015".to_owned()),
            (
                Cell::share(total.declined as f64, (total.declined + total.other) as f64).shown(),
                "of those with a recorded reason".to_owned(),
            ),
            (
                Cell::share(total.declined as f64, total.all() as f64).shown(),
                "of all detainers at least".to_owned(),
            ),
            (
                Cell::share(total.not_recorded as f64, total.all() as f64).shown(),
                "of all have no recorded reason: declined or not, nobody knows".to_owned(),
            ),
        ],
        sections,
        whole: true,
        receipt: desk.receipt(std::iter::empty()),
    }
    .sealed())
}

/// National endings by calendar year.
///
/// # Errors
/// The table cannot be read.
pub fn national_years(desk: &Desk<'_>) -> Result<BTreeMap<String, Endings>, Vec<Diagnostic>> {
    let table = desk.sources.table("lift-reasons.csv", &["year", "lift_reason", "detainers"])?;
    let mut out: BTreeMap<String, Endings> = BTreeMap::new();
    for row in table.rows() {
        let n = row.count("detainers")?;
        let e = out.entry(row.text("year").to_owned()).or_default();
        match row.text("lift_reason") {
            DECLINED => e.declined += n,
            NOT_RECORDED => e.not_recorded += n,
            _ => e.other += n,
        }
    }
    Ok(out)
}

fn ending_table(id: &str, caption: String, first: (&'static str, &'static str)) -> Table {
    let columns: Vec<_> = [first].into_iter().chain(ENDING_COLUMNS).collect();
    Table::new(id, caption, &columns)
}

fn national(by_year: &BTreeMap<String, Endings>) -> Section {
    let mut table = ending_table(
        "declined-years",
        "The country, by calendar year".to_owned(),
        ("year", "Year"),
    );
    for (year, e) in by_year {
        table.push([vec![Cell::text(year)], e.cells()].concat());
    }
    let bars: Vec<Bar> = by_year.iter().map(|(y, e)| e.bar(y)).collect();
    let svg = years(&KEY, "declined-years", "How detainers ended, by calendar year", &bars);
    Section {
        id: "years",
        title: "By year".to_owned(),
        parts: vec![
            Part::Picture(
                format!("{}<div class=\"half\">{svg}</div>", legend(&KEY)),
                "All detainers of the national release, by the year in which they were prepared."
                    .to_owned(),
            ),
            Part::Table(table),
        ],
    }
}

/// Declined and otherwise recorded.
type Pair = (u64, u64);

fn by_county(desk: &Desk<'_>, counties: &Counties) -> Result<(Section, u64), Vec<Diagnostic>> {
    let columns = ["county_fips", "year", "declined", "not_declined_with_reason"];
    let table = desk.sources.table("declined-county-years.csv", &columns)?;
    let mut sums: BTreeMap<String, (Pair, Vec<String>)> = BTreeMap::new();
    for row in table.rows() {
        let (sum, years) = sums.entry(row.text("county_fips").to_owned()).or_default();
        sum.0 += row.count("declined")?;
        sum.1 += row.count("not_declined_with_reason")?;
        years.push(row.text("year").to_owned());
    }
    let mut out = Table::new(
        "declined-counties",
        "Counties, in years with at least one decline",
        &[
            ("county_fips", "FIPS"),
            ("county", "County"),
            ("declined", "Declined"),
            ("other_recorded", "Otherwise recorded"),
            ("share_conditional", "Share in those years"),
            ("years", "Years with a decline"),
        ],
    )
    .on_page(40)
    .on_terminal(15);
    let mut rows: Vec<_> = sums.iter().collect();
    rows.sort_by(|a, b| b.1.0.0.cmp(&a.1.0.0).then(a.0.cmp(b.0)));
    let mut shades = BTreeMap::new();
    for (fips, ((declined, other), years)) in rows {
        let name = counties.get(fips).map_or(fips.clone(), County::full_name);
        let title = format!("{name}: {} declined in {} years", thousands(*declined), years.len());
        shades.insert(fips.clone(), Shade { fill: fill(*declined), title });
        out.push(vec![
            Cell::code(fips),
            Cell::text(name),
            Cell::Count(*declined),
            Cell::Count(*other),
            Cell::share(*declined as f64, (declined + other) as f64),
            Cell::text(years.join(" ")),
        ]);
    }
    let total = sums.values().map(|((d, _), _)| d).sum();
    let section = Section {
        id: "counties",
        title: "By county".to_owned(),
        parts: vec![
            Part::Note(CONDITIONAL.to_owned()),
            Part::Picture(map(&shades), "Declines recorded, 2007 to 2015, by county of the facility. Hatched: none recorded, which is not the same as none.".to_owned()),
            Part::Table(out),
        ],
    };
    Ok((section, total))
}

const CONDITIONAL: &str = "A county or facility appears only in years with at least one decline. The shares are shares within those years, of the detainers with a recorded reason: they are no rates of the county, and no average over counties means anything.";

fn fill(declined: u64) -> Fill {
    match declined {
        0 => Fill::Hatched,
        1..=9 => Fill::Plain,
        10..=99 => Fill::Striped,
        _ => Fill::Full,
    }
}

fn map(shades: &BTreeMap<String, Shade>) -> String {
    let class = |fill, label: &str| Class { fill, label: label.to_owned() };
    let classes = [
        class(Fill::Full, "100 and more declined"),
        class(Fill::Striped, "10 to 99"),
        class(Fill::Plain, "1 to 9"),
        class(Fill::Hatched, "none recorded"),
    ];
    let drawn = choropleth(
        "declined-map",
        ("Declined detainers by county", "Four classes; the table below has every county."),
        &classes,
        shades,
    );
    drawn.html
}

fn by_facility(desk: &Desk<'_>) -> Result<(Section, u64), Vec<Diagnostic>> {
    let columns = [
        "year",
        "facility",
        "city",
        "state",
        "facility_kind",
        "declined",
        "not_declined_with_reason",
    ];
    let table = desk.sources.table("declined-facility-years.csv", &columns)?;
    let mut sums: BTreeMap<[String; 4], (Pair, u64)> = BTreeMap::new();
    let mut kinds = Kinds::new();
    for row in table.rows() {
        let pair = (row.count("declined")?, row.count("not_declined_with_reason")?);
        let text = |c: &str| row.text(c).to_owned();
        let facility = [text("facility"), text("city"), text("state"), text("facility_kind")];
        for (sum, years) in [
            sums.entry(facility).or_default(),
            kinds.entry((text("year"), text("facility_kind"))).or_default(),
        ] {
            *sum = (sum.0 + pair.0, sum.1 + pair.1);
            *years += 1;
        }
    }
    let mut out = Table::new(
        "declined-facilities",
        "Facilities, in years with at least one decline",
        &[
            ("facility", "Facility"),
            ("city", "City"),
            ("state", "State"),
            ("facility_kind", "Kind"),
            ("years", "Years"),
            ("declined", "Declined"),
            ("other_recorded", "Otherwise recorded"),
            ("share_conditional", "Share in those years"),
        ],
    )
    .on_page(40)
    .on_terminal(10);
    let mut rows: Vec<_> = sums.iter().collect();
    rows.sort_by(|a, b| b.1.0.0.cmp(&a.1.0.0).then(a.0.cmp(b.0)));
    for ([name, city, state, kind], ((declined, other), years)) in rows {
        out.push(vec![
            Cell::text(name),
            Cell::text(title_case(&city.to_lowercase())),
            Cell::text(title_case(&state.to_lowercase())),
            Cell::text(kind.replace('_', " ")),
            Cell::Count(*years),
            Cell::Count(*declined),
            Cell::Count(*other),
            Cell::share(*declined as f64, (declined + other) as f64),
        ]);
    }
    let total = sums.values().map(|((d, _), _)| d).sum();
    let section = Section {
        id: "facilities",
        title: "By facility".to_owned(),
        parts: vec![
            Part::Text(CONDITIONAL.to_owned()),
            Part::Table(out),
            Part::Table(by_kind(&kinds)),
        ],
    };
    Ok((section, total))
}

/// Declined and otherwise recorded with the number of facilities, by year and kind.
type Kinds = BTreeMap<(String, String), (Pair, u64)>;

fn by_kind(kinds: &Kinds) -> Table {
    let mut by_kind = Table::new(
        "declined-kinds",
        "By year and kind of facility",
        &[
            ("year", "Year"),
            ("facility_kind", "Kind"),
            ("facilities", "Facilities with a decline"),
            ("declined", "Declined"),
            ("other_recorded", "Otherwise recorded there"),
        ],
    )
    .folded();
    for ((year, kind), ((declined, other), facilities)) in kinds {
        by_kind.push(vec![
            Cell::text(year),
            Cell::text(kind.replace('_', " ")),
            Cell::Count(*facilities),
            Cell::Count(*declined),
            Cell::Count(*other),
        ]);
    }
    by_kind
}

/// The section of a data set: its rows by year, county and facility.
fn data_set(desk: &Desk<'_>, study: &str, i: usize) -> Result<Section, Vec<Diagnostic>> {
    let mut by_year: BTreeMap<String, Endings> = BTreeMap::new();
    let mut by_county: BTreeMap<String, Endings> = BTreeMap::new();
    let mut by_facility: BTreeMap<String, Endings> = BTreeMap::new();
    let mut rejected = 0;
    let places = desk.library.places();
    let mapping = dataset::each(desk, study, &mut |record| {
        let Ok(facts) = &record.facts else {
            rejected += 1;
            return;
        };
        by_year.entry(record.year.clone()).or_default().add(&record.ending);
        by_county.entry(county_name(facts, places)).or_default().add(&record.ending);
        let facility = facts.get_text(FACILITY).unwrap_or("not recorded").to_owned();
        by_facility.entry(facility).or_default().add(&record.ending);
    })?;
    let named = |name: &str| {
        if i == 0 {
            format!("declined-rows-{name}")
        } else {
            format!("declined-rows-{name}-{}", i + 1)
        }
    };
    let mut parts = vec![Part::Text(format!(
        "{}. Here every row is known, with or without a decline, so the shares are shares of all rows: the least counts a row without a recorded reason as not declined, the most as declined.",
        mapping.title
    ))];
    if mapping.outcome_words.declined.is_empty() {
        parts.push(Part::Note("The mapping does not say which outcome means declined (`declined` under [[outcome]]): nothing is counted as declined.".to_owned()));
    }
    let bars: Vec<Bar> = by_year.iter().map(|(y, e)| e.bar(y)).collect();
    let svg = years(&KEY, &named("chart"), "How detainers ended, by year", &bars);
    parts.push(Part::Picture(
        format!("{}<div class=\"half\">{svg}</div>", legend(&KEY)),
        "Rows of the data set, by year.".to_owned(),
    ));
    let mut table = ending_table(&named("years"), "By year".to_owned(), ("year", "Year"));
    for (year, e) in &by_year {
        table.push([vec![Cell::text(year)], e.cells()].concat());
    }
    parts.push(Part::Table(table));
    for (name, words, sums) in
        [("counties", "County", &by_county), ("facilities", "Facility", &by_facility)]
    {
        let caption = format!("By {}, most declines first", words.to_lowercase());
        let table = ending_table(&named(name), caption, ("name", words));
        let mut table = table.on_page(25).on_terminal(8);
        let mut rows: Vec<_> = sums.iter().collect();
        rows.sort_by(|a, b| b.1.declined.cmp(&a.1.declined).then(a.0.cmp(b.0)));
        for (name, e) in rows {
            table.push([vec![Cell::text(name)], e.cells()].concat());
        }
        parts.push(Part::Table(table));
    }
    if rejected > 0 {
        parts.push(Part::Note(format!("{} rows cannot be read.", thousands(rejected))));
    }
    let id = if i == 0 { "rows" } else { "more-rows" };
    Ok(Section { id, title: mapping.title.clone(), parts })
}

/// The name of a case's county, as far as it is known.
pub fn county_name(facts: &CaseFacts, places: &Places) -> String {
    let code = facts.get_text(COUNTY);
    let place = code.and_then(|c| places.get(c));
    place.map_or_else(|| code.unwrap_or("not known").to_owned(), |p| p.name.clone())
}

fn reading(all: u64, in_counties: u64, in_facilities: u64) -> Section {
    let share = |n: u64| Cell::share(n as f64, all as f64).shown();
    Section {
        id: "reading",
        title: "How to read it".to_owned(),
        parts: vec![Part::List(vec![
            "“Declined” is ICE's own lift reason, “Detainer Declined by LEA”. The reason of the agency is in no public file: `comity report reasons` infers what the law in force said, and says that it is inferred.".to_owned(),
            "An empty lift reason means that none was recorded: the request may have been honored, declined or forgotten.".to_owned(),
            format!("Of {} declines the facility tables have {} ({}) and the county table {} ({}): facilities whose county could not be derived are left out there.", thousands(all), thousands(in_facilities), share(in_facilities), thousands(in_counties), share(in_counties)),
            "ICE began to record declines thoroughly in 2013 and 2014; the growth of those years is of the recording as well as of declining.".to_owned(),
            "2015 ends in July.".to_owned(),
        ])],
    }
}
