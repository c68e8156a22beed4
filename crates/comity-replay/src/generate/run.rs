//! A run: blocks made by all threads, taken into files in order, in constant memory.

use super::plan::{BLOCK_ROWS, Plan};
use super::rows::{Maker, schema};
use super::tables::Tables;
use super::tally::Tally;
use super::write::{Encoded, Encoders, Format, Store, TableFile, WriteError};
use crate::receipt::FileHash;
use arrow_schema::{Schema, SchemaRef};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Rows of one record batch: small enough to stay in a core's cache with its columns.
const BATCH_ROWS: u64 = 1 << 14;

/// What to make, and into what.
#[derive(Debug, Clone)]
pub struct Request {
    /// Months and rows.
    pub plan: Plan,
    /// The seed: other numbers, other rows.
    pub seed: u64,
    /// Format of the files.
    pub format: Format,
    /// File name without its ending, as the store knows it.
    pub stem: String,
    /// One file for each year, in folders `year=2011`.
    pub by_year: bool,
    /// Threads that make rows.
    pub threads: NonZeroUsize,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// Every file, in order.
    pub files: Vec<FileHash>,
    /// Counts of the rows as written.
    pub tally: Tally,
}

/// Rows of a block that go into one file: a row group of Parquet, else a batch.
struct Piece {
    file: usize,
    encoded: Encoded,
    /// The row after the last.
    end: u64,
}

type Sent = Result<Piece, String>;

/// Makes the rows and writes them.
///
/// # Errors
/// A file cannot be written; which one, and why.
pub fn run(
    tables: &Tables,
    request: &Request,
    store: &dyn Store,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made, WriteError> {
    let schema = described(tables, request);
    let fault = |reason: String| WriteError { file: request.stem.clone(), reason };
    let encoders = Encoders::new(request.format, &schema).map_err(fault)?;
    let files = Files::of(tables, request);
    let threads = request.threads.get().min(request.plan.blocks().max(1) as usize);
    thread::scope(|scope| {
        let mut channels = Vec::new();
        let mut workers = Vec::new();
        for first in 0..threads {
            // One piece waits while the next is made: the memory is that of two a thread.
            let (send, receive) = sync_channel::<Sent>(1);
            channels.push(receive);
            let (schema, files, encoders) = (Arc::clone(&schema), &files, &encoders);
            workers.push(scope.spawn(move || {
                let every = (first as u64, threads as u64);
                work(tables, request, schema, files, encoders, every, &send)
            }));
        }
        let written = collect(request, store, &schema, &files, channels, progress);
        let mut tally = Tally::new(tables);
        for worker in workers {
            match worker.join() {
                Ok(part) => tally.add(&part),
                Err(_) => return Err(fault("a thread stopped unexpectedly".to_owned())),
            }
        }
        Ok(Made { files: written?, tally })
    })
}

/// The schema with a note of what made the rows.
fn described(tables: &Tables, request: &Request) -> SchemaRef {
    let note = serde_json::json!({
        "synthetic": true,
        // Without the hash of the source: the same rows are the same bytes.
        "engine": concat!("comity ", env!("CARGO_PKG_VERSION")),
        "distributions": tables.settings.id,
        "distributions_sha256": tables.sha256,
        "seed": request.seed,
        "rows": request.plan.rows(),
    });
    // One key only: a map of several has no order.
    let metadata = HashMap::from([("comity.generate".to_owned(), note.to_string())]);
    let fields = schema(&tables.settings).fields().clone();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Stems of the files, and the row after the last of each.
struct Files(Vec<(String, u64)>);

impl Files {
    fn of(tables: &Tables, request: &Request) -> Files {
        if !request.by_year {
            return Files(vec![(request.stem.clone(), request.plan.rows())]);
        }
        let years = request.plan.years(tables).into_iter();
        Files(years.map(|(y, end)| (format!("year={y}/{}", request.stem), end)).collect())
    }

    fn of_row(&self, row: u64) -> usize {
        self.0.partition_point(|(_, end)| *end <= row)
    }

    /// A range cut where files end, and into parts of at most `group` rows.
    fn pieces(&self, rows: Range<u64>, group: u64) -> Vec<(usize, Range<u64>)> {
        let mut out = Vec::new();
        let mut start = rows.start;
        while start < rows.end {
            let file = self.of_row(start);
            let end = self.0.get(file).map_or(rows.end, |(_, end)| (*end).min(rows.end));
            let end = end.min(start + group);
            out.push((file, start..end));
            start = end;
        }
        out
    }
}

/// Makes every `threads`-th block and hands it over; stops where nobody takes it.
fn work(
    tables: &Tables,
    request: &Request,
    schema: SchemaRef,
    files: &Files,
    encoders: &Encoders,
    (first, threads): (u64, u64),
    send: &SyncSender<Sent>,
) -> Tally {
    let mut tally = Tally::new(tables);
    let mut maker = Maker::new(tables, &request.plan, schema, BATCH_ROWS as usize);
    let group = if request.format == Format::Parquet { BLOCK_ROWS } else { BATCH_ROWS };
    for block in (first..request.plan.blocks()).step_by(threads as usize) {
        maker.start_block(request.seed, block);
        for (file, rows) in files.pieces(request.plan.block(block), group) {
            let end = rows.end;
            let encoded = encode(&mut maker, encoders, rows, &mut tally);
            let sent = encoded.map(|encoded| Piece { file, encoded, end });
            let failed = sent.is_err();
            if send.send(sent).is_err() || failed {
                return tally;
            }
        }
    }
    tally
}

fn encode(
    maker: &mut Maker<'_>,
    encoders: &Encoders,
    rows: Range<u64>,
    tally: &mut Tally,
) -> Result<Encoded, String> {
    let mut encoder = encoders.start()?;
    let mut start = rows.start;
    while start < rows.end {
        let end = (start + BATCH_ROWS).min(rows.end);
        let batch = maker.batch(start..end).map_err(|e| e.to_string())?;
        tally.count(&batch);
        encoder.add(&batch)?;
        start = end;
    }
    encoder.end()
}

/// Takes the blocks in order: block `b` comes from thread `b % threads`, piece by piece.
fn collect(
    request: &Request,
    store: &dyn Store,
    schema: &SchemaRef,
    files: &Files,
    channels: Vec<Receiver<Sent>>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<FileHash>, WriteError> {
    let create = |at: usize| {
        let stem = files.0.get(at).map_or("", |(stem, _)| stem.as_str());
        TableFile::create(store, request.format, stem, schema)
    };
    let mut written = Vec::new();
    let mut open = (0, create(0)?);
    let mut done = 0;
    while done < request.plan.rows() {
        let thread = (done / BLOCK_ROWS) as usize % channels.len();
        let stopped = |_| Err("a thread stopped unexpectedly".to_owned());
        let piece = channels[thread].recv().unwrap_or_else(stopped);
        let piece = piece.map_err(|reason| WriteError { file: request.stem.clone(), reason })?;
        if piece.file != open.0 {
            let next = create(piece.file)?;
            let (_, full) = std::mem::replace(&mut open, (piece.file, next));
            written.extend(full.finish()?);
        }
        open.1.take(piece.encoded)?;
        done = piece.end;
        progress(done, request.plan.rows());
    }
    written.extend(open.1.finish()?);
    Ok(written)
}
