//! The tables of the generator: derived from the public files, in step with the places, and
//! no match for broken bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod generated;

use comity_model::place::{PlaceKind, Places};
use comity_model::{Diagnostic, SourceText};
use comity_replay::Files;
use comity_replay::generate::derive::derive;
use comity_replay::generate::settings::Settings;
use comity_replay::generate::tables::{Embedded, FILES, Tables};
use generated::{Disk, root};
use std::io::Read;

#[test]
fn the_tables_are_what_the_public_files_give() {
    let root = root();
    let derived = derive(&Disk, &root.join("data").display().to_string()).unwrap();
    // All files but the two that are written by hand.
    assert_eq!(derived.len(), FILES.len() - 2);
    for (name, text) in derived {
        let committed = std::fs::read_to_string(root.join("data/synthetic").join(name)).unwrap();
        assert!(
            committed == text,
            "data/synthetic/{name} is not what data/ gives: run `comity generate --recalibrate data --out data/synthetic`"
        );
    }
}

#[test]
fn places_are_those_of_the_policy_library() {
    let text = std::fs::read_to_string(root().join("policies/places.toml")).unwrap();
    let source = SourceText { name: "policies/places.toml", text: &text };
    let places = Places::parse(&source).unwrap();
    let tables = Tables::embedded().unwrap();
    for place in places.iter().filter(|p| p.kind == PlaceKind::State) {
        let state = tables.states.iter().find(|s| s.place == place.code.0);
        let state = state.unwrap_or_else(|| panic!("{}", place.name));
        assert_eq!(place.circuit, Some(i64::from(state.circuit)), "{}", place.name);
    }
    let mut known = 0;
    for place in places.iter().filter(|p| p.fips.len() == 5) {
        let Some(county) = tables.counties.iter().find(|c| c.fips == place.fips) else { continue };
        known += 1;
        assert_eq!(county.place, place.code.0, "{}", place.name);
        let city =
            if place.kind == PlaceKind::Consolidated { county.place.as_str() } else { "none" };
        assert_eq!(county.city, city, "{}", place.name);
    }
    assert!(known > 90, "{known} counties of the library have rows");
}

#[test]
fn every_table_says_where_it_comes_from() {
    let tables = Tables::embedded().unwrap();
    for name in FILES.iter().filter(|n| **n != "national.toml") {
        let source = tables.settings.sources.iter().find(|s| s.file == *name);
        let source = source.unwrap_or_else(|| panic!("{name} has no source in national.toml"));
        assert!(!source.source.is_empty() && !source.derivation.is_empty(), "{name}");
    }
    assert_eq!(tables.settings.sources.len(), FILES.len() - 1, "a source without its table");
}

/// The carried tables with one of them changed.
struct Changed<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

impl Files for Changed<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        if path.ends_with(self.name) { Ok(Box::new(self.bytes)) } else { Embedded.open(path) }
    }
}

fn load(name: &str, text: &str) -> Result<Tables, Vec<Diagnostic>> {
    Tables::load(&Changed { name, bytes: text.as_bytes() }, "here")
}

#[test]
fn a_wrong_table_names_its_file_line_and_cell() {
    for (name, text, wanted) in [
        ("ages.csv", "from_years,to_years,weight\n18,24,x\n", "`x` in column `weight`"),
        ("ages.csv", "from_years,to_years,weight\n30,24,1\n", "`24` in column `to_years`"),
        ("stays.csv", "days\n3\n", "no column `weight`"),
        ("stays.csv", "days,weight\n3,0\n", "no weights"),
        ("weekdays.csv", "weekday,weight\n8,1\n", "`8` in column `weekday`"),
        ("months.csv", "month,weight,days\n2011-02,5,29\n", "`29` in column `days`"),
        ("months.csv", "month,weight,days\n2011-02,5,28\n2011-04,5,28\n", "month after"),
        ("months.csv", "month,weight,days\n2019-02,5,28\n", "`2019-02`"),
        ("forms.csv", "month,form,form_version,weight\n2011-02,I-999,2010-08,1\n", "`I-999`"),
        (
            "counties.csv",
            "county_fips,place,city,activated_on,weight\n1,us-zz.x,none,,1\n",
            "us-zz.x",
        ),
        ("offenses.csv", "list,category\ncharges,dui\n", "no column `level`"),
        ("published.csv", "what,group,label,value\nmonth,,2011-02,NaN\n", "`NaN`"),
    ] {
        let found = load(name, text).err().unwrap_or_else(|| panic!("{name}: {text}"));
        assert!(found[0].message.contains(wanted), "{name}: {}", found[0].message);
        assert!(found[0].file.ends_with(name), "{name}: {}", found[0].file);
        assert!(found[0].line > 0);
    }
}

#[test]
fn wrong_settings_are_found_with_their_place() {
    let mut bytes = Vec::new();
    Embedded.open("national.toml").unwrap().read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    for (from, to, wanted) in [
        ("parts  = 477_000", "parts  = 2_000_000", "0 to 1000000"),
        ("parts  = 477_000", "parts  = 900_000", "more than a million"),
        ("name   = \"age_unknown\"", "name   = \"age_unknwn\"", "no rate `age_unknwn`"),
        ("fact  = \"person.final_order\"", "fact  = \"person.final_ordr\"", "no fact"),
        ("fact  = \"person.final_order\"", "fact  = \"person.removable\"", "filled already"),
        ("fact  = \"person.final_order\"", "fact  = \"person.born_on\"", "neither yes/no"),
        ("parts = { yes = 1 }", "parts = { yes = 0 }", "all zero"),
        ("parts = { yes = 1 }", "parts = { maybe = 1 }", "no key `maybe`"),
        ("[lists.charges]", "[lists.chrges]", "lists.charges"),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let found = Settings::parse("national.toml", changed.as_bytes()).unwrap_err();
        assert!(found.iter().any(|d| d.message.contains(wanted) && d.line > 0), "{to}: {found:?}");
    }
}

#[test]
fn broken_bytes_are_an_error_and_never_a_panic() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    };
    let (mut refused, rounds) = (0, 400);
    for round in 0..rounds {
        let name = FILES[round % FILES.len()];
        let mut bytes = Vec::new();
        Embedded.open(name).unwrap().read_to_end(&mut bytes).unwrap();
        // The long tables are cut, so that the changes meet what is read.
        bytes.truncate(4_000);
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, b"\",\n\0=[-9\xff"[next(9)]),
                2 if at < bytes.len() => bytes[at] = next(256) as u8,
                _ => {
                    let copy: Vec<u8> = bytes.iter().skip(at).take(40).copied().collect();
                    bytes.splice(at..at, copy);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        match Tables::load(&Changed { name, bytes: &bytes }, "here") {
            Ok(tables) => assert!(!tables.months.is_empty()),
            Err(found) => {
                assert!(found.iter().all(|d| !d.message.is_empty()));
                refused += 1;
            }
        }
    }
    assert!(refused > rounds / 4, "{refused} of {rounds} were refused");
}
