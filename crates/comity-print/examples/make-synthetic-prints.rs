//! Writes the set of `data/prints/synthetic`: for each of the five classes the first fingers of
//! a seed that have it, as WSQ, true minutiae beside them.
//!
//! `cargo run --release -p comity-print --example make-synthetic-prints -- DIR 2 3 2026`:
//! folder, fingers of each class, impressions of each (easy, medium, hard, easy, …), seed.
#![allow(clippy::expect_used, reason = "an example stops at what is wrong")]

use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::formats::{iso19794, wsq};
use comity_print::synth::field::RidgeField;
use comity_print::synth::{Dice, Difficulty, PrintClass, Purpose, Sensor, SyntheticFinger};
use std::fmt::Write as _;
use std::path::PathBuf;

const CLASSES: [PrintClass; 5] = [
    PrintClass::Arch,
    PrintClass::TentedArch,
    PrintClass::LeftLoop,
    PrintClass::RightLoop,
    PrintClass::Whorl,
];
const LEVELS: [Difficulty; 3] = [Difficulty::Easy, Difficulty::Medium, Difficulty::Hard];

fn class_of(seed: u64, finger: u64) -> PrintClass {
    RidgeField::draw(&mut Dice::new(seed, finger, 0, Purpose::Finger)).class
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().expect("a folder to write to"));
    let mut number =
        |otherwise| arguments.next().map_or(otherwise, |a| a.parse().expect("a number"));
    let (each, impressions, seed): (usize, u64, u64) =
        (number(2) as usize, number(3), number(2026));
    std::fs::create_dir_all(&out).expect("a folder that can be made");
    let chosen = CLASSES.into_iter().flat_map(|class| {
        (1..).filter(move |f| class_of(seed, *f) == class).take(each).map(move |f| (class, f))
    });
    let mut list = String::from("finger,class,seed,number,minutiae_of_the_master\n");
    for (f, (class, grown)) in (1..).zip(chosen) {
        let finger = SyntheticFinger::grow(seed, grown);
        let count = finger.minutiae().len();
        let _ = writeln!(list, "{f},{class:?},{seed},{grown},{count}");
        for i in 1..=impressions {
            let difficulty = LEVELS[(i as usize - 1) % LEVELS.len()];
            let taken = finger.impression(i, difficulty, Sensor::Optical).expect("an impression");
            let image = wsq::encode(&taken.image, wsq::bits_per_pixel(15.0)).expect("a WSQ");
            std::fs::write(out.join(format!("{f}_{i}.wsq")), image).expect("written");
            let record = Record::of_fingers(Standard::Iso, std::slice::from_ref(&taken.truth));
            let iso = iso19794::write(&record).expect("a record");
            std::fs::write(out.join(format!("{f}_{i}.iso")), iso).expect("written");
        }
    }
    std::fs::write(out.join("fingers.csv"), list).expect("written");
}
