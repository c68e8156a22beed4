//! The bytes of a data file, under a mapping of the repository: no row is lost.
#![no_main]

use comity_model::Diagnostic;
use comity_replay::{Files, Request, run};
use std::io::{Cursor, Read};

const STUDY: &str = "data/pennsylvania/study.toml";
const DATA: &str = "hostile.csv";

/// The repository's files, and the fuzzer's bytes as the data file.
struct Repository<'a>(&'a [u8]);

impl Files for Repository<'_> {
    fn bytes(&self, path: &str) -> Result<Vec<u8>, Diagnostic> {
        std::fs::read(comity_fuzz::root().join(path))
            .map_err(|e| Diagnostic::error("unreadable", e.to_string()))
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        if path == DATA {
            return Ok(Box::new(Cursor::new(self.0)));
        }
        self.bytes(path).map(|b| Box::new(Cursor::new(b)) as Box<dyn Read>)
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let request = Request {
        study: STUDY.to_owned(),
        mapping: None,
        data: Some(DATA.to_owned()),
        command: "fuzz".to_owned(),
    };
    let mut rows = Vec::new();
    let replay = run(&request, &comity_fuzz::LIBRARY, &Repository(bytes), &mut rows, &mut |_| {});
    assert!(replay.is_ok(), "problems of the data are no errors");
});
