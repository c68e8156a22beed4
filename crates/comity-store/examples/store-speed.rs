//! How many events a store commits in a second, beside what its database does with the same
//! durability on the same machine in the same run:
//! `cargo run --release -p comity-store --example store-speed -- [--seconds N] [--cases N]
//! [--entries N] [--json]`; how long a page of a worklist takes with so many cases, and the check
//! of a ledger of a tenth of the entries, of three tenths, and of all.
//!
//! SQLite is compared with plain inserts of rows of the same bytes in transactions of the same
//! number, into a table without index. PostgreSQL is compared with `pgbench -b simple-update`
//! of one client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a run fails by panicking"
)]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "support/raw.rs"]
mod raw;

use comity_exchange::case::OfficialRole;
use comity_store::*;
use common::cluster::{cluster, is_root, programs};
use common::ledger::{Writer, checked};
use common::*;
use raw::{plain_inserts, simple_update};
use std::process::Command;
use std::time::{Duration, Instant};

struct Line {
    store: &'static str,
    what: String,
    events_per_second: f64,
    raw: &'static str,
    raw_per_second: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, or: u64| {
        let at = arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
        at.map_or(or, |text| text.parse().expect("a number"))
    };
    let time = Duration::from_secs(number("--seconds", 5));
    let cases = number("--cases", 100_000);
    let mut lines = Vec::new();
    for size in [1, 16, 256] {
        lines.push(sqlite_line(size, time));
    }
    let simple_update = pgbench(time);
    for size in [1, 16, 256] {
        let mut rig = postgres();
        let events_per_second = appended(&mut *rig.store, size, time);
        lines.push(Line {
            store: "postgres",
            what: format!("{size} a batch"),
            events_per_second,
            raw: "pgbench simple-update, one client",
            raw_per_second: simple_update,
        });
    }
    let entries = number("--entries", 100_000);
    let checks = [checks(sqlite(), entries), checks(postgres(), entries)];
    let worklists = [worklist(sqlite(), cases), worklist(postgres(), cases)];
    if arguments.iter().any(|a| a == "--json") {
        let rows = lines.iter().map(|l| {
            serde_json::json!({
                "store": l.store, "what": l.what, "events_per_second": l.events_per_second,
                "raw": l.raw, "raw_per_second": l.raw_per_second,
                "ratio": l.events_per_second / l.raw_per_second,
            })
        });
        let lists = worklists.iter().map(|(kind, first_ms, later_ms)| {
            serde_json::json!({
                "store": kind, "cases": cases, "first_page_ms_max": first_ms,
                "later_page_ms_max": later_ms,
            })
        });
        let checks = checks.iter().flatten().map(|(kind, entries, seconds)| {
            serde_json::json!({ "store": kind, "entries": entries, "fsck_s": seconds })
        });
        let all = serde_json::json!({
            "fsck": checks.collect::<Vec<_>>(), "appended": rows.collect::<Vec<_>>(), "worklist": lists.collect::<Vec<_>>(),
        });
        println!("{all:#}");
        return;
    }
    println!("{:9} {:12} {:>10} {:>10} {:>6}", "store", "", "events/s", "raw/s", "ratio");
    for l in &lines {
        let ratio = l.events_per_second / l.raw_per_second;
        println!(
            "{:9} {:12} {:>10.0} {:>10.0} {ratio:>6.2}  {}",
            l.store, l.what, l.events_per_second, l.raw_per_second, l.raw
        );
    }
    for (kind, entries, seconds) in checks.into_iter().flatten() {
        let each_us = seconds * 1e6 / entries as f64;
        println!("{kind}: fsck of {entries} entries: {seconds:.2} s, {each_us:.2} us an entry");
    }
    for (kind, first_ms, later_ms) in worklists {
        println!(
            "{kind}: worklist of {cases} cases, 50 tasks a page: first page at most {first_ms:.2} ms, \
             page in the middle at most {later_ms:.2} ms"
        );
    }
}

/// Events a second through the store, tiles and checkpoints made ahead and not counted.
fn appended(store: &mut dyn Store, size: u64, time: Duration) -> f64 {
    let mut writer = Writer::default();
    store.commit(&Batch { expects: None, changes: Writer::keys() }).unwrap();
    let (mut done, mut spent) = (0, Duration::ZERO);
    while spent < time {
        // Hashing and signing are the ledger's work and not the store's.
        let batches: Vec<Batch> = (0..8).map(|_| writer.batch(size)).collect();
        let since = Instant::now();
        for batch in &batches {
            store.commit(batch).unwrap();
        }
        spent += since.elapsed();
        done += size * 8;
    }
    done as f64 / spent.as_secs_f64()
}

fn sqlite_line(size: u64, time: Duration) -> Line {
    let mut rig = sqlite();
    let events_per_second = appended(&mut *rig.store, size, time);
    let folder = tempfile::tempdir().unwrap();
    let batch = Writer::default().batch(1);
    let Change::Append(row) = &batch.changes[0] else { panic!("a batch begins with its leaves") };
    let rows = [(row.leaf.clone(), row.sealed.clone())];
    let raw = plain_inserts(&folder.path().join("raw.db"), &rows, size, time);
    Line {
        store: "sqlite",
        what: format!("{size} a batch"),
        events_per_second,
        raw: "plain inserts in transactions of as many",
        raw_per_second: raw.unwrap(),
    }
}

/// Transactions a second of `pgbench -b simple-update` with one client.
fn pgbench(time: Duration) -> f64 {
    let cluster = cluster();
    let pgbench = || {
        let program = programs().join("pgbench");
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        command.arg("-h").arg(&cluster.folder).args(["-U", "postgres"]);
        command
    };
    simple_update(pgbench, "postgres", 1, time).expect("pgbench: apt-get install postgresql")
}

/// Seconds that the check of a whole store takes as its ledger grows to so many entries.
fn checks(mut rig: Rig, entries: u64) -> Vec<(&'static str, u64, f64)> {
    let store = &mut *rig.store;
    let mut writer = Writer::default();
    store.commit(&Batch { expects: None, changes: Writer::keys() }).unwrap();
    let grown = [entries / 10, entries * 3 / 10, entries].map(|size| {
        while writer.tree.size() < size {
            let batch = writer.batch((size - writer.tree.size()).min(1_000));
            store.commit(&batch).unwrap();
        }
        let since = Instant::now();
        let report = checked(store);
        let seconds = since.elapsed().as_secs_f64();
        assert!(report.is_clean() && report.leaves == size, "{report:?}");
        (store.kind(), size, seconds)
    });
    grown.to_vec()
}

/// The longest of 200 readings of the first page of a worklist and of one in the middle, in
/// milliseconds, with so many cases of one task each.
fn worklist(mut rig: Rig, cases: u64) -> (&'static str, f64, f64) {
    let store = &mut *rig.store;
    commit(store, [Change::AddPersonKey(person_key(1))]);
    let id = |n: u64| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        comity_exchange::case::CaseId(id)
    };
    for first in (0..cases).step_by(2_000) {
        let mut changes = Vec::new();
        for n in first..(first + 2_000).min(cases) {
            let role = OfficialRole::ALL[n as usize % 5];
            changes.push(Change::PutCase(CaseRow { case: id(n), number_ref: None, ..case(1) }));
            let due_at = at((n.wrapping_mul(7_919) % 1_000_003) as i64);
            let task = TaskRow { case: id(n), due_at, ..task(1, "answer the request", role, 0) };
            changes.push(Change::PutTasks { case: id(n), tasks: vec![task] });
        }
        commit(store, changes);
    }
    let middle = TaskCursor { due_at: at(500_000), case: id(0), key: String::new() };
    let longest = |store: &mut dyn Store, after: Option<&TaskCursor>| {
        let mut longest = Duration::ZERO;
        for n in 0..200 {
            let since = Instant::now();
            let page = store.tasks(Some(OfficialRole::ALL[n % 5]), after, 50).unwrap();
            longest = longest.max(since.elapsed());
            assert!(cases < 1_000 || page.rows.len() == 50);
        }
        longest.as_secs_f64() * 1e3
    };
    (store.kind(), longest(store, None), longest(store, Some(&middle)))
}
