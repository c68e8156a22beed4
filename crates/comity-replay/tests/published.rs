//! Published figures: every one is compared within its tolerance, or said to be out of reach.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::national::checks::{Checks, Relation};
use comity_replay::national::published::{Compared, Figure};
use comity_replay::national::sheet::Cell;
use comity_replay::national::sources::Sources;
use comity_replay::national::{self, Desk, Request};
use common::{Disk, Memory, well_formed, whole_library};
use std::collections::BTreeSet;

fn request() -> Request {
    Request {
        folder: "data/national".to_owned(),
        command: "comity report published".to_owned(),
        ..Request::default()
    }
}

#[test]
fn every_comparison_is_within_its_tolerance() {
    let sheet = national::published(&request(), &whole_library(), &Disk).unwrap();
    let table = sheet.table("published").unwrap();
    assert!(table.rows.len() >= 20);
    for row in &table.rows {
        assert_eq!(row[8], Cell::text("yes"), "{row:?}");
        assert!(matches!(&row[10], Cell::Text(reason) if reason.len() > 10), "{row:?}");
    }
    assert!(sheet.is_whole());
    well_formed(&sheet.html());
}

#[test]
fn the_rows_of_pennsylvania_are_those_of_the_national_table() {
    let sheet = national::published(&request(), &whole_library(), &Disk).unwrap();
    let row = &sheet.table("published-rows").unwrap().rows[0];
    let counts = [Cell::Count(18), Cell::Count(18), Cell::Count(219), Cell::Count(219)];
    assert_eq!(row[2..6], counts);
}

#[test]
fn travis_and_pennsylvania_are_loaded_and_hashed() {
    let sheet = national::published(&request(), &whole_library(), &Disk).unwrap();
    let read: Vec<&str> = sheet.receipt.inputs.iter().map(|f| f.name.as_str()).collect();
    for end in
        ["travis-tx/bookings.csv", "travis-tx/bookings-charges.csv", "pennsylvania/detainers.csv"]
    {
        assert!(read.iter().any(|name| name.ends_with(end)), "{end}: {read:?}");
    }
}

#[test]
fn every_published_figure_is_compared_or_said_to_be_out_of_reach() {
    let (request, library) = (request(), whole_library());
    let desk = Desk::new(&request, &library, &Disk);
    let all: BTreeSet<String> = national::published::figures(&desk).unwrap().into_keys().collect();
    let checks = Checks::read(&desk.sources).unwrap();
    let compared: BTreeSet<String> = checks.checks.iter().map(|c| c.figure.clone()).collect();
    let left: Vec<String> = checks.not_checked.iter().flat_map(|n| n.figures.clone()).collect();
    let left_set: BTreeSet<String> = left.iter().cloned().collect();
    assert_eq!(left.len(), left_set.len(), "a figure is left out twice");
    assert!(compared.is_disjoint(&left_set));
    assert_eq!(all, compared.union(&left_set).cloned().collect());
    assert_eq!(all.len(), 74);
}

fn compared(published: f64, ours: (f64, f64), relation: Relation) -> Compared {
    let figure = Figure {
        id: "1".to_owned(),
        measure: String::new(),
        of: String::new(),
        value: published,
        source: String::new(),
    };
    Compared { figure, from: String::new(), ours, relation, reason: String::new() }
}

#[test]
fn a_tolerance_is_kept_on_both_sides() {
    let near = Relation::NearPercent(5);
    for (ours, holds) in [(95.0, true), (94.9, false), (105.0, true), (105.1, false)] {
        assert_eq!(compared(100.0, (ours, ours), near).holds(), holds, "{ours}");
    }
    let points = Relation::NearPoints(3);
    for (ours, holds) in [(-41.1, true), (-42.1, false), (-36.0, true), (-35.9, false)] {
        assert_eq!(compared(-39.0, (ours, ours), points).holds(), holds, "{ours}");
    }
    assert!(compared(276.0, (236.0, 308.0), Relation::Within).holds());
    assert!(!compared(309.0, (236.0, 308.0), Relation::Within).holds());
    assert!(compared(347.0, (362.0, 362.0), Relation::AtMost).holds());
    assert!(!compared(363.0, (362.0, 362.0), Relation::AtMost).holds());
    // Nothing of ours is no reproduction.
    assert!(!compared(100.0, (0.0, 0.0), near).holds());
}

#[test]
fn a_wrong_file_of_checks_says_where() {
    let cases = [
        (
            "[[check]]\nfigure = \"1\"\nhow = \"sum\"\nrelation = \"within\"\nreason = \"r\"\n",
            "unknown-how",
            3,
        ),
        (
            "[[check]]\nfigure = \"1\"\nhow = \"activated\"\non = \"2014\"\nrelation = \"within\"\nreason = \"r\"\n",
            "wrong-type",
            4,
        ),
        (
            "[[check]]\nfigure = \"1\"\nhow = \"activated\"\non = \"2014-01-01\"\nrelation = \"like\"\nreason = \"r\"\n",
            "unknown-relation",
            5,
        ),
        (
            "[[check]]\nfigure = \"1\"\nhow = \"sum_of_months\"\nfrom = \"2014-01\"\nto = \"soon\"\nrelation = \"within\"\nreason = \"r\"\n",
            "wrong-type",
            5,
        ),
        ("[[check]]\nfigrue = \"1\"\n", "unknown-key", 2),
    ];
    for (text, code, line) in cases {
        let d = Checks::parse("checks.toml", text.as_bytes()).unwrap_err().remove(0);
        assert_eq!((d.code, d.line), (code, line), "{d}");
    }
}

#[test]
fn a_check_of_a_figure_that_is_not_there_is_refused() {
    let disk = |name: &str| std::fs::read(common::root().join("data/national").join(name)).unwrap();
    let mut files = Memory::default();
    for name in [
        "published-figures.csv",
        "months.csv",
        "lift-reasons.csv",
        "activation.csv",
        "counties.csv",
        "jurisdictions.csv",
        "jurisdictions-unnamed.csv",
        "ordinary-request.toml",
        "gravest-request.toml",
    ] {
        files = files.with(&format!("data/national/{name}"), disk(name));
    }
    let check = "[[check]]\nfigure = \"4711\"\nhow = \"activated\"\non = \"2014-01-01\"\nrelation = \"within\"\nreason = \"r\"\n";
    let files = files.with("data/national/checks.toml", check);
    let found = national::published(&request(), &whole_library(), &files).unwrap_err();
    assert_eq!(found[0].code, "unknown-figure");
    let sources = Sources::new(&files, "data/national");
    assert_eq!(Checks::read(&sources).unwrap().checks.len(), 1);
}
