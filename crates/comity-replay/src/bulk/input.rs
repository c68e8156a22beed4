//! The files of a table: which there are, of which kind, and what their folders say.

use super::source::{Remote, Source, Window};
use comity_model::Diagnostic;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a file holds a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, the file form (`.arrow`, Feather version 2).
    Arrow,
    /// Comma-separated values.
    Csv,
    /// An Excel workbook; the first sheet that is not empty.
    Xlsx,
}

/// One file.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// Its kind.
    pub format: Format,
    /// Its length.
    pub bytes: u64,
    /// What its folders say, as `year=2014`: columns that hold for all of its rows.
    pub partitions: Vec<(String, String)>,
    /// Where its bytes are.
    pub lies: Lies,
}

/// Where the bytes of a file are; its name in messages and results stays its path.
#[derive(Debug, Clone)]
pub enum Lies {
    /// At its path.
    AtPath,
    /// At another path, as for a program with another working directory.
    At(PathBuf),
    /// In a store.
    Remote(Arc<dyn Remote>),
}

impl Format {
    /// The kind that a name says, and the bytes with which such a file starts.
    ///
    /// # Errors
    /// A kind that is not read.
    pub fn of(path: &Path) -> Result<(Format, &'static [u8]), Diagnostic> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        Ok(match extension.as_deref() {
            Some("parquet" | "pq") => (Format::Parquet, b"PAR1"),
            Some("arrow" | "feather" | "ipc") => (Format::Arrow, b"ARROW1"),
            Some("csv") => (Format::Csv, b""),
            Some("xlsx") => (Format::Xlsx, b"PK"),
            _ => {
                return Err(Diagnostic::error(
                    "unknown-format",
                    format!("`{}` is no kind of table that is read", path.display()),
                )
                .help(
                    "files end in .parquet, .arrow, .csv or .xlsx; move others out of the folder",
                ));
            }
        })
    }
}

impl Input {
    /// Opens it at its start.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(&self) -> io::Result<Source> {
        match &self.lies {
            Lies::AtPath => Ok(Source::Disk(File::open(&self.path)?)),
            Lies::At(path) => Ok(Source::Disk(File::open(path)?)),
            Lies::Remote(file) => Ok(Source::Remote(Window::new(Arc::clone(file), self.bytes))),
        }
    }

    /// Its name in messages and results.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// An error about one file.
pub fn unreadable(path: &Path, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("unreadable-file", format!("`{}` cannot be read: {why}", path.display()))
}

/// Every file of what the command names, folders with all that lies in them, in the order
/// of their names. Hidden files and those that start with `_` are passed over, as is usual
/// for folders of Parquet files.
///
/// # Errors
/// A path that is not there, a file of a kind that is not read, or nothing at all.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<Input>, Diagnostic> {
    let mut out = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, &[], &mut out)?;
        } else {
            out.push(input(path, &[])?);
        }
    }
    if out.is_empty() {
        let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
        return Err(Diagnostic::error(
            "no-data",
            format!("no file of a table in {}", names.join(", ")),
        )
        .help("files end in .parquet, .arrow, .csv or .xlsx"));
    }
    Ok(out)
}

fn folder(
    path: &Path,
    partitions: &[(String, String)],
    out: &mut Vec<Input>,
) -> Result<(), Diagnostic> {
    let entries = fs::read_dir(path).map_err(|e| unreadable(path, e))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|e| unreadable(path, e))?.path());
    }
    paths.sort();
    for p in paths {
        let name = p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(['_', '.']) {
            continue;
        }
        if p.is_dir() {
            let mut inner = partitions.to_vec();
            if let Some((key, value)) = name.split_once('=') {
                inner.push((key.to_owned(), value.to_owned()));
            }
            folder(&p, &inner, out)?;
        } else {
            out.push(input(&p, partitions)?);
        }
    }
    Ok(())
}

fn input(path: &Path, partitions: &[(String, String)]) -> Result<Input, Diagnostic> {
    let mut file = File::open(path).map_err(|e| unreadable(path, e))?;
    let bytes = file.metadata().map_err(|e| unreadable(path, e))?.len();
    let (format, magic) = Format::of(path)?;
    let mut start = vec![0; magic.len()];
    if file.read_exact(&mut start).is_err() || start != magic {
        let found = String::from_utf8_lossy(&start).escape_debug().to_string();
        return Err(unreadable(
            path,
            format!("its name says {format:?}, but it starts with `{found}`"),
        )
        .help("it was cut off or renamed; get it again"));
    }
    let partitions = partitions.to_vec();
    Ok(Input { path: path.to_path_buf(), format, bytes, partitions, lies: Lies::AtPath })
}
