//! `comity print synth`: synthetic fingerprints with their true minutiae.

use super::prints;
use crate::fail::{EXIT_OK, Failure};
use crate::files;
use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::formats::{iso19794, raster};
use comity_print::synth::{Difficulty, PrintClass, Sensor, SyntheticFinger};
use serde_json::{Value, json};
use std::path::PathBuf;

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
}

const AFTER: &str = "Writes F_I.png (impression I of finger F, 388 x 480 pixels of 500 an inch), \
F_I.iso (its true minutiae, ISO/IEC 19794-2:2005) and truth.json (all of them, and the class of \
each finger). Nobody has these fingers.\n\n\
Example: comity print synth --out prints --fingers 20 --impressions 4 --seed 7";

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    prints::folder(&args.out)?;
    let difficulty = match args.difficulty.as_str() {
        "easy" => Difficulty::Easy,
        "hard" => Difficulty::Hard,
        _ => Difficulty::Medium,
    };
    let sensor = match args.sensor.as_str() {
        "capacitive" => Sensor::Capacitive,
        _ => Sensor::Optical,
    };
    let numbers: Vec<u64> = (1..=args.fingers).collect();
    let made =
        prints::on_all_cores(&numbers, "fingers grown", |n| make(args, *n, difficulty, sensor));
    let made = made.into_iter().collect::<Result<Vec<Value>, _>>()?;
    let truth = json!({
        "seed": args.seed, "difficulty": difficulty, "sensor": sensor,
        "resolution_ppi": 500, "fingers": made,
    });
    let path = args.out.join("truth.json");
    files::write(&path, format!("{truth:#}\n").as_bytes())?;
    let images = args.fingers * args.impressions;
    if as_json {
        let out = args.out.display().to_string();
        println!("{}", json!({ "out": out, "fingers": args.fingers, "images": images }));
    } else {
        println!("{images} images of {} fingers in {}", args.fingers, args.out.display());
    }
    Ok(EXIT_OK)
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
            files::write(&path, bytes)?;
        }
        impressions.push(json!({ "impression": i, "minutiae": taken.truth.minutiae }));
    }
    let class: PrintClass = finger.class();
    Ok(json!({ "finger": number, "class": class, "impressions": impressions }))
}
