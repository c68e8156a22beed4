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

/// A value in one word: three bits say what it is, the others hold it. Cases are read
/// far more often than written, and in a long run from memory, not from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed(u64);

impl Packed {
    const TAG_BITS: u32 = 3;
    const UNKNOWN: u64 = 0;
    const BOOL: u64 = 1;
    const INT: u64 = 2;
    const ENUM: u64 = 3;
    const DATE: u64 = 4;
    const INSTANT: u64 = 5;
    const TEXT: u64 = 6;

    const fn of(tag: u64, payload: i64) -> Packed {
        Packed((payload << Packed::TAG_BITS) as u64 | tag)
    }

    #[inline]
    const fn tag(self) -> u64 {
        self.0 & ((1 << Packed::TAG_BITS) - 1)
    }

    #[inline]
    const fn payload(self) -> i64 {
        self.0 as i64 >> Packed::TAG_BITS
    }

    /// Whether it is a yes or no, and which.
    #[inline]
    pub fn bool(self) -> (bool, bool) {
        (self.tag() == Packed::BOOL, self.payload() == 1)
    }

    /// A place in a table of a yes/no fact or a fact with a set of values: 0 for unknown,
    /// then no and yes, or the codes in order.
    #[inline]
    pub fn place(self) -> usize {
        (self.payload() as usize).wrapping_add(usize::from(self.tag() != Packed::UNKNOWN))
    }

    /// Whether it is a number, and which.
    #[inline]
    pub fn int(self) -> (bool, i64) {
        (self.tag() == Packed::INT, self.payload())
    }

    /// Whether it is a day, and which.
    #[inline]
    pub fn date(self) -> (bool, Day) {
        (self.tag() == Packed::DATE, Day(self.payload() as i32))
    }

    /// Whether both are days or both are moments, and this one comes after the other.
    #[inline]
    pub fn is_after(self, other: Packed) -> bool {
        let timed = matches!(self.tag(), Packed::DATE | Packed::INSTANT);
        timed && self.tag() == other.tag() && self.payload() > other.payload()
    }
}

impl From<Value> for Packed {
    /// Numbers and moments beyond 60 bits do not occur: the reader refuses them.
    fn from(v: Value) -> Packed {
        match v {
            Value::Unknown => Packed::of(Packed::UNKNOWN, 0),
            Value::Bool(b) => Packed::of(Packed::BOOL, i64::from(b)),
            Value::Int(n) => Packed::of(Packed::INT, n),
            Value::Enum(code) => Packed::of(Packed::ENUM, i64::from(code)),
            Value::Date(d) => Packed::of(Packed::DATE, i64::from(d.0)),
            Value::Instant(s) => Packed::of(Packed::INSTANT, s),
            Value::Text(id) => Packed::of(Packed::TEXT, i64::from(id.0)),
        }
    }
}

impl From<Packed> for Value {
    #[inline]
    fn from(p: Packed) -> Value {
        let n = p.payload();
        match p.tag() {
            Packed::BOOL => Value::Bool(n == 1),
            Packed::INT => Value::Int(n),
            Packed::ENUM => Value::Enum(n as u8),
            Packed::DATE => Value::Date(Day(n as i32)),
            Packed::INSTANT => Value::Instant(n),
            Packed::TEXT => Value::Text(TextId(n as u32)),
            _ => Value::Unknown,
        }
    }
}

/// The facts of the case itself or of one element, as they are stored.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    values: &'a [Packed],
    stride: usize,
    at: usize,
}

impl Record<'_> {
    /// The fact in a slot.
    #[inline]
    pub fn get(self, slot: u16) -> Packed {
        let unknown = Packed::of(Packed::UNKNOWN, 0);
        self.values.get(slot as usize * self.stride + self.at).copied().unwrap_or(unknown)
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

/// One list of records, field by field: the values of one field of all elements lie
/// side by side.
#[derive(Debug, Clone)]
pub struct FactList {
    /// What is known of the list as a whole.
    pub state: ListState,
    fields: usize,
    len: usize,
    /// Elements for which there is room.
    room: usize,
    values: Vec<Packed>,
}

impl FactList {
    fn new(list: ListId) -> FactList {
        let fields = list.def().fields.len();
        FactList { state: ListState::Unknown, fields, len: 0, room: 0, values: Vec::new() }
    }

    /// Number of listed elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when no element is listed.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The fact `field` of element `index`; unknown when there is no such element.
    #[inline]
    pub fn get(&self, index: usize, field: ElemFieldId) -> Value {
        self.column(field).get(index).map_or(Value::Unknown, |p| Value::from(*p))
    }

    /// One field of every listed element, in order.
    #[inline]
    pub fn column(&self, field: ElemFieldId) -> &[Packed] {
        let start = field.0 as usize * self.room;
        self.values.get(start..start + self.len).unwrap_or(&[])
    }

    /// The listed elements in order, each as a record; its slots are element field ids.
    #[inline]
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len).map(|at| Record { values: &self.values, stride: self.room, at })
    }

    /// Adds an element of which nothing is known and returns its index.
    pub fn push_unknown(&mut self) -> usize {
        let unknown = Packed::from(Value::Unknown);
        if self.len == self.room {
            let room = (self.room * 2).max(2);
            let mut values = vec![unknown; room * self.fields];
            for f in 0..self.fields {
                let column = self.column(ElemFieldId(f as u16));
                values[f * room..f * room + self.len].copy_from_slice(column);
            }
            (self.room, self.values) = (room, values);
        }
        self.len += 1;
        let index = self.len - 1;
        for f in 0..self.fields {
            self.set(index, ElemFieldId(f as u16), Value::Unknown);
        }
        index
    }

    /// Sets one fact of an element that exists.
    pub fn set(&mut self, index: usize, field: ElemFieldId, value: Value) {
        if index < self.len
            && let Some(slot) = self.values.get_mut(field.0 as usize * self.room + index)
        {
            *slot = value.into();
        }
    }

    /// Removes all elements, keeping the memory.
    pub fn clear(&mut self) {
        self.len = 0;
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
    scalars: Box<[Packed]>,
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
        let scalars = fields::SCALARS.iter().map(|f| not_listed_value(&f.kind, not_listed).into());
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
        self.scalars[field.0 as usize].into()
    }

    /// The scalar facts as one record; its slots are field ids.
    #[inline]
    pub fn record(&self) -> Record<'_> {
        Record { values: &self.scalars, stride: 1, at: 0 }
    }

    /// Sets a scalar fact.
    pub fn set(&mut self, field: FieldId, value: Value) {
        self.scalars[field.0 as usize] = value.into();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_packing() {
        let values = [
            Value::Unknown,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(0),
            Value::Int(-5),
            Value::Int(1_000_000),
            Value::Enum(0),
            Value::Enum(127),
            Value::Date(Day(-4_000_000)),
            Value::Date(Day(2_932_896)),
            Value::Instant(-62_135_596_800),
            Value::Instant(253_402_300_799),
            Value::Text(TextId(u32::MAX)),
        ];
        for v in values {
            assert_eq!(Value::from(Packed::from(v)), v);
        }
    }

    #[test]
    fn elements_keep_their_facts_while_a_list_grows_and_after_it_is_cleared() {
        let list = crate::schema::list("convictions");
        let level = list.field("level").unwrap();
        let mut facts = CaseFacts::new(NotListed::Unknown);
        for round in 0..2 {
            for i in 0..9 {
                let at = facts.list_mut(list).push_unknown();
                assert_eq!(
                    (at, facts.list(list).get(at, level)),
                    (i, Value::Unknown),
                    "round {round}"
                );
                facts.list_mut(list).set(at, level, Value::Enum(i as u8));
            }
            let levels: Vec<Value> = (0..9).map(|i| facts.list(list).get(i, level)).collect();
            assert_eq!(levels, (0..9).map(Value::Enum).collect::<Vec<_>>());
            assert_eq!(facts.list(list).get(9, level), Value::Unknown);
            facts.list_mut(list).clear();
            assert!(facts.list(list).is_empty());
        }
    }
}
