//! Calendar days as counted numbers, so that comparing them is one instruction.

use jiff::civil;
use std::fmt;

/// A calendar day, proleptic Gregorian, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// Which way a day that does not exist is moved: 29 February plus one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateRounding {
    /// To the last day of February.
    Down,
    /// To the first day of March.
    Up,
}

const EPOCH: civil::Date = civil::date(1970, 1, 1);

impl Day {
    /// The day of a civil date.
    pub fn from_civil(date: civil::Date) -> Day {
        // Both ends are inside jiff's years -9999..=9999, so the span in days always exists.
        let days = date.since((jiff::Unit::Day, EPOCH)).map_or(0, |s| s.get_days());
        Day(days)
    }

    /// The civil date of this day; days outside the years -9999..=9999 are clamped.
    pub fn to_civil(self) -> civil::Date {
        EPOCH.saturating_add(jiff::Span::new().days(self.0))
    }

    /// Parses `YYYY-MM-DD`, years 1000 to 9999.
    pub fn parse(text: &str) -> Option<Day> {
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' || b[0] == b'0' {
            return None;
        }
        let number = |s: &str| -> Option<i16> {
            s.bytes().all(|c| c.is_ascii_digit()).then(|| s.parse().ok()).flatten()
        };
        let (y, m, d) =
            (number(text.get(0..4)?)?, number(text.get(5..7)?)?, number(text.get(8..10)?)?);
        civil::Date::new(y, m as i8, d as i8).ok().map(Day::from_civil)
    }

    /// The same day of the year `years` earlier (negative: later), rounding as told.
    #[must_use]
    pub fn years_before(self, years: i64, rounding: DateRounding) -> Day {
        let date = self.to_civil();
        let year = i64::from(date.year()).saturating_sub(years).clamp(-9999, 9999) as i16;
        if let Ok(d) = civil::Date::new(year, date.month(), date.day()) {
            return Day::from_civil(d);
        }
        // Only 29 February can be missing.
        let last = Day::from_civil(civil::date(year, 2, 28));
        match rounding {
            DateRounding::Down => last,
            DateRounding::Up => last.plus_days(1),
        }
    }

    /// `days` later (negative: earlier).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Day {
        Day(i64::from(self.0).saturating_add(days).clamp(-4_000_000, 2_932_896) as i32)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_civil())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_day_five_years_before_rounds_as_told() {
        let leap = Day::parse("2016-02-29").unwrap();
        assert_eq!(leap.years_before(5, DateRounding::Down).to_string(), "2011-02-28");
        assert_eq!(leap.years_before(5, DateRounding::Up).to_string(), "2011-03-01");
        assert_eq!(leap.years_before(4, DateRounding::Up).to_string(), "2012-02-29");
    }

    #[test]
    fn only_full_dates_parse() {
        for bad in ["2016-02-30", "2016-2-3", "0016-02-03", "2016-02-03T00:00", "+016-02-03", ""] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
        assert_eq!(Day::parse("1970-01-02"), Some(Day(1)));
        assert_eq!(Day::parse("1969-12-31"), Some(Day(-1)));
    }
}
