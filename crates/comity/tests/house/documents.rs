//! How documents are kept: links that lead somewhere, decisions on one page, one word with
//! one meaning.

use crate::{File, files, none_found, root, root_files};
use comity_policy::{Channel, Level, Modality, Stance, Verified};
use std::collections::BTreeSet;

/// Most lines of a decision record: one page.
const ADR_LINES_MAX: usize = 70;

/// The parts of a decision record, in order.
const ADR_PARTS: [&str; 4] =
    ["## Question", "## Options", "## Choice", "## What would change our mind"];

/// Terms that the glossary defines besides the words of the policy language.
const TERMS: &[&str] = &[
    "agency",
    "agreement",
    "anchor",
    "answer",
    "arrest",
    "as of",
    "basis",
    "booking",
    "cap",
    "case",
    "channel",
    "charge",
    "checkpoint",
    "citation",
    "clause",
    "commitment",
    "condition",
    "conflict",
    "contradiction",
    "conviction",
    "countersignature",
    "custody clock",
    "default",
    "detainer",
    "discretion",
    "draft",
    "duty",
    "envelope",
    "evidence",
    "fact",
    "federal side",
    "flag",
    "golden case",
    "hold",
    "identification",
    "instrument",
    "label",
    "ledger",
    "level",
    "mapping",
    "minutia",
    "modality",
    "needs",
    "not listed",
    "node",
    "notification",
    "outcome",
    "override",
    "parameter",
    "party",
    "place",
    "policy",
    "priority",
    "program",
    "receipt",
    "regime",
    "release",
    "release eligible",
    "replay",
    "request",
    "rule",
    "ruling",
    "scenario",
    "scope",
    "score",
    "split view",
    "stance",
    "study",
    "template",
    "transfer",
    "trust file",
    "undetermined",
    "unknown",
    "version",
    "view",
    "witness",
];

fn glossary() -> Vec<String> {
    let path = root().join("docs/glossary.md");
    let text = std::fs::read_to_string(path).expect("docs/glossary.md");
    text.lines()
        .filter_map(|l| l.strip_prefix("- **").or_else(|| l.strip_prefix("| **")))
        .filter_map(|l| l.split("**").next().map(str::to_owned))
        .collect()
}

#[test]
fn the_glossary_defines_every_word_of_the_policy_language() {
    let defined = glossary();
    let words = Channel::ALL
        .into_iter()
        .map(|c| format!("`{}`", c.name()))
        .chain(Modality::ALL.into_iter().map(|m| format!("`{}`", m.name())))
        .chain(Level::NAMES.into_iter().map(|(n, _)| format!("`{n}`")))
        .chain(
            [Verified::Primary, Verified::Secondary, Verified::Recalled]
                .into_iter()
                .map(|v| format!("`{}`", v.name())),
        )
        .chain(["`protect`".to_owned()])
        .chain(TERMS.iter().map(|t| (*t).to_owned()));
    let missing: Vec<String> = words.filter(|w| !defined.contains(w)).collect();
    none_found("words missing in docs/glossary.md", &missing);
    // A protection is a stance and not an outcome: the glossary says both words.
    assert_eq!(Stance::ALL.len(), 6, "a new stance needs its word in the glossary");
}

#[test]
fn the_glossary_gives_one_word_one_meaning() {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = glossary().into_iter().filter(|t| !seen.insert(t.clone())).collect();
    none_found("terms defined twice in docs/glossary.md", &twice);
}

#[test]
fn every_decision_is_one_page_with_its_four_parts() {
    let mut wrong = Vec::new();
    for (i, file) in files("docs/adr", &[".md"]).iter().enumerate() {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if !name.starts_with(&format!("{:04}-", i + 1)) {
            wrong.push(format!("{}: is number {} in order", file.path, i + 1));
        }
        if file.text.lines().count() > ADR_LINES_MAX {
            wrong.push(format!("{}: more than {ADR_LINES_MAX} lines", file.path));
        }
        let headings: Vec<&str> = file.text.lines().filter(|l| l.starts_with("## ")).collect();
        if headings != ADR_PARTS {
            wrong.push(format!("{}: has the parts {headings:?}", file.path));
        }
    }
    none_found("decision records", &wrong);
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut dead = Vec::new();
    let mut all = root_files(".md");
    for folder in ["docs", "data", "cases", "crates", "policies", "fuzz"] {
        all.extend(files(folder, &[".md"]));
    }
    for file in all {
        for target in links(&file) {
            let folder = file.path.rsplit_once('/').map_or("", |(f, _)| f);
            if !root().join(folder).join(&target).exists() {
                dead.push(format!("{} -> {target}", file.path));
            }
        }
    }
    none_found("dead links", &dead);
}

/// The targets of links to files, without anchors; code blocks are no prose.
fn links(file: &File) -> Vec<String> {
    let mut out = Vec::new();
    let mut in_code = false;
    for line in file.text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target: String = line[at + 2..].chars().take_while(|c| *c != ')').collect();
            let target = target.split('#').next().unwrap_or_default().to_owned();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                out.push(target);
            }
        }
    }
    out
}

#[test]
fn the_changelog_names_this_version() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(changelog.contains(&heading), "CHANGELOG.md has no `{heading}`");
}

#[test]
fn the_readme_shows_the_two_commands() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    for command in ["make test", "make demo"] {
        assert!(readme.contains(command), "README.md does not show `{command}`");
    }
}
