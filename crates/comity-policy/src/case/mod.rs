//! Case files: the facts of a case, the question, and what is expected of the answer.

mod expect;
mod run;
mod texts;

pub use expect::{ClockExpect, Expect, Expected};
pub use run::{CaseReport, Mismatch};

use crate::file::table::{Findings, Table};
use crate::library::Library;
use comity_model::diagnostic::shorten;
use comity_model::facts::Value;
use comity_model::schema::{FieldId, scalar};
use comity_model::tree::{self, Node};
use comity_model::{CaseFacts, Day, Diagnostic, NotListed, SourceText, read};

const DECIDED_ON: FieldId = scalar("decision.on");

/// A case file: one case, asked on one day or several.
#[derive(Debug)]
pub struct CaseFile {
    /// Its id; the file's name where it has none.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why the source's expectation is thought wrong; empty where it is not.
    pub disputed: String,
    /// The questions, in order.
    pub steps: Vec<Step>,
}

/// One question: facts and what is expected.
#[derive(Debug)]
pub struct Step {
    /// The facts.
    pub facts: CaseFacts,
    /// What is expected of the answer.
    pub expect: Expect,
}

/// Settings of a question that come from outside the file.
#[derive(Debug, Clone, Default)]
pub struct Question<'a> {
    /// The day whose law is applied, in place of the file's.
    pub on: Option<Day>,
    /// The place, in place of the file's.
    pub at: Option<&'a str>,
}

/// Reads a case file, TOML or JSON by its first character.
///
/// # Errors
/// Every finding, with the fact's path and its place in the file.
pub fn read_case(
    library: &Library,
    name: &str,
    bytes: &[u8],
    question: &Question<'_>,
) -> Result<CaseFile, Vec<Diagnostic>> {
    let text = tree::text_of(name, bytes).map_err(|d| vec![*d])?;
    let source = SourceText { name, text };
    let is_json = name.ends_with(".json") || text.trim_start().starts_with('{');
    let root = if is_json { tree::parse_json(&source)? } else { tree::parse_toml(&source)? };
    if root.entries().is_some_and(<[_]>::is_empty) {
        let d = Diagnostic::error("empty-file", "the case is empty")
            .help("a case has `on`, `at` and [facts.…]; see docs/reference/case-files.md");
        return Err(vec![source.locate(d, None)]);
    }
    case_of(library, &root, &source, question, None)
}

/// Reads a case from its tree; `place` is the default where the case names none.
pub(crate) fn case_of(
    library: &Library,
    root: &Node,
    source: &SourceText<'_>,
    question: &Question<'_>,
    place: Option<&str>,
) -> Result<CaseFile, Vec<Diagnostic>> {
    let mut found = Findings { source, list: Vec::new() };
    let mut t =
        Table::new(root, "", &mut found).ok_or_else(Vec::new).map_err(|_: Vec<Diagnostic>| {
            vec![
                source.locate(
                    Diagnostic::error("wrong-type", "a case is a table"),
                    root.span.clone(),
                ),
            ]
        })?;
    let id = t.text("id", &mut found).unwrap_or(source.name).to_owned();
    let title = t.text("title", &mut found).or(t.text("name", &mut found)).unwrap_or("").to_owned();
    let disputed = t.text("disputed", &mut found).unwrap_or("").to_owned();
    t.text("source", &mut found);
    t.take("scenario");
    t.take("note");
    let not_listed = t
        .choice("not_listed", &[("unknown", NotListed::Unknown), ("no", NotListed::No)], &mut found)
        .unwrap_or_default();
    let on = question.on.or(t.day("on", &mut found));
    let at = t.text("at", &mut found);
    let at = question.at.or(at).or(place);
    let mut base = CaseFacts::new(not_listed);
    set_place(library, &mut base, at, root, &mut found);
    set_day(&mut base, on);
    if let Some(facts) = t.take("facts")
        && let Err(errors) = read::apply(&mut base, facts, not_listed, source)
    {
        found.list.extend(errors);
    }
    // The question's own day wins over a day among the facts.
    set_day(&mut base, question.on);
    let expect = t.take("expect").map(|n| expect::read(n, &mut found));
    if let (Some(_), Some(node)) = (root.get("step"), root.get("expect")) {
        let d = Diagnostic::error("two-questions", "the case has [expect] and [[step]]")
            .help("a case of several days has an `expect` in each step");
        found.add(d.path("expect"), node.span.clone());
    }
    let mut steps = Vec::new();
    for (node, path) in t.tables("step", &mut found) {
        steps.extend(step(library, node, path, &base, not_listed, question, &mut found));
    }
    t.finish(&mut found);
    if steps.is_empty() {
        steps.push(Step { facts: base, expect: expect.unwrap_or_default() });
    }
    if found.has_errors() {
        return Err(found.list);
    }
    Ok(CaseFile { id, title, disputed, steps })
}

/// One step: the case's facts with the step's laid over them.
fn step(
    library: &Library,
    node: &Node,
    path: String,
    base: &CaseFacts,
    not_listed: NotListed,
    question: &Question<'_>,
    found: &mut Findings<'_>,
) -> Option<Step> {
    let mut s = Table::new(node, path, found)?;
    let mut facts = base.clone();
    let at = s.text("at", found);
    set_place(library, &mut facts, question.at.or(at), node, found);
    let on = s.day("on", found);
    set_day(&mut facts, question.on.or(on));
    if let Some(over) = s.take("facts")
        && let Err(errors) = read::apply(&mut facts, over, not_listed, found.source)
    {
        found.list.extend(errors);
    }
    let expect = s.take("expect").map(|n| expect::read(n, found)).unwrap_or_default();
    s.text("title", found);
    s.finish(found);
    Some(Step { facts, expect })
}

fn set_day(facts: &mut CaseFacts, on: Option<Day>) {
    if let Some(day) = on {
        facts.set(DECIDED_ON, Value::Date(day));
    }
}

fn set_place(
    library: &Library,
    facts: &mut CaseFacts,
    at: Option<&str>,
    node: &Node,
    found: &mut Findings<'_>,
) {
    let Some(code) = at.filter(|c| *c != "us") else { return };
    if let Err(d) = library.places().put(facts, code) {
        let span = node.get("at").and_then(|n| n.span.clone());
        found.add(d.path(shorten("at", 10)), span);
    }
}
