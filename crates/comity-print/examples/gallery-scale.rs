//! Measures the cascade on synthetic templates as the gallery grows: cost of each pass on one
//! thread, memory a finger, and how many right fingers it loses against comparing everybody.
//!
//! `cargo run --release -p comity-print --example gallery-scale -- 1000000 200 scale.svg 10000`:
//! fingers of the largest gallery, probes, picture, fingers of the largest gallery in which every
//! probe is compared with everybody too; and, to try other efforts, how many are compared exactly
//! and how many of 10,000 go to the second pass. Prints one JSON object a line.
#![allow(clippy::expect_used, reason = "an example stops at what is wrong")]

#[path = "support/busy.rs"]
mod busy;
#[path = "support/chart.rs"]
mod chart;

use busy::Busy;
use comity_print::FingerPosition;
use comity_print::gallery::file::{Shard, ShardHeader, records};
use comity_print::gallery::{Effort, FingerEntry, Gallery, Probe, Record, SubjectId};
use comity_print::matcher::{Prepared, compare};
use comity_print::synth::{Difficulty, DirectFinger};

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

/// Sums over all probes of one size.
#[derive(Default)]
struct Measured {
    /// Seconds of the first pass, of first and second, of the exact one.
    scan_s: f64,
    passes_s: f64,
    exact_s: f64,
    /// Probes whose right finger reached the exact pass; was first there; did not reach it but
    /// would have been first among everybody.
    kept: u64,
    first: u64,
    lost: u64,
}

/// Only the first pass.
const SCAN: Effort = Effort { hough_share: 0.0, hough_min: 0, exact: 100 };

fn measure(gallery: &Gallery<'_>, size: usize, probes: usize, effort: Effort) -> Measured {
    let mut sum = Measured::default();
    for n in 0..probes {
        let right = n * (size / probes);
        let probe = Probe::new(&entry(right as u64, 2), gallery);
        let begun = Busy::new();
        assert!(gallery.survivors(0..size, &probe, &SCAN).is_empty());
        sum.scan_s += begun.seconds();
        let begun = Busy::new();
        let list = gallery.best(vec![gallery.survivors(0..size, &probe, &effort)], &effort);
        sum.passes_s += begun.seconds();
        let begun = Busy::new();
        let score = |number| gallery.compare(&probe, number).map_or(f32::MIN, |c| c.1.score);
        let best = list.iter().map(|s| (score(s.number), s.number));
        let best = best.max_by(|a, b| a.0.total_cmp(&b.0)).expect("somebody is left");
        sum.exact_s += begun.seconds();
        sum.first += u64::from(best.1 == right);
        if list.iter().any(|s| s.number == right) {
            sum.kept += 1;
        } else {
            let own = score(right);
            // Whoever survived is asked first: mostly that settles it.
            let beaten = own <= best.0 || (0..size).any(|o| o != right && score(o) >= own);
            sum.lost += u64::from(!beaten);
        }
    }
    sum
}

/// Searches in which the right finger is first among everybody, and comparisons a second.
fn exhaustive(prepared: &[Prepared], probes: usize) -> (usize, f64) {
    let (mut first, begun) = (0, Busy::new());
    for n in 0..probes {
        let right = n * (prepared.len() / probes);
        let probe = Prepared::of(&entry(right as u64, 2).template);
        let score = |other: &Prepared| compare(&probe, other).score;
        let own = score(&prepared[right]);
        // As many as score above; a tie counts against.
        let above = prepared.iter().enumerate().filter(|(o, p)| *o != right && score(p) >= own);
        first += usize::from(above.count() == 0);
    }
    (first, (probes * prepared.len()) as f64 / begun.seconds())
}

fn main() {
    let argument = |n: usize, otherwise: usize| {
        std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(otherwise)
    };
    let (largest, probes) = (argument(1, 100_000), argument(2, 100));
    let usual = Effort::default();
    let hough_share = argument(6, (usual.hough_share * 1e4) as usize) as f64 / 1e4;
    let effort = Effort { exact: argument(5, usual.exact), hough_share, ..usual };
    let begun = Busy::new();
    let bytes = shard(largest as u64);
    let made = largest as f64 / begun.seconds();
    let begun = Busy::new();
    let gallery = Gallery::new(Shard::read(&bytes).into_iter().collect());
    let read_s = begun.seconds();
    println!(
        "{{\"fingers\":{largest},\"made_per_s\":{made:.0},\"checked_and_opened_s\":{read_s:.3},\
         \"bytes_per_finger\":{:.0}}}",
        bytes.len() as f64 / largest as f64
    );
    let mut points = Vec::new();
    let sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000];
    for size in sizes.into_iter().filter(|s| *s <= largest) {
        let m = measure(&gallery, size, probes, effort);
        let searched = (size * probes) as f64;
        let ms = |seconds: f64| seconds / probes as f64 * 1e3;
        println!(
            "{{\"gallery\":{size},\"probes\":{probes},\"rank1\":{},\"kept\":{},\"lost\":{},\
             \"scan_ms\":{:.3},\"hough_ms\":{:.3},\"exact_ms\":{:.3},\
             \"scan_templates_per_s\":{:.0},\"cascade_templates_per_s\":{:.0}}}",
            m.first,
            m.kept,
            m.lost,
            ms(m.scan_s),
            ms(m.passes_s - m.scan_s),
            ms(m.exact_s),
            searched / m.scan_s,
            searched / (m.passes_s + m.exact_s)
        );
        if size <= argument(4, 10_000) {
            let all = (0..size).map(|n| Prepared::of(&entry(n as u64, 1).template));
            let (first, rate) = exhaustive(&all.collect::<Vec<_>>(), probes);
            println!(
                "{{\"gallery\":{size},\"exhaustive_rank1\":{first},\"comparisons_per_s\":{rate:.0}}}"
            );
        }
        points.push((size as f64, [ms(m.scan_s), ms(m.passes_s - m.scan_s), ms(m.exact_s)]));
    }
    if let Some(path) = std::env::args().nth(3) {
        let note = format!(
            "{probes} probes, one thread; {:.0} bytes a finger; synthetic templates",
            bytes.len() as f64 / largest as f64
        );
        std::fs::write(&path, chart::svg(&points, &note)).expect("a picture that can be written");
    }
}
