//! The custody clock: how long a hold for the federal side may last.
//!
//! Pure: moments in, reading out. Nothing here asks what time it is, reads a file, or looks at
//! the machine's own time zone; the tz database is the one compiled in.
//!
//! The clock starts when the person would otherwise be released (8 CFR 287.7(d)), not at booking
//! and not when the request comes in; the one statute that counts from receipt says so in its
//! cap. It keeps apart what the form requests, what the regulation permits, what state or local
//! law permits, and the day from which a new law bars the hold, and names the one that ends
//! first. Without a time zone it refuses to answer, without the release time it says that it
//! does not know.

mod alarms;
mod count;
mod error;
mod holidays;
mod reading;
mod show;
mod state;
mod types;
mod zone;

#[cfg(test)]
mod tests;

pub use alarms::{Alarm, AlarmKind, alarms, due_between};
pub use count::MAX_HOURS;
pub use error::ClockError;
pub use holidays::{FIRST_YEAR, Holiday, federal_holiday};
pub use reading::{CapEnd, ClockReading, KindEnds, read, read_in};
pub use state::{ClockNote, ClockState, MissingFact};
pub use types::{Cap, CapKind, DaySet, Fact, Limit, StartPoint, Stay};
pub use zone::Zone;
