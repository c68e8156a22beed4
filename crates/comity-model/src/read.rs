//! Reads facts from a tree of TOML or JSON, against the schema.

use crate::date::Day;
use crate::diagnostic::{Diagnostic, SourceText, shorten};
use crate::facts::{CaseFacts, ListState, NotListed, Value, not_listed_value};
use crate::place::TIME_ZONE;
use crate::schema::{self, FieldDef, FieldId, Kind, ListId, fields, nearest, scalar};
use crate::tree::{Entry, Node, Raw};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::ops::Range;

/// Most elements of one list that are read.
pub const ELEMENTS_MAX: usize = 1_000;

/// A finding that still has to be located in its file.
type Found = (Diagnostic, Option<Range<usize>>);

/// Lays the facts of a `facts` table over a case. All findings are reported; on
/// any error the case is not to be used.
///
/// # Errors
/// Every unknown path, wrong type, value or date, with the fact's path and its place.
pub fn apply(
    facts: &mut CaseFacts,
    node: &Node,
    not_listed: NotListed,
    source: &SourceText<'_>,
) -> Result<(), Vec<Diagnostic>> {
    let mut reader = Reader { facts, not_listed, given: Vec::new(), found: Vec::new() };
    reader.root(node);
    let Reader { found, given, .. } = reader;
    imply(facts, &given);
    derive(facts);
    if found.is_empty() {
        return Ok(());
    }
    Err(found.into_iter().map(|(d, span)| source.locate(d, span)).collect())
}

/// Fills facts that follow from others: days from moments in the facility's zone,
/// age from the date of birth. A fact that is given is never overwritten.
pub fn derive(facts: &mut CaseFacts) {
    const PAIRS: [(FieldId, FieldId); 3] = [
        (scalar("custody.booked_at"), scalar("custody.booked_on")),
        (scalar("custody.release_eligible_at"), scalar("custody.release_eligible_on")),
        (scalar("custody.released_at"), scalar("custody.released_on")),
    ];
    let zone = facts.get_text(TIME_ZONE).and_then(|z| TimeZone::get(z).ok());
    for (at, on) in PAIRS {
        if let (Value::Instant(s), Value::Unknown, Some(zone)) =
            (facts.get(at), facts.get(on), &zone)
            && let Ok(t) = Timestamp::from_second(s)
        {
            let day = Day::from_civil(t.to_zoned(zone.clone()).date());
            facts.set(on, Value::Date(day));
        }
    }
    const BORN: FieldId = scalar("person.born_on");
    const AGE: FieldId = scalar("person.age_years");
    const BOOKED: FieldId = scalar("custody.booked_on");
    if let (Some(born), Some(booked), Value::Unknown) =
        (facts.get_date(BORN), facts.get_date(BOOKED), facts.get(AGE))
        && born <= booked
    {
        facts.set(AGE, Value::Int(completed_years(born, booked)));
    }
}

/// A yes that follows from another yes, where the file does not speak of it.
fn imply(facts: &mut CaseFacts, given: &[FieldId]) {
    const IMPLIED: [(FieldId, FieldId); 2] = [
        (scalar("person.final_order"), scalar("person.final_order_ever")),
        (scalar("person.illegal_reentry"), scalar("person.prior_removal")),
    ];
    for (yes, then) in IMPLIED {
        if facts.get(yes) == Value::Bool(true) && !given.contains(&then) {
            facts.set(then, Value::Bool(true));
        }
    }
}

/// Completed years from one day to a later one.
pub fn completed_years(from: Day, to: Day) -> i64 {
    let (a, b) = (from.to_civil(), to.to_civil());
    let whole = i64::from(b.year()) - i64::from(a.year());
    whole - i64::from((b.month(), b.day()) < (a.month(), a.day()))
}

struct Reader<'a> {
    facts: &'a mut CaseFacts,
    not_listed: NotListed,
    given: Vec<FieldId>,
    found: Vec<Found>,
}

impl Reader<'_> {
    fn root(&mut self, node: &Node) {
        let Some(entries) = node.entries() else {
            let d = Diagnostic::error("wrong-type", format!("`facts` is {}", node.type_name()))
                .help("write tables: [facts.request], [[facts.convictions]]");
            self.found.push((d.path("facts"), node.span.clone()));
            return;
        };
        // The zone is needed to read moments, wherever it stands in the file.
        let zone =
            entries.iter().find(|e| e.key == "custody").and_then(|e| e.node.get("time_zone"));
        if let Some(zone) = zone.and_then(Node::text) {
            self.facts.set_text(TIME_ZONE, zone);
        }
        for entry in entries {
            if let Some(list) = schema::find_list(&entry.key) {
                self.list(list, entry);
            } else if schema::groups().contains(&entry.key.as_str()) {
                self.group(entry);
            } else {
                let lists = fields::LISTS.iter().map(|l| l.name);
                self.unknown_name(entry, &entry.key, schema::groups().into_iter().chain(lists));
            }
        }
    }

    fn unknown_name<'n>(
        &mut self,
        entry: &Entry,
        path: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        let near = nearest(&entry.key, names);
        let d =
            Diagnostic::error("unknown-field", format!("there is no fact `{}`", shorten(path, 80)));
        let help = near.map_or_else(
            || "docs/reference/facts.md lists every fact".to_owned(),
            |n| format!("did you mean `{n}`?"),
        );
        self.found.push((d.path(shorten(path, 80)).help(help), entry.key_span.clone()));
    }

    fn group(&mut self, group: &Entry) {
        let Some(entries) = group.node.entries() else {
            let d = Diagnostic::error(
                "wrong-type",
                format!("`{}` is {}, not a table of facts", group.key, group.node.type_name()),
            );
            self.found.push((d.path(group.key.clone()), group.node.span.clone()));
            return;
        };
        for entry in entries {
            let path = format!("{}.{}", group.key, entry.key);
            let Some(field) = schema::find_scalar(&path) else {
                let prefix = format!("{}.", group.key);
                let names = fields::SCALARS.iter().filter_map(|f| f.path.strip_prefix(&prefix));
                self.unknown_name(entry, &path, names);
                continue;
            };
            self.given.push(field);
            if let Some(value) = self.value(field.def(), &path, &entry.node) {
                self.facts.set(field, value);
            }
        }
    }

    fn list(&mut self, list: ListId, entry: &Entry) {
        let name = list.def().name;
        match &entry.node.raw {
            Raw::Text(t) if t == "unknown" => self.facts.list_mut(list).clear(),
            Raw::Text(t) if t == "maybe more" => {
                self.facts.list_mut(list).clear();
                self.facts.list_mut(list).state = ListState::AtLeast;
            }
            Raw::List(items) => self.elements(list, items, &entry.node),
            _ => {
                let d = Diagnostic::error(
                    "wrong-type",
                    format!("`{name}` is {}, not a list", entry.node.type_name()),
                )
                .help(format!(
                    "write [[facts.{name}]] for each {}, or \"unknown\"",
                    list.def().one
                ));
                self.found.push((d.path(name), entry.node.span.clone()));
            }
        }
    }

    fn elements(&mut self, list: ListId, items: &[Node], whole: &Node) {
        let name = list.def().name;
        if items.len() > ELEMENTS_MAX {
            let d = Diagnostic::error(
                "too-many",
                format!("`{name}` has {} elements; at most {ELEMENTS_MAX} are read", items.len()),
            );
            self.found.push((d.path(name), whole.span.clone()));
            return;
        }
        self.facts.list_mut(list).clear();
        self.facts.list_mut(list).state = ListState::Complete;
        for (i, item) in items.iter().enumerate() {
            match &item.raw {
                Raw::Text(t) if t == "maybe more" && i + 1 == items.len() => {
                    self.facts.list_mut(list).state = ListState::AtLeast;
                }
                Raw::Text(t) if t == "unknown" => {
                    self.facts.list_mut(list).push_unknown();
                }
                Raw::Table(entries) => self.element(list, entries),
                _ => {
                    let d = Diagnostic::error(
                        "wrong-type",
                        format!("`{name}[{i}]` is {}, not a table", item.type_name()),
                    )
                    .help("a table of facts, \"unknown\", or \"maybe more\" as the last element");
                    self.found.push((d.path(format!("{name}[{i}]")), item.span.clone()));
                }
            }
        }
    }

    fn element(&mut self, list: ListId, entries: &[Entry]) {
        let def = list.def();
        let index = self.facts.list_mut(list).push_unknown();
        for (i, field) in def.fields.iter().enumerate() {
            let value = not_listed_value(&field.kind, self.not_listed);
            self.facts.list_mut(list).set(index, schema::ElemFieldId(i as u16), value);
        }
        for entry in entries {
            let path = format!("{}[{index}].{}", def.name, entry.key);
            let Some(field) = list.field(&entry.key) else {
                self.unknown_name(entry, &path, def.fields.iter().map(|f| f.path));
                continue;
            };
            let field_def = &def.fields[field.0 as usize];
            if let Some(value) = self.value(field_def, &path, &entry.node) {
                self.facts.list_mut(list).set(index, field, value);
            }
        }
    }

    fn value(&mut self, def: &FieldDef, path: &str, node: &Node) -> Option<Value> {
        if node.text() == Some("unknown") {
            return Some(Value::Unknown);
        }
        match self.known_value(def, node) {
            Ok(v) => Some(v),
            Err(d) => {
                self.found.push((d.path(path), node.span.clone()));
                None
            }
        }
    }

    fn known_value(&mut self, def: &FieldDef, node: &Node) -> Result<Value, Diagnostic> {
        match (&def.kind, &node.raw) {
            (Kind::Bool, Raw::Bool(b)) => Ok(Value::Bool(*b)),
            (Kind::Int(unit), Raw::Int(n)) => {
                let most = if *unit == schema::Unit::Years { 150 } else { 1_000_000 };
                if (0..=most).contains(n) {
                    return Ok(Value::Int(*n));
                }
                Err(Diagnostic::error(
                    "out-of-range",
                    format!("{n} {} is out of range", unit.name()),
                )
                .help(format!("between 0 and {most}")))
            }
            (Kind::Enum(set), Raw::Text(t)) => set.code(t).map(Value::Enum).ok_or_else(|| {
                let d = Diagnostic::error(
                    "wrong-enum-value",
                    format!("`{}` is no {}", shorten(t, 60), set.name),
                );
                d.help(suggest(t, set.values.iter().map(|(n, _)| *n)))
            }),
            (Kind::Date, Raw::Date(t) | Raw::Text(t)) => read_date(t).map(Value::Date),
            (Kind::Instant, Raw::Date(t) | Raw::Text(t)) => self.read_instant(t),
            (Kind::Text, Raw::Text(t)) if def.path == "custody.time_zone" => {
                TimeZone::get(t).map(|_| self.facts.text_value(t)).map_err(|_| {
                    Diagnostic::error(
                        "unknown-time-zone",
                        format!("`{}` is no IANA time zone", shorten(t, 60)),
                    )
                    .help("a name such as America/Chicago")
                })
            }
            (Kind::Text, Raw::Text(t)) => {
                if t.len() > 200 {
                    return Err(Diagnostic::error(
                        "too-long",
                        format!("{} bytes of text", t.len()),
                    )
                    .help("at most 200 bytes"));
                }
                Ok(self.facts.text_value(t))
            }
            (kind, _) => Err(wrong_type(kind, node)),
        }
    }

    fn read_instant(&self, text: &str) -> Result<Value, Diagnostic> {
        if let Ok(t) = text.parse::<Timestamp>() {
            return Ok(Value::Instant(t.as_second()));
        }
        let local: DateTime = text.parse().map_err(|_| {
            Diagnostic::error("bad-date", format!("`{}` is no date and time", shorten(text, 60)))
                .help(
                    "2017-05-12T17:00:00 local time, or with an offset: 2017-05-12T17:00:00-05:00",
                )
        })?;
        if !text.contains([':', 'T', 't', ' ']) {
            return Err(Diagnostic::error("bad-date", format!("`{text}` has no time of day"))
                .help("2017-05-12T17:00:00: the clock starts at a moment, not on a day"));
        }
        let zone = self.facts.get_text(TIME_ZONE).and_then(|z| TimeZone::get(z).ok());
        let Some(zone) = zone else {
            return Err(Diagnostic::error(
                "no-time-zone",
                "local time without a time zone cannot be placed",
            )
            .help("give custody.time_zone, a place (at = …), or an offset"));
        };
        let ambiguous = zone.to_ambiguous_timestamp(local);
        let t = ambiguous.unambiguous().map_err(|_| {
            Diagnostic::error(
                "ambiguous-time",
                format!("{text} happens twice or never: the clocks change"),
            )
            .help("give the offset: 2017-11-05T01:30:00-05:00")
        })?;
        Ok(Value::Instant(t.as_second()))
    }
}

/// Reads a calendar day; a time of day is refused, not dropped.
pub fn read_date(text: &str) -> Result<Day, Diagnostic> {
    Day::parse(text).ok_or_else(|| {
        let d =
            Diagnostic::error("bad-date", format!("`{}` is no calendar day", shorten(text, 60)));
        d.help("a day such as 2017-05-12, without a time")
    })
}

fn wrong_type(kind: &Kind, node: &Node) -> Diagnostic {
    let d = Diagnostic::error(
        "wrong-type",
        format!("{} where {} is wanted", node.type_name(), kind.name()),
    );
    d.help(match kind {
        Kind::Bool => "true, false or \"unknown\"".to_owned(),
        Kind::Int(u) => format!("a whole number of {}, or \"unknown\"", u.name()),
        Kind::Enum(set) => {
            format!("text: one of {}", list_some(set.values.iter().map(|(n, _)| *n)))
        }
        Kind::Date => "a day such as 2017-05-12, or \"unknown\"".to_owned(),
        Kind::Instant => "a date and time such as 2017-05-12T17:00:00, or \"unknown\"".to_owned(),
        Kind::Text => "text in quotes".to_owned(),
    })
}

/// The nearest of some names, or the first few of them.
pub fn suggest<'a>(wrong: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    nearest(wrong, names.clone())
        .map_or_else(|| format!("one of {}", list_some(names)), |n| format!("did you mean `{n}`?"))
}

fn list_some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 12 { format!("{shown}, … ({} in all)", names.len()) } else { shown }
}
