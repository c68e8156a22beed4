//! What the library says of a place on a day: is a hold on a request forbidden there?

use super::sources::Sources;
use comity_model::schema::{ElemFieldId, FieldId, ListId, elem, list, scalar};
use comity_model::{CaseFacts, Day, Diagnostic, PlaceCode, Value, place};
use comity_policy::case::{CaseFile, Question, read_case};
use comity_policy::{Channel, Level, Library, Modality, PolicyIndex, Scope};
use std::collections::BTreeMap;

/// The person on whom the request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// No record, a minor charge that was dropped: `ordinary-request.toml`.
    Ordinary,
    /// Convicted of a violent felony: `gravest-request.toml`.
    Gravest,
}

/// The case files of both.
const REQUESTS: [&str; 2] = ["ordinary-request.toml", "gravest-request.toml"];

/// The City of New York is one government over five counties: `county_fips` of its boroughs.
const NEW_YORK_CITY: (&str, [&str; 5]) =
    ("us-ny.new-york-city", ["36005", "36047", "36061", "36081", "36085"]);

/// Every day that an instrument may look at is the day that is asked about.
const DAYS: [FieldId; 5] = [
    scalar("decision.on"),
    scalar("request.issued_on"),
    scalar("custody.booked_on"),
    scalar("custody.arrested_on"),
    scalar("custody.release_eligible_on"),
];
const DECIDED_ON: FieldId = DAYS[0];
const FACILITY_KIND: FieldId = scalar("custody.facility_kind");
const CONVICTIONS: ListId = list("convictions");
/// Days of a conviction, and how many days before the day asked about they are.
const CONVICTION_DAYS: [(ElemFieldId, i64); 2] =
    [(elem(CONVICTIONS, "convicted_on"), 730), (elem(CONVICTIONS, "released_on"), 365)];

/// What the law in force in a place says about holding a person on the ordinary request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// It forbids the hold: the place limits requests.
    Forbids,
    /// It may forbid it: a fact that the request does not settle matters.
    MayForbid,
    /// A local instrument leaves or allows it.
    Allows,
    /// It requires it.
    Requires,
}

/// A position and the instruments of the place that speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The position.
    pub position: Position,
    /// Instruments of state, county, city or agency, and rulings, that speak on the channel.
    pub policies: Vec<PolicyIndex>,
}

/// Asks the library.
pub struct Law<'l> {
    library: &'l Library,
    /// By person.
    requests: [CaseFile; 2],
    /// Place codes of counties, by FIPS code.
    counties: BTreeMap<String, String>,
    /// Place codes of states, by FIPS code.
    states: BTreeMap<String, String>,
}

impl<'l> Law<'l> {
    /// Reads the requests that are asked about.
    ///
    /// # Errors
    /// A case file is wrong, or a step of it has no day.
    pub fn read(library: &'l Library, sources: &Sources<'_>) -> Result<Law<'l>, Vec<Diagnostic>> {
        let requests =
            [request(library, sources, REQUESTS[0])?, request(library, sources, REQUESTS[1])?];
        let (mut counties, mut states) = (BTreeMap::new(), BTreeMap::new());
        for p in library.places().iter() {
            let code = p.code.0.clone();
            match (p.kind, p.fips.len()) {
                (place::PlaceKind::State, 2) => states.insert(p.fips.clone(), code),
                (place::PlaceKind::County | place::PlaceKind::Consolidated, 5) => {
                    counties.insert(p.fips.clone(), code)
                }
                _ => None,
            };
        }
        if library.places().get(NEW_YORK_CITY.0).is_some() {
            for borough in NEW_YORK_CITY.1 {
                counties.insert(borough.to_owned(), NEW_YORK_CITY.0.to_owned());
            }
        }
        Ok(Law { library, requests, counties, states })
    }

    /// The library.
    pub fn library(&self) -> &'l Library {
        self.library
    }

    /// The place code of a county that the library knows by name.
    pub fn code(&self, fips: &str) -> Option<&str> {
        self.counties.get(fips).map(String::as_str)
    }

    /// The place code of a state.
    pub fn state_code(&self, state_fips: &str) -> Option<&str> {
        self.states.get(state_fips).map(String::as_str)
    }

    /// The library's finding for a county on the ordinary request; `None` where it has no
    /// instrument that settles it.
    pub fn county(&self, fips: &str, day: Day) -> Option<Finding> {
        self.county_on(fips, day, Person::Ordinary)
    }

    /// The same for a person.
    pub fn county_on(&self, fips: &str, day: Day, person: Person) -> Option<Finding> {
        match self.code(fips) {
            Some(code) => self.place_on(code, day, person),
            None => self.rest_of_state_on(fips.get(..2)?, day, person),
        }
    }

    /// The finding for the counties of a state that the library does not know by name.
    pub fn rest_of_state(&self, state_fips: &str, day: Day) -> Option<Finding> {
        self.rest_of_state_on(state_fips, day, Person::Ordinary)
    }

    fn rest_of_state_on(&self, state_fips: &str, day: Day, person: Person) -> Option<Finding> {
        let state = self.state_code(state_fips)?;
        let mut facts = self.facts(day, person)?;
        self.library.places().put(&mut facts, state).ok()?;
        // A county of its own, so that no other county's instruments are thought possible.
        facts.set_text(place::COUNTY, &format!("{state}.other"));
        facts.set_text(place::CITY, "none");
        self.finding(&facts, &[PlaceCode(state.to_owned())], day)
    }

    /// The finding for a place of the registry.
    pub fn place(&self, code: &str, day: Day) -> Option<Finding> {
        self.place_on(code, day, Person::Ordinary)
    }

    fn place_on(&self, code: &str, day: Day, person: Person) -> Option<Finding> {
        let mut facts = self.facts(day, person)?;
        let place = self.library.places().get(code)?;
        self.library.places().put(&mut facts, code).ok()?;
        // Cities hold people in the lockups of their police; New York's jails are its own.
        let kind = match place.kind {
            _ if code == NEW_YORK_CITY.0 => Some("city_jail"),
            place::PlaceKind::City => Some("police_lockup"),
            _ => None,
        };
        if let Some(kind) = kind {
            let code = comity_model::schema::enums::FACILITY_KIND.code(kind);
            facts.set(FACILITY_KIND, code.map_or(Value::Unknown, Value::Enum));
        }
        let mut here = vec![place.code.clone()];
        here.extend(place.code.state().map(|s| PlaceCode(s.to_owned())));
        self.finding(&facts, &here, day)
    }

    /// Codes and names of the cities of the registry.
    pub fn cities(&self) -> impl Iterator<Item = (&str, &str)> {
        let places = self.library.places().iter();
        places
            .filter(|p| p.kind == place::PlaceKind::City)
            .map(|p| (p.code.0.as_str(), p.name.as_str()))
    }

    /// The request in the form of the day.
    fn facts(&self, day: Day, person: Person) -> Option<CaseFacts> {
        let request = &self.requests[person as usize];
        let steps = request.steps.iter();
        let begun = steps.rev().find(|s| s.facts.get_date(DECIDED_ON).is_some_and(|d| d <= day));
        let mut facts = begun.or(request.steps.first())?.facts.clone();
        for field in DAYS {
            facts.set(field, Value::Date(day));
        }
        for i in 0..facts.list(CONVICTIONS).len() {
            for (field, days_before) in CONVICTION_DAYS {
                let on = Value::Date(day.plus_days(-days_before));
                facts.list_mut(CONVICTIONS).set(i, field, on);
            }
        }
        Some(facts)
    }

    fn finding(&self, facts: &CaseFacts, here: &[PlaceCode], day: Day) -> Option<Finding> {
        let outcome = self.library.decide(facts, &Scope::InForce).outcome(Channel::Hold);
        let policies = self.speakers(here, day);
        if policies.is_empty() {
            return None;
        }
        let local = policies.iter().any(|i| {
            matches!(self.library.policy(*i).level, Level::Local | Level::Agency | Level::Agreement)
        });
        let position = match outcome.only() {
            Some(Modality::MustNot) => Position::Forbids,
            Some(Modality::Must) => Position::Requires,
            // A state that allows leaves the question to its counties: only their own
            // instrument settles it.
            Some(Modality::May) if local => Position::Allows,
            Some(Modality::May) => return None,
            None if outcome.contains(Modality::MustNot) => Position::MayForbid,
            None => return None,
        };
        Some(Finding { position, policies })
    }

    /// Instruments of these places, not of the whole country, that speak about holds on a day.
    fn speakers(&self, here: &[PlaceCode], day: Day) -> Vec<PolicyIndex> {
        let speaks = self.library.policies().filter(|(_, p)| {
            p.level != Level::Federal
                && p.in_force_on(day)
                && p.speaks_on().contains(&Channel::Hold)
                && p.places.iter().any(|c| here.contains(c))
        });
        speaks.map(|(i, _)| i).collect()
    }
}

fn request(
    library: &Library,
    sources: &Sources<'_>,
    name: &str,
) -> Result<CaseFile, Vec<Diagnostic>> {
    let path = sources.path(name);
    let bytes = sources.bytes("case", &path)?;
    let request = read_case(library, &path, &bytes, &Question::default())?;
    let days: Vec<Option<Day>> =
        request.steps.iter().map(|s| s.facts.get_date(DECIDED_ON)).collect();
    if days.iter().any(Option::is_none) || !days.is_sorted() {
        let message = format!("`{path}`: every step needs a day, and they go forward");
        return Err(vec![Diagnostic::error("unordered-steps", message)]);
    }
    Ok(request)
}
