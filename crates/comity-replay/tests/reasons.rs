//! Reasons of declines: inferred from the law in force, with bounds, and never more than is known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_model::Day;
use comity_policy::{Library, PolicyFile};
use comity_replay::national::counties::Counties;
use comity_replay::national::law::Law;
use comity_replay::national::listed::List;
use comity_replay::national::reasons::{Reason, Reasons};
use comity_replay::national::sheet::{Cell, Sheet};
use comity_replay::national::sources::Sources;
use comity_replay::national::{self, Request};
use common::{Disk, Memory, well_formed, whole_library};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

const LIST_HEAD: &str = "row_id,jurisdiction,level,county_fips,in_force_earliest,in_force_latest,limit_class,covers_county_jail,end_date,confidence\n";

fn toy(list: &str) -> Memory {
    let request = |more: &str| {
        format!(
            "on = 2012-01-01\nat = \"us-tx\"\nnot_listed = \"no\"\nfacts = {{ request = {{ form = \"I-247\", asks_hold = true }}{more} }}\n"
        )
    };
    Memory::default()
        .with(
            "n/counties.csv",
            "county_fips,county_name,state_name,total_population\n48001,anderson county,texas,100\n48453,travis county,texas,300\n",
        )
        .with("n/jurisdictions.csv", format!("{LIST_HEAD}{list}"))
        .with(
            "n/jurisdictions-unnamed.csv",
            "state_fips,counties_unnamed,in_force_earliest,in_force_latest\n",
        )
        .with("n/ordinary-request.toml", request(""))
        .with("n/gravest-request.toml", request(", convictions = [{ level = \"felony\" }]"))
}

fn library(policy: &str) -> Library {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), bytes: text.into() };
    Library::load(&[file("places.toml", common::PLACES), file("x.toml", policy)]).unwrap()
}

/// The reason in Anderson County on a day, and in a year.
fn reason(policy: &str, list: &str, on: &str) -> (Reason, Reason) {
    let (files, library) = (toy(list), library(policy));
    let sources = Sources::new(&files, "n");
    let counties = Counties::read(&sources).unwrap();
    let list = List::read(&sources, &counties).unwrap();
    let law = Law::read(&library, &sources).unwrap();
    let reasons = Reasons { law: &law, list: &list };
    (reasons.on("48001", day(on)).reason, reasons.in_year("48001", &on[..4]).reason)
}

fn silent() -> String {
    common::POLICY.replace("from = 2010-01-01", "from = 2030-01-01")
}

#[test]
fn an_exception_for_the_grave_leaves_two_readings() {
    let both = (Reason::Exception, Reason::Exception);
    assert_eq!(reason(common::POLICY, "", "2012-06-01"), both);
}

#[test]
fn a_law_without_exceptions_required_every_decline() {
    let policy =
        common::POLICY.replace("convictions.exists(c, c.level == 'felony')", "person.us_citizen");
    assert_eq!(reason(&policy, "", "2012-06-01"), (Reason::Policy, Reason::Policy));
}

#[test]
fn a_law_that_begins_in_the_year_leaves_the_year_undetermined() {
    let policy = common::POLICY.replace("from = 2010-01-01", "from = 2012-05-10");
    assert_eq!(reason(&policy, "", "2012-06-01"), (Reason::Exception, Reason::Undetermined));
    assert_eq!(reason(&policy, "", "2012-05-09").0, Reason::Undetermined);
    assert_eq!(reason(&policy, "", "2013-06-01").1, Reason::Exception);
}

#[test]
fn the_list_speaks_where_the_library_is_silent_and_windows_settle_nothing() {
    let row = |class: &str, confidence: &str| {
        format!("1,Anderson,county,48001,2011-01-01,2012-03-15,{class},yes,,{confidence}\n")
    };
    let cases = [
        ("all_detainers", "high", Reason::Policy),
        ("warrant_or_probable_cause", "medium", Reason::Policy),
        ("serious_offense_only", "high", Reason::Exception),
        ("unspecified", "high", Reason::Undetermined),
        ("all_detainers", "low", Reason::Undetermined),
    ];
    for (class, confidence, want) in cases {
        let list = row(class, confidence);
        assert_eq!(reason(&silent(), &list, "2012-06-01").0, want, "{class} {confidence}");
        // The window was still open early in 2012.
        assert_eq!(reason(&silent(), &list, "2012-01-05").0, Reason::Undetermined);
        assert_eq!(reason(&silent(), &list, "2012-06-01").1, Reason::Undetermined);
        assert_eq!(reason(&silent(), &list, "2013-06-01").1, want);
    }
    assert_eq!(reason(&silent(), "", "2012-06-01").0, Reason::Undetermined);
}

#[test]
fn bounds_follow_from_the_reason() {
    assert_eq!(Reason::Policy.required(7), (7, 7));
    assert_eq!(Reason::Allowed.required(7), (0, 0));
    assert_eq!(Reason::Exception.required(7), (0, 7));
    assert_eq!(Reason::Undetermined.required(7), (0, 7));
}

fn sum(sheet: &Sheet, table: &str, column: &str) -> u64 {
    let table = sheet.table(table).unwrap();
    let at = table.columns.iter().position(|c| c.0 == column).unwrap();
    let rows = table.rows.iter().filter(|r| r[0] != Cell::text("all"));
    rows.map(|r| if let Cell::Count(n) = r[at] { n } else { panic!("{r:?}") }).sum()
}

#[test]
fn every_decline_has_one_reason_and_the_page_says_that_it_is_inferred() {
    let request = Request {
        folder: "data/national".to_owned(),
        command: "test".to_owned(),
        ..Request::default()
    };
    let sheet = national::reasons(&request, &whole_library(), &Disk).unwrap();
    well_formed(&sheet.html());
    assert_eq!(sum(&sheet, "reasons-years", "declined"), 20_241);
    let parts = ["policy", "policy_or_exception", "allowed", "undetermined"];
    assert_eq!(parts.map(|p| sum(&sheet, "reasons-years", p)).iter().sum::<u64>(), 20_241);
    assert_eq!(sum(&sheet, "reasons-county-years", "declined"), 16_565);
    let rows = sheet.table("reasons-county-years").unwrap();
    assert_eq!(rows.rows.len(), 864);
    assert_eq!(sum(&sheet, "reasons-rows-years", "declined"), 225);
    assert_eq!(sum(&sheet, "reasons-rows-counties", "declined"), 225);
    // Philadelphia's order of 2014 forbade holds without a judge's warrant.
    let of = |name: &str| {
        sheet
            .table("reasons-rows-counties")
            .unwrap()
            .rows
            .iter()
            .filter(|r| {
                r[0] == Cell::text("City and County of Philadelphia") && r[1] == Cell::text(name)
            })
            .count()
    };
    assert!(of("policy") > 0);
    assert!(sheet.html().matches("nferred").count() > 5);
    assert!(sheet.receipt.policies.iter().any(|p| p.id == "us-pa.philadelphia.eo-1-14"));
}
