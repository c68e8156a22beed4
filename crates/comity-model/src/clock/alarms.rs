//! The moments at which someone must be told: before a hold's end and at it.
//!
//! Alarms are computed from the reading, never stored: after a restart the same stay gives the
//! same alarms, and [`due_between`] finds those that came due meanwhile.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{ClockReading, ClockState};

/// Why an alarm goes off. Ordered: a warning comes before the expiry it warns of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum AlarmKind {
    /// The hold ends soon.
    BeforeEnd {
        /// The lead time in minutes, as configured.
        minutes: u32,
    },
    /// The hold has ended: release.
    AtEnd,
}

impl AlarmKind {
    /// What the alarm tells the reader to do: `prepare release` or `release`.
    pub fn says(self) -> &'static str {
        match self {
            Self::BeforeEnd { .. } => "prepare release",
            Self::AtEnd => "release",
        }
    }
}

/// One alarm of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alarm {
    /// When it goes off.
    pub at: Timestamp,
    /// Why.
    pub kind: AlarmKind,
}

/// The alarms of a reading, in order of time, for lead times in minutes.
///
/// A warning that would come before the clock starts is given at the start, once, with the
/// shortest such lead. Where an end is unknown the earliest known one is taken: the hold ends no
/// later. A clock that ends as it starts has only the alarm at its end; without a known end, and
/// for a person already released, there is none.
pub fn alarms(reading: &ClockReading, lead_minutes: &[u32]) -> Vec<Alarm> {
    if matches!(reading.state, ClockState::Stopped { .. }) {
        return Vec::new();
    }
    let (Some(start), Some(end)) = (reading.starts_at.known(), reading.no_later_than) else {
        return Vec::new();
    };
    let mut out: Vec<Alarm> = Vec::with_capacity(lead_minutes.len() + 1);
    for minutes in lead_minutes.iter().copied().filter(|m| *m > 0 && end > start) {
        let lead = SignedDuration::from_mins(i64::from(minutes));
        let at = end.checked_sub(lead).map_or(start, |at| at.max(start));
        out.push(Alarm { at, kind: AlarmKind::BeforeEnd { minutes } });
    }
    out.push(Alarm { at: end, kind: AlarmKind::AtEnd });
    out.sort_unstable();
    out.dedup_by(|later, kept| later.at == kept.at);
    out
}

/// The alarms that come due after `seen` and up to `as_of`: what to give after a restart.
pub fn due_between(alarms: &[Alarm], seen: Timestamp, as_of: Timestamp) -> &[Alarm] {
    let from = alarms.partition_point(|a| a.at <= seen);
    let to = alarms.partition_point(|a| a.at <= as_of);
    alarms.get(from..to).unwrap_or_default()
}
