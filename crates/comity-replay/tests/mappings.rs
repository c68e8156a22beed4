//! Mappings and studies that are wrong say where, and what to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{CHARGE_TABLE, MAPPING, STUDY, files, replay};

fn mapping_error(from: &str, to: &str) -> comity_model::Diagnostic {
    assert!(MAPPING.contains(from), "{from}");
    let found = replay(&files().with("toy/mapping.toml", MAPPING.replace(from, to))).unwrap_err();
    found.into_iter().next().unwrap()
}

fn study_error(from: &str, to: &str) -> comity_model::Diagnostic {
    assert!(STUDY.contains(from), "{from}");
    let found = replay(&files().with("toy/study.toml", STUDY.replace(from, to))).unwrap_err();
    found.into_iter().next().unwrap()
}

#[test]
fn mapping_errors_have_a_place_and_a_next_step() {
    let cases = [
        ("\"request.form\"", "\"request.from\"", "unknown-field", "did you mean `request.form`?"),
        (
            "\"I-247\" = \"I-247\"",
            "\"I-247\" = \"I-248\"",
            "wrong-enum-value",
            "did you mean `I-247`?",
        ),
        (
            "read     = \"date\"",
            "read     = \"day\"",
            "unknown-read",
            "date, date-time, us-date, month-first, number, text or table",
        ),
        (
            "\"decision.on\"",
            "\"request.asks_hold\"",
            "wrong-type",
            "the fact's type is in docs/reference/facts.md; a column fills single facts only",
        ),
        (
            "\"us-tx.travis\"",
            "\"us-tx.travs\"",
            "unknown-place",
            "did you mean `us-tx.travis`? otherwise add it to policies/places.toml",
        ),
        ("[[ignored]]\nname", "[[ignored]]\nnme", "unknown-key", "did you mean `name`?"),
        (
            "row_id = \"row_id\"\nyear",
            "encoding = \"utf-9\"\nrow_id = \"row_id\"\nyear",
            "unknown-encoding",
            "utf-8 or windows-1252",
        ),
    ];
    for (from, to, code, help) in cases {
        let d = mapping_error(from, to);
        assert_eq!((d.code, d.help.as_str()), (code, help), "{d}");
        assert_eq!(d.file, "toy/mapping.toml");
        assert!(d.line > 1, "{d}");
    }
}

#[test]
fn a_fact_cannot_be_unknown_and_assumed() {
    let both = format!(
        "{MAPPING}\n[[assume]]\nfact = \"person.removable\"\nvalue = true\nwhy = \"x\"\n[[unknown]]\nfact = \"person.removable\"\nwhy = \"y\"\n"
    );
    let found = replay(&files().with("toy/mapping.toml", both)).unwrap_err();
    assert_eq!(found[0].code, "contradictory-mapping");
}

#[test]
fn study_errors_have_a_place_and_a_next_step() {
    let cases = [
        ("us-tx.toy.2010", "us-tx.toy.2011", "unknown-policy"),
        ("channel = \"hold\"", "channel = \"hodl\"", "unknown-channel"),
        ("side    = \"local\"", "side    = \"both\"", "unknown-side"),
        ("under   = [\"us-tx.toy.2010\"]", "", "missing-key"),
        ("complete = [\"charges\", \"convictions\"]", "complete = [\"chargs\"]", "unknown-field"),
        (
            "id      = \"toy\"\ntitle   = \"The toy\"",
            "id      = \"as-recorded\"\ntitle   = \"The toy\"",
            "duplicate-id",
        ),
    ];
    for (from, to, code) in cases {
        let d = study_error(from, to);
        assert_eq!(d.code, code, "{d}");
        assert_eq!(d.file, "toy/study.toml");
    }
}

#[test]
fn a_bad_charge_table_names_its_line() {
    let bad = CHARGE_TABLE.replace("PAROLE,*,revocation", "PAROLE,*,revolution");
    let found = replay(&files().with("toy/charge-table.csv", bad)).unwrap_err();
    assert_eq!((found[0].code, found[0].line), ("bad-table", 3));
    let twice = format!("{CHARGE_TABLE}{}\n", CHARGE_TABLE.lines().nth(1).unwrap());
    let found = replay(&files().with("toy/charge-table.csv", twice)).unwrap_err();
    assert_eq!(found[0].message, "the row is listed twice");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let mut without = files();
    without.0.remove("toy/charges.csv");
    let found = replay(&without).unwrap_err();
    assert_eq!(found[0].message, "toy/charges.csv is not there");
}
