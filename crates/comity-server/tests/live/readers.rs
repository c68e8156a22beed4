//! The connections for reading.

use comity_server::app::Readers;
use comity_store::MemoryStore;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_comes_back_when_whoever_asked_went_away() {
    let readers = Arc::new(Readers::new(vec![Box::new(MemoryStore::new())]));
    let slow = readers.read(|_| std::thread::sleep(Duration::from_millis(200)));
    assert!(tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
    let next = tokio::time::timeout(Duration::from_secs(30), readers.read(|_| 7)).await;
    assert_eq!(next.unwrap().map_err(|problem| problem.code), Ok(7));
}
