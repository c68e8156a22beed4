//! What is wrong with a file, where in it, and what to do next: one type for every format.

use super::Format;
use crate::ImageError;
use std::fmt;

/// Why bytes were refused, or could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    /// The format that was being read or written.
    pub format: Format,
    /// Bytes from the start of the file to what is wrong.
    pub offset: usize,
    /// The record, marker or view, such as `record 3 (Type-4)`; empty where there is none.
    pub record: String,
    /// The field in the standard's words, such as `14.011 CGA`; empty where there is none.
    pub field: String,
    /// What was expected and what is there: lower case, no full stop.
    pub problem: String,
    /// What to do next; empty where nothing but another file helps.
    pub help: String,
}

/// What a reader gives.
pub type Read<T> = Result<T, FormatError>;

impl FormatError {
    /// An error at an offset.
    pub fn new(format: Format, offset: usize, problem: impl Into<String>) -> Self {
        Self {
            format,
            offset,
            record: String::new(),
            field: String::new(),
            problem: problem.into(),
            help: String::new(),
        }
    }

    /// Names the record, marker or view, unless it is named already.
    #[must_use]
    pub fn record(mut self, record: impl Into<String>) -> Self {
        if self.record.is_empty() {
            self.record = record.into();
        }
        self
    }

    /// Names the field, unless it is named already.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        if self.field.is_empty() {
            self.field = field.into();
        }
        self
    }

    /// Says what to do next, unless it is said already.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        if self.help.is_empty() {
            self.help = help.into();
        }
        self
    }

    /// Counts the offset from an outer file, in which these bytes start at `start`.
    #[must_use]
    pub fn within(mut self, start: usize) -> Self {
        self.offset = self.offset.saturating_add(start);
        self
    }

    /// An image of impossible sides.
    pub fn image(format: Format, offset: usize, error: &ImageError) -> Self {
        Self::new(format, offset, error.to_string())
            .help("give an image of at least 1 x 1 and at most 16,384 pixels a side")
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, byte {}", self.format.name(), self.offset)?;
        for place in [&self.record, &self.field] {
            if !place.is_empty() {
                write!(f, ", {place}")?;
            }
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for FormatError {}
