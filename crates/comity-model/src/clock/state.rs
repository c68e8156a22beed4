//! Where the clock stands as of a moment, and what the moments of a stay do not fit.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{ClockReading, Fact, Stay};

/// A fact of the stay without which the clock cannot say where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum MissingFact {
    /// `custody.release_eligible_at`
    #[serde(rename = "custody.release_eligible_at")]
    ReleaseEligibleAt,
    /// `request.received_at`
    #[serde(rename = "request.received_at")]
    ReceivedAt,
}

impl MissingFact {
    /// The fact's path in the schema.
    pub fn path(self) -> &'static str {
        match self {
            Self::ReleaseEligibleAt => "custody.release_eligible_at",
            Self::ReceivedAt => "request.received_at",
        }
    }
}

/// Something about the moments of the stay that a reader should see; it moves no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockNote {
    /// The hold started after the person should have been released.
    HoldStartedAfterRelease,
    /// The hold started when the clock had already ended.
    HoldStartedAfterEnd,
    /// The request came in after the person should have been released.
    ReceivedAfterRelease,
}

/// Where the clock stands. Durations are whole seconds, rounded down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum ClockState {
    /// The person is not yet otherwise releasable.
    NotStarted {
        /// Seconds until the start.
        starts_in_seconds: i64,
    },
    /// The hold is within every cap.
    Running {
        /// Seconds until the first cap ends.
        remaining_seconds: i64,
    },
    /// A cap has ended: release, unless a lawful basis other than the hold exists.
    Ended {
        /// Seconds since the first cap ended; where an end is unknown, since the first known one.
        overdue_seconds: i64,
    },
    /// The person has been released.
    Stopped {
        /// Seconds between release eligibility and release; 0 if released before.
        held_seconds: Fact<i64>,
        /// Seconds held past the first end; 0 if within it or if no cap applies.
        held_past_end_seconds: Fact<i64>,
    },
    /// No cap applies: nothing here bounds the hold.
    NoCap,
    /// A fact is missing, and the clock does not guess it.
    Unknown {
        /// The facts that are missing.
        missing: Vec<MissingFact>,
    },
}

impl ClockState {
    /// One word for the reader: `wait`, `may hold`, `release`, `released`, `no cap`, `unknown`.
    pub fn says(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "wait",
            Self::Running { .. } => "the clock runs",
            Self::Ended { .. } => "release",
            Self::Stopped { .. } => "released",
            Self::NoCap => "no cap",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// Where the clock stands as of the reading's moment.
pub(super) fn state(stay: &Stay, reading: &ClockReading) -> ClockState {
    let as_of = reading.as_of;
    if let Some(released) = stay.released_at.known().filter(|at| *at <= as_of) {
        return ClockState::Stopped {
            held_seconds: reading.starts_at.map(|start| seconds(released, start).max(0)),
            held_past_end_seconds: reading
                .ends_at
                .map_or(Fact::Known(0), |end| end.map(|end| seconds(released, end).max(0))),
        };
    }
    if reading.caps.is_empty() {
        return ClockState::NoCap;
    }
    let Fact::Known(start) = reading.starts_at else {
        return ClockState::Unknown { missing: vec![MissingFact::ReleaseEligibleAt] };
    };
    if as_of < start {
        return ClockState::NotStarted { starts_in_seconds: seconds(start, as_of) };
    }
    match (reading.ends_at, reading.no_later_than) {
        (_, Some(end)) if end <= as_of => {
            ClockState::Ended { overdue_seconds: seconds(as_of, end) }
        }
        (Some(Fact::Known(end)), _) => {
            ClockState::Running { remaining_seconds: seconds(end, as_of) }
        }
        _ => ClockState::Unknown { missing: vec![MissingFact::ReceivedAt] },
    }
}

/// What else the reader should see.
pub(super) fn notes(stay: &Stay, reading: &ClockReading) -> Vec<ClockNote> {
    let after =
        |a: Fact<Timestamp>, b: Option<Timestamp>| a.known().zip(b).is_some_and(|(a, b)| a > b);
    let start = reading.starts_at.known();
    let (hold, received) = (stay.hold_started_at, stay.received_at);
    let mut out = Vec::new();
    if after(hold, start) {
        out.push(ClockNote::HoldStartedAfterRelease);
    }
    if after(hold, reading.no_later_than) {
        out.push(ClockNote::HoldStartedAfterEnd);
    }
    if after(received, start) {
        out.push(ClockNote::ReceivedAfterRelease);
    }
    out
}

/// Whole seconds from `earlier` to `later`, rounded down.
fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    let between: SignedDuration = later.duration_since(earlier);
    between.as_secs()
}
