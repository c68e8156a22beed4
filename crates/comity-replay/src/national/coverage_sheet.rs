//! The report on coverage: how many places limited requests on a day, and who lives there.

use super::counties::Counties;
use super::coverage::{CountyStatus, Coverage, Measure, Reading, Status};
use super::law::Law;
use super::listed::{Holds, List};
use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::unauthorized::{HOW, Unauthorized};
use super::{Desk, Request};
use crate::report::chart::thousands;
use crate::report::map::{Class, Fill, Shade, choropleth};
use crate::report::series::{Band, Line, Series, Unit};
use crate::run::Files;
use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use std::collections::{BTreeMap, BTreeSet};

/// The day of the published claim that the list can be held against.
const ON: &str = "2015-07-01";
const FROM: &str = "2010-01-01";
const TO: &str = "2020-12-01";

/// The report on coverage.
///
/// # Errors
/// A table, the ordinary request, or a file of estimates cannot be read.
pub fn coverage(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let counties = Counties::read(&desk.sources)?;
    let list = List::read(&desk.sources, &counties)?;
    let law = Law::read(library, &desk.sources)?;
    let unauthorized = Unauthorized::read(&desk.sources, &counties, &request.unauthorized)?;
    let coverage = Coverage {
        counties: &counties,
        list: &list,
        law: &law,
        unauthorized: unauthorized.as_ref(),
    };
    let on = request.on.or(Day::parse(ON)).unwrap_or(Day(0));
    let from = request.from.or(Day::parse(FROM)).unwrap_or(on);
    let to = request.to.or(Day::parse(TO)).unwrap_or(on);
    let marks = desk.programs()?;
    let statuses = coverage.statuses(on, Reading::LibraryThenList);
    let measure = coverage.measure(on, Reading::LibraryThenList);
    let policies = statuses.values().filter(|s| s.by == "library");
    let policies = policies.flat_map(|s| s.because.split(' ')).map(str::to_owned);
    let receipt = desk.receipt(policies.collect::<BTreeSet<_>>().into_iter());
    let sections = vec![
        result(&coverage, on),
        map(&coverage, on, &statuses),
        over_time(&coverage, from, to, marks),
        places(&coverage, on, &statuses),
        reading(&coverage),
    ];
    Ok(Sheet {
        id: "coverage",
        title: format!("Where requests to hold were limited on {on}"),
        question: "In how many counties and states did law or local policy limit what a jail may do on an ordinary immigration detainer, and how many people lived there?".to_owned(),
        facts: facts(&measure),
        sections,
        whole: true,
        receipt,
    }
    .sealed())
}

fn percent(share: f64) -> String {
    Cell::Share(share).shown()
}

fn facts(m: &Measure) -> Vec<(String, String)> {
    let district = if m.district { " and the District of Columbia" } else { "" };
    let mut out = vec![
        (
            thousands(m.surely),
            format!("counties surely limit; up to {} more may", thousands(m.more)),
        ),
        (m.states.len().to_string(), format!("states by a rule of their own{district}")),
        (
            percent(m.population),
            format!("of the population, at most {}", percent(m.population_most)),
        ),
    ];
    out.push(match (m.unauthorized, m.unauthorized_more) {
        (Some(u), Some(more)) => (
            percent(u),
            format!("of the unauthorized population at least; {} where they may", percent(more)),
        ),
        _ => ("–".to_owned(), "unauthorized population: not given (--unauthorized)".to_owned()),
    });
    out
}

fn result(coverage: &Coverage<'_>, on: Day) -> Section {
    let mut table = Table::new(
        "coverage",
        format!("Places that limited requests on {on}, by what is asked"),
        &[
            ("reading", "Asked"),
            ("counties_surely", "Counties surely"),
            ("counties_possibly_more", "and up to"),
            ("cities", "Cities beside them"),
            ("states", "States"),
            ("district_of_columbia", "D.C."),
            ("share_population", "Population surely"),
            ("share_population_most", "at most"),
            ("share_unauthorized_at_least", "Unauthorized at least"),
            ("share_unauthorized_with_possible_at_least", "with possible"),
        ],
    );
    for reading in Reading::ALL {
        let m = coverage.measure(on, reading);
        let share = |s: Option<f64>| s.map_or(Cell::Empty, Cell::Share);
        table.push(vec![
            Cell::text(reading.words()),
            Cell::Count(m.surely),
            Cell::Count(m.more),
            Cell::Count(m.cities.len() as u64),
            Cell::Count(m.states.len() as u64),
            Cell::text(if m.district { "yes" } else { "no" }),
            Cell::Share(m.population),
            Cell::Share(m.population_most),
            share(m.unauthorized),
            share(m.unauthorized_more),
        ]);
    }
    let mut parts = vec![
        Part::Text("The library's instruments answer where they speak; where a place has none, the list of jurisdictions does. A county that neither covers is unknown: it is not counted as one that cooperates. “Surely” means that the day lies after the last day on which the rule can have begun; “up to” adds windows that contain the day, contested rows, and counties of which only the number was published.".to_owned()),
        Part::Table(table),
    ];
    if coverage.unauthorized.is_none() {
        parts.push(Part::Note(format!("{HOW}.")));
    }
    Section { id: "result", title: "The result".to_owned(), parts }
}

fn fill(status: Status) -> Fill {
    match status {
        Status::Limits => Fill::Full,
        Status::Possibly => Fill::Striped,
        Status::Contested => Fill::Dotted,
        Status::Allows => Fill::Plain,
        Status::Requires => Fill::Crossed,
        Status::Unknown => Fill::Hatched,
    }
}

fn map(coverage: &Coverage<'_>, on: Day, statuses: &BTreeMap<&str, CountyStatus>) -> Section {
    let mut counted: BTreeMap<Status, u64> = BTreeMap::new();
    let mut shades = BTreeMap::new();
    for (fips, s) in statuses {
        *counted.entry(s.status).or_default() += 1;
        let name =
            coverage.counties.get(fips).map_or(String::new(), super::counties::County::full_name);
        let because =
            if s.because.is_empty() { String::new() } else { format!(" ({})", s.because) };
        let title = format!("{name}: {}{because}", s.status.words());
        shades.insert((*fips).to_owned(), Shade { fill: fill(s.status), title });
    }
    let number = |s: Status| counted.get(&s).copied().unwrap_or(0);
    let classes: Vec<Class> = Status::ALL
        .into_iter()
        .filter(|s| number(*s) > 0 || *s == Status::Unknown)
        .map(|s| Class {
            fill: fill(s),
            label: format!("{} ({})", s.words(), thousands(number(s))),
        })
        .collect();
    let described: Vec<String> = classes.iter().map(|c| c.label.clone()).collect();
    let drawn = choropleth(
        "coverage-map",
        (&format!("Counties that limited requests on {on}"), &described.join("; ")),
        &classes,
        &shades,
    );
    let mut table = Table::new(
        "coverage-states",
        format!("By state on {on}"),
        &[
            ("state", "State"),
            ("counties", "Counties"),
            ("limits", "limit"),
            ("possibly_limits", "may"),
            ("contested", "contested"),
            ("allows", "instrument allows"),
            ("requires", "must hold"),
            ("unknown", "unknown"),
            ("share_population_limits", "Population where limited"),
        ],
    )
    .folded();
    for (state, name) in coverage.counties.states() {
        table.push(state_row(coverage, statuses, state, name));
    }
    let mut parts = vec![
        Part::Picture(
            drawn.html,
            "Counties of 2017; Connecticut in its eight counties. Rest the pointer on a county for its name and the instrument or row behind it. Puerto Rico and the other territories are not drawn and not counted.".to_owned(),
        ),
        Part::Table(table),
    ];
    if !drawn.not_drawn.is_empty() {
        parts.push(Part::Text(format!("Not drawn: {}.", drawn.not_drawn.join(", "))));
    }
    Section { id: "map", title: "Map".to_owned(), parts }
}

fn state_row(
    coverage: &Coverage<'_>,
    statuses: &BTreeMap<&str, CountyStatus>,
    state: &str,
    name: &str,
) -> Vec<Cell> {
    let mut counted: BTreeMap<Status, u64> = BTreeMap::new();
    let (mut persons, mut limited) = (0, 0);
    for county in coverage.counties.of_state(state) {
        let status = statuses.get(county.fips.as_str()).map_or(Status::Unknown, |s| s.status);
        *counted.entry(status).or_default() += 1;
        persons += county.population;
        if status == Status::Limits {
            limited += county.population;
        }
    }
    let mut row = vec![Cell::text(name), Cell::Count(counted.values().sum())];
    row.extend(Status::ALL.map(|s| Cell::Count(counted.get(&s).copied().unwrap_or(0))));
    row.push(Cell::share(limited as f64, persons as f64));
    row
}

fn over_time(
    coverage: &Coverage<'_>,
    from: Day,
    to: Day,
    marks: Vec<crate::report::series::Mark>,
) -> Section {
    let mut table = Table::new(
        "coverage-months",
        "By the first day of each month",
        &[
            ("on", "Day"),
            ("counties_surely", "Counties surely"),
            ("counties_possibly_more", "and up to"),
            ("share_population", "Population surely"),
            ("share_population_most", "at most"),
            ("share_population_list_alone", "list alone"),
            ("share_unauthorized_at_least", "Unauthorized at least"),
        ],
    )
    .folded();
    let (mut band, mut list) = (Vec::new(), Vec::new());
    let mut sure = Vec::new();
    for day in Desk::months(from, to) {
        let both = coverage.measure(day, Reading::LibraryThenList);
        let alone = coverage.measure(day, Reading::List);
        band.push((day, both.population, both.population_most));
        sure.push((day, both.population));
        list.push((day, alone.population));
        table.push(vec![
            Cell::Day(day),
            Cell::Count(both.surely),
            Cell::Count(both.more),
            Cell::Share(both.population),
            Cell::Share(both.population_most),
            Cell::Share(alone.population),
            both.unauthorized.map_or(Cell::Empty, Cell::Share),
        ]);
    }
    let series = Series {
        title: "Share of the population in counties that limit requests".to_owned(),
        unit: Unit::Share,
        bands: vec![Band { label: "between surely and at most".to_owned(), points: band }],
        lines: vec![
            Line { label: "surely: library, then list".to_owned(), points: sure },
            Line { label: "surely: list alone".to_owned(), points: list },
        ],
        marks,
    };
    Section {
        id: "time",
        title: "Over time".to_owned(),
        parts: vec![
            Part::Picture(
                series.svg("coverage-time"),
                "Share of the population. The list was compiled for 2014 and 2015: local changes after it, in both directions, are mostly missing, so later years rest on the library's statewide instruments.".to_owned(),
            ),
            Part::Table(table),
        ],
    }
}

fn places(coverage: &Coverage<'_>, on: Day, statuses: &BTreeMap<&str, CountyStatus>) -> Section {
    let mut table = Table::new(
        "coverage-counties",
        format!("Counties of which something is known on {on}"),
        &[
            ("county_fips", "FIPS"),
            ("county", "County"),
            ("population", "Population"),
            ("status", "Status"),
            ("by", "By"),
            ("limit_class", "What is limited (list)"),
            ("because", "Because of"),
        ],
    )
    .on_page(40)
    .on_terminal(0);
    let mut differ = Table::new(
        "coverage-differences",
        "Where library and list differ",
        &[
            ("county_fips", "FIPS"),
            ("county", "County"),
            ("library", "Library"),
            ("list", "List"),
            ("policies", "Policies"),
        ],
    )
    .on_terminal(0);
    let mut known: Vec<(&&str, &CountyStatus)> =
        statuses.iter().filter(|(_, s)| s.status != Status::Unknown).collect();
    let persons = |f: &str| coverage.counties.get(f).map_or(0, |c| c.population);
    known.sort_by(|a, b| persons(b.0).cmp(&persons(a.0)).then(a.0.cmp(b.0)));
    for (fips, s) in known {
        let name =
            coverage.counties.get(fips).map_or(String::new(), super::counties::County::full_name);
        table.push(vec![
            Cell::code(*fips),
            Cell::text(&name),
            Cell::Count(persons(fips)),
            Cell::text(s.status.name()),
            Cell::text(s.by),
            Cell::text(&s.class),
            Cell::text(&s.because),
        ]);
        let listed = coverage.list.county(fips, on, true).holds;
        let agree = match s.status {
            Status::Limits => listed == Holds::Surely || listed == Holds::No,
            Status::Allows | Status::Requires => listed == Holds::No,
            _ => true,
        };
        if s.by == "library" && !agree {
            differ.push(vec![
                Cell::code(*fips),
                Cell::text(name),
                Cell::text(s.status.name()),
                Cell::text(if listed == Holds::Surely { "limits" } else { "possibly_limits" }),
                Cell::code(&s.because),
            ]);
        }
    }
    let words = if differ.rows.is_empty() {
        "Library and list nowhere say the opposite on this day."
    } else {
        "The library's text goes before the list; here they differ. A list can count what a text does not forbid, and a text can be known by its day of effect only."
    };
    let parts = vec![Part::Table(table), Part::Text(words.to_owned()), Part::Table(differ)];
    Section { id: "places", title: "Places".to_owned(), parts }
}

fn reading(coverage: &Coverage<'_>) -> Section {
    let unnamed: u64 = coverage.list.unnamed.iter().map(|u| u.counties).sum();
    Section {
        id: "reading",
        title: "How to read it".to_owned(),
        parts: vec![Part::List(vec![
            "“Limits” means: the law in force forbids the jail to hold a person past release on one ordinary request (data/national/ordinary-request.toml): the mildest there is, an adult with no earlier conviction, booked for driving without a license, the charge dropped, with no judge's warrant; since April 2017 with an administrative one. It does not mean that all requests are declined, nor that any was.".to_owned(),
            "“Requires” and “instrument allows” come from the library. “Unknown” means that no instrument of the library and no row of the list speaks of the county on that day. Most unknown counties probably honored requests; nobody recorded it.".to_owned(),
            format!("The list is of autumn 2014, with press and legal pages after it. Contested rows (Travis 2014, Nassau, Fulton, all New Mexico jails) are “contested” and count only toward the upper bound. {unnamed} counties are known by number only (Pennsylvania)."),
            "A ruling about the requests of one ICE area (Jimenez Moreno, September 2016: Chicago) makes the counties of its states “may”: which area sent a request is not part of the ordinary one.".to_owned(),
            "A city whose rule does not bind the county jail is counted among cities and colors no county.".to_owned(),
            "Shares of the population use one population for all years (American Community Survey 2014-2018). Of the unauthorized population only a lower bound is given: a state that is covered whole counts by its own estimate, elsewhere a county without an estimate counts nothing.".to_owned(),
            "The library's texts differ in how well they were read; each policy file says so.".to_owned(),
        ])],
    }
}
