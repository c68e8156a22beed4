//! Parquet files: a thread encodes a whole row group, the file takes the groups in order.

use super::Out;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

/// A column of a row group, encoded.
pub type Chunk = ArrowColumnChunk;

/// Columns whose least and greatest value let a reader pass over row groups: what follows
/// the months. Of the others every group holds every value, and comparing them costs time.
const ORDERED: [&str; 6] = [
    "row_id",
    "month",
    "decision_on",
    "request_issued_on",
    "custody_booked_on",
    "custody_release_eligible_on",
];

fn properties() -> WriterProperties {
    // Row numbers differ from row to row: a dictionary of them would only cost.
    let row_id = ColumnPath::from("row_id");
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_dictionary_enabled(row_id.clone(), false)
        .set_column_encoding(row_id, Encoding::DELTA_BINARY_PACKED);
    for name in ORDERED {
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Page);
    }
    properties.build()
}

fn writer<W: std::io::Write + Send>(
    out: W,
    schema: &SchemaRef,
) -> Result<(SerializedFileWriter<W>, ArrowRowGroupWriterFactory), String> {
    ArrowWriter::try_new(out, schema.clone(), Some(properties()))
        .and_then(ArrowWriter::into_serialized_writer)
        .map_err(reason)
}

/// The reason without the words of the library around it.
fn reason(e: ParquetError) -> String {
    match e {
        ParquetError::External(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

/// Starts row groups; shared by all threads.
pub struct Groups {
    schema: SchemaRef,
    factory: ArrowRowGroupWriterFactory,
}

impl Groups {
    pub fn new(schema: &SchemaRef) -> Result<Groups, String> {
        // The groups depend on schema and properties only, not on the file they go into.
        let (_, factory) = writer(Vec::new(), schema)?;
        Ok(Groups { schema: schema.clone(), factory })
    }

    pub fn start(&self) -> Result<GroupEncoder<'_>, String> {
        let columns = self.factory.create_column_writers(0).map_err(reason)?;
        Ok(GroupEncoder { schema: &self.schema, columns })
    }
}

/// One row group while it is encoded.
pub struct GroupEncoder<'a> {
    schema: &'a SchemaRef,
    columns: Vec<ArrowColumnWriter>,
}

impl GroupEncoder<'_> {
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let mut writers = self.columns.iter_mut();
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array).map_err(reason)? {
                let writer = writers.next().ok_or("more columns than the schema has")?;
                writer.write(&leaf).map_err(reason)?;
            }
        }
        Ok(())
    }

    pub fn end(self) -> Result<Vec<Chunk>, String> {
        self.columns.into_iter().map(|c| c.close().map_err(reason)).collect()
    }
}

/// A file being written.
pub struct File(SerializedFileWriter<Out>);

impl File {
    pub fn create(out: Out, schema: &SchemaRef) -> Result<File, String> {
        Ok(File(writer(out, schema)?.0))
    }

    pub fn group(&mut self, chunks: Vec<Chunk>) -> Result<(), String> {
        let mut group = self.0.next_row_group().map_err(reason)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(reason)?;
        }
        group.close().map(|_| ()).map_err(reason)
    }

    pub fn finish(self) -> Result<Out, String> {
        self.0.into_inner().map_err(reason)
    }
}
