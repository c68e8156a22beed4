//! A court checks evidence: with one page, opened from a disk, without a network.

use crate::browser::{Browser, DESK};
use crate::demo::Demo;
use fantoccini::Locator;
use std::path::Path;

/// The verifier as it is downloaded.
const VERIFIER: &str = "../comity-server/assets/verifier.html";

async fn choose(browser: &Browser, id: &str, path: &Path) {
    let field = browser.client.find(Locator::Id(id)).await.unwrap();
    field.send_keys(path.to_str().unwrap()).await.unwrap();
}

/// What the page says of evidence and keys.
async fn verdict(browser: &Browser, page: &str, evidence: &Path, trust: &Path) -> String {
    browser.client.goto(page).await.unwrap();
    choose(browser, "trust", trust).await;
    choose(browser, "evidence", evidence).await;
    browser.until("the verdict", "output.holds, output.fails").await;
    browser.words().await
}

/// The text with one character of a line changed.
fn changed(text: &str, line: usize, at: usize) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let old = lines[line].as_bytes()[at];
    let new = if old == b'A' { "B" } else { "A" };
    lines[line].replace_range(at..=at, new);
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_checked_by_a_page_from_a_disk_and_nothing_changed_holds() {
    let demo = Demo::day();
    let jail = Browser::open(&demo.jail, DESK).await;
    jail.sign_in("auditor").await;
    jail.until_says("/ledger/events/3", "Countersigned").await;
    let evidence = jail.text("/ledger/events/3/evidence.txt").await;
    let trust = jail.text("/ledger/trust.txt").await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let page = jail.text("/assets/verifier.html").await;
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    assert_eq!(page, std::fs::read_to_string(Path::new(&here).join(VERIFIER)).unwrap());
    let page = format!("file://{}", write("verifier.html", &page).display());
    let (whole, keys) = (write("evidence.txt", &evidence), write("trust.txt", &trust));
    let words = verdict(&jail, &page, &whole, &keys).await;
    assert!(words.contains("It holds.") && words.contains("leaf 3 of"), "{words}");
    assert!(words.contains("office.example"), "the other party countersigned: {words}");
    jail.show("verifier").await;
    // One character of any line, and it does not hold; neither does it with other keys.
    let lines: Vec<&str> = evidence.split('\n').collect();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.len() > 12) {
        let bad = write("bad.txt", &changed(&evidence, number, line.len() / 2));
        let words = verdict(&jail, &page, &bad, &keys).await;
        assert!(words.contains("It does not hold."), "line {number}: {words}");
    }
    let cut = write("cut.txt", &evidence[..evidence.len() - 1]);
    assert!(verdict(&jail, &page, &cut, &keys).await.contains("It does not hold."));
    let others = write("others.txt", "quorum none\n");
    let words = verdict(&jail, &page, &whole, &others).await;
    assert!(words.contains("no key that you trust signed"), "{words}");
    jail.close().await;
}
