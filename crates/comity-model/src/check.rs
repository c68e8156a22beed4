//! Facts that contradict each other. A contradiction is reported with both facts;
//! the case is decided only where neither matters.

use crate::facts::{CaseFacts, FactPath, Value};
use crate::schema::{ElemFieldId, FieldId, ListId, elem, list, scalar};
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

const CONVICTIONS: ListId = list("convictions");
const CHARGES: ListId = list("charges");

/// Pairs of scalars of which the first may not come after the second.
const ORDER: &[(FieldId, FieldId, &str)] = &[
    (scalar("person.born_on"), scalar("custody.booked_on"), "born after the booking"),
    (scalar("person.born_on"), scalar("person.entered_on"), "entered before birth"),
    (scalar("custody.booked_on"), scalar("custody.release_eligible_on"), "release eligibility before the booking"),
    (scalar("custody.booked_on"), scalar("custody.released_on"), "released before the booking"),
    (scalar("custody.booked_at"), scalar("custody.release_eligible_at"), "release eligibility before the booking"),
    (scalar("custody.booked_at"), scalar("custody.released_at"), "released before the booking"),
    (scalar("custody.booked_at"), scalar("custody.hold_started_at"), "the hold started before the booking"),
    (scalar("custody.hold_started_at"), scalar("custody.released_at"), "released before the hold started"),
    (scalar("custody.arrested_on"), scalar("custody.booked_on"), "booked before the arrest"),
    (scalar("request.issued_on"), scalar("request.served_on"), "the request was served before it was issued"),
    (scalar("request.issued_on"), scalar("decision.on"), "the request was issued after the day of the decision"),
    (scalar("person.final_order_on"), scalar("decision.on"), "the final order is dated after the day of the decision"),
    (scalar("person.entered_on"), scalar("decision.on"), "the entry is dated after the day of the decision"),
];

/// Pairs inside one conviction of which the first may not come after the second.
const CONVICTION_ORDER: &[(ElemFieldId, ElemFieldId, &str)] = &[
    (elem(CONVICTIONS, "offense_on"), elem(CONVICTIONS, "convicted_on"), "convicted before the offense"),
    (elem(CONVICTIONS, "convicted_on"), elem(CONVICTIONS, "released_on"), "released from the sentence before the conviction"),
];

const CHARGE_ORDER: &[(ElemFieldId, ElemFieldId, &str)] =
    &[(elem(CHARGES, "offense_on"), elem(CHARGES, "charged_on"), "charged before the offense")];

/// Every contradiction of the case, in the order of the checks.
pub fn contradictions(facts: &CaseFacts) -> Vec<Contradiction> {
    let mut out = Vec::new();
    for (first, second, says) in ORDER {
        let (first, second) = (FactPath::Scalar(*first), FactPath::Scalar(*second));
        if after(facts.at(first), facts.at(second)) {
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

fn after(a: Value, b: Value) -> bool {
    match (a, b) {
        (Value::Date(a), Value::Date(b)) => a > b,
        (Value::Instant(a), Value::Instant(b)) => a > b,
        _ => false,
    }
}

fn list_order(
    facts: &CaseFacts,
    list: ListId,
    pairs: &[(ElemFieldId, ElemFieldId, &'static str)],
    out: &mut Vec<Contradiction>,
) {
    for i in 0..facts.list(list).len() {
        for (a, b, says) in pairs {
            let first = FactPath::Element(list, i as u16, *a);
            let second = FactPath::Element(list, i as u16, *b);
            if after(facts.at(first), facts.at(second)) {
                out.push(Contradiction { first, second, says });
            }
        }
    }
}

fn against_birth_and_decision(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let born = FactPath::Scalar(scalar("person.born_on"));
    let decided = FactPath::Scalar(scalar("decision.on"));
    for i in 0..facts.list(CONVICTIONS).len() {
        let convicted = FactPath::Element(CONVICTIONS, i as u16, elem(CONVICTIONS, "convicted_on"));
        if after(facts.at(born), facts.at(convicted)) {
            out.push(Contradiction { first: convicted, second: born, says: "convicted before birth" });
        }
        if after(facts.at(convicted), facts.at(decided)) {
            let says = "the conviction is dated after the day of the decision";
            out.push(Contradiction { first: convicted, second: decided, says });
        }
    }
}

/// First and last days on which a form was issued; a form outside them did not exist.
/// Source: 8 CFR 287.7 and ICE's form history; the last day of D, N and X is a rule
/// about validity, not existence, and is decided by the form policies.
const FORM_FROM: &[(&str, i32)] = &[
    ("I-247D", 16_556), // 2015-05-01: printed 5/15
    ("I-247N", 16_556),
    ("I-247X", 16_556),
    ("I-247A", 17_198), // 2017-02-01: printed 02/17
];

fn forms(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let form = scalar("request.form");
    let issued = scalar("request.issued_on");
    let (first, second) = (FactPath::Scalar(form), FactPath::Scalar(issued));
    let set = &crate::schema::enums::FORM;
    if let (Value::Enum(code), Some(day)) = (facts.get(form), facts.get_date(issued)) {
        let name = set.name_of(code);
        if FORM_FROM.iter().any(|(n, from)| *n == name && day.0 < *from) {
            out.push(Contradiction { first, second, says: "the form did not exist on that day" });
        }
        if name == "none" {
            out.push(Contradiction { first, second, says: "there is no request, yet it has an issue date" });
        }
    }
    let warrant = scalar("request.warrant");
    let signer = scalar("request.warrant_signed_by");
    let none = crate::schema::enums::WARRANT.code("none").map(Value::Enum);
    let nobody = crate::schema::enums::WARRANT_SIGNER.code("nobody").map(Value::Enum);
    if Some(facts.get(warrant)) == none
        && facts.get(signer).is_known()
        && Some(facts.get(signer)) != nobody
    {
        out.push(Contradiction {
            first: FactPath::Scalar(warrant),
            second: FactPath::Scalar(signer),
            says: "there is no warrant, yet somebody signed it",
        });
    }
}

fn persons(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    const YES: Value = Value::Bool(true);
    const NO: Value = Value::Bool(false);
    let both = |a: &str, va: Value, b: &str, vb: Value| -> Option<(FactPath, FactPath)> {
        let (a, b) = (crate::schema::find_scalar(a)?, crate::schema::find_scalar(b)?);
        (facts.get(a) == va && facts.get(b) == vb).then_some((FactPath::Scalar(a), FactPath::Scalar(b)))
    };
    let pairs = [
        ("person.us_citizen", YES, "person.removable", YES, "a citizen is not removable"),
        ("person.us_citizen", YES, "person.lawful_permanent_resident", YES, "a citizen is not a permanent resident"),
        ("person.final_order", YES, "person.final_order_ever", NO, "an outstanding final order, yet never one"),
        ("person.illegal_reentry", YES, "person.prior_removal", NO, "re-entered after a removal, yet never removed"),
    ];
    for (a, va, b, vb, says) in pairs {
        if let Some((first, second)) = both(a, va, b, vb) {
            out.push(Contradiction { first, second, says });
        }
    }
    age(facts, out);
}

fn age(facts: &CaseFacts, out: &mut Vec<Contradiction>) {
    let (born, age) = (scalar("person.born_on"), scalar("person.age_years"));
    if let (Some(b), Value::Int(years), Some(booked)) =
        (facts.get_date(born), facts.get(age), facts.get_date(scalar("custody.booked_on")))
        && b <= booked
        && (crate::read::completed_years(b, booked) - years).abs() > 1
    {
        let says = "the age does not follow from the date of birth and the booking";
        out.push(Contradiction { first: FactPath::Scalar(born), second: FactPath::Scalar(age), says });
    }
}
