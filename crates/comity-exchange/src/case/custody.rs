//! Custody: the booking, the moment of release eligibility, notices, and the end.

use super::facts::Facts;
use super::ids::{RequestId, Version};
use super::words::{ReleaseReason, Remark};
use comity_model::PlaceCode;
use comity_model::clock::{ClockError, Zone};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time zone by its IANA name, known to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(Zone);

impl ZoneName {
    /// The zone of that name.
    ///
    /// # Errors
    /// As for [`Zone::named`].
    pub fn named(name: &str) -> Result<ZoneName, ClockError> {
        Zone::named(name).map(ZoneName)
    }

    /// The zone.
    pub fn zone(&self) -> &Zone {
        &self.0
    }
}

impl Serialize for ZoneName {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for ZoneName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        ZoneName::named(&text).map_err(serde::de::Error::custom)
    }
}

/// A place, by its code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaceName(String);

impl PlaceName {
    /// The place of a code, `us-tx.travis`. Whether there is one, the library knows.
    pub fn of(code: &PlaceCode) -> PlaceName {
        PlaceName(code.0.clone())
    }

    /// Its code.
    pub fn code(&self) -> &str {
        &self.0
    }
}

/// Taking a person into a local facility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// When.
    pub booked_at: Timestamp,
    /// Where: the place whose law applies.
    pub place: PlaceName,
    /// The facility's time zone.
    pub time_zone: ZoneName,
    /// What else the record says.
    pub facts: Facts,
}

/// The moment at which the person would otherwise be released (8 CFR 287.7(d)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligible {
    /// When. It may lie ahead.
    pub at: Timestamp,
    /// Why.
    pub reason: ReleaseReason,
}

/// How custody ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowEnded {
    /// The person was released.
    Released,
    /// The federal side took the person in a secure area.
    Transferred,
    /// Another end: another agency, an escape, a death, or a taking that no answer allowed.
    Other(Remark),
}

/// The end of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyEnd {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: HowEnded,
}

/// A notice of release that went to the federal side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// To which request.
    pub request: RequestId,
    /// The moment of release that it gives.
    pub release_at: Timestamp,
}

/// What the record says after a correction; the event that said otherwise stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// The booking was at another moment.
    BookedAt(Timestamp),
    /// Release eligibility is at another moment, or not at all after all.
    Eligible(Option<Eligible>),
    /// The request was served at another moment, or not at all.
    Served(RequestId, Option<Timestamp>),
    /// Custody ended otherwise, or has not ended.
    CustodyEnd(Option<CustodyEnd>),
    /// Federal side: an examiner takes a verification back.
    MatchTakenBack,
}

impl Correction {
    /// What it is about: only the same can take its place.
    pub fn subject(&self) -> Subject {
        match self {
            Correction::BookedAt(_) => Subject::BookedAt,
            Correction::Eligible(_) => Subject::Eligible,
            Correction::Served(request, _) => Subject::Served(*request),
            Correction::CustodyEnd(_) => Subject::CustodyEnd,
            Correction::MatchTakenBack => Subject::Match,
        }
    }
}

/// What an event said that can be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The moment of booking.
    BookedAt,
    /// Release eligibility.
    Eligible,
    /// Service of a request on the person.
    Served(RequestId),
    /// The end of custody.
    CustodyEnd,
    /// The verified match.
    Match,
}

/// A correction as the case keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCorrection {
    /// The event that said otherwise.
    pub event: Version,
    /// What the record says now.
    pub says: Correction,
    /// When it was corrected.
    pub at: Timestamp,
}
