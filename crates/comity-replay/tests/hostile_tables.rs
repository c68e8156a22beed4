//! Hostile bytes in tables: Parquet, Arrow, CSV and workbooks. A file is read or refused with
//! its name; nothing panics, and every row that a file claims is counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "../../comity-policy/tests/mutate/mod.rs"]
mod mutate;

use arrow_array::RecordBatch;
use comity_model::CaseFacts;
use comity_policy::columns::case_batch;
use comity_policy::{Channel, Library};
use comity_replay::bulk::cases::Reading;
use comity_replay::bulk::{Question, Side, Table, run};
use comity_replay::mapping::{self, Mapping};
use mutate::{Corpus, Limits, hammer};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const SAMPLE: &str = "data/mappings/ddp-2026/sample.csv";
const MAPPING: &str = "data/mappings/ddp-2026/mapping.toml";

fn bytes(path: &str) -> Vec<u8> {
    fs::read(common::root().join(path)).expect("a file of the repository")
}

fn cases() -> RecordBatch {
    case_batch(&vec![CaseFacts::default(); 50]).unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out
}

fn arrow(batch: &RecordBatch) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut out, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    out
}

fn workbook(csv: &[u8]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (r, row) in common::table(csv).iter().enumerate() {
        for (c, cell) in row.iter().enumerate() {
            sheet.write_string(r as u32, c as u16, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// Reads a file of those bytes as far as it goes.
fn replay(library: &Library, mapping: Option<&Mapping>, path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let table = match Table::open(&[path.to_path_buf()]) {
        Ok(table) => table,
        Err(refused) => {
            assert!(refused.message.contains(name), "{refused}");
            return;
        }
    };
    let scope = library.scope_under(&["us-tx.toy.2010"]).unwrap();
    let question = Question {
        library,
        sides: [Side::new("toy".to_owned(), library, scope, Channel::Hold)].into(),
        channel: Channel::Hold,
        reading: mapping.map_or(Reading::CaseTable, Reading::Mapped),
        keys: Vec::new(),
        sample: None,
    };
    match run(&table, &question, None, 1, &AtomicBool::new(false), &mut |_| {}) {
        Ok(tally) => {
            let group = tally.all(1);
            assert_eq!(tally.read, group.rows + tally.rejected, "a row is lost");
        }
        Err(refused) => assert!(refused.message.contains(name), "{refused}"),
    }
}

fn attack(name: &str, start: Vec<u8>, is_mapped: bool) {
    let library = common::library();
    let mapping = mapping::parse(MAPPING, &bytes(MAPPING), common::whole_library().places());
    let mapping = mapping.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut corpus = Corpus::default();
    corpus.push(name, &start);
    let mapping = is_mapped.then_some(&mapping);
    hammer(name, &corpus, Limits::of(1_000), |bytes| replay(&library, mapping, &path, bytes));
}

#[test]
fn parquet_is_read_or_refused() {
    attack("cases.parquet", parquet(&cases()), false);
}

#[test]
fn arrow_is_read_or_refused() {
    attack("cases.arrow", arrow(&cases()), false);
}

#[test]
fn csv_is_read_or_refused() {
    attack("detainers.csv", bytes(SAMPLE), true);
}

#[test]
fn workbooks_are_read_or_refused() {
    attack("detainers.xlsx", workbook(&bytes(SAMPLE)), true);
}
