//! Recognition: real headers find their mapping, and a wrong guess is never silent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::mapping::recognize::{Fit, Recognized, recognize};
use comity_replay::mapping::{self, Mapping};
use comity_replay::reader::same_name;
use comity_replay::rowfacts::us_date;
use comity_replay::{Request, run};
use common::{Disk, root, whole_library};

const NAMES: [&str; 7] = [
    "data/mappings/ddp-2025",
    "data/mappings/ddp-2026",
    "data/mappings/foia-2007-2015",
    "data/mappings/foia-2007-2015-npr",
    "data/mappings/generic",
    "data/pennsylvania",
    "data/travis-tx",
];

fn mappings() -> Vec<(String, Mapping)> {
    let library = whole_library();
    let read = |folder: &&str| {
        let path = format!("{folder}/mapping.toml");
        let bytes = std::fs::read(root().join(&path)).unwrap();
        let mapping = mapping::parse(&path, &bytes, library.places());
        (path, mapping.unwrap_or_else(|e| panic!("{}", e[0])))
    };
    NAMES.iter().map(read).collect()
}

fn header(path: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(root().join(path)).unwrap();
    reader.headers().unwrap().iter().map(str::to_owned).collect()
}

fn exact(header: &[String]) -> Fit {
    let (_, verdict) = recognize(&mappings(), header);
    let Recognized::Exact { fit } = verdict else { panic!("{verdict:?}") };
    fit
}

#[test]
fn every_header_finds_its_own_mapping_exactly_and_no_other_is_near() {
    for name in NAMES {
        let file = match name {
            "data/pennsylvania" => "detainers.csv",
            "data/travis-tx" => "bookings.csv",
            _ => "sample.csv",
        };
        let header = header(&format!("{name}/{file}"));
        let fit = exact(&header);
        assert_eq!(fit.path, format!("{name}/mapping.toml"));
        let (fits, _) = recognize(&mappings(), &header);
        let second = fits.iter().filter(|f| f.path != fit.path && !f.unusable);
        let second = second.map(Fit::share).fold(0.0, f64::max);
        assert!(second < 0.9, "{name}: the next mapping fits {second}");
    }
}

#[test]
fn names_are_compared_without_case_and_blanks() {
    assert!(same_name("Detainer Prepare Date", "detainer_prepare_date"));
    assert!(same_name("Detainer_Prepare_Date", "detainer prepare date"));
    assert!(!same_name("detainer_prepare_date", "detainer_prepare_dates"));
    let spaced: Vec<String> = header("data/mappings/ddp-2026/sample.csv")
        .iter()
        .map(|h| h.replace('_', " ").to_uppercase())
        .collect();
    assert_eq!(exact(&spaced).mapping, "ddp-2026");
}

#[test]
fn what_is_missing_or_not_known_is_named() {
    let mut header = header("data/mappings/ddp-2025/sample.csv");
    header.retain(|h| h != "detainer_type");
    header.push("a_new_column".to_owned());
    let (_, verdict) = recognize(&mappings(), &header);
    let Recognized::Best { fit } = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        (fit.mapping.as_str(), fit.missing, fit.extra),
        ("ddp-2025", vec!["detainer_type".to_owned()], vec!["a_new_column".to_owned()],)
    );
    // Without the column that every row needs, nothing is recognized.
    header.retain(|h| h != "detainer_prepare_date");
    let (fits, verdict) = recognize(&mappings(), &header);
    assert_eq!(verdict, Recognized::None);
    assert!(fits.iter().find(|f| f.mapping == "ddp-2025").unwrap().unusable);
}

#[test]
fn two_mappings_that_fit_equally_well_are_a_tie() {
    let mut twice = mappings();
    let copy = twice[5].clone();
    twice.push(("elsewhere/mapping.toml".to_owned(), copy.1));
    let (_, verdict) = recognize(&twice, &header("data/pennsylvania/detainers.csv"));
    let Recognized::Tie { fits } = verdict else { panic!("{verdict:?}") };
    let paths: Vec<&str> = fits.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["data/pennsylvania/mapping.toml", "elsewhere/mapping.toml"]);
}

#[test]
fn files_of_something_else_are_not_recognized() {
    for path in
        ["data/national/months.csv", "data/national/counties.csv", "data/travis-tx/levels.csv"]
    {
        assert_eq!(recognize(&mappings(), &header(path)).1, Recognized::None, "{path}");
    }
    assert_eq!(recognize(&mappings(), &[]).1, Recognized::None);
    assert_eq!(recognize(&[], &header("data/pennsylvania/detainers.csv")).1, Recognized::None);
}

#[test]
fn the_made_up_rows_of_every_release_replay_without_a_problem() {
    for name in NAMES.iter().filter(|n| n.starts_with("data/mappings")) {
        let request = Request {
            study: format!("{name}/study.toml"),
            command: "test".to_owned(),
            ..Request::default()
        };
        let mut rows = Vec::new();
        let replay = run(&request, &whole_library(), &Disk, &mut rows, &mut |_| {});
        let replay = replay.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert!(replay.is_clean() && replay.problems.is_empty(), "{name}: {:?}", replay.problems);
        assert!(replay.tally.rows.read >= 2, "{name}");
        // Every row has its year and its day.
        assert!(
            replay.tally.years.keys().all(|y| y.len() == 4),
            "{name}: {:?}",
            replay.tally.years
        );
    }
}

#[test]
fn days_as_americans_write_them() {
    let shown = |t: &str| us_date(t).map(|d| d.to_string());
    assert_eq!(shown("10/2/07").as_deref(), Some("2007-10-02"));
    assert_eq!(shown("7/1/2015 0:00").as_deref(), Some("2015-07-01"));
    for bad in
        ["", "2/30/14", "13/1/14", "1/1/114", "1/1", "1/1/14/5", "a/b/cd", "-1/1/14", "2014-01-01"]
    {
        assert_eq!(us_date(bad), None, "{bad}");
    }
}
