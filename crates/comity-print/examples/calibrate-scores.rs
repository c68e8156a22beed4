//! Fits [`Calibration`] to impostor scores of synthetic prints, and shows what it claims beside
//! what is seen, there and on real prints.
//!
//! `cargo run --release -p comity-print --example calibrate-scores -- 150 [DIR…]`: fingers to
//! grow; folders of images named `FINGER_IMPRESSION`, such as `101_1.png`, each a set.
#![allow(clippy::expect_used, reason = "an example stops at what is wrong")]

use comity_print::extract::extract;
use comity_print::formats::{raster, read_image};
use comity_print::gallery::Calibration;
use comity_print::matcher::{Prepared, compare};
use comity_print::synth::{Difficulty, Sensor, SyntheticFinger};
use comity_print::template::Template;
use comity_print::{FingerPosition, GrayImage};
use std::path::Path;

/// Whose, and what of it.
type Print = (u64, Prepared);

fn prepared(image: &GrayImage) -> Prepared {
    Prepared::of(&Template::of(&extract(image, FingerPosition::Unknown)))
}

/// Two impressions of each finger, one of each sensor.
fn synthetic(fingers: u64) -> Vec<Print> {
    let mut prints = Vec::new();
    for n in 0..fingers {
        let finger = SyntheticFinger::grow(4_096, n);
        let ways = [(Difficulty::Medium, Sensor::Optical), (Difficulty::Hard, Sensor::Capacitive)];
        for (i, (difficulty, sensor)) in (1..).zip(ways) {
            let taken = finger.impression(i, difficulty, sensor).expect("an impression");
            prints.push((n, prepared(&taken.image)));
        }
    }
    prints
}

/// The images of a folder.
fn of_folder(folder: &Path) -> Vec<Print> {
    let mut prints = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(finger) = stem.split_once('_').and_then(|(f, _)| f.parse().ok()) else { continue };
        let bytes = std::fs::read(&path).expect("a file that can be read");
        let Ok(image) = read_image(&bytes) else { continue };
        let image = raster::resample::to_500_ppi(&image).expect("an image");
        prints.push((finger, prepared(&image)));
    }
    prints
}

/// Scores of all pairs of different fingers, and of the same.
fn scores(prints: &[Print]) -> (Vec<f32>, Vec<f32>) {
    let (mut impostors, mut genuine) = (Vec::new(), Vec::new());
    for (at, (a, ours)) in prints.iter().enumerate() {
        for (b, theirs) in prints.get(at + 1..).unwrap_or_default() {
            let list = if a == b { &mut genuine } else { &mut impostors };
            list.push(compare(ours, theirs).score);
        }
    }
    (impostors, genuine)
}

/// How many pairs reach the score of each claimed rate.
fn table(name: &str, calibration: &Calibration, impostors: &[f32], genuine: &[f32]) {
    println!("{name}: {} impostor pairs, {} genuine", impostors.len(), genuine.len());
    for exponent in 1..=8 {
        let claimed = 10.0_f64.powi(-exponent);
        let score = calibration.score_at(claimed);
        let reach = |list: &[f32]| list.iter().filter(|s| f64::from(**s) >= score).count();
        println!(
            "  claimed {claimed:.0e} at score {score:6.2}: seen {:.1e} ({}), matched {:.1} %",
            reach(impostors) as f64 / impostors.len().max(1) as f64,
            reach(impostors),
            100.0 * reach(genuine) as f64 / genuine.len().max(1) as f64
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let fingers = arguments.first().map_or(150, |a| a.parse().expect("a number of fingers"));
    let (impostors, genuine) = scores(&synthetic(fingers));
    let fitted = Calibration::fitted(&impostors).expect("enough scores");
    println!("fitted: {fitted:?}\nin use: {:?}", Calibration::default());
    table("synthetic, as fitted", &fitted, &impostors, &genuine);
    for folder in arguments.iter().skip(1) {
        let (impostors, genuine) = scores(&of_folder(Path::new(folder)));
        table(folder, &fitted, &impostors, &genuine);
    }
}
