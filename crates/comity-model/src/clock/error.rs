//! Why the clock refuses to answer.

use std::fmt;

use jiff::civil::DateTime;

use super::MAX_HOURS;

/// Why there is no reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockError {
    /// The facility's time zone is not given; the clock does not guess one.
    NoTimeZone,
    /// The name is not one of the tz database.
    UnknownTimeZone(String),
    /// The clocks of that zone skip that local time.
    NoSuchLocalTime {
        /// The wall-clock time as given.
        local: DateTime,
        /// The zone's IANA name.
        zone: String,
    },
    /// A cap has more than [`MAX_HOURS`] hours.
    TooManyHours {
        /// The cap's own index.
        cap: u16,
        /// The hours it gives.
        hours: u32,
    },
    /// The end lies outside the years that the calendar covers.
    OutOfRange,
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTimeZone => f.write_str(
                "the facility's time zone is not given: give its IANA name, for instance America/New_York",
            ),
            Self::UnknownTimeZone(name) => {
                write!(f, "`{name}` is not a time zone: give an IANA name, for instance America/New_York")
            }
            Self::NoSuchLocalTime { local, zone } => {
                write!(f, "{local} does not exist in {zone}: the clocks skip it")
            }
            Self::TooManyHours { cap, hours } => {
                write!(f, "cap {cap} gives {hours} hours; at most {MAX_HOURS} make sense for a hold")
            }
            Self::OutOfRange => f.write_str("the clock's end lies outside the calendar's years"),
        }
    }
}

impl std::error::Error for ClockError {}
