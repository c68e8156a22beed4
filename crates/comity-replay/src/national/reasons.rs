//! For each decline: did the law in force require it, allow it, or is neither known? Inferred,
//! and said to be inferred: the reason of a decline is in no public file.

use super::counties::{Counties, County};
use super::dataset::{self, Ending};
use super::declined::{county_name, national_years};
use super::law::{Law, Person, Position};
use super::listed::{Holds, List};
use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::{Desk, Request};
use crate::report::chart::{Bar, Key, legend, thousands, years};
use crate::run::Files;
use comity_model::schema::{FieldId, enums, scalar};
use comity_model::{Day, Diagnostic, Value};
use comity_policy::Library;
use std::collections::{BTreeMap, BTreeSet};

const STUDY: &str = "../pennsylvania/study.toml";
const COUNTY: FieldId = scalar("place.county");
const DECISION: FieldId = scalar("decision.on");
const FACILITY_KIND: FieldId = scalar("custody.facility_kind");
/// The release ends in this month.
const LAST: &str = "2015-07-31";

const KEY: Key = Key([
    ("not", "policy: the law required it"),
    ("may", "policy, unless a public-safety exception applied"),
    ("must", "the law left it to the agency"),
    ("open", "undetermined"),
]);

/// What the law in force said about a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It forbade the hold, whatever the person's record: the decline was required.
    Policy,
    /// It forbade the hold unless a public-safety exception applied; the record is not known.
    Exception,
    /// A local instrument was in force and left the hold to the agency: the decline was allowed.
    Allowed,
    /// Neither is known.
    Undetermined,
}

impl Reason {
    const ALL: [Reason; 4] =
        [Reason::Policy, Reason::Exception, Reason::Allowed, Reason::Undetermined];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Policy => "policy",
            Reason::Exception => "policy or public-safety exception",
            Reason::Allowed => "allowed",
            Reason::Undetermined => "undetermined",
        }
    }

    /// Of so many declines, how many the law required: least and most.
    pub fn required(self, declined: u64) -> (u64, u64) {
        match self {
            Reason::Policy => (declined, declined),
            Reason::Allowed => (0, 0),
            Reason::Exception | Reason::Undetermined => (0, declined),
        }
    }
}

/// A reason and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The reason.
    pub reason: Reason,
    /// Ids of policies, or the row of the list with its class, or why it is not known.
    pub because: String,
}

/// Infers reasons from the library and the list.
pub struct Reasons<'a> {
    /// The library.
    pub law: &'a Law<'a>,
    /// The list.
    pub list: &'a List,
}

impl Reasons<'_> {
    /// What the law in force in a county on a day said about declining a request.
    pub fn on(&self, fips: &str, day: Day) -> Inferred {
        let Some(found) = self.law.county(fips, day) else {
            return self.by_list(fips, day);
        };
        let gravest = self.law.county_on(fips, day, Person::Gravest).map(|f| f.position);
        let reason = match (found.position, gravest) {
            (Position::Forbids, Some(Position::Forbids)) => Reason::Policy,
            (Position::Forbids, _) => Reason::Exception,
            (Position::Allows, _) => Reason::Allowed,
            (Position::MayForbid | Position::Requires, _) => Reason::Undetermined,
        };
        let ids: Vec<String> =
            found.policies.iter().map(|i| self.law.library().policy(*i).id.to_string()).collect();
        Inferred { reason, because: ids.join(" ") }
    }

    fn by_list(&self, fips: &str, day: Day) -> Inferred {
        let found = self.list.county(fips, day, false);
        let Some(row) = found.rows.first() else {
            let because = "no instrument and no row of the list".to_owned();
            return Inferred { reason: Reason::Undetermined, because };
        };
        let reason = match (found.holds, row.class.as_str()) {
            (
                Holds::Surely,
                "all_detainers"
                | "warrant_or_probable_cause"
                | "serious_offense_and_warrant"
                | "cost_agreement"
                | "cost_agreement_and_serious_offense",
            ) => Reason::Policy,
            (Holds::Surely, "serious_offense_only") => Reason::Exception,
            _ => Reason::Undetermined,
        };
        Inferred { reason, because: format!("{} (list: {})", row.name, row.class) }
    }

    /// The reason of a whole year: one that held on the first day of each month and on the last
    /// day of the year, or undetermined where it changed.
    pub fn in_year(&self, fips: &str, year: &str) -> Inferred {
        let day = |text: String| Day::parse(&text);
        let last = Day::parse(LAST);
        let days = (1..=12)
            .filter_map(|m| day(format!("{year}-{m:02}-01")))
            .chain(day(format!("{year}-12-31")))
            .filter(|d| last.is_none_or(|l| *d <= l));
        let found: Vec<Inferred> = days.map(|d| self.on(fips, d)).collect();
        let reasons: BTreeSet<Reason> = found.iter().map(|f| f.reason).collect();
        let because: BTreeSet<&str> = found.iter().map(|f| f.because.as_str()).collect();
        let because = because.into_iter().collect::<Vec<_>>().join("; then ");
        match reasons.first() {
            Some(one) if reasons.len() == 1 => Inferred { reason: *one, because },
            // The ordinary request was forbidden all year, with or without an exception.
            _ if reasons.iter().eq(&[Reason::Policy, Reason::Exception]) => {
                Inferred { reason: Reason::Exception, because }
            }
            _ => Inferred {
                reason: Reason::Undetermined,
                because: format!("the law changed in the year: {because}"),
            },
        }
    }
}

type Counted = BTreeMap<String, BTreeMap<Reason, u64>>;
/// Headline numbers with their words.
type Facts = Vec<(String, String)>;

/// The report on reasons.
///
/// # Errors
/// A table, a request, a study or a data file cannot be read.
pub fn reasons(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let counties = Counties::read(&desk.sources)?;
    let list = List::read(&desk.sources, &counties)?;
    let law = Law::read(library, &desk.sources)?;
    let reasons = Reasons { law: &law, list: &list };
    let (county_years, counted, policies) = by_county_year(&desk, &counties, &reasons)?;
    let (national, facts) = national(&desk, &counted)?;
    let studies = if request.studies.is_empty() {
        vec![desk.sources.path(STUDY)]
    } else {
        request.studies.clone()
    };
    let mut sections = vec![national, county_years];
    for (i, study) in studies.iter().enumerate() {
        sections.push(rows(&desk, study, i, &reasons)?);
    }
    sections.push(reading());
    Ok(Sheet {
        id: "reasons",
        title: "Why detainers were declined: inferred from the law in force".to_owned(),
        question: "For each decline: did the law in force there and then require it, allow it, or is neither known?".to_owned(),
        facts,
        sections,
        whole: true,
        receipt: desk.receipt(policies.into_iter()),
    }
    .sealed())
}

/// The section of county-years, the counts by year, and the policies that they rest on.
fn by_county_year(
    desk: &Desk<'_>,
    counties: &Counties,
    reasons: &Reasons<'_>,
) -> Result<(Section, Counted, BTreeSet<String>), Vec<Diagnostic>> {
    let source =
        desk.sources.table("declined-county-years.csv", &["county_fips", "year", "declined"])?;
    let mut table = Table::new(
        "reasons-county-years",
        "County-years with a decline, and what the law in force said (inferred)",
        &[
            ("county_fips", "FIPS"),
            ("county", "County"),
            ("year", "Year"),
            ("declined", "Declined"),
            ("inferred", "Inferred"),
            ("required_least", "Required, least"),
            ("required_most", "most"),
            ("because", "Because of"),
        ],
    )
    .on_page(40)
    .on_terminal(12)
    .columns_on_terminal(&[1, 2, 3, 4, 5, 6]);
    let mut counted = Counted::new();
    let mut policies = BTreeSet::new();
    for row in source.rows() {
        let (fips, year) = (row.text("county_fips"), row.text("year"));
        let declined = row.count("declined")?;
        let inferred = reasons.in_year(fips, year);
        let by_year = counted.entry(year.to_owned()).or_default();
        *by_year.entry(inferred.reason).or_default() += declined;
        policies.extend(inferred.because.split([' ', ';', '(']).map(str::to_owned));
        let (least, most) = inferred.reason.required(declined);
        table.push(vec![
            Cell::code(fips),
            Cell::text(counties.get(fips).map_or(fips.to_owned(), County::full_name)),
            Cell::text(year),
            Cell::Count(declined),
            Cell::text(inferred.reason.name()),
            Cell::Count(least),
            Cell::Count(most),
            Cell::text(inferred.because),
        ]);
    }
    table.rows.sort_by_key(|r| match r.get(3) {
        Some(Cell::Count(n)) => std::cmp::Reverse(*n),
        _ => std::cmp::Reverse(0),
    });
    let section = Section {
        id: "county-years",
        title: "By county and year".to_owned(),
        parts: vec![Part::Table(table)],
    };
    Ok((section, counted, policies))
}

const REASON_COLUMNS: [(&str, &str); 7] = [
    ("declined", "Declined"),
    ("policy", "Policy"),
    ("policy_or_exception", "Policy or exception"),
    ("allowed", "Allowed"),
    ("undetermined", "Undetermined"),
    ("share_required_least", "Required, least"),
    ("share_required_most", "most"),
];

fn reason_table(id: &str, caption: &str, first: (&'static str, &'static str)) -> Table {
    let columns: Vec<_> = [first].into_iter().chain(REASON_COLUMNS).collect();
    Table::new(id, caption, &columns)
}

fn reason_cells(counted: &BTreeMap<Reason, u64>) -> Vec<Cell> {
    let all: u64 = counted.values().sum();
    let mut out = vec![Cell::Count(all)];
    out.extend(Reason::ALL.map(|r| Cell::Count(counted.get(&r).copied().unwrap_or(0))));
    let (least, most) = bounds(counted);
    out.push(Cell::share(least as f64, all as f64));
    out.push(Cell::share(most as f64, all as f64));
    out
}

fn bounds(counted: &BTreeMap<Reason, u64>) -> (u64, u64) {
    let pairs = counted.iter().map(|(r, n)| r.required(*n));
    pairs.fold((0, 0), |(a, b), (least, most)| (a + least, b + most))
}

fn bar(label: &str, counted: &BTreeMap<Reason, u64>) -> Bar {
    let parts = Reason::ALL.map(|r| counted.get(&r).copied().unwrap_or(0));
    Bar { label: label.to_owned(), parts }
}

/// The country by year; declines without a county are undetermined.
fn national(desk: &Desk<'_>, counted: &Counted) -> Result<(Section, Facts), Vec<Diagnostic>> {
    let mut by_year = counted.clone();
    for (year, endings) in national_years(desk)? {
        let of_year = by_year.entry(year).or_default();
        let with_county: u64 = of_year.values().sum();
        let without = endings.declined.saturating_sub(with_county);
        *of_year.entry(Reason::Undetermined).or_default() += without;
    }
    let mut table =
        reason_table("reasons-years", "The country, by year (inferred)", ("year", "Year"));
    let mut total: BTreeMap<Reason, u64> = BTreeMap::new();
    for (year, counted) in &by_year {
        table.push([vec![Cell::text(year)], reason_cells(counted)].concat());
        for (reason, n) in counted {
            *total.entry(*reason).or_default() += n;
        }
    }
    table.push([vec![Cell::text("all")], reason_cells(&total)].concat());
    let bars: Vec<Bar> = by_year.iter().map(|(y, c)| bar(y, c)).collect();
    let svg = years(&KEY, "reasons-years", "What the law said about the declines, by year", &bars);
    let all: u64 = total.values().sum();
    let (least, most) = bounds(&total);
    let share = |n: u64| Cell::share(n as f64, all as f64).shown();
    let facts = vec![
        (thousands(all), "declines recorded, 2007-2015".to_owned()),
        (
            share(least),
            format!("at least were required by the law in force, {} at most", share(most)),
        ),
        (
            share(total.get(&Reason::Exception).copied().unwrap_or(0)),
            "were required unless a public-safety exception applied".to_owned(),
        ),
        (
            share(total.get(&Reason::Undetermined).copied().unwrap_or(0)),
            "undetermined: no law or list speaks, it changed in the year, or no county".to_owned(),
        ),
    ];
    let parts = vec![
        Part::Note("Inferred. Why an agency declined a request is in no public file. This page says only what the law in force in the county said, not what moved anybody.".to_owned()),
        Part::Picture(
            format!("{}<div class=\"half\">{svg}</div>", legend(&KEY)),
            "Declines by the year of the detainer. Those of facilities without a county are undetermined.".to_owned(),
        ),
        Part::Table(table),
    ];
    Ok((Section { id: "years", title: "By year".to_owned(), parts }, facts))
}

/// Rows of a data set: each decline by the day and county of its own row.
fn rows(
    desk: &Desk<'_>,
    study: &str,
    i: usize,
    reasons: &Reasons<'_>,
) -> Result<Section, Vec<Diagnostic>> {
    let places = desk.library.places();
    let mut by_year = Counted::new();
    let mut by_county = ByPlace::new();
    let jails: Vec<Option<u8>> = ["county_jail", "city_jail", "police_lockup"]
        .map(|k| enums::FACILITY_KIND.code(k))
        .to_vec();
    let mapping = dataset::each(desk, study, &mut |record| {
        let Some(facts) = record.facts.as_ref().ok().filter(|_| record.ending == Ending::Declined)
        else {
            return;
        };
        let local = match facts.get(FACILITY_KIND) {
            Value::Enum(code) => jails.contains(&Some(code)),
            _ => true,
        };
        let place = facts.get_text(COUNTY).and_then(|c| places.get(c)).filter(|_| local);
        let inferred = match (place, facts.get_date(DECISION)) {
            (Some(place), Some(day)) => reasons.on(&place.fips, day),
            _ => Inferred {
                reason: Reason::Undetermined,
                because: "no county, or not a local jail".to_owned(),
            },
        };
        *by_year.entry(record.year).or_default().entry(inferred.reason).or_default() += 1;
        let key = (county_name(facts, places), inferred.because);
        *by_county.entry(key).or_default().entry(inferred.reason).or_default() += 1;
    })?;
    let named = |name: &str| match i {
        0 => format!("reasons-rows-{name}"),
        _ => format!("reasons-rows-{name}-{}", i + 1),
    };
    let mut years_table =
        reason_table(&named("years"), "Declined rows, by year (inferred)", ("year", "Year"));
    for (year, counted) in &by_year {
        years_table.push([vec![Cell::text(year)], reason_cells(counted)].concat());
    }
    let places_table = by_place(&named("counties"), &by_county);
    let id = if i == 0 { "rows" } else { "more-rows" };
    Ok(Section {
        id,
        title: mapping.title.clone(),
        parts: vec![
            Part::Text("Each declined row by its own day and county. The day is that on which the detainer was prepared; the decline came on it or later.".to_owned()),
            Part::Table(years_table),
            Part::Table(places_table),
        ],
    })
}

/// Declines by county and what was in force.
type ByPlace = BTreeMap<(String, String), BTreeMap<Reason, u64>>;

fn by_place(id: &str, by_county: &ByPlace) -> Table {
    let mut table = Table::new(
        id,
        "Declined rows, by county and what was in force (inferred)",
        &[
            ("county", "County"),
            ("inferred", "Inferred"),
            ("declined", "Declined"),
            ("because", "Because of"),
        ],
    );
    for ((county, because), counted) in by_county {
        for (reason, n) in counted {
            table.push(vec![
                Cell::text(county),
                Cell::text(reason.name()),
                Cell::Count(*n),
                Cell::text(because),
            ]);
        }
    }
    table
}

fn reading() -> Section {
    Section {
        id: "reading",
        title: "How to read it".to_owned(),
        parts: vec![Part::List(vec![
            "Two requests are asked of the law in force: the mildest ordinary one and one on a person convicted of a violent felony, both without a judge's warrant (`data/national/ordinary-request.toml`, `gravest-request.toml`).".to_owned(),
            "“Policy”: the hold was forbidden on both, so the decline was required. “Policy or public-safety exception”: forbidden on the ordinary one, not on the other; which of the two the person was is not in the data. “Allowed”: a local instrument was in force and left it to the agency.".to_owned(),
            "Where the library has no instrument the list of jurisdictions speaks: rules against all detainers, and rules that ask for a warrant or for an agreement on cost, count as “policy”; rules that except serious offenses as “policy or exception”; others, windows and contested rows leave it undetermined.".to_owned(),
            "“Undetermined” does not mean that there was no policy: 27 counties of Pennsylvania alone are known by number only.".to_owned(),
            "A county-year is classed by the first day of each month and its last day. Where the law changed in the year all its declines are undetermined, and the bounds say so.".to_owned(),
        ])],
    }
}
