//! Where a cap ends: the arithmetic of counted hours.
//!
//! Hours are *elapsed* hours. A day on which clocks go forward has 23, one on which they go back
//! has 25, so 48 hours across a change end an hour later or earlier on the wall than they began:
//! the law counts how long a person is held, not what the wall shows.
//!
//! Hours that fall on an excluded local day do not count at all. A clock that starts on such a
//! day begins to count at the next counted midnight, and one whose hours are used up exactly at
//! the midnight before excluded days ends at that midnight, not after them.

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};

use super::{ClockError, DaySet, Zone, federal_holiday};

/// The most hours a cap may have: a leap year. A longer one is a slip in a policy, not a hold.
pub const MAX_HOURS: u32 = 8_784;

/// The instant at which `hours` elapsed hours, not counting those on excluded days, are used up.
///
/// # Errors
/// [`ClockError::OutOfRange`] past the years that the calendar covers.
pub(super) fn hours_end(
    zone: &Zone,
    start: Timestamp,
    hours: u32,
    excludes: DaySet,
) -> Result<Timestamp, ClockError> {
    let mut left = SignedDuration::from_hours(i64::from(hours));
    if excludes.is_empty() || left.is_zero() {
        return add(start, left);
    }
    let mut day = zone.day(start);
    let mut at = start;
    loop {
        let tomorrow = day.tomorrow().map_err(|_| ClockError::OutOfRange)?;
        let midnight = zone.start_of(tomorrow)?;
        if !excluded(day, excludes) {
            let segment = midnight.duration_since(at);
            if left <= segment {
                return add(at, left);
            }
            left -= segment;
        }
        day = tomorrow;
        at = midnight;
    }
}

/// True when the hours of that local day do not count.
fn excluded(day: Date, set: DaySet) -> bool {
    match day.weekday() {
        Weekday::Saturday => set.contains(DaySet::SATURDAY),
        Weekday::Sunday => set.contains(DaySet::SUNDAY),
        _ => set.contains(DaySet::HOLIDAY) && federal_holiday(day).is_some(),
    }
}

fn add(at: Timestamp, by: SignedDuration) -> Result<Timestamp, ClockError> {
    at.checked_add(by).map_err(|_| ClockError::OutOfRange)
}
