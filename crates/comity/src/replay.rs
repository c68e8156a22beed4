//! `comity replay`: real records under chosen programs, policies and dates.

use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::{bulk, files};
use comity_model::Diagnostic;
use comity_replay::report::{html, json, text};
use comity_replay::{Files, Replay, Request, run as replay_run, study};
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Decide years of real records under chosen policies
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The study: which regimes are asked, how the unknown is read, which mapping
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    /// What the columns mean; with a study, another mapping than the one it names
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Folder for the rows, the tables, the report and the receipt
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    table: bulk::Args,
    /// Tables: files or folders of .parquet, .arrow, .csv or .xlsx; with a study, another data
    /// file than the one the mapping names
    #[arg(value_name = "DATA")]
    data: Vec<PathBuf>,
}

const AFTER: &str = "Every row of the input is in rows.csv: decided, undetermined, or rejected with its reason.\n\
Exit codes: 0 every row could be read; 1 rows were rejected, a column is missing, or a file that says what to do is \
wrong; 2 wrong use, or a file cannot be read or written.\n\n\
Example: comity replay --study data/travis-tx/study.toml --out out/travis-tx\n\
Example: comity replay cases.parquet --under in-force --by year,state --out out/national\n\
Example: comity replay cases/ --under us-ca.ab-4.2014 --versus us-ca.sb-54.2018 --by county";

/// Runs the command.
pub fn run(args: &Args, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let Some(study) = &args.study else {
        let common = bulk::Common {
            data: &args.data,
            mapping: args.mapping.as_deref(),
            out: args.out.as_deref(),
            quiet: args.quiet,
            policies,
            as_json,
        };
        return bulk::run(&args.table, &common);
    };
    if args.data.len() > 1 {
        return Err(Failure::usage("a study has one data file").help("name one, or none"));
    }
    let disk = Disk::default();
    let study_path = study.display().to_string();
    let folder = policy_folder(&study_path, policies, &disk)?;
    let library = files::library(folder.as_deref())?;
    let request = Request {
        study: study_path,
        mapping: args.mapping.as_ref().map(|p| p.display().to_string()),
        data: args.data.first().map(|p| p.display().to_string()),
        command: command(study, args, policies),
    };
    let mut progress = Progress::new(args.quiet, &disk);
    let replay = match &args.out {
        None => go(&request, &library, &disk, &mut io::sink(), &mut progress)?,
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
            let part = folder.join("rows.csv.part");
            let file = File::create(&part).map_err(|e| unwritable(&part, &e))?;
            let mut rows = BufWriter::new(file);
            let replay = go(&request, &library, &disk, &mut rows, &mut progress)?;
            rows.flush().map_err(|e| unwritable(&part, &e))?;
            // A run that was cut off leaves no table that looks whole.
            fs::rename(&part, folder.join("rows.csv")).map_err(|e| unwritable(&part, &e))?;
            write_reports(&replay, folder)?;
            replay
        }
    };
    progress.end();
    if as_json {
        print_out(&format!("{:#}\n", json::summary(&replay)));
    } else {
        print_out(&text::table(&replay));
        if let Some(folder) = &args.out {
            print_out(&format!("\nreport: {}\n", folder.join("report.html").display()));
        }
    }
    Ok(if replay.is_clean() { EXIT_OK } else { EXIT_FINDINGS })
}

fn go(
    request: &Request,
    library: &comity_policy::Library,
    disk: &Disk,
    rows: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<Replay, Failure> {
    replay_run(request, library, disk, rows, &mut |n| progress.rows(n)).map_err(|f| match f {
        comity_replay::Failure::Found(list) => match list.as_slice() {
            [d] if d.code == "unreadable-file" => Failure::usage(d.message.clone()),
            _ => Failure::Findings(list),
        },
        comity_replay::Failure::Output(e) => {
            Failure::usage(format!("the rows cannot be written: {e}"))
        }
    })
}

fn write_reports(replay: &Replay, folder: &Path) -> Result<(), Failure> {
    let summary = format!("{:#}\n", json::summary(replay));
    for (name, text) in [("summary.json", summary), ("report.html", html::page(replay))] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|e| unwritable(&path, &e))?;
    }
    Ok(())
}

/// The folder of the command, or the one that the study names, if it is there.
fn policy_folder(
    study: &str,
    given: Option<&Path>,
    disk: &Disk,
) -> Result<Option<PathBuf>, Failure> {
    if let Some(folder) = given {
        return Ok(Some(folder.to_path_buf()));
    }
    let bytes = disk.bytes(study).map_err(|d| Failure::usage(d.message))?;
    let (_, named) = study::paths(study, &bytes).map_err(Failure::Findings)?;
    let folder = PathBuf::from(comity_replay::run::beside(study, &named));
    Ok((!named.is_empty() && folder.join("places.toml").exists()).then_some(folder))
}

/// The command as somebody else would type it.
fn command(study: &Path, args: &Args, policies: Option<&Path>) -> String {
    let mut out = format!("comity replay --study {}", study.display());
    let options = [
        ("--mapping", args.mapping.as_deref()),
        ("--out", args.out.as_deref()),
        ("--policies", policies),
    ];
    for (name, path) in options {
        if let Some(path) = path {
            out.push_str(&format!(" {name} {}", path.display()));
        }
    }
    if let Some(data) = args.data.first() {
        out.push_str(&format!(" {}", data.display()));
    }
    out
}

fn unwritable(path: &Path, e: &io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {e}", path.display()))
}

/// Prints, and stays quiet where nobody reads on (`| head`).
fn print_out(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// The disk, with how far the file opened last has been read.
#[derive(Default)]
pub struct Disk {
    length: Cell<u64>,
    read: Cell<u64>,
}

struct Counted<'a> {
    file: File,
    disk: &'a Disk,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.disk.read.set(self.disk.read.get() + n as u64);
        Ok(n)
    }
}

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        let wrong = |e: io::Error| {
            Diagnostic::error("unreadable-file", format!("{path} cannot be read: {e}"))
        };
        let file = File::open(path).map_err(wrong)?;
        self.length.set(file.metadata().map_or(0, |m| m.len()));
        self.read.set(0);
        Ok(Box::new(Counted { file, disk: self }))
    }
}

/// Progress on standard error, only for runs that take a while and only for a person.
struct Progress<'a> {
    disk: &'a Disk,
    started: Instant,
    shown: Option<Instant>,
    quiet: bool,
}

const SHOW_AFTER: Duration = Duration::from_secs(2);
const SHOW_EVERY: Duration = Duration::from_secs(1);

impl Progress<'_> {
    fn new(quiet: bool, disk: &Disk) -> Progress<'_> {
        let quiet = quiet || !io::stderr().is_terminal();
        Progress { disk, started: Instant::now(), shown: None, quiet }
    }

    fn rows(&mut self, n: u64) {
        if self.quiet || !n.is_multiple_of(64) {
            return;
        }
        let elapsed = self.started.elapsed();
        let due = self.shown.map_or(elapsed > SHOW_AFTER, |t| t.elapsed() > SHOW_EVERY);
        if !due {
            return;
        }
        self.shown = Some(Instant::now());
        let (read, length) = (self.disk.read.get(), self.disk.length.get());
        let left = if read > 0 && length > read {
            let seconds = elapsed.as_secs_f64() * (length - read) as f64 / read as f64;
            format!(", about {} s left", seconds.ceil())
        } else {
            String::new()
        };
        eprint!("\r{n} rows decided{left}        ");
    }

    fn end(&self) {
        if self.shown.is_some() {
            eprintln!();
        }
    }
}
