//! The same work with less: no script, no mouse, a narrow window, large letters.

use crate::browser::{Browser, DESK, Set};
use crate::demo::Demo;
use crate::story::in_georgia;
use fantoccini::Locator;

/// The whole story, from the booking to the release on time.
async fn works(set: Set, name: &str) {
    let mut story = in_georgia(set).await;
    story.until_held(name).await;
    story.until_released().await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    let demo = Demo::start("us-ga", "America/New_York", "2016-03-01T13:00:00Z");
    let browser = Browser::open(&demo.jail, Set { script: false, ..DESK }).await;
    browser.go("/sign-in").await;
    browser.sign_in("clerk").await;
    // What a script would add is not there: it is off indeed.
    browser.go("/board").await;
    assert!(browser.client.find(Locator::Css("script")).await.is_ok());
    browser.close().await;
    works(Set { script: false, ..DESK }, "Somebody without scripts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_keyboard_alone() {
    works(Set { keys: true, ..DESK }, "Somebody by keys").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_320_pixels() {
    works(Set { width: 320, height: 700, ..DESK }, "Somebody narrow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_200_percent() {
    works(Set { zoom: 2.0, ..DESK }, "Somebody large").await;
}
