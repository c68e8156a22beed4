//! Processes that are killed while they write and while they migrate. `examples/crash.rs` kills
//! as often as it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_store::*;
use common::cluster::cluster;
use common::crash::{TARGET, kill_again_and_again, new_postgres, new_sqlite, open, write_if_told};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    write_if_told();
    let folder = tempfile::tempdir().unwrap();
    let target = new_sqlite(&folder.path().join("node.db"));
    let copy = ["--exact", "sqlite_keeps_what_it_acknowledged", "--nocapture"];
    let leaves = kill_again_and_again(&target, &copy, 8, 1, |_, _| {});
    assert!(leaves > 0, "nothing was written before it was killed");
}

#[test]
fn postgres_keeps_what_it_acknowledged() {
    write_if_told();
    let target = new_postgres();
    let copy = ["--exact", "postgres_keeps_what_it_acknowledged", "--nocapture"];
    let leaves = kill_again_and_again(&target, &copy, 8, 2, |_, _| {});
    assert!(leaves > 0, "nothing was written before it was killed");
}

/// Takes a store of the last version back to the first.
const BACK_TO_1: &str = "DROP INDEX IF EXISTS audit_by_case; DROP INDEX IF EXISTS audit_by_account;
     DELETE FROM schema_migrations WHERE number > 1;";

/// Lines of the audit: the second step indexes them, and takes its time.
const LINES: u64 = 60_000;

/// Has a copy of this test migrate a store, and kills it while it does.
fn migrate_and_kill(target: &str, test: &str, wait: Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(TARGET, target)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The test's runner says some lines; the copy ends its own with a mark.
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    while out.read_exact(&mut byte).is_ok() && byte != [b'@'] {}
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// If this is the copy that migrates, does so. Returns if it is not.
fn migrate_if_told() {
    let Ok(target) = std::env::var(TARGET) else { return };
    print!("@");
    std::io::Write::flush(&mut std::io::stdout()).unwrap();
    drop(open(&target).unwrap());
    std::process::exit(0);
}

/// How often to kill. The waits go up until one is too long.
fn waits() -> impl Iterator<Item = Duration> {
    (0..14_u32).map(|n| Duration::from_micros(700 * u64::from(n * n)))
}

/// Fills the audit, in the columns as they are: the store adds one line at a time.
fn fill(mut run: impl FnMut(&str)) {
    run(&format!(
        "WITH RECURSIVE lines (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM lines WHERE n < {LINES})
         INSERT INTO audit (number, at, account, body) SELECT n, n, 'a', 'x' FROM lines"
    ));
}

#[test]
fn a_killed_migration_of_sqlite_is_made_or_not() {
    migrate_if_told();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    drop(SqliteStore::create(&path, SqliteOptions::default()).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    fill(|sql| raw.execute_batch(&sql.replace("'x'", "x'78'")).unwrap());
    let mut halfway = 0;
    for wait in waits() {
        raw.execute_batch(BACK_TO_1).unwrap();
        let test = "a_killed_migration_of_sqlite_is_made_or_not";
        migrate_and_kill(&format!("sqlite {}", path.display()), test, wait);
        let (steps, indexes): (i64, i64) = raw
            .query_row(
                "SELECT (SELECT count(*) FROM schema_migrations),
                        (SELECT count(*) FROM sqlite_schema WHERE name LIKE 'audit_by_%')",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert!([(1, 0), (2, 2)].contains(&(steps, indexes)), "{wait:?}: {steps}, {indexes}");
        halfway += u32::from(steps == 1);
        let mut store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        assert_eq!(store.audit_last().unwrap().unwrap().number, LINES);
    }
    assert!(halfway > 0, "no kill came in time");
}

#[test]
fn a_killed_migration_of_postgres_is_made_or_not() {
    migrate_if_told();
    let options = cluster().options();
    drop(PostgresStore::create(options.clone()).unwrap());
    let schema = options.schema.clone();
    let mut raw = cluster().client();
    raw.batch_execute(&format!("SET search_path = {schema}")).unwrap();
    fill(|sql| raw.batch_execute(sql).unwrap());
    let mut halfway = 0;
    for wait in waits() {
        raw.batch_execute(BACK_TO_1).unwrap();
        let target = format!("postgres {schema} {}", options.connection);
        migrate_and_kill(&target, "a_killed_migration_of_postgres_is_made_or_not", wait);
        let seen = |raw: &mut postgres::Client| {
            // Waits for a server process whose client is gone and that still works.
            raw.batch_execute(
                "BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE; COMMIT",
            )
            .unwrap();
            let row = raw
                .query_one(
                    "SELECT (SELECT count(*) FROM schema_migrations),
                        (SELECT count(*) FROM pg_indexes
                         WHERE schemaname = current_schema AND indexname LIKE 'audit_by_%')",
                    &[],
                )
                .unwrap();
            (row.get::<_, i64>(0), row.get::<_, i64>(1))
        };
        let (steps, indexes) = seen(&mut raw);
        assert!([(1, 0), (2, 2)].contains(&(steps, indexes)), "{wait:?}: {steps}, {indexes}");
        halfway += u32::from(steps == 1);
        let mut store = PostgresStore::open(options.clone()).unwrap();
        assert_eq!(store.audit_last().unwrap().unwrap().number, LINES);
    }
    assert!(halfway > 0, "no kill came in time");
}
