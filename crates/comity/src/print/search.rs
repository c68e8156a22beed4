//! `comity print search`: who in a gallery a print could be of.

use super::{Reading, fingers, prints, shards};
use crate::fail::{EXIT_OK, Failure, print_findings};
use comity_print::FingerPosition;
use comity_print::candidate::Candidates;
use comity_print::gallery::search::Survivor;
use comity_print::gallery::{Calibration, Effort, Gallery, Probe};
use serde_json::json;
use std::ops::Range;
use std::path::PathBuf;

/// Fingers that a core takes at a time.
const PART: usize = 50_000;

/// Look for the person of prints in a gallery
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Folder of the gallery
    gallery: PathBuf,
    /// Images, records of minutiae or transactions, all of one person
    #[arg(required = true, value_name = "PROBE")]
    probes: Vec<PathBuf>,
    /// How often a search for somebody who is not there may name anybody
    #[arg(long, value_name = "RATE", default_value_t = 0.01, value_parser = rate)]
    fpir: f64,
    /// Which finger images are of, 1 right thumb to 10 left little; 0 compares with all
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    finger: u8,
    /// Candidates that are listed
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Compare exactly with everybody
    #[arg(long)]
    exhaustive: bool,
    /// Search what is whole where blocks of the gallery are damaged
    #[arg(long)]
    skip_damaged: bool,
    #[command(flatten)]
    reading: Reading,
}

const AFTER: &str = "Candidates are for an examiner to look at; a score is not an answer.\n\n\
Example: comity print search gallery left.png right.png --fpir 0.001 --json";

fn rate(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|r| *r > 0.0 && *r < 1.0);
    parsed.ok_or_else(|| "give a rate between 0 and 1, such as 0.01".to_owned())
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let finger = FingerPosition::of_code(args.finger).unwrap_or(FingerPosition::Unknown);
    let mut entries = Vec::new();
    for path in &args.probes {
        let found = fingers::read(path, args.reading, finger)?;
        entries.extend(found);
    }
    let bytes = shards::map_all(&args.gallery)?;
    let (shards, notes) = shards::open(&bytes, args.skip_damaged)?;
    if !notes.is_empty() && !as_json {
        print_findings(&notes, false);
    }
    let gallery = Gallery::new(shards);
    let probes: Vec<Probe> = entries.iter().map(|e| Probe::new(e, &gallery)).collect();
    let effort = if args.exhaustive { Effort::EXHAUSTIVE } else { Effort::default() };
    let survivors = survivors(&gallery, &probes, &effort);
    let calibration = Calibration::default();
    let found = gallery.candidates(&probes, &survivors, &calibration, args.fpir);
    if as_json {
        let above = found.above_threshold().count();
        let list = found.list.get(..args.limit.min(found.list.len())).unwrap_or_default();
        let found = json!({
            "gallery_fingers": found.gallery_fingers, "fpir": found.fpir,
            "false_match_rate_max": found.false_match_rate_max, "score_min": found.score_min,
            "above_threshold": above, "candidates": list, "notes": notes,
        });
        println!("{found}");
    } else {
        print(&found, args.limit);
    }
    Ok(EXIT_OK)
}

/// The first two passes, a part of the gallery at a time; of each probe who is left.
fn survivors(gallery: &Gallery<'_>, probes: &[Probe], effort: &Effort) -> Vec<Vec<Survivor>> {
    let parts = (0..gallery.len()).step_by(PART);
    let parts: Vec<_> = parts.map(|from| from..(from + PART).min(gallery.len())).collect();
    probes
        .iter()
        .map(|probe| {
            let search = |part: &Range<usize>| gallery.survivors(part.clone(), probe, effort);
            gallery.best(prints::on_all_cores(&parts, "parts searched", search), effort)
        })
        .collect()
}

fn print(found: &Candidates, limit: usize) {
    println!(
        "{} fingers searched; for {} of searches that may name somebody wrongly, a finger needs \
         a score of {:.1} (false-match rate {:.1e})",
        found.gallery_fingers, found.fpir, found.score_min, found.false_match_rate_max
    );
    let above = found.above_threshold().count();
    let rows: Vec<Vec<String>> = found
        .list
        .iter()
        .take(limit)
        .enumerate()
        .map(|(i, c)| {
            vec![
                c.subject().to_string(),
                format!("{:.1}", c.score()),
                format!("{:.1e}", c.false_match_rate()),
                format!("{:.1e}", c.false_positive_rate()),
                c.fingers().iter().map(|f| f.pairs.len()).sum::<usize>().to_string(),
                if i < above { "to be examined" } else { "below" }.to_owned(),
            ]
        })
        .collect();
    let header = ["candidate", "score", "rate of one", "in this gallery", "pairs", "threshold"];
    crate::table::print(&header, &rows);
}
