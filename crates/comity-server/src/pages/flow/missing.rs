//! Facts of the schema as questions, and what an answer to one would change.

use super::ask::{Ask, Choice, Kind, Wrong};
use super::{Scene, book};
use crate::pages::words;
use comity_exchange::case::{Advice, Case, Facts, FactsOf, Finding, Law};
use comity_model::schema::{self, FieldDef, ListId};
use comity_policy::Channel;
use serde_json::{Map, Value, json};

/// A fact that a booking can state, by its path: `custody.criminal_arrest`, `convictions`,
/// `convictions[0].convicted_on`.
#[derive(Debug, Clone)]
pub struct Place {
    /// The path.
    pub path: String,
    spot: Spot,
}

#[derive(Debug, Clone, Copy)]
enum Spot {
    Scalar(&'static FieldDef),
    List(ListId),
    Element(ListId, usize, &'static FieldDef),
}

impl Place {
    /// The fact of a path, if the schema has it.
    pub fn find(path: &str) -> Option<Place> {
        let spot = if let Some(id) = schema::find_scalar(path) {
            Spot::Scalar(id.def())
        } else if let Some(list) = schema::find_list(path) {
            Spot::List(list)
        } else {
            let (name, rest) = path.split_once('[')?;
            let (index, field) = rest.split_once("].")?;
            let list = schema::find_list(name)?;
            let index = index.parse().ok().filter(|i| *i < super::ask::ROWS_MAX)?;
            let field = list.field(field)?;
            Spot::Element(list, index, list.def().fields.get(usize::from(field.0))?)
        };
        Some(Place { path: path.to_owned(), spot })
    }

    /// True if the agency's booking may state it.
    pub fn is_of_booking(&self) -> bool {
        let head = match self.spot {
            Spot::Scalar(def) => def.path,
            Spot::List(list) | Spot::Element(list, _, _) => list.def().name,
        };
        FactsOf::Booking.may_state(head)
    }

    /// What it means, one sentence of the schema.
    pub fn says(&self, case: &Case) -> String {
        match self.spot {
            Spot::Scalar(def) => def.says.to_owned(),
            Spot::List(list) => {
                format!("Whether there are {} that are not on record.", list.def().name)
            }
            Spot::Element(list, index, def) => {
                let one = words::sentence(list.def().one);
                let which = record(case, list, index).map(|r| known(&r)).unwrap_or_default();
                let which = if which.is_empty() { String::new() } else { format!(" ({which})") };
                format!("{one} {}{which}: {}", index + 1, def.says)
            }
        }
    }

    fn kind(&self) -> schema::Kind {
        match self.spot {
            Spot::Scalar(def) | Spot::Element(_, _, def) => def.kind,
            Spot::List(_) => schema::Kind::Bool,
        }
    }

    /// The values that it can have, where there are few enough to look at each.
    pub fn values(&self) -> Vec<Choice> {
        match (self.spot, self.kind()) {
            (Spot::List(list), _) => {
                let says = format!("There are no {} beside those on record", list.def().name);
                vec![Choice::new("none", &says)]
            }
            (_, schema::Kind::Bool) => Choice::yes_no(),
            (_, schema::Kind::Enum(set)) => book::words(set),
            _ => Vec::new(),
        }
    }

    /// The question for it. An empty answer states nothing.
    pub fn ask(&self, case: &Case) -> Ask {
        let mut values = self.values();
        let kind = match self.kind() {
            _ if !values.is_empty() => {
                values.push(Choice::new("unknown", "Not known"));
                Kind::One(values)
            }
            schema::Kind::Int(_) => Kind::Number,
            schema::Kind::Date => Kind::Day,
            schema::Kind::Instant => Kind::Moment,
            _ => Kind::Line(200),
        };
        let first = if matches!(kind, Kind::One(_)) { "unknown" } else { "" };
        let unit = match self.kind() {
            schema::Kind::Int(unit) if unit != schema::Unit::Count => {
                format!("In {}. Leave it empty if it is not known.", unit.name())
            }
            schema::Kind::Bool | schema::Kind::Enum(_) => String::new(),
            _ => "Leave it empty if it is not known.".to_owned(),
        };
        Ask::new(self.path.clone(), self.says(case), kind).hint(unit).first(first).optional()
    }

    /// An answer as a value of the schema; `None` states nothing.
    ///
    /// # Errors
    /// The text is no such value.
    pub fn value(&self, scene: &Scene<'_>, text: &str) -> Result<Option<Value>, Wrong> {
        if text.is_empty() || text == "unknown" {
            return Ok(None);
        }
        let bad = |what: &str| Wrong::with(&self.path, format!("{}: {what}", self.path));
        if matches!(self.spot, Spot::List(_)) {
            return if text == "none" { Ok(Some(json!([]))) } else { Err(bad("Choose one.")) };
        }
        Ok(Some(match self.kind() {
            schema::Kind::Bool => match text {
                "yes" | "true" => true.into(),
                "no" | "false" => false.into(),
                _ => return Err(bad("Write yes or no.")),
            },
            schema::Kind::Int(_) => {
                text.parse::<u32>().map_err(|_| bad("Write a whole number."))?.into()
            }
            schema::Kind::Enum(set) => {
                let name = text.to_lowercase().replace(' ', "_");
                if set.code(&name).is_none() {
                    let names: Vec<&str> = set.values.iter().map(|(name, _)| *name).collect();
                    return Err(bad(&format!("Write one of {}.", names.join(", "))));
                }
                name.into()
            }
            schema::Kind::Date => {
                let day = text.parse::<jiff::civil::Date>();
                let day = day.map_err(|_| bad("Write a day as year-month-day: 2016-03-01."))?;
                day.to_string().into()
            }
            schema::Kind::Instant => scene
                .moment_of(text)
                .ok_or_else(|| bad("Write a day and a time: 2016-03-01 14:30."))?
                .to_string()
                .into(),
            schema::Kind::Text => text.into(),
        }))
    }

    /// Lays a value over a tree of facts that is to be amended. A list is written as a whole,
    /// with what is on record.
    pub fn put(&self, case: &Case, tree: &mut Map<String, Value>, value: Value) {
        match self.spot {
            Spot::Scalar(def) => {
                let (group, name) = def.path.split_once('.').unwrap_or((def.path, ""));
                let members = tree.entry(group).or_insert_with(|| json!({}));
                members[name] = value;
            }
            Spot::List(list) => {
                let mut records = records(case, list);
                records.retain(Value::is_object);
                tree.entry(list.def().name).or_insert_with(|| records.into());
            }
            Spot::Element(list, index, def) => {
                let records =
                    tree.entry(list.def().name).or_insert_with(|| records(case, list).into());
                if let Some(record @ Value::Object(_)) = records.get_mut(index) {
                    record[def.path] = value;
                }
            }
        }
    }

    /// The facts that one value of it states.
    fn facts(&self, case: &Case, value: Value) -> Option<Facts> {
        let mut tree = Map::new();
        self.put(case, &mut tree, value);
        Facts::read(tree, false, FactsOf::Booking).ok()
    }

    /// The value of a choice as the schema has it.
    fn chosen(&self, choice: &str) -> Value {
        match (self.spot, choice) {
            (Spot::List(_), _) => json!([]),
            (_, "yes") => true.into(),
            (_, "no") => false.into(),
            (_, name) => name.into(),
        }
    }
}

fn records(case: &Case, list: ListId) -> Vec<Value> {
    let tree = case.booking.as_ref().map(|b| b.facts.tree());
    match tree.and_then(|tree| tree.get(list.def().name)) {
        Some(Value::Array(records)) => records.clone(),
        _ => Vec::new(),
    }
}

fn record(case: &Case, list: ListId, index: usize) -> Option<Value> {
    records(case, list).into_iter().nth(index)
}

/// A record in few words, to tell it from the others.
fn known(record: &Value) -> String {
    let word = |name: &str| record[name].as_str().map(words::plain);
    [word("category"), word("level")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The channels on which somebody waits for an answer of this agency, or that the program lets
/// the officer ask on.
pub fn channels_of(case: &Case) -> Vec<Channel> {
    use comity_exchange::case::Side;
    match (case.standing(), case.side) {
        (Some(request), Side::Agency) => request.draft.asks.iter().copied().collect(),
        (None, Side::Agency) => Vec::new(),
        (_, Side::Federal) => {
            vec![Channel::RequestHold, Channel::RequestNotice, Channel::RequestTransfer]
        }
    }
}

/// The facts that are in a smallest set that would settle one of these channels, each once.
pub fn missing(finding: &Finding, channels: &[Channel]) -> Vec<Place> {
    let mut out: Vec<Place> = Vec::new();
    for channel in channels {
        let Law::Undetermined { needs, .. } = finding.on(*channel) else { continue };
        for path in needs.iter().flatten() {
            if out.iter().all(|place| place.path != *path)
                && let Some(place) = Place::find(path)
            {
                out.push(place);
            }
        }
    }
    out
}

/// What changes on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The channel, in words.
    pub on: String,
    /// What the law says now.
    pub was: String,
    /// What it would say.
    pub is: String,
    /// The name of what it would say, for its color.
    pub name: &'static str,
    /// The rule's citation.
    pub cite: String,
}

/// What the law says otherwise in one finding than in another, on these channels.
pub fn changes(before: &Finding, after: &Finding, channels: &[Channel]) -> Vec<Change> {
    let one = |channel: &Channel| {
        let (was, is) = (before.on(*channel), after.on(*channel));
        (was.name() != is.name()).then(|| Change {
            on: words::sentence(&words::plain(channel.name())),
            was: words::plain(was.name()),
            is: words::plain(is.name()),
            name: is.name(),
            cite: is.rule().map_or_else(String::new, |rule| rule.cite.clone()),
        })
    };
    channels.iter().filter_map(one).collect()
}

/// Most values that are laid over a case for one page.
pub const LOOKS_MAX: usize = 160;

/// What each value of a fact would change, as the rest of the case stands; empty for a fact
/// whose values are too many to look at.
pub fn looks(
    scene: &Scene<'_>,
    place: &Place,
    before: &Finding,
    left: &mut usize,
) -> Vec<(Choice, Vec<Change>)> {
    let Some(case) = scene.case() else { return Vec::new() };
    let values = place.values();
    if values.len() > *left || !place.is_of_booking() {
        return Vec::new();
    }
    *left -= values.len();
    let channels = channels_of(case);
    let one = |choice: Choice| {
        let facts = place.facts(case, place.chosen(&choice.value))?;
        let after = Advice::finding_with(&scene.app.library, case, &facts, scene.now).ok()?;
        Some((choice, changes(before, &after, &channels)))
    };
    values.into_iter().filter_map(one).collect()
}
