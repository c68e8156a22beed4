//! Reads `checks.toml`: which published figures are compared with what, and which are not.

use super::sources::{Sources, span};
use crate::toml_read::TomlReader;
use comity_model::tree::{Node, Raw, parse_toml, text_of};
use comity_model::{Day, Diagnostic, SourceText};

/// How our number is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Detainers from one month to another.
    SumOfMonths(String, String),
    /// The same, a month.
    MeanOfMonths(String, String),
    /// Percent from one mean to another.
    ChangeOfMean([String; 4]),
    /// The count of a month, divided.
    PartOfMonth(String, u64),
    /// Detainers recorded as declined in calendar years.
    DeclinedYears(Vec<String>),
    /// Counties activated on a day.
    Activated(Day),
    /// Counties and cities that limited on a day.
    Limiting(Day),
}

/// How near the published figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Within so many percent of the published figure.
    NearPercent(u64),
    /// Within so many percentage points of it.
    NearPoints(u64),
    /// Between our bounds.
    Within,
    /// No more than ours.
    AtMost,
}

/// One comparison.
#[derive(Debug, Clone)]
pub struct Check {
    /// The published figure's id.
    pub figure: String,
    /// How our number is computed.
    pub how: How,
    /// A study whose rows are counted in place of the national months.
    pub study: Option<String>,
    /// How near.
    pub relation: Relation,
    /// Why they differ.
    pub reason: String,
}

/// Rows of a study against a national table.
#[derive(Debug, Clone)]
pub struct RowsCheck {
    /// The study.
    pub study: String,
    /// The table.
    pub table: String,
    /// Why they must agree.
    pub reason: String,
}

/// Figures that are not compared, and why.
#[derive(Debug, Clone)]
pub struct NotChecked {
    /// Ids.
    pub figures: Vec<String>,
    /// Why.
    pub why: String,
}

/// The whole file.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// Comparisons with published figures.
    pub checks: Vec<Check>,
    /// Comparisons of rows with tables.
    pub rows: Vec<RowsCheck>,
    /// What is not compared.
    pub not_checked: Vec<NotChecked>,
}

impl Checks {
    /// Reads `checks.toml`.
    ///
    /// # Errors
    /// Every finding, with its place.
    pub fn read(sources: &Sources<'_>) -> Result<Checks, Vec<Diagnostic>> {
        let path = sources.path("checks.toml");
        Checks::parse(&path, &sources.bytes("checks", &path)?)
    }

    /// Reads the file's bytes.
    ///
    /// # Errors
    /// Every finding, with its place.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Checks, Vec<Diagnostic>> {
        let text = text_of(name, bytes).map_err(|d| vec![*d])?;
        let source = SourceText { name, text };
        let root = parse_toml(&source)?;
        let mut r = TomlReader::new(&source);
        r.only(&root, "the file of checks", &["check", "rows", "not_checked"]);
        let checks = r.tables(&root, "check").iter().filter_map(|n| check(&mut r, n)).collect();
        let rows = r.tables(&root, "rows").iter().map(|n| rows(&mut r, n)).collect();
        let not_checked =
            r.tables(&root, "not_checked").iter().map(|n| not_checked(&mut r, n)).collect();
        if r.found.is_empty() { Ok(Checks { checks, rows, not_checked }) } else { Err(r.found) }
    }
}

const KEYS: [&str; 14] = [
    "figure",
    "how",
    "study",
    "from",
    "to",
    "then_from",
    "then_to",
    "divide_by",
    "years",
    "on",
    "relation",
    "tolerance_percent",
    "tolerance_points",
    "reason",
];

fn check(r: &mut TomlReader<'_>, node: &Node) -> Option<Check> {
    const WHAT: &str = "[[check]]";
    r.only(node, WHAT, &KEYS);
    let how = how(r, node)?;
    let relation = relation(r, node)?;
    Some(Check {
        figure: r.text(node, WHAT, "figure"),
        how,
        study: r.text_opt(node, "study"),
        relation,
        reason: r.text(node, WHAT, "reason"),
    })
}

fn how(r: &mut TomlReader<'_>, node: &Node) -> Option<How> {
    let name = r.text(node, "[[check]]", "how");
    Some(match name.as_str() {
        "sum_of_months" => How::SumOfMonths(month(r, node, "from")?, month(r, node, "to")?),
        "mean_of_months" => How::MeanOfMonths(month(r, node, "from")?, month(r, node, "to")?),
        "change_of_mean" => How::ChangeOfMean([
            month(r, node, "from")?,
            month(r, node, "to")?,
            month(r, node, "then_from")?,
            month(r, node, "then_to")?,
        ]),
        "part_of_month" => {
            How::PartOfMonth(month(r, node, "from")?, number(r, node, "divide_by")?.max(1))
        }
        "declined_years" => How::DeclinedYears(r.texts(node, "years")),
        "activated" => How::Activated(day(r, node)?),
        "limiting" => How::Limiting(day(r, node)?),
        other => {
            let d = Diagnostic::error("unknown-how", format!("there is no way `{other}`"));
            wrong(r, node, "how", d.help("the head of the file lists them"));
            return None;
        }
    })
}

fn relation(r: &mut TomlReader<'_>, node: &Node) -> Option<Relation> {
    let name = r.text(node, "[[check]]", "relation");
    match name.as_str() {
        "within" => Some(Relation::Within),
        "at_most" => Some(Relation::AtMost),
        "near" if node.get("tolerance_points").is_some() => {
            number(r, node, "tolerance_points").map(Relation::NearPoints)
        }
        "near" => number(r, node, "tolerance_percent").map(Relation::NearPercent),
        other => {
            let d = Diagnostic::error("unknown-relation", format!("there is no `{other}`"));
            wrong(r, node, "relation", d.help("near, within or at_most"));
            None
        }
    }
}

fn month(r: &mut TomlReader<'_>, node: &Node, key: &str) -> Option<String> {
    let text = r.text(node, "[[check]]", key);
    if text.len() == 7 && span(&text).is_some() {
        return Some(text);
    }
    let d = Diagnostic::error("wrong-type", format!("`{text}` is no month"));
    wrong(r, node, key, d.help("write a month such as 2014-06"));
    None
}

fn day(r: &mut TomlReader<'_>, node: &Node) -> Option<Day> {
    let text = r.text(node, "[[check]]", "on");
    let day = Day::parse(&text);
    if day.is_none() {
        let d = Diagnostic::error("wrong-type", format!("`{text}` is no day"));
        wrong(r, node, "on", d.help("write a day such as 2014-06-30"));
    }
    day
}

fn number(r: &mut TomlReader<'_>, node: &Node, key: &str) -> Option<u64> {
    if let Some(Raw::Int(n)) = node.get(key).map(|n| &n.raw)
        && let Ok(n) = u64::try_from(*n)
    {
        return Some(n);
    }
    let d = Diagnostic::error("missing-key", format!("[[check]] needs `{key}`, a whole number"));
    wrong(r, node, key, d);
    None
}

fn wrong(r: &mut TomlReader<'_>, node: &Node, key: &str, d: Diagnostic) {
    let span = node.get(key).and_then(|n| n.span.clone()).or(node.span.clone());
    r.wrong(d, span);
}

fn rows(r: &mut TomlReader<'_>, node: &Node) -> RowsCheck {
    const WHAT: &str = "[[rows]]";
    r.only(node, WHAT, &["study", "table", "reason"]);
    RowsCheck {
        study: r.text(node, WHAT, "study"),
        table: r.text(node, WHAT, "table"),
        reason: r.text(node, WHAT, "reason"),
    }
}

fn not_checked(r: &mut TomlReader<'_>, node: &Node) -> NotChecked {
    const WHAT: &str = "[[not_checked]]";
    r.only(node, WHAT, &["figures", "why"]);
    NotChecked { figures: r.texts(node, "figures"), why: r.text(node, WHAT, "why") }
}
