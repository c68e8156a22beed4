//! Records of CSV, one after another, in bounded memory: of a record that is too long only its
//! length is kept, so that a quote that is never closed costs time and no memory.

use csv_core::ReadRecordResult;
use std::io::{self, BufRead, BufReader, Read};

/// Longest record that is read, in bytes of its cells.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Most cells of a record that is read.
const CELLS_MAX: usize = 1 << 16;

/// CSV (RFC 4180) being read.
pub struct Records<R> {
    input: BufReader<R>,
    core: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    bytes_all: u64,
    is_too_long: bool,
    /// Line on which the record starts.
    line: u64,
    /// Lines that ended where the parser did not see it.
    lines_passed: u64,
}

impl<R: Read> Records<R> {
    /// Starts at the first byte; a byte-order mark is passed over.
    pub fn new(input: R) -> Records<R> {
        Records {
            input: BufReader::with_capacity(1 << 16, input),
            core: csv_core::Reader::new(),
            bytes: vec![0; 1 << 12],
            ends: vec![0; 1 << 6],
            cells: 0,
            bytes_all: 0,
            is_too_long: false,
            line: 1,
            lines_passed: 0,
        }
    }

    /// Reads the next record; false at the end. Blank lines are no records.
    ///
    /// # Errors
    /// The device's: any bytes are some record.
    pub fn advance(&mut self) -> io::Result<bool> {
        self.pass_blank_lines()?;
        self.line = self.line_after();
        (self.cells, self.bytes_all, self.is_too_long) = (0, 0, false);
        let mut used = 0;
        loop {
            let input = self.input.fill_buf()?;
            let (bytes, ends) = (&mut self.bytes[used..], &mut self.ends[self.cells..]);
            let (result, read, written, ended) = self.core.read_record(input, bytes, ends);
            let is_half_of_crlf = input[..read].last() == Some(&b'\r');
            self.input.consume(read);
            used += written;
            self.bytes_all += written as u64;
            self.cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < RECORD_BYTES_MAX => {
                    self.bytes.resize(self.bytes.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < CELLS_MAX => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                // What follows is counted and written over.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    self.is_too_long = true;
                    (used, self.cells) = (0, 0);
                }
                ReadRecordResult::Record => {
                    if is_half_of_crlf && self.input.fill_buf()?.first() == Some(&b'\n') {
                        self.input.consume(1);
                        self.lines_passed += 1;
                    }
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    fn pass_blank_lines(&mut self) -> io::Result<()> {
        while let Some(byte @ (b'\r' | b'\n')) = self.input.fill_buf()?.first().copied() {
            self.input.consume(1);
            self.lines_passed += u64::from(byte == b'\n');
        }
        Ok(())
    }

    /// True where the record is longer than [`RECORD_BYTES_MAX`] and its cells are not kept.
    pub fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// Bytes of all cells of the record.
    pub fn bytes_all(&self) -> u64 {
        self.bytes_all
    }

    /// The line on which the record starts, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The line after the record.
    pub fn line_after(&self) -> u64 {
        self.core.line() + self.lines_passed
    }

    /// The cells of the record; none where it is too long.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let ends = if self.is_too_long { &[][..] } else { &self.ends[..self.cells] };
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Vec<String>> {
        let mut records = Records::new(text.as_bytes());
        let mut out = Vec::new();
        while records.advance().unwrap() {
            let text = |c: &[u8]| String::from_utf8(c.to_vec()).unwrap();
            out.push(records.cells().map(text).collect());
        }
        out
    }

    #[test]
    fn quotes_blank_lines_and_a_missing_last_newline() {
        let found = all("\u{feff}a,b\r\n\r\n\"1,\n2\",\"say \"\"so\"\"\"\n,x");
        assert_eq!(found, [vec!["a", "b"], vec!["1,\n2", "say \"so\""], vec!["", "x"]]);
    }

    /// A record of many times the limit between two others: counted, not kept.
    #[test]
    fn a_long_record_takes_no_memory() {
        let long = 100 * RECORD_BYTES_MAX as u64;
        let input = (&b"a,b\n\""[..]).chain(io::repeat(b'x').take(long)).chain(&b"\",y\nc,d\n"[..]);
        let mut records = Records::new(input);
        assert!(records.advance().unwrap() && records.advance().unwrap());
        assert!(records.is_too_long() && records.cells().next().is_none());
        assert_eq!(records.bytes_all(), long + 1);
        assert_eq!(records.bytes.len(), RECORD_BYTES_MAX);
        assert!(records.advance().unwrap());
        assert_eq!(records.cells().collect::<Vec<_>>(), [b"c", b"d"]);
        assert_eq!(records.line(), 3);
        assert!(!records.advance().unwrap());
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for text in ["a\nb\n\n\"c\nc\"\nd", "a\r\nb\r\n\r\n\"c\r\nc\"\r\nd\r\n"] {
            let mut records = Records::new(text.as_bytes());
            let mut lines = Vec::new();
            while records.advance().unwrap() {
                lines.push((records.line(), records.line_after()));
            }
            assert_eq!(lines[..3], [(1, 2), (2, 3), (4, 6)], "{text:?}");
            assert_eq!(lines[3].0, 6);
        }
    }

    #[test]
    fn a_record_of_too_many_cells_is_too_long() {
        let mut records = Records::new(io::repeat(b',').take(1 << 20));
        assert!(records.advance().unwrap());
        assert!(records.is_too_long());
    }
}
