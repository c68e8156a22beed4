//! Where instruments part, and that they do not where nothing differs.

use super::*;
use crate::channel::{Channel, Stance};

fn one(id: &str, rules: &[String]) -> Policy {
    load(&text(id, "us-ca", "state", ALWAYS, &rules.concat()))
}

fn on(found: &[(Channel, Compared)], channel: Channel) -> &Compared {
    &found.iter().find(|(c, _)| *c == channel).unwrap().1
}

#[track_caller]
fn parting(found: &[(Channel, Compared)], channel: Channel) -> &Parting {
    match on(found, channel) {
        Compared::Parts(parting) => parting,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_version_that_adds_an_exception_parts_on_it_and_on_nothing_else() {
    let hold = rule("hold", "must_not = [\"hold\", \"notify\"]", "");
    let a = one("us-ca.a.2014", std::slice::from_ref(&hold));
    let narrowed = rule(
        "hold",
        "must_not = [\"hold\"]",
        "unless = \"request.warrant == 'judicial' && person.age_years > 17\"",
    );
    let notify = rule("notify", "must_not = [\"notify\"]", "");
    let b = one("us-ca.b.2015", &[narrowed, notify]);
    let found = compare(&a, &b, &places());
    assert_eq!(found.len(), 2);
    assert!(matches!(on(&found, Channel::Notify), Compared::Same));
    let parting = parting(&found, Channel::Hold);
    assert_eq!((parting.first.stance, parting.second.stance), (Stance::MustNot, Stance::Silent));
    assert_eq!(parting.first.clause.as_ref().unwrap().0, "hold");
    assert_eq!(parting.second.clause, None);
    assert_eq!(parting.lines, ["person.age_years = 18", "request.warrant = \"judicial\""]);
}

#[test]
fn an_instrument_does_not_part_from_itself_nor_from_the_same_said_otherwise() {
    let a = one("us-ca.a.2014", &[rule("a", "may = [\"hold\"]", "when = \"person.us_citizen\"")]);
    let b = one(
        "us-ca.b.2014",
        &[rule(
            "b",
            "may = [\"hold\"]",
            "unless = \"!person.us_citizen || person.removable && !person.us_citizen\"",
        )],
    );
    for (x, y) in [(&a, &a), (&a, &b), (&b, &a)] {
        for (channel, compared) in compare(x, y, &places()) {
            assert!(matches!(compared, Compared::Same), "{channel}: {compared:?}");
        }
    }
}

#[test]
fn whom_an_instrument_binds_is_a_difference_too() {
    let rules = [rule("a", "must = [\"notify\"]", "")];
    let a = one("us-ca.a.2014", &rules);
    let bound =
        format!("{ALWAYS}\napplies_when = \"person.age_years >= 18\"\napplies_says = \"Adults.\"");
    let b = load(&text("us-ca.b.2014", "us-ca", "state", &bound, &rules.concat()));
    let found = compare(&a, &b, &places());
    let parting = parting(&found, Channel::Notify);
    assert_eq!((parting.first.stance, parting.second.stance), (Stance::Must, Stance::Silent));
    assert_eq!(parting.lines.len(), 1, "{:?}", parting.lines);
    assert!(parting.lines[0].starts_with("person.age_years = "), "{:?}", parting.lines);
}
