//! Measures the comparison on folders of real prints: the four rates of the protocol, comparisons
//! a second on one thread over the protocol's pairs and over all pairs, and by class.
//!
//! `cargo run --release -p comity-print --example measure-comparison -- DIR [CACHE]`: a folder of
//! sets with images named `FINGER_IMPRESSION`, such as `101_1.png`; where the templates are kept,
//! so that the next run need not extract them.
#![allow(clippy::expect_used, reason = "an example stops at what is wrong")]

#[path = "support/busy.rs"]
mod busy;

use busy::Busy;
use comity_print::FingerPosition;
use comity_print::eval::{Impression, Trial, pairs, table};
use comity_print::extract::extract;
use comity_print::formats::{raster, read_image};
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Images of all sets under a folder, in order.
fn listed(folder: &Path) -> Vec<(Impression, PathBuf)> {
    let mut list = Vec::new();
    for set in std::fs::read_dir(folder).expect("a folder that can be read") {
        let set = set.expect("an entry").path();
        let name = set.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let Ok(files) = std::fs::read_dir(&set) else { continue };
        for file in files {
            let path = file.expect("an entry").path();
            let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
            let stem = stem.unwrap_or_default();
            let Some((finger, impression)) = stem.split_once('_') else { continue };
            let (Ok(finger), Ok(impression)) = (finger.parse(), impression.parse()) else {
                continue;
            };
            if path.extension().is_some_and(|e| e == "png") {
                list.push((Impression { set: name.clone(), finger, impression }, path));
            }
        }
    }
    list.sort();
    list
}

fn extracted(path: &Path) -> Template {
    let bytes = std::fs::read(path).expect("a file that can be read");
    let image = read_image(&bytes).expect("an image");
    let image = raster::resample::to_500_ppi(&image).expect("an image");
    Template::of(&extract(&image, FingerPosition::Unknown))
}

/// Templates of the images, from the cache where there is one of as many.
fn templates(list: &[(Impression, PathBuf)], cache: Option<&Path>) -> Vec<Template> {
    let kept = cache.and_then(|c| std::fs::read(c).ok()).unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = kept.as_slice();
    while let Some(length) = rest.get(4..8).and_then(|b| b.first_chunk::<4>()) {
        let (one, after) = rest.split_at(u32::from_le_bytes(*length) as usize);
        found.push(Template::from_bytes(one).expect("a template of the cache"));
        rest = after;
    }
    if found.len() != list.len() {
        found = list.iter().map(|(_, path)| extracted(path)).collect();
        if let Some(path) = cache {
            let bytes: Vec<u8> = found.iter().flat_map(Template::to_bytes).collect();
            std::fs::write(path, bytes).expect("a cache that can be written");
        }
    }
    found
}

/// Comparisons a second over pairs, run at least three times and for a second.
fn rate(prepared: &[Prepared], pairs: &[(usize, usize)]) -> f64 {
    let mut best = 0.0f64;
    let (begun, mut runs) = (Instant::now(), 0);
    while runs < 3 || begun.elapsed().as_secs_f64() < 1.0 {
        let busy = Busy::new();
        let sum: f32 = pairs.iter().map(|&(a, b)| compare(&prepared[a], &prepared[b]).score).sum();
        assert!(sum.is_finite());
        best = best.max(pairs.len() as f64 / busy.seconds());
        runs += 1;
    }
    best
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let folder = arguments.next().expect("a folder of sets");
    let list = listed(&folder);
    let templates = templates(&list, arguments.next().as_deref());
    let busy = Busy::new();
    let prepared: Vec<Prepared> = templates.iter().map(Prepared::of).collect();
    let each_us = busy.seconds() / templates.len() as f64 * 1e6;
    let minutiae: usize = templates.iter().map(|t| t.minutiae.len()).sum();
    println!(
        "{} prints, {:.1} minutiae each, made ready in {each_us:.0} us each",
        list.len(),
        minutiae as f64 / list.len() as f64
    );
    let impressions: Vec<Impression> = list.into_iter().map(|(i, _)| i).collect();
    let protocol = pairs(&impressions);
    let score = |&(a, b): &(usize, usize)| {
        let score = compare(&prepared[a], &prepared[b]).score;
        Trial { a, b, score }
    };
    let trials: Vec<Trial> = protocol.iter().map(score).collect();
    println!("{:14} {:>6} {:>8} {:>8} {:>8}", "", "EER", "at 1 %", "at 0.1 %", "rank-1");
    for line in table(&impressions, &trials) {
        let r = line.rates;
        println!(
            "{:14} {:6.2} {:8.2} {:8.2} {:8.2}",
            line.name, r.eer, r.fnmr_at_fmr_1pct, r.fnmr_at_fmr_0_1pct, r.rank1
        );
        for (name, r) in [("  from", line.low), ("  to", line.high)] {
            println!(
                "{name:14} {:6.2} {:8.2} {:8.2} {:8.2}",
                r.eer, r.fnmr_at_fmr_1pct, r.fnmr_at_fmr_0_1pct, r.rank1
            );
        }
    }
    for (name, across) in [("within", false), ("across", true)] {
        let of = |t: &&Trial| {
            let (a, b) = (&impressions[t.a], &impressions[t.b]);
            (a.set != b.set) == across && (across || a.finger != b.finger)
        };
        let impostors: Vec<f32> = trials.iter().filter(of).map(|t| t.score).collect();
        let share = |least: f32| {
            impostors.iter().filter(|s| **s >= least).count() as f64 / impostors.len() as f64
        };
        println!(
            "impostors {name} sets at score 1, 2, 3: {:.4} {:.4} {:.5} of {}",
            share(1.0),
            share(2.0),
            share(3.0),
            impostors.len()
        );
    }
    let same = |&(a, b): &(usize, usize)| {
        let (a, b) = (&impressions[a], &impressions[b]);
        a.set == b.set && a.finger == b.finger
    };
    let within = |&&(a, b): &&(usize, usize)| impressions[a].set == impressions[b].set;
    let (genuine, impostor): (Vec<_>, Vec<_>) =
        protocol.iter().filter(within).partition(|p| same(p));
    let every = |a: usize| (a + 1..prepared.len()).map(move |b| (a, b));
    let all: Vec<(usize, usize)> = (0..prepared.len()).flat_map(every).collect();
    for (name, pairs) in [
        ("genuine", genuine),
        ("impostor, one sensor", impostor),
        ("the protocol's pairs", protocol.clone()),
        ("all pairs", all),
    ] {
        println!("{name}: {} pairs, {:.0} a second", pairs.len(), rate(&prepared, &pairs));
    }
}
