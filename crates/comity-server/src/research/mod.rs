//! Runs of policies over data sets. What runs them stands behind [`Research`], which the command
//! implements: this crate knows nothing of tables. [`Desk`] keeps the runs: one at a time, each
//! in a folder of its own under the node's, so that a reload finds it and a restart of the
//! server says that it was interrupted.

mod desk;

pub use desk::{Desk, Given, Run, State, Told};

use comity_model::Diagnostic;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Something to choose: its id and its words.
#[derive(Debug, Clone)]
pub struct Named {
    /// As forms send it.
    pub id: String,
    /// What people read.
    pub says: String,
}

/// A data set of the node's own folder.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// Its file's name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// Which mapping a table is for.
#[derive(Debug, Clone, Default)]
pub struct Recognized {
    /// Its id; none where nobody can say, or where the table needs none.
    pub mapping: Option<String>,
    /// What was found, in a sentence.
    pub says: String,
}

/// Most different values of a column that are told; a column with more has no table of values.
pub const VALUES_MAX: usize = 100;

/// A column of a table, for whoever says what it means.
#[derive(Debug, Clone, Default)]
pub struct ColumnSeen {
    /// Its name.
    pub name: String,
    /// Cells that are not empty.
    pub filled: u64,
    /// Different values with their counts, the most frequent first, at most [`VALUES_MAX`].
    pub values: Vec<(String, u64)>,
    /// True where it has more.
    pub is_cut: bool,
    /// Ways to read it as a day or a number, as mapping files name them, with the cells that can
    /// be read so.
    pub reads: Vec<(&'static str, u64)>,
}

/// The file of a mapping of the researcher's own, in receipts and downloads.
pub const OWN_MAPPING: &str = "mapping.toml";

/// The law of the place and day of every record.
pub const IN_FORCE: &str = "in-force";

/// The same with the draft of the ask in the library.
pub const WITH_DRAFT: &str = "with-draft";

/// What is asked of a run. With the library and the engine, its hash is the run's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The data set's name, for people.
    pub data: String,
    /// The SHA-256 of its bytes.
    pub data_sha256: String,
    /// The mapping's id; empty for a table of cases.
    pub mapping: String,
    /// The text of a mapping of the researcher's own, in place of one with that id; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub own: String,
    /// [`IN_FORCE`], [`WITH_DRAFT`] or the id of a policy, as though it were in force.
    pub under: String,
    /// Another law to compare with; empty: none.
    pub versus: String,
    /// The text of a draft; empty: none.
    pub draft: String,
    /// The channel that is looked at.
    pub channel: String,
    /// What the rows are counted by.
    pub by: Vec<String>,
}

/// A table of a result.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Table {
    /// Its name: `answers`. Its files are `answers.csv` and so on.
    pub name: String,
    /// Its caption.
    pub says: String,
    /// Its columns in words.
    pub heads: Vec<String>,
    /// Its rows, as people read them.
    pub rows: Vec<Vec<String>>,
    /// How many rows the files have beyond those here.
    pub more: u64,
}

/// A bar of the result's chart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bar {
    /// The law.
    pub says: String,
    /// Rows by answer: must, may, undetermined, must not.
    pub parts: [u64; 4],
}

/// What came of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The numbers that come first: a number and its words.
    pub facts: Vec<(String, String)>,
    /// A bar for each law.
    pub bars: Vec<Bar>,
    /// The tables.
    pub tables: Vec<Table>,
    /// What somebody should know who reads them.
    pub notes: Vec<String>,
    /// The files in the run's folder, by path.
    pub files: Vec<String>,
    /// Hashes of data, policies and engine, and the command that makes the result again.
    pub receipt: String,
}

/// How far a run is; the run tells it, and looks whether to go on.
#[derive(Debug, Default)]
pub struct Watch {
    canceled: AtomicBool,
    rows: AtomicU64,
    per_mille: AtomicU64,
}

impl Watch {
    /// Tells how many rows are done, and which share of all, 0 to 1.
    pub fn tell(&self, rows: u64, share: f64) {
        self.rows.store(rows, Ordering::Relaxed);
        self.per_mille.store((share.clamp(0.0, 1.0) * 1000.0) as u64, Ordering::Relaxed);
    }

    /// Rows, and thousandths of all.
    pub fn progress(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.per_mille.load(Ordering::Relaxed))
    }

    /// Asks the run to end.
    pub fn cancel(&self) {
        self.canceled.store(true, Ordering::SeqCst);
    }

    /// True where somebody asked the run to end.
    pub fn canceled(&self) -> &AtomicBool {
        &self.canceled
    }
}

/// What runs policies over data sets.
pub trait Research: Send + Sync {
    /// The data sets of the node's own folder.
    fn data_sets(&self) -> Vec<DataSet>;

    /// Where one of them lies.
    fn path(&self, name: &str) -> Option<PathBuf>;

    /// The mappings that are there.
    fn mappings(&self) -> Vec<Named>;

    /// Which mapping a table is for, by its columns.
    fn recognize(&self, data: &Path) -> Recognized;

    /// The columns of a table, with what their cells hold.
    ///
    /// # Errors
    /// The table cannot be read.
    fn columns(&self, data: &Path) -> Result<Vec<ColumnSeen>, Diagnostic>;

    /// Reads a mapping that somebody wrote; its title.
    ///
    /// # Errors
    /// Every finding, with its place in the text.
    fn check(&self, mapping: &str) -> Result<String, Vec<Diagnostic>>;

    /// Runs on the caller's thread until it is done or `watch` says to end, and writes its files
    /// into `folder`.
    ///
    /// # Errors
    /// Every finding; `canceled` where it was ended.
    fn run(
        &self,
        ask: &Ask,
        data: &Path,
        folder: &Path,
        watch: &Watch,
    ) -> Result<Outcome, Vec<Diagnostic>>;
}
