//! Reading big-endian fields from bytes, with errors that name them.

use super::{Format, FormatError, Read};

/// A place in bytes, and what is being read there.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    format: Format,
    bytes: &'a [u8],
    at: usize,
    record: String,
}

impl<'a> Cursor<'a> {
    /// From the start of bytes.
    pub fn new(format: Format, bytes: &'a [u8]) -> Self {
        Self { format, bytes, at: 0, record: String::new() }
    }

    /// Names the record, marker or view for the errors that follow.
    pub fn enter(&mut self, record: impl Into<String>) {
        self.record = record.into();
    }

    /// Bytes from the start.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Every byte that is left, without taking it.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next bytes, of which there must be `count`.
    pub fn take(&mut self, count: usize, field: &str) -> Read<&'a [u8]> {
        let Some(taken) = self.bytes.get(self.at..).and_then(|rest| rest.get(..count)) else {
            let problem = format!("{count} bytes are needed, {} are left", self.left());
            return Err(self.error(field, problem).help("the file is cut off: get it again"));
        };
        self.at += count;
        Ok(taken)
    }

    /// One byte.
    pub fn u8(&mut self, field: &str) -> Read<u8> {
        Ok(self.take(1, field)?[0])
    }

    /// Two bytes, the high one first.
    pub fn u16(&mut self, field: &str) -> Read<u16> {
        let b = self.take(2, field)?;
        Ok(u16::from_be_bytes([b[0], b[1]]))
    }

    /// Four bytes, the high one first.
    pub fn u32(&mut self, field: &str) -> Read<u32> {
        let b = self.take(4, field)?;
        Ok(u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// An error at the next byte.
    pub fn error(&self, field: &str, problem: impl Into<String>) -> FormatError {
        self.error_at(self.at, field, problem)
    }

    /// An error at a byte that was read already.
    pub fn error_at(&self, at: usize, field: &str, problem: impl Into<String>) -> FormatError {
        FormatError::new(self.format, at, problem).record(self.record.as_str()).field(field)
    }
}
