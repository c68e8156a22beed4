//! What a database alone does with the same durability, for measurements beside it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A row: the leaf, and the event as it is sealed.
pub type Row = (Vec<u8>, Vec<u8>);

/// Rows a second that SQLite takes in transactions of `size` rows, in a table without index.
///
/// # Errors
/// SQLite's.
pub fn plain_inserts(
    file: &Path,
    rows: &[Row],
    size: u64,
    time: Duration,
) -> Result<f64, rusqlite::Error> {
    let raw = rusqlite::Connection::open(file)?;
    raw.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         CREATE TABLE plain (number INTEGER PRIMARY KEY, leaf BLOB, sealed BLOB)",
    )?;
    let mut rows = rows.iter().cycle();
    let (mut done, since) = (0, Instant::now());
    let mut insert = raw.prepare("INSERT INTO plain (leaf, sealed) VALUES (?1, ?2)")?;
    while since.elapsed() < time {
        raw.execute_batch("BEGIN IMMEDIATE")?;
        for (leaf, sealed) in rows.by_ref().take(size as usize) {
            insert.execute([leaf, sealed])?;
        }
        raw.execute_batch("COMMIT")?;
        done += size;
    }
    Ok(done as f64 / since.elapsed().as_secs_f64())
}

/// Transactions a second of `pgbench -b simple-update`. `pgbench` makes the command with what
/// it connects by; `database` is the last argument.
///
/// # Errors
/// What pgbench says.
pub fn simple_update(
    pgbench: impl Fn() -> Command,
    database: &str,
    clients: u64,
    time: Duration,
) -> Result<f64, String> {
    let run = |arguments: &str| {
        let mut command = pgbench();
        command.args(arguments.split(' ')).arg(database).current_dir("/");
        let out = command.output().map_err(|e| format!("pgbench: {e}: install PostgreSQL"))?;
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    };
    run("-i -q -s 10")?;
    let seconds = time.as_secs().max(1);
    let said = run(&format!("-b simple-update -n -c {clients} -M prepared -T {seconds}"))?;
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|rest| rest.split(' ').next()?.parse().ok());
    tps.ok_or_else(|| format!("pgbench says no tps: {said}"))
}
