//! The policy library of this repository: it loads, its cases pass, every rule is exercised.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::{CaseFacts, Tri};
use comity_policy::case::{CaseReport, Question, read_case};
use comity_policy::explain::{Explanation, to_html, to_text};
use comity_policy::prove::prove;
use comity_policy::{ClauseRef, Library, PolicyIndex, Scope, Verified};
use std::collections::{BTreeMap, BTreeSet};
use support::{golden_cases, library, policy_files, shown};

/// The golden scenarios. None may go, and a new one is added here.
const SCENARIOS: &str = "\
    SC002 SC003 SC005 SC006 SC007 SC008 SC009 SC013 SC014 SC016 SC018 SC019 SC025 SC029 SC031 \
    SC033 SC034 SC035 SC037 SC038 SC039 SC040 SC041 SC043 SC046 SC049 SC050 SC052 SC054 SC055 \
    SC057 SC058 SC059 SC060 SC062 SC063 SC064 SC065 SC066 SC069 SC070 SC071 SC072 SC073 SC074 \
    SC075 SC076 SC079 SC080 SC081 SC082 SC083 SC084 SC085 SC088 SC089 SC090 SC091 SC095 SC096 \
    SC099 SC103 SC105";

fn own_reports() -> Vec<CaseReport> {
    let library = library();
    let mut out = Vec::new();
    for (index, policy) in library.policies() {
        let (reports, found) = library.run_own_cases(index);
        assert!(found.is_empty(), "{}: {}", policy.id, shown(&found));
        out.extend(reports);
    }
    out
}

fn golden_reports() -> Vec<CaseReport> {
    golden_cases().iter().map(|(name, case)| library().run_case(name, case)).collect()
}

fn failures(reports: &[CaseReport]) -> String {
    let mut out = String::new();
    for r in reports.iter().filter(|r| !r.passes()) {
        out.push_str(&format!("{} ({})\n", r.case, r.file));
        for m in &r.mismatches {
            out.push_str(&format!("  {}: expected {}, found {}\n", m.what, m.expected, m.found));
        }
    }
    out
}

#[test]
fn the_library_loads_without_a_finding() {
    let (library, found) = Library::load_what_is_good(&policy_files());
    assert!(found.is_empty(), "{}", shown(&found));
    assert_eq!(library.len() + 1, policy_files().len(), "each file but places.toml is one policy");
    assert!(library.len() >= 140, "only {} policies", library.len());
}

#[test]
fn every_policy_is_filed_under_its_own_id() {
    for (_, p) in library().policies() {
        let stem = p.file.rsplit('/').next().unwrap().strip_suffix(".toml").unwrap();
        assert_eq!(stem, p.id.0, "{}", p.file);
    }
}

#[test]
fn the_own_cases_of_every_policy_pass_and_every_policy_has_some() {
    let reports = own_reports();
    assert_eq!(failures(&reports), "");
    let files: BTreeSet<&str> = reports.iter().map(|r| r.file.as_str()).collect();
    let without: Vec<&str> =
        library().policies().map(|(_, p)| p.file.as_str()).filter(|f| !files.contains(f)).collect();
    assert!(without.is_empty(), "policies without a case: {without:?}");
}

#[test]
fn every_golden_case_passes() {
    let reports = golden_reports();
    assert!(reports.len() >= 91, "only {} golden cases", reports.len());
    assert_eq!(failures(&reports), "");
}

#[test]
fn no_golden_case_passes_because_it_expects_nothing() {
    for (name, case) in golden_cases() {
        for (i, step) in case.steps.iter().enumerate() {
            let e = &step.expect;
            let empty = e.channels.is_empty() && e.problems.is_empty() && e.clock.is_none();
            assert!(!empty, "{name} step {}: nothing is expected", i + 1);
        }
    }
}

#[test]
fn a_golden_case_that_expects_the_opposite_fails() {
    let mut flipped = 0;
    for (name, bytes) in support::files_below("cases/scenarios", &[".toml"]) {
        let text = String::from_utf8(bytes).unwrap();
        let Some((head, expect)) = text.split_once("[expect]") else { continue };
        let lied: String = expect
            .lines()
            .map(|line| match line.split_once('=').map(|(k, v)| (k.trim(), v.trim())) {
                Some((k @ ("hold" | "notify"), "\"must_not\"")) => format!("{k} = \"must\"\n"),
                Some((k @ ("hold" | "notify"), "\"must\"" | "\"may\"")) => {
                    format!("{k} = \"must_not\"\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        if lied == format!("{}\n", expect.trim_end_matches('\n')) || lied == expect {
            continue;
        }
        let text = format!("{head}[expect]{lied}");
        let case = read_case(library(), &name, text.as_bytes(), &Question::default())
            .unwrap_or_else(|found| panic!("{}", shown(&found)));
        assert!(!library().run_case(&name, &case).passes(), "{name} passes either way");
        flipped += 1;
    }
    assert!(flipped >= 30, "only {flipped} cases could be turned around");
}

#[test]
fn every_golden_scenario_is_there_under_its_id() {
    let wanted: BTreeSet<&str> = SCENARIOS.split_whitespace().collect();
    assert_eq!(wanted.len(), 63);
    let scenarios = golden_cases().iter().filter(|(name, _)| name.starts_with("cases/scenarios/"));
    let mut found = BTreeSet::new();
    for (name, case) in scenarios {
        assert_eq!(*name, format!("cases/scenarios/{}.toml", case.id), "file name and id differ");
        found.insert(case.id.as_str());
    }
    assert_eq!(found, wanted);
}

#[test]
fn every_rule_and_default_is_exercised_by_a_case() {
    let mut exercised: BTreeSet<ClauseRef> = BTreeSet::new();
    for r in own_reports().into_iter().chain(golden_reports()) {
        exercised.extend(r.exercised);
    }
    let mut missing = Vec::new();
    for (index, p) in library().policies() {
        for (i, clause) in p.clauses.iter().enumerate() {
            if !exercised.contains(&ClauseRef { policy: index, clause: i as u8 }) {
                missing.push(format!("{}:{} {}", p.file, clause.line, clause.id));
            }
        }
    }
    assert!(missing.is_empty(), "exercised by no case:\n{}", missing.join("\n"));
}

#[test]
fn versions_of_one_instrument_never_overlap() {
    let mut versions: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (_, p) in library().policies() {
        versions.entry(&p.instrument).or_default().push(p);
    }
    let mut several = 0;
    for (instrument, list) in versions {
        several += usize::from(list.len() > 1);
        for (i, a) in list.iter().enumerate() {
            for b in &list[i + 1..] {
                let apart =
                    a.until.is_some_and(|u| u < b.from) || b.until.is_some_and(|u| u < a.from);
                assert!(apart, "{instrument}: {} and {} overlap", a.id, b.id);
            }
        }
    }
    assert!(several >= 10, "only {several} instruments have versions: the test tests little");
}

#[test]
fn no_two_rules_of_the_library_can_contradict_each_other() {
    let report = prove(library());
    let errors: Vec<_> = report.diagnostics.iter().filter(|d| d.is_error()).cloned().collect();
    assert!(errors.is_empty(), "{}", shown(&errors));
    assert!(report.pairs_checked > 0, "nothing was asked");
}

/// Clauses that are in effect or may be, by id, for the channels of an explanation.
fn recalled(e: &Explanation) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (i, v) in e.channels.iter().enumerate() {
        for c in v.mattered.iter().filter(|c| c.verified == Verified::Recalled) {
            out.push((i, format!("{} {}", c.policy, c.rule)));
        }
    }
    out
}

fn explained(facts: &CaseFacts) -> Explanation {
    library().explain(facts, &Scope::InForce, None)
}

#[test]
fn a_recalled_rule_is_shown_as_not_verified_wherever_it_matters() {
    let mut seen = 0;
    for (name, case) in golden_cases() {
        for step in &case.steps {
            let e = explained(&step.facts);
            let (text, html) = (to_text(&e), to_html(&e));
            for (i, rule) in recalled(&e) {
                let v = &e.channels[i];
                assert!(
                    v.rests_on_unverified,
                    "{name}: {} rests on {rule} and hides it",
                    v.channel
                );
                assert!(
                    v.sentence.contains("not verified"),
                    "{name}: {}: {}",
                    v.channel,
                    v.sentence
                );
                assert!(
                    text.contains("[not verified]"),
                    "{name}: text hides that {rule} is recalled"
                );
                assert!(
                    html.contains("not verified"),
                    "{name}: HTML hides that {rule} is recalled"
                );
                seen += 1;
            }
            let marked: Vec<bool> = e.channels.iter().map(|v| v.rests_on_unverified).collect();
            let wanted: Vec<bool> =
                (0..marked.len()).map(|i| recalled(&e).iter().any(|(c, _)| *c == i)).collect();
            assert_eq!(marked, wanted, "{name}: a mark without a recalled rule");
        }
    }
    let any = library()
        .policies()
        .any(|(_, p)| p.clauses.iter().any(|c| c.verified == Verified::Recalled));
    assert_eq!(any, seen > 0, "the library has recalled rules, and no golden case meets one");
}

#[test]
fn the_mark_of_every_clause_that_mattered_is_the_mark_of_its_file() {
    for (name, case) in golden_cases() {
        for step in &case.steps {
            for v in explained(&step.facts).channels {
                for c in v.mattered.iter().chain(&v.considered) {
                    let policy = library().policy(library().find(&c.policy.0).unwrap());
                    let clause = policy.clause(&c.rule.0).unwrap();
                    assert_eq!(c.verified, clause.verified, "{name}: {} {}", c.policy, c.rule);
                    assert_eq!(c.cite, clause.cite, "{name}: {} {}", c.policy, c.rule);
                    assert!(!c.cite.is_empty() && !c.says.is_empty());
                }
            }
        }
    }
}

#[test]
fn explaining_a_case_never_changes_its_answer() {
    for (name, case) in golden_cases() {
        for step in &case.steps {
            let d = library().derive(&step.facts, &Scope::InForce);
            let e = explained(&step.facts);
            for v in &e.channels {
                assert_eq!(v.possible, d.answer.outcome(v.channel), "{name}: {}", v.channel);
            }
            if d.problems.is_empty() {
                let quick = library().decide(&step.facts, &Scope::InForce);
                assert_eq!(quick, d.answer, "{name}: decide and derive differ");
            }
            for (clause, truth) in library().effects(&d) {
                assert_ne!(truth, Tri::False, "{name}: {clause:?}");
            }
        }
    }
}

#[test]
fn every_policy_is_found_by_its_id_and_a_near_miss_is_helped() {
    for (index, p) in library().policies() {
        assert_eq!(library().find(&p.id.0).unwrap(), index);
    }
    let d = library().find("us-ca.trust-act.2015").unwrap_err();
    assert_eq!(d.code, "unknown-policy");
    assert!(d.help.contains("us-ca.trust-act.2014"), "{d}");
    assert!(
        matches!(library().scope_under(&["us-ca.trust-act.2014"]), Ok(Scope::Under(l)) if l == [PolicyIndex(l[0].0)])
    );
}
