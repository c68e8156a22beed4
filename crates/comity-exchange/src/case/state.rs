//! The case as one party knows it: the fold of its events.

use super::answer::{GivenAnswer, ToldAnswer};
use super::claim::{ClaimKind, KnownClaim, Resolution};
use super::custody::{Booking, CustodyEnd, Eligible, KnownCorrection, Notice, Subject};
use super::facts::FactsOf;
use super::hold::{Hold, PastHold};
use super::identify::{Determination, Identification, Submitted};
use super::ids::{CaseId, ClaimId, CommandId, RequestId, Version};
use super::law::{DutyOfLaw, Finding};
use super::message::SetAside;
use super::person::Side;
use super::request::{ASKED, Draft, Request, asks_fact};
use crate::envelope::Digest;
use comity_model::Diagnostic;
use comity_model::schema::Kind;
use comity_model::schema::fields::SCALARS;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A duty of the law, as the case keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDuty {
    /// What the law says.
    pub duty: DutyOfLaw,
    /// When its answer was given.
    pub since: Timestamp,
    /// When the request came in that it is about.
    pub received_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// What the program lets the officer ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// What the law says.
    pub finding: Finding,
    /// When it was evaluated.
    pub at: Timestamp,
    /// False once facts that it rests on have changed.
    pub current: bool,
}

/// A custody case in one party's node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// Its id, the same at both parties.
    pub id: CaseId,
    /// Whose node it is.
    pub side: Side,
    /// The number of its last event.
    pub version: Version,
    /// When that event was recorded.
    pub last_at: Option<Timestamp>,
    /// The booking; at the federal side the part that came with the prints.
    pub booking: Option<Booking>,
    /// The latest submission of prints.
    pub submitted: Option<Submitted>,
    /// Where the identification stands.
    pub identification: Identification,
    /// When it came to stand there.
    pub identified_at: Option<Timestamp>,
    /// When facts last changed that answers and evaluations rest on.
    pub changed_at: Option<Timestamp>,
    /// Federal side: the latest status determination.
    pub determination: Option<Determination>,
    /// Federal side: the latest evaluation of the program.
    pub evaluated: Option<Evaluated>,
    /// The requests, in the order in which they came.
    pub requests: Vec<Request>,
    /// Agency: the latest answer to each request.
    pub answers: BTreeMap<RequestId, GivenAnswer>,
    /// Federal side: the latest answer to each request, as told, and when it came in.
    pub told: BTreeMap<RequestId, (ToldAnswer, Timestamp)>,
    /// Agency: the moment of release eligibility.
    pub eligible: Option<Eligible>,
    /// The latest notice of release, and when it was given or came in.
    pub notice: Option<(Notice, Timestamp)>,
    /// Agency: the hold that runs, until its end is recorded; see [`Case::hold_at`].
    pub hold: Option<Hold>,
    /// Agency: the holds that were.
    pub past_holds: Vec<PastHold>,
    /// Agency: no further hold of this stay lasts past this.
    pub hold_bound: Option<Timestamp>,
    /// The end of custody.
    pub custody_end: Option<CustodyEnd>,
    /// Agency: when the federal side says that it took the person.
    pub taken_reported_at: Option<Timestamp>,
    /// The claims.
    pub claims: BTreeMap<ClaimId, KnownClaim>,
    /// The duties, by their numbers.
    pub duties: Vec<KnownDuty>,
    /// How many notes were written.
    pub notes: u32,
    /// The corrections.
    pub corrections: Vec<KnownCorrection>,
    /// Messages that did not fit: ours that the peer set aside, and the peer's that we did.
    pub set_aside: Vec<SetAside>,
    /// The tasks that somebody was told of, by their keys.
    pub raised: BTreeSet<String>,
    /// What an event said that can be corrected, by the event's number.
    pub correctable: BTreeMap<Version, Subject>,
    /// The commands that events came of.
    pub commands: BTreeMap<CommandId, Digest>,
}

impl Case {
    /// A case of which nothing has happened yet.
    pub fn new(side: Side, id: CaseId) -> Case {
        Case {
            id,
            side,
            version: Version::default(),
            last_at: None,
            booking: None,
            submitted: None,
            identification: Identification::default(),
            identified_at: None,
            changed_at: None,
            determination: None,
            evaluated: None,
            requests: Vec::new(),
            answers: BTreeMap::new(),
            told: BTreeMap::new(),
            eligible: None,
            notice: None,
            hold: None,
            past_holds: Vec::new(),
            hold_bound: None,
            custody_end: None,
            taken_reported_at: None,
            claims: BTreeMap::new(),
            duties: Vec::new(),
            notes: 0,
            corrections: Vec::new(),
            set_aside: Vec::new(),
            raised: BTreeSet::new(),
            correctable: BTreeMap::new(),
            commands: BTreeMap::new(),
        }
    }

    /// The moment that counts: the node's clock, or the last event where the clock stands
    /// before it. Time in a case never goes back.
    pub fn time(&self, now: Timestamp) -> Timestamp {
        self.last_at.map_or(now, |last| last.max(now))
    }

    /// The day of a moment in the facility's zone.
    ///
    /// # Errors
    /// `not-opened`.
    pub fn day_of(&self, now: Timestamp) -> Result<Date, Diagnostic> {
        let booking = self
            .booking
            .as_ref()
            .ok_or_else(|| Diagnostic::error("not-opened", "nobody was booked in this case yet"))?;
        Ok(booking.time_zone.zone().day(self.time(now)))
    }

    /// The hold that runs at a moment. It is over at its end, whether or not anybody has
    /// looked at the clock since.
    pub fn hold_at(&self, now: Timestamp) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| self.time(now) < hold.ends_at())
    }

    /// True if a hold ran at a moment that has passed, or runs now.
    pub fn was_held_at(&self, at: Timestamp) -> bool {
        let over = |past: &PastHold| past.hold.started_at() <= at && at < past.ended_at;
        let runs = |hold: &Hold| hold.started_at() <= at && at < hold.ends_at();
        self.hold.as_ref().is_some_and(runs) || self.past_holds.iter().any(over)
    }

    /// The request of an id.
    pub fn request(&self, id: RequestId) -> Option<&Request> {
        self.requests.iter().find(|r| r.draft.request == id)
    }

    /// The request that is to be dealt with: the latest one that stands.
    pub fn standing(&self) -> Option<&Request> {
        self.requests.iter().rev().find(|r| r.stands())
    }

    /// The claims that are open.
    pub fn open_claims(&self) -> impl Iterator<Item = &KnownClaim> {
        self.claims.values().filter(|c| c.is_open())
    }

    /// True while the person is in custody, as far as this party knows.
    pub fn in_custody(&self) -> bool {
        self.booking.is_some() && self.custody_end.is_none()
    }

    /// The case as a case file for `comity-policy`, with a request laid over it that is not
    /// issued yet.
    pub(super) fn as_case_file(&self, on: Date, draft: Option<&Draft>) -> Value {
        let Some(booking) = &self.booking else { return json!({}) };
        let standing = self.standing();
        let form = draft.or(standing.map(|r| &r.draft));
        let mut facts = booking.facts.clone();
        // That a record is complete, only whose record it is can say: the agency of its booking,
        // the office of its determination. What came with prints or stands on a form is a part.
        let is_complete = match (self.side, &self.determination) {
            (Side::Agency, _) => booking.facts.is_complete(),
            (Side::Federal, determination) => {
                determination.as_ref().is_some_and(|d| d.facts.is_complete())
            }
        };
        if let Some(determination) = &self.determination {
            facts = facts.with(&determination.facts);
        }
        if let Some(draft) = form {
            facts = facts.with(&draft.states);
        }
        let mut tree = facts.tree().clone();
        let mut put = |group: &str, name: &str, value: Value| {
            let members = tree.entry(group).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(members) = members {
                members.insert(name.to_owned(), value);
            }
        };
        put("custody", "time_zone", booking.time_zone.zone().name().into());
        put("custody", "booked_at", instant(booking.booked_at));
        put("identification", "result", self.identification.word().into());
        if let Some(d) = &self.determination {
            put("person", "removable", d.removable.into());
            put("identification", "status_basis", d.basis.name().into());
            put("identification", "probable_cause", d.probable_cause.into());
        }
        if let (None, Some(form)) = (&self.determination, form) {
            // The agency knows of the determination what the form states.
            put("identification", "status_basis", form.basis.name().into());
        }
        if let Some(eligible) = self.eligible {
            put("custody", "release_eligible_at", instant(eligible.at));
            put("custody", "release_reason", eligible.reason.name().into());
        }
        if let Some(hold) = &self.hold {
            put("custody", "hold_started_at", instant(hold.started_at()));
        }
        self.put_claims(&mut put);
        match form {
            Some(form) => {
                let request = standing.filter(|_| draft.is_none());
                put_request(form, request, booking, &mut put);
            }
            None => put("request", "form", "none".into()),
        }
        let not_listed = if is_complete { "no" } else { "unknown" };
        json!({
            "id": "case",
            "on": on.to_string(),
            "at": booking.place.code(),
            "not_listed": not_listed,
            "facts": tree,
        })
    }

    fn put_claims(&self, put: &mut impl FnMut(&str, &str, Value)) {
        for known in self.claims.values() {
            let upheld = known.resolution == Some(Resolution::Upheld);
            match known.claim.kind {
                ClaimKind::Citizenship => {
                    let says = match known.resolution {
                        Some(Resolution::NotUpheld) => "none",
                        _ if known.claim.proof_shown => "proof_shown",
                        _ => "claimed",
                    };
                    put("person", "citizenship_claim", says.into());
                    if upheld {
                        put("person", "us_citizen", true.into());
                    }
                }
                ClaimKind::LawfulStatus => {
                    let shown = upheld || (known.is_open() && known.claim.proof_shown);
                    put("person", "lawful_status_proof", shown.into());
                }
            }
        }
    }
}

fn put_request(
    form: &Draft,
    request: Option<&Request>,
    booking: &Booking,
    put: &mut impl FnMut(&str, &str, Value),
) {
    // A form that is known whole has no box marked that it does not say is marked.
    let boxes = SCALARS.iter().filter(|field| field.kind == Kind::Bool);
    let boxes = boxes.filter_map(|field| field.path.strip_prefix("request."));
    for name in boxes.filter(|_| form.states.is_complete()) {
        let is_stated = form.states.tree().get("request").is_some_and(|r| r.get(name).is_some());
        if !is_stated && FactsOf::Request.may_state(&format!("request.{name}")) {
            put("request", name, false.into());
        }
    }
    put("request", "form", form.form.name().into());
    if let Some(version) = form.version {
        put("request", "form_version", version.name().into());
    }
    put("request", "issued_on", form.issued_on.to_string().into());
    put("request", "probable_cause_basis", form.basis.name().into());
    put("request", "withdrawn", false.into());
    for channel in ASKED {
        if let Some(fact) = asks_fact(channel) {
            put("request", fact, form.asks.contains(&channel).into());
        }
    }
    let warrant = form.warrant.map_or("none", |w| w.kind.name());
    put("request", "warrant", warrant.into());
    if let Some(signed_by) = form.warrant.and_then(|w| w.signed_by) {
        put("request", "warrant_signed_by", signed_by.name().into());
    }
    let Some(request) = request else { return };
    put("request", "received_at", instant(request.received_at));
    put("request", "served_on_person", request.served_at.is_some().into());
    if let Some(at) = request.served_at {
        put("request", "served_on", booking.time_zone.zone().day(at).to_string().into());
    }
}

fn instant(at: Timestamp) -> Value {
    at.to_string().into()
}
