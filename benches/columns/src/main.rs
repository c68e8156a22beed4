//! `decide_columns` and a hand-written loop on the twelve rules: makes the data that all
//! contenders read, and measures these two; `run` measures the others beside them.
//!
//! `comity-bench-columns write FILE [--rows N] [--seed N]` writes the cases as Parquet;
//! `comity-bench-columns measure FILE [--rounds N]` reads them, measures from memory and from
//! the file, and prints one JSON object a line. One thread, processor time.

mod data;
#[cfg(feature = "datafusion")]
mod engine;
mod hand;
mod ours;

use arrow_array::{Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use comity_replay::bulk::Table;
use cpu_time::ThreadTime;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs::File;

/// Rows by outcome: may hold, must not, open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts(pub [u64; 3]);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str, default: u64| -> Result<u64, Failure> {
        match args.iter().position(|a| a == name) {
            Some(at) => Ok(args.get(at + 1).ok_or("a value is missing")?.parse()?),
            None => Ok(default),
        }
    };
    let seed = option("--seed", 20_140_101)?;
    let rows = option("--rows", 10_000_000)? as usize;
    let rounds = option("--rounds", 5)? as usize;
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", file, ..] => write(file, seed, rows),
        ["loop", file, ..] if !file.starts_with('-') => read_only(file, rounds),
        ["loop", ..] => profiled(seed, rounds),
        ["measure", file, ..] => measure(file, seed, rounds),
        _ => Err("comity-bench-columns write|measure FILE; see the top of main.rs".into()),
    }
}

/// Nothing but `decide_columns`, for a profiler: `comity-bench-columns loop --rounds N`.
fn profiled(seed: u64, rounds: usize) -> Result<(), Failure> {
    let table: Vec<RecordBatch> = data::Cases::new(seed, 500_000, 0).collect();
    let mut ours = ours::Ours::new(false);
    let (seconds, _) = best(rounds, |c| table.iter().for_each(|b| ours.run(b, c)));
    println!("{:.1} ns a row", seconds * 1e9 / 500_000.0);
    Ok(())
}

/// Nothing but reading a file, for a profiler: `comity-bench-columns loop FILE --rounds N`.
fn read_only(file: &str, rounds: usize) -> Result<(), Failure> {
    let mut rows = 0;
    let (seconds, _) = best(rounds, |_| {
        rows = 0;
        replayed(file, &mut |b| rows += b.num_rows());
    });
    println!("{:.1} ns a row", seconds * 1e9 / rows as f64);
    Ok(())
}

fn write(file: &str, seed: u64, rows: usize) -> Result<(), Failure> {
    let mut cases = data::Cases::new(seed, rows, 0).peekable();
    let schema = cases.peek().ok_or("no rows")?.schema();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(1 << 20))
        .build();
    let mut writer = ArrowWriter::try_new(File::create(file)?, schema, Some(properties))?;
    for batch in cases {
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(())
}

/// The batches by the general Parquet reader.
fn batches(file: &str) -> Result<impl Iterator<Item = RecordBatch>, Failure> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file)?)?;
    let reader = reader.with_batch_size(data::BATCH_ROWS).build()?;
    Ok(reader.map(|b| b.expect("the file that was written")))
}

/// The batches as `comity replay` reads them.
fn replayed(file: &str, each: &mut dyn FnMut(&RecordBatch)) {
    let table = Table::open(&[file.into()]).expect("the file that was written");
    let opened = &table.files[0];
    for part in opened.places(0, 0) {
        let read = opened.batches(&part, &|_| true, &mut |batch| {
            each(&batch);
            Ok(())
        });
        read.expect("the file that was written");
    }
}

/// The fastest round and its counts.
fn best(rounds: usize, mut run: impl FnMut(&mut Counts)) -> (f64, Counts) {
    let (mut seconds, mut counts) = (f64::MAX, Counts::default());
    for _ in 0..rounds {
        counts = Counts::default();
        let start = ThreadTime::now();
        run(&mut counts);
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    (seconds, counts)
}

fn say(who: &str, from: &str, (seconds, counts): (f64, Counts)) {
    let [may, must_not, open] = counts.0;
    println!(
        "{{\"contender\":\"{who}\",\"from\":\"{from}\",\"seconds\":{seconds:.4},\
         \"may\":{may},\"must_not\":{must_not},\"open\":{open}}}"
    );
}

/// Reads every byte of the table once and adds it up: what the memory of this machine gives.
fn bandwidth(rounds: usize, table: &[RecordBatch]) {
    fn buffers(data: &ArrayData, out: &mut Vec<Buffer>) {
        out.extend(data.buffers().iter().cloned());
        out.extend(data.nulls().map(|n| n.buffer().clone()));
        data.child_data().iter().for_each(|child| buffers(child, out));
    }
    let mut all = Vec::new();
    let columns = table.iter().flat_map(|b| b.columns());
    columns.for_each(|c| buffers(&c.to_data(), &mut all));
    let bytes: usize = all.iter().map(|b| b.len()).sum();
    let (seconds, _) = best(rounds, |_| {
        let add = |b: &Buffer| b.as_chunks::<8>().0.iter().fold(0, sum_word);
        std::hint::black_box(all.iter().map(add).fold(0, u64::wrapping_add));
    });
    println!(
        "{{\"contender\":\"reading every byte once\",\"from\":\"memory\",\
         \"seconds\":{seconds:.4},\"bytes\":{bytes}}}"
    );
}

fn sum_word(sum: u64, word: &[u8; 8]) -> u64 {
    sum.wrapping_add(u64::from_le_bytes(*word))
}

fn measure(file: &str, seed: u64, rounds: usize) -> Result<(), Failure> {
    let rows: usize = batches(file)?.map(|b| b.num_rows()).sum();
    // The same cases as in the file, their dictionaries in the order of the layout.
    let table: Vec<RecordBatch> = data::Cases::new(seed, rows, 0).collect();
    let hand = hand::Hand::new();
    let mut ours = ours::Ours::new(false);
    say(
        "hand-written Rust",
        "memory",
        best(rounds, |c| {
            table.iter().for_each(|b| hand.run(b, c));
        }),
    );
    say(
        "decide_columns",
        "memory",
        best(rounds, |c| {
            table.iter().for_each(|b| ours.run(b, c));
        }),
    );
    bandwidth(rounds, &table);
    #[cfg(feature = "datafusion")]
    {
        say("DataFusion UDF", "memory", engine::best(rounds, engine::memory(table)?)?);
        say("DataFusion UDF", "parquet", engine::best(rounds, engine::From::Parquet(file))?);
    }
    #[cfg(not(feature = "datafusion"))]
    drop(table);
    say(
        "hand-written Rust",
        "parquet",
        best(rounds, |c| {
            batches(file).expect("the file that was read").for_each(|b| hand.run(&b, c));
        }),
    );
    say("decide_columns", "parquet", best(rounds, |c| replayed(file, &mut |b| ours.run(b, c))));
    say(
        "decide_columns, general reader",
        "parquet",
        best(rounds, |c| {
            batches(file).expect("the file that was read").for_each(|b| ours.run(&b, c));
        }),
    );
    // No peer has unknowns and needs; the same rows with a twentieth of their facts unknown.
    let open: Vec<RecordBatch> = data::Cases::new(seed, rows / 4, 50).collect();
    let quarter = |(seconds, Counts(c)): (f64, Counts)| (seconds * 4.0, Counts(c));
    say(
        "decide_columns, 5 % unknown",
        "memory",
        quarter(best(rounds, |c| {
            open.iter().for_each(|b| ours.run(b, c));
        })),
    );
    let mut needs = ours::Ours::new(true);
    say(
        "decide_columns, 5 % unknown, needs",
        "memory",
        quarter(best(rounds, |c| {
            open.iter().for_each(|b| needs.run(b, c));
        })),
    );
    Ok(())
}
