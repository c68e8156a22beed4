//! Our extraction and comparison beside those of NBIS (mindtct, bozorth3), on the same images
//! and the same pairs, one thread, processor time, in turn. `benches/prints/run DIR` builds and
//! runs it; DIR holds folders of images named FINGER_IMPRESSION.png, 500 pixels an inch.
//!
//! Extraction: decoded images in memory, to what the own matcher reads (minutiae and template
//! here, the 150 best minutiae there). Comparison: prints made ready beforehand; for bozorth3
//! the probe's table of edges is made once for all prints that it meets, as its program does.
//! Error rates stand beside, so that nobody is fast by being wrong.

mod nbis;
mod prints;
// The stopwatch of the other benches: one, so that all measure alike.
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../../src/measure.rs"]
mod measure;

use comity_print::eval::{Impression, Rates, Trial, pairs, table};
use comity_print::extract::extract;
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use comity_print::{FingerPosition, GrayImage};
use measure::{Contender, Timing, interleaved};
use nbis::{Nbis, Xyt};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    folder: String,
    rounds: usize,
    json: bool,
}

fn main() -> ExitCode {
    match arguments().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, Failure> {
    let mut found = Arguments { folder: String::new(), rounds: 3, json: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => found.json = true,
            "--rounds" => found.rounds = args.next().ok_or("--rounds needs a number")?.parse()?,
            _ => found.folder = arg,
        }
    }
    if found.folder.is_empty() || found.rounds == 0 {
        return Err("usage: benches/prints/run DIR [--rounds 3] [--json]".into());
    }
    Ok(found)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let prints = prints::read(&arguments.folder)?;
    let impressions: Vec<Impression> = prints.iter().map(|p| p.impression.clone()).collect();
    let images: Vec<GrayImage> = prints.into_iter().map(|p| p.image).collect();
    let pairs = pairs(&impressions);
    // SAFETY: here only.
    let nbis = RefCell::new(unsafe { Nbis::new() });

    eprintln!(
        "{} images, {} rounds and one to warm up: extraction …",
        images.len(),
        arguments.rounds
    );
    let extraction = extraction(&images, &nbis, arguments.rounds);
    let templates: Vec<Template> = images.iter().map(template).collect();
    let mut theirs: Vec<Xyt> = images.iter().map(|i| nbis.borrow_mut().extract(i)).collect();
    eprintln!("{} pairs, as many rounds: comparison …", pairs.len());
    let comparison = comparison(&templates, &mut theirs, &pairs, &nbis, arguments.rounds);

    let ours: Vec<Prepared> = templates.iter().map(Prepared::of).collect();
    let our_scores = pairs.iter().map(|&(a, b)| compare(&ours[a], &ours[b]).score).collect();
    let mut their_scores = Vec::new();
    compare_all(&pairs, &mut theirs, &nbis, |score| their_scores.push(score as f32));
    let result = Outcome {
        images: images.len(),
        pairs: pairs.len(),
        minutiae: [
            mean(templates.iter().map(|t| t.minutiae.len())),
            mean(theirs.iter().map(Xyt::len)),
        ],
        rates: [
            rates(&impressions, &pairs, our_scores)?,
            rates(&impressions, &pairs, their_scores)?,
        ],
        extraction,
        comparison,
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result.json())?);
    } else {
        result.print();
    }
    Ok(())
}

fn template(image: &GrayImage) -> Template {
    Template::of(&extract(image, FingerPosition::Unknown))
}

/// Nanoseconds an image: ours, theirs.
fn extraction(images: &[GrayImage], nbis: &RefCell<Nbis>, rounds: usize) -> Vec<Timing> {
    let per_pass = images.len();
    let ours = || images.iter().map(|i| template(i).minutiae.len() as u64).sum();
    let theirs = || images.iter().map(|i| nbis.borrow_mut().extract(i).len() as u64).sum();
    interleaved(
        &mut [
            Contender { name: "comity extract", per_pass, passes: 1, run: Box::new(ours) },
            Contender { name: "NBIS mindtct", per_pass, passes: 1, run: Box::new(theirs) },
        ],
        rounds,
    )
}

/// Nanoseconds a comparison: ours, theirs; and a print of ours made ready.
fn comparison(
    templates: &[Template],
    theirs: &mut [Xyt],
    pairs: &[(usize, usize)],
    nbis: &RefCell<Nbis>,
    rounds: usize,
) -> Vec<Timing> {
    let prepared: Vec<Prepared> = templates.iter().map(Prepared::of).collect();
    let per_pass = pairs.len();
    let ours = || {
        let score = |&(a, b): &(usize, usize)| compare(&prepared[a], &prepared[b]).score;
        pairs.iter().map(score).sum::<f32>() as u64
    };
    let other = || {
        let mut sum = 0;
        compare_all(pairs, theirs, nbis, |score| sum += score as u64);
        sum
    };
    let ready = || {
        templates.iter().for_each(|t| drop(std::hint::black_box(Prepared::of(t))));
        0
    };
    interleaved(
        &mut [
            Contender { name: "comity compare", per_pass, passes: 1, run: Box::new(ours) },
            Contender { name: "NBIS bozorth3", per_pass, passes: 1, run: Box::new(other) },
            Contender {
                name: "comity, a template made ready",
                per_pass: templates.len(),
                passes: 1,
                run: Box::new(ready),
            },
        ],
        rounds,
    )
}

/// bozorth3 on all pairs, which stand in the order of their first.
fn compare_all(
    pairs: &[(usize, usize)],
    prints: &mut [Xyt],
    nbis: &RefCell<Nbis>,
    mut each: impl FnMut(i32),
) {
    let mut nbis = nbis.borrow_mut();
    for group in pairs.chunk_by(|x, y| x.0 == y.0) {
        let mut probe = nbis.probe(&prints[group[0].0]);
        group.iter().for_each(|&(_, b)| each(probe.score(&mut prints[b])));
    }
}

fn mean(counts: impl ExactSizeIterator<Item = usize>) -> f64 {
    let n = counts.len() as f64;
    counts.sum::<usize>() as f64 / n
}

/// The pooled line of the protocol's table.
fn rates(
    impressions: &[Impression],
    pairs: &[(usize, usize)],
    scores: Vec<f32>,
) -> Result<Rates, Failure> {
    let trials: Vec<Trial> =
        pairs.iter().zip(scores).map(|(&(a, b), score)| Trial { a, b, score }).collect();
    let line = table(impressions, &trials).pop();
    Ok(line.ok_or("no finger with two impressions, or only one finger")?.rates)
}

/// What is shown.
struct Outcome {
    images: usize,
    pairs: usize,
    /// Minutiae a print: ours, theirs.
    minutiae: [f64; 2],
    rates: [Rates; 2],
    extraction: Vec<Timing>,
    comparison: Vec<Timing>,
}

impl Outcome {
    fn json(&self) -> Value {
        let timing = |t: &Timing| {
            let (fastest, slowest) = t.ends();
            json!({"contender": t.name, "median_ns": t.median(), "fastest_ns": fastest,
                   "slowest_ns": slowest})
        };
        let rate = |r: &Rates| {
            json!({"eer": r.eer, "fnmr_at_fmr_1pct": r.fnmr_at_fmr_1pct,
                   "fnmr_at_fmr_0_1pct": r.fnmr_at_fmr_0_1pct, "rank1": r.rank1})
        };
        json!({
            "images": self.images,
            "pairs": self.pairs,
            "extraction": self.extraction.iter().map(timing).collect::<Vec<_>>(),
            "extraction_share_of_nbis": 1.0 / ratio(&self.extraction),
            "comparison": self.comparison.iter().map(timing).collect::<Vec<_>>(),
            "comparison_times_nbis": ratio(&self.comparison),
            "minutiae_mean": {"comity": self.minutiae[0], "nbis": self.minutiae[1]},
            "pooled": {"comity": rate(&self.rates[0]), "nbis": rate(&self.rates[1])},
        })
    }

    fn print(&self) {
        println!("{} images, {} pairs, one thread, processor time\n", self.images, self.pairs);
        println!("extraction, an image");
        print!("{}", measure::table(&self.extraction, &[("of NBIS", &self.extraction[1])]));
        println!("\ncomparison, a pair; prints made ready");
        print!("{}", measure::table(&self.comparison, &[("of NBIS", &self.comparison[1])]));
        println!(
            "\nextraction takes {:.2} of NBIS's time; {:.0} comparisons/s are {:.0} times NBIS's {:.0}",
            1.0 / ratio(&self.extraction),
            1e9 / self.comparison[0].median(),
            ratio(&self.comparison),
            1e9 / self.comparison[1].median(),
        );
        println!("\npooled, %        minutiae    EER  FNMR@1 %  FNMR@0.1 %  rank-1");
        for (at, name) in ["comity", "NBIS"].iter().enumerate() {
            let r = &self.rates[at];
            println!(
                "{name:<16} {:>8.0} {:>6.2} {:>9.2} {:>11.2} {:>7.2}",
                self.minutiae[at], r.eer, r.fnmr_at_fmr_1pct, r.fnmr_at_fmr_0_1pct, r.rank1
            );
        }
    }
}

/// How many times as fast the first is as the second.
fn ratio(timings: &[Timing]) -> f64 {
    timings[1].median() / timings[0].median()
}
