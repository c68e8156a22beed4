//! The facts that people enter into a case, in the schema's words, and which of them may be
//! entered by whom and may go to the other party.

use comity_model::{CaseFacts, Diagnostic, NotListed, SourceText, read, tree};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Most bytes of one record of facts.
pub const FACTS_BYTES_MAX: usize = 256 * 1024;

/// Whose statement a record of facts is; each may state some of the schema's facts only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsOf {
    /// The agency's booking: everything but what the case itself knows.
    Booking,
    /// What goes with a print submission: place, arrest and charges. No convictions, no
    /// threats, nothing of what the person said.
    Submission,
    /// The federal side's own records behind a status determination.
    Determination,
    /// What a request states on its face.
    Request,
}

/// Facts that follow from the events of the case. Nobody may state them beside it.
const CASE_KNOWS: &[&str] = &[
    "decision.on",
    "identification.result",
    "identification.status_basis",
    "identification.probable_cause",
    "request.form",
    "request.form_version",
    "request.issued_on",
    "request.received_at",
    "request.asks_hold",
    "request.asks_notice",
    "request.asks_transfer",
    "request.asks_interview",
    "request.asks_status",
    "request.probable_cause_basis",
    "request.warrant",
    "request.warrant_signed_by",
    "request.served_on_person",
    "request.served_on",
    "request.withdrawn",
    "custody.booked_at",
    "custody.booked_on",
    "custody.release_eligible_at",
    "custody.release_eligible_on",
    "custody.release_reason",
    "custody.hold_started_at",
    "custody.released_at",
    "custody.released_on",
    "custody.time_zone",
    "place.state",
    "place.county",
    "place.city",
    "place.circuit",
];

/// Facts that go with a print submission, besides those on the place and the charges.
const SUBMITTED: &[&str] = &[
    "custody.arrested_on",
    "custody.criminal_arrest",
    "custody.facility",
    "custody.facility_kind",
    "identification.foreign_born",
    "person.age_years",
];

impl FactsOf {
    /// True if a record of this kind may state the fact, or the list, of that path.
    pub fn may_state(self, path: &str) -> bool {
        let (group, _) = path.split_once('.').unwrap_or((path, ""));
        if CASE_KNOWS.contains(&path) {
            return false;
        }
        match self {
            FactsOf::Booking => group != "request",
            FactsOf::Submission => {
                matches!(group, "place" | "charges") || SUBMITTED.contains(&path)
            }
            FactsOf::Determination => {
                matches!(group, "person" | "threat" | "charges" | "convictions")
            }
            FactsOf::Request => {
                let birth = matches!(path, "person.born_on" | "person.age_years");
                matches!(group, "person" | "threat" | "request") && !birth
            }
        }
    }
}

/// Facts by group, as in a case file: `{"person": {"removable": true}, "charges": [{…}]}`.
#[derive(Clone, PartialEq, Default, Serialize)]
pub struct Facts {
    /// True if the record is complete: what it does not list is "no", not unknown.
    complete: bool,
    tree: Map<String, Value>,
}

impl fmt::Debug for Facts {
    // Facts are personal data, which belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Facts({} groups)", self.tree.len())
    }
}

impl Facts {
    /// Reads a record of facts. `complete` says that a fact that is not listed is "no".
    ///
    /// # Errors
    /// Every unknown name, wrong type or value; `not-here` for a fact that such a record may
    /// not state; `too-large`.
    pub fn read(
        tree: Map<String, Value>,
        complete: bool,
        of: FactsOf,
    ) -> Result<Facts, Vec<Diagnostic>> {
        let facts = Facts { complete, tree };
        facts.check_schema()?;
        facts.check(of)?;
        Ok(facts)
    }

    fn check_schema(&self) -> Result<(), Vec<Diagnostic>> {
        let text = Value::Object(self.tree.clone()).to_string();
        if text.len() > FACTS_BYTES_MAX {
            let message = format!("the facts have {} bytes, of {FACTS_BYTES_MAX}", text.len());
            return Err(vec![Diagnostic::error("too-large", message).path("facts")]);
        }
        let source = SourceText { name: "facts", text: &text };
        let node = tree::parse_json(&source)?;
        read::apply(&mut CaseFacts::default(), &node, NotListed::Unknown, &source)
    }

    /// Checks that such a record may state these facts.
    ///
    /// # Errors
    /// `not-here`, with the path, for each that it may not.
    pub fn check(&self, of: FactsOf) -> Result<(), Vec<Diagnostic>> {
        let wrong: Vec<Diagnostic> = self
            .paths()
            .filter(|path| !of.may_state(path))
            .map(|path| {
                let message = format!("`{path}` cannot be stated here");
                Diagnostic::error("not-here", message)
                    .path(path)
                    .help("the case knows it from its events, or the other party states it")
            })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The paths of the facts that are stated; a list by its name.
    fn paths(&self) -> impl Iterator<Item = String> {
        self.tree.iter().flat_map(|(group, value)| match value {
            Value::Object(members) => {
                members.keys().map(|name| format!("{group}.{name}")).collect::<Vec<_>>()
            }
            _ => vec![group.clone()],
        })
    }

    /// True when nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// True if what is not listed is "no".
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// These facts with others laid over them: fact by fact, and lists as a whole.
    #[must_use]
    pub fn with(&self, over: &Facts) -> Facts {
        let mut out = self.clone();
        out.complete |= over.complete;
        for (group, value) in &over.tree {
            match (out.tree.get_mut(group), value) {
                (Some(Value::Object(old)), Value::Object(new)) => {
                    old.extend(new.iter().map(|(k, v)| (k.clone(), v.clone())));
                }
                _ => {
                    out.tree.insert(group.clone(), value.clone());
                }
            }
        }
        out
    }

    /// The part that a record of another kind may state: what of a booking goes with a
    /// submission.
    #[must_use]
    pub fn part(&self, of: FactsOf) -> Facts {
        let mut tree = Map::new();
        for (group, value) in &self.tree {
            match value {
                Value::Object(members) => {
                    let may = |name: &str| of.may_state(&format!("{group}.{name}"));
                    let kept: Map<String, Value> = members
                        .iter()
                        .filter(|(name, _)| may(name))
                        .map(|(k, v)| (k.clone(), v.clone()))
                        .collect();
                    if !kept.is_empty() {
                        tree.insert(group.clone(), Value::Object(kept));
                    }
                }
                _ if of.may_state(group) => {
                    tree.insert(group.clone(), value.clone());
                }
                _ => {}
            }
        }
        Facts { complete: self.complete, tree }
    }

    /// The facts as the `facts` of a case file.
    pub fn tree(&self) -> &Map<String, Value> {
        &self.tree
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            complete: bool,
            tree: Map<String, Value>,
        }
        let Raw { complete, tree } = Raw::deserialize(d)?;
        let facts = Facts { complete, tree };
        match facts.check_schema() {
            Ok(()) => Ok(facts),
            Err(wrong) => {
                let says = wrong.first().map(|d| format!("{}: {}", d.path, d.message));
                Err(serde::de::Error::custom(says.unwrap_or_default()))
            }
        }
    }
}
