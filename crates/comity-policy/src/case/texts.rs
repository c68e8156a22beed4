//! A policy's own cases as case files of their own: to be read, changed and decided apart.

use super::{CaseFile, Question, case_of};
use crate::library::{Library, PolicyIndex};
use comity_model::{Diagnostic, SourceText};

impl Library {
    /// One of a policy's own cases, at the policy's place where the case names none.
    ///
    /// # Errors
    /// Every finding, located in the policy's file; none for a case that is not there.
    pub fn own_case(&self, index: PolicyIndex, case: usize) -> Result<CaseFile, Vec<Diagnostic>> {
        let policy = self.policy(index);
        let source = SourceText { name: &policy.file, text: &policy.text };
        let place = policy.places.first().map(|p| p.0.as_str());
        let node = self.cases(index).get(case).ok_or_else(Vec::new)?;
        case_of(self, node, &source, &Question::default(), place)
    }

    /// A policy's own cases as the texts of case files, in their order, comments included.
    pub fn own_case_texts(&self, index: PolicyIndex) -> Vec<String> {
        let policy = self.policy(index);
        let place = policy.places.first().map_or("", |p| p.0.as_str());
        let mut out = texts(&policy.text);
        for text in &mut out {
            // A place code alone is no case's place: the whole country is everywhere.
            if place != "us" && !text.lines().any(|l| key(l) == Some("at")) {
                text.insert_str(0, &format!("at     = \"{place}\"\n"));
            }
        }
        out
    }
}

fn key(line: &str) -> Option<&str> {
    line.split_once('=').map(|(key, _)| key.trim())
}

/// What stands under each `[[case]]`, as a file of its own.
fn texts(file: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let (mut in_case, mut in_text) = (false, false);
    for line in file.lines() {
        if !in_text && line.starts_with('[') {
            in_case = line.starts_with("[[case]]") || (in_case && line.starts_with("[case."));
            if line.starts_with("[[case]]") {
                out.push(String::new());
                continue;
            }
        }
        if line.matches("\"\"\"").count() % 2 == 1 {
            in_text = !in_text;
        }
        if let (true, Some(text)) = (in_case, out.last_mut()) {
            let line = line.strip_prefix("[case.").map_or(line.to_owned(), |l| format!("[{l}"));
            text.push_str(&line);
            text.push('\n');
        }
    }
    for text in &mut out {
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    out
}
