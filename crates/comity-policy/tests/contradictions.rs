//! Facts that contradict each other: each kind is reported with both facts, and the case
//! is decided only where neither matters.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::check::{Contradiction, contradictions};
use comity_model::facts::{FactPath, ListState, Value};
use comity_model::schema::scalar;
use comity_model::{CaseFacts, Day};
use comity_policy::case::{Question, read_case};
use comity_policy::explain::{sergeant, to_html, to_text};
use comity_policy::{Channel, Modality, Scope};
use std::cell::Cell;
use std::collections::BTreeSet;
use support::filling::{put, shown};
use support::tape::for_all;
use support::{golden_cases, library};

/// Facts, both paths, and the sentence.
type Row = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const KINDS: &[Row] = &[
    ("person = { born_on = 2016-05-03 }, custody = { booked_on = 2016-05-02 }", "person.born_on", "custody.booked_on", "born after the booking"),
    ("person = { born_on = 1980-01-02, entered_on = 1980-01-01 }", "person.born_on", "person.entered_on", "entered before birth"),
    ("custody = { booked_on = 2016-05-02, release_eligible_on = 2016-05-01 }", "custody.booked_on", "custody.release_eligible_on", "release eligibility before the booking"),
    ("custody = { booked_on = 2016-05-02, released_on = 2016-05-01 }", "custody.booked_on", "custody.released_on", "released before the booking"),
    ("custody = { booked_on = 2016-05-02, booked_at = 2016-05-02T09:00:00, release_eligible_on = 2016-05-02, release_eligible_at = 2016-05-02T08:59:59 }", "custody.booked_at", "custody.release_eligible_at", "release eligibility before the booking"),
    ("custody = { booked_on = 2016-05-02, booked_at = 2016-05-02T09:00:00, released_on = 2016-05-02, released_at = 2016-05-02T08:59:59 }", "custody.booked_at", "custody.released_at", "released before the booking"),
    ("custody = { booked_at = 2016-05-02T09:00:00, hold_started_at = 2016-05-02T08:00:00 }", "custody.booked_at", "custody.hold_started_at", "the hold started before the booking"),
    ("custody = { hold_started_at = 2016-05-02T09:00:00, released_at = 2016-05-02T08:00:00 }", "custody.hold_started_at", "custody.released_at", "released before the hold started"),
    ("custody = { arrested_on = 2016-05-03, booked_on = 2016-05-02 }", "custody.arrested_on", "custody.booked_on", "booked before the arrest"),
    ("request = { issued_on = 2016-05-02, served_on = 2016-05-01 }", "request.issued_on", "request.served_on", "the request was served before it was issued"),
    ("request = { issued_on = 2016-05-03 }", "request.issued_on", "decision.on", "the request was issued after the day of the decision"),
    ("person = { final_order_on = 2016-05-03 }", "person.final_order_on", "decision.on", "the final order is dated after the day of the decision"),
    ("person = { entered_on = 2016-05-03 }", "person.entered_on", "decision.on", "the entry is dated after the day of the decision"),
    ("convictions = [{}, { offense_on = 2010-01-02, convicted_on = 2010-01-01 }]", "convictions[1].offense_on", "convictions[1].convicted_on", "convicted before the offense"),
    ("convictions = [{ convicted_on = 2010-01-02, released_on = 2010-01-01 }]", "convictions[0].convicted_on", "convictions[0].released_on", "released from the sentence before the conviction"),
    ("charges = [{ offense_on = 2010-01-02, charged_on = 2010-01-01 }]", "charges[0].offense_on", "charges[0].charged_on", "charged before the offense"),
    ("person = { born_on = 2010-01-02 }, convictions = [{ convicted_on = 2010-01-01 }]", "convictions[0].convicted_on", "person.born_on", "convicted before birth"),
    ("person = { born_on = 2003-01-02 }, convictions = [{ convicted_on = 2010-01-01 }]", "convictions[0].convicted_on", "person.born_on", "convicted as a small child"),
    ("convictions = [{ convicted_on = 2016-05-03 }]", "convictions[0].convicted_on", "decision.on", "the conviction is dated after the day of the decision"),
    ("convictions = [{ in_custody_for = true, released_on = 2016-05-01 }]", "convictions[0].in_custody_for", "convictions[0].released_on", "in custody for a conviction whose sentence ended before the day of the decision"),
    ("request = { form = \"none\", issued_on = 2016-05-02 }", "request.form", "request.issued_on", "there is no request, yet it has an issue date"),
    ("request = { form = \"none\", asks_hold = true }", "request.form", "request.asks_hold", "there is no request, yet it asks for something"),
    ("request = { form = \"none\", asks_notice = true }", "request.form", "request.asks_notice", "there is no request, yet it asks for something"),
    ("request = { form = \"none\", asks_transfer = true }", "request.form", "request.asks_transfer", "there is no request, yet it asks for something"),
    ("request = { form = \"I-247D\", issued_on = 2015-04-30 }", "request.form", "request.issued_on", "the form did not exist on that day"),
    ("request = { form = \"I-247N\", issued_on = 2015-04-30 }", "request.form", "request.issued_on", "the form did not exist on that day"),
    ("request = { form = \"I-247X\", issued_on = 2015-04-30 }", "request.form", "request.issued_on", "the form did not exist on that day"),
    ("request = { form = \"I-247A\", issued_on = 2016-05-02 }", "request.form", "request.issued_on", "the form did not exist on that day"),
    ("request = { form = \"I-247\", form_version = \"2015-05\" }", "request.form", "request.form_version", "the form was not printed in that revision"),
    ("request = { form = \"I-247A\", form_version = \"2012-12\" }", "request.form", "request.form_version", "the form was not printed in that revision"),
    ("request = { warrant = \"none\", warrant_signed_by = \"federal_judge\" }", "request.warrant", "request.warrant_signed_by", "there is no warrant, yet somebody signed it"),
    ("request = { form = \"I-247D\", issued_on = 2016-05-02, received_at = 2016-05-01T23:59:59 }", "request.issued_on", "request.received_at", "the request was received before it was issued"),
    ("person = { us_citizen = true, removable = true }", "person.us_citizen", "person.removable", "a citizen is not removable"),
    ("person = { us_citizen = true, lawful_permanent_resident = true }", "person.us_citizen", "person.lawful_permanent_resident", "a citizen is not a permanent resident"),
    ("person = { final_order = true, final_order_ever = false }", "person.final_order", "person.final_order_ever", "an outstanding final order, yet never one"),
    ("person = { illegal_reentry = true, prior_removal = false }", "person.illegal_reentry", "person.prior_removal", "re-entered after a removal, yet never removed"),
    ("request = { served_on_person = false, served_on = 2016-05-02 }", "request.served_on_person", "request.served_on", "the request was not served, yet there is a day of service"),
    ("identification = { result = \"no_match\", status_basis = \"biometric_match\" }", "identification.result", "identification.status_basis", "a search that found nobody is no biometric match"),
    ("custody = { booked_on = 2016-05-01, booked_at = 2016-05-02T00:00:01 }", "custody.booked_on", "custody.booked_at", "the day and the moment of booking disagree"),
    ("person = { born_on = 1980-01-01, age_years = 34 }, custody = { booked_on = 2016-05-02 }", "person.born_on", "person.age_years", "the age does not follow from the date of birth and the booking"),
];

/// Facts that are near a contradiction and none.
#[rustfmt::skip]
const CONSISTENT: &[&str] = &[
    "person = { born_on = 2016-05-02 }, custody = { booked_on = 2016-05-02 }",
    "custody = { arrested_on = 2016-05-02, booked_on = 2016-05-02, release_eligible_on = 2016-05-02, released_on = 2016-05-02 }",
    "custody = { booked_at = 2016-05-02T09:00:00, release_eligible_at = 2016-05-02T09:00:00 }",
    "request = { issued_on = 2016-05-02, served_on = 2016-05-02, served_on_person = true }",
    "request = { form = \"I-247D\", issued_on = 2015-05-01, form_version = \"2015-05\" }, convictions = [{ convicted_on = 2016-05-02 }]",
    "request = { form = \"I-247D\", issued_on = 2016-05-02, received_at = 2016-05-02T00:00:00 }",
    "person = { born_on = 2003-01-01 }, convictions = [{ convicted_on = 2010-01-01 }]",
    "convictions = [{ in_custody_for = true, released_on = 2016-05-02 }, { in_custody_for = false, released_on = 2001-01-01 }]",
    "request = { form = \"none\", asks_interview = true, warrant = \"none\", warrant_signed_by = \"nobody\" }",
    "request = { form = \"other\", form_version = \"2015-05\", warrant = \"I-200\", warrant_signed_by = \"immigration_officer\" }",
    "person = { us_citizen = false, removable = true, lawful_permanent_resident = true, final_order = false, final_order_ever = true }",
    "person = { illegal_reentry = true, final_order = true }",
    "identification = { result = \"no_match\", status_basis = \"statements\" }",
    "person = { born_on = 1980-01-01, age_years = 35 }, custody = { booked_on = 2016-05-02 }",
    "custody = { booked_on = 2016-05-02, booked_at = 2016-05-02T23:59:59 }",
];

fn facts_of(text: &str) -> CaseFacts {
    let text = format!("on = 2016-05-02\nat = \"us-oh\"\nfacts = {{ {text} }}\n");
    let case = read_case(library(), "case.toml", text.as_bytes(), &Question::default());
    let case = case.unwrap_or_else(|found| panic!("{text}\n{}", support::shown(&found)));
    case.steps[0].facts.clone()
}

fn told(list: &[Contradiction]) -> Vec<(String, String, &'static str)> {
    list.iter().map(|c| (c.first.to_string(), c.second.to_string(), c.says)).collect()
}

#[test]
fn every_kind_of_contradiction_is_reported_once_with_both_facts() {
    for (facts, first, second, says) in KINDS {
        let found = told(&contradictions(&facts_of(facts)));
        assert_eq!(found, [((*first).to_owned(), (*second).to_owned(), *says)], "{facts}");
    }
}

#[test]
fn facts_that_only_come_near_a_contradiction_are_left_alone() {
    for facts in CONSISTENT {
        assert_eq!(told(&contradictions(&facts_of(facts))), [], "{facts}");
    }
    assert_eq!(told(&contradictions(&CaseFacts::default())), []);
}

#[test]
fn every_sentence_of_the_source_is_in_the_table() {
    let says: BTreeSet<&str> = KINDS.iter().map(|k| k.3).collect();
    let source =
        std::fs::read_to_string(support::root().join("crates/comity-model/src/check.rs")).unwrap();
    let mut missing = Vec::new();
    for text in source
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .flat_map(|l| l.split('"').skip(1).step_by(2))
    {
        let sentence = text.contains(' ') && text.starts_with(|c: char| c.is_ascii_lowercase());
        if sentence && !says.contains(text) {
            missing.push(text);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn both_facts_are_shown_to_the_sergeant_and_to_counsel() {
    for (facts, first, second, says) in KINDS {
        let e = library().explain(&facts_of(facts), &Scope::InForce, None);
        let squeezed = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for page in [sergeant(&e), to_text(&e), to_html(&e)].map(squeezed) {
            for part in [first, second, says] {
                assert!(page.contains(part), "{facts}: {part} is not in\n{page}");
            }
        }
    }
}

/// Forgets a fact as a contradiction does: all but the day of the decision.
fn cleared(facts: &CaseFacts, found: &[Contradiction]) -> CaseFacts {
    let mut out = facts.clone();
    for path in found.iter().flat_map(|c| [c.first, c.second]) {
        if path != FactPath::Scalar(scalar("decision.on")) {
            put(&mut out, path, Value::Unknown);
        }
    }
    out
}

#[test]
fn a_contradictory_case_is_decided_as_though_both_facts_were_unknown() {
    let cases: Vec<_> =
        golden_cases().iter().flat_map(|(n, c)| c.steps.iter().map(move |s| (n, s))).collect();
    let with = Cell::new(0);
    for_all(31, 1_500, 60, |tape| {
        let (name, step) = cases[tape.pick(cases.len())];
        let mut facts = step.facts.clone();
        // One more contradiction, where the case has none.
        let (text, ..) = KINDS[tape.pick(KINDS.len())];
        let other = facts_of(text);
        for path in support::filling::slots(&other) {
            let is_question = matches!(path, FactPath::Scalar(f) if ["decision", "place"].contains(&f.def().path.split('.').next().unwrap()) || f.def().path == "custody.time_zone");
            let fits =
                !matches!(path, FactPath::Element(l, i, _) if facts.list(l).len() <= i as usize);
            if other.at(path).is_known() && !is_question && fits {
                put(&mut facts, path, other.at(path));
            }
        }
        let found = contradictions(&facts);
        with.set(with.get() + usize::from(!found.is_empty()));
        let d = library().derive(&facts, &Scope::InForce);
        if told(&d.problems) != told(&found) {
            return Err(format!(
                "{name}: {:?} are reported of {:?}",
                told(&d.problems),
                told(&found)
            ));
        }
        let wanted = library().decide(&cleared(&facts, &found), &Scope::InForce);
        if d.answer != wanted {
            return Err(format!(
                "{name}: {:?}\n{:?}\n{wanted:?}\n{}",
                told(&found),
                d.answer,
                shown(&facts)
            ));
        }
        Ok(())
    });
    assert!(with.get() > 700, "only {} cases were contradictory", with.get());
}

fn hold(text: &str) -> (Vec<Modality>, bool) {
    let d = library()
        .derive(&facts_of(text), &library().scope_under(&["us-ks.sedgwick.jail.2017"]).unwrap());
    (d.answer.outcome(Channel::Hold).iter().collect(), !d.problems.is_empty())
}

#[test]
fn a_case_is_settled_where_neither_fact_matters_and_open_where_one_does() {
    let asks = "form = \"I-247D\", asks_hold = true, supporting_affidavit = false";
    let quiet = format!(
        "request = {{ {asks}, warrant = \"I-200\" }}, person = {{ us_citizen = true, removable = true }}"
    );
    assert_eq!(hold(&quiet), (vec![Modality::Must], true));
    let loud = format!(
        "request = {{ {asks}, warrant = \"none\", warrant_signed_by = \"federal_judge\" }}"
    );
    assert_eq!(hold(&loud), (vec![Modality::Must, Modality::MustNot], true));
    let good =
        format!("request = {{ {asks}, warrant = \"none\", warrant_signed_by = \"nobody\" }}");
    assert_eq!(hold(&good), (vec![Modality::MustNot], false));
}

#[test]
fn the_golden_contradictions_report_their_two_facts_and_no_other_pair() {
    let (mut settled, mut open, mut files) = (0, 0, 0);
    for (name, case) in
        golden_cases().iter().filter(|(n, _)| n.starts_with("cases/contradictions/"))
    {
        files += 1;
        let step = &case.steps[0];
        let d = library().derive(&step.facts, &Scope::InForce);
        let wanted: BTreeSet<String> = step.expect.problems.iter().cloned().collect();
        assert_eq!(wanted.len(), 2, "{name}: a contradiction has two facts");
        let pairs =
            d.problems.iter().map(|p| BTreeSet::from([p.first.to_string(), p.second.to_string()]));
        let pairs: Vec<BTreeSet<String>> = pairs.collect();
        assert!(pairs.contains(&wanted), "{name}: {pairs:?}");
        // A wrong day can stand against several facts, and a moment has its day beside it.
        assert!(pairs.len() <= 2, "{name}: {pairs:?}");
        for (c, _) in &step.expect.channels {
            match d.answer.outcome(*c).only() {
                Some(_) => settled += 1,
                None => open += 1,
            }
        }
    }
    assert!(files >= 28 && settled >= 20, "{files} files, {settled} settled, {open} open");
}

#[test]
fn a_contradiction_in_a_list_that_is_not_complete_is_found_too() {
    let mut facts = facts_of("convictions = [{ convicted_on = 2016-05-03 }, \"maybe more\"]");
    let list = comity_model::schema::find_list("convictions").unwrap();
    assert_eq!(facts.list(list).state, ListState::AtLeast);
    assert_eq!(contradictions(&facts).len(), 1);
    let on = list.field("convicted_on").unwrap();
    facts.list_mut(list).set(0, on, Value::Date(Day::parse("2016-05-02").unwrap()));
    assert_eq!(contradictions(&facts).len(), 0);
}
