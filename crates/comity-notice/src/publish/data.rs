//! The counts as JSON and CSV: the same numbers as on the page, and no others.

use super::{Count, Figures, Group, Measure, Period};
use std::fmt::Write;

struct Row<'a> {
    period: &'a Period,
    group: Group,
    measure: &'static str,
    count: Option<Count>,
}

fn rows(figures: &Figures) -> Vec<Row<'_>> {
    let mut out = Vec::new();
    for period in &figures.periods {
        for group in Group::all() {
            let (counts, all) = period.shown(group);
            let names = group.measures().into_iter().map(Measure::name).chain(["all"]);
            for (measure, count) in names.zip(counts.into_iter().chain([all])) {
                out.push(Row { period, group, measure, count });
            }
        }
    }
    out
}

/// A text as JSON (RFC 8259, section 7).
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `counts.json`. Written out, since a serializer would be the only thing in this crate that
/// needs one.
pub(super) fn json(figures: &Figures) -> String {
    let number = |n: Option<u64>| n.map_or("null".to_owned(), |n| n.to_string());
    let row = |row: &Row<'_>| {
        format!(
            "    {{\"from_on\": \"{}\", \"until_on\": \"{}\", \"group\": \"{}\", \"measure\": \"{}\", \"min\": {}, \"max\": {}}}",
            row.period.from_on,
            row.period.until_on,
            row.group.name(),
            row.measure,
            number(row.count.map(|count| count.min)),
            number(row.count.map(|count| count.max)),
        )
    };
    let policy = |policy: &super::PolicyInForce| {
        format!(
            "    {{\"title\": {}, \"cite\": {}, \"from_on\": \"{}\", \"until_on\": {}, \"verified\": \"{}\"}}",
            quoted(&policy.title.en),
            quoted(&policy.cite),
            policy.from_on,
            policy.until_on.map_or("null".to_owned(), |day| format!("\"{day}\"")),
            policy.verified.name(),
        )
    };
    let counts: Vec<String> = rows(figures).iter().map(row).collect();
    let policies: Vec<String> = figures.policies.iter().map(policy).collect();
    format!(
        "{{\n  \"format\": \"comity-public/v1\",\n  \"agency\": {},\n  \"prepared_on\": \"{}\",\n  \
         \"held_back\": \"counts from 1 to {}\",\n  \"counts\": [\n{}\n  ],\n  \"policies\": [\n{}\n  ]\n}}\n",
        quoted(&figures.agency),
        figures.prepared_on,
        super::SMALL_COUNT_MAX,
        counts.join(",\n"),
        policies.join(",\n"),
    )
}

/// `counts.csv`: all columns are ours, so nothing in it can be a formula.
pub(super) fn csv(figures: &Figures) -> String {
    let number = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
    let mut out = String::from("from_on,until_on,group,measure,min,max\r\n");
    for row in rows(figures) {
        let (min, max) = (row.count.map(|count| count.min), row.count.map(|count| count.max));
        let (from_on, until_on) = (row.period.from_on, row.period.until_on);
        let (group, measure) = (row.group.name(), row.measure);
        // Writing to a text does not fail.
        let _ = write!(
            out,
            "{from_on},{until_on},{group},{measure},{},{}\r\n",
            number(min),
            number(max)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn texts_are_quoted_as_json_wants_it() {
        assert_eq!(quoted("a\"b\\c\nd\u{0}é"), "\"a\\\"b\\\\c\\u000ad\\u0000é\"");
    }
}
