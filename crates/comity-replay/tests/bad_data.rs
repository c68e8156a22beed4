//! Bad data: every problem is counted with its rows and column, and no row is lost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::Replay;
use comity_replay::problem::{Kind, Problem};
use common::{DATA, MAPPING, files, replay, with_data};

fn problem<'a>(replay: &'a Replay, kind: Kind, column: &str) -> &'a Problem {
    let found = replay.problems.iter().find(|p| p.kind == kind && p.column == column);
    found.unwrap_or_else(|| panic!("no {kind:?} in {column:?}: {:?}", replay.problems))
}

/// Every input row is in the output, and in exactly one of three states.
fn whole(replay: &Replay, rows: &[Vec<String>], want: u64) {
    assert!(replay.tally.rows.is_whole(), "{:?}", replay.tally.rows);
    assert_eq!(replay.tally.rows.read, want);
    assert_eq!(rows.len() as u64, want + 1, "header and one line a row");
    assert!(replay.joined.as_ref().is_none_or(comity_replay::joined::JoinedCounts::is_whole));
}

#[test]
fn good_rows_are_decided_or_undetermined() {
    let (replay, rows) = replay(&files()).unwrap();
    whole(&replay, &rows, 3);
    assert_eq!(replay.problems, vec![]);
    assert_eq!(
        rows[0],
        [
            "line",
            "row_id",
            "year",
            "status",
            "reason",
            "outcome",
            "toy",
            "toy:needs",
            "nothing-more:toy",
            "nothing-more:toy:needs"
        ]
    );
    assert_eq!(rows[1], ["2", "1", "2012", "decided", "", "HELD", "may", "", "may", ""]);
    assert_eq!(
        rows[2],
        ["3", "2", "2012", "undetermined", "", "", "may|must_not", "convictions", "must_not", ""]
    );
    // Parole implies a felony conviction of an unknown kind.
    assert_eq!(rows[3], ["4", "3", "2013", "decided", "", "RELEASED", "may", "", "may", ""]);
    let joined = replay.joined.as_ref().unwrap();
    assert_eq!((joined.lines, joined.charges, joined.convictions), (4, 3, 3));
    assert_eq!(joined.set_aside.get("an entry error"), Some(&1));
}

#[test]
fn two_runs_give_the_same_bytes_and_receipt() {
    let (a, rows_a) = replay(&files()).unwrap();
    let (b, rows_b) = replay(&files()).unwrap();
    assert_eq!(rows_a, rows_b);
    assert_eq!(a.receipt, b.receipt);
    let roles: Vec<&str> = a.receipt.inputs.iter().map(|f| f.role.as_str()).collect();
    assert_eq!(
        roles,
        ["study", "mapping", "charge table", "level table", "disposition table", "joined", "data"]
    );
    assert_eq!(a.receipt.policies.len(), 1);
    let page = comity_replay::report::html::page(&a);
    assert_eq!(page, comity_replay::report::html::page(&b));
}

#[test]
fn a_missing_column_leaves_its_fact_unknown_for_every_row() {
    let (replay, rows) =
        with_data("row_id,booked,age,outcome\n1,2012-03-01,3,X\n2,2012-03-02,3,X\n");
    whole(&replay, &rows, 2);
    assert_eq!(problem(&replay, Kind::MissingColumn, "form").rows, 2);
    assert!(!replay.is_clean());
}

#[test]
fn without_the_day_column_every_row_is_rejected_with_its_reason() {
    let (replay, rows) = with_data("row_id,form,age,outcome\n1,I-247,3,X\n2,,3,X\n");
    whole(&replay, &rows, 2);
    assert_eq!(replay.tally.rows.rejected, 2);
    assert_eq!(rows[1][3..5], ["rejected", "column booked is empty"]);
}

#[test]
fn extra_and_duplicate_columns_are_reported() {
    let (replay, rows) =
        with_data("row_id,booked,form,age,outcome,form,color\n1,2012-03-01,I-247,3,X,,red\n");
    whole(&replay, &rows, 1);
    assert_eq!(problem(&replay, Kind::ExtraColumn, "color").rows, 1);
    assert_eq!(problem(&replay, Kind::DuplicateColumn, "form").rows, 1);
    assert!(replay.is_clean(), "nothing that the mapping needs is missing");
}

#[test]
fn latin_1_bytes_reject_the_row_unless_the_mapping_says_so() {
    let data =
        b"row_id,booked,form,age,outcome\n1,2012-03-01,I-247,3,caf\xe9\n2,2012-03-02,I-247,3,X\n";
    let (as_utf8, rows) = with_data(data.to_vec());
    whole(&as_utf8, &rows, 2);
    assert_eq!(problem(&as_utf8, Kind::WrongEncoding, "outcome").first_line, 2);
    assert_eq!(rows[1][..5], ["2", "1", "2012", "rejected", "column outcome is not UTF-8"]);
    let mapping = MAPPING.replace(
        "row_id = \"row_id\"\nyear",
        "encoding = \"windows-1252\"\nrow_id = \"row_id\"\nyear",
    );
    let (as_1252, rows) =
        replay(&files().with("toy/data.csv", data.to_vec()).with("toy/mapping.toml", mapping))
            .unwrap();
    whole(&as_1252, &rows, 2);
    assert_eq!(as_1252.tally.rows.rejected, 0);
    assert_eq!(rows[1][5], "café");
}

#[test]
fn half_rows_and_rows_with_too_many_cells_are_rejected() {
    let (replay, rows) = with_data(format!("{DATA}4,2013-0\n5,2013-05-01,I-247,50,X,Y,Z\n"));
    whole(&replay, &rows, 5);
    assert_eq!(replay.tally.rows.rejected, 2);
    assert_eq!(problem(&replay, Kind::HalfRow, "").first_line, 5);
    assert_eq!(rows[4][..5], ["5", "4", "2013", "rejected", "2 cells where the header has 5"]);
    assert_eq!(rows[5][3..5], ["rejected", "7 cells where the header has 5"]);
    assert!(!replay.is_clean());
}

#[test]
fn unknown_values_are_counted_with_the_value_and_stay_unknown() {
    let (replay, rows) = with_data(
        "row_id,booked,form,age,outcome\n1,2012-03-01,I-999,3,X\n2,2012-03-02,I-999,3,X\n3,2012-03-02,G-1,3,X\n",
    );
    whole(&replay, &rows, 3);
    let p = problem(&replay, Kind::UnknownValue, "form");
    assert_eq!(p.rows, 3);
    assert_eq!(p.samples.get("I-999"), Some(&2));
    assert_eq!(replay.tally.rows.rejected, 0);
}

#[test]
fn unknown_charges_levels_and_dispositions_are_counted() {
    let charges = "row_id,text,level,disposition\n1,JAYWALKING,Q,EATEN BY A BEAR\n9,THEFT,F,DISMISSAL\n1,THEFT\n";
    let (replay, rows) = replay(&files().with("toy/charges.csv", charges)).unwrap();
    whole(&replay, &rows, 3);
    for (column, value) in
        [("text", "JAYWALKING"), ("level", "Q"), ("disposition", "EATEN BY A BEAR")]
    {
        assert_eq!(problem(&replay, Kind::UnknownValue, column).samples.get(value), Some(&1));
    }
    let joined = replay.joined.as_ref().unwrap();
    assert_eq!((joined.lines, joined.charges, joined.orphans, joined.rejected), (3, 1, 1, 1));
    assert_eq!(problem(&replay, Kind::OrphanLine, "").samples.get("9"), Some(&1));
}

#[test]
fn days_that_are_none_are_rejected_where_every_row_needs_them() {
    let (replay, rows) = with_data(
        "row_id,booked,form,age,outcome\n1,2012-02-30,,3,X\n2,,,3,X\n3,03/01/2012,,3,X\n4,2012-03-01T10:00,,3,X\n",
    );
    whole(&replay, &rows, 4);
    assert_eq!(replay.tally.rows.rejected, 4);
    assert_eq!(problem(&replay, Kind::UnreadableCell, "booked").rows, 3);
    assert_eq!(problem(&replay, Kind::EmptyCell, "booked").rows, 1);
}

#[test]
fn an_empty_file_and_a_header_alone_have_no_rows() {
    for (data, kind) in [
        ("", Some(Kind::EmptyFile)),
        ("\n\n", Some(Kind::EmptyFile)),
        ("row_id,booked,form,age,outcome\n", None),
    ] {
        let (replay, rows) = with_data(data);
        whole(&replay, &rows, 0);
        assert_eq!(
            replay.problems.iter().any(|p| Some(p.kind) == kind),
            kind.is_some(),
            "{data:?}"
        );
    }
}

#[test]
fn a_byte_order_mark_and_windows_lines_are_no_problem() {
    let data = format!("\u{feff}{}", DATA.replace('\n', "\r\n"));
    let (replay, rows) = with_data(data);
    whole(&replay, &rows, 3);
    assert_eq!(replay.problems, vec![]);
}

#[test]
fn quoted_newlines_stay_inside_their_row() {
    let (replay, rows) = with_data(
        "row_id,booked,form,age,outcome\n1,2012-03-01,I-247,3,\"two\nlines\"\n2,2012-03-02,,3,X\n",
    );
    whole(&replay, &rows, 2);
    assert_eq!(rows[1][5], "two\nlines");
    assert_eq!(rows[2][0], "4");
}

#[test]
fn a_quote_that_is_never_closed_is_named() {
    let (replay, rows) =
        with_data("row_id,booked,form,age,outcome\n1,2012-03-01,\"I-247,3,X\n2,2012-03-02,,3,X\n");
    whole(&replay, &rows, 1);
    assert!(rows[1][4].contains("is a quote never closed?"), "{}", rows[1][4]);
}

#[test]
fn a_field_of_ten_megabytes_rejects_its_row_only() {
    let long = "x".repeat(10 << 20);
    let (replay, rows) = with_data(format!(
        "row_id,booked,form,age,outcome\n1,2012-03-01,{long},3,X\n2,2012-03-02,I-247,3,X\n"
    ));
    whole(&replay, &rows, 2);
    assert_eq!(replay.tally.rows.rejected, 1);
    assert_eq!(problem(&replay, Kind::RowTooLong, "").first_line, 2);
}

#[test]
fn a_zero_byte_rejects_its_row() {
    let (replay, rows) = with_data("row_id,booked,form,age,outcome\n1,2012-03-01,I-2\u{0}47,3,X\n");
    whole(&replay, &rows, 1);
    assert_eq!(problem(&replay, Kind::ZeroByte, "form").rows, 1);
}

#[test]
fn a_number_used_twice_is_reported_and_both_rows_decided() {
    let (replay, rows) =
        with_data("row_id,booked,form,age,outcome\n1,2012-03-01,,3,X\n1,2012-03-01,,3,X\n");
    whole(&replay, &rows, 2);
    assert_eq!(problem(&replay, Kind::DuplicateRowId, "row_id").rows, 1);
    // The first took the charges; of the second nothing is known.
    assert_eq!((rows[1][6].as_str(), rows[2][6].as_str()), ("may", "may|must_not"));
}

#[test]
fn any_bytes_keep_every_row() {
    // A small generator: no seed from outside, the same bytes every time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let pieces: [&[u8]; 12] = [
        b"1",
        b"2012-03-01",
        b",",
        b",",
        b",",
        b"\n",
        b"\n",
        b"\"",
        b"I-247",
        b"\xff",
        b"\0",
        b"\r",
    ];
    for _ in 0..300 {
        let mut data = b"row_id,booked,form,age,outcome\n".to_vec();
        for _ in 0..next() % 60 {
            data.extend(pieces[(next() % 12) as usize]);
        }
        let (replay, rows) = with_data(data);
        whole(&replay, &rows, replay.tally.rows.read);
    }
}
