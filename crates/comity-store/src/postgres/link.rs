//! A connection that is made again when it was lost.

use super::PostgresOptions;
use super::fault::fault;
use crate::fault::Fault;
use postgres::config::{Host, SslMode};
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Row, RowIter, SimpleQueryMessage, Statement};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;
use zeroize::Zeroizing;

/// Milliseconds after which a question that is not answered is given up.
const STATEMENT_MS_MAX: u64 = 60_000;

/// A parameter of a statement.
pub(super) type Param<'a> = &'a (dyn ToSql + Sync);

/// A connection, with what was prepared on it.
pub(super) struct Link {
    pub(super) options: PostgresOptions,
    client: Client,
    prepared: HashMap<String, Statement>,
    /// Said again when the connection is made again.
    reads_only: bool,
    /// The connection failed, and is not used again.
    is_lost: bool,
}

impl Link {
    pub(super) fn connect(options: PostgresOptions) -> Result<Link, Fault> {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let schema = &options.schema;
        if !schema.starts_with(|c: char| c.is_ascii_lowercase())
            || schema.len() > 63
            || !schema.chars().all(is_word)
        {
            return Err(Fault::Misfit(format!("`{schema}` is no lower-case word")));
        }
        let client = open(&options)?;
        Ok(Link { options, client, prepared: HashMap::new(), reads_only: false, is_lost: false })
    }

    /// The connection; a new one if the last was lost.
    fn client(&mut self) -> Result<&mut Client, Fault> {
        if self.is_lost || self.client.is_closed() {
            self.prepared.clear();
            self.client = open(&self.options)?;
            self.is_lost = false;
            if self.reads_only {
                self.client.batch_execute(READS_ONLY).map_err(fault)?;
            }
        }
        Ok(&mut self.client)
    }

    /// The fault that an error is. After one that the server did not say, or said as its last
    /// word, the connection is not used again.
    fn fault(&mut self, error: postgres::Error) -> Fault {
        let is_last = |db: &postgres::error::DbError| db.severity() != "ERROR";
        self.is_lost |= error.as_db_error().is_none_or(is_last);
        fault(error)
    }

    /// From now on this connection reads only.
    pub(super) fn read_only(&mut self) -> Result<(), Fault> {
        self.reads_only = true;
        self.batch(READS_ONLY)
    }

    /// Runs statements without parameters.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Fault> {
        let done = self.client()?.batch_execute(sql);
        done.map_err(|e| self.fault(e))
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, Fault> {
        // First: a lost connection takes its statements with it.
        self.client()?;
        if !self.prepared.contains_key(sql) {
            let statement = self.client.prepare(sql);
            let statement = statement.map_err(|e| self.fault(e))?;
            self.prepared.insert(sql.to_owned(), statement);
        }
        let missing = || Fault::Other("a statement was not prepared".to_owned());
        self.prepared.get(sql).cloned().ok_or_else(missing)
    }

    /// Runs a statement and returns the number of rows that it changed.
    pub(super) fn run(&mut self, sql: &str, params: &[Param]) -> Result<u64, Fault> {
        let statement = self.prepare(sql)?;
        let done = self.client.execute(&statement, params);
        done.map_err(|e| self.fault(e))
    }

    /// Runs a statement that must change so many rows.
    pub(super) fn must(
        &mut self,
        sql: &str,
        params: &[Param],
        rows: usize,
        or: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        let changed = self.run(sql, params)?;
        if usize::try_from(changed) == Ok(rows) { Ok(()) } else { Err(Fault::Misfit(or())) }
    }

    /// All rows that a statement finds.
    pub(super) fn query(&mut self, sql: &str, params: &[Param]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepare(sql)?;
        let found = self.client.query(&statement, params);
        found.map_err(|e| self.fault(e))
    }

    /// The rows that a statement without parameters finds, as they come.
    pub(super) fn stream(&mut self, sql: &str) -> Result<RowIter<'_>, Fault> {
        let statement = self.prepare(sql)?;
        let none: [&str; 0] = [];
        self.client.query_raw(&statement, none).map_err(fault)
    }

    /// Does work in one transaction, alone among all writers; it is told of the number of
    /// leaves. Nothing of it stays if it fails.
    pub(super) fn transaction(
        &mut self,
        work: impl FnOnce(&mut Link, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // One way to the server and back; each statement sees what was committed before it.
        // A plan is made once, when the tables may be small: what is written is found by an
        // index, however few rows there are.
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED;
             SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
             SET LOCAL enable_mergejoin = off;
             SELECT pg_advisory_xact_lock(hashtextextended('comity-store/{}', 0));
             SELECT coalesce(max(leaf_index) + 1, 0) AS size FROM leaves",
            self.options.schema
        );
        let done = self.begin(&begin).and_then(|size| work(self, size));
        match done {
            Ok(()) => {
                let ended = self.client.batch_execute("COMMIT");
                ended.map_err(|e| self.fault(e))
            }
            Err(why) => {
                self.roll_back();
                Err(why)
            }
        }
    }

    fn begin(&mut self, sql: &str) -> Result<u64, Fault> {
        let messages = self.client()?.simple_query(sql);
        let messages = messages.map_err(|e| self.fault(e))?;
        let size = messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.try_get("size").ok().flatten(),
            _ => None,
        });
        size.and_then(|size| size.parse().ok())
            .ok_or_else(|| Fault::Damaged("the number of leaves cannot be read".to_owned()))
    }

    /// Ends a transaction that failed. A connection on which that is not possible is not used
    /// again: the server ends its transaction with it.
    pub(super) fn roll_back(&mut self) {
        self.is_lost |= self.client.batch_execute("ROLLBACK").is_err();
    }
}

const READS_ONLY: &str = "SET default_transaction_read_only = on";

fn open(options: &PostgresOptions) -> Result<Client, Fault> {
    let unread = |e: &postgres::Error| Fault::Other(format!("the connection's text: {e}"));
    let mut config: Config = options.connection.parse().map_err(|e| unread(&e))?;
    if let Some(path) = &options.password_file {
        config.password(password(path)?.trim_end_matches(['\r', '\n']));
    }
    config.application_name("comity");
    config.keepalives(true).keepalives_idle(Duration::from_secs(30));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    config.tcp_user_timeout(Duration::from_millis(STATEMENT_MS_MAX));
    let mut client = match &options.root_certificates {
        Some(path) => {
            config.ssl_mode(SslMode::Require);
            config.connect(tls(path)?)
        }
        None if is_near(&config) => {
            config.ssl_mode(SslMode::Disable);
            config.connect(NoTls)
        }
        None => {
            return Err(Fault::Other(
                "the server is on another machine, and no certificate vouches for it; \
                 name the file of its root certificate"
                    .to_owned(),
            ));
        }
    }
    .map_err(fault)?;
    settings(&mut client, options)?;
    Ok(client)
}

/// True if every host is this machine: a socket in a folder, or a loopback address.
fn is_near(config: &Config) -> bool {
    config.get_hostaddrs().iter().all(|address| address.is_loopback())
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => {
                name == "localhost"
                    || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
}

fn password(path: &Path) -> Result<Zeroizing<String>, Fault> {
    let unread = |e: std::io::Error| Fault::Other(format!("`{}`: {e}", path.display()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(unread)?.permissions().mode();
        if mode & 0o077 != 0 {
            let path = path.display();
            return Err(Fault::Other(format!(
                "others than its owner may read `{path}`; run `chmod 600 {path}`"
            )));
        }
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(unread)
}

fn tls(path: &Path) -> Result<MakeRustlsConnect, Fault> {
    let wrong = |why: String| Fault::Other(format!("`{}`: {why}", path.display()));
    let mut roots = rustls::RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
        roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// What every connection says first. A server that does not keep what it acknowledged is not
/// used.
fn settings(client: &mut Client, options: &PostgresOptions) -> Result<(), Fault> {
    let PostgresOptions { schema, busy_wait_ms, .. } = options;
    client
        .batch_execute(&format!(
            "SET synchronous_commit = on;
             SET search_path = {schema};
             SET lock_timeout = {busy_wait_ms};
             SET statement_timeout = {STATEMENT_MS_MAX};
             SET idle_in_transaction_session_timeout = {STATEMENT_MS_MAX};
             SET client_min_messages = warning"
        ))
        .map_err(fault)?;
    for name in ["fsync", "full_page_writes"] {
        let row = client.query_one(&format!("SHOW {name}"), &[]).map_err(fault)?;
        let value: String = row.try_get(0).map_err(fault)?;
        if value != "on" {
            return Err(Fault::Other(format!(
                "the server runs with `{name} = {value}` and can lose what it acknowledged; \
                 set it to `on`"
            )));
        }
    }
    Ok(())
}
