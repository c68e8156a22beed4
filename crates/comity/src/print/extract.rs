//! `comity print extract`: minutiae of images.

use super::{Reading, prints};
use crate::fail::{EXIT_OK, Failure};
use crate::files;
use crate::table;
use comity_print::formats::iso19794;
use comity_print::formats::minutiae_record::{Record, Standard};
use serde_json::json;
use std::path::PathBuf;

/// Find the minutiae of images
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Images of single fingers
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Folder for records of ISO/IEC 19794-2:2005, one an image
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

const AFTER: &str = "Example:\n  comity print extract thumb.png --json\n  \
comity print extract scans/*.png --out records";

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    if let Some(out) = &args.out {
        prints::folder(out)?;
    }
    let results = prints::on_all_cores(&args.images, "images", |file| {
        prints::extracted(file, args.reading).map(|(_, e)| e.found)
    });
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (file, found) in args.images.iter().zip(results) {
        let found = found?;
        if let Some(out) = &args.out {
            let wrong = |e: &dyn std::fmt::Display| {
                Failure::usage(format!("{} makes no record: {e}", file.display()))
            };
            let record = Record::of_fingers(Standard::Iso, std::slice::from_ref(&found));
            let bytes = iso19794::write(&record).map_err(|e| wrong(&e))?;
            files::write(&out.join(format!("{}.iso", prints::stem(file))), &bytes)?;
        }
        rows.push(vec![
            file.display().to_string(),
            found.minutiae.len().to_string(),
            found.quality.to_string(),
        ]);
        values.push(json!({ "file": file.display().to_string(), "print": found }));
    }
    if as_json {
        println!("{}", json!({ "files": values }));
    } else {
        table::print(&["file", "minutiae", "quality"], &rows);
    }
    Ok(EXIT_OK)
}
