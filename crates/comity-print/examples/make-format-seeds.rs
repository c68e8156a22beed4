//! Writes synthetic files of every format as the first corpus of the fuzz targets:
//! `cargo run -p comity-print --example make-format-seeds -- fuzz/corpus`.

#[path = "../tests/formats_support/mod.rs"]
mod support;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: make-format-seeds FOLDER");
        return ExitCode::from(2);
    };
    for (target, name, bytes) in support::seeds() {
        let folder = Path::new(&folder).join(target);
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join(&name), &bytes));
        if let Err(e) = written {
            eprintln!("error: {} cannot be written: {e}", folder.join(name).display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
