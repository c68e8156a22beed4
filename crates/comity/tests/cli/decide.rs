//! `comity decide` and what stands around it: cases from files and from standard input.

use super::ran::{comity, in_repository, repository, with_input};
use serde_json::Value;
use tempfile::TempDir;

/// A folder outside the repository, with some files.
fn elsewhere(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const CASE: &str = r#"
title = "A detainer with its papers"
on    = 2017-05-08
at    = "us-ks.sedgwick"
not_listed = "no"

[facts.request]
form      = "I-247A"
served_on_person = true
issued_on = 2017-05-06
asks_hold = true
warrant   = "I-200"

[facts.custody]
release_eligible_at = 2017-05-08T10:00:00
"#;

const DRAFT: &str = r#"
id       = "us-ks.draft.2017"
title    = "A draft"
place    = "us-ks"
level    = "state"
in_force = { from = 2017-01-01 }
source   = { cite = "Draft bill", verified = "primary", checked_on = 2026-11-21 }
not_coded = "Nothing."

[[rule]]
id   = "none"
cite = "Draft § 1"
says = "No one is held."
must_not = ["hold"]
when = "request.asks_hold"
"#;

fn channel<'j>(json: &'j Value, name: &str) -> &'j Value {
    let all = json["channels"].as_array().unwrap();
    all.iter().find(|c| c["channel"] == name).unwrap_or_else(|| panic!("no channel {name}"))
}

#[test]
fn a_case_is_decided_from_a_file_and_from_standard_input_alike() {
    let folder = elsewhere(&[("case.toml", CASE)]);
    let file = comity(folder.path(), &["decide", "case.toml"]).ends(0);
    assert!(file.out.contains("A detainer with its papers\n"), "{}", file.out);
    assert!(file.out.contains("under the law of 2017-05-08"), "{}", file.out);
    assert!(file.err.is_empty(), "{}", file.err);
    let input = with_input(folder.path(), &["decide", "-"], CASE).ends(0);
    assert_eq!(file.out, input.out);
    let json = r#"{ "on": "2017-05-08", "at": "us-ks.sedgwick", "title": "A detainer with its papers", "not_listed": "no",
        "facts": { "request": { "form": "I-247A", "served_on_person": true, "issued_on": "2017-05-06", "asks_hold": true, "warrant": "I-200" },
                   "custody": { "release_eligible_at": "2017-05-08T10:00:00" } } }"#;
    let input = with_input(folder.path(), &["decide", "-"], json).ends(0);
    assert_eq!(file.out, input.out, "JSON and TOML");
}

#[test]
fn the_answer_as_json_has_everything_that_a_program_needs() {
    let folder = elsewhere(&[("case.toml", CASE)]);
    let json = comity(folder.path(), &["decide", "case.toml", "--json"]).ends(0).json();
    for key in [
        "engine",
        "decided_on",
        "place",
        "channels",
        "problems",
        "flags",
        "labels",
        "duties",
        "caps",
        "clock",
        "policies",
    ] {
        assert!(json.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(json["decided_on"], "2017-05-08");
    assert_eq!(json["engine"], env!("CARGO_PKG_VERSION"));
    let hold = channel(&json, "hold");
    for key in [
        "answer",
        "possible",
        "discretion",
        "sentence",
        "mattered",
        "considered",
        "needs",
        "rests_on_unverified",
    ] {
        assert!(hold.get(key).is_some(), "channels[].{key} is missing");
    }
    assert_eq!(
        (&hold["answer"], &hold["possible"]),
        (&"must".into(), &serde_json::json!(["must"]))
    );
    assert_eq!(hold["rule"]["policy"], "us-ks.sedgwick.jail.2017");
    for key in ["title", "level", "rule", "cite", "says", "verified", "stance", "truth", "facts"] {
        assert!(hold["rule"].get(key).is_some(), "channels[].rule.{key} is missing");
    }
    assert_eq!(json["clock"]["status"], "reading");
    for p in json["policies"].as_array().unwrap() {
        let sha = p["sha256"].as_str().unwrap();
        assert!(sha.len() == 64 && sha.bytes().all(|b| b.is_ascii_hexdigit()), "{p}");
        assert!(p["verified"].is_string() && p["not_coded"].is_string(), "{p}");
    }
}

#[test]
fn a_case_of_several_days_gives_one_answer_a_day() {
    let mut many = 0;
    for entry in std::fs::read_dir(repository().join("cases/scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let steps = std::fs::read_to_string(&path).unwrap().matches("[[step]]").count();
        if steps > 1 && many < 3 {
            let name = path.display().to_string();
            let json = in_repository(&["decide", &name, "--json"]).json();
            assert_eq!(json.as_array().map(Vec::len), Some(steps), "{name}");
            many += 1;
        }
    }
    assert_eq!(many, 3);
}

#[test]
fn day_and_place_of_the_question_win_over_those_of_the_file() {
    let folder = elsewhere(&[("case.toml", CASE)]);
    let ran = comity(folder.path(), &["decide", "case.toml", "--on", "2017-02-13", "--json"]);
    assert_eq!(ran.json()["decided_on"], "2017-02-13");
    let ran = comity(
        folder.path(),
        &["decide", "case.toml", "--at", "us-il.cook", "--on", "2017-05-09", "--json"],
    );
    let json = ran.json();
    assert!(json["place"].as_str().unwrap().contains("Cook"), "{}", json["place"]);
    assert_eq!(channel(&json, "hold")["answer"], "must_not");
}

#[test]
fn an_open_answer_ends_with_3_and_names_what_is_missing() {
    let ran = in_repository(&["decide", "cases/scenarios/SC103.toml"]).ends(3);
    assert!(ran.out.contains("UNDETERMINED"), "{}", ran.out);
    assert!(ran.out.contains("find out"), "{}", ran.out);
}

#[test]
fn a_wrong_case_ends_with_1_and_says_file_line_and_next_step() {
    let folder = elsewhere(&[("case.toml", &CASE.replace("asks_hold = true", "aks_hold = true"))]);
    let ran = comity(folder.path(), &["decide", "case.toml"]).ends(1);
    assert!(ran.out.is_empty(), "{}", ran.out);
    for part in
        ["error[unknown-field]", "--> case.toml:11:1", "did you mean `asks_hold`?", "1 errors"]
    {
        assert!(ran.err.contains(part), "{part} is not in\n{}", ran.err);
    }
    let json = comity(folder.path(), &["decide", "case.toml", "--json"]).ends(1).json();
    let d = &json["findings"][0];
    assert_eq!(
        (&d["code"], &d["line"], &d["file"]),
        (&"unknown-field".into(), &11.into(), &"case.toml".into())
    );
}

#[test]
fn wrong_use_ends_with_2_and_says_what_would_be_right() {
    let folder = elsewhere(&[("case.toml", CASE)]);
    let rows: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["decide"], "Usage"),
        (&["descide", "case.toml"], "decide"),
        (&["decide", "case.toml", "--no-such-flag"], "--no-such-flag"),
        (&["decide", "missing.toml"], "missing.toml cannot be read"),
        (&["decide", "."], "cannot be read"),
        (&["decide", "case.toml", "--on", "2017-02-30"], "`2017-02-30` is no calendar day"),
        (&["decide", "case.toml", "--on", "May 8"], "a day such as 2018-01-05"),
        (&["decide", "case.toml", "--as-of", "2017-05-08T10:00:00"], "no moment"),
        (&["decide", "case.toml", "--depth", "lawyer"], "counsel"),
        (&["decide", "case.toml", "--with-library"], "--under"),
        (&["decide", "case.toml", "--under", "missing.toml"], "missing.toml cannot be read"),
        (&["decide", "case.toml", "--html", "no/such/folder/a.html"], "cannot be written"),
        (&["decide", "case.toml", "--policies", "nowhere"], "nowhere cannot be read"),
        (&["clock", "case.toml", "--as-of", "now"], "no moment"),
        (&["policy", "list", "--on", "2014-13-01"], "`2014-13-01` is no calendar day"),
        (&["completions", "cobol"], "bash"),
        (&["replay"], "--study"),
    ];
    for (args, part) in rows {
        let ran = comity(folder.path(), args);
        assert_eq!(ran.code, 2, "{args:?}\n{}{}", ran.out, ran.err);
        assert!(ran.err.contains(part), "{args:?}: {part} is not in\n{}", ran.err);
        assert!(ran.out.is_empty(), "{args:?} prints an error on standard output");
    }
}

#[test]
fn a_name_that_the_library_does_not_have_ends_with_1_and_suggests_one() {
    let folder = elsewhere(&[("case.toml", CASE)]);
    let rows: &[(&[&str], &str)] = &[
        (
            &["decide", "case.toml", "--under", "us-ks.sedgwick.jail.2018"],
            "did you mean `us-ks.sedgwick.jail.2017`?",
        ),
        (&["decide", "case.toml", "--at", "us-ks.sedgwik"], "did you mean `us-ks.sedgwick`?"),
        (&["policy", "show", "us-ca.trust-act"], "there is no policy `us-ca.trust-act`"),
        (&["policy", "list", "--at", "us-zz"], "there is no place `us-zz`"),
    ];
    for (args, part) in rows {
        let ran = comity(folder.path(), args);
        assert_eq!(ran.code, 1, "{args:?}\n{}{}", ran.out, ran.err);
        assert!(ran.err.contains(part), "{args:?}: {part} is not in\n{}", ran.err);
    }
}

#[test]
fn a_case_is_decided_under_one_policy_alone_by_id_or_as_a_draft() {
    let folder = elsewhere(&[("case.toml", CASE), ("draft.toml", DRAFT)]);
    let ran = comity(
        folder.path(),
        &["decide", "case.toml", "--under", "us-ks.sedgwick.jail.2017", "--json"],
    )
    .ends(0);
    assert_eq!(ran.json()["under"], serde_json::json!(["us-ks.sedgwick.jail.2017"]));
    assert_eq!(channel(&ran.json(), "hold")["answer"], "must");
    let ran = comity(folder.path(), &["decide", "case.toml", "--under", "draft.toml"]).ends(0);
    assert!(ran.out.contains("decided under us-ks.draft.2017 alone"), "{}", ran.out);
    assert!(ran.out.contains("MUST NOT") && ran.out.contains("Draft § 1"), "{}", ran.out);
}

#[test]
fn a_draft_in_the_library_binds_where_and_when_it_says() {
    let folder = elsewhere(&[("case.toml", CASE), ("draft.toml", DRAFT)]);
    let hold = |more: &[&str]| {
        let mut args =
            vec!["decide", "case.toml", "--under", "draft.toml", "--with-library", "--json"];
        args.extend(more);
        let json = comity(folder.path(), &args).json();
        channel(&json, "hold").clone()
    };
    let here = hold(&[]);
    assert_eq!(
        (&here["answer"], &here["rule"]["policy"]),
        (&"must_not".into(), &"us-ks.draft.2017".into())
    );
    assert_eq!(here["conflict"]["set_aside"]["policy"], "us-ks.sedgwick.jail.2017", "{here}");
    let before = hold(&["--on", "2016-12-31"]);
    assert_ne!(before["rule"]["policy"], "us-ks.draft.2017");
    let other_place = hold(&["--at", "us-fl.miami-dade"]);
    assert_ne!(other_place["rule"]["policy"], "us-ks.draft.2017");
}

#[test]
fn a_wrong_draft_is_refused_with_its_line() {
    let wrong = DRAFT.replace("request.asks_hold", "request.ask_hold == 'yes'");
    let folder = elsewhere(&[("case.toml", CASE), ("draft.toml", &wrong)]);
    for args in [
        &["decide", "case.toml", "--under", "draft.toml"][..],
        &["decide", "case.toml", "--under", "draft.toml", "--with-library"],
        &["policy", "check", "draft.toml"],
    ] {
        let ran = comity(folder.path(), args).ends(1);
        assert!(ran.err.contains("--> draft.toml:15:9"), "{args:?}\n{}", ran.err);
        assert!(ran.err.contains("did you mean `asks_hold`?"), "{args:?}\n{}", ran.err);
    }
}

#[test]
fn the_derivation_is_printed_for_counsel_and_written_as_a_page() {
    let folder = elsewhere(&[("case.toml", CASE)]);
    let ran = comity(
        folder.path(),
        &["decide", "case.toml", "--depth", "counsel", "--html", "answer.html"],
    )
    .ends(0);
    for part in [
        "HOLD: MUST",
        "INSTRUMENTS APPLIED",
        "sha256 ",
        "request.warrant = I-200",
        "written: answer.html",
    ] {
        assert!(ran.out.contains(part), "{part} is not in\n{}", ran.out);
    }
    let page = std::fs::read_to_string(folder.path().join("answer.html")).unwrap();
    assert!(page.to_lowercase().starts_with("<!doctype html>"), "{}", &page[..80]);
    assert!(page.contains("request.warrant") && !page.contains("<script"), "{page}");
}

#[test]
fn markup_in_a_title_is_text_on_the_page() {
    let hostile = CASE.replace("A detainer with its papers", "<script>alert(1)</script>&");
    let folder = elsewhere(&[("case.toml", &hostile)]);
    comity(folder.path(), &["decide", "case.toml", "--html", "answer.html"]).ends(0);
    let page = std::fs::read_to_string(folder.path().join("answer.html")).unwrap();
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;") && !page.contains("<script>")
    );
}

#[cfg(not(feature = "cluster"))]
#[test]
fn a_binary_without_clusters_says_how_to_build_one_that_has_them() {
    let folder = elsewhere(&[("a.csv", "decision_on\n2014-01-01\n")]);
    for args in [
        &["cluster", "scheduler"][..],
        &["cluster", "executor", "--scheduler", "127.0.0.1:50050"],
        &["replay", "a.csv", "--under", "in-force", "--cluster", "127.0.0.1:50050"],
        &["replay", "s3://bucket/a.parquet", "--under", "in-force"],
        &["replay", "a.csv", "--under", "in-force", "--out", "s3://bucket/out"],
    ] {
        let ran = comity(folder.path(), args).ends(2);
        assert!(ran.err.contains("--features cluster"), "{args:?}: {}", ran.err);
    }
}
