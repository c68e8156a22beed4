//! What is wrong, where, and what to do next: one type for every reader.

use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but somebody should look.
    Warning,
}

/// One finding in a file, with its place and a next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable name of the kind of finding, `unknown-field`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, the author's text in backticks.
    pub message: String,
    /// The file.
    pub file: String,
    /// Line, from 1; 0 when the file has no lines (not text).
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The path of the key or fact, `facts.convictions[0].level`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The offending text, shortened.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What to do next.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
}

impl Diagnostic {
    /// An error without a place; [`SourceText::locate`] gives it one.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: String::new(),
            line: 0,
            column: 0,
            path: String::new(),
            text: String::new(),
            help: String::new(),
        }
    }

    /// The same finding as a warning.
    #[must_use]
    pub fn warning(mut self) -> Diagnostic {
        self.severity = Severity::Warning;
        self
    }

    /// Adds the next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = help.into();
        self
    }

    /// Adds the path of the key or fact.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = path.into();
        self
    }

    /// True for an error, false for a warning.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_error() { "error" } else { "warning" };
        write!(f, "{word}[{}]: {}", self.code, self.message)?;
        if !self.file.is_empty() {
            write!(f, "\n  --> {}", self.file)?;
            if self.line > 0 {
                write!(f, ":{}:{}", self.line, self.column)?;
            }
        }
        if !self.path.is_empty() {
            write!(f, "\n   at {}", self.path)?;
        }
        if !self.text.is_empty() {
            write!(f, "\n    | {}", self.text)?;
        }
        if !self.help.is_empty() {
            write!(f, "\n help: {}", self.help)?;
        }
        Ok(())
    }
}

/// A file's name and text, to turn byte offsets into lines and columns.
#[derive(Debug, Clone)]
pub struct SourceText<'a> {
    /// The file's name as shown.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl SourceText<'_> {
    /// Gives a finding its file, line, column and offending text.
    #[must_use]
    pub fn locate(&self, mut d: Diagnostic, span: Option<Range<usize>>) -> Diagnostic {
        self.name.clone_into(&mut d.file);
        let Some(span) = span else {
            return d;
        };
        let start = floor_boundary(self.text, span.start);
        let end = floor_boundary(self.text, span.end.max(start));
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        d.line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        d.column = self.text[line_start..start].chars().count() + 1;
        let offending = self.text[start..end].lines().next().unwrap_or("");
        let offending = if offending.trim().is_empty() {
            self.text[line_start..].lines().next().unwrap_or("").trim()
        } else {
            offending
        };
        d.text = shorten(offending, 120);
        d
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// At most `chars_max` characters, control characters shown as `·`, an ellipsis where cut.
pub fn shorten(text: &str, chars_max: usize) -> String {
    let mut out: String =
        text.chars().take(chars_max).map(|c| if c.is_control() { '·' } else { c }).collect();
    if text.chars().nth(chars_max).is_some() {
        out.push('…');
    }
    out
}
