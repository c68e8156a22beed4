//! TOML and JSON text as one tree with places, so that every reader is written once.

use crate::diagnostic::{Diagnostic, SourceText};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Longest text of one file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// A value of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction; no fact has one, so it is only there to be refused.
    Float,
    /// Text.
    Text(String),
    /// A TOML date, time or date-time, as written.
    Date(String),
    /// An array.
    List(Vec<Node>),
    /// A table.
    Table(Vec<Entry>),
    /// JSON null.
    Null,
}

/// One key of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands (TOML only).
    pub key_span: Option<Range<usize>>,
    /// The value.
    pub node: Node,
}

/// A value with its place in the text (TOML only).
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub raw: Raw,
    /// Byte range in the text.
    pub span: Option<Range<usize>>,
}

impl Node {
    /// The kind of value, for messages.
    pub fn type_name(&self) -> &'static str {
        match self.raw {
            Raw::Bool(_) => "true or false",
            Raw::Int(_) => "a whole number",
            Raw::Float => "a number with a fraction, or out of range",
            Raw::Text(_) => "text",
            Raw::Date(_) => "a date",
            Raw::List(_) => "a list",
            Raw::Table(_) => "a table",
            Raw::Null => "null",
        }
    }

    /// The entries of a table.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.raw {
            Raw::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The text of a text value.
    pub fn text(&self) -> Option<&str> {
        match &self.raw {
            Raw::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.raw {
            Raw::List(items) => Some(items),
            _ => None,
        }
    }
}

/// Reads bytes as text: refuses what is too long, not UTF-8, or holds NUL.
pub fn text_of<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    let nowhere = SourceText { name, text: "" };
    if bytes.len() > FILE_BYTES_MAX {
        let message =
            format!("the file has {} bytes; at most {FILE_BYTES_MAX} are read", bytes.len());
        return Err(Box::new(
            nowhere
                .locate(Diagnostic::error("file-too-large", message).help("split the file"), None),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let good = std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or("");
        let at = SourceText { name, text: good };
        let d =
            Diagnostic::error("invalid-utf8", format!("byte {} is not UTF-8", e.valid_up_to() + 1))
                .help("save the file as UTF-8");
        Box::new(at.locate(d, Some(good.len()..good.len())))
    })?;
    // Windows editors put a byte-order mark in front; it carries nothing.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Parses TOML 1.1.
pub fn parse_toml(source: &SourceText<'_>) -> Result<Node, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    if errors.is_empty() {
        return Ok(from_toml_table(table.get_ref(), Some(table.span())));
    }
    let located = errors.iter().take(5).map(|e| {
        let d = Diagnostic::error("bad-toml", e.message().trim().to_owned())
            .help("see https://toml.io; quotes around text, [table] headers, key = value");
        source.locate(d, e.span())
    });
    Err(located.collect())
}

fn from_toml_table(table: &DeTable<'_>, span: Option<Range<usize>>) -> Node {
    let entries = table.iter().map(|(k, v)| Entry {
        key: k.get_ref().to_string(),
        key_span: Some(k.span()),
        node: from_toml(v.get_ref(), v.span()),
    });
    Node { raw: Raw::Table(entries.collect()), span }
}

fn from_toml(value: &DeValue<'_>, span: Range<usize>) -> Node {
    let raw = match value {
        DeValue::Boolean(b) => Raw::Bool(*b),
        DeValue::Integer(i) => {
            i64::from_str_radix(i.as_str(), i.radix()).map_or(Raw::Float, Raw::Int)
        }
        DeValue::Float(_) => Raw::Float,
        DeValue::String(s) => Raw::Text(s.to_string()),
        DeValue::Datetime(d) => Raw::Date(d.to_string()),
        DeValue::Array(a) => {
            Raw::List(a.iter().map(|v| from_toml(v.get_ref(), v.span())).collect())
        }
        DeValue::Table(t) => return from_toml_table(t, Some(span)),
    };
    Node { raw, span: Some(span) }
}

/// Parses JSON; a key given twice is an error.
pub fn parse_json(source: &SourceText<'_>) -> Result<Node, Vec<Diagnostic>> {
    serde_json::from_str::<Node>(source.text).map_err(|e| {
        let line_start: usize =
            source.text.split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
        let at = line_start + e.column().saturating_sub(1);
        let message = e.to_string();
        let message = message.split(" at line ").next().unwrap_or("").to_owned();
        let code = if message.contains("given twice") { "duplicate-key" } else { "bad-json" };
        let d = Diagnostic::error(code, message).help("see https://www.json.org");
        vec![source.locate(d, Some(at..at + 1))]
    })
}

struct NodeVisitor;

fn plain(raw: Raw) -> Node {
    Node { raw, span: None }
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, b: bool) -> Result<Node, E> {
        Ok(plain(Raw::Bool(b)))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Node, E> {
        Ok(plain(Raw::Int(n)))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Node, E> {
        Ok(plain(i64::try_from(n).map_or(Raw::Float, Raw::Int)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(plain(Raw::Float))
    }

    fn visit_str<E>(self, s: &str) -> Result<Node, E> {
        Ok(plain(Raw::Text(s.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(plain(Raw::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(plain(Raw::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((key, node)) = map.next_entry::<String, Node>()? {
            if !seen.insert(key.clone()) {
                return Err(serde::de::Error::custom(format!("the key `{key}` is given twice")));
            }
            entries.push(Entry { key, key_span: None, node });
        }
        Ok(plain(Raw::Table(entries)))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}
