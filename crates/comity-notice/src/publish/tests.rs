//! What the public page shows, and what it holds back.

use super::*;
use crate::words;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn figures() -> Figures {
    let period = |from: &str, until: &str, complied: u64, declined: u64| {
        let mut counts = BTreeMap::new();
        for group in Group::all() {
            for measure in group.measures() {
                counts.insert(measure, 0);
            }
        }
        counts.insert(Measure::Answered(Channel::Hold, Choice::Comply), complied);
        counts.insert(Measure::Answered(Channel::Hold, Choice::Decline), declined);
        counts.remove(&Measure::WrongRefusal);
        Period { from_on: day(from), until_on: day(until), counts }
    };
    Figures {
        agency: "Alder County Sheriff’s Office".to_owned(),
        prepared_on: day("2027-01-04"),
        periods: vec![
            period("2026-07-01", "2026-09-30", 3, 41),
            period("2026-10-01", "2026-12-31", 12, 38),
        ],
        policies: vec![PolicyInForce {
            title: Text::english("California Values Act <script>"),
            cite: "Gov. Code § 7284.6 & 7282.5".to_owned(),
            from_on: day("2018-01-04"),
            until_on: None,
            verified: Verified::Recalled,
        }],
    }
}

fn files(figures: &Figures) -> BTreeMap<String, String> {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    publish(figures).into_iter().map(|(path, bytes)| (path, text(bytes))).collect()
}

#[test]
fn small_counts_are_held_back_and_zero_is_not() {
    assert_eq!(Count::of(0), Count { min: 0, max: 0 });
    for small in 1..=SMALL_COUNT_MAX {
        assert_eq!(Count::of(small), Count { min: 1, max: 4 });
    }
    assert_eq!(Count::of(5), Count { min: 5, max: 5 });
    assert!(!Count::of(4).is_exact() && Count::of(5).is_exact());
}

#[test]
fn sums_follow_from_what_is_shown() {
    let sum = |counts: &[u64]| Count::sum(counts.iter().map(|c| Some(Count::of(*c))));
    // Whatever the small counts are, the sums are the same: they tell nothing about them.
    for (a, b) in [(1, 4), (2, 2), (4, 1)] {
        assert_eq!(sum(&[a, 20, b]), Some(Count { min: 22, max: 28 }));
    }
    assert_eq!(sum(&[7, 20]), Some(Count { min: 27, max: 27 }));
    assert_eq!(Count::sum([Some(Count::of(7)), None]), None);
    assert_eq!(sum(&[u64::MAX, 1]), Some(Count { min: u64::MAX, max: u64::MAX }));
}

#[test]
fn no_file_tells_one_small_count_from_another() {
    let published = |small: u64| {
        let mut figures = figures();
        let measure = Measure::Answered(Channel::Hold, Choice::Comply);
        figures.periods[0].counts.insert(measure, small);
        publish(&figures)
    };
    let one = published(1);
    for small in 2..=SMALL_COUNT_MAX {
        assert_eq!(published(small), one);
    }
    assert_ne!(published(0), one);
    assert_ne!(published(5), one);
}

#[test]
fn the_page_shows_counts_sums_and_what_was_not_counted() {
    let files = files(&figures());
    let page = &files["index.html"];
    for row in [
        "<th scope=\"row\">Yes</th><td>1 to 4</td><td>12</td><td>13 to 16</td>",
        "<th scope=\"row\">No</th><td>41</td><td>38</td><td>79</td>",
        "<th scope=\"row\">All</th><td>42 to 45</td><td>50</td><td>92 to 95</td>",
        "<th scope=\"row\">Claims that a request was wrongly refused</th><td>not counted</td>",
    ] {
        assert!(page.contains(row), "{row}\n{page}");
    }
    assert!(files["es.html"].contains("<td>1 a 4</td><td>12</td><td>13 a 16</td>"));
}

#[test]
fn the_data_have_the_same_numbers() {
    let files = files(&figures());
    assert!(files["counts.csv"].contains("2026-07-01,2026-09-30,hold,comply,1,4\r\n"));
    assert!(files["counts.csv"].contains("2026-10-01,2026-12-31,hold,comply,12,12\r\n"));
    assert!(files["counts.csv"].contains("2026-10-01,2026-12-31,reports,wrong_refusal,,\r\n"));
    let json = &files["counts.json"];
    assert_eq!(json.matches("\"measure\"").count(), files["counts.csv"].lines().count() - 1);
    assert!(json.contains(
        "{\"from_on\": \"2026-07-01\", \"until_on\": \"2026-09-30\", \"group\": \"hold\", \"measure\": \"comply\", \"min\": 1, \"max\": 4}"
    ));
    assert!(json.contains("\"measure\": \"wrong_refusal\", \"min\": null, \"max\": null}"));
    assert!(json.contains("\"until_on\": null, \"verified\": \"recalled\"}"));
}

#[test]
fn nothing_runs_and_nothing_comes_from_elsewhere() {
    let mut figures = figures();
    figures.agency = "<script>alert(1)</script>\" onload='x' \u{0}&amp;".to_owned();
    for (path, text) in files(&figures) {
        if !path.ends_with(".html") {
            continue;
        }
        assert!(!text.contains("<script"), "{path}");
        assert!(
            text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;"),
            "{path}"
        );
        assert!(text.contains("California Values Act &lt;script&gt;"), "{path}");
        for address in ["http:", "https:", "src=", "url(", "@import", "\u{0}"] {
            assert!(!text.contains(address), "{path}: {address:?}");
        }
    }
}

#[test]
fn links_lead_to_files_of_the_folder() {
    let files = files(&figures());
    let mut followed = 0;
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".html")) {
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(files.contains_key(link), "{path}: {link}");
            followed += 1;
        }
    }
    assert_eq!(followed, 6);
}

#[test]
fn tables_have_names_and_header_cells() {
    for language in Language::ALL {
        let page = page::page(&figures(), language);
        assert!(page.starts_with(&format!("<!doctype html>\n<html lang=\"{language}-US\">")));
        let tables = page.matches("<table").count();
        assert_eq!(tables, Group::all().len() + 1);
        assert_eq!(page.matches("<h1>").count(), 1);
        assert_eq!(page.matches("<tr").count(), page.matches("</tr>").count());
        for group in Group::all() {
            for measure in group.measures() {
                assert!(page.contains((words(language).measure)(measure)));
            }
        }
    }
}

#[test]
fn an_agency_without_periods_and_policies_has_a_page() {
    let mut figures = figures();
    figures.periods.clear();
    figures.policies.clear();
    let files = files(&figures);
    assert!(files["index.html"].contains("No policy is listed."));
    assert_eq!(files["counts.csv"].lines().count(), 1);
}
