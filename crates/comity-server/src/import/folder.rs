//! The folder into which a jail's own software drops sheets of bookings.
//!
//! ```text
//! NAME.csv                    written there by the jail's software
//! taken/NAME.csv              being booked; found again after a restart
//! done/NAME.csv               every booking of it is in the record
//! done/NAME.report.csv        which case each became
//! refused/NAME.csv            nobody of it was booked
//! refused/NAME.report.csv     why, line by line
//! ```
//! A file is taken by renaming it, once its size and time have not changed for [`SETTLED`]; a
//! rename is whole or did not happen. From there on everything can be done again: what is booked
//! is known by its id, a report is written anew, and the last rename ends it.

use super::{Importer, Unimported, import, report};
use crate::account::{Origin, Who};
use crate::app::App;
use comity_exchange::bookings::{SHEET_BYTES_MAX, SheetForm};
use comity_exchange::case::{Official, OfficialId, OfficialRole};
use comity_model::Diagnostic;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How long a file must not have changed before it is taken.
pub const SETTLED: Duration = Duration::from_secs(2);

/// Time between two looks into the folder. It may lie on another machine, which tells nobody of
/// its changes.
const LOOK: Duration = Duration::from_millis(500);

/// Time after which a file is tried again that could not be read, or not be booked for now.
const AGAIN: Duration = Duration::from_secs(5);

/// How often files are removed that have been kept long enough.
const CLEAN_EVERY: Duration = Duration::from_secs(3600);

/// The account in whose name dropped files are booked.
pub const ACCOUNT: &str = "drop-folder";

const TAKEN: &str = "taken";
const DONE: &str = "done";
const REFUSED: &str = "refused";

/// The drop folder.
#[derive(Debug)]
pub struct DropFolder {
    path: PathBuf,
    keep: Duration,
}

fn failed(path: &Path, e: &io::Error) -> Diagnostic {
    let mut fault = Diagnostic::error("bad-drop-folder", e.to_string()).path("drop_folder");
    fault.file = path.display().to_string();
    fault.help("the node makes this folder, and must be able to write and rename in it")
}

/// What of a file says whether it is still being written.
type Look = (u64, Option<SystemTime>);

impl DropFolder {
    /// Makes the folder and those in it, where they are not there.
    ///
    /// # Errors
    /// `bad-drop-folder`.
    pub fn open(path: PathBuf, keep_days: u16) -> Result<DropFolder, Diagnostic> {
        for folder in [TAKEN, DONE, REFUSED] {
            let folder = path.join(folder);
            fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
        }
        Ok(DropFolder { path, keep: Duration::from_secs(86_400 * u64::from(keep_days)) })
    }

    /// Files in a folder of it whose names end as sheets do, in the order of their names.
    fn sheets(&self, folder: &str) -> io::Result<BTreeMap<OsString, Look>> {
        let mut out = BTreeMap::new();
        for entry in fs::read_dir(self.path.join(folder))? {
            let entry = entry?;
            let name = entry.file_name();
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            let Ok(about) = entry.metadata() else { continue };
            if about.is_file() && !is_hidden && form_of(Path::new(&name)).is_some() {
                out.insert(name, (about.len(), about.modified().ok()));
            }
        }
        Ok(out)
    }

    /// Takes a file: under its own name, or with a number where that was used before.
    fn take(&self, name: &OsString) -> io::Result<String> {
        let (stem, ending) = plain(name);
        // One stem, one report: `day.csv` and `day.jsonl` are not both called `day`.
        let is_used = |stem: &str| {
            let names = ["csv", "jsonl", "report.csv"].map(|ending| format!("{stem}.{ending}"));
            let folders = [TAKEN, DONE, REFUSED].map(|folder| self.path.join(folder));
            folders.iter().any(|folder| names.iter().any(|name| folder.join(name).exists()))
        };
        let mut free = stem.clone();
        for number in 2.. {
            if !is_used(&free) {
                break;
            }
            free = format!("{stem}-{number}");
        }
        let taken = format!("{free}.{ending}");
        fs::rename(self.path.join(name), self.path.join(TAKEN).join(&taken))?;
        Ok(taken)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let file = fs::File::open(self.path.join(TAKEN).join(name))?;
        let mut bytes = Vec::new();
        // One byte more than is read says that it is too large.
        file.take(SHEET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the report, and then moves the file: where the file is, the report is.
    fn finish(&self, name: &str, folder: &str, report: &[u8]) -> io::Result<()> {
        let to = self.path.join(folder);
        let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
        let (part, whole) = (to.join(format!(".{stem}.part")), to.join(report_name(&stem)));
        let mut file = fs::File::create(&part)?;
        file.write_all(report)?;
        file.sync_all()?;
        fs::rename(part, whole)?;
        fs::rename(self.path.join(TAKEN).join(name), to.join(name))?;
        // So that both renames survive the loss of power; not every system can.
        if let Ok(folder) = fs::File::open(&to) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Removes what was done or refused longer ago than files are kept: they name people.
    fn clean(&self, now: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for folder in [DONE, REFUSED] {
            let folder = self.path.join(folder);
            for name in reports(&folder)? {
                let stem = name.trim_end_matches(".report.csv");
                let report = folder.join(&name);
                let written = fs::metadata(&report).and_then(|about| about.modified());
                let age = written.ok().and_then(|at| now.duration_since(at).ok());
                if age.is_none_or(|age| age < self.keep) {
                    continue;
                }
                for ending in ["csv", "jsonl"] {
                    match fs::remove_file(folder.join(format!("{stem}.{ending}"))) {
                        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                        _ => {}
                    }
                }
                fs::remove_file(report)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn report_name(stem: &str) -> String {
    format!("{stem}.report.csv")
}

/// The names of the reports in a folder.
fn reports(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.flatten().filter_map(|e| e.file_name().into_string().ok());
    Ok(names.filter(|name| name.ends_with(".report.csv") && !name.starts_with('.')).collect())
}

/// How a file is written, by the end of its name.
fn form_of(name: &Path) -> Option<SheetForm> {
    let ending = name.extension()?.to_str()?.to_ascii_lowercase();
    match ending.as_str() {
        "csv" => Some(SheetForm::Csv),
        "jsonl" => Some(SheetForm::JsonLines),
        _ => None,
    }
}

/// A name of plain characters and its ending. A name of others is not repeated.
fn plain(name: &OsString) -> (String, &'static str) {
    let path = Path::new(name);
    let ending = if form_of(path) == Some(SheetForm::JsonLines) { "jsonl" } else { "csv" };
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let fits = (1..=100).contains(&stem.len()) && stem.bytes().all(is_plain);
    // A sheet called like the report of another would be taken for one.
    let fits = fits && !stem.ends_with(".report");
    (if fits { stem.to_owned() } else { "sheet".to_owned() }, ending)
}

/// In whose name dropped files are booked.
fn importer() -> Option<Importer> {
    let official = Official { id: OfficialId::new(ACCOUNT)?, role: OfficialRole::Clerk };
    Some(Importer { official, who: Who::Node, origin: Origin::Node })
}

/// Watches the folder until the node stops.
pub async fn watch(app: Arc<App>, folder: DropFolder) {
    let Some(by) = importer() else { return };
    let folder = Arc::new(folder);
    let mut seen: BTreeMap<OsString, (Look, Instant)> = BTreeMap::new();
    let mut not_before = Instant::now();
    let mut cleaned: Option<Instant> = None;
    loop {
        // An error says that the node is stopping.
        if app.engine.with(|_| ()).await.is_err() {
            return;
        }
        if Instant::now() >= not_before {
            let looked = at_disk(&folder, move |folder| {
                let taken = folder.sheets(TAKEN)?.into_keys().collect::<Vec<_>>();
                Ok((taken, folder.sheets("")?))
            });
            match looked.await {
                Ok((taken, dropped)) => {
                    let ready = settled(&mut seen, dropped, Instant::now());
                    if !book_all(&app, &by, &folder, taken, ready).await {
                        not_before = Instant::now() + AGAIN;
                    }
                }
                Err(e) => {
                    tracing::error!(kind = ?e.kind(), "the drop folder cannot be read");
                    not_before = Instant::now() + AGAIN;
                }
            }
        }
        if cleaned.is_none_or(|at| at.elapsed() >= CLEAN_EVERY) {
            cleaned = Some(Instant::now());
            match at_disk(&folder, |folder| folder.clean(SystemTime::now())).await {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "dropped files were kept long enough"),
                Err(e) => tracing::error!(kind = ?e.kind(), "dropped files cannot be removed"),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn at_disk<T: Send + 'static>(
    folder: &Arc<DropFolder>,
    call: impl FnOnce(&DropFolder) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let folder = folder.clone();
    tokio::task::spawn_blocking(move || call(&folder)).await.map_err(io::Error::other)?
}

/// Files that have not changed for long enough.
fn settled(
    seen: &mut BTreeMap<OsString, (Look, Instant)>,
    dropped: BTreeMap<OsString, Look>,
    now: Instant,
) -> Vec<OsString> {
    seen.retain(|name, _| dropped.contains_key(name));
    let mut ready = Vec::new();
    for (name, look) in dropped {
        let since = seen.entry(name.clone()).or_insert((look, now));
        if since.0 != look {
            *since = (look, now);
        }
        if now.duration_since(since.1) >= SETTLED {
            ready.push(name);
        }
    }
    ready
}

/// Books files that were taken before, and those that are ready. False if one has to wait.
async fn book_all(
    app: &Arc<App>,
    by: &Importer,
    folder: &Arc<DropFolder>,
    taken: Vec<OsString>,
    ready: Vec<OsString>,
) -> bool {
    let mut all = true;
    for name in taken {
        match name.into_string() {
            Ok(name) => all &= book(app, by, folder, name).await,
            // Somebody put it there by hand.
            Err(_) => tracing::warn!("a file among those that were taken has no plain name"),
        }
    }
    for name in ready {
        match at_disk(folder, move |folder| folder.take(&name)).await {
            Ok(name) => all &= book(app, by, folder, name).await,
            Err(e) => {
                tracing::error!(kind = ?e.kind(), "a dropped file cannot be taken");
                all = false;
            }
        }
    }
    all
}

/// Books one file that was taken. False if it has to wait. Its name is not logged: somebody may
/// have called it after a person.
async fn book(app: &Arc<App>, by: &Importer, folder: &Arc<DropFolder>, name: String) -> bool {
    let form = form_of(Path::new(&name)).unwrap_or(SheetForm::Csv);
    let file = name.clone();
    let bytes = match at_disk(folder, move |folder| folder.read(&file)).await {
        Ok(bytes) => bytes,
        Err(e) => {
            tracing::error!(kind = ?e.kind(), "a dropped file cannot be read");
            return false;
        }
    };
    let (to, report) = match import(app, by, &bytes, form).await {
        Ok(done) => {
            let new = done.iter().filter(|row| row.is_new).count();
            tracing::info!(bookings = done.len(), new, "a dropped file was booked");
            app.metrics.imported.inc_by(new as u64);
            (DONE, report::booked(&done))
        }
        Err(Unimported::Wrong(found)) => {
            tracing::warn!(findings = found.len(), "a dropped file was refused");
            app.metrics.import_refused.inc();
            (REFUSED, report::refused(&found))
        }
        Err(Unimported::Node(problem)) => {
            tracing::error!(code = problem.code, "a dropped file waits");
            return false;
        }
    };
    let written = at_disk(folder, move |folder| folder.finish(&name, to, &report)).await;
    if let Err(e) = &written {
        tracing::error!(kind = ?e.kind(), "the report of a dropped file cannot be written");
    }
    written.is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_file_that_grows_or_is_replaced_waits() {
        let name = OsString::from("day.csv");
        let of = |size: u64| BTreeMap::from([(name.clone(), (size, None))]);
        let (mut seen, start) = (BTreeMap::new(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(settled(&mut seen, of(10), at(0)).is_empty());
        assert!(settled(&mut seen, of(20), at(3)).is_empty(), "it grew");
        assert!(settled(&mut seen, of(20), at(4)).is_empty());
        assert!(settled(&mut seen, BTreeMap::new(), at(5)).is_empty(), "it went away");
        assert!(settled(&mut seen, of(20), at(6)).is_empty(), "another one");
        let touched = BTreeMap::from([(name.clone(), (20, Some(SystemTime::UNIX_EPOCH)))]);
        assert!(settled(&mut seen, touched.clone(), at(9)).is_empty(), "written again");
        assert_eq!(settled(&mut seen, touched, at(11)), [name]);
    }

    #[test]
    fn names_that_are_not_plain_are_not_repeated() {
        let plain = |name: &str| plain(&OsString::from(name));
        assert_eq!(plain("2016-03-01.csv"), ("2016-03-01".to_owned(), "csv"));
        assert_eq!(plain("day.JSONL"), ("day".to_owned(), "jsonl"));
        for name in ["a b.csv", "é.csv", "day.report.csv", &format!("{}.csv", "x".repeat(101))] {
            assert_eq!(plain(name).0, "sheet");
        }
    }

    #[test]
    fn every_file_has_a_report_of_its_own() {
        let scratch = tempfile::TempDir::new().unwrap();
        let folder = DropFolder::open(scratch.path().to_owned(), 7).unwrap();
        let mut reports = Vec::new();
        for name in ["day.csv", "day.jsonl", "day.csv", "a day.csv", "b day.jsonl"] {
            fs::write(scratch.path().join(name), "x").unwrap();
            let taken = folder.take(&OsString::from(name)).unwrap();
            folder.finish(&taken, DONE, b"report").unwrap();
            reports.push(taken);
        }
        assert_eq!(reports, ["day.csv", "day-2.jsonl", "day-3.csv", "sheet.csv", "sheet-2.jsonl"]);
        assert_eq!(fs::read_dir(scratch.path().join("done")).unwrap().count(), 10);
    }

    #[test]
    fn what_was_kept_long_enough_is_removed_with_its_report_and_nothing_else() {
        let scratch = tempfile::TempDir::new().unwrap();
        let folder = DropFolder::open(scratch.path().to_owned(), 7).unwrap();
        for name in ["done/a.csv", "done/a.report.csv", "refused/b.jsonl", "refused/b.report.csv"] {
            fs::write(scratch.path().join(name), "x").unwrap();
        }
        fs::write(scratch.path().join("done/mine.csv"), "no report").unwrap();
        let after = |days: u64| SystemTime::now() + Duration::from_secs(86_400 * days);
        assert_eq!(folder.clean(after(6)).unwrap(), 0);
        assert_eq!(folder.clean(after(8)).unwrap(), 2);
        assert_eq!(fs::read_dir(scratch.path().join("done")).unwrap().count(), 1);
        assert_eq!(fs::read_dir(scratch.path().join("refused")).unwrap().count(), 0);
    }
}
