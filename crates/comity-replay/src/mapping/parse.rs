//! Reads a mapping file; all findings at once, each with its place.

use super::{Assumption, Column, Join, Mapping, OutcomeWords, PlaceRule, Read, Said};
use crate::reader::Encoding;
use crate::toml_read::{Given, Target, TomlReader, given};
use comity_model::schema::Kind;
use comity_model::tree::{Entry, Node, Raw, parse_toml, text_of};
use comity_model::{Diagnostic, Places, SourceText};
use std::collections::BTreeMap;

const KEYS: [&str; 13] = [
    "id", "title", "source", "moment", "data", "place", "column", "outcome", "ignored", "assume",
    "unknown", "join", "license",
];

/// Reads a mapping.
///
/// # Errors
/// Every finding, with its place.
pub fn parse(name: &str, bytes: &[u8], places: &Places) -> Result<Mapping, Vec<Diagnostic>> {
    let text = text_of(name, bytes).map_err(|d| vec![*d])?;
    let source = SourceText { name, text };
    let root = parse_toml(&source)?;
    let mut r = TomlReader::new(&source);
    r.only(&root, "a mapping", &KEYS);
    let data = r.section(&root, "data", &["file", "encoding", "row_id", "year"]);
    let (place, place_loses) = place_rule(&mut r, &root, places);
    let mapping = Mapping {
        id: r.text(&root, "a mapping", "id"),
        title: r.text(&root, "a mapping", "title"),
        source: r.text(&root, "a mapping", "source"),
        moment: r.text(&root, "a mapping", "moment"),
        file: r.text(data, "[data]", "file"),
        encoding: encoding(&mut r, data),
        row_id: r.text_opt(data, "row_id").unwrap_or_default(),
        year: r.text(data, "[data]", "year"),
        place,
        place_loses,
        columns: r.tables(&root, "column").iter().filter_map(|n| column(&mut r, n)).collect(),
        outcomes: said(&mut r, &root, "outcome", &["name", "why", "declined", "not_recorded"]),
        outcome_words: outcome_words(&mut r, &root),
        ignored: said(&mut r, &root, "ignored", &["name", "why"]),
        assumptions: r.tables(&root, "assume").iter().flat_map(|n| assume(&mut r, n)).collect(),
        unknown: unknown(&mut r, &root),
        join: root.get("join").map(|n| join(&mut r, n)),
    };
    said_unknown_but_set(&mut r, &root, &mapping);
    if r.found.is_empty() { Ok(mapping) } else { Err(r.found) }
}

impl TomlReader<'_> {
    /// A table that must be there.
    fn section<'n>(&mut self, root: &'n Node, key: &str, keys: &[&str]) -> &'n Node {
        let node = root.get(key).filter(|n| n.entries().is_some());
        let Some(node) = node else {
            let d = Diagnostic::error("missing-key", format!("a mapping needs [{key}]"));
            self.wrong(d, None);
            return root;
        };
        self.only(node, &format!("[{key}]"), keys);
        node
    }
}

fn encoding(r: &mut TomlReader<'_>, data: &Node) -> Encoding {
    let Some(name) = r.text_opt(data, "encoding") else {
        return Encoding::Utf8;
    };
    Encoding::from_name(&name).unwrap_or_else(|| {
        let d = Diagnostic::error("unknown-encoding", format!("there is no encoding `{name}`"))
            .help("utf-8 or windows-1252");
        r.wrong(d, data.get("encoding").and_then(|n| n.span.clone()));
        Encoding::Utf8
    })
}

fn place_rule(r: &mut TomlReader<'_>, root: &Node, places: &Places) -> (PlaceRule, String) {
    let node = r.section(root, "place", &["code", "fips", "state", "otherwise", "loses"]);
    let loses = r.text_opt(node, "loses").unwrap_or_default();
    if node.get("state").is_some() {
        return (PlaceRule::State { column: r.text(node, "[place]", "state") }, loses);
    }
    let (rule, code, key) = if node.get("fips").is_some() {
        let column = r.text(node, "[place]", "fips");
        let otherwise = r.text_opt(node, "otherwise");
        (PlaceRule::Fips { column, otherwise: otherwise.clone() }, otherwise, "otherwise")
    } else {
        let code = r.text(node, "[place]", "code");
        (PlaceRule::Fixed(code.clone()), Some(code), "code")
    };
    if let Some(Err(d)) = code.map(|c| places.find(&c).map(|_| ())) {
        r.wrong(*d, node.get(key).and_then(|n| n.span.clone()));
    }
    (rule, loses)
}

fn column(r: &mut TomlReader<'_>, node: &Node) -> Option<Column> {
    r.only(
        node,
        "[[column]]",
        &["name", "facts", "fact", "read", "plus_days", "required", "optional", "loses", "table"],
    );
    let targets = r.targets(node, "[[column]]");
    let read = r.text(node, "[[column]]", "read");
    let read = read_rule(r, node, &read, &targets)?;
    Some(Column {
        name: r.text(node, "[[column]]", "name"),
        targets,
        read,
        plus_days: r.texts(node, "plus_days"),
        required: r.flag(node, "required").unwrap_or(false),
        optional: r.flag(node, "optional").unwrap_or(false),
        loses: r.text_opt(node, "loses").unwrap_or_default(),
    })
}

fn read_rule(r: &mut TomlReader<'_>, node: &Node, read: &str, targets: &[Target]) -> Option<Read> {
    let fits = |want: fn(&Kind) -> bool| targets.iter().all(|t| t.kind().is_some_and(want));
    let (rule, fits) = match read {
        "date" => (Read::Date, fits(|k| *k == Kind::Date)),
        "date-time" => (Read::DateTime, fits(|k| *k == Kind::Date)),
        "us-date" => (Read::UsDate, fits(|k| *k == Kind::Date)),
        "month-first" => (Read::MonthFirst, fits(|k| *k == Kind::Date)),
        "number" => (Read::Number, fits(|k| matches!(k, Kind::Int(_)))),
        "text" => (Read::Text, fits(|k| *k == Kind::Text)),
        "table" => (Read::Table(value_table(r, node, targets)), true),
        other => {
            let d = Diagnostic::error("unknown-read", format!("there is no way to read `{other}`"))
                .help("date, date-time, us-date, month-first, number, text or table");
            r.wrong(d, node.get("read").and_then(|n| n.span.clone()));
            return None;
        }
    };
    if !fits || targets.iter().any(|t| !matches!(t, Target::Scalar(_))) {
        let d = Diagnostic::error(
            "wrong-type",
            format!("a column read as `{read}` does not fit its facts"),
        )
        .help("the fact's type is in docs/reference/facts.md; a column fills single facts only");
        r.wrong(d, node.get("facts").or_else(|| node.get("fact")).and_then(|n| n.span.clone()));
        return None;
    }
    Some(rule)
}

fn value_table(r: &mut TomlReader<'_>, node: &Node, targets: &[Target]) -> BTreeMap<String, Given> {
    let mut out = BTreeMap::new();
    let entries = node.get("table").and_then(Node::entries).unwrap_or(&[]);
    if entries.is_empty() {
        let d = Diagnostic::error("missing-key", "a column read as a table needs [column.table]");
        r.wrong(d, node.span.clone());
    }
    for Entry { key, node: value, .. } in entries {
        for t in targets {
            if let Some(kind) = t.kind() {
                match given(kind, value) {
                    Ok(g) => {
                        out.insert(key.clone(), g);
                    }
                    Err(d) => r.wrong(*d, value.span.clone()),
                }
            }
        }
    }
    out
}

/// What the values of the first outcome column mean.
fn outcome_words(r: &mut TomlReader<'_>, root: &Node) -> OutcomeWords {
    let Some(node) = r.tables(root, "outcome").first() else {
        return OutcomeWords::default();
    };
    OutcomeWords {
        declined: r.texts(node, "declined"),
        not_recorded: r.texts(node, "not_recorded"),
    }
}

fn said(r: &mut TomlReader<'_>, root: &Node, key: &str, keys: &[&str]) -> Vec<Said> {
    let what = format!("[[{key}]]");
    let nodes = r.tables(root, key);
    nodes
        .iter()
        .map(|n| {
            r.only(n, &what, keys);
            Said { name: r.text(n, &what, "name"), why: r.text(n, &what, "why") }
        })
        .collect()
}

fn assume(r: &mut TomlReader<'_>, node: &Node) -> Vec<Assumption> {
    r.only(node, "[[assume]]", &["fact", "facts", "value", "from", "before", "why"]);
    let why = r.text(node, "[[assume]]", "why");
    let (from, before) = (r.day(node, "from"), r.day(node, "before"));
    filled(r, node, "[[assume]]")
        .into_iter()
        .map(|(target, fact, given, shown)| Assumption {
            target,
            fact,
            given,
            shown,
            from,
            before,
            why: why.clone(),
        })
        .collect()
}

/// The facts of a table with the one value it gives them: target, name, value, value as shown.
pub(crate) fn filled(
    r: &mut TomlReader<'_>,
    node: &Node,
    what: &str,
) -> Vec<(Target, String, Given, String)> {
    let Some(value) = node.get("value") else {
        let d = Diagnostic::error("missing-key", format!("{what} needs `value`"));
        r.wrong(d, node.span.clone());
        return Vec::new();
    };
    let mut names = r.texts(node, "facts");
    names.extend(r.text_opt(node, "fact"));
    let targets = r.targets(node, what);
    let shown = match &value.raw {
        Raw::Bool(b) => if *b { "yes" } else { "no" }.to_owned(),
        Raw::Int(n) => n.to_string(),
        Raw::Text(t) | Raw::Date(t) => t.clone(),
        _ => String::new(),
    };
    let pairs = targets.into_iter().zip(names);
    pairs.filter_map(|(t, n)| Some((t, n, r.value(t, value)?, shown.clone()))).collect()
}

fn unknown(r: &mut TomlReader<'_>, root: &Node) -> Vec<Said> {
    let nodes = r.tables(root, "unknown");
    nodes
        .iter()
        .map(|n| {
            r.only(n, "[[unknown]]", &["fact", "facts", "why"]);
            let mut names = r.texts(n, "facts");
            names.extend(r.text_opt(n, "fact"));
            let _ = r.targets(n, "[[unknown]]");
            Said { name: names.join(", "), why: r.text(n, "[[unknown]]", "why") }
        })
        .collect()
}

/// A fact cannot be said to be unknown and be assumed throughout.
fn said_unknown_but_set(r: &mut TomlReader<'_>, root: &Node, mapping: &Mapping) {
    for (node, said) in r.tables(root, "unknown").iter().zip(&mapping.unknown) {
        let names: Vec<&str> = said.name.split(", ").collect();
        let clash = mapping
            .assumptions
            .iter()
            .find(|a| a.from.is_none() && a.before.is_none() && names.contains(&a.fact.as_str()));
        if let Some(a) = clash {
            let message =
                format!("`{}` is said to be unknown and assumed to be {}", a.fact, a.shown);
            let d =
                Diagnostic::error("contradictory-mapping", message).help("leave one of them out");
            r.wrong(d, node.span.clone());
        }
    }
}

fn join(r: &mut TomlReader<'_>, node: &Node) -> Join {
    const KEYS: [&str; 13] = [
        "file",
        "row_id",
        "text",
        "level",
        "disposition",
        "charge_table",
        "level_table",
        "disposition_table",
        "lists_end",
        "criminal_arrest",
        "youthful",
        "set_aside",
        "ignored",
    ];
    r.only(node, "[join]", &KEYS);
    let set_aside = r.tables(node, "set_aside");
    let set_aside = set_aside
        .iter()
        .map(|n| {
            r.only(n, "[[join.set_aside]]", &["column", "value", "why"]);
            let what = "[[join.set_aside]]";
            (r.text(n, what, "column"), r.text(n, what, "value"), r.text(n, what, "why"))
        })
        .collect();
    let maybe_more = match r.text_opt(node, "lists_end").as_deref() {
        None | Some("complete") => false,
        Some("maybe more") => true,
        Some(_) => {
            let d = Diagnostic::error("wrong-type", "`lists_end` says how the lists end")
                .help("\"complete\" or \"maybe more\"");
            r.wrong(d, node.get("lists_end").and_then(|n| n.span.clone()));
            true
        }
    };
    Join {
        file: r.text(node, "[join]", "file"),
        row_id: r.text(node, "[join]", "row_id"),
        text: r.text(node, "[join]", "text"),
        level: r.text(node, "[join]", "level"),
        disposition: r.text(node, "[join]", "disposition"),
        charge_table: r.text(node, "[join]", "charge_table"),
        level_table: r.text(node, "[join]", "level_table"),
        disposition_table: r.text(node, "[join]", "disposition_table"),
        maybe_more,
        criminal_arrest: r.flag(node, "criminal_arrest").unwrap_or(false),
        youthful: r.flag(node, "youthful"),
        set_aside,
        ignored: said(r, node, "ignored", &["name", "why"]),
    }
}
