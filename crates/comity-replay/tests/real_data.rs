//! The two real sets: the tables know every value, and every row comes out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::charges::{ChargeBook, ChargeLine, NotKnown};
use comity_replay::{Failure, Replay, Request, run};
use common::{Disk, root, whole_library};
use std::collections::BTreeSet;
use std::fs;

fn replay(study: &str) -> (Replay, u64) {
    let request =
        Request { study: study.to_owned(), command: "test".to_owned(), ..Request::default() };
    let mut rows = Vec::new();
    match run(&request, &whole_library(), &Disk, &mut rows, &mut |_| {}) {
        Ok(replay) => {
            let lines = csv::Reader::from_reader(rows.as_slice()).into_records().count() as u64;
            (replay, lines)
        }
        Err(Failure::Found(found)) => panic!("{}", found[0]),
        Err(Failure::Output(e)) => panic!("{e}"),
    }
}

fn read(path: &str) -> Vec<u8> {
    fs::read(root().join(path)).unwrap()
}

fn column(path: &str, name: &str) -> Vec<String> {
    let bytes = read(path);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let at = reader.headers().unwrap().iter().position(|h| h == name).unwrap();
    reader.records().map(|r| r.unwrap()[at].to_owned()).collect()
}

fn book() -> ChargeBook {
    let table = |name: &str| read(&format!("data/travis-tx/{name}"));
    ChargeBook::parse(
        ("charge-table.csv", &table("charge-table.csv")),
        ("levels.csv", &table("levels.csv")),
        ("dispositions.csv", &table("dispositions.csv")),
    )
    .unwrap_or_else(|e| panic!("{}", e[0]))
}

const LINES: &str = "data/travis-tx/bookings-charges.csv";

#[test]
fn the_travis_tables_know_every_text_level_and_disposition() {
    let book = book();
    let (texts, levels, dispositions) =
        (column(LINES, "charge_text"), column(LINES, "level"), column(LINES, "disposition"));
    assert_eq!(texts.len(), 24_700);
    for ((text, level), disposition) in texts.iter().zip(&levels).zip(&dispositions) {
        let line = ChargeLine {
            text: text.clone(),
            level: level.clone(),
            disposition: disposition.clone(),
        };
        assert_eq!(book.not_known(&line), NotKnown::default(), "{line:?}");
    }
}

#[test]
fn the_travis_table_has_no_text_that_the_data_do_not_have() {
    let in_data: BTreeSet<String> = column(LINES, "charge_text").into_iter().collect();
    let in_table: BTreeSet<String> =
        column("data/travis-tx/charge-table.csv", "charge_text").into_iter().collect();
    assert_eq!(in_data, in_table);
    assert_eq!(in_table.len(), 133);
}

#[test]
fn every_reviewed_charge_of_the_penal_code_has_its_section() {
    let kinds = column("data/travis-tx/charge-table.csv", "kind");
    let statutes = column("data/travis-tx/charge-table.csv", "statute");
    for (kind, statute) in kinds.iter().zip(&statutes) {
        assert!(
            kind != "offense"
                || statute.contains("§")
                || statute.contains("ch.")
                || statute.contains("title"),
            "{statute}"
        );
    }
}

#[test]
fn every_travis_row_comes_out_and_every_line_is_accounted_for() {
    let (replay, lines) = replay("data/travis-tx/study.toml");
    assert_eq!((replay.tally.rows.read, lines), (9_489, 9_489));
    assert!(replay.tally.rows.is_whole());
    assert_eq!(replay.tally.rows.rejected, 0);
    let joined = replay.joined.as_ref().unwrap();
    assert_eq!(joined.lines, 24_700);
    assert!(joined.is_whole(), "{joined:?}");
    assert_eq!((joined.orphans, joined.rejected), (0, 0));
    assert!(replay.is_clean());
    for view in &replay.tally.views {
        for regime in &view.regimes {
            let c = &regime.all;
            assert_eq!(c.rows, c.must + c.may + c.must_not + c.undetermined, "{}", regime.regime);
            assert_eq!(c.rows, 9_489);
        }
    }
    // Without a fact that forbids or allows, the regulation leaves the choice to the jail.
    let texas =
        replay.tally.views[0].regimes.iter().find(|r| r.regime == "texas-before-2017").unwrap();
    assert_eq!(texas.all.may, 9_489);
    // Whether there are earlier convictions is not in the data: the first view never forbids for want of one.
    let trust = replay.tally.views[0].regimes.iter().find(|r| r.regime == "trust-act").unwrap();
    assert_eq!(trust.all.must_not, 0);
    assert!(trust.all.needs.contains_key("convictions"));
}

#[test]
fn every_pennsylvania_row_comes_out() {
    let (replay, lines) = replay("data/pennsylvania/study.toml");
    assert_eq!((replay.tally.rows.read, lines), (32_757, 32_757));
    assert!(replay.tally.rows.is_whole());
    assert_eq!(replay.problems, vec![], "the mapping knows every value");
}
