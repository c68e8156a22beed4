//! The reading: when the clock starts, where each cap ends, and which ends first.

use jiff::Timestamp;

use super::count::hours_end;
use super::state::{notes, state};
use super::{
    Cap, CapKind, ClockError, ClockNote, ClockState, Fact, Limit, MAX_HOURS, StartPoint, Stay, Zone,
};

/// Where one cap ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapEnd {
    /// The caller's index of the cap.
    pub id: u16,
    /// Whose limit it is.
    pub kind: CapKind,
    /// The end, never before the clock's start; unknown when the moment it runs from is.
    pub ends_at: Fact<Timestamp>,
}

/// The earliest end of each kind; `None` where no cap of the kind applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindEnds {
    /// What the form requests.
    pub requested: Option<Fact<Timestamp>>,
    /// The ceiling of 8 CFR 287.7(d).
    pub regulatory: Option<Fact<Timestamp>>,
    /// State or local law.
    pub local: Option<Fact<Timestamp>>,
    /// A law that bars the hold from a day on.
    pub law_change: Option<Fact<Timestamp>>,
}

impl KindEnds {
    /// The earliest end of that kind.
    pub fn of(&self, kind: CapKind) -> Option<Fact<Timestamp>> {
        match kind {
            CapKind::Requested => self.requested,
            CapKind::Regulatory => self.regulatory,
            CapKind::Local => self.local,
            CapKind::LawChange => self.law_change,
        }
    }
}

/// What the clock says as of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockReading {
    /// The facility's time zone.
    pub zone: Zone,
    /// The moment the reading is for.
    pub as_of: Timestamp,
    /// When the person would otherwise be released.
    pub starts_at: Fact<Timestamp>,
    /// Each cap's end, in the caller's order.
    pub caps: Vec<CapEnd>,
    /// The earliest end of each kind.
    pub ends: KindEnds,
    /// The earliest end of all; `None` when no cap applies. The hold may last up to this instant
    /// and not a moment longer.
    pub ends_at: Option<Fact<Timestamp>>,
    /// The kind that ends first; on a tie the first of [`CapKind::ALL`].
    pub ends_by: Option<CapKind>,
    /// The caps that end at `ends_at`, in the caller's order.
    pub ends_by_caps: Vec<u16>,
    /// The earliest end that is known: where another is not, the hold ends no later than this.
    pub no_later_than: Option<Timestamp>,
    /// Where the clock stands.
    pub state: ClockState,
    /// What else the reader should see.
    pub notes: Vec<ClockNote>,
}

/// Reads the clock of a stay as of a moment.
///
/// # Errors
/// [`ClockError::NoTimeZone`] or [`ClockError::UnknownTimeZone`] when the stay's zone is missing
/// or not an IANA name; [`ClockError::TooManyHours`] and [`ClockError::OutOfRange`] for a cap
/// that cannot be meant.
pub fn read(stay: &Stay, caps: &[Cap], as_of: Timestamp) -> Result<ClockReading, ClockError> {
    let name = stay.time_zone.as_deref().filter(|name| !name.trim().is_empty());
    let zone = Zone::named(name.ok_or(ClockError::NoTimeZone)?)?;
    read_in(&zone, stay, caps, as_of)
}

/// [`read`] in a zone looked up once, for many stays in one facility; the stay's own is not used.
///
/// # Errors
/// As for [`read`], but for the zone.
pub fn read_in(
    zone: &Zone,
    stay: &Stay,
    caps: &[Cap],
    as_of: Timestamp,
) -> Result<ClockReading, ClockError> {
    let ended: Vec<CapEnd> =
        caps.iter().map(|cap| cap_end(zone, stay, cap)).collect::<Result<_, _>>()?;
    let ends_at = earliest(ended.iter().map(|c| c.ends_at), stay.release_eligible_at);
    let first = ends_at.and_then(Fact::known);
    let at_first = |c: &&CapEnd| first.is_some() && c.ends_at.known() == first;
    let of = |kind| {
        let ends = ended.iter().filter(|c| c.kind == kind).map(|c| c.ends_at);
        earliest(ends, stay.release_eligible_at)
    };
    let mut reading = ClockReading {
        zone: zone.clone(),
        as_of,
        starts_at: stay.release_eligible_at,
        ends: KindEnds {
            requested: of(CapKind::Requested),
            regulatory: of(CapKind::Regulatory),
            local: of(CapKind::Local),
            law_change: of(CapKind::LawChange),
        },
        ends_at,
        ends_by: ended.iter().filter(at_first).map(|c| c.kind).min(),
        ends_by_caps: ended.iter().filter(at_first).map(|c| c.id).collect(),
        no_later_than: ended.iter().filter_map(|c| c.ends_at.known()).min(),
        caps: ended,
        state: ClockState::NoCap,
        notes: Vec::new(),
    };
    reading.state = state(stay, &reading);
    reading.notes = notes(stay, &reading);
    Ok(reading)
}

/// One cap's end, held back to the clock's start: no cap ends a hold before one could begin.
fn cap_end(zone: &Zone, stay: &Stay, cap: &Cap) -> Result<CapEnd, ClockError> {
    let release = stay.release_eligible_at.known();
    let end = match (cap.limit, release) {
        (Limit::Hours { hours_max, .. }, _) if hours_max > MAX_HOURS => {
            return Err(ClockError::TooManyHours { cap: cap.id, hours: hours_max });
        }
        (_, None) => None,
        (Limit::Hours { hours_max, excludes, from }, Some(release)) => {
            let from = match from {
                StartPoint::Release => Some(release),
                StartPoint::Receipt => stay.received_at.known(),
            };
            from.map(|from| hours_end(zone, from, hours_max, excludes)).transpose()?
        }
        (Limit::EndOfDay, Some(release)) => Some(zone.last_minute_of(zone.day(release))?),
        (Limit::Date(day), Some(_)) => Some(zone.start_of(day)?),
    };
    let ends_at = end.map(|end| release.map_or(end, |release| end.max(release)));
    Ok(CapEnd { id: cap.id, kind: cap.kind, ends_at: ends_at.into() })
}

/// The earliest of several ends. With one of them unknown the earliest is unknown too, unless a
/// known one is at the start: none can be before that.
fn earliest(
    ends: impl Iterator<Item = Fact<Timestamp>>,
    start: Fact<Timestamp>,
) -> Option<Fact<Timestamp>> {
    let mut seen = false;
    let mut unknown = false;
    let mut first: Option<Timestamp> = None;
    for end in ends {
        seen = true;
        match end {
            Fact::Known(at) => first = Some(first.map_or(at, |f| f.min(at))),
            Fact::Unknown => unknown = true,
        }
    }
    if !seen {
        return None;
    }
    if unknown && (first.is_none() || first != start.known()) {
        return Some(Fact::Unknown);
    }
    Some(first.into())
}
