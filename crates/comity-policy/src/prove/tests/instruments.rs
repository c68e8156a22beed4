//! Instruments of one level that meet, or do not.

use super::*;
use crate::library::PolicyFile;

fn library(policies: &[(&str, String)]) -> Report {
    let mut files = vec![PolicyFile { name: "places.toml".to_owned(), bytes: PLACES.into() }];
    for (name, text) in policies {
        files.push(PolicyFile { name: (*name).to_owned(), bytes: text.clone().into_bytes() });
    }
    let library = Library::load(&files).unwrap_or_else(|e| panic!("{e:?}"));
    prove(&library)
}

fn two(a: (&str, &str, &str), b: (&str, &str, &str), head_b: &str) -> Report {
    let of = |id: &str, (place, level, rules): (&str, &str, &str), head: &str| {
        text(id, place, level, head, rules)
    };
    library(&[
        ("a.toml", of(&format!("{}.a.2014", a.0), a, ALWAYS)),
        ("b.toml", of(&format!("{}.b.2014", b.0), b, head_b)),
    ])
}

#[test]
fn instruments_of_one_level_that_meet() {
    let must = rule("m", "must = [\"hold\"]", "when = \"request.warrant == 'judicial'\"");
    let must_not = rule("n", "must_not = [\"hold\"]", "when = \"person.us_citizen\"");
    let report =
        two(("us-tx.travis", "county", &must), ("us-tx.austin", "city", &must_not), ALWAYS);
    assert_eq!(codes(&report), ["contradicting-instruments"]);
    assert_eq!(report.instruments_pairs, 1);
    let d = &report.diagnostics[0];
    assert!(d.message.contains("`us-tx.travis.a.2014` says must (m)"), "{}", d.message);
    assert!(
        d.help.contains("in us-tx.austin") && d.help.contains("request.warrant = \"judicial\""),
        "{}",
        d.help
    );
    // Elsewhere, on another level, or at another time there is no contradiction.
    assert!(
        two(("us-tx.harris", "county", &must), ("us-tx.austin", "city", &must_not), ALWAYS)
            .is_proof()
    );
    assert!(two(("us-tx", "state", &must), ("us-tx.austin", "city", &must_not), ALWAYS).is_proof());
    let earlier = "in_force = { from = 2012-01-01, until = 2013-12-31 }";
    assert!(two(("us-tx", "state", &must), ("us-tx", "state", &must_not), earlier).is_proof());
    // The same dates for another day: a request may be older than the decision.
    let by_issue = format!("{earlier}\nanchor = \"request_issued\"");
    let report = two(("us-tx", "state", &must), ("us-tx", "state", &must_not), &by_issue);
    assert_eq!(codes(&report), ["contradicting-instruments"]);
    let later = "in_force = { from = 2012-01-01, until = 2013-12-31 }\nanchor = \"decision\"";
    assert!(two(("us-tx", "state", &must), ("us-tx", "state", &must_not), later).is_proof());
}

#[test]
fn defaults_speak_where_no_rule_does() {
    let default = |says: &str| format!("[default]\n{says}\ncite = \"c\"\nsays = \"s\"\n");
    let forbids = default("must_not = [\"hold\", \"notify\"]")
        + &rule("j", "may = [\"hold\", \"notify\"]", "when = \"request.warrant == 'judicial'\"");
    let must =
        |when: &str| rule("m", "must = [\"hold\", \"notify\"]", &format!("when = \"{when}\""));
    let run = |m: &str| two(("us-tx", "state", &must(m)), ("us-tx", "state", &forbids), ALWAYS);
    let report = run("request.warrant in ['judicial', 'I-200']");
    assert_eq!(codes(&report), ["contradicting-instruments"]);
    let d = &report.diagnostics[0];
    assert!(
        d.message.contains("`hold`, `notify`") || d.message.contains("`notify`, `hold`"),
        "{}",
        d.message
    );
    assert!(d.message.contains("must_not (default)") && d.help.contains("I-200"), "{d}");
    assert!(run("request.warrant == 'judicial'").is_proof());
    let protect = rule("p", "protect = [\"hold\"]", "");
    assert_eq!(
        codes(&two(("us-tx", "state", &protect), ("us-tx", "state", &forbids), ALWAYS)),
        ["contradicting-instruments"]
    );
}
