//! Volumes and declines: sums that agree with the release, and an empty reason that is no answer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::national::sheet::{Cell, Sheet};
use comity_replay::national::{self, Request};
use common::{Disk, Memory, files, library, well_formed, whole_library};

fn request() -> Request {
    Request { folder: "data/national".to_owned(), command: "test".to_owned(), ..Request::default() }
}

fn count(cell: &Cell) -> u64 {
    let Cell::Count(n) = cell else { panic!("{cell:?} is no count") };
    *n
}

fn sum(sheet: &Sheet, table: &str, column: &str) -> u64 {
    let table = sheet.table(table).unwrap();
    let at = table.columns.iter().position(|c| c.0 == column).unwrap();
    table.rows.iter().map(|r| count(&r[at])).sum()
}

#[test]
fn the_months_are_the_whole_release_and_the_rows_are_all_there() {
    let sheet = national::volumes(&request(), &whole_library(), &Disk).unwrap();
    well_formed(&sheet.html());
    assert_eq!(sum(&sheet, "volumes-months", "detainers"), 1_814_828);
    assert_eq!(sum(&sheet, "volumes-fiscal-years", "detainers"), 1_814_828);
    assert_eq!(sum(&sheet, "volumes-data-sets", "rows"), 32_757);
    let last = sheet.table("volumes-months").unwrap().rows.last().unwrap().clone();
    assert_eq!(
        (last[0].shown(), last[2].shown()),
        ("2015-07".to_owned(), "part of the month".to_owned())
    );
}

#[test]
fn declines_are_counted_by_year_county_facility_and_row() {
    let sheet = national::declined(&request(), &whole_library(), &Disk).unwrap();
    well_formed(&sheet.html());
    assert_eq!(sum(&sheet, "declined-years", "declined"), 20_241);
    assert_eq!(sum(&sheet, "declined-years", "detainers"), 1_814_828);
    assert_eq!(sum(&sheet, "declined-facilities", "declined"), 20_240);
    assert_eq!(sum(&sheet, "declined-counties", "declined"), 16_565);
    assert_eq!(sum(&sheet, "declined-rows-years", "declined"), 225);
    assert_eq!(sum(&sheet, "declined-rows-years", "not_recorded"), 11_229);
    assert_eq!(sum(&sheet, "declined-rows-counties", "detainers"), 32_757);
    assert_eq!(sum(&sheet, "declined-rows-facilities", "declined"), 225);
    assert!(
        sheet.text().contains("no rates of the county"),
        "the shares are said to be conditional"
    );
}

/// The toy study as the data set, and national tables of two rows.
fn toy(mapping: &str) -> Memory {
    files()
        .with("toy/mapping.toml", mapping)
        .with("n/counties.csv", "county_fips,county_name,state_name,total_population\n48453,travis county,texas,5\n")
        .with("n/lift-reasons.csv", "year,lift_reason,detainers\n2012,Detainer Declined by LEA,1\n2012,(no lift reason recorded),3\n2012,Died,4\n")
        .with("n/declined-county-years.csv", "county_fips,year,declined,not_declined_with_reason\n48453,2012,1,4\n")
        .with("n/declined-facility-years.csv", "year,facility,city,state,facility_kind,declined,not_declined_with_reason\n2012,<JAIL>,AUSTIN,TEXAS,city,1,4\n")
        .with("n/months.csv", "year_month,detainers\n2012-03,8\n")
        .with("n/programs.csv", "date,event\n")
}

fn toy_request() -> Request {
    Request {
        folder: "n".to_owned(),
        studies: vec!["toy/study.toml".to_owned()],
        command: "test".to_owned(),
        ..Request::default()
    }
}

#[test]
fn a_reason_that_is_not_recorded_is_neither_declined_nor_honored() {
    let words = "name = \"outcome\"\ndeclined = [\"RELEASED\"]\nnot_recorded = [\"\"]\n";
    let mapping = common::MAPPING.replace("name = \"outcome\"\n", words);
    let sheet = national::declined(&toy_request(), &library(), &toy(&mapping)).unwrap();
    well_formed(&sheet.html());
    let table = sheet.table("declined-rows-years").unwrap();
    // 2012: one held, one without a reason. 2013: one declined.
    let shown: Vec<Vec<String>> =
        table.rows.iter().map(|r| r.iter().map(Cell::shown).collect()).collect();
    assert_eq!(shown[0], ["2012", "2", "0", "1", "0.0%", "0.0%", "50.0%"]);
    assert_eq!(shown[1], ["2013", "1", "1", "0", "100.0%", "100.0%", "100.0%"]);
    let national: Vec<String> =
        sheet.table("declined-years").unwrap().rows[0].iter().map(Cell::shown).collect();
    assert_eq!(national, ["2012", "8", "1", "3", "20.0%", "12.5%", "50.0%"]);
}

#[test]
fn a_mapping_that_does_not_say_what_declined_means_is_said_to() {
    let sheet = national::declined(&toy_request(), &library(), &toy(common::MAPPING)).unwrap();
    assert!(sheet.text().contains("does not say which outcome means declined"));
    assert_eq!(sum(&sheet, "declined-rows-years", "declined"), 0);
}

#[test]
fn months_of_a_data_set_stand_beside_the_country() {
    let sheet = national::volumes(&toy_request(), &library(), &toy(common::MAPPING)).unwrap();
    let rows: Vec<Vec<String>> = sheet
        .table("volumes-data-sets")
        .unwrap()
        .rows
        .iter()
        .map(|r| r.iter().map(Cell::shown).collect())
        .collect();
    assert_eq!(rows[0], ["Toy rows", "2012-03", "1", "8", "12.5%"]);
    assert_eq!(rows[1], ["Toy rows", "2012-05", "1", "–", "–"]);
}

#[test]
fn cells_are_written_for_people_and_for_programs() {
    assert_eq!(Cell::Share(0.0003).shown(), "0.03%");
    assert_eq!(Cell::Share(0.9999).shown(), "99.99%");
    assert_eq!(Cell::Number(-1234.56).shown(), "−1,234.6");
    assert_eq!(Cell::Number(-0.01).shown(), "0.0");
    let mut table = comity_replay::national::sheet::Table::new("t", "c", &[("a", "A"), ("b", "B")]);
    table.push(vec![Cell::text("=1+1"), Cell::Share(1.0 / 3.0)]);
    assert_eq!(table.csv(), b"a,b\n'=1+1,0.333333\n");
}
