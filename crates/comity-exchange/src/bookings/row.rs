//! What both forms share: from texts to a booking.

use super::{BookingId, SheetBooking, Usual};
use crate::case::{Booking, Facts, FactsOf, PlaceName, ZoneName};
use crate::envelope::Party;
use comity_model::Diagnostic;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// Most characters of a name or number.
const TEXT_CHARS_MAX: usize = 200;

/// The columns that are not facts.
pub const ID: &str = "booking_id";
pub const NAME: &str = "name";
pub const NUMBER: &str = "booking_number";
pub const BOOKED_AT: &str = "booked_at";
pub const PLACE: &str = "place";
pub const TIME_ZONE: &str = "time_zone";
pub const PEER: &str = "peer";
pub const COMPLETE: &str = "complete";

/// All of them, those first that every sheet has.
pub const COLUMNS: [&str; 8] = [ID, NAME, NUMBER, BOOKED_AT, PLACE, TIME_ZONE, PEER, COMPLETE];

/// How many of [`COLUMNS`] every sheet has.
pub const NEEDED: usize = 4;

/// A row as it was written. An empty text is one that is not there.
#[derive(Default)]
pub struct Raw<'a> {
    pub line: usize,
    pub id: &'a str,
    pub name: &'a str,
    pub number: &'a str,
    pub booked_at: &'a str,
    pub place: &'a str,
    pub time_zone: &'a str,
    pub peer: &'a str,
    pub complete: bool,
    pub facts: Map<String, Value>,
}

/// A finding, and the column or fact it is about.
pub type Found = (String, Diagnostic);

fn at(column: &str, fault: Diagnostic) -> Found {
    (column.to_owned(), fault)
}

impl Raw<'_> {
    /// The booking, or everything that is wrong with it.
    pub fn read(self, usual: &Usual<'_>) -> Result<SheetBooking, Vec<Found>> {
        let mut wrong = Vec::new();
        let id = keep(&mut wrong, self.booking_id());
        let name = keep(&mut wrong, card_text(NAME, self.name));
        let number = keep(&mut wrong, card_text(NUMBER, self.number));
        let peer = keep(&mut wrong, self.party());
        let where_ = self.place_and_zone(usual);
        let where_ = keep(&mut wrong, where_);
        let zone = where_.as_ref().map(|(_, zone)| zone);
        let booked_at = keep(&mut wrong, moment(self.booked_at, zone));
        let facts = Facts::read(self.facts, self.complete, FactsOf::Booking)
            .map_err(|found| wrong.extend(found.into_iter().map(without_what_was_said)))
            .ok();
        match (id, name, number, peer, where_, booked_at.flatten(), facts) {
            (Some(id), Some(name), Some(number), Some(peer), Some(where_), Some(at), Some(f))
                if wrong.is_empty() =>
            {
                let (place, time_zone) = where_;
                let booking = Booking { booked_at: at, place, time_zone, facts: f };
                Ok(SheetBooking { line: self.line, id, name, number, peer, booking })
            }
            _ => Err(wrong),
        }
    }

    fn booking_id(&self) -> Result<BookingId, Found> {
        if self.id.is_empty() {
            return Err(at(ID, missing("the id of the booking is missing")));
        }
        BookingId::new(self.id).ok_or_else(|| {
            let fault = Diagnostic::error("bad-value", "this is no id of a booking");
            at(
                ID,
                fault
                    .help("1 to 64 letters, digits and . _ - / : beginning with a letter or digit"),
            )
        })
    }

    fn party(&self) -> Result<Option<Party>, Found> {
        if self.peer.is_empty() {
            return Ok(None);
        }
        Party::new(self.peer).map(Some).map_err(|_| {
            let fault = Diagnostic::error("bad-value", "this is no name of a party");
            at(PEER, fault.help("a party is named like `office.example/party`"))
        })
    }

    fn place_and_zone(&self, usual: &Usual<'_>) -> Result<(PlaceName, ZoneName), Found> {
        let code = Some(self.place).filter(|p| !p.is_empty()).or(usual.place);
        let code = code.ok_or_else(|| {
            let fault = missing("the place whose law applies is missing");
            at(PLACE, fault.help("a code like `us-tx.travis`, here or as `place` in node.toml"))
        })?;
        let place = usual.places.get(code).ok_or_else(|| {
            let fault = Diagnostic::error("unknown-place", "the policies know no such place");
            at(PLACE, fault.help("`comity policy places` lists the codes"))
        })?;
        let own = Some(self.time_zone).filter(|zone| !zone.is_empty());
        let zone = own.or(place.time_zone.as_deref()).or(usual.time_zone).unwrap_or_default();
        let zone = ZoneName::named(zone).map_err(|_| {
            let (code, message) = match own {
                Some(_) => ("unknown-time-zone", "this is no IANA time zone"),
                None => ("missing", "the place has several time zones, and none is named"),
            };
            let fault = Diagnostic::error(code, message);
            at(TIME_ZONE, fault.help("a name such as America/Chicago"))
        })?;
        Ok((PlaceName::of(&place.code), zone))
    }
}

fn keep<T>(wrong: &mut Vec<Found>, read: Result<T, Found>) -> Option<T> {
    read.map_err(|found| wrong.push(found)).ok()
}

fn missing(message: &str) -> Diagnostic {
    Diagnostic::error("missing", message)
}

fn card_text(column: &str, text: &str) -> Result<String, Found> {
    let length = text.chars().count();
    if length == 0 {
        return Err(at(column, missing("this is empty")));
    }
    if length > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        let fault = Diagnostic::error("bad-value", "this does not fit");
        let help = format!("1 to {TEXT_CHARS_MAX} characters on one line");
        return Err(at(column, fault.help(help)));
    }
    Ok(text.to_owned())
}

/// A moment with an offset, or local time in a zone; `None` without a zone that could be read,
/// which is a finding of its own.
fn moment(text: &str, zone: Option<&ZoneName>) -> Result<Option<Timestamp>, Found> {
    if text.is_empty() {
        return Err(at(BOOKED_AT, missing("the moment of the booking is missing")));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Some(moment));
    }
    let help = "local time, 2016-03-01T08:05:00, or with an offset, 2016-03-01T08:05:00-06:00";
    let local = text.parse::<DateTime>().ok().filter(|_| text.contains(':'));
    let local = local.ok_or_else(|| {
        let fault = Diagnostic::error("bad-date", "this is no date and time");
        at(BOOKED_AT, fault.help(help))
    })?;
    let Some(zone) = zone.and_then(|z| TimeZone::get(z.zone().name()).ok()) else {
        return Ok(None);
    };
    zone.to_ambiguous_timestamp(local).unambiguous().map(Some).map_err(|_| {
        let message = "this time happens twice or never: the clocks change";
        let fault = Diagnostic::error("ambiguous-time", message);
        at(BOOKED_AT, fault.help("give the offset: 2016-11-06T01:30:00-05:00"))
    })
}

/// A finding on a fact, by its path; its message no longer repeats what was written.
fn without_what_was_said(fault: Diagnostic) -> Found {
    let message = match fault.code {
        "wrong-enum-value" => "this is none of the words that are known here",
        "bad-date" => "this is no date of that form",
        "ambiguous-time" => "this time happens twice or never: the clocks change",
        "unknown-time-zone" => "this is no IANA time zone",
        "unknown-field" => "there is no such fact",
        "out-of-range" => "this is out of range",
        "not-here" => "a booking does not state this",
        "too-large" | "too-long" => "this is too long",
        "too-many" => "these are too many",
        _ => "this is of the wrong type",
    };
    let path = fault.path.clone();
    (path, Diagnostic::error(fault.code, message).help(fault.help))
}
