//! A store in a schema of a PostgreSQL database: for a node whose machine must be replaceable,
//! or that runs several servers.
//!
//! Writers take turns by an advisory lock; a commit is on the server's disk when it returns
//! (`synchronous_commit=on`, and a server with `fsync=off` is refused). A server that is not on
//! this machine is reached by TLS alone, and its certificate is checked.

mod fault;
mod link;
mod migrate;
mod read;
mod run;
mod write;

use crate::batch::Batch;
use crate::check::check;
use crate::fault::Fault;
use crate::migration;
use crate::store::{Reads, Store};
use link::Link;
use std::path::PathBuf;

/// Which database, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// As libpq reads it: `host=db.example user=comity dbname=comity sslmode=require`, or
    /// `postgresql://…`. A password is best left to `password_file`.
    pub connection: String,
    /// A file that holds the password alone, readable by its owner alone.
    pub password_file: Option<PathBuf>,
    /// The certificates (PEM) that vouch for the server. Needed for a server that is not on
    /// this machine.
    pub root_certificates: Option<PathBuf>,
    /// The schema of the store: a lower-case word.
    pub schema: String,
    /// Milliseconds that a commit waits for another writer before it is [`Fault::Busy`].
    pub busy_wait_ms: u64,
}

impl PostgresOptions {
    /// A database with the schema `comity` and five seconds to wait.
    pub fn new(connection: &str) -> PostgresOptions {
        PostgresOptions {
            connection: connection.to_owned(),
            password_file: None,
            root_certificates: None,
            schema: "comity".to_owned(),
            busy_wait_ms: 5_000,
        }
    }
}

/// A store in PostgreSQL.
pub struct PostgresStore {
    link: Link,
}

impl std::fmt::Debug for PostgresStore {
    // The options may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresStore({})", self.link.options.schema)
    }
}

impl PostgresStore {
    /// Makes the schema and the tables in a database that exists.
    ///
    /// # Errors
    /// [`Fault::Misfit`]: there is a schema of that name. [`Fault`].
    pub fn create(options: PostgresOptions) -> Result<PostgresStore, Fault> {
        let mut link = Link::connect(options)?;
        migrate::make_schema(&mut link)?;
        migrate::migrate(&mut link, migration::POSTGRES)?;
        Ok(PostgresStore { link })
    }

    /// Opens what [`PostgresStore::create`] made, and brings it to the layout of this version.
    ///
    /// # Errors
    /// [`Fault::Schema`]: there is no store, or a newer one. [`Fault`].
    pub fn open(options: PostgresOptions) -> Result<PostgresStore, Fault> {
        let mut link = Link::connect(options)?;
        migrate::must_be_ours(&mut link)?;
        migrate::migrate(&mut link, migration::POSTGRES)?;
        Ok(PostgresStore { link })
    }

    /// Opens a store to read it, as it is. It is not migrated: one of another layout is refused.
    ///
    /// # Errors
    /// [`Fault::Schema`]: there is no store, or one of another version. [`Fault`].
    pub fn open_to_read(options: PostgresOptions) -> Result<PostgresStore, Fault> {
        let mut link = Link::connect(options)?;
        migrate::must_be_ours(&mut link)?;
        migrate::must_be_current(&mut link, migration::POSTGRES)?;
        link.read_only()?;
        Ok(PostgresStore { link })
    }
}

impl Store for PostgresStore {
    fn commit(&mut self, batch: &Batch) -> Result<(), Fault> {
        check(batch)?;
        self.link.transaction(|link, found| match batch.expects {
            Some(expected) if expected != found => Err(Fault::Conflict { expected, found }),
            _ => write::write(link, found, batch),
        })
    }

    fn reader(&self) -> Result<Box<dyn Reads + Send>, Fault> {
        Ok(Box::new(PostgresStore::open_to_read(self.link.options.clone())?))
    }

    fn kind(&self) -> &'static str {
        "postgres"
    }
}
