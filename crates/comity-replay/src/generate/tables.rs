//! The distributions, read and made ready to draw from.

use super::alias::Alias;
use super::load::{Loader, hash};
use super::settings::Settings;
use super::table::Month;
use crate::run::Files;
use comity_model::{Day, Diagnostic};
use std::io::Read;

/// How the release writes that the agency declined.
pub const DECLINED: &str = "Detainer Declined by LEA";
/// How it writes that the person turned out to be a citizen.
pub const CITIZEN: &str = "United States Citizen Interviewed";

/// One month of requests.
#[derive(Debug, Clone)]
pub struct MonthRow {
    /// The month.
    pub month: Month,
    /// Requests published.
    pub weight: u64,
    /// The first day.
    pub first_day: Day,
    /// Draws a day of the month, 0 for the first.
    pub day: Alias,
    /// Draws an entry of [`Tables::forms`].
    pub form: Alias,
    /// Index into the years of lift reasons.
    pub year: usize,
}

/// A form with its printed revision, as codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Code of the form.
    pub form: u8,
    /// Code of the revision.
    pub version: u8,
}

/// How requests of one year end.
#[derive(Debug, Clone)]
pub struct YearRow {
    /// The year.
    pub year: u32,
    /// Draws an entry of [`Tables::reasons`], declined ones left out.
    pub reason: Alias,
    /// Threshold of a decline by county. Where no county is known nothing is declined: the
    /// kinds without a county are prisons.
    pub declined_in: Vec<u64>,
}

/// One county.
#[derive(Debug, Clone)]
pub struct County {
    /// FIPS code.
    pub fips: String,
    /// Place code.
    pub place: String,
    /// The city's place code where city and county are one, else `none`.
    pub city: String,
    /// Index of its state.
    pub state: usize,
    /// The day Secure Communities was activated, where it is known.
    pub activated_on: Option<Day>,
}

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    /// Place code.
    pub place: String,
    /// Federal circuit.
    pub circuit: i32,
    /// Index into [`Tables::kinds`].
    pub kinds: usize,
}

/// A kind of facility.
#[derive(Debug, Clone, Copy)]
pub struct FacilityKind {
    /// Its code; `None` where it is not stated.
    pub code: Option<u8>,
    /// True where rows of the kind carry a county.
    pub has_county: bool,
}

/// Facility kinds of a group of states, with what draws one.
pub type Kinds = (Alias, Vec<FacilityKind>);

/// An offense as the tables have it; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offense {
    /// Code of the category.
    pub category: Option<u8>,
    /// Code of the level.
    pub level: Option<u8>,
    /// Code of the grade.
    pub grade: Option<u8>,
    /// Serious.
    pub serious: Option<bool>,
    /// Violent.
    pub violent: Option<bool>,
    /// A minor traffic offense (convictions).
    pub minor_traffic: Option<bool>,
    /// Code of the disposition (charges).
    pub disposition: Option<u8>,
}

/// Everything that rows are drawn from.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Sources, rates and assumed facts.
    pub settings: Settings,
    /// Months in order.
    pub months: Vec<MonthRow>,
    /// Forms with revisions.
    pub forms: Vec<Form>,
    /// Lift reasons; `None` where no reason is recorded. The first is a decline.
    pub reasons: Vec<Option<String>>,
    /// Years in order.
    pub years: Vec<YearRow>,
    /// Counties by FIPS code.
    pub counties: Vec<County>,
    /// Draws a county.
    pub county: Alias,
    /// States.
    pub states: Vec<State>,
    /// Facility kinds by group of states.
    pub kinds: Vec<Kinds>,
    /// Draws an age band.
    pub age_band: Alias,
    /// Age bands, both ends included, in years.
    pub age_bands: Vec<(u32, u32)>,
    /// Draws an entry of [`Tables::stays_days`].
    pub stay: Alias,
    /// Stays in days.
    pub stays_days: Vec<u32>,
    /// Charges: how many, and which.
    pub charges: Offenses,
    /// Convictions where there is any: how many, and which.
    pub convictions: Offenses,
    /// Convictions that are serious: entries of the same list.
    pub serious: Alias,
    /// Convictions that are not, or not known to be.
    pub not_serious: Alias,
    /// Draws what is known of the charges as a whole: the code of the column.
    pub charges_known: Alias,
    /// The same of the convictions.
    pub convictions_known: Alias,
    /// Draws the assumed facts, in the order of the settings.
    pub assumed: Vec<Alias>,
    /// Published counts as they stand.
    pub published: Vec<Published>,
    /// SHA-256 over all files, in the order of their names.
    pub sha256: String,
}

/// One published count, or share in percent.
#[derive(Debug, Clone)]
pub struct Published {
    /// What is counted.
    pub what: String,
    /// The year, where it is counted by year.
    pub group: String,
    /// Of what.
    pub label: String,
    /// The count or share.
    pub value: f64,
}

/// A list of offenses with its weights.
#[derive(Debug, Clone)]
pub struct Offenses {
    /// Draws a number of elements, an entry of `numbers`.
    pub number: Alias,
    /// Numbers of elements.
    pub numbers: Vec<u32>,
    /// Draws an offense.
    pub offense: Alias,
    /// Offenses.
    pub offenses: Vec<Offense>,
    /// Their weights, for the calibration.
    pub weights: Vec<u64>,
}

/// The files of a set of distributions.
pub const FILES: [&str; 14] = [
    "ages.csv",
    "counties.csv",
    "counts.csv",
    "declines.csv",
    "facility-kinds.csv",
    "forms.csv",
    "lift-reasons.csv",
    "months.csv",
    "national.toml",
    "offenses.csv",
    "published.csv",
    "states.csv",
    "stays.csv",
    "weekdays.csv",
];

/// The distributions that this crate carries: `data/synthetic/`.
#[derive(Debug, Clone, Copy)]
pub struct Embedded;

macro_rules! embedded {
    ($($name:literal),*) => {
        [$(($name, include_bytes!(concat!("../../../../data/synthetic/", $name)).as_slice())),*]
    };
}

const EMBEDDED: [(&str, &[u8]); 14] = embedded!(
    "ages.csv",
    "counties.csv",
    "counts.csv",
    "declines.csv",
    "facility-kinds.csv",
    "forms.csv",
    "lift-reasons.csv",
    "months.csv",
    "national.toml",
    "offenses.csv",
    "published.csv",
    "states.csv",
    "stays.csv",
    "weekdays.csv"
);

impl Files for Embedded {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let found = EMBEDDED.iter().find(|(n, _)| *n == name);
        found.map(|(_, bytes)| Box::new(*bytes) as Box<dyn Read>).ok_or_else(|| {
            Diagnostic::error("unreadable-file", format!("{path} is not in the binary"))
        })
    }
}

impl Tables {
    /// The distributions that this crate carries.
    ///
    /// # Errors
    /// Never, but for a crate that was built from broken tables; a test reads them.
    pub fn embedded() -> Result<Tables, Vec<Diagnostic>> {
        Tables::load(&Embedded, "data/synthetic")
    }

    /// Reads the distributions of a folder.
    ///
    /// # Errors
    /// A file is missing or wrong: what, in which file, line and column.
    pub fn load(files: &dyn Files, folder: &str) -> Result<Tables, Vec<Diagnostic>> {
        let path = |name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
        let name = path("national.toml");
        let bytes = files.bytes(&name).map_err(|d| vec![d])?;
        let settings = Settings::parse(&name, &bytes)?;
        let sha256 = hash(files, &path).map_err(|d| vec![d])?;
        let loader = Loader { files, path: &path };
        loader.load(settings, sha256).map_err(|d| vec![d])
    }
}
