//! `comity report`: answers from published national tables, as tables, pages and files.

use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::files;
use crate::replay::Disk;
use comity_model::{Day, Diagnostic};
use comity_policy::Library;
use comity_replay::Files;
use comity_replay::national::sheet::Sheet;
use comity_replay::national::{self, Request};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The reports
#[derive(clap::Subcommand)]
#[command(after_help = AFTER)]
pub enum Command {
    /// How many counties and states limited requests on a day, and who lives there
    #[command(after_help = "Example: comity report coverage --on 2015-07-01 --out out/coverage")]
    Coverage(Coverage),
    /// Which counties' arrests were checked on a day (Secure Communities), with bounds
    #[command(after_help = "Example: comity report rollout --on 2011-01-01 --out out/rollout")]
    Rollout(Rollout),
    /// Detainers by month: national counts, and a data set's own months beside them
    #[command(after_help = "Example: comity report volumes --out out/volumes")]
    Volumes(Rows),
    /// Declined detainers by year, county and facility, with the shares that the data can carry
    #[command(after_help = "Example: comity report declined --out out/declined")]
    Declined(Rows),
    /// For each decline: did the law in force require it, allow it, or is neither known? (inferred)
    #[command(after_help = "Example: comity report reasons --out out/reasons")]
    Reasons(Rows),
    /// What each change of the federal program would have moved, for the same people
    #[command(
        after_help = "Its study has the programs as regimes of the federal side, in the order of time; without --with that of Travis County.\n\nExample: comity report programs --out out/programs"
    )]
    Programs(Rows),
    /// Published figures, computed again from the carried data, with tolerance and reason
    #[command(
        after_help = "Exit code 1 where a figure is outside of its tolerance.\n\nExample: comity report published --out out/published"
    )]
    Published(Common),
}

const AFTER: &str = "Without --out: tables on the terminal, or --json. With --out: report.html, which opens from disk, \
report.json and every table as CSV.\nExit codes: 0 made; 1 a table or file is wrong; 2 wrong use, or a \
file cannot be read or written.";

/// What every report takes
#[derive(clap::Args)]
pub struct Common {
    /// Folder of the national tables
    #[arg(long, value_name = "DIR", default_value = "data/national")]
    data: PathBuf,
    /// Folder for report.html, report.json and the tables as CSV
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The report on coverage
#[derive(clap::Args)]
pub struct Coverage {
    /// The day; without it 2015-07-01
    #[arg(long, value_name = "DATE", value_parser = day)]
    on: Option<Day>,
    #[command(flatten)]
    span: Span,
    /// Estimates of the unauthorized population, which the project may not carry; may be given twice
    #[arg(long, value_name = "FILE")]
    unauthorized: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// The report on the roll-out
#[derive(clap::Args)]
pub struct Rollout {
    /// The day; without it 2011-09-30
    #[arg(long, value_name = "DATE", value_parser = day)]
    on: Option<Day>,
    #[command(flatten)]
    span: Span,
    #[command(flatten)]
    common: Common,
}

/// A report that sets the rows of data sets beside the country
#[derive(clap::Args)]
pub struct Rows {
    /// A study whose rows are set beside the national tables; without it Pennsylvania's
    #[arg(long, value_name = "STUDY")]
    with: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// The days of charts over time
#[derive(clap::Args)]
pub struct Span {
    /// First day of the chart over time
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<Day>,
    /// Last day of the chart over time
    #[arg(long, value_name = "DATE", value_parser = day)]
    to: Option<Day>,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "write a day such as 2015-07-01".to_owned())
}

type Make = fn(&Request, &Library, &dyn Files) -> Result<Sheet, Vec<Diagnostic>>;

/// Runs the command.
pub fn run(command: &Command, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let mut request = Request::default();
    let (name, common, make): (&str, &Common, Make) = match command {
        Command::Coverage(args) => {
            request.on = args.on;
            args.span.fill(&mut request);
            request.unauthorized = shown(&args.unauthorized);
            ("coverage", &args.common, national::coverage)
        }
        Command::Rollout(args) => {
            request.on = args.on;
            args.span.fill(&mut request);
            ("rollout", &args.common, national::rollout)
        }
        Command::Volumes(args) => rows(args, &mut request, "volumes", national::volumes),
        Command::Declined(args) => rows(args, &mut request, "declined", national::declined),
        Command::Reasons(args) => rows(args, &mut request, "reasons", national::reasons),
        Command::Programs(args) => rows(args, &mut request, "programs", national::programs),
        Command::Published(common) => ("published", common, national::published),
    };
    request.folder = common.data.display().to_string();
    request.command = written(name, &request, common, policies);
    if let (Some(from), Some(to)) = (request.from, request.to)
        && from > to
    {
        return Err(Failure::usage(format!("--from {from} lies after --to {to}")));
    }
    let library = files::library(policies)?;
    let sheet = make(&request, &library, &Disk::default()).map_err(failure)?;
    let whole = sheet.is_whole();
    if let Some(folder) = &common.out {
        write(&sheet, folder)?;
    }
    if as_json {
        print_out(&format!("{:#}\n", sheet.json()));
    } else {
        print_out(&sheet.text());
        if let Some(folder) = &common.out {
            print_out(&format!("report: {}\n", folder.join("report.html").display()));
        }
    }
    Ok(if whole { EXIT_OK } else { EXIT_FINDINGS })
}

fn rows<'a>(
    args: &'a Rows,
    request: &mut Request,
    name: &'static str,
    make: Make,
) -> (&'static str, &'a Common, Make) {
    request.studies = shown(&args.with);
    (name, &args.common, make)
}

impl Span {
    fn fill(&self, request: &mut Request) {
        request.from = self.from;
        request.to = self.to;
    }
}

fn shown(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|p| p.display().to_string()).collect()
}

fn failure(found: Vec<Diagnostic>) -> Failure {
    match found.as_slice() {
        [d] if d.code == "unreadable-file" => {
            Failure::usage(d.message.clone()).help(d.help.clone())
        }
        _ => Failure::Findings(found),
    }
}

/// The command as somebody else would type it.
fn written(name: &str, request: &Request, common: &Common, policies: Option<&Path>) -> String {
    let mut out = format!("comity report {name}");
    let mut add = |option: &str, value: String| out.push_str(&format!(" {option} {value}"));
    for (option, day) in [("--on", request.on), ("--from", request.from), ("--to", request.to)] {
        if let Some(day) = day {
            add(option, day.to_string());
        }
    }
    request.unauthorized.iter().for_each(|p| add("--unauthorized", p.clone()));
    request.studies.iter().for_each(|p| add("--with", p.clone()));
    if common.data != Path::new("data/national") {
        add("--data", request.folder.clone());
    }
    for (option, path) in [("--out", common.out.as_deref()), ("--policies", policies)] {
        if let Some(path) = path {
            add(option, path.display().to_string());
        }
    }
    out
}

/// Writes every file aside first, so that none ever looks whole that is not.
fn write(sheet: &Sheet, folder: &Path) -> Result<(), Failure> {
    let unwritable = |path: &Path, e: &io::Error| {
        Failure::usage(format!("{} cannot be written: {e}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
    let files = sheet.files();
    for (name, bytes) in &files {
        let part = folder.join(format!("{name}.part"));
        fs::write(&part, bytes).map_err(|e| unwritable(&part, &e))?;
    }
    for (name, _) in &files {
        let path = folder.join(name);
        fs::rename(folder.join(format!("{name}.part")), &path)
            .map_err(|e| unwritable(&path, &e))?;
    }
    Ok(())
}

/// Prints, and stays quiet where nobody reads on (`| head`).
fn print_out(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}
