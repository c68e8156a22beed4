//! The report and its charts are well-formed and say what the counts say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_replay::report::{chart, html, json, text};
use common::{files, replay, well_formed, with_data};

#[test]
fn charts_are_well_formed_whatever_their_labels() {
    let bars = [
        chart::Bar { label: "<b>&\"'".to_owned(), parts: [1, 2, 3, 4] },
        chart::Bar { label: String::new(), parts: [0, 0, 0, 0] },
        chart::Bar { label: "zero \u{0} byte".to_owned(), parts: [0, 1_000_000, 0, 1] },
    ];
    let lengths = [chart::Length { label: "a<b".to_owned(), count: 7 }];
    for svg in [
        chart::shares(&chart::ANSWERS, "a", "<t>", &bars),
        chart::years(&chart::ANSWERS, "b", "t", &bars),
        chart::lengths("c", "t", &lengths, 0),
        chart::shares(&chart::ANSWERS, "d", "t", &[]),
    ] {
        well_formed(&svg);
        assert!(svg.contains("role=\"img\"") && svg.contains("<title") && svg.contains("<desc"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    let (replay, _) = replay(&files()).unwrap();
    let page = html::page(&replay);
    well_formed(&page);
    for outside in ["<script", "<link", "src=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for id in ["result", "years", "causes", "outcomes", "data", "reading", "receipt"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    // Every chart says what it shows in words.
    assert_eq!(page.matches("<svg class=\"chart\"").count(), page.matches("<desc").count());
}

#[test]
fn markup_in_the_data_stays_text() {
    let (replay, rows) = with_data(
        "row_id,booked,form,age,outcome\n1,2012-03-01,<script>alert(1)</script>,3,<img src=x>\n2,2012-03-01,,3,=1+1\n",
    );
    let page = html::page(&replay);
    well_formed(&page);
    assert!(!page.contains("<script>") && !page.contains("<img"));
    assert_eq!(rows[2][5], "'=1+1");
}

#[test]
fn the_page_of_an_empty_file_is_well_formed() {
    for data in ["", "row_id,booked,form,age,outcome\n"] {
        let (replay, _) = with_data(data);
        well_formed(&html::page(&replay));
    }
}

#[test]
fn the_summary_and_the_table_carry_the_counts() {
    let (replay, _) = replay(&files()).unwrap();
    let summary = json::summary(&replay);
    assert_eq!(summary["rows"]["read"], 3);
    assert_eq!(summary["views"][0]["regimes"][0]["all"]["may"], 2);
    assert_eq!(summary["views"][0]["regimes"][0]["all"]["possible"]["may|must_not"], 1);
    assert_eq!(summary["views"][0]["regimes"][0]["years"]["2012"]["needs"]["convictions"], 1);
    assert_eq!(summary["views"][1]["regimes"][0]["all"]["must_not"], 1);
    let table = text::table(&replay);
    assert!(table.contains("3 rows: 2 decided under every regime, 1 undetermined"), "{table}");
    assert!(table.contains("66.7%"), "{table}");
}

#[test]
fn shares_and_counts_are_written_as_people_do() {
    assert_eq!(text::percent(1, 3), "33.3%");
    assert_eq!(text::percent(0, 0), "–");
    assert_eq!(text::percent(10, 32_757), "0.03%");
    assert_eq!(text::percent(32_747, 32_757), "99.97%");
    assert_eq!(text::percent(5, 5), "100.0%");
    assert_eq!(chart::thousands(1_234_567), "1,234,567");
    assert_eq!(chart::thousands(12), "12");
}
