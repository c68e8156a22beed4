//! The places a case can lie in: state, county, city and circuit together, as the
//! registry has them, so that no counterexample lies in a county of another state.

use super::formula::{Formula, Key, Seen};
use crate::cond::{Cond, Silent, Test, eval};
use crate::policy::Policy;
use comity_model::place::{CIRCUIT, CITY, COUNTY, PlaceKind, STATE, TIME_ZONE};
use comity_model::{CaseFacts, Places, Tri, Value};
use std::collections::HashSet;

/// One place with its facts.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) code: String,
    pub(super) facts: CaseFacts,
}

/// True for the facts that the choice of a place settles.
pub(super) fn is_place(key: Key) -> bool {
    [STATE, COUNTY, CITY, CIRCUIT].into_iter().any(|f| key == Key::Scalar(f))
}

/// True for a test that reads nothing but the place.
pub(super) fn reads_place_only(test: &Test) -> bool {
    super::formula::keys(test).into_iter().all(is_place)
}

/// Every place of the registry; a state stands for the rest of it, where no county or
/// city of the registry is.
pub(super) fn spots(places: &Places) -> Vec<Spot> {
    let mut out = Vec::new();
    for place in places.iter().filter(|p| p.kind != PlaceKind::Country) {
        let mut facts = CaseFacts::default();
        if places.put(&mut facts, &place.code.0).is_err() {
            continue;
        }
        facts.set(TIME_ZONE, Value::Unknown);
        if place.kind == PlaceKind::State {
            facts.set_text(COUNTY, "elsewhere");
            facts.set_text(CITY, "none");
        }
        out.push(Spot { code: place.code.0.clone(), facts });
    }
    if out.is_empty() {
        out.push(Spot { code: String::new(), facts: CaseFacts::default() });
    }
    out
}

/// The places, as indexes, in which a policy binds.
pub(super) fn binding(policy: &Policy, spots: &[Spot]) -> Vec<usize> {
    let binds = |s: &Spot| eval(&policy.in_place, &s.facts, &mut Silent) == Tri::True;
    (0..spots.len()).filter(|i| binds(&spots[*i])).collect()
}

/// Places that the formula can tell apart, and whether none was left out.
pub(super) fn told_apart<'s>(
    formula: &Formula<'_>,
    spots: impl Iterator<Item = &'s Spot>,
) -> (Vec<&'s Spot>, bool) {
    let mut tests: Vec<Test> = Vec::new();
    formula.visit(&mut |seen| {
        if let Seen::Test(test, _) = seen
            && reads_place_only(test)
            && !tests.contains(test)
        {
            tests.push(test.clone());
        }
    });
    let tests: Vec<Cond> = tests.into_iter().map(Cond::Test).collect();
    let mut seen = HashSet::new();
    let mut exact = true;
    let mut out = Vec::new();
    for spot in spots {
        let answers: Vec<Tri> = tests.iter().map(|t| eval(t, &spot.facts, &mut Silent)).collect();
        // Without a registry nothing is known of places.
        exact &= !(spot.code.is_empty() && answers.contains(&Tri::Unknown));
        if out.len() == 126 {
            exact = false;
            break;
        } else if seen.insert(answers) {
            out.push(spot);
        }
    }
    (out, exact)
}
