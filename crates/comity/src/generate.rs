//! `comity generate`: synthetic national records from stated distributions.

use crate::fail::{EXIT_OK, Failure};
use comity_model::Diagnostic;
use comity_replay::Files;
use comity_replay::generate::calibrate::{self, Calibration};
use comity_replay::generate::plan::{Plan, ROWS_MAX};
use comity_replay::generate::run::{Made, Request, run as generate_run};
use comity_replay::generate::table::Month;
use comity_replay::generate::tables::Tables;
use comity_replay::generate::write::{Format, Store, WriteError};
use comity_replay::generate::{derive, summary};
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Make synthetic national records, any number, from stated distributions
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Number of rows; without it as many as were published for the months
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=ROWS_MAX))]
    rows: Option<u64>,
    /// Seed: the same seed, rows and version give the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// First month, such as 2008-01; without it the first of the distributions
    #[arg(long, value_name = "MONTH", value_parser = month)]
    from: Option<Month>,
    /// Last month, such as 2015-06; without it the last of the distributions
    #[arg(long, value_name = "MONTH", value_parser = month)]
    to: Option<Month>,
    /// File to write (.parquet, .arrow or .csv), or with --partition a new folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Write a folder with one file a year
    #[arg(long, value_name = "BY", value_parser = ["year"])]
    partition: Option<String>,
    /// Format of the files of a folder
    #[arg(long, value_name = "FORMAT", value_parser = ["parquet", "arrow", "csv"], requires = "partition")]
    format: Option<String>,
    /// Write the comparison of generated and published counts: a page (.html), or a folder
    #[arg(long, value_name = "PATH")]
    calibration: Option<PathBuf>,
    /// Other distributions than those in the binary (a folder like data/synthetic)
    #[arg(long, value_name = "DIR")]
    distributions: Option<PathBuf>,
    /// Threads; the rows do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Derive the tables of the distributions from public records (a folder like data) into --out
    #[arg(long, value_name = "DIR", conflicts_with_all = ["rows", "from", "to", "partition", "calibration", "distributions"])]
    recalibrate: Option<PathBuf>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

const AFTER: &str = "The records are of nobody: they follow published counts, and no conclusion about people can be drawn from them. \
The columns are those of docs/reference/arrow-layout.md; docs/reference/generate.md says where each number comes from. \
A .csv has its charges and convictions in two files beside it.\n\n\
Examples:\n  comity generate --rows 1000000 --seed 7 --out cases.parquet\n  \
comity generate --from 2012-01 --to 2014-12 --partition year --out cases --calibration calibration.html\n  \
comity generate --recalibrate data --out data/synthetic";

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "write a month such as 2011-03".to_owned())
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    if let Some(folder) = &args.recalibrate {
        return recalibrate(folder, &args.out);
    }
    let tables = match &args.distributions {
        None => Tables::embedded(),
        Some(folder) => Tables::load(&Disk, &folder.display().to_string()),
    };
    let tables = tables.map_err(Failure::Findings)?;
    let plan = Plan::new(&tables, args.rows, args.from, args.to)
        .map_err(|r| Failure::usage(r.says).help(r.help))?;
    let (format, stem) = target(args, &plan)?;
    let available = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let request = Request {
        plan,
        seed: args.seed,
        format,
        stem,
        by_year: args.partition.is_some(),
        threads: args.threads.unwrap_or(available),
    };
    let aside = Aside::new(&args.out, request.by_year)?;
    let mut progress = Progress::new(args.quiet);
    let made = generate_run(&tables, &request, &aside, &mut |n, of| progress.rows(n, of));
    progress.end();
    let made = match made {
        Ok(made) => made,
        Err(e) => {
            aside.give_up();
            return Err(unwritten(&e));
        }
    };
    let calibration = Calibration::new(&tables, &request.plan, &made.tally);
    aside.commit()?;
    if let Some(path) = &args.calibration {
        write_calibration(path, &calibration, &tables, &request)?;
    }
    say(args, &tables, &request, &made, &calibration, as_json);
    Ok(EXIT_OK)
}

fn say(
    args: &Args,
    tables: &Tables,
    request: &Request,
    made: &Made,
    calibration: &Calibration,
    as_json: bool,
) {
    if as_json {
        print_out(&format!("{:#}\n", summary::json(tables, request, made, calibration)));
        return;
    }
    print_out(&summary::text(tables, request, made, calibration));
    if let Some(path) = &args.calibration {
        print_out(&format!("calibration: {}\n", path.display()));
    }
}

/// Format and stem of the files.
fn target(args: &Args, plan: &Plan) -> Result<(Format, String), Failure> {
    if args.partition.is_some() {
        if plan.rows() == 0 {
            return Err(Failure::usage("there are no rows to make a folder of")
                .help("give --rows 1 or more, or leave out --partition"));
        }
        let format = args.format.as_deref().unwrap_or("parquet");
        return Ok((Format::of_ending(format).unwrap_or(Format::Parquet), "part-0".to_owned()));
    }
    let out = &args.out;
    let ending = out.extension().and_then(|e| e.to_str()).and_then(Format::of_ending);
    let stem = out.file_stem().and_then(|s| s.to_str());
    match (ending, stem) {
        (Some(format), Some(stem)) => Ok((format, stem.to_owned())),
        _ => Err(Failure::usage(format!("{} names no format", out.display())).help(
            "end the name in .parquet, .arrow or .csv, or make a folder with --partition year",
        )),
    }
}

fn write_calibration(
    path: &Path,
    calibration: &Calibration,
    tables: &Tables,
    request: &Request,
) -> Result<(), Failure> {
    let page = calibrate::html::page(calibration, tables, request);
    if path.extension().is_some_and(|e| e == "html") {
        return fs::write(path, page).map_err(|e| unwritable(path, &e));
    }
    fs::create_dir_all(path).map_err(|e| unwritable(path, &e))?;
    let json = format!("{:#}\n", calibration.json());
    for (name, text) in
        [("report.html", page), ("calibration.json", json), ("calibration.csv", calibration.csv())]
    {
        let file = path.join(name);
        fs::write(&file, text).map_err(|e| unwritable(&file, &e))?;
    }
    Ok(())
}

fn recalibrate(folder: &Path, out: &Path) -> Result<u8, Failure> {
    let tables = derive::derive(&Disk, &folder.display().to_string()).map_err(Failure::Findings)?;
    fs::create_dir_all(out).map_err(|e| unwritable(out, &e))?;
    for (name, text) in &tables {
        let (path, part) = (out.join(name), out.join(format!("{name}.part")));
        fs::write(&part, text).map_err(|e| unwritable(&part, &e))?;
        fs::rename(&part, &path).map_err(|e| unwritable(&path, &e))?;
        print_out(&format!("{}\n", path.display()));
    }
    Ok(EXIT_OK)
}

fn unwritable(path: &Path, e: &io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {e}", path.display()))
}

fn unwritten(e: &WriteError) -> Failure {
    Failure::usage(format!("{} cannot be written: {}", e.file, e.reason))
        .help("nothing was left behind; give another --out, or fewer --rows")
}

/// Prints, and stays quiet where nobody reads on (`| head`).
fn print_out(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// The disk, for the tables.
struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, Diagnostic> {
        File::open(path).map(|f| Box::new(f) as Box<dyn Read>).map_err(|e| {
            Diagnostic::error("unreadable-file", format!("{path} cannot be read: {e}"))
        })
    }
}

/// Files beside their place until all of them are whole.
struct Aside {
    /// The folder into which files go in the end.
    folder: PathBuf,
    /// For a folder of files: the folder in which they wait.
    waiting: Option<PathBuf>,
    names: Mutex<Vec<String>>,
}

impl Aside {
    fn new(out: &Path, is_folder: bool) -> Result<Aside, Failure> {
        let names = Mutex::new(Vec::new());
        if !is_folder {
            let folder = out.parent().unwrap_or(Path::new("")).to_path_buf();
            return Ok(Aside { folder, waiting: None, names });
        }
        if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Failure::usage(format!("{} is there and not empty", out.display()))
                .help("give --out a folder that is not there yet"));
        }
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        let waiting = PathBuf::from(name);
        if waiting.exists() {
            let says = format!("{} is there: a run that was cut off left it", waiting.display());
            return Err(Failure::usage(says).help("remove it and start again"));
        }
        Ok(Aside { folder: out.to_path_buf(), waiting: Some(waiting), names })
    }

    fn part(&self, name: &str) -> PathBuf {
        match &self.waiting {
            Some(folder) => folder.join(name),
            None => self.folder.join(format!("{name}.part")),
        }
    }

    fn created(&self) -> Vec<String> {
        self.names.lock().map(|n| n.clone()).unwrap_or_default()
    }

    fn commit(self) -> Result<(), Failure> {
        if let Some(waiting) = &self.waiting {
            // An empty folder of that name gives way.
            let _ = fs::remove_dir(&self.folder);
            return fs::rename(waiting, &self.folder).map_err(|e| unwritable(&self.folder, &e));
        }
        // The cases come first in the list and last into place: beside them all is there.
        for name in self.created().iter().rev() {
            let path = self.folder.join(name);
            fs::rename(self.part(name), &path).map_err(|e| unwritable(&path, &e))?;
        }
        Ok(())
    }

    fn give_up(self) {
        if let Some(waiting) = &self.waiting {
            let _ = fs::remove_dir_all(waiting);
        }
        for name in self.created() {
            let _ = fs::remove_file(self.part(&name));
        }
    }
}

impl Store for Aside {
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        let path = self.part(name);
        if self.waiting.is_some()
            && let Some(parent) = path.parent()
        {
            fs::create_dir_all(parent)?;
        }
        let file = File::create(&path)?;
        if let Ok(mut names) = self.names.lock() {
            names.push(name.to_owned());
        }
        Ok(Box::new(BufWriter::with_capacity(1 << 20, file)))
    }
}

/// Progress on standard error, only for runs that take a while and only for a person.
struct Progress {
    started: Instant,
    shown: Option<Instant>,
    quiet: bool,
}

const SHOW_AFTER: Duration = Duration::from_secs(2);
const SHOW_EVERY: Duration = Duration::from_secs(1);

impl Progress {
    fn new(quiet: bool) -> Progress {
        let quiet = quiet || !io::stderr().is_terminal();
        Progress { started: Instant::now(), shown: None, quiet }
    }

    fn rows(&mut self, done: u64, all: u64) {
        let elapsed = self.started.elapsed();
        let due = self.shown.map_or(elapsed > SHOW_AFTER, |t| t.elapsed() > SHOW_EVERY);
        if self.quiet || !due || done == 0 {
            return;
        }
        self.shown = Some(Instant::now());
        let left = elapsed.as_secs_f64() * (all - done) as f64 / done as f64;
        eprint!("\r{done} of {all} rows, about {} s left        ", left.ceil());
    }

    fn end(&self) {
        if self.shown.is_some() {
            eprintln!();
        }
    }
}
