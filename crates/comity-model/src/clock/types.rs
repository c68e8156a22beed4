//! What the clock is told: the moments of a stay and the caps on a hold.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

/// A fact that may not be known. Unknown is a value, not an absence to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fact<T> {
    /// The fact is known.
    Known(T),
    /// The fact is not known.
    #[default]
    Unknown,
}

impl<T> Fact<T> {
    /// The value, if known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }

    /// True when the value is known.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Applies `f` to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Unknown => Fact::Unknown,
        }
    }
}

impl<T> From<Option<T>> for Fact<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Known)
    }
}

/// The value itself, or the word `"unknown"`.
impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown => serializer.serialize_str("unknown"),
        }
    }
}

/// The moments of one person's stay in one facility.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stay {
    /// When the person would otherwise be released (8 CFR 287.7(d): "not otherwise detained").
    pub release_eligible_at: Fact<Timestamp>,
    /// When the agency received the request (and the warrant, where one is needed).
    pub received_at: Fact<Timestamp>,
    /// When a hold for the federal side started. Never moves the clock; see `ClockNote`.
    pub hold_started_at: Fact<Timestamp>,
    /// When the person was released; `Unknown` also while no release is recorded.
    pub released_at: Fact<Timestamp>,
    /// The facility's time zone, an IANA name such as `America/New_York`.
    pub time_zone: Option<String>,
}

/// Whose limit a cap is; kept apart because they answer to different law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapKind {
    /// The hours that the request's form asks for.
    Requested,
    /// The ceiling of 8 CFR 287.7(d).
    Regulatory,
    /// A state or local limit.
    Local,
    /// The day from which a new law bars the hold.
    LawChange,
}

impl CapKind {
    /// All kinds, in the order in which ties are named.
    pub const ALL: [Self; 4] = [Self::Requested, Self::Regulatory, Self::Local, Self::LawChange];

    /// The word used in case files: `requested`, `regulatory`, `local`, `law_change`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Regulatory => "regulatory",
            Self::Local => "local",
            Self::LawChange => "law_change",
        }
    }
}

impl fmt::Display for CapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of kinds of local days whose hours do not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DaySet(u8);

impl DaySet {
    /// No day: plain elapsed hours.
    pub const NONE: Self = Self(0);
    /// Saturdays.
    pub const SATURDAY: Self = Self(1);
    /// Sundays.
    pub const SUNDAY: Self = Self(2);
    /// Observed federal holidays, see [`federal_holiday`](super::federal_holiday).
    pub const HOLIDAY: Self = Self(4);
    /// "Saturdays, Sundays, and holidays" (8 CFR 287.7(d)).
    pub const WEEKENDS_AND_HOLIDAYS: Self = Self(7);

    const NAMES: [(&'static str, Self); 3] =
        [("saturday", Self::SATURDAY), ("sunday", Self::SUNDAY), ("holiday", Self::HOLIDAY)];

    /// The set with the days of `other` added.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when every day of `other` is in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when no day is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set of the words of a policy file: `saturday`, `sunday`, `holiday`.
    ///
    /// # Errors
    /// The first word that is none of them.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        names.into_iter().try_fold(Self::NONE, |set, name| {
            let known = Self::NAMES.iter().find(|(n, _)| *n == name).ok_or(name)?;
            Ok(set.with(known.1))
        })
    }

    /// The words of the set, as a policy file writes them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(_, day)| self.contains(*day)).map(|(name, _)| name)
    }
}

impl fmt::Debug for DaySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// The moment from which a cap's hours run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StartPoint {
    /// When the person would otherwise be released: the rule.
    #[default]
    Release,
    /// When the request was received (N.C. Gen. Stat. 162-62(b1), 2024-12-01 to 2025-09-30).
    Receipt,
}

/// How long a cap lets a hold last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// A number of elapsed hours.
    Hours {
        /// Hours, at most [`MAX_HOURS`](super::MAX_HOURS).
        hours_max: u32,
        /// The local days whose hours do not count.
        excludes: DaySet,
        /// What the hours run from.
        from: StartPoint,
    },
    /// 23:59:00 local on the calendar day on which the person would otherwise be released
    /// (N.J. Att'y Gen. Law Enforcement Directive 2018-6: "11:59 p.m.").
    EndOfDay,
    /// The first instant of that local day: the new law bars the hold from there.
    Date(Date),
}

/// One limit on a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cap {
    /// The caller's own index, by which it finds the citation again.
    pub id: u16,
    /// Whose limit it is.
    pub kind: CapKind,
    /// How long the hold may last.
    pub limit: Limit,
}
