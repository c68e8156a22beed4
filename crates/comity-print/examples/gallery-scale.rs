//! Measures the cascade on synthetic templates: cost and rank-1 as the gallery grows, memory a
//! finger, and the calibration of impostor scores.
//!
//! `cargo run --release -p comity-print --example gallery-scale -- 1000000 200`: fingers of the
//! largest gallery, probes of each size. One thread. Prints one JSON object a line.

use comity_print::FingerPosition;
use comity_print::gallery::file::{Shard, ShardHeader, records};
use comity_print::gallery::search::Survivor;
use comity_print::gallery::{Calibration, Effort, FingerEntry, Gallery, Probe, Record, SubjectId};
use comity_print::synth::{Difficulty, DirectFinger};
use std::time::Instant;

fn entry(finger: u64, impression: u64) -> FingerEntry {
    let template = DirectFinger::draw(77, finger).template(impression, Difficulty::Medium);
    FingerEntry { finger: FingerPosition::RightIndex, template }
}

fn shard(count: u64) -> Vec<u8> {
    let header = ShardHeader { gallery: [1; 16], shard: 0, shards: 1 };
    let mut bytes = header.to_bytes().to_vec();
    for from in (0..count).step_by(10_000) {
        let list: Vec<Record> = (from..(from + 10_000).min(count))
            .map(|n| Record {
                subject: SubjectId(u128::from(n).to_be_bytes()),
                fingers: vec![entry(n, 1)],
            })
            .collect();
        bytes.extend(records(&list));
    }
    bytes
}

/// Rank-1 and rank-100 hits and seconds of the passes before the exact one, and of it.
fn measure(gallery: &Gallery<'_>, probes: u64, effort: &Effort) -> (u64, u64, f64, f64) {
    let (mut first, mut kept, mut passes, mut exact) = (0, 0, 0.0, 0.0);
    for n in 0..probes {
        let number = n * (gallery.len() as u64 / probes);
        let probe = Probe::new(&entry(number, 2));
        let begun = Instant::now();
        let list: Vec<Survivor> =
            gallery.best(vec![gallery.survivors(0..gallery.len(), &probe, effort)], effort);
        passes += begun.elapsed().as_secs_f64();
        kept += u64::from(list.iter().any(|s| s.number as u64 == number));
        let begun = Instant::now();
        let scores = list
            .iter()
            .filter_map(|s| gallery.compare(&probe, s.number).map(|(_, c)| (c.score, s.number)));
        let best = scores.max_by(|a, b| a.0.total_cmp(&b.0));
        exact += begun.elapsed().as_secs_f64();
        first += u64::from(best.is_some_and(|b| b.1 as u64 == number));
    }
    (first, kept, passes, exact)
}

fn main() {
    let argument = |n: usize, otherwise: u64| {
        std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(otherwise)
    };
    let (largest, probes) = (argument(1, 100_000), argument(2, 100));
    let bytes = shard(2_000);
    let small = Gallery::new(Shard::read(&bytes).into_iter().collect());
    let mut impostors = Vec::new();
    for n in 0..200 {
        let probe = Probe::new(&entry(n, 2));
        let others = (0..small.len()).step_by(7).filter(|o| *o as u64 != n);
        impostors.extend(others.filter_map(|o| Some(small.compare(&probe, o)?.1.score)));
    }
    println!("{{\"calibration\":\"{:?}\"}}", Calibration::fitted(&impostors));
    let exhaustive = measure(&small, probes.min(100), &Effort::EXHAUSTIVE).0;
    let cascade = measure(&small, probes.min(100), &Effort::default()).0;
    println!(
        "{{\"gallery\":2000,\"probes\":{},\"exhaustive_rank1\":{exhaustive},\"cascade_rank1\":{cascade}}}",
        probes.min(100)
    );
    let mut size = 10_000;
    while size <= largest {
        let bytes = shard(size);
        let gallery = Gallery::new(Shard::read(&bytes).into_iter().collect());
        let (first, kept, passes, exact) = measure(&gallery, probes, &Effort::default());
        let rate = (size * probes) as f64 / (passes + exact);
        println!(
            "{{\"gallery\":{size},\"probes\":{probes},\"rank1\":{first},\"kept\":{kept},\
             \"passes_ms\":{:.3},\"exact_ms\":{:.3},\"templates_per_s\":{rate:.0},\"bytes_per_finger\":{}}}",
            passes / probes as f64 * 1e3,
            exact / probes as f64 * 1e3,
            bytes.len() as u64 / size
        );
        size *= 10;
    }
}
