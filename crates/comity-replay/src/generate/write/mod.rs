//! Writes generated rows: Parquet, Arrow IPC or CSV. What takes time is done in the thread
//! that made the rows; the file only takes it in order.

mod csv;
mod ipc;
mod parquet;

use crate::receipt::{FileHash, Hashing};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use std::io::{self, Write};

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet, Snappy, a row group for each block.
    Parquet,
    /// Arrow IPC file ("Feather 2"), not compressed.
    Arrow,
    /// Three CSV files: cases, charges, convictions.
    Csv,
}

impl Format {
    /// The format of a file name's ending.
    pub fn of_ending(ending: &str) -> Option<Format> {
        match ending.to_ascii_lowercase().as_str() {
            "parquet" => Some(Format::Parquet),
            "arrow" => Some(Format::Arrow),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }

    /// The ending of a file name.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::Csv => "csv",
        }
    }
}

/// Where files are created: the disk, or a test's memory. A file is not finished before
/// [`super::run`] ends well; whoever implements this keeps it aside until then.
pub trait Store: Sync {
    /// Creates a file.
    ///
    /// # Errors
    /// It cannot be created.
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>>;
}

/// Why a file was not written.
#[derive(Debug)]
pub struct WriteError {
    /// The file.
    pub file: String,
    /// The reason.
    pub reason: String,
}

/// Rows as one file takes them.
pub enum Encoded {
    /// Columns of a row group.
    Parquet(Vec<parquet::Chunk>),
    /// Batches.
    Batches(Vec<RecordBatch>),
    /// Lines of the three files.
    Csv([Vec<u8>; 3]),
}

/// Prepares rows for a file, in the thread that makes them.
pub enum Encoder<'a> {
    /// Parquet.
    Parquet(parquet::GroupEncoder<'a>),
    /// Arrow IPC.
    Arrow(Vec<RecordBatch>),
    /// CSV.
    Csv(Box<csv::Lines>),
}

/// Makes encoders; shared by all threads.
pub struct Encoders {
    format: Format,
    parquet: parquet::Groups,
}

impl Encoders {
    /// Encoders of a format.
    ///
    /// # Errors
    /// The schema has a type that the format lacks: a fault of this program.
    pub fn new(format: Format, schema: &SchemaRef) -> Result<Encoders, String> {
        Ok(Encoders { format, parquet: parquet::Groups::new(schema)? })
    }

    /// Starts a run of rows that go into one file together.
    ///
    /// # Errors
    /// As [`Encoders::new`].
    pub fn start(&self) -> Result<Encoder<'_>, String> {
        Ok(match self.format {
            Format::Parquet => Encoder::Parquet(self.parquet.start()?),
            Format::Arrow => Encoder::Arrow(Vec::new()),
            Format::Csv => Encoder::Csv(Box::default()),
        })
    }
}

impl Encoder<'_> {
    /// Takes rows.
    ///
    /// # Errors
    /// As [`Encoders::new`].
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        match self {
            Encoder::Parquet(group) => group.add(batch),
            Encoder::Arrow(batches) => {
                batches.push(batch.clone());
                Ok(())
            }
            Encoder::Csv(lines) => lines.add(batch).map_err(|e| e.to_string()),
        }
    }

    /// Ends the run of rows.
    ///
    /// # Errors
    /// As [`Encoders::new`].
    pub fn end(self) -> Result<Encoded, String> {
        Ok(match self {
            Encoder::Parquet(group) => Encoded::Parquet(group.end()?),
            Encoder::Arrow(batches) => Encoded::Batches(batches),
            Encoder::Csv(lines) => Encoded::Csv(lines.end()),
        })
    }
}

type Out = Hashing<Box<dyn Write + Send>>;

/// One table on its way to one file, or for CSV to three.
pub enum TableFile {
    /// Parquet.
    Parquet(Box<parquet::File>, String),
    /// Arrow IPC.
    Arrow(Box<ipc::File>, String),
    /// CSV.
    Csv(Vec<(Out, String)>),
}

impl TableFile {
    /// Creates the file, or files: the name without its ending.
    ///
    /// # Errors
    /// The file cannot be created or written.
    pub fn create(
        store: &dyn Store,
        format: Format,
        stem: &str,
        schema: &SchemaRef,
    ) -> Result<TableFile, WriteError> {
        let name = format!("{stem}.{}", format.ending());
        let open = |name: &str| {
            let made = store.create(name).map(Hashing::new);
            made.map_err(|e| WriteError { file: name.to_owned(), reason: e.to_string() })
        };
        let fail = |reason| WriteError { file: name.clone(), reason };
        Ok(match format {
            Format::Parquet => {
                let file = parquet::File::create(open(&name)?, schema).map_err(fail)?;
                TableFile::Parquet(Box::new(file), name)
            }
            Format::Arrow => {
                let file = ipc::File::create(open(&name)?, schema);
                let file = file.map_err(|e| fail(arrow_reason(&e)))?;
                TableFile::Arrow(Box::new(file), name)
            }
            Format::Csv => {
                let mut out = Vec::new();
                for (middle, header) in csv::headers(schema) {
                    let name = format!("{stem}{middle}.csv");
                    let mut file = open(&name)?;
                    file.write_all(&header).map_err(|e| fail(e.to_string()))?;
                    out.push((file, name));
                }
                TableFile::Csv(out)
            }
        })
    }

    /// Takes the next rows.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn take(&mut self, encoded: Encoded) -> Result<(), WriteError> {
        match (self, encoded) {
            (TableFile::Parquet(file, name), Encoded::Parquet(chunks)) => {
                file.group(chunks).map_err(|reason| WriteError { file: name.clone(), reason })
            }
            (TableFile::Arrow(file, name), Encoded::Batches(batches)) => file
                .write(&batches)
                .map_err(|e| WriteError { file: name.clone(), reason: arrow_reason(&e) }),
            (TableFile::Csv(files), Encoded::Csv(lines)) => {
                for ((file, name), bytes) in files.iter_mut().zip(lines) {
                    file.write_all(&bytes)
                        .map_err(|e| WriteError { file: name.clone(), reason: e.to_string() })?;
                }
                Ok(())
            }
            (_, _) => Err(WriteError {
                file: String::new(),
                reason: "rows of one format for a file of another".to_owned(),
            }),
        }
    }

    /// Ends the file: length and hash of what was written.
    ///
    /// # Errors
    /// The end cannot be written.
    pub fn finish(self) -> Result<Vec<FileHash>, WriteError> {
        let flushed = |mut out: Out, name: String| match out.flush() {
            Ok(()) => Ok(out.finish("data", &name)),
            Err(e) => Err(WriteError { file: name, reason: e.to_string() }),
        };
        match self {
            TableFile::Parquet(file, name) => match file.finish() {
                Ok(out) => Ok(vec![flushed(out, name)?]),
                Err(reason) => Err(WriteError { file: name, reason }),
            },
            TableFile::Arrow(file, name) => match file.finish() {
                Ok(out) => Ok(vec![flushed(out, name)?]),
                Err(e) => Err(WriteError { file: name, reason: arrow_reason(&e) }),
            },
            TableFile::Csv(files) => {
                files.into_iter().map(|(out, name)| flushed(out, name)).collect()
            }
        }
    }
}

/// The reason without the words of the library around it.
fn arrow_reason(e: &ArrowError) -> String {
    match e {
        ArrowError::IoError(says, _) => says.clone(),
        other => other.to_string(),
    }
}
