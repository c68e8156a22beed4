//! `comity print`: fingerprints, from files to candidates. One file per subcommand.

mod info;
mod synth;

use crate::fail::Failure;
use comity_model::Diagnostic;
use comity_print::formats::FormatError;
use std::path::Path;

/// Read and convert fingerprints
#[derive(clap::Subcommand)]
pub enum Command {
    /// Say what files are: format, size, resolution, records
    Info(info::Args),
    /// Make synthetic fingerprints with their true minutiae
    Synth(synth::Args),
}

/// Runs one of the commands.
pub fn run(command: &Command, as_json: bool) -> Result<u8, Failure> {
    match command {
        Command::Info(args) => info::run(args, as_json),
        Command::Synth(args) => synth::run(args, as_json),
    }
}

/// A file that was refused, as the commands report it.
pub fn refused(file: &Path, error: &FormatError) -> Diagnostic {
    let mut diagnostic = Diagnostic::error("unreadable-print", error.to_string());
    diagnostic.file = file.display().to_string();
    diagnostic.help(error.help.clone())
}
