//! The bytes of a file: on a disk, or in a store that gives them by range.

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// A file in a store, such as an object store; what reaches it lies outside of this crate.
pub trait Remote: Debug + Send + Sync {
    /// The bytes of some ranges, in their order.
    ///
    /// # Errors
    /// The store does not answer, refuses, or has fewer bytes than were asked for.
    fn ranges(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>>;
}

/// An open file.
#[derive(Debug)]
pub enum Source {
    /// On a disk.
    Disk(File),
    /// In a store.
    Remote(Window),
}

/// A file of a store with a place in it, and ranges that were fetched ahead.
#[derive(Debug)]
pub struct Window {
    file: Arc<dyn Remote>,
    len: u64,
    at: u64,
    ahead: Vec<(u64, Bytes)>,
}

impl Window {
    /// A file of a store, at its start.
    pub fn new(file: Arc<dyn Remote>, len: u64) -> Window {
        Window { file, len, at: 0, ahead: Vec::new() }
    }

    fn bytes(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let end = start + length as u64;
        let held = self.ahead.iter().find(|(s, b)| *s <= start && end <= s + b.len() as u64);
        if let Some((s, bytes)) = held {
            let from = (start - s) as usize;
            return Ok(bytes.slice(from..from + length));
        }
        let range = start..end;
        let one = std::slice::from_ref(&range);
        let found = self.file.ranges(one)?.into_iter().next().unwrap_or_default();
        if found.len() == length { Ok(found) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Source {
    /// Fetches ranges that will be read, all in one request where the store can; nothing on
    /// a disk, which needs none.
    ///
    /// # Errors
    /// The store's.
    pub fn fetch(&mut self, ranges: &[Range<u64>]) -> io::Result<()> {
        if let Source::Remote(w) = self {
            let found = w.file.ranges(ranges)?;
            w.ahead = ranges.iter().map(|r| r.start).zip(found).collect();
        }
        Ok(())
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Disk(f) => f.read(buffer),
            Source::Remote(w) => {
                let n = (w.len.saturating_sub(w.at)).min(buffer.len() as u64) as usize;
                if n > 0 {
                    w.bytes(w.at, n)?.copy_to_slice(&mut buffer[..n]);
                    w.at += n as u64;
                }
                Ok(n)
            }
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Source::Disk(f) => f.seek(to),
            Source::Remote(w) => {
                let at = match to {
                    SeekFrom::Start(n) => Some(n),
                    SeekFrom::End(n) => w.len.checked_add_signed(n),
                    SeekFrom::Current(n) => w.at.checked_add_signed(n),
                };
                w.at = at.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(w.at)
            }
        }
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Source::Disk(f) => Length::len(f),
            Source::Remote(w) => w.len,
        }
    }
}

impl ChunkReader for Source {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Box<dyn Read>> {
        match self {
            Source::Disk(f) => Ok(Box::new(f.get_read(start)?)),
            Source::Remote(w) => {
                let held = w.ahead.iter().find(|(s, b)| (*s..s + b.len() as u64).contains(&start));
                if let Some((s, bytes)) = held {
                    return Ok(Box::new(bytes.slice((start - s) as usize..).reader()));
                }
                let mut rest = Window::new(Arc::clone(&w.file), w.len);
                rest.at = start;
                Ok(Box::new(io::BufReader::new(Source::Remote(rest))))
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Source::Disk(f) => f.get_bytes(start, length),
            Source::Remote(w) => {
                w.bytes(start, length).map_err(|e| ParquetError::External(Box::new(e)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    struct Memory(Bytes, AtomicUsize);

    impl Remote for Memory {
        fn ranges(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            let one = |r: &Range<u64>| {
                let (start, end) = (r.start as usize, r.end as usize);
                if end > self.0.len() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(self.0.slice(start..end))
            };
            ranges.iter().map(one).collect()
        }
    }

    #[test]
    fn a_remote_file_reads_and_seeks_as_one_on_a_disk() {
        let bytes: Vec<u8> = (0..=255).collect();
        let memory = Arc::new(Memory(bytes.clone().into(), AtomicUsize::new(0)));
        let mut source = Source::Remote(Window::new(memory, 256));
        let mut all = Vec::new();
        source.read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes);
        source.seek(SeekFrom::End(-2)).unwrap();
        let mut two = [0; 2];
        source.read_exact(&mut two).unwrap();
        assert_eq!(two, [254, 255]);
        assert!(source.read_exact(&mut two).is_err(), "nothing lies behind the end");
        assert!(source.seek(SeekFrom::End(-257)).is_err());
    }

    #[test]
    fn what_was_fetched_ahead_is_not_asked_for_again() {
        let bytes: Vec<u8> = (0..=255).collect();
        let memory = Arc::new(Memory(bytes.into(), AtomicUsize::new(0)));
        let mut source = Source::Remote(Window::new(memory.clone(), 256));
        source.fetch(&[10..20, 100..200]).unwrap();
        assert_eq!(source.get_bytes(12, 4).unwrap().as_ref(), [12, 13, 14, 15]);
        let mut one = [0];
        source.get_read(150).unwrap().read_exact(&mut one).unwrap();
        assert_eq!((one, memory.1.load(Ordering::Relaxed)), ([150], 1));
        assert_eq!(source.get_bytes(30, 1).unwrap().as_ref(), [30]);
        assert_eq!(memory.1.load(Ordering::Relaxed), 2);
        assert!(source.get_bytes(250, 10).is_err(), "the file ends before");
    }
}
