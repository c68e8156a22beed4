//! Hostile bytes in the national tables, and in the header of a file whose mapping is asked
//! for: a report is made or refused with a finding, and no mapping is taken that does not fit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use comity_replay::Files;
use comity_replay::mapping::recognize::{Recognized, recognize};
use comity_replay::mapping::{self, Mapping};
use comity_replay::national::sheet::Sheet;
use comity_replay::national::{self, Request};
use comity_replay::reader::{Encoding, Rows};
use common::{Disk, whole_library};
use mutate::{Corpus, Limits, hammer};
use std::io::Read;

const FOLDER: &str = "data/national";
/// Mutations of one table: a report reads three thousand counties.
const ROUNDS: u64 = 40;

type Report = fn(&Request, &Library, &dyn Files) -> Result<Sheet, Vec<Diagnostic>>;

/// The repository, with other bytes in the place of one file.
struct Replaced<'a> {
    path: &'a str,
    bytes: &'a [u8],
}

impl Files for Replaced<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        if path == self.path { Ok(Box::new(self.bytes)) } else { Disk.open(path) }
    }
}

fn attack(table: &str, reports: &[Report]) {
    let library = whole_library();
    let path = format!("{FOLDER}/{table}");
    let mut corpus = Corpus::default();
    corpus.push(table, &std::fs::read(common::root().join(&path)).unwrap());
    let request = Request {
        folder: FOLDER.to_owned(),
        on: Day::parse("2014-06-01"),
        from: Day::parse("2014-01-01"),
        to: Day::parse("2014-03-01"),
        ..Request::default()
    };
    for report in reports {
        let whole = report(&request, &library, &Disk);
        assert!(whole.is_ok(), "{table}, as it is: {:?}", whole.err());
        hammer(table, &corpus, Limits::of(ROUNDS), |bytes| {
            let files = Replaced { path: &path, bytes };
            if let Err(found) = report(&request, &library, &files) {
                assert!(!found.is_empty(), "refused without a finding");
            }
        });
    }
}

#[test]
fn counties_and_roll_out() {
    attack("counties.csv", &[national::rollout]);
    attack("activation.csv", &[national::rollout]);
}

#[test]
fn places_that_limit_requests() {
    attack("jurisdictions.csv", &[national::coverage]);
    attack("jurisdictions-unnamed.csv", &[national::coverage]);
    attack("programs.csv", &[national::coverage]);
    attack("ordinary-request.toml", &[national::coverage]);
}

#[test]
fn volumes_and_reasons() {
    attack("months.csv", &[national::volumes]);
    attack("forms.csv", &[national::volumes]);
    attack("lift-reasons.csv", &[national::reasons]);
    attack("declined-county-years.csv", &[national::declined, national::reasons]);
    attack("declined-facility-years.csv", &[national::declined]);
}

#[test]
fn published_figures_and_their_checks() {
    attack("published-figures.csv", &[national::published]);
    attack("checks.toml", &[national::published]);
}

/// A header made of hostile bytes is read, and what is called exact knows every column.
#[test]
fn headers_of_unknown_files() {
    let library = whole_library();
    let files = Corpus::read(&common::root(), "data/mappings", &["toml"]).files;
    let mappings: Vec<(String, Mapping)> = files
        .into_iter()
        .filter(|(name, _)| name.ends_with("mapping.toml"))
        .map(|(name, bytes)| {
            let mapping = mapping::parse(&name, &bytes, library.places()).unwrap();
            (name, mapping)
        })
        .collect();
    assert!(mappings.len() >= 5);
    let mut corpus = Corpus::default();
    for (name, bytes) in Corpus::read(&common::root(), "data/mappings", &["csv"]).files {
        corpus.push(&name, bytes.split_inclusive(|b| *b == b'\n').next().unwrap());
    }
    hammer("header", &corpus, Limits::of(2_000), |bytes| {
        let rows = Rows::new(bytes, Encoding::Utf8);
        let (fits, verdict) = recognize(&mappings, rows.header());
        assert_eq!(fits.len(), mappings.len());
        if let Recognized::Exact { fit } = verdict {
            assert!(fit.missing.is_empty() && fit.extra.is_empty() && !fit.unusable);
        }
    });
}
