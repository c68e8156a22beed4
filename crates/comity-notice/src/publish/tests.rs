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

fn range(min: u64, max: u64) -> Count {
    Count { min, max }
}

fn shown(counts: &[u64]) -> (Vec<Option<Count>>, Option<Count>) {
    count::shown(&counts.iter().copied().map(Some).collect::<Vec<_>>())
}

#[test]
fn large_counts_and_zeros_are_shown() {
    assert_eq!(
        shown(&[5, 0, 20]),
        (vec![Some(range(5, 5)), Some(range(0, 0)), Some(range(20, 20))], Some(range(25, 25)))
    );
    assert_eq!(shown(&[0, 0]), (vec![Some(range(0, 0)), Some(range(0, 0))], Some(range(0, 0))));
}

#[test]
fn small_counts_are_held_back_with_the_largest_beside_them() {
    let expected =
        (vec![Some(range(1, 4)), Some(range(40, 43)), Some(range(7, 7))], Some(range(51, 51)));
    for small in 1..=SMALL_COUNT_MAX {
        assert_eq!(shown(&[small, 44 - small, 7]), expected);
    }
    assert_eq!(shown(&[3, 0]), (vec![Some(range(1, 4)), Some(range(0, 0))], Some(range(1, 4))));
    assert_eq!(
        shown(&[4, 4, 0]),
        (vec![Some(range(1, 7)), Some(range(1, 7)), Some(range(0, 0))], Some(range(8, 8)))
    );
}

#[test]
fn every_shown_range_holds_the_true_count_and_more_than_one_way_to_the_sum() {
    for a in 0..=9_u64 {
        for b in 0..=9 {
            for c in 0..=9 {
                let counts = [a, b, c];
                let (cells, all) = shown(&counts);
                let holds = |cell: &Option<Count>, count: u64| {
                    cell.is_some_and(|cell| cell.min <= count && count <= cell.max)
                };
                assert!(cells.iter().zip(counts).all(|(cell, n)| holds(cell, n)), "{counts:?}");
                assert!(holds(&all, a + b + c), "{counts:?}");
                if !counts.iter().any(|n| (1..=SMALL_COUNT_MAX).contains(n)) {
                    continue;
                }
                // Whoever knows the sum from elsewhere finds no small count exactly.
                for (at, small) in counts.iter().enumerate() {
                    if (1..=SMALL_COUNT_MAX).contains(small) && a + b + c > SMALL_COUNT_MAX {
                        assert!(ways(&cells, at, a + b + c) > 1, "{counts:?}");
                    }
                }
            }
        }
    }
}

/// How many values of one cell fit the ranges of the others and the sum.
fn ways(cells: &[Option<Count>], at: usize, sum: u64) -> usize {
    let others = cells.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, cell)| *cell);
    let others = Count::sum(others).unwrap();
    let cell = cells[at].unwrap();
    (cell.min..=cell.max)
        .filter(|n| (others.min..=others.max).contains(&(sum - n.min(&sum))))
        .count()
}

#[test]
fn sums_of_periods_follow_from_what_is_shown() {
    assert_eq!(Count::sum([Some(range(1, 4)), Some(range(20, 20))]), Some(range(21, 24)));
    assert_eq!(Count::sum([Some(range(7, 7)), None]), None);
    assert_eq!(
        Count::sum([Some(range(u64::MAX, u64::MAX)), Some(range(1, 1))]),
        Some(range(u64::MAX, u64::MAX))
    );
}

#[test]
fn no_file_tells_one_small_count_from_another() {
    let published = |small: u64| {
        let mut figures = figures();
        let counts = &mut figures.periods[0].counts;
        counts.insert(Measure::Answered(Channel::Hold, Choice::Comply), small);
        counts.insert(Measure::Answered(Channel::Hold, Choice::Decline), 44 - small);
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
        "<th scope=\"row\">No</th><td>40 to 43</td><td>38</td><td>78 to 81</td>",
        "<th scope=\"row\">All</th><td>44</td><td>50</td><td>94</td>",
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
