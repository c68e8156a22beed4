//! The rows of the output: one for every row of the input, in files beside the report.

use super::cases::Cases;
use super::input::unreadable;
use super::tally::{MASKS, OutcomeMask, is_settled, words};
use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::{UInt8Type, UInt16Type};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, RecordBatch, StringArray, UInt16Array, UInt64Array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Field, Schema};
use comity_model::Diagnostic;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RowsFormat {
    /// Parquet.
    #[default]
    Parquet,
    /// CSV.
    Csv,
    /// Arrow IPC.
    Arrow,
    /// Not at all.
    None,
}

impl RowsFormat {
    fn extension(self) -> &'static str {
        match self {
            RowsFormat::Parquet => "parquet",
            RowsFormat::Csv => "csv",
            RowsFormat::Arrow => "arrow",
            RowsFormat::None => "",
        }
    }

    /// The name of a part's file.
    pub fn name(self, part: usize) -> String {
        format!("part-{part:06}.{}", self.extension())
    }
}

/// One side's answers.
pub struct SideColumns<'a> {
    /// Outcomes by row.
    pub masks: &'a [OutcomeMask],
    /// Codes of the rules that bind; 0 is none.
    pub rules: &'a [u16],
    /// Where two laws say the opposite.
    pub conflicts: &'a [bool],
    /// The names behind the codes.
    pub names: &'a [String],
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Arrow(FileWriter<BufWriter<File>>),
    Csv(csv::Writer<File>),
}

/// The rows of one part, being written.
pub struct RowsPart {
    path: PathBuf,
    partial: PathBuf,
    format: RowsFormat,
    keys: Vec<String>,
    sides: Vec<String>,
    writer: Option<Writer>,
}

impl RowsPart {
    /// A file for a part; it has its own name only once it is whole.
    pub fn new(
        path: PathBuf,
        format: RowsFormat,
        keys: Vec<String>,
        sides: Vec<String>,
    ) -> RowsPart {
        let partial = path.with_extension("partial");
        RowsPart { path, partial, format, keys, sides, writer: None }
    }

    /// Writes some rows; `keys` by key, then by row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(
        &mut self,
        file: &str,
        cases: &Cases,
        keys: &[Vec<&str>],
        sides: &[SideColumns<'_>],
    ) -> Result<(), Diagnostic> {
        let batch =
            self.batch(file, cases, keys, sides).map_err(|e| unwritable(&self.partial, e))?;
        self.put(&batch).map_err(|e| unwritable(&self.partial, e))
    }

    fn batch(
        &self,
        file: &str,
        cases: &Cases,
        keys: &[Vec<&str>],
        sides: &[SideColumns<'_>],
    ) -> Result<RecordBatch, ArrowError> {
        let (good, bad) = (cases.numbers.len(), cases.rejected.len());
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        let mut add = |name: String, column: ArrayRef| {
            fields.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        };
        let mut files = StringDictionaryBuilder::<UInt16Type>::new();
        for _ in 0..good + bad {
            files.append(file)?;
        }
        add("file".to_owned(), Arc::new(files.finish()));
        // Rows count from 1, as people count them.
        let numbers = cases.numbers.iter().chain(cases.rejected.iter().map(|(n, _)| n));
        add("row".to_owned(), Arc::new(UInt64Array::from_iter_values(numbers.map(|n| n + 1))));
        for (name, values) in self.keys.iter().zip(keys) {
            let mut out = StringDictionaryBuilder::<UInt16Type>::new();
            for v in values {
                out.append(v)?;
            }
            (0..bad).for_each(|_| out.append_null());
            add(format!("by_{name}"), Arc::new(out.finish()));
        }
        let mut status = StringDictionaryBuilder::<UInt8Type>::new();
        for row in 0..good {
            let settled = sides.iter().all(|s| is_settled(s.masks[row]));
            status.append(if settled { "decided" } else { "undetermined" })?;
        }
        for _ in 0..bad {
            status.append("rejected")?;
        }
        add("status".to_owned(), Arc::new(status.finish()));
        for (name, side) in self.sides.iter().zip(sides) {
            add(format!("{name}_outcome"), outcomes(side, bad)?);
            add(format!("{name}_rule"), rules(side, bad)?);
            let set =
                BooleanBuffer::collect_bool(good + bad, |i| side.conflicts.get(i) == Some(&true));
            add(format!("{name}_conflict"), Arc::new(BooleanArray::from(set)));
        }
        let reasons = (0..good).map(|_| None).chain(cases.rejected.iter().map(|(_, r)| Some(r)));
        add("rejected_because".to_owned(), Arc::new(reasons.collect::<StringArray>()));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }

    fn put(&mut self, batch: &RecordBatch) -> io::Result<()> {
        if self.writer.is_none() {
            self.writer = Some(self.open(batch)?);
        }
        match &mut self.writer {
            Some(Writer::Parquet(w)) => w.write(batch).map_err(parquet_error),
            Some(Writer::Arrow(w)) => w.write(batch).map_err(io::Error::other),
            Some(Writer::Csv(w)) => csv_rows(w, batch),
            None => Ok(()),
        }
    }

    fn open(&self, batch: &RecordBatch) -> io::Result<Writer> {
        let file = File::create(&self.partial)?;
        let schema = batch.schema();
        Ok(match self.format {
            RowsFormat::Arrow => Writer::Arrow(
                FileWriter::try_new_buffered(file, &schema).map_err(io::Error::other)?,
            ),
            RowsFormat::Csv => {
                let mut w = csv::Writer::from_writer(file);
                w.write_record(schema.fields().iter().map(|f| f.name()))?;
                Writer::Csv(w)
            }
            RowsFormat::Parquet | RowsFormat::None => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_created_by(concat!("comity ", env!("CARGO_PKG_VERSION")).to_owned())
                    .build();
                let writer = ArrowWriter::try_new(file, schema, Some(properties));
                Writer::Parquet(Box::new(writer.map_err(parquet_error)?))
            }
        })
    }

    /// Closes the file and gives it its name; nothing is there for a part without rows.
    ///
    /// # Errors
    /// The file cannot be written to its end.
    pub fn finish(mut self) -> Result<(), Diagnostic> {
        let closed = match self.writer.take() {
            None => return Ok(()),
            Some(Writer::Parquet(w)) => w.close().map(|_| ()).map_err(parquet_error),
            Some(Writer::Arrow(mut w)) => w.finish().map_err(io::Error::other),
            Some(Writer::Csv(mut w)) => w.flush(),
        };
        closed
            .and_then(|()| fs::rename(&self.partial, &self.path))
            .map_err(|e| unwritable(&self.partial, e))
    }
}

fn outcomes(side: &SideColumns<'_>, bad: usize) -> Result<ArrayRef, ArrowError> {
    let all: Vec<String> = (0..MASKS as u8).map(words).collect();
    let keys = side.masks.iter().map(|m| Some(*m)).chain((0..bad).map(|_| None));
    let keys: arrow_array::UInt8Array = keys.collect();
    let values = Arc::new(StringArray::from(all));
    Ok(Arc::new(DictionaryArray::<UInt8Type>::try_new(keys, values)?))
}

fn rules(side: &SideColumns<'_>, bad: usize) -> Result<ArrayRef, ArrowError> {
    let codes = side.rules.iter().copied().chain((0..bad).map(|_| 0));
    let keys: Vec<u16> = codes.clone().map(|c| c.saturating_sub(1)).collect();
    let bound: Vec<bool> = codes.map(|c| c != 0).collect();
    let keys = UInt16Array::new(keys.into(), Some(NullBuffer::from(bound)));
    let values = Arc::new(StringArray::from_iter_values(side.names));
    Ok(Arc::new(DictionaryArray::<UInt16Type>::try_new(keys, values)?))
}

fn csv_rows(w: &mut csv::Writer<File>, batch: &RecordBatch) -> io::Result<()> {
    use arrow_cast::display::{ArrayFormatter, FormatOptions};
    let options = FormatOptions::default();
    let columns = batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    for row in 0..batch.num_rows() {
        w.write_record(columns.iter().map(|c| c.value(row).to_string()))?;
    }
    Ok(())
}

fn parquet_error(e: ParquetError) -> io::Error {
    io::Error::other(e)
}

/// An error of an output file.
pub fn unwritable(path: &Path, e: impl std::fmt::Display) -> Diagnostic {
    let mut d = unreadable(path, "");
    d = Diagnostic { code: "unwritable-file", ..d };
    d.message = format!("`{}` cannot be written: {e}", path.display());
    d.help("nothing was left that looks whole; make room or choose another folder, then run the command again")
}
