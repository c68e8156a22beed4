//! Backup and restore: one neutral file for every kind of store, so that a node can move from
//! one to another.
//!
//! Lines of JSON: a head, a line for each [`Row`], and an end with the number of rows of each
//! table and a SHA-256 of their lines. Sessions are left out: one that ended after the backup
//! would live again.

use crate::batch::{Batch, Change};
use crate::dump::Row;
use crate::fault::Fault;
use crate::fsck::{FsckOptions, fsck_store};
use crate::store::{Reads, Store};
use comity_ledger::FsckReport;
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

/// The format that is written, and the only one that is read.
pub const BACKUP_FORMAT: u32 = 1;

/// Bytes of rows that are put back in one commit, about.
const COMMIT_BYTES: usize = 4 << 20;

/// Most bytes of a line: a row with its largest value in base64, and room.
const LINE_BYTES_MAX: u64 = (2 * crate::check::VALUE_BYTES_MAX) as u64;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`BACKUP_FORMAT`].
    pub format: u32,
    /// The kind of store that it was made of.
    pub kind: String,
    /// When it was made, by the clock of whoever made it.
    pub made_at: Timestamp,
    /// Leaves of the ledger.
    pub leaves: u64,
    /// The largest checkpoint, as a signed note. A peer that has seen a larger one holds the
    /// proof of what this backup lacks.
    pub checkpoint: Option<String>,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// SHA-256 of all lines of rows, in hexadecimal.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Comity { backup: u32, kind: String, made_at: Timestamp },
    Row(Box<Row>),
    End { rows: BTreeMap<String, u64>, sha256: String },
}

/// What rows come to, on their way.
#[derive(Default)]
struct Tally {
    rows: BTreeMap<String, u64>,
    leaves: u64,
    checkpoint: Option<Vec<u8>>,
    hash: Sha256,
}

impl Tally {
    fn add(&mut self, row: &Row, line: &[u8]) {
        *self.rows.entry(row.table().to_owned()).or_default() += 1;
        match row {
            Row::Leaf(leaf) => self.leaves = leaf.index.saturating_add(1),
            Row::Checkpoint(checkpoint) => self.checkpoint = Some(checkpoint.note.clone()),
            _ => {}
        }
        self.hash.update(line);
    }

    fn manifest(self, kind: String, made_at: Timestamp) -> Manifest {
        let note = self.checkpoint.map(|note| String::from_utf8_lossy(&note).into_owned());
        Manifest {
            format: BACKUP_FORMAT,
            kind,
            made_at,
            leaves: self.leaves,
            checkpoint: note,
            rows: self.rows,
            sha256: comity_model::hex(&self.hash.finalize()),
        }
    }
}

fn on_file(path: &Path, e: &io::Error) -> Diagnostic {
    Diagnostic::error("backup-file", format!("`{}`: {e}", path.display()))
}

fn damaged(path: &Path, line: usize, why: impl std::fmt::Display) -> Diagnostic {
    let mut fault = Diagnostic::error("backup-damaged", format!("the backup is damaged: {why}"))
        .help("use another copy of it, or an older one");
    fault.file = path.display().to_string();
    fault.line = line;
    fault
}

fn line_of(line: &Line) -> Result<Vec<u8>, Fault> {
    let mut bytes = serde_json::to_vec(line).map_err(|e| Fault::Other(e.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes every row of a store, as of one moment, to a new file that its owner alone may read.
/// The file is there when it is whole and on the disk, or not at all. `kind` is the store's
/// ([`Store::kind`]); the node may go on meanwhile.
///
/// # Errors
/// `backup-file`: there is a file of that name, or it cannot be written. The code of a
/// [`Fault`].
pub fn backup(
    store: &mut dyn Reads,
    kind: &str,
    made_at: Timestamp,
    to: &Path,
) -> Result<Manifest, Diagnostic> {
    if to.exists() {
        let message = format!("`{}` exists, and nothing is overwritten", to.display());
        return Err(Diagnostic::error("backup-file", message));
    }
    let partial = PathBuf::from(format!("{}.partial", to.display()));
    let mut how = fs::OpenOptions::new();
    how.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    let file = how.open(&partial).map_err(|e| on_file(&partial, &e))?;
    let done = write_rows(store, kind, made_at, file).and_then(|manifest| {
        // A link takes no name that somebody else took meanwhile.
        fs::hard_link(&partial, to).map_err(|e| on_file(to, &e))?;
        Ok(manifest)
    });
    let _ = fs::remove_file(&partial);
    let manifest = done?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| on_file(folder, &e))?;
    Ok(manifest)
}

fn write_rows(
    store: &mut dyn Reads,
    kind: &str,
    made_at: Timestamp,
    file: fs::File,
) -> Result<Manifest, Diagnostic> {
    let unwritten = |e: io::Error| match e.kind() {
        io::ErrorKind::StorageFull => Fault::Full(format!("the backup: {e}")),
        _ => Fault::Other(format!("the backup cannot be written: {e}")),
    };
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let head = Line::Comity { backup: BACKUP_FORMAT, kind: kind.to_owned(), made_at };
    out.write_all(&line_of(&head)?).map_err(unwritten)?;
    let mut tally = Tally::default();
    let mut each = |row: Row| {
        if matches!(row, Row::Session(_)) {
            return Ok(());
        }
        let line = Line::Row(Box::new(row));
        let bytes = line_of(&line)?;
        if let Line::Row(row) = &line {
            tally.add(row, &bytes);
        }
        out.write_all(&bytes).map_err(unwritten)
    };
    store.dump(&mut each)?;
    let manifest = tally.manifest(kind.to_owned(), made_at);
    let end = Line::End { rows: manifest.rows.clone(), sha256: manifest.sha256.clone() };
    out.write_all(&line_of(&end)?).map_err(unwritten)?;
    let file = out.into_inner().map_err(|e| unwritten(e.into_error()))?;
    file.sync_all().map_err(unwritten)?;
    Ok(manifest)
}

/// Reads a backup from its first to its last line and checks it, without a store.
///
/// # Errors
/// `backup-file`, `backup-damaged` with the line.
pub fn read_backup(from: &Path) -> Result<Manifest, Diagnostic> {
    read_rows(from, |_, _| Ok(()))
}

fn read_rows(
    from: &Path,
    mut each: impl FnMut(Row, usize) -> Result<(), Diagnostic>,
) -> Result<Manifest, Diagnostic> {
    let file = fs::File::open(from).map_err(|e| on_file(from, &e))?;
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let (mut bytes, mut number) = (Vec::new(), 0);
    let mut head: Option<(String, Timestamp)> = None;
    let mut tally = Tally::default();
    loop {
        number += 1;
        bytes.clear();
        let read = (&mut lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
        read.map_err(|e| on_file(from, &e))?;
        let Some(text) = bytes.strip_suffix(b"\n") else {
            return Err(damaged(from, number, "it is cut off"));
        };
        // serde's words name a field and never a value.
        let line = serde_json::from_slice(text).map_err(|e| {
            damaged(from, number, format!("{:?} at column {}", e.classify(), e.column()))
        })?;
        match (line, &head) {
            (Line::Comity { backup: BACKUP_FORMAT, kind, made_at }, None) => {
                head = Some((kind, made_at));
            }
            (Line::Comity { backup, .. }, None) => {
                let message = format!("the backup has format {backup}, not {BACKUP_FORMAT}");
                return Err(Diagnostic::error("backup-format", message)
                    .help("use the program that made it"));
            }
            (Line::Row(row), Some(_)) => {
                tally.add(&row, &bytes);
                each(*row, bytes.len())?;
            }
            (Line::End { rows, sha256 }, Some((kind, made_at))) => {
                let manifest = tally.manifest(kind.clone(), *made_at);
                if manifest.sha256 != sha256 || manifest.rows != rows {
                    return Err(damaged(from, number, "its rows are not those that it ends with"));
                }
                let more = lines.fill_buf().map_err(|e| on_file(from, &e))?;
                if !more.is_empty() {
                    return Err(damaged(from, number + 1, "something comes after its end"));
                }
                return Ok(manifest);
            }
            _ => return Err(damaged(from, number, "a line is out of place")),
        }
    }
}

/// Puts a backup into an empty store. The backup is checked to its end before anything is
/// written; if putting it back fails half way, the store is to be thrown away.
///
/// # Errors
/// `store-not-empty`, `backup-file`, `backup-damaged`, the code of a [`Fault`].
pub fn restore(from: &Path, to: &mut dyn Store) -> Result<Manifest, Diagnostic> {
    must_be_empty(to)?;
    let checked = read_backup(from)?;
    let (mut changes, mut size) = (Vec::new(), 0);
    let manifest = read_rows(from, |row, bytes| {
        changes.extend(row.into_change());
        size += bytes;
        if size < COMMIT_BYTES {
            return Ok(());
        }
        size = 0;
        Ok(put(to, std::mem::take(&mut changes))?)
    })?;
    put(to, changes)?;
    if manifest != checked {
        return Err(damaged(from, 0, "it was changed while it was read"));
    }
    Ok(manifest)
}

fn put(to: &mut dyn Store, changes: Vec<Change>) -> Result<(), Fault> {
    to.commit(&Batch { expects: None, changes })
}

fn must_be_empty(store: &mut dyn Reads) -> Result<(), Diagnostic> {
    let mut found = None;
    let mut each = |row: Row| {
        found = Some(row.table());
        Err(Fault::Other("a row is enough".to_owned()))
    };
    match (store.dump(&mut each), found) {
        (_, Some(table)) => {
            let message = format!("the store holds rows already, in `{table}` at least");
            Err(Diagnostic::error("store-not-empty", message)
                .help("a backup is put back into a new store only"))
        }
        (done, None) => Ok(done?),
    }
}

/// What a restore drill showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drill {
    /// What the backup says that it holds.
    pub manifest: Manifest,
    /// What the restored store holds, counted and hashed again.
    pub restored: BTreeMap<String, u64>,
    /// True if every row of the backup is in the store again, and no other.
    pub is_same: bool,
    /// The ledger of the restored store.
    pub fsck: FsckReport,
}

impl Drill {
    /// True if a node could go on with this backup.
    pub fn is_clean(&self) -> bool {
        self.is_same && self.fsck.is_clean()
    }
}

/// Restores a backup into an empty scratch store, reads everything back and checks the ledger.
///
/// # Errors
/// As [`restore`] and [`fsck_store`].
pub fn drill(
    from: &Path,
    scratch: &mut dyn Store,
    options: &FsckOptions,
    progress: impl FnMut(u64),
) -> Result<Drill, Diagnostic> {
    let manifest = restore(from, scratch)?;
    let mut tally = Tally::default();
    let mut each = |row: Row| {
        let line = Line::Row(Box::new(row));
        let bytes = line_of(&line)?;
        if let Line::Row(row) = &line {
            tally.add(row, &bytes);
        }
        Ok(())
    };
    scratch.dump(&mut each)?;
    let again = tally.manifest(manifest.kind.clone(), manifest.made_at);
    let fsck = fsck_store(scratch, options, progress)?;
    Ok(Drill { is_same: again == manifest, restored: again.rows, manifest, fsck })
}
