//! Facility kinds and days of the week: the national shares as published, those of
//! Pennsylvania from its rows.

use super::{COUNT_MAX, Volumes, path};
use crate::generate::table::Table;
use crate::run::Files;
use comity_model::{Day, Diagnostic};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a kind is named that is not stated.
pub const NOT_STATED: &str = "(not stated)";
/// The state whose rows are public one by one.
pub const PENNSYLVANIA: &str = "us-pa";

/// What the rows of Pennsylvania say.
pub struct Kinds {
    /// Rows by kind, in the words of the facts schema; empty where none is stated.
    by_kind: BTreeMap<&'static str, u64>,
    /// Rows by kind that carry a county.
    with_county: BTreeMap<&'static str, u64>,
    /// Rows by county.
    pub counties: BTreeMap<String, u64>,
    /// Rows by day of the week, Monday first.
    weekdays: [u64; 7],
    /// The last day of the release.
    pub last_on: Day,
    /// All rows.
    pub rows: u64,
}

/// Words of the public rows and of the facts schema, as in `data/pennsylvania/mapping.toml`.
const WORDS: [(&str, &str); 6] = [
    ("county_or_consolidated", "county_jail"),
    ("city", "police_lockup"),
    ("state", "state_prison"),
    ("federal_or_contract", "federal_or_contract"),
    ("ice", "other"),
    ("unclassified", ""),
];

/// Published shares of facility kinds, in the words of `published-figures.csv`.
const PUBLISHED: [(&str, &str); 4] = [
    ("county jails", "county_jail"),
    ("city jails", "city_jail"),
    ("federal facilities", "federal_or_contract"),
    ("state facilities", "state_prison"),
];

pub fn read(files: &dyn Files, folder: &str) -> Result<Kinds, Diagnostic> {
    let name = path(folder, "pennsylvania/detainers.csv");
    let table = Table::read(files, &name, &["prepare_date", "county_fips", "facility_kind"])?;
    let mut out = Kinds {
        by_kind: BTreeMap::new(),
        with_county: BTreeMap::new(),
        counties: BTreeMap::new(),
        weekdays: [0; 7],
        last_on: Day(0),
        rows: 0,
    };
    for row in table.rows() {
        let day = row.day(0)?.ok_or_else(|| row.wrong(0, "a day"))?;
        let word = WORDS.iter().find(|(w, _)| *w == row.text(2));
        let (_, kind) = word.ok_or_else(|| row.wrong(2, "a facility kind that is known"))?;
        out.rows += 1;
        out.last_on = out.last_on.max(day);
        // 1970-01-01 was a Thursday.
        out.weekdays[(day.0 + 3).rem_euclid(7) as usize] += 1;
        *out.by_kind.entry(kind).or_insert(0) += 1;
        if !row.text(1).is_empty() {
            *out.with_county.entry(kind).or_insert(0) += 1;
            *out.counties.entry(row.text(1).to_owned()).or_insert(0) += 1;
        }
    }
    if out.rows == 0 {
        return Err(table.wrong("there are no rows to derive from"));
    }
    Ok(out)
}

impl Kinds {
    /// True where the rows of a kind carry their county.
    pub fn has_county(&self, kind: &str) -> bool {
        let of = |map: &BTreeMap<&str, u64>| map.get(kind).copied().unwrap_or(0);
        // A kind that Pennsylvania does not have is local: a city's jail lies in a county.
        of(&self.by_kind) == 0 || of(&self.with_county) * 2 > of(&self.by_kind)
    }

    /// Shares of a million by kind: of Pennsylvania, and of everywhere else so that the
    /// country comes out as published.
    pub fn shares(
        &self,
        files: &dyn Files,
        folder: &str,
        volumes: &Volumes,
    ) -> Result<[Vec<(&'static str, u64)>; 2], Diagnostic> {
        let national = published(files, folder)?;
        let own = self.rows as f64 / volumes.all() as f64;
        let mut here: Vec<(&str, u64)> = Vec::new();
        let mut elsewhere: Vec<(&str, u64)> = Vec::new();
        let all = PUBLISHED.iter().map(|(_, k)| *k).chain(["police_lockup", "other", ""]);
        for kind in all {
            let of = |k: &str| self.by_kind.get(k).copied().unwrap_or(0) as f64 / self.rows as f64;
            let pa = of(kind);
            // What the rows of Pennsylvania name more finely counts where the figures put it.
            let finer = match kind {
                "city_jail" => of("police_lockup"),
                "" => of("other"),
                _ => 0.0,
            };
            let wanted = national.get(kind).copied().unwrap_or(0.0);
            let rest = ((wanted - own * (pa + finer)) / (1.0 - own)).max(0.0);
            here.push((kind, (pa * 1e6).round() as u64));
            elsewhere.push((kind, (rest * 1e6).round() as u64));
        }
        Ok([here, elsewhere])
    }

    pub fn table(
        &self,
        files: &dyn Files,
        folder: &str,
        volumes: &Volumes,
    ) -> Result<String, Diagnostic> {
        let mut out = String::from("state,facility_kind,has_county,weight\n");
        let places = [PENNSYLVANIA, "*"];
        for (place, shares) in places.iter().zip(self.shares(files, folder, volumes)?) {
            for (kind, weight) in shares.iter().filter(|(_, w)| *w > 0) {
                let _ = writeln!(out, "{place},{kind},{},{weight}", self.has_county(kind));
            }
        }
        Ok(out)
    }

    /// The counts of Pennsylvania as they stand.
    pub fn counts(&self, out: &mut String) {
        for (kind, n) in &self.by_kind {
            let kind = if kind.is_empty() { NOT_STATED } else { kind };
            let _ = writeln!(out, "facility_kind_pa,,{kind},{n}");
        }
        for (fips, n) in &self.counties {
            let _ = writeln!(out, "county_pa,,{fips},{n}");
        }
    }

    pub fn weekdays_table(&self) -> String {
        let mut out = String::from("weekday,weight\n");
        for (i, n) in self.weekdays.iter().enumerate() {
            let _ = writeln!(out, "{},{n}", i + 1);
        }
        out
    }
}

/// The published shares; what is left of the whole is a kind that is not stated.
pub fn published(
    files: &dyn Files,
    folder: &str,
) -> Result<BTreeMap<&'static str, f64>, Diagnostic> {
    let name = path(folder, "national/published-figures.csv");
    let table = Table::read(files, &name, &["measure", "geography", "value"])?;
    let mut out = BTreeMap::new();
    for (words, kind) in PUBLISHED {
        let row = table
            .rows()
            .find(|r| r.text(0) == "share_by_facility_kind" && r.text(1) == words)
            .ok_or_else(|| table.wrong(format!("no share_by_facility_kind of {words}")))?;
        out.insert(kind, row.number(2, COUNT_MAX)? as f64 / 100.0);
    }
    let stated: f64 = out.values().sum();
    out.insert("", 1.0 - stated);
    Ok(out)
}
