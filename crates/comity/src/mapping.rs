//! `comity mapping`: which mapping a data file is for.

use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::files;
use crate::table;
use comity_policy::Library;
use comity_replay::bulk::Table;
use comity_replay::mapping::recognize::{Fit, Recognized, recognize};
use comity_replay::mapping::{self, Mapping};
use comity_replay::reader::{Encoding, Rows};
use comity_replay::receipt::{self, FileHash};
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Mappings of data files
#[derive(clap::Subcommand)]
pub enum Command {
    /// Say which mapping a data file is for, by its columns, and what is missing or not known
    #[command(after_help = AFTER)]
    Recognize(Recognize),
}

/// The role of a mapping in a receipt.
pub const ROLE: &str = "mapping";

const AFTER: &str = "Exit codes: 0 one mapping fits; 1 none fits, or several fit equally well; 2 wrong use, or a file \
cannot be read.\n\nExample: comity mapping recognize detainers.csv";

/// Which file
#[derive(clap::Args)]
pub struct Recognize {
    /// The data file, CSV with a header row
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder with mapping.toml files, at any depth; without it those in this binary
    #[arg(long, value_name = "DIR")]
    mappings: Option<PathBuf>,
}

/// Runs the command.
pub fn run(command: &Command, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let Command::Recognize(args) = command;
    let library = files::library(policies)?;
    let known = match &args.mappings {
        Some(folder) => mappings(folder, &library)?,
        None => built_in(&library)?,
    };
    let file = File::open(&args.file)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", args.file.display())))?;
    let rows = Rows::new(file, Encoding::Utf8);
    if let Some(why) = rows.no_header() {
        return Err(Failure::usage(format!("{} cannot be read: {why}", args.file.display()))
            .help("the first line names the columns"));
    }
    let header = rows.header().to_vec();
    let (fits, verdict) = recognize(&known, &header);
    let found = matches!(verdict, Recognized::Exact { .. } | Recognized::Best { .. });
    if as_json {
        println!("{:#}", json!({ "columns": header, "result": verdict, "mappings": fits }));
    } else {
        print(&fits, &verdict);
    }
    Ok(if found { EXIT_OK } else { EXIT_FINDINGS })
}

/// The mappings in the binary, by id.
pub fn built_in(library: &Library) -> Result<Vec<(String, Mapping)>, Failure> {
    let read = |(id, path, bytes): (&str, &str, &[u8])| {
        let mapping = mapping::parse(path, bytes, library.places()).map_err(Failure::Findings)?;
        Ok((id.to_owned(), mapping))
    };
    files::built_in_mappings().map(read).collect()
}

/// Every mapping below a folder.
fn mappings(folder: &Path, library: &Library) -> Result<Vec<(String, Mapping)>, Failure> {
    let mut paths = Vec::new();
    files::collect(folder, "toml", &mut paths)?;
    paths.retain(|p| p.file_name().is_some_and(|n| n == "mapping.toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::usage(format!("no mapping.toml below {}", folder.display()))
            .help("--mappings names the folder"));
    }
    let mut out = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let bytes = files::read(&path)?;
        let mapping = mapping::parse(&name, &bytes, library.places()).map_err(Failure::Findings)?;
        out.push((name, mapping));
    }
    Ok(out)
}

/// Reads the mapping of a replay, a file or one of the binary, with its hash for the receipt.
pub fn of_replay(path: &Path, library: &Library) -> Result<(Mapping, FileHash), Failure> {
    let bytes = files::mapping(path)?;
    let name = path.display().to_string();
    let mapping = mapping::parse(&name, &bytes, library.places()).map_err(Failure::Findings)?;
    if let Some(join) = &mapping.join {
        return Err(Failure::usage(format!("{name} joins a second file, {}", join.file)).help(
            "a mapping that joins is replayed with a study: comity replay --study STUDY.toml",
        ));
    }
    let sha256 = receipt::sha256(&bytes);
    let hash = FileHash { role: ROLE.to_owned(), name, bytes: bytes.len() as u64, sha256 };
    Ok((mapping, hash))
}

/// The mapping in the binary that knows every column of the data and misses none; said aloud.
/// Anything less is an error that names the choices: a guess would decide cases.
pub fn recognized(table: &Table, library: &Library) -> Result<PathBuf, Failure> {
    let file = table.files.first().ok_or_else(|| Failure::usage("no file"))?;
    let name = file.input.name();
    let header = file.header();
    let (_, verdict) = recognize(&built_in(library)?, &header);
    match verdict {
        Recognized::Exact { fit } => {
            eprintln!(
                "{name}: every column is known to the mapping {}; --mapping names another",
                fit.path
            );
            Ok(PathBuf::from(fit.path))
        }
        Recognized::Best { fit } => Err(Failure::usage(format!(
            "`{name}` looks like {}, but {}",
            fit.mapping,
            fit.differences()
        ))
        .help(format!("--mapping {} takes it all the same; --mapping FILE names another", fit.path))),
        Recognized::Tie { fits } => {
            let ids: Vec<&str> = fits.iter().map(|f| f.path.as_str()).collect();
            Err(Failure::usage(format!("{} mappings fit `{name}` equally well", ids.len()))
                .help(format!("say which: --mapping {}", ids.join(", or --mapping "))))
        }
        Recognized::None => Err(Failure::usage(format!(
            "no mapping is for `{name}`, and none of its columns is a fact of a case; they are {}",
            header.join(", ")
        ))
        .help("--mapping FILE says what they mean (docs/reference/mapping-files.md); a table of cases has the columns of docs/reference/arrow-layout.md")),
    }
}

fn print(fits: &[Fit], verdict: &Recognized) {
    let share = |s: f64| format!("{:.0}%", s * 100.0);
    let rows: Vec<Vec<String>> = fits
        .iter()
        .map(|f| {
            let note = if f.unusable { "a column that every row needs is missing" } else { "" };
            vec![f.mapping.clone(), share(f.has), share(f.knows), note.to_owned(), f.path.clone()]
        })
        .collect();
    table::print(&["mapping", "has what is read", "columns known", "", "file"], &rows);
    println!();
    match verdict {
        Recognized::Exact { fit } => {
            println!("{}: every column is known and none is missing", fit.mapping);
        }
        Recognized::Best { fit } => {
            println!("{}: the best fit, not an exact one", fit.mapping);
            list("missing", &fit.missing);
            list("not known", &fit.extra);
        }
        Recognized::Tie { fits } => {
            let names: Vec<&str> = fits.iter().map(|f| f.path.as_str()).collect();
            println!(
                "not recognized: {} mappings fit equally well; say which with --mapping\n  {}",
                fits.len(),
                names.join("\n  ")
            );
        }
        Recognized::None => {
            println!(
                "not recognized: write a mapping (docs/reference/mapping-files.md), or bring the data into the columns of data/mappings/generic"
            );
        }
    }
}

fn list(what: &str, names: &[String]) {
    if !names.is_empty() {
        println!("  {what}: {}", names.join(", "));
    }
}
