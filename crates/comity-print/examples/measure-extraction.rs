//! Error rates and milliseconds an image over a folder of sets with this extractor and matcher:
//! `cargo run --release --example measure-extraction -- DIR [--net] [--time]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool for developers")]

use comity_print::eval::{Impression, Trial, pairs, table};
use comity_print::matcher::{Prepared, compare};
use comity_print::net::{Extractor, extract_with};
use comity_print::template::Template;
use comity_print::{FingerPosition, GrayImage, formats};
use std::path::Path;

/// All impressions below a folder of sets, in order.
fn read(folder: &Path) -> Vec<(Impression, GrayImage)> {
    let mut found = Vec::new();
    for set in std::fs::read_dir(folder).expect("a folder of sets") {
        let set = set.unwrap().path();
        for file in std::fs::read_dir(&set).into_iter().flatten() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|e| e != "png") {
                continue;
            }
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let (finger, impression) = stem.split_once('_').unwrap();
            let bytes = std::fs::read(&path).unwrap();
            let image = formats::read_image(&bytes).unwrap();
            let set = set.file_name().unwrap().to_str().unwrap().to_owned();
            let (finger, impression) = (finger.parse().unwrap(), impression.parse().unwrap());
            found.push((Impression { set, finger, impression }, image));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Work on all items by the machine's cores, in the order of the items.
fn on_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(run)).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, r)| r).collect()
}

/// Nanoseconds that this thread has run on a processor (Linux: /proc/thread-self/schedstat).
fn cpu_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Milliseconds an image on one thread, the better of two passes; by set and over all.
fn time(prints: &[(Impression, GrayImage)], extractor: Extractor) {
    let (mut total, mut set_ms, mut count) = (0.0, 0.0, 0);
    for (at, (impression, image)) in prints.iter().enumerate() {
        let pass = || {
            let start = cpu_ns();
            std::hint::black_box(extract_with(extractor, image, FingerPosition::Unknown));
            (cpu_ns() - start) * 1e-6
        };
        let ms = pass().min(pass());
        (total, set_ms, count) = (total + ms, set_ms + ms, count + 1);
        if prints.get(at + 1).is_none_or(|next| next.0.set != impression.set) {
            println!("{}: {:.2} ms an image", impression.set, set_ms / f64::from(count));
            (set_ms, count) = (0.0, 0);
        }
    }
    println!("all: {:.2} ms an image", total / prints.len() as f64);
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("a folder of sets");
    let options: Vec<String> = args.collect();
    let asked = |name: &str| options.iter().any(|o| o == name);
    let extractor = if asked("--net") { Extractor::Net } else { Extractor::Classic };
    let prints = read(Path::new(&folder));
    time(&prints, extractor);
    if asked("--time") {
        return;
    }
    let templates = on_cores(&prints, |(_, image)| {
        let found = extract_with(extractor, image, FingerPosition::Unknown);
        (Template::of(&found), found.found.quality)
    });
    let prepared = on_cores(&templates, |(template, _)| Prepared::of(template));
    let impressions: Vec<Impression> = prints.iter().map(|(i, _)| i.clone()).collect();
    let trials = on_cores(&pairs(&impressions), |&(a, b)| Trial {
        a,
        b,
        score: compare(&prepared[a], &prepared[b]).score,
    });
    println!("set: EER %, FNMR@1 %, FNMR@0.1 %, rank-1 %");
    for line in table(&impressions, &trials) {
        let (r, low, high) = (line.rates, line.low, line.high);
        let minutiae: Vec<usize> = (0..prints.len())
            .filter(|&k| line.name == "pooled" || prints[k].0.set == line.name)
            .map(|k| templates[k].0.minutiae.len())
            .collect();
        println!(
            "{}: {:.2} ({:.2}-{:.2}), {:.2}, {:.2} ({:.2}-{:.2}), {:.2}; {} minutiae",
            line.name,
            r.eer,
            low.eer,
            high.eer,
            r.fnmr_at_fmr_1pct,
            r.fnmr_at_fmr_0_1pct,
            low.fnmr_at_fmr_0_1pct,
            high.fnmr_at_fmr_0_1pct,
            r.rank1,
            minutiae.iter().sum::<usize>() / minutiae.len()
        );
    }
}
