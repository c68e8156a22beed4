//! `comity policy`, `clock`, `completions` and `replay`: text for people, JSON for programs.

use super::ran::{comity, repository};
use serde_json::Value;
use std::path::Path;

/// Exit code, standard output, standard error.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let ran = comity(folder, args);
    (ran.code, ran.out, ran.err)
}

#[track_caller]
fn good(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = run(folder, args);
    assert_eq!(code, 0, "{args:?}\nstdout:\n{out}\nstderr:\n{err}");
    out
}

#[track_caller]
fn json(folder: &Path, args: &[&str]) -> Value {
    let mut args = args.to_vec();
    args.push("--json");
    let out = good(folder, &args);
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{out}"))
}

fn outside() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_list_names_every_policy_and_filters_by_place_and_day() {
    let away = outside();
    let all = json(away.path(), &["policy", "list"]);
    let all = all.as_array().unwrap();
    assert!(all.len() >= 140, "{}", all.len());
    for p in all {
        for key in [
            "id",
            "instrument",
            "title",
            "level",
            "places",
            "in_force_from",
            "source",
            "rules",
            "sha256",
            "file",
        ] {
            assert!(!p[key].is_null(), "{key} is missing in {p}");
        }
    }
    let text =
        good(away.path(), &["policy", "list", "--at", "us-ca.san-francisco", "--on", "2014-06-02"]);
    assert!(text.starts_with("level"), "{text}");
    assert!(
        text.contains("us-ca.trust-act.2014") && !text.contains("us-ca.values-act.2018"),
        "{text}"
    );
    let count = text.lines().filter(|l| l.contains("us-ca") || l.contains(" us.")).count();
    assert!(text.trim_end().ends_with(" policies") && count > 2 && count < all.len(), "{text}");
}

#[test]
fn the_library_inside_the_binary_is_that_of_the_repository() {
    let away = outside();
    let hashes = |folder: &Path| -> Vec<(String, String)> {
        let list = json(folder, &["policy", "list"]);
        let pair = |p: &Value| {
            (p["id"].as_str().unwrap().to_owned(), p["sha256"].as_str().unwrap().to_owned())
        };
        list.as_array().unwrap().iter().map(pair).collect()
    };
    assert_eq!(hashes(away.path()), hashes(&repository()));
}

#[test]
fn a_policy_is_shown_with_its_rules_marks_and_hash() {
    let away = outside();
    let text = good(away.path(), &["policy", "show", "us-ca.trust-act.2014"]);
    for part in [
        "California TRUST Act",
        "in force    2014-01-01 to 2018-01-03",
        "sha256",
        "not coded",
        "must not hold",
        "may hold",
        "param ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let data = json(away.path(), &["policy", "show", "us-ca.trust-act.2014"]);
    assert_eq!(
        (&data["id"], &data["from"]),
        (&"us-ca.trust-act.2014".into(), &"2014-01-01".into())
    );
    assert!(data["rules"].as_array().unwrap().len() > 3 && data["params"].is_array());
    assert!(text.contains(data["sha256"].as_str().unwrap()));
}

#[test]
fn the_library_is_checked_tested_and_covered() {
    let home = repository();
    let text = good(&home, &["policy", "check"]);
    assert!(text.contains(": 0 errors;") && text.contains("pairs proved"), "{text}");
    let data = json(&home, &["policy", "check"]);
    assert_eq!((&data["errors"], data["findings"].as_array().map(Vec::len)), (&0.into(), Some(0)));
    assert!(
        data["policies"].as_u64() > Some(139) && data["pairs_of_rules_proved"].as_u64() > Some(0)
    );

    let text = good(&home, &["policy", "test"]);
    assert!(text.contains(" passed, 0 failed;"), "{text}");
    let data = json(&home, &["policy", "test"]);
    assert_eq!(data["failed"], 0);
    assert_eq!(data["cases"].as_u64().unwrap() as usize, data["reports"].as_array().unwrap().len());
    let passed: u64 = text.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(Some(passed), data["cases"].as_u64());

    let text = good(&home, &["policy", "cover"]);
    assert!(text.contains("rules and defaults are exercised by a case"), "{text}");
    let data = json(&home, &["policy", "cover"]);
    assert_eq!(data["rules"], data["exercised"]);
    assert_eq!(data["not_exercised"].as_array().map(Vec::len), Some(0));
}

#[test]
fn one_policy_one_case_or_one_folder_is_tested_alone() {
    let home = repository();
    let cases = |what: &str| json(&home, &["policy", "test", what])["cases"].as_u64().unwrap();
    assert!(cases("us-ca.trust-act.2014") >= 4);
    assert_eq!(cases("cases/scenarios/SC103.toml"), 1);
    assert!(cases("cases/scenarios") >= 63);
    let away = outside();
    let out = good(away.path(), &["policy", "test", "us-ca.trust-act.2014"]);
    assert!(out.contains(" passed, 0 failed"), "{out}");
    let (code, _, err) = run(away.path(), &["policy", "test", "us-ca.trust-act.2041"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no policy `us-ca.trust-act.2041`"), "{err}");
}

#[test]
fn a_case_that_differs_ends_with_1_and_says_what_differs() {
    let away = outside();
    let case = std::fs::read_to_string(repository().join("cases/scenarios/SC103.toml")).unwrap();
    let at = case.find("\nhold").unwrap() + 1;
    let end = case[at..].find('\n').map_or(case.len(), |n| at + n);
    let lied = format!("{}hold = \"must\"{}", &case[..at], &case[end..]);
    std::fs::write(away.path().join("lied.toml"), lied).unwrap();
    let (code, out, _) = run(away.path(), &["policy", "test", "lied.toml"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("FAIL SC103") && out.contains("hold: expected must, found"), "{out}");
    assert!(out.contains("0 passed, 1 failed"), "{out}");
    let (code, out, _) = run(away.path(), &["policy", "test", "lied.toml", "--json"]);
    let data: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &data["failed"]), (1, &1.into()));
    assert_eq!(data["reports"][0]["mismatches"][0]["what"], "hold");
}

/// A library of two files in a folder of its own.
fn two_policies(second: &str) -> tempfile::TempDir {
    let folder = outside();
    let library = folder.path().join("law");
    std::fs::create_dir(&library).unwrap();
    let home = repository();
    std::fs::copy(home.join("policies/places.toml"), library.join("places.toml")).unwrap();
    let control =
        std::fs::read_to_string(home.join("cases/broken/control/us-oh.broken.2015.toml")).unwrap();
    std::fs::write(library.join("us-oh.broken.2015.toml"), &control).unwrap();
    std::fs::write(library.join("other.toml"), second).unwrap();
    folder
}

#[test]
fn a_broken_policy_is_named_with_file_and_line_and_stops_every_answer() {
    let folder = two_policies(
        "id = \"other\"\ntitle = \"No more\"\nlevel = \"county\"\nplace = \"us-oh\"\nin_force = { from = 2015-02-30 }\n",
    );
    let (code, out, err) = run(folder.path(), &["policy", "check", "--policies", "law"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("law/other.toml:5:21"), "{err}");
    let (code, _, err) = run(folder.path(), &["policy", "list", "--policies", "law"]);
    assert!(code == 1 && err.contains("--> law/other.toml:5:21"), "{code} {err}");
    let (code, out, _) = run(folder.path(), &["policy", "check", "--policies", "law", "--json"]);
    let data: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    let all = data["findings"].as_array().unwrap();
    assert!(
        all.iter().any(|d| d["line"] == 5 && d["file"] == "law/other.toml" && d["column"] == 21),
        "{out}"
    );
}

#[test]
fn a_rule_without_a_case_ends_cover_with_1() {
    let extra = "id = \"other\"\ntitle = \"Uncovered\"\nlevel = \"county\"\nplace = \"us-oh\"\nin_force = { from = 2015-01-01 }\n\
        source = { cite = \"Act\", verified = \"primary\", checked_on = 2026-11-21 }\nnot_coded = \"Nothing.\"\n\
        [[rule]]\nid = \"lonely\"\ncite = \"§ 1\"\nsays = \"Nobody asks.\"\nmay = [\"notify\"]\nwhen = \"request.asks_notice\"\n";
    let folder = two_policies(extra);
    std::fs::create_dir(folder.path().join("cases")).unwrap();
    let (code, out, err) = run(folder.path(), &["policy", "cover", "--policies", "law"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("law/other.toml:8 rule `lonely` is exercised by no case"), "{out}");
    assert!(out.contains("4 of 5 rules and defaults are exercised"), "{out}");
}

#[test]
fn the_timeline_draws_who_was_in_force_when() {
    let away = outside();
    let text = good(away.path(), &["policy", "timeline", "--at", "us-pa.philadelphia"]);
    assert!(
        text.contains("LOCAL") && text.contains("us-pa.philadelphia") && text.contains('█'),
        "{text}"
    );
    let data = json(away.path(), &["policy", "timeline", "--at", "us-pa.philadelphia"]);
    assert!(data.as_array().unwrap().len() > 2, "{data}");
}

#[test]
fn the_clock_is_read_as_of_a_moment() {
    let home = repository();
    let case = "cases/scenarios/SC096.toml";
    let early = ["clock", case, "--as-of", "2014-07-01T12:00:00-05:00"];
    let (code, text, err) = run(&home, &early);
    assert!(code == 0 || code == 3, "{code} {text}{err}");
    let late = ["clock", case, "--as-of", "2034-07-01T12:00:00-05:00"];
    let (_, other, _) = run(&home, &late);
    assert_ne!(text, other, "the moment makes no difference");
    let (_, out, _) =
        run(&home, &["clock", case, "--as-of", "2014-07-01T12:00:00-05:00", "--json"]);
    let data: Value = serde_json::from_str(&out).unwrap();
    assert!(data["clock"]["status"].is_string() && data["alarms_at"].is_array(), "{out}");
}

#[test]
fn a_clock_rings_its_alarms_and_says_release_when_it_is_over() {
    let away = outside();
    let case = "on = 2017-05-08\nat = \"us-ks.sedgwick\"\nnot_listed = \"no\"\n[facts.request]\nform = \"I-247A\"\nserved_on_person = true\n\
        issued_on = 2017-05-06\nasks_hold = true\nwarrant = \"I-200\"\n[facts.custody]\nrelease_eligible_at = 2017-05-08T10:00:00\n";
    std::fs::write(away.path().join("case.toml"), case).unwrap();
    let at = |as_of: &str, more: &[&str]| {
        let mut args = vec!["clock", "case.toml", "--as-of", as_of];
        args.extend(more);
        run(away.path(), &args)
    };
    let (code, text, _) = at("2017-05-08T12:00:00-05:00", &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Wed 2017-05-10 10:00 CDT"), "{text}");
    assert_eq!(text.matches("\nalarm ").count(), 3, "{text}");
    assert!(
        text.contains("alarm Wed 2017-05-10 06:00") && text.contains("alarm Wed 2017-05-10 09:00"),
        "{text}"
    );
    let (_, text, _) = at("2017-05-08T12:00:00-05:00", &["--alarm", "30"]);
    assert!(text.contains("alarm Wed 2017-05-10 09:30"), "{text}");
    let (_, text, _) = at("2017-05-10T10:00:00-05:00", &[]);
    assert!(text.to_lowercase().contains("release"), "{text}");
}

#[test]
fn a_clock_without_a_time_zone_refuses_to_guess() {
    let away = outside();
    let case = "on = 2017-05-08\nat = \"us-ks\"\nnot_listed = \"no\"\n[facts.request]\nform = \"I-247A\"\nserved_on_person = true\nissued_on = 2017-05-06\n\
        asks_hold = true\nwarrant = \"I-200\"\nprobable_cause_box = true\n[facts.custody]\nrelease_eligible_at = 2017-05-08T10:00:00-05:00\ntime_zone = \"unknown\"\n";
    std::fs::write(away.path().join("case.toml"), case).unwrap();
    let (code, out, err) = run(away.path(), &["clock", "case.toml"]);
    assert_eq!(code, 3, "{out}{err}");
    assert!(out.contains("refuses to guess"), "{out}");
}

#[test]
fn completions_name_every_command_in_every_shell() {
    let away = outside();
    for shell in ["bash", "zsh", "fish"] {
        let script = good(away.path(), &["completions", shell]);
        for word in ["decide", "policy", "clock", "replay", "timeline", "with-library"] {
            assert!(script.contains(word), "{shell}: {word} is missing");
        }
    }
}

#[test]
fn help_and_version_are_given_and_say_what_exit_codes_mean() {
    let away = outside();
    let help = good(away.path(), &["--help"]);
    for word in
        ["decide", "policy", "clock", "replay", "completions", "Exit codes", "not legal advice"]
    {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    assert_eq!(
        good(away.path(), &["--version"]),
        format!("comity {}\n", env!("CARGO_PKG_VERSION"))
    );
    let replay = good(away.path(), &["replay", "--help"]);
    for word in ["--study", "--out", "--mapping", "Exit codes", "Example:"] {
        assert!(replay.contains(word), "{word} is not in\n{replay}");
    }
    for command in ["decide", "clock"] {
        assert!(good(away.path(), &[command, "--help"]).contains("Example"), "{command}");
    }
}

#[test]
fn a_study_that_is_not_there_is_wrong_use() {
    let away = outside();
    let (code, out, err) = run(away.path(), &["replay", "--study", "none.toml"]);
    assert_eq!(code, 2, "{out}{err}");
    assert!(err.contains("none.toml") && out.is_empty(), "{out}{err}");
}
