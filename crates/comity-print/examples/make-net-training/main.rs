//! Writes what the network learns from: synthetic impressions and what is true of them.
//!
//! `cargo run --release -p comity-print --example make-net-training -- DIR SEED FINGERS EACH`
//! writes `DIR/SEED-FIRST.bin`, a file for every 10 fingers, of records as [`record::Record`]
//! has them.
#![allow(clippy::expect_used, reason = "an example stops at what is wrong")]

mod record;
mod sight;

use comity_print::synth::{Dice, Purpose, SyntheticFinger};
use std::path::PathBuf;

const FINGERS_A_FILE: u64 = 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().expect("a folder to write to"));
    let mut number =
        |otherwise: u64| arguments.next().map_or(otherwise, |a| a.parse().expect("a number"));
    let (seed, fingers, each) = (number(1), number(FINGERS_A_FILE), number(8));
    std::fs::create_dir_all(&out).expect("a folder that can be made");
    for first in (0..fingers).step_by(FINGERS_A_FILE as usize) {
        let mut bytes = Vec::new();
        for finger in first..(first + FINGERS_A_FILE).min(fingers) {
            let grown = SyntheticFinger::grow(seed, finger);
            for number in 1..=each {
                let mut dice = Dice::new(seed, finger, number, Purpose::Impression);
                let taken = sight::take(&grown, &mut dice);
                record::Record::of(&taken).write(&mut bytes);
            }
        }
        let path = out.join(format!("{seed}-{first:05}.bin"));
        let part = path.with_extension("part");
        std::fs::write(&part, bytes).expect("written");
        std::fs::rename(&part, &path).expect("renamed");
        println!("{}", path.display());
    }
}
