//! The federal holidays that a weekday clock leaves out.
//!
//! 5 U.S.C. 6103(a) names the legal public holidays. 6103(b)(1) moves a holiday
//! that falls on Saturday to the Friday before; Executive Order 11582, section 3,
//! moves one that falls on Sunday to the Monday after. New Year's Day on a
//! Saturday is therefore observed on December 31 of the year before. What is
//! computed here is the *observed* day: the Saturday or Sunday itself is not one
//! (a clock that leaves out holidays leaves out weekends by their own name).
//!
//! Left out on purpose:
//! - Inauguration Day (6103(c)): a holiday only for those who work in and around
//!   the District of Columbia, not nationwide;
//! - days on which an executive order excused federal employees (a day of national
//!   mourning, December 24 in some years): no order adds to the list of 6103(a).

use jiff::civil::{Date, Weekday};
use serde::Serialize;

/// A legal public holiday of 5 U.S.C. 6103(a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holiday {
    /// New Year's Day, January 1.
    NewYearsDay,
    /// Birthday of Martin Luther King, Jr., the third Monday in January.
    MartinLutherKingDay,
    /// Washington's Birthday, the third Monday in February.
    WashingtonsBirthday,
    /// Memorial Day, the last Monday in May.
    MemorialDay,
    /// Juneteenth National Independence Day, June 19, from 2021 (Pub. L. 117-17 of 2021-06-17).
    Juneteenth,
    /// Independence Day, July 4.
    IndependenceDay,
    /// Labor Day, the first Monday in September.
    LaborDay,
    /// Columbus Day, the second Monday in October.
    ColumbusDay,
    /// Veterans Day, November 11.
    VeteransDay,
    /// Thanksgiving Day, the fourth Thursday in November.
    ThanksgivingDay,
    /// Christmas Day, December 25.
    ChristmasDay,
}

impl Holiday {
    /// The name that 5 U.S.C. 6103(a) gives the day.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewYearsDay => "New Year's Day",
            Self::MartinLutherKingDay => "Birthday of Martin Luther King, Jr.",
            Self::WashingtonsBirthday => "Washington's Birthday",
            Self::MemorialDay => "Memorial Day",
            Self::Juneteenth => "Juneteenth National Independence Day",
            Self::IndependenceDay => "Independence Day",
            Self::LaborDay => "Labor Day",
            Self::ColumbusDay => "Columbus Day",
            Self::VeteransDay => "Veterans Day",
            Self::ThanksgivingDay => "Thanksgiving Day",
            Self::ChristmasDay => "Christmas Day",
        }
    }
}

/// The first year for which [`federal_holiday`] answers: the first with today's list but for
/// Juneteenth (the third Monday in January became a holiday in 1986).
pub const FIRST_YEAR: i16 = 1986;

/// The federal holiday observed on `date`, if any (5 U.S.C. 6103(a), (b)(1); E.O. 11582, sec. 3).
///
/// A calendar day without a zone; `None` for every day before [`FIRST_YEAR`].
pub fn federal_holiday(date: Date) -> Option<Holiday> {
    if date.year() < FIRST_YEAR {
        return None;
    }
    match date.weekday() {
        Weekday::Saturday | Weekday::Sunday => None,
        Weekday::Monday => {
            on_monday(date).or_else(|| fixed(date)).or_else(|| fixed(date.yesterday().ok()?))
        }
        Weekday::Thursday if date.month() == 11 && (22..=28).contains(&date.day()) => {
            Some(Holiday::ThanksgivingDay)
        }
        Weekday::Friday => fixed(date).or_else(|| fixed(date.tomorrow().ok()?)),
        _ => fixed(date),
    }
}

/// The holidays set on a Monday; `date` is one.
fn on_monday(date: Date) -> Option<Holiday> {
    match (date.month(), date.day()) {
        (1, 15..=21) => Some(Holiday::MartinLutherKingDay),
        (2, 15..=21) => Some(Holiday::WashingtonsBirthday),
        (5, 25..=31) => Some(Holiday::MemorialDay),
        (9, 1..=7) => Some(Holiday::LaborDay),
        (10, 8..=14) => Some(Holiday::ColumbusDay),
        _ => None,
    }
}

/// The holidays set on a day of the month, before any move to Friday or Monday.
fn fixed(date: Date) -> Option<Holiday> {
    match (date.month(), date.day()) {
        (1, 1) => Some(Holiday::NewYearsDay),
        (6, 19) if date.year() >= 2021 => Some(Holiday::Juneteenth),
        (7, 4) => Some(Holiday::IndependenceDay),
        (11, 11) => Some(Holiday::VeteransDay),
        (12, 25) => Some(Holiday::ChristmasDay),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// The observed days of a year as `MM-DD`, in order of the calendar.
    fn observed(year: i16) -> String {
        let mut out: Vec<String> = Vec::new();
        let mut d = date(year, 1, 1);
        while d.year() == year {
            if federal_holiday(d).is_some() {
                out.push(d.strftime("%m-%d").to_string());
            }
            d = d.tomorrow().unwrap();
        }
        out.join(" ")
    }

    /// The tables of the Office of Personnel Management (opm.gov, "Federal Holidays"), by the
    /// calendar year in which the day off fell: New Year's Day 2011 and 2022 stand under the
    /// year before, Juneteenth 2021 on June 18, and Inauguration Day 2017 in none.
    #[test]
    fn the_published_tables_come_out() {
        let tables = [
            (2010, "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
            (2011, "01-17 02-21 05-30 07-04 09-05 10-10 11-11 11-24 12-26"),
            (2012, "01-02 01-16 02-20 05-28 07-04 09-03 10-08 11-12 11-22 12-25"),
            (2015, "01-01 01-19 02-16 05-25 07-03 09-07 10-12 11-11 11-26 12-25"),
            (2017, "01-02 01-16 02-20 05-29 07-04 09-04 10-09 11-10 11-23 12-25"),
            (2021, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
            (2022, "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26"),
            (2023, "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25"),
        ];
        for (year, days) in tables {
            assert_eq!(observed(year), days, "{year}");
        }
    }

    #[test]
    fn names_and_edges() {
        assert_eq!(federal_holiday(date(2010, 12, 31)), Some(Holiday::NewYearsDay));
        assert_eq!(
            federal_holiday(date(2011, 1, 1)),
            None,
            "the Saturday itself is not the observed day"
        );
        assert_eq!(federal_holiday(date(2020, 6, 19)), None, "before Pub. L. 117-17");
        assert_eq!(federal_holiday(date(2021, 6, 18)), Some(Holiday::Juneteenth));
        assert_eq!(federal_holiday(date(2019, 12, 24)), None, "an executive order is not 6103(a)");
        assert_eq!(federal_holiday(date(1985, 7, 4)), None, "before the first year");
        assert_eq!(Holiday::Juneteenth.name(), "Juneteenth National Independence Day");
        assert_eq!(federal_holiday(Date::MAX), None);
    }
}
