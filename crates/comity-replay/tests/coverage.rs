//! Coverage: the list read by its windows, the library before it, and nobody counted who is unknown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_model::{Day, Diagnostic};
use comity_policy::{Library, PolicyFile};
use comity_replay::Files;
use comity_replay::national::counties::Counties;
use comity_replay::national::coverage::{Coverage, Measure, Reading, Status};
use comity_replay::national::law::Law;
use comity_replay::national::listed::{Holds, List};
use comity_replay::national::sources::Sources;
use comity_replay::national::unauthorized::Unauthorized;
use comity_replay::national::{self, Request};
use common::{Disk, Memory, well_formed, whole_library};

const FOLDER: &str = "data/national";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn request() -> Request {
    Request {
        folder: FOLDER.to_owned(),
        on: Some(day("2015-07-01")),
        from: Some(day("2014-01-01")),
        to: Some(day("2014-02-01")),
        command: "comity report coverage".to_owned(),
        ..Request::default()
    }
}

/// Asks one reading of the sources given.
fn measure(files: &dyn Files, library: &Library, on: &str, reading: Reading) -> Measure {
    let sources = Sources::new(files, FOLDER);
    let counties = Counties::read(&sources).unwrap();
    let list = List::read(&sources, &counties).unwrap();
    let law = Law::read(library, &sources).unwrap();
    let coverage = Coverage { counties: &counties, list: &list, law: &law, unauthorized: None };
    coverage.measure(day(on), reading)
}

fn per_mille(share: f64) -> i64 {
    (share * 1000.0).round() as i64
}

#[test]
fn the_list_gives_the_published_counts_of_mid_2015() {
    let library = whole_library();
    let m = measure(&Disk, &library, "2015-07-01", Reading::List);
    assert_eq!((m.surely, m.cities.len(), m.states.len(), m.district), (273, 13, 3, true));
    assert_eq!(m.states.iter().collect::<Vec<_>>(), ["06", "09", "44"]);
    assert_eq!(per_mille(m.population), 332);
    // With contested rows and the counties of Pennsylvania that nobody named: 342 places.
    let m = measure(&Disk, &library, "2015-07-01", Reading::ListWithContested);
    assert_eq!(m.surely + 27 + m.cities.len() as u64, 342);
    assert_eq!(per_mille(m.population), 345);
}

#[test]
fn the_library_answers_before_the_list() {
    let library = whole_library();
    let sources = Sources::new(&Disk, FOLDER);
    let counties = Counties::read(&sources).unwrap();
    let list = List::read(&sources, &counties).unwrap();
    let law = Law::read(&library, &sources).unwrap();
    let coverage = Coverage { counties: &counties, list: &list, law: &law, unauthorized: None };
    let at = |fips: &str, on: &str| {
        let s = coverage.statuses(day(on), Reading::LibraryThenList).remove(fips).unwrap();
        (s.status, s.by)
    };
    // Texas required holds from September 2017; before, only a contested row speaks of Travis.
    assert_eq!(at("48453", "2015-07-01"), (Status::Contested, "list"));
    assert_eq!(at("48453", "2018-07-01"), (Status::Requires, "library"));
    assert_eq!(at("48001", "2018-07-01"), (Status::Requires, "library"));
    // California's counties by its law, also those that the library does not name.
    assert_eq!(at("06115", "2015-07-01"), (Status::Limits, "library"));
    // The jails of New York City are the city's own, in five counties.
    assert_eq!(at("36047", "2015-07-01"), (Status::Limits, "library"));
    // A ruling that leaves Pennsylvania's counties free says nothing about any one of them.
    assert_eq!(at("42077", "2014-07-01"), (Status::Limits, "list"));
    assert_eq!(at("42001", "2015-07-01"), (Status::Unknown, ""));
    // Nobody speaks of Alabama's jails in 2012.
    assert_eq!(at("01001", "2012-01-01"), (Status::Unknown, ""));
}

const COUNTIES: &str = "\
county_fips,county_name,state_name,total_population
48001,anderson county,texas,100
48003,andrews county,texas,300
01001,autauga county,alabama,600
72001,adjuntas,puerto rico,1000
";

const LIST_HEAD: &str = "row_id,jurisdiction,level,county_fips,in_force_earliest,in_force_latest,limit_class,covers_county_jail,end_date,confidence\n";

fn toy(list: &str) -> Memory {
    Memory::default()
        .with("data/national/counties.csv", COUNTIES)
        .with("data/national/jurisdictions.csv", format!("{LIST_HEAD}{list}"))
        .with(
            "data/national/jurisdictions-unnamed.csv",
            "state_fips,counties_unnamed,in_force_earliest,in_force_latest\n",
        )
        .with("data/national/programs.csv", "date,event\n2014-11-20,\"an end, of <something>\"\n")
        .with(
            "data/national/gravest-request.toml",
            "on = 2012-01-01\nat = \"us-tx\"\nnot_listed = \"no\"\nfacts = { request = { form = \"I-247\", asks_hold = true }, convictions = [{ level = \"felony\" }] }\n",
        )
        .with(
            "data/national/ordinary-request.toml",
            "on = 2012-01-01\nat = \"us-tx\"\nnot_listed = \"no\"\nfacts = { request = { form = \"I-247\", asks_hold = true } }\n",
        )
}

/// A library whose only policy begins in 2030.
fn silent_library() -> Library {
    let policy = common::POLICY.replace("from = 2010-01-01", "from = 2030-01-01");
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), bytes: text.into() };
    Library::load(&[file("places.toml", common::PLACES), file("x.toml", &policy)]).unwrap()
}

#[test]
fn a_window_is_a_bound_and_an_end_in_a_month_is_one_too() {
    let files =
        toy("1,Anderson,county,48001,2014-01-10,2014-02-10,all_detainers,yes,2014-06,high\n");
    let sources = Sources::new(&files, FOLDER);
    let counties = Counties::read(&sources).unwrap();
    let list = List::read(&sources, &counties).unwrap();
    let holds = |on: &str| list.county("48001", day(on), false).holds;
    let expected = [
        ("2014-01-09", Holds::No),
        ("2014-01-10", Holds::Possibly),
        ("2014-02-09", Holds::Possibly),
        ("2014-02-10", Holds::Surely),
        ("2014-05-31", Holds::Surely),
        ("2014-06-01", Holds::Possibly),
        ("2014-06-29", Holds::Possibly),
        ("2014-06-30", Holds::No),
    ];
    for (on, want) in expected {
        assert_eq!(holds(on), want, "{on}");
    }
}

#[test]
fn contested_rows_cities_and_unknown_counties_are_never_counted_as_limiting() {
    let files = toy(
        "1,Anderson,county,48001,2014-01-01,2014-01-01,all_detainers,yes,,low\n2,A city,city,48003,2014-01-01,2014-01-01,all_detainers,no,,high\n",
    );
    let library = silent_library();
    let m = measure(&files, &library, "2014-07-01", Reading::LibraryThenList);
    assert_eq!((m.surely, m.more, m.cities.len()), (0, 1, 1));
    assert!(m.population.abs() < 1e-9 && (m.population_most - 0.1).abs() < 1e-9);
    let m = measure(&files, &library, "2014-07-01", Reading::ListWithContested);
    assert_eq!((m.surely, m.more), (1, 0));
}

#[test]
fn the_policy_of_a_state_speaks_for_counties_that_the_library_does_not_name() {
    let files = toy("");
    let m = measure(&files, &common::library(), "2012-01-01", Reading::LibraryThenList);
    assert_eq!((m.surely, m.states.len()), (2, 1), "both counties of Texas, none of Alabama");
    assert!((m.population - 0.4).abs() < 1e-9, "Puerto Rico is not counted");
}

fn estimates(text: &str) -> Result<Option<Unauthorized>, Vec<Diagnostic>> {
    let files = toy("").with("mine.csv", text);
    let sources = Sources::new(&files, FOLDER);
    let counties = Counties::read(&sources).unwrap();
    Unauthorized::read(&sources, &counties, &["mine.csv".to_owned()])
}

#[test]
fn a_state_that_is_covered_whole_counts_by_its_own_estimate() {
    let files = toy("");
    let sources = Sources::new(&files, FOLDER);
    let counties = Counties::read(&sources).unwrap();
    let text = "fips,unauthorized_population\nUS,1000\n48,500\n48001,100\n01001,\n";
    let u = estimates(text).unwrap().unwrap();
    let share = |codes: &[&str]| u.share_at_least(&counties, &codes.iter().copied().collect());
    assert!((share(&["48001"]) - 0.1).abs() < 1e-9);
    assert!((share(&["48003"])).abs() < 1e-9, "no estimate counts nothing");
    assert!((share(&["48001", "48003"]) - 0.5).abs() < 1e-9);
    // Names of states and of their own columns, as publishers write them.
    let text = "state,unauthorized_population,share\nUnited States,1000,1\nTexas,500,.5\n\"* a note, long\",,\n";
    let u = estimates(text).unwrap().unwrap();
    assert!((u.share_at_least(&counties, &["48001", "48003"].into()) - 0.5).abs() < 1e-9);
}

#[test]
fn a_wrong_file_of_estimates_says_what_to_do() {
    let cases = [
        ("fips,unauthorized\n48,500\n", "missing-total"),
        ("fips,persons\nUS,500\n", "missing-column"),
        ("fips,unauthorized\nUS,many\n", "unreadable-cell"),
        ("fips,unauthorized\nUS,5\nTexsa,5\n", "unreadable-cell"),
        ("fips,unauthorized\nUS,-5\n", "unreadable-cell"),
        ("fips,unauthorized\nUS,inf\n", "unreadable-cell"),
    ];
    for (text, code) in cases {
        let found = estimates(text).map(|_| ()).unwrap_err();
        assert_eq!(found[0].code, code, "{}", found[0]);
    }
}

#[test]
fn a_bad_cell_is_named_by_file_line_and_column() {
    let cases = [
        ("1,A,county,48001,2014-13-01,2014-02-10,x,yes,,high\n", "in_force_earliest"),
        ("1,A,county,48001,2014-03-01,2014-02-10,x,yes,,high\n", "in_force_latest"),
        ("1,A,county,48,2014-01-01,2014-02-10,x,yes,,high\n", "county_fips"),
        ("1,A,shire,48001,2014-01-01,2014-02-10,x,yes,,high\n", "level"),
        ("1,A,county,48001,2014-01-01,2014-02-10,x,perhaps,,high\n", "covers_county_jail"),
        ("1,A,county,48001,2014-01-01,2014-02-10,x,yes,soon,high\n", "end_date"),
        ("1,A,county,48001,2014-01-01,2014-02-10,x,yes,,sure\n", "confidence"),
    ];
    for (row, column) in cases {
        let files = toy(row);
        let sources = Sources::new(&files, FOLDER);
        let counties = Counties::read(&sources).unwrap();
        let d = List::read(&sources, &counties).map(|_| ()).unwrap_err().remove(0);
        assert!(d.message.contains(&format!("`{column}`")), "{d}");
        assert_eq!((d.file.as_str(), d.line), ("data/national/jurisdictions.csv", 2));
    }
    let short = toy("1,A,county\n");
    let sources = Sources::new(&short, FOLDER);
    let counties = Counties::read(&sources).unwrap();
    assert_eq!(List::read(&sources, &counties).map(|_| ()).unwrap_err()[0].code, "unreadable-row");
}

#[test]
fn the_page_is_well_formed_and_every_number_of_it_is_in_the_files() {
    let sheet = national::coverage(&request(), &whole_library(), &Disk).unwrap();
    let page = sheet.html();
    well_formed(&page);
    for outside in ["<script", "<link", "src=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("not carried"), "the page says what is missing");
    let files = sheet.files();
    let names: Vec<&str> = files.iter().map(|(n, _)| n.as_str()).collect();
    for name in ["coverage.csv", "coverage-months.csv", "report.json", "report.html"] {
        assert!(names.contains(&name), "{name}");
    }
    // The receipt has the hash of every table that lies beside the page.
    for (name, bytes) in files.iter().filter(|(n, _)| n.ends_with(".csv")) {
        let hash = comity_replay::receipt::sha256(bytes);
        let out = sheet.receipt.outputs.iter().find(|f| f.name == *name).unwrap();
        assert_eq!(out.sha256, hash, "{name}");
    }
    assert!(sheet.receipt.policies.iter().any(|p| p.id == "us-ca.trust-act.2014"));
    let json = sheet.json();
    assert_eq!(json["tables"]["coverage"][1]["counties_surely"], 273);
    assert_eq!(
        json["tables"]["coverage"][0]["share_unauthorized_at_least"],
        serde_json::Value::Null
    );
    assert!(sheet.text().contains("list alone"));
}

#[test]
fn a_missing_folder_says_how_to_name_another() {
    let found = national::coverage(&request(), &silent_library(), &Memory::default()).unwrap_err();
    assert_eq!(found[0].code, "unreadable-file");
    assert!(found[0].help.contains("--data"), "{}", found[0]);
}

/// Small steps of a fixed sequence: the same bytes on every run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

#[test]
fn any_bytes_give_a_report_or_findings_with_a_file() {
    let library = silent_library();
    let base =
        toy("1,Anderson,county,48001,2014-01-10,2014-02-10,all_detainers,yes,2014-06,high\n");
    let names: Vec<String> = base.0.keys().cloned().collect();
    let mut seed = 7;
    let mut made = 0;
    for _ in 0..1_500 {
        let mut files = base.clone();
        let name = &names[next(&mut seed) % names.len()];
        let bytes = files.0.get_mut(name).unwrap();
        for _ in 0..=next(&mut seed) % 4 {
            let at = next(&mut seed) % bytes.len();
            match next(&mut seed) % 3 {
                0 => bytes[at] = next(&mut seed) as u8,
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, b",\"\n\0-9"[next(&mut seed) % 6]),
            }
        }
        match national::coverage(&request(), &library, &files) {
            Ok(sheet) => made += usize::from(!sheet.html().is_empty()),
            Err(found) => assert!(found.iter().all(|d| !d.message.is_empty()), "{found:?}"),
        }
    }
    // Some changes are harmless: a letter of a name, a later day.
    assert!((20..1_500).contains(&made), "{made}");
}
