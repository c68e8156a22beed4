//! Writes the reference that is generated from the schema: `generate-reference docs/reference`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: generate-reference FOLDER");
        return ExitCode::FAILURE;
    };
    for (name, text) in comity_model::generate::reference_files() {
        let path = folder.join(name);
        if let Err(e) = std::fs::write(&path, text) {
            eprintln!("{}: {e}", path.display());
            return ExitCode::FAILURE;
        }
        println!("{}", path.display());
    }
    ExitCode::SUCCESS
}
