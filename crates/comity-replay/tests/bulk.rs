//! Tables of cases from end to end: every row is counted once, whatever the file's kind,
//! however many threads, and whether or not the run was cut off in between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use arrow_array::RecordBatch;
use comity_model::facts::{ListState, NotListed, Value};
use comity_model::schema::{Kind, fields, list, scalar};
use comity_model::{CaseFacts, Day};
use comity_policy::columns::case_batch;
use comity_policy::{Channel, Library, PolicyFile, Scope};
use comity_replay::bulk::cases::Reading;
use comity_replay::bulk::input::{Format, Input, Lies};
use comity_replay::bulk::keys::Key;
use comity_replay::bulk::recipe::{Files, Recipe, TextFile};
use comity_replay::bulk::rows::RowsFormat;
use comity_replay::bulk::sample::Sample;
use comity_replay::bulk::source::Remote;
use comity_replay::bulk::tally::{Tally, is_settled};
use comity_replay::bulk::{Output, Question, Side, Table, run};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

const ROWS: usize = 1_000;
const GROUP_ROWS: usize = 100;
const UNDER: &str = "us-ca.trust-act.2014";
const VERSUS: &str = "us-tx.sb-4.2017";

fn collect(folder: &Path, out: &mut Vec<PolicyFile>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "toml") {
            let bytes = fs::read(&path).unwrap();
            out.push(PolicyFile { name: path.display().to_string(), bytes });
        }
    }
}

fn policy_files() -> Vec<PolicyFile> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies"), &mut files);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn library() -> Library {
    Library::load(&policy_files()).expect("the library is good")
}

/// Cases that differ by their number: level and day of one conviction, form, and what is unknown.
fn cases() -> Vec<CaseFacts> {
    let convictions = list("convictions");
    let (level, on) =
        (convictions.field("level").unwrap(), convictions.field("convicted_on").unwrap());
    let Kind::Enum(levels) = &convictions.def().fields[level.0 as usize].kind else { panic!() };
    (0..ROWS)
        .map(|i| {
            let mut facts = CaseFacts::new(NotListed::No);
            facts.set(scalar("decision.on"), Value::Date(Day(16_000 + (i % 900) as i32)));
            facts.set(scalar("person.us_citizen"), Value::Bool(i % 50 == 3));
            facts.set(scalar("person.removable"), Value::Bool(true));
            for c in 0..i % 3 {
                let at = facts.list_mut(convictions).push_unknown();
                let code = ((i + c) % levels.values.len()) as u8;
                facts.list_mut(convictions).set(at, level, Value::Enum(code));
                if i % 7 > 0 {
                    let day = Value::Date(Day(15_000 + i as i32 % 900));
                    facts.list_mut(convictions).set(at, on, day);
                }
            }
            if i % 11 == 0 {
                facts.list_mut(convictions).state = ListState::AtLeast;
            }
            facts
        })
        .collect()
}

fn write_parquet(path: &Path, batch: &RecordBatch) {
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(GROUP_ROWS)).build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn write_arrow(path: &Path, batch: &RecordBatch) {
    let file = File::create(path).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
    for start in (0..ROWS).step_by(GROUP_ROWS) {
        writer.write(&batch.slice(start, GROUP_ROWS)).unwrap();
    }
    writer.finish().unwrap();
}

struct Run<'a> {
    library: &'a Library,
    table: &'a Table,
    sample: Option<Sample>,
}

impl Run<'_> {
    fn question(&self) -> Question<'_> {
        let side = |id: &str| {
            let scope = self.library.scope_under(&[id]).unwrap();
            Side::new(id.to_owned(), self.library, scope, Channel::Hold)
        };
        let schema = &self.table.files[0].schema;
        Question {
            library: self.library,
            sides: [side(UNDER), side(VERSUS)].into(),
            channel: Channel::Hold,
            reading: Reading::CaseTable,
            keys: vec![Key::find("year", schema).unwrap()],
            sample: self.sample,
        }
    }

    fn go(&self, out: Option<&Output>, threads: usize) -> Tally {
        let cancel = AtomicBool::new(false);
        run(self.table, &self.question(), out, threads, &cancel, &mut |_| {}).unwrap()
    }
}

fn table(folder: &Path, write: fn(&Path, &RecordBatch), name: &str) -> Table {
    let path = folder.join(name);
    write(&path, &case_batch(&cases()).unwrap());
    Table::open(&[path]).unwrap()
}

/// Counts of what `decide` and `derive` say, row by row: the definition.
fn expected(library: &Library, id: &str) -> Vec<u8> {
    let scope: Scope = library.scope_under(&[id]).unwrap();
    let outcome = |facts: &CaseFacts| {
        let answer = library.derive(facts, &scope).answer;
        answer.outcome(Channel::Hold).bits()
    };
    cases().iter().map(outcome).collect()
}

#[test]
fn every_row_is_counted_once_and_as_the_single_case_is_decided() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let table = table(folder.path(), write_parquet, "cases.parquet");
    let tally = Run { library: &library, table: &table, sample: None }.go(None, 2);
    let all = tally.all(2);
    assert_eq!((tally.read, all.rows, tally.rejected), (ROWS as u64, ROWS as u64, 0));
    assert!(tally.contradictory > 0, "citizens that are removable are among the rows");
    let (a, b) = (expected(&library, UNDER), expected(&library, VERSUS));
    for mask in 1..8_u8 {
        let count = |all: &[u8]| all.iter().map(|m| u64::from(*m == mask)).sum::<u64>();
        assert_eq!(all.outcomes[0][mask as usize], count(&a), "{UNDER} {mask}");
        assert_eq!(all.outcomes[1][mask as usize], count(&b), "{VERSUS} {mask}");
    }
    let moved = a.iter().zip(&b).filter(|(a, b)| a != b).count() as u64;
    assert!(moved > 0);
    assert_eq!(tally.causes.values().sum::<u64>(), moved);
    let open = a.iter().filter(|m| !is_settled(**m)).count() as u64;
    assert!(open > 0 && tally.needs[0].values().all(|n| *n <= open));
}

#[test]
fn kinds_of_files_and_numbers_of_threads_make_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let parquet = table(folder.path(), write_parquet, "cases.parquet");
    let arrow = table(folder.path(), write_arrow, "cases.arrow");
    let of = |table| Run { library: &library, table, sample: None };
    let one = of(&parquet).go(None, 1);
    assert_eq!(one, of(&parquet).go(None, 4));
    assert_eq!(one, of(&arrow).go(None, 2));
}

#[test]
fn a_run_that_was_cut_off_goes_on_to_the_same_counts_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let table = table(folder.path(), write_parquet, "cases.parquet");
    let this = Run { library: &library, table: &table, sample: None };
    let out = |name: &str, resume| Output {
        folder: folder.path().join(name),
        rows: RowsFormat::Parquet,
        resume,
    };
    let whole = this.go(Some(&out("whole", false)), 2);
    let cancel = AtomicBool::new(false);
    let mut parts = 0;
    let cut = run(&table, &this.question(), Some(&out("cut", false)), 1, &cancel, &mut |_| {
        parts += 1;
        cancel.fetch_or(parts == 3, Ordering::Relaxed);
    });
    assert_eq!(cut.unwrap_err().code, "canceled");
    // The last line of the journal is cut off, as by a kill.
    let journal = folder.path().join("cut/journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, &text[..text.len() - 20]).unwrap();
    let again = run(
        &table,
        &this.question(),
        Some(&out("cut", false)),
        1,
        &AtomicBool::new(false),
        &mut |_| {},
    );
    assert_eq!(again.unwrap_err().code, "unfinished-run");
    assert_eq!(this.go(Some(&out("cut", true)), 2), whole);
    let files = |name: &str| -> Vec<(PathBuf, Vec<u8>)> {
        let rows = folder.path().join(name).join("rows");
        let mut all: Vec<PathBuf> =
            fs::read_dir(rows).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        let name = |p: &PathBuf| PathBuf::from(p.file_name().unwrap());
        all.iter().map(|p| (name(p), fs::read(p).unwrap())).collect()
    };
    assert_eq!(files("cut").len(), ROWS / GROUP_ROWS);
    assert!(files("cut") == files("whole"), "the rows differ");
}

#[test]
fn a_sample_takes_its_share_and_says_what_it_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let table = table(folder.path(), write_parquet, "cases.parquet");
    let of = |seed| {
        let sample = Sample::new(0.3, seed);
        Run { library: &library, table: &table, sample }.go(None, 2)
    };
    let tally = of(1);
    let taken = tally.all(2).rows;
    assert_eq!(taken + tally.left_out, ROWS as u64);
    assert!((230..370).contains(&taken), "{taken}");
    assert_eq!(tally, of(1));
    assert_ne!(tally, of(2));
    assert!(Sample::new(0.0, 1).is_none() && Sample::new(1.5, 1).is_none());
}

#[test]
fn damaged_and_differing_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.parquet");
    let batch = case_batch(&cases()).unwrap();
    write_parquet(&path, &batch);
    let bytes = fs::read(&path).unwrap();
    let error = |paths: &[PathBuf]| Table::open(paths).err().expect("refused").to_string();
    fs::write(folder.path().join("cut.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    let found = error(&[folder.path().join("cut.parquet")]);
    assert!(found.contains("cut.parquet") && found.contains("cannot be read"), "{found}");
    fs::write(folder.path().join("other.parquet"), b"not parquet at all").unwrap();
    assert!(error(&[folder.path().join("other.parquet")]).contains("starts with `not `"));
    // A column less is another table.
    let columns: Vec<usize> = (1..batch.num_columns()).collect();
    write_parquet(&folder.path().join("less.parquet"), &batch.project(&columns).unwrap());
    let found = error(&[path.clone(), folder.path().join("less.parquet")]);
    assert!(found.contains("less.parquet") && found.contains("column `decision_on`"), "{found}");
    // The head of a page is wrong: the row group is named, and no tally comes back.
    let mut wrong = bytes.clone();
    wrong[4..60].fill(0xFF);
    fs::write(&path, wrong).unwrap();
    let library = library();
    let table = Table::open(&[path]).unwrap();
    let this = Run { library: &library, table: &table, sample: None };
    let failed =
        run(&table, &this.question(), None, 2, &AtomicBool::new(false), &mut |_| {}).unwrap_err();
    assert!(failed.to_string().contains("row group 0"), "{failed}");
    assert_eq!(fields::LISTS.len(), 2, "the cases above fill every list");
}

#[test]
fn a_question_that_was_sent_is_the_question_that_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let table = table(folder.path(), write_parquet, "cases.parquet");
    let here = Run { library: &library, table: &table, sample: Sample::new(0.5, 3) };
    let text = |f: PolicyFile| TextFile { name: f.name, text: String::from_utf8(f.bytes).unwrap() };
    let policies = policy_files().into_iter().map(text).collect();
    let files = Files { policies, ..Files::default() };
    let sent = serde_json::to_vec(&Recipe::of(&here.question(), files, "comity 1")).unwrap();

    let mut received: Recipe = serde_json::from_slice(&sent).unwrap();
    let compiled = received.compile().unwrap();
    let question = compiled.question(&table.files[0].schema).unwrap();
    let cancel = AtomicBool::new(false);
    let there = run(&table, &question, None, 2, &cancel, &mut |_| {}).unwrap();
    assert_eq!(there, here.go(None, 1));

    let mut text: serde_json::Value = serde_json::from_slice(&sent).unwrap();
    text["files"]["policies"]
        .as_array_mut()
        .unwrap()
        .retain(|f| !f["name"].as_str().unwrap().contains(VERSUS));
    received = serde_json::from_value(text).unwrap();
    let refused = received.compile().unwrap_err();
    assert!(refused.message.contains("hash"), "{refused}");
}

#[derive(Debug)]
struct Memory(bytes::Bytes);

impl Remote for Memory {
    fn ranges(&self, ranges: &[std::ops::Range<u64>]) -> std::io::Result<Vec<bytes::Bytes>> {
        Ok(ranges.iter().map(|r| self.0.slice(r.start as usize..r.end as usize)).collect())
    }
}

#[test]
fn files_that_lie_in_a_store_are_read_as_those_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    for (write, name) in [
        (write_parquet as fn(&Path, &RecordBatch), "cases.parquet"),
        (write_arrow as fn(&Path, &RecordBatch), "cases.arrow"),
    ] {
        let disk = table(folder.path(), write, name);
        let path = folder.path().join(name);
        let bytes = fs::read(&path).unwrap();
        let input = Input {
            format: Format::of(&path).unwrap().0,
            bytes: bytes.len() as u64,
            path,
            partitions: Vec::new(),
            lies: Lies::Remote(std::sync::Arc::new(Memory(bytes.into()))),
        };
        let store = Table::of(vec![input]).unwrap();
        let of = |table| Run { library: &library, table, sample: None }.go(None, 2);
        assert_eq!(of(&store), of(&disk), "{name}");
    }
}
