//! The layout of a SQLite file, and the way to it.

use super::fault::fault;
use crate::fault::Fault;
use crate::migration::{Applied, Migration, pending};
use rusqlite::{Connection, TransactionBehavior, params};

/// `COMY`: marks a SQLite file as a store of ours (`file` and SQLite's documentation call it
/// the application id).
const APPLICATION_ID: i64 = 0x434f_4d59;

fn number(connection: &Connection, sql: &str) -> Result<i64, Fault> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(fault)
}

/// Refuses a file of another program. An empty one may become ours.
pub(super) fn must_be_ours(connection: &Connection) -> Result<(), Fault> {
    let id = number(connection, "PRAGMA application_id")?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    if id == 0 && number(connection, "SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(());
    }
    Err(Fault::Schema("the file is a database of another program".to_owned()))
}

fn applied(connection: &Connection) -> Result<Vec<Applied>, Fault> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'";
    if number(connection, sql)? == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT number, sha256 FROM schema_migrations ORDER BY number";
    let mut statement = connection.prepare(sql).map_err(fault)?;
    let rows = statement
        .query_map([], |row| Ok(Applied { number: row.get(0)?, sha256: row.get(1)? }))
        .map_err(fault)?;
    rows.collect::<Result<_, _>>().map_err(fault)
}

/// Refuses a layout that is not the last one.
pub(super) fn must_be_current(connection: &Connection, steps: &[Migration]) -> Result<(), Fault> {
    match pending(steps, &applied(connection)?)?.first() {
        None => Ok(()),
        Some(step) => Err(Fault::Schema(format!(
            "step `{}` is not made yet; open the store to write once",
            step.name
        ))),
    }
}

/// Makes the steps that are missing, each in a transaction.
pub(super) fn migrate(connection: &mut Connection, steps: &[Migration]) -> Result<(), Fault> {
    loop {
        // Most often there is nothing to do, and nobody has to wait for it.
        if pending(steps, &applied(connection)?)?.is_empty() {
            return Ok(());
        }
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Again, now that nobody else writes.
        if let Some(step) = pending(steps, &applied(&transaction)?)?.first() {
            make(&transaction, step)?;
        }
        transaction.commit().map_err(fault)?;
    }
}

fn make(transaction: &Connection, step: &Migration) -> Result<(), Fault> {
    transaction
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID};
             CREATE TABLE IF NOT EXISTS schema_migrations (
               number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL
             ) STRICT;"
        ))
        .map_err(fault)?;
    transaction.execute_batch(step.sql).map_err(fault)?;
    let sql = "INSERT INTO schema_migrations (number, name, sha256) VALUES (?1, ?2, ?3)";
    transaction.execute(sql, params![step.number, step.name, step.sha256()]).map_err(fault)?;
    Ok(())
}
