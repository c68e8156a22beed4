//! Bookings of a jail's own software: read, or refused with the place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "case/library.rs"]
mod library;

use comity_exchange::bookings::*;
use comity_model::Diagnostic;
use serde_json::json;

const HEAD: &str = "booking_id,name,booking_number,booked_at";

fn usual() -> Usual<'static> {
    let places = library::library().places();
    Usual { places, place: Some("us-tx.travis"), time_zone: None }
}

fn csv(text: &str) -> Result<Vec<SheetBooking>, Vec<Diagnostic>> {
    read_bookings("day.csv", text.as_bytes(), SheetForm::Csv, &usual())
}

fn json_lines(text: &str) -> Result<Vec<SheetBooking>, Vec<Diagnostic>> {
    read_bookings("day.jsonl", text.as_bytes(), SheetForm::JsonLines, &usual())
}

/// Line, column's number, column and code of every finding.
fn found(
    read: Result<Vec<SheetBooking>, Vec<Diagnostic>>,
) -> Vec<(usize, usize, String, &'static str)> {
    let wrong = read.unwrap_err();
    assert!(wrong.iter().all(|d| !d.message.is_empty() && d.file.starts_with("day.")));
    wrong.into_iter().map(|d| (d.line, d.column, d.path, d.code)).collect()
}

fn one(
    line: usize,
    column: usize,
    path: &str,
    code: &'static str,
) -> Vec<(usize, usize, String, &'static str)> {
    vec![(line, column, path.to_owned(), code)]
}

#[test]
fn a_sheet_is_read_with_its_facts_lists_and_lines() {
    let text = "\u{feff}booking_id,name,booking_number,booked_at,place,complete,custody.criminal_arrest,\
                person.age_years,charges.1.category,charges.1.level,charges.3.level,convictions\r\n\
                2016-004417,\"EXAMPLE, \"\"T\"\" PERSON\",4417,2016-03-01T08:05:00,,no,yes,31,theft,misdemeanor,felony,unknown\r\n\
                \r\n\
                2016-004418,SAMPLE,4418,2016-03-01T08:05:00-05:00,us-ca.los-angeles,yes,unknown,,,,,none\r\n";
    let read = csv(text).unwrap();
    assert_eq!(read.len(), 2);
    let first = &read[0];
    assert_eq!((first.line, first.id.as_str()), (2, "2016-004417"));
    assert_eq!((first.name.as_str(), first.number.as_str()), ("EXAMPLE, \"T\" PERSON", "4417"));
    // Local time in Austin, six hours behind in March.
    assert_eq!(first.booking.booked_at.to_string(), "2016-03-01T14:05:00Z");
    assert_eq!(first.booking.place.code(), "us-tx.travis");
    assert_eq!(first.booking.time_zone.zone().name(), "America/Chicago");
    let tree = json!(first.booking.facts.tree());
    let charges = json!([{ "category": "theft", "level": "misdemeanor" }, { "level": "felony" }]);
    assert_eq!(tree["charges"], charges);
    assert_eq!(tree["convictions"], "unknown");
    assert_eq!(tree["custody"], json!({ "criminal_arrest": true }));
    assert_eq!(tree["person"], json!({ "age_years": 31 }));
    assert!(!first.booking.facts.is_complete());
    let second = &read[1];
    assert_eq!(second.line, 4);
    assert_eq!(second.booking.booked_at.to_string(), "2016-03-01T13:05:00Z");
    assert_eq!(second.booking.place.code(), "us-ca.los-angeles");
    assert!(second.booking.facts.is_complete());
    assert_eq!(json!(second.booking.facts.tree())["convictions"], json!([]));
    assert_eq!(
        json!(second.booking.facts.tree())["custody"],
        json!({ "criminal_arrest": "unknown" })
    );
}

#[test]
fn json_lines_say_the_same() {
    let text = format!(
        "{HEAD},complete,custody.criminal_arrest,charges.1.level\n\
        A-1,EXAMPLE,1,2016-03-01T08:05:00,yes,yes,felony\n"
    );
    let line = json!({
        "booking_id": "A-1", "name": "EXAMPLE", "booking_number": "1",
        "booked_at": "2016-03-01T08:05:00", "complete": true, "place": null,
        "facts": { "custody": { "criminal_arrest": true }, "charges": [{ "level": "felony" }] },
    });
    let mut read = json_lines(&format!("\n{line}\n")).unwrap();
    assert_eq!(read[0].line, 2);
    read[0].line = 2;
    assert_eq!(csv(&text).unwrap(), read);
}

#[test]
fn the_header_must_be_one() {
    assert_eq!(found(csv("")), one(1, 0, "", "no-header"));
    assert_eq!(found(csv("A-1,EXAMPLE,1,2016-03-01T08:05:00\n")), one(1, 0, "", "no-header"));
    assert_eq!(found(csv(&HEAD.replace(',', ";"))), one(1, 0, "", "no-header"));
    let help = csv(&HEAD.replace(',', ";")).unwrap_err().remove(0);
    assert!(help.message.contains("commas"), "{}", help.message);
    let two = found(csv("booking_id,name,booked_at,name\n"));
    let expected =
        [(1, 4, "name".to_owned(), "twice"), (1, 0, "booking_number".to_owned(), "column-missing")];
    assert_eq!(two, expected);
    let wrong = csv(&format!("{HEAD},persn.age_years\n")).unwrap_err().remove(0);
    assert_eq!((wrong.line, wrong.column, wrong.code), (1, 5, "unknown-column"));
    assert!(wrong.help.contains("person.age_years"), "{}", wrong.help);
    assert_eq!(
        found(csv(&format!("{HEAD},request.form\n"))),
        one(1, 5, "request.form", "not-here")
    );
    for name in ["charges.0.level", "charges.51.level", "charges.+1.level", "charges.1.lvl"] {
        assert_eq!(found(csv(&format!("{HEAD},{name}\n"))), one(1, 5, "", "unknown-column"));
    }
    assert_eq!(csv(HEAD), Ok(Vec::new()));
}

#[test]
fn every_wrong_cell_is_found_with_its_line_and_column() {
    let text = format!(
        "{HEAD},place,time_zone,peer,complete,person.born_on,charges.2.level,person.age_years\n\
         A-1,EXAMPLE,1,2016-03-01T08:05:00,,,,,,,\n\
         =A,,x,yesterday,us-tx.nowhere,,no party,perhaps,1985-13-40,horrible,old\n"
    );
    let mut wrong = found(csv(&text));
    wrong.sort();
    let mut expected = vec![
        (3, 1, "booking_id", "bad-value"),
        (3, 2, "name", "missing"),
        (3, 4, "booked_at", "bad-date"),
        (3, 5, "place", "unknown-place"),
        (3, 7, "peer", "bad-value"),
        (3, 8, "complete", "wrong-type"),
        (3, 9, "person.born_on", "bad-date"),
        (3, 10, "charges.2.level", "wrong-enum-value"),
        (3, 11, "person.age_years", "wrong-type"),
    ];
    expected.sort_unstable();
    let wrong: Vec<_> = wrong.iter().map(|(l, c, p, d)| (*l, *c, p.as_str(), *d)).collect();
    assert_eq!(wrong, expected);
}

#[test]
fn what_a_cell_says_is_in_no_finding() {
    let secret = "Zxqvw";
    let text = format!(
        "{HEAD},place,time_zone,peer,complete,person.born_on,charges.1.level,person.age_years,custody.facility\n\
         ={secret},{secret}\u{7},,{secret},{secret},{secret},{secret},{secret},{secret},{secret},{secret},{}\n",
        secret.repeat(60),
    );
    let mut wrong = csv(&text).unwrap_err();
    wrong.extend(csv(&format!("booking_id,{secret}\n")).unwrap_err());
    wrong.extend(csv(&format!("{secret},{secret}\n")).unwrap_err());
    wrong.extend(csv(&format!("{HEAD}\n{secret},{secret}\n")).unwrap_err());
    let line = json!({ "booking_id": [secret], "name": secret, "facts": { "person": { "born_on": secret } } });
    wrong.extend(json_lines(&line.to_string()).unwrap_err());
    wrong.extend(json_lines(secret).unwrap_err());
    assert!(wrong.len() > 12);
    for fault in wrong {
        assert!(!format!("{fault:?}").contains(secret), "{fault:?}");
    }
    let good = csv(&format!("{HEAD}\n{secret},{secret},{secret},2016-03-01T08:05:00\n")).unwrap();
    assert!(!format!("{good:?}").contains(secret));
}

#[test]
fn clock_changes_and_zones_are_said() {
    let at = |at: &str| csv(&format!("{HEAD},place,time_zone\nA-1,EXAMPLE,1,{at}\n"));
    assert_eq!(found(at("2016-11-06T01:30:00,,")), one(2, 4, "booked_at", "ambiguous-time"));
    assert_eq!(found(at("2016-03-13T02:30:00,,")), one(2, 4, "booked_at", "ambiguous-time"));
    assert_eq!(found(at("2016-03-13,,")), one(2, 4, "booked_at", "bad-date"));
    assert!(at("2016-11-06T01:30:00-05:00,,").is_ok());
    assert_eq!(
        found(at("2016-03-01T08:00:00,,America/Nowhere")),
        one(2, 6, "time_zone", "unknown-time-zone")
    );
    // A state with two zones names none.
    assert_eq!(found(at("2016-03-01T08:00:00,us-tn,")), one(2, 6, "time_zone", "missing"));
    assert!(at("2016-03-01T08:00:00,us-tn,America/Chicago").is_ok());
}

#[test]
fn a_file_that_was_cut_off_or_has_twins_is_refused_whole() {
    let whole = format!("{HEAD}\nA-1,\"EXAMPLE, A\",1,2016-03-01T08:05:00\n");
    assert!(csv(&whole).is_ok());
    assert_eq!(found(csv(&whole[..HEAD.len() + 9])), one(2, 0, "", "cut-off"));
    assert_eq!(found(csv(&whole[..whole.len() - 22])), one(2, 0, "", "cells"));
    let twins =
        format!("{whole}A-2,SAMPLE,2,2016-03-01T08:05:00\nA-1,OTHER,3,2016-03-01T08:05:00\n");
    assert_eq!(found(csv(&twins)), one(4, 0, "booking_id", "twice"));
    let mut bytes = whole.clone().into_bytes();
    bytes.push(0xff);
    let read = read_bookings("day.csv", &bytes, SheetForm::Csv, &usual());
    assert_eq!(found(read), one(3, 0, "", "not-text"));
    let read = read_bookings("day.csv", b"\xff\xfeb\0", SheetForm::Csv, &usual());
    assert_eq!(found(read), one(1, 0, "", "not-text"));
}

#[test]
fn a_sheet_has_its_largest_size() {
    let rows = |n: usize| {
        let row = |i| format!("A-{i},EXAMPLE,{i},2016-03-01T08:05:00\n");
        format!("{HEAD}\n{}", (0..n).map(row).collect::<String>())
    };
    assert_eq!(csv(&rows(BOOKINGS_MAX)).unwrap().len(), BOOKINGS_MAX);
    assert_eq!(found(csv(&rows(BOOKINGS_MAX + 1))), one(0, 0, "", "too-many"));
    let large = "x".repeat(SHEET_BYTES_MAX + 1);
    assert_eq!(found(csv(&large)), one(0, 0, "", "too-large"));
    let wrong = format!("{HEAD}\n{}", "A,B\n".repeat(FINDINGS_MAX + 10));
    assert_eq!(csv(&wrong).unwrap_err().len(), FINDINGS_MAX);
}
