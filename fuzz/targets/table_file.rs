//! A Parquet or Arrow file: read to its end, or refused with its name; no row is lost.
#![no_main]

use comity_replay::bulk::input::{Format, Input, Lies};
use comity_replay::bulk::part::Opened;
use comity_replay::bulk::source::Remote;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug)]
struct Memory(Vec<u8>);

impl Remote for Memory {
    fn ranges(&self, ranges: &[Range<u64>]) -> io::Result<Vec<bytes::Bytes>> {
        let one = |r: &Range<u64>| {
            let range = usize::try_from(r.start).ok()?..usize::try_from(r.end).ok()?;
            Some(bytes::Bytes::copy_from_slice(self.0.get(range)?))
        };
        ranges.iter().map(|r| one(r).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())).collect()
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Readers that panic are caught and become findings; the hook of the fuzzer would end it.
    std::panic::set_hook(Box::new(|_| {
        if !comity_replay::bulk::guard::is_reading() {
            std::process::abort();
        }
    }));
    let (format, name) = match bytes.first() {
        Some(b'A') => (Format::Arrow, "hostile.arrow"),
        _ => (Format::Parquet, "hostile.parquet"),
    };
    let input = Input {
        path: PathBuf::from(name),
        format,
        bytes: bytes.len() as u64,
        partitions: Vec::new(),
        lies: Lies::Remote(Arc::new(Memory(bytes.to_vec()))),
    };
    let opened = match Opened::open(input) {
        Ok(opened) => opened,
        Err(found) => return assert!(found.message.contains(name)),
    };
    for part in opened.places(0, 0) {
        let mut rows = 0;
        let read = opened.batches(&part, &|_| true, &mut |batch| {
            rows += batch.num_rows() as u64;
            Ok(())
        });
        match read {
            Ok(()) => assert_eq!(rows, opened.parts[part.number], "rows are lost"),
            Err(found) => assert!(found.message.contains(name)),
        }
    }
});
