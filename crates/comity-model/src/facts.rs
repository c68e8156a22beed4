//! The facts of a case, stored by slot so that reading one is an index.

use crate::date::Day;
use crate::schema::{ElemFieldId, FieldId, Kind, ListId, fields};
use std::fmt;

/// Index of a text in its case's text table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextId(u32);

/// The value of one fact. Unknown is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Not known.
    Unknown,
    /// Yes or no.
    Bool(bool),
    /// A whole number in the field's unit.
    Int(i64),
    /// The code of a value of the field's set.
    Enum(u8),
    /// A calendar day.
    Date(Day),
    /// A moment, seconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// A text of the case's text table.
    Text(TextId),
}

impl Value {
    /// True unless the value is [`Value::Unknown`].
    pub fn is_known(self) -> bool {
        self != Value::Unknown
    }
}

/// What is known of a list as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListState {
    /// Nothing: it may be empty or long.
    Unknown,
    /// The listed elements are there, and there may be more.
    AtLeast,
    /// The listed elements are all.
    Complete,
}

/// One list of records.
#[derive(Debug, Clone)]
pub struct FactList {
    /// What is known of the list as a whole.
    pub state: ListState,
    width: usize,
    values: Vec<Value>,
}

impl FactList {
    fn new(list: ListId) -> FactList {
        FactList { state: ListState::Unknown, width: list.def().fields.len(), values: Vec::new() }
    }

    /// Number of listed elements.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// True when no element is listed.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The fact `field` of element `index`; unknown when there is no such element.
    #[inline]
    pub fn get(&self, index: usize, field: ElemFieldId) -> Value {
        self.values.get(index * self.width + field.0 as usize).copied().unwrap_or(Value::Unknown)
    }

    /// One field of every listed element, in order.
    #[inline]
    pub fn column(&self, field: ElemFieldId) -> impl Iterator<Item = Value> + '_ {
        self.values.iter().skip(field.0 as usize).step_by(self.width).copied()
    }

    /// Adds an element of which nothing is known and returns its index.
    pub fn push_unknown(&mut self) -> usize {
        self.values.resize(self.values.len() + self.width, Value::Unknown);
        self.len() - 1
    }

    /// Sets one fact of an element that exists.
    pub fn set(&mut self, index: usize, field: ElemFieldId, value: Value) {
        if let Some(slot) = self.values.get_mut(index * self.width + field.0 as usize) {
            *slot = value;
        }
    }

    /// Removes all elements, keeping the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.state = ListState::Unknown;
    }
}

/// What facts that a case does not list mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotListed {
    /// They are unknown.
    #[default]
    Unknown,
    /// Yes/no facts are no, lists are empty, sets that have `none` are `none`;
    /// dates, numbers and texts stay unknown.
    No,
}

/// The facts of one custody case (DESIGN section 3).
#[derive(Debug, Clone)]
pub struct CaseFacts {
    scalars: Box<[Value]>,
    lists: Vec<FactList>,
    texts: Vec<Box<str>>,
}

impl Default for CaseFacts {
    fn default() -> Self {
        CaseFacts::new(NotListed::Unknown)
    }
}

impl CaseFacts {
    /// A case of which nothing is listed.
    pub fn new(not_listed: NotListed) -> CaseFacts {
        let scalars = fields::SCALARS.iter().map(|f| not_listed_value(&f.kind, not_listed));
        let lists = (0..fields::LISTS.len()).map(|i| {
            let mut list = FactList::new(ListId(i as u8));
            if not_listed == NotListed::No {
                list.state = ListState::Complete;
            }
            list
        });
        CaseFacts { scalars: scalars.collect(), lists: lists.collect(), texts: Vec::new() }
    }

    /// The value of a scalar fact.
    #[inline]
    pub fn get(&self, field: FieldId) -> Value {
        self.scalars[field.0 as usize]
    }

    /// Sets a scalar fact.
    pub fn set(&mut self, field: FieldId, value: Value) {
        self.scalars[field.0 as usize] = value;
    }

    /// Sets a scalar fact of type text.
    pub fn set_text(&mut self, field: FieldId, text: &str) {
        let value = self.text_value(text);
        self.set(field, value);
    }

    /// A text as a value of this case.
    pub fn text_value(&mut self, text: &str) -> Value {
        let at = self.texts.iter().position(|t| **t == *text).unwrap_or_else(|| {
            self.texts.push(text.into());
            self.texts.len() - 1
        });
        Value::Text(TextId(at as u32))
    }

    /// The text behind a [`Value::Text`] of this case.
    #[inline]
    pub fn text(&self, id: TextId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |t| t)
    }

    /// A scalar's text, if it is a known text.
    pub fn get_text(&self, field: FieldId) -> Option<&str> {
        match self.get(field) {
            Value::Text(id) => Some(self.text(id)),
            _ => None,
        }
    }

    /// A scalar's day, if it is a known date.
    pub fn get_date(&self, field: FieldId) -> Option<Day> {
        match self.get(field) {
            Value::Date(d) => Some(d),
            _ => None,
        }
    }

    /// A list of the case.
    #[inline]
    pub fn list(&self, list: ListId) -> &FactList {
        &self.lists[list.0 as usize]
    }

    /// A list of the case, to fill.
    pub fn list_mut(&mut self, list: ListId) -> &mut FactList {
        &mut self.lists[list.0 as usize]
    }

    /// The value a path leads to; the list itself has no value.
    pub fn at(&self, path: FactPath) -> Value {
        match path {
            FactPath::Scalar(f) => self.get(f),
            FactPath::List(_) => Value::Unknown,
            FactPath::Element(l, i, f) => self.list(l).get(i as usize, f),
        }
    }

    /// A value as people write it.
    pub fn show(&self, kind: &Kind, value: Value) -> String {
        match (kind, value) {
            (_, Value::Unknown) => "unknown".to_owned(),
            (_, Value::Bool(b)) => if b { "yes" } else { "no" }.to_owned(),
            (Kind::Int(unit), Value::Int(n)) => match unit {
                crate::schema::Unit::Count => n.to_string(),
                unit => format!("{n} {}", unit.name()),
            },
            (_, Value::Int(n)) => n.to_string(),
            (Kind::Enum(set), Value::Enum(code)) => set.name_of(code).to_owned(),
            (_, Value::Enum(code)) => code.to_string(),
            (_, Value::Date(d)) => d.to_string(),
            (_, Value::Instant(s)) => {
                jiff::Timestamp::from_second(s).map_or_else(|_| s.to_string(), |t| t.to_string())
            }
            (_, Value::Text(id)) => self.text(id).to_owned(),
        }
    }
}

/// What an unlisted fact of a type is worth.
pub(crate) fn not_listed_value(kind: &Kind, not_listed: NotListed) -> Value {
    match (not_listed, kind) {
        (NotListed::No, Kind::Bool) => Value::Bool(false),
        (NotListed::No, Kind::Enum(set)) => set.code("none").map_or(Value::Unknown, Value::Enum),
        _ => Value::Unknown,
    }
}

/// The place of one fact inside a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactPath {
    /// A scalar.
    Scalar(FieldId),
    /// A list as a whole: whether there are (more) elements.
    List(ListId),
    /// A field of an element.
    Element(ListId, u16, ElemFieldId),
}

impl FactPath {
    /// The type of the fact; a list as a whole has none.
    pub fn kind(self) -> Option<&'static Kind> {
        match self {
            FactPath::Scalar(f) => Some(&f.def().kind),
            FactPath::List(_) => None,
            FactPath::Element(l, _, f) => l.def().fields.get(f.0 as usize).map(|d| &d.kind),
        }
    }

    /// The meaning of the fact, one sentence.
    pub fn says(self) -> &'static str {
        match self {
            FactPath::Scalar(f) => f.def().says,
            FactPath::List(l) => l.def().says,
            FactPath::Element(l, _, f) => l.def().fields.get(f.0 as usize).map_or("", |d| d.says),
        }
    }
}

impl fmt::Display for FactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FactPath::Scalar(id) => f.write_str(id.def().path),
            FactPath::List(l) => f.write_str(l.def().name),
            FactPath::Element(l, i, e) => {
                let field = l.def().fields.get(e.0 as usize).map_or("?", |d| d.path);
                write!(f, "{}[{i}].{field}", l.def().name)
            }
        }
    }
}
