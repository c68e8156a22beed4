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

    /// Year, month and day, by the era arithmetic of H. Hinnant, "chrono-compatible
    /// low-level date algorithms": a look-back is computed for every element of every
    /// row, and a calendar type costs ten times as much there.
    fn year_month_day(self) -> (i64, i64, i64) {
        let z = i64::from(self.0) + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        (year_of_era + era * 400 + i64::from(month <= 2), month, day)
    }

    fn of_year_month_day(year: i64, month: i64, day: i64) -> Day {
        let y = year - i64::from(month <= 2);
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Day((era * 146_097 + day_of_era - 719_468) as i32)
    }

    /// The same day of the year `years` earlier (negative: later), rounding as told.
    #[must_use]
    pub fn years_before(self, years: i64, rounding: DateRounding) -> Day {
        let (year, month, day) = self.year_month_day();
        let year = year.saturating_sub(years).clamp(-9_999, 9_999);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match (month, day, rounding) {
            (2, 29, DateRounding::Down) if !leap => Day::of_year_month_day(year, 2, 28),
            (2, 29, DateRounding::Up) if !leap => Day::of_year_month_day(year, 3, 1),
            _ => Day::of_year_month_day(year, month, day),
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
    fn every_day_of_four_centuries_agrees_with_the_calendar() {
        let (first, last) = (Day::parse("1800-01-01").unwrap(), Day::parse("2200-12-31").unwrap());
        for n in first.0..=last.0 {
            let (day, date) = (Day(n), Day(n).to_civil());
            let ymd = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(day.year_month_day(), ymd);
            assert_eq!(Day::of_year_month_day(ymd.0, ymd.1, ymd.2), day);
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
