//! Small readers over a parsed TOML tree: every finding is kept, with its place.

use comity_model::schema::{self, ElemFieldId, FieldId, Kind, ListId, fields, nearest};
use comity_model::tree::{Entry, Node, Raw};
use comity_model::{CaseFacts, Day, Diagnostic, SourceText, Value};
use std::ops::Range;

/// A TOML file being read, with what was found wrong.
pub struct TomlReader<'a> {
    source: &'a SourceText<'a>,
    /// Everything found wrong so far.
    pub found: Vec<Diagnostic>,
}

/// A place in a case that a mapping or study can fill: a scalar, a list, or a field of every element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A scalar.
    Scalar(FieldId),
    /// A list as a whole.
    List(ListId),
    /// A field of every element of a list: `convictions[].listed`.
    Element(ListId, ElemFieldId),
}

impl Target {
    /// The type; a list as a whole has none.
    pub fn kind(self) -> Option<&'static Kind> {
        match self {
            Target::Scalar(f) => Some(&f.def().kind),
            Target::List(_) => None,
            Target::Element(l, f) => l.def().fields.get(f.0 as usize).map(|d| &d.kind),
        }
    }
}

/// A value as a mapping gives it: text is interned only when a case is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Any value but a text.
    Value(Value),
    /// A text.
    Text(String),
}

impl Given {
    /// The value inside a case.
    pub fn in_case(&self, facts: &mut CaseFacts) -> Value {
        match self {
            Given::Value(v) => *v,
            Given::Text(t) => facts.text_value(t),
        }
    }
}

impl<'a> TomlReader<'a> {
    /// A reader of one file.
    pub fn new(source: &'a SourceText<'a>) -> TomlReader<'a> {
        TomlReader { source, found: Vec::new() }
    }

    /// Notes a finding at a place.
    pub fn wrong(&mut self, d: Diagnostic, span: Option<Range<usize>>) {
        self.found.push(self.source.locate(d, span));
    }

    /// Refuses keys that are not in the list, with the nearest one.
    pub fn only(&mut self, node: &Node, what: &str, keys: &[&str]) {
        for Entry { key, key_span, .. } in node.entries().unwrap_or(&[]) {
            if keys.contains(&key.as_str()) {
                continue;
            }
            let help = nearest(key, keys.iter().copied()).map_or_else(
                || format!("one of {}", keys.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            let d =
                Diagnostic::error("unknown-key", format!("{what} has no key `{key}`")).help(help);
            self.wrong(d, key_span.clone());
        }
    }

    /// An optional text.
    pub fn text_opt(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        if let Some(t) = value.text() {
            return Some(t.to_owned());
        }
        self.wrong_type(key, value, "text in quotes");
        None
    }

    /// A text that must be there; empty where it is not.
    pub fn text(&mut self, node: &Node, what: &str, key: &str) -> String {
        if node.get(key).is_none() {
            let d = Diagnostic::error("missing-key", format!("{what} needs `{key}`"));
            self.wrong(d, node.span.clone());
            return String::new();
        }
        self.text_opt(node, key).unwrap_or_default()
    }

    /// An optional yes or no.
    pub fn flag(&mut self, node: &Node, key: &str) -> Option<bool> {
        let value = node.get(key)?;
        if let Raw::Bool(b) = value.raw {
            return Some(b);
        }
        self.wrong_type(key, value, "true or false");
        None
    }

    /// An optional day.
    pub fn day(&mut self, node: &Node, key: &str) -> Option<Day> {
        let value = node.get(key)?;
        let day = match &value.raw {
            Raw::Date(t) | Raw::Text(t) => Day::parse(t),
            _ => None,
        };
        if day.is_none() {
            self.wrong_type(key, value, "a day such as 2015-06-12");
        }
        day
    }

    /// A list of texts; empty where there is none.
    pub fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(value) = node.get(key) else {
            return Vec::new();
        };
        let texts: Option<Vec<String>> = value
            .items()
            .and_then(|items| items.iter().map(|n| n.text().map(str::to_owned)).collect());
        texts.unwrap_or_else(|| {
            self.wrong_type(key, value, "a list of texts");
            Vec::new()
        })
    }

    /// The tables of an array of tables.
    pub fn tables<'n>(&mut self, node: &'n Node, key: &str) -> &'n [Node] {
        let Some(value) = node.get(key) else {
            return &[];
        };
        let items = value.items().filter(|items| items.iter().all(|n| n.entries().is_some()));
        if items.is_none() {
            self.wrong_type(key, value, &format!("tables, [[{key}]]"));
        }
        items.unwrap_or(&[])
    }

    fn wrong_type(&mut self, key: &str, value: &Node, wanted: &str) {
        let d = Diagnostic::error("wrong-type", format!("`{key}` is {}", value.type_name()));
        self.wrong(d.help(format!("write {wanted}")), value.span.clone());
    }

    /// The facts named under `facts` or `fact`.
    pub fn targets(&mut self, node: &Node, what: &str) -> Vec<Target> {
        let mut names = self.texts(node, "facts");
        names.extend(self.text_opt(node, "fact"));
        if names.is_empty() {
            let d = Diagnostic::error("missing-key", format!("{what} needs `facts`"));
            self.wrong(d, node.span.clone());
        }
        let span = node.get("facts").or_else(|| node.get("fact")).and_then(|n| n.span.clone());
        names.iter().filter_map(|n| self.target(n, span.clone())).collect()
    }

    fn target(&mut self, name: &str, span: Option<Range<usize>>) -> Option<Target> {
        let found = match name.split_once("[].") {
            Some((list, field)) => {
                schema::find_list(list).and_then(|l| l.field(field).map(|f| Target::Element(l, f)))
            }
            None => schema::find_scalar(name)
                .map(Target::Scalar)
                .or_else(|| schema::find_list(name).map(Target::List)),
        };
        if found.is_none() {
            let names = fields::SCALARS.iter().map(|f| f.path);
            let help = nearest(name, names).map_or_else(
                || "docs/reference/facts.md lists every fact".to_owned(),
                |n| format!("did you mean `{n}`?"),
            );
            let d =
                Diagnostic::error("unknown-field", format!("there is no fact `{name}`")).help(help);
            self.wrong(d, span);
        }
        found
    }

    /// A value of the type of a target.
    pub fn value(&mut self, target: Target, node: &Node) -> Option<Given> {
        let Some(kind) = target.kind() else {
            let d = Diagnostic::error("wrong-type", "a list as a whole has no value");
            self.wrong(d.help("use `complete` in a view"), node.span.clone());
            return None;
        };
        match given(kind, node) {
            Ok(v) => Some(v),
            Err(d) => {
                self.wrong(*d, node.span.clone());
                None
            }
        }
    }
}

/// A TOML value as a value of a type; `"unknown"` is unknown.
pub fn given(kind: &Kind, node: &Node) -> Result<Given, Box<Diagnostic>> {
    if node.text() == Some("unknown") {
        return Ok(Given::Value(Value::Unknown));
    }
    let wrong = |help: String| {
        let d = Diagnostic::error(
            "wrong-type",
            format!("{} where {} is wanted", node.type_name(), kind.name()),
        );
        Err(Box::new(d.help(help)))
    };
    match (kind, &node.raw) {
        (Kind::Bool, Raw::Bool(b)) => Ok(Given::Value(Value::Bool(*b))),
        (Kind::Int(_), Raw::Int(n)) => Ok(Given::Value(Value::Int(*n))),
        (Kind::Date, Raw::Date(t) | Raw::Text(t)) => Day::parse(t).map_or_else(
            || wrong("a day such as 2015-06-12".to_owned()),
            |d| Ok(Given::Value(Value::Date(d))),
        ),
        (Kind::Text, Raw::Text(t)) => Ok(Given::Text(t.clone())),
        (Kind::Enum(set), Raw::Text(t)) => set.code(t).map_or_else(
            || {
                let help = comity_model::read::suggest(t, set.values.iter().map(|(n, _)| *n));
                let d = Diagnostic::error("wrong-enum-value", format!("`{t}` is no {}", set.name));
                Err(Box::new(d.help(help)))
            },
            |code| Ok(Given::Value(Value::Enum(code))),
        ),
        _ => wrong("see docs/reference/facts.md".to_owned()),
    }
}

/// A target as files write it.
pub fn target_name(target: Target) -> String {
    match target {
        Target::Scalar(f) => f.def().path.to_owned(),
        Target::List(l) => l.def().name.to_owned(),
        Target::Element(l, f) => {
            let field = l.def().fields.get(f.0 as usize).map_or("?", |d| d.path);
            format!("{}[].{field}", l.def().name)
        }
    }
}
