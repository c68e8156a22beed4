//! A reading as JSON and as lines for a reader.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{CapKind, ClockNote, ClockReading, ClockState, Fact};

impl ClockReading {
    /// A moment of the reading in the facility's zone: `Sun 2015-08-09 17:00`.
    pub fn show(&self, at: Timestamp) -> String {
        self.zone.show(at)
    }

    /// The reading as lines: start, the end of each kind that applies, and what the clock says.
    pub fn lines(&self) -> Vec<String> {
        let fact = |at: Fact<Timestamp>| {
            at.known().map_or_else(|| "unknown".to_owned(), |at| self.zone.show_with_zone(at))
        };
        let mut out = vec![format!("starts: {}", fact(self.starts_at))];
        for kind in CapKind::ALL {
            if let Some(end) = self.ends.of(kind) {
                let first = if self.ends_by == Some(kind) { " (first)" } else { "" };
                out.push(format!("{kind} ends: {}{first}", fact(end)));
            }
        }
        if let (Some(Fact::Unknown), Some(bound)) = (self.ends_at, self.no_later_than) {
            out.push(format!("ends no later than: {}", self.zone.show_with_zone(bound)));
        }
        out.push(format!("{}: {}", self.zone.show_with_zone(self.as_of), self.state.says()));
        out
    }
}

/// The reading in the form in which it is written out: instants are RFC 3339 in local time with
/// offset, or `"unknown"`; an end that does not apply is `null`.
#[derive(Serialize)]
struct Written<'a> {
    time_zone: &'a str,
    as_of: String,
    starts_at: Fact<String>,
    requested_ends_at: Option<Fact<String>>,
    regulatory_ends_at: Option<Fact<String>>,
    local_ends_at: Option<Fact<String>>,
    law_change_ends_at: Option<Fact<String>>,
    ends_at: Option<Fact<String>>,
    ends_by: Option<CapKind>,
    ends_by_caps: &'a [u16],
    no_later_than: Option<String>,
    state: &'a ClockState,
    says: &'static str,
    caps: Vec<WrittenCap>,
    notes: &'a [ClockNote],
}

#[derive(Serialize)]
struct WrittenCap {
    id: u16,
    kind: CapKind,
    ends_at: Fact<String>,
}

impl Serialize for ClockReading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = |at: Timestamp| self.zone.rfc3339(at);
        let end = |kind| self.ends.of(kind).map(|end| end.map(at));
        Written {
            time_zone: self.zone.name(),
            as_of: at(self.as_of),
            starts_at: self.starts_at.map(at),
            requested_ends_at: end(CapKind::Requested),
            regulatory_ends_at: end(CapKind::Regulatory),
            local_ends_at: end(CapKind::Local),
            law_change_ends_at: end(CapKind::LawChange),
            ends_at: self.ends_at.map(|end| end.map(at)),
            ends_by: self.ends_by,
            ends_by_caps: &self.ends_by_caps,
            no_later_than: self.no_later_than.map(at),
            state: &self.state,
            says: self.state.says(),
            caps: self
                .caps
                .iter()
                .map(|c| WrittenCap { id: c.id, kind: c.kind, ends_at: c.ends_at.map(at) })
                .collect(),
            notes: &self.notes,
        }
        .serialize(serializer)
    }
}
