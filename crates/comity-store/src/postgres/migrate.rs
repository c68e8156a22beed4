//! The layout of a schema of PostgreSQL, and the way to it.

use super::fault::fault;
use super::link::Link;
use crate::fault::Fault;
use crate::migration::{Applied, Migration, pending};

const EXISTS: &str = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1";
const HAS_TABLE: &str = "SELECT count(*) FROM pg_catalog.pg_tables
     WHERE schemaname = $1 AND tablename = 'schema_migrations'";

fn count(link: &mut Link, sql: &str) -> Result<i64, Fault> {
    let schema = link.options.schema.clone();
    let rows = link.query(sql, &[&schema])?;
    rows.first().map_or(Ok(0), |row| row.try_get(0)).map_err(fault)
}

/// Makes the schema with an empty list of steps.
pub(super) fn make_schema(link: &mut Link) -> Result<(), Fault> {
    let schema = link.options.schema.clone();
    if count(link, EXISTS)? > 0 {
        let why = format!("the schema `{schema}` exists, and nothing is overwritten");
        return Err(Fault::Misfit(why));
    }
    let done = link.batch(&format!(
        "BEGIN;
         CREATE SCHEMA {schema};
         CREATE TABLE schema_migrations (
           number BIGINT PRIMARY KEY, name TEXT NOT NULL, sha256 BYTEA NOT NULL
         );
         COMMIT"
    ));
    if done.is_err() {
        link.roll_back();
    }
    done
}

/// Refuses a schema that is not there, or another program's.
pub(super) fn must_be_ours(link: &mut Link) -> Result<(), Fault> {
    if count(link, HAS_TABLE)? == 1 {
        return Ok(());
    }
    let schema = &link.options.schema;
    Err(Fault::Schema(format!("there is no store in the schema `{schema}`")))
}

fn applied(link: &mut Link) -> Result<Vec<Applied>, Fault> {
    let rows = link.query("SELECT number, sha256 FROM schema_migrations ORDER BY number", &[])?;
    let read =
        |row: &postgres::Row| Ok(Applied { number: row.try_get(0)?, sha256: row.try_get(1)? });
    rows.iter().map(read).collect::<Result<_, postgres::Error>>().map_err(fault)
}

/// Refuses a layout that is not the last one.
pub(super) fn must_be_current(link: &mut Link, steps: &[Migration]) -> Result<(), Fault> {
    let applied = applied(link)?;
    match pending(steps, &applied)?.first() {
        None => Ok(()),
        Some(step) => Err(Fault::Schema(format!(
            "step `{}` is not made yet; open the store to write once",
            step.name
        ))),
    }
}

/// Makes the steps that are missing, each in a transaction.
pub(super) fn migrate(link: &mut Link, steps: &[Migration]) -> Result<(), Fault> {
    loop {
        let before = applied(link)?;
        if pending(steps, &before)?.is_empty() {
            return Ok(());
        }
        let done = make_next(link, steps);
        if done.is_err() {
            link.roll_back();
            return done;
        }
    }
}

fn make_next(link: &mut Link, steps: &[Migration]) -> Result<(), Fault> {
    // An index over a large table takes its time.
    link.batch(
        "BEGIN; SET LOCAL statement_timeout = 0;
         LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE",
    )?;
    // Again, now that nobody else migrates.
    let before = applied(link)?;
    if let Some(step) = pending(steps, &before)?.first() {
        link.batch(step.sql)?;
        let sql = "INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)";
        link.run(sql, &[&i64::from(step.number), &step.name, &step.sha256().as_slice()])?;
    }
    link.batch("COMMIT")
}
