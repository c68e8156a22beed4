//! Arrow IPC files.

use super::Out;
use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, SchemaRef};

/// A file being written.
pub struct File(FileWriter<Out>);

impl File {
    pub fn create(out: Out, schema: &SchemaRef) -> Result<File, ArrowError> {
        Ok(File(FileWriter::try_new(out, schema)?))
    }

    pub fn write(&mut self, batches: &[RecordBatch]) -> Result<(), ArrowError> {
        batches.iter().try_for_each(|b| self.0.write(b))
    }

    pub fn finish(mut self) -> Result<Out, ArrowError> {
        self.0.finish()?;
        self.0.into_inner()
    }
}
