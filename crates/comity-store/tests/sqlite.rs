//! What only SQLite can do wrong: files, disks, other processes, layouts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_ledger::PersonKeyId;
use comity_store::*;
use common::ledger::{Writer, checked, fill};
use common::*;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn create(path: &Path) -> SqliteStore {
    SqliteStore::create(path, SqliteOptions::default()).unwrap()
}

fn open(path: &Path) -> Result<SqliteStore, Fault> {
    SqliteStore::open(path, SqliteOptions::default())
}

fn node() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    (folder, path)
}

#[test]
fn a_store_is_made_once_and_opened_where_it_is() {
    let (_folder, path) = node();
    assert!(matches!(open(&path), Err(Fault::Other(_))), "nothing is made by opening");
    assert!(!path.exists());
    let mut store = create(&path);
    commit(&mut store, [set("a", b"1")]);
    let again = SqliteStore::create(&path, SqliteOptions::default());
    assert!(matches!(again, Err(Fault::Misfit(_))), "{again:?}");
    drop(store);
    assert_eq!(open(&path).unwrap().value("a"), Ok(Some(b"1".to_vec())));
    let mut read = SqliteStore::open_to_read(&path, SqliteOptions::default()).unwrap();
    assert_eq!(read.value("a"), Ok(Some(b"1".to_vec())));
    let refused = read.commit(&batch([set("a", b"2")]));
    assert!(matches!(refused, Err(Fault::ReadOnly(_))), "{refused:?}");
}

#[test]
fn its_files_are_for_their_owner_alone() {
    let (folder, path) = node();
    let mut store = create(&path);
    commit(&mut store, [set("a", b"1")]);
    let mut seen = 0;
    for entry in folder.path().read_dir().unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        seen += 1;
    }
    assert_eq!(seen, 3, "the file, its log, the log's index");
    drop(store);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let fault = open(&path).unwrap_err().to_string();
    assert!(fault.contains("chmod 600") && fault.contains("640"), "{fault}");
}

#[test]
fn files_of_others_are_left_alone() {
    let (folder, path) = node();
    let other = folder.path().join("other.db");
    let raw = rusqlite::Connection::open(&other).unwrap();
    raw.execute_batch("CREATE TABLE theirs (a)").unwrap();
    std::fs::write(&path, b"no database at all, but long enough to be looked at").unwrap();
    for path in [&other, &path] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
        let before = std::fs::read(path).unwrap();
        let fault = open(path).unwrap_err();
        assert!(matches!(fault, Fault::Schema(_) | Fault::Damaged(_)), "{fault:?}");
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
}

#[test]
fn newer_and_changed_layouts_are_refused() {
    for (change, says) in [
        ("INSERT INTO schema_migrations VALUES (3, '0003-later', x'00')", "newer"),
        ("UPDATE schema_migrations SET sha256 = x'00' WHERE number = 1", "another text"),
        ("DELETE FROM schema_migrations WHERE number = 1", "step 2 is where step 1"),
    ] {
        let (_folder, path) = node();
        drop(create(&path));
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
        for opened in [open(&path), SqliteStore::open_to_read(&path, SqliteOptions::default())] {
            let fault = opened.unwrap_err();
            assert!(matches!(&fault, Fault::Schema(why) if why.contains(says)), "{fault:?}");
        }
    }
}

#[test]
fn a_store_of_version_1_is_brought_to_the_last_one() {
    let (_folder, path) = node();
    drop(create(&path));
    std::fs::remove_file(&path).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("fixtures/sqlite-1.sql")).unwrap();
    drop(raw);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let fault = SqliteStore::open_to_read(&path, SqliteOptions::default()).unwrap_err();
    assert!(matches!(&fault, Fault::Schema(why) if why.contains("0002")), "{fault:?}");
    let mut store = open(&path).unwrap();
    common::fixture::check(&mut store);
    // The same layout as a new one has.
    let (_other_folder, other) = node();
    drop(create(&other));
    assert_eq!(layout(&path), layout(&other));
}

/// What SQLite says of its tables and indexes.
fn layout(path: &Path) -> Vec<(String, Option<String>)> {
    let raw = rusqlite::Connection::open(path).unwrap();
    let mut found = raw.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn a_writer_that_is_held_up_is_busy_and_then_goes_on() {
    let (_folder, path) = node();
    drop(create(&path));
    let options = SqliteOptions { busy_wait_ms: 50, ..SqliteOptions::default() };
    let mut store = SqliteStore::open(&path, options).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let held_up = store.commit(&batch([set("a", b"1")]));
    assert!(matches!(held_up, Err(Fault::Busy(_))), "{held_up:?}");
    assert_eq!(store.value("a"), Ok(None), "reading goes on");
    raw.execute_batch("COMMIT").unwrap();
    commit(&mut store, [set("a", b"1")]);
}

#[test]
fn two_processes_take_turns() {
    let (_folder, path) = node();
    let (mut one, mut two) = (create(&path), open(&path).unwrap());
    let append =
        |index| Batch { expects: Some(index), changes: vec![Change::Append(leaf(index, None))] };
    one.commit(&append(0)).unwrap();
    assert_eq!(two.commit(&append(0)), Err(Fault::Conflict { expected: 0, found: 1 }));
    two.commit(&append(1)).unwrap();
    assert_eq!(one.size(), Ok(2));
}

#[test]
fn a_destroyed_key_is_in_no_file_any_more() {
    let (folder, path) = node();
    let secret = b"wrapped-key-that-is-to-be-gone-for-good-0123456789abcdef";
    let is_there = || {
        folder.path().read_dir().unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(secret.len()).any(|window| window == secret)
        })
    };
    let mut store = create(&path);
    for n in 0..60 {
        let key = PersonKeyRow { wrapped: Some(vec![n; 56]), ..person_key(n) };
        commit(&mut store, [Change::AddPersonKey(key), Change::PutCase(case(n))]);
    }
    let row = PersonKeyRow { wrapped: Some(secret.to_vec()), ..person_key(200) };
    commit(&mut store, [Change::AddPersonKey(row)]);
    commit(
        &mut store,
        [Change::PutCase(CaseRow { card_sealed: Some(secret.to_vec()), ..case(200) })],
    );
    assert!(is_there());
    // A reader that is in the middle of something keeps the log from being emptied.
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM person_keys").unwrap();
    commit(&mut store, [Change::DestroyPersonKey { id: PersonKeyId([200; 16]), at: at(1) }]);
    reader.execute_batch("COMMIT").unwrap();
    commit(&mut store, [set("next", b"")]);
    assert!(!is_there(), "the next commit has emptied it");
}

#[test]
fn a_limit_of_the_file_refuses_and_harms_nothing() {
    let (_folder, path) = node();
    let options = SqliteOptions { file_bytes_max: Some(600_000), ..SqliteOptions::default() };
    let mut store = SqliteStore::create(&path, options).unwrap();
    fill_up(&mut store);
}

/// Writes until there is no space, and checks that nothing came to harm by it.
fn fill_up(store: &mut dyn Store) {
    fill(store, &[30]);
    let mut writer = Writer::after(store);
    let mut after = Writer { tree: writer.tree.clone() };
    let fault = loop {
        let batch = writer.batch(50);
        match store.commit(&batch) {
            Ok(()) => after.tree = writer.tree.clone(),
            Err(fault) => break fault,
        }
        assert!(writer.size() < 100_000, "there is no end to the space");
    };
    assert!(matches!(fault, Fault::Full(_)), "{fault:?}");
    assert!(after.size() > 30);
    for _ in 0..3 {
        let fault = store.commit(&writer_batch(&after)).unwrap_err();
        assert!(matches!(fault, Fault::Full(_)), "{fault:?}");
        let report = checked(store);
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!(report.leaves, after.size());
    }
}

fn writer_batch(after: &Writer) -> Batch {
    Writer { tree: after.tree.clone() }.batch(1_000)
}

/// Runs one test of this program again inside a mount of its own, as root there.
fn in_own_mounts(test: &str) {
    let mut command = Command::new("unshare");
    if !common::cluster::is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let run = command
        .args(["--mount", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("COMITY_STORE_OWN_MOUNTS", "1")
        .output();
    let out = run.expect("`unshare` (apt-get install util-linux) makes a small disk for this test");
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(
        out.status.success() && said.contains("1 passed"),
        "if `unshare` is not permitted, run the tests as root or allow user namespaces:\n{said}"
    );
}

fn is_in_own_mounts() -> bool {
    std::env::var_os("COMITY_STORE_OWN_MOUNTS").is_some()
}

fn mount(arguments: &[&str], folder: &Path) {
    let done = Command::new("mount").args(arguments).arg(folder).status().unwrap();
    assert!(done.success(), "mount {arguments:?}");
}

#[test]
fn a_full_disk_refuses_and_harms_nothing() {
    if !is_in_own_mounts() {
        return in_own_mounts("a_full_disk_refuses_and_harms_nothing");
    }
    let folder = tempfile::tempdir().unwrap();
    mount(&["-t", "tmpfs", "-o", "size=2m", "none"], folder.path());
    let path = folder.path().join("node.db");
    fill_up(&mut create(&path));
    // After a restart on the full disk it can be read, and says what is wrong.
    let mut store = open(&path).unwrap();
    let report = checked(&mut store);
    assert!(report.is_clean(), "{:?}", report.findings);
    let too_much = writer_batch(&Writer::after(&mut store));
    let fault = store.commit(&too_much).unwrap_err();
    assert!(matches!(fault, Fault::Full(_)), "{fault:?}");
    mount(&["-o", "remount,size=16m"], folder.path());
    let mut writer = Writer::after(&mut store);
    store.commit(&writer.batch(1_000)).unwrap();
    assert!(checked(&mut store).is_clean());
}

#[test]
fn a_read_only_disk_refuses_and_harms_nothing() {
    if !is_in_own_mounts() {
        return in_own_mounts("a_read_only_disk_refuses_and_harms_nothing");
    }
    let folder = tempfile::tempdir().unwrap();
    mount(&["-t", "tmpfs", "-o", "size=16m", "none"], folder.path());
    let path = folder.path().join("node.db");
    let mut store = create(&path);
    fill(&mut store, &[30]);
    drop(store);
    mount(&["-o", "remount,ro"], folder.path());
    let fault = open(&path).unwrap_err();
    assert!(matches!(fault, Fault::ReadOnly(_)), "{fault:?}");
    let created = SqliteStore::create(&folder.path().join("new.db"), SqliteOptions::default());
    assert!(matches!(created, Err(Fault::ReadOnly(_))), "{created:?}");
    mount(&["-o", "remount,rw"], folder.path());
    let mut store = open(&path).unwrap();
    assert!(checked(&mut store).is_clean());
    let mut writer = Writer::after(&mut store);
    store.commit(&writer.batch(10)).unwrap();
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let (_folder, path) = node();
    let mut store = create(&path);
    fill(&mut store, &[300]);
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    // Every page but the first: no table can be read.
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xa5;
    }
    std::fs::write(&path, bytes).unwrap();
    let fault = open(&path).and_then(|mut store| store.leaves(0, 10).map(drop)).unwrap_err();
    assert!(matches!(fault, Fault::Damaged(_)), "{fault:?}");
}
