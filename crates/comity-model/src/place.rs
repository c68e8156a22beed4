//! Places: a code names a state, county or city, its circuit and its time zone.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::facts::{CaseFacts, Value};
use crate::schema::{FieldId, nearest, scalar};
use crate::tree::{Node, parse_toml};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The state of a case, as a place code.
pub const STATE: FieldId = scalar("place.state");
/// The county of a case, as a place code.
pub const COUNTY: FieldId = scalar("place.county");
/// The city of a case, as a place code.
pub const CITY: FieldId = scalar("place.city");
/// The federal circuit of a case.
pub const CIRCUIT: FieldId = scalar("place.circuit");
/// The facility's time zone.
pub const TIME_ZONE: FieldId = scalar("custody.time_zone");

/// The code of a place: `us`, `us-tx`, `us-tx.travis`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PlaceCode(pub String);

impl PlaceCode {
    /// The code of the state the place lies in; `None` for the whole country.
    pub fn state(&self) -> Option<&str> {
        let state = self.0.split('.').next().unwrap_or("");
        (state.len() == 5).then_some(state)
    }
}

impl fmt::Display for PlaceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of government a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceKind {
    /// The United States.
    Country,
    /// A state, territory or the District.
    State,
    /// A county.
    County,
    /// A city.
    City,
    /// One government that is both city and county.
    Consolidated,
}

/// One place.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// Its code.
    pub code: PlaceCode,
    /// Its name as people write it.
    pub name: String,
    /// Its kind.
    pub kind: PlaceKind,
    /// FIPS code, text with leading zeros.
    pub fips: String,
    /// The federal circuit.
    pub circuit: Option<i64>,
    /// IANA time zone; `None` where the place spans several.
    pub time_zone: Option<String>,
    /// For a city, the county its jail question falls in.
    pub county: Option<PlaceCode>,
}

/// The registry of places.
#[derive(Debug, Clone, Default)]
pub struct Places {
    by_code: BTreeMap<String, Place>,
}

impl Places {
    /// Reads the registry (`policies/places.toml`).
    pub fn parse(source: &SourceText<'_>) -> Result<Places, Vec<Diagnostic>> {
        let root = parse_toml(source)?;
        let mut places = Places::default();
        let mut wrong = Vec::new();
        for node in root.get("place").and_then(Node::items).unwrap_or(&[]) {
            match read_place(node) {
                Ok(place) => {
                    let code = place.code.0.clone();
                    if places.by_code.insert(code.clone(), place).is_some() {
                        let d = Diagnostic::error(
                            "duplicate-place",
                            format!("`{code}` is listed twice"),
                        );
                        wrong.push(source.locate(d, node.span.clone()));
                    }
                }
                Err(d) => wrong.push(source.locate(*d, node.span.clone())),
            }
        }
        places.inherit();
        if wrong.is_empty() { Ok(places) } else { Err(wrong) }
    }

    /// Counties and cities take the circuit and, where they name none, the zone of their state.
    fn inherit(&mut self) {
        let states: BTreeMap<String, Place> = self
            .by_code
            .iter()
            .filter(|(c, _)| c.len() == 5)
            .map(|(c, p)| (c.clone(), p.clone()))
            .collect();
        for place in self.by_code.values_mut() {
            let state = place.code.state().and_then(|s| states.get(s));
            if let Some(state) = state {
                place.circuit = state.circuit;
                if place.time_zone.is_none() {
                    place.time_zone.clone_from(&state.time_zone);
                }
            }
        }
    }

    /// The place of that code.
    pub fn get(&self, code: &str) -> Option<&Place> {
        self.by_code.get(code)
    }

    /// All places in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &Place> {
        self.by_code.values()
    }

    /// The place of that code, or an error that suggests the nearest one.
    pub fn find(&self, code: &str) -> Result<&Place, Box<Diagnostic>> {
        self.get(code).ok_or_else(|| {
            let d = Diagnostic::error("unknown-place", format!("there is no place `{code}`"));
            let near = nearest(code, self.by_code.keys().map(String::as_str));
            Box::new(d.help(near.map_or_else(
                || "add it to policies/places.toml".to_owned(),
                |n| format!("did you mean `{n}`? otherwise add it to policies/places.toml"),
            )))
        })
    }

    /// Puts a case into a place: state, county, city, circuit and time zone.
    /// A state alone leaves county and city unknown.
    pub fn put(&self, facts: &mut CaseFacts, code: &str) -> Result<(), Box<Diagnostic>> {
        let place = self.find(code)?.clone();
        let state = place.code.state().unwrap_or("").to_owned();
        facts.set_text(STATE, &state);
        match place.kind {
            PlaceKind::County => {
                facts.set_text(COUNTY, &place.code.0);
                facts.set_text(CITY, "none");
            }
            PlaceKind::City => {
                if let Some(county) = &place.county {
                    facts.set_text(COUNTY, &county.0);
                }
                facts.set_text(CITY, &place.code.0);
            }
            PlaceKind::Consolidated => {
                facts.set_text(COUNTY, &place.code.0);
                facts.set_text(CITY, &place.code.0);
            }
            PlaceKind::State | PlaceKind::Country => {
                facts.set(COUNTY, Value::Unknown);
                facts.set(CITY, Value::Unknown);
            }
        }
        if let Some(circuit) = place.circuit {
            facts.set(CIRCUIT, Value::Int(circuit));
        }
        if let Some(zone) = &place.time_zone {
            facts.set_text(TIME_ZONE, zone);
        }
        Ok(())
    }
}

fn read_place(node: &Node) -> Result<Place, Box<Diagnostic>> {
    let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let need = |key: &str| {
        text(key).ok_or_else(|| {
            Box::new(Diagnostic::error("missing-key", format!("a place needs `{key}`")))
        })
    };
    let kind = match need("kind")?.as_str() {
        "country" => PlaceKind::Country,
        "state" => PlaceKind::State,
        "county" => PlaceKind::County,
        "city" => PlaceKind::City,
        "consolidated" => PlaceKind::Consolidated,
        other => {
            let d =
                Diagnostic::error("unknown-kind", format!("there is no kind of place `{other}`"));
            return Err(Box::new(d.help("state, county, city or consolidated")));
        }
    };
    let several = matches!(
        node.get("time_zones_several").map(|n| &n.raw),
        Some(crate::tree::Raw::Bool(true))
    );
    let circuit = match node.get("circuit").map(|n| &n.raw) {
        Some(crate::tree::Raw::Int(n)) => Some(*n),
        _ => None,
    };
    Ok(Place {
        code: PlaceCode(need("code")?),
        name: need("name")?,
        kind,
        fips: text("fips").unwrap_or_default(),
        circuit,
        time_zone: if several { None } else { text("time_zone") },
        county: text("county").map(PlaceCode),
    })
}
