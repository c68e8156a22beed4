//! The command's side: parts out in waves, counts back, a journal to go on from.

use crate::decide::ASIDE;
use crate::job::{Fault, Link, Stop, failed, unique};
use crate::link::reach;
use crate::logger::show_warnings;
use crate::wire::{Ask, Counted, File, pack};
use comity_model::Diagnostic;
use comity_replay::bulk::input::unreadable;
use comity_replay::bulk::journal::{Journal, Plan};
use comity_replay::bulk::recipe::{Files, Recipe};
use comity_replay::bulk::rows::{RowsFormat, unwritable};
use comity_replay::bulk::tally::Tally;
use comity_replay::bulk::{Output, Progress, Question, Table};
use comity_replay::receipt::FileHash;
use futures::StreamExt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Runtime;

/// Rows of one task, about: a second or less of work.
const TASK_ROWS: u64 = 1 << 20;

/// Tasks of the first wave and of a late one. A wave is noted in the journal when it is done;
/// two are under way at a time, so that nobody waits for the last task of one.
const WAVE_TASKS: (usize, usize) = (16, 256);

/// How often a wave is asked again whose results were lost with the executor that held them.
const LOST_MAX: usize = 3;

/// A cluster that answers.
pub struct Cluster {
    link: Link,
    runtime: Runtime,
}

/// A replay as the cluster is asked for it.
pub struct Replay<'a> {
    /// The table.
    pub table: &'a Table,
    /// The question.
    pub question: &'a Question<'a>,
    /// The files that it was made of.
    pub files: Files,
    /// The folder of journal and rows, if a result is kept.
    pub output: Option<&'a Output>,
    /// The address of the rows where they go elsewhere than into that folder.
    pub rows_address: Option<String>,
    /// Set from elsewhere to end the run.
    pub cancel: &'a AtomicBool,
}

impl Cluster {
    /// Connects to the scheduler at `HOST:PORT` as a comity of this version.
    ///
    /// # Errors
    /// Nobody answers, or another version does.
    pub fn connect(address: &str, version: &str) -> Result<Cluster, Diagnostic> {
        show_warnings();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|e| failed(format!("no thread for the network: {e}")))?;
        let channel = runtime.block_on(reach(address, version))?;
        let (address, version) = (address.to_owned(), version.to_owned());
        Ok(Cluster { link: Link { address, version, channel }, runtime })
    }

    /// Decides a table; gives the counts and the files of rows that were written elsewhere.
    ///
    /// # Errors
    /// A part cannot be decided, the cluster gives up, or the run was canceled.
    pub fn run(
        &self,
        replay: &Replay<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Tally, Vec<FileHash>), Diagnostic> {
        one_by_one(replay.table)?;
        let recipe = Recipe::of(replay.question, replay.files.clone(), &self.link.version);
        let packed = pack(&recipe).map_err(|e| failed(format!("the question: {e}")))?;
        let mut journal = match replay.output {
            None => Journal::none(),
            Some(o) => {
                Journal::open(&o.folder, &Plan::of(replay.table, replay.question, o), o.resume)?
            }
        };
        let asks = asks(replay, &journal)?;
        let mut tally = Tally::new(replay.question.sides.len());
        journal.tallies().for_each(|t| tally.add(t));
        let known_rows = replay.table.rows().max(1);
        let mut written = Vec::new();
        let mut add = |counted: Vec<Counted>| -> Result<(), Diagnostic> {
            for c in counted {
                seen(replay, &c)?;
                journal.note(c.number, &c.tally)?;
                tally.add(&c.tally);
                written.extend(c.written.filter(|_| replay.rows_address.is_some()));
            }
            let share = (tally.read as f64 / known_rows as f64).min(1.0);
            progress(Progress { rows: tally.read, share });
            Ok(())
        };
        let waves = waves(asks);
        // Whatever ends the run ends the other waves, so that no work goes on for nobody.
        let stop = Stop { canceled: replay.cancel, failed: AtomicBool::new(false) };
        let ended = self.runtime.block_on(async {
            let wave = |asks: Vec<Vec<Ask>>| self.wave(&packed, asks, &stop);
            let mut waves = futures::stream::iter(waves).map(wave).buffered(2);
            let mut first_error = None;
            while let Some(counted) = waves.next().await {
                if let Err(e) = counted.and_then(&mut add) {
                    stop.failed.store(true, Ordering::Relaxed);
                    first_error.get_or_insert(e);
                }
            }
            first_error
        });
        if let Some(o) = replay.output {
            swept(&o.folder.join("rows"))?;
        }
        ended.map_or(Ok((tally, written)), Err)
    }

    /// Asks about some parts, by task; the answers in the order of the parts.
    async fn wave(
        &self,
        question: &[u8],
        tasks: Vec<Vec<Ask>>,
        stop: &Stop<'_>,
    ) -> Result<Vec<Counted>, Diagnostic> {
        let asked: usize = tasks.iter().map(Vec::len).sum();
        let mut lost = 0;
        loop {
            let why = match self.link.job(question, &tasks, stop).await {
                Ok(mut counted) => {
                    counted.sort_by_key(|c| c.number);
                    counted.dedup_by_key(|c| c.number);
                    if counted.len() == asked {
                        return Ok(counted);
                    }
                    format!("{} of {asked} parts came back", counted.len())
                }
                Err(Fault::Final(d)) => return Err(d),
                Err(Fault::Lost(why)) => why,
            };
            lost += 1;
            if lost == LOST_MAX {
                return Err(failed(why));
            }
            log::warn!("results were lost and are asked for again: {why}");
        }
    }
}

/// Refuses files that have no parts to which a machine can go.
fn one_by_one(table: &Table) -> Result<(), Diagnostic> {
    let Some(file) = table.files.iter().find(|f| !f.is_random_access()) else { return Ok(()) };
    let why = format!("`{}` can only be read from its start, by one machine", file.input.name());
    Err(Diagnostic::error("unknown-format", why).help(
        "a cluster reads Parquet and Arrow files; replay this one without --cluster, or write it as Parquet first",
    ))
}

/// The parts that are still to be decided.
fn asks(replay: &Replay<'_>, journal: &Journal) -> Result<Vec<Ask>, Diagnostic> {
    let run = unique();
    let finished = journal.finished();
    let out = match replay.output.filter(|o| o.rows != RowsFormat::None) {
        None => None,
        Some(o) => Some((rows_folder(replay, &o.folder)?, o.rows)),
    };
    let mut all = Vec::new();
    let mut number = 0;
    for (i, opened) in replay.table.files.iter().enumerate() {
        let file = File::of(&opened.input).map_err(|e| unreadable(&opened.input.path, e))?;
        for (index, part) in opened.places(number, i).into_iter().enumerate() {
            if finished(part.number) {
                continue;
            }
            all.push(Ask {
                run: run.clone(),
                number: part.number,
                file: file.clone(),
                first_row: part.first_row,
                index,
                rows: opened.parts[index],
                out: out.clone(),
            });
        }
        number += opened.parts.len();
    }
    Ok(all)
}

fn rows_folder(replay: &Replay<'_>, folder: &Path) -> Result<String, Diagnostic> {
    let folder = folder.join("rows");
    fs::create_dir_all(&folder).map_err(|e| unwritable(&folder, e))?;
    if let Some(address) = &replay.rows_address {
        return Ok(address.clone());
    }
    let whole = fs::canonicalize(&folder).map_err(|e| unwritable(&folder, e))?;
    Ok(whole.display().to_string())
}

/// Tasks of neighboring parts, and waves of tasks that grow.
fn waves(asks: Vec<Ask>) -> Vec<Vec<Vec<Ask>>> {
    let mut tasks: Vec<Vec<Ask>> = Vec::new();
    let mut rows = TASK_ROWS;
    for ask in asks {
        if rows >= TASK_ROWS {
            tasks.push(Vec::new());
            rows = 0;
        }
        rows += ask.rows;
        if let Some(task) = tasks.last_mut() {
            task.push(ask);
        }
    }
    let (mut size, max) = WAVE_TASKS;
    let mut waves = Vec::new();
    let mut tasks = tasks.into_iter().peekable();
    while tasks.peek().is_some() {
        waves.push(tasks.by_ref().take(size).collect());
        size = (size * 2).min(max);
    }
    waves
}

/// Removes what executors that died have left beside the rows.
fn swept(rows: &Path) -> Result<(), Diagnostic> {
    let Ok(entries) = fs::read_dir(rows) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(|e| unreadable(rows, e))?.path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(ASIDE)) {
            fs::remove_file(&path).map_err(|e| unwritable(&path, e))?;
        }
    }
    Ok(())
}

/// A file of rows must be where the command looks for it.
fn seen(replay: &Replay<'_>, counted: &Counted) -> Result<(), Diagnostic> {
    let (Some(written), Some(output), None) =
        (&counted.written, replay.output, &replay.rows_address)
    else {
        return Ok(());
    };
    let path = output.folder.join(&written.name);
    match fs::metadata(&path) {
        Ok(m) if m.len() == written.bytes => Ok(()),
        _ => Err(unwritable(&path, "an executor wrote it where this machine does not see it")
            .help("every machine must see the folder of --out; or give an address such as s3://BUCKET/KEY, or --rows none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_replay::bulk::input::Format;

    fn ask(number: usize, rows: u64) -> Ask {
        let (name, at) = ("a.parquet".to_owned(), "/a.parquet".to_owned());
        let file = File { name, at, format: Format::Parquet, bytes: 1, partitions: Vec::new() };
        Ask { run: String::new(), number, file, first_row: 0, index: number, rows, out: None }
    }

    #[test]
    fn every_part_is_in_one_task_and_waves_grow() {
        let asks: Vec<Ask> = (0..200).map(|i| ask(i, TASK_ROWS / 2)).collect();
        let waves = waves(asks.clone());
        let sizes: Vec<usize> = waves.iter().map(Vec::len).collect();
        assert_eq!(sizes, [16, 32, 52]);
        assert!(waves.iter().flatten().all(|task| task.len() == 2));
        let all: Vec<Ask> = waves.into_iter().flatten().flatten().collect();
        assert_eq!(all, asks);
        assert!(super::waves(Vec::new()).is_empty());
    }

    #[test]
    fn large_parts_have_a_task_each() {
        let waves = waves((0..3).map(|i| ask(i, 5 * TASK_ROWS)).collect());
        assert_eq!(waves.iter().flatten().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
    }
}
