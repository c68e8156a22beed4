//! What was done, part by part, so that a run that was cut off can go on.

use super::input::unreadable;
use super::rows::unwritable;
use super::run::{Output, Table};
use super::tally::Tally;
use super::work::Question;
use comity_model::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

const NAME: &str = "journal.jsonl";

/// What a run was asked: a journal of another question is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    engine: String,
    library_sha256: String,
    sides: Vec<String>,
    channel: String,
    keys: Vec<String>,
    sample: String,
    rows: String,
    /// Files with their lengths and when they were changed, in seconds since 1970.
    files: Vec<(String, u64, u64)>,
}

impl Plan {
    /// What is asked now.
    pub fn of(table: &Table, question: &Question<'_>, output: &Output) -> Plan {
        let changed = |path: &Path| {
            let modified = fs::metadata(path).and_then(|m| m.modified()).ok();
            let since = modified.and_then(|m| m.duration_since(std::time::UNIX_EPOCH).ok());
            since.map_or(0, |d| d.as_secs())
        };
        Plan {
            engine: crate::receipt::ENGINE.to_owned(),
            library_sha256: crate::receipt::library_sha256(question.library),
            sides: question.sides.iter().map(|s| s.name.clone()).collect(),
            channel: question.channel.name().to_owned(),
            keys: question.keys.iter().map(|k| k.name.clone()).collect(),
            sample: format!("{:?}", question.sample),
            rows: format!("{:?}", output.rows),
            files: table
                .files
                .iter()
                .map(|f| (f.input.name(), f.input.bytes, changed(&f.input.path)))
                .collect(),
        }
    }
}

/// The journal of a run; without a folder it keeps nothing.
pub struct Journal {
    file: Option<(PathBuf, File)>,
    done: BTreeMap<usize, Tally>,
}

impl Journal {
    /// No journal.
    pub fn none() -> Journal {
        Journal { file: None, done: BTreeMap::new() }
    }

    /// Opens the journal of a folder: a new one, or with `resume` the one that is there.
    ///
    /// # Errors
    /// The folder holds a run that was cut off and `resume` was not asked for, or one that
    /// was asked something else.
    pub fn open(folder: &Path, plan: &Plan, resume: bool) -> Result<Journal, Diagnostic> {
        fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
        let path = folder.join(NAME);
        let is_there = path.exists();
        if is_there && !resume {
            return Err(Diagnostic::error(
                "unfinished-run",
                format!("`{}` holds a run that was cut off", folder.display()),
            )
            .help("go on with --resume, or delete the folder"));
        }
        let mut done = BTreeMap::new();
        if is_there {
            done = read(&path, plan)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| unwritable(&path, e))?;
        if !is_there {
            let line = serde_json::to_string(plan).map_err(|e| unwritable(&path, e))?;
            writeln!(file, "{line}").map_err(|e| unwritable(&path, e))?;
        }
        Ok(Journal { file: Some((path, file)), done })
    }

    /// Whether a part is done.
    pub fn finished(&self) -> impl Fn(usize) -> bool + Sync + use<> {
        let done: BTreeSet<usize> = self.done.keys().copied().collect();
        move |part| done.contains(&part)
    }

    /// The counts of the parts that an earlier run did.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.done.values()
    }

    /// Notes that a part is done; its rows are written by then.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn note(&mut self, part: usize, tally: &Tally) -> Result<(), Diagnostic> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let line = serde_json::to_string(&(part, tally)).map_err(|e| unwritable(path, e))?;
        // One write, so that a line that is cut off is the last one.
        file.write_all(format!("{line}\n").as_bytes()).map_err(|e| unwritable(path, e))
    }
}

/// Removes the journal of a run that is whole.
///
/// # Errors
/// It cannot be removed.
pub fn remove(folder: &Path) -> Result<(), Diagnostic> {
    let path = folder.join(NAME);
    if path.exists() { fs::remove_file(&path).map_err(|e| unwritable(&path, e)) } else { Ok(()) }
}

fn read(path: &Path, plan: &Plan) -> Result<BTreeMap<usize, Tally>, Diagnostic> {
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
    let mut lines = text.split_inclusive('\n');
    let head = lines.next().unwrap_or_default();
    let other = |why: &str| {
        Err(Diagnostic::error("other-run", format!("`{}`: {why}", path.display()))
            .help("delete the folder, or choose another one with --out"))
    };
    match serde_json::from_str::<Plan>(head) {
        Err(_) => return other("its first line is no plan of a run"),
        Ok(found) if found != *plan => {
            return other(
                "the run that was cut off was asked something else, or its files have changed",
            );
        }
        Ok(_) => {}
    }
    // The last line may be cut off: its part is done again.
    let whole = lines.filter(|l| l.ends_with('\n'));
    Ok(whole.filter_map(|l| serde_json::from_str(l).ok()).collect())
}
