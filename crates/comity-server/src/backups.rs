//! Backups that an administrator makes and tries while the node runs. They lie in the node's
//! folder under `backups/`, each with what is known of it in a file of the same name and `.json`.
//! A copy on the same disk is no backup against the loss of that disk: the page says so.

use crate::app::App;
use crate::home::Home;
use comity_model::Diagnostic;
use comity_store::{FsckOptions, Manifest, MemoryStore};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How backups end.
const ENDING: &str = ".backup";

/// What a restore drill of a backup came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillResult {
    /// When, by the machine's clock.
    pub at: Timestamp,
    /// True if every row came back and the ledger is whole.
    pub is_clean: bool,
    /// In a sentence.
    pub says: String,
}

/// A backup in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The file's name.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// What it holds, where it was made from here.
    pub manifest: Option<Manifest>,
    /// What the last drill of it came to.
    pub drill: Option<DrillResult>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    manifest: Option<Manifest>,
    drill: Option<DrillResult>,
}

/// What is under way, and how the last one ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct State {
    /// `a backup` or `a drill of NAME`, and since when.
    pub running: Option<(String, Timestamp)>,
    /// Why the last one came to nothing; empty if it did not fail.
    pub failed: String,
}

/// The backups of a node.
#[derive(Debug)]
pub struct Backups {
    folder: PathBuf,
    kind: &'static str,
    state: Mutex<State>,
}

fn on_folder(folder: &Path, e: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("backup-folder", format!("`{}`: {e}", folder.display()))
        .help("the node's user must be able to write there, and the disk must have room")
}

impl Backups {
    /// Those of a node's folder, of a kind of store.
    pub fn new(node: &Path, kind: &'static str) -> Backups {
        Backups { folder: node.join("backups"), kind, state: Mutex::default() }
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The kind of the node's store.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What is under way.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is under way, and the backups: when nothing is, all that was done is in the list.
    ///
    /// # Errors
    /// `backup-folder`.
    pub fn standing(&self) -> Result<(State, Vec<Known>), Diagnostic> {
        // In this order: what ends between the two is in the list and still under way.
        let state = self.state();
        Ok((state, self.list()?))
    }

    /// Takes the one place for what takes long; false if it is taken.
    fn begin(&self, what: String) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running.is_some() {
            return false;
        }
        *state = State { running: Some((what, Timestamp::now())), failed: String::new() };
        true
    }

    fn end(&self, result: Result<(), Diagnostic>) {
        let failed = result.err().map(|fault| format!("{}: {}", fault.code, fault.message));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { running: None, failed: failed.unwrap_or_default() };
    }

    /// The backups, the newest first.
    fn list(&self) -> Result<Vec<Known>, Diagnostic> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(on_folder(&self.folder, e)),
        };
        let mut all = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = entry.metadata() else { continue };
            if !name.ends_with(ENDING) || !metadata.is_file() {
                continue;
            }
            let beside = self.beside(&name);
            let (manifest, drill) = (beside.manifest, beside.drill);
            all.push(Known { name, size_bytes: metadata.len(), manifest, drill });
        }
        all.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(all)
    }

    fn beside(&self, name: &str) -> Beside {
        let text = fs::read(self.folder.join(format!("{name}.json"))).unwrap_or_default();
        // What is known of a backup can be lost; the backup itself says it all again.
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn note(&self, name: &str, beside: &Beside) -> Result<(), Diagnostic> {
        let path = self.folder.join(format!("{name}.json"));
        let text = serde_json::to_vec_pretty(beside).map_err(|e| on_folder(&path, e))?;
        fs::write(&path, text).map_err(|e| on_folder(&path, e))
    }

    fn make_folder(&self) -> Result<(), Diagnostic> {
        fs::create_dir_all(&self.folder).map_err(|e| on_folder(&self.folder, e))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let owner_only = fs::Permissions::from_mode(0o700);
            fs::set_permissions(&self.folder, owner_only)
                .map_err(|e| on_folder(&self.folder, e))?;
        }
        Ok(())
    }

    fn make(&self, home: &Home) -> Result<(), Diagnostic> {
        self.make_folder()?;
        let now = Timestamp::now();
        let name = format!("{}{ENDING}", now.strftime("%Y-%m-%dT%H%M%SZ"));
        let mut store = home.store()?;
        let to = self.folder.join(&name);
        let manifest = comity_store::backup(store.as_mut(), self.kind, now, &to)?;
        self.note(&name, &Beside { manifest: Some(manifest), drill: None })
    }

    fn drill(&self, home: &Home, name: &str) -> Result<(), Diagnostic> {
        let mut scratch = MemoryStore::new();
        let from = self.folder.join(name);
        // Restored once for the peers' keys, which are in it; the drill itself starts empty.
        comity_store::restore(&from, &mut scratch)?;
        let trust = home.trust(&mut scratch)?;
        let key = home.identity()?.store_key;
        // The node went on while the backup was made: its last leaves may not be signed yet.
        let options = FsckOptions { trust: &trust, store_key: Some(&key), is_at_rest: false };
        let mut empty = MemoryStore::new();
        let drill = comity_store::drill(&from, &mut empty, &options, |_| ())?;
        let (is_clean, leaves) = (drill.is_clean(), drill.fsck.leaves);
        let says = match drill.fsck.first() {
            _ if is_clean => {
                format!("every row came back, and all {leaves} leaves of the ledger are whole")
            }
            Some(first) => format!("wrong first at {}: {}", first.place, first.message),
            None => "the rows that came back are not those of the backup".to_owned(),
        };
        let drill_result = DrillResult { at: Timestamp::now(), is_clean, says };
        self.note(name, &Beside { manifest: Some(drill.manifest), drill: Some(drill_result) })
    }

    /// True for the name of a file that could be a backup of the folder, and no path.
    pub fn is_name(name: &str) -> bool {
        let is_sign = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        name.ends_with(ENDING) && !name.starts_with('.') && name.chars().all(is_sign)
    }
}

/// Starts a backup on a thread that may wait for the disk. False if something is under way.
pub fn start_backup(app: &Arc<App>) -> bool {
    start(app, "a backup".to_owned(), |app| app.backups.make(&app.home))
}

/// Starts a restore drill of a backup of the folder. False if something is under way.
pub fn start_drill(app: &Arc<App>, name: &str) -> bool {
    let which = name.to_owned();
    start(app, format!("a drill of {name}"), move |app| app.backups.drill(&app.home, &which))
}

fn start(
    app: &Arc<App>,
    what: String,
    call: impl FnOnce(&App) -> Result<(), Diagnostic> + Send + 'static,
) -> bool {
    if !app.backups.begin(what) {
        return false;
    }
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let call = std::panic::AssertUnwindSafe(|| call(&app));
        let result = std::panic::catch_unwind(call).unwrap_or_else(|_| {
            Err(Diagnostic::error("fault", "the server made a mistake; it was noted"))
        });
        if let Err(fault) = &result {
            tracing::error!(code = fault.code, "a backup or drill failed");
        }
        app.backups.end(result);
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        assert!(Backups::is_name("2026-11-22T120000Z.backup"));
        for name in ["../node.db", "a/b.backup", ".backup", "x.json", "..backup", "a\\b.backup"] {
            assert!(!Backups::is_name(name), "{name}");
        }
    }
}
