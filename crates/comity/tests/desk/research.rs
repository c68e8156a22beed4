//! A researcher at the desk: real records, decided under two laws, taken away as files.

use crate::browser::{Browser, DESK};
use crate::demo::Demo;
use fantoccini::Locator;
use std::path::Path;

/// The detainers of one state, as they were released: `data/pennsylvania/PROVENANCE.md`.
const DATA: &str = "../../data/pennsylvania/detainers.csv";

#[tokio::test(flavor = "multi_thread")]
async fn real_records_are_decided_under_a_law_and_taken_away_as_files() {
    let demo = Demo::start("us-ga", "America/New_York", "2016-03-01T13:00:00Z");
    let mut jail = Browser::open(&demo.jail, DESK).await;
    jail.sign_in("counsel").await;
    jail.go("/research").await;
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let data = Path::new(&here).join(DATA).canonicalize().unwrap();
    let field = jail.client.find(Locator::Css("#data")).await.unwrap();
    field.send_keys(data.to_str().unwrap()).await.unwrap();
    jail.click("Send the data set").await;
    let words = jail.words().await;
    assert!(words.contains("The mapping pennsylvania knows every column"), "{words}");
    jail.show("research-new").await;
    jail.click("Start the run").await;
    jail.until("the run's files", "#files").await;
    let (address, words) = (jail.path().await, jail.words().await);
    assert!(words.contains("32,757 rows read") && words.contains("0 rows rejected"), "{words}");
    jail.show("research-runs-id").await;
    for (file, kind) in [
        ("answers.csv", "law,"),
        ("answers.parquet", "PAR1"),
        ("report.xlsx", "PK"),
        ("report.json", "{"),
        ("rows/part-000000.parquet", "PAR1"),
    ] {
        let (_, start) = jail.fetched(&format!("a[href$='/files/{file}']")).await;
        assert!(start.starts_with(kind), "{file}: {start:?}");
    }
    jail.go(&address).await;
    assert_eq!(jail.words().await, words, "the address is the run's own");
    jail.close().await;
}
