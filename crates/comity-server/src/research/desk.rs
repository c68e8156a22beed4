//! The desk that keeps the runs.
//!
//! ```text
//! research/data/SHA256.csv   what was uploaded, under the hash of its bytes
//! research/mappings/DATA/SHA256.toml   what its columns mean, as somebody said
//! research/runs/ID/ask.json  what was asked      state.json  how it ended
//!                 /out/…     the result's files
//! ```

use super::{Ask, Outcome, Research, Watch};
use comity_exchange::Digest;
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Runs that may wait behind the one that runs.
const WAITING_MAX: usize = 8;

/// A finding as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: String,
}

/// How a run stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Behind another one.
    Waiting,
    /// Under way.
    Running {
        /// Rows that are done.
        rows: u64,
        /// Thousandths of all.
        per_mille: u64,
    },
    /// The server stopped in the middle of it.
    Interrupted,
    /// Somebody ended it.
    Canceled,
    /// It could not be done.
    Failed(Vec<Told>),
    /// Done.
    Done(Box<Outcome>),
}

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its address: the hash of its inputs.
    pub id: String,
    /// What was asked.
    pub ask: Ask,
    /// Who asked, and when.
    pub by: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// How it stands.
    pub state: State,
}

/// A data set that was given to a run: where it lies and what its bytes hash to.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its name, for people and forms.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    ask: Ask,
    by: String,
    at: Timestamp,
}

struct Job {
    id: String,
    asked: Asked,
    data: PathBuf,
    watch: Arc<Watch>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arc<Job>>,
    running: Option<Arc<Job>>,
}

/// The desk that keeps the runs.
pub struct Desk {
    /// What runs them.
    pub research: Arc<dyn Research>,
    folder: PathBuf,
    /// What a run's address hangs on beside the ask: engine and library.
    made_with: String,
    queue: Mutex<Queue>,
}

fn failed(path: &Path, e: &io::Error) -> Diagnostic {
    tracing::error!(path = %path.display(), "research: {e}");
    Diagnostic::error("research-store", "the node cannot keep this run")
        .help("tell the administrator of this node; the disk may be full")
}

/// What a table's first bytes say it is; the name that it came with is not believed.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..4096).unwrap_or(bytes);
    match bytes {
        _ if bytes.starts_with(b"PAR1") => Some("parquet"),
        _ if bytes.starts_with(b"ARROW1") => Some("arrow"),
        _ if bytes.starts_with(b"PK\x03\x04") => Some("xlsx"),
        _ if bytes.is_empty() || head.contains(&0) => None,
        _ => head.contains(&b',').then_some("csv"),
    }
}

impl Desk {
    /// A desk in a node's folder.
    pub fn new(research: Arc<dyn Research>, home: &Path, library: &comity_policy::Library) -> Desk {
        let hashes: String = library.policies().map(|(_, p)| p.hash.to_string()).collect();
        let library = Digest::of_bytes(hashes.as_bytes());
        let engine = comity_policy::explain::ENGINE_VERSION;
        Desk {
            research,
            folder: home.join("research"),
            made_with: format!("{engine} {library}"),
            queue: Mutex::default(),
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an upload under the hash of its bytes; its name in forms.
    ///
    /// # Errors
    /// `not-a-table`; the disk.
    pub fn keep(&self, bytes: &[u8]) -> Result<String, Diagnostic> {
        let kind = kind_of(bytes).ok_or_else(|| {
            Diagnostic::error("not-a-table", "the file is no table that can be read here")
                .help("send CSV with a header row, XLSX, Parquet or Arrow")
        })?;
        let name = format!("{}.{kind}", Digest::of_bytes(bytes));
        let folder = self.folder.join("data");
        fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
        let path = folder.join(&name);
        if !path.exists() {
            // Beside its place first: what was cut off never looks whole.
            let part = folder.join(format!("{name}.part"));
            let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, &path));
            written.map_err(|e| failed(&path, &e))?;
        }
        Ok(name)
    }

    /// A data set by the name that forms send: an upload, or one of the node's folder.
    pub fn data(&self, name: &str) -> Option<Given> {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_ ".contains(&b));
        if !plain || name.starts_with('.') {
            return None;
        }
        let upload = self.folder.join("data").join(name);
        let path = if upload.is_file() { upload } else { self.research.path(name)? };
        let mut file = fs::File::open(&path).ok()?;
        let mut hasher = Hasher::default();
        let bytes = io::copy(&mut file, &mut hasher).ok()?;
        Some(Given { name: name.to_owned(), path, sha256: hasher.done(), bytes })
    }

    /// Keeps what the columns of a data set mean, under the hash of the text; its name in forms.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_mapping(&self, data: &Given, text: &str) -> Result<String, Diagnostic> {
        let name = format!("{}.toml", Digest::of_bytes(text.as_bytes()));
        let folder = self.folder.join("mappings").join(&data.sha256);
        fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
        let path = folder.join(&name);
        // Written again where it is there already: the one that was sent last comes first.
        let part = folder.join(format!("{name}.part"));
        let written = fs::write(&part, text).and_then(|()| fs::rename(&part, &path));
        written.map_err(|e| failed(&path, &e))?;
        Ok(name)
    }

    /// The mappings that were kept for a data set, the last first: name and text.
    pub fn own_mappings(&self, data: &Given) -> Vec<(String, String)> {
        let folder = self.folder.join("mappings").join(&data.sha256);
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let one = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let at = entry.metadata().ok()?.modified().ok()?;
            let is_own = name.ends_with(".toml");
            is_own.then(|| Some((at, name, fs::read_to_string(entry.path()).ok()?)))?
        };
        let mut out: Vec<_> = entries.filter_map(one).collect();
        out.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        out.into_iter().map(|(_, name, text)| (name, text)).collect()
    }

    fn place(&self, id: &str) -> Option<PathBuf> {
        let is_id = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        is_id.then(|| self.folder.join("runs").join(id))
    }

    /// Asks for a run; its address. The same ask has the same address, and a result that is
    /// there already is not made again.
    ///
    /// # Errors
    /// `busy`; the disk; data that are not there any more.
    pub fn start(
        self: &Arc<Desk>,
        ask: Ask,
        by: &str,
        now: Timestamp,
    ) -> Result<String, Diagnostic> {
        let gone = || Diagnostic::error("no-data", "the data set is not there any more");
        let data = self.data(&ask.data).filter(|d| d.sha256 == ask.data_sha256).ok_or_else(gone)?;
        let text = serde_json::to_string(&ask).unwrap_or_default();
        let hash = Digest::of_bytes(format!("{} {text}", self.made_with).as_bytes()).to_string();
        let id: String = hash.chars().take(32).collect();
        if let Some(run) = self.run(&id)
            && matches!(run.state, State::Waiting | State::Running { .. } | State::Done(_))
        {
            return Ok(id);
        }
        let folder = self.folder.join("runs").join(&id);
        let asked = Asked { ask, by: by.to_owned(), at: now };
        let out = folder.join("out");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out).map_err(|e| failed(&folder, &e))?;
        let _ = fs::remove_file(folder.join("state.json"));
        write_json(&folder.join("ask.json"), &asked)?;
        let job = Job { id: id.clone(), asked, data: data.path, watch: Arc::default() };
        let mut queue = self.queue();
        if queue.waiting.len() >= WAITING_MAX {
            return Err(Diagnostic::error("busy", "too many runs wait already")
                .help("wait until one is done, or cancel one"));
        }
        queue.waiting.push_back(Arc::new(job));
        if queue.running.is_none() {
            let desk = self.clone();
            let work = thread::Builder::new().name("research".to_owned());
            work.spawn(move || desk.work()).map_err(|e| failed(&folder, &e))?;
            queue.running = queue.waiting.pop_front();
        }
        Ok(id)
    }

    /// The thread of the runs: until none waits.
    fn work(&self) {
        loop {
            let Some(job) = self.queue().running.clone() else { return };
            let out = self.folder.join("runs").join(&job.id).join("out");
            let run = || self.research.run(&job.asked.ask, &job.data, &out, &job.watch);
            let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            let state = match ran {
                Ok(Ok(outcome)) => State::Done(Box::new(outcome)),
                Ok(Err(found)) if found.iter().any(|d| d.code == "canceled") => State::Canceled,
                Ok(Err(found)) => State::Failed(found.iter().map(told).collect()),
                Err(_) => State::Failed(vec![Told {
                    message: "the run ended by a mistake of the program".to_owned(),
                    help: "tell the administrator of this node".to_owned(),
                }]),
            };
            let path = self.folder.join("runs").join(&job.id).join("state.json");
            if let Err(d) = write_json(&path, &state) {
                tracing::error!("{d}");
            }
            let mut queue = self.queue();
            queue.running = queue.waiting.pop_front();
        }
    }

    /// A run by its address.
    pub fn run(&self, id: &str) -> Option<Run> {
        let folder = self.place(id)?;
        let asked: Asked = read_json(&folder.join("ask.json"))?;
        let state = self.state(id, &folder);
        let Asked { ask, by, at: asked_at } = asked;
        Some(Run { id: id.to_owned(), ask, by, asked_at, state })
    }

    fn state(&self, id: &str, folder: &Path) -> State {
        let queue = self.queue();
        if let Some(job) = queue.running.as_ref().filter(|job| job.id == id) {
            let (rows, per_mille) = job.watch.progress();
            return State::Running { rows, per_mille };
        }
        if queue.waiting.iter().any(|job| job.id == id) {
            return State::Waiting;
        }
        drop(queue);
        // Neither under way nor ended: the server stopped meanwhile.
        read_json(&folder.join("state.json")).unwrap_or(State::Interrupted)
    }

    /// Every run, the newest first.
    pub fn runs(&self) -> Vec<Run> {
        let Ok(entries) = fs::read_dir(self.folder.join("runs")) else { return Vec::new() };
        let ids = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
        let mut out: Vec<Run> = ids.filter_map(|id| self.run(&id)).collect();
        out.sort_by_key(|run| std::cmp::Reverse(run.asked_at));
        out
    }

    /// Ends a run, or takes it from those that wait.
    pub fn cancel(&self, id: &str) {
        let mut queue = self.queue();
        if let Some(job) = queue.running.as_ref().filter(|job| job.id == id) {
            job.watch.cancel();
        }
        let before = queue.waiting.len();
        queue.waiting.retain(|job| job.id != id);
        let taken = queue.waiting.len() < before;
        drop(queue);
        if let (true, Some(folder)) = (taken, self.place(id))
            && let Err(d) = write_json(&folder.join("state.json"), &State::Canceled)
        {
            tracing::error!("{d}");
        }
    }

    /// A file of a result that is done.
    pub fn file(&self, id: &str, name: &str) -> Option<Vec<u8>> {
        let run = self.run(id)?;
        let State::Done(outcome) = &run.state else { return None };
        let known = outcome.files.iter().find(|file| *file == name)?;
        fs::read(self.place(id)?.join("out").join(known)).ok()
    }
}

fn told(d: &Diagnostic) -> Told {
    Told { message: d.message.clone(), help: d.help.clone() }
}

fn write_json(path: &Path, of: &impl Serialize) -> Result<(), Diagnostic> {
    let part = path.with_extension("part");
    let bytes = serde_json::to_vec_pretty(of).unwrap_or_default();
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).map_err(|e| failed(path, &e))
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// A SHA-256 that is written into.
struct Hasher(ring::digest::Context);

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher(ring::digest::Context::new(&ring::digest::SHA256))
    }
}

impl Hasher {
    fn done(self) -> String {
        comity_model::hex(self.0.finish().as_ref())
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
