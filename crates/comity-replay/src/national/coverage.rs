//! Which counties limited requests on a day: by the library's instruments, and where a place
//! has none, by the list.

use super::counties::{Counties, DISTRICT};
use super::law::{Finding, Law, Position};
use super::listed::{Holds, List};
use super::unauthorized::Unauthorized;
use comity_model::Day;
use std::collections::{BTreeMap, BTreeSet};

/// How a county stood on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It limits requests.
    Limits,
    /// It may: the day lies in a window, or a fact matters that an ordinary request leaves open.
    Possibly,
    /// A contested row of the list says that it does.
    Contested,
    /// An instrument of the place is in force and forbids no such hold.
    Allows,
    /// The law requires the hold.
    Requires,
    /// Neither the library nor the list says anything.
    Unknown,
}

impl Status {
    /// All, in the order in which they are shown.
    pub const ALL: [Status; 6] = [
        Status::Limits,
        Status::Possibly,
        Status::Contested,
        Status::Allows,
        Status::Requires,
        Status::Unknown,
    ];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Status::Limits => "limits",
            Status::Possibly => "possibly_limits",
            Status::Contested => "contested",
            Status::Allows => "allows",
            Status::Requires => "requires",
            Status::Unknown => "unknown",
        }
    }

    /// The words on a page.
    pub fn words(self) -> &'static str {
        match self {
            Status::Limits => "limits requests",
            Status::Possibly => "may limit them: the window or a fact is open",
            Status::Contested => "contested",
            Status::Allows => "its instrument forbids no ordinary hold",
            Status::Requires => "the law requires the hold",
            Status::Unknown => "unknown: neither library nor list covers it",
        }
    }
}

/// Which sources are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// The library; where it settles nothing, the list.
    LibraryThenList,
    /// The list without its contested rows.
    List,
    /// The list with its contested rows taken as they stand.
    ListWithContested,
    /// The library alone.
    Library,
}

impl Reading {
    /// All, in the order in which they are shown.
    pub const ALL: [Reading; 4] =
        [Reading::LibraryThenList, Reading::List, Reading::ListWithContested, Reading::Library];

    /// The words on a page.
    pub fn words(self) -> &'static str {
        match self {
            Reading::LibraryThenList => "library, then list",
            Reading::List => "list alone",
            Reading::ListWithContested => "list, contested rows too",
            Reading::Library => "library alone",
        }
    }
}

/// How one county stood, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountyStatus {
    /// How it stood.
    pub status: Status,
    /// `library`, `list`, or empty.
    pub by: &'static str,
    /// Ids of policies, or names of rows of the list.
    pub because: String,
    /// What the list limits, where the list speaks.
    pub class: String,
}

/// All sources, ready to be asked.
pub struct Coverage<'a> {
    /// The counties.
    pub counties: &'a Counties,
    /// The list.
    pub list: &'a List,
    /// The library.
    pub law: &'a Law<'a>,
    /// Estimates of the unauthorized population, if they were given.
    pub unauthorized: Option<&'a Unauthorized>,
}

/// Everything that is counted for one reading on one day.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Counties that surely limit.
    pub surely: u64,
    /// Counties that may, or are contested; of the list alone, those of unknown name too.
    pub more: u64,
    /// FIPS codes of states, without the District of Columbia, whose own rule surely limits.
    pub states: BTreeSet<String>,
    /// True where the District of Columbia surely limits.
    pub district: bool,
    /// Cities that surely limit, and whose rule does not bind the county jail.
    pub cities: BTreeSet<String>,
    /// Share of the population in counties that surely limit.
    pub population: f64,
    /// The same with counties that may, or are contested.
    pub population_most: f64,
    /// At least this share of the unauthorized population lives where requests surely are limited.
    pub unauthorized: Option<f64>,
    /// The same with counties that may, or are contested.
    pub unauthorized_more: Option<f64>,
}

/// The library's findings of one day, each asked once.
type Findings = BTreeMap<String, Option<Finding>>;

impl Coverage<'_> {
    /// How every county stood on a day, by FIPS code.
    pub fn statuses(&self, day: Day, reading: Reading) -> BTreeMap<&str, CountyStatus> {
        let mut findings = Findings::new();
        let counties = self.counties.iter();
        counties
            .map(|c| (c.fips.as_str(), self.status(&c.fips, day, reading, &mut findings)))
            .collect()
    }

    fn status(
        &self,
        fips: &str,
        day: Day,
        reading: Reading,
        findings: &mut Findings,
    ) -> CountyStatus {
        let by_library = matches!(reading, Reading::LibraryThenList | Reading::Library);
        if by_library {
            let group = self.law.code(fips).unwrap_or(fips.get(..2).unwrap_or_default());
            let found =
                findings.entry(group.to_owned()).or_insert_with(|| self.law.county(fips, day));
            if let Some(f) = found {
                return self.of_library(f);
            }
        }
        if reading == Reading::Library {
            return CountyStatus::unknown();
        }
        self.of_list(fips, day, reading)
    }

    fn of_library(&self, finding: &Finding) -> CountyStatus {
        let status = match finding.position {
            Position::Forbids => Status::Limits,
            Position::MayForbid => Status::Possibly,
            Position::Allows => Status::Allows,
            Position::Requires => Status::Requires,
        };
        let ids: Vec<String> =
            finding.policies.iter().map(|i| self.law.library().policy(*i).id.to_string()).collect();
        CountyStatus { status, by: "library", because: ids.join(" "), class: String::new() }
    }

    fn of_list(&self, fips: &str, day: Day, reading: Reading) -> CountyStatus {
        let mut found = self.list.county(fips, day, reading == Reading::ListWithContested);
        let mut contested = false;
        if found.holds == Holds::No {
            found = self.list.county(fips, day, true);
            contested = true;
        }
        let status = match (found.holds, contested) {
            (Holds::No, _) => return CountyStatus::unknown(),
            (_, true) => Status::Contested,
            (Holds::Possibly, false) => Status::Possibly,
            (Holds::Surely, false) => Status::Limits,
        };
        let names: Vec<&str> = found.rows.iter().map(|r| r.name.as_str()).collect();
        CountyStatus {
            status,
            by: "list",
            because: names.join("; "),
            class: found.rows.first().map(|r| r.class.clone()).unwrap_or_default(),
        }
    }

    /// Counts a reading on a day.
    pub fn measure(&self, day: Day, reading: Reading) -> Measure {
        let statuses = self.statuses(day, reading);
        let chosen = |wanted: &[Status]| -> BTreeSet<&str> {
            let of = statuses.iter().filter(|(_, s)| wanted.contains(&s.status));
            of.map(|(fips, _)| *fips).collect()
        };
        let surely = chosen(&[Status::Limits]);
        let most = chosen(&[Status::Limits, Status::Possibly, Status::Contested]);
        let share = |set: &BTreeSet<&str>| {
            let persons: u64 =
                set.iter().filter_map(|f| self.counties.get(f)).map(|c| c.population).sum();
            persons as f64 / self.counties.population().max(1) as f64
        };
        let unauthorized =
            |set: &BTreeSet<&str>| self.unauthorized.map(|u| u.share_at_least(self.counties, set));
        let unnamed = if reading == Reading::Library { 0 } else { self.list.unnamed_on(day) };
        let (states, district) = self.states(day, reading);
        Measure {
            surely: surely.len() as u64,
            more: (most.len() - surely.len()) as u64 + unnamed,
            states,
            district: district || surely.iter().any(|f| f.starts_with(DISTRICT)),
            cities: self.cities(day, reading),
            population: share(&surely),
            population_most: share(&most),
            unauthorized: unauthorized(&surely),
            unauthorized_more: unauthorized(&most),
        }
    }

    /// States whose own rule surely limits, and whether the District of Columbia does.
    fn states(&self, day: Day, reading: Reading) -> (BTreeSet<String>, bool) {
        let listed = self.list.states(day, Holds::Surely);
        let mut out = BTreeSet::new();
        for state in self.counties.states().into_keys() {
            let by_library = matches!(reading, Reading::LibraryThenList | Reading::Library);
            let found = by_library.then(|| self.law.rest_of_state(state, day)).flatten();
            let limits = match found {
                Some(f) => f.position == Position::Forbids,
                None => reading != Reading::Library && listed.contains(state),
            };
            if limits {
                out.insert(state.to_owned());
            }
        }
        let district = out.remove(DISTRICT);
        (out, district)
    }

    /// Cities whose rule surely limits and does not bind the county jail.
    fn cities(&self, day: Day, reading: Reading) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        if reading != Reading::Library {
            out.extend(self.list.cities(day, Holds::Surely).into_iter().map(str::to_owned));
        }
        if matches!(reading, Reading::List | Reading::ListWithContested) {
            return out;
        }
        for (code, name) in self.law.cities() {
            let Some(f) = self.law.place(code, day) else { continue };
            let mut own = f.policies.iter().flat_map(|i| &self.law.library().policy(*i).places);
            if f.position == Position::Forbids && own.any(|p| p.0 == code) {
                out.insert(name.trim_start_matches("City of ").to_owned());
            }
        }
        out
    }
}

impl CountyStatus {
    fn unknown() -> CountyStatus {
        CountyStatus {
            status: Status::Unknown,
            by: "",
            because: String::new(),
            class: String::new(),
        }
    }
}
