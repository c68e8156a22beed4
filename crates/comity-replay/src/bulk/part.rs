//! The parts of a table: what one worker reads at a time, and how it is read.
//!
//! A Parquet file has a part for every row group, an Arrow file one for every batch; both
//! are read by the worker itself. A CSV file or a workbook can only be read from the start,
//! so that its rows are handed out in parts.

use super::arrow_file;
use super::guard::{self, DAMAGED};
use super::input::{Format, Input, unreadable};
use super::lists::{self, ListColumn};
use super::source::Source;
use crate::reader::{Encoding, Row, Rows};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use comity_model::Diagnostic;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use std::io::BufReader;
use std::sync::Arc;

/// Rows that are decided together.
pub const BATCH_ROWS: usize = 1 << 16;

/// What a part is of its file.
#[derive(Debug, Clone)]
pub enum Place {
    /// A row group of a Parquet file.
    RowGroup(usize),
    /// A batch of an Arrow file.
    Batch(usize),
    /// Rows that have been read.
    Rows(Vec<Row>),
}

/// A part of a table.
#[derive(Debug)]
pub struct Part {
    /// Its number among all parts.
    pub number: usize,
    /// The file, as an index.
    pub input: usize,
    /// The number in its file of its first row, from 0.
    pub first_row: u64,
    /// What it is.
    pub place: Place,
}

/// One file with what is known of it before its rows are read.
pub struct Opened {
    /// The file.
    pub input: Input,
    /// Its columns, those of its folders among them; texts for CSV and workbooks.
    pub schema: SchemaRef,
    /// Rows by part, where the file says so.
    pub parts: Vec<u64>,
    parquet: Option<ArrowReaderMetadata>,
}

impl Opened {
    /// Reads what the file says about itself.
    ///
    /// # Errors
    /// The file is cut off, damaged, or not of its kind.
    pub fn open(input: Input) -> Result<Opened, Diagnostic> {
        let path = input.path.clone();
        guard::read(&path, "its head", || Opened::of(input))
    }

    fn of(input: Input) -> Result<Opened, Diagnostic> {
        let mut parquet = None;
        let (schema, parts) = match input.format {
            Format::Parquet => {
                let file = open(&input)?;
                let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
                    .map_err(|e| unreadable(&input.path, e).help(DAMAGED))?;
                let groups = metadata.metadata().row_groups();
                let rows = groups.iter().map(|g| g.num_rows().max(0) as u64).collect();
                let schema = metadata.schema().clone();
                parquet = Some(metadata);
                (schema, rows)
            }
            Format::Arrow => {
                arrow_file::check(open(&input)?)
                    .map_err(|e| unreadable(&input.path, e).help(DAMAGED))?;
                let schema = ipc(&input, None)?.schema();
                // Without columns a batch is read for its number of rows only.
                let counted =
                    ipc(&input, Some(Vec::new()))?.map(|b| b.map(|b| b.num_rows() as u64));
                let rows = counted.collect::<Result<Vec<u64>, _>>();
                (schema, rows.map_err(|e| unreadable(&input.path, e).help(DAMAGED))?)
            }
            Format::Csv => {
                let rows = Rows::new(open(&input)?, Encoding::Utf8);
                if let Some(why) = rows.no_header() {
                    return Err(unreadable(&input.path, why));
                }
                (texts(rows.header()), Vec::new())
            }
            Format::Xlsx => {
                let (header, _) = super::workbook::rows(&input.path)?;
                (texts(&header), Vec::new())
            }
        };
        let schema = with_partitions(&schema, &input)?;
        Ok(Opened { input, schema, parts, parquet })
    }

    /// The names of its columns.
    pub fn header(&self) -> Vec<String> {
        self.schema.fields().iter().map(|f| f.name().clone()).collect()
    }

    /// True where a worker can go to any part by itself.
    pub fn is_random_access(&self) -> bool {
        matches!(self.input.format, Format::Parquet | Format::Arrow)
    }

    /// The parts of a file that has any; `number` is that of the first, `input` the file's.
    pub fn places(&self, number: usize, input: usize) -> Vec<Part> {
        let mut first_row = 0;
        let part = |(i, rows): (usize, &u64)| {
            let place = match self.input.format {
                Format::Parquet => Place::RowGroup(i),
                _ => Place::Batch(i),
            };
            let part = Part { number: number + i, input, first_row, place };
            first_row += rows;
            part
        };
        self.parts.iter().enumerate().map(part).collect()
    }

    /// The batches of a part, with only the wanted columns where the file can leave others out.
    ///
    /// # Errors
    /// The part is damaged; the error names file and part.
    pub fn batches(
        &self,
        part: &Part,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(RecordBatch) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let bad = |what: &str, i: usize, e: &dyn std::fmt::Display| {
            unreadable(&self.input.path, format!("{what} {i}: {e}")).help(DAMAGED)
        };
        match (&part.place, &self.parquet) {
            (Place::RowGroup(i), Some(metadata)) => {
                self.row_group(*i, metadata, wanted, each).map_err(|e| match e {
                    Stopped::Reader(e) => bad("row group", *i, &e),
                    Stopped::Other(e) => e,
                })
            }
            (Place::Batch(i), _) => {
                let batch = guard::read(&self.input.path, &format!("batch {i}"), || {
                    let mut reader = ipc(&self.input, None)?;
                    reader.set_index(*i).map_err(|e| bad("batch", *i, &e))?;
                    reader.next().transpose().map_err(|e| bad("batch", *i, &e))
                })?;
                let Some(batch) = batch else { return Ok(()) };
                for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
                    let rows = BATCH_ROWS.min(batch.num_rows() - start);
                    each(self.complete(batch.slice(start, rows))?)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Lists of structs come from their own reader, everything else from the general one.
    fn row_group(
        &self,
        group: usize,
        metadata: &ArrowReaderMetadata,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(RecordBatch) -> Result<(), Diagnostic>,
    ) -> Result<(), Stopped> {
        let columns = metadata.schema().fields().iter().enumerate();
        let roots: Vec<usize> = columns.filter(|(_, f)| wanted(f.name())).map(|(i, _)| i).collect();
        let leaves: Vec<Vec<usize>> =
            roots.iter().map(|root| lists::leaves_of(metadata, group, *root)).collect();
        let general = roots.iter().zip(&leaves).filter(|(_, own)| own.is_empty());
        let all = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
        let mask = ProjectionMask::roots(metadata.parquet_schema(), general.map(|(root, _)| *root));
        let mut source = open(&self.input).map_err(Stopped::Other)?;
        let chunks = metadata.metadata().row_group(group).columns().iter().enumerate();
        let chunks = chunks.filter(|(leaf, _)| all.leaf_included(*leaf));
        let ranges = chunks.map(|(_, c)| c.byte_range()).map(|(s, len)| s..s + len);
        source.fetch(&ranges.collect::<Vec<_>>()).map_err(ParquetError::from)?;
        let shared = Arc::new(source.clone());
        let mut own = Vec::new();
        for (at, (root, leaves)) in roots.iter().zip(&leaves).enumerate() {
            if !leaves.is_empty() {
                let column = ListColumn::new(&shared, metadata, group, *root, leaves)?;
                own.push((at, Arc::clone(&metadata.schema().fields()[*root]), column));
            }
        }
        let mut reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()?;
        let mut next = || {
            let Some(batch) = reader.next().transpose()? else { return Ok(None) };
            let (schema, mut columns, rows) = batch.into_parts();
            let mut fields = schema.fields().to_vec();
            for (at, field, column) in &mut own {
                let lists = column.next(rows).map_err(|e| in_column(field.name(), &e))?;
                fields.insert(*at, Arc::clone(field));
                columns.insert(*at, Arc::new(lists));
            }
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
                .map(Some)
                .map_err(ParquetError::from)
        };
        let what = format!("row group {group}");
        while let Some(batch) =
            guard::read(&self.input.path, &what, || Ok(next())).map_err(Stopped::Other)??
        {
            each(self.complete(batch).map_err(Stopped::Other)?).map_err(Stopped::Other)?;
        }
        Ok(())
    }

    /// Adds the columns of the file's folders.
    fn complete(&self, batch: RecordBatch) -> Result<RecordBatch, Diagnostic> {
        if self.input.partitions.is_empty() {
            return Ok(batch);
        }
        let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        for (name, value) in &self.input.partitions {
            fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
            let value = std::iter::repeat_n(value.as_str(), batch.num_rows());
            columns.push(Arc::new(StringArray::from_iter_values(value)));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .map_err(|e| unreadable(&self.input.path, e))
    }
}

/// Why a row group was not read to its end.
enum Stopped {
    /// Its bytes are damaged; the place is still to be said.
    Reader(ParquetError),
    /// It is said already.
    Other(Diagnostic),
}

impl From<ParquetError> for Stopped {
    fn from(e: ParquetError) -> Stopped {
        Stopped::Reader(e)
    }
}

fn in_column(column: &str, e: &ParquetError) -> ParquetError {
    ParquetError::General(format!("column `{column}`: {e}"))
}

fn open(input: &Input) -> Result<Source, Diagnostic> {
    input.open().map_err(|e| unreadable(&input.path, e))
}

fn ipc(
    input: &Input,
    columns: Option<Vec<usize>>,
) -> Result<FileReader<BufReader<Source>>, Diagnostic> {
    FileReader::try_new(BufReader::new(open(input)?), columns)
        .map_err(|e| unreadable(&input.path, e).help(DAMAGED))
}

fn texts(header: &[String]) -> SchemaRef {
    let fields: Vec<Field> = header.iter().map(|n| Field::new(n, DataType::Utf8, true)).collect();
    Arc::new(Schema::new(fields))
}

/// The schema with the columns of the file's folders.
fn with_partitions(schema: &SchemaRef, input: &Input) -> Result<SchemaRef, Diagnostic> {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    for (name, _) in &input.partitions {
        if schema.field_with_name(name).is_ok() {
            let why = format!("column `{name}` is in the file and in the name of its folder");
            return Err(unreadable(&input.path, why));
        }
        fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Refuses files of one table whose columns differ.
///
/// # Errors
/// The first difference: file, column, and both types.
pub fn one_schema(files: &[Opened]) -> Result<(), Diagnostic> {
    let Some((first, others)) = files.split_first() else { return Ok(()) };
    for other in others {
        let differs = |why: String| {
            let (a, b) = (first.input.name(), other.input.name());
            Err(Diagnostic::error(
                "schema-drift",
                format!("`{b}` and `{a}` are one table, but {why}"),
            )
            .help("replay files of one kind together, and the others by themselves"))
        };
        for field in first.schema.fields() {
            match other.schema.field_with_name(field.name()) {
                Err(_) => {
                    return differs(format!(
                        "column `{}` is only in `{a}`",
                        field.name(),
                        a = first.input.name()
                    ));
                }
                Ok(f) if f.data_type() != field.data_type() => {
                    return differs(format!(
                        "column `{}` is {} in the one and {} in the other",
                        field.name(),
                        f.data_type(),
                        field.data_type()
                    ));
                }
                Ok(_) => {}
            }
        }
        let extra =
            other.schema.fields().iter().find(|f| first.schema.field_with_name(f.name()).is_err());
        if let Some(f) = extra {
            return differs(format!("column `{}` is only in `{}`", f.name(), other.input.name()));
        }
    }
    Ok(())
}
