//! A table from end to end: parts to workers, counts together, and a journal to go on from.

use super::input::{Format, Input, expand, unreadable};
use super::journal::{Journal, Plan};
use super::part::{BATCH_ROWS, Opened, Part, Place, one_schema};
use super::rows::{RowsFormat, unwritable};
use super::tally::Tally;
use super::work::{Bench, Question};
use crate::reader::{Encoding, Rows};
use comity_model::Diagnostic;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Where rows and journal go.
#[derive(Debug, Clone)]
pub struct Output {
    /// The folder of the result.
    pub folder: PathBuf,
    /// How rows are written.
    pub rows: RowsFormat,
    /// Goes on where an earlier run stopped.
    pub resume: bool,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Rows done.
    pub rows: u64,
    /// The share of the data that is done, by rows where the files say how many they have,
    /// by bytes otherwise; 0 to 1.
    pub share: f64,
}

/// The files of a table, opened.
pub struct Table {
    /// The files.
    pub files: Vec<Opened>,
}

impl Table {
    /// Opens every file and compares their columns.
    ///
    /// # Errors
    /// A file cannot be read, or is not of the same table.
    pub fn open(paths: &[PathBuf]) -> Result<Table, Diagnostic> {
        Table::of(expand(paths)?)
    }

    /// The same of files that are known.
    ///
    /// # Errors
    /// A file cannot be read, or is not of the same table.
    pub fn of(inputs: Vec<Input>) -> Result<Table, Diagnostic> {
        let files = inputs.into_iter().map(Opened::open).collect::<Result<Vec<_>, _>>()?;
        one_schema(&files)?;
        Ok(Table { files })
    }

    /// Rows, where the files say how many they have.
    pub fn rows(&self) -> u64 {
        self.files.iter().flat_map(|f| &f.parts).sum()
    }
}

/// Decides a table. `cancel` ends the run at the next part; what was done stays in the journal.
///
/// # Errors
/// A part cannot be read, rows cannot be written, or the run was canceled.
pub fn run(
    table: &Table,
    question: &Question<'_>,
    output: Option<&Output>,
    threads: usize,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Tally, Diagnostic> {
    let folder = output.map(|o| o.folder.join("rows"));
    let mut journal = match output {
        None => Journal::none(),
        Some(o) => Journal::open(&o.folder, &Plan::of(table, question, o), o.resume)?,
    };
    if let (Some(folder), Some(o)) = (&folder, output)
        && o.rows != RowsFormat::None
    {
        fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
    }
    let stop = AtomicBool::new(false);
    let (parts, queue) = sync_channel::<Part>(threads);
    let (results, done) = sync_channel::<Result<(usize, Tally), Diagnostic>>(threads);
    let queue = Mutex::new(queue);
    let finished = journal.finished();
    let known_rows = table.rows();
    let mut tally = Tally::new(question.sides.len());
    journal.tallies().for_each(|t| tally.add(t));
    thread::scope(|scope| {
        let stop = &stop;
        let (read_errors, finished) = (results.clone(), &finished);
        scope.spawn(move || {
            if let Err(e) = hand_out(table, &parts, finished, stop) {
                let _ = read_errors.send(Err(e));
            }
        });
        for _ in 0..threads {
            let results = results.clone();
            let (queue, folder) = (&queue, folder.as_deref());
            scope.spawn(move || work(table, question, output, folder, queue, &results, stop));
        }
        drop(results);
        let mut add = |part, counted: &Tally| {
            journal.note(part, counted)?;
            tally.add(counted);
            let share = match known_rows {
                0 => 0.0,
                n => (tally.read as f64 / n as f64).min(1.0),
            };
            progress(Progress { rows: tally.read, share });
            Ok(())
        };
        gather(done, stop, cancel, &mut add)
            .map_err(|e| e.unwrap_or_else(|| canceled(output.is_some())))
    })?;
    Ok(tally)
}

/// Adds up what the workers send; the first error ends the run. `Err(None)`: canceled.
fn gather(
    done: Receiver<Result<(usize, Tally), Diagnostic>>,
    stop: &AtomicBool,
    cancel: &AtomicBool,
    add: &mut dyn FnMut(usize, &Tally) -> Result<(), Diagnostic>,
) -> Result<(), Option<Diagnostic>> {
    let mut first_error = None;
    for result in done {
        if cancel.load(Ordering::Relaxed) {
            stop.store(true, Ordering::Relaxed);
        }
        let added = match result {
            Ok((part, counted)) if first_error.is_none() => add(part, &counted),
            Ok(_) => Ok(()),
            Err(e) => Err(e),
        };
        if let Err(e) = added {
            first_error.get_or_insert(e);
            stop.store(true, Ordering::Relaxed);
        }
    }
    match first_error {
        Some(e) => Err(Some(e)),
        None if cancel.load(Ordering::Relaxed) => Err(None),
        None => Ok(()),
    }
}

fn canceled(is_kept: bool) -> Diagnostic {
    let d = Diagnostic::error("canceled", "the run was canceled".to_owned());
    if is_kept { d.help("the same command with --resume goes on where it stopped") } else { d }
}

/// Hands out the parts in their order, those that are not done yet.
fn hand_out(
    table: &Table,
    parts: &SyncSender<Part>,
    finished: &dyn Fn(usize) -> bool,
    stop: &AtomicBool,
) -> Result<(), Diagnostic> {
    let mut number = 0;
    // False once nobody wants more.
    let send = |part: Part| -> bool {
        if finished(part.number) {
            return true;
        }
        !stop.load(Ordering::Relaxed) && parts.send(part).is_ok()
    };
    for (input, file) in table.files.iter().enumerate() {
        if file.is_random_access() {
            for part in file.places(number, input) {
                if !send(part) {
                    return Ok(());
                }
            }
            number += file.parts.len();
            continue;
        }
        let mut first_row = 0;
        let mut rows = lines(&file.input)?;
        loop {
            let some: Vec<_> = rows.by_ref().take(BATCH_ROWS).collect();
            if some.is_empty() {
                break;
            }
            let len = some.len() as u64;
            if !send(Part { number, input, first_row, place: Place::Rows(some) }) {
                return Ok(());
            }
            number += 1;
            first_row += len;
        }
    }
    Ok(())
}

pub(super) type Lines = Box<dyn Iterator<Item = crate::reader::Row>>;

/// The rows of a file of texts, with the cells of its folders.
pub(super) fn lines(input: &Input) -> Result<Lines, Diagnostic> {
    let more: Vec<String> = input.partitions.iter().map(|(_, v)| v.clone()).collect();
    let with_more = move |mut row: crate::reader::Row| {
        if let Ok(cells) = &mut row.cells {
            cells.extend(more.iter().cloned());
        }
        row
    };
    if input.format == Format::Xlsx {
        let read = || super::workbook::rows(&input.path);
        let (_, rows) = super::guard::read(&input.path, "a sheet", read)?;
        return Ok(Box::new(rows.into_iter().map(with_more)));
    }
    let file = input.open().map_err(|e| unreadable(&input.path, e))?;
    let mut rows = Rows::new(file, Encoding::Utf8);
    Ok(Box::new(std::iter::from_fn(move || rows.next_row()).map(with_more)))
}

fn work(
    table: &Table,
    question: &Question<'_>,
    output: Option<&Output>,
    folder: Option<&Path>,
    queue: &Mutex<Receiver<Part>>,
    results: &SyncSender<Result<(usize, Tally), Diagnostic>>,
    stop: &AtomicBool,
) {
    let mut bench = Bench::default();
    loop {
        // One worker waits at a time; the others wait for it.
        let part = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(part) = part else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let mut rows = match (folder, output) {
            (Some(folder), Some(o)) if o.rows != RowsFormat::None => {
                let path = folder.join(o.rows.name(part.number));
                Some(question.rows_part(path, o.rows))
            }
            _ => None,
        };
        let Some(file) = table.files.get(part.input) else { continue };
        let counted = question.part(file, &part, &mut bench, rows.as_mut());
        let counted = match rows {
            Some(rows) => counted.and_then(|t| rows.finish().map(|()| t)),
            None => counted,
        };
        if results.send(counted.map(|t| (part.number, t))).is_err() {
            return;
        }
    }
}

/// The names of the sides in columns.
pub fn side_names(sides: usize) -> Vec<String> {
    ["under", "versus"].iter().take(sides).map(|s| (*s).to_owned()).collect()
}
