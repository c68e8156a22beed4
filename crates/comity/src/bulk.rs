//! `comity replay DATA… --under …`: tables of any size under one law or two.

use crate::cluster::{self, Target};
use crate::decide::library_and_scope_of;
use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::files;
use crate::mapping;
use clap::ValueEnum;
use comity_model::Diagnostic;
use comity_policy::Channel;
use comity_policy::explain::to_text;
use comity_replay::bulk::cases::{Reading, fact_of};
use comity_replay::bulk::keys::Key;
use comity_replay::bulk::result::{Wording, sheet};
use comity_replay::bulk::rows::RowsFormat;
use comity_replay::bulk::sample::Sample;
use comity_replay::bulk::tally::Tally;
use comity_replay::bulk::{Output, Question, Side, Table, explain, journal, run as run_table};
use comity_replay::mapping::recognize::fit;
use comity_replay::national::sheet::Sheet;
use comity_replay::receipt::{self, FileHash, Hashing, Receipt};
use std::fs::{self, File};
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a replay of tables takes
#[derive(clap::Args)]
pub struct TableArgs {
    /// The law: policy ids or drafts, or `in-force` for the law of each row's day and place
    #[arg(long, value_name = "POLICY,…", value_delimiter = ',', conflicts_with = "study")]
    under: Vec<String>,
    /// Another law to compare with
    #[arg(long, value_name = "POLICY,…", value_delimiter = ',', requires = "under")]
    versus: Vec<String>,
    /// The channel that is looked at
    #[arg(long, value_name = "CHANNEL", default_value = "hold")]
    channel: String,
    /// Count by these: year, month, county, state, a fact, or a column of the data
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    by: Vec<String>,
    /// Look at a part of the rows only, such as 0.01
    #[arg(long, value_name = "SHARE")]
    sample: Option<f64>,
    /// Chooses among samples
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How the rows are written into --out
    #[arg(long, value_enum, default_value_t = Rows::Parquet)]
    rows: Rows,
    /// Go on where a run into the same folder was cut off
    #[arg(long, requires = "out")]
    resume: bool,
    /// Do not show counts below this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    suppress_below: u64,
    /// Threads; without it one for every core
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// Let a cluster do it: its scheduler (docs/guides/cluster.md)
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["study", "explain", "threads"])]
    cluster: Option<String>,
    /// Explain one row instead: its number from 1, or FILE:NUMBER
    #[arg(long, value_name = "ROW", conflicts_with = "out")]
    explain: Option<String>,
}

/// How rows are written
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rows {
    Parquet,
    Csv,
    Arrow,
    None,
}

impl From<Rows> for RowsFormat {
    fn from(rows: Rows) -> RowsFormat {
        match rows {
            Rows::Parquet => RowsFormat::Parquet,
            Rows::Csv => RowsFormat::Csv,
            Rows::Arrow => RowsFormat::Arrow,
            Rows::None => RowsFormat::None,
        }
    }
}

/// What both kinds of replay take.
pub struct Common<'a> {
    /// The data.
    pub data: &'a [PathBuf],
    /// The mapping file.
    pub mapping: Option<&'a Path>,
    /// The folder of the result.
    pub out: Option<&'a Path>,
    /// No progress.
    pub quiet: bool,
    /// The folder of policies.
    pub policies: Option<&'a Path>,
    /// JSON instead of text.
    pub as_json: bool,
}

/// Runs the command.
pub fn run(args: &TableArgs, common: &Common<'_>) -> Result<u8, Failure> {
    if args.under.is_empty() || common.data.is_empty() {
        return Err(Failure::usage("say what to replay, and under which law").help(
            "comity replay cases.parquet --under in-force, or comity replay --study STUDY.toml",
        ));
    }
    let channel = Channel::from_name(&args.channel).ok_or_else(|| {
        let all: Vec<&str> = Channel::ALL.into_iter().map(Channel::name).collect();
        Failure::usage(format!("`{}` is no channel", args.channel)).help(all.join(", "))
    })?;
    let sample = match args.sample {
        None => None,
        Some(share) => Some(Sample::new(share, args.seed).ok_or_else(|| {
            Failure::usage(format!("--sample {share}: a share lies above 0 and is at most 1"))
        })?),
    };
    let (library, scopes) = library_and_scope_of(&[&args.under, &args.versus], common.policies)?;
    let table = cluster::table(common.data)?;
    let first = table.files.first().ok_or_else(|| Failure::usage("no file"))?;
    let schema = &first.schema;
    let is_case_table = schema.fields().iter().any(|f| fact_of(f.name()).is_some());
    let (named, chosen) = match common.mapping {
        Some(name) => (Some(name.to_path_buf()), "The command named it."),
        None if is_case_table => (None, ""),
        None => (
            Some(mapping::recognized(&table, &library)?),
            "It knows every column, and misses none.",
        ),
    };
    let mapping = named.as_deref().map(|name| mapping::of_replay(name, &library)).transpose()?;
    let common = &Common { mapping: named.as_deref(), ..*common };
    let reading = match &mapping {
        Some((mapping, _)) => Reading::Mapped(mapping),
        None => Reading::CaseTable,
    };
    let mut sides = Vec::new();
    for (ids, scope) in [&args.under, &args.versus].into_iter().zip(scopes) {
        if !ids.is_empty() {
            sides.push(Side::new(ids.join("+"), &library, scope, channel));
        }
    }
    let keys = args.by.iter().map(|k| Key::find(k, schema));
    let keys = keys.collect::<Result<Vec<_>, _>>().map_err(failure)?;
    let question =
        Question { library: &library, sides: sides.into(), channel, reading, keys, sample };
    let mut notes = notes(&question, &table).map_err(failure)?;
    if let Some((mapping, file)) = &mapping {
        notes.push(format!(
            "The columns were read with the mapping {} ({}). {chosen}",
            file.name, mapping.title
        ));
        let differences = fit(&file.name, mapping, &first.header()).differences();
        if !differences.is_empty() {
            notes.push(format!("The columns are not those of the mapping: {differences}."));
        }
    }
    if let Some(row) = &args.explain {
        return explain_row(row, &question, &table, common.as_json);
    }
    report(args, common, &table, &question, mapping.as_ref().map(|m| m.1.clone()), notes)
}

/// Runs the question over the table, and writes and prints what came of it.
fn report(
    args: &TableArgs,
    common: &Common<'_>,
    table: &Table,
    question: &Question<'_>,
    mapping: Option<FileHash>,
    notes: Vec<String>,
) -> Result<u8, Failure> {
    let target = target(args, common)?;
    let out = target.as_ref().map(|t| Output {
        folder: t.folder.clone(),
        rows: args.rows.into(),
        resume: args.resume,
    });
    let (tally, sent) = go(args, common, table, question, (out.as_ref(), target.as_ref()))?;
    let inputs = hashes(table, mapping.as_ref())?;
    let wording = Wording { suppress_below: args.suppress_below, notes };
    let mut receipt = made_of(args, common, question, inputs, out.as_ref())?;
    receipt.outputs.extend(sent);
    let rows_written = receipt.outputs.clone();
    let mut sheet = sheet(question, table, &tally, &wording, receipt).sealed();
    sheet.receipt.outputs.extend(rows_written);
    if let Some(target) = &target {
        write(&sheet, &target.folder)?;
        target.deliver(RECEIPT)?;
    }
    if common.as_json {
        print_out(&format!("{:#}\n", sheet.json()));
    } else {
        print_out(&sheet.text());
        if let Some(folder) = common.out {
            print_out(&format!("report: {}\n", folder.join("report.html").display()));
        }
    }
    Ok(if tally.rejected == 0 { EXIT_OK } else { EXIT_FINDINGS })
}

/// Where the result goes; a whole one is not written over.
fn target(args: &TableArgs, common: &Common<'_>) -> Result<Option<Target>, Failure> {
    let Some(folder) = common.out else { return Ok(None) };
    let target = Target::of(folder, args.resume)?;
    if target.holds(RECEIPT)? {
        return Err(Failure::usage(format!("{} holds a whole result", folder.display()))
            .help("choose another folder, or delete it"));
    }
    Ok(Some(target))
}

const RECEIPT: &str = "receipt.json";

/// A finding in a file is one of the data; one that is about reading or writing is wrong use.
pub fn failure(d: Diagnostic) -> Failure {
    match d.code {
        "unreadable-file" | "unwritable-file" | "canceled" | "unknown-key" | "no-data"
        | "unknown-format" | "unfinished-run" | "other-run" | "no-such-row"
        | "unreadable-store" | "cluster-version" | "cluster-failed" | "cluster-role"
        | "no-cluster" | "bad-address" | "other-file" => Failure::usage(d.message).help(d.help),
        _ => Failure::Findings(vec![d]),
    }
}

/// What the data lack, said before anything is counted.
fn notes(question: &Question<'_>, table: &Table) -> Result<Vec<String>, Diagnostic> {
    let mut out = Vec::new();
    let Some(file) = table.files.first() else { return Ok(out) };
    if !matches!(question.reading, Reading::CaseTable) || !file.is_random_access() {
        return Ok(out);
    }
    for side in question.sides.iter() {
        let wrong = |e| Diagnostic::error("bad-column", format!("`{}`: {e}", file.input.name()));
        let binding = side.plan().bind(&file.schema).map_err(wrong)?;
        if !binding.missing.is_empty() {
            out.push(format!(
                "The data have no column for {} facts that {} reads; they are unknown in every row: {}.",
                binding.missing.len(),
                side.name,
                binding.missing.join(", ")
            ));
        }
        out.extend(ignored(&binding.ignored, question));
    }
    out.dedup();
    Ok(out)
}

fn ignored(columns: &[String], question: &Question<'_>) -> Option<String> {
    let is_key = |c: &&String| question.keys.iter().any(|k| k.column() == c.as_str());
    let rest: Vec<&str> = columns.iter().filter(|c| !is_key(c)).map(String::as_str).collect();
    (!rest.is_empty())
        .then(|| format!("Columns that are no facts and were not read: {}.", rest.join(", ")))
}

fn go(
    args: &TableArgs,
    common: &Common<'_>,
    table: &Table,
    question: &Question<'_>,
    (out, target): (Option<&Output>, Option<&Target>),
) -> Result<(Tally, Vec<FileHash>), Failure> {
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    // A second interrupt ends the program at once, as everywhere.
    let set = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    if let Err(e) = set {
        eprintln!("an interrupt will end the run at once: {e}");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(cores).clamp(1, 256);
    let mut shown = Shown::new(common.quiet);
    let ran = match &args.cluster {
        None => run_table(table, question, out, threads, &cancel, &mut |p| shown.at(p))
            .map(|tally| (tally, Vec::new()))
            .map_err(failure),
        Some(address) => {
            let asked = cluster::Replay {
                address,
                table,
                question,
                laws: [&args.under, &args.versus],
                policies: common.policies,
                mapping: common.mapping,
                output: out,
                rows_address: target.and_then(Target::rows_address),
                cancel: &cancel,
            };
            cluster::replay(&asked, &mut |p| shown.at(p))
        }
    };
    shown.end();
    ran
}

fn hashes(table: &Table, mapping: Option<&FileHash>) -> Result<Vec<FileHash>, Failure> {
    let mut out: Vec<FileHash> = mapping.cloned().into_iter().collect();
    for file in &table.files {
        let name = file.input.name();
        let bad = |e: io::Error| Failure::usage(format!("{name} cannot be read: {e}"));
        // An object store is asked for few large pieces.
        let source = BufReader::with_capacity(8 << 20, file.input.open().map_err(bad)?);
        let mut source = Hashing::new(source);
        io::copy(&mut source, &mut io::sink()).map_err(bad)?;
        out.push(source.finish("data", &name));
    }
    Ok(out)
}

/// The hash of a file.
pub fn hash(role: &str, path: &Path, name: &str) -> Result<FileHash, Failure> {
    let bad = |e: &io::Error| Failure::usage(format!("{} cannot be read: {e}", path.display()));
    let mut input = Hashing::new(File::open(path).map_err(|e| bad(&e))?);
    io::copy(&mut input, &mut io::sink()).map_err(|e| bad(&e))?;
    Ok(input.finish(role, name))
}

fn made_of(
    args: &TableArgs,
    common: &Common<'_>,
    question: &Question<'_>,
    inputs: Vec<FileHash>,
    out: Option<&Output>,
) -> Result<Receipt, Failure> {
    let library = question.library;
    let ids = args.under.iter().chain(&args.versus);
    let ids = ids.filter(|id| library.find(id).is_ok()).cloned();
    let mut outputs = Vec::new();
    if let Some(out) = out.filter(|o| o.rows != RowsFormat::None) {
        let mut paths = Vec::new();
        let rows = out.folder.join("rows");
        for entry in fs::read_dir(&rows).map_err(|e| Failure::usage(e.to_string()))? {
            paths.push(entry.map_err(|e| Failure::usage(e.to_string()))?.path());
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            outputs.push(hash("rows", &path, &format!("rows/{}", name.unwrap_or_default()))?);
        }
    }
    Ok(Receipt {
        engine: concat!("comity ", env!("CARGO_PKG_VERSION")).to_owned(),
        command: command(args, common),
        inputs,
        policies: receipt::policies_used(library, ids),
        library_policies: library.len(),
        library_sha256: receipt::library_sha256(library),
        outputs,
    })
}

/// The command as somebody else would type it.
fn command(args: &TableArgs, common: &Common<'_>) -> String {
    let mut words = vec!["comity".to_owned(), "replay".to_owned()];
    words.extend(common.data.iter().map(|p| p.display().to_string()));
    let mut option = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    option("under", args.under.join(","));
    if !args.versus.is_empty() {
        option("versus", args.versus.join(","));
    }
    option("channel", args.channel.clone());
    if !args.by.is_empty() {
        option("by", args.by.join(","));
    }
    if let Some(share) = args.sample {
        option("sample", share.to_string());
        option("seed", args.seed.to_string());
    }
    if args.suppress_below > 0 {
        option("suppress-below", args.suppress_below.to_string());
    }
    if let Some(name) = args.rows.to_possible_value().filter(|_| args.rows != Rows::Parquet) {
        option("rows", name.get_name().to_owned());
    }
    let paths = [("mapping", common.mapping), ("policies", common.policies), ("out", common.out)];
    for (name, path) in paths {
        if let Some(path) = path {
            option(name, path.display().to_string());
        }
    }
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// Writes the report; the receipt comes last and says that the result is whole.
fn write(sheet: &Sheet, folder: &Path) -> Result<(), Failure> {
    let mut outputs = sheet.files();
    let receipt = serde_json::to_string_pretty(&sheet.receipt);
    let receipt = receipt.map_err(|e| Failure::usage(e.to_string()))?;
    outputs.push((RECEIPT.to_owned(), format!("{receipt}\n").into_bytes()));
    for (name, bytes) in outputs {
        files::write(&folder.join(name), &bytes)?;
    }
    journal::remove(folder).map_err(failure)
}

fn explain_row(
    row: &str,
    question: &Question<'_>,
    table: &Table,
    as_json: bool,
) -> Result<u8, Failure> {
    let (file, number) = row.rsplit_once(':').unwrap_or(("", row));
    let number: u64 = number.parse().map_err(|_| {
        Failure::usage(format!("`{row}` is no row")).help("--explain 12, or --explain FILE:12")
    })?;
    let file = table.files.iter().find(|f| file.is_empty() || f.input.name() == file);
    let file = file.ok_or_else(|| Failure::usage(format!("no file of the data is `{row}`")))?;
    let library = question.library;
    let facts =
        explain::case_of_row(file, number, &question.reading, library.places()).map_err(failure)?;
    let explained: Vec<_> =
        question.sides.iter().map(|s| library.explain(&facts, &s.scope, None)).collect();
    if as_json {
        let json = serde_json::to_string_pretty(&explained);
        print_out(&format!("{}\n", json.map_err(|e| Failure::usage(e.to_string()))?));
        return Ok(EXIT_OK);
    }
    for (side, e) in question.sides.iter().zip(&explained) {
        print_out(&format!(
            "row {number} of {}, under {}\n\n{}\n",
            file.input.name(),
            side.name,
            to_text(e)
        ));
    }
    Ok(EXIT_OK)
}

/// Prints, and stays quiet where nobody reads on (`| head`).
fn print_out(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Progress on standard error, only for runs that take a while and only for a person.
struct Shown {
    started: Instant,
    last: Option<Instant>,
    quiet: bool,
}

impl Shown {
    fn new(quiet: bool) -> Shown {
        Shown { started: Instant::now(), last: None, quiet: quiet || !io::stderr().is_terminal() }
    }

    fn at(&mut self, p: comity_replay::bulk::Progress) {
        let elapsed = self.started.elapsed();
        let due = self
            .last
            .map_or(elapsed > Duration::from_secs(2), |t| t.elapsed() > Duration::from_secs(1));
        if self.quiet || !due {
            return;
        }
        self.last = Some(Instant::now());
        let seconds = elapsed.as_secs_f64();
        let rate = p.rows as f64 / seconds;
        let left = if p.share > 0.0 {
            format!(", about {:.0} s left", seconds * (1.0 - p.share) / p.share)
        } else {
            String::new()
        };
        eprint!("\r{} rows, {rate:.0} a second{left}        ", p.rows);
    }

    fn end(&self) {
        if self.last.is_some() {
            eprintln!();
        }
    }
}
