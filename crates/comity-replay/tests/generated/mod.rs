//! Generated rows as cases, and files in memory, for the tests of the generator.
#![allow(dead_code, reason = "each test file uses a part")]

use arrow_array::RecordBatch;
use comity_model::{CaseFacts, Diagnostic};
use comity_policy::columns::{CaseReader, Unseen};
use comity_replay::Files;
use comity_replay::generate::plan::Plan;
use comity_replay::generate::run::{Made, Request, run};
use comity_replay::generate::tables::Tables;
use comity_replay::generate::write::{Format, Store, WriteError};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The root of the repository.
pub fn root() -> std::path::PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The files of the repository.
pub struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        std::fs::File::open(path)
            .map(|f| Box::new(f) as Box<dyn Read>)
            .map_err(|e| Diagnostic::error("unreadable-file", format!("{path}: {e}")))
    }
}

type Shared = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Files in memory; writing fails after `room` bytes of one file.
pub struct Memory {
    pub files: Shared,
    pub room: usize,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { files: Shared::default(), room: usize::MAX }
    }

    pub fn take(self) -> BTreeMap<String, Vec<u8>> {
        self.files.lock().unwrap().clone()
    }
}

struct Out {
    name: String,
    files: Shared,
    room: usize,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut files = self.files.lock().unwrap();
        let file = files.get_mut(&self.name).unwrap();
        if file.len() + bytes.len() > self.room {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        file.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for Memory {
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        self.files.lock().unwrap().insert(name.to_owned(), Vec::new());
        let files = Arc::clone(&self.files);
        Ok(Box::new(Out { name: name.to_owned(), files, room: self.room }))
    }
}

/// A run of `rows` rows of all months.
pub fn request(tables: &Tables, rows: u64, format: Format) -> Request {
    Request {
        plan: Plan::new(tables, Some(rows), None, None).unwrap(),
        seed: 7,
        format,
        stem: "cases".to_owned(),
        by_year: false,
        threads: NonZeroUsize::new(2).unwrap(),
    }
}

/// Runs into memory.
pub fn make(tables: &Tables, request: &Request) -> (Made, BTreeMap<String, Vec<u8>>) {
    let store = Memory::new();
    let made = run(tables, request, &store, &mut |_, _| {});
    let made = made.unwrap_or_else(|e: WriteError| panic!("{}: {}", e.file, e.reason));
    (made, store.take())
}

/// The cases of a batch, by the reader of the column evaluator.
pub fn cases(batch: &RecordBatch) -> Vec<CaseFacts> {
    let reader = CaseReader::of(batch, Unseen::Refuse).unwrap();
    (0..batch.num_rows()).map(|row| reader.case_of_row(row)).collect()
}
