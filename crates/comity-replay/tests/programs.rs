//! What a change of program would have moved, on the real bookings of Travis County: the same
//! rows as the replay decides, and every move with its rules.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::national::sheet::{Cell, Part, Sheet, Table};
use comity_replay::national::{self, Request};
use common::{Disk, Memory, well_formed, whole_library};

fn sheet() -> Sheet {
    let request = Request { folder: "data/national".to_owned(), ..Request::default() };
    national::programs(&request, &whole_library(), &Disk).unwrap()
}

fn tables(sheet: &Sheet) -> Vec<&Table> {
    let parts = sheet.sections.iter().flat_map(|s| &s.parts);
    parts.filter_map(|p| if let Part::Table(t) = p { Some(t) } else { None }).collect()
}

fn count(cell: &Cell) -> u64 {
    match cell {
        Cell::Count(n) => *n,
        other => panic!("{other:?} is no count"),
    }
}

#[test]
fn every_booking_is_in_every_step_once() {
    let sheet = sheet();
    let steps = sheet.table("programs-steps").unwrap();
    // Three changes (2012 guidance, PEP's detention, PEP's notice), in two readings.
    assert_eq!(steps.rows.len(), 6);
    for row in &steps.rows {
        assert_eq!(count(&row[3]), 9_489);
        assert_eq!(row[4..].iter().map(count).sum::<u64>(), 9_489, "{row:?}");
    }
    let all = tables(&sheet);
    let of = |what: &str| -> Vec<&&Table> {
        all.iter().filter(|t| t.id.starts_with(&format!("programs-{what}-"))).collect()
    };
    for (moved, causes) in of("moved").iter().zip(of("causes")) {
        let cells = moved.rows.iter().enumerate();
        let total: u64 = cells.clone().flat_map(|(_, r)| &r[1..]).map(count).sum();
        let stayed: u64 = cells.map(|(i, r)| count(&r[i + 1])).sum();
        let caused: u64 = causes.rows.iter().map(|r| count(&r[4])).sum();
        assert_eq!(total, 9_489, "{}", moved.id);
        assert_eq!(caused, total - stayed, "every move has its cause: {}", causes.id);
    }
}

/// Secure Communities asked for anybody removable; the guidance of 2012 for fewer; PEP's
/// detention for fewer still.
#[test]
fn each_program_asked_for_fewer_than_the_one_before() {
    let sheet = sheet();
    let steps = sheet.table("programs-steps").unwrap();
    let (no_longer, newly) = (5, 6);
    for row in steps.rows.iter().filter(|r| r[0] == steps.rows[3][0]) {
        assert_eq!(count(&row[newly]), 0, "{row:?}");
    }
    let moved = |row: &Vec<Cell>| count(&row[no_longer]);
    assert!(steps.rows[3..].iter().any(|r| moved(r) > 1_000), "{:?}", steps.rows);
}

#[test]
fn the_page_is_well_formed_and_says_that_it_is_not_what_happened() {
    let sheet = sheet();
    let files = sheet.files();
    let (_, page) = files.iter().find(|(name, _)| name == "report.html").unwrap();
    let page = std::str::from_utf8(page).unwrap();
    well_formed(page);
    assert!(page.contains("This is not what happened"));
    assert!(sheet.receipt.policies.iter().any(|p| p.id == "us.pep.2015"));
}

#[test]
fn a_study_without_programs_is_an_error_that_says_what_to_write() {
    let request = Request { studies: vec!["toy/study.toml".to_owned()], ..Request::default() };
    let files: Memory = common::files();
    let found = national::programs(&request, &common::library(), &files).unwrap_err();
    assert_eq!(found[0].code, "no-programs");
    assert!(found[0].help.contains("side = \"federal\""), "{:?}", found[0]);
}
