//! What a change of the federal program would have moved: the rows of a study under the programs
//! that followed each other, from which answer to which, and by which rules.

use super::sheet::{Cell, Part, Section, Sheet, Table};
use super::{Desk, Request, dataset};
use crate::bulk::result::{parts, transitions};
use crate::bulk::tally::{Group, MASKS, OutcomeMask, Tally, is_settled};
use crate::report::chart::{self, Bar, thousands};
use crate::run::Files;
use crate::study::{self, Regime, Side, Study};
use comity_model::{CaseFacts, Diagnostic};
use comity_policy::{Library, Modality};
use std::collections::BTreeSet;

const STUDY: &str = "../travis-tx/study.toml";

/// One program followed by another, as indices of the programs.
type Step = (usize, usize);

/// A program after another: each with the last one before it that other texts made.
fn steps(programs: &[&Regime]) -> Vec<Step> {
    let before = |i: usize| (0..i).rev().find(|j| programs[*j].under != programs[i].under);
    (0..programs.len()).filter_map(|i| before(i).map(|j| (j, i))).collect()
}

/// What a program says about a case, and the rule that binds.
fn under(library: &Library, program: &Regime, facts: &CaseFacts) -> (OutcomeMask, String) {
    let mut facts = facts.clone();
    program.apply(&mut facts);
    let answer = library.derive(&facts, program.scope()).answer;
    let on = answer.on(program.channel);
    let rule = on.binding.map(|b| library.clause_name(b));
    (on.outcome().bits(), rule.unwrap_or_default())
}

/// The report on changes of program.
///
/// # Errors
/// A study, its mapping or a data file cannot be read, or a study has fewer than two programs.
pub fn programs(
    request: &Request,
    library: &Library,
    files: &dyn Files,
) -> Result<Sheet, Vec<Diagnostic>> {
    let desk = Desk::new(request, library, files);
    let path = match request.studies.as_slice() {
        [] => desk.sources.path(STUDY),
        [one] => one.clone(),
        _ => {
            let d = Diagnostic::error("one-study", "this report is of one study".to_owned());
            return Err(vec![d.help("give --with once")]);
        }
    };
    let study = study::parse(&path, &desk.sources.bytes("study", &path)?, library)?;
    let programs: Vec<&Regime> = study.regimes.iter().filter(|r| r.side == Side::Federal).collect();
    let steps = steps(&programs);
    if steps.is_empty() {
        let message = format!("`{path}` has no two federal programs to compare");
        return Err(vec![
            Diagnostic::error("no-programs", message)
                .help("a [[regime]] with side = \"federal\" for each, in the order of time"),
        ]);
    }
    let mut tallies = vec![vec![Tally::new(2); steps.len()]; study.views.len()];
    let mut rejected = 0;
    let mapping = dataset::each(&desk, &path, &mut |record| {
        let Ok(facts) = record.facts else {
            rejected += 1;
            return;
        };
        for (view, tallies) in study.views.iter().zip(&mut tallies) {
            let mut facts = facts.clone();
            view.apply(&mut facts);
            let found: Vec<_> = programs.iter().map(|p| under(library, p, &facts)).collect();
            for ((from, to), tally) in steps.iter().zip(tallies) {
                let ((a, by_a), (b, by_b)) = (&found[*from], &found[*to]);
                tally.compare((*a, by_a), (*b, by_b));
            }
        }
    })?;
    let policies: BTreeSet<String> = programs.iter().flat_map(|p| p.under.clone()).collect();
    let mut sections = vec![overview(&study, &programs, &steps, &tallies)];
    sections.push(details(&study, &programs, &steps, &tallies));
    sections.push(reading(&study));
    Ok(Sheet {
        id: "programs",
        title: format!("What a change of program would have moved: {}", mapping.title),
        question: "For the same people: what could the federal side have asked for under each program, and whom did each change move?".to_owned(),
        facts: facts(&programs, &steps, &tallies, rejected),
        sections,
        whole: rejected == 0,
        receipt: desk.receipt(policies.into_iter()),
    }
    .sealed())
}

fn is_asked(mask: usize) -> bool {
    let may = 1 << Modality::May as u8;
    let must = 1 << Modality::Must as u8;
    mask == may || mask == must
}

const REFUSED: usize = 1 << Modality::MustNot as u8;

/// Rows of a step whose outcomes are as asked.
fn rows(all: &Group, from: impl Fn(usize) -> bool, to: impl Fn(usize) -> bool) -> u64 {
    let cells = (0..MASKS * MASKS).filter(|i| from(i / MASKS) && to(i % MASKS));
    cells.map(|i| all.moved[i]).sum()
}

fn facts(
    programs: &[&Regime],
    steps: &[Step],
    tallies: &[Vec<Tally>],
    rejected: u64,
) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (i, (from, to)) in steps.iter().enumerate() {
        let lost = |tallies: &Vec<Tally>| rows(&tallies[i].all(2), is_asked, |to| to == REFUSED);
        let least = tallies.iter().map(lost).min().unwrap_or(0);
        let most = tallies.iter().map(lost).max().unwrap_or(0);
        let (from, to) = (&programs[*from].title, &programs[*to].title);
        let says = format!(
            "could be asked for under {from} and not under {to}, by how the unknown is read"
        );
        out.push((format!("{} to {}", thousands(least), thousands(most)), says));
    }
    out.push((thousands(rejected), "rows rejected".to_owned()));
    out
}

fn overview(
    study: &Study,
    programs: &[&Regime],
    steps: &[Step],
    tallies: &[Vec<Tally>],
) -> Section {
    let mut table = Table::new(
        "programs-steps",
        "What each change moves, by how the unknown is read",
        &[
            ("view", "The unknown"),
            ("from", "From"),
            ("to", "To"),
            ("rows", "Rows"),
            ("asked_both", "could be asked for under both"),
            ("no_longer", "no longer"),
            ("newly", "newly"),
            ("neither", "under neither"),
            ("undetermined", "undetermined under one or both"),
        ],
    );
    let mut section = Vec::new();
    for (i, (view, tallies)) in study.views.iter().zip(tallies).enumerate() {
        section.push(chart(i, &view.title, programs, steps, tallies));
        for ((from, to), tally) in steps.iter().zip(tallies) {
            let all = tally.all(2);
            let refused = |m: usize| m == REFUSED;
            let settled = |m: usize| is_settled(m as OutcomeMask);
            table.push(vec![
                Cell::text(&view.title),
                Cell::text(&programs[*from].title),
                Cell::text(&programs[*to].title),
                Cell::Count(all.rows),
                Cell::Count(rows(&all, is_asked, is_asked)),
                Cell::Count(rows(&all, is_asked, refused)),
                Cell::Count(rows(&all, refused, is_asked)),
                Cell::Count(rows(&all, refused, refused)),
                Cell::Count(all.rows - rows(&all, settled, settled)),
            ]);
        }
    }
    section.push(Part::Table(table));
    Section {
        id: "programs",
        title: "The programs, and what each change moves".to_owned(),
        parts: section,
    }
}

/// What could be asked for under each program, in one reading of the unknown.
fn chart(i: usize, view: &str, programs: &[&Regime], steps: &[Step], tallies: &[Tally]) -> Part {
    let bar = |(p, program): (usize, &&Regime)| {
        let parts = parts(&outcomes(p, steps, tallies)?);
        Some(Bar { label: program.title.clone(), parts })
    };
    let bars: Vec<Bar> = programs.iter().enumerate().filter_map(bar).collect();
    let title = format!("What could be asked for: {view}");
    let picture = chart::shares(&chart::ANSWERS, &format!("programs-chart-{i}"), &title, &bars);
    let words =
        format!("{title}. Shares of rows; an officer issues a request, the machine never does.");
    Part::Picture(format!("{}{picture}", chart::legend(&chart::ANSWERS)), words)
}

/// The outcomes of one program, from any step that it is part of.
fn outcomes(program: usize, steps: &[Step], tallies: &[Tally]) -> Option<[u64; MASKS]> {
    let (step, tally) =
        steps.iter().zip(tallies).find(|((a, b), _)| [*a, *b].contains(&program))?;
    tally.all(2).outcomes.get(usize::from(step.1 == program)).copied()
}

fn details(study: &Study, programs: &[&Regime], steps: &[Step], tallies: &[Vec<Tally>]) -> Section {
    let mut parts = Vec::new();
    for (view, tallies) in study.views.iter().zip(tallies) {
        parts.push(Part::Note(format!("{}: {}", view.title, view.says)));
        for ((from, to), tally) in steps.iter().zip(tallies) {
            let (from, to) = (programs[*from], programs[*to]);
            let id = |what: &str| format!("programs-{what}-{}-{}-{}", view.id, from.id, to.id);
            let (matrix, causes) = (id("moved"), id("causes"));
            let titles = [from.title.as_str(), to.title.as_str()];
            let [matrix, causes] = transitions([&matrix, &causes], titles, tally, 0);
            parts.extend([Part::Table(matrix.on_terminal(0)), Part::Table(causes.on_terminal(0))]);
        }
    }
    Section { id: "moved", title: "From answer to answer, and by which rules".to_owned(), parts }
}

fn reading(study: &Study) -> Section {
    let mut notes = vec![study.reading.clone()];
    notes.extend(study.notes.iter().cloned());
    Section { id: "reading", title: "How to read this".to_owned(), parts: vec![Part::List(notes)] }
}
