//! Where instruments of states, counties and cities are: a map of the counties as a picture of
//! its own, so that a browser fetches its outlines once and a page stays small.

use comity_model::place::PlaceKind;
use comity_policy::{Library, Policy, PolicyIndex};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is there, the strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Here {
    /// Federal law and rulings alone.
    Federal,
    /// The state's law.
    State,
    /// A county's, city's or agency's own instrument.
    Local,
}

impl Here {
    pub(super) const ALL: [Here; 3] = [Here::Local, Here::State, Here::Federal];

    pub(super) fn says(self) -> &'static str {
        match self {
            Here::Local => "an instrument of the county, of a city in it, or of an agency there",
            Here::State => "an instrument of the state",
            Here::Federal => "federal law and rulings alone",
        }
    }

    /// Fill and pattern: they differ in lightness, never in color alone.
    pub(super) fn fill(self) -> &'static str {
        match self {
            Here::Local => "#1a4480",
            Here::State => "url(#stripes)",
            Here::Federal => "#f0f0f0",
        }
    }
}

/// The pattern of the states, for every picture that uses [`Here::fill`].
pub(super) const STRIPES: &str = "<defs><pattern id=\"stripes\" width=\"60\" height=\"60\" \
    patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"60\" \
    height=\"60\" fill=\"#c3e0f0\"/><rect width=\"20\" height=\"60\" fill=\"#5a93b8\"/>\
    </pattern></defs>";

/// What is there by FIPS code: five digits of a county, two of a whole state.
pub(super) fn shades(
    library: &Library,
    chosen: &[(PolicyIndex, &Policy)],
) -> BTreeMap<String, Here> {
    let mut out: BTreeMap<String, Here> = BTreeMap::new();
    let places = library.places();
    for code in chosen.iter().flat_map(|(_, p)| &p.places) {
        let Some(place) = places.get(&code.0) else { continue };
        let (fips, here) = match place.kind {
            PlaceKind::Country => continue,
            PlaceKind::State => (place.fips.clone(), Here::State),
            PlaceKind::County | PlaceKind::Consolidated => (place.fips.clone(), Here::Local),
            PlaceKind::City => {
                let county = place.county.as_ref().and_then(|c| places.get(&c.0));
                let Some(county) = county else { continue };
                (county.fips.clone(), Here::Local)
            }
        };
        let known = out.entry(fips).or_insert(here);
        *known = here.max(*known);
    }
    out
}

/// The map as an SVG document.
pub(super) fn draw(shades: &BTreeMap<String, Here>) -> String {
    let mut paths: BTreeMap<Here, String> = BTreeMap::new();
    let local = |fips: &str| shades.get(fips).copied();
    let drawn: BTreeMap<&str, Here> = shades
        .iter()
        .filter_map(|(fips, here)| comity_map::drawn_as(fips).map(|code| (code, *here)))
        .collect();
    for fips in comity_map::counties() {
        let state = fips.get(..2).and_then(local);
        let here = drawn.get(fips).copied().or(state).unwrap_or(Here::Federal);
        paths.entry(here).or_default().push_str(comity_map::outline(fips));
    }
    let (w, h) = comity_map::SIZE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"975\" \
         height=\"610\"><title>Where the library has instruments</title>{STRIPES}"
    );
    for (here, d) in paths {
        let stroke = if here == Here::Local { "#ffffff" } else { "none" };
        let _ = write!(
            out,
            "<path fill=\"{}\" stroke=\"{stroke}\" stroke-width=\"6\" d=\"{d}\"/>",
            here.fill()
        );
    }
    let _ = writeln!(
        out,
        "<path fill=\"none\" stroke=\"#565c65\" stroke-width=\"9\" stroke-linejoin=\"round\" \
         d=\"{}\"/></svg>",
        comity_map::borders()
    );
    out
}
