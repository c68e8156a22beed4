//! The jobs of the roles that no arrest's story shows: counsel, researcher, auditor,
//! administrator.

use crate::browser::{Browser, DESK};
use crate::demo::Demo;
use crate::looks;
use crate::tasks::{Begun, Tasks};
use fantoccini::Locator;
use serde_json::json;

const GEORGIA: (&str, &str, &str) = ("us-ga", "America/New_York", "2016-03-01T13:00:00Z");

/// Records of nobody, with columns that no mapping knows.
const UNKNOWN_COLUMNS: &str = "ref,seen,paper,jailed for a crime,age then,came from,what became\n\
    1,3/1/2014,I-247,Yes,34,Bexar,held\n2,3/2/2014,I-247,Yes,19,Travis,released\n\
    3,7/9/2015,form D,No,51,Travis,released\n4,12/30/2016,form D,Yes,27,,held\n\
    5,1/2/2018,?,No,40,Travis,held\n";

/// What they mean.
const MEANS: [(&str, &str); 5] = [
    ("c1", "decision.on"),
    ("c2", "request.form"),
    ("c3", "custody.criminal_arrest"),
    ("c4", "person.age_years"),
    ("c6", "outcome"),
];

fn begin() -> Demo {
    let (place, zone, from) = GEORGIA;
    Demo::start(place, zone, from)
}

/// Replaces a part of what a field holds, as an editor would.
async fn edit(browser: &Browser, id: &str, from: &str, to: &str) {
    let script = "const [id, from, to] = arguments, field = document.getElementById(id);
        const at = field.value.indexOf(from);
        if (at < 0) return false;
        field.focus();
        field.setRangeText(to, at, at + from.length, 'end');
        return true";
    let args = vec![json!(id), json!(from), json!(to)];
    let done = browser.client.execute(script, args).await.unwrap();
    assert_eq!(done, json!(true), "`{from}` is not in `{id}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn counsel_compares_instruments_and_edits_a_draft_until_its_cases_run() {
    let demo = begin();
    let mut tasks = Tasks::default();
    let mut jail = Browser::open(&demo.jail, DESK).await;
    jail.sign_in("counsel").await;
    let begun = Begun::at(&jail);
    jail.go("/policies").await;
    jail.click("Compare two instruments").await;
    jail.give("a", "us-pa.philadelphia.eo-1-14").await;
    jail.give("b", "us-pa.philadelphia.eo-7-15").await;
    jail.click("Compare the instruments").await;
    let words = jail.words().await;
    assert!(words.contains("Where they part") && words.contains("On this case"), "{words}");
    tasks.did("counsel", "compare two instruments on one case", &begun, &jail);
    let begun = Begun::at(&jail);
    jail.go("/policies/us-pa.philadelphia.eo-1-14").await;
    jail.click("Draft a change").await;
    edit(&jail, "text", "title", "titel").await;
    jail.click("Check it and run its cases").await;
    let words = jail.words().await;
    assert!(words.contains("titel") && words.contains("line "), "{words}");
    edit(&jail, "text", "titel", "title").await;
    jail.click("Check it and run its cases").await;
    let words = jail.words().await;
    assert!(words.contains("the file is a policy") && words.contains("all pass"), "{words}");
    let job = "edit a draft, mend what is wrong with it, and run its cases";
    tasks.did("counsel", job, &begun, &jail);
    tasks.write();
    jail.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_researcher_maps_columns_that_nobody_knows_runs_and_takes_the_result_away() {
    let demo = begin();
    let mut tasks = Tasks::default();
    let mut jail = Browser::open(&demo.jail, DESK).await;
    jail.sign_in("counsel").await;
    let begun = Begun::at(&jail);
    jail.go("/research").await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("detainers.csv");
    std::fs::write(&data, UNKNOWN_COLUMNS).unwrap();
    jail.fill("data", data.to_str().unwrap()).await;
    jail.click("Send the data set").await;
    assert!(jail.words().await.contains("say what they mean"), "{}", jail.words().await);
    jail.click("Say what the columns mean").await;
    assert!(jail.words().await.contains("3/1/2014 · 3/2/2014"), "{}", jail.words().await);
    jail.fill("title", "Detainers of a made-up county").await;
    jail.give("place", "us-tx.travis").await;
    for (column, fact) in MEANS {
        jail.give(column, fact).await;
    }
    jail.click("Go on").await;
    let words = jail.words().await;
    assert!(words.contains("what the values mean"), "{words}");
    // The most frequent value comes first: “I-247”, which says itself what it is, and “form D”.
    jail.give("c2v1", "I-247D").await;
    jail.click("Keep the mapping").await;
    let words = jail.words().await;
    assert!(words.contains("Made here: Detainers of a made-up county"), "{words}");
    jail.click("Start the run").await;
    jail.until("the run's files", "#files").await;
    let words = jail.words().await;
    assert!(words.contains("5 rows read") && words.contains("0 rows rejected"), "{words}");
    let job = "send a data set of one's own, map its columns, and run";
    tasks.did("researcher", job, &begun, &jail);
    let begun = Begun::at(&jail);
    let answers = jail.download("answers.csv").await;
    assert!(String::from_utf8(answers).unwrap().starts_with("law,"));
    let mapping = jail.download("mapping.toml").await;
    jail.press_on("summary").await;
    let words = jail.words().await;
    assert!(words.contains("SHA-256") && words.contains("--mapping mapping.toml"), "{words}");
    tasks.did("researcher", "take away a result with its receipt and citation", &begun, &jail);
    tasks.write();
    at_the_command_line(folder.path(), &mapping);
    let mut faults = looks::faults(&jail, "the run").await;
    faults.extend(of_the_form(&mut jail).await);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    jail.close().await;
}

/// What is wrong with the form's pages, whatever they ask or refuse.
async fn of_the_form(jail: &mut Browser) -> Vec<String> {
    jail.click("Research").await;
    jail.press_on("main tbody a").await;
    jail.until("the run's files", "#files").await;
    let link = jail.client.find(Locator::Css("a[href^='/research/map/']")).await.unwrap();
    let link = link.attr("href").await.unwrap().unwrap();
    let data = link.split('/').nth(3).unwrap();
    jail.go(&format!("/research/new?data={data}")).await;
    let mut faults = looks::faults(jail, "the ask with a mapping of one's own").await;
    jail.click("Say what the columns mean").await;
    faults.extend(looks::faults(jail, "the form").await);
    jail.fill("title", "Detainers of a made-up county").await;
    jail.give("place", "us-tx.travis").await;
    jail.click("Go on").await;
    let words = jail.words().await;
    assert!(words.contains("Say which column has the day of the decision"), "{words}");
    faults.extend(looks::faults(jail, "the form with a fault").await);
    jail.show("research-map-wrong").await;
    for (column, fact) in MEANS {
        jail.give(column, fact).await;
    }
    jail.click("Go on").await;
    faults.extend(looks::faults(jail, "the form with values").await);
    jail.show("research-map").await;
    let scroll = "document.querySelector('#c1').scrollIntoView({ behavior: 'instant' })";
    jail.client.execute(scroll, vec![]).await.unwrap();
    jail.show("research-map-values").await;
    faults
}

/// The mapping runs at the command line as it was downloaded.
fn at_the_command_line(folder: &std::path::Path, mapping: &[u8]) {
    std::fs::write(folder.join("mapping.toml"), mapping).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_comity"))
        .current_dir(folder)
        .args(["replay", "detainers.csv", "--mapping", "mapping.toml"])
        .args(["--under", "in-force", "--channel", "hold", "--out", "out"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let answers = std::fs::read_to_string(folder.join("out/answers.csv")).unwrap();
    assert!(answers.starts_with("law,"), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_a_proof_and_verifies_evidence_without_the_node() {
    let demo = Demo::day();
    let mut tasks = Tasks::default();
    let mut jail = Browser::open(&demo.jail, DESK).await;
    jail.sign_in("auditor").await;
    jail.until_says("/ledger/events/3", "Countersigned").await;
    let begun = Begun::at(&jail);
    jail.go("/ledger").await;
    jail.fill("find", "3").await;
    jail.click("Look it up").await;
    let words = jail.words().await;
    assert!(words.contains("Verified just now") && words.contains("office.example"), "{words}");
    tasks.did("auditor", "look up an event and see its proof", &begun, &jail);
    let begun = Begun::at(&jail);
    let folder = tempfile::tempdir().unwrap();
    let kept = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let evidence = kept("evidence.txt", jail.download("Evidence").await);
    let trust = kept("trust.txt", jail.download("Whose signatures it needs").await);
    jail.click("What this proves").await;
    let verifier = kept("verifier.html", jail.download("the verifier as one page").await);
    jail.client.goto(&format!("file://{}", verifier.display())).await.unwrap();
    for (id, path) in [("trust", trust), ("evidence", evidence)] {
        let field = jail.client.find(Locator::Id(id)).await.unwrap();
        field.send_keys(path.to_str().unwrap()).await.unwrap();
    }
    jail.until("the verdict", "output.holds").await;
    tasks.did("auditor", "take away evidence, and verify it without the node", &begun, &jail);
    jail.go("/ledger/events/3").await;
    let plain = jail.download("What it proves, in plain words").await;
    assert!(plain.starts_with(b"%PDF-"));
    tasks.write();
    jail.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_an_account_and_tries_a_backup() {
    let demo = begin();
    let mut tasks = Tasks::default();
    let mut jail = Browser::open(&demo.jail, DESK).await;
    jail.sign_in("administrator").await;
    let begun = Begun::at(&jail);
    jail.go("/admin/accounts").await;
    jail.fill("name", "night.clerk").await;
    jail.give("role", "clerk").await;
    jail.click("Make the account").await;
    jail.until("the invitation", ".desk-once").await;
    jail.click("I have noted it").await;
    assert!(jail.words().await.contains("night.clerk"), "{}", jail.words().await);
    tasks.did("administrator", "make an account, and hand over its invitation", &begun, &jail);
    let begun = Begun::at(&jail);
    jail.go("/admin/backups").await;
    jail.click("Back up now").await;
    jail.until_says("/admin/backups", "The newest first").await;
    jail.click("Drill").await;
    jail.until_says("/admin/backups", "holds").await;
    tasks.did("administrator", "back up the store, and try the backup", &begun, &jail);
    tasks.write();
    jail.close().await;
}
