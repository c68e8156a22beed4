//! The list of jurisdictions that limited detainers, each row with its window of dates.

use super::counties::Counties;
use super::sources::{Row, Sources};
use comity_model::{Day, Diagnostic};
use std::collections::{BTreeMap, BTreeSet};

/// How sure it is that something holds on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// It does not, or nobody knows.
    No,
    /// It may: the day lies inside a window.
    Possibly,
    /// It does.
    Surely,
}

/// Whom a row of the list binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binds {
    /// Every county of a state, by a rule of the state.
    State,
    /// Every county of a state, by a practice of its counties.
    CountiesOfState,
    /// The counties named.
    Counties,
    /// A city or an agency whose rule does not bind the county jail.
    NotTheJail,
}

/// One row of the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its number.
    pub row_id: String,
    /// The jurisdiction.
    pub name: String,
    /// Whether it is a city.
    pub is_city: bool,
    /// Whom it binds.
    pub binds: Binds,
    /// FIPS codes: of a state, or of counties.
    pub fips: Vec<String>,
    /// First and last day on which it can have begun.
    pub began: (Day, Day),
    /// First and last day on which it can have ended: it was in force until the day before.
    pub ended: Option<(Day, Day)>,
    /// What it limits.
    pub class: String,
    /// True where the row is contested.
    pub contested: bool,
}

impl Listed {
    /// Whether the row is in force on a day, as it stands: a contested row too.
    pub fn on(&self, day: Day) -> Holds {
        let surely = self.began.1 <= day && self.ended.is_none_or(|(first, _)| day < first);
        let possibly = self.began.0 <= day && self.ended.is_none_or(|(_, last)| day < last);
        match (surely, possibly) {
            (true, _) => Holds::Surely,
            (false, true) => Holds::Possibly,
            (false, false) => Holds::No,
        }
    }

    fn read(row: Row<'_>) -> Result<Listed, Vec<Diagnostic>> {
        let binds_jail = match row.text("covers_county_jail") {
            "yes" => true,
            "no" => false,
            _ => return Err(row.wrong("covers_county_jail", "yes or no")),
        };
        let level = row.text("level");
        let binds = match level {
            "state" if binds_jail => Binds::State,
            "state_survey" if binds_jail => Binds::CountiesOfState,
            "county" | "city" | "regional_jail" if binds_jail => Binds::Counties,
            "county" | "city" | "regional_jail" | "state_agency" => Binds::NotTheJail,
            _ => return Err(row.wrong("level", "a level that a jail rule can have")),
        };
        let digits = if level.starts_with("state") { 2 } else { 5 };
        let fips: Vec<String> = row.text("county_fips").split(';').map(str::to_owned).collect();
        if fips.iter().any(|f| f.len() != digits) {
            return Err(row.wrong("county_fips", &format!("FIPS codes of {digits} digits")));
        }
        let contested = match row.text("confidence") {
            "low" => true,
            "high" | "medium" => false,
            _ => return Err(row.wrong("confidence", "high, medium or low")),
        };
        let began = (row.day("in_force_earliest")?, row.day("in_force_latest")?);
        if began.0 > began.1 {
            return Err(row.wrong("in_force_latest", "a day on or after in_force_earliest"));
        }
        Ok(Listed {
            row_id: row.text("row_id").to_owned(),
            name: row.text("jurisdiction").to_owned(),
            is_city: level == "city",
            binds,
            fips,
            began,
            ended: row.day_or_month("end_date")?,
            class: row.text("limit_class").to_owned(),
            contested,
        })
    }
}

/// Counties of which only their number is known.
#[derive(Debug, Clone)]
pub struct Unnamed {
    /// FIPS code of the state.
    pub state_fips: String,
    /// How many.
    pub counties: u64,
    /// First and last day on which they can have begun.
    pub began: (Day, Day),
}

/// The list, with its rows by county.
#[derive(Debug, Clone, Default)]
pub struct List {
    rows: Vec<Listed>,
    by_county: BTreeMap<String, Vec<usize>>,
    /// Counties of which only the number is known.
    pub unnamed: Vec<Unnamed>,
}

/// What the list says of one county on one day.
#[derive(Debug, Clone)]
pub struct CountyOnList<'l> {
    /// How sure it is that a limit was in force.
    pub holds: Holds,
    /// The rows behind it, surest first.
    pub rows: Vec<&'l Listed>,
}

impl List {
    /// Reads `jurisdictions.csv` and `jurisdictions-unnamed.csv`.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn read(sources: &Sources<'_>, counties: &Counties) -> Result<List, Vec<Diagnostic>> {
        let columns = [
            "row_id",
            "jurisdiction",
            "level",
            "county_fips",
            "in_force_earliest",
            "in_force_latest",
            "limit_class",
            "covers_county_jail",
            "end_date",
            "confidence",
        ];
        let table = sources.table("jurisdictions.csv", &columns)?;
        let rows: Vec<Listed> = table.rows().map(Listed::read).collect::<Result<_, _>>()?;
        let mut by_county: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, row) in rows.iter().enumerate() {
            let codes: Vec<String> = match row.binds {
                Binds::NotTheJail => Vec::new(),
                Binds::Counties => row.fips.clone(),
                Binds::State | Binds::CountiesOfState => row
                    .fips
                    .iter()
                    .flat_map(|s| counties.of_state(s))
                    .map(|c| c.fips.clone())
                    .collect(),
            };
            for code in codes {
                by_county.entry(code).or_default().push(i);
            }
        }
        let columns = ["state_fips", "counties_unnamed", "in_force_earliest", "in_force_latest"];
        let table = sources.table("jurisdictions-unnamed.csv", &columns)?;
        let unnamed = table.rows().map(|row| {
            Ok(Unnamed {
                state_fips: row.text("state_fips").to_owned(),
                counties: row.count("counties_unnamed")?,
                began: (row.day("in_force_earliest")?, row.day("in_force_latest")?),
            })
        });
        let unnamed = unnamed.collect::<Result<_, Vec<Diagnostic>>>()?;
        Ok(List { rows, by_county, unnamed })
    }

    /// What the list says of a county on a day, with or without contested rows.
    pub fn county(&self, fips: &str, day: Day, contested: bool) -> CountyOnList<'_> {
        let indexes = self.by_county.get(fips).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<(Holds, &Listed)> = indexes
            .iter()
            .filter_map(|i| self.rows.get(*i))
            .filter(|r| contested || !r.contested)
            .map(|r| (r.on(day), r))
            .filter(|(h, _)| *h != Holds::No)
            .collect();
        found.sort_by_key(|(holds, _)| std::cmp::Reverse(*holds));
        CountyOnList {
            holds: found.first().map_or(Holds::No, |(h, _)| *h),
            rows: found.into_iter().map(|(_, r)| r).collect(),
        }
    }

    /// FIPS codes of states with a rule of their own that is in force at least so surely.
    pub fn states(&self, day: Day, at_least: Holds) -> BTreeSet<&str> {
        let rows = self.rows.iter().filter(|r| !r.contested && r.binds == Binds::State);
        let rows = rows.filter(|r| r.on(day) >= at_least);
        rows.flat_map(|r| &r.fips).map(String::as_str).collect()
    }

    /// Names of cities whose rule does not bind the county jail, in force at least so surely.
    pub fn cities(&self, day: Day, at_least: Holds) -> BTreeSet<&str> {
        let rows = self.rows.iter().filter(|r| {
            let own = r.is_city && r.binds == Binds::NotTheJail;
            own && !r.contested && r.on(day) >= at_least
        });
        rows.map(|r| r.name.as_str()).collect()
    }

    /// Counties of which only the number is known, possibly in force on a day.
    pub fn unnamed_on(&self, day: Day) -> u64 {
        self.unnamed.iter().filter(|u| u.began.0 <= day).map(|u| u.counties).sum()
    }

    /// All rows.
    pub fn rows(&self) -> &[Listed] {
        &self.rows
    }
}
