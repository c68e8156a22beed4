//! Researched scenarios as bookings, determinations and forms, for tests that live them through.

use crate::library::{library, repository};
use comity_exchange::case::*;
use comity_model::clock::Zone;
use comity_policy::Channel;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A scenario's file, its first step laid over it.
pub struct Scenario {
    pub id: String,
    pub on: Date,
    pub place: String,
    pub zone: Zone,
    pub facts: Map<String, Value>,
    pub expect: Map<String, Value>,
    pub step: usize,
}

/// TOML as JSON; dates and times become text.
fn to_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Table(t) => t.iter().map(|(k, v)| (k.clone(), to_json(v))).collect(),
        toml::Value::Array(a) => a.iter().map(to_json).collect(),
        toml::Value::Datetime(d) => d.to_string().into(),
        toml::Value::String(s) => s.clone().into(),
        toml::Value::Integer(n) => (*n).into(),
        toml::Value::Boolean(b) => (*b).into(),
        toml::Value::Float(f) => f.to_string().into(),
    }
}

fn lay_over(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Object(a)), Value::Object(b)) => {
                a.extend(b.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Every step of every scenario.
pub fn scenarios() -> Vec<Scenario> {
    let mut paths: Vec<_> = std::fs::read_dir(repository("cases/scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let mut out = Vec::new();
    for path in paths {
        let root: toml::Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let root = to_json(&root);
        let steps = root.get("step").and_then(Value::as_array).cloned();
        for (step, over) in steps.unwrap_or_else(|| vec![json!({})]).iter().enumerate() {
            let text = |key: &str| over.get(key).or(root.get(key)).and_then(Value::as_str);
            let place = text("at").unwrap().to_owned();
            let mut facts = root["facts"].as_object().unwrap().clone();
            if let Some(over) = over.get("facts").and_then(Value::as_object) {
                lay_over(&mut facts, over);
            }
            let known = library().places().get(&place).unwrap();
            let given = facts.get("custody").and_then(|c| c["time_zone"].as_str());
            let zone = given.map(str::to_owned).or(known.time_zone.clone()).unwrap();
            let expect = over.get("expect").or(root.get("expect")).unwrap();
            out.push(Scenario {
                id: root["id"].as_str().unwrap().to_owned(),
                on: text("on").unwrap().parse().unwrap(),
                place,
                zone: Zone::named(&zone).unwrap(),
                expect: expect.as_object().unwrap().clone(),
                facts,
                step,
            });
        }
    }
    out
}

/// What only the federal side knows of a person, and a form may state.
fn federal_knows(path: &str) -> bool {
    const AGENCY: &[&str] = &[
        "person.age_years",
        "person.born_on",
        "person.citizenship_claim",
        "person.us_citizen",
        "person.lawful_status_proof",
        "person.lawful_permanent_resident",
    ];
    path.starts_with("person.") && !AGENCY.contains(&path)
}

impl Scenario {
    pub fn fact(&self, group: &str, name: &str) -> Option<&Value> {
        self.facts.get(group)?.get(name)
    }

    pub fn text(&self, group: &str, name: &str) -> Option<&str> {
        self.fact(group, name)?.as_str().filter(|text| *text != "unknown")
    }

    pub fn yes(&self, group: &str, name: &str) -> bool {
        self.fact(group, name) == Some(&Value::Bool(true))
    }

    pub fn instant(&self, local: &str) -> Timestamp {
        if let Ok(instant) = local.parse::<Timestamp>() {
            return instant;
        }
        self.zone.instant(local.parse::<DateTime>().unwrap()).unwrap()
    }

    pub fn moment(&self, group: &str, name: &str) -> Option<Timestamp> {
        self.text(group, name).map(|text| self.instant(text))
    }

    pub fn asks(&self) -> BTreeSet<Channel> {
        let asked = [
            ("asks_hold", Channel::Hold),
            ("asks_notice", Channel::Notify),
            ("asks_transfer", Channel::Transfer),
            ("asks_interview", Channel::Interview),
            ("asks_status", Channel::ShareStatus),
        ];
        asked.into_iter().filter(|(fact, _)| self.yes("request", fact)).map(|(_, c)| c).collect()
    }

    pub fn booking(&self) -> Booking {
        let mine = |path: &str| FactsOf::Booking.may_state(path) && !federal_knows(path);
        let issued: Date = self.text("request", "issued_on").unwrap().parse().unwrap();
        let booked_at = self.moment("custody", "booked_at").unwrap_or_else(|| {
            self.zone.start_of(issued).unwrap() - SignedDuration::from_hours(20)
        });
        Booking {
            booked_at,
            place: PlaceName::of(&library().places().get(&self.place).unwrap().code),
            time_zone: ZoneName::named(self.zone.name()).unwrap(),
            facts: Facts::read(split(&self.facts, mine), true, FactsOf::Booking).unwrap(),
        }
    }

    pub fn determination(&self) -> Determination {
        let mine = |path: &str| {
            federal_knows(path) && FactsOf::Determination.may_state(path)
                || path == "convictions"
                || path.starts_with("threat.")
        };
        let tree = split(&self.facts, mine);
        Determination {
            removable: true,
            basis: Basis::named(self.text("identification", "status_basis").unwrap_or("none"))
                .unwrap(),
            probable_cause: true,
            facts: Facts::read(tree, true, FactsOf::Determination).unwrap(),
        }
    }

    /// The form, with the id that its request gets.
    pub fn draft(&self, request: RequestId) -> Draft {
        let mine = |path: &str| federal_knows(path) || path.starts_with("request.");
        let states = split(&self.facts, |path| mine(path) && FactsOf::Request.may_state(path));
        let text = |name| self.text("request", name);
        let warrant = text("warrant").filter(|w| *w != "none").map(|kind| Warrant {
            kind: WarrantKind::named(kind).unwrap(),
            signed_by: text("warrant_signed_by").and_then(WarrantSigner::named),
        });
        Draft {
            request,
            form: Form::named(text("form").unwrap()).unwrap(),
            version: text("form_version").and_then(FormVersion::named),
            issued_on: text("issued_on").unwrap().parse().unwrap(),
            asks: self.asks(),
            basis: Basis::named(text("probable_cause_basis").unwrap_or("none")).unwrap(),
            warrant,
            states: Facts::read(states, true, FactsOf::Request).unwrap(),
            supersedes: None,
        }
    }
}

/// The groups of a tree of facts, path by path.
pub fn split(tree: &Map<String, Value>, mine: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut out = Map::new();
    for (group, value) in tree {
        match value {
            Value::Object(members) => {
                let kept: Map<String, Value> = members
                    .iter()
                    .filter(|(name, _)| mine(&format!("{group}.{name}")))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect();
                if !kept.is_empty() {
                    out.insert(group.clone(), Value::Object(kept));
                }
            }
            _ if mine(group) => {
                out.insert(group.clone(), value.clone());
            }
            _ => {}
        }
    }
    out
}
