//! The canonical form: a hash stands for the law in a file, not for how it is written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::Places;
use comity_policy::file::load;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use support::{library, root, shown};

const CONTROL: &str = "cases/broken/control/us-oh.broken.2015.toml";

fn control() -> String {
    std::fs::read_to_string(root().join(CONTROL)).unwrap()
}

fn places() -> &'static Places {
    library().places()
}

fn hash_of(text: &str) -> String {
    let loaded = load("a.toml", text.as_bytes(), places());
    loaded.unwrap_or_else(|found| panic!("{}\n{text}", shown(&found))).policy.hash.to_string()
}

/// The control policy with one text replaced, which must be there exactly once.
fn replaced(old: &str, new: &str) -> String {
    let text = control();
    assert_eq!(text.matches(old).count(), 1, "{old:?} must occur once in {CONTROL}");
    text.replace(old, new)
}

/// A policy's text without its `[[case]]` tables, if nothing else comes after them.
fn without_cases(text: &str) -> Option<&str> {
    let at = text.find("\n[[case]]")?;
    let only_cases = text[at..]
        .lines()
        .all(|l| !l.trim_start().starts_with('[') || l.trim_start().starts_with("[[case]]"));
    only_cases.then(|| &text[..=at])
}

#[test]
fn how_a_policy_is_written_does_not_change_its_hash() {
    let wanted = hash_of(&control());
    let rows = [
        ("a comment at the end", control() + "\n# The end.\n"),
        ("a byte-order mark", format!("\u{feff}{}", control())),
        ("blank lines", control().replace('\n', "\n\n")),
        ("Windows line ends", control().replace('\n', "\r\n")),
        (
            "spaces around signs",
            replaced("level         = \"state\"", "level=\"state\"   # the rank"),
        ),
        (
            "quotes of the other kind",
            replaced("\"serious\"\ncite = \"§ 2\"", "'serious'\ncite = '§ 2'"),
        ),
        ("an escape", replaced("\"§ 4\"", "\"\\u00A7 4\"")),
        (
            "keys in another order",
            replaced("id   = \"danger\"\ncite = \"§ 4\"", "cite = \"§ 4\"\nid   = \"danger\""),
        ),
        (
            "a table written out",
            replaced("[define]", "[in_force]\nuntil = 2019-12-31\nfrom = 2015-01-01\n\n[define]")
                .replace("in_force      = { from = 2015-01-01, until = 2019-12-31 }\n", ""),
        ),
        (
            "a day as text",
            replaced(
                "values = [{ from = 2015-01-01, value = 5,",
                "values = [{ from = \"2015-01-01\", value = 5,",
            ),
        ),
        ("a number in another base", replaced("value = 5,", "value = 0x5,")),
        ("tables moved", {
            let text = control();
            let at = text.find("[define]").unwrap();
            let end = text.find("[default]").unwrap();
            let cases = text.find("[[case]]").unwrap();
            format!("{}{}{}{}", &text[..at], &text[end..cases], &text[at..end], &text[cases..])
        }),
        (
            "spaces and brackets in a condition",
            replaced(
                "\"convictions.exists(c, c.level == 'felony' && c.serious)\"",
                "\"\"\"\n  convictions.exists( c,\n    (c.level=='felony') && ((c.serious)) // grave\n  )\"\"\"",
            ),
        ),
        (
            "a set value in other quotes",
            replaced("c.level == 'felony'", "c.level == \\\"felony\\\""),
        ),
        ("no cases", without_cases(&control()).unwrap().to_owned()),
        ("another case", replaced("name       = \"a serious felony\"", "name       = \"grave\"")),
        (
            "another answer in a case",
            replaced(
                "facts      = { threat = { national_security = true } }\nexpect     = { hold = \"may\", rule = \"danger\" }",
                "facts      = { threat = { national_security = false } }\nexpect     = { hold = \"must_not\" }",
            ),
        ),
    ];
    for (what, text) in rows {
        assert_eq!(hash_of(&text), wanted, "{what}");
    }
    let elsewhere = load("another/name.toml", control().as_bytes(), places()).unwrap();
    assert_eq!(elsewhere.policy.hash.to_string(), wanted, "the name of the file");
}

#[test]
fn what_a_policy_says_changes_its_hash() {
    let rows = [
        ("id            = \"us-oh.broken.2015\"", "id = \"us-oh.broken.2016\""),
        ("instrument    = \"us-oh.broken\"", "instrument = \"us-oh.other\""),
        ("title         = \"A policy with one defect\"", "title = \"A policy\""),
        ("place         = \"us-oh\"", "place = \"us-pa\""),
        ("place         = \"us-oh\"", "place = [\"us-oh\", \"us-pa\"]"),
        ("level         = \"state\"", "level = \"county\""),
        ("{ from = 2015-01-01, until = 2019-12-31 }", "{ from = 2015-01-01, until = 2019-12-30 }"),
        ("{ from = 2015-01-01, until = 2019-12-31 }", "{ from = 2015-01-02, until = 2019-12-31 }"),
        ("{ from = 2015-01-01, until = 2019-12-31 }", "{ from = 2015-01-01 }"),
        ("source        = { cite = \"Example Act § 1\"", "source = { cite = \"Example Act § 2\""),
        ("https://example.org/act", "https://example.org/law"),
        ("verified = \"secondary\"", "verified = \"recalled\""),
        ("checked_on = 2026-11-21", "checked_on = 2026-11-22"),
        ("date_rounding = \"down\"", "date_rounding = \"up\""),
        ("not_coded     = \"Nothing.\"", "not_coded = \"Something.\""),
        ("not_coded     = \"Nothing.\"", "not_coded = \"Nothing.\"\nanchor = \"request_issued\""),
        (
            "not_coded     = \"Nothing.\"",
            "not_coded = \"Nothing.\"\napplies_when = \"custody.criminal_arrest\"\napplies_says = \"Some.\"",
        ),
        ("value = 5, cite = \"§ 3\"", "value = 6, cite = \"§ 3\""),
        ("value = 5, cite = \"§ 3\"", "value = 5, cite = \"§ 3(a)\""),
        ("[{ from = 2015-01-01, value = 5,", "[{ from = 2014-12-31, value = 5,"),
        ("unit   = \"years\"", "unit   = \"days\""),
        ("[\"assault\", \"burglary\"]", "[\"assault\"]"),
        ("c.level == 'felony'", "c.level != 'felony'"),
        ("c.level == 'felony' && c.serious", "c.level == 'felony' || c.serious"),
        ("must_not = [\"hold\"]", "must_not = [\"hold\", \"notify\"]"),
        ("must_not = [\"hold\"]", "must_not = [\"notify\"]"),
        ("cite     = \"§ 1\"", "cite     = \"§ 1(b)\""),
        ("says     = \"No one may be held unless a condition is met.\"", "says = \"No holds.\""),
        ("id   = \"recent\"", "id   = \"lately\""),
        ("cite = \"§ 4\"", "cite = \"§ 5\""),
        ("says = \"A danger to national security.\"", "says = \"Dangerous.\""),
        ("when = \"threat.national_security\"", "when = \"!threat.national_security\""),
        ("when = \"threat.national_security\"", "when = \"threat.terrorist_watchlist\""),
        ("when = \"threat.national_security\"", ""),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nunless = \"person.us_citizen\"",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\noverrides = [\"recent\"]",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nfrom = 2016-01-01",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nuntil = 2016-01-01",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nverified = \"recalled\"",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nhold_hours_max = 48",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nhold_hours_max = 24",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nhold_until = \"end_of_day\"",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nlabel = { priority = \"1\" }",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\nflag = \"contested\"\nflag_says = \"In court.\"",
        ),
        (
            "when = \"threat.national_security\"",
            "when = \"threat.national_security\"\n[[rule.duty]]\nid = \"tell\"\nsays = \"Tell.\"\ncite = \"§ 6\"",
        ),
    ];
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    seen.insert(hash_of(&control()), "the control".to_owned());
    for (old, new) in rows {
        let changed = format!("{old} -> {new}");
        if let Some(same) = seen.insert(hash_of(&replaced(old, new)), changed.clone()) {
            panic!("one hash for two laws:\n{changed}\n{same}");
        }
    }
}

#[test]
fn the_hash_is_the_sha_256_of_the_canonical_form() {
    for (_, p) in library().policies() {
        let hash = Sha256::digest(p.canonical.as_bytes());
        let hex: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(p.hash.to_string(), hex, "{}", p.id);
        assert!(p.canonical.contains(&p.id.0) && !p.canonical.contains('\n'), "{}", p.canonical);
    }
}

#[test]
fn no_two_policies_of_the_library_have_one_hash() {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (_, p) in library().policies() {
        if let Some(other) = seen.insert(p.hash.to_string(), &p.id.0) {
            panic!("{} and {other} have one hash", p.id);
        }
    }
}

#[test]
fn line_ends_comments_and_cases_change_no_hash_of_the_library() {
    let mut bare = 0;
    for (_, p) in library().policies() {
        let wanted = p.hash.to_string();
        assert_eq!(hash_of(&p.text), wanted, "{}: read twice", p.id);
        assert_eq!(hash_of(&format!("# A comment.\n{}", p.text)), wanted, "{}: a comment", p.id);
        assert_eq!(hash_of(&p.text.replace('\n', "\r\n")), wanted, "{}: Windows line ends", p.id);
        if let Some(text) = without_cases(&p.text) {
            assert_eq!(hash_of(text), wanted, "{}: without its cases", p.id);
            bare += 1;
        }
    }
    assert!(bare > 100, "only {bare} policies end with their cases");
}
