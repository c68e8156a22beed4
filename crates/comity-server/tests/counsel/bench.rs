//! The workbench: what is wrong is said where it is, cases run, a case is decided with and
//! without the draft, and no text does harm.

use crate::library_pages::shown;
use crate::town::*;
use comity_policy::PolicyFile;
use comity_server::serve::{Offers, Server};
use std::path::PathBuf;

async fn send(house: &House, token: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut body = reqwest::Url::parse("http://x/").unwrap();
    body.query_pairs_mut().extend_pairs(fields);
    let request = house.client.post(format!("{}{path}", house.url));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    house.send(request.body(body.query().unwrap_or_default().to_owned()), token).await
}

async fn worked(house: &House, token: &str, fields: &[(&str, &str)]) -> String {
    let reply = send(house, token, "/policies/workbench", fields).await;
    let text = String::from_utf8(reply.body).unwrap();
    assert_eq!(reply.status, 200, "{text}");
    text
}

fn policy(id: &str) -> String {
    let library = crate::town::library::library().clone();
    library.policy(library.find(id).unwrap()).text.clone()
}

/// A house whose desk has the golden cases.
async fn with_cases(house: &mut House) {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let path = here.join("../../cases/scenarios/SC002.toml");
    let file = PolicyFile {
        name: "cases/scenarios/SC002.toml".to_owned(),
        bytes: std::fs::read(path).unwrap(),
    };
    house.server.take().unwrap().stop().await;
    let offers = Offers { cases: vec![file], research: None };
    let server =
        Server::start_with(&house.home, crate::town::library::library().clone(), None, offers)
            .await;
    house.server = Some(server.unwrap_or_else(|d| panic!("{d:?}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_checked_its_cases_run_and_a_case_is_decided_with_and_without_it() {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    with_cases(&mut town.jail).await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let start = shown(jail, clerk, "/policies/workbench").await;
    assert!(start.contains("None: the file is a policy."), "{start}");
    assert!(start.contains("2, all pass") && start.contains("SC002"), "{start}");
    let id = "us-pa.philadelphia.eo-1-14";
    let from = shown(jail, clerk, &format!("/policies/workbench?from={id}&sample=own-1")).await;
    assert!(from.contains("released after a gang offense"), "{from}");
    let text = policy(id);
    let milder = text.replace("must_not = [\"hold\", \"notify\"]", "must_not = [\"hold\"]");
    let checked = worked(jail, clerk, &[("text", &milder), ("act", "check")]).await;
    assert!(checked.contains("<strong>fails</strong>"), "{checked}");
    let fields = [("text", milder.as_str()), ("act", "decide"), ("sample", "own-1"), ("case", "")];
    let decided = worked(jail, clerk, &fields).await;
    assert!(decided.contains("(changes)") && decided.contains("class=\"derivation\""), "{decided}");
    let fields = [("text", text.as_str()), ("act", "decide"), ("sample", "SC002"), ("case", "")];
    let golden = worked(jail, clerk, &fields).await;
    assert!(golden.contains("Harris County") && !golden.contains("(changes)"), "{golden}");
    // The node's own library is as it was.
    let own = jail.get(clerk, &format!("/policies/{id}.toml")).await;
    assert_eq!(own.body, text.as_bytes());
    let file = send(jail, clerk, "/policies/workbench/file", &[("text", &milder)]).await;
    assert_eq!(file.body, milder.as_bytes());
    let kept = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(kept, format!("attachment; filename=\"{id}.toml\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_with_its_line_and_what_to_do() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let text = policy("us-pa.philadelphia.eo-1-14");
    let line = text.lines().position(|l| l.starts_with("[default]")).unwrap() + 1;
    let broken = text.replace("[default]", "[defualt]");
    let html = worked(jail, clerk, &[("text", &broken), ("act", "check")]).await;
    assert!(html.contains(&format!("line {line}, column")), "{html}");
    assert!(html.contains("Its cases run when the errors are mended"));
    let clash = text.replacen("[[case]]", "[[rule]]\nid = \"other\"\ncite = \"x\"\nsays = \"x\"\nmust_not = [\"hold\"]\nwhen = \"judicial_warrant\"\n\n[[case]]", 1);
    let html = worked(jail, clerk, &[("text", &clash), ("act", "check")]).await;
    assert!(html.contains("disagree on") && html.contains("they meet in this case"), "{html}");
    let fields =
        [("text", text.as_str()), ("act", "decide"), ("case", "at = \"nowhere\"\nfacts = 3")];
    let html = worked(jail, clerk, &fields).await;
    assert!(html.contains("The case cannot be read") && html.contains("line 1, column"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_drafts_are_text_and_nothing_else() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let script = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let text = policy("us-pa.philadelphia.eo-1-14");
    let in_title = text.replace("Philadelphia: Executive", &script.replace('"', "\\\""));
    let in_case =
        format!("title = '''{}'''\nat = \"us-pa\"\non = 2015-01-01\n", script.replace('\'', ""));
    for (draft, case) in [
        (script, ""),
        (in_title.as_str(), in_case.as_str()),
        (text.as_str(), script),
        ("id = \"../../../etc/passwd\"", ""),
        ("\u{0}\u{1b}[31m\u{202e}", "\u{0}"),
        ("", ""),
    ] {
        for act in ["check", "decide", "<b>"] {
            let fields = [("text", draft), ("case", case), ("act", act), ("sample", "<i>own-1")];
            let html = worked(jail, clerk, &fields).await;
            assert!(!html.contains("<script>") && !html.contains("<img src=x"), "{html}");
        }
        let file = send(jail, clerk, "/policies/workbench/file", &[("text", draft)]).await;
        let kept = file.headers["content-disposition"].to_str().unwrap();
        assert!(!kept.contains('/') && kept.starts_with("attachment"), "{kept}");
    }
    let deep = format!("x = {}1{}", "[".repeat(30_000), "]".repeat(30_000));
    let nested = text.replace(
        "when = \"released_after",
        &format!("when = \"{}released_after", "!(".repeat(5000)),
    );
    let many = format!("{text}{}", "[[rule]]\nid = \"a\"\n".repeat(2000));
    for draft in [&deep, &nested, &many] {
        let html = worked(jail, clerk, &[("text", draft), ("act", "check")]).await;
        assert!(html.contains("<strong>Error</strong>"), "{}", &html[..2000]);
    }
    let large = "#".repeat(200 << 10);
    let reply = send(jail, clerk, "/policies/workbench", &[("text", &large)]).await;
    assert_eq!(reply.status, 413);
    let reply = send(jail, clerk, "/policies/workbench", &[("text", &"#".repeat(2 << 20))]).await;
    assert_eq!(reply.status, 413);
    // A form of another site, and one without the page's token.
    let request = jail.client.post(format!("{}/policies/workbench", jail.url));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("sec-fetch-site", "cross-site").body("text=x");
    assert_eq!(jail.send(request, clerk).await.status, 403);
}
