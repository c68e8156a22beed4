//! `national.toml`: the sources of the tables, published rates, and what is assumed.

use super::alias::WEIGHT_MAX;
use crate::toml_read::{Target, TomlReader};
use comity_model::schema::{FieldId, Kind, scalar};
use comity_model::tree::{Entry, Node, Raw, parse_toml};
use comity_model::{Diagnostic, SourceText};

/// A table with where it comes from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its file.
    pub file: String,
    /// What it holds.
    pub what: String,
    /// The public table or figure.
    pub source: String,
    /// How the one follows from the other.
    pub derivation: String,
}

/// A rate with its source.
#[derive(Debug, Clone)]
pub struct Rate {
    /// Its name, one of [`RATES`].
    pub name: String,
    /// Parts of a million.
    pub parts: u64,
    /// Where it comes from, or that it is assumed.
    pub source: String,
}

/// A fact that is drawn without a public number behind it.
#[derive(Debug, Clone)]
pub struct Assumed {
    /// The fact.
    pub field: FieldId,
    /// Parts by code: for yes/no 0 is no and 1 is yes; the last is unknown.
    pub parts: Vec<u64>,
    /// The reason.
    pub why: String,
}

/// The file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the set of distributions.
    pub id: String,
    /// The title of reports.
    pub title: String,
    /// What it is, for reports.
    pub says: String,
    /// Sources of the tables.
    pub sources: Vec<Source>,
    /// Rates, in the order of [`RATES`].
    pub rates: Vec<Rate>,
    /// Parts of what is known of the charges: unknown, at least, complete.
    pub charges_known: [u64; 3],
    /// The same of the convictions.
    pub convictions_known: [u64; 3],
    /// Assumed facts.
    pub assumed: Vec<Assumed>,
}

/// Every rate that the file must give.
pub const RATES: [&str; 6] = [
    "prior_none",
    "prior_serious",
    "age_unknown",
    "convicted_on_unknown",
    "sentence_unknown",
    "booked_same_day",
];
/// The states of a list in the order of the column's codes.
const STATES: [&str; 3] = ["unknown", "at_least", "complete"];

/// Facts that the generator itself fills; they cannot be assumed as well.
pub const FILLED: [FieldId; 18] = [
    scalar("decision.on"),
    scalar("person.age_years"),
    scalar("person.us_citizen"),
    scalar("person.removable"),
    scalar("request.form"),
    scalar("request.form_version"),
    scalar("request.issued_on"),
    scalar("request.asks_hold"),
    scalar("request.asks_notice"),
    scalar("request.warrant_signed_by"),
    scalar("custody.booked_on"),
    scalar("custody.release_eligible_on"),
    scalar("custody.facility_kind"),
    scalar("place.state"),
    scalar("place.county"),
    scalar("place.city"),
    scalar("place.circuit"),
    scalar("place.program_activated_on"),
];

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Settings, Vec<Diagnostic>> {
        let text = std::str::from_utf8(bytes).map_err(|_| {
            vec![Diagnostic::error("not-utf8", format!("`{name}` is no UTF-8 text"))]
        })?;
        let source = SourceText { name, text };
        let root = parse_toml(&source)?;
        let mut toml = TomlReader::new(&source);
        let keys = ["id", "title", "says", "table", "rate", "lists", "assumed"];
        toml.only(&root, "the file", &keys);
        let settings = Settings {
            id: toml.text(&root, "the file", "id"),
            title: toml.text(&root, "the file", "title"),
            says: toml.text(&root, "the file", "says"),
            sources: sources(&mut toml, &root),
            rates: rates(&mut toml, &root),
            charges_known: known(&mut toml, &root, "charges"),
            convictions_known: known(&mut toml, &root, "convictions"),
            assumed: assumed(&mut toml, &root),
        };
        if toml.found.is_empty() { Ok(settings) } else { Err(toml.found) }
    }

    /// A rate in parts of a million.
    pub fn rate(&self, name: &str) -> u64 {
        self.rates.iter().find(|r| r.name == name).map_or(0, |r| r.parts)
    }
}

fn sources(toml: &mut TomlReader<'_>, root: &Node) -> Vec<Source> {
    let mut out = Vec::new();
    for node in toml.tables(root, "table") {
        toml.only(node, "a table", &["file", "what", "source", "derivation"]);
        let mut text = |key| toml.text(node, "a table", key);
        out.push(Source {
            file: text("file"),
            what: text("what"),
            source: text("source"),
            derivation: text("derivation"),
        });
    }
    out
}

fn rates(toml: &mut TomlReader<'_>, root: &Node) -> Vec<Rate> {
    let mut out = Vec::new();
    for node in toml.tables(root, "rate") {
        toml.only(node, "a rate", &["name", "parts", "source"]);
        let name = toml.text(node, "a rate", "name");
        let parts = parts_of(toml, node, "parts", 1_000_000);
        let source = toml.text(node, "a rate", "source");
        if !RATES.contains(&name.as_str()) {
            let d = Diagnostic::error("unknown-rate", format!("there is no rate `{name}`"));
            toml.wrong(d.help(format!("one of {}", RATES.join(", "))), node.span.clone());
        }
        out.push(Rate { name, parts, source });
    }
    for name in RATES.iter().filter(|n| !out.iter().any(|r| r.name == **n)) {
        let d = Diagnostic::error("missing-rate", format!("the file has no rate `{name}`"));
        toml.wrong(d, root.span.clone());
    }
    let sum = |names: [&str; 2]| -> u64 {
        out.iter().filter(|r| names.contains(&r.name.as_str())).map(|r| r.parts).sum()
    };
    if sum(["prior_none", "prior_serious"]) > 1_000_000 {
        let says = "`prior_none` and `prior_serious` are more than a million together";
        toml.wrong(Diagnostic::error("rate-too-large", says), root.span.clone());
    }
    out
}

/// A whole number from 0 to `max` under a key; 0 where it is none, which is a finding.
fn parts_of(toml: &mut TomlReader<'_>, node: &Node, key: &str, max: u64) -> u64 {
    let value = node.get(key);
    let n = match value.map(|v| &v.raw) {
        Some(Raw::Int(n)) => u64::try_from(*n).ok().filter(|n| *n <= max),
        _ => None,
    };
    n.unwrap_or_else(|| {
        let says = format!("`{key}` is not a whole number from 0 to {max}");
        let span = value.and_then(|v| v.span.clone()).or_else(|| node.span.clone());
        toml.wrong(Diagnostic::error("wrong-parts", says), span);
        0
    })
}

fn known(toml: &mut TomlReader<'_>, root: &Node, list: &str) -> [u64; 3] {
    let node = root.get("lists").and_then(|l| l.get(list));
    let Some(node) = node else {
        let says = format!("the file has no table `lists.{list}`");
        toml.wrong(Diagnostic::error("missing-key", says), root.span.clone());
        return [0, 0, 1];
    };
    toml.only(node, "what is known of a list", &STATES);
    let parts = STATES.map(|s| parts_of(toml, node, s, WEIGHT_MAX));
    if parts.iter().all(|p| *p == 0) {
        let says = format!("`lists.{list}` has no part that is not zero");
        toml.wrong(Diagnostic::error("wrong-parts", says), node.span.clone());
    }
    parts
}

fn assumed(toml: &mut TomlReader<'_>, root: &Node) -> Vec<Assumed> {
    let mut out: Vec<Assumed> = Vec::new();
    for node in toml.tables(root, "assumed") {
        toml.only(node, "an assumed fact", &["fact", "parts", "why"]);
        let why = toml.text(node, "an assumed fact", "why");
        for target in toml.targets(node, "an assumed fact") {
            let Target::Scalar(field) = target else {
                let says = "only a fact of the case can be assumed, not a list";
                toml.wrong(Diagnostic::error("wrong-type", says), node.span.clone());
                continue;
            };
            if FILLED.contains(&field) || out.iter().any(|a| a.field == field) {
                let says = format!("`{}` is filled already", field.def().path);
                toml.wrong(Diagnostic::error("filled-twice", says), node.span.clone());
                continue;
            }
            let Some(names) = value_names(field) else {
                let says = format!("`{}` is neither yes/no nor of a set", field.def().path);
                toml.wrong(Diagnostic::error("wrong-type", says), node.span.clone());
                continue;
            };
            let parts = parts_by_name(toml, node, &names);
            out.push(Assumed { field, parts, why: why.clone() });
        }
    }
    out
}

/// The values of a fact by code, and `unknown` at the end.
fn value_names(field: FieldId) -> Option<Vec<&'static str>> {
    let mut names: Vec<&'static str> = match &field.def().kind {
        Kind::Bool => vec!["no", "yes"],
        Kind::Enum(set) => set.values.iter().map(|(name, _)| *name).collect(),
        _ => return None,
    };
    names.push("unknown");
    Some(names)
}

fn parts_by_name(toml: &mut TomlReader<'_>, node: &Node, names: &[&str]) -> Vec<u64> {
    let Some(parts) = node.get("parts").filter(|p| p.entries().is_some()) else {
        let says = "an assumed fact needs `parts`, such as { yes = 1, unknown = 3 }";
        toml.wrong(Diagnostic::error("missing-key", says), node.span.clone());
        return vec![1; names.len()];
    };
    toml.only(parts, "the fact", names);
    let keys: Vec<&str> =
        parts.entries().unwrap_or(&[]).iter().map(|Entry { key, .. }| key.as_str()).collect();
    let mut given = |n: &&str| {
        if keys.contains(n) { parts_of(toml, parts, n, WEIGHT_MAX) } else { 0 }
    };
    let out: Vec<u64> = names.iter().map(&mut given).collect();
    if out.iter().all(|p| *p == 0) {
        let says = "the parts are all zero";
        toml.wrong(Diagnostic::error("wrong-parts", says), parts.span.clone());
    }
    out
}
