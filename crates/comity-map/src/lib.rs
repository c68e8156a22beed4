//! Outlines of the counties of the United States, for maps on pages and in reports: paths of
//! SVG in tenths of a point on 975 by 610 points, as `data/maps/PROVENANCE.md` describes them.
//! Territories are not drawn.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The outlines: FIPS code and path.
const OUTLINES: &str = include_str!("../../../data/maps/us-counties.csv");

/// The row of the lines between states.
const BORDERS: &str = "borders";

/// Width and height of the drawing, in tenths of a point.
pub const SIZE: (u32, u32) = (9750, 6100);

/// FIPS codes that were given up, and the county that is drawn for them.
const SUCCESSORS: [(&str, &str); 3] = [("02270", "02158"), ("46113", "46102"), ("51515", "51019")];

fn outlines() -> &'static BTreeMap<&'static str, &'static str> {
    static PARSED: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let rows = OUTLINES.lines().skip(1).filter_map(|l| l.split_once(','));
        rows.map(|(fips, path)| (fips, path.trim_matches('"'))).collect()
    })
}

/// The outline of a county that is drawn, as the `d` of a path; empty for another code.
pub fn outline(fips: &str) -> &'static str {
    if fips == BORDERS {
        return "";
    }
    outlines().get(fips).copied().unwrap_or_default()
}

/// The lines between the states, as the `d` of a path.
pub fn borders() -> &'static str {
    outlines().get(BORDERS).copied().unwrap_or_default()
}

/// The code under which a county is drawn: its own, or that of its successor.
pub fn drawn_as(fips: &str) -> Option<&'static str> {
    let code = SUCCESSORS.iter().find(|(old, _)| *old == fips).map_or(fips, |(_, new)| new);
    outlines().get_key_value(code).map(|(k, _)| *k).filter(|k| *k != BORDERS)
}

/// The FIPS codes of every county that is drawn, in order; the first two digits are the state's.
pub fn counties() -> impl Iterator<Item = &'static str> {
    outlines().keys().copied().filter(|k| *k != BORDERS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn every_county_has_an_outline_and_every_state_has_a_county() {
        let all: Vec<&str> = counties().collect();
        assert!(all.len() > 3100, "{}", all.len());
        assert!(all.iter().all(|fips| fips.len() == 5 && outline(fips).starts_with('M')));
        let mut states: Vec<&str> = all.iter().map(|fips| &fips[..2]).collect();
        states.dedup();
        assert_eq!(states.len(), 51);
        assert!(borders().starts_with('M'));
        assert_eq!(outline("borders"), "");
    }

    #[test]
    fn a_county_that_was_given_up_is_drawn_as_its_successor() {
        assert_eq!(drawn_as("46113"), Some("46102"));
        assert_eq!(drawn_as("48453"), Some("48453"));
        assert_eq!(drawn_as("borders"), None);
        assert_eq!(drawn_as("72001"), None);
    }
}
