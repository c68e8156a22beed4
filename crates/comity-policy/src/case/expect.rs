//! What a case file expects of the answer.

use crate::channel::{Channel, Modality, ModalitySet};
use crate::file::table::{Findings, Table};
use comity_model::tree::{Node, Raw};
use comity_model::{Diagnostic, read, schema};

/// Expectations; what is not named is not checked.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// By channel.
    pub channels: Vec<(Channel, Expected)>,
    /// Flags that must be present.
    pub flags: Vec<String>,
    /// Flags that must not be.
    pub no_flags: Vec<String>,
    /// Labels and their values.
    pub labels: Vec<(String, String)>,
    /// Duty ids that must be present.
    pub duties: Vec<String>,
    /// Texts that must occur in a citation of the answer.
    pub cites: Vec<String>,
    /// The deciding rule of the first channel named.
    pub rule: Option<String>,
    /// Channels that must carry a conflict mark.
    pub conflicts: Vec<String>,
    /// Facts that must be reported as contradictory.
    pub problems: Vec<String>,
    /// The clock.
    pub clock: Option<ClockExpect>,
}

/// What is expected on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Nobody speaks.
    Silent,
    /// One modality.
    Settled(Modality),
    /// Several, and perhaps the facts that would settle it.
    Undetermined(ModalitySet, Option<Vec<String>>),
}

/// What is expected of the clock: nothing runs, or these readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockExpect {
    /// No hold clock runs.
    None,
    /// Key and value as written; moments are local times.
    Readings(Vec<(String, String)>),
}

const CLOCK_KEYS: [&str; 7] = [
    "starts_at",
    "requested_ends_at",
    "regulatory_ends_at",
    "local_ends_at",
    "law_change_ends_at",
    "ends_at",
    "ends_by",
];

pub(super) fn read(node: &Node, found: &mut Findings<'_>) -> Expect {
    let mut out = Expect::default();
    let Some(mut t) = Table::new(node, "expect", found) else {
        return out;
    };
    let texts = |list: Vec<(&str, &Node)>| list.into_iter().map(|(t, _)| t.to_owned()).collect();
    out.flags = texts(t.texts("flags", found));
    out.no_flags = texts(t.texts("no_flags", found));
    out.duties = texts(t.texts("duties", found));
    out.cites = texts(t.texts("cites", found));
    out.conflicts = texts(t.texts("conflicts", found));
    let problems = t.texts("problems", found);
    problems.iter().for_each(|(t, n)| known_fact(t, n, found));
    out.problems = texts(problems);
    out.rule = t.text("rule", found).map(str::to_owned);
    if let Some(labels) = t.take("labels") {
        for e in labels.entries().unwrap_or(&[]) {
            out.labels.push((e.key.clone(), e.node.text().unwrap_or("").to_owned()));
        }
    }
    out.clock = t.take("clock").and_then(|n| clock(n, found));
    // In the file's order, so that `rule` can mean the first.
    for entry in node.entries().unwrap_or(&[]) {
        if let Some(channel) = Channel::from_name(&entry.key) {
            t.take(channel.name());
            if let Some(e) = expected(&entry.node, &entry.key, found) {
                out.channels.push((channel, e));
            }
        } else if !KEYS.contains(&entry.key.as_str()) {
            let names = Channel::ALL.into_iter().map(Channel::name).chain(KEYS);
            let d = Diagnostic::error(
                "unknown-channel",
                format!("there is no channel `{}`", entry.key),
            )
            .help(read::suggest(&entry.key, names))
            .path(format!("expect.{}", entry.key));
            found.add(d, entry.key_span.clone());
        }
    }
    out
}

const KEYS: [&str; 9] =
    ["flags", "no_flags", "labels", "duties", "cites", "rule", "conflicts", "problems", "clock"];

fn expected(node: &Node, key: &str, found: &mut Findings<'_>) -> Option<Expected> {
    let wrong = |found: &mut Findings<'_>| {
        let d = Diagnostic::error("unknown-value", format!("`{key}` expects nothing that can be answered"))
            .help("\"must\", \"may\", \"must_not\", \"silent\", or { undetermined = [\"may\", \"must_not\"], needs = […] }");
        found.add(d.path(format!("expect.{key}")), node.span.clone());
        None
    };
    match &node.raw {
        Raw::Text(t) if t == "silent" => Some(Expected::Silent),
        Raw::Text(t) => match Modality::from_name(t) {
            Some(m) => Some(Expected::Settled(m)),
            None => wrong(found),
        },
        Raw::Table(_) => {
            let mut t = Table::new(node, format!("expect.{key}"), found)?;
            let mut set = ModalitySet::default();
            for (name, at) in t.texts("undetermined", found) {
                // "silent" leaves discretion: the outcome is may.
                let m =
                    if name == "silent" { Some(Modality::May) } else { Modality::from_name(name) };
                match m {
                    Some(m) => set.insert(m),
                    None => {
                        let d =
                            Diagnostic::error("unknown-value", format!("`{name}` is no outcome"));
                        found.add(d.help("must, may, must_not"), at.span.clone());
                    }
                }
            }
            let has_needs = node.get("needs").is_some();
            let needs = t.texts("needs", found);
            needs.iter().for_each(|(t, n)| known_fact(t, n, found));
            let needs: Vec<String> = needs.into_iter().map(|(t, _)| t.to_owned()).collect();
            t.finish(found);
            Some(Expected::Undetermined(set, has_needs.then_some(needs)))
        }
        _ => wrong(found),
    }
}

/// A fact path in an expectation must name a fact: `request.form`, `convictions[0].level`.
fn known_fact(text: &str, node: &Node, found: &mut Findings<'_>) {
    let known = match text.split_once('[') {
        None => schema::find_scalar(text).is_some() || schema::find_list(text).is_some(),
        Some((list, rest)) => rest.split_once("].").is_some_and(|(index, field)| {
            index.parse::<u16>().is_ok()
                && schema::find_list(list).is_some_and(|l| l.field(field).is_some())
        }),
    };
    if !known {
        let d = Diagnostic::error("unknown-field", format!("there is no fact `{text}`"))
            .help("docs/reference/facts.md lists every fact");
        found.add(d, node.span.clone());
    }
}

fn clock(node: &Node, found: &mut Findings<'_>) -> Option<ClockExpect> {
    if node.text() == Some("none") {
        return Some(ClockExpect::None);
    }
    let mut t = Table::new(node, "expect.clock", found)?;
    let mut out = Vec::new();
    for key in CLOCK_KEYS {
        let Some(n) = t.take(key) else { continue };
        let kinds = ["requested", "regulatory", "local", "law_change"];
        if key == "ends_by" && !n.text().is_some_and(|t| kinds.contains(&t)) {
            t.wrong_type(key, n, "requested, regulatory, local or law_change", found);
            continue;
        }
        match &n.raw {
            Raw::Text(v) | Raw::Date(v) => out.push((key.to_owned(), v.clone())),
            _ => t.wrong_type(key, n, "a local date and time, or \"none\"", found),
        }
    }
    t.finish(found);
    Some(ClockExpect::Readings(out))
}
