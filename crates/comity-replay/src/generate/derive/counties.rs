//! How requests spread over counties, and how likely a county was to decline one.

use super::kinds::{Kinds, PENNSYLVANIA};
use super::{COUNT_MAX, DECLINED, Volumes, path};
use crate::generate::table::Table;
use crate::run::Files;
use comity_model::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Shares are written as parts of this.
const WHOLE: f64 = 100_000_000.0;
/// No county declines more than this part of a million of a year's requests: an estimate
/// above it says that the county's volume is underestimated.
const DECLINE_MAX: f64 = 950_000.0;
/// The states whose joint share is published (figure `share_of_detainers`).
const PUBLISHED_PAIR: [&str; 2] = ["us-ca", "us-tx"];
pub const PAIR_NAME: &str = "California+Texas";

/// Places that are city and county in one, as `policies/places.toml` has them.
const CONSOLIDATED: [&str; 5] = [
    "us-ca.san-francisco",
    "us-co.denver",
    "us-dc.district",
    "us-ny.new-york-city",
    "us-pa.philadelphia",
];

struct County {
    fips: String,
    name: String,
    state: String,
    population: f64,
    activated_on: String,
    share: f64,
}

impl County {
    /// Pennsylvania has facility kinds of its own.
    fn group(&self) -> usize {
        usize::from(self.state == PENNSYLVANIA)
    }
}

/// Declines and other known outcomes by county and year.
type Outcomes = BTreeMap<String, BTreeMap<u32, (u64, u64)>>;

pub fn derive(
    files: &dyn Files,
    folder: &str,
    volumes: &Volumes,
    kinds: &Kinds,
) -> Result<(String, String), Diagnostic> {
    let mut counties = read(files, folder)?;
    let outcomes = outcomes(files, folder)?;
    let with_county = county_known(files, folder, volumes, kinds)?;
    weigh(&mut counties, &outcomes, volumes, with_county);
    let mut per_state: BTreeMap<String, f64> = BTreeMap::new();
    for c in &counties {
        *per_state.entry(c.state.clone()).or_insert(0.0) += c.share;
    }
    let pair = published_pair(files, folder)?;
    let own = kinds.rows as f64 / volumes.all() as f64;
    let of_pair: f64 = PUBLISHED_PAIR.iter().filter_map(|s| per_state.get(*s)).sum();
    let of_rest: f64 = per_state.values().sum::<f64>()
        - of_pair
        - per_state.get(PENNSYLVANIA).copied().unwrap_or(0.0);
    let in_pa: u64 = kinds.counties.values().sum();
    for c in &mut counties {
        c.share = if c.state == PENNSYLVANIA {
            let rows = kinds.counties.get(&c.fips).copied().unwrap_or(0);
            own * rows as f64 / in_pa as f64
        } else if PUBLISHED_PAIR.contains(&c.state.as_str()) {
            c.share * pair / of_pair
        } else {
            c.share * (1.0 - pair - own) / of_rest
        };
    }
    let declines = declines(&counties, &outcomes, volumes, with_county);
    Ok((table(&counties), declines))
}

/// Shares before they are fitted to the states: what the county is known to have had, as a
/// part of what the country is known to have had in the same years, and of the rest a part
/// by population. The file holds only years in which the county declined something, and only
/// requests to facilities whose county is known, so that the county had more in the measure
/// in which a county is not known.
fn weigh(counties: &mut [County], outcomes: &Outcomes, volumes: &Volumes, with_county: [f64; 2]) {
    let mut seen = 0.0;
    for c in counties.iter_mut() {
        let Some(years) = outcomes.get(&c.fips) else { continue };
        let had: u64 = years.values().map(|(declined, other)| declined + other).sum();
        let national: u64 = years.keys().map(|y| volumes.known(*y)).sum();
        c.share = had as f64 / national.max(1) as f64 / with_county[c.group()];
        seen += c.share;
    }
    let people: f64 = counties.iter().map(|c| c.population).sum();
    for c in counties {
        c.share += (1.0 - seen).max(0.0) * c.population / people;
    }
}

fn read(files: &dyn Files, folder: &str) -> Result<Vec<County>, Diagnostic> {
    let name = path(folder, "national/activation.csv");
    let activation = Table::read(files, &name, &["county_fips", "activated_on"])?;
    let days: BTreeMap<&str, &str> =
        activation.rows().map(|r| (r.text(0), r.text(1))).filter(|(_, d)| !d.is_empty()).collect();
    let name = path(folder, "national/counties.csv");
    let columns = ["county_fips", "county_name", "state_name", "total_population"];
    let table = Table::read(files, &name, &columns)?;
    let mut out = Vec::new();
    let mut codes = BTreeSet::new();
    for row in table.rows() {
        let fips = row.text(0).to_owned();
        let state = state_code(row.text(2)).ok_or_else(|| row.wrong(2, "a state or territory"))?;
        let population = if row.text(3).is_empty() { 0 } else { row.number(3, COUNT_MAX)? };
        let county = County {
            activated_on: days.get(row.text(0)).copied().unwrap_or_default().to_owned(),
            name: place_code(&fips, row.text(1), state),
            state: state.to_owned(),
            population: population as f64,
            share: 0.0,
            fips,
        };
        if !codes.insert(county.name.clone()) && !county.name.ends_with("new-york-city") {
            return Err(row.wrong(1, "a name that no other county of the state has"));
        }
        out.push(county);
    }
    out.sort_by(|a, b| a.fips.cmp(&b.fips));
    Ok(out)
}

fn outcomes(files: &dyn Files, folder: &str) -> Result<Outcomes, Diagnostic> {
    let name = path(folder, "national/declined-county-years.csv");
    let columns = ["county_fips", "year", "declined", "not_declined_with_reason"];
    let table = Table::read(files, &name, &columns)?;
    let mut out = Outcomes::new();
    for row in table.rows() {
        let year = row.number(1, 9_999)? as u32;
        let counts = (row.number(2, COUNT_MAX)?, row.number(3, COUNT_MAX)?);
        out.entry(row.text(0).to_owned()).or_default().insert(year, counts);
    }
    Ok(out)
}

pub fn published_pair(files: &dyn Files, folder: &str) -> Result<f64, Diagnostic> {
    let name = path(folder, "national/published-figures.csv");
    let table = Table::read(files, &name, &["measure", "geography", "value"])?;
    let row = table.rows().find(|r| r.text(0) == "share_of_detainers" && r.text(1) == PAIR_NAME);
    let row = row.ok_or_else(|| table.wrong(format!("no share_of_detainers of {PAIR_NAME}")))?;
    Ok(row.number(2, 100)? as f64 / 100.0)
}

/// The part of requests whose facility carries its county, outside Pennsylvania and in it.
fn county_known(
    files: &dyn Files,
    folder: &str,
    volumes: &Volumes,
    kinds: &Kinds,
) -> Result<[f64; 2], Diagnostic> {
    let [here, elsewhere] = kinds.shares(files, folder, volumes)?;
    Ok([elsewhere, here].map(|shares| {
        let with: u64 = shares.iter().filter(|(k, _)| kinds.has_county(k)).map(|(_, w)| w).sum();
        let all: u64 = shares.iter().map(|(_, w)| w).sum();
        with as f64 / all as f64
    }))
}

/// The chance of a decline, as parts of a million of a county's requests in a year. The
/// declines that the file cannot place are given to the counties in proportion to those that
/// it can; what is still missing in a year, because no county declines more than a part of
/// its requests, is a chance that every request to a known county has (county `*`).
fn declines(
    counties: &[County],
    outcomes: &Outcomes,
    volumes: &Volumes,
    with_county: [f64; 2],
) -> String {
    let mut out = String::from("year,county_fips,per_million\n");
    for (year, all) in &volumes.years {
        let requests = |c: &County| c.share * with_county[c.group()] * *all as f64;
        let declined = |c: &County| {
            outcomes.get(&c.fips).and_then(|y| y.get(year)).map_or(0.0, |d| d.0 as f64)
        };
        let published = volumes.lifted(*year, DECLINED) as f64;
        let placed: f64 = counties.iter().map(declined).sum();
        let scale = if placed > 0.0 { published / placed } else { 0.0 };
        let mut expected = 0.0;
        let mut rows = String::new();
        for c in counties {
            let (declined, requests) = (declined(c), requests(c));
            if declined > 0.0 && requests > 0.0 {
                let rate = (declined * scale / requests * 1e6).min(DECLINE_MAX).round();
                expected += rate / 1e6 * requests;
                let _ = writeln!(rows, "{year},{},{rate:.0}", c.fips);
            }
        }
        let known: f64 = counties.iter().map(requests).sum();
        let base = ((published - expected).max(0.0) / known * 1e6).round();
        let _ = write!(out, "{year},*,{base:.0}\n{rows}");
    }
    out
}

fn table(counties: &[County]) -> String {
    let mut out = String::from("county_fips,place,city,activated_on,weight\n");
    for c in counties {
        let weight = (c.share * WHOLE).round();
        let city = if CONSOLIDATED.contains(&c.name.as_str()) { c.name.as_str() } else { "none" };
        let _ = writeln!(out, "{},{},{city},{},{weight:.0}", c.fips, c.name, c.activated_on);
    }
    out
}

/// The code of a county's place, as `policies/places.toml` writes it.
fn place_code(fips: &str, name: &str, state: &str) -> String {
    match fips {
        "11001" => return "us-dc.district".to_owned(),
        // The five counties of New York City are one place: the city keeps the jails.
        "36005" | "36047" | "36061" | "36081" | "36085" => {
            return "us-ny.new-york-city".to_owned();
        }
        _ => {}
    }
    const KINDS: [&str; 7] = [
        " county",
        " parish",
        " municipio",
        " city and borough",
        " borough",
        " census area",
        " municipality",
    ];
    let bare = KINDS.iter().find_map(|k| name.strip_suffix(k)).unwrap_or(name);
    let mut slug = String::new();
    for c in bare.chars().map(plain) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            '.' | '\'' => {}
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    format!("{state}.{}", slug.trim_matches('-'))
}

/// The letter without its accent.
fn plain(c: char) -> char {
    match c {
        'á' | 'à' | 'ä' => 'a',
        'é' | 'è' => 'e',
        'í' => 'i',
        'ó' | 'ö' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        c => c,
    }
}

/// Names of states and territories with their codes (U.S. Postal Service abbreviations).
const STATES: [(&str, &str); 52] = [
    ("alabama", "us-al"),
    ("alaska", "us-ak"),
    ("arizona", "us-az"),
    ("arkansas", "us-ar"),
    ("california", "us-ca"),
    ("colorado", "us-co"),
    ("connecticut", "us-ct"),
    ("delaware", "us-de"),
    ("district of columbia", "us-dc"),
    ("florida", "us-fl"),
    ("georgia", "us-ga"),
    ("hawaii", "us-hi"),
    ("idaho", "us-id"),
    ("illinois", "us-il"),
    ("indiana", "us-in"),
    ("iowa", "us-ia"),
    ("kansas", "us-ks"),
    ("kentucky", "us-ky"),
    ("louisiana", "us-la"),
    ("maine", "us-me"),
    ("maryland", "us-md"),
    ("massachusetts", "us-ma"),
    ("michigan", "us-mi"),
    ("minnesota", "us-mn"),
    ("mississippi", "us-ms"),
    ("missouri", "us-mo"),
    ("montana", "us-mt"),
    ("nebraska", "us-ne"),
    ("nevada", "us-nv"),
    ("new hampshire", "us-nh"),
    ("new jersey", "us-nj"),
    ("new mexico", "us-nm"),
    ("new york", "us-ny"),
    ("north carolina", "us-nc"),
    ("north dakota", "us-nd"),
    ("ohio", "us-oh"),
    ("oklahoma", "us-ok"),
    ("oregon", "us-or"),
    ("pennsylvania", "us-pa"),
    ("puerto rico", "us-pr"),
    ("rhode island", "us-ri"),
    ("south carolina", "us-sc"),
    ("south dakota", "us-sd"),
    ("tennessee", "us-tn"),
    ("texas", "us-tx"),
    ("utah", "us-ut"),
    ("vermont", "us-vt"),
    ("virginia", "us-va"),
    ("washington", "us-wa"),
    ("west virginia", "us-wv"),
    ("wisconsin", "us-wi"),
    ("wyoming", "us-wy"),
];

fn state_code(name: &str) -> Option<&'static str> {
    STATES.iter().find(|(n, _)| *n == name).map(|(_, code)| *code)
}
