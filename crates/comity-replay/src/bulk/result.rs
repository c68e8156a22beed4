//! The counts as a report: tables, charts, notes, receipt.

use super::run::{Table as Data, side_names};
use super::tally::{Group, MASKS, OutcomeMask, Tally, is_settled, words};
use super::work::Question;
use crate::national::sheet::{Cell, Part, Section, Sheet, Table};
use crate::receipt::Receipt;
use crate::report::chart::{self, Bar, thousands};
use crate::report::map::{Class, Fill, Shade, choropleth};
use std::collections::BTreeMap;

/// What the report is told beside the counts.
pub struct Wording {
    /// Counts below this are not shown; 0 shows all.
    pub suppress_below: u64,
    /// Notes on the data: columns that are missing, rows left out.
    pub notes: Vec<String>,
}

/// The outcomes that a table has columns for, in the order of [`chart::ANSWERS`].
pub fn parts(outcomes: &[u64; MASKS]) -> [u64; 4] {
    let open = (0..MASKS as u8).filter(|m| !is_settled(*m)).map(|m| outcomes[m as usize]).sum();
    [outcomes[1], outcomes[2], open, outcomes[4]]
}

/// Counts that may not be shown, and one more where the total would give the only one away.
struct Shown {
    below: u64,
}

impl Shown {
    fn cells(&self, counts: &[u64]) -> Vec<Cell> {
        let small = |n: u64| n > 0 && n < self.below;
        let mut hidden: Vec<bool> = counts.iter().map(|n| small(*n)).collect();
        if hidden.iter().filter(|h| **h).count() == 1 {
            let next = (0..counts.len()).filter(|i| !hidden[*i] && counts[*i] > 0);
            if let Some(i) = next.min_by_key(|i| counts[*i]) {
                hidden[i] = true;
            }
        }
        let cell = |(n, hidden): (&u64, bool)| match hidden {
            true if small(*n) => Cell::text(format!("under {}", self.below)),
            true => Cell::text("not shown"),
            false => Cell::Count(*n),
        };
        counts.iter().zip(hidden).map(cell).collect()
    }

    fn total(&self, n: u64) -> Cell {
        if n > 0 && n < self.below {
            Cell::text(format!("under {}", self.below))
        } else {
            Cell::Count(n)
        }
    }
}

/// The report of a run.
pub fn sheet(
    question: &Question<'_>,
    data: &Data,
    tally: &Tally,
    wording: &Wording,
    receipt: Receipt,
) -> Sheet {
    let sides: Vec<&str> = question.sides.iter().map(|s| s.name.as_str()).collect();
    let shown = Shown { below: wording.suppress_below };
    let channel = question.channel.name();
    let mut sections = vec![answers(question, tally, &shown)];
    if let [first, second] = sides[..] {
        let ids = ["transitions", "causes"];
        let tables = transitions(ids, [first, second], tally, wording.suppress_below);
        sections.push(Section {
            id: "transitions",
            title: "What the change moves".to_owned(),
            parts: tables.map(Part::Table).into(),
        });
    }
    if !question.keys.is_empty() {
        sections.push(groups(question, tally, &shown));
    }
    sections.push(unknown(question, data, tally, wording));
    let against = if sides.len() == 2 { format!(" and under {}", sides[1]) } else { String::new() };
    Sheet {
        id: "replay",
        title: format!("Replay: {channel} under {}{against}", sides[0]),
        question: format!(
            "For every row, what the law leaves to do on the channel {channel}, and what it hangs on."
        ),
        facts: facts(tally, &sides),
        sections,
        whole: tally.rejected == 0,
        receipt,
    }
}

fn facts(tally: &Tally, sides: &[&str]) -> Vec<(String, String)> {
    let all = tally.all(sides.len());
    let mut out = vec![(thousands(tally.read), "rows read".to_owned())];
    if tally.left_out > 0 {
        out.push((thousands(all.rows), "rows of the sample decided or undetermined".to_owned()));
    }
    for (side, outcomes) in sides.iter().zip(&all.outcomes) {
        let open = parts(outcomes)[2];
        out.push((thousands(open), format!("undetermined under {side}")));
    }
    if sides.len() == 2 {
        let moved =
            (0..MASKS * MASKS).filter(|i| i / MASKS != i % MASKS).map(|i| all.moved[i]).sum();
        out.push((thousands(moved), "rows with another answer".to_owned()));
    }
    out.push((thousands(tally.rejected), "rows rejected".to_owned()));
    out
}

const COUNTS: [(&str, &str); 4] =
    [("must", "must"), ("may", "may"), ("undetermined", "undetermined"), ("must_not", "must not")];

fn answers(question: &Question<'_>, tally: &Tally, shown: &Shown) -> Section {
    let all = tally.all(question.sides.len());
    let mut columns = vec![("law", "Under"), ("rows", "Rows")];
    columns.extend(COUNTS);
    columns.push(("conflicts", "of them, two laws say the opposite"));
    let mut table = Table::new("answers", "Rows by answer", &columns);
    let mut bars = Vec::new();
    for ((side, outcomes), conflicts) in
        question.sides.iter().zip(&all.outcomes).zip(&tally.conflicts)
    {
        let counts = parts(outcomes);
        let mut row = vec![Cell::code(&side.name), shown.total(all.rows)];
        row.extend(shown.cells(&counts));
        row.push(shown.total(*conflicts));
        table.push(row);
        bars.push(Bar { label: side.name.clone(), parts: counts });
    }
    let picture =
        chart::shares(&chart::ANSWERS, "answers-chart", "Shares of rows by answer", &bars);
    let legend = chart::legend(&chart::ANSWERS);
    Section {
        id: "answers",
        title: "Answers".to_owned(),
        parts: vec![
            Part::Picture(
                format!("{legend}{picture}"),
                "Shares of rows by answer; a person decides what may be done.".to_owned(),
            ),
            Part::Table(table),
        ],
    }
}

/// What moves between two laws: rows by both answers, and the rules that make the difference.
/// `ids` name the two tables, `sides` the two laws.
pub fn transitions(
    ids: [&str; 2],
    sides: [&str; 2],
    tally: &Tally,
    suppress_below: u64,
) -> [Table; 2] {
    let shown = Shown { below: suppress_below };
    let all = tally.all(2);
    let used: Vec<OutcomeMask> =
        (1..MASKS as u8).filter(|m| all.outcomes.iter().any(|o| o[*m as usize] > 0)).collect();
    let names: Vec<String> = used.iter().map(|m| words(*m)).collect();
    let mut columns = vec![("from".to_owned(), format!("Under {}", sides[0]))];
    columns.extend(names.iter().map(|n| (n.clone(), n.clone())));
    let columns: Vec<(&str, &str)> =
        columns.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut table = Table::new(
        ids[0],
        format!("Rows by their answer under {} (down) and under {} (across)", sides[0], sides[1]),
        &columns,
    );
    for (from, name) in used.iter().zip(&names) {
        let counts: Vec<u64> =
            used.iter().map(|to| all.moved[*from as usize * MASKS + *to as usize]).collect();
        let mut row = vec![Cell::text(name)];
        row.extend(shown.cells(&counts));
        table.push(row);
    }
    [table, causes(ids[1], sides, tally, &shown)]
}

fn causes(id: &str, sides: [&str; 2], tally: &Tally, shown: &Shown) -> Table {
    let mut causes = Table::new(
        id,
        "Rows with another answer, by the rules that make the difference",
        &[
            ("from", sides[0]),
            ("from_rule", "by the rule"),
            ("to", sides[1]),
            ("to_rule", "by the rule"),
            ("rows", "Rows"),
        ],
    )
    .on_page(60);
    let mut by_rows: Vec<_> = tally.causes.iter().collect();
    by_rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let rule = |r: &str, mask: OutcomeMask| match r {
        "" if is_settled(mask) => Cell::text("no single rule"),
        "" => Cell::text("open: facts are missing"),
        r => Cell::code(r),
    };
    for (cause, n) in by_rows {
        causes.push(vec![
            Cell::text(words(cause.from.0)),
            rule(&cause.from.1, cause.from.0),
            Cell::text(words(cause.to.0)),
            rule(&cause.to.1, cause.to.0),
            shown.total(*n),
        ]);
    }
    causes
}

fn groups(question: &Question<'_>, tally: &Tally, shown: &Shown) -> Section {
    let keys: Vec<&str> = question.keys.iter().map(|k| k.name.as_str()).collect();
    let mut columns: Vec<(String, String)> =
        keys.iter().map(|k| ((*k).to_owned(), (*k).to_owned())).collect();
    columns.push(("rows".to_owned(), "Rows".to_owned()));
    let side_ids = side_names(question.sides.len());
    for (id, letter) in side_ids.iter().zip(["A", "B"]) {
        for (name, shown) in COUNTS {
            let shown = match question.sides.len() {
                1 => shown.to_owned(),
                _ => format!("{letter}: {shown}"),
            };
            columns.push((format!("{id}_{name}"), shown));
        }
    }
    if question.sides.len() == 2 {
        columns.push(("moved".to_owned(), "with another answer".to_owned()));
    }
    let borrowed: Vec<(&str, &str)> =
        columns.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let by = keys.join(", ");
    let caption = match &question.sides[..] {
        [a, b] => format!("By {by}; A is {}, B is {}", a.name, b.name),
        _ => format!("By {by}"),
    };
    let mut table = Table::new("groups", caption, &borrowed).on_page(400);
    for (key, group) in &tally.groups {
        let mut row: Vec<Cell> = key.iter().map(Cell::text).collect();
        row.push(shown.total(group.rows));
        for outcomes in &group.outcomes {
            row.extend(shown.cells(&parts(outcomes)));
        }
        if !group.moved.is_empty() {
            let same: u64 = (0..MASKS).map(|m| group.moved[m * MASKS + m]).sum();
            row.push(shown.total(group.rows - same));
        }
        table.push(row);
    }
    let mut parts = Vec::new();
    if let [key] = keys.as_slice() {
        parts.extend(over_time(question, key, tally));
    }
    if let Some(i) = question.keys.iter().position(|k| k.column() == "county_fips") {
        parts.push(map(question, tally, i, shown));
    }
    parts.push(Part::Table(table));
    Section { id: "groups", title: format!("By {by}"), parts }
}

/// Bars by the only key, where it has few values.
fn over_time(question: &Question<'_>, key: &str, tally: &Tally) -> Vec<Part> {
    if tally.groups.len() > 130 {
        return Vec::new();
    }
    let picture = |(s, side): (usize, &super::work::Side)| {
        let bars: Vec<Bar> = tally
            .groups
            .iter()
            .map(|(k, g)| Bar { label: k.concat(), parts: parts(&g.outcomes[s]) })
            .collect();
        let title = format!("Rows by {key} under {}", side.name);
        let svg = if matches!(key, "year" | "month") {
            chart::years(&chart::ANSWERS, &format!("by-{s}"), &title, &bars)
        } else {
            chart::shares(&chart::ANSWERS, &format!("by-{s}"), &title, &bars)
        };
        Part::Picture(format!("{}{svg}", chart::legend(&chart::ANSWERS)), title)
    };
    question.sides.iter().enumerate().map(picture).collect()
}

/// A map of the share of rows with another answer, or of those that must not be done.
fn map(question: &Question<'_>, tally: &Tally, key: usize, shown: &Shown) -> Part {
    let mut counties: BTreeMap<String, Group> = BTreeMap::new();
    for (k, g) in &tally.groups {
        let county = counties.entry(k[key].clone());
        county.or_insert_with(|| Group::new(question.sides.len())).add(g);
    }
    let compares = question.sides.len() == 2;
    let what = if compares { "with another answer" } else { "that must not be done" };
    let share = |g: &Group| {
        let n = if compares {
            g.rows - (0..MASKS).map(|m| g.moved[m * MASKS + m]).sum::<u64>()
        } else {
            g.outcomes[0][4]
        };
        n as f64 / g.rows.max(1) as f64
    };
    let fill = |s: f64| match s {
        s if s <= 0.0 => Fill::Plain,
        s if s <= 0.25 => Fill::Dotted,
        s if s <= 0.75 => Fill::Striped,
        _ => Fill::Full,
    };
    let shades = counties
        .iter()
        .filter(|(_, g)| g.rows >= shown.below)
        .map(|(fips, g)| {
            let title =
                format!("{fips}: {:.0}% of {} rows {what}", share(g) * 100.0, thousands(g.rows));
            (fips.clone(), Shade { fill: fill(share(g)), title })
        })
        .collect();
    let class = |fill, label: &str| Class { fill, label: label.to_owned() };
    let classes = [
        class(Fill::Plain, "none"),
        class(Fill::Dotted, "up to a quarter"),
        class(Fill::Striped, "up to three quarters"),
        class(Fill::Full, "more"),
        class(Fill::Hatched, "no rows, or too few to show"),
    ];
    let title = format!("Share of rows {what}, by county");
    let drawn =
        choropleth("county-map", (&title, "Counties by class of the share."), &classes, &shades);
    let missing = match drawn.not_drawn.len() {
        0 => String::new(),
        n => {
            let some = drawn.not_drawn.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            let rest = if n > 5 { ", …" } else { "" };
            format!(
                " {n} places of the data are not on the map ({some}{rest}); the table has them."
            )
        }
    };
    Part::Picture(drawn.html, format!("{title}.{missing}"))
}

fn unknown(question: &Question<'_>, data: &Data, tally: &Tally, wording: &Wording) -> Section {
    let mut needs = Table::new(
        "needs",
        "Undetermined rows by fact that is unknown and that the answer may hang on",
        &[("law", "Under"), ("fact", "Fact"), ("rows", "Rows")],
    )
    .on_page(60);
    for (side, found) in question.sides.iter().zip(&tally.needs) {
        let mut all: Vec<_> = found.iter().collect();
        all.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        for (fact, n) in all {
            needs.push(vec![Cell::code(&side.name), Cell::code(fact), Cell::Count(*n)]);
        }
    }
    let mut troubles = Table::new(
        "problems",
        "Problems of the data",
        &[
            ("problem", "Problem"),
            ("count", "Count"),
            ("first", "First"),
            ("values", "Some values"),
        ],
    );
    for (what, t) in &tally.troubles {
        let values: Vec<String> = t.samples.iter().map(|(v, n)| format!("{v} ({n})")).collect();
        troubles.push(vec![
            Cell::text(what),
            Cell::Count(t.count),
            Cell::text(match &t.first {
                (file, 0) => file.clone(),
                (file, line) => format!("{file}, line {line}"),
            }),
            Cell::text(values.join(", ")),
        ]);
    }
    let mut notes = Vec::new();
    if tally.contradictory > 0 {
        notes.push(format!(
            "{} rows have facts that contradict each other; they are decided as though those facts were unknown.",
            thousands(tally.contradictory)
        ));
    }
    if tally.left_out > 0 {
        notes.push(format!(
            "A sample: {} of {} rows are left out; the counts are of the sample.",
            thousands(tally.left_out),
            thousands(tally.read)
        ));
    }
    if wording.suppress_below > 0 {
        notes.push(format!(
            "Counts under {} are not shown, and where only one of a row were hidden the next one is hidden too.",
            wording.suppress_below
        ));
    }
    notes.push(format!("{} files were read.", data.files.len()));
    let mut parts = vec![Part::Table(needs)];
    if !troubles.rows.is_empty() {
        parts.push(Part::Table(troubles));
    }
    parts.extend(wording.notes.iter().cloned().map(Part::Note));
    parts.push(Part::List(notes));
    Section { id: "unknown", title: "What is unknown, and problems".to_owned(), parts }
}
