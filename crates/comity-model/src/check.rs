//! Facts that contradict each other. A contradiction is reported with both facts;
//! the case is decided only where neither matters.

use crate::date::Day;
use crate::facts::{CaseFacts, FactPath, Value};
use crate::place::TIME_ZONE;
use crate::read::completed_years;
use crate::schema::{ElemFieldId, FieldId, ListId, elem, enums, list, scalar};
use serde::Serialize;

/// Two facts that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// One fact.
    pub first: FactPath,
    /// The other.
    pub second: FactPath,
    /// Why they cannot both be true, one sentence.
    pub says: &'static str,
}

impl Serialize for Contradiction {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = s.serialize_struct("Contradiction", 2)?;
        out.serialize_field("facts", &[self.first.to_string(), self.second.to_string()])?;
        out.serialize_field("says", self.says)?;
        out.end()
    }
}

/// The list of convictions.
pub const CONVICTIONS: ListId = list("convictions");
/// The list of charges.
pub const CHARGES: ListId = list("charges");

/// Pairs of scalars of which the first may not come after the second.
pub const ORDER: &[(FieldId, FieldId, &str)] = &[
    (scalar("person.born_on"), scalar("custody.booked_on"), "born after the booking"),
    (scalar("person.born_on"), scalar("person.entered_on"), "entered before birth"),
    (
        scalar("custody.booked_on"),
        scalar("custody.release_eligible_on"),
        "release eligibility before the booking",
    ),
    (scalar("custody.booked_on"), scalar("custody.released_on"), "released before the booking"),
    (
        scalar("custody.booked_at"),
        scalar("custody.release_eligible_at"),
        "release eligibility before the booking",
    ),
    (scalar("custody.booked_at"), scalar("custody.released_at"), "released before the booking"),
    (
        scalar("custody.booked_at"),
        scalar("custody.hold_started_at"),
        "the hold started before the booking",
    ),
    (
        scalar("custody.hold_started_at"),
        scalar("custody.released_at"),
        "released before the hold started",
    ),
    (scalar("custody.arrested_on"), scalar("custody.booked_on"), "booked before the arrest"),
    (
        scalar("request.issued_on"),
        scalar("request.served_on"),
        "the request was served before it was issued",
    ),
    (
        scalar("request.issued_on"),
        scalar("decision.on"),
        "the request was issued after the day of the decision",
    ),
    (
        scalar("person.final_order_on"),
        scalar("decision.on"),
        "the final order is dated after the day of the decision",
    ),
    (
        scalar("person.entered_on"),
        scalar("decision.on"),
        "the entry is dated after the day of the decision",
    ),
];

/// Pairs inside one conviction of which the first may not come after the second.
pub const CONVICTION_ORDER: &[(ElemFieldId, ElemFieldId, &str)] = &[
    (
        elem(CONVICTIONS, "offense_on"),
        elem(CONVICTIONS, "convicted_on"),
        "convicted before the offense",
    ),
    (
        elem(CONVICTIONS, "convicted_on"),
        elem(CONVICTIONS, "released_on"),
        "released from the sentence before the conviction",
    ),
];

/// Pairs inside one charge of which the first may not come after the second.
pub const CHARGE_ORDER: &[(ElemFieldId, ElemFieldId, &str)] =
    &[(elem(CHARGES, "offense_on"), elem(CHARGES, "charged_on"), "charged before the offense")];

/// Every contradiction of the case, in the order of the checks.
pub fn contradictions(facts: &CaseFacts) -> Vec<Contradiction> {
    let mut out = Vec::new();
    let case = facts.record();
    for (first, second, says) in ORDER {
        if case.get(first.0).is_after(case.get(second.0)) {
            let (first, second) = (FactPath::Scalar(*first), FactPath::Scalar(*second));
            out.push(Contradiction { first, second, says });
        }
    }
    list_order(facts, CONVICTIONS, CONVICTION_ORDER, &mut out);
    list_order(facts, CHARGES, CHARGE_ORDER, &mut out);
    against_birth_and_decision(facts, &mut out);
    forms(facts, &mut out);
    persons(facts, &mut out);
    out
}

fn list_order(
    facts: &CaseFacts,
    list: ListId,
    pairs: &[(ElemFieldId, ElemFieldId, &'static str)],
    out: &mut Vec<Contradiction>,
) {
    for (i, element) in facts.list(list).records().enumerate() {
        for (a, b, says) in pairs {
            if element.get(a.0).is_after(element.get(b.0)) {
                let at = |field| FactPath::Element(list, i as u16, field);
                out.push(Contradiction { first: at(*a), second: at(*b), says });
            }
        }
    }
}

const BORN: FieldId = scalar("person.born_on");
const BOOKED_ON: FieldId = scalar("custody.booked_on");
const BOOKED_AT: FieldId = scalar("custody.booked_at");
const DECIDED: FieldId = scalar("decision.on");
const CONVICTED: ElemFieldId = elem(CONVICTIONS, "convicted_on");
const RELEASED: ElemFieldId = elem(CONVICTIONS, "released_on");
const IN_CUSTODY_FOR: ElemFieldId = elem(CONVICTIONS, "in_custody_for");
const YES: Value = Value::Bool(true);
const NO: Value = Value::Bool(false);

/// The age below which no court convicts anybody, in years.
pub const CONVICTION_AGE_MIN: i64 = 7;

fn against_birth_and_decision(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let case = facts.record();
    let (born, decided) = (case.get(BORN.0), case.get(DECIDED.0));
    for (i, element) in facts.list(CONVICTIONS).records().enumerate() {
        let at = |field| FactPath::Element(CONVICTIONS, i as u16, field);
        let mut add = |field, second, says| {
            out.push(Contradiction { first: at(field), second, says });
        };
        let convicted = element.get(CONVICTED.0);
        if born.is_after(convicted) {
            add(CONVICTED, FactPath::Scalar(BORN), "convicted before birth");
        } else if let ((true, b), (true, c)) = (born.date(), convicted.date())
            && completed_years(b, c) < CONVICTION_AGE_MIN
        {
            add(CONVICTED, FactPath::Scalar(BORN), "convicted as a small child");
        }
        if convicted.is_after(decided) {
            let says = "the conviction is dated after the day of the decision";
            add(CONVICTED, FactPath::Scalar(DECIDED), says);
        }
        let serves = element.get(IN_CUSTODY_FOR.0).bool() == (true, true);
        if serves && decided.is_after(element.get(RELEASED.0)) {
            let says =
                "in custody for a conviction whose sentence ended before the day of the decision";
            add(IN_CUSTODY_FOR, at(RELEASED), says);
        }
    }
}

const FORM_FACT: FieldId = scalar("request.form");
const FORM_VERSION_FACT: FieldId = scalar("request.form_version");
const ISSUED: FieldId = scalar("request.issued_on");
const RECEIVED: FieldId = scalar("request.received_at");
const WARRANT_FACT: FieldId = scalar("request.warrant");
const SIGNER: FieldId = scalar("request.warrant_signed_by");

/// First days on which a form was issued; before them it did not exist.
/// Source: the revision dates printed on the forms (5/15 and 02/17). The last day of
/// forms D, N and X is a rule about validity, which the form policies decide.
pub const FORM_FROM: [(&str, i32); 4] = [
    ("I-247D", 16_556), // 2015-05-01
    ("I-247N", 16_556),
    ("I-247X", 16_556),
    ("I-247A", 17_198), // 2017-02-01
];

/// Which forms were printed in a revision.
pub const REVISIONS: [(&str, &[&str]); 7] = [
    ("before_2010-08", &["I-247", "other"]),
    ("2010-08", &["I-247", "other"]),
    ("2011-06", &["I-247", "other"]),
    ("2011-12", &["I-247", "other"]),
    ("2012-12", &["I-247", "other"]),
    ("2015-05", &["I-247D", "I-247N", "I-247X", "other"]),
    ("2017-02", &["I-247A", "other"]),
];

fn forms(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let Value::Enum(code) = facts.get(FORM_FACT) else {
        return warrants(facts, out);
    };
    let form = enums::FORM.name_of(code);
    let mut add = |second: FieldId, says| {
        let (first, second) = (FactPath::Scalar(FORM_FACT), FactPath::Scalar(second));
        out.push(Contradiction { first, second, says });
    };
    if form == "none" {
        if facts.get(ISSUED).is_known() {
            add(ISSUED, "there is no request, yet it has an issue date");
        }
        // An interview is asked for without a form.
        const ASKS: [FieldId; 3] = [
            scalar("request.asks_hold"),
            scalar("request.asks_notice"),
            scalar("request.asks_transfer"),
        ];
        for field in ASKS.into_iter().filter(|f| facts.get(*f) == YES) {
            add(field, "there is no request, yet it asks for something");
        }
    }
    if let Some(day) = facts.get_date(ISSUED)
        && FORM_FROM.iter().any(|(n, from)| *n == form && day.0 < *from)
    {
        add(ISSUED, "the form did not exist on that day");
    }
    if let Value::Enum(version) = facts.get(FORM_VERSION_FACT) {
        let version = enums::FORM_VERSION.name_of(version);
        let fits = REVISIONS.iter().any(|(v, forms)| *v == version && forms.contains(&form));
        if !fits {
            add(FORM_VERSION_FACT, "the form was not printed in that revision");
        }
    }
    warrants(facts, out);
    received(facts, out);
}

fn warrants(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let (Value::Enum(warrant), Value::Enum(signer)) = (facts.get(WARRANT_FACT), facts.get(SIGNER))
    else {
        return;
    };
    if enums::WARRANT.name_of(warrant) == "none"
        && enums::WARRANT_SIGNER.name_of(signer) != "nobody"
    {
        out.push(Contradiction {
            first: FactPath::Scalar(WARRANT_FACT),
            second: FactPath::Scalar(SIGNER),
            says: "there is no warrant, yet somebody signed it",
        });
    }
}

/// The day of a moment in the facility's zone.
fn day_of(facts: &CaseFacts, at: FieldId) -> Option<Day> {
    let Value::Instant(s) = facts.get(at) else { return None };
    let zone = jiff::tz::TimeZone::get(facts.get_text(TIME_ZONE)?).ok()?;
    let t = jiff::Timestamp::from_second(s).ok()?;
    Some(Day::from_civil(t.to_zoned(zone).date()))
}

fn received(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    if let (Some(issued), Some(received)) = (facts.get_date(ISSUED), day_of(facts, RECEIVED))
        && received < issued
    {
        let (first, second) = (FactPath::Scalar(ISSUED), FactPath::Scalar(RECEIVED));
        out.push(Contradiction {
            first,
            second,
            says: "the request was received before it was issued",
        });
    }
}

/// Two facts with the values that cannot go together.
pub type Pair = (FieldId, Value, FieldId, Value, &'static str);

/// Values that cannot go together.
pub const PAIRS: [Pair; 4] = [
    (
        scalar("person.us_citizen"),
        YES,
        scalar("person.removable"),
        YES,
        "a citizen is not removable",
    ),
    (
        scalar("person.us_citizen"),
        YES,
        scalar("person.lawful_permanent_resident"),
        YES,
        "a citizen is not a permanent resident",
    ),
    (
        scalar("person.final_order"),
        YES,
        scalar("person.final_order_ever"),
        NO,
        "an outstanding final order, yet never one",
    ),
    (
        scalar("person.illegal_reentry"),
        YES,
        scalar("person.prior_removal"),
        NO,
        "re-entered after a removal, yet never removed",
    ),
];

const SERVED: FieldId = scalar("request.served_on_person");
const SERVED_ON: FieldId = scalar("request.served_on");
const RESULT: FieldId = scalar("identification.result");
const STATUS_BASIS: FieldId = scalar("identification.status_basis");

fn persons(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let mut add = |a, b, says| {
        out.push(Contradiction { first: FactPath::Scalar(a), second: FactPath::Scalar(b), says });
    };
    for (a, va, b, vb, says) in &PAIRS {
        if facts.get(*a) == *va && facts.get(*b) == *vb {
            add(*a, *b, says);
        }
    }
    if facts.get(SERVED) == NO && facts.get(SERVED_ON).is_known() {
        add(SERVED, SERVED_ON, "the request was not served, yet there is a day of service");
    }
    if let (Value::Enum(result), Value::Enum(basis)) = (facts.get(RESULT), facts.get(STATUS_BASIS))
        && enums::IDENTIFICATION.name_of(result) == "no_match"
        && enums::BASIS.name_of(basis) == "biometric_match"
    {
        add(RESULT, STATUS_BASIS, "a search that found nobody is no biometric match");
    }
    if let (Some(on), Some(at)) = (facts.get_date(BOOKED_ON), day_of(facts, BOOKED_AT))
        && on != at
    {
        add(BOOKED_ON, BOOKED_AT, "the day and the moment of booking disagree");
    }
    const AGE: FieldId = scalar("person.age_years");
    if let (Some(b), Value::Int(years), Some(booked)) =
        (facts.get_date(BORN), facts.get(AGE), facts.get_date(BOOKED_ON))
        && b <= booked
        && (completed_years(b, booked) - years).abs() > 1
    {
        add(BORN, AGE, "the age does not follow from the date of birth and the booking");
    }
}
