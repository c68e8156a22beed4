//! `comity ledger`: check a log, prove a record, verify evidence. A log is a folder laid out as
//! docs/reference/ledger.md says, evidence is one file; neither needs a database.

use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::files;
use comity_ledger::{
    Against, Bundle, Claim, Events, FsckReport, Nodes, Shown, SignedCheckpoint, SplitView,
    StoredLeaf, TILE_WIDTH, TileId, Tiles, Trust, fsck, prove, read_leaves, read_sealed,
};
use comity_model::Diagnostic;
use serde_json::json;
use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The ledger: check a log, prove a record, verify evidence
#[derive(clap::Subcommand)]
pub enum Command {
    /// Recompute a whole log from its raw bytes and name the first place that is wrong
    #[command(after_help = "Example: comity ledger fsck ledger/ --trust trust.txt")]
    Fsck {
        /// Folder of the log
        log: PathBuf,
        /// Whose signatures its checkpoints need
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
    },
    /// Make evidence that a record is in a log
    #[command(
        after_help = "Example: comity ledger prove ledger/ 4711 --trust trust.txt > evidence.txt"
    )]
    Prove {
        /// Folder of the log
        log: PathBuf,
        /// Place of the leaf, from 0
        index: u64,
        /// Keys to suggest to the reader
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
    /// Verify evidence of a record, or of a log that told two stories; offline
    #[command(after_help = "Example: comity ledger verify evidence.txt --trust trust.txt")]
    Verify {
        /// The evidence
        file: PathBuf,
        /// Whose signatures it needs; without it the file is only checked against itself
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
}

/// Runs the command.
pub fn run(command: &Command, as_json: bool) -> Result<u8, Failure> {
    match command {
        Command::Fsck { log, trust } => check(log, trust, as_json),
        Command::Prove { log, index, trust } => evidence(log, *index, trust.as_deref()),
        Command::Verify { file, trust } => verify(file, trust.as_deref(), as_json),
    }
}

fn wrong(fault: Diagnostic) -> Failure {
    Failure::Findings(vec![fault])
}

fn read_trust(file: &Path) -> Result<Trust, Failure> {
    Trust::parse(&file.display().to_string(), &files::read(file)?).map_err(wrong)
}

/// A log in a folder.
struct Folder(PathBuf);

impl Tiles for Folder {
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Diagnostic> {
        self.read(&id.path())
    }
}

impl Folder {
    /// A file of the folder, `None` if there is none.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
        match fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => {
                let path = self.0.join(path);
                let message = format!("{} cannot be read: {e}", path.display());
                Err(Diagnostic::error("unreadable", message))
            }
        }
    }

    /// The widest bundle of leaves at a place, `None` after the last.
    fn bundle(&self, index: u64) -> Result<Option<(TileId, Vec<u8>)>, Diagnostic> {
        for width in (1..=TILE_WIDTH as u16).rev() {
            let id = TileId { level: 0, index, width };
            // One look tells that there are none of the narrower ones.
            let partial = self.0.join(id.leaves_path());
            if width < TILE_WIDTH as u16 && !partial.parent().is_some_and(Path::is_dir) {
                return Ok(None);
            }
            if let Some(bytes) = self.read(&id.leaves_path())? {
                return Ok(Some((id, bytes)));
            }
        }
        Ok(None)
    }

    /// The leaves of a bundle, with their sealed events if the folder has any.
    fn records(&self, index: u64) -> Result<Option<Vec<StoredLeaf>>, Diagnostic> {
        let Some((id, bytes)) = self.bundle(index)? else { return Ok(None) };
        let path = id.leaves_path().replacen("tile/entries", "sealed", 1);
        let sealed = self.read(&path)?.unwrap_or_default();
        let name = |path: String| {
            move |mut fault: Diagnostic| {
                fault.file = path;
                fault
            }
        };
        let sealed = read_sealed(&sealed).map_err(name(path))?;
        let leaves = read_leaves(&bytes).map_err(name(id.leaves_path()))?.into_iter().enumerate();
        let record = |(i, leaf): (usize, &[u8])| StoredLeaf {
            leaf: leaf.to_vec(),
            sealed: sealed.get(i).map(|s| s.to_vec()).unwrap_or_default(),
        };
        Ok(Some(leaves.map(record).collect()))
    }

    /// Every record, in order.
    fn all(&self) -> impl Iterator<Item = Result<StoredLeaf, Diagnostic>> + '_ {
        let mut index = 0;
        let bundles = std::iter::from_fn(move || {
            let records = self.records(index);
            index += 1;
            records.transpose()
        });
        // After the first that cannot be read nothing more is asked for.
        bundles.flat_map(|records| match records {
            Ok(records) => records.into_iter().map(Ok).collect(),
            Err(fault) => vec![Err(fault)],
        })
    }

    /// Every stored checkpoint: the newest, and those of `checkpoints/`.
    fn checkpoints(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let mut paths = Vec::new();
        let folder = self.0.join("checkpoints");
        if folder.is_dir() {
            let entries = fs::read_dir(&folder)
                .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", folder.display())))?;
            paths.extend(entries.flatten().map(|entry| entry.path()));
            paths.sort();
        }
        paths.push(self.0.join("checkpoint"));
        paths.iter().map(|path| files::read(path)).collect()
    }
}

fn check(log: &Path, trust: &Path, as_json: bool) -> Result<u8, Failure> {
    let (folder, trust) = (Folder(log.to_path_buf()), read_trust(trust)?);
    let checkpoints = folder.checkpoints()?;
    let events = if log.join("sealed").is_dir() { Events::Sealed } else { Events::Absent };
    let against = Against {
        tiles: &folder,
        checkpoints: &checkpoints,
        trust: &trust,
        events,
        is_at_rest: true,
    };
    let report = fsck(&against, folder.all(), progress(as_json)).map_err(wrong)?;
    Ok(show(&report, matches!(events, Events::Absent), as_json))
}

/// Tells of leaves done, on a terminal.
pub fn progress(as_json: bool) -> impl FnMut(u64) {
    let shows = std::io::stderr().is_terminal() && !as_json;
    move |done| {
        if shows && done % (64 * TILE_WIDTH as u64) == 0 {
            eprint!("\r{done} leaves\r");
        }
    }
}

/// Shows what a check found; the exit code.
pub fn show(report: &FsckReport, without_events: bool, as_json: bool) -> u8 {
    if as_json {
        println!("{:#}", json!(report));
    } else {
        print_report(report, without_events);
    }
    if report.is_clean() { EXIT_OK } else { EXIT_FINDINGS }
}

fn print_report(report: &FsckReport, without_events: bool) {
    for finding in &report.findings {
        println!("{}: {} [{}]", finding.place, finding.message, finding.code);
    }
    let FsckReport { leaves, tiles, checkpoints, findings_total, .. } = report;
    println!("{leaves} leaves, {tiles} tiles, {checkpoints} checkpoints: {findings_total} wrong");
    if without_events {
        println!("the sealed events are not here and were not checked");
    }
    if let Some(first) = report.first() {
        println!("first: {} (leaf {} is concerned)", first.place, first.index);
    }
}

fn evidence(log: &Path, index: u64, trust: Option<&Path>) -> Result<u8, Failure> {
    let folder = Folder(log.to_path_buf());
    let path = log.join("checkpoint");
    let checkpoint = SignedCheckpoint::parse(&path.display().to_string(), &files::read(&path)?)
        .map_err(wrong)?;
    let size = checkpoint.checkpoint().size;
    let records = folder.records(index / TILE_WIDTH as u64).map_err(wrong)?.unwrap_or_default();
    let Some(stored) = records.get((index % TILE_WIDTH as u64) as usize) else {
        return Err(Failure::usage(format!("leaf {index} is not in {}", log.display()))
            .help(format!("the log has leaves 0 to {}", size.saturating_sub(1))));
    };
    let keys = trust.map(read_trust).transpose()?.map_or_else(Vec::new, |trust| trust.keys());
    let claim = Claim { index, leaf: &stored.leaf, opening: None, checkpoint, keys };
    let bundle = prove(claim, &Nodes::new(&folder, size)).map_err(wrong)?;
    std::io::stdout()
        .write_all(&bundle.to_bytes())
        .map_err(|e| Failure::usage(format!("the evidence cannot be written: {e}")))?;
    Ok(EXIT_OK)
}

fn verify(file: &Path, trust: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let (name, bytes) = (file.display().to_string(), files::read(file)?);
    let trust = trust.map(read_trust).transpose()?;
    if bytes.starts_with(b"comity-split-view/") {
        let split = SplitView::parse(&name, &bytes).map_err(wrong)?;
        let proved = match &trust {
            Some(trust) => split.verify(trust),
            None => split.verify_with_own_keys(),
        };
        let proved = proved.map_err(wrong)?;
        if as_json {
            println!("{:#}", json!(proved));
        } else {
            println!("{}", proved.says);
            warn_of_keys(proved.is_trusted);
        }
        return Ok(EXIT_OK);
    }
    let bundle = Bundle::parse(&name, &bytes).map_err(wrong)?;
    let shown = match &trust {
        Some(trust) => bundle.verify(trust),
        None => bundle.verify_with_own_keys(),
    };
    let shown = shown.map_err(wrong)?;
    if as_json {
        println!("{:#}", json!(shown));
    } else {
        print_shown(&shown);
        if let Some(opening) = &bundle.opening {
            // Whatever was recorded must not steer the terminal.
            let event = String::from_utf8_lossy(&opening.event);
            let event: String = event.chars().filter(|c| !c.is_control()).collect();
            println!("event        {event}");
        }
        warn_of_keys(shown.is_trusted);
    }
    Ok(EXIT_OK)
}

fn print_shown(shown: &Shown) {
    let Shown { origin, index, leaf, size, root, signatures, .. } = shown;
    println!("recorded     leaf {index} of {origin}, of {size}");
    println!("kind         {}", leaf.kind);
    println!("sequenced at {}", leaf.sequenced_at);
    println!("case         {}", leaf.case);
    println!("root         {root}");
    for key in &signatures.log_keys {
        println!("signed by    {} ({})", key.name(), key.id());
    }
    for witness in &signatures.witnesses {
        println!("seen by      {} at {} s after 1970", witness.name, witness.time_s);
    }
}

fn warn_of_keys(is_trusted: bool) {
    if !is_trusted {
        println!(
            "the keys are those in the file: it agrees with itself, and whose log it is you must \
             know from elsewhere (--trust)"
        );
    }
}
