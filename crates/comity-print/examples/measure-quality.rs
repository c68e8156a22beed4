//! What quality says, over a folder of sets (`SET/FINGER_IMPRESSION.png`): how many minutiae of
//! each quality are seen again in another impression of the finger, and how many pairs of each
//! quality are missed: `cargo run --release -p comity-print --example measure-quality -- DIR`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool for developers")]

use comity_print::extract::extract;
use comity_print::gallery::Calibration;
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use comity_print::{FingerPosition, formats};
use std::path::Path;

/// Prints are missed below the score of one false match in a thousand.
const RATE: f64 = 0.001;

struct Print {
    /// Set and finger.
    finger: String,
    quality: u8,
    template: Template,
    prepared: Prepared,
    /// Which minutiae are seen again.
    again: Vec<bool>,
}

fn print(path: &Path) -> Print {
    let image = formats::read_image(&std::fs::read(path).unwrap()).unwrap();
    let extraction = extract(&image, FingerPosition::Unknown);
    let template = Template::of(&extraction);
    let stem = path.with_extension("");
    Print {
        finger: stem.to_str().unwrap().rsplit_once('_').unwrap().0.to_owned(),
        quality: extraction.found.quality,
        prepared: Prepared::of(&template),
        again: vec![false; template.minutiae.len()],
        template,
    }
}

/// The share that holds, in five parts of equal size, by quality.
fn table(what: &str, mut judged: Vec<(u8, bool)>) {
    judged.sort_unstable();
    for part in judged.chunks(judged.len().div_ceil(5)) {
        let share = part.iter().filter(|(_, yes)| *yes).count() as f64 / part.len() as f64;
        let (least, most) = (part[0].0, part[part.len() - 1].0);
        println!(
            "quality {least:>3} to {most:>3}: {:5.1} % of {} {what}",
            100.0 * share,
            part.len()
        );
    }
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder of sets");
    let mut prints = Vec::new();
    for set in std::fs::read_dir(folder).expect("a folder of sets") {
        for file in std::fs::read_dir(set.unwrap().path()).into_iter().flatten() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|e| e == "png") {
                prints.push(print(&path));
            }
        }
    }
    let score_min = Calibration::default().score_at(RATE);
    let mut pairs = Vec::new();
    for a in 0..prints.len() {
        for b in a + 1..prints.len() {
            if prints[a].finger != prints[b].finger {
                continue;
            }
            let compared = compare(&prints[a].prepared, &prints[b].prepared);
            let missed = f64::from(compared.score) < score_min;
            pairs.push((prints[a].quality.min(prints[b].quality), missed));
            for (i, j) in compared.pairs.into_iter().filter(|_| !missed) {
                (prints[a].again[i], prints[b].again[j]) = (true, true);
            }
        }
    }
    let minutiae = prints
        .iter()
        .flat_map(|p| p.template.minutiae.iter().map(|m| m.quality).zip(p.again.iter().copied()));
    table("minutiae are seen again", minutiae.collect());
    table("pairs of one finger are missed", pairs);
}
