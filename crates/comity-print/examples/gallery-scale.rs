//! Measures the cascade on synthetic templates as the gallery grows: cost of each pass on one
//! thread, memory a finger, and how many right fingers it loses against comparing everybody.
//!
//! `cargo run --release -p comity-print --example gallery-scale -- 1000000 400 scale.svg 10000 DIR`:
//! fingers of the largest gallery, probes, picture, fingers of the largest gallery in which every
//! probe is compared with everybody too; where templates are kept for the next run, 0 for nowhere;
//! and, to try other efforts, how many are compared exactly how many of 10,000 go to the second pass,
//! and how large the smallest gallery is. Prints one JSON object a line.
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
use comity_print::template::Template;
use std::path::{Path, PathBuf};

fn entry(finger: u64, impression: u64) -> FingerEntry {
    let template = DirectFinger::draw(77, finger).template(impression, Difficulty::Medium);
    FingerEntry { finger: FingerPosition::RightIndex, template }
}

/// Fingers whose templates are kept in one file.
const TOGETHER: u64 = 10_000;

/// Fingers `from` and on, drawn or from where templates are kept.
fn entries(from: u64, kept: Option<&Path>) -> Vec<FingerEntry> {
    let path = kept.map(|folder| folder.join(format!("{}.templates", from / TOGETHER)));
    let mut found = Vec::new();
    let bytes = path.as_ref().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    let mut rest = bytes.as_slice();
    while let Some(length) = rest.get(4..8).and_then(|b| b.first_chunk::<4>()) {
        let (one, after) = rest.split_at(u32::from_le_bytes(*length) as usize);
        let template = Template::from_bytes(one).expect("a template that was kept");
        found.push(FingerEntry { finger: FingerPosition::RightIndex, template });
        rest = after;
    }
    if found.is_empty() {
        found = (from..from + TOGETHER).map(|n| entry(n, 1)).collect();
        if let Some(path) = path {
            let bytes: Vec<u8> = found.iter().flat_map(|e| e.template.to_bytes()).collect();
            std::fs::write(path, bytes).expect("a folder that can be written to");
        }
    }
    found
}

fn shard(count: u64, kept: Option<&Path>) -> Vec<u8> {
    let header = ShardHeader { gallery: [1; 16], shard: 0, shards: 1 };
    let mut bytes = header.to_bytes().to_vec();
    for from in (0..count).step_by(TOGETHER as usize) {
        let numbered = (from..count).zip(entries(from, kept));
        let list: Vec<Record> = numbered
            .map(|(n, finger)| Record {
                subject: SubjectId(u128::from(n).to_be_bytes()),
                fingers: vec![finger],
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
    /// Probes whose right finger came to the second pass; reached the exact one; was first there.
    glanced: u64,
    kept: u64,
    first: u64,
    /// Those that did not reach the exact pass, with what their right finger scores there.
    missed: Vec<(Probe, usize, f32)>,
}

/// Only the first pass.
const SCAN: Effort = Effort { glance_share: 0.0, glance_min: 0, exact: 100 };

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
            (sum.glanced, sum.kept) = (sum.glanced + 1, sum.kept + 1);
        } else {
            let all = Effort { exact: size - 1, ..effort };
            let second = gallery.survivors(0..size, &probe, &all);
            sum.glanced += u64::from(second.iter().any(|s| s.number == right));
            let own = score(right);
            // Whoever survived is asked first: mostly that settles it.
            if own > best.0 {
                sum.missed.push((probe, right, own));
            }
        }
    }
    sum
}

/// How many of those that missed the exact pass would be first among everybody.
fn lost(gallery: &Gallery<'_>, size: usize, mut missed: Vec<(Probe, usize, f32)>) -> usize {
    for other in 0..size {
        let Some(ready) = gallery.ready(other).filter(|_| !missed.is_empty()) else { break };
        missed.retain(|(probe, right, own)| other == *right || probe.compare(&ready).score < *own);
    }
    missed.len()
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
    let glance_share = argument(7, (usual.glance_share * 1e4) as usize) as f64 / 1e4;
    let effort = Effort { exact: argument(6, usual.exact), glance_share, ..usual };
    let kept = std::env::args().nth(5).filter(|path| path != "0").map(PathBuf::from);
    let begun = Busy::new();
    let bytes = shard(largest as u64, kept.as_deref());
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
    for size in sizes.into_iter().filter(|s| (argument(8, 0)..=largest).contains(s)) {
        let mut m = measure(&gallery, size, probes, effort);
        let lost = lost(&gallery, size, std::mem::take(&mut m.missed));
        let searched = (size * probes) as f64;
        let ms = |seconds: f64| seconds / probes as f64 * 1e3;
        println!(
            "{{\"gallery\":{size},\"probes\":{probes},\"rank1\":{},\"glanced\":{},\"kept\":{},\
             \"lost\":{},\"scan_ms\":{:.3},\"glance_ms\":{:.3},\"exact_ms\":{:.3},\
             \"scan_templates_per_s\":{:.0},\"cascade_templates_per_s\":{:.0}}}",
            m.first,
            m.glanced,
            m.kept,
            lost,
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
