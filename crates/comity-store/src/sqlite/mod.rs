//! A store in one SQLite file: the one a node has if nothing else is said.
//!
//! Write-ahead log, `synchronous=FULL`: a commit is on the disk when it returns. Deleted bytes
//! are overwritten. The file belongs to its owner alone (mode 0600).

mod fault;
mod migrate;
mod read;
mod rows;
mod write;

use crate::batch::{Batch, Change};
use crate::check::check;
use crate::column::signed;
use crate::fault::Fault;
use crate::migration;
use crate::store::{Reads, Store};
use fault::fault;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Milliseconds that a commit waits for another process before it is [`Fault::Busy`].
    pub busy_wait_ms: u64,
    /// Most bytes of the file; a commit that needs more is [`Fault::Full`]. `None`: what the
    /// disk has.
    pub file_bytes_max: Option<u64>,
}

impl Default for SqliteOptions {
    /// Five seconds, no limit.
    fn default() -> SqliteOptions {
        SqliteOptions { busy_wait_ms: 5_000, file_bytes_max: None }
    }
}

/// A store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    options: SqliteOptions,
    /// A key was destroyed, and the write-ahead log may still hold its bytes.
    has_old_bytes: bool,
}

impl SqliteStore {
    /// Makes a new file.
    ///
    /// # Errors
    /// [`Fault::Misfit`]: there is a file of that name. [`Fault`].
    pub fn create(path: &Path, options: SqliteOptions) -> Result<SqliteStore, Fault> {
        new_file(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => {
                Fault::Misfit(format!("`{}` exists, and nothing is overwritten", path.display()))
            }
            _ => on_file(path, &e),
        })?;
        SqliteStore::open(path, options)
    }

    /// Opens a file that [`SqliteStore::create`] made, and brings it to the layout of this
    /// version.
    ///
    /// # Errors
    /// [`Fault::Schema`]: it is no store, or a newer one. [`Fault`].
    pub fn open(path: &Path, options: SqliteOptions) -> Result<SqliteStore, Fault> {
        let mut store = SqliteStore::connect(path, options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        migrate::migrate(&mut store.connection, migration::SQLITE)?;
        // What a crash left of destroyed keys.
        store.has_old_bytes = true;
        store.overwrite_old_bytes();
        Ok(store)
    }

    /// Opens a file to read it, as it is. It is not migrated: one of another layout is refused.
    ///
    /// # Errors
    /// [`Fault::Schema`]: it is no store, or of another version. [`Fault`].
    pub fn open_to_read(path: &Path, options: SqliteOptions) -> Result<SqliteStore, Fault> {
        let store = SqliteStore::connect(path, options, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        migrate::must_be_current(&store.connection, migration::SQLITE)?;
        Ok(store)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connect(
        path: &Path,
        options: SqliteOptions,
        access: OpenFlags,
    ) -> Result<SqliteStore, Fault> {
        must_be_private(path)?;
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
        connection.busy_timeout(Duration::from_millis(options.busy_wait_ms)).map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(128);
        migrate::must_be_ours(&connection)?;
        let store =
            SqliteStore { connection, path: path.to_owned(), options, has_old_bytes: false };
        store.settings(access == OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok(store)
    }

    fn settings(&self, writes: bool) -> Result<(), Fault> {
        let c = &self.connection;
        if writes {
            let mode: String =
                c.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(fault)?;
            if mode != "wal" {
                let why = format!("the file keeps no write-ahead log but `{mode}`");
                return Err(Fault::ReadOnly(why));
            }
        }
        c.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;
             PRAGMA cell_size_check = ON;
             PRAGMA cache_size = -32768;
             PRAGMA wal_autocheckpoint = 4000;",
        )
        .map_err(fault)?;
        if let Some(bytes_max) = self.options.file_bytes_max {
            let page_bytes: i64 =
                c.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(fault)?;
            let pages = (signed(bytes_max) / page_bytes.max(1)).max(1);
            c.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
                .map_err(fault)?;
        }
        Ok(())
    }

    /// Moves the write-ahead log into the file and empties it: it holds pages as they were
    /// before bytes were deleted. If a reader is in the way, the next commit tries again.
    fn overwrite_old_bytes(&mut self) {
        if !self.has_old_bytes {
            return;
        }
        let wait = Duration::from_millis(self.options.busy_wait_ms);
        let is_busy = self.connection.busy_timeout(Duration::ZERO).and_then(|()| {
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.connection.query_row(sql, [], |row| row.get::<_, bool>(0))
        });
        self.has_old_bytes = is_busy.unwrap_or(true);
        // The commit is made whether or not this works.
        let _ = self.connection.busy_timeout(wait);
    }
}

impl Store for SqliteStore {
    fn commit(&mut self, batch: &Batch) -> Result<(), Fault> {
        check(batch)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(fault)?;
        write::write(&transaction, batch)?;
        transaction.commit().map_err(fault)?;
        let destroys = |change: &Change| matches!(change, Change::DestroyPersonKey { .. });
        self.has_old_bytes |= batch.changes.iter().any(destroys);
        self.overwrite_old_bytes();
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn Reads + Send>, Fault> {
        let store = SqliteStore::open_to_read(&self.path, self.options)?;
        Ok(Box::new(store))
    }

    fn kind(&self) -> &'static str {
        "sqlite"
    }
}

fn on_file(path: &Path, e: &io::Error) -> Fault {
    let why = format!("`{}`: {e}", path.display());
    match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::Full(why),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Fault::ReadOnly(why),
        _ => Fault::Other(why),
    }
}

/// An empty file for its owner alone, whose name is on the disk.
fn new_file(path: &Path) -> io::Result<()> {
    let mut how = fs::OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    how.open(path)?.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(unix)]
fn must_be_private(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|e| on_file(path, &e))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Fault::Other(format!(
        "others than its owner may open `{path}` (mode {:03o}); run `chmod 600 {path}`",
        mode & 0o777
    )))
}

#[cfg(not(unix))]
fn must_be_private(path: &Path) -> Result<(), Fault> {
    fs::metadata(path).map(drop).map_err(|e| on_file(path, &e))
}
