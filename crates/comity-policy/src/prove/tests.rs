//! Contradictions that must be found, policies that must be proved, and random ones
//! against random cases.

use super::*;
use crate::file;
use comity_model::place::Places;
use comity_model::{Diagnostic, SourceText};

mod differ;
mod instruments;
mod library;
mod random;

const PLACES: &str = r#"
[[place]]
code = "us-ca"
name = "California"
kind = "state"
circuit = 9
[[place]]
code = "us-tx"
name = "Texas"
kind = "state"
circuit = 5
[[place]]
code = "us-tx.travis"
name = "Travis County"
kind = "county"
[[place]]
code = "us-tx.austin"
name = "Austin"
kind = "city"
county = "us-tx.travis"
[[place]]
code = "us-tx.harris"
name = "Harris County"
kind = "county"
"#;

fn places() -> Places {
    Places::parse(&SourceText { name: "places.toml", text: PLACES }).unwrap()
}

/// A policy file: `head` overrides nothing, it is what differs besides the rules.
fn text(id: &str, place: &str, level: &str, head: &str, rules: &str) -> String {
    format!(
        r#"id = "{id}"
instrument = "{id}"
title = "Test"
place = "{place}"
level = "{level}"
source = {{ cite = "c", verified = "primary", checked_on = 2026-11-21 }}
date_rounding = "down"
not_coded = "Nothing."
{head}
{rules}"#
    )
}

const ALWAYS: &str = "in_force = { from = 2014-01-01 }";

fn rule(id: &str, says: &str, rest: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\ncite = \"c\"\nsays = \"s\"\n{says}\n{rest}\n")
}

fn load(text: &str) -> Policy {
    let loaded = file::load("t.toml", text.as_bytes(), &places());
    loaded
        .unwrap_or_else(|e| {
            panic!("{}\n{text}", e.iter().map(Diagnostic::to_string).collect::<String>())
        })
        .policy
}

fn alone(head: &str, rules: &[String]) -> Report {
    let report = prove_policy(
        &load(&text("us-ca.a.2014", "us-ca", "state", head, &rules.concat())),
        &places(),
    );
    assert_eq!(report.unsettled, 0, "{:?}", report.diagnostics);
    report
}

/// May `a`, must not `b`: the report of the pair.
fn pair(a: &str, b: &str) -> Report {
    alone(
        ALWAYS,
        &[
            rule("a", "may = [\"hold\"]", &format!("when = \"\"\"{a}\"\"\"")),
            rule("b", "must_not = [\"hold\"]", &format!("when = \"\"\"{b}\"\"\"")),
        ],
    )
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.diagnostics.iter().map(|d| d.code).collect()
}

#[track_caller]
fn conflicts(a: &str, b: &str) -> String {
    let report = pair(a, b);
    assert_eq!(codes(&report), ["contradicting-rules"], "{a}  /  {b}");
    assert!(!report.is_proof());
    report.diagnostics[0].help.clone()
}

#[track_caller]
fn proved(a: &str, b: &str) {
    let report = pair(a, b);
    assert!(
        codes(&report).iter().all(|c| *c == "dead-rule"),
        "{a}  /  {b}: {:?}",
        report.diagnostics
    );
    assert_eq!(report.pairs_checked, 1);
    assert!(report.is_proof());
}

#[test]
fn a_pair_that_meets_is_shown_with_its_case_and_its_line() {
    let report = pair("request.form == 'I-247'", "person.us_citizen");
    assert_eq!(codes(&report), ["contradicting-rules"]);
    let d = &report.diagnostics[0];
    assert_eq!(d.message, "`a` and `b` disagree on `hold` and can apply together");
    assert_eq!((d.file.as_str(), d.line > 0), ("t.toml", true));
    for line in ["request.form = \"I-247\"", "person.us_citizen = true", "decision.on = 20"] {
        assert!(d.help.contains(line), "{line}:\n{}", d.help);
    }
    assert!(!d.help.contains("place."), "the place of the policy goes without saying:\n{}", d.help);
}

#[test]
fn sets_exclude_each_other() {
    proved("request.form == 'I-247'", "request.form == 'I-247A'");
    proved("request.form in ['I-247', 'other']", "request.form in ['I-247A', 'I-247D']");
    proved(
        "request.form != 'I-247'",
        "!(request.form in ['I-247A', 'I-247D', 'none', 'other', 'I-247N', 'I-247X'])",
    );
    conflicts("request.form in ['I-247', 'other']", "request.form in ['I-247A', 'other']");
    conflicts(
        "request.probable_cause_basis == identification.status_basis",
        "request.probable_cause_basis != 'none'",
    );
    proved(
        "request.probable_cause_basis == identification.status_basis && identification.status_basis == 'none'",
        "request.probable_cause_basis in ['final_order', 'statements']",
    );
    let help = conflicts(
        "charges.exists(c, c.category == 'theft')",
        "charges.all(c, c.category in ['theft', 'burglary'])",
    );
    assert!(help.contains("charges[0].category = \"theft\"\n# and no other charge"), "{help}");
    proved(
        "charges.exists(c, c.category == 'theft')",
        "charges.all(c, c.category in ['robbery', 'burglary'])",
    );
}

#[test]
fn numbers_meet_at_their_thresholds() {
    proved("person.age_years < 18", "person.age_years >= 18");
    proved("person.age_years <= 17", "person.age_years == 18 || person.age_years > 18");
    let help = conflicts("person.age_years <= 18", "person.age_years >= 18");
    assert!(help.contains("person.age_years = 18"), "{help}");
    proved("person.age_years < 0", "true");
    conflicts("person.age_years != 3", "person.age_years != 4 && person.age_years < 5");
    proved(
        "person.age_years != 3 && person.age_years > 2",
        "person.age_years != 4 && person.age_years < 5",
    );
}

#[test]
fn days_meet_within_windows() {
    let recent =
        |y| format!("convictions.exists(c, within(c.convicted_on, request.issued_on, years({y})))");
    let old = |y| {
        format!("convictions.exists(c, !within(c.convicted_on, request.issued_on, years({y})))")
    };
    conflicts(&recent(5), &recent(10));
    conflicts(&recent(5), &old(5));
    let one = |inner: &str| format!("convictions.exists(c, {inner})");
    proved(
        &one(
            "within(c.convicted_on, decision.on, years(5)) && !within(c.convicted_on, decision.on, years(10))",
        ),
        "true",
    );
    let help = conflicts(
        &one(
            "within(c.convicted_on, decision.on, years(10)) && !within(c.convicted_on, decision.on, years(5))",
        ),
        "decision.on == date('2016-02-29')",
    );
    assert!(help.contains("decision.on = 2016-02-29"), "{help}");
    // 2011-02-28 is the first day of the window that ends on the leap day.
    proved(
        "person.final_order_on == date('2011-02-28') && !within(person.final_order_on, decision.on, years(5))",
        "decision.on == date('2016-02-29')",
    );
    proved(
        "within(person.final_order_on, decision.on, days(10))",
        "person.final_order_on > decision.on",
    );
    // Two windows in a row reach as far as their sum, and no further.
    let chain = "within(person.entered_on, person.present_since, days(30)) && within(person.present_since, decision.on, days(40)) && decision.on == date('2016-07-01')";
    conflicts(chain, "person.entered_on == date('2016-04-22')");
    proved(chain, "person.entered_on == date('2016-04-21')");
    conflicts(chain, "person.entered_on < date('2016-04-23')");
    proved(chain, "person.entered_on < date('2016-04-22')");
}

#[test]
fn quantifiers_count() {
    let some = |n: u32, c: &str| format!("convictions.at_least({n}, c, {c})");
    proved(&some(3, "c.serious"), "!convictions.at_least(2, c, c.serious)");
    let help = conflicts(&some(3, "c.serious"), "!convictions.at_least(4, c, c.serious)");
    assert!(help.contains("convictions[2].serious = true"), "{help}");
    assert!(!help.contains("convictions[3]"), "{help}");
    conflicts(
        &some(2, "c.serious"),
        "convictions.exists(c, !c.serious) && !convictions.at_least(4, c, true)",
    );
    proved(
        &some(2, "c.serious"),
        "convictions.at_least(2, c, !c.serious) && !convictions.at_least(4, c, true)",
    );
    proved(&some(2, "c.serious"), "convictions.all(c, !c.serious)");
    let distinct =
        |n: u32| format!("convictions.at_least({n}, c.incident, c, c.level == 'misdemeanor')");
    conflicts(&distinct(3), "!convictions.at_least(4, c, true)");
    proved(&distinct(3), "!convictions.at_least(3, c, true)");
    conflicts(&some(3, "c.level == 'misdemeanor'"), &format!("!({})", distinct(2)));
    conflicts("!convictions.all(c, c.serious)", "!charges.exists(c, c.serious)");
    let both =
        "convictions.exists(c, charges.exists(d, c.category == d.category && d.level == 'felony'))";
    conflicts(both, "charges.exists(c, c.level == 'infraction')");
    proved(both, "charges.all(c, c.level != 'felony')");
}

#[test]
fn an_exception_in_a_universal_is_not_called_a_proof() {
    let rules = [
        rule(
            "a",
            "may = [\"hold\"]",
            "when = \"convictions.all(c, charges.exists(d, c.statute != d.statute)) && convictions.exists(c, c.serious)\"",
        ),
        rule(
            "b",
            "must_not = [\"hold\"]",
            "when = \"charges.all(c, c.statute == 'x') && convictions.all(c, c.statute == 'x')\"",
        ),
    ];
    let policy = load(&text("us-ca.a.2014", "us-ca", "state", ALWAYS, &rules.concat()));
    let report = prove_policy(&policy, &places());
    assert_eq!((codes(&report), report.unsettled), (vec!["unproved-rules"], 1));
    assert!(!report.is_proof() && !report.diagnostics[0].is_error());
}

#[test]
fn overrides_and_unless_resolve() {
    let a = rule("a", "may = [\"hold\"]", "when = \"person.final_order\"");
    let b = |more: &str| {
        rule("b", "must_not = [\"hold\"]", &format!("when = \"person.us_citizen\"\n{more}"))
    };
    assert_eq!(codes(&alone(ALWAYS, &[a.clone(), b("")])), ["contradicting-rules"]);
    assert!(alone(ALWAYS, &[a.clone(), b("unless = \"person.final_order\"")]).is_proof());
    assert!(alone(ALWAYS, &[a.clone(), b("overrides = [\"a\"]")]).is_proof());
    // A third rule that overrides one of them whenever both hold.
    let third = |when: &str, over: &str| {
        rule(
            "c",
            "flag = \"f\"\nflag_says = \"s\"",
            &format!("when = \"{when}\"\noverrides = [\"{over}\"]"),
        )
    };
    assert!(alone(ALWAYS, &[a.clone(), b(""), third("person.final_order", "b")]).is_proof());
    assert_eq!(
        codes(&alone(ALWAYS, &[a.clone(), b(""), third("person.visa_abuse", "b")])),
        ["contradicting-rules"]
    );
    // And a fourth that overrides the third brings the contradiction back.
    let fourth = rule(
        "d",
        "flag = \"f\"\nflag_says = \"s\"",
        "when = \"person.us_citizen\"\noverrides = [\"c\"]",
    );
    assert_eq!(
        codes(&alone(ALWAYS, &[a, b(""), third("person.final_order", "b"), fourth])),
        ["contradicting-rules"]
    );
}

#[test]
fn stances_that_agree_are_not_asked_about() {
    let say = |id: &str, says: &str| rule(id, says, "");
    let report = alone(
        ALWAYS,
        &[
            say("a", "may = [\"hold\"]"),
            say("b", "protect = [\"hold\"]"),
            say("c", "must = [\"notify\"]"),
        ],
    );
    assert_eq!((report.pairs_checked, report.is_proof()), (0, true));
    let report = alone(
        ALWAYS,
        &[say("a", "may = [\"hold\", \"notify\"]"), say("b", "must = [\"hold\", \"notify\"]")],
    );
    assert_eq!(
        report.diagnostics[0].message,
        "`a` and `b` disagree on `hold`, `notify` and can apply together"
    );
}

#[test]
fn dates_and_persons_bound_limit_the_case() {
    let rules = |more: &str| {
        [
            rule("a", "may = [\"hold\"]", "when = \"request.form == 'I-247'\""),
            rule("b", "must_not = [\"hold\"]", more),
        ]
    };
    // The rule's own dates, the instrument's dates, and whom it binds.
    assert!(
        alone(ALWAYS, &rules("when = \"decision.on < date('2014-01-01')\""))
            .diagnostics
            .iter()
            .all(|d| d.code == "dead-rule")
    );
    let whom = "in_force = { from = 2014-01-01 }\napplies_when = \"request.form != 'I-247'\"\napplies_says = \"s\"";
    assert_eq!(codes(&alone(whom, &rules(""))), ["dead-rule"]);
    let anchored =
        "in_force = { from = 2014-01-01, until = 2014-12-31 }\nanchor = \"request_issued\"";
    let d = alone(anchored, &rules("from = 2014-06-01"));
    assert_eq!(codes(&d), ["contradicting-rules"]);
    assert!(
        d.diagnostics[0].help.contains("request.issued_on = 2014-"),
        "{}",
        d.diagnostics[0].help
    );
}

#[test]
fn a_case_that_contradicts_itself_is_no_case() {
    proved("person.us_citizen", "person.removable");
    proved("person.final_order_on > decision.on", "true && request.asks_hold");
    proved("request.form == 'I-247A'", "request.issued_on < date('2017-02-01')");
    conflicts("request.form == 'I-247A'", "request.issued_on < date('2017-02-02')");
    proved("request.warrant == 'none'", "request.warrant_signed_by == 'federal_judge'");
    proved("convictions.exists(c, c.offense_on > c.convicted_on)", "true");
    proved("convictions.at_least(2, c, c.convicted_on > decision.on)", "true");
    // The booking stands between the two, though nobody reads it.
    proved("custody.arrested_on > custody.release_eligible_on", "true");
    conflicts(
        "person.born_on == date('1990-01-01') && custody.booked_on == date('2015-01-01')",
        "person.age_years >= 25",
    );
    proved(
        "person.born_on == date('1990-01-01') && custody.booked_on == date('2015-01-01')",
        "person.age_years >= 27",
    );
}

/// Without a request there is no issue date; a condition that reads both is still asked.
#[test]
fn a_fact_that_another_rules_out_may_be_unknown() {
    let a = "request.form == 'none'";
    let b = "request.form == 'none' || request.issued_on > date('2015-01-01')";
    let help = conflicts(a, b);
    assert!(help.contains("form = \"none\"") && !help.contains("issued_on"), "{help}");
    conflicts("!(request.form != 'none' && request.issued_on > date('2015-01-01'))", a);
    proved(a, "request.issued_on > date('2015-01-01')");
    proved(a, "!(request.issued_on > date('2015-01-01'))");
    proved(a, "person.visa_abuse && within(request.issued_on, decision.on, days(10))");
}

#[test]
fn places_are_those_of_the_registry() {
    let policy = |when: &str| {
        let rules = [
            rule("a", "may = [\"hold\"]", &format!("when = \"{when}\"")),
            rule("b", "must_not = [\"hold\"]", ""),
        ];
        prove_policy(&load(&text("us.a.2014", "us", "federal", ALWAYS, &rules.concat())), &places())
    };
    assert_eq!(
        codes(&policy("place.circuit == 9 && place.state == 'us-ca'")),
        ["contradicting-rules"]
    );
    assert_eq!(codes(&policy("place.circuit == 9 && place.state == 'us-tx'")), ["dead-rule"]);
    assert_eq!(
        codes(&policy("place.city == 'us-tx.austin' && place.county != 'us-tx.travis'")),
        ["dead-rule"]
    );
    assert_eq!(
        codes(&policy("place.state == 'us-tx' && place.county != 'us-tx.travis'")),
        ["contradicting-rules"]
    );
}

#[test]
fn dead_rules_are_warnings() {
    let report = alone(
        ALWAYS,
        &[rule("a", "may = [\"hold\"]", "when = \"person.final_order && !person.final_order\"")],
    );
    assert_eq!(codes(&report), ["dead-rule"]);
    assert!(report.is_proof() && !report.diagnostics[0].is_error());
    let over = rule("b", "flag = \"f\"\nflag_says = \"s\"", "overrides = [\"a\"]");
    let under = rule("a", "may = [\"hold\"]", "when = \"person.final_order\"");
    assert_eq!(codes(&alone(ALWAYS, &[under, over])), ["dead-rule"]);
}

#[test]
fn many_overrides_cost_no_more_than_their_number() {
    let mut rules = Vec::new();
    for i in 0..60 {
        let over: Vec<String> = (0..i).map(|j| format!("\"r{j}\"")).collect();
        let says = if i % 2 == 0 { "may" } else { "must_not" };
        let more = format!("when = \"person.age_years > {i}\"\noverrides = [{}]", over.join(", "));
        rules.push(rule(&format!("r{i}"), &format!("{says} = [\"hold\"]"), &more));
    }
    let report = alone(ALWAYS, &rules);
    assert_eq!(report.pairs_checked, 900);
    assert!(report.is_proof());
}

#[test]
fn the_limits_are_those_of_the_reader() {
    use comity_model::Day;
    assert_eq!(Day::parse("1000-01-01"), Some(Day(-354_285)));
    assert_eq!(Day::parse("9999-12-31"), Some(Day(2_932_896)));
    assert_eq!(Day::parse("2015-07-01"), Some(Day(16_617)));
}
