//! `comity mapping`: which mapping a data file is for.

use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure};
use crate::files;
use crate::table;
use comity_replay::mapping::recognize::{Fit, Recognized, recognize};
use comity_replay::mapping::{self, Mapping};
use comity_replay::reader::{Encoding, Rows};
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

const AFTER: &str = "Exit codes: 0 one mapping fits; 1 none fits, or several fit equally well; 2 wrong use, or a file \
cannot be read.\n\nExample: comity mapping recognize detainers.csv";

/// Which file
#[derive(clap::Args)]
pub struct Recognize {
    /// The data file, CSV with a header row
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder with mapping.toml files, at any depth
    #[arg(long, value_name = "DIR", default_value = "data")]
    mappings: PathBuf,
}

/// Runs the command.
pub fn run(command: &Command, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let Command::Recognize(args) = command;
    let known = mappings(&args.mappings, policies)?;
    let file = File::open(&args.file)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", args.file.display())))?;
    let header = Rows::new(file, Encoding::Utf8).header().to_vec();
    if header.is_empty() {
        return Err(Failure::usage(format!("{} has no header row", args.file.display()))
            .help("the first line names the columns"));
    }
    let (fits, verdict) = recognize(&known, &header);
    let found = matches!(verdict, Recognized::Exact { .. } | Recognized::Best { .. });
    if as_json {
        println!("{:#}", json!({ "columns": header, "result": verdict, "mappings": fits }));
    } else {
        print(&fits, &verdict);
    }
    Ok(if found { EXIT_OK } else { EXIT_FINDINGS })
}

/// Every mapping below a folder.
fn mappings(folder: &Path, policies: Option<&Path>) -> Result<Vec<(String, Mapping)>, Failure> {
    let library = files::library(policies)?;
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
