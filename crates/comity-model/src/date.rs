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
/// First and last day of the calendar: -9999-01-01 and 9999-12-31.
const CALENDAR: (i32, i32) = (-4_371_587, 2_932_896);

impl Day {
    /// The day of a civil date.
    pub fn from_civil(date: civil::Date) -> Day {
        // Both ends are inside jiff's years -9999..=9999, so the span in days always exists.
        let days = date.since((jiff::Unit::Day, EPOCH)).map_or(0, |s| s.get_days());
        Day(days)
    }

    /// The civil date of this day; days outside the years -9999..=9999 are clamped.
    pub fn to_civil(self) -> civil::Date {
        let day = self.0.clamp(CALENDAR.0, CALENDAR.1);
        EPOCH.saturating_add(jiff::Span::new().days(day))
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

    /// The year that starts on 1 March and the day in it, counted from 0 (the leap day is
    /// the last of its year), by the arithmetic of C. Neri and L. Schneider, "Euclidean
    /// affine functions and their application to calendar algorithms" (2022): a look-back
    /// is computed for every case, and a calendar type costs ten times as much there.
    #[inline]
    fn march_year(self) -> (i64, i64) {
        // Counted from 1 March of the year -40000, so that nothing is negative.
        let day = self.0.clamp(CALENDAR.0, CALENDAR.1);
        let n = 4 * (day + 719_468 + 100 * 146_097) as u32 + 3;
        let (century, in_century) = (n / 146_097, (n % 146_097) | 3);
        let (year, day) = (100 * century + in_century / 1_461, in_century % 1_461 / 4);
        (i64::from(year) - 40_000, i64::from(day))
    }

    /// The 1 March on which such a year starts.
    #[inline]
    fn first_of_march(year: i64) -> i64 {
        let y = (year + 40_000) as u32;
        let days = 365 * y + y / 4 - y / 100 + y / 400;
        i64::from(days) - 719_468 - 100 * 146_097
    }

    /// The same day of the year `years` earlier (negative: later), rounding as told.
    #[must_use]
    #[inline]
    pub fn years_before(self, years: i64, rounding: DateRounding) -> Day {
        let (year, day) = self.march_year();
        let year = year.saturating_sub(years).clamp(-9_999, 9_999);
        let (start, next) = (Day::first_of_march(year), Day::first_of_march(year + 1));
        // Only 29 February, the last day of its year, can be missing.
        let missing = start + day == next;
        Day((start + day - i64::from(missing && rounding == DateRounding::Down)) as i32)
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
    fn every_day_of_four_centuries_agrees_with_the_calendar() {
        let (first, last) = (Day::parse("1800-01-01").unwrap(), Day::parse("2200-12-31").unwrap());
        for n in first.0..=last.0 {
            let date = Day(n).to_civil();
            for years in [0, 1, 4, 5, 10, 100, -1, -3] {
                let year = date.year() - years as i16;
                for (rounding, month, day) in
                    [(DateRounding::Down, 2, 28), (DateRounding::Up, 3, 1)]
                {
                    let there = civil::Date::new(year, date.month(), date.day());
                    let wanted = there.unwrap_or(civil::date(year, month, day));
                    assert_eq!(Day(n).years_before(years, rounding), Day::from_civil(wanted));
                }
            }
        }
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
