//! Hostile bytes in mappings, studies, reviewed tables and data: reading ends soon, never
//! panics, and no row of a data file is lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use comity_model::Diagnostic;
use comity_policy::{Library, PolicyFile};
use comity_replay::{Failure, Files, Request, mapping, run, study};
use mutate::{Corpus, Limits, hammer};
use std::io::Read;
use std::path::{Path, PathBuf};

const STUDY: &str = "data/travis-tx/study.toml";
const HOSTILE: &str = "hostile";

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

fn library() -> Library {
    let files = Corpus::read(&root(), "policies", &["toml"]).files;
    let files: Vec<PolicyFile> =
        files.into_iter().map(|(name, bytes)| PolicyFile { name, bytes }).collect();
    Library::load_what_is_good(&files).0
}

/// The first lines of a file of the repository: enough to mutate, quick to read.
fn lines(path: &str, count: usize) -> Vec<u8> {
    let bytes = std::fs::read(root().join(path)).expect("a file of the repository");
    bytes.split_inclusive(|b| *b == b'\n').take(count).collect::<Vec<_>>().concat()
}

/// The repository's files, cut short, with hostile bytes in the place of one of them.
struct Repository<'a> {
    replaced: &'a str,
    hostile: &'a [u8],
    short: &'a [(String, Vec<u8>)],
}

impl Files for Repository<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        if path.ends_with(self.replaced) {
            return Ok(Box::new(self.hostile));
        }
        let found = self.short.iter().find(|(name, _)| path.ends_with(name));
        found
            .map(|(_, bytes)| Box::new(bytes.as_slice()) as Box<dyn Read>)
            .ok_or_else(|| Diagnostic::error("unreadable-file", path))
    }
}

#[test]
fn no_mapping_and_no_study_can_make_their_readers_panic_or_run_on() {
    let library = library();
    let corpus = Corpus::read(&root(), "data", &["toml"]);
    hammer("mapping", &corpus, Limits::of(3_000), |bytes| {
        if let Err(found) = mapping::parse(HOSTILE, bytes, library.places()) {
            assert!(!found.is_empty(), "refused without a finding");
        }
        if let Err(found) = study::parse(HOSTILE, bytes, &library) {
            assert!(!found.is_empty(), "refused without a finding");
        }
    });
}

#[test]
fn no_data_file_and_no_table_can_lose_a_row_or_make_a_replay_panic() {
    let library = library();
    let files =
        ["study.toml", "mapping.toml", "levels.csv", "dispositions.csv", "charge-table.csv"];
    let mut short: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|name| ((*name).to_owned(), lines(&format!("data/travis-tx/{name}"), usize::MAX)))
        .collect();
    short.push(("/bookings.csv".to_owned(), lines("data/travis-tx/bookings.csv", 9)));
    short.push((
        "bookings-charges.csv".to_owned(),
        lines("data/travis-tx/bookings-charges.csv", 30),
    ));
    for replaced in ["/bookings.csv", "bookings-charges.csv", "charge-table.csv", "levels.csv"] {
        let mut corpus = Corpus::default();
        let (_, bytes) = short.iter().find(|(n, _)| n == replaced).expect("the file to replace");
        corpus.push(replaced, bytes);
        hammer(replaced.trim_start_matches('/'), &corpus, Limits::of(300), |hostile| {
            replay(&library, &Repository { replaced, hostile, short: &short });
        });
    }
}

fn replay(library: &Library, files: &Repository<'_>) {
    let request =
        Request { study: STUDY.to_owned(), mapping: None, data: None, command: HOSTILE.to_owned() };
    let mut rows = Vec::new();
    match run(&request, library, files, &mut rows, &mut |_| {}) {
        Ok(replay) => {
            let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(rows.as_slice());
            let written = table.byte_records().count() as u64;
            assert_eq!(written, replay.tally.rows.read, "a row was lost");
        }
        Err(Failure::Found(found)) => assert!(!found.is_empty(), "refused without a finding"),
        Err(Failure::Output(e)) => panic!("writing into memory failed: {e}"),
    }
}
