//! What every page must be: accessible by axe's rules, whole at 320 pixels and at 200 percent,
//! small, and fit to be seen. The pages are found by following every link, role by role, after
//! the demo's day.

use crate::browser::{Browser, DESK, Set};
use crate::demo::Demo;
use crate::tasks::write_first_visit;
use fantoccini::Locator;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

/// axe-core 4.14.1, of Deque Systems, under the Mozilla Public License 2.0; npm package axe-core.
const AXE: &str = include_str!("axe.min.js");

const RUN_AXE: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
        'best-practice'] }).then(found => done(found.violations.map(v => ({
            rule: v.id, help: v.help, where: v.nodes.slice(0, 3).map(n => n.html) }))));";

/// What axe finds wrong with the page that is open.
pub async fn axe(browser: &Browser) -> Vec<Value> {
    browser.client.execute(AXE, vec![]).await.unwrap();
    let found = browser.client.execute_async(RUN_AXE, vec![]).await.unwrap();
    found.as_array().unwrap().clone()
}

/// By how many pixels the page is wider than its window.
async fn overflow(browser: &Browser) -> f64 {
    let wider = "return document.documentElement.scrollWidth - window.innerWidth";
    browser.client.execute(wider, vec![]).await.unwrap().as_f64().unwrap()
}

/// A path without what differs from one person to the next: `/cases/id/law`.
fn kind(path: &str) -> String {
    let part = |part: &str| {
        let hex = part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
        let number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let policy = part.starts_with("us") && part.contains('.');
        match (hex, number, policy) {
            (true, ..) => "id".to_owned(),
            (_, true, _) => "n".to_owned(),
            (.., true) => "policy".to_owned(),
            _ => part.to_owned(),
        }
    };
    let path = path.split(['?', '#']).next().unwrap();
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether a link leads to a page, and not to a file or out.
fn is_page(path: &str) -> bool {
    let file = path.split('?').next().unwrap().rsplit('/').next().unwrap();
    let files =
        [".csv", ".json", ".pdf", ".parquet", ".xlsx", ".svg", ".toml", ".html", ".zip", ".txt"];
    path.starts_with('/') && path != "/" && !files.iter().any(|end| file.ends_with(end))
}

/// Most pages of one kind that one role's walk opens.
const OF_A_KIND: usize = 4;

#[derive(Default)]
struct Walk {
    faults: Vec<String>,
    seen: BTreeMap<String, usize>,
}

/// What is wrong with the page that is open: by axe, at 320 pixels, at 200 percent.
pub async fn faults(browser: &Browser, what: &str) -> Vec<String> {
    let found = axe(browser).await;
    let mut faults: Vec<String> = found.iter().map(|f| format!("{what}: {f:#}")).collect();
    for (name, set) in [("320 px", NARROW), ("200 %", LARGE)] {
        browser.viewport(set).await;
        let wider = overflow(browser).await;
        if wider > 0.0 {
            faults.push(format!("{what}: {wider} pixels too wide at {name}"));
        }
    }
    browser.viewport(DESK).await;
    let headings = browser.client.find_all(Locator::Css("h1")).await.unwrap();
    if headings.len() != 1 {
        faults.push(format!("{what}: {} first headings", headings.len()));
    }
    faults
}

impl Walk {
    async fn look(&mut self, browser: &Browser, role: &str, path: &str) {
        self.faults.extend(faults(browser, &format!("{role} {path}")).await);
        let name = kind(path).trim_matches('/').replace('/', "-");
        // The federal boards are others than the jail's.
        let own = name == "board" && ["examiner", "officer"].contains(&role);
        browser.show(&if own { format!("{name}-{role}") } else { name }).await;
    }

    /// Follows every link that somebody has.
    async fn walk(&mut self, browser: &Browser, role: &str) {
        browser.sign_in(role).await;
        let mut ways = VecDeque::from([browser.path().await]);
        let mut known: BTreeSet<String> = ways.iter().cloned().collect();
        self.seen.clear();
        while let Some(path) = ways.pop_front() {
            let count = self.seen.entry(kind(&path)).or_default();
            *count += 1;
            if *count > OF_A_KIND {
                continue;
            }
            browser.go(&path).await;
            if browser.client.find(Locator::Css("main h1")).await.is_err() {
                self.faults.push(format!("{role} {path}: no heading"));
                continue;
            }
            self.look(browser, role, &path).await;
            let links = "return [...document.querySelectorAll('a[href]')].map(a =>
                a.origin === location.origin ? a.pathname + a.search : '')";
            let links = browser.client.execute(links, vec![]).await.unwrap();
            for link in links.as_array().unwrap().iter().filter_map(Value::as_str) {
                if is_page(link) && known.insert(link.to_owned()) {
                    ways.push_back(link.to_owned());
                }
            }
        }
        println!("{role}: {} pages of {} kinds", known.len(), self.seen.len());
    }
}

const NARROW: Set = Set { width: 320, height: 700, ..DESK };
const LARGE: Set = Set { zoom: 2.0, ..DESK };

#[tokio::test(flavor = "multi_thread")]
async fn every_page_that_a_link_leads_to_is_accessible_narrow_and_large() {
    let demo = Demo::day();
    let mut walk = Walk::default();
    for (node, roles) in [
        (&demo.jail, &["clerk", "supervisor", "counsel", "auditor", "administrator"][..]),
        (&demo.office, &["examiner", "officer"][..]),
    ] {
        let browser = Browser::open(node, DESK).await;
        browser.go("/sign-in").await;
        walk.look(&browser, "nobody", "/sign-in").await;
        browser.go("/there-is-no-such-page").await;
        walk.look(&browser, "nobody", "/problem").await;
        for role in roles {
            walk.walk(&browser, role).await;
        }
        browser.close().await;
    }
    assert!(walk.faults.is_empty(), "{} faults:\n{}", walk.faults.len(), walk.faults.join("\n"));
}

/// Nothing is asserted of the times, which are a machine's; they stand in the page of tasks.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_visit_finds_the_board_and_its_times_are_told() {
    // The browser is there before the demo, as somebody's own would be.
    let mut browser = Browser::open("http://127.0.0.1:9", DESK).await;
    let demo = Demo::as_it_comes();
    let start = Instant::now();
    browser.base.clone_from(&demo.jail);
    browser.go("/sign-in").await;
    let sign_in = start.elapsed();
    browser.sign_in("clerk").await;
    let board = start.elapsed();
    assert!(browser.words().await.contains("Today"), "{}", browser.words().await);
    let drawn = "const at = performance.getEntriesByType('navigation')[0];
        return [at.responseEnd, at.domContentLoadedEventEnd, at.loadEventEnd]";
    let drawn = browser.client.execute(drawn, vec![]).await.unwrap();
    let drawn: [f64; 3] = serde_json::from_value(drawn).unwrap();
    let from_start = demo.ready_after + board;
    write_first_visit(&format!(
        "From the command to a clerk's first board, in a new browser (`comity demo`, built as for \
         the tests, on the machine of the tests): the demo says that it is there {:.1} s after its \
         start; the page to sign in stands {:.1} s after that, and the jail's board, with name and \
         password typed by a driver, {:.1} s after that word, {:.1} s after the start. The board \
         itself is there {:.0} ms after it was asked for, and whole after {:.0} ms.",
        demo.ready_after.as_secs_f64(),
        sign_in.as_secs_f64(),
        board.as_secs_f64(),
        from_start.as_secs_f64(),
        drawn[0],
        drawn[2],
    ));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_is_small() {
    let demo = Demo::start("us-ga", "America/New_York", "2016-03-01T13:00:00Z");
    let browser = Browser::open(&demo.jail, DESK).await;
    browser.go("/sign-in").await;
    let bytes = "return performance.getEntriesByType('resource')
        .concat(performance.getEntriesByType('navigation'))
        .reduce((sum, entry) => sum + entry.transferSize, 0)";
    let bytes = browser.client.execute(bytes, vec![]).await.unwrap().as_f64().unwrap();
    println!("the first page has {bytes} bytes in all");
    assert!(bytes > 10_000.0 && bytes < 150_000.0, "{bytes}");
    browser.close().await;
}
