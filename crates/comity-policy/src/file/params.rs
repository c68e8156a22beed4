//! Dated parameters: each value with its day and its citation.

use super::plain_text;
use super::table::{Findings, Table};
use crate::expr::check::{Param, ParamConst, ParamKind};
use crate::policy::ParamText;
use comity_model::schema::{Unit, enums};
use comity_model::tree::{Node, Raw};
use comity_model::{Day, Diagnostic, read};
use std::collections::BTreeMap;
use std::ops::Range;

/// A parameter with what people need to read it.
#[derive(Debug, Clone)]
pub(super) struct ParamEntry {
    pub param: Param,
    pub unit: String,
    pub texts: Vec<(String, String, String)>,
    pub span: Option<Range<usize>>,
}

pub(super) fn read(
    t: &mut Table<'_>,
    from: Day,
    until: Option<Day>,
    found: &mut Findings<'_>,
) -> BTreeMap<String, ParamEntry> {
    let mut out = BTreeMap::new();
    let Some(node) = t.take("param") else {
        return out;
    };
    let Some(entries) = node.entries() else {
        t.wrong_type("param", node, "tables [param.name]", found);
        return out;
    };
    for entry in entries {
        let path = format!("param.{}", entry.key);
        if let Some(p) = read_one(&entry.node, &path, from, until, found) {
            out.insert(entry.key.clone(), p);
        }
    }
    out
}

fn unit_of(text: &str) -> Option<ParamKind> {
    Some(match text {
        "years" => ParamKind::Int(Unit::Years),
        "days" => ParamKind::Int(Unit::Days),
        "hours" => ParamKind::Int(Unit::Hours),
        "count" => ParamKind::Int(Unit::Count),
        "date" => ParamKind::Date,
        set => ParamKind::Set(enums::ALL.iter().find(|e| e.name == set)?),
    })
}

fn read_one(
    node: &Node,
    path: &str,
    from: Day,
    until: Option<Day>,
    found: &mut Findings<'_>,
) -> Option<ParamEntry> {
    let mut t = Table::new(node, path, found)?;
    let unit = t.need_text(
        "unit",
        "years, days, hours, count, date, or a set such as \"offense category\"",
        found,
    );
    let kind = unit_of(&unit);
    if kind.is_none() && !unit.is_empty() {
        let names = ["years", "days", "hours", "count", "date"].into_iter();
        let d = Diagnostic::error("wrong-unit", format!("`{unit}` is no unit"))
            .help(read::suggest(&unit, names.chain(enums::ALL.iter().map(|e| e.name))));
        found.add(d.path(format!("{path}.unit")), node.get("unit").and_then(|n| n.span.clone()));
    }
    let tables = t.tables("values", found);
    if tables.is_empty() {
        let d = Diagnostic::error("missing-key", format!("`{path}.values` is missing"))
            .help("values = [{ from = 2014-01-01, value = 5, cite = \"§ …\" }]");
        found.add(d.path(path.to_owned()), node.span.clone());
    }
    t.finish(found);
    let kind = kind?;
    let mut values: Vec<(Day, ParamConst)> = Vec::new();
    let mut texts = Vec::new();
    for (value_node, value_path) in tables {
        let mut v = Table::new(value_node, value_path.clone(), found)?;
        let start = v.need_day("from", found);
        let cite = v.need_text("cite", "the citation of this value", found);
        let value = match v.take("value") {
            Some(n) => read_value(n, &kind, &value_path, found).map(|c| (c, plain_text(n))),
            None => {
                let d =
                    Diagnostic::error("missing-key", format!("`{value_path}.value` is missing"));
                found.add(d, value_node.span.clone());
                None
            }
        };
        v.finish(found);
        let (Some(start), Some((value, text))) = (start, value) else { continue };
        if values.last().is_some_and(|(last, _)| *last >= start) {
            let d = Diagnostic::error(
                "overlapping-values",
                format!("the value from {start} does not come after the one before"),
            );
            found.add(d.path(value_path), value_node.span.clone());
            continue;
        }
        texts.push((text, start.to_string(), cite));
        values.push((start, value));
    }
    covers(&values, from, until, path, node, found);
    Some(ParamEntry {
        param: Param { kind, values: spread(values) },
        unit,
        texts,
        span: node.span.clone(),
    })
}

/// The first value must hold from the instrument's first day.
fn covers(
    values: &[(Day, ParamConst)],
    from: Day,
    until: Option<Day>,
    path: &str,
    node: &Node,
    found: &mut Findings<'_>,
) {
    if let Some((first, _)) = values.first()
        && *first > from
    {
        let d =
            Diagnostic::error("value-gap", format!("`{path}` has no value from {from} to {first}"));
        found.add(d.path(path.to_owned()), node.span.clone());
    }
    if let (Some((last, _)), Some(until)) = (values.last(), until)
        && *last > until
    {
        let d = Diagnostic::error(
            "value-never-in-force",
            format!("the value of `{path}` from {last} starts after {until}"),
        );
        found.add(d.path(path.to_owned()), node.span.clone());
    }
}

/// Each value holds to the day before the next; the first and the last are open,
/// so that a counterfactual outside the instrument's dates reads its nearest value.
fn spread(values: Vec<(Day, ParamConst)>) -> Vec<(Option<Day>, Option<Day>, ParamConst)> {
    let starts: Vec<Day> = values.iter().map(|(d, _)| *d).collect();
    let open = |i: usize, d: Day| (i > 0).then_some(d);
    values
        .into_iter()
        .enumerate()
        .map(|(i, (d, v))| (open(i, d), starts.get(i + 1).map(|n| n.plus_days(-1)), v))
        .collect()
}

fn read_value(
    node: &Node,
    kind: &ParamKind,
    path: &str,
    found: &mut Findings<'_>,
) -> Option<ParamConst> {
    let wrong = |found: &mut Findings<'_>, wanted: &str| {
        let d = Diagnostic::error(
            "wrong-type",
            format!("`{path}.value` is {}, not {wanted}", node.type_name()),
        );
        found.add(d.path(format!("{path}.value")), node.span.clone());
        None
    };
    match (kind, &node.raw) {
        (ParamKind::Int(_), Raw::Int(n)) if (0..=1_000_000).contains(n) => {
            Some(ParamConst::Int(*n))
        }
        (ParamKind::Int(_), Raw::Int(_)) => {
            let d = Diagnostic::error("out-of-range", format!("`{path}.value` is out of range"));
            found.add(d, node.span.clone());
            None
        }
        (ParamKind::Int(u), _) => wrong(found, &format!("a whole number of {}", u.name())),
        (ParamKind::Date, Raw::Date(t) | Raw::Text(t)) => match read::read_date(t) {
            Ok(d) => Some(ParamConst::Date(d)),
            Err(d) => {
                found.add(d.path(format!("{path}.value")), node.span.clone());
                None
            }
        },
        (ParamKind::Date, _) => wrong(found, "a day"),
        (ParamKind::Set(set), Raw::List(items)) => {
            let mut mask = 0_u128;
            for item in items {
                match item.text().and_then(|t| set.code(t)) {
                    Some(code) => mask |= 1 << code,
                    None => {
                        let text = item.text().unwrap_or("");
                        let d = Diagnostic::error(
                            "wrong-enum-value",
                            format!("`{text}` is no {}", set.name),
                        )
                        .help(read::suggest(text, set.values.iter().map(|(n, _)| *n)));
                        found.add(d.path(format!("{path}.value")), item.span.clone());
                    }
                }
            }
            Some(ParamConst::Set(mask))
        }
        (ParamKind::Set(set), _) => wrong(found, &format!("a list of {}", set.name)),
    }
}

/// Parameters as people read them.
pub(super) fn texts(entries: &BTreeMap<String, ParamEntry>) -> Vec<ParamText> {
    let mut out = Vec::new();
    for (name, entry) in entries {
        for (value, from, cite) in &entry.texts {
            out.push(ParamText {
                name: name.clone(),
                unit: entry.unit.clone(),
                value: value.clone(),
                from: from.clone(),
                cite: cite.clone(),
            });
        }
    }
    out
}
