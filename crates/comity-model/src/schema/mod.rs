//! The facts schema: one definition per field (DESIGN section 3).
//!
//! Every reader, checker, generated page and column layout is derived from the
//! tables in [`fields`] and [`enums`]; nothing else knows what a fact is called.

pub mod enums;
pub mod fields;

use std::collections::HashMap;
use std::sync::OnceLock;

/// A closed set of named values. At most 128, so that a set of them is a `u128`.
#[derive(Debug)]
pub struct EnumDef {
    /// Name used in the reference page and in error messages.
    pub name: &'static str,
    /// What the set is about, one sentence.
    pub says: &'static str,
    /// The values: name and meaning, in the order of their codes.
    pub values: &'static [(&'static str, &'static str)],
}

impl EnumDef {
    /// The code of a value, or `None` if the set has no such value.
    pub fn code(&self, name: &str) -> Option<u8> {
        self.values.iter().position(|(n, _)| *n == name).map(|i| i as u8)
    }

    /// The name of a code; codes come only from [`EnumDef::code`].
    pub fn name_of(&self, code: u8) -> &'static str {
        self.values.get(code as usize).map_or("?", |(n, _)| n)
    }
}

impl PartialEq for EnumDef {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The unit of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Completed years.
    Years,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// A plain count, or a number that names something (a circuit).
    Count,
}

impl Unit {
    /// The word used in policy files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Years => "years",
            Unit::Days => "days",
            Unit::Hours => "hours",
            Unit::Count => "count",
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// true or false.
    Bool,
    /// A whole number with its unit.
    Int(Unit),
    /// One value of a closed set.
    Enum(&'static EnumDef),
    /// A calendar day, no time of day, no zone.
    Date,
    /// A moment: local civil date and time in the facility's zone, or with an offset.
    Instant,
    /// Short text compared for equality only (codes, identifiers).
    Text,
}

impl Kind {
    /// The type's name as shown to authors: `date`, `years`, `offense category`.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Bool => "yes/no",
            Kind::Int(u) => u.name(),
            Kind::Enum(e) => e.name,
            Kind::Date => "date",
            Kind::Instant => "instant",
            Kind::Text => "text",
        }
    }
}

/// One fact: its path, type, meaning and the source columns it is usually read from.
#[derive(Debug)]
pub struct FieldDef {
    /// `group.name` for a scalar, the bare name for a field of a list element.
    pub path: &'static str,
    /// The type.
    pub kind: Kind,
    /// The meaning, one sentence.
    pub says: &'static str,
    /// Column names in public data that carry this fact.
    pub read_from: &'static [&'static str],
}

/// One list of records (`charges`, `convictions`).
#[derive(Debug)]
pub struct ListDef {
    /// The list's name.
    pub name: &'static str,
    /// The singular, for prose ("charge").
    pub one: &'static str,
    /// The fields of an element.
    pub fields: &'static [FieldDef],
    /// The meaning, one sentence.
    pub says: &'static str,
}

/// Index of a scalar field in [`fields::SCALARS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u16);

/// Index of a list in [`fields::LISTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u8);

/// Index of a field within its list's element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElemFieldId(pub u16);

/// The scalar of that path; evaluated at compile time when used in a `const`.
///
/// # Panics
/// When the schema has no such path: a programming error, caught when the crate is built.
#[allow(clippy::panic, reason = "evaluated at compile time: a wrong path fails the build")]
pub const fn scalar(path: &str) -> FieldId {
    let mut i = 0;
    while i < fields::SCALARS.len() {
        if same(fields::SCALARS[i].path, path) {
            return FieldId(i as u16);
        }
        i += 1;
    }
    panic!("no such scalar in the schema")
}

/// The list of that name; evaluated at compile time when used in a `const`.
///
/// # Panics
/// When the schema has no such list.
#[allow(clippy::panic, reason = "evaluated at compile time: a wrong name fails the build")]
pub const fn list(name: &str) -> ListId {
    let mut i = 0;
    while i < fields::LISTS.len() {
        if same(fields::LISTS[i].name, name) {
            return ListId(i as u8);
        }
        i += 1;
    }
    panic!("no such list in the schema")
}

/// The element field of that name; evaluated at compile time when used in a `const`.
///
/// # Panics
/// When the list has no such field.
#[allow(clippy::panic, reason = "evaluated at compile time: a wrong name fails the build")]
pub const fn elem(list: ListId, name: &str) -> ElemFieldId {
    let fs = fields::LISTS[list.0 as usize].fields;
    let mut i = 0;
    while i < fs.len() {
        if same(fs[i].path, name) {
            return ElemFieldId(i as u16);
        }
        i += 1;
    }
    panic!("no such element field in the schema")
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

impl FieldId {
    /// The field's definition.
    pub fn def(self) -> &'static FieldDef {
        &fields::SCALARS[self.0 as usize]
    }
}

impl ListId {
    /// The list's definition.
    pub fn def(self) -> &'static ListDef {
        &fields::LISTS[self.0 as usize]
    }

    /// The element field of that name.
    pub fn field(self, name: &str) -> Option<ElemFieldId> {
        self.def().fields.iter().position(|f| f.path == name).map(|i| ElemFieldId(i as u16))
    }
}

/// Looks a scalar up by its dotted path.
pub fn find_scalar(path: &str) -> Option<FieldId> {
    static INDEX: OnceLock<HashMap<&'static str, FieldId>> = OnceLock::new();
    INDEX
        .get_or_init(|| {
            fields::SCALARS.iter().enumerate().map(|(i, f)| (f.path, FieldId(i as u16))).collect()
        })
        .get(path)
        .copied()
}

/// Looks a list up by name.
pub fn find_list(name: &str) -> Option<ListId> {
    fields::LISTS.iter().position(|l| l.name == name).map(|i| ListId(i as u8))
}

/// The groups of scalar fields (`person`, `request`, …), in order, each once.
pub fn groups() -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    for f in fields::SCALARS {
        let g = f.path.split('.').next().unwrap_or(f.path);
        if out.last() != Some(&g) && !out.contains(&g) {
            out.push(g);
        }
    }
    out
}

/// The nearest name among `names` for a misspelled one, if it is near enough to suggest.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(2);
    names
        .into_iter()
        .map(|n| (edit_distance(wrong, n, limit), n))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, n)| n)
}

fn edit_distance(a: &str, b: &str, limit: usize) -> usize {
    if a.len() > 64 || b.len() > 64 || a.len().abs_diff(b.len()) > limit {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = usize::from(!ca.eq_ignore_ascii_case(cb));
            let best = (row[j] + 1).min(row[j + 1] + 1).min(diagonal + cost);
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[b.len()]
}
