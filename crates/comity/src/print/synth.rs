//! `comity print synth`: synthetic fingerprints with their true minutiae.

use crate::fail::{EXIT_OK, Failure};
use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::formats::{iso19794, raster};
use comity_print::synth::{Difficulty, PrintClass, Sensor, SyntheticFinger};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Make synthetic fingerprints with their true minutiae
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Folder to write to; made where there is none
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of fingers
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    fingers: u64,
    /// Impressions of each finger
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=100))]
    impressions: u64,
    /// Seed: the same seed and version give the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How hard the impressions are
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = ["easy", "medium", "hard"])]
    difficulty: String,
    /// What took the impressions
    #[arg(long, value_name = "SENSOR", default_value = "optical", value_parser = ["optical", "capacitive"])]
    sensor: String,
    /// Threads; the prints do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

const AFTER: &str = "Writes F_I.png (impression I of finger F, 388 x 480 pixels of 500 an inch), \
F_I.iso (its true minutiae, ISO/IEC 19794-2:2005) and truth.json (all of them, and the class of \
each finger). Nobody has these fingers.\n\n\
Example: comity print synth --out prints --fingers 20 --impressions 4 --seed 7";

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    std::fs::create_dir_all(&args.out).map_err(|e| unwritten(&args.out, &e.to_string()))?;
    let difficulty = match args.difficulty.as_str() {
        "easy" => Difficulty::Easy,
        "hard" => Difficulty::Hard,
        _ => Difficulty::Medium,
    };
    let sensor = match args.sensor.as_str() {
        "capacitive" => Sensor::Capacitive,
        _ => Sensor::Optical,
    };
    let made = make_all(args, difficulty, sensor)?;
    let truth = json!({
        "seed": args.seed, "difficulty": difficulty, "sensor": sensor,
        "resolution_ppi": 500, "fingers": made,
    });
    let path = args.out.join("truth.json");
    std::fs::write(&path, format!("{truth:#}\n")).map_err(|e| unwritten(&path, &e.to_string()))?;
    let images = args.fingers * args.impressions;
    if as_json {
        let out = args.out.display().to_string();
        println!("{}", json!({ "out": out, "fingers": args.fingers, "images": images }));
    } else {
        println!("{images} images of {} fingers in {}", args.fingers, args.out.display());
    }
    Ok(EXIT_OK)
}

/// Every finger, by its number, on as many threads as were asked for.
fn make_all(args: &Args, difficulty: Difficulty, sensor: Sensor) -> Result<Vec<Value>, Failure> {
    let next = AtomicU64::new(1);
    let made = Mutex::new(Vec::new());
    let available = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = args.threads.unwrap_or(available).get();
    let progress = !args.quiet && std::io::stderr().is_terminal();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let finger = next.fetch_add(1, Ordering::Relaxed);
                    if finger > args.fingers {
                        break;
                    }
                    let one = make(args, finger, difficulty, sensor);
                    let mut made = made.lock().unwrap_or_else(|e| e.into_inner());
                    made.push((finger, one));
                    if progress {
                        let _ = write!(std::io::stderr(), "\r{} of {}", made.len(), args.fingers);
                    }
                }
            });
        }
    });
    if progress {
        let _ = writeln!(std::io::stderr());
    }
    let mut made = made.into_inner().unwrap_or_else(|e| e.into_inner());
    made.sort_by_key(|(finger, _)| *finger);
    made.into_iter().map(|(_, one)| one).collect()
}

/// The files of one finger, and what is true of it.
fn make(
    args: &Args,
    number: u64,
    difficulty: Difficulty,
    sensor: Sensor,
) -> Result<Value, Failure> {
    let finger = SyntheticFinger::grow(args.seed, number);
    let mut impressions = Vec::new();
    for i in 1..=args.impressions {
        let taken = finger.impression(i, difficulty, sensor);
        let taken = taken.map_err(|e| Failure::usage(e.to_string()))?;
        let png = raster::write_png(&taken.image).map_err(|e| Failure::usage(e.to_string()))?;
        let record = Record::of_fingers(Standard::Iso, std::slice::from_ref(&taken.truth));
        let iso = iso19794::write(&record);
        let iso = iso.map_err(|e| Failure::usage(e.to_string()))?;
        for (extension, bytes) in [("png", &png), ("iso", &iso)] {
            let path = args.out.join(format!("{number}_{i}.{extension}"));
            std::fs::write(&path, bytes).map_err(|e| unwritten(&path, &e.to_string()))?;
        }
        impressions.push(json!({ "impression": i, "minutiae": taken.truth.minutiae }));
    }
    let class: PrintClass = finger.class();
    Ok(json!({ "finger": number, "class": class, "impressions": impressions }))
}

fn unwritten(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("{} cannot be written: {why}", path.display()))
        .help("give --out a folder that can be written to")
}
