//! The stopwatch: rounds in which every contender runs once, in turn, and medians over rounds.

use std::fmt::Write;
use std::time::Instant;

/// Something that is timed: it works once through its cases and returns a check sum.
pub struct Contender<'a> {
    /// Its name in the table.
    pub name: &'static str,
    /// Decisions of one pass.
    pub per_pass: usize,
    /// Passes of one round.
    pub passes: usize,
    /// One pass.
    pub run: Box<dyn FnMut() -> u64 + 'a>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Its name.
    pub name: &'static str,
    /// Nanoseconds a decision, one per round, sorted.
    pub ns: Vec<f64>,
}

impl Timing {
    /// The median round.
    pub fn median(&self) -> f64 {
        self.ns.get(self.ns.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The fastest and the slowest round.
    pub fn ends(&self) -> (f64, f64) {
        (self.ns.first().copied().unwrap_or(f64::NAN), self.ns.last().copied().unwrap_or(f64::NAN))
    }
}

/// Runs every contender once to warm up, then `rounds` times in turn.
pub fn interleaved(contenders: &mut [Contender<'_>], rounds: usize) -> Vec<Timing> {
    let mut out: Vec<Timing> = contenders.iter().map(|c| Timing { name: c.name, ns: Vec::new() }).collect();
    for round in 0..=rounds {
        for (c, t) in contenders.iter_mut().zip(&mut out) {
            let start = Instant::now();
            for _ in 0..c.passes {
                std::hint::black_box((c.run)());
            }
            let ns = start.elapsed().as_nanos() as f64 / (c.passes * c.per_pass) as f64;
            if round > 0 {
                t.ns.push(ns);
            }
        }
    }
    out.iter_mut().for_each(|t| t.ns.sort_by(f64::total_cmp));
    out
}

/// Times one thing alone, `rounds` times after one to warm up; milliseconds, sorted.
pub fn alone<T>(rounds: usize, mut run: impl FnMut() -> T) -> Vec<f64> {
    let mut ms: Vec<f64> = (0..=rounds)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed().as_secs_f64() * 1e3
        })
        .skip(1)
        .collect();
    ms.sort_by(f64::total_cmp);
    ms
}

/// Nanoseconds for people.
pub fn show_ns(ns: f64) -> String {
    if ns < 1e4 { format!("{ns:.0} ns") } else if ns < 1e7 { format!("{:.1} µs", ns / 1e3) } else { format!("{:.1} ms", ns / 1e6) }
}

/// A table with the ratio of every row to the row of that name.
pub fn table(timings: &[Timing], against: &Timing) -> String {
    let mut out = format!("{:<52} {:>10} {:>22} {:>14}\n", "", "median", "fastest … slowest", "times as fast");
    for t in timings {
        let (low, high) = t.ends();
        let ratio = against.median() / t.median();
        let ends = format!("{} … {}", show_ns(low), show_ns(high));
        let _ = writeln!(out, "{:<52} {:>10} {:>22} {:>14.1}", t.name, show_ns(t.median()), ends, ratio);
    }
    out
}
