//! The facility's time zone: local days, local moments, and how they are shown.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, tz};

use super::ClockError;

/// A time zone of the tz database, by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    tz: TimeZone,
}

impl Zone {
    /// The zone of that IANA name, for instance `America/New_York`.
    ///
    /// # Errors
    /// [`ClockError::UnknownTimeZone`] for anything that is not a name in the bundled
    /// tz database; offsets such as `-05:00` and POSIX strings are refused too.
    pub fn named(name: &str) -> Result<Self, ClockError> {
        let unknown = || ClockError::UnknownTimeZone(name.to_owned());
        let tz = tz::db().get(name).map_err(|_| unknown())?;
        let canonical = tz.iana_name().filter(|_| !tz.is_unknown()).ok_or_else(unknown)?;
        Ok(Self { name: canonical.to_owned(), tz })
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant of a local wall-clock time.
    ///
    /// Of a time that occurs twice (clocks go back) the earlier one is taken.
    ///
    /// # Errors
    /// [`ClockError::NoSuchLocalTime`] for a time that the clocks skip.
    pub fn instant(&self, local: DateTime) -> Result<Timestamp, ClockError> {
        let found = self.tz.to_ambiguous_timestamp(local);
        if matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
            return Err(ClockError::NoSuchLocalTime { local, zone: self.name.clone() });
        }
        found.earlier().map_err(|_| ClockError::OutOfRange)
    }

    /// The local wall-clock time of an instant.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.tz.to_datetime(at)
    }

    /// The local calendar day of an instant.
    pub fn day(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The first instant of a local day.
    ///
    /// # Errors
    /// [`ClockError::OutOfRange`] past the years that the calendar covers.
    pub fn start_of(&self, day: Date) -> Result<Timestamp, ClockError> {
        self.resolve(day.at(0, 0, 0, 0))
    }

    /// 23:59:00 of a local day.
    ///
    /// # Errors
    /// [`ClockError::OutOfRange`] past the years that the calendar covers.
    pub fn last_minute_of(&self, day: Date) -> Result<Timestamp, ClockError> {
        self.resolve(day.at(23, 59, 0, 0))
    }

    /// A skipped time moves forward by the gap, a repeated one is the earlier.
    fn resolve(&self, local: DateTime) -> Result<Timestamp, ClockError> {
        self.tz.to_ambiguous_timestamp(local).compatible().map_err(|_| ClockError::OutOfRange)
    }

    /// An instant as the facility reads it, to the minute: `Sun 2015-08-09 17:00`.
    pub fn show(&self, at: Timestamp) -> String {
        self.local(at).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    /// The same with the zone's abbreviation, which tells the two passes of a repeated hour
    /// apart: `Sun 2015-08-09 17:00 EDT`.
    pub fn show_with_zone(&self, at: Timestamp) -> String {
        format!("{} {}", self.show(at), self.tz.to_offset_info(at).abbreviation())
    }

    /// An instant as RFC 3339 in local time with its offset: `2015-08-09T17:00:00-04:00`.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        at.display_with_offset(self.tz.to_offset(at)).to_string()
    }
}
