//! Reading keys of a TOML table with located errors; no key is ignored.

use comity_model::diagnostic::shorten;
use comity_model::schema::nearest;
use comity_model::tree::{Node, Raw};
use comity_model::{Day, Diagnostic, SourceText, read};
use std::collections::HashSet;
use std::ops::Range;

/// Findings of one file.
pub struct Findings<'a> {
    /// The file.
    pub source: &'a SourceText<'a>,
    /// What was found.
    pub list: Vec<Diagnostic>,
}

impl Findings<'_> {
    /// Adds a finding at a place.
    pub fn add(&mut self, d: Diagnostic, span: Option<Range<usize>>) {
        self.list.push(self.source.locate(d, span));
    }

    /// True when an error was found.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }
}

/// A table whose keys are taken one by one; what is left over is reported.
pub struct Table<'n> {
    node: &'n Node,
    path: String,
    taken: HashSet<&'static str>,
}

/// Longest single text of a policy, in bytes.
const TEXT_BYTES_MAX: usize = 20_000;

impl<'n> Table<'n> {
    /// Starts on a node; anything but a table is a finding.
    pub fn new(
        node: &'n Node,
        path: impl Into<String>,
        found: &mut Findings<'_>,
    ) -> Option<Table<'n>> {
        let path = path.into();
        if node.entries().is_none() {
            let d = Diagnostic::error(
                "wrong-type",
                format!("`{path}` is {}, not a table", node.type_name()),
            );
            found.add(d.path(path), node.span.clone());
            return None;
        }
        Some(Table { node, path, taken: HashSet::new() })
    }

    /// Takes a key's value.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.taken.insert(key);
        self.node.get(key)
    }

    /// The path of a key.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn missing(&self, key: &str, help: &str, found: &mut Findings<'_>) {
        let d = Diagnostic::error("missing-key", format!("`{}` is missing", self.path_of(key)));
        found.add(d.path(self.path_of(key)).help(help), self.node.span.clone().map(first_line));
    }

    /// A finding that a key's value has the wrong type.
    pub fn wrong_type(&self, key: &str, node: &Node, wanted: &str, found: &mut Findings<'_>) {
        let d = Diagnostic::error(
            "wrong-type",
            format!("`{key}` is {}, not {wanted}", node.type_name()),
        );
        found.add(d.path(self.path_of(key)), node.span.clone());
    }

    /// A text, or `None` where the key is absent.
    pub fn text(&mut self, key: &'static str, found: &mut Findings<'_>) -> Option<&'n str> {
        let node = self.take(key)?;
        match &node.raw {
            Raw::Text(t) if t.len() <= TEXT_BYTES_MAX => Some(t),
            Raw::Text(t) => {
                let message =
                    format!("`{key}` has {} bytes; at most {TEXT_BYTES_MAX} are read", t.len());
                found.add(
                    Diagnostic::error("too-long", message).path(self.path_of(key)),
                    node.span.clone(),
                );
                None
            }
            _ => {
                self.wrong_type(key, node, "text in quotes", found);
                None
            }
        }
    }

    /// A text that must be there and must say something.
    pub fn need_text(&mut self, key: &'static str, help: &str, found: &mut Findings<'_>) -> String {
        if self.node.get(key).is_none() {
            self.taken.insert(key);
            self.missing(key, help, found);
            return String::new();
        }
        let text = self.text(key, found);
        if text.is_some_and(|t| t.trim().is_empty()) {
            let d = Diagnostic::error("empty-text", format!("`{key}` says nothing")).help(help);
            found.add(d.path(self.path_of(key)), self.node.get(key).and_then(|n| n.span.clone()));
        }
        text.unwrap_or_default().to_owned()
    }

    /// A calendar day.
    pub fn day(&mut self, key: &'static str, found: &mut Findings<'_>) -> Option<Day> {
        let node = self.take(key)?;
        match &node.raw {
            Raw::Date(t) | Raw::Text(t) => match read::read_date(t) {
                Ok(d) => Some(d),
                Err(d) => {
                    found.add(d.path(self.path_of(key)), node.span.clone());
                    None
                }
            },
            _ => {
                self.wrong_type(key, node, "a day such as 2014-01-01", found);
                None
            }
        }
    }

    /// A day that must be there.
    pub fn need_day(&mut self, key: &'static str, found: &mut Findings<'_>) -> Option<Day> {
        if self.node.get(key).is_none() {
            self.taken.insert(key);
            self.missing(key, "a day such as 2014-01-01", found);
        }
        self.day(key, found)
    }

    /// A whole number in a range.
    pub fn number(
        &mut self,
        key: &'static str,
        range: Range<i64>,
        found: &mut Findings<'_>,
    ) -> Option<i64> {
        let node = self.take(key)?;
        match node.raw {
            Raw::Int(n) if range.contains(&n) => Some(n),
            Raw::Int(n) => {
                let message = format!(
                    "`{key}` is {n}; from {} to {} makes sense",
                    range.start,
                    range.end - 1
                );
                found.add(
                    Diagnostic::error("out-of-range", message).path(self.path_of(key)),
                    node.span.clone(),
                );
                None
            }
            _ => {
                self.wrong_type(key, node, "a whole number", found);
                None
            }
        }
    }

    /// A list of texts with their places; a single text counts as a list of one.
    pub fn texts(
        &mut self,
        key: &'static str,
        found: &mut Findings<'_>,
    ) -> Vec<(&'n str, &'n Node)> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        match &node.raw {
            Raw::Text(t) => vec![(t.as_str(), node)],
            Raw::List(items) => {
                let mut out = Vec::new();
                for item in items {
                    match item.text() {
                        Some(t) => out.push((t, item)),
                        None => self.wrong_type(key, item, "text in quotes", found),
                    }
                }
                out
            }
            _ => {
                self.wrong_type(key, node, "a list of texts", found);
                Vec::new()
            }
        }
    }

    /// The tables of `[[key]]`, or of a single `[key]`.
    pub fn tables(
        &mut self,
        key: &'static str,
        found: &mut Findings<'_>,
    ) -> Vec<(&'n Node, String)> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        match &node.raw {
            Raw::Table(_) => vec![(node, path)],
            Raw::List(items) => {
                let mut out = Vec::new();
                for (i, item) in items.iter().enumerate() {
                    if item.entries().is_some() {
                        out.push((item, format!("{path}[{i}]")));
                    } else {
                        self.wrong_type(key, item, "a table", found);
                    }
                }
                out
            }
            _ => {
                self.wrong_type(key, node, "a table", found);
                Vec::new()
            }
        }
    }

    /// One of some names.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        found: &mut Findings<'_>,
    ) -> Option<T> {
        let text = self.text(key, found)?;
        if let Some((_, value)) = choices.iter().find(|(n, _)| *n == text) {
            return Some(*value);
        }
        let names = choices.iter().map(|(n, _)| *n);
        let d = Diagnostic::error("unknown-value", format!("`{}` is no {key}", shorten(text, 60)))
            .help(read::suggest(text, names))
            .path(self.path_of(key));
        found.add(d, self.node.get(key).and_then(|n| n.span.clone()));
        None
    }

    /// Reports every key that nobody took.
    pub fn finish(self, found: &mut Findings<'_>) {
        for entry in self.node.entries().unwrap_or(&[]) {
            if !self.taken.contains(entry.key.as_str()) {
                let d = Diagnostic::error(
                    "unknown-key",
                    format!("there is no key `{}` here", shorten(&entry.key, 60)),
                );
                let help = nearest(&entry.key, self.taken.iter().copied()).map_or_else(
                    || "see docs/reference/policy-language.md".to_owned(),
                    |n| format!("did you mean `{n}`?"),
                );
                found.add(d.help(help).path(self.path_of(&entry.key)), entry.key_span.clone());
            }
        }
    }
}

fn first_line(span: Range<usize>) -> Range<usize> {
    span.start..span.start
}
