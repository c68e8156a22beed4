//! What would settle an open answer: every set that is named can settle it, none is
//! larger than it must be, and none is missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::CaseFacts;
use comity_model::facts::{FactPath, Value};
use comity_model::schema::find_scalar;
use comity_policy::{Channel, Library, Modality, Need, PolicyFile, Scope};
use std::cell::Cell;
use support::filling::shown;
use support::small::{self, hold, settles};
use support::tape::{Tape, for_all};

/// An open answer on `hold`, with its sets of facts.
struct Open {
    library: Library,
    text: String,
    facts: CaseFacts,
    needs: Vec<Need>,
}

impl Open {
    fn of(tape: &mut Tape, policies: usize, depth: usize) -> Option<Open> {
        let (library, text) = small::library(tape, policies, depth)?;
        let facts = small::case(tape, 2);
        let d = library.derive(&facts, &Scope::InForce);
        if !d.problems.is_empty() {
            return None;
        }
        let needs = d.needs.into_iter().find(|(c, _)| *c == Channel::Hold)?.1;
        Some(Open { library, text, facts, needs })
    }

    /// True when some values of these facts, and of no other, settle the answer so.
    fn can(&self, outcome: Modality, set: &[FactPath]) -> Option<bool> {
        let wanted = [outcome.name()];
        settles(&self.library, &self.facts, set, &|l, f| hold(l, f) == wanted)
    }

    fn tell(&self, what: &str) -> String {
        let needs: Vec<String> = self
            .needs
            .iter()
            .map(|n| format!("  {} {}", n.outcome.name(), named(&n.facts)))
            .collect();
        format!(
            "{what}\nneeds:\n{}\n{}\nfacts:\n{}",
            needs.join("\n"),
            self.text,
            shown(&self.facts)
        )
    }
}

fn named(set: &[FactPath]) -> String {
    format!("{:?}", set.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn counted(counter: &Cell<usize>) {
    counter.set(counter.get() + 1);
}

#[test]
fn every_named_set_can_settle_the_answer_as_it_says() {
    let tried = Cell::new(0);
    for_all(11, 900, 90, |tape| {
        let (policies, depth) = (1 + tape.pick(3), tape.pick(3));
        let Some(open) = Open::of(tape, policies, depth) else { return Ok(()) };
        for need in &open.needs {
            match open.can(need.outcome, &need.facts) {
                Some(true) => counted(&tried),
                None => {}
                Some(false) => {
                    let set = named(&need.facts);
                    return Err(open.tell(&format!("{set} cannot lead to {}", need.outcome.name())));
                }
            }
        }
        Ok(())
    });
    assert!(tried.get() > 400, "only {} sets were tried", tried.get());
}

#[test]
fn no_named_set_is_larger_than_it_must_be() {
    let tried = Cell::new(0);
    for_all(12, 900, 90, |tape| {
        let (policies, depth) = (1 + tape.pick(3), tape.pick(3));
        let Some(open) = Open::of(tape, policies, depth) else { return Ok(()) };
        for need in &open.needs {
            for i in 0..need.facts.len() {
                let mut fewer = need.facts.clone();
                fewer.remove(i);
                match open.can(need.outcome, &fewer) {
                    Some(false) => counted(&tried),
                    None => {}
                    Some(true) => {
                        let (set, fewer) = (named(&need.facts), named(&fewer));
                        let what =
                            format!("{fewer} of {set} leads to {} alone", need.outcome.name());
                        return Err(open.tell(&what));
                    }
                }
            }
        }
        Ok(())
    });
    assert!(tried.get() > 400, "only {} sets were tried", tried.get());
}

#[test]
fn no_set_of_one_or_two_facts_that_would_settle_the_answer_is_missing() {
    let tried = Cell::new(0);
    for_all(13, 400, 90, |tape| {
        let (policies, depth) = (1 + tape.pick(3), tape.pick(3));
        let Some(open) = Open::of(tape, policies, depth) else { return Ok(()) };
        let unknown = small::unknown(&open.facts);
        let mut sets: Vec<Vec<FactPath>> = unknown.iter().map(|p| vec![*p]).collect();
        for (i, a) in unknown.iter().enumerate() {
            sets.extend(unknown[i + 1..].iter().map(|b| vec![*a, *b]));
        }
        for m in Modality::ALL {
            for set in &sets {
                let named_already = open
                    .needs
                    .iter()
                    .any(|n| n.outcome == m && n.facts.iter().all(|f| set.contains(f)));
                if named_already {
                    continue;
                }
                match open.can(m, set) {
                    Some(false) => counted(&tried),
                    None => {}
                    Some(true) => {
                        return Err(open.tell(&format!(
                            "{} would lead to {}",
                            named(set),
                            m.name()
                        )));
                    }
                }
            }
        }
        Ok(())
    });
    assert!(tried.get() > 1_500, "only {} sets were tried", tried.get());
}

#[test]
fn a_settled_answer_needs_nothing() {
    for_all(14, 1_500, 90, |tape| {
        let Some((library, text)) = small::library(tape, 2, 1) else { return Ok(()) };
        let facts = small::case(tape, 2);
        let d = library.derive(&facts, &Scope::InForce);
        for c in Channel::ALL {
            let open = d.answer.outcome(c).only().is_none();
            if open != d.needs.iter().any(|(x, _)| *x == c) {
                return Err(format!("{c} is open: {open}\n{text}"));
            }
        }
        Ok(())
    });
}

const HEAD: &str = r#"title = "A policy"
place = "us"
in_force = { from = 2010-01-01 }
source = { cite = "Example Act", verified = "primary", checked_on = 2026-11-21 }
not_coded = "Nothing."
"#;

fn library_of(policies: &[(&str, &str, &str)]) -> Library {
    let mut files = vec![PolicyFile { name: "places.toml".to_owned(), bytes: Vec::new() }];
    for (id, level, rules) in policies {
        let text = format!("id = \"{id}\"\nlevel = \"{level}\"\n{HEAD}{rules}");
        files.push(PolicyFile { name: format!("{id}.toml"), bytes: text.into_bytes() });
    }
    Library::load(&files).unwrap_or_else(|f| panic!("{}", support::shown(&f)))
}

fn case_on(day: &str) -> CaseFacts {
    let mut facts = CaseFacts::default();
    let day = comity_model::Day::parse(day).unwrap();
    facts.set(find_scalar("decision.on").unwrap(), Value::Date(day));
    facts
}

/// The sets of facts on a channel, as `outcome: fact and fact`.
fn needs_of(library: &Library, facts: &CaseFacts) -> Vec<String> {
    let d = library.derive(facts, &Scope::InForce);
    let mut out = Vec::new();
    for n in d.needs.iter().filter(|(c, _)| *c == Channel::Hold).flat_map(|(_, n)| n) {
        let facts: Vec<String> = n.facts.iter().map(ToString::to_string).collect();
        out.push(format!("{}: {}", n.outcome.name(), facts.join(" and ")));
    }
    out.sort();
    out
}

const AFFIDAVIT_RULE: &str = r#"
[default]
must_not = ["hold"]
cite = "§ 1"
says = "No hold."
[[rule]]
id = "affidavit"
cite = "§ 2"
says = "With an affidavit."
may = ["hold"]
when = "request.asks_hold && request.supporting_affidavit"
"#;

#[test]
fn a_permission_with_two_conditions_needs_both_and_its_refusal_one() {
    let library = library_of(&[("a", "state", AFFIDAVIT_RULE)]);
    let wanted = [
        "may: request.asks_hold and request.supporting_affidavit",
        "must_not: request.asks_hold",
        "must_not: request.supporting_affidavit",
    ];
    assert_eq!(needs_of(&library, &case_on("2015-01-01")), wanted);
}

#[test]
fn what_binds_from_above_needs_nothing_of_the_law_below() {
    let above = "[[rule]]\nid = \"r\"\ncite = \"§ 1\"\nsays = \"A bar.\"\nmust_not = [\"hold\"]\nwhen = \"person.us_citizen\"\n";
    let library = library_of(&[("a", "federal", above), ("b", "state", AFFIDAVIT_RULE)]);
    let found = needs_of(&library, &case_on("2015-01-01"));
    assert!(found.contains(&"must_not: person.us_citizen".to_owned()), "{found:?}");
    assert!(found.contains(&"must_not: request.asks_hold".to_owned()), "{found:?}");
    let wanted = "may: person.us_citizen and request.asks_hold and request.supporting_affidavit";
    assert!(found.contains(&wanted.to_owned()), "{found:?}");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_window_says_between_which_days_the_date_must_lie() {
    let rules = "date_rounding = \"down\"\n[default]\nmust_not = [\"hold\"]\ncite = \"§ 1\"\nsays = \"No hold.\"\n\
        [[rule]]\nid = \"recent\"\ncite = \"§ 2\"\nsays = \"Recent.\"\nmay = [\"hold\"]\n\
        when = \"within(person.final_order_on, decision.on, years(5))\"\n";
    let library = library_of(&[("a", "state", rules)]);
    let facts = case_on("2016-02-29");
    let e = library.explain(&facts, &Scope::InForce, None);
    let needs = &e.channels.iter().find(|v| v.channel == Channel::Hold).unwrap().needs;
    let says: Vec<(&str, &str)> =
        needs.iter().map(|n| (n.outcome.name(), n.when[0].as_str())).collect();
    assert_eq!(
        says,
        [
            ("may", "person.final_order_on is between 2011-02-28 and 2016-02-29"),
            ("must_not", "person.final_order_on is not between 2011-02-28 and 2016-02-29"),
        ]
    );
}

#[test]
fn a_list_that_may_hold_more_needs_what_else_its_condition_reads() {
    let rules = "date_rounding = \"down\"\n[default]\nmust_not = [\"hold\"]\ncite = \"§ 1\"\nsays = \"No hold.\"\n\
        [[rule]]\nid = \"recent\"\ncite = \"§ 2\"\nsays = \"Recent.\"\nmay = [\"hold\"]\n\
        when = \"convictions.exists(c, c.serious && within(c.convicted_on, request.issued_on, years(5)))\"\n";
    let library = library_of(&[("a", "state", rules)]);
    let found = needs_of(&library, &case_on("2015-01-01"));
    assert_eq!(found, ["may: request.issued_on and convictions", "must_not: convictions"]);
}

#[test]
fn one_fact_with_one_value_is_never_asked_to_have_two() {
    // `warrant` cannot be both I-200 and I-205: the rule is dead, and *may* out of reach.
    let rules = "[default]\nmust_not = [\"hold\"]\ncite = \"§ 1\"\nsays = \"No hold.\"\n\
        [[rule]]\nid = \"both\"\ncite = \"§ 2\"\nsays = \"Both.\"\nmay = [\"hold\"]\n\
        when = \"request.warrant == 'I-200' && request.warrant == 'I-205'\"\n";
    let library = library_of(&[("a", "state", rules)]);
    let found = needs_of(&library, &case_on("2015-01-01"));
    assert_eq!(found, ["must_not: request.warrant"]);
}
