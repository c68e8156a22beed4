//! Generated rows as cases, and files in memory, for the tests of the generator.
#![allow(dead_code, reason = "each test file uses a part")]

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, UInt8Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::DataType;
use comity_model::generate::{ArrowType, arrow_layout};
use comity_model::schema::{Kind, find_list, find_scalar};
use comity_model::{CaseFacts, Day, Diagnostic, ListState, Value};
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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
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

/// The cases of a batch, by the layout's names alone.
pub fn cases(batch: &RecordBatch) -> Vec<CaseFacts> {
    let mut out: Vec<CaseFacts> = (0..batch.num_rows()).map(|_| CaseFacts::default()).collect();
    for column in arrow_layout() {
        let Some(array) = batch.column_by_name(&column.name) else { continue };
        match &column.data_type {
            ArrowType::ListOfStruct(_) => lists(column.fact, array, &mut out),
            ArrowType::Dictionary(values)
                if column.name.ends_with("_state") && *values == STATES =>
            {
                states(column.fact, array, &mut out);
            }
            _ => scalars(column.fact, array, &mut out),
        }
    }
    out
}

const STATES: [&str; 3] = ["unknown", "at_least", "complete"];

fn scalars(path: &str, array: &ArrayRef, out: &mut [CaseFacts]) {
    let field = find_scalar(path).unwrap();
    for (row, case) in out.iter_mut().enumerate() {
        if let DataType::Utf8 = array.data_type() {
            let texts = array.as_string::<i32>();
            if texts.is_valid(row) {
                case.set_text(field, texts.value(row));
            }
        } else {
            case.set(field, value(array, row, &field.def().kind));
        }
    }
}

fn value(array: &ArrayRef, row: usize, kind: &Kind) -> Value {
    if array.is_null(row) {
        return Value::Unknown;
    }
    match kind {
        Kind::Bool => Value::Bool(array.as_boolean().value(row)),
        Kind::Int(_) => Value::Int(i64::from(array.as_primitive::<Int32Type>().value(row))),
        Kind::Date => Value::Date(Day(array.as_primitive::<Date32Type>().value(row))),
        Kind::Enum(set) => {
            let codes = array.as_dictionary::<UInt8Type>();
            let names = codes.values().as_string::<i32>();
            let name = names.value(usize::from(codes.keys().value(row)));
            Value::Enum(set.code(name).unwrap_or_else(|| panic!("`{name}` is no {}", set.name)))
        }
        Kind::Instant | Kind::Text => panic!("not generated"),
    }
}

fn states(list: &str, array: &ArrayRef, out: &mut [CaseFacts]) {
    let list = find_list(list).unwrap();
    let codes = array.as_dictionary::<UInt8Type>();
    let names = codes.values().as_string::<i32>();
    for (row, case) in out.iter_mut().enumerate() {
        case.list_mut(list).state = match names.value(usize::from(codes.keys().value(row))) {
            "unknown" => ListState::Unknown,
            "at_least" => ListState::AtLeast,
            _ => ListState::Complete,
        };
    }
}

fn lists(name: &str, array: &ArrayRef, out: &mut [CaseFacts]) {
    let list = find_list(name).unwrap();
    let lists = array.as_list::<i32>();
    let elements: &StructArray = lists.values().as_struct();
    for (row, case) in out.iter_mut().enumerate() {
        let ends = lists.value_offsets();
        for at in ends[row] as usize..ends[row + 1] as usize {
            let index = case.list_mut(list).push_unknown();
            for (field, array) in elements.fields().iter().zip(elements.columns()) {
                let id = list.field(field.name()).unwrap();
                let kind = &list.def().fields[id.0 as usize].kind;
                case.list_mut(list).set(index, id, value(array, at, kind));
            }
        }
    }
}
