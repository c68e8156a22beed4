//! The roll-out and the map: bounds that hold the published numbers, and every county drawn.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use comity_model::Day;
use comity_replay::national::counties::Counties;
use comity_replay::national::rollout::{Checked, Rollout};
use comity_replay::national::sources::Sources;
use comity_replay::national::{self, Request};
use comity_replay::report::map::{self, Class, Fill, Shade};
use common::{Disk, Memory, well_formed, whole_library};
use std::collections::{BTreeMap, BTreeSet};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn every_county_is_drawn_once_and_territories_are_said_to_be_left_out() {
    let sources = Sources::new(&Disk, "data/national");
    let counties = Counties::read(&sources).unwrap();
    assert_eq!(counties.len(), 3_142);
    let drawn: BTreeSet<&str> = map::counties().collect();
    let listed: BTreeSet<&str> = counties.iter().map(|c| c.fips.as_str()).collect();
    assert_eq!(drawn, listed);
    assert_eq!(counties.territories.len(), 78, "Puerto Rico");
    assert!(counties.territories.iter().all(|f| map::drawn_as(f).is_none()));
    // Renamed and merged codes are drawn under their successors; planning regions are not.
    assert_eq!(map::drawn_as("46113"), Some("46102"));
    assert_eq!(map::drawn_as("51515"), Some("51019"));
    assert_eq!(map::drawn_as("09110"), None);
    assert_eq!(map::drawn_as("borders"), None);
    let rollout = Rollout::read(&sources).unwrap();
    for (fips, _, _) in rollout.statuses(day("2010-01-01")) {
        assert!(map::drawn_as(fips).is_some(), "{fips}");
    }
}

#[test]
fn a_map_says_what_it_could_not_draw_and_hatches_what_it_does_not_know() {
    let shade = |title: &str| Shade { fill: Fill::Full, title: title.to_owned() };
    let mut shades = BTreeMap::new();
    shades.insert("48453".to_owned(), shade("<Travis> & \"others\""));
    shades.insert("09110".to_owned(), shade("a planning region"));
    shades.insert("72001".to_owned(), shade("Adjuntas"));
    let classes = [Class { fill: Fill::Full, label: "yes".to_owned() }];
    let drawn = map::choropleth("m", ("A <map>", "what it shows"), &classes, &shades);
    well_formed(&drawn.html);
    assert_eq!(drawn.not_drawn, ["09110", "72001"]);
    assert_eq!(drawn.html.matches("<path d=").count(), 3_142);
    assert!(drawn.html.contains("&lt;Travis&gt; &amp;"));
    assert_eq!(drawn.html.matches(": unknown</title>").count(), 3_141);
    well_formed(&map::patterns());
}

#[test]
fn a_county_goes_before_one_that_it_has_taken_in() {
    let mut shades = BTreeMap::new();
    shades.insert("51019".to_owned(), Shade { fill: Fill::Full, title: "county".to_owned() });
    shades.insert("51515".to_owned(), Shade { fill: Fill::Plain, title: "city".to_owned() });
    let drawn = map::choropleth("m", ("t", "d"), &[], &shades);
    assert!(drawn.html.contains(">county</title>") && !drawn.html.contains(">city</title>"));
}

#[test]
fn bounds_only_grow_and_hold_what_was_published() {
    let sources = Sources::new(&Disk, "data/national");
    let counties = Counties::read(&sources).unwrap();
    let rollout = Rollout::read(&sources).unwrap();
    let mut before = (0, 0);
    for on in national::Desk::months(day("2008-10-01"), day("2013-03-01")) {
        let c = rollout.counted(&counties, on);
        let get = |k: Checked| c.get(&k).map_or(0, |c| c.counties);
        assert_eq!(c.values().map(|c| c.counties).sum::<u64>(), 3_143);
        let now = (get(Checked::Surely), get(Checked::Surely) + get(Checked::Possibly));
        assert!(before.0 <= now.0 && before.1 <= now.1 && now.0 <= now.1, "{on}");
        before = now;
    }
    assert_eq!(before, (3_143, 3_143), "complete by March 2013");
    let persons: u64 =
        rollout.counted(&counties, day("2013-03-01")).values().map(|c| c.persons).sum();
    assert_eq!(persons, counties.population(), "everybody is counted once");
}

#[test]
fn the_page_of_the_rollout_is_well_formed() {
    let request = Request {
        folder: "data/national".to_owned(),
        on: Some(day("2011-01-01")),
        command: "comity report rollout".to_owned(),
        ..Request::default()
    };
    let sheet = national::rollout(&request, &whole_library(), &Disk).unwrap();
    well_formed(&sheet.html());
    assert_eq!(sheet.table("rollout-counties").unwrap().rows.len(), 3_143);
    assert_eq!(sheet.html(), national::rollout(&request, &whole_library(), &Disk).unwrap().html());
}

#[test]
fn a_window_that_ends_before_it_begins_is_refused() {
    let files = Memory::default().with(
        "data/national/activation.csv",
        "county_fips,earliest,latest,date_kind\n01001,2011-01-02,2011-01-01,window\n",
    );
    let found = Rollout::read(&Sources::new(&files, "data/national")).map(|_| ()).unwrap_err();
    assert_eq!((found[0].code, found[0].line), ("unreadable-cell", 2));
}
