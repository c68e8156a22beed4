//! `comity print info`: what a file is.

use crate::fail::{EXIT_OK, Failure};
use crate::files;
use comity_print::formats::{Format, FormatError};
use serde_json::json;
use std::path::PathBuf;

/// Say what files are: format, size, resolution, records
#[derive(clap::Args)]
#[command(after_help = "Example: comity print info card.an2 thumb.wsq --json")]
pub struct Args {
    /// Files of prints, minutiae or transactions
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let mut rows = Vec::new();
    let mut refused = Vec::new();
    for file in &args.files {
        let bytes = files::read(file)?;
        match Format::sniff(&bytes) {
            Some(format) => rows.push((file, format, bytes.len())),
            None => {
                let error = FormatError::new(Format::Raw, 0, "the first bytes name no format")
                    .help("gray levels without a header are read with --raw WIDTHxHEIGHT");
                refused.push(super::refused(file, &error));
            }
        }
    }
    if !refused.is_empty() {
        return Err(Failure::Findings(refused));
    }
    let name = |f: &Format| f.name();
    if as_json {
        let list: Vec<_> = rows
            .iter()
            .map(|(file, format, bytes)| json!({ "file": file, "format": name(format), "bytes": bytes }))
            .collect();
        println!("{}", json!({ "files": list }));
    } else {
        let row = |(file, format, bytes): &(&PathBuf, Format, usize)| {
            vec![file.display().to_string(), name(format).to_owned(), bytes.to_string()]
        };
        crate::table::print(
            &["file", "format", "bytes"],
            &rows.iter().map(row).collect::<Vec<_>>(),
        );
    }
    Ok(EXIT_OK)
}
