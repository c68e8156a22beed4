//! `comity policy`: list, show, check, test, cover, timeline.

use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure, print_findings};
use crate::{files, table};
use clap::Subcommand;
use comity_model::{Day, Diagnostic};
use comity_policy::case::{CaseReport, Question, read_case};
use comity_policy::prove::prove;
use comity_policy::{Level, Library, Policy, PolicyFile, PolicyIndex};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// List the policies, highest level first
    #[command(after_help = "Example: comity policy list --at us-ca.san-francisco --on 2014-06-02")]
    List {
        /// Only those that bind this place
        #[arg(long, value_name = "PLACE")]
        at: Option<String>,
        /// Only those in force on this day
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    /// Show one policy: text, rules, parameters, marks, hash
    #[command(after_help = "Example: comity policy show us-ca.trust-act.2014")]
    Show {
        /// The policy's id
        id: String,
    },
    /// Check files: syntax, types, dates, overlaps, and that no two rules of one rank can disagree
    #[command(
        after_help = "Example: comity policy check policies/counties/us-ks.example.2014.toml"
    )]
    Check {
        /// Files to check together with the library; without any, the whole library
        files: Vec<PathBuf>,
    },
    /// Run the cases inside the policies, and the golden cases
    #[command(
        after_help = "Example: comity policy test us-ca.trust-act.2014\n         comity policy test --cases cases"
    )]
    Test {
        /// Policies by id, case files or folders; without any, everything
        what: Vec<String>,
        /// The folder of golden cases
        #[arg(long, value_name = "DIR", default_value = "cases")]
        cases: PathBuf,
    },
    /// Report the rules that no case exercises
    Cover {
        /// Only these policies
        ids: Vec<String>,
        /// The folder of golden cases
        #[arg(long, value_name = "DIR", default_value = "cases")]
        cases: PathBuf,
    },
    /// Show which versions were in force when
    #[command(after_help = "Example: comity policy timeline --at us-pa.philadelphia")]
    Timeline {
        /// Only those that bind this place
        #[arg(long, value_name = "PLACE")]
        at: Option<String>,
    },
}

/// Runs the subcommand.
pub fn run(command: &Command, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    match command {
        Command::List { at, on } => list(policies, at.as_deref(), on.as_deref(), as_json),
        Command::Show { id } => show(policies, id, as_json),
        Command::Check { files } => check(policies, files, as_json),
        Command::Test { what, cases } => test(policies, what, cases, as_json),
        Command::Cover { ids, cases } => cover(policies, ids, cases, as_json),
        Command::Timeline { at } => timeline(policies, at.as_deref(), as_json),
    }
}

fn parse_day(text: &str) -> Result<Day, Failure> {
    Day::parse(text)
        .ok_or_else(|| Failure::usage(format!("`{text}` is no calendar day")).help("2014-01-01"))
}

/// True if a policy binds a place: the place itself, its state, or a city or county around it.
fn binds(library: &Library, policy: &Policy, at: &str) -> bool {
    let place = library.places().get(at);
    let county = place.and_then(|p| p.county.as_ref());
    policy.places.iter().any(|p| {
        p.0 == "us"
            || p.0 == at
            || Some(p) == county
            || Some(p.0.as_str()) == place.and_then(|x| x.code.state())
    })
}

fn select<'a>(
    library: &'a Library,
    at: Option<&str>,
    on: Option<&str>,
) -> Result<Vec<(PolicyIndex, &'a Policy)>, Failure> {
    if let Some(at) = at {
        library.places().find(at)?;
    }
    let on = on.map(parse_day).transpose()?;
    Ok(library
        .policies()
        .filter(|(_, p)| {
            at.is_none_or(|a| binds(library, p, a)) && on.is_none_or(|d| p.in_force_on(d))
        })
        .collect())
}

fn until_text(p: &Policy) -> String {
    p.until.map_or_else(|| "open".to_owned(), |u| u.to_string())
}

fn summary(p: &Policy) -> serde_json::Value {
    json!({
        "id": p.id, "instrument": p.instrument, "title": p.title, "level": p.level, "places": p.places,
        "in_force_from": p.from.to_string(), "in_force_until": p.until.map(|u| u.to_string()),
        "source": p.source, "rules": p.clauses.len(), "sha256": p.hash, "file": p.file,
    })
}

fn list(
    policies: Option<&Path>,
    at: Option<&str>,
    on: Option<&str>,
    as_json: bool,
) -> Result<u8, Failure> {
    let library = files::library(policies)?;
    let chosen = select(&library, at, on)?;
    if as_json {
        println!("{:#}", json!(chosen.iter().map(|(_, p)| summary(p)).collect::<Vec<_>>()));
        return Ok(EXIT_OK);
    }
    let rows: Vec<Vec<String>> = chosen
        .iter()
        .map(|(_, p)| {
            vec![
                p.level.name().to_owned(),
                p.id.to_string(),
                p.from.to_string(),
                until_text(p),
                p.source.verified.words().to_owned(),
                p.title.clone(),
            ]
        })
        .collect();
    table::print(&["level", "id", "from", "until", "source", "title"], &rows);
    println!("\n{} policies", rows.len());
    Ok(EXIT_OK)
}

fn show(policies: Option<&Path>, id: &str, as_json: bool) -> Result<u8, Failure> {
    let library = files::library(policies)?;
    let p = library.policy(library.find(id)?);
    let view = comity_policy::explain::policy_view(p);
    if as_json {
        println!("{:#}", json!(view));
    } else {
        print!("{}", comity_policy::explain::policy_text(&view));
    }
    Ok(EXIT_OK)
}

fn check(policies: Option<&Path>, extra: &[PathBuf], as_json: bool) -> Result<u8, Failure> {
    let started = Instant::now();
    let mut all = files::policy_files(policies)?;
    let mut drafts: Vec<PolicyFile> = Vec::new();
    for path in extra {
        if path.is_dir() {
            let mut found = Vec::new();
            files::collect(path, "toml", &mut found)?;
            found.sort();
            for p in found {
                drafts.push(files::read_policy(&p)?);
            }
        } else {
            drafts.push(files::read_policy(path)?);
        }
    }
    let names: Vec<String> = drafts.iter().map(|d| d.name.clone()).collect();
    // A file of the library that is named again is checked once, as given now.
    all.retain(|f| !drafts.iter().any(|d| same_file(&d.name, &f.name)));
    all.extend(drafts);
    let (library, mut findings) = Library::load_what_is_good(&all);
    let loaded_ms = started.elapsed().as_secs_f64() * 1e3;
    for (index, _) in library.policies() {
        findings.extend(library.run_own_cases(index).1);
    }
    let report = prove(&library);
    findings.extend(report.diagnostics);
    if !names.is_empty() {
        findings.retain(|d| names.contains(&d.file) || names.iter().any(|n| d.message.contains(n)));
    }
    let errors = findings.iter().filter(|d| d.is_error()).count();
    if as_json {
        println!(
            "{}",
            json!({
                "policies": library.len(), "findings": findings, "errors": errors,
                "pairs_of_rules_proved": report.pairs_checked, "loaded_ms": loaded_ms,
                "checked_ms": started.elapsed().as_secs_f64() * 1e3,
            })
        );
    } else {
        if !findings.is_empty() {
            print_findings(&findings, false);
        }
        let what = if names.is_empty() {
            format!("{} policies", library.len())
        } else {
            format!("{} of {} policies", names.len(), library.len())
        };
        let contradictions =
            findings.iter().filter(|d| d.code.starts_with("contradicting")).count();
        let proof = match contradictions {
            0 => {
                format!("no two rules of one rank disagree ({} pairs proved)", report.pairs_checked)
            }
            n => format!("{n} pairs of rules disagree"),
        };
        println!("{what}: {errors} errors; {proof}");
    }
    Ok(if errors == 0 { EXIT_OK } else { EXIT_FINDINGS })
}

fn same_file(a: &str, b: &str) -> bool {
    let canonical = |p: &str| std::fs::canonicalize(p).ok();
    a == b || matches!((canonical(a), canonical(b)), (Some(x), Some(y)) if x == y)
}

/// Runs cases: of the policies named, of the files named, or all there are.
fn run_cases(
    library: &Library,
    what: &[String],
    cases: &Path,
) -> Result<(Vec<CaseReport>, Vec<Diagnostic>), Failure> {
    let mut reports = Vec::new();
    let mut findings: Vec<Diagnostic> = Vec::new();
    let mut paths = Vec::new();
    for name in what {
        if let Ok(index) = library.find(name) {
            let (r, f) = library.run_own_cases(index);
            reports.extend(r);
            findings.extend(f);
        } else if Path::new(name).is_dir() {
            golden(Path::new(name), &mut paths)?;
        } else if Path::new(name).is_file() {
            paths.push(PathBuf::from(name));
        } else {
            library.find(name)?;
        }
    }
    if what.is_empty() {
        for (index, _) in library.policies() {
            let (r, f) = library.run_own_cases(index);
            reports.extend(r);
            findings.extend(f);
        }
        golden(cases, &mut paths)?;
    }
    for path in paths {
        let name = path.display().to_string();
        match read_case(library, &name, &files::read(&path)?, &Question::default()) {
            Ok(case) => reports.push(library.run_case(&name, &case)),
            Err(errors) => findings.extend(errors),
        }
    }
    Ok((reports, findings))
}

/// The golden cases of a folder; the corpus of broken files is not among them.
fn golden(folder: &Path, out: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let mut found = Vec::new();
    files::collect(folder, "toml", &mut found)?;
    files::collect(folder, "json", &mut found)?;
    found.retain(|p| !p.components().any(|c| c.as_os_str() == "broken"));
    found.sort();
    out.extend(found);
    Ok(())
}

fn test(
    policies: Option<&Path>,
    what: &[String],
    cases: &Path,
    as_json: bool,
) -> Result<u8, Failure> {
    let library = files::library(policies)?;
    let (reports, findings) = run_cases(&library, what, cases)?;
    let unread = findings.iter().filter(|d| d.is_error()).count();
    let failed = reports.iter().filter(|r| !r.passes()).count() + unread;
    let disputed = reports.iter().filter(|r| r.disputed).count();
    if as_json {
        println!(
            "{}",
            json!({
                "cases": reports.len(), "failed": failed, "disputed": disputed,
                "findings": findings, "reports": reports,
            })
        );
    } else {
        findings.iter().for_each(|d| println!("{d}\n"));
        for r in reports.iter().filter(|r| !r.passes()) {
            println!("FAIL {} — {} ({})", r.case, r.title, r.file);
            for m in &r.mismatches {
                println!("     {}: expected {}, found {}", m.what, m.expected, m.found);
            }
        }
        println!(
            "{} passed, {failed} failed; {disputed} marked disputed",
            reports.len() + unread - failed
        );
    }
    Ok(if failed == 0 { EXIT_OK } else { EXIT_FINDINGS })
}

fn cover(
    policies: Option<&Path>,
    ids: &[String],
    cases: &Path,
    as_json: bool,
) -> Result<u8, Failure> {
    let library = files::library(policies)?;
    // Away from the repository's cases, those of the named policies themselves remain.
    let own_only = !cases.is_dir() && !ids.is_empty();
    if own_only {
        eprintln!("`{}` is no folder: only the policies' own cases are counted", cases.display());
    }
    let (reports, _) = run_cases(&library, if own_only { ids } else { &[] }, cases)?;
    let exercised: BTreeSet<_> = reports.into_iter().flat_map(|r| r.exercised).collect();
    let only: Vec<PolicyIndex> = ids.iter().map(|id| library.find(id)).collect::<Result<_, _>>()?;
    let (mut total, mut missing) = (0, Vec::new());
    for (index, p) in library.policies() {
        if !only.is_empty() && !only.contains(&index) {
            continue;
        }
        for (i, clause) in p.clauses.iter().enumerate() {
            total += 1;
            let here = comity_policy::ClauseRef { policy: index, clause: i as u8 };
            if !exercised.contains(&here) {
                missing.push((p, clause));
            }
        }
    }
    if as_json {
        let list: Vec<_> = missing
            .iter()
            .map(|(p, c)| json!({ "policy": p.id, "rule": c.id, "file": p.file, "line": c.line }))
            .collect();
        println!(
            "{}",
            json!({ "rules": total, "exercised": total - missing.len(), "not_exercised": list })
        );
    } else {
        for (p, c) in &missing {
            println!("{}:{} rule `{}` is exercised by no case", p.file, c.line, c.id);
        }
        println!("{} of {total} rules and defaults are exercised by a case", total - missing.len());
    }
    Ok(if missing.is_empty() { EXIT_OK } else { EXIT_FINDINGS })
}

fn timeline(policies: Option<&Path>, at: Option<&str>, as_json: bool) -> Result<u8, Failure> {
    let library = files::library(policies)?;
    let mut chosen = select(&library, at, None)?;
    chosen.sort_by(|a, b| {
        (a.1.level, &a.1.instrument, a.1.from).cmp(&(b.1.level, &b.1.instrument, b.1.from))
    });
    if as_json {
        println!("{:#}", json!(chosen.iter().map(|(_, p)| summary(p)).collect::<Vec<_>>()));
        return Ok(EXIT_OK);
    }
    for level in Level::ALL {
        let here: Vec<_> = chosen.iter().filter(|(_, p)| p.level == level).collect();
        if here.is_empty() {
            continue;
        }
        println!("{}", level.name().to_uppercase());
        for (_, p) in here {
            println!(
                "  {}  {:<28}  {}  {}",
                bar(p),
                format!("{} – {}", p.from, until_text(p)),
                p.id,
                p.title
            );
        }
    }
    println!("\nEach mark is a year, 2008 to 2026: █ in force all year, ▌ part of it, · not.");
    Ok(EXIT_OK)
}

/// A year-by-year picture of when a policy was in force.
fn bar(p: &Policy) -> String {
    let day = |y: i16, m: i8, d: i8| Day::from_civil(jiff::civil::date(y, m, d));
    (2008..=2026)
        .map(|y| {
            let (first, last) = (day(y, 1, 1), day(y, 12, 31));
            let ended = p.until.is_some_and(|u| u < first);
            if p.from > last || ended {
                '·'
            } else if p.from <= first && p.until.is_none_or(|u| u >= last) {
                '█'
            } else {
                '▌'
            }
        })
        .collect()
}
